"""A processor for newsbeam that needs nothing but the contract."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from newsbeam.transforms.document import Document
from newsbeam.transforms.processor import Effect, Reject


@dataclass(frozen=True)
class Shout:
    """Put the text in capitals and an exclamation mark behind it.

    What already shouts is left out.
    """

    name: ClassVar[str] = "shout"
    effect: ClassVar[Effect] = "edits"
    mark: str = "!"
    case: Literal["upper", "title"] = "upper"

    def __call__(self, document: Document) -> Document | Reject:
        """The document, louder; Reject where it cannot be."""
        if document.text.isupper():
            return Reject("shouts already")
        louder = document.text.upper() if self.case == "upper" else document.text.title()
        return replace(document, text=louder.rstrip() + self.mark)


@dataclass(frozen=True)
class Murmur:
    """Annotates nothing: for recipes that name a class and no entry point."""

    name: ClassVar[str] = "murmur"
    effect: ClassVar[Effect] = "annotates"

    def __call__(self, document: Document) -> Document:
        """The document with an author."""
        return replace(document, author="murmured")
