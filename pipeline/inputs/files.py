"""Files as byte streams, hashed and counted while they are read.

They are on this machine or elsewhere.
"""

from __future__ import annotations

import io
import os
import select
import stat
from hashlib import sha256
from typing import Any

from newsbeam.inputs.limits import Budget
from newsbeam.storage import filesystem
from newsbeam.storage.progress import CURRENT
from newsbeam.transforms.decode import HEAD_BYTES

PIPE_SECONDS = 30
"""The longest that a named pipe may have neither data nor a writer."""


class HashingReader(io.RawIOBase):
    """A raw stream that hashes and counts a file, or `length` bytes of it."""

    def __init__(self, stream: Any, hashed: bool, counted: bool = True, length: int = -1, budget: Budget | None = None) -> None:
        self._stream = stream
        self._hash = sha256() if hashed else None
        self._counted = counted
        self._left = length
        self._budget = budget

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        # A range of a file, or a file that is hashed while it is read, is read sequentially.
        return self._hash is None and self._left < 0 and bool(self._stream.seekable())

    def seek(self, offset: int, whence: int = 0) -> int:
        return int(self._stream.seek(offset, whence))

    def tell(self) -> int:
        return int(self._stream.tell())

    def readinto(self, buffer: Any) -> int:
        if self._left >= 0:
            buffer = memoryview(buffer)[: self._left]
        count = int(self._stream.readinto(buffer))
        if self._left >= 0:
            self._left -= count
        if self._hash is not None:
            self._hash.update(memoryview(buffer)[:count])
        if self._counted:
            CURRENT.bytes_read += count
        if self._budget is not None:
            self._budget.take(count)
        return count

    def hexdigest(self) -> str:
        return self._hash.hexdigest() if self._hash is not None else ""

    def close(self) -> None:
        self._stream.close()
        super().close()


def open_raw(path: str) -> Any:
    """Open a local or remote file without a buffer."""
    return filesystem.read(path) if filesystem.is_remote(path) else _open_local(path)


def buffered(
    raw: Any,
    hashed: bool = True,
    counted: bool = True,
    start: int = 0,
    end: int = -1,
    buffer: int = HEAD_BYTES,
    budget: Budget | None = None,
) -> io.BufferedReader:
    """Buffer `raw`, or its bytes from `start` to `end`.

    Args:
        raw: the open file.
        hashed: compute its SHA-256 while it is read.
        counted: count its bytes for the progress bar.
        start: the first byte.
        end: the byte after the last, or -1 for the end of the file.
        buffer: the size of the buffer.
        budget: the limits that apply.

    Returns:
        A reader whose `raw` is a `HashingReader`.
    """
    if start:
        raw.seek(start)
    return io.BufferedReader(HashingReader(raw, hashed, counted, end - start if end >= 0 else -1, budget), buffer)


def open_plain(path: str, hashed: bool = True, counted: bool = True, buffer: int = HEAD_BYTES) -> io.BufferedReader:
    """Open a local or remote file, `buffered`."""
    return buffered(open_raw(path), hashed, counted, buffer=buffer)


def _open_local(path: str) -> io.FileIO:
    """Open a local file. Raises TimeoutError for a named pipe without a writer.

    Pipes that a shell creates (`/dev/stdin`, `<(…)`) have a writer from the start, and no time
    limit.
    """
    if not stat.S_ISFIFO(os.stat(path).st_mode) or not os.path.exists(os.path.realpath(path)):
        return open(path, "rb", buffering=0)
    stream = open(path, "rb", buffering=0, opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK))  # noqa: SIM115
    poll = select.poll()
    poll.register(stream, select.POLLIN | select.POLLHUP)
    if not poll.poll(PIPE_SECONDS * 1000):
        stream.close()
        raise TimeoutError(f"{path} is a pipe, and nothing was written to it for {PIPE_SECONDS} s; name a file, or pipe into /dev/stdin")
    os.set_blocking(stream.fileno(), True)
    return stream
