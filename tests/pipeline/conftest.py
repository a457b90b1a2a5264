"""What several files of this folder need: the records that a run wrote."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def _lines(folder: Path, stem: str) -> list[Any]:
    return [json.loads(line) for path in sorted(folder.glob(f"{stem}-*.jsonl")) for line in path.read_bytes().splitlines()]


@pytest.fixture(scope="session")
def lines() -> Callable[[Path, str], list[Any]]:
    """The JSON lines of one kind (`documents`, `dropped`, `dead-letters`) in an output folder."""
    return _lines
