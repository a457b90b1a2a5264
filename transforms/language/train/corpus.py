"""What a language is learned from: sentences, words of frequency lists, and the counts of grams that lingua ships.

The folder holds `data/<language>/<source>.txt` (a sentence a line), `words/<language>/<source>.tsv` (word, count; `tesseract*`: word,
rank) and `ngrams/<language>.<n>.tsv` (gram, count, count of the gram without its last sign, share among
the grams of that length; the commonest first).
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_ADDRESS = re.compile(r"https?://\S+|www\.\S+|\S+@\S+|#\w+")
_WITH_DIGITS = re.compile(r"\S*\d\S*")
# So many lines are enough of any file.
_LINES = 50_000
_RANK = 20
_LONGEST = 5
# Where a language's folder has another name, or the script another folder.
_FOLDERS = {("Arab", "ku"): "ckb", ("Hebr", "yi"): "ydd"}
# Sources left out: talks whose licence forbids derivatives, and the strings of programs.
LEFT_OUT = ("ted", "mediawiki_ui", "gnome_docs")


@dataclass(frozen=True)
class Grams:
    """The published grams of one length, and their shares of the text."""

    texts: list[str]
    shares: NDArray[np.float64]


def folder_of(script: str, language: str) -> str:
    """The name of the folder with a language's text in a script."""
    return _FOLDERS.get((script, language), language)


def sentences(folder: Path, language: str, limit: int, leave_out: frozenset[str]) -> tuple[list[str], list[str]]:
    """At most `limit` sentences, as even shares of all sources as there are, cleaned of addresses and numbers; and the sources' names.

    None of `leave_out` (`key`s of sentences) is among them.
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
        chosen += [lines[index * len(lines) // room] for index in range(room)]  # spread over the whole file
        left -= room
    kept = [_WITH_DIGITS.sub(" ", _ADDRESS.sub(" ", line)).strip() for line in chosen if key(line) not in leave_out]
    return list(dict.fromkeys(kept)), [path.stem for path in paths]


def key(sentence: str) -> str:
    """What two sentences share that differ only in case, blanks and punctuation."""
    return re.sub(r"[\W\d_]+", "", sentence).lower()


def frequencies(folder: Path, language: str, limit: int) -> dict[str, float]:
    """The commonest words of the lists, at most `limit` of each, with their shares."""
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
    """The published grams of one sign, of two and so on; none where there are none."""
    found: list[Grams] = []
    for length in range(1, _LONGEST + 1):
        path = folder / "ngrams" / f"{language}.{length}.tsv"
        if not path.is_file():
            break
        rows = [line.split("\t") for line in path.read_text("utf-8").split("\n")[:_LINES] if line]
        found.append(Grams([row[0] for row in rows], np.array([float(row[3]) for row in rows])))
    return found
