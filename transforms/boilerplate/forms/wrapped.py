"""Text wrapped at a width."""

from __future__ import annotations

import re
from collections.abc import Sequence

from newsbeam.transforms.boilerplate.forms.unit import Unit
from newsbeam.transforms.text import END, UNSPACED, is_dense, is_hangul

_NARROW, _WIDE = 40, 120  # columns of a width at which texts are wrapped
# Least number and share of lines that end where the next word has no room; in a short text, all of them.
_FORCED, _SHARE = 6, 0.8
_FORCED_SHORT, _SHORT = 3, 55  # and least columns of its lines
_BULLET = re.compile(r"\s*(?:[-*•·▪‣◦–○●□■+>|]|\d{1,3}[.)]|#{1,6})(?=\s|$)")
_RULE = re.compile(r"[\W_]+$")


def _cells(text: str) -> int:
    """Return the columns that a text takes; East Asian characters take two."""
    if text.isascii() or not is_dense(text):
        return len(text)
    return len(text) + sum(1 for char in text if "\u1100" <= char <= "\u115f" or "\u2e80" <= char <= "\ua4cf" or "\uac00" <= char <= "\ud7a3" or "\uf900" <= char <= "\ufaff" or "\uff00" <= char <= "\uff60")  # fmt: skip # noqa: E501


def _length(unit: Unit) -> int:
    return len(unit.text)


def _first_word(text: str) -> int:
    """Return the columns of the first word, which would have to fit above."""
    bare = text.lstrip()
    if is_dense(bare[:1]) and not is_hangul(bare[:1]):
        return 2
    return _cells(bare.split(None, 1)[0])


def wrapped_width(units: Sequence[Unit]) -> int:
    """Return the width in columns at which the text was wrapped, 0 if it was not."""
    if len(units) < _FORCED_SHORT:
        return 0
    # Most texts end here. A text has at least as many columns as characters.
    long = sorted(length for length in map(_length, units) if length >= _NARROW // 2)
    if len(long) < _FORCED_SHORT or long[min(len(long) - 1, len(long) * 97 // 100)] > _WIDE:
        return 0
    lengths = [_cells(unit.text) for unit in units]
    long = sorted(length for length in lengths if length >= _NARROW)
    if len(long) < _FORCED_SHORT:
        return 0
    width = long[min(len(long) - 1, len(long) * 97 // 100)]
    if width > _WIDE:
        return 0
    forced = free = 0
    for at in range(len(units) - 1):
        if units[at + 1].gap or lengths[at] * 2 < width or lengths[at] > width:
            continue
        below = units[at + 1].text
        if _BULLET.match(below) or _RULE.match(units[at].text) or END.search(units[at].text[-8:]):
            continue
        if lengths[at] + 1 + _first_word(below) > width:
            forced += 1
        else:
            free += 1
    if forced >= _FORCED:
        return width if forced >= _SHARE * (forced + free) else 0
    return width if forced >= _FORCED_SHORT and not free and width >= _SHORT else 0


def unwrapped(units: Sequence[Unit], width: int, *, markdown: bool) -> list[Unit]:
    """Join the lines of each paragraph."""
    hyphens = sum(unit.text.endswith("-") for unit in units) * 33 > len(units)
    whole = ""  # of the text, to see how it writes a word elsewhere
    out: list[Unit] = []
    texts: list[str] = []  # of the lines of the paragraph so far
    pieces: list[tuple[int, str]] = []
    fence = False
    last = 0  # columns of the line above

    def finish() -> None:
        if out and len(pieces) > 1:
            out[-1].text, out[-1].pieces = "".join(texts), tuple(pieces)

    for unit in units:
        bare = unit.text.lstrip()
        if markdown and bare.startswith("```"):
            fence = not fence
        if (
            out
            and not unit.gap
            and not fence
            and last * 2 >= width
            and last <= width + 2
            and last + 1 + _first_word(bare) > width
            and not _BULLET.match(bare)
            and not _RULE.match(pieces[-1][1])
            and (unit.indent >= out[-1].indent or len(pieces) > 1)
        ):
            if texts[-1].endswith("-") and not whole:
                whole = "\n".join([each.text for each in units])
            above, joint = _joint(texts[-1], bare, whole, hyphens=hyphens)
            texts[-1:] = [above, joint, bare]
            pieces.append((unit.pieces[0][0], bare))
        else:
            finish()
            out.append(Unit(unit.text, unit.pieces, unit.gap, unit.indent))
            texts, pieces = [unit.text], list(unit.pieces)
        last = _cells(unit.text)
    finish()
    return out


_BROKEN = re.compile(r"([^\W\d_]{1,40})[-\u00ad]$")
_LETTERS = re.compile(r"[^\W\d_]+")
_COORDINATING = frozenset("und oder bis sowie bzw and or to et ou y o e i og och en of".split())


def _joint(above: str, below: str, whole: str, *, hyphens: bool) -> tuple[str, str]:
    """Return how two lines of a paragraph are joined.

    The line above, perhaps without its hyphen, and what is between it and the line below.
    `whole` is the text, which may have the word elsewhere; `hyphens`: the wrapping divides words.
    """
    broken = _BROKEN.search(above[-80:]) if above[-1:] in ("-", "\u00ad") else None
    word = _LETTERS.match(below)
    if broken and word:
        head, tail = broken[1], word[0]
        if tail in _COORDINATING:
            return above, " "
        if above[-1] == "\u00ad":
            return above[:-1], ""
        if f"{head}-{tail}" in whole or not tail[0].islower():
            return above, ""
        return (above[:-1], "") if head + tail in whole or hyphens else (above, "")
    if above and below and UNSPACED.match(above[-1]) and UNSPACED.match(below[0]) and not is_hangul(below[0]):
        return above, ""
    return above, "" if above[-1:] in tuple("。、，！？」』）") and is_dense(below[:1]) else " "
