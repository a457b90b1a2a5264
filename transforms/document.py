"""The things that travel through newsbeam: an input, a document, and what became of it.

Everything here is immutable, pickles, and (through orjson) prints itself with its keys in the order of the fields.
Offsets are code points into `Document.text`, end exclusive; a piece that is missing, or that stands in removed text, is
`(-1, -1)`. Nothing is ever None: what is missing is `""`, `-1` or `()`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Literal, get_args

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
    """A stretch of `Document.text`: `text == document.text[start:end]`."""

    start: int = NOWHERE
    end: int = NOWHERE
    text: str = ""

    @classmethod
    def of(cls, text: str, start: int, end: int) -> Span:
        """The span `text[start:end]`."""
        return cls(start, end, text[start:end])


@dataclass(frozen=True, slots=True)
class Removal:
    """A removed piece of boilerplate: its kind, its 1-based line in scraped text (-1 in HTML), its words."""

    kind: RemovalKind
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class LanguageRun:
    """A stretch of the text in one language; `score` in 0..1."""

    start: int
    end: int
    language: str
    score: float


@dataclass(frozen=True, slots=True)
class Artifact:
    """A trace that translation left: what kind, where (-1 in removed text), its words and why it counts."""

    kind: str
    start: int
    end: int
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Translation:
    """Return whether the text is a translation. `score` in 0..1; `source_language` is `""` when nothing points to one."""

    score: float = 0.0
    verdict: Verdict = "unknown"
    source_language: str = ""
    source_language_score: float = 0.0
    artifacts: tuple[Artifact, ...] = ()


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who said it: the span in the text, the resolved full name, the role and the kind of source."""

    start: int = NOWHERE
    end: int = NOWHERE
    text: str = ""
    name: str = ""
    role: str = ""
    kind: SpeakerKind = ""


@dataclass(frozen=True, slots=True)
class Via:
    """One link of the chain that a statement came through ("told Reuters"), and the outlet's name."""

    start: int
    end: int
    text: str
    name: str


