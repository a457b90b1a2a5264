"""What several files of this folder need: the command as a person runs it, and the records that came out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it said."""

    status: int
    out: str
    err: str

    @property
    def account(self) -> str:
        """The last line on standard output."""
        return (self.out.splitlines() or [""])[-1]


@pytest.fixture(scope="session")
def newsbeam() -> Callable[..., Ran]:
    """Run the command in a process of its own, as after `newsbeam`; `cwd` and `path` (for PYTHONPATH) by keyword."""

    def run(*words: str | os.PathLike[str], cwd: Path = ROOT, path: Path | None = None) -> Ran:
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [ROOT / ".src", *([path] if path else [])])), "COLUMNS": "100"}
        command = [sys.executable, "-m", "newsbeam.cli", *map(os.fspath, words)]
        done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=600, check=False)
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


def _lines(folder: Path, stem: str) -> list[Any]:
    return [json.loads(line) for path in sorted(folder.glob(f"{stem}-*.jsonl")) for line in path.read_bytes().splitlines()]


@pytest.fixture(scope="session")
def lines() -> Callable[[Path, str], list[Any]]:
    """The JSON lines of one kind (`documents`, `dropped`, `dead-letters`) in an output folder."""
    return _lines
