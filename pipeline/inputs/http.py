"""HTTP responses as archives keep them: the status, the headers, and the body without its codings.

Recorders store bodies that contradict their headers: unpacked ones under `Content-Encoding: gzip`, whole ones under
`Transfer-Encoding: chunked`, raw deflate, codings that nobody knows. So each coding is tried; where it does not fit, the body is taken
as it is. A coded body that is cut short or damaged gives what there is of it, as in browsers, whatever the coding. Unpacking is
limited at every step.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import brotli
import zstandard
from warcio.statusandheaders import StatusAndHeadersParser

from newsbeam.inputs.compression import gzip_header
from newsbeam.transforms.decode import HEAD_BYTES, binary

_MAX_CODINGS = 5
"""Nobody needs more than two."""

_MAX_HEADER_BYTES = 1 << 20
_FEED_BYTES = 1 << 10
"""A few bytes of zstd can unpack to 128 kB: so little is fed in at a time that a bomb stays small."""

_parser = StatusAndHeadersParser(["HTTP/"], verify=False)


class BodyError(ValueError):
    """A body cannot be unpacked, or only to more than it may have; the message says which."""


@dataclass(frozen=True)
class Response:
    """A response's status (-1: none), its headers' values by lower-case name, several joined with commas, and its body as stored."""

    status: int
    headers: dict[str, str]
    body: bytes


def parse_response(block: bytes) -> Response:
    """A response as it stands in an archive; lines may end in LF alone. What has no status line is all body."""
    if not re.match(rb"(?i)[A-Z]{3,5}/\d(?:\.\d+)? +\d|HTTP/", block):
        return Response(-1, {}, block)
    stream = io.BytesIO(block[:_MAX_HEADER_BYTES])
    parsed = _parser.parse(stream)
    headers: dict[str, str] = {}
    for written, value in parsed.headers:
        name = written.strip().lower()
        headers[name] = f"{headers[name]}, {value}" if name in headers and name.endswith("-encoding") else headers.get(name, value)
    status = re.match(r"\d{3}\b", parsed.statusline.strip())
    return Response(int(status.group()) if status else -1, headers, block[stream.tell() :])


def body_of(response: Response, max_bytes: int) -> tuple[bytes, bool]:
    """The body without its codings, and whether it is whole: not cut short, nor damaged. Raises BodyError."""
    named = [response.headers.get(name, "").split(",") for name in ("content-encoding", "transfer-encoding")]
    codings = [coding.strip().strip("\"'").lower().removeprefix("x-") for codings in named for coding in codings]
    known = [coding for coding in codings if coding == "chunked" or coding in _UNPACKERS]
    body, whole = response.body, True
    for coding in reversed(known[-_MAX_CODINGS:]):  # what was applied last stands last
        body, ends = _without_chunks(body) if coding == "chunked" else _unpacked(body, coding, max_bytes)
        whole = whole and ends
    return body, whole


def is_read(content_type: str) -> bool:
    """Whether a body of this type can be a document, as `newsbeam.transforms.decode` has it."""
    media_type = content_type.partition(";")[0].strip().lower()
    return not media_type or re.fullmatch(r"text/(?:html|plain)|application/xhtml\+xml", media_type) is not None


_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\n]{0,4000})?\r?\n")
_CHUNK_END = re.compile(rb"\r?\n")


def _without_chunks(body: bytes) -> tuple[bytes, bool]:
    """A body out of its chunks, and whether the last is there; as it is where, and from where on, it has none."""
    pieces: list[bytes] = []
    at = 0
    while at < len(body):
        head = _CHUNK_SIZE.match(body, at)
        if head is None:
            return b"".join([*pieces, body[at:]]), not pieces
        size = int(head.group(1), 16)
        if not size:
            return b"".join(pieces), True
        end = _CHUNK_END.match(body, head.end() + size)
        if end is None and head.end() + size < len(body):
            # What looked like a size was none; as the first words of a body it may be some.
            return b"".join([*pieces, body[at:]]), True
        pieces.append(body[head.end() : head.end() + size])
        at = end.end() if end else len(body)
    return b"".join(pieces), not body


def _unpacked(body: bytes, coding: str, max_bytes: int) -> tuple[bytes, bool]:
    """A body out of one coding, or as it is where it is not in it, and True; or what there is of it where it ends too soon, and False.

    Raises BodyError.
    """
    if not body:
        return body, True
    text = not binary(body[:HEAD_BYTES])
    begun = b""
    for name in [coding, *(other for other in _UNPACKERS if other != coding)]:
        magic = _MAGIC[name].match(body) is not None
        if name != coding and (text or (name in ("gzip", "zstd") and not magic)):
            continue
        out, whole = _UNPACKERS[name](body, max_bytes + 1)
        if len(out) > max_bytes:
            if whole or magic or not text:
                raise BodyError(f"unpacks to more than {max_bytes / (1 << 20):.0f} MB; raise --max-document-mb")
            continue
        if whole:
            return out, True
        if out and not begun and (magic or (name == coding and not text)):
            begun = out
    if begun:
        return begun, False
    if _MAGIC[coding].match(body) and not text:
        raise BodyError(f"the body is damaged from its beginning ({coding}); get the file again")
    return body, True


def _inflated(body: bytes, limit: int, windows: Iterable[int]) -> tuple[bytes, bool]:
    best = b""
    for wbits in windows:
        out, whole = _inflate(body, limit, wbits)
        if whole or len(out) >= limit:
            return out, True
        best = max(best, out, key=len)
    return best, False


def _inflate(body: bytes, limit: int, wbits: int) -> tuple[bytes, bool]:
    """(what comes out, whether it came to its end); gzip members may follow one another."""
    pieces: list[bytes] = []
    left, at = limit, 0
    while True:
        unpacker = zlib.decompressobj(wbits=wbits)
        while not unpacker.eof:
            if at == len(body):
                return b"".join(pieces), False
            fed = body[at : at + _INFLATE_BYTES]
            try:
                piece = unpacker.decompress(fed, left)
            except zlib.error:
                return b"".join(pieces), False
            at += len(fed) - len(unpacker.unused_data) - len(unpacker.unconsumed_tail)
            pieces.append(piece)
            left -= len(piece)
            if left <= 0:
                return b"".join(pieces), True
        if wbits != 31 or body[at : at + 2] != b"\x1f\x8b":
            break
    # Some fill up behind the end; but what goes on with something else was not packed so, least of all without a wrapper to tell by.
    rest = len(body) - at
    return b"".join(pieces), rest * 2 <= len(body) if wbits > 0 else not rest


_INFLATE_BYTES = 4 << 10
"""So little is fed in at a time because the damage in a piece takes all that would come out of it."""


def _gunzipped(body: bytes, limit: int) -> tuple[bytes, bool]:
    out, whole = _inflated(body, limit, (31,))
    if not whole and (header := gzip_header(body)):
        # A checksum that is wrong takes with it what it was checked with; without, all is there.
        out = max(out, _inflate(body[header:], limit, -15)[0], key=len)
    return out, whole


def _deflated(body: bytes, limit: int) -> tuple[bytes, bool]:
    # The standard says with a wrapper; some servers send it raw.
    return _inflated(body, limit, (15, -15))


def _unbrotlied(body: bytes, limit: int) -> tuple[bytes, bool]:
    unpacker = brotli.Decompressor()
    pieces: list[bytes] = []
    left, fed = limit, body
    try:
        while left > 0 and not unpacker.is_finished():
            piece = unpacker.process(fed, output_buffer_limit=min(left, HEAD_BYTES))
            fed = b""
            pieces.append(piece)
            left -= len(piece)
            if not piece and unpacker.can_accept_more_data():
                return b"".join(pieces), unpacker.is_finished()
    except brotli.error:
        return b"".join(pieces), False
    return b"".join(pieces), True


def _unzstded(body: bytes, limit: int) -> tuple[bytes, bool]:
    pieces: list[bytes] = []
    left = limit
    unpacker: Any = None
    try:
        for at in range(0, len(body), _FEED_BYTES):
            fed = body[at : at + _FEED_BYTES]
            while fed:
                if unpacker is None:
                    unpacker = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW_BYTES).decompressobj()
                piece = unpacker.decompress(fed)
                pieces.append(piece)
                left -= len(piece)
                if left <= 0:
                    return b"".join(pieces)[:limit], True
                fed, unpacker = (unpacker.unused_data, None) if unpacker.eof else (b"", unpacker)
    except zstandard.ZstdError:
        return b"".join(pieces), unpacker is None and bool(pieces)
    return b"".join(pieces), unpacker is None


_MAX_WINDOW_BYTES = 128 << 20
_UNPACKERS = {"gzip": _gunzipped, "deflate": _deflated, "br": _unbrotlied, "zstd": _unzstded}
_MAGIC = {
    "gzip": re.compile(rb"\x1f\x8b\x08"),
    "deflate": re.compile(rb"\x78[\x01\x5e\x9c\xda]"),
    "br": re.compile(rb"(?!)"),  # it has none
    "zstd": re.compile(rb"\x28\xb5\x2f\xfd"),
}
