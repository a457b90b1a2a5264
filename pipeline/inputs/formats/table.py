"""CSV and TSV: one document per row, with the column names in the first row."""

from __future__ import annotations

import codecs
import csv
import io
from collections import deque
from collections.abc import Iterator
from typing import Any

import orjson

from newsbeam.inputs.formats.base import InputFormat, ReadContext, Unreadable, megabytes
from newsbeam.transforms.decode import HEAD_BYTES, decode_bytes, python_codec
from newsbeam.transforms.document import Raw
from newsbeam.transforms.fields import may_hold_text
from newsbeam.transforms.structure import delimiter_of
from newsbeam.transforms.text import scrub

_MAX_TRIES = 100
"""Broken multi-line rows after which an unclosed quotation mark is literal."""

_MAX_COLUMNS_SHOWN = 12


class Table(InputFormat):
    """Tables that spreadsheets and databases export, with any delimiter."""

    def read(self, context: ReadContext, stream: io.BufferedReader) -> Iterator[Raw]:
        head = stream.peek(HEAD_BYTES)[:HEAD_BYTES]
        text, encoding = decode_bytes(head[: head.rfind(b"\n") + 1] or head)
        form: dict[str, Any] = {"delimiter": delimiter_of(text, "csv", len(head) >= HEAD_BYTES) or ","}
        if text.count('\\"') > max(2, text.count('""')):
            form["escapechar"] = "\\"  # as written by MySQL and Spark
        csv.field_size_limit(max(csv.field_size_limit(), context.max_bytes))
        decoded = io.TextIOWrapper(stream, python_codec(encoding), "newsbeam-1252", newline="")
        try:
            yield from self._documents(context, _rows(_Lines(decoded, context.max_bytes), form))
        finally:
            decoded.detach()  # otherwise it would close the stream

    def _documents(self, context: ReadContext, rows: Iterator[list[str] | str]) -> Iterator[Raw]:
        first = next(rows, [])
        if isinstance(first, list) and first and first[0].lstrip("\ufeff").startswith("sep="):
            first = next(rows, [])
        if isinstance(first, str):
            raise Unreadable(f"{context.path} is a table with a broken first row: {first}")
        header = [scrub(name.strip().lstrip("\ufeff")) for name in first]
        columns = ", ".join(name or "(no name)" for name in header[:_MAX_COLUMNS_SHOWN])
        if not may_hold_text(header, (), context.rows):
            cure = "name the column of the text with --field text=COLUMN, or change the file's suffix if it is not a table"
            raise Unreadable(f"{context.path} is a table without a text column; its columns: {columns}; {cure}")
        for number, row in enumerate(rows, 1):
            if isinstance(row, str):
                yield context.raw(number, b"", form="json", error=f"ReadError: {context.path}#{number} is a broken row: {row}")
            else:
                yield context.raw(number, orjson.dumps(dict(zip(header, map(scrub, row), strict=True))), form="json")


def _as_western(error: UnicodeError) -> tuple[str, int]:
    """Decode an invalid byte as windows-1252: merged tables mix charsets."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("newsbeam-1252", _as_western)


def _rows(lines: _Lines, form: dict[str, Any]) -> Iterator[list[str] | str]:
    """Yield the rows of a table, or an error; a broken row costs only its first line."""
    reader = csv.reader(lines, strict=True, **form)
    wide = tries = 0
    while True:
        lines.begin()
        try:
            row = next(reader)
            error = "" if not wide or len(row) == wide else f"it has {len(row)} cells where the first row has {wide}"
        except StopIteration:
            return
        except csv.Error as broken:
            row, error = [], str(broken)
        if not error:
            if row:
                wide = wide or len(row)
                yield row
            continue
        if not row and not lines.taken[0].strip():
            continue
        # A literal quotation mark: split the line by its separators alone.
        bare = lines.taken[0].rstrip("\r\n").split(form["delimiter"])
        if len(lines.taken) > 1 and tries < _MAX_TRIES:
            tries += 1
            lines.put_back()
        lines.skip_rest()
        reader = csv.reader(lines, strict=True, **form)
        yield bare if wide > 1 and len(bare) == wide and not lines.too_long else error


class _Lines:
    """The decoded lines of a table, with a size limit; lines can be returned."""

    def __init__(self, text: io.TextIOWrapper, max_chars: int) -> None:
        self._text = text
        self._back: deque[str] = deque()
        self._max_chars = max_chars
        self.taken: list[str] = []
        self._size = 0
        self.too_long = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._back.popleft() if self._back else self._text.readline(self._max_chars + 1)
        if not line:
            raise StopIteration
        self.taken.append(line)
        self._size += len(line)
        self.too_long = self._size > self._max_chars
        if self.too_long:
            raise csv.Error(f"it has more than {megabytes(self._max_chars)}; raise --max-document-mb")
        return line.replace("\0", "")  # some versions of Python reject NUL here

    def begin(self) -> None:
        """Begin a new row."""
        self.taken, self._size = [], 0

    def put_back(self) -> None:
        """Return all lines of this row but the first, to be read again."""
        self._back.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]

    def skip_rest(self) -> None:
        """Skip the rest of a line that was too long."""
        line = self.taken[-1] if self.taken else "\n"
        while len(self.taken) == 1 and not self._back and not line.endswith(("\n", "\r")):
            line = self._text.readline(self._max_chars)
            if not line:
                return
