"""A line of a text and the information about it."""

from __future__ import annotations

from dataclasses import dataclass

from newsbeam.transforms.boilerplate.forms.unit import Unit
from newsbeam.transforms.boilerplate.lines.rules import is_prose
from newsbeam.transforms.document import LineKind


@dataclass(slots=True)
class Line:
    """A line of a text."""

    number: int
    text: str
    gap: bool  # a blank line precedes it
    unit: Unit  # what the form of the text says of it
    may_match: bool = True  # a rule may match
    may_be_byline: bool = True  # it may be a byline or a date
    # it reads like a paragraph; None if unknown, because the line was cut
    prose: bool | None = None

    def reads_as_prose(self) -> bool:
        """Return whether it reads like a paragraph.

        Judged by its letters if the scan could not decide.
        """
        return is_prose(self.text) if self.prose is None else self.prose


@dataclass(frozen=True, slots=True)
class Explained:
    """The decision on one line.

    `kind` is "" for a line that stays. `score` is in log odds, above 0 for boilerplate. `signs` are
    short English phrases with the reasons, strongest first.
    """

    line: int
    text: str
    kept: bool
    kind: LineKind
    score: float
    signs: tuple[str, ...]
