"""Attributions and credits: who said what, through whom, and whose picture, wire copy or right it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from transforms.attribution.credits import credits
from transforms.attribution.languages import guess, statements
from transforms.attribution.people import People
from transforms.attribution.speakers import attributions
from transforms.document import Document
from transforms.processor import Effect

__all__ = ["Attribute"]


@dataclass(frozen=True)
class Attribute:
    """Find who said what (`attributions`) and whose pictures, wire copy and rights are named (`credits`), by rule.

    Reads `document.language` if it is set, else guesses by script and function words. There are rules for en, ko, ja, zh,
    de, es, fr, ru and ar; other languages get credits only. Credits come from `document.removed` too, and where no byline is read,
    `document.author` (from the page's metadata) gives one, whose `text` is the author as found there.
    """

    name: ClassVar[str] = "attribution"
    effect: ClassVar[Effect] = "annotates"

    def __call__(self, document: Document) -> Document:
        """The document with `attributions` (in the order of their contents) and `credits` set; never raises."""
        prose = document.prose
        language = document.language.split("-")[0] or guess(prose)
        people = People(prose, language)
        found = statements(prose, language, people)
        return replace(document, attributions=attributions(document.text, prose, found, language, people), credits=credits(document, prose))
