"""The same documents for every engine: saved pages as HTML files, and as responses in archives that are written here."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

import parts

SHARED = parts.ROOT.parent / "shared" / "bench" / "extract" / "dev" / "html"
"""Some 1,500 pages beside the repository; `$NEWSBEAM_PAGES` names another folder of .html or .html.gz files."""

RECORDS = 100
"""In one archive."""


def _pages() -> list[bytes]:
    folder = Path(os.environ.get("NEWSBEAM_PAGES") or SHARED)
    if not folder.is_dir():  # a checkout by itself: fewer pages, which recur
        folder = parts.ROOT / "tests" / "boilerplate" / "pages"
    found = [path for path in sorted(folder.iterdir()) if path.name.endswith((".html", ".html.gz"))]
    return [gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes() for path in found]


def make(folder: Path, html: int = 1000, archived: int = 1000) -> list[str]:
    """Write `html` files and `archived` records in .warc.gz files; the two folders. Pages recur only where there are too few."""
    pages = _pages()
    (folder / "html").mkdir(parents=True)
    (folder / "warc").mkdir()
    for number, page in enumerate(islice(cycle(pages), html)):
        (folder / "html" / f"{number:05d}.html").write_bytes(page)
    rest: Iterator[bytes] = islice(cycle(pages), html, html + archived)
    for number in range(0, archived, RECORDS):
        records = [_record(f"https://example.org/{number + at}.html", page) for at, page in enumerate(islice(rest, RECORDS))]
        (folder / "warc" / f"{number // RECORDS:03d}.warc.gz").write_bytes(b"".join(records))
    return [str(folder / "html"), str(folder / "warc")]


def _record(url: str, page: bytes) -> bytes:
    """One response, compressed by itself as in every crawl's archives."""
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(page) + page
    head = f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2026-01-01T00:00:00Z\r\n"
    head += f"WARC-Record-ID: <{url}>\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: {len(block)}\r\n\r\n"
    return gzip.compress(head.encode() + block + b"\r\n\r\n", compresslevel=1, mtime=0)


def records(output: Path) -> dict[str, list[bytes]]:
    """The lines of each kind in an output folder, sorted."""
    kinds = ("documents", "dropped", "dead-letters")
    return {kind: sorted(line for path in output.glob(f"{kind}-*") for line in path.read_bytes().splitlines()) for kind in kinds}
