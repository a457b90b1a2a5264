"""Limits of reading: decompressed size, processor time, memory, disk space."""

from __future__ import annotations

from collections.abc import Callable

MEMORY_BYTES = 3 << 30
"""The address space of a reader process (`newsbeam.inputs.process`)."""

MIN_READ_SECONDS = 10.0
"""The minimum processor time per item or MB of a file; `--time-limit` raises it."""

MAX_SPOOL_BYTES = 16 << 30
"""The largest temporary file.

Parquet and zip files are read from their ends, so a compressed one is decompressed to disk first.
"""

MAX_IDLE_BYTES, MAX_IDLE_RATIO = 256 << 20, 100
"""Decompressing more than both limits without a document marks a bomb."""

MAX_UNPACKED_BYTES, MAX_RATIO = 256 << 20, 1000
"""The same limits for a whole file, with or without documents."""


class Unreadable(Exception):
    """An input cannot be read; the message is complete and needs no prefix."""


class Budget:
    """A counter of bytes read and decompressed of one file, over all layers.

    `progress` is called after each MB read and each item; it restarts the limit on processor time.
    """

    def __init__(self, path: str, max_bytes: int = 0, progress: Callable[[], object] = int) -> None:
        self._path = path
        self._idle_bytes = max(MAX_IDLE_BYTES, 2 * max_bytes)
        self._progress = progress
        self.is_spent = False
        self.read = self._unpacked = 0
        self._read_before = self._unpacked_before = self._progress_at = 0

    def take(self, count: int) -> None:
        """Count bytes read from the file."""
        self.read += count
        if self.read - self._progress_at >= 1 << 20:
            self._progress_at = self.read
            self._progress()

    def unpack(self, count: int) -> None:
        """Count decompressed bytes. Raises Unreadable if they are out of proportion."""
        self._unpacked += count
        idle = self._unpacked - self._unpacked_before
        if idle > self._idle_bytes and idle > MAX_IDLE_RATIO * (self.read - self._read_before):
            self.is_spent = True
            raise Unreadable(f"{self._path} decompresses to more than {megabytes(idle)} without a document; exclude it")
        if self._unpacked > MAX_UNPACKED_BYTES and self._unpacked > MAX_RATIO * self.read:
            self.is_spent = True
            raise Unreadable(f"{self._path} decompresses to more than {MAX_RATIO:,} times its size; decompress it first, or exclude it")

    def deliver(self) -> None:
        """Count an item of the file."""
        self._read_before, self._unpacked_before = self.read, self._unpacked
        self._progress()

    def spool(self, count: int) -> None:
        """Check the size of a temporary file. Raises Unreadable if it is too large."""
        if count > MAX_SPOOL_BYTES:
            raise Unreadable(f"{self._path} decompresses to more than {MAX_SPOOL_BYTES >> 30} GB; decompress it first")


def megabytes(count: int) -> str:
    """Format a number of bytes."""
    return f"{count / (1 << 20):.0f} MB"
