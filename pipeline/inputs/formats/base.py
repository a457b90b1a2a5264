"""What an input format is, and what the formats share."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from transforms.document import Raw
from transforms.fields import USUAL_NAMES, RowOptions

COPY_BYTES = 1 << 20
"""The size of a block where bytes are copied or passed over."""

SplitPoint = tuple[int, int]
"""A place where a file can be split, and the number that the first item from there on has."""


class Unreadable(Exception):
    """An input cannot be read, for a reason whose message is complete in itself."""


class Irregular(Exception):
    """From here on a file is not split: reading it in one go says what is wrong with it."""


@dataclass(frozen=True)
class ReadContext:
    """What a format knows of the file that it reads.

    `path` is the file as the user knows it, `collection` what its records say they are of, `max_bytes` the most that one document may
    have. A part of a file that was split (`is_split`) is the items that begin at `start` or after it and before `end` (-1: to the end
    of the file); `first` is the number of the first of them.
    `rows` is how rows are read: which columns a table is asked for.
    """

    path: str
    collection: str
    max_bytes: int
    start: int = 0
    end: int = -1
    first: int = 1
    is_split: bool = False
    rows: RowOptions = USUAL_NAMES

    def raw(self, number: int, payload: bytes, **fields: Any) -> Raw:
        """The `number`-th item in the file; `fields` are those of Raw."""
        return Raw(f"{self.path}#{number}", payload, source=self.collection, **fields)

    def too_large(self, what: str, cure: str = "raise --max-document-mb or split it") -> str:
        """The error of a document over the limit; `what` ends before the size: "x.jsonl#3 is a line of more than"."""
        return f"ReadError: {what} {megabytes(self.max_bytes)}; {cure}"


class InputFormat(ABC):
    """A kind of file with items inside, each of which becomes one document.

    To add a format: a module with a subclass; a line in `INPUT_FORMATS`; and its `kind` in `transforms.decode.container`, which
    recognises it. `read` is all that has to be written:

        class Lines(InputFormat):
            kind = "lines"

            def read(self, context, stream):
                for number, line in enumerate(stream, context.first):
                    yield context.raw(number, orjson.dumps({"text": line.decode()}), form="json")

    An item of form "json" is a JSON object as in JSON lines, with `text` or `html`, `url`, `title`, `date` and the like;
    `transforms.decode` takes it from there.
    """

    kind: ClassVar[str]
    """What `transforms.decode.container` says of such a file."""

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


def megabytes(count: int) -> str:
    """A number of bytes for a person."""
    return f"{count / (1 << 20):.0f} MB"
