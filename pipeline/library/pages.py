"""Pages as users hold them: strings, bytes, files, rows, parsed HTML."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeAlias

import bs4
import orjson

from newsbeam.errors import InputError
from newsbeam.inputs.discovery import discover
from newsbeam.inputs.reader import Reader
from newsbeam.inputs.work_units import plan_work_units
from newsbeam.transforms.decode import HEAD_BYTES, is_markup, text_container
from newsbeam.transforms.document import Raw
from newsbeam.transforms.fields import USUAL_NAMES, RowOptions, is_fragment, parse_options

MAX_BYTES = 256 << 20
"""The largest document in a file, decompressed."""

_MAX_PATH = 4096


@dataclass(frozen=True)
class Page:
    """A page with details that its content does not have.

    Attributes:
        content: the page itself.
        url: its address.
        date: when it was published or fetched, in any format.
        content_type: the value of the HTTP header, which names the charset of bytes.
    """

    content: Content
    url: str = ""
    date: str = ""
    content_type: str = ""


Content: TypeAlias = "str | bytes | os.PathLike[str] | Mapping[str, Any] | bs4.Tag"
"""A page: HTML or text as str, bytes as fetched, the path of a file with one document, a row like a line of JSONL, or parsed HTML."""


def row_options(fields: Mapping[str, str] | None, keep: Sequence[str] = ()) -> RowOptions:
    """Return the options for rows. Raises FieldError.

    `fields` are keys by field, `keep` are other keys to keep.
    """
    return parse_options([f"{field}={key}" for field, key in (fields or {}).items()], keep)


def raw_of(page: Content | Page, number: int = 0, rows: RowOptions = USUAL_NAMES) -> Raw:
    """Return a page as an item for the chain.

    `number` distinguishes pages without an address; 0 for a single page.

    Raises:
        InputError: a file does not exist or holds several documents, or a str is a path.
        TypeError: the page is of another type.
    """
    page = page if isinstance(page, Page) else Page(page)
    content, origin = page.content, page.url or (f"page#{number}" if number else "page")
    if isinstance(content, bs4.Tag):
        content, content_type = str(content), page.content_type or "text/html"
    else:
        content_type = page.content_type
    if isinstance(content, str):
        return _of_text(content, origin, page, content_type)
    if isinstance(content, bytes | bytearray | memoryview):
        return _of_bytes(bytes(content), origin, page)
    if isinstance(content, os.PathLike):
        return _of_file(os.fspath(content), page, rows)
    if isinstance(content, Mapping):
        try:
            payload = orjson.dumps(dict(content))
        except TypeError as error:
            raise TypeError(f"{origin}: a row must have JSON values: {error}") from error
        return Raw(origin, payload, "json", url=page.url, date=page.date, inline=True)
    raise TypeError(f"{origin} is a {type(content).__name__}; pass HTML or text as str, bytes, a Path, a row as dict, or a BeautifulSoup")


def _of_text(text: str, origin: str, page: Page, content_type: str) -> Raw:
    if len(text) < _MAX_PATH and "\n" not in text and "<" not in text and text.strip() and _exists(text):
        raise InputError(f"{text!r} is the path of a file, and a str is the page itself; pass pathlib.Path({text!r})")
    kind = content_type.partition(";")[0].strip()
    if not kind:
        kind = "text/html" if is_markup(text) or is_fragment(text) else "text/plain"
    # Unpaired surrogates have no bytes in UTF-8.
    payload = text.encode("utf-8", "replace")
    return Raw(origin, payload, "file", f"{kind}; charset=utf-8", url=page.url, date=page.date, inline=True)


def _exists(path: str) -> bool:
    try:
        return os.path.exists(path)
    except ValueError:  # a null character
        return False


def _of_bytes(content: bytes, origin: str, page: Page) -> Raw:
    if content.startswith(b"WARC/") or text_container(content[:HEAD_BYTES]) in ("jsonl", "csv", "mbox", "feed"):
        raise InputError(f"{origin} holds several documents; write it to a file and use newsbeam.run, or pass its rows one by one")
    return Raw(origin, content, "file", page.content_type, url=page.url, date=page.date, inline=True)


def _of_file(path: str, page: Page, rows: RowOptions) -> Raw:
    if os.path.isdir(path):
        raise InputError(f"{path} is a folder; use newsbeam.run")
    units = plan_work_units(discover([path]).sources)
    items = (raw for unit in units for bundle in Reader(MAX_BYTES, rows=rows).read(unit) for raw in bundle.raws)
    found = list(islice(items, 2))
    if len(found) != 1:
        raise InputError(f"{path} holds {'several documents' if found else 'no document'}; use newsbeam.run")
    raw = found[0]
    return Raw(
        **{**vars(raw), "url": page.url or raw.url, "date": page.date or raw.date, "content_type": page.content_type or raw.content_type}
    )
