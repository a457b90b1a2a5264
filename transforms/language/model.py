"""The language model: scripts of letters, and weights of n-grams per language.

It is a multinomial logistic regression over the n-grams of `ngrams.py`, one per script that several
languages share. The weights are integers, whose sums are the same on every machine and in any
order. `train/` fits them; their data are described in `weights/model.md`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from newsbeam.transforms.language.ngrams import BLANK, COLUMNS, grams
from newsbeam.transforms.package_data import load_arrays

Sums = NDArray[np.int32]

SCALE = 12
"""A weight of SCALE is one nat."""

BLANKS, DIGIT, MARK, FIRST_SCRIPT = 1, 2, 3, 4
"""Kinds of signs in `Model.kind`: 0 is anything else; FIRST_SCRIPT + i a letter of `Model.scripts[i]`; a MARK may stand inside a word
of any script."""

KINDS = 64
SIMPLIFIED, TRADITIONAL, JAPANESE, CHINESE = 1, 2, 4, 8
"""Marks of an ideograph in `Model.han`: only simplified or only traditional Chinese has it; only Japanese has it; Japanese lacks it."""

APOSTROPHE = 0x27
UNSUPPORTED = re.compile(r"q[a-t][a-z]")
"""Codes for private use in ISO 639-2: groups of languages that are not supported. The model knows them so that no other language wins."""

# The upper 32 bits of a key are 22 for its slot and 10 for its fingerprint. A slot holds the
# inverted fingerprint and a row number, so that an empty slot (0) does not match key 0.
_SLOT_BITS = 22
_TO_TOP, _TO_SLOT, _TO_PRINT = np.uint64(32), np.uint32(10), np.uint32(20)
_PRINT, _ROW = np.uint32((1 << 10) - 1), np.uint32((1 << 20) - 1)


@dataclass(frozen=True, eq=False)
class Script:
    """A script (ISO 15924) with its languages.

    `first` is the index of its first language in `Model.languages`. `rows` (n-grams × languages)
    are the weights, empty for scripts with at most one language; their row numbers begin with
    `start`. `inside[kind]` says whether characters of that kind can be part of a word in the
    script.
    """

    name: str
    languages: tuple[str, ...]
    first: int
    start: int
    rows: NDArray[np.int8]
    inside: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Model:
    """The tables and weights.

    * `kind` and `fold` map a code point of the BMP to its kind, and to its normalised code for
      n-grams (BLANK if it is not a letter).
    * `han` has the marks of ideographs (SIMPLIFIED, TRADITIONAL, JAPANESE, CHINESE).
    * `number` is the index of a script by name; `weight[i]` is the weight of a letter in script i
      relative to other scripts.
    * `languages` are the columns of evidence, "" for scripts without a supported language.
      `columns[code]` are those of a language (Serbian has two), `script_of` the script of each,
      `prior` its prior evidence.
    * `table` is the hash table of the rows of all n-grams.
    """

    scripts: tuple[Script, ...]
    number: dict[str, int]
    languages: tuple[str, ...]
    columns: dict[str, list[int]]
    script_of: NDArray[np.int64]
    prior: NDArray[np.int64]
    weight: NDArray[np.int64]
    kind: NDArray[np.uint8]
    fold: NDArray[np.uint16]
    han: NDArray[np.uint8]
    table: NDArray[np.uint32]

    def sums(self, script: Script, codes: NDArray[np.uint16], starts: NDArray[np.int64]) -> Sums:
        """Sum the weights of the n-grams per piece and language.

        `codes` as for `grams`; piece i begins at `starts[i]`, after the BLANK before it. The sums
        are in units of 1/SCALE nat, and comparable only between the languages of one piece.
        """
        top = (grams(codes).ravel() >> _TO_TOP).astype(np.uint32)
        found = self.table.take(top >> _TO_SLOT)
        hit = np.flatnonzero((found >> _TO_PRINT) == (top & _PRINT ^ _PRINT))
        row = (found.take(hit) & _ROW) - np.uint32(script.start)
        other = row >= len(script.rows)  # an n-gram of another script with the same fingerprint
        if other.any():
            hit, row = hit[~other], row[~other]
        if len(starts) == 1:
            # A product with ones is faster than a sum. Floats are exact up to 2 ** 24, which is more than 130,000 weights.
            picked = script.rows.take(row, axis=0).astype(np.float32)
            summed: Sums = (np.ones((1, len(picked)), np.float32) @ picked).astype(np.int32)
            return summed
        total = np.zeros((len(starts), len(script.languages)), np.int32)
        bounds = [*np.searchsorted(hit, starts * COLUMNS).tolist(), len(hit)]
        for piece, (start, end) in enumerate(pairwise(bounds)):
            if end > start:
                np.add.reduce(script.rows.take(row[start:end], axis=0), axis=0, dtype=np.int32, out=total[piece])
        return total


@cache
def model() -> Model:
    """Load the model, on first use."""
    arrays = load_arrays("newsbeam.transforms.language", "model.npz")
    scripts: list[Script] = []
    languages: list[str] = []
    given = arrays["priors"].tolist()
    priors: list[int] = []
    table = np.zeros(1 << _SLOT_BITS, np.uint32)
    start = 1
    names = [line.split() for line in arrays["scripts"].tolist()]
    number = {line[0]: index for index, line in enumerate(names)}
    for name, *known in names:
        own = known or ([] if name in ("Hira", "Kana") else [""])
        own = ["" if UNSUPPORTED.fullmatch(language) else language for language in own]
        rows = arrays.get(f"{name}_rows")
        if rows is None:
            rows = np.zeros((0, len(own)), np.int8)
        else:
            top = np.cumsum(arrays[f"{name}_keys"], dtype=np.uint32)
            numbers = np.arange(start, start + len(rows), dtype=np.uint32)
            table[top >> _TO_SLOT] = (top & _PRINT ^ _PRINT) << _TO_PRINT | numbers
        inside = np.zeros(KINDS, np.bool_)
        parts = ("Hani", "Hira", "Kana") if name == "Hani" else (name,)
        inside[[MARK, *(FIRST_SCRIPT + number[part] for part in parts)]] = True
        scripts.append(Script(name, tuple(own), len(languages), start, rows, inside))
        languages += own
        priors += [int(given.pop(0)) if known else 0 for _ in own]
        start += len(rows)
    script_of = np.array([index for index, script in enumerate(scripts) for _ in script.languages], np.int64)
    columns: dict[str, list[int]] = {}
    for column, language in enumerate(languages):
        columns.setdefault(language, []).append(column)
    weight = np.zeros(KINDS - FIRST_SCRIPT, np.int64)
    weight[: len(scripts)] = 3
    weight[number["Latn"]] = 2
    weight[[number[name] for name in ("Hani", "Hira", "Kana", "Hang")]] = 8
    return Model(
        tuple(scripts),
        number,
        tuple(languages),
        columns,
        script_of,
        np.array(priors),
        weight,
        arrays["kind"],
        arrays["fold"],
        arrays["han"],
        table,
    )


def without_quotes(codes: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Blank apostrophes that are not between two letters."""
    marks = np.flatnonzero(codes == APOSTROPHE)
    if len(marks):
        padded = np.concatenate([[BLANK], codes, [BLANK]])
        before, after = padded[marks], padded[marks + 2]
        codes[marks[(before == BLANK) | (after == BLANK) | (before == APOSTROPHE) | (after == APOSTROPHE)]] = BLANK
    return codes
