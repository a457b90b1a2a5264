"""Attributions and credits: who said what, through whom, and whose picture, wire copy or right it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from newsbeam.transforms.attribution import dispatch
from newsbeam.transforms.attribution.credits.extract import credits
from newsbeam.transforms.attribution.english.combine import Engine, statements
from newsbeam.transforms.attribution.guess import guess
from newsbeam.transforms.attribution.people import People
from newsbeam.transforms.attribution.speakers import attributions
from newsbeam.transforms.document import QUOTATIONS_ONLY, Document
from newsbeam.transforms.processor import Effect

__all__ = ["Attribute"]


@dataclass(frozen=True)
class Attribute:
    """Find who said what (`attributions`) and whose pictures, wire copy and rights are named (`credits`).

    English is read by a learned tagger, or, with `engine: rules`, by rules alone, which find less and need no weights. Reads
    `document.language` if it is set, else guesses by script and function words. There are rules for en, ko, ja, zh,
    de, es, fr, ru, ar, it, pt, nl, pl and uk; in other languages quotations are found without their speakers, and `metadata.attribution`
    says so. Credits come from `document.removed` too, and where no byline is read,
    `document.author` (from the page's metadata) gives one, whose `text` is the author as found there.
    """

    name: ClassVar[str] = "attribution"
    effect: ClassVar[Effect] = "annotates"
    engine: Engine = "model"

    def __call__(self, document: Document) -> Document:
        """The document with `attributions` (in the order of their contents) and `credits` set; never raises."""
        prose = document.prose
        language = document.language.split("-")[0] or guess(prose)
        people = People(prose, language)
        found = statements(prose, self.engine) if language == "en" else dispatch.statements(prose, language, people)
        about = document.metadata
        if not dispatch.has_rules(language):
            about = replace(about, attribution=QUOTATIONS_ONLY)
        made = attributions(document.text, prose, found, language, people)
        read = credits(document, prose)
        names = {(credit.kind, credit.name) for credit in read}
        # A record that is annotated again may have lost the line that a credit stood in.
        kept = tuple(credit for credit in document.credits if (credit.kind, credit.name) not in names)
        return replace(document, attributions=made, credits=read + kept, metadata=about)
