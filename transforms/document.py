"""The data that pass through newsbeam: inputs, documents and results.

All of them are immutable and can be pickled; orjson serialises them with keys in the order of the
fields. Offsets are code points in `Document.text`, with exclusive end. A missing part, or one in
removed text, is `(-1, -1)`. Nothing is None: missing values are `""`, `-1` or `()`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Literal, get_args

import orjson

from newsbeam.transforms.record_html import record_html
from newsbeam.transforms.record_types import Record

NOWHERE = -1

ClaimForm = Literal["direct", "indirect", "mixed"]
ClaimType = Literal["statement", "attitude"]
Verdict = Literal["translated", "original", "unknown"]
SpeakerKind = Literal["person", "organisation", "publication", "document", "group", "unnamed", ""]
RemovalKind = Literal[
    "navigation", "share", "cookie", "copyright", "caption", "credit", "byline", "related", "advert", "subscribe", "id", "template", "toc",
    "comment", "other",
]  # fmt: skip
LineKind = RemovalKind | Literal[""]
"""The kind of boilerplate that a line or block is; `""` for one that stays."""
CreditKind = Literal["image", "agency", "dateline", "copyright", "byline", "outlet"]

REMOVAL_KINDS: tuple[RemovalKind, ...] = get_args(RemovalKind)


@dataclass(frozen=True, slots=True)
class Span:
    """A range of `Document.text`: `text == document.text[start:end]`."""

    start: int = NOWHERE
    end: int = NOWHERE
    text: str = ""

    @classmethod
    def of(cls, text: str, start: int, end: int) -> Span:
        """Create the span `text[start:end]`."""
        return cls(start, end, text[start:end])


@dataclass(frozen=True, slots=True)
class Removal:
    """A removed piece of boilerplate.

    `line` is 1-based in scraped text, and -1 in HTML.
    """

    kind: RemovalKind
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class LanguageRun:
    """A range of the text in one language; `score` in 0..1."""

    start: int
    end: int
    language: str
    score: float


@dataclass(frozen=True, slots=True)
class Artifact:
    """A piece of evidence for translation.

    Its kind, its range (-1 in removed text), its words and the reason why it counts.
    """

    kind: str
    start: int
    end: int
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Translation:
    """The verdict on translation.

    `score` in 0..1 is the probability. `source_language` is `""` if nothing points to one.
    """

    score: float = 0.0
    verdict: Verdict = "unknown"
    source_language: str = ""
    source_language_score: float = 0.0
    artifacts: tuple[Artifact, ...] = ()

    @property
    def by_style_alone(self) -> bool:
        """Tell a verdict "translated" that has no evidence which readers can check."""
        return self.verdict == "translated" and all(artifact.kind == "style" for artifact in self.artifacts)


@dataclass(frozen=True, slots=True)
class Speaker:
    """The speaker of a statement.

    The span in the text, the resolved full name, the role and the kind of source. A known outlet
    has its normal name and the `id` of the gazetteer (`attribution/outlets.yaml`), others "".
    """

    start: int = NOWHERE
    end: int = NOWHERE
    text: str = ""
    name: str = ""
    role: str = ""
    kind: SpeakerKind = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Via:
    """A link in the chain of a statement ("to Reuters"), with its outlet.

    `name` and `id` are as in `Speaker`.
    """

    start: int
    end: int
    text: str
    name: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class Attribution:
    """A statement: content, cue ("said"), speaker and chain.

    The content has one or more pieces; `score` is in 0..1. `type` distinguishes what was said,
    written or shown from an ascribed belief, attitude or plan ("hopes", "supported").
    """

    form: ClaimForm
    content: tuple[Span, ...]
    cue: Span
    speaker: Speaker
    via: tuple[Via, ...]
    score: float
    type: ClaimType = "statement"


@dataclass(frozen=True, slots=True)
class Credit:
    """A credit of a picture or text; `text` is the text that was read.

    The kinds are image, agency, dateline (place), copyright (holder), byline and outlet. `name` is
    as printed; `id` is that of a known outlet, else "".
    """

    kind: CreditKind
    name: str
    text: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class Metadata:
    """The origin of a document, and other metadata from its page.

    * `boilerplate` says which rules were available for cleaning: ALL_SIGNS, or NEUTRAL_SIGNS if the
      language has no word lists (set by the language processor); "" if it was not cleaned.
    * `form` is the form in which a scraped text was read: "blocks", "fragments", "wrapped", "layout",
      "markdown", "wrapped markdown" or "one line"; "" for web pages and texts that were not cleaned.
    * `modified` is ISO 8601.
    * `script` is the script of the main text (ISO 15924: "Latn", "Hans"). `language_hint` says what
      decided between languages that were too close to call ("declared nb decided between nb and
      da").
    * `attribution` is QUOTATIONS_ONLY if there are no attribution rules for the language.
    * `input` has other fields of the input, as a JSON string.
    * `http_status` is that of the archived response, -1 if there is none.

    All others are "" if unknown.
    """

    origin: str = ""
    input_id: str = ""
    media_type: str = ""
    encoding: str = ""
    bytes: int = 0
    sha256: str = ""
    processed_by: str = ""
    modified: str = ""
    section: str = ""
    image_caption: str = ""
    image_credit: str = ""
    boilerplate: str = ""
    form: str = ""
    script: str = ""
    language_hint: str = ""
    attribution: str = ""
    input: str = ""
    http_status: int = NOWHERE


ALL_SIGNS = "all signs"
NEUTRAL_SIGNS = "language-neutral signs"
QUOTATIONS_ONLY = "quotations only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document on its way through the chain.

    * `text` is the exact input until an editing processor has run. It contains tags while `markup`
      is true.
    * `declared_language` is claimed by the page, its headers or its archive ("ko", "en-US"), and
      only a hint.
    * `visible` is the number of visible characters other than white space, if the processor that
      removed the markup counted them (else -1).
    * `processed_before` names the processors that made the record from which this document was
      read.
    * `fields_taken` are (field, key) pairs of a row's unusual keys; `fields_absent` are pairs that
      the user named and the row lacks.
    """

    text: str
    markup: bool = False
    id: str = ""
    source: str = ""
    added: str = ""
    created: str = ""
    url: str = ""
    site: str = ""
    title: str = ""
    author: str = ""
    declared_language: str = ""
    language: str = ""
    language_score: float = 0.0
    languages: tuple[LanguageRun, ...] = ()
    translation: Translation = Translation()
    attributions: tuple[Attribution, ...] = ()
    credits: tuple[Credit, ...] = ()
    removed: tuple[Removal, ...] = ()
    metadata: Metadata = Metadata()
    visible: int = NOWHERE
    processed_before: tuple[str, ...] = ()
    fields_taken: tuple[tuple[str, str], ...] = ()
    fields_absent: tuple[tuple[str, str], ...] = ()

    @property
    def prose(self) -> str:
        """`text` with tags, scripts and comments blanked; same length."""
        return _TAGS.sub(_blank, self.text) if self.markup else self.text

    def record(self) -> Record:
        """Return the record as plain JSON values.

        The keys and types are the same for every document.

        Raises orjson.JSONEncodeError if a processor has set a value that JSON has no form for.
        """
        record: Record = orjson.loads(orjson.dumps(self.record_fields()))
        return record

    def record_fields(self) -> dict[str, Any]:
        """Return the fields of the record as they are, for orjson to serialise."""
        return dict(zip(RECORD_KEYS, _values(self), strict=True))

    def _repr_html_(self) -> str:
        """Show the document in a notebook, with its annotations highlighted."""
        return record_html(self.record())

    def spans(self) -> Iterator[tuple[str, int, int, str]]:
        """Yield all spans with their keys: (key, start, end, text)."""
        for run in self.languages:
            yield "languages", run.start, run.end, self.text[run.start : run.end]
        for artifact in self.translation.artifacts:
            yield "translation.artifacts", artifact.start, artifact.end, artifact.text
        for attribution in self.attributions:
            for piece in attribution.content:
                yield "attributions.content", piece.start, piece.end, piece.text
            yield "attributions.cue", attribution.cue.start, attribution.cue.end, attribution.cue.text
            speaker = attribution.speaker
            yield "attributions.speaker", speaker.start, speaker.end, speaker.text
            for link in attribution.via:
                yield "attributions.via", link.start, link.end, link.text


RECORD_FIELDS = {
    "id": "`sha256:` and a hash of content and url, whatever the origin; the same in every run",
    "text": "the clean main text",
    "source": "the name of the collection",
    "added": "time of processing, ISO 8601",
    "created": "time of publication if known, ISO 8601",
    "url": "where it was published",
    "site": "name of the site or publisher",
    "title": "the headline",
    "author": "who wrote it",
    "language": "ISO 639-1 (639-3 if there is none), `und` if unknown",
    "language_score": "confidence, 0 to 1",
    "languages": "spans of other languages in a mixed document",
    "translation": "whether it is a translation, from which language, and the evidence",
    "attributions": "statements: speaker, words, and the chain of sources",
    "credits": "image credits, agency, dateline, copyright holder, byline, outlet, also from removed lines",
    "removed": "every removed piece of boilerplate",
    "metadata": "origin, own id, media type, charset, size, hash, processors; time of the last change; section, picture, script; "
    "`input`: other fields of the input, as JSON",
}
"""The fields of a document that make up its record, in the order of the record, each with a description for data cards."""

RECORD_KEYS = tuple(RECORD_FIELDS)

STRING_KEYS = tuple(key for key in RECORD_KEYS if Document.__annotations__[key] in ("str", str))
"""The fields of a record whose value is a string."""

_values = attrgetter(*RECORD_KEYS)

COMMENT = r"<!--(?:-?>|.*?(?:--!?>|\Z))"
"""A comment in HTML, as the standard ends it (a pattern in which `.` has to match line breaks)."""

# One alternation with linear branches: a comment or declaration as the HTML standard ends them, a
# complete script or style, else one tag, whose attribute values may contain any characters.
_TAGS = re.compile(
    COMMENT + r"|<[!?][^>]*(?:>|\Z)|<(script|style)\b.*?(?:</\1\b[^>]*(?:>|\Z)|\Z)"
    r"|</?[a-z](?:[^<>=]|=(?!\s*[\"'])|=\s*(?:\"[^\"]{0,5000}\"|'[^']{0,5000}'))*>|</?[a-z][^<>]*>|</[^<>a-z][^>]*>",
    re.S | re.I,
)


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match.group())


