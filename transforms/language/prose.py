"""Select the lines of a text that are prose.

Tables of names and results, references, code and numbers say nothing about the language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from newsbeam.transforms.text import UNSPACED

# Of a long text, only the beginning of each of these sections is read.
_MAX_SECTIONS = 64
_SIGNS_OF_SECTION = 1_500
# Longer lines are split into sentences.
_MAX_LINE = 600
# Minimum letters of prose that are needed to identify its language; a letter of a script without
# spaces counts as three.
_MIN_LETTERS = 60
_DENSE_LETTER = 3
# Text other than prose matters from this many lines or characters on, if it is more than one in
# _MIN_REST characters.
_MIN_ROWS = 5
_MIN_ROW_SIGNS = 500
_MIN_REST = 6
# Minimum lines of a list.
_MIN_LIST = 10

_SENTENCE = re.compile(r"[^.!?…。！？؟۔]+[.!?…。！？؟۔]*[\"')\]»”’]*\s*|[.!?…。！？؟۔]+\s*")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_NUMBER = re.compile(r"\d+")
# Frequent in programs, tables and markup, rare in sentences.
_SYMBOL = re.compile(r"[{}()\[\]<>=;_$\\|*&#@^~+\t]")
_PUNCTUATION = re.compile(r"[.!?…,。！？、，؟،۔।]")
# "12. Doe J, Roe R. A title. A journal. 2020;16:299–307.": a year, and other marks of a reference
# close together.
_YEAR = re.compile(r"(?<!\d)(?:1[89]|20)\d\d(?!\d)")
_REFERENCE = re.compile(
    r"^\s*(?:\[\w{1,12}\]|\d{1,3}[.)]\s|\^)|\b[A-ZÀ-ÞА-Я]\.(?=[\s,;])|\s[A-Z]{1,2}[,.]\s"
    r"|\bdoi\b|\bISBN\b|\bRetrieved\b|\bArchived\b|\bpp\.|\bvol\.|\bno\.|\bet al\b|\d\s?[–-]\s?\d|\d[;:]\d|\d\(\d|\(\d{4}\)"
)
_SIGNS_A_REFERENCE = 60


@dataclass(frozen=True)
class Part:
    """A part of the text, and its prose ("" if it is not prose)."""

    start: int
    end: int
    prose: str


def prose_parts(text: str, whatever_else: bool = False) -> list[Part] | None:
    """Split the text into parts that are prose and parts that are not.

    Returns None if there is too little prose to identify its language, or (unless `whatever_else`)
    so little other text that it does not matter.
    """
    units = [(start, end, is_prose(text[start:end])) for start, end in _units(text)]
    prose = "".join(text[start:end] for start, end, votes in units if votes)
    if sum(map(len, _WORD.findall(prose))) + (_DENSE_LETTER - 1) * len(UNSPACED.findall(prose)) < _MIN_LETTERS:
        return None
    judged = sum(end - start for start, end, _ in units)
    if not whatever_else:
        rest = judged - len(prose)
        rows = sum(not votes and text[end - 1] == "\n" for _, end, votes in units)
        if (rows < _MIN_ROWS and rest < _MIN_ROW_SIGNS) or rest * _MIN_REST < judged:
            return None
    least = len(prose) // _MAX_SECTIONS if judged > _MAX_SECTIONS * 40 else 0
    parts: list[Part] = []
    begin = end = 0
    waiting: list[str] = []
    size = 0
    was_prose = False
    for start, end, votes in units:
        if size > least or (votes != was_prose and len(parts) < 2 * _MAX_SECTIONS):
            if start > begin:
                parts.append(Part(begin, start, "".join(waiting)))
            begin, waiting, size = start, [], 0
        if votes:
            waiting.append(text[start:end])
            size += end - start
        was_prose = votes
    parts.append(Part(begin, len(text), "".join(waiting)))
    return parts


def is_names(text: str) -> bool:
    """Return whether a text without prose is a list or table of names.

    It has many lines, and hardly any lower-case words.
    """
    lines = [text[start:end] for start, end in _units(text)]
    words = [word for line in lines for word in _WORD.findall(line)]
    small = sum(map(str.islower, words))
    capital = sum(word[0].isupper() for word in words)
    return sum(not line.isspace() for line in lines) >= _MIN_LIST and small * 5 < capital and not any(map(is_prose, lines))


def is_prose(line: str) -> bool:
    """Return whether a line reads like sentences of some language.

    It has enough words, and most are not names, numbers or symbols.
    """
    words = _WORD.findall(line)
    letters = sum(map(len, words))
    numbers = _NUMBER.findall(line)
    if letters < 12 or sum(map(len, numbers)) * 5 > letters or len(_SYMBOL.findall(line)) * 30 > len(line):
        return False
    dense = len(UNSPACED.findall(line))
    if dense * 2 > letters:
        return dense >= 25 or _PUNCTUATION.search(line) is not None
    small = sum(map(str.islower, words))
    capital = sum(word[0].isupper() for word in words)
    if (small + capital) * 2 < len(words) and sum(word.upper() == word.lower() for word in words) * 2 > len(words):  # a script without case
        return len(words) >= 8 or (len(words) >= 5 and _PUNCTUATION.search(line) is not None)
    if small < 3 or small + capital < 5 or small * 20 < 9 * (small + capital + len(numbers)):
        return False
    years, signs = len(_YEAR.findall(line)), len(_REFERENCE.findall(line))
    return not (years and signs) or (years + signs) * _SIGNS_A_REFERENCE < len(line)


def _units(text: str) -> Iterator[tuple[int, int]]:
    """Yield the lines of the text, and the sentences of long lines.

    Of a very long text, only those at the beginning of each section.
    """
    if len(text) <= _MAX_SECTIONS * _SIGNS_OF_SECTION:
        yield from _lines(text, 0, len(text))
        return
    step = len(text) // _MAX_SECTIONS
    for start in range(0, len(text) - step + 1, step):
        yield from _lines(text, start, start + _SIGNS_OF_SECTION)


def _lines(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    while start < stop:
        end = text.find("\n", start, stop) + 1 or stop
        if end - start <= _MAX_LINE:
            yield start, end
        else:
            for sentence in _SENTENCE.finditer(text, start, end):
                yield sentence.span()
        start = end
