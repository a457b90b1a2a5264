"""A line of a text, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass

from newsbeam.transforms.boilerplate.lines.rules import is_prose
from newsbeam.transforms.document import LineKind


@dataclass(slots=True)
class Line:
    """A line of a text, and what is decided of it."""

    number: int
    text: str
    gap: bool  # whether a blank line stands before it
    maybe: bool = True  # whether a rule can concern it
    told: bool = True  # whether it can tell who wrote the text, or when
    prose: bool | None = None  # whether it reads like a paragraph; None where it was cut

    def reads_as_prose(self) -> bool:
        """Return whether it reads like a paragraph, by its letters where the scan could not tell."""
        return is_prose(self.text) if self.prose is None else self.prose


@dataclass(frozen=True, slots=True)
class Explained:
    """What was decided of one line: `kind` is "" for a line that stays; `score` is in log odds, above 0 for boilerplate.

    `signs` say in short English phrases what spoke for it, the strongest first.
    """

    line: int
    text: str
    kept: bool
    kind: LineKind
    score: float
    signs: tuple[str, ...]
