"""WARC and parquet files that nobody would write, each made from its number alone, and good ones to put beside them.

Every document in them has a word of its own, its marker; `Archive.intact` names those that have to come out whatever was done to the rest.
"""

from __future__ import annotations

import bz2
import gzip
import io
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe
import zstandard

try:
    import brotli
except ImportError:
    brotli = None


@dataclass(frozen=True)
class Archive:
    """One file of several documents: what was done to it, its bytes, and the markers of the documents that have to come out."""

    name: str
    mutations: tuple[str, ...]
    payload: bytes
    intact: tuple[str, ...] = ()


def _marker(number: int, index: int) -> str:
    return f"marker{number * 100 + index}x"


def _sentence(marker: str) -> str:
    return f"The harbour pilot wrote {marker} into the log, größer than before, and went ashore.\n"


def _page(marker: str) -> bytes:
    return f'<html lang="en"><head><title>A log</title></head><body><p>{_sentence(marker) * 3}</p></body></html>'.encode()


def damage(random: Random, payload: bytes, start: int = 0) -> tuple[bytes, int, str]:
    """The bytes damaged somewhere behind `start`, where the damage begins, and what was done."""
    place = random.randint(start, max(start, len(payload) - 1))
    length = max(1, int(3_000 ** random.random()))
    kind = random.choice(("flipped", "flipped", "gone", "put in", "cut", "doubled", "zeros"))
    head, middle, tail = payload[:place], payload[place : place + length], payload[place + length :]
    if kind == "flipped":
        changed = bytearray(middle)
        for _ in range(random.randint(1, 5) if changed else 0):
            changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
        middle = bytes(changed)
    elif kind == "gone":
        middle = b""
    elif kind == "put in":
        middle = random.randbytes(length) + middle
    elif kind == "cut":
        middle = tail = b""
    elif kind == "doubled":
        middle *= 2
    else:
        middle = b"\0" * len(middle)
    return head + middle + tail, place, f"bytes {kind}"


# --- WARC -----------------------------------------------------------------------------------------------------------


def _record(kind: bytes, block: bytes, media_type: bytes, number: int, version: bytes = b"WARC/1.0") -> bytes:
    head = [
        version,
        b"WARC-Type: " + kind,
        b"WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-%012d>" % number,
        b"WARC-Target-URI: http://example.org/%d" % number,
        b"WARC-Date: 2026-01-02T03:04:05Z",
        b"Content-Type: " + media_type,
        b"Content-Length: %d" % len(block),
    ]
    return b"\r\n".join(head) + b"\r\n\r\n" + block + b"\r\n\r\n"


_HTTP = b"application/http; msgtype=response"


def _http(headers: bytes, body: bytes, status: bytes = b"HTTP/1.1 200 OK") -> bytes:
    return status + b"\r\nContent-Type: text/html; charset=utf-8\r\n" + headers + b"\r\n" + body


def _chunked(body: bytes, size: int = 100, extension: bytes = b"", end: bytes = b"0\r\n\r\n") -> bytes:
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x%s\r\n%s\r\n" % (len(chunk), extension, chunk) for chunk in chunks) + end


