"""Units of scraped text: what is kept or removed as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Mark = Literal["", "heading", "item", "row", "image", "code"]
"""The kind of block that a unit is by its markup; "" if it has none."""

MARKS: tuple[Mark, ...] = get_args(Mark)

LINKED = 64
"""`Unit.linked` of a unit that is all link."""


@dataclass(slots=True)
class Unit:
    """A paragraph, heading, item or other block of a scraped text.

    * `text` is what is judged, and what stays unless it is removed.
    * `pieces` are what the input has of it, each with its line (1-based), in order.
    * `gap` says that a blank line precedes it. `indent` is its depth in spaces.
    * `linked` is the share of its letters that are in links, in 1/LINKED.
    """

    text: str
    pieces: tuple[tuple[int, str], ...]
    gap: bool
    indent: int = 0
    mark: Mark = ""
    linked: int = 0
