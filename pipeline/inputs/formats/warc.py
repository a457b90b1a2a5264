"""WARC and ARC: archived responses, resources, and the texts of WET files.

Records that can be documents (`response`, `resource`, `conversion`) are numbered from 1 in file
order, whether or not they become records. All others (`warcinfo`, `request`, `metadata`, `revisit`,
`continuation`) are skipped and have no number.
"""

from __future__ import annotations

import io
import re
from collections import deque
from collections.abc import Iterator
from typing import Any

from newsbeam.inputs.formats.base import (
    COPY_BYTES,
    InputFormat,
    Irregular,
    ReadContext,
    SplitPoint,
    Unreadable,
    megabytes,
    skip_blank_lines,
)
from newsbeam.inputs.members import MemberDecompressor
from newsbeam.transforms.decode import HEAD_BYTES
from newsbeam.transforms.document import Raw


class Warc(InputFormat):
    """WARC files, split at records that begin a member or frame if compressed."""

    split_inside = frozenset(["", "gzip", "zstd"])
    parts_are_files = True

    def read(self, context: ReadContext, stream: io.BufferedReader) -> Iterator[Raw]:
        number = context.first - 1
        for record in _Records(context, stream):
            kind = (record.rec_type or "").lower()
            if kind in _COUNTED_TYPES:
                number += 1
                yield _document(context, number, kind, record)
            elif kind == "metadata" and not number and _field(record, "Content-Type").startswith("application/json"):
                what = "a WAT file, which has the links of pages but not the pages"
                raise Unreadable(f"{context.path} is {what}; use the .warc.gz or .warc.wet.gz with the same name")

    def split_points(self, stream: io.BufferedReader, compression: str, split_bytes: int) -> Iterator[SplitPoint]:
        return _member_starts(stream, compression, split_bytes) if compression else _records(stream)


_COUNTED_TYPES = ("response", "resource", "conversion")


def _document(context: ReadContext, number: int, kind: str, record: Any) -> Raw:
    """Return the item of one record, and read its block up to the limit."""
    from newsbeam.inputs.http import BodyError, Response, can_be_document, decode_body, parse_response

    origin = f"{context.path}#{number}"
    content_type, url, date = _field(record, "Content-Type"), _field(record, "WARC-Target-URI"), _field(record, "WARC-Date")
    length = record.length
    block = record.raw_stream.read(min(length, context.max_bytes))
    if kind == "conversion" and (not content_type or content_type.startswith("text/plain")):
        if length > context.max_bytes:
            return context.raw(number, b"", form="text", url=url, error=_too_large(origin, length))
        language = _field(record, "WARC-Identified-Content-Language")
        return context.raw(number, block, form="text", content_type="text/plain", content_language=language, url=url, date=date)
    about: dict[str, Any] = {"form": "http", "url": url, "date": date}
    if kind == "response" and (
        block.startswith(b"HTTP/") or content_type.startswith(("application/http", "message/http")) or not content_type
    ):
        response = parse_response(block)
        content_type = response.headers.get("content-type", "")
        about["content_language"] = response.headers.get("content-language", "")
        about["http_status"] = response.status
    else:
        # A resource, or a response without its headers: the block is the document.
        response = Response(-1, {}, block)
        if url.startswith("urn:text:"):
            about["url"] = url.removeprefix("urn:text:")
        if url.lower() == "urn:x-wpull:log":
            return context.raw(number, block, drop="log of a crawler", **about)
    about["content_type"] = content_type
    about["incomplete"] = bool(_field(record, "WARC-Truncated"))
    if response.status >= 0 and not any(low <= response.status <= high for low, high in context.statuses):
        return context.raw(number, response.body, drop=f"HTTP status {response.status}", **about)
    if length > context.max_bytes:
        # The size limit does not apply to a document that is dropped for its media type.
        return context.raw(number, b"", **about, error=_too_large(origin, length) if can_be_document(content_type) else "")
    try:
        body, whole = decode_body(response, context.max_bytes)
        about["incomplete"] = about["incomplete"] or not whole
        return context.raw(number, body, **about)
    except BodyError as error:
        return context.raw(number, b"", **about, error=f"ReadError: {origin}: {error}")


def _too_large(origin: str, length: int) -> str:
    return f"ReadError: {origin} has {megabytes(length)} in one document; raise --max-document-mb"


def _field(record: Any, name: str) -> str:
    return (record.rec_headers.get_header(name) or "").strip()


