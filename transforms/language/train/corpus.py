"""Training data: sentences, frequency lists, and n-gram counts from lingua.

The folder has `data/<language>/<source>.txt` (one sentence per line),
`words/<language>/<source>.tsv` (word, count; `tesseract*`: word, rank) and
`ngrams/<language>.<n>.tsv` (n-gram, count, count of the n-gram without its last character, share
among n-grams of that length; most frequent first).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_ADDRESS = re.compile(r"https?://\S+|www\.\S+|\S+@\S+|#\w+")
_WITH_DIGITS = re.compile(r"\S*\d\S*")
# maximum lines per file
_LINES = 50_000
_RANK = 20
_LONGEST = 5
# Folders whose name differs from the language, or that depend on the script.
_FOLDERS = {("Arab", "ku"): "ckb", ("Hebr", "yi"): "ydd"}
# Excluded sources: talks whose licence forbids derivatives, and strings of programs.
LEFT_OUT = ("ted", "mediawiki_ui", "gnome_docs")


@dataclass(frozen=True)
class Grams:
    """The published n-grams of one length, with their shares."""

    texts: list[str]
    shares: NDArray[np.float64]


def folder_of(script: str, language: str) -> str:
    """Return the folder with a language's text in a script."""
    return _FOLDERS.get((script, language), language)


def sentences(folder: Path, language: str, limit: int, leave_out: frozenset[str]) -> tuple[list[str], list[str]]:
    """Return at most `limit` sentences, and the names of their sources.

    The sources contribute as equally as possible. Addresses and numbers are removed. Sentences with
    a `key` in `leave_out` are skipped.
    """
    paths = [path for path in sorted((folder / "data" / language).glob("*.txt")) if path.stem not in LEFT_OUT]
    pools = []
    for path in paths:
        lines = path.read_text("utf-8", "replace").split("\n")[:_LINES]
        pools.append([line for line in lines if line.strip()])
    chosen: list[str] = []
    left = limit
    for place, lines in enumerate(sorted(pools, key=len)):
        room = min(len(lines), left // (len(pools) - place))
        # distributed over the file
        chosen += [lines[index * len(lines) // room] for index in range(room)]
        left -= room
    kept = [_WITH_DIGITS.sub(" ", _ADDRESS.sub(" ", line)).strip() for line in chosen if key(line) not in leave_out]
    return list(dict.fromkeys(kept)), [path.stem for path in paths]


def key(sentence: str) -> str:
    """Return a key that ignores case, blanks and punctuation."""
    return re.sub(r"[\W\d_]+", "", sentence).lower()


def frequencies(folder: Path, language: str, limit: int) -> dict[str, float]:
    """Return the most frequent words, at most `limit` per list, with shares."""
    total: defaultdict[str, float] = defaultdict(float)
    for path in sorted((folder / "words" / language).glob("*.tsv")):
        one: defaultdict[str, float] = defaultdict(float)
        for line in path.read_text("utf-8", "replace").split("\n")[:limit]:
            word, _, count = line.partition("\t")
            if word and count:
                one[word] += 1 / (int(count) + _RANK) if path.stem.startswith("tesseract") else float(count)
        every = sum(one.values())
        if not every:  # a spelling dictionary: words without counts
            continue
        for word, share in one.items():
            total[word] += share / every
    return total


def published(folder: Path, language: str) -> list[Grams]:
    """Return the published n-grams of one, two and more characters, if any."""
    return [_grams(rows[:_LINES], lambda row: float(row[3])) for rows in _tables(folder, language)]


def conditional(folder: Path, language: str) -> list[Grams]:
    """Return published n-grams with the probability of their last character."""
    return [_grams(rows, lambda row: int(row[1]) / int(row[2])) for rows in _tables(folder, language)]


def _tables(folder: Path, language: str) -> Iterator[list[str]]:
    """Yield the lines of the published n-grams of one, two and more characters."""
    for length in range(1, _LONGEST + 1):
        path = folder / "ngrams" / f"{language}.{length}.tsv"
        if not path.is_file():
            return
        yield path.read_text("utf-8").split("\n")


def _grams(lines: list[str], share: Callable[[list[str]], float]) -> Grams:
    rows = [line.split("\t") for line in lines if line]
    return Grams([row[0] for row in rows], np.array([share(row) for row in rows]))
