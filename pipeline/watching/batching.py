"""Files that are being read, and what is read of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from newsbeam.inputs.work_units import BATCH_BYTES, BATCH_ITEMS
from newsbeam.transforms.document import Raw
from newsbeam.watching.scanner import Candidate


@dataclass
class OpenFile:
    """A file being read. `skip` records of it were done before; `given` is how many it has given so far, skipped ones included."""

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
    """What of one bundle is of one file: its how manieth piece, how many records, and whether they are its last."""

    file: OpenFile
    number: int
    records: int
    last: bool


@dataclass
class WorkItem:
    """What goes to the workers together."""

    raws: list[Raw] = field(default_factory=list)
    pieces: list[FileChunk] = field(default_factory=list)
    size: int = 0

    def full(self, items: int) -> bool:
        """Whether nothing more should be added."""
        return len(self.raws) >= items or self.size >= BATCH_BYTES or len(self.pieces) >= BATCH_ITEMS

    def is_next(self) -> bool:
        """Whether all that was before this in its files is done."""
        return all(piece.number == piece.file.done_pieces for piece in self.pieces)
