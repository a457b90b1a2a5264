"""Streams of bytes: hashed and counted on their way in, unpacked a little at a time, and never silent about a cut."""

from __future__ import annotations

import bz2
import gzip
import io
import zlib
from collections import deque
from hashlib import sha256
from typing import Any, BinaryIO, ClassVar, cast

import zstandard

from pipeline import files
from pipeline.progress import NOW
from transforms.decode import HEAD_BYTES, container

COMPRESSION_SUFFIXES = frozenset(["gz", "gzip", "zst", "zstd", "bz2"])


class Plain(io.RawIOBase):
    """A file as it lies there, or `length` bytes of it from where its stream stands; hashed and counted on its way through."""

    def __init__(self, stream: Any, hashed: bool, counted: bool = True, length: int = -1) -> None:
        self._stream = stream
        self._hash = sha256() if hashed else None
        self._counted = counted
        self._left = length

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

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
            NOW.bytes_read += count
        return count

    def hexdigest(self) -> str:
        return self._hash.hexdigest() if self._hash is not None else ""

    def close(self) -> None:
        self._stream.close()
        super().close()


def open_plain(
    path: str, hashed: bool = True, counted: bool = True, start: int = 0, end: int = -1, buffer: int = HEAD_BYTES
) -> io.BufferedReader:
    """A file as it lies there, on this machine or elsewhere, or its bytes from `start` to `end`; its `raw` is a `Plain`.

    `counted`: what is read is what the bar on the terminal goes by.
    """
    stream = files.read(path) if files.remote(path) else open(path, "rb", buffering=0)  # noqa: SIM115
    if start:
        stream.seek(start)
    return io.BufferedReader(Plain(stream, hashed, counted, end - start if end >= 0 else -1), buffer)


def _buffered(raw: io.RawIOBase, size: int = HEAD_BYTES) -> io.BufferedReader:
    return io.BufferedReader(raw, size)


def decompress(stream: io.BufferedReader, kind: str) -> io.BufferedReader:
    """The stream unpacked. Reading it raises EOFError, zlib.error, OSError or zstandard.ZstdError where it is cut or damaged."""
    raw: io.RawIOBase = _Bzip2(stream) if kind == "bzip2" else Pieces(stream, kind)
    return _buffered(raw, HEAD_BYTES * 2)


class _Bzip2(io.RawIOBase):
    """bzip2 as a raw stream, a little at a time: where it is cut short, what came before the cut is handed on."""

    def __init__(self, stream: BinaryIO) -> None:
        self._unpacker = bz2.BZ2File(stream)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self._unpacker.read1(len(buffer))
        buffer[: len(block)] = block
        return len(block)


class Pieces(io.RawIOBase):
    """The members of a gzip file, or the frames of a zstd one, unpacked one after another.

    Where it is cut short, what came before the cut is handed on. What a damaged piece gives before its damage depends on the
    piece alone, and not on where in the file it stands or where reading began. With `noted`, `starts` is where pieces begin:
    (place in what is unpacked, place in `stream`), for the reader to take from its left.
    """

    # A few bytes of zstd can unpack to 128 kB: so little is fed in at a time that a bomb stays small. zlib takes a limit.
    _FEED: ClassVar = {"gzip": 8 << 10, "zstd": 1 << 10}

    def __init__(self, stream: BinaryIO, kind: str, noted: bool = False) -> None:
        self._stream = stream
        self._gzip = kind == "gzip"
        self._feed = self._FEED[kind]
        self._piece: Any = None
        self._fed = b""
        self._read = self._unpacked = 0
        self._out = memoryview(b"")
        self._noted = noted
        self.starts: deque[tuple[int, int]] = deque()

    def readable(self) -> bool:
        return True

    @property
    def place(self) -> int:
        """How far `stream` is unpacked."""
        return self._read - len(self._fed)

    def readinto(self, buffer: Any) -> int:
        while not self._out:
            if not self._more():
                return 0
        count = min(len(buffer), len(self._out))
        buffer[:count] = self._out[:count]
        self._out = self._out[count:]
        self._unpacked += count
        return count

    def _more(self) -> bool:
        """Unpack a little, which may give nothing yet; False at the end."""
        if len(self._fed) < self._feed:
            block = self._stream.read(self._feed - len(self._fed))
            self._read += len(block)
            self._fed += block
        if self._piece is None:
            if self._gzip and self._fed[:1] == b"\0":
                self._fed = self._fed.lstrip(b"\0")  # some tapes and tools fill up behind a member
                return True
            if not self._fed:
                return False
            self._begin()
        fed = self._fed
        if self._gzip:
            out = self._piece.decompress(fed, HEAD_BYTES)
            self._fed = self._piece.unconsumed_tail
        else:
            out = self._piece.decompress(fed) if fed else b""
            self._fed = b""
        if self._piece.eof:
            self._fed, self._piece = self._piece.unused_data, None
        elif not (fed or out):
            raise EOFError(f"the {'gzip' if self._gzip else 'zstd'} stream ends in the middle of a {'member' if self._gzip else 'frame'}")
        self._out = memoryview(out)
        return True

    def _begin(self) -> None:
        if not self._gzip:
            self._piece = zstandard.ZstdDecompressor().decompressobj()
        elif self._fed[:2] == b"\x1f\x8b":
            self._piece = zlib.decompressobj(wbits=31)
        else:
            raise gzip.BadGzipFile(f"not a gzip member ({self._fed[:2]!r})")
        if self._noted:
            self.starts.append((self._unpacked, self.place))


def unpacked(stream: BinaryIO) -> io.BufferedReader:
    """A stream without its compression, if it has one."""
    plain = _buffered(cast("io.RawIOBase", stream))
    kind = container(plain.peek(HEAD_BYTES))
    return decompress(plain, kind) if kind in ("gzip", "zstd", "bzip2") else plain


def without_compression(path: str) -> str:
    """A path without the suffix that says how it is compressed."""
    stem, _, suffix = path.rpartition(".")
    return stem if suffix.lower() in COMPRESSION_SUFFIXES else path


class Tail(io.RawIOBase):
    """A stream that remembers its last bytes: a whole WARC ends in two line ends."""

    def __init__(self, stream: io.BufferedReader) -> None:
        self._stream = stream
        self._position = 0
        self._last = b""

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def read(self, size: int = -1) -> bytes:
        # One read of the stream below at a time: where that is cut short, what came before the cut is still handed on.
        block = self._stream.read1(size)
        self._position += len(block)
        if block:
            self._last = (self._last + block[-8:])[-8:]
        return block

    def ends_whole(self) -> bool:
        return not self._last or self._last.endswith((b"\n\r\n", b"\n\n"))
