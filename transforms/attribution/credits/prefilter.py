"""A prefilter for lines that may contain credits."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

from newsbeam.transforms.attribution.credits.eastern import may_credit
from newsbeam.transforms.attribution.credits.patterns import UPPER, any_of
from newsbeam.transforms.attribution.lexicon import load


# A line without any of these has no credit of that kind; substring tests avoid most patterns. Hints
# that are absent from the document are excluded first.
@cache
def _hints() -> tuple[_Hints, _Hints, _Hints]:
    """Return hints for rights and outlets, for pictures, and for bylines.

    The first two are in lower case.
    """
    words = load("credits")
    marks = (
        "©",
        "ⓒ",
        "(c)",
        "（c）",
        "copyright",
        "fot.",
        "foto.",
        "getty",
        "istock",
        "shutterstock",
        "ap photo",
        "afp photo",
        "ap images",
        "unsplash",
        "pixabay",
    )
    east = ("写真は", "画像は", "摄", "攝", "제공", "供图", "供圖", "محفوظ", "版权", "版權", "著作权", "courtesy", "contributed to this")
    lists = ("rights", "outlet", "link", "source_east", "file_photo")
    sure = (*marks, *east, *(word.lower() for key in lists for word in words[key]))
    names = [word for key in ("byline", "author", "reporter", "byline_east", "byline_ar", "author_caseless") for word in words[key]]
    byline = ("기자", "특파원", "記者", "记者", "Reporting by", "日", "（", "【", "|", "｜", "·", "•", *names)
    return _grouped(sure), _grouped(word.lower() for word in words["image"]), _grouped(byline)


@dataclass(frozen=True)
class _Hints:
    """Hints by their longest word, to look up in the set of a text's words.

    `east` has those in scripts without spaces, `signs` those without letters.
    """

    words: dict[str, tuple[str, ...]]
    keys: frozenset[str]
    east: tuple[str, ...]
    signs: tuple[str, ...]


def _grouped(hints: Iterable[str]) -> _Hints:
    words: dict[str, tuple[str, ...]] = {}
    east, signs = [], []
    for hint in sorted(set(hints)):
        letters = _LETTERS.findall(hint)
        if _EAST.search(hint):
            east.append(hint)
        elif letters:
            key = max(letters, key=len).lower()
            words[key] = (*words.get(key, ()), hint)
        else:
            signs.append(hint)
    return _Hints(words, frozenset(words), tuple(east), tuple(signs))


_LETTERS = re.compile(r"\w+")

_EAST = re.compile("[\u0600-\u06ff\u2e80-\uffff]")


def _present(hints: _Hints, text: str, words: frozenset[str], east: bool) -> list[str]:
    """Return the hints that occur in a text.

    `words` are the words of the text; `east` says whether it has letters of scripts without spaces.
    """
    found = [hint for hint in hints.signs if hint in text]
    if east:
        found += [hint for hint in hints.east if hint in text]
    for key in sorted(words & hints.keys):
        found += [hint for hint in hints.words[key] if hint in text]
    return found


# What follows a word for pictures if it announces a credit, rather than being part of a sentence.
_ANNOUNCES = re.compile(
    r"[^\S\n]{0,3}(?:[:=＝：|/ⓒ©\])）】>-]|by\b|via\b|courtesy\b|credit|source|provided|taken|$|[" + UPPER + r"][^.!?\n]{1,50}$)", re.M
)

CREDIT, BYLINE, DATED_LINE, WIRE, EASTERN = 1, 2, 4, 8, 16

# How a line with a dateline may begin.
_MAY_DATE = re.compile(
    rf"^(?:[●•■▲-]\s?)?(?:[(（【［〔\[][^\n]{{2,60}}?[)）】］〕\]]"
    rf"|[{UPPER}\u0621-\u064a][^\n]{{1,70}}?(?:[)\]）]|\s[—–ـ-]|[./]\s?[—–/-]|\.\s\d|\s/|[-/]\s)"
    r"|[\u0590-\u05ff\u0900-\u0eff][^\n]{1,40}?[)]"
    r"|[\u4e00-\u9fff]{4,16}\d{0,2}月?\d{1,2}日[电電])"
)


def credit_signs(lines: list[str]) -> list[int]:
    """Return for each line which credits it may contain, as bits.

    A few passes over all lines are enough, as most have no credit.
    """
    whole = "\n".join(lines)
    low = whole.lower()
    if len(low) != len(whole):
        low = "".join(char.lower() if len(char.lower()) == 1 else char for char in whole)
    signs = [0] * len(lines)
    starts = [0, *accumulate(len(line) + 1 for line in lines)]

    def mark(at: int, sign: int) -> int:
        """Set the bit of the line at an offset; return the start of the next."""
        index = bisect_right(starts, at) - 1
        signs[index] |= sign
        return starts[index + 1]

    words = frozenset(_LETTERS.findall(low))
    east = _EAST.search(whole) is not None
    sure, pictures, bylines = _hints()
    for groups, text, sign in ((sure, low, CREDIT), (bylines, whole, BYLINE)):
        for hint in _present(groups, text, words, east):
            at = text.find(hint)
            while at >= 0:
                at = text.find(hint, mark(at, sign))
    for word in _present(pictures, low, words, east):
        at = low.find(word)
        while at >= 0:
            inside = at and low[at - 1].isalpha() and word[0] < "\u2e80" and low[at - 1] < "\u2e80"
            if not inside and _ANNOUNCES.match(whole, at + len(word)):
                mark(at, CREDIT)
            at = low.find(word, at + 1)
    may_date, announced = _MAY_DATE.match, _announced().match
    for index, line in enumerate(lines):
        if may_date(line) or announced(line):
            signs[index] |= DATED_LINE
        if len(line) < _LONGEST_BYLINE and _SMALL_BYLINE.match(line):
            signs[index] |= BYLINE
        if "/" in line and _WIRE_PICTURE.search(line):
            signs[index] |= WIRE
        if east and line and may_credit(line):
            signs[index] |= EASTERN
    return signs


def long_lines(block: str) -> list[str]:
    """Return the stripped lines of a block, without very short ones."""
    return [line.strip() for line in block.split("\n") if len(line) > 2 and not line.isspace()]


def marks_credit(lines: list[tuple[str, str]]) -> Iterator[tuple[str, str, bool]]:
    """Yield lines with their kind and whether they can be a sign-off.

    That is: removed, or among the last three of the text.
    """
    total = sum(kind == "text" for kind, _ in lines)
    seen = 0
    for kind, line in lines:
        seen += kind == "text"
        yield kind, line, kind != "text" or seen > total - 3


_LONGEST_BYLINE = 60
_SMALL_BYLINE = re.compile(rf"(?:di|de|por|par|von|av|af|door|by)\s[{UPPER}]")
_WIRE_PICTURE = re.compile(rf"[{UPPER}]{{2}}/[{UPPER}][a-zà-ÿа-яё]")


@cache
def _announced() -> re.Pattern[str]:
    return re.compile(rf"^[(（\[【—–]?[^\S\n]?{any_of('agency_source', 'i')}(?=[\s:：])")
