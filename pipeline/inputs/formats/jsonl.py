"""JSON lines: one object per line; blank lines are skipped."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO

from newsbeam.inputs.formats.base import COPY_BYTES, InputFormat, ReadContext, SplitPoint, skip_blank_lines
from newsbeam.transforms.document import Raw

_BLOCK_BYTES = 4 << 20


class JsonLines(InputFormat):
    """JSON lines files, which are split at line ends."""

    walled = False
    split_inside = frozenset([""])
    split_reads_all = True

    def read(self, context: ReadContext, stream: io.BufferedReader) -> Iterator[Raw]:
        if context.start:
            stream.seek(context.start)
        position, number = context.start, context.first - 1
        while context.end < 0 or position < context.end:
            line = stream.readline(context.max_bytes + 1)
            if not line:
                return
            position += len(line)
            if not line.strip():
                position += skip_blank_lines(stream)
                continue
            number += 1
            if len(line) > context.max_bytes and not line.endswith(b"\n"):
                while rest := stream.readline(COPY_BYTES):
                    position += len(rest)
                    if rest.endswith(b"\n"):
                        break
                error = context.too_large(f"{context.path}#{number} is a line of more than")
                yield context.raw(number, b"", form="json", error=error)
            else:
                yield context.raw(number, line.strip(), form="json")

    def split_points(self, stream: io.BufferedReader, compression: str, split_bytes: int) -> Iterator[SplitPoint]:
        position, records = 0, 0
        whole = True
        for lines in _whole_lines(stream, split_bytes):
            if whole and position:
                yield position, records + 1
            records += _records_in(lines if whole else lines.partition(b"\n")[2])
            position += len(lines)
            whole = lines.endswith(b"\n")


def _whole_lines(stream: BinaryIO, split_bytes: int) -> Iterator[bytes]:
    rest = b""
    while block := stream.read(_BLOCK_BYTES):
        end = block.rfind(b"\n") + 1
        if end:
            yield rest + block[:end]
            rest = block[end:]
        elif len(rest) > split_bytes:
            yield rest + block  # an oversized line: passed on in pieces without a line end
            rest = b""
        else:
            rest += block
    if rest:
        yield rest


def _records_in(lines: bytes) -> int:
    """Count the lines that are not blank."""
    # First characters tell: a search for two consecutive line ends takes ten times as long.
    return sum(1 for line in lines.split(b"\n") if line and (not line[:1].isspace() or line.strip()))
