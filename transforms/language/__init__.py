"""The language of a document, and of its parts where it mixes languages: exact, and the same on every machine.

>>> Language()(Document(text="Der Hund bellt, die Karawane zieht weiter.")).language
'de'
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from newsbeam.transforms.boilerplate.word_lists.load import languages
from newsbeam.transforms.document import ALL_SIGNS, NEUTRAL_SIGNS, Document
from newsbeam.transforms.language.identify import UNKNOWN, identify
from newsbeam.transforms.processor import Effect

__all__ = ["Language"]


@dataclass(frozen=True)
class Language:
    """Sets `language`, `language_score` and, where the document mixes languages, `languages`; in `metadata`, `script` and `language_hint`.

    `language` is that of most of the text: ISO 639-1 (`weights/model.md` lists them), "zh" for Chinese in either script, which
    `metadata.script` tells (Hans, Hant), "sr" for Serbian in either, "nb" and "nn" for Norwegian, "no" where the two
    cannot be told apart; "und" with score 0 where there is nothing linguistic (addresses, numbers, ids), where no language
    that we know writes in that script, or where the score is under `min_score`.
    Where all lines together leave a doubt, those that are prose decide alone: tables of names, references, code and numbers hold no
    language. `language_score` (0..1) is the tempered posterior; where a long clear run decides because most of the text is in no
    language that we know, it is between half of that and that, by the run's share. `languages` is `()` when the whole text is in one
    language. The page's declared language and its address decide between languages that the text itself leaves too close to
    call, and nothing else; `language_hint` then says which did. Raises ValueError unless 0 <= min_score <= 1.
    """

    name: ClassVar[str] = "language"
    effect: ClassVar[Effect] = "annotates"
    min_score: float = 0.2

    def __post_init__(self) -> None:
        if not 0 <= self.min_score <= 1:
            raise ValueError(f"language: min_score must be between 0 and 1, not {self.min_score}")

    def __call__(self, document: Document) -> Document:
        """The document with its language set."""
        found = identify(document.prose, document.declared_language, document.url)
        if found.score < self.min_score:
            found = replace(UNKNOWN, script=found.script)
        about = document.metadata
        signs = NEUTRAL_SIGNS if about.boilerplate == ALL_SIGNS and found.language not in languages() else about.boilerplate
        return replace(
            document,
            language=found.language,
            language_score=found.score,
            languages=found.runs,
            metadata=replace(about, script=found.script, language_hint=found.hint, boilerplate=signs),
        )
