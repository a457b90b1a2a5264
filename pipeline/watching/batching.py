"""Files that are being read, and the work items made of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from newsbeam.inputs.work_units import BATCH_BYTES, BATCH_ITEMS
from newsbeam.transforms.document import Raw
from newsbeam.watching.scanner import Candidate


@dataclass
class OpenFile:
    """A file that is being read.

    `skip` of its records were processed before. `given` is how many it has yielded, including
    skipped ones.
    """

    candidate: Candidate
    version: int
    skip: int
    records: Iterator[Raw | None]
    inputs: list[tuple[str, int, str]]
    given: int = 0
    pieces: int = 0
    done: int = 0
    done_pieces: int = 0
    same: bool = False


@dataclass(frozen=True)
class FileChunk:
    """A part of a file in a work item: its index and its number of records."""

    file: OpenFile
    number: int
    records: int
    last: bool


@dataclass
class WorkItem:
    """Raw items that are submitted to the workers together."""

    raws: list[Raw] = field(default_factory=list)
    pieces: list[FileChunk] = field(default_factory=list)
    size: int = 0

    def full(self, items: int) -> bool:
        """Return whether the item is full."""
        return len(self.raws) >= items or self.size >= BATCH_BYTES or len(self.pieces) >= BATCH_ITEMS

    def is_next(self) -> bool:
        """Return whether everything before it in its files is finished."""
        return all(piece.number == piece.file.done_pieces for piece in self.pieces)
