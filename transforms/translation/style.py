"""Style classifier: whether a text reads like a translation.

The topic must not influence the result. Every word outside the language's list of frequent, evenly
distributed words is therefore masked. It becomes its ending if that is frequent, "a name" if it is
capitalised, a number with its digits counted, or just "a content word". In Chinese and Japanese, the
same is done with characters.

The masked text yields three streams of n-grams: the masked words; the same with consecutive content
words merged; and punctuation with the distances between marks. Each n-gram is hashed to a slot in a
table of small integers (feature hashing, Weinberger et al. 2009). Their sum, divided by the root of
the number of n-grams, is the score. This is a logistic regression on n-grams of function words,
which are known to separate translations from originals (Baroni & Bernardini 2006; Volansky, Ordan &
Wintner 2015).

All arithmetic uses integers, so that results are the same on every machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import isqrt, log

import numpy as np
from numpy.typing import NDArray

from newsbeam.transforms.package_data import load_arrays

__all__ = ["StylePattern", "StyleResult", "classify", "languages", "top_patterns"]

Ids = NDArray[np.int64]

SCALE = 1024
"""Log odds are in units of 1/SCALE."""

BITS = 17
"""An n-gram is hashed to one of 2 ** BITS places; sixteen more bits of the hash say whether it is the one that has a weight there."""

WINDOW, CJK_WINDOW = 320, 480
"""Tokens judged at once: about what the training passages have at most. A longer text is judged by windows of even length."""

MIN_CHARS = {"zh": 120, "ja": 120}
MIN_CHARS_ELSEWHERE = 300
"""Characters without which nothing is said."""

MIN_TOKENS = 40
"""Words and marks without which nothing is said, however many characters there are."""

MAX_N = 4
"""Tokens of the longest n-gram."""

MAX_CHARS = 60_000
"""Characters read: of a longer text, the first."""

_CJK = frozenset(("zh", "ja"))
_WORDS = re.compile(r"\w+(?:['’.,:]\w+)*|\.\.\.|[-–—−‐‑―]+|[^\w\s\u200b-\u200f\ufeff\u2060\u00ad]")
_CHARACTERS = re.compile(
    r"[㐀-䶿一-鿿豈-﫿ぁ-ゟ]|[ァ-ヺー・ｦ-ﾟ]+|[A-Za-zÀ-ɏА-яＡ-Ｚａ-ｚ]+|[0-9０-９]+(?:[.,:．，：][0-9０-９]+)*"
    r"|\.\.\.|…+|[-–—−‐‑―]+|[^\w\s\u200b-\u200f\ufeff\u2060\u00ad]"
)

# Typography must not matter: marks that depend on house style are normalised.
_MARKS = {
    **dict.fromkeys("“”„‟", '"'),
    **dict.fromkeys("‘’‚‛`´", "'"),
    **dict.fromkeys(("…", "……", "..."), "..."),
    **dict.fromkeys(("–", "—", "−", "‐", "‑", "―", "--", "——", "---"), "-"),
    **{chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
}
_QUOTES = dict.fromkeys("«»‹›「」『』", '"')

# The first ids are kinds of tokens; the words, endings and marks of a language follow.
_KINDS = (
    "content",
    "name",
    "capitals",
    "one letter",
    "foreign",
    "number.",
    "number,",
    "number:",
    *(f"digits{n}" for n in range(1, 6)),
    "mark",
)
_CONTENT, _NAME, _CAPITALS, _LETTER, _FOREIGN = range(5)
_MARK = len(_KINDS) - 1
MARKS = (*".,;:!?\"'()-/%$&*#@+=[]<>|~_^{}€£¥°", "...", *"。、・〜《》【】〈〉·「」«»")

_ODD, _ROOM, _HALF = np.uint64(0x9E3779B97F4A7C15), np.uint64(4096), np.uint64(29)


@dataclass(frozen=True)
class StyleResult:
    """Result of the classifier, in 1/SCALE.

    `log_odds`: translated against original at even priors. `sources`: log odds of each source
    language against the rest.
    """

    log_odds: int
    sources: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class StylePattern:
    """A pattern that contributed to the score.

    `pattern` is the masked text; `weight` is positive for translated.
    """

    start: int
    end: int
    pattern: str
    weight: int


class _IdCache(dict[str, int]):
    """Cache of token ids."""

    def __init__(self, mask: ContentMasker) -> None:
        super().__init__(mask.ids)
        self.mask = mask

    def __missing__(self, token: str) -> int:
        number = self.mask.number(token)
        if len(token) < 24:
            self[token] = number
        return number


_MAX_CACHED_IDS = 50_000


class ContentMasker:
    """Tokeniser of one language that maps each token to an id.

    A listed word keeps its identity; other tokens are replaced by their kind.
    """

    def __init__(self, language: str, words: tuple[str, ...], endings: tuple[str, ...]) -> None:
        self.by_character = language in _CJK
        self.words, self.endings = words, endings
        self.names: list[str] = [*_KINDS, *dict.fromkeys(MARKS)]
        self.ids: dict[str, int] = {mark: number for number, mark in enumerate(self.names) if number > _MARK}
        self.first_word = len(self.names)
        for word in words:
            self.ids[word] = len(self.names)
            self.names.append(word)
        self.first_ending = len(self.names)
        self.by_ending: dict[str, int] = {}
        for ending in endings:
            self.by_ending[ending] = len(self.names)
            self.names.append("~" + ending)
        marks = _MARKS if language == "en" else {**_MARKS, **_QUOTES}
        for mark, plain in marks.items():
            if plain in self.ids:
                self.ids[mark] = self.ids[plain]
        self.find = (_CHARACTERS if self.by_character else _WORDS).findall
        # Capitals mark names, but in German they mark every noun.
        self.capitals = language != "de"
        self.longest = max(map(len, endings), default=0)
        numbers = np.arange(len(self.names))
        self.plain = np.where(numbers >= self.first_ending, _CONTENT, numbers)
        self.plain[_FOREIGN + 1 : _MARK] = _FOREIGN + 1
        self.cached = _IdCache(self)
        self.marks = (numbers >= _MARK) & (numbers < self.first_word)

    def number(self, token: str) -> int:
        """Return the id of one token."""
        first = token[0]
        if first.isalpha():
            if self.by_character:
                return _CONTENT if first >= "㐀" else _FOREIGN if not "ァ" <= first <= "ヿ" else _NAME
            lower = token.lower()
            known = self.ids.get(lower)
            if known is not None:
                return known
            if "’" in lower and (known := self.ids.get(lower.replace("’", "'"))) is not None:
                return known
            if len(token) == 1:
                return _LETTER
            if token.isupper():
                return _CAPITALS
            if self.capitals and first.isupper():
                return _NAME
            for size in range(min(self.longest, len(lower) - 2), 1, -1):
                ending = self.by_ending.get(lower[-size:])
                if ending is not None:
                    return ending
            return _CONTENT
        if first.isdecimal():
            return 5 if "." in token else 6 if "," in token else 7 if ":" in token else 7 + min(len(token), 5)
        return _MARK

    def tokens(self, text: str) -> Ids:
        """Return the ids of all tokens.

        In Chinese and Japanese, a run of masked characters is one token.
        """
        out = np.fromiter(map(self.cached.__getitem__, self.find(text)), np.int64)
        if len(self.cached) > _MAX_CACHED_IDS:
            self.cached = _IdCache(self)
        if self.by_character and len(out) > 1:
            out = out[np.concatenate(([True], (out[1:] != _CONTENT) | (out[:-1] != _CONTENT)))]
        return out


def streams(ids: Ids, mask: ContentMasker) -> tuple[Ids, NDArray[np.uint64], NDArray[np.intp]]:
    """Return the three streams, concatenated.

    The tokens, the stream number of each, and its index in `ids`.
    """
    # Merge consecutive content words, endings and names.
    plain = mask.plain[ids]
    keep = np.empty(len(ids), bool)
    keep[:1] = True
    np.not_equal(plain[1:], plain[:-1], out=keep[1:])
    keep |= plain > _NAME
    kept = keep.nonzero()[0]
    # Marks, and the distances between them.
    marks = mask.marks[ids].nonzero()[0]
    gaps = np.empty(len(marks), np.int64)
    gaps[:-1] = marks[1:] - marks[:-1]
    gaps[-1:] = len(ids) - marks[-1:]
    beat = np.empty(2 * len(marks), np.int64)
    beat[0::2], beat[1::2] = ids[marks], _STEPS[np.minimum(gaps, len(_STEPS) - 1)]
    number = np.repeat(np.array([1, 2, 3], np.uint64), (len(ids), len(kept), len(beat)))
    return np.concatenate((ids, plain[kept], beat)), number, np.concatenate((np.arange(len(ids)), kept, np.repeat(marks, 2)))


# Buckets for the distance to the next mark, coarser for longer distances.
_STEPS = np.array([2048 + min(gap, 4) + (min((gap - 4) // 4 + 1, 8) if gap > 4 else 0) for gap in [0, *range(40)]], np.int64)


def hashes(ids: Ids, mask: ContentMasker) -> NDArray[np.uint64]:
    """Return the hashes of all n-grams in all streams."""
    tokens, number, _ = streams(ids, mask)
    return np.concatenate(list(grams(tokens, number)))


def grams(tokens: Ids, number: NDArray[np.uint64]) -> Iterator[NDArray[np.uint64]]:
    """Yield the hashes of n-grams with one, two, three and four tokens.

    Some n-grams extend over the border of two streams. They are few, and the same in training.
    """
    values = tokens.astype(np.uint64)
    key = number
    for size in range(1, min(MAX_N, len(values)) + 1):
        key = key[: len(values) - size + 1] * _ROOM
        key += values[size - 1 :]
        key *= _ODD
        # Mix at each length, because four tokens do not fit into 64 bits.
        key ^= key >> _HALF
        yield key


# Value of a slot by number of occurrences: 64 * (1 + ln n), rounded.
_TIMES = np.array([0, *(round(64 * (1 + log(n))) for n in range(1, 64))], np.int64)


def slots(hashed: NDArray[np.uint64]) -> tuple[NDArray[np.intp], NDArray[np.uint16]]:
    """Return the slot of each n-gram, and check bits that detect collisions."""
    return (hashed >> np.uint64(64 - BITS)).astype(np.intp), ((hashed >> np.uint64(16)) & np.uint64(0xFFFF)).astype(np.uint16)


def slot_values(found: NDArray[np.intp]) -> tuple[NDArray[np.intp], Ids, int]:
    """Return the distinct slots, their values, and the norm of the values."""
    ordered = np.sort(found)
    new = np.empty(len(ordered) + 1, bool)
    new[:1] = new[-1:] = True
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:-1])
    begins = new.nonzero()[0]
    once = ordered[begins[:-1]]
    worth = _TIMES[np.minimum(begins[1:] - begins[:-1], 63)]
    return once, worth, max(isqrt(int((worth * worth).sum())), 1)


@dataclass(frozen=True, eq=False)
class Model:
    """The model of one language.

    `check` (2 ** BITS,) is 0 for empty slots; `weights` (2 ** BITS,) is -127 to 127. `rows` (2 **
    BITS,) is the row of an n-gram in `source_weights` (rows, sources), -127 to 127, or 0 for none.
    The other fields are scales and biases.
    """

    mask: ContentMasker
    check: NDArray[np.uint16]
    weights: NDArray[np.int8]
    numbers: dict[str, int]
    sources: tuple[str, ...]
    rows: NDArray[np.int16]
    source_weights: NDArray[np.int8]
    source_bias: Ids
    factors: tuple[int, ...]

    def score(self, ids: Ids) -> tuple[int, NDArray[np.int64]]:
        """Score one window, in total and for each source language, in 1/SCALE."""
        place, bits = slots(hashes(ids, self.mask))
        once, worth, root = slot_values(place[self.check[place] == bits])
        total = int(worth @ self.weights[once].astype(np.int64)) * self.numbers["step"] // (root * 1024) + self.numbers["bias"]
        if not self.sources:
            return total, self.source_bias
        row = self.rows[once]
        pointing = row.nonzero()[0]
        pointed = worth[pointing] @ self.source_weights[row[pointing]].astype(np.int64)
        return total, pointed * self.numbers["source_step"] // (root * 1024) + self.source_bias


@cache
def languages() -> frozenset[str]:
    """Return the languages that have a model."""
    folder = files("newsbeam.transforms.translation") / "weights"
    return frozenset(entry.name[6:-4] for entry in folder.iterdir() if entry.name.startswith("style_") and entry.name.endswith(".npz"))


@cache
def model(language: str) -> Model:
    """Load the model of a language."""
    data = load_arrays("newsbeam.transforms.translation", f"style_{language}.npz")
    words, endings, sources = (tuple(bytes(data[key]).decode().split()) for key in ("words", "endings", "sources"))
    numbers = {key: int(data[key]) for key in ("step", "bias", "slope", "shift", "source_step")}
    places = data["places"].astype(np.intp).cumsum()
    check, weights, rows = np.zeros(1 << BITS, np.uint16), np.zeros(1 << BITS, np.int8), np.zeros(1 << BITS, np.int16)
    check[places], weights[places], rows[places] = data["check"], data["weights"], data["rows"]
    return Model(
        ContentMasker(language, words, endings),
        check,
        weights,
        numbers,
        sources,
        rows,
        data["source_weights"],
        data["source_bias"].astype(np.int64),
        tuple(map(int, data["factors"])),
    )


def window(language: str) -> int:
    """Return the number of tokens per window."""
    return CJK_WINDOW if language in _CJK else WINDOW


def classify(text: str, language: str) -> StyleResult | None:
    """Classify the style of a text in `language`.

    Returns None if there is no model or too little text. For a text of several windows, the mean of
    their scores is scaled up by factors measured on texts of that length.
    """
    if len(text) < MIN_CHARS.get(language, MIN_CHARS_ELSEWHERE) or language not in languages():
        return None
    known = model(language)
    ids, longest = known.mask.tokens(text[:MAX_CHARS]), window(language)
    if len(ids) < MIN_TOKENS:
        return None
    count = -(-len(ids) // longest)
    scored = [known.score(ids[len(ids) * part // count : len(ids) * (part + 1) // count]) for part in range(count)]
    raw = sum(total for total, _ in scored) // count
    odds = raw * known.numbers["slope"] // SCALE + known.numbers["shift"]
    length = min(len(ids) * 3 // (longest + 1), 2) if count == 1 else 3 if count == 2 else 4 if count <= 4 else 5
    odds = odds * known.factors[length] // 16
    pointed = [sum(column) // count for column in zip(*(rows.tolist() for _, rows in scored), strict=True)]
    return StyleResult(odds, tuple(zip(known.sources, pointed, strict=True)))


def top_patterns(text: str, language: str, result: StyleResult | None = None, most: int = 12) -> tuple[StylePattern, ...]:
    """Return the patterns with the largest weights, heaviest first.

    Only patterns that support the side of `result`. The text is classified first if it is None.
    """
    result = result or classify(text, language)
    if result is None:
        return ()
    known, text = model(language), text[:MAX_CHARS]
    mask = known.mask
    spans = [match.span() for match in (_CHARACTERS if mask.by_character else _WORDS).finditer(text)]
    full = np.array([mask.ids[text[a:b]] if text[a:b] in mask.ids else mask.number(text[a:b]) for a, b in spans], np.int64)
    keep = np.ones(len(full), bool)
    if mask.by_character and len(full) > 1:
        keep[1:] = (full[1:] != _CONTENT) | (full[:-1] != _CONTENT)
    where, ids = np.flatnonzero(keep), full[keep]
    side = 1 if result.log_odds >= 0 else -1
    heaviest: dict[str, StylePattern] = {}
    tokens, number, at = streams(ids, mask)
    for size, hashed in enumerate(grams(tokens, number), 1):
        place, bits = slots(hashed)
        weights = np.where(known.check[place] == bits, known.weights[place], 0).astype(np.int64) * side
        # Distances between marks are meaningless to readers, and so are n-grams over the border of
        # two streams.
        weights[number[size - 1 :] != number[: len(weights)]] = 0
        weights[number[: len(weights)] == 3] = 0
        for first in np.argsort(-weights, kind="stable")[: 4 * most].tolist():
            if weights[first] <= 0:
                break
            pattern = " ".join(mask.names[token] for token in tokens[first : first + size].tolist())
            if pattern not in heaviest:
                start, end = spans[where[at[first]]][0], spans[where[at[first + size - 1]]][1]
                heaviest[pattern] = StylePattern(start, end, pattern, int(weights[first]) * side)
    ranked = sorted(heaviest.values(), key=lambda item: (-abs(item.weight), item.start, item.end))
    chosen: list[StylePattern] = []
    for item in ranked:
        if all(item.end <= other.start or item.start >= other.end for other in chosen):
            chosen.append(item)
        if len(chosen) == most:
            break
    return tuple(chosen)