def count_visible(document: Document) -> int:
    """Count the document's visible characters other than white space."""
    return characters(_TAGS.sub(" ", document.text) if document.markup else document.text)


def characters(text: str) -> int:
    """Count the characters other than white space."""
    return len("".join(text.split()))


def removal_kind(name: str, source: str) -> RemovalKind:
    """Return `name` if it is a kind of removal, else raise ValueError.

    `source` is where the name was found.
    """
    for kind in REMOVAL_KINDS:
        if kind == name:
            return kind
    raise ValueError(f"{source}: {name!r} is not a kind of removal; use one of {', '.join(REMOVAL_KINDS)}")


def is_blank(text: str) -> bool:
    """Return whether the text has only white space and invisible characters."""
    return not any(sign.isprintable() and not sign.isspace() for sign in text)


def broken_spans(document: Document) -> Sequence[str]:
    """Return a message for each invalid span; empty if all are valid."""
    text, length = document.text, len(document.text)
    wrong = []
    for key, start, end, words in document.spans():
        if start == NOWHERE and end == NOWHERE:
            continue
        if not 0 <= start <= end <= length or text[start:end] != words:
            wrong.append(f"{key} says [{start}:{end}] is {words[:60]!r}; the text there is {text[max(start, 0) : end][:60]!r}")
    return wrong


