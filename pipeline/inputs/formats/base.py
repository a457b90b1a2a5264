"""The interface of input formats, and helpers that they share."""

from __future__ import annotations

import io
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO, ClassVar

from newsbeam.inputs.limits import Budget, Unreadable, megabytes
from newsbeam.inputs.statuses import OK_STATUSES, Statuses
from newsbeam.transforms.document import Raw
from newsbeam.transforms.fields import USUAL_NAMES, RowOptions

__all__ = ["COPY_BYTES", "InputFormat", "Irregular", "ReadContext", "SplitPoint", "Unreadable", "megabytes", "seekable", "skip_blank_lines"]

COPY_BYTES = 1 << 20
"""The block size for copying and skipping bytes."""

SplitPoint = tuple[int, int]
"""(a position to split a file at, the number of the first item from there on)."""


class Irregular(Exception):
    """The file cannot be split from here on; reading it reports the problem."""


@dataclass(frozen=True)
class ReadContext:
    """The file that a format reads, and how.

    Args:
        path: the file, as the user knows it.
        collection: the collection of its records.
        max_bytes: the largest document.
        start: the first byte at which an item of this range may begin.
        end: the byte at which the next range begins, or -1.
        first: the number of the range's first item.
        is_split: whether this is a range of a file that was split.
        rows: how to read the fields of rows.
        is_last: whether this is the last range.
        statuses: HTTP statuses of responses that are documents, as ranges.
        budget: the counter of bytes read and decompressed.
        depth: the number of archives that the file is nested in.
        open_member: the function that reads a file inside this one, as `contents` does.
    """

    path: str
    collection: str
    max_bytes: int
    start: int = 0
    end: int = -1
    first: int = 1
    is_split: bool = False
    rows: RowOptions = USUAL_NAMES
    is_last: bool = True
    statuses: Statuses = OK_STATUSES
    budget: Budget = field(default_factory=lambda: Budget(""), compare=False)
    depth: int = 0
    open_member: Callable[[ReadContext, io.BufferedReader, str], Iterator[Raw]] = field(kw_only=True, compare=False)

    def raw(self, number: int, payload: bytes, **fields: Any) -> Raw:
        """Return item `number` of the file; `fields` are those of Raw."""
        return Raw(f"{self.path}#{number}", payload, source=self.collection, **fields)

    def too_large(self, what: str, cure: str = "raise --max-document-mb or split the file") -> str:
        """Return the error of a document over the limit.

        `what` ends before the size: "x.jsonl#3 is a line of more than".
        """
        return f"ReadError: {what} {megabytes(self.max_bytes)}; {cure}"


class InputFormat(ABC):
    """A kind of file with items inside, each of which becomes a document.

    To add a format, write a module with a subclass and add an entry to
    `newsbeam.inputs.format_entries`. Only `read` is required:

        class Lines(InputFormat):
            def read(self, context, stream):
                for number, line in enumerate(stream, context.first):
                    yield context.raw(number, orjson.dumps({"text": line.decode()}), form="json")

    An item of form "json" is a JSON object as in JSON lines, with `text` or `html`, `url`, `title`,
    `date` and so on. `newsbeam.transforms.decode` decodes it.
    """

    random_access: ClassVar[bool] = False
    """True if the format needs random access; `seekable` provides such a stream."""

    walled: ClassVar[bool] = True
    """True if a child process reads files of this format (`newsbeam.inputs.process`).

    Set it to False only if no library but the standard library's text methods and orjson parses the
    bytes.
    """

    split_inside: ClassVar[frozenset[str]] = frozenset()
    """Compressions ("": none) under which `split_points` works; empty: never split."""

    split_reads_all: ClassVar[bool] = False
    """True if `split_points` reads all of an uncompressed file, and can hash it."""

    parts_are_files: ClassVar[bool] = False
    """True if the bytes between split points are a file; `read` gets only them."""

    @abstractmethod
    def read(self, context: ReadContext, stream: io.BufferedReader) -> Iterator[Raw]:
        """Yield the items of a decompressed stream, numbered from `context.first`.

        An item that cannot be read is a Raw with its `error` set, followed by the other items.
        ValueError and the errors of the stream (OSError, EOFError, zlib.error, ZstdError) pass
        through.

        Raises:
            Unreadable: the rest of the file cannot be read.
        """

    def split_points(self, stream: io.BufferedReader, compression: str, split_bytes: int) -> Iterator[SplitPoint]:
        """Yield the places where the file can be split, about `split_bytes` apart.

        Raises:
            Irregular: the rest cannot be split. Errors of reading pass through and mean the same.
        """
        raise Irregular


@contextmanager
def seekable(context: ReadContext, stream: io.BufferedReader) -> Iterator[BinaryIO]:
    """Provide a stream as a seekable file: itself, or a temporary copy."""
    if stream.seekable():
        yield stream
        return
    with tempfile.TemporaryFile() as spool:
        while block := stream.read(COPY_BYTES):
            spool.write(block)
            context.budget.spool(spool.tell())
        spool.seek(0)
        yield spool


def skip_blank_lines(stream: io.BufferedReader) -> int:
    """Skip blank lines by blocks (a GB line by line takes minutes); return the bytes."""
    skipped = 0
    while head := stream.peek():
        end = head.rfind(b"\n", 0, len(head) - len(head.lstrip())) + 1
        if not end:
            break
        skipped += len(stream.read(end))
    return skipped
