"""HTTP responses in archives: status, headers, and the body without its codings.

Recorders store bodies that contradict their headers: decompressed bodies under `Content-Encoding:
gzip`, complete ones under `Transfer-Encoding: chunked`, raw deflate, unknown codings. Each coding
is therefore tried; if it does not fit, the body is kept as it is. A truncated or damaged body
yields what can be decoded, as in browsers. Every step has a size limit.
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

from newsbeam.inputs.members import gzip_header
from newsbeam.transforms.decode import HEAD_BYTES, binary

_MAX_CODINGS = 5
"""Real responses have at most two."""

_MAX_HEADER_BYTES = 1 << 20
_FEED_BYTES = 1 << 10
"""Small, because a few bytes of zstd can decompress to 128 kB."""

_parser = StatusAndHeadersParser(["HTTP/"], verify=False)


class BodyError(ValueError):
    """A body is damaged or too large when decompressed; the message says which."""


@dataclass(frozen=True)
class Response:
    """A response: status, headers and the body as stored.

    `status` is -1 if there is none. `headers` has lower-case names; repeated values are joined with
    commas.
    """

    status: int
    headers: dict[str, str]
    body: bytes


def parse_response(block: bytes) -> Response:
    """Parse an archived response. Without a status line, all of it is the body.

    Lines may end in LF alone.
    """
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


def decode_body(response: Response, max_bytes: int) -> tuple[bytes, bool]:
    """Decode the body. Returns it, and whether it is complete. Raises BodyError."""
    named = [response.headers.get(name, "").split(",") for name in ("content-encoding", "transfer-encoding")]
    codings = [coding.strip().strip("\"'").lower().removeprefix("x-") for codings in named for coding in codings]
    known = [coding for coding in codings if coding == "chunked" or coding in _DECODERS]
    body, whole = response.body, True
    for coding in reversed(known[-_MAX_CODINGS:]):  # the coding that was applied last comes last
        body, ends = _join_chunks(body) if coding == "chunked" else _decode(body, coding, max_bytes)
        whole = whole and ends
    return body, whole


def can_be_document(content_type: str) -> bool:
    """Return whether `newsbeam.transforms.decode` accepts documents of this type."""
    media_type = content_type.partition(";")[0].strip().lower()
    return not media_type or re.fullmatch(r"text/(?:html|plain)|application/xhtml\+xml", media_type) is not None


_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\n]{0,4000})?\r?\n")
_CHUNK_END = re.compile(rb"\r?\n")


def _join_chunks(body: bytes) -> tuple[bytes, bool]:
    """Join the chunks of a body. Returns it, and whether the last chunk is present.

    From the first place that is not a chunk, the rest is kept as it is.
    """
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
            # It only looked like a size. At the beginning of a body it may be text.
            return b"".join([*pieces, body[at:]]), True
        pieces.append(body[head.end() : head.end() + size])
        at = end.end() if end else len(body)
    return b"".join(pieces), not body


def _decode(body: bytes, coding: str, max_bytes: int) -> tuple[bytes, bool]:
    """Remove one coding from a body.

    Raises:
        BodyError: the result is too large, or nothing can be decoded.

    Returns:
        (body, True) if it is complete or not in this coding; (what could be decoded, False)
        otherwise.
    """
    if not body:
        return body, True
    text = not binary(body[:HEAD_BYTES])
    begun = b""
    for name in [coding, *(other for other in _DECODERS if other != coding)]:
        magic = _MAGIC[name].match(body) is not None
        if name != coding and (text or (name in ("gzip", "zstd") and not magic)):
            continue
        out, whole = _DECODERS[name](body, max_bytes + 1)
        if len(out) > max_bytes:
            if whole or magic or not text:
                raise BodyError(f"decompresses to more than {max_bytes / (1 << 20):.0f} MB; raise --max-document-mb")
            continue
        if whole:
            return out, True
        if out and not begun and (magic or (name == coding and not text)):
            begun = out
    if begun:
        return begun, False
    if _MAGIC[coding].match(body) and not text:
        raise BodyError(f"the body is damaged from the start ({coding}); download the file again")
    return body, True


def _inflate_any(body: bytes, limit: int, windows: Iterable[int]) -> tuple[bytes, bool]:
    best = b""
    for wbits in windows:
        out, whole = _inflate(body, limit, wbits)
        if whole or len(out) >= limit:
            return out, True
        best = max(best, out, key=len)
    return best, False


def _inflate(body: bytes, limit: int, wbits: int) -> tuple[bytes, bool]:
    """Inflate a body of one or more members. Returns it, and whether it is complete."""
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
    # Some servers pad the end. If more follows than padding, the body was not in this coding;
    # without a wrapper, nothing may follow.
    rest = len(body) - at
    return b"".join(pieces), rest * 2 <= len(body) if wbits > 0 else not rest


_INFLATE_BYTES = 4 << 10
"""Damage discards all output of a step, so steps are small."""


def _decode_gzip(body: bytes, limit: int) -> tuple[bytes, bool]:
    out, whole = _inflate_any(body, limit, (31,))
    if not whole and (header := gzip_header(body)):
        # A wrong checksum discards the output that it covers. Without it, all output is available.
        out = max(out, _inflate(body[header:], limit, -15)[0], key=len)
    return out, whole


def _decode_deflate(body: bytes, limit: int) -> tuple[bytes, bool]:
    # The standard requires a wrapper; some servers send raw deflate.
    return _inflate_any(body, limit, (15, -15))


def _decode_brotli(body: bytes, limit: int) -> tuple[bytes, bool]:
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


def _decode_zstd(body: bytes, limit: int) -> tuple[bytes, bool]:
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
_DECODERS = {"gzip": _decode_gzip, "deflate": _decode_deflate, "br": _decode_brotli, "zstd": _decode_zstd}
_MAGIC = {
    "gzip": re.compile(rb"\x1f\x8b\x08"),
    "deflate": re.compile(rb"\x78[\x01\x5e\x9c\xda]"),
    "br": re.compile(rb"(?!)"),  # brotli has no magic number
    "zstd": re.compile(rb"\x28\xb5\x2f\xfd"),
}