def _deflated(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


def _zipped(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


def _zstd(body: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(body)


def _cut(random: Random, body: bytes) -> bytes:
    return body[: random.randint(0, len(body))]


Block = Callable[[Random, bytes], bytes]
"""The HTTP response of a page."""

# What has to come out as a document: an honest body, and those that contradict their headers as recorders do.
_SURVIVING: dict[str, Block] = {
    "plain": lambda random, page: _http(b"", page),
    "gzip": lambda random, page: _http(b"Content-Encoding: gzip\r\n", _zipped(page)),
    "deflate": lambda random, page: _http(b"Content-Encoding: deflate\r\n", zlib.compress(page)),
    "raw deflate": lambda random, page: _http(b"Content-Encoding: deflate\r\n", _deflated(page)),
    "chunked": lambda random, page: _http(b"Transfer-Encoding: chunked\r\n", _chunked(page, random.randint(1, 300))),
    "chunked gzip": lambda random, page: _http(b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", _chunked(_zipped(page))),
    "chunk extensions": lambda random, page: _http(b"Transfer-Encoding: chunked\r\n", _chunked(page, extension=b";a=b")),
    "chunk trailers": lambda random, page: _http(b"Transfer-Encoding: chunked\r\n", _chunked(page, end=b"0\r\nX: y\r\n\r\n")),
    "no last chunk": lambda random, page: _http(b"Transfer-Encoding: chunked\r\n", _chunked(page, end=b"")),
    "capital chunk sizes": lambda random, page: _http(b"Transfer-Encoding: Chunked\r\n", b"%X \r\n%s\r\n0\r\n\r\n" % (len(page), page)),
    "said chunked": lambda random, page: _http(b"Transfer-Encoding: chunked\r\n", page),
    "said gzip": lambda random, page: _http(b"Content-Encoding: gzip\r\n", page),
    "said deflate": lambda random, page: _http(b"Content-Encoding: deflate\r\n", page),
    "said br": lambda random, page: _http(b"Content-Encoding: br\r\n", page),
    "said utf-8": lambda random, page: _http(b"Content-Encoding: utf-8\r\n", page),
    "said none": lambda random, page: _http(b"Content-Encoding: none\r\n", page),
    "x-gzip": lambda random, page: _http(b"Content-Encoding: x-gzip\r\n", _zipped(page)),
    "LF headers": lambda random, page: _http(b"", page).replace(b"\r\n", b"\n"),
    "wrong length": lambda random, page: _http(b"Content-Length: %d\r\n" % random.choice((0, 1, 10**9)), page),
    "header without a colon": lambda random, page: _http(b"this is not a header\r\n", page),
    "HTTP/2": lambda random, page: _http(b"", page, b"HTTP/2 200"),
    "other charset": lambda random, page: _http(b"", page, b"HTTP/1.0 200 OK").replace(b"charset=utf-8", b"charset=\xff\x00x"),
    "bytes in headers": lambda random, page: _http(b"X-Y: " + bytes(range(128, 256)) + b"\r\nContent-Language: \xc3\x28\r\n", page),
}
if brotli is not None:
    _SURVIVING["br"] = lambda random, page: _http(b"Content-Encoding: br\r\n", brotli.compress(page))

# What may be lost, alone.
_LOSING: dict[str, Block] = {
    "gzip cut": lambda random, page: _http(b"Content-Encoding: gzip\r\n", _cut(random, _zipped(page))),
    "gzip damaged": lambda random, page: _http(b"Content-Encoding: gzip\r\n", damage(random, _zipped(page))[0]),
    "deflate damaged": lambda random, page: _http(b"Content-Encoding: deflate\r\n", damage(random, zlib.compress(page))[0]),
    "zstd": lambda random, page: _http(b"Content-Encoding: zstd\r\n", damage(random, _zstd(page))[0]),
    "gzip twice": lambda random, page: _http(b"Content-Encoding: gzip, gzip\r\n", _zipped(_zipped(page))),
    "odd codings": lambda random, page: _http(
        b"Content-Encoding: " + random.choice((b"", b",,,", b"gzip" * 200, b"identity, compress", b"\x00", b"br, gzip, deflate")) + b"\r\n",
        page,
    ),
    "gzip bomb": lambda random, page: _http(b"Content-Encoding: gzip\r\n", _BOMB),
    "br damaged": lambda random, page: _http(b"Content-Encoding: br\r\n", random.randbytes(random.randint(0, 500))),
    "chunks damaged": lambda random, page: _http(b"Transfer-Encoding: chunked\r\n", damage(random, _chunked(page))[0]),
    "chunk sizes": lambda random, page: _http(
        b"Transfer-Encoding: chunked\r\n",
        random.choice((b"FFFFFFFFFFFFFFFF", b"-1", b"7fffffff", b"0x10", b"", b"1" * 5_000, b"G", b"1e3")) + b"\r\n" + page,
    ),
    "statuses": lambda random, page: _http(
        b"",
        page,
        random.choice(
            (b"HTTP/1.1 404 Not Found", b"HTTP/1.1 301", b"HTTP/1.1 99999999999 X", b"HTTP/1.1 abc", b"HTTP/1.1", b"ICY 200 OK", b"")
        ),
    ),
    "no HTTP": lambda random, page: page,
    "empty": lambda random, page: b"",
    "headers alone": lambda random, page: b"HTTP/1.1 200 OK\r\nContent-Type: text/html",
    "many headers": lambda random, page: _http(b"".join(b"X-%d: %d\r\n" % (at, at) for at in range(5_000)), page),
    "long header": lambda random, page: _http(b"X: " + b"y" * 200_000 + b"\r\n", page),
    "folded headers": lambda random, page: _http(b"X: a\r\n b\r\n\tc\r\n :\r\n:\r\n", page),
    "media types": lambda random, page: _http(b"", page).replace(
        b"text/html; charset=utf-8",
        random.choice((b"image/png", b"", b";", b"TEXT/HTML;;;", b"text/html" * 500, b"text/\x1b[2Jhtml", b"a/b/c")),
    ),
    "bytes damaged": lambda random, page: damage(random, _http(b"", page))[0],
}
_BOMB: bytes = gzip.compress(b"<p>" + b"a" * (40 << 20), mtime=0)

_HEADER_LINES = (
    b"WARC-Date: yesterday",
    b"WARC-Date: 9999-99-99T99:99:99Z",
    b"WARC-Target-URI: <http://example.org/a b\x1b[2J>",
    b"WARC-Target-URI: " + b"x" * 100_000,
    b"WARC-Target-URI: \xff\xfe\xed\xa0\x80",
    b"WARC-Target-URI:",
    b"WARC-Payload-Digest: sha1:WRONG",
    b"WARC-Block-Digest: md5:0000\x00",
    b"WARC-Truncated: length",
    b"WARC-Identified-Payload-Type: \x1b]0;x\x07",
    b"WARC-Segment-Number: -1",
    b"Content-Type:",
    b"no colon at all",
    b" folded",
    b": no name",
    b"X" * 70_000 + b": y",
)
_LENGTHS = (b"0", b"1", b"-1", b"10", b"999999999999999999999", b"18446744073709551615", b"0x20", b"", b" 7 7", b"1e3", b"9" * 400)
_VERSIONS = (b"WARC/0.17", b"WARC/0.18", b"WARC/1.1", b"WARC/2.0", b"WARC/9.9", b"WARC/1.0 ", b"warc/1.0", b"WARC/", b"WARC/10.10")


def make_warc(number: int) -> Archive:
    """The mutated WARC of that number."""
    random = Random(f"warc {number}")
    mutations: list[str] = []
    records: list[bytes] = []
    intact: list[list[str]] = []  # the markers of each record
    for index in range(random.randint(1, 6)):
        marker = _marker(number, index)
        records.append(_neighbour(random, index))
        intact.append([])
        if random.random() < 0.12:
            record, name = _other_kind(random, marker, index), "resource or conversion"
            intact.append([marker])
        elif random.random() < 0.6:
            name = random.choice(list(_SURVIVING))
            record = _record(b"response", _SURVIVING[name](random, _page(marker)), _HTTP, index)
            intact.append([marker])
        else:
            name = random.choice(list(_LOSING))
            record = _record(b"response", _LOSING[name](random, _page(marker)), _HTTP, index)
            intact.append([])
        records.append(record)
        mutations.append(name)
    if random.random() < 0.4:
        mutations.append(_spoil_a_header(random, records, intact))
    packing = random.choice(("", "", ".gz", ".gz", ".gz whole", ".zst", ".zst whole", ".bz2", ".gz twice"))
    pieces = _packed(records, packing)
    payload, markers = b"".join(pieces), intact
    if random.random() < 0.4:
        # What ended before the damage has to come out, where each record was packed by itself.
        payload, place, name = damage(random, payload, 0)
        mutations.append(f"{packing or 'plain'}: {name}")
        whole = 0
        for piece in pieces:
            place -= len(piece)
            whole += place >= 0
        markers = intact[:whole] if len(pieces) == len(records) else []
        if len(pieces) == len(records) and place < 0 and whole < 2:
            markers = []  # little is left of what says that this is a WARC
    name = f"{number:06d}.warc{packing.partition(' ')[0]}"
    return Archive(name, tuple(dict.fromkeys(mutations)), payload, tuple(marker for of_record in markers for marker in of_record))


def _neighbour(random: Random, index: int) -> bytes:
    """A record with no document in it."""
    if index == 0:
        return _record(b"warcinfo", b"software: by hand\r\nformat: WARC File Format 1.0\r\n", b"application/warc-fields", 90)
    return random.choice(
        (
            _record(b"request", b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n", b"application/http; msgtype=request", 91),
            _record(b"metadata", b"fetchTimeMs: 12\r\n", b"application/warc-fields", 92),
            _record(b"revisit", b"HTTP/1.1 200 OK\r\n\r\n", _HTTP, 93),
            _record(b"response", _http(b"", b"\x89PNG").replace(b"text/html", b"image/png"), _HTTP, 94),
        )
    )


def _other_kind(random: Random, marker: str, index: int) -> bytes:
    if random.random() < 0.5:
        return _record(b"conversion", _sentence(marker).encode(), b"text/plain", index)
    return _record(b"resource", _page(marker), b"text/html", index)


def _spoil_a_header(random: Random, records: list[bytes], intact: list[list[str]]) -> str:
    """Change one record's header; where that may break the framing, what comes behind it need not come out."""
    at = random.randrange(len(records))
    head, blank, rest = records[at].partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    kind = random.choice(
        ("line", "line", "length", "no length", "version", "LF", "type", "blank lines", "no blank line", "garbage between")
    )
    breaks = True
    if kind == "line":
        lines.insert(random.randint(1, len(lines)), random.choice(_HEADER_LINES))
    elif kind == "length":
        lines[-1] = b"Content-Length: " + random.choice(_LENGTHS)
    elif kind == "no length":
        lines.pop()
    elif kind == "version":
        lines[0] = random.choice(_VERSIONS)
    elif kind == "LF":
        breaks = False
        blank = b"\n\n"
    elif kind == "type":
        breaks = False
        lines[1] = b"WARC-Type: " + random.choice((b"unknown", b"", b"RESPONSE", b"continuation", b"response, resource", b"\xff"))
    elif kind == "blank lines":
        rest += b"\r\n" * random.choice((1, 2, 50, 50_000))
    elif kind == "no blank line":
        rest = rest[: -random.randint(1, 4)]
    else:
        rest += random.choice((random.randbytes(300), b"<html>between</html>\r\n", b"\0" * 1_000))
    records[at] = (b"\n" if kind == "LF" else b"\r\n").join(lines) + blank + rest
    intact[at] = []
    if breaks:
        intact[at:] = [[] for _ in intact[at:]]
    return f"header: {kind}"


def _packed(records: Sequence[bytes], packing: str) -> Sequence[bytes]:
    """The records compressed, each by itself or all together."""
    whole = b"".join(records)
    if packing == ".gz":
        return [_zipped(record) for record in records]
    if packing == ".zst":
        return [_zstd(record) for record in records]
    if packing == "":
        return records
    packers: dict[str, Callable[[bytes], bytes]] = {
        ".gz whole": _zipped,
        ".zst whole": _zstd,
        ".bz2": bz2.compress,
        ".gz twice": lambda payload: _zipped(_zipped(payload)),
    }
    return [packers[packing](whole)]


def good_warcs() -> list[Archive]:
    """Archives with nothing wrong, one of each packing."""
    archives = []
    for at, packing in enumerate(("", ".gz", ".zst"), 900_000):
        markers = [_marker(at, index) for index in range(4)]
        records = [_record(b"response", _SURVIVING["chunked gzip"](Random(0), _page(marker)), _HTTP, 1) for marker in markers]
        archives.append(Archive(f"good-{at}.warc{packing}", (), b"".join(_packed(records, packing)), tuple(markers)))
    return archives


# --- parquet --------------------------------------------------------------------------------------------------------


def make_parquet(number: int) -> Archive:
    """The mutated parquet file of that number."""
    random = Random(f"parquet {number}")
    markers = [_marker(number, index) for index in range(random.choice((1, 3, 10, 40)))]
    columns, mutations, intact = _columns(random, markers)
    table = (
        pa.table(columns)
        if isinstance(columns, dict)
        else pa.Table.from_arrays([array for _, array in columns], [name for name, _ in columns])
    )
    encrypted = random.random() < 0.1
    options: dict[str, Any] = {
        "compression": random.choice(("none", "snappy", "gzip", "brotli", "zstd", "lz4")),
        "row_group_size": random.choice((1, 7, 1_000)),
        "data_page_size": random.choice((64, 1_000_000)),
        "version": random.choice(("1.0", "2.4", "2.6")),
        "data_page_version": random.choice(("1.0", "2.0")),
        "use_dictionary": random.random() < 0.5,
        "write_statistics": random.random() < 0.7,
        "write_page_index": random.random() < 0.3,
        "write_page_checksum": random.random() < 0.2,
        "store_schema": random.random() < 0.7,
    }
    if random.random() < 0.1:
        options["use_deprecated_int96_timestamps"] = True
    if encrypted:
        secret = random.choice(table.schema.names)
        if table.schema.names.count(secret) == 1 and table.schema.field(secret).type in (pa.string(), pa.int64()):
            options["encryption_properties"] = _encryption(secret)
            mutations.append("column encrypted, plain footer" if secret in ("text", "html") else "another column encrypted")
            intact = [] if secret in ("text", "html", "id", "url", "title", "date") else intact
    sink = io.BytesIO()
    try:
        pq.write_table(table, sink, **options)
    except (pa.ArrowException, OSError, OverflowError):  # not every type can be written in every version
        sink = io.BytesIO()
        pq.write_table(pa.table({"text": [_sentence(marker) for marker in markers]}), sink)
        mutations, intact = ["plain"], list(markers)
    payload = sink.getvalue()
    if random.random() < 0.6:
        payload, name = _spoil_parquet(random, payload)
        mutations, intact = [*mutations, name], []
    packing = random.choice(("", "", "", "", ".gz", ".zst"))
    if packing:
        payload = _zipped(payload) if packing == ".gz" else _zstd(payload)
    return Archive(f"{number:06d}.parquet{packing}", tuple(dict.fromkeys(mutations)), payload, tuple(intact))


def _columns(random: Random, markers: Sequence[str]) -> tuple[Any, list[str], list[str]]:
    """(the columns, what is odd about them, the markers of the rows that have to come out)."""
    texts = [_sentence(marker) for marker in markers]
    name, make, survives = random.choice(_TEXTS)
    columns: list[tuple[str, pa.Array]] = [("text", make(random, texts))]
    mutations = [f"text: {name}"]
    for key in ("id", "url", "title", "date"):
        if random.random() < 0.5:
            odd, fill, harmless = random.choice(_FIELDS)
            columns.append((key, fill(random, len(texts))))
            mutations.append(f"field: {odd}")
            survives = survives and harmless
    if random.random() < 0.2:
        columns += [(f"x{at}", random.choice(_FIELDS)[1](random, len(texts))) for at in range(random.choice((1, 5, 200)))]
        mutations.append("other columns")
    if random.random() < 0.1:
        columns.append((random.choice(("text", "", "a.b", "text\n\x1b[2J", "🙂", "TEXT", "x" * 5_000)), pa.array(texts)))
        mutations.append("odd column name")
        survives = survives and columns[-1][0] != "text"
    random.shuffle(columns)
    return columns, mutations, list(markers) if survives else []


def _bad_utf8(random: Random, texts: Sequence[str]) -> pa.Array:
    """Strings of which one is not UTF-8, which pyarrow does not check."""
    raw = [text.encode() for text in texts]
    raw[random.randrange(len(raw))] += b"\xff\xc3("
    return pa.array(raw, pa.binary()).view(pa.string())


_TEXTS: tuple[tuple[str, Callable[[Random, Sequence[str]], pa.Array], bool], ...] = (
    ("string", lambda random, texts: pa.array(texts), True),
    ("large_string", lambda random, texts: pa.array(texts, pa.large_string()), True),
    ("string_view", lambda random, texts: pa.array(texts, pa.string_view()), True),
    ("binary", lambda random, texts: pa.array([text.encode() for text in texts], pa.binary()), True),
    ("large_binary", lambda random, texts: pa.array([text.encode("utf-8") for text in texts], pa.large_binary()), True),
    ("dictionary", lambda random, texts: pa.array(texts).dictionary_encode(), True),
    ("some null", lambda random, texts: pa.array([text if random.random() < 0.5 else None for text in texts], pa.string()), False),
    ("all null", lambda random, texts: pa.nulls(len(texts), pa.string()), False),
    ("null type", lambda random, texts: pa.nulls(len(texts)), False),
    ("not UTF-8", _bad_utf8, False),
    ("list", lambda random, texts: pa.array([[text] for text in texts]), False),
    ("struct", lambda random, texts: pa.array([{"text": text, "n": 1} for text in texts]), False),
    ("int", lambda random, texts: pa.array(range(len(texts))), False),
    ("bool", lambda random, texts: pa.array([True] * len(texts)), False),
    ("fixed size", lambda random, texts: pa.array([text.encode()[:16].ljust(16, b"\0") for text in texts], pa.binary(16)), False),
    ("long", lambda random, texts: pa.array([text * 2_000 for text in texts]), True),
)


def _moments(random: Random, count: int) -> pa.Array:
    unit = random.choice(("s", "ms", "us", "ns"))
    zone = random.choice((None, "UTC", "+09:00", "Europe/Berlin", "Mars/Base", "", "+99:99"))
    values = [random.choice((0, -1, 1_709_632_800, 2**62, -(2**62), 2**40, None)) for _ in range(count)]
    return pa.array(values, pa.timestamp(unit, zone))


_FIELDS: tuple[tuple[str, Callable[[Random, int], pa.Array], bool], ...] = (
    ("strings", lambda random, count: pa.array(["x"] * count), True),
    ("null", lambda random, count: pa.nulls(count), True),
    ("ints", lambda random, count: pa.array([random.choice((0, -1, 2**63 - 1, -(2**63))) for _ in range(count)], pa.int64()), True),
    ("uint64", lambda random, count: pa.array([2**64 - 1] * count, pa.uint64()), True),
    ("floats", lambda random, count: pa.array([random.choice((float("nan"), float("inf"), -0.0, 1e300)) for _ in range(count)]), True),
    ("half floats", lambda random, count: pa.array([1.5] * count).cast(pa.float16()), True),
    ("bools", lambda random, count: pa.array([random.random() < 0.5 for _ in range(count)]), True),
    ("timestamps", _moments, False),
    ("good timestamps", lambda random, count: pa.array([datetime(2024, 3, 5, tzinfo=timezone.utc)] * count), True),
    (
        "date32",
        lambda random, count: pa.array([random.choice((0, 2**31 - 1, -(2**31))) for _ in range(count)], pa.int32()).view(pa.date32()),
        False,
    ),
    ("date64", lambda random, count: pa.array([random.choice((0, 2**60)) for _ in range(count)], pa.int64()).view(pa.date64()), False),
    (
        "time",
        lambda random, count: pa.array([random.choice((0, 86_399, 2**31 - 1)) for _ in range(count)], pa.int32()).view(pa.time32("s")),
        False,
    ),
    (
        "duration",
        lambda random, count: pa.array([random.choice((0, 2**62)) for _ in range(count)], pa.int64()).view(pa.duration("s")),
        False,
    ),
    ("decimal", lambda random, count: pa.array([Decimal("1.50")] * count, pa.decimal128(38, 2)), True),
    ("decimal256", lambda random, count: pa.array([Decimal("1.50")] * count, pa.decimal256(70, 30)), True),
    ("lists", lambda random, count: pa.array([[[1, None], []]] * count), True),
    ("structs", lambda random, count: pa.array([{"a": {"b": [None, {"c": 1}]}}] * count), True),
    ("maps", lambda random, count: pa.array([[("k", 1)]] * count, pa.map_(pa.string(), pa.int64())), True),
    ("binary", lambda random, count: pa.array([random.randbytes(20) for _ in range(count)], pa.binary()), True),
    ("not UTF-8", lambda random, count: pa.array([b"\xff\xfe\x00"] * count, pa.binary()).view(pa.string()), False),
    ("dictionary", lambda random, count: pa.array(["a"] * count).dictionary_encode(), True),
)


class _InMemoryKms(pe.KmsClient):  # type: ignore[misc]
    """Keys that anybody could read: what is wanted is the form of an encrypted file."""

    def wrap_key(self, key_bytes: bytes, master_key_identifier: str) -> bytes:
        return b64encode(key_bytes)

    def unwrap_key(self, wrapped_key: bytes, master_key_identifier: str) -> bytes:
        return b64decode(wrapped_key)


def _encryption(column: str) -> Any:
    factory = pe.CryptoFactory(lambda config: _InMemoryKms())
    config = pe.EncryptionConfiguration("footer", column_keys={"column": [column]}, plaintext_footer=True, data_key_length_bits=128)
    return factory.file_encryption_properties(pe.KmsConnectionConfig(), config)


def _spoil_parquet(random: Random, payload: bytes) -> tuple[bytes, str]:
    """Damage in the footer, in the pages, or in what says where the footer is."""
    length = int.from_bytes(payload[-8:-4], "little")
    footer = len(payload) - 8 - length
    kind = random.randrange(4)
    if kind < 2:
        changed = bytearray(payload)
        start, end, name = (footer, len(payload) - 8, "footer flipped") if kind == 0 else (4, max(5, footer), "pages flipped")
        for _ in range(random.randint(1, 5)):
            at = random.randrange(start, end)
            changed[at] = random.choice((random.randrange(256), changed[at] ^ (1 << random.randrange(8)), 0, 255))
        return bytes(changed), name
    if kind == 2:
        new = random.choice((0, 1, length - 1, length + 1, 2**31, 2**32 - 1, len(payload)))
        return payload[:-8] + new.to_bytes(4, "little") + random.choice((b"PAR1", b"PARE", b"XXXX")), "footer's length or magic"
    payload, _, name = damage(random, payload)
    return payload, name


def good_parquets() -> list[Archive]:
    """Parquet files with nothing wrong."""
    archives = []
    for at, compression in enumerate(("snappy", "zstd"), 910_000):
        markers = [_marker(at, index) for index in range(5)]
        sink = io.BytesIO()
        pq.write_table(pa.table({"text": [_sentence(marker) for marker in markers], "id": markers}), sink, compression=compression)
        archives.append(Archive(f"good-{at}.parquet", (), sink.getvalue(), tuple(markers)))
    return archives
