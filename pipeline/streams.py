"""Streams of bytes: hashed and counted on their way in, unpacked a little at a time, and never silent about a cut."""

from __future__ import annotations

import bz2
import gzip
import io
from hashlib import sha256
from typing import Any, BinaryIO, cast

import zstandard

from pipeline import files
from pipeline.progress import NOW
from transforms.decode import HEAD_BYTES, Container, container

COMPRESSION_SUFFIXES = frozenset(["gz", "gzip", "zst", "zstd", "bz2"])


class Plain(io.RawIOBase):
    """A file as it lies there, hashed and counted on its way through."""

    def __init__(self, stream: Any, hashed: bool) -> None:
        self._stream = stream
        self._hash = sha256() if hashed else None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return int(self._stream.seek(offset, whence))

    def tell(self) -> int:
        return int(self._stream.tell())

    def readinto(self, buffer: Any) -> int:
        count = int(self._stream.readinto(buffer))
        if self._hash is not None:
            self._hash.update(memoryview(buffer)[:count])
        NOW.bytes_read += count
        return count

    def hexdigest(self) -> str:
        return self._hash.hexdigest() if self._hash is not None else ""

    def close(self) -> None:
        self._stream.close()
        super().close()


def open_plain(path: str, hashed: bool = True) -> io.BufferedReader:
    """A file as it lies there, on this machine or elsewhere; its `raw` is a `Plain`."""
    stream = files.read(path) if files.remote(path) else open(path, "rb", buffering=0)  # noqa: SIM115
    return _buffered(Plain(stream, hashed))


def _buffered(raw: io.RawIOBase, size: int = HEAD_BYTES) -> io.BufferedReader:
    return io.BufferedReader(raw, size)


def decompress(stream: io.BufferedReader, kind: Container) -> io.BufferedReader:
    """The stream unpacked. Reading it raises EOFError, zlib.error, OSError or zstandard.ZstdError where it is cut or damaged."""
    if kind == "zstd":
        return _buffered(_Zstd(stream), HEAD_BYTES * 2)
    return _buffered(_Unpacked(gzip.GzipFile(fileobj=stream) if kind == "gzip" else bz2.BZ2File(stream)), HEAD_BYTES * 2)


class _Unpacked(io.RawIOBase):
    """A decompressor as a raw stream, a little at a time: where it is cut short, what came before the cut is handed on."""

    def __init__(self, unpacker: Any) -> None:
        self._unpacker = unpacker

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self._unpacker.read1(len(buffer))
        buffer[: len(block)] = block
        return len(block)


class _Zstd(io.RawIOBase):
    """A zstd stream that raises EOFError where it is cut short; zstandard's own reader ends there in silence."""

    # A few bytes of zstd can unpack to 128 kB: so little is fed in at a time that a bomb stays small.
    _FEED = 1 << 10

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._frame: Any = None
        self._rest = b""
        self._out = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._out:
            fed = self._rest or self._stream.read(self._FEED)
            self._rest = b""
            if not fed:
                if self._frame is not None:
                    raise EOFError("the zstd stream ends in the middle of a frame")
                return 0
            if self._frame is None:
                self._frame = zstandard.ZstdDecompressor().decompressobj()
            self._out = memoryview(self._frame.decompress(fed))
            if self._frame.eof:
                self._rest, self._frame = self._frame.unused_data, None
        count = min(len(buffer), len(self._out))
        buffer[:count] = self._out[:count]
        self._out = self._out[count:]
        return count


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
