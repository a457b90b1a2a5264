"""What is installed: one package, `newsbeam`, the same as a checkout's, and nothing that a folder of the user's could hide."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if find_spec("pip") is None or find_spec("hatchling") is None:
        pytest.skip("pip and hatchling build the package; install the extra `dev`")
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(folder)]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *options, str(ROOT)], capture_output=True, text=True, timeout=6000, check=False
    )
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_what_a_checkout_has(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    halves = {"newsbeam": ROOT / "pipeline", "newsbeam/transforms": ROOT / "transforms"}
    there = {
        f"{name}/{path.relative_to(folder)}"
        for name, folder in halves.items()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.relative_to(folder).parts[0] != "transforms"
    }
    assert packed == there
    assert {"newsbeam/py.typed", "newsbeam/cli/main.py", "newsbeam/transforms/boilerplate/word_lists/words.json"} <= packed


@pytest.mark.slow
def test_it_is_found_in_a_folder_of_the_same_names(wheel: Path, tmp_path: Path) -> None:
    installed, here = tmp_path / "installed", tmp_path / "here"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    (here / "transforms").mkdir(parents=True)
    for name in ("pipeline.py", "transforms/__init__.py", "config.py", "inputs.py"):
        (here / name).write_text("raise ImportError('a file of the user was run')\n")
    (here / "a.txt").write_text("The ferry sails again on Monday, the harbour office said. Residents are glad of it.\n")
    env = {**os.environ, "PYTHONPATH": str(installed)}
    code = "import newsbeam, newsbeam.transforms.boilerplate, newsbeam.batch.graph; print(newsbeam.__file__)"
    done = subprocess.run([sys.executable, "-c", code], cwd=here, env=env, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(installed / "newsbeam" / "__init__.py")
    words = [sys.executable, "-m", "newsbeam.cli", "run", "a.txt", "--output", "out", "-j", "2"]
    done = subprocess.run(words, cwd=here, env=env, capture_output=True, text=True, timeout=600, check=False)
    assert done.stdout.splitlines()[-1:] == ["read 1 = written 1 + dropped 0 + failed 0"], done.stderr
