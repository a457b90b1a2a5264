"""The results of documents, and the rows of those that did not become records."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from typing import NamedTuple

import orjson

from newsbeam.config.failure_cases import Case
from newsbeam.storage.output_layout import OutputKind


class InputResult(NamedTuple):
    """The result of one input.

    It has the kind of output, its line, counts, and the key by which a redelivery is recognised.

    The key is the id of the record. Without a record it is the kind and the hash of the payload, or the origin if there is no payload.
    """

    key: str
    kind: OutputKind
    line: bytes
    counts: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class OutputRow:
    """The fields that dropped rows and dead letters share.

    `stage` is where the document left the chain.
    """

    id: str
    input_id: str
    origin: str
    source: str
    url: str
    bytes: int
    sha256: str
    stage: str

    def line(self) -> builtins.bytes:
        """The row as a line of JSON, its fields in order."""
        return orjson.dumps(self, option=orjson.OPT_APPEND_NEWLINE)


@dataclass(frozen=True)
class DroppedRow(OutputRow):
    """A document that a rule left out, with the reason."""

    reason: str


@dataclass(frozen=True)
class DeadLetter(OutputRow):
    """A document that failed, with the error.

    `form` is how to read it again, `payload` its contents in base64 if they are not in a file.
    """

    error: str
    message: str
    trace: str
    form: str
    payload: str


@dataclass(frozen=True)
class BatchResult:
    """The result of a batch of inputs.

    It has the lines of each output, ready to write, and counts.

    In the first pass of `site_template`, only `keys` is set: the texts to count, as signed 8-byte numbers. If each input is reported on
    its own, only `endings` is set: one for each input, in order. `cases` are failures and losses, for the summary and the manifest.
    """

    documents: bytes = b""
    dropped: bytes = b""
    dead_letters: bytes = b""
    counts: tuple[tuple[str, int], ...] = ()
    keys: bytes = b""
    endings: tuple[InputResult, ...] = ()
    cases: tuple[Case, ...] = ()
