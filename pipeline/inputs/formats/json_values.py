"""JSON that is not one object per line.

It may be a list of objects, objects over several lines, or an object with lists of rows.
"""

from __future__ import annotations

import codecs
import io
import json
import re
from collections.abc import Iterator
from typing import Any

import orjson

from newsbeam.inputs.formats.base import COPY_BYTES, InputFormat, ReadContext, Unreadable
from newsbeam.transforms.document import Raw
from newsbeam.transforms.fields import USUAL_NAMES, RowOptions, has_text, read_row

_MAX_DEPTH = 4
"""The depth of objects that are searched for a list of rows."""

_MAX_WAITING = 1000
"""The rows at the start of a nested list that are held until one has a text."""


class JsonValues(InputFormat):
    """JSON files: each object with a text is a document, at any depth of lists.

    Files of any size are read in pieces. One object is held at a time. An object that contains all
    others is held completely only up to the size limit of a document.
    """

    def read(self, context: ReadContext, stream: io.BufferedReader) -> Iterator[Raw]:
        scanner = _Scanner(context, stream)
        number = 0
        while scanner.next():
            for item in _items(scanner):
                number += 1
                if isinstance(item, str):
                    yield context.raw(number, b"", form="json", error=f"ReadError: {context.path}#{number} {item}")
                else:
                    yield context.raw(number, item[0], form=item[1])


_Item = tuple[bytes, str]
"""(the payload of a row, its form)"""


def _items(scanner: _Scanner) -> Iterator[_Item | str]:
    """Yield the rows of the next value in the file, or an error."""
    begins = scanner.next()
    if begins == "[":
        yield from _listed(scanner, 0, within=False)
    elif begins != "{":
        value, _ = scanner.value()
        yield f"is a JSON {type(value).__name__}, not an object with `text` or `html`"
    else:
        try:
            value, text = scanner.value()
        except _TooLarge:
            empty = True
            for item in _members(scanner, 0):
                empty = False
                yield item
            if empty:
                yield f"is an object of more than {scanner.limit} without a list of rows that have a text"
        else:
            yield from _in_object(value, text, scanner.context.rows)


def _listed(scanner: _Scanner, depth: int, within: bool) -> Iterator[_Item | str]:
    """Yield the rows of a list.

    In a list `within` an object that is too large to be held, one of the first rows must have a
    text.
    """
    scanner.take("[")
    others = 0
    waiting: list[_Item | str] | None = [] if within else None
    while scanner.next() != "]":
        begins = scanner.next()
        found: list[_Item | str] = []
        try:
            if begins == "[" and depth < _MAX_DEPTH:
                yield from _listed(scanner, depth + 1, within)
            elif begins == "{":
                value, text = scanner.value()
                if waiting is not None and has_text(value, scanner.context.rows):
                    yield from waiting
                    waiting = None
                found += _in_object(value, text, scanner.context.rows)
            else:
                scanner.value()
                others += 1
        except _TooLarge:
            scanner.skip()
            found.append(f"has more than {scanner.limit} in one document; raise --max-document-mb")
        if waiting is None:
            yield from found
        elif len(waiting) < _MAX_WAITING:
            waiting += found
        if scanner.next() == "]":
            break
        scanner.take(",")
    scanner.take("]")
    if others and not within:
        yield f"is a JSON list with {others} values that are not objects; make each an object with `text`"


def _members(scanner: _Scanner, depth: int) -> Iterator[_Item | str]:
    """Yield the rows in the lists and objects of an object that is too large to hold."""
    scanner.take("{")
    while scanner.next() != "}":
        scanner.skip()
        scanner.take(":")
        begins = scanner.next()
        if begins == "[":
            yield from _listed(scanner, depth + 1, within=True)
        elif begins == "{" and depth < _MAX_DEPTH:
            try:
                value, _ = scanner.value()
            except _TooLarge:
                yield from _members(scanner, depth + 1)
            else:
                for row in _rows_within(value, scanner.context.rows, depth + 1):
                    yield json.dumps(row).encode(), "json"
        else:
            scanner.skip()
        if scanner.next() == "}":
            break
        scanner.take(",")
    scanner.take("}")


def _in_object(value: dict[str, Any], text: str, options: RowOptions) -> Iterator[_Item | str]:
    if str(value.get("version", "")).startswith("https://jsonfeed.org/") and isinstance(value.get("items"), list):
        yield from _feed(value)
        return
    if has_text(value, options):
        yield text.encode("utf-8", "surrogatepass"), "json"
        return
    rows = list(_rows_within(value, options, 0))
    if not rows:
        # The object itself as a row gives the best error message.
        yield text.encode("utf-8", "surrogatepass"), "json"
        return
    for row in rows:
        yield json.dumps(row).encode(), "json"


def _rows_within(value: Any, options: RowOptions, depth: int) -> Iterator[dict[str, Any]]:
    """Yield the rows of each list in an object in which at least one row has a text."""
    if depth > _MAX_DEPTH or not isinstance(value, dict):
        return
    for inner in value.values():
        if isinstance(inner, list) and any(has_text(one, options) for one in inner):
            yield from (one for one in inner if isinstance(one, dict))
        elif isinstance(inner, list):
            for one in inner[:1000]:
                yield from _rows_within(one, options, depth + 1)
        else:
            yield from _rows_within(inner, options, depth + 1)


_FEED_TEXTS = (("content_html", "html"), ("content_text", "text"), ("summary", "text"))


