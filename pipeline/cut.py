"""Large files cut into stretches of records that workers share, before any document in them is read to be worked on.

The rule that makes a cut safe: a file is cut only where everything in front of the place was read and found regular. Whatever is
irregular (cut short, damaged, rubbish between records, a spelling that FastWARC may take otherwise) ends the cutting, and all from the
last cut on is one stretch, in which it is met by the same code as in a file that was never cut. So reading in stretches and in one
go give the same items and the same errors, under the same numbers; and where the cuts are depends on the file alone.

    JSON lines                  at the end of a line
    .warc                       at a record: headers are read, bodies are passed over
    .warc.gz, .warc.zst         at a record that begins a gzip member or a zstd frame (the usual way to write them)
    .parquet                    at a row group

All else stays whole: other compressed files, and a .warc.gz that is one single member.
"""

from __future__ import annotations

import io
import re
import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, BinaryIO, cast

import zstandard

from pipeline import read
from pipeline.read import Share, Unreadable, as_json, parquet_table, row_groups
from pipeline.streams import Pieces, Plain, open_plain
from transforms.decode import HEAD_BYTES, Container, container

_BLOCK_BYTES = 4 << 20
_WALK_BYTES = 4 << 10
"""More than most headers of a WARC record, and less than most bodies, which are passed over."""

Cut = tuple[int, int]
"""A place in a file, and the number that the first record from there on has."""


def split(share: Share) -> Iterator[Share]:
    """A share of one large file as stretches of `SPLIT_BYTES` or a little more each, as they are found; any other share as it is."""
    if len(share.sources) != 1 or share.size < 2 * read.SPLIT_BYTES or share.only:
        yield share
        return
    kind: Container = ""
    start, end, first, digest = 0, -1, 1, ""
    try:
        # Walking a plain WARC and looking at the end of a parquet file is done without reading all of it.
        with open_plain(share.sources[0].path, hashed=False, counted=False) as stream:
            packing, kind = _kinds(stream, share.sources[0].path)
        if kind:
            hashed = kind == "jsonl" or packing != ""
            buffer = HEAD_BYTES if hashed else _WALK_BYTES
            with open_plain(share.sources[0].path, hashed, counted=False, buffer=buffer) as stream:
                for place, number in _cuts(stream, packing, kind):
                    if place - start >= read.SPLIT_BYTES:
                        yield replace(share, start=start, end=place, first=first, kind=kind, last=False)
                        start, first = place, number
                if hashed:
                    end = stream.tell()
                    digest = cast("Plain", stream.raw).hexdigest()
    except (_Irregular, Unreadable, OSError, EOFError, ArithmeticError, TypeError, ValueError, zlib.error, zstandard.ZstdError):
        pass  # reading what is left will say what is wrong
    yield replace(share, start=start, end=end, first=first, kind=kind, digest=digest) if start else share


class _Irregular(Exception):
    """From here on a file is read in one go."""


def _kinds(stream: io.BufferedReader, path: str) -> tuple[Container, Container]:
    """How a file is compressed, and what it is; ("", "") where it is not cut."""
    kind = container(stream.peek(HEAD_BYTES), path)
    if kind in ("jsonl", "warc", "parquet"):
        return "", kind
    if kind in ("gzip", "zstd"):
        inner = io.BufferedReader(Pieces(stream, kind), HEAD_BYTES)
        return (kind, "warc") if container(inner.peek(HEAD_BYTES)) == "warc" else ("", "")
    return "", ""


def _cuts(stream: io.BufferedReader, packing: Container, kind: Container) -> Iterator[Cut]:
    """Every place where a file can be cut. Raises whatever reading it does, and _Irregular."""
    if kind == "jsonl":
        return _line_ends(stream)
    if kind == "parquet":
        return _row_groups(stream)
    return _pieces(stream, packing) if packing else _records(stream)


# --- JSON lines -----------------------------------------------------------------------------------------------------


def _line_ends(stream: io.BufferedReader) -> Iterator[Cut]:
    position, records = 0, 0
    whole = True
    for lines in _whole_lines(stream):
        if whole and position:
            yield position, records + 1
        records += _records_in(lines if whole else lines.partition(b"\n")[2])
        position += len(lines)
        whole = lines.endswith(b"\n")


