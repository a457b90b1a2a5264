"""Find the headline among the first lines."""

from __future__ import annotations

import re

from newsbeam.transforms.boilerplate.lines.line import Line
from newsbeam.transforms.boilerplate.lines.rules import is_prose
from newsbeam.transforms.document import LineKind
from newsbeam.transforms.text import END, is_dense

BULLET = re.compile(r"^\s*(?:[-*•·▪‣◦–]|\d{1,3}[.)])\s+")

_STOP = re.compile(r"(?<![.])[.。;,:]$")


def like_a_headline(text: str) -> bool:
    """Return whether a line can be a headline.

    It is short, has at least three words, and neither a full stop nor a bullet.
    """
    dense = is_dense(text)
    if is_prose(text) and not (len(text) <= 200 and not END.search(text)):
        return False
    if not (6 if dense else 12) <= len(text) <= (80 if dense else 200):
        return False
    return not BULLET.match(text) and not _STOP.search(text) and (dense or len(text.split()) >= 3)


def find_headline(lines: list[Line], kinds: list[LineKind], prose: list[bool]) -> int:
    """Return the index of the headline that the text begins with, or -1.

    It is the first line, if that can be a headline and a paragraph follows soon.
    """
    at = next((place for place, kind in enumerate(kinds) if not kind), -1)
    if at < 0 or not like_a_headline(text := lines[at].text.strip()):
        return -1
    seen = 0
    for place in range(at + 1, len(lines)):
        if not kinds[place]:
            if prose[place] and len(lines[place].text) > len(text):
                return at
            seen += 1
            if seen == 12:
                break
    return -1
