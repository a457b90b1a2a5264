"""Bylines, dates and signatures around the text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from newsbeam.transforms.boilerplate.word_lists.load import Words
from newsbeam.transforms.document import LineKind
from newsbeam.transforms.text import END, bare, fold, is_dense

_WORDS = re.compile(r"[^\W\d_]+")

_DATED = re.compile(r"\d{1,4}[./-]\s?\d{1,2}[./-]\s?\d{2,4}|\d{1,2}:\d\d|\d\W{0,3}[^\W\d]|[^\W\d]\W{0,3}\d")


def _is_date(line: str, lists: Words) -> bool:
    """Return whether the line is only a date, a time or a reading time."""
    if len(line) > 90 or _DATED.search(line) is None:
        return False
    return all(word in lists.date for word in _WORDS.findall(line.casefold()))


_PARTICLES = frozenset("and de van von der la und et y e for of the del da do dos das di ibn bin al".split())


def _is_byline(line: str, lists: Words) -> bool:
    """Return whether the line is "By Jane Doe": a word for "by", then names."""
    if len(line) > 80 or END.search(line):
        return False
    first, _, rest = line.strip().partition(" ")
    if bare(fold(first)) not in lists.by:
        return False
    names = rest.replace(",", " ").replace("|", " ").split()
    return 1 <= len(names) <= 8 and all(name[0].isupper() or not name[0].isalpha() or name in _PARTICLES for name in names)


_DAY = re.compile(
    r"\d{4}[./-]\s?\d{1,2}[./-]\s?\d{1,2}|\d{1,2}[./-]\s?\d{1,2}[./-]\s?\d{4}|\d{4}\s?[年년]"
    r"|\d{1,2}(?:st|nd|rd|th|er|º|\.)?\s(?:de\s)?([^\W\d_]{3,12})\.?,?\s(?:de\s)?\d{4}|([^\W\d_]{3,12})\.?\s\d{1,2}(?:st|nd|rd|th)?,?\s\d{4}"
)

_TIME = re.compile(r"\d{1,2}[:h]\d\d")

_PIECES = re.compile(r"[\s|｜·•,;()（）\[\]<>]+")


def _is_info(line: str, lists: Words, top: bool) -> bool:
    """Return whether the line is an information row of an article.

    Such a row has author, date, place and buttons. It contains a complete date, and otherwise only
    names, labels and words of dates. At the top, where the headline may be, it must begin with a
    word for "by", or with a date that includes the time.
    """
    if len(line) > 180 or line[-1] in "!?。！？":
        return False
    day = _DAY.search(line)
    if day is None or any(word and word.casefold() not in lists.date for word in day.groups()):
        return False
    pieces = [piece for piece in _PIECES.split(line) if piece]
    by = bare(fold(pieces[0])) in lists.by
    begins = line[: day.start()].strip("-–— ") == ""
    if not by and not (_TIME.search(line) and (begins or not top)) and (top or not begins):
        return False
    names = 0
    for piece in pieces:
        core = bare(piece.casefold())
        letters = _WORDS.findall(core)
        if core in lists.by or core in _PARTICLES or all(word in lists.date for word in letters):
            continue
        if not piece[0].isupper() and not (is_dense(core) and len(core) <= (14 if ":" in piece or "：" in piece else 6)):
            return False
        names += 1
    return names <= 12


def is_byline_or_date(line: str, lists: Words) -> bool:
    """Return whether the line is only a byline or a date."""
    return bool(line) and len(line) <= 120 and (_is_byline(line, lists) or _is_date(line, lists) or _is_info(line, lists, top=False))


_SIGNED = re.compile(r"^(.{2,60}) +\(?[\w.+-]+@[\w-]+(?:\.[\w-]+)+\)?$")

_ASIDE = re.compile(r"^[（(]([^()（）]{2,30})[)）]$")


def _is_signature(line: str, last: bool) -> bool:
    """Return whether the line is a signature.

    That is a name with a mail address or, below an East Asian article, a name in brackets.
    """
    if match := _SIGNED.match(line) or (_ASIDE.match(line) if last else None):
        names = match[1].split()
        if is_dense(match[1]):
            return len(match[1]) <= 12 and match[1].replace(" ", "").isalpha()
        return match.re is _SIGNED and len(names) <= 5 and all(name[0].isupper() for name in names)
    return False


def mark_bylines(
    texts: Sequence[str],
    kinds: list[LineKind],
    lists: Words,
    prose: Sequence[bool],
    headings: Sequence[bool] = (),
    may_be_byline: Sequence[bool] = (),
) -> None:
    """Mark bylines, dates and signatures around the article.

    They are before the first and after the last paragraph. `headings` are excluded. `may_be_byline` says for
    each text whether it is a candidate.
    """
    first, last = extent(kinds, prose)
    if first < 0:
        return
    second = next((at for at in range(first + 1, last + 1) if prose[at] and not kinds[at]), first)
    top = True
    for at, text in enumerate(texts):
        if kinds[at] or not text:
            continue
        if may_be_byline and not may_be_byline[at]:
            top = False
            continue
        if first <= at <= last or (headings and headings[at]):
            top = False
            # The paragraph above a byline is the lead of the article.
            if first < at < second and not (headings and headings[at]):
                line = text.strip()
                begins = not line[0].islower() and bare(fold(line.partition(" ")[0])) in lists.by
                if begins and (_is_byline(line, lists) or _is_info(line, lists, top)):
                    kinds[at] = "byline"
            continue
        line = text.strip()
        if len(line) <= 200 and (
            _is_date(line, lists) or _is_byline(line, lists) or _is_info(line, lists, top) or _is_signature(line, at > last)
        ):
            kinds[at] = "byline"
        else:
            top = False


def extent(kinds: Sequence[LineKind], prose: Sequence[bool]) -> tuple[int, int]:
    """Return the first and the last paragraph, -1 if there is none."""
    count = len(prose)
    first = next((at for at in range(count) if prose[at] and not kinds[at]), -1)
    last = next((at for at in range(count - 1, -1, -1) if prose[at] and not kinds[at]), -1)
    return first, last
