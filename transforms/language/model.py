"""The learned model: which script a letter is of, and what each gram of a word says for each language of its script.

A multinomial logistic regression over the grams of `grams.py`, one for each script that several languages share, its weights
whole numbers: sums of them are the same on every machine and in any order. `train/` makes the weights; `weights/model.md` says
of what.
"""

from __future__ import annotations

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
SIMPLIFIED, TRADITIONAL = 1, 2
APOSTROPHE = 0x27

# The upper 32 bits of a key are 22 for its slot and 10 for its print; a slot holds the print, inverted, and a row's number, so that
# an empty slot (0) fits no key 0.
_SLOT_BITS = 22
_TO_TOP, _TO_SLOT, _TO_PRINT = np.uint64(32), np.uint32(10), np.uint32(20)
_PRINT, _ROW = np.uint32((1 << 10) - 1), np.uint32((1 << 20) - 1)


@dataclass(frozen=True, eq=False)
class Script:
    """A script (ISO 15924), its languages, and the number of the first of them among `Model.languages`.

    `rows` (grams × languages) is empty where there is one language, or none. They are the rows from number `start` on.
    `inside[kind]` says whether a sign of that kind can be part of a word of the script.
    """

    name: str
    languages: tuple[str, ...]
    first: int
    start: int
    rows: NDArray[np.int8]
    inside: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Model:
    """The tables and the weights, ready for use.

    `kind` and `fold` say of a code point of the BMP what it is, and which code stands for it in grams (BLANK for what is no letter);
    `han` has a bit for an ideograph that only simplified, or only traditional, Chinese has. `number` is a script's index by its name,
    `weight[i]` what a letter of script i counts against one of another. `languages` are the columns of all evidence, "" standing for
    whatever is written in a script that we know no language of; `columns[code]` are a language's (Serbian has two), `script_of` the
    script of each, `prior` what is added to a text's evidence for each. `table` is the hash table of all grams' rows.
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
        """What the grams of each piece of `codes` say for each language of the script, in units of 1/SCALE nat.

        `codes` as `grams` wants them, a piece's first sign (not the BLANK before it) at `starts[i]`. The sums are good for comparing
        the languages of one piece with each other.
        """
        top = (grams(codes).ravel() >> _TO_TOP).astype(np.uint32)
        found = self.table.take(top >> _TO_SLOT)
        hit = np.flatnonzero((found >> _TO_PRINT) == (top & _PRINT ^ _PRINT))
        row = (found.take(hit) & _ROW) - np.uint32(script.start)
        other = row >= len(script.rows)  # a gram of another script with the same print
        if other.any():
            hit, row = hit[~other], row[~other]
        if len(starts) == 1:
            return np.add.reduce(script.rows.take(row, axis=0), axis=0, dtype=np.int32, keepdims=True)
        total = np.zeros((len(starts), len(script.languages)), np.int32)
        bounds = [*np.searchsorted(hit, starts * COLUMNS).tolist(), len(hit)]
        for piece, (start, end) in enumerate(pairwise(bounds)):
            if end > start:
                np.add.reduce(script.rows.take(row[start:end], axis=0), axis=0, dtype=np.int32, out=total[piece])
        return total


@cache
def model() -> Model:
    """The model that ships, read on first use."""
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
    """`codes` with apostrophes blanked that do not stand between two letters."""
    marks = np.flatnonzero(codes == APOSTROPHE)
    if len(marks):
        padded = np.concatenate([[BLANK], codes, [BLANK]])
        before, after = padded[marks], padded[marks + 2]
        codes[marks[(before == BLANK) | (after == BLANK) | (before == APOSTROPHE) | (after == APOSTROPHE)]] = BLANK
    return codes
