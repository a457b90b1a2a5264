"""Prefilter for lines that may match a rule, by the hashes of their words.

Few lines match a rule. Applying the rules to a line costs a hundred times as much as this filter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from newsbeam.transforms.boilerplate.lines.glued import GLUED
from newsbeam.transforms.boilerplate.scan import (
    BAR,
    CLOSE,
    CODE,
    COLON,
    COMMA,
    DASH,
    DENSE,
    DIGIT,
    QUOTE,
    SOLID,
    SPACE,
    STOP,
    Scan,
    ends_sentence,
    hash_word,
    scan,
)
from newsbeam.transforms.boilerplate.word_lists.load import Words, load, words

_BITS = 20
# Letters that are folded to two letters, so that the hashes of their words differ from those in the
# lists.
_ODD = {"ß": "ss", "և": "եւ"}
# What rules search that is not a word, in any position, and the rarest character of it.
_MARKS = (
    ("©", "©"), ("ⓒ", "ⓒ"), ("(", "(c)"), ("(", "(C)"), ("&", "&copy;"), ("&", "&nbsp;"), ("{", "{{"), ("$", "${"), ("%", "%%"),
    ("]", "]("), (":", "::"), ("\t", "\t"), ("@", "@"), *((letter, letter) for letter in _ODD),
)  # fmt: skip
_SHORT = 300  # maximum characters of a line that rules for complete lines match


class _Set:
    """A set of hashes as a table of flags; may have false positives."""

    def __init__(self, hashes: Iterable[int]) -> None:
        self.flags = np.zeros(1 << _BITS, bool)
        found = np.fromiter(hashes, np.uint64)
        self.flags[(found >> np.uint64(64 - _BITS)).astype(np.int64)] = True

    def of(self, hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Return whether each hash may be in the set."""
        found: NDArray[np.bool_] = self.flags[_place(hashes)]
        return found


@dataclass(frozen=True, eq=False)
class _Inside:
    """Phrases to search inside lines, by the slots of their rarest words.

    See `_held` for the slots.
    """

    phrases: tuple[str, ...]
    at: dict[int, list[int]]  # indices of phrases by slot
    always: list[int]  # indices of phrases without words
    # indices of phrases that may contain one of the letters that fold to two
    odd: dict[str, list[int]]
    flags: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class _Sieve:
    whole: _Set
    first: _Set
    pair: _Set
    platforms: _Set
    counted: _Set
    agencies: _Set
    by: _Set
    photo: _Set
    via: np.uint64
    inside: tuple[_Inside, _Inside, _Inside, _Inside]


