"""Attributions and credits.

An attribution says who said what, and which outlets passed it on. A credit names the author,
photographer, agency or copyright holder.
"""

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
    """Extract statements (`attributions`) and credits (`credits`).

    English is read by a trained tagger, or with `engine: rules` by rules alone, which find fewer
    statements but need no weights. Uses `document.language` if it is set; otherwise guesses by
    script and function words. There are rules for the
    languages that have a file in `cues/`, 31 with English. In other languages only quotations are
    found, without speakers; `metadata.attribution` then says so.

    Credits are also read from `document.removed`. If there is no byline, `document.author` (from
    the page's metadata) becomes a credit with the author's name as `text`.
    """

    name: ClassVar[str] = "attribution"
    effect: ClassVar[Effect] = "annotates"
    engine: Engine = "model"

    def __call__(self, document: Document) -> Document:
        """Return the document with `attributions` and `credits`; never raises.

        Attributions are ordered by content.
        """
        prose = document.prose
        language = document.language.split("-")[0] or guess(prose)
        people = People(prose, language)
        found = statements(prose, self.engine) if language == "en" else dispatch.statements(prose, language, people)
        about = document.metadata
        if not dispatch.has_rules(language):
            about = replace(about, attribution=QUOTATIONS_ONLY)
        made = attributions(document.text, prose, found, language, people)
        read = tuple(credit for credit in credits(document, prose) if credit.name)
        names = {(credit.kind, credit.name) for credit in read}
        # When a record is annotated again, the line with a credit may already have been removed.
        kept = tuple(credit for credit in document.credits if (credit.kind, credit.name) not in names)
        return replace(document, attributions=made, credits=read + kept, metadata=about)
