"""How far an input may go: in what it unpacks to, in processor time, in memory, on the disk."""

from __future__ import annotations

from collections.abc import Callable

MEMORY_BYTES = 3 << 30
"""The most address space of a process that reads (`newsbeam.inputs.process`)."""

MIN_READ_SECONDS = 10.0
"""The least processor time that reading may take from one item, or one MB of the file, to the next; `--time-limit` raises it."""

MAX_SPOOL_BYTES = 16 << 30
"""The most that a temporary file may hold: parquet and zip are read from their ends, so a compressed one has to be unpacked first."""

MAX_IDLE_BYTES, MAX_IDLE_RATIO = 256 << 20, 100
"""Unpacking more than so many bytes and more than so many times what was read of the file, without a document: a bomb."""

MAX_UNPACKED_BYTES, MAX_RATIO = 256 << 20, 1000
"""The same for a whole file, documents or not."""


class Unreadable(Exception):
    """An input cannot be read, for a reason whose message is complete in itself."""


class Budget:
    """What was read of one file, and what it was unpacked to, over all layers of compression.

    `progress` is called after each MB that was read and each item: that is what a limit on processor time starts again from.
    """

    def __init__(self, path: str, max_bytes: int = 0, progress: Callable[[], object] = int) -> None:
        self._path = path
        self._idle_bytes = max(MAX_IDLE_BYTES, 2 * max_bytes)
        self._progress = progress
        self.is_spent = False
        self.read = self._unpacked = 0
        self._read_before = self._unpacked_before = self._progress_at = 0

    def take(self, count: int) -> None:
        """So many bytes of the file were read."""
        self.read += count
        if self.read - self._progress_at >= 1 << 20:
            self._progress_at = self.read
            self._progress()

    def unpack(self, count: int) -> None:
        """So many bytes came out of a decompressor. Raises Unreadable where that is out of all proportion."""
        self._unpacked += count
        idle = self._unpacked - self._unpacked_before
        if idle > self._idle_bytes and idle > MAX_IDLE_RATIO * (self.read - self._read_before):
            self.is_spent = True
            raise Unreadable(f"{self._path} unpacks to {megabytes(idle)} and more without a document in it; leave it out")
        if self._unpacked > MAX_UNPACKED_BYTES and self._unpacked > MAX_RATIO * self.read:
            self.is_spent = True
            raise Unreadable(f"{self._path} unpacks to more than {MAX_RATIO:,} times its size; unpack it first, or leave it out")

    def deliver(self) -> None:
        """An item came out of the file."""
        self._read_before, self._unpacked_before = self.read, self._unpacked
        self._progress()

    def spool(self, count: int) -> None:
        """A temporary file has `count` bytes. Raises Unreadable where that is more than it may have."""
        if count > MAX_SPOOL_BYTES:
            raise Unreadable(f"{self._path} unpacks to more than {MAX_SPOOL_BYTES >> 30} GB; unpack it first")


def megabytes(count: int) -> str:
    """A number of bytes for a person."""
    return f"{count / (1 << 20):.0f} MB"
