"""langdetect's profiles as one table of integers, and the sums that naive Bayes takes from it.

A profile counts the 1-, 2- and 3-grams of a language's Wikipedia. langdetect draws grams at random until it is sure; here
every gram of the text is looked up once, so the answer is exact and the same everywhere: log-probabilities are
kept as integers, whose sums do not depend on the order of adding.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import orjson
import yaml
from langdetect.detector import Detector
from langdetect.utils.ngram import NGram
from numpy.typing import NDArray

Codes = NDArray[np.uint64]
Sums = NDArray[np.int32]

SCALE = 1000
"""A log-probability of -1 nat is -SCALE in the table."""

_CHINESE = {"zh-cn": "zh", "zh-tw": "zh"}
_SPACE = ord(" ")
_BMP = 0x10000
# Above this code point a letter is as it is: no capitals, and of langdetect's foldings only those of ideographs and Hangul.
_FOLDED = 0x3200
_SLOTS = 1 << 19
_MIX = np.uint64(0x9E3779B97F4A7C15)
_MIX_SHIFT = np.uint64(64 - 19)


@dataclass(frozen=True)
class Profiles:
    """The table. Column i of `rows` is that of `languages[i]`, whose ISO 639-1 code is `codes[i]`; row 0 is all zero.

    Row 0 stands for a gram that no profile has. `fold` and `lower` map a code point of the BMP to langdetect's normal form
    of it and of its small letter; `letter`, `capital`, `latin`, `digit`, `space` say what it is. `slots` and `keys` are a
    hash table with linear probing from a gram's key to its row, which is at most `probes` slots away.
    """

    languages: tuple[str, ...]
    codes: tuple[str, ...]
    rows: NDArray[np.int32]
    fold: NDArray[np.uint16]
    lower: NDArray[np.uint16]
    letter: NDArray[np.bool_]
    capital: NDArray[np.bool_]
    latin: NDArray[np.bool_]
    digit: NDArray[np.bool_]
    space: NDArray[np.bool_]
    slots: NDArray[np.int32]
    keys: Codes
    probes: int

    def look_up(self, keys: Codes) -> NDArray[np.int32]:
        """The row of each key, 0 where there is none."""
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

    def sums(self, codes: NDArray[np.uint16], starts: NDArray[np.int64]) -> Sums:
        """The summed log-probabilities of the grams of each piece of `codes` in each language.

        `codes` are folded, with no two blanks in a row, and begin with a blank; piece i begins at `starts[i]`.
        The result is pieces × languages, in units of 1/SCALE nat, 0 at best.
        """
        wide = codes.astype(np.uint64)
        two = np.zeros_like(wide)
        two[1:] = (wide[:-1] << np.uint64(16)) | wide[1:]
        three = np.zeros_like(wide)
        three[2:] = (wide[:-2] << np.uint64(32)) | two[2:]
        found = self.look_up(np.stack([wide, two, three], axis=1).ravel())
        ends = np.append(starts[1:], len(codes)).tolist()
        total = np.zeros((len(starts), len(self.languages)), np.int32)
        for piece, (start, end) in enumerate(zip(starts.tolist(), ends, strict=True)):
            np.add.reduce(self.rows[found[3 * start : 3 * end]], axis=0, out=total[piece])
        return total


@cache
def profiles() -> Profiles:
    """The table, built from the installed langdetect on first use (about 0.4 s)."""
    counts: dict[str, dict[str, float]] = {}
    folder = files("langdetect") / "profiles"
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        if path.name.startswith("."):
            continue
        profile: dict[str, Any] = orjson.loads(path.read_bytes())
        totals = profile["n_words"]
        counts[profile["name"]] = {
            gram: count / totals[len(gram) - 1] for gram, count in profile["freq"].items() if len(gram) <= len(totals)
        }

    code = np.arange(_BMP, dtype=np.uint16)
    fold, lower = code.copy(), code.copy()
    letter, capital, latin, digit, space = (np.zeros(_BMP, np.bool_) for _ in range(5))
    for point in range(_FOLDED):
        sign = chr(point)
        small = sign.lower()
        fold[point] = ord(NGram.normalize(sign))
        lower[point] = ord(NGram.normalize(small)) if len(small) == 1 else fold[point]
        letter[point] = sign.isalpha()
        capital[point] = sign.isupper()
        digit[point] = sign.isdigit()
        space[point] = sign.isspace()
    fold[space] = lower[space] = _SPACE
    letter[0x3400:0xA000] = letter[0xAC00:0xD7A4] = True
    latin[[point for point in range(0x250) if chr(point).isalpha()]] = True
    latin[0x1E00:0x1F00] = True
    for sign, chosen in NGram.CJK_MAP.items():
        fold[ord(sign)] = lower[ord(sign)] = ord(chosen)
    fold[0xAC00:0xD7A4] = lower[0xAC00:0xD7A4] = ord(NGram.normalize("한"))
    fold[0xD800:0xF900] = lower[0xD800:0xF900] = _SPACE

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    scripts: dict[str, list[list[int]]] = yaml.load((files(__package__) / "scripts.yaml").read_bytes(), Loader=loader)  # noqa: S506 - both are safe
    for language, blocks in scripts.items():
        sign = chr(blocks[0][0])
        for first, last in blocks:
            fold[first : last + 1] = lower[first : last + 1] = ord(sign)
            letter[first : last + 1] = True
        counts[language] = dict.fromkeys((sign, sign * 2, " " + sign, sign + " ", sign * 3, " " + sign * 2, sign * 2 + " "), 0.3)

    names = sorted(counts)
    grams = sorted(set().union(*counts.values()))
    index = {gram: row for row, gram in enumerate(grams, 1)}
    chance = np.zeros((len(grams) + 1, len(names)))
    for column, name in enumerate(names):
        own = counts[name]
        chance[[index[gram] for gram in own], column] = list(own.values())
    # langdetect's own smoothing: half a count in ten thousand.
    floor = Detector.ALPHA_DEFAULT / Detector.BASE_FREQ
    rows = np.rint(np.log(chance + floor) * SCALE).astype(np.int32)
    rows[0] = 0

    keys = np.zeros(len(grams) + 1, np.uint64)
    keys[1:] = [_key(gram) for gram in grams]
    slots, probes = _hash(keys)
    return Profiles(
        tuple(names),
        tuple(_CHINESE.get(name, name) for name in names),
        rows,
        fold,
        lower,
        letter,
        capital,
        latin,
        digit,
        space,
        slots,
        keys,
        probes,
    )


def _key(gram: str) -> int:
    key = 0
    for sign in gram:
        key = key << 16 | ord(sign)
    return key


def _hash(keys: Codes) -> tuple[NDArray[np.int32], int]:
    """An open hash table of `keys[1:]` with linear probing, and the longest way to a key in it or to an empty slot."""
    slots = np.zeros(_SLOTS, np.int32)
    waiting = np.arange(1, len(keys), dtype=np.int32)
    slot = ((keys[waiting] * _MIX) >> _MIX_SHIFT).astype(np.int64)
    probes = 1
    while len(waiting):
        free = slots[slot] == 0
        # Of several that want one free slot, the last writer gets it; the others move on.
        slots[slot[free]] = waiting[free]
        left = slots[slot] != waiting
        waiting, slot = waiting[left], (slot[left] + 1) & (_SLOTS - 1)
        probes += 1
    return slots, probes