def _whole_lines(stream: BinaryIO) -> Iterator[bytes]:
    rest = b""
    while block := stream.read(_BLOCK_BYTES):
        cut = block.rfind(b"\n") + 1
        if cut:
            yield rest + block[:cut]
            rest = block[cut:]
        elif len(rest) > read.SPLIT_BYTES:
            yield rest + block  # one endless line: passed on in pieces, none of which ends it
            rest = b""
        else:
            rest += block
    if rest:
        yield rest


def _records_in(lines: bytes) -> int:
    """How many lines are not blank."""
    # By the first characters: searching for two line ends in a row takes ten times as long.
    return sum(1 for line in lines.split(b"\n") if line and (not line[:1].isspace() or line.strip()))


# --- parquet --------------------------------------------------------------------------------------------------------


def _row_groups(stream: io.BufferedReader) -> Iterator[Cut]:
    from pyarrow import ArrowException

    try:
        table, columns = parquet_table("", stream)
        starts = row_groups(table)
        if starts != sorted(set(starts)):
            raise _Irregular
        records = 0
        for group, start in enumerate(starts):
            if group:
                yield start, records + 1
            records += sum(map(_checked, table.iter_batches(row_groups=[group], columns=columns)))
    except ArrowException as error:
        raise _Irregular from error


def _checked(batch: Any) -> int:
    """How many rows there are in a batch, all of which can be read. Raises what reading them would."""
    from pyarrow import types

    for column in batch.columns:
        if types.is_string(column.type) or types.is_large_string(column.type):
            column.validate(full=True)  # is it UTF-8? For that, no string has to be made
        elif not (types.is_binary(column.type) or types.is_large_binary(column.type)):
            as_json(column.to_pylist())
    return int(batch.num_rows)


# --- WARC -----------------------------------------------------------------------------------------------------------

_VERSION = re.compile(rb"WARC/1\.[01]\r\n")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?([^\0\r\n]*)\r\n")
_TYPES = frozenset(b"warcinfo response resource request metadata revisit conversion continuation".split())
_COUNTED = (b"response", b"conversion")
_END = b"\r\n\r\n"


def _records(stream: io.BufferedReader) -> Iterator[Cut]:
    """Each record of a WARC that regular ones only stand in front of."""
    position, number = 0, 1
    while line := stream.readline(_WALK_BYTES):
        if not _VERSION.fullmatch(line):
            raise _Irregular
        yield position, number
        head = len(line)
        fields: dict[bytes, bytes] = {}
        while (line := stream.readline(HEAD_BYTES)) != b"\r\n":
            field = _FIELD.fullmatch(line)
            if field is None or head > HEAD_BYTES:
                raise _Irregular
            head += len(line)
            name, value = field.groups()
            name = name.lower()
            if name in (b"content-length", b"warc-type") and name in fields:
                raise _Irregular
            # FastWARC knows Content-Length by this spelling only.
            fields[name] = value if name != b"content-length" or line.startswith(b"Content-Length") else b""
        kind, length = fields.get(b"warc-type"), fields.get(b"content-length", b"")
        if kind not in _TYPES or not re.fullmatch(rb"\d{1,15}", length):
            raise _Irregular
        _pass_over(stream, int(length))
        if stream.read(4) != _END:
            raise _Irregular
        position += head + 2 + int(length) + 4
        number += kind in _COUNTED


def _pass_over(stream: io.BufferedReader, length: int) -> None:
    if stream.seekable():
        stream.seek(length, io.SEEK_CUR)
        return
    while length:
        block = stream.read1(min(length, HEAD_BYTES))
        if not block:
            raise _Irregular
        length -= len(block)


def _pieces(stream: io.BufferedReader, packing: Container) -> Iterator[Cut]:
    """Where a record and a gzip member or zstd frame begin together."""
    pieces = Pieces(stream, packing, noted=True)
    starts: deque[Cut] = pieces.starts
    latest = 0
    for position, number in _records(io.BufferedReader(pieces, HEAD_BYTES * 2)):
        while starts and starts[0][0] < position:
            starts.popleft()
        if starts and starts[0][0] == position:
            latest = starts[0][1]
            if latest:
                yield latest, number
        elif not starts and pieces.place - latest > read.SPLIT_BYTES:
            raise _Irregular  # few members and large ones, or only one: unpacking it all to find no place to cut is not worth it
