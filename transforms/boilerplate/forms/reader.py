"""The lines that a reader puts above a page: its title, its address, its date.

As of r.jina.ai and tools like it: "Title: …", "URL Source: …", "Published Time: …", "Markdown Content:".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_FIELD = re.compile(r"(Title|URL Source|Published Time|Warning|Number of Pages|Markdown Content):[ \t]*(.*)")
_MOST = 12  # lines of a header


@dataclass(frozen=True, slots=True)
class ReaderHeader:
    """The header of a reader.

    Its fields are "" where it has none. `lines` are its lines (1-based) with their texts.
    """

    title: str
    url: str
    created: str
    lines: tuple[tuple[int, str], ...]


def reader_header(text: str) -> ReaderHeader | None:
    """Return the header of a reader, None if the text has none.

    It begins with a title and has an address.
    """
    if not text.startswith("Title:"):
        return None
    fields: dict[str, str] = {}
    lines = []
    for number, line in enumerate(text.split("\n", _MOST)[:_MOST], 1):
        match = _FIELD.match(line)
        if match is None:
            if line.strip():
                break
            continue
        fields.setdefault(match[1], match[2].strip())
        lines.append((number, line.strip()))
        if match[1] == "Markdown Content":
            break
    if "URL Source" not in fields:
        return None
    return ReaderHeader(fields.get("Title", ""), fields["URL Source"], fields.get("Published Time", ""), tuple(lines))


def without_header(text: str, header: ReaderHeader) -> str:
    """Return the text with blank lines in place of the header."""
    lines = text.split("\n", _MOST)
    for number, _ in header.lines:
        lines[number - 1] = ""
    return "\n".join(lines)
