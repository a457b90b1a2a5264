"""Decompression of byte streams in small steps.

A truncated or damaged stream always raises.
"""

from __future__ import annotations

import gzip
import io
import lzma
import zlib
from bz2 import BZ2File
from typing import Any, BinaryIO, cast

import zstandard

from newsbeam.inputs.format_entries import COMPRESSION_MAGIC, recognise
from newsbeam.inputs.limits import Budget
from newsbeam.inputs.members import MemberDecompressor
from newsbeam.storage import filesystem
from newsbeam.transforms.decode import HEAD_BYTES

COMPRESSION_SUFFIXES = frozenset(["gz", "gzip", "zst", "zstd", "bz2", "xz", "lz4"])

COMPRESSIONS = frozenset(COMPRESSION_MAGIC)
"""The kinds that `decompress` handles."""

DAMAGED = (EOFError, zlib.error, zstandard.ZstdError, gzip.BadGzipFile, lzma.LZMAError)
"""Errors on reading a truncated or damaged stream.

bzip2 raises OSError and lz4 RuntimeError instead.
"""


def decompress(stream: io.BufferedReader, kind: str, budget: Budget | None = None) -> io.BufferedReader:
    """Decompress a stream.

    Reading the result raises one of `DAMAGED` if the stream is truncated or damaged, and the errors
    of `budget`.

    Raises:
        MissingExtra: the library for `kind` is not installed.
    """
    raw: Any
    if kind == "bzip2":
        raw = _DecompressorReader(BZ2File(stream))
    elif kind == "xz":
        raw = _DecompressorReader(lzma.LZMAFile(stream))  # noqa: SIM115 - as long as the stream
    elif kind == "lz4":
        filesystem.require_extra("lz4", "lz4.frame", "an .lz4 file")
        import lz4.frame

        raw = _DecompressorReader(lz4.frame.LZ4FrameFile(stream))
    else:
        raw = MemberDecompressor(stream, kind)
    return io.BufferedReader(_CountingReader(raw, budget) if budget is not None else raw, HEAD_BYTES * 2)


def member_reader(opened: Any, budget: Budget) -> io.BufferedReader:
    """Wrap the file object of an archive member, and count its bytes as decompressed."""
    return io.BufferedReader(_CountingReader(_DecompressorReader(opened), budget), HEAD_BYTES * 2)


class _CountingReader(io.RawIOBase):
    """A raw stream that counts its bytes as decompressed."""

    def __init__(self, stream: Any, budget: Budget) -> None:
        self._stream, self._budget = stream, budget

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = int(self._stream.readinto(buffer))
        self._budget.unpack(count)
        return count


class _DecompressorReader(io.RawIOBase):
    """A raw stream over a decompressor that yields all bytes before a cut."""

    def __init__(self, unpacker: Any) -> None:
        self._unpacker = unpacker

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            block = self._unpacker.read1(len(buffer))
        except RuntimeError as error:  # lz4 raises this
            raise OSError(str(error)) from error
        buffer[: len(block)] = block
        return len(block)


def decompressed(stream: BinaryIO) -> io.BufferedReader:
    """Decompress a stream if it is compressed."""
    plain: io.BufferedReader = io.BufferedReader(cast("Any", stream), HEAD_BYTES)
    kind = recognise(plain.peek(HEAD_BYTES))
    return decompress(plain, kind) if kind in COMPRESSIONS else plain


def strip_compression_suffix(path: str) -> str:
    """Strip the suffix of a compression from a path."""
    stem, _, suffix = path.rpartition(".")
    if suffix.lower() in ("tgz", "tbz2", "txz"):
        return f"{stem}.tar"
    return stem if suffix.lower() in COMPRESSION_SUFFIXES else path
