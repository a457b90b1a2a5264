"""The members of gzip files and the frames of zstd files.

They are decompressed one after another.
"""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from collections import deque
from typing import Any, BinaryIO, ClassVar

import zstandard

from newsbeam.transforms.decode import HEAD_BYTES


class MemberDecompressor(io.RawIOBase):
    """A raw stream over the members of a gzip file or the frames of a zstd file.

    A truncated file yields all bytes before the cut. The bytes that a damaged member yields depend
    on the member alone, not on its position or on where reading began.

    With `record_starts`, `starts` collects where members begin, as (position in the output,
    position in `stream`); the reader consumes it from the left. A zstd file may begin with a
    dictionary in a skippable frame, as `.warc.zst` does; `has_dictionary` is true once the first
    frame after it has begun.
    """

    # A few bytes of zstd can decompress to 128 kB. Small steps keep a decompression bomb small.
    # zlib takes a limit instead.
    _FEED: ClassVar = {"gzip": 8 << 10, "zstd": 1 << 10}

    def __init__(self, stream: BinaryIO, kind: str, record_starts: bool = False) -> None:
        self._stream = stream
        self._gzip = kind == "gzip"
        self._feed = self._FEED[kind]
        self._piece: Any = None
        self._checksum = self._size = 0
        self._fed = b""
        self._read = self._unpacked = 0
        self._out = memoryview(b"")
        self._record_starts = record_starts
        self._dictionary: zstandard.ZstdCompressionDict | None = None
        self.starts: deque[tuple[int, int]] = deque()

    def readable(self) -> bool:
        return True

    @property
    def place(self) -> int:
        """The position in `stream` up to which all is decompressed."""
        return self._read - len(self._fed)

    @property
    def has_dictionary(self) -> bool:
        """True if frames use a dictionary from the beginning of the file."""
        return self._dictionary is not None

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
        """Decompress one step, which may yield no bytes; return False at the end."""
        self._fill(self._feed)
        if self._piece is not None and self._piece.eof:
            self._end()
            return True
        if self._piece is None:
            if self._gzip and self._fed[:1] == b"\0":
                self._fed = self._fed.lstrip(b"\0")  # some tapes and tools pad behind a member
                return True
            if not self._fed:
                return False
            if not self._gzip and self._fed[1:4] == _SKIPPABLE and self._fed[:1] in _SKIPPABLE_FIRST:
                self._skip_frame()
                return True
            self._begin()
            return True
        fed = self._fed
        if self._gzip:
            out = self._piece.decompress(fed, HEAD_BYTES)
            self._fed = self._piece.unconsumed_tail
            self._checksum = zlib.crc32(out, self._checksum)
            self._size += len(out)
        else:
            out = self._piece.decompress(fed) if fed else b""
            self._fed = b""
        self._out = memoryview(out)
        if self._piece.eof:
            self._fed = self._piece.unused_data
        elif not (fed or out):
            raise EOFError(f"the {'gzip' if self._gzip else 'zstd'} stream ends in the middle of a {'member' if self._gzip else 'frame'}")
        return True

    def _fill(self, size: int) -> None:
        if len(self._fed) < size:
            block = self._stream.read(size - len(self._fed))
            self._read += len(block)
            self._fed += block

    def _begin(self) -> None:
        place = self.place
        if not self._gzip:
            unpacker = zstandard.ZstdDecompressor(dict_data=self._dictionary, max_window_size=_MAX_WINDOW_BYTES)
            self._piece = unpacker.decompressobj()
        elif self._fed[:2] == b"\x1f\x8b":
            self._skip_gzip_header()
            # Raw deflate: with the gzip wrapper, a wrong checksum would discard the last output.
            self._piece = zlib.decompressobj(wbits=-15)
            self._checksum = self._size = 0
        else:
            raise gzip.BadGzipFile(f"not a gzip member ({self._fed[:2]!r})")
        if self._record_starts:
            self.starts.append((self._unpacked, place))

    def _skip_gzip_header(self) -> None:
        while True:
            if len(self._fed) > 2 and self._fed[2] != 8:
                raise gzip.BadGzipFile(f"unknown compression method {self._fed[2]}")
            if length := gzip_header(self._fed):
                self._fed = self._fed[length:]
                return
            if len(self._fed) > _MAX_GZIP_HEADER_BYTES:
                raise gzip.BadGzipFile("the header of a gzip member does not end")
            size = len(self._fed) + self._feed
            self._fill(size)
            if len(self._fed) < size and not gzip_header(self._fed):
                raise EOFError("the gzip stream ends in the middle of a member")

    def _end(self) -> None:
        """Check a member's trailer: EOFError if missing, BadGzipFile if wrong."""
        self._piece = None
        if self._gzip:
            self._fill(8)
            if len(self._fed) < 8:
                raise EOFError("the gzip stream ends in the middle of a member")
            checksum, size = struct.unpack("<II", self._fed[:8])
            if (checksum, size) != (self._checksum, self._size & 0xFFFFFFFF):
                raise gzip.BadGzipFile("the checksum of a gzip member is wrong")
            self._fed = self._fed[8:]

    def _skip_frame(self) -> None:
        """Skip a skippable zstd frame, or load the dictionary in it."""
        first, size = self.place == 0 and self._fed[:1] == _DICTIONARY_FIRST, int.from_bytes(self._fed[4:8], "little")
        self._fill(8)
        if first and size <= _MAX_DICTIONARY_BYTES:
            self._fill(8 + size)
            packed = self._fed[8 : 8 + size]
            if packed[:4] == b"\x28\xb5\x2f\xfd":
                packed = zstandard.ZstdDecompressor().stream_reader(packed).read(_MAX_DICTIONARY_BYTES)
            self._dictionary = zstandard.ZstdCompressionDict(packed)
        left = 8 + size - len(self._fed)
        self._fed = self._fed[8 + size :]
        while left > 0:
            block = self._stream.read(min(left, HEAD_BYTES))
            if not block:
                raise EOFError("the zstd stream ends in the middle of a frame")
            self._read += len(block)
            left -= len(block)


def gzip_header(head: bytes) -> int:
    """Return the length of a gzip member's header, or 0 if `head` is too short."""
    if len(head) < 10:
        return 0
    flags, length = head[3], 10
    if flags & 4:
        length += 2 + int.from_bytes(head[length : length + 2], "little")
    for flag in (8, 16):
        if flags & flag:
            length = head.find(b"\0", length) + 1
            if not length:
                return 0
    length += 2 if flags & 2 else 0
    return length if length <= len(head) else 0


_MAX_GZIP_HEADER_BYTES = 128 << 10
_SKIPPABLE = b"\x2a\x4d\x18"
_SKIPPABLE_FIRST = frozenset(bytes([first]) for first in range(0x50, 0x60))
_DICTIONARY_FIRST = b"\x5d"
_MAX_DICTIONARY_BYTES = 16 << 20
_MAX_WINDOW_BYTES = 1 << 31
"""The window of `zstd --long=31`: address space, used only as it fills."""
