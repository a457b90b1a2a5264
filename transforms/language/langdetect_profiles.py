"""langdetect's n-gram profiles.

They decide which of two close languages a text is in, and whether it is in either.

A profile has the relative frequencies of 1-, 2- and 3-grams in a language's Wikipedia. langdetect
samples n-grams at random until it is certain. Here, each n-gram of the text is looked up once,
which is exact and reproducible: log probabilities are integers, whose sums do not depend on the
order.

No other module uses langdetect. `tests/language/test_language_langdetect.py` names what a new
version has changed of its internals.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import orjson
from langdetect.detector import Detector
from langdetect.utils.ngram import NGram
from numpy.typing import NDArray

from newsbeam.transforms.language.ngrams import Codes
from newsbeam.transforms.package_data import load_yaml

Keys = NDArray[np.uint64]

SCALE = 1000
"""A log-probability of -1 nat is -SCALE in the table."""

# langdetect's codes that differ from those used here; there are two profiles for Chinese.
_OUR_CODES = {"no": "nb", "zh-cn": "zh", "zh-tw": "zh"}
_BMP = 0x10000
# Above this code point, the only normalisations of langdetect are those of ideographs and Hangul.
_FOLDED = 0x3200
# langdetect's own smoothing: half a count in ten thousand.
_FLOOR = Detector.ALPHA_DEFAULT / Detector.BASE_FREQ
_UNSEEN = round(math.log(_FLOOR) * SCALE)
_SLOTS = 1 << 19
_MIX = np.uint64(0x9E3779B97F4A7C15)
_MIX_SHIFT = np.uint64(64 - 19)


@dataclass(frozen=True, eq=False)
class Profiles:
    """The profiles as a table.

    Column i of `rows` is for `languages[i]`. Row 0 is zero, for n-grams that are in no profile.
    `fold` maps a code to langdetect's normal form. `slots` and `keys` are a hash table with linear
    probing from the key of an n-gram to its row, at most `probes` slots away. `known` is the set of
    languages.
    """

    languages: tuple[str, ...]
    rows: NDArray[np.int32]
    fold: NDArray[np.uint16]
    slots: NDArray[np.int32]
    keys: Keys
    probes: int
    known: frozenset[str]

    def _look_up(self, keys: Keys) -> NDArray[np.int32]:
        """Return the row of each key, 0 if absent."""
        slot = ((keys * _MIX) >> _MIX_SHIFT).astype(np.int64)
        found = np.zeros(len(keys), np.int32)
        open_ = np.arange(len(keys))
        for _ in range(self.probes):
            row = self.slots[slot]
            hit = self.keys[row] == keys[open_]
            found[open_[hit]] = row[hit]
            going = ~hit & (row != 0)
            if not going.any():
                break
            open_, slot = open_[going], (slot[going] + 1) & (_SLOTS - 1)
        return found

    def sums(self, codes: Codes) -> dict[str, int]:
        """Return the sum of log probabilities for each language.

        In units of 1/SCALE nat. `codes` as for `ngrams.grams`.
        """
        wide = self.fold.take(codes).astype(np.uint64)
        two = np.zeros_like(wide)
        two[1:] = (wide[:-1] << np.uint64(16)) | wide[1:]
        three = np.zeros_like(wide)
        three[2:] = (wide[:-2] << np.uint64(32)) | two[2:]
        found = self._look_up(np.concatenate([wide, two, three]))
        sums: dict[str, int] = {}
        for language, total in zip(self.languages, self.rows.take(found, axis=0).sum(axis=0).tolist(), strict=True):
            sums[language] = max(total, sums.get(language, total))
        return sums


@cache
def profiles() -> Profiles:
    """Build the table from the installed langdetect, on first use (0.3 s)."""
    folder = files("langdetect") / "profiles"
    counts = {path.name: _read_profile(path.name) for path in folder.iterdir() if not path.name.startswith(".")}
    names = sorted(counts)
    grams = sorted(set().union(*counts.values()))
    index = {gram: row for row, gram in enumerate(grams, 1)}
    rows = np.full((len(grams) + 1, len(names)), _UNSEEN, np.int32)
    for column, name in enumerate(names):
        own = counts[name]
        rows[[index[gram] for gram in own], column] = _logs(own.values())
    rows[0] = 0

    keys = np.zeros(len(grams) + 1, np.uint64)
    keys[1:] = [_key(gram) for gram in grams]
    slots, probes = _hash(keys)
    languages = tuple(_OUR_CODES.get(name, name) for name in names)
    return Profiles(languages, rows, _fold(), slots, keys, probes, frozenset(languages))


def shortfall(codes: Codes, language: str) -> tuple[int, int]:
    """Compare the trigrams of `codes` with those of ordinary prose in a language.

    Only the profile of the language is read, on first use (4 ms).

    Returns:
        How much less probable the trigrams are, in units of 1/SCALE nat (negative if more), and
        their number: 0 if the language has no expected value or there are no trigrams.
    """
    expected = _expected().get(language)
    if expected is None or len(codes) < 3:
        return 0, 0
    wide = _fold().take(codes).astype(np.uint64)
    trigrams = (wide[:-2] << np.uint64(32)) | (wide[1:-1] << np.uint64(16)) | wide[2:]
    keys, logs = _trigrams(language)
    place = np.minimum(np.searchsorted(keys, trigrams), len(keys) - 1)
    known = place[keys[place] == trigrams]
    total = int(logs[known].sum(dtype=np.int64)) + _UNSEEN * (len(trigrams) - len(known))
    return expected * len(trigrams) - total, len(trigrams)


@cache
def _expected() -> dict[str, int]:
    table = load_yaml("newsbeam.transforms.language", "expected.yaml")
    return {language: int(value) for language, value in table["expected"].items()}


@cache
def _trigrams(language: str) -> tuple[Keys, NDArray[np.int32]]:
    """Return the keys of the trigrams in a profile, and their log probabilities.

    They are sorted by key.
    """
    name = next((theirs for theirs, ours in _OUR_CODES.items() if ours == language), language)
    profile = {_key(gram): share for gram, share in _read_profile(name).items() if len(gram) == 3}
    keys = np.array(sorted(profile), np.uint64)
    return keys, _logs([profile[key] for key in keys.tolist()])


def _read_profile(name: str) -> dict[str, float]:
    """Return the relative frequencies of the n-grams in a profile, by length.

    `name` is langdetect's code.
    """
    profile: dict[str, Any] = orjson.loads((files("langdetect") / "profiles" / name).read_bytes())
    totals = profile["n_words"]
    return {gram: count / totals[len(gram) - 1] for gram, count in profile["freq"].items() if len(gram) <= len(totals)}


def _logs(shares: Collection[float]) -> NDArray[np.int32]:
    logs: NDArray[np.float64] = np.log(np.fromiter(shares, np.float64, len(shares)) + _FLOOR)
    return np.rint(logs * SCALE).astype(np.int32)


@cache
def _fold() -> NDArray[np.uint16]:
    """Map each code to langdetect's normal form of it."""
    fold = np.arange(_BMP, dtype=np.uint16)
    for point in range(_FOLDED):
        fold[point] = ord(NGram.normalize(chr(point)))
    for sign, chosen in NGram.CJK_MAP.items():
        fold[ord(sign)] = ord(chosen)
    fold[0xAC00:0xD7A4] = ord(NGram.normalize("한"))
    return fold


def _key(gram: str) -> int:
    key = 0
    for sign in gram:
        key = key << 16 | ord(sign)
    return key


def _hash(keys: Keys) -> tuple[NDArray[np.int32], int]:
    """Build a hash table of `keys[1:]` with linear probing.

    Returns the table and the maximum number of probes.
    """
    slots = np.zeros(_SLOTS, np.int32)
    waiting = np.arange(1, len(keys), dtype=np.int32)
    slot = ((keys[waiting] * _MIX) >> _MIX_SHIFT).astype(np.int64)
    probes = 1
    while len(waiting):
        free = slots[slot] == 0
        # Of several keys for one free slot, the last wins; the others move on.
        slots[slot[free]] = waiting[free]
        left = slots[slot] != waiting
        waiting, slot = waiting[left], (slot[left] + 1) & (_SLOTS - 1)
        probes += 1
    return slots, probes
