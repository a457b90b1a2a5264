"""What is in deploy/ agrees with pyproject.toml."""

import re
from pathlib import Path

TOP = Path(__file__).parents[2]


def test_the_container_has_the_beam_that_is_asked_for():
    image = re.search(r"^FROM apache/beam_python[\d.]+_sdk:([\d.]+)$", (TOP / "deploy/Dockerfile").read_text(), re.M)
    wanted = re.search(r'"apache-beam>=([\d.]+),', (TOP / "pyproject.toml").read_text())
    assert image and wanted
    assert image.group(1).startswith(wanted.group(1))


def test_the_container_gets_what_the_package_needs():
    copied = (TOP / "deploy/Dockerfile").read_text()
    for needed in ("pyproject.toml", "README.md", "COPY pipeline", "COPY transforms"):
        assert needed in copied