def _place(hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
    places: NDArray[np.int64] = (hashes >> np.uint64(64 - _BITS)).astype(np.int64)
    return places


_MIX = np.uint64(0x9E6C63D0876A9A47)


def _held(hashes: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the slots of the words, and of each pair of consecutive words."""
    return _place(hashes), _place(hashes[:-1] * _MIX + hashes[1:])


def _inside(phrases: Iterable[str], *, roots: bool) -> _Inside:
    """Index phrases by slot.

    `roots`: compare only the beginnings of words, because the last word of a phrase may continue in
    the text.
    """
    kept = tuple(phrases)
    odd = {letter: [number for number, phrase in enumerate(kept) if pair in phrase] for letter, pair in _ODD.items()}
    out = _Inside(kept, {}, [], odd, np.zeros(1 << _BITS, bool))
    if kept:
        page = scan([phrase.strip() or "-" for phrase in kept])
        single, double = (held.tolist() for held in _held(page.roots if roots else page.hashes))
        for number, (begin, many) in enumerate(zip(page.begins.tolist(), page.many.tolist(), strict=True)):
            if many > 1:  # the longest pair of words, as the least frequent
                at = max(range(begin, begin + many - 1), key=lambda word: (int(page.sizes[word] + page.sizes[word + 1]), -word))
                out.at.setdefault(double[at], []).append(number)
            elif many:
                out.at.setdefault(single[begin], []).append(number)
            else:
                out.always.append(number)
        out.flags[list(out.at)] = True
    return out


def _word_of(phrases: Iterable[str], place: int) -> list[int]:
    """Return the hashes of the first (0) or last (-1) words of the phrases."""
    page = scan([phrase for phrase in sorted(map(str.strip, phrases)) if phrase] or ["-"])
    some = page.many > 0
    at = page.begins[some] if place == 0 else page.begins[some] + page.many[some] - 1
    return [int(number) for number in page.hashes[at]]


@cache
def _sieve() -> _Sieve:
    lists = words()
    whole = scan([phrase or "-" for table in (lists.whole, lists.ends, lists.over, lists.lists) for phrase in (table or ["-"])])
    share = [phrase for phrase, kind in lists.whole.items() if kind == "share"]
    starting = [phrase for phrases in lists.starts.values() for phrase, _ in phrases] + [start for start, _, _ in lists.frames]
    starts = scan([phrase.strip() or "-" for phrase in starting] or ["-"])
    first, pair = starts.opening, starts.pair
    agencies = [*map(str.lower, load("agencies.yaml")["pictures"]), "photo", "images", "news", "agency"]
    platforms = _word_of(lists.platforms, 0) + _word_of(lists.platforms, -1)
    return _Sieve(
        _Set(whole.whole.tolist()),
        _Set([*first[starts.many == 1].tolist(), *_word_of(share, 0)]),
        _Set(pair[starts.many > 1].tolist()),
        _Set(platforms),
        _Set(_word_of(lists.count, 0)),
        _Set(_word_of(agencies, -1)),
        _Set(_word_of(lists.by, 0)),
        _Set(_word_of(lists.photo, 0)),
        np.uint64(hash_word("via")),
        (
            _inside((phrase for phrase, _ in lists.holds), roots=True),
            _inside((phrase for phrase, _ in lists.tails), roots=True),
            _inside(lists.shots, roots=False),
            _inside(lists.provided, roots=False),
        ),
    )


@dataclass(frozen=True, eq=False)
class Prefiltered:
    """Result of the prefilter.

    `lists` has the word lists without phrases that do not occur. Per line: `may_match` (a rule may
    match), `may_be_byline` (it may be a byline or a date), `prose` (it is prose; undefined for `dense`
    lines, with East Asian letters, for which `rules.is_prose` must be called).
    """

    lists: Words
    may_match: NDArray[np.bool_]
    may_be_byline: NDArray[np.bool_]
    prose: NDArray[np.bool_]
    dense: NDArray[np.bool_]


def prefilter(page: Scan) -> Prefiltered:
    """Apply the prefilter to a text."""
    sieve, lists = _sieve(), words()
    kinds = page.counts.T
    count = len(page.many)
    may_match = np.zeros(count, bool)
    roots, exact = _held(page.roots), _held(page.hashes)
    kept = []
    text = page.joined
    for table, each in zip(sieve.inside, (roots, roots, exact, exact), strict=True):
        found = set(table.always)
        for letter, numbers in table.odd.items():
            if letter in text:
                found.update(numbers)
        for held in each:
            hits = np.flatnonzero(table.flags[held])
            if len(hits):
                may_match[page.line_of[hits]] = True
                for place in held[hits].tolist():
                    found.update(table.at[place])
        kept.append(sorted(found))
    may_match[page.line_of[sieve.photo.of(page.hashes)]] = True
    may_match[page.doubled] = True
    for sign, mark in _MARKS:
        if sign in text:
            at = text.find(mark)
            while at >= 0:
                may_match[np.searchsorted(page.ends, at)] = True
                at = text.find(mark, at + len(mark))
    first, pair = page.opening, page.pair
    short = page.lengths <= _SHORT
    last = page.hashes[np.maximum(page.begins + page.many - 1, 0)] if len(page.hashes) else first
    digits, spaces, opens = kinds[DIGIT], kinds[SPACE], page.first > SPACE
    dense = kinds[DENSE] + kinds[SOLID] > 0
    few = page.lengths <= 48
    signs = (kinds[BAR] > 0) | (opens & ((page.first != DASH) & (page.first != QUOTE))) | dense
    signs |= (spaces == 0) & (page.many > 1) | (digits > 0) & (page.lengths >= 16) & ((spaces == 0) | (page.many == 5) & few)
    signs |= (digits > 1) & (page.many <= 4) & (page.lengths <= 30)
    counted = np.zeros(count, bool)
    counted[page.line_of[sieve.counted.of(page.hashes)]] = True
    signs |= few & (sieve.platforms.of(first) | sieve.platforms.of(last) | counted & (digits > 0))
    via = np.zeros(count, bool)
    via[page.line_of[page.hashes == sieve.via]] = True
    signs |= (page.lengths <= 60) & sieve.agencies.of(last) | via
    may_match |= (page.lengths >= GLUED) & (page.inner > 0) & ~ends_sentence(page)  # perhaps with labels at its end
    may_match |= sieve.whole.of(page.whole) | (page.many == 0) | short & (sieve.first.of(first) | sieve.pair.of(pair) | signs)
    may_be_byline = (digits > 0) | sieve.by.of(first) | (kinds[CODE] > 0) | (opens & (page.last == CLOSE)) | dense
    marked = kinds[STOP] + kinds[COMMA] + kinds[COLON] + kinds[CODE] > 0
    wide = kinds[DENSE] > 0
    prose = (page.lengths >= 100) & marked
    holds, tails, shots, provided = kept
    return Prefiltered(
        replace(
            lists,
            holds=[lists.holds[number] for number in holds],
            tails=[lists.tails[number] for number in tails],
            shots=tuple(lists.shots[number] for number in shots),
            provided=tuple(lists.provided[number] for number in provided),
        ),
        may_match,
        may_be_byline & (page.lengths <= 200),
        prose,
        wide,
    )
