"""Input formats. The registry is `newsbeam.inputs.format_entries`.

A format reads the items inside one file (`base.InputFormat`).
"""

from __future__ import annotations

from functools import cache
from pkgutil import resolve_name

from newsbeam.inputs.format_entries import INPUT_FORMATS
from newsbeam.inputs.formats.base import InputFormat


def find_format(kind: str) -> InputFormat | None:
    """Return the format of a kind, or None for compressions and single documents."""
    return _load(INPUT_FORMATS[kind].place) if kind in INPUT_FORMATS else None


@cache
def _load(place: str) -> InputFormat:
    loaded: InputFormat = resolve_name(place)()
    return loaded


__all__ = ["InputFormat", "find_format"]