def _feed(feed: dict[str, Any]) -> Iterator[_Item]:
    """Yield the entries of a JSON Feed (jsonfeed.org)."""
    for entry in feed["items"]:
        if not isinstance(entry, dict):
            continue
        texts = [(field, entry[key]) for key, field in _FEED_TEXTS if isinstance(entry.get(key), str) and entry[key].strip()]
        item = {
            "title": entry.get("title"),
            "url": entry.get("url") or entry.get("external_url"),
            "id": entry.get("id"),
            "date": entry.get("date_published") or entry.get("date_modified"),
            "authors": entry.get("authors") or entry.get("author") or feed.get("authors") or feed.get("author"),
            "language": entry.get("language") or feed.get("language"),
            "text": "-",
        }
        said = read_row({key: value for key, value in item.items() if value is not None}, USUAL_NAMES)
        assert said is not None
        about = {"url": said.url, "title": said.title, "date": said.date, "author": said.author, "language": said.language, "id": said.id}
        yield orjson.dumps(dict(texts[:1]) | {key: value for key, value in about.items() if value}), "item"


# --- scanner
# -----------------------------------------------------------------------------------------


class _TooLarge(Exception):
    """A value is larger than a document may be."""


_STRING_END = re.compile(r'[^"\\]*(?:\\.[^"\\]*)*"', re.S)
_SCALAR = re.compile(r"[\w.+-]*")
_SPACE = re.compile(r"[ \t\n\r\x1e\ufeff]*")


class _Scanner:
    """A scanner of the JSON values in a stream, one at a time in little memory."""

    def __init__(self, context: ReadContext, stream: io.BufferedReader) -> None:
        self.context = context
        self.limit = f"{context.max_bytes / (1 << 20):.0f} MB"
        self._stream = stream
        head = stream.peek(4)[:4]
        encoding = json.detect_encoding(head) if len(head) >= 2 else "utf-8"
        self._decoder = codecs.getincrementaldecoder(encoding)("surrogateescape" if encoding.startswith("utf-8") else "replace")
        self._json = json.JSONDecoder(strict=False)
        self._text, self._at, self._passed, self._ended = "", 0, 0, False

    def next(self) -> str:
        """Return the first character of the next token, "" at the end."""
        while True:
            match = _SPACE.match(self._text, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def take(self, mark: str) -> None:
        """Skip a character that is required here. Raises Unreadable."""
        if self.next() != mark:
            there = self.next()
            raise self.unreadable(f"is invalid JSON: expected {mark!r}" + (f", not {there!r}" if there else "; the file ends"))
        self._at += 1

    def value(self) -> tuple[Any, str]:
        """Return the next value and its source.

        Raises:
            Unreadable: the value is invalid.
            _TooLarge: the value is too large; nothing was consumed.
        """
        self.next()
        wanted = COPY_BYTES
        while True:
            try:
                value, end = self._json.raw_decode(self._text, self._at)
            except (ValueError, RecursionError) as error:
                if not isinstance(error, json.JSONDecodeError):
                    raise self.unreadable("is nested too deeply, or has a number that is too long") from error
                if len(self._text) - self._at > self.context.max_bytes:
                    raise _TooLarge from error
                if not self._fill(wanted):
                    raise self.unreadable(f"is invalid JSON: {error.msg}", error.pos) from error
                wanted *= 2  # parsing restarts at the beginning of a value; doubling keeps the number of attempts small
                continue
            if end == len(self._text) and not self._ended and self._fill(COPY_BYTES):
                continue  # the number may have more digits
            if end - self._at > self.context.max_bytes:
                raise _TooLarge
            text = self._text[self._at : end]
            self._at = end
            return value, text

    def skip(self) -> None:
        """Skip the next value without holding it. Raises Unreadable at the file's end."""
        depth = 0
        while True:
            begins = self.next()
            if not begins:
                raise self.unreadable("is invalid JSON: the file ends within a value")
            self._at += 1
            if begins == '"':
                while not (match := _STRING_END.match(self._text, self._at)):
                    # The rest may end between a backslash and the character that it escapes.
                    self._at = max(self._at, len(self._text) - (len(self._text) - len(self._text.rstrip("\\"))) % 2)
                    if not self._more():
                        raise self.unreadable("is invalid JSON: unterminated string")
                self._at = match.end()
            elif begins in "{[":
                depth += 1
            elif begins in "}]":
                depth -= 1
            elif begins not in ",:":
                while (match := _SCALAR.match(self._text, self._at)) and match.end() == len(self._text) and self._more():
                    pass
                self._at = match.end() if match else self._at
            if depth <= 0:
                return

    def unreadable(self, what: str, at: int = -1) -> Unreadable:
        """Return the error that ends the file, with its position."""
        place = self._passed + (self._at if at < 0 else at)
        return Unreadable(f"{self.context.path} {what} (at character {place:,}); the rest is not read")

    def _fill(self, count: int) -> bool:
        """Read more characters; return False at the end."""
        before = len(self._text) - self._at
        while len(self._text) - self._at < before + count and self._more():
            pass
        return len(self._text) - self._at > before

    def _more(self) -> bool:
        if self._ended:
            return False
        block = self._stream.read(COPY_BYTES)
        if not block:
            self._ended = True
        if self._at:
            self._passed += self._at
            self._text, self._at = self._text[self._at :], 0
        self._text += self._decoder.decode(block, final=not block)
        return bool(block)
