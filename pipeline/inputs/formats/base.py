"""What an input format is, and what the formats share."""

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
"""The size of a block where bytes are copied or passed over."""

SplitPoint = tuple[int, int]
"""A place where a file can be split, and the number that the first item from there on has."""


class Irregular(Exception):
    """From here on a file is not split: reading it in one go says what is wrong with it."""


@dataclass(frozen=True)
class ReadContext:
    """What a format knows of the file that it reads.

    `path` is the file as the user knows it, `collection` what its records say they are of, `max_bytes` the most that one document may
    have. A part of a file that was split (`is_split`) is the items that begin at `start` or after it and before `end` (-1: to the end
    of the file; `is_last`: there is no part behind it); `first` is the number of the first of them. `rows` is how rows are read: which
    columns a table is asked for. `statuses` are the HTTP statuses whose responses are documents, as ranges. `budget` counts what is
    read and unpacked; `depth` is how many archives the file lies in, and `open_member` reads one file inside it as `contents` reads any.
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
        """The `number`-th item in the file; `fields` are those of Raw."""
        return Raw(f"{self.path}#{number}", payload, source=self.collection, **fields)

    def too_large(self, what: str, cure: str = "raise --max-document-mb or split it") -> str:
        """The error of a document over the limit; `what` ends before the size: "x.jsonl#3 is a line of more than"."""
        return f"ReadError: {what} {megabytes(self.max_bytes)}; {cure}"


class InputFormat(ABC):
    """A kind of file with items inside, each of which becomes one document.

    To add a format: a module with a subclass; a line in `INPUT_FORMATS`; and its `kind` in `newsbeam.transforms.decode.container`, which
    recognises it. `read` is all that has to be written:

        class Lines(InputFormat):
            kind = "lines"

            def read(self, context, stream):
                for number, line in enumerate(stream, context.first):
                    yield context.raw(number, orjson.dumps({"text": line.decode()}), form="json")

    An item of form "json" is a JSON object as in JSON lines, with `text` or `html`, `url`, `title`, `date` and the like;
    `newsbeam.transforms.decode` takes it from there.
    """

    random_access: ClassVar[bool] = False
    """Whether files of this format are read from more places than one; `seekable` gives such a stream."""

    walled: ClassVar[bool] = True
    """Whether files of this format are read in a process of their own (`newsbeam.inputs.process`): set it to False only where nothing
    but the standard library's text methods and orjson touch the bytes."""

    kind: ClassVar[str]
    """What `newsbeam.transforms.decode.container` says of such a file."""

    split_inside: ClassVar[frozenset[str]] = frozenset()
    """Compressions ("": none) under which `split_points` works; empty where a file of this format is never split."""

    split_reads_all: ClassVar[bool] = False
    """Whether `split_points` reads an uncompressed file from its first byte to its last, so that its hash comes for nothing."""

    parts_are_files: ClassVar[bool] = False
    """Whether the bytes between two split points are a file of this format: `read` is given only them, as its stream."""

    @abstractmethod
    def read(self, context: ReadContext, stream: io.BufferedReader) -> Iterator[Raw]:
        """The items in a stream without compression, numbered from `context.first`, in their order.

        One item that cannot be read is a Raw with its `error` set, and the others follow. Raises Unreadable where nothing after it can
        be read either, and lets through what the stream raises (OSError, EOFError, zlib.error, ZstdError) and ValueError.
        """

    def split_points(self, stream: io.BufferedReader, compression: str, split_bytes: int) -> Iterator[SplitPoint]:
        """Every place at which the file can be split, in front of which all was read and was regular.

        `split_bytes` is about how far apart splits will be. Raises Irregular, and whatever reading raises, where splitting ends.
        """
        raise Irregular


@contextmanager
def seekable(context: ReadContext, stream: io.BufferedReader) -> Iterator[BinaryIO]:
    """The whole of a stream as a file that can be sought in: itself, or a temporary file with what is in it."""
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
    """Pass over the blank lines that are next; how many bytes they are. A line at a time, a gigabyte of line ends takes minutes."""
    skipped = 0
    while head := stream.peek():
        end = head.rfind(b"\n", 0, len(head) - len(head.lstrip())) + 1
        if not end:
            break
        skipped += len(stream.read(end))
    return skipped
