"""Filter documents by the length of the remaining text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from newsbeam.transforms.document import Document
from newsbeam.transforms.processor import Effect, Reject


@dataclass(frozen=True)
class Length:
    """Drop documents by length.

    The text must have at least `min_chars` letters and digits, and at most `max_chars` characters
    (0: no limit).
    """

    name: ClassVar[str] = "length"
    effect: ClassVar[Effect] = "selects"
    min_chars: int = 1
    max_chars: int = 0

    def __post_init__(self) -> None:
        if self.min_chars < 0 or self.max_chars < 0:
            raise ValueError("min_chars and max_chars must be 0 or more")

    def __call__(self, document: Document) -> Document | Reject:
        """Return the document unchanged, or Reject.

        The reasons are `empty`, `too short` and `too long`.
        """
        letters = sum(map(str.isalnum, document.text[: 4 * self.min_chars + 4096]))
        if letters < self.min_chars:
            letters = sum(map(str.isalnum, document.text))
        if letters < self.min_chars:
            return Reject("too short" if letters else "empty")
        if self.max_chars and len(document.text) > self.max_chars:
            return Reject("too long")
        return document
