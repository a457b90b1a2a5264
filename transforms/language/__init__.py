"""Language identification of documents and, if mixed, of their parts.

The result is exact and the same on every machine.

>>> Language()(Document(text="Der Hund bellt, die Karawane zieht weiter.")).language
'de'
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import ClassVar

from newsbeam.transforms.boilerplate.word_lists.load import languages
from newsbeam.transforms.document import ALL_SIGNS, NEUTRAL_SIGNS, Document
from newsbeam.transforms.language.identify import UNKNOWN, identify
from newsbeam.transforms.package_data import load_yaml
from newsbeam.transforms.processor import Effect

__all__ = ["UNKNOWN", "Language", "name_of"]


@cache
def _names() -> dict[str, str]:
    names: dict[str, str] = load_yaml("newsbeam.transforms.language", "names.yaml")["names"]
    return names


def name_of(code: str) -> str:
    """Return the English name of a language, or its code if it has none here."""
    return _names().get(code, code)


@dataclass(frozen=True)
class Language:
    """Identify the language of a document.

    Sets `language`, `language_score` and, if the document mixes languages, `languages`; in
    `metadata`, `script` and `language_hint`.

    * `language` is the language of most of the text, as ISO 639-1 (listed in `weights/model.md`).
      Chinese is "zh" in either script; `metadata.script` says which (Hans, Hant). Serbian is "sr"
      in either script. Norwegian is "nb" or "nn", or "no" if the two cannot be distinguished.
      "und", with score 0, means that there is no linguistic content (addresses, numbers, ids), that
      no supported language uses the script, or that the score is below `min_score`. If all lines
      together are ambiguous, only those that are prose count: tables of names, references, code and
      numbers say nothing about the language.
    * `language_score` (0..1) is the tempered posterior probability. If most of the text is in no
      supported language and a long, clear run decides, the score is reduced by up to a half,
      depending on the run's share.
    * `languages` is `()` if the complete text is in one language.
    * The page's declared language and its address only decide between languages that are too close
      to call; `language_hint` then says which of them did.

    Raises ValueError unless 0 <= min_score <= 1.
    """

    name: ClassVar[str] = "language"
    effect: ClassVar[Effect] = "annotates"
    min_score: float = 0.2

    def __post_init__(self) -> None:
        if not 0 <= self.min_score <= 1:
            raise ValueError(f"language: min_score must be between 0 and 1, not {self.min_score}")

    def __call__(self, document: Document) -> Document:
        """Return the document with its language set."""
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