class _Records:
    """The records of a WARC or ARC, parsed by warcio; use each before the next.

    Raises Unreadable if the file is truncated or has data that is not a record.
    """

    def __init__(self, context: ReadContext, stream: io.BufferedReader) -> None:
        self._context, self._stream = context, stream
        self._head_bytes = 0
        self._at_end = False

    def __iter__(self) -> Iterator[Any]:
        from warcio.exceptions import ArchiveLoadFailed  # few inputs are WARC
        from warcio.recordloader import ArcWarcRecordLoader

        loader = ArcWarcRecordLoader(verify_http=False, arc2warc=True)
        path, number, known, before = self._context.path, self._context.first - 1, None, b"\n\n"
        while True:
            line, blank = self._next_line()
            if not line:
                if not (before + b"\n" * blank).endswith((b"\n\n", b"\n\r\n")):
                    raise Unreadable(f"{path}: truncated WARC after record {number}; download the file again")
                return
            self._head_bytes = 0
            try:
                record = loader.parse_record_stream(self, line, known, no_record_parse=True)
            except (ArchiveLoadFailed, EOFError) as error:
                if isinstance(error, EOFError):
                    raise
                raise Unreadable(f"{path}: invalid WARC data, the rest is not read: {error}") from error
            if self._at_end:
                raise Unreadable(f"{path}#{number + 1}: truncated WARC record; download the file again")
            if record.length is None:
                raise Unreadable(f"{path}#{number + 1}: invalid WARC data, the rest is not read: the record has no Content-Length")
            # ARC, the predecessor of WARC at the Internet Archive, has a distinct first line.
            known = known or ("warc" if line.startswith(b"WARC/") else "arc")
            is_counted = (record.rec_type or "").lower() in _COUNTED_TYPES
            number += is_counted
            where = f"{path}#{number}: truncated WARC record" if is_counted else f"{path}: truncated WARC after record {number}"
            record.raw_stream = block = _Block(self._stream, record.length, where)
            yield record
            block.skip_rest()
            before = block.last if known == "warc" else b"\n"

    def _next_line(self) -> tuple[bytes, int]:
        """Return the next line that is not blank, and how many blank lines precede it.

        The line is b"" at the end. The number is 2 for more than one.
        """
        blank = 0
        while line := self._stream.readline(HEAD_BYTES):
            if line.strip():
                break
            if line.endswith(b"\n"):
                blank = 2 if skip_blank_lines(self._stream) or blank else 1
        return line, blank

    # The interface that warcio requires of a stream when it parses a header.

    def readline(self, _length: int | None = None) -> bytes:
        line = self._stream.readline(_MAX_HEADER_BYTES)
        self._head_bytes += len(line)
        if self._head_bytes > _MAX_HEADER_BYTES:
            raise Unreadable(f"{self._context.path}: invalid WARC data, the rest is not read: a record's header does not end")
        self._at_end = not line
        return line

    def tell(self) -> int:
        return 0


class _Block:
    """The block of a record; `last` has its last bytes.

    Raises Unreadable with the message `cut` if the stream has fewer than `length` bytes.
    """

    def __init__(self, stream: io.BufferedReader, length: int, cut: str) -> None:
        self._stream = stream
        self._cut = cut
        self.left = length
        self.last = b"\n\n" if not length else b""

    def read(self, size: int) -> bytes:
        size = min(size, self.left)
        block = self._stream.read(size)
        if len(block) < size:
            raise Unreadable(f"{self._cut}; download the file again")
        self.left -= size
        self.last = (self.last + block[-4:])[-4:]
        return block

    def skip_rest(self) -> None:
        while self.left:
            self.read(COPY_BYTES)


_MAX_HEADER_BYTES = 1 << 20


# --- split points
# ------------------------------------------------------------------------------------

_VERSION = re.compile(rb"WARC/1\.[01]\r\n")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?([^\0\r\n]*)\r\n")
_TYPES = frozenset(b"warcinfo response resource request metadata revisit conversion continuation".split())
_COUNTED = (b"response", b"resource", b"conversion")
_END = b"\r\n\r\n"


def _records(stream: io.BufferedReader) -> Iterator[SplitPoint]:
    """Yield each record of a WARC as long as all records are regular."""
    position, number = 0, 1
    while line := stream.readline(_MAX_HEADER_BYTES):
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
            fields[name] = value
        kind, length = fields.get(b"warc-type"), fields.get(b"content-length", b"")
        if kind not in _TYPES or not re.fullmatch(rb"\d{1,15}", length):
            raise Irregular
        if number == 1 and kind == b"metadata" and fields.get(b"content-type", b"").startswith(b"application/json"):
            raise Irregular  # a WAT file, which is not read
        _skip(stream, int(length))
        if stream.read(4) != _END:
            raise Irregular
        position += head + 2 + int(length) + 4
        number += kind in _COUNTED


def _skip(stream: io.BufferedReader, length: int) -> None:
    if stream.seekable():
        stream.seek(length, io.SEEK_CUR)
        return
    while length:
        block = stream.read1(min(length, HEAD_BYTES))
        if not block:
            raise Irregular
        length -= len(block)


def _member_starts(stream: io.BufferedReader, compression: str, split_bytes: int) -> Iterator[SplitPoint]:
    """Yield positions where both a record and a gzip member or zstd frame begin."""
    pieces = MemberDecompressor(stream, compression, record_starts=True)
    starts: deque[SplitPoint] = pieces.starts
    latest = 0
    for position, number in _records(io.BufferedReader(pieces, HEAD_BYTES * 2)):
        while starts and starts[0][0] < position:
            starts.popleft()
        if pieces.has_dictionary:
            raise Irregular  # the dictionary is only at the beginning of the file
        if starts and starts[0][0] == position:
            latest = starts[0][1]
            if latest:
                yield latest, number
        elif not starts and pieces.place - latest > split_bytes:
            raise Irregular  # the file has few large members, or one: decompressing it would rarely find a split point
