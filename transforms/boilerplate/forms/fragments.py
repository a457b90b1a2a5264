"""Text in which inline tags are on lines of their own.

BeautifulSoup's `get_text("\\n")` and many scrapers' loops over text nodes break a sentence at each
link and each bold word.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from newsbeam.transforms.boilerplate.forms.unit import Unit
from newsbeam.transforms.text import END, is_dense, is_hangul, is_solid

# What no line begins with, unless a sentence was broken before it. Quotation marks can open one.
_CONTINUES = re.compile(r"(?:[,;:.!?…)\]»”’%、。，．）」』؛،۔।]|[-–—](?=\w)|'s\b|’s\b)")
_LIST = re.compile(r"\s*[-*•·▪‣◦–+|>]\s|\s*\d{1,3}[.)]\s")
_LONG, _SHORT = 36, 80  # characters of what reads like a part of a paragraph; of a link or a bold word
_LEAST = 2  # broken sentences in a text with fragments
_BETWEEN = 2  # pieces of a sentence between two parts of a paragraph
# Particles with which no Japanese line begins.
_PARTICLES = frozenset("をがのにはでともへや")


def _lower(text: str) -> bool:
    return text[:1].islower()


# "von Max Muster" below a headline
_BYLINE = re.compile(r"(?:by|von|par|di|de|por|av|af|door|od|przez|от|від)\s+[^\W\d_a-zà-öø-ÿ]")


def _continues(text: str) -> bool:
    """Return whether a line continues the one above by its beginning alone."""
    if _lower(text):
        return len(text) > _SHORT or _BYLINE.match(text) is None
    return _CONTINUES.match(text) is not None or (text[:1] in _PARTICLES and len(text) > 1)


def has_fragments(units: Sequence[Unit]) -> bool:
    """Return whether sentences are broken at inline tags."""
    broken = marked = 0
    for above, below in itertools.pairwise(units):
        text = below.text
        if below.gap or above.indent != below.indent or not (len(above.text) >= _LONG or len(text) >= _LONG):
            continue
        text = text.strip()
        if _continues(text) and not END.search(above.text[-8:]):
            broken += 1
            marked += _CONTINUES.match(text) is not None
    return broken >= _LEAST and marked >= 1


def joined(units: Sequence[Unit]) -> list[Unit]:
    """Join the pieces of each sentence."""
    bare = [unit.text.strip() for unit in units]
    continues = [_continues(text) for text in bare]
    out: list[Unit] = []
    at = 0
    while at < len(units):
        end = _extent(units, bare, continues, at)
        if end == at:
            out.append(units[at])
        else:
            text = units[at].text
            for piece in bare[at + 1 : end + 1]:
                text = _glue(text, piece)
            run = units[at : end + 1]
            out.append(Unit(text, tuple(piece for unit in run for piece in unit.pieces), run[0].gap, run[0].indent))
        at = end + 1
    return out


def _extent(units: Sequence[Unit], bare: Sequence[str], continues: Sequence[bool], first: int) -> int:
    """Return the last piece of the sentence that begins at `first`."""
    last = first
    length = len(bare[first])
    while last + 1 < len(units) and length < _LONGEST:
        text = bare[last]
        if not any(continues[last + 1 : last + _BETWEEN + 2]) and not (length >= _LONG and text[-1:] in _OPENING):
            break
        if END.search(text[-8:]) and not _punctuation(bare[last + 1]):
            break
        to = _next(units, bare, continues, last, length)
        if to == last:
            break
        length += sum(map(len, bare[last + 1 : to + 1]))
        last = to
    return last


_LONGEST = 20_000  # characters of a paragraph


def _punctuation(text: str) -> bool:
    return _CONTINUES.match(text) is not None and not _lower(text)


def _next(units: Sequence[Unit], bare: Sequence[str], continues: Sequence[bool], last: int, length: int) -> int:
    """Return the next piece that belongs to the sentence, `last` if there is none."""
    begun = length >= _LONG
    text = bare[last]
    for ahead in range(1, _BETWEEN + 2):
        at = last + ahead
        if at >= len(units) or units[at].gap or _LIST.match(units[at].text):
            return last
        below = bare[at]
        if ahead == 1:
            if continues[at] and (begun or len(below) >= _LONG or (len(below) <= 2 and _punctuation(below))):
                return at
            if begun and text[-1:] in _OPENING:
                return at
        elif begun and continues[at] and not END.search(bare[at - 1][-8:]) and (len(below) >= 12 or _punctuation(below)):
            return at
        if len(below) > _SHORT or END.search(below[-8:]):
            return last
    return last


_OPENING = ",(„“«[‚「『（、"


def _glue(above: str, below: str) -> str:
    if below[:1] in ",;:.!?…)]»”%、。，．）」』؛،۔।" or above[-1:] in _OPENING.replace(",", "").replace("、", ""):
        return above + below
    if below[:1] in "-’'" and below[1:2].isalpha():
        return above + below
    if above[-1:] in "-/" and above[-2:-1].isalnum() and below[:1].isalnum() and not above.endswith(" -"):
        return above + below
    dense = is_dense(above[-1:]) and is_dense(below[:1]) and not is_hangul(above[-1:])
    return above + below if dense or (is_solid(above[-1:]) and is_solid(below[:1])) else f"{above} {below}"
