"""Choose the headline of a scraped text.

Candidates are the lines above and around the first paragraph that stays, and the first lines, with
and without the name of the site behind a bar or dash. A learned classifier judges each by how the
text around it looks, whether it is repeated, and how many of its words the article has.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from newsbeam.transforms.boilerplate.forest import SCALE, Forest, load_forest
from newsbeam.transforms.boilerplate.forms.unit import Unit
from newsbeam.transforms.boilerplate.lines.headline import like_a_headline
from newsbeam.transforms.boilerplate.scan import Ints
from newsbeam.transforms.package_data import load_arrays
from newsbeam.transforms.text import END, is_dense

_ABOVE, _BELOW, _FIRST = 50, 10, 4  # lines above and below the first paragraph, and at the top
# At least the scores of what rules know to be something else than a headline, as a menu or a share row.
BARRED = 16 * SCALE
_NEAR = 15  # lines between the first two paragraphs
_SHORT, _LONG = 6, 250  # characters of a headline
_FOLLOWING = 120  # lines after the first paragraph in which words and copies of a headline are searched
_EDGE = "-*•·▪‣◦–#> \t\u00a0"
_JOINED = 4  # blocks of text on one line that may belong to a headline together
SEPARATOR = re.compile(r"\s[|·•»«–—‹›~/\\-]+\s|\s?[|｜]\s?|\s::\s|：")
_LEAD = re.compile(r"[-*•·▪‣◦–#>\s]+(?=\S)")
_WORD = re.compile(r"[^\W\d_]{4,}")
_DENSE_PAIR = re.compile(r"(?=([\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2}))")

NAMES = (
    "at", "above", "length", "words", "capitals", "digits", "stop", "colon", "score", "score-1", "score+1", "score+2", "heading",
    "item", "linked", "equal", "begun", "in_first", "begins_first", "in_lede", "in_text", "telling", "part", "joined", "next_length",
    "prev_length", "next_digits", "next2_digits", "to_prose", "form", "ruled", "gap", "gap_below", "count", "prose_next", "first_cut",
    "known_score", "question", "upper",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Candidate:
    """A possible headline: its text, and the units that hold it."""

    text: str
    first: int
    last: int
    part: int  # 0 all of the unit, 1 its beginning, 2 what follows the first separator, 3 its end


def candidates(units: Sequence[Unit], scores: Ints, prose: Sequence[bool], *, one_line: bool) -> tuple[list[Candidate], int]:
    """Return the candidates, and the index of the first paragraph that stays.

    The index is the number of units if no paragraph stays.
    """
    stays = [at for at, yes in enumerate(prose) if yes and scores[at] <= 0]
    # An article has more than one paragraph, near each other; what has one may be a notice.
    start = next((at for at, following in pairwise(stays) if following - at <= _NEAR), stays[0] if stays else len(units))
    if start == len(units):
        start = next((at for at in range(len(units)) if scores[at] <= 0 and len(units[at].text) >= 40), len(units))
    places = sorted({*range(min(_FIRST, len(units))), *range(max(0, start - _ABOVE), min(start + _BELOW, len(units)))})
    out: list[Candidate] = []
    for at in places:
        if scores[at] >= BARRED:
            continue
        text = units[at].text.strip()
        if lead := _LEAD.match(text):
            text = text[lead.end() :]
        if len(text) > 2 * _LONG:
            continue
        _add(out, text, at, at, 0)
        if at <= start and (cuts := list(SEPARATOR.finditer(text))):
            _add(out, text[: cuts[0].start()].strip(), at, at, 1)
            _add(out, text[cuts[0].end() :].strip(), at, at, 2)
            if len(cuts) > 1:
                _add(out, text[: cuts[-1].start()].strip(), at, at, 3)
        if one_line:
            joined = text
            for more in range(1, _JOINED):
                if at + more >= len(units) or len(joined) > _LONG or END.search(joined):
                    break
                following = units[at + more].text.strip()
                if at == 0 and SEPARATOR.match(f" {following}"):
                    break
                joined = f"{joined} {following}"
                _add(out, joined, at, at + more, 0)
                if cut := SEPARATOR.search(joined):
                    _add(out, joined[: cut.start()].strip(), at, at + more, 1)
    return out, start


def _add(out: list[Candidate], text: str, first: int, last: int, part: int) -> None:
    dense = is_dense(text)
    if _SHORT <= len(text) <= _LONG and (dense or " " in text or len(text) >= 12) and any(map(str.isalpha, text)):
        out.append(Candidate(text, first, last, part))


def normal(text: str) -> str:
    """Return a line as headlines are compared: in small letters, without bullets."""
    return text[:_LONG].casefold().strip(_EDGE)


def _telling(folded: str) -> set[str]:
    words = set(_WORD.findall(folded))
    if is_dense(folded):
        words = {word for word in words if not is_dense(word)} | set(_DENSE_PAIR.findall(folded))
    return words


def columns(
    found: Sequence[Candidate], start: int, units: Sequence[Unit], scores: Ints, prose: Sequence[bool], form: int, ruled: str
) -> NDArray[np.float32]:
    """Return the (candidates, NAMES) features, all integers."""
    count = len(units)
    folded = [normal(unit.text) for unit in units[: start + _FOLLOWING]]
    often = Counter(folded)
    starting = Counter(text[:24] for text in folded)
    kept = " ".join([folded[at] for at in range(start, len(folded)) if scores[at] <= 0])[:6000]
    text_words = _telling(kept)
    lede = _telling(folded[start]) if start < len(folded) else set()
    head = folded[0] if folded else ""

    def score(at: int) -> int:
        return int(max(-4096, min(4096, scores[at]))) >> 6 if 0 <= at < count else 0

    def length(at: int) -> int:
        return min(len(units[at].text), 300) if 0 <= at < count else 0

    def digits(at: int) -> int:
        return sum(map(str.isdigit, units[at].text[:80])) if 0 <= at < count else 0

    out = np.zeros((len(found), len(NAMES)), np.float32)
    cut_heads = {normal(item.text) for item in found if item.first <= 1 and item.part in (1, 3)}
    for number, item in enumerate(found):
        at, last = item.first, item.last
        unit = units[at]
        key = normal(item.text)
        words = _telling(key)
        split = item.text.split()
        dense = is_dense(item.text)
        many = len(split) if not dense else len(item.text) // 2
        begins = starting[key[:24]] if len(key) >= 12 else 0
        out[number] = (
            min(at, 100), min(max(start - at, -10), 60), len(item.text) * (2 if dense else 1), many,
            sum(word[:1].isupper() for word in split) * 16 // len(split), sum(map(str.isdigit, key)), END.search(item.text) is not None,
            ":" in item.text, score(at), score(at - 1), score(last + 1), score(last + 2), unit.mark == "heading", unit.mark == "item",
            unit.linked, min(often[key] - (item.part == 0 and at == last), 5), min(begins, 6), key in head,
            head.startswith(key) and len(key) >= 8,
            len(words & lede) * 16 // max(len(words), 1), len(words & text_words) * 16 // max(len(words), 1), len(words), item.part,
            last - at, length(last + 1), length(at - 1), digits(last + 1), digits(last + 2), min(max(start - last, -5), 40), form,
            bool(ruled) and key == ruled, unit.gap, last + 1 < count and units[last + 1].gap, min(start, 200),
            last + 1 < count and prose[last + 1], key in cut_heads, score(last), item.text.endswith(("?", "!", "？", "！")),
            item.text.isupper(),
        )  # fmt: skip
    return out


def choose_title(units: Sequence[Unit], scores: Ints, prose: Sequence[bool], form: int, ruled: str, *, one_line: bool) -> Candidate | None:
    """Return the headline, None if no candidate is likely enough.

    `scores` are the log odds of boilerplate of the units, `ruled` is the headline by rules ("" for none).
    """
    found, start = candidates(units, scores, prose, one_line=one_line)
    if not found:
        return None
    ruled = normal(ruled)
    likely = title_model().scores(columns(found, start, units, scores, prose, form, ruled))
    # If two are about as likely, the one that the rules take for it.
    likely = likely + _RULED * np.array([normal(item.text) == ruled for item in found])
    best = int(np.argmax(likely))
    clean = int((scores > 0).sum()) * _CLEAN < len(units)
    if int(likely[best]) > (_THRESHOLD_CLEAN if clean else _THRESHOLD):
        return found[best]
    # In doubt, the first line that stays, if it looks like a headline.
    first = next((at for at in range(min(start, len(units))) if scores[at] <= 0 or (clean and scores[at] < BARRED)), -1)
    if first < 0 or not like_a_headline(units[first].text.strip()):
        return None
    return next((item for item in found if item.part == 0 and item.first == item.last == first), None)


_RULED = SCALE

# A page has a headline nearly always; a text in which fewer than one line of _CLEAN is boilerplate may have none.
_THRESHOLD, _THRESHOLD_CLEAN, _CLEAN = -3 * SCALE, -SCALE, 10


@cache
def title_model() -> Forest:
    """Load the classifier that ships with the package."""
    return load_forest(load_arrays("newsbeam.transforms.boilerplate", "titles.npz"))
