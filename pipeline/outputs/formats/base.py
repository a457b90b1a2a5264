"""The class of an output format."""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import BinaryIO

COPY_BYTES = 1 << 20
"""The size of a block in which bytes are copied."""


class OutputFormat(ABC):
    """A format of records.

    They are converted from JSON Lines when the shards of a run are assembled.

    Dropped rows and dead letters stay JSON Lines, unless it is a LineFormat.
    """

    def __init__(self, compression: str) -> None:
        self.compression = compression

    @property
    def is_verbatim(self) -> bool:
        """True if a file of this format is the same as its JSON Lines.

        It can then be linked instead of copied.
        """
        return False

    @abstractmethod
    def write(self, parts: Iterable[BinaryIO], target: BinaryIO) -> None:
        """Write a file.

        Args:
            parts: streams of JSON Lines, in their order. Each has been closed when the next one is asked for.
            target: the file. The same lines have to give the same bytes.
        """


class LineFormat(OutputFormat):
    """A format that takes any JSON lines one after the other.

    Streams and `newsbeam watch` can write it, too.
    """

    @abstractmethod
    def open(self, target: BinaryIO) -> AbstractContextManager[BinaryIO]:
        """Open a stream for JSON lines that writes the format to `target`.

        A write may end within a line.
        """

    def write(self, parts: Iterable[BinaryIO], target: BinaryIO) -> None:
        """Write the lines of all parts."""
        with self.open(target) as stream:
            for part in parts:
                shutil.copyfileobj(part, stream, COPY_BYTES)