@dataclass(frozen=True, slots=True)
class Attribution:
    """One statement: its content in one or more pieces, the cue ("said"), the speaker, the chain; `score` in 0..1.

    `type` tells what was said, written or shown from a belief, an attitude or a plan that is ascribed ("wants", "supported").
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
    """An image credit, agency, dateline place, copyright holder, byline or outlet; `text` is where it was read."""

    kind: CreditKind
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Metadata:
    """Where a document came from and what else its page says, as it stands in the record.

    `boilerplate` tells what was known when it was cleaned: ALL_SIGNS, or NEUTRAL_SIGNS where its language has no word lists (which
    the language processor finds out); "" if it was not cleaned. `modified` is ISO 8601. `script` is the main text's (ISO 15924:
    "Latn", "Hans"), `language_hint` what decided between languages that the text left too close to call ("declared nb decided
    between nb and da"); `attribution` is QUOTATIONS_ONLY where the language has no rules for who said what. `input` holds other
    fields of the input, a JSON string. All "" where there is nothing to say. `http_status` is the archived response's, -1 where there
    is none.
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
    """One document on its way through the chain.

    `text` is the input to the character until a processor that edits has run; while `markup` is true it still holds
    tags. `declared_language` is what the page, its headers or its archive claim ("ko", "en-US"): a hint, never proof.
    `visible` is the number of characters other than white space that the markup showed to a reader, where the processor that
    took the markup off has counted them (-1 where not).
    `processed_before` names the processors that made the record that this document was read from. `fields_taken` are
    (field, key) pairs: under which unusual keys a row had what; `fields_absent` those that the user named and the row lacks.
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
        """`text` for reading: of the same length, with tags, scripts and comments blanked out where it is markup."""
        return _TAGS.sub(_blank, self.text) if self.markup else self.text

    def record(self) -> dict[str, Any]:
        """The record of the contract: the same keys and types for every document, ready for orjson."""
        return dict(zip(RECORD_KEYS, _values(self), strict=True))

    def spans(self) -> Iterator[tuple[str, int, int, str]]:
        """Every span with the key it stands under, for checking: (key, start, end, text)."""
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


RECORD_KEYS = (
    "id",
    "text",
    "source",
    "added",
    "created",
    "url",
    "site",
    "title",
    "author",
    "language",
    "language_score",
    "languages",
    "translation",
    "attributions",
    "credits",
    "removed",
    "metadata",
)

_values = attrgetter(*RECORD_KEYS)

COMMENT = r"<!--(?:-?>|.*?(?:--!?>|\Z))"
"""A comment in HTML, as the standard ends it (a pattern in which `.` has to match line breaks)."""

# One alternation, each branch linear: a comment or declaration as the HTML standard ends them, a script or style as a whole, else one
# tag, the values of its attributes with what signs they hold.
_TAGS = re.compile(
    COMMENT + r"|<[!?][^>]*(?:>|\Z)|<(script|style)\b.*?(?:</\1\b[^>]*(?:>|\Z)|\Z)"
    r"|</?[a-z](?:[^<>=]|=(?!\s*[\"'])|=\s*(?:\"[^\"]{0,5000}\"|'[^']{0,5000}'))*>|</?[a-z][^<>]*>|</[^<>a-z][^>]*>",
    re.S | re.I,
)


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match.group())


def count_visible(document: Document) -> int:
    """How many characters other than white space the document shows to a reader."""
    return characters(_TAGS.sub(" ", document.text) if document.markup else document.text)


def characters(text: str) -> int:
    """How many characters other than white space there are in the text."""
    return len("".join(text.split()))


def removal_kind(name: str, source: str) -> RemovalKind:
    """Check that `name` is a kind of removal; `source` is where it stands. Raises ValueError."""
    for kind in REMOVAL_KINDS:
        if kind == name:
            return kind
    raise ValueError(f"{source}: {name!r} is not a kind of removal; use one of {', '.join(REMOVAL_KINDS)}")


def is_blank(text: str) -> bool:
    """Return whether there is nothing in the text but white space and signs that are never seen."""
    return not any(sign.isprintable() and not sign.isspace() for sign in text)


def broken_spans(document: Document) -> Sequence[str]:
    """What is wrong with the document's spans, one sentence each; empty when every span holds."""
    text, length = document.text, len(document.text)
    wrong = []
    for key, start, end, words in document.spans():
        if start == NOWHERE and end == NOWHERE:
            continue
        if not 0 <= start <= end <= length or text[start:end] != words:
            wrong.append(f"{key} says [{start}:{end}] is {words[:60]!r}; the text there is {text[max(start, 0) : end][:60]!r}")
    return wrong


# No slots here, nor in what else crosses a pipe: frozen with slots pickles by Python code, five times as slow.
@dataclass(frozen=True)
class Raw:
    """One input as it was read, before anything is known of its text.

    `form` says what `payload` is: `file` (a whole file, kind unknown), `json` (one object as people have it), `item` (one object that a
    reader has made of a feed, a mail or a saved page, with the keys of `transforms.fields.FIELDS`), `http` (the body of an archived
    response), `text` (UTF-8 prose of a WET record). `origin` is its path or URI, with `#n` for the n-th record in it. `content_type`,
    `content_language`, `url`, `date` and `http_status` (-1: none) are what the archive's headers say. `name` is the file's name without
    a compression suffix; `source` the collection it belongs to. `inline`: the payload is to be found nowhere else (a message), so a
    dead letter has to carry it. `sha256` of the payload where it is known already. `incomplete`: the archive has its body
    cut short or damaged.
    When it could not be read at all, `error` is "Class: message" and `payload` what little there is; `drop` is the reason
    why a rule of the reader leaves it out.
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
    """What a rule sorted out: by which stage, and the reason (a short fixed phrase, so that reasons can be counted)."""

    stage: str
    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """What went wrong: the stage, the class of the error, its message, and the last lines of the traceback."""

    stage: str
    error: str
    message: str
    trace: str = ""
