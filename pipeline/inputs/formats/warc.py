"""WARC: archived responses (and the texts of WET files) as documents."""

from __future__ import annotations

import io
import re
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.inputs.formats.base import InputFormat, Irregular, ReadContext, SplitPoint, Unreadable, megabytes
from pipeline.streams import Pieces, Tail
from transforms.decode import HEAD_BYTES
from transforms.document import Raw


class Warc(InputFormat):
    """WARC files, which are split at records, and where they are compressed, at those that begin a gzip member or a zstd frame."""

    kind = "warc"
    split_inside = frozenset(["", "gzip", "zstd"])
    parts_are_files = True

    def read(self, context: ReadContext, stream: io.BufferedReader) -> Iterator[Raw]:
        try:
            with _no_panic():
                yield from _documents(context, stream)
        except _Panic as error:
            raise Unreadable(f"{context.path}: the WARC cannot be read from here on: {error}") from error

    def split_points(self, stream: io.BufferedReader, compression: str, split_bytes: int) -> Iterator[SplitPoint]:
        return _pieces(stream, compression, split_bytes) if compression else _records(stream)


def _documents(context: ReadContext, stream: io.BufferedReader) -> Iterator[Raw]:
    from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType  # few inputs are WARC

    path, number = context.path, context.first - 1
    tail = Tail(stream)
    # FastWARC's own decompression ends a cut file in silence; ours raises.
    for record in ArchiveIterator(
        tail, parse_http=False, stream_detect=False, record_types=WarcRecordType.response | WarcRecordType.conversion
    ):
        if not record.headers.get("Content-Length"):
            continue  # the file ends within this record's header, which is an error below
        number += 1
        origin = f"{path}#{number}"
        url = (record.headers.get("WARC-Target-URI") or "").strip("<>")
        date = record.headers.get("WARC-Date") or ""
        length = record.content_length
        if length > context.max_bytes:
            message = f"{origin} has {megabytes(length)} in one document; raise --max-document-mb"
            yield context.raw(number, b"", form="http", url=url, error=f"ReadError: {message}")
            continue
        record.freeze()
        block = record.reader.read()
        if len(block) < length:
            raise Unreadable(f"{origin}: the WARC is cut short in this record; get the file again")
        if record.record_type == WarcRecordType.conversion:
            language = record.headers.get("WARC-Identified-Content-Language") or ""
            yield context.raw(number, block, form="text", content_type="text/plain", content_language=language, url=url, date=date)
            continue
        try:
            # Parsed apart from the archive: a response that cannot be would take the iterator with it.
            with _no_panic():
                response = WarcRecord.from_bytes(_RESPONSE % len(block) + block + b"\r\n\r\n")
                response.parse_http(auto_decode="all")
                payload = response.reader.read(context.max_bytes + 1)
        except (OSError, _Panic) as error:
            message = f"ReadError: {origin}: the HTTP response cannot be read: {error}"
            yield context.raw(number, b"", form="http", url=url, error=message)
            continue
        if len(payload) > context.max_bytes:
            message = f"ReadError: {origin} unpacks to more than {megabytes(context.max_bytes)}"
            yield context.raw(number, b"", form="http", url=url, error=message)
            continue
        headers = response.http_headers
        content_type = (headers.get("Content-Type") if headers is not None else "") or ""
        language = (headers.get("Content-Language") if headers is not None else "") or ""
        yield context.raw(number, payload, form="http", content_type=content_type, content_language=language, url=url, date=date)
    if not tail.ends_whole():
        raise Unreadable(f"{path}: the WARC is cut short after its record {number}; get the file again")


class _Panic(Exception):
    """FastWARC did not foresee something."""


@contextmanager
def _no_panic() -> Iterator[None]:
    # FastWARC is written in Rust: what it did not foresee comes up as a panic, which is not an Exception and would end the run.
    try:
        yield
    except BaseException as error:
        if type(error).__module__ != "pyo3_runtime":
            raise
        raise _Panic(str(error)) from error


_RESPONSE = b"WARC/1.0\r\nWARC-Type: response\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: %d\r\n\r\n"


# --- places to split ------------------------------------------------------------------------------------------------

WALK_BYTES = 4 << 10
"""More than most headers of a WARC record, and less than most bodies, which are passed over."""

_VERSION = re.compile(rb"WARC/1\.[01]\r\n")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?([^\0\r\n]*)\r\n")
_TYPES = frozenset(b"warcinfo response resource request metadata revisit conversion continuation".split())
_COUNTED = (b"response", b"conversion")
_END = b"\r\n\r\n"


def _records(stream: io.BufferedReader) -> Iterator[SplitPoint]:
    """Each record of a WARC that regular ones only stand in front of."""
    position, number = 0, 1
    while line := stream.readline(WALK_BYTES):
        if not _VERSION.fullmatch(line):
            raise Irregular
        yield position, number
        head = len(line)
        fields: dict[bytes, bytes] = {}
        while (line := stream.readline(HEAD_BYTES)) != b"\r\n":
            field = _FIELD.fullmatch(line)
            if field is None or head > HEAD_BYTES:
                raise Irregular
            head += len(line)
            name, value = field.groups()
            name = name.lower()
            if name in (b"content-length", b"warc-type") and name in fields:
                raise Irregular
            # FastWARC knows Content-Length by this spelling only.
            fields[name] = value if name != b"content-length" or line.startswith(b"Content-Length") else b""
        kind, length = fields.get(b"warc-type"), fields.get(b"content-length", b"")
        if kind not in _TYPES or not re.fullmatch(rb"\d{1,15}", length):
            raise Irregular
        _pass_over(stream, int(length))
        if stream.read(4) != _END:
            raise Irregular
        position += head + 2 + int(length) + 4
        number += kind in _COUNTED


def _pass_over(stream: io.BufferedReader, length: int) -> None:
    if stream.seekable():
        stream.seek(length, io.SEEK_CUR)
        return
    while length:
        block = stream.read1(min(length, HEAD_BYTES))
        if not block:
            raise Irregular
        length -= len(block)


def _pieces(stream: io.BufferedReader, compression: str, split_bytes: int) -> Iterator[SplitPoint]:
    """Where a record and a gzip member or zstd frame begin together."""
    pieces = Pieces(stream, compression, noted=True)
    starts: deque[SplitPoint] = pieces.starts
    latest = 0
    for position, number in _records(io.BufferedReader(pieces, HEAD_BYTES * 2)):
        while starts and starts[0][0] < position:
            starts.popleft()
        if starts and starts[0][0] == position:
            latest = starts[0][1]
            if latest:
                yield latest, number
        elif not starts and pieces.place - latest > split_bytes:
            raise Irregular  # few members and large ones, or only one: unpacking it all to find no place to split is not worth it
