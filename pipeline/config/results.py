"""What becomes of a batch of documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from newsbeam.config.failure_cases import Case
from newsbeam.storage.output_layout import OutputKind


class InputResult(NamedTuple):
    """What became of one input: the kind of output, its line, what was counted, and the key by which a second arrival is known.

    The key is a record's id; else the kind and the hash of the payload, or where it came from if there is no payload.
    """

    key: str
    kind: OutputKind
    line: bytes
    counts: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class BatchResult:
    """What became of a batch of inputs: the lines of each output, ready to write, and what was counted.

    `keys` is all that the first pass of `site_template` gives: what to count, as signed numbers of 8 bytes. `endings` is all that
    there is where each input is told by itself: one for each, in their order. `cases`: what went wrong, for the table and the manifest.
    """

    documents: bytes = b""
    dropped: bytes = b""
    dead_letters: bytes = b""
    counts: tuple[tuple[str, int], ...] = ()
    keys: bytes = b""
    endings: tuple[InputResult, ...] = ()
    cases: tuple[Case, ...] = ()
