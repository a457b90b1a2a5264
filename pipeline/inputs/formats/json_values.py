"""JSON that is not one object a line: lists of objects, objects over several lines, and lists of rows within an object."""

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
"""Objects within objects in which a list of rows is looked for."""

_MAX_WAITING = 1000
"""Rows without a text at the beginning of a list within an object that wait for one with a text."""


class JsonValues(InputFormat):
    """JSON as programs write it: each object with a text is a document, wherever in the lists of the file it is.

    A file of any size is read in pieces: only one object at a time is held, and of an object that holds everything, as long as it has no
    more than one document may have, all of it.
    """

    kind = "json"

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
"""The payload of a row, and its form."""


def _items(scanner: _Scanner) -> Iterator[_Item | str]:
    """The rows in the next of the values that a file holds one after the other, or what is wrong with it."""
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
                yield f"is an object of more than {scanner.limit}, and no list of rows with a text is in it"
        else:
            yield from _in_object(value, text, scanner.context.rows)


def _listed(scanner: _Scanner, depth: int, within: bool) -> Iterator[_Item | str]:
    """The rows of a list; of one `within` an object that is too large to be held, only if one of the first has a text."""
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
    """The rows in an object that is too large to be held: in the lists and objects in it."""
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
        # Its own row says best what it lacks.
        yield text.encode("utf-8", "surrogatepass"), "json"
        return
    for row in rows:
        yield json.dumps(row).encode(), "json"


def _rows_within(value: Any, options: RowOptions, depth: int) -> Iterator[dict[str, Any]]:
    """Every row of each list in an object of which at least one row has a text."""
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
    """The entries of a JSON Feed (jsonfeed.org)."""
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


# --- scanning -------------------------------------------------------------------------------------------------------


class _TooLarge(Exception):
    """A value has more than one document may have."""


_STRING_END = re.compile(r'[^"\\]*(?:\\.[^"\\]*)*"', re.S)
_SCALAR = re.compile(r"[\w.+-]*")
_SPACE = re.compile(r"[ \t\n\r\x1e\ufeff]*")


class _Scanner:
    """Takes JSON values out of a stream, one at a time, holding no more than it has to."""

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
        """The character with which the next value, or what follows one, begins; "" at the end."""
        while True:
            match = _SPACE.match(self._text, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def take(self, mark: str) -> None:
        """Pass over a character that has to be there. Raises Unreadable."""
        if self.next() != mark:
            there = self.next()
            raise self.unreadable(f"is broken JSON: {mark!r} should stand here" + (f", not {there!r}" if there else "; it ends"))
        self._at += 1

    def value(self) -> tuple[Any, str]:
        """The next value, and its source. Raises Unreadable, and _TooLarge with nothing passed over."""
        self.next()
        wanted = COPY_BYTES
        while True:
            try:
                value, end = self._json.raw_decode(self._text, self._at)
            except (ValueError, RecursionError) as error:
                if not isinstance(error, json.JSONDecodeError):
                    raise self.unreadable("is nested too deeply, or holds a number that is too long") from error
                if len(self._text) - self._at > self.context.max_bytes:
                    raise _TooLarge from error
                if not self._fill(wanted):
                    raise self.unreadable(f"is broken JSON: {error.msg}", error.pos) from error
                wanted *= 2  # a value is parsed again from its beginning: few times, if each time twice as much is there
                continue
            if end == len(self._text) and not self._ended and self._fill(COPY_BYTES):
                continue  # a number may go on
            if end - self._at > self.context.max_bytes:
                raise _TooLarge
            text = self._text[self._at : end]
            self._at = end
            return value, text

    def skip(self) -> None:
        """Pass over the next value without holding it. Raises Unreadable where the file ends within it."""
        depth = 0
        while True:
            begins = self.next()
            if not begins:
                raise self.unreadable("is broken JSON: it ends within a value")
            self._at += 1
            if begins == '"':
                while not (match := _STRING_END.match(self._text, self._at)):
                    # What is left may end between a backslash and what it stands before.
                    self._at = max(self._at, len(self._text) - (len(self._text) - len(self._text.rstrip("\\"))) % 2)
                    if not self._more():
                        raise self.unreadable("is broken JSON: a string does not end")
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
        """The error that ends the file: where it is, and what is wrong there."""
        place = self._passed + (self._at if at < 0 else at)
        return Unreadable(f"{self.context.path} {what} (at character {place:,}); what follows is not read")

    def _fill(self, count: int) -> bool:
        """Read so much more; whether there was any."""
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