# Without slots, like everything that is sent between processes: pickling a frozen class with slots
# is five times slower.
@dataclass(frozen=True)
class Raw:
    """An input as it was read, before decoding.

    * `form` says what `payload` is: `file` (a complete file of unknown kind), `json` (an object
      with any keys), `item` (an object with the keys of `transforms.fields.FIELDS`, made by a
      reader from a feed, a mail or a saved page), `http` (the body of an archived response), `text`
      (UTF-8 prose of a WET record).
    * `origin` is its path or URI, with `#n` for the n-th record in it. `name` is the file's name
      without a compression suffix, `source` its collection.
    * `content_type`, `content_language`, `url`, `date` and `http_status` (-1: none) are from the
      archive's headers.
    * `inline`: the payload is stored nowhere else (a message), so a dead letter must include it.
    * `sha256` is that of the payload, if known. `incomplete`: the archive has only a truncated or
      damaged body.
    * If it could not be read, `error` is "Class: message" and `payload` is what could be read.
      `drop` is the reason if a rule of the reader excludes it.
    """

    origin: str
    payload: bytes
    form: Literal["file", "json", "item", "http", "text"] = "file"
    content_type: str = ""
    content_language: str = ""
    url: str = ""
    date: str = ""
    http_status: int = NOWHERE
    name: str = ""
    source: str = ""
    inline: bool = False
    sha256: str = ""
    incomplete: bool = False
    error: str = ""
    drop: str = ""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A document that a rule excluded.

    `reason` is a short fixed phrase, so that reasons can be counted.
    """

    stage: str
    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """A document that failed.

    The stage, the class of the error, its message, and the last lines of the traceback.
    """

    stage: str
    error: str
    message: str
    trace: str = ""
