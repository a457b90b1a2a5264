"""JSON Lines, plain or compressed."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from newsbeam.outputs.formats.base import LineFormat


class JsonLines(LineFormat):
    """One JSON object per line."""

    @property
    def is_verbatim(self) -> bool:
        """True without compression."""
        return self.compression == "none"

    @contextmanager
    def open(self, target: BinaryIO) -> Iterator[BinaryIO]:
        """Open a stream for lines that arrive at `target` compressed."""
        if self.compression == "gzip":
            # Without name and time in the header, the same records are the same bytes.
            with gzip.GzipFile(filename="", mode="wb", fileobj=target, mtime=0, compresslevel=6) as stream:
                yield cast("BinaryIO", stream)
        elif self.compression == "zstd":
            import zstandard

            with zstandard.ZstdCompressor(level=6).stream_writer(target, closefd=False) as stream:
                yield cast("BinaryIO", stream)
        else:
            yield target
