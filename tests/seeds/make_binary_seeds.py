"""Writes the seeds whose bytes no text editor should touch: pages in legacy charsets, and the web archive.

    python tests/seeds/make_binary_seeds.py [FOLDER]

FOLDER defaults to `seeds/`. The sources are the UTF-8 pages in `sources/` beside this script; the bytes are the same on
every machine and Python.
"""

from __future__ import annotations

import base64
import hashlib
import struct
import sys
import uuid
import zlib
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCES = HERE / "sources"

# Seed -> the charset that its <meta> declares and its bytes are in.
PAGES = {
    "ko-euckr-subway-budget.html": "euc-kr",
    "ja-sjis-library-closure.html": "shift_jis",
    "ru-cp1251-heating-court.html": "windows-1251",
    "zh-gb18030-night-bus.html": "gb18030",
    "pt-cp1252-eleicao-camara.html": "windows-1252",
}

ARCHIVE = "morning-crawl.warc.gz"
# Source page, its charset, url, date, and the headers that the server sent. The second page's charset stands in the page alone.
RESPONSES = (
    (
        "morning-crawl-1.html",
        "utf-8",
        "https://northmoor-post.example/weather/fog",
        "2031-11-30T05:00:12Z",
        ("Content-Type: text/html; charset=utf-8", "Server: nginx"),
    ),
    (
        "morning-crawl-2.html",
        "iso-8859-1",
        "https://weissbacher-kurier.example/wissen/bienen",
        "2031-11-30T05:00:14Z",
        ("Content-Type: text/html", "Last-Modified: Sat, 29 Nov 2031 17:00:00 GMT"),
    ),
    (
        "morning-crawl-3.html",
        "utf-8",
        "https://ouest-libre.example/justice/proces-huitres",
        "2031-11-30T05:00:19Z",
        ("Content-Type: text/html; charset=UTF-8", "Content-Language: fr", "Cache-Control: max-age=60"),
    ),
)


def seeds() -> dict[str, bytes]:
    """Each seed's name and bytes."""
    pages = {name: (SOURCES / name).read_text(encoding="utf-8").encode(charset) for name, charset in PAGES.items()}
    return pages | {ARCHIVE: b"".join(_member(record) for record in map(_response, RESPONSES))}


def _response(response: tuple[str, str, str, str, tuple[str, ...]]) -> bytes:
    """A WARC 1.1 response record (ISO 28500)."""
    source, charset, url, date, headers = response
    body = (SOURCES / source).read_text(encoding="utf-8").encode(charset)
    http = "\r\n".join(("HTTP/1.1 200 OK", *headers, f"Content-Length: {len(body)}", "", "")).encode() + body
    head = (
        "WARC/1.1",
        "WARC-Type: response",
        f"WARC-Record-ID: <urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, url)}>",
        f"WARC-Date: {date}",
        f"WARC-Target-URI: {url}",
        f"WARC-Payload-Digest: sha1:{base64.b32encode(hashlib.sha1(body).digest()).decode()}",
        "Content-Type: application/http; msgtype=response",
        f"Content-Length: {len(http)}",
        "",
        "",
    )
    return "\r\n".join(head).encode() + http + b"\r\n\r\n"


def _member(data: bytes) -> bytes:
    """`data` as one gzip member (RFC 1952) in stored blocks: what deflate makes of it differs between builds of zlib."""
    blocks = [data[start : start + 0xFFFF] for start in range(0, len(data), 0xFFFF)]
    last = len(blocks) - 1
    stored = b"".join(struct.pack("<BHH", number == last, len(block), len(block) ^ 0xFFFF) + block for number, block in enumerate(blocks))
    header = b"\x1f\x8b\x08\x00" + bytes(4) + b"\x00\xff"  # deflate, no flags, no time, operating system unknown
    return header + stored + struct.pack("<II", zlib.crc32(data), len(data))


def main() -> None:
    """Write them all."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent.parent / "seeds"
    for name, data in seeds().items():
        (folder / name).write_bytes(data)
        print(f"{folder / name}: {len(data)} bytes")


if __name__ == "__main__":
    main()
