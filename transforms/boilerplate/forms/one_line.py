"""Text that is all on one line: where its blocks begin.

`get_text(" ")` and many crawlers leave a page as one line, its menu right before its first sentence.
A learned classifier judges each space by the words around it: their capitals, how often they occur,
how far the ends of sentences are. It was trained on pages of which the blocks are known.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from newsbeam.transforms.boilerplate.forest import Forest, load_forest
from newsbeam.transforms.boilerplate.forms.unit import Unit
from newsbeam.transforms.boilerplate.scan import DIGIT, LOWER, STOP, UPPER, Ints, Scan, ends_sentence, scan
from newsbeam.transforms.package_data import load_arrays
from newsbeam.transforms.text import is_dense

# Characters of a line that holds this share of the text; of a text in ideographs, less than half as many.
_LONG, _SHARE = 500, 0.9
_WORDS = 20_000  # at once, to limit memory
_THRESHOLD = -400  # log odds in 1/1024: a block that is cut in two is judged by its parts, two that are not cut apart are lost together


def is_one_line(units: Sequence[Unit]) -> bool:
    """Return whether one line holds nearly all of the text."""
    if not units or len(units) > 12:
        return False
    lengths = [len(unit.text) for unit in units]
    longest = max(lengths)
    if longest < _SHARE * sum(lengths):
        return False
    return longest >= _LONG or (longest * 5 >= _LONG * 2 and is_dense(units[lengths.index(longest)].text))


def split_line(units: Sequence[Unit]) -> list[Unit]:
    """Return the blocks of the longest line, and the other lines as they are."""
    longest = max(units, key=lambda unit: len(unit.text))
    out: list[Unit] = []
    for unit in units:
        if unit is not longest:
            out.append(unit)
            continue
        number = unit.pieces[0][0]
        gap = unit.gap
        for block in blocks(unit.text.split()):
            out.append(Unit(block, ((number, block),), gap))
            gap = False
    return out


def blocks(words: list[str]) -> list[str]:
    """Join the words to blocks, which are sentences at most."""
    made: list[str] = []
    for start in range(0, len(words), _WORDS):
        part = words[start : start + _WORDS]
        begins = boundaries(part)
        at = 0
        for to in [*begins, len(part)]:
            if to > at:
                made.append(" ".join(part[at:to]))
            at = to
    return made


def boundaries(words: Sequence[str]) -> list[int]:
    """Return the words with which blocks and sentences begin, without the first."""
    if len(words) < 2:
        return []
    page = scan(words)
    places = candidates(page)
    if not len(places):
        return []
    rows = columns(page, places)
    found = boundary_model().scores(rows) > _THRESHOLD
    found |= _sentence_ends(page)[places - 1]
    return [int(place) for place in places[found]]


def _sentence_ends(page: Scan) -> NDArray[np.bool_]:
    # "J. Smith", "U.S. officials": an initial ends no sentence; nor does a number ("5. Mai")
    letters = page.lengths - page.counts[:, STOP]
    initial = (letters <= 2) & (page.counts[:, UPPER] > 0) | (page.first == DIGIT) & (letters <= 2)
    ends: NDArray[np.bool_] = ends_sentence(page) & ~initial
    return ends


def candidates(page: Scan) -> Ints:
    """Return the words that may begin a block.

    Those that do not begin with a small letter, or that follow the end of a sentence.
    """
    low = page.first == LOWER
    after = np.zeros(len(low), bool)
    after[1:] = page.last[:-1] == STOP
    return np.flatnonzero((~low | after) & (np.arange(len(low)) > 0))


NAMES = (
    "prev_class", "prev_last", "prev_len", "prev_low", "next_class", "next_last", "next_len", "next_low", "prev2", "next2", "prev2_last",
    "next2_last", "low-3", "low-6", "low-12", "low+3", "low+6", "low+12", "cap-3", "cap-6", "cap+3", "cap+6", "num-3", "num+3",
    "since", "until", "pair", "again", "next_pair", "prev_pair", "sentence", "sentence_low", "all_low", "long-6", "long+6", "prev_again",
    "word_low",
)  # fmt: skip


def columns(page: Scan, places: Ints) -> NDArray[np.float32]:
    """Return the (places, NAMES) features of the spaces before the words at `places`."""
    count = len(page.many)
    first, last = page.first.astype(np.int64), page.last.astype(np.int64)
    whole = page.whole
    low, cap, num = first == LOWER, first == UPPER, first == DIGIT
    # words that the text has in small letters elsewhere: not names
    small = np.isin(whole, np.unique(whole[low])) & cap
    _, of, often = np.unique(whole, return_inverse=True, return_counts=True)
    again = np.minimum(often[of], 20)
    pairs = whole[:-1] * np.uint64(0x9E6C63D0876A9A47) + whole[1:]
    _, of, often = np.unique(pairs, return_inverse=True, return_counts=True)
    pair = np.ones(count + 1, np.int64)
    pair[1:count] = np.minimum(often[of], 20)  # of the word before and this one
    ends = _sentence_ends(page)
    place = np.arange(count)
    stop = np.maximum.accumulate(np.where(ends, place, -1))
    below = np.minimum.accumulate(np.where(ends, place, count)[::-1])[::-1]

    def total(flags: NDArray[np.bool_]) -> Ints:
        sums = np.zeros(count + 1, np.int64)
        np.cumsum(flags, out=sums[1:])
        return sums

    lows, caps, nums, longs = total(low), total(cap), total(num), total(page.lengths >= 7)

    def before(sums: Ints, reach: int) -> Ints:
        out: Ints = sums[places] - sums[np.maximum(places - reach, 0)]
        return out

    def after(sums: Ints, reach: int) -> Ints:
        out: Ints = sums[np.minimum(places + reach, count)] - sums[places]
        return out

    prev, prev2 = places - 1, np.maximum(places - 2, 0)
    next2 = np.minimum(places + 1, count - 1)
    until = np.minimum(below[places] - places, 60)
    sentence = below[places] - stop[prev]
    share = (lows[np.minimum(below[places] + 1, count)] - lows[stop[prev] + 1]) * 16 // np.maximum(sentence, 1)
    length = np.minimum(page.lengths, 20)
    values = (
        first[prev], last[prev], length[prev], small[prev], first[places], last[places], length[places], small[places], first[prev2],
        first[next2], last[prev2], last[next2], before(lows, 3), before(lows, 6), before(lows, 12), after(lows, 3), after(lows, 6),
        after(lows, 12), before(caps, 3), before(caps, 6), after(caps, 3), after(caps, 6), before(nums, 3), after(nums, 3),
        np.minimum(places - stop[prev], 60), until, pair[places], again[places], pair[np.minimum(places + 1, count)], pair[prev],
        np.minimum(sentence, 99), share, np.full(len(places), lows[-1] * 16 // count), before(longs, 6), after(longs, 6), again[prev],
        low[places],
    )  # fmt: skip
    return np.stack([value.astype(np.float32) for value in values], axis=1)


@cache
def boundary_model() -> Forest:
    """Load the classifier that ships with the package."""
    return load_forest(load_arrays("newsbeam.transforms.boilerplate", "boundaries.npz"))
