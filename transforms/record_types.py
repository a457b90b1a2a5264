"""The types of a record, as `Document.record` returns it.

All values are plain JSON. They mirror the dataclasses of `newsbeam.transforms.document`; a test holds the two together.
"""

from __future__ import annotations

from typing import TypedDict


class Span(TypedDict):
    """A range of `text`: `record["text"][start:end] == text`; -1 for a missing part."""

    start: int
    end: int
    text: str


class Removal(TypedDict):
    """A removed piece of boilerplate; `line` is 1-based in scraped text, -1 in HTML."""

    kind: str
    line: int
    text: str


class LanguageRun(TypedDict):
    """A range of `text` in one language."""

    start: int
    end: int
    language: str
    score: float


class Artifact(TypedDict):
    """A piece of evidence for translation; its range is -1 if it was in removed text."""

    kind: str
    start: int
    end: int
    text: str
    why: str


class Translation(TypedDict):
    """The verdict on translation: "translated", "original" or "unknown"."""

    score: float
    verdict: str
    source_language: str
    source_language_score: float
    artifacts: list[Artifact]


class Speaker(TypedDict):
    """The speaker of a statement: words in the text, full name, role and kind."""

    start: int
    end: int
    text: str
    name: str
    role: str
    kind: str
    id: str


class Via(TypedDict):
    """A link in the chain of a statement, with its outlet."""

    start: int
    end: int
    text: str
    name: str
    id: str


class Attribution(TypedDict):
    """A statement: form, content, cue, speaker and chain, with a score in 0..1."""

    form: str
    content: list[Span]
    cue: Span
    speaker: Speaker
    via: list[Via]
    score: float
    type: str


class Credit(TypedDict):
    """A credit of a picture or text."""

    kind: str
    name: str
    text: str
    id: str


class Metadata(TypedDict):
    """The origin of a document, and other metadata from its page."""

    origin: str
    input_id: str
    media_type: str
    encoding: str
    bytes: int
    sha256: str
    processed_by: str
    modified: str
    section: str
    image_caption: str
    image_credit: str
    boilerplate: str
    form: str
    script: str
    language_hint: str
    attribution: str
    input: str
    http_status: int


class Record(TypedDict):
    """A document in the output. All keys are always there, and no value is None."""

    id: str
    text: str
    source: str
    added: str
    created: str
    url: str
    site: str
    title: str
    author: str
    language: str
    language_score: float
    languages: list[LanguageRun]
    translation: Translation
    attributions: list[Attribution]
    credits: list[Credit]
    removed: list[Removal]
    metadata: Metadata
