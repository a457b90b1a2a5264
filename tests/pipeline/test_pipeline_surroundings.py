"""Where people stand: whatever lies in the current folder, and however the command is started, the records are the same."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Lines = Callable[[Path, str], list[Any]]

ROOT = Path(__file__).parents[2]
ADDED = "2026-01-31T12:00:00Z"

SHADOWS = """
    pipeline.py transforms/__init__.py numpy/__init__.py apache_beam/__init__.py yaml.py orjson.py bs4.py selectolax.py langdetect.py
    rich.py
    types.py json.py string.py base64.py copy.py queue.py pickle.py signal.py mmap.py struct.py
    sitecustomize.py usercustomize.py lxml.py html5lib.py threadpoolctl.py
""".split()
"""Of newsbeam, of what it needs, of Python, and what would be tried if it were there."""


@pytest.fixture
def launcher(tmp_path: Path) -> Path:
    """A script like the one that is installed."""
    script = tmp_path / "bin" / "newsbeam"
    script.parent.mkdir()
    script.write_text("import sys\nfrom newsbeam.cli.main import main\nsys.exit(main())\n")
    return script


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of pages with modules beside them that tell when they are run."""
    folder = tmp_path / "here"
    (folder / "in").mkdir(parents=True)
    for name in SHADOWS:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write({name + ' '!r})\nraise ImportError('shadowed')\n")
    paragraph = "The council met on Monday. “We will meet again,” said Jane Doe, the mayor. " * 3
    (folder / "in" / "page.html").write_text(f"<html><body><article><p>{paragraph}</p></article></body></html>", encoding="utf-8")
    (folder / "in" / "note.txt").write_text(paragraph + "\n", encoding="utf-8")
    return folder


def run(words: list[Any], cwd: Path, **environment: str) -> Any:
    env = {**os.environ, "PYTHONPATH": str(ROOT / ".src"), **environment}
    return subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize(
    "environment",
    [pytest.param({}, id="plain"), pytest.param({"PYTHONSAFEPATH": "1"}, id="safe path", marks=pytest.mark.slow)],
)
def test_nothing_in_the_current_folder_is_run(
    launcher: Path, folder: Path, lines: Lines, tmp_path: Path, environment: dict[str, str]
) -> None:
    there = run([launcher, "run", folder / "in", "--output", tmp_path / "there", "--added", ADDED], tmp_path)
    here = run([launcher, "run", folder / "in", "--output", tmp_path / "out", "--added", ADDED, "-j", "2"], folder, **environment)
    assert (here.returncode, here.stdout.splitlines()[-1]) == (0, "read 2 = written 2 + dropped 0 + failed 0"), here.stderr
    assert there.returncode == 0
    assert lines(tmp_path / "out", "documents") == lines(tmp_path / "there", "documents")
    assert not (tmp_path / "ran").exists(), (tmp_path / "ran").read_text()


@pytest.mark.parametrize("words", [["explain", "in/note.txt"], ["list"], ["plan", "1M", "--sample", "in"]], ids=lambda words: words[0])
def test_nor_by_the_other_commands(launcher: Path, folder: Path, tmp_path: Path, words: list[str]) -> None:
    done = run([launcher, *words], folder)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "ran").exists(), (tmp_path / "ran").read_text()


def test_python_m_leaves_the_current_folder_out(folder: Path, tmp_path: Path) -> None:
    """What python itself imports before it comes to newsbeam is out of reach."""
    for name in (
        "pipeline.py",
        "types.py",
        "json.py",
        "string.py",
        "base64.py",
        "copy.py",
        "queue.py",
        "pickle.py",
        "signal.py",
        "struct.py",
    ):
        (folder / name).unlink()
    done = run(["-m", "newsbeam.cli", "run", "in", "--output", "out"], folder)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "read 2 = written 2 + dropped 0 + failed 0"), done.stderr
    assert not (tmp_path / "ran").exists(), (tmp_path / "ran").read_text()


def test_a_recipe_may_name_a_module_of_the_current_folder_which_hides_nothing(
    launcher: Path, folder: Path, lines: Lines, tmp_path: Path
) -> None:
    for name in ("lxml.py", "html5lib.py", "threadpoolctl.py", "sitecustomize.py", "usercustomize.py"):
        (folder / name).unlink()  # not installed everywhere: a folder from which modules are wanted may bring them
    (folder / "shouting.py").write_text(
        "from dataclasses import dataclass, replace\nfrom typing import ClassVar\n\n"
        "@dataclass(frozen=True)\nclass Shout:\n    name: ClassVar[str] = 'shout'\n    effect: ClassVar[str] = 'edits'\n"
        "    def __call__(self, document):\n        return replace(document, text=document.text.upper())\n"
    )
    (folder / "recipe.yaml").write_text("processors: [boilerplate, 'shouting:Shout']\n")
    done = run([launcher, "run", "in/note.txt", "--recipe", "recipe.yaml", "--output", "out"], folder)
    assert done.returncode == 0, done.stderr
    (record,) = lines(folder / "out", "documents")
    assert record["text"].startswith("THE COUNCIL MET")
    assert not (tmp_path / "ran").exists(), (tmp_path / "ran").read_text()


@pytest.mark.slow
def test_beams_own_workers_leave_it_out_too(launcher: Path, folder: Path, tmp_path: Path) -> None:
    if sys.version_info < (3, 11):
        pytest.skip("Beam starts them by python -m, which Python 3.10 cannot keep from the current folder")
    beam = ["--direct_running_mode", "multi_processing", "--direct_num_workers", "2"]
    done = run([launcher, "run", "in", "--output", "out", "-j", "1", *beam], folder)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "read 2 = written 2 + dropped 0 + failed 0"), done.stderr
    assert not (tmp_path / "ran").exists(), (tmp_path / "ran").read_text()
