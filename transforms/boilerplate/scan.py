"""The characters and words of lines of text, as arrays.

A text is processed as one array of characters, so that a page of hundreds of lines takes a few
dozen array operations. All values are integers, and so the same on every machine.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from newsbeam.transforms.boilerplate.word_lists.load import words
from newsbeam.transforms.hashing import BASE, MIX, powers_of_base
from newsbeam.transforms.text import DENSE_RANGES, FORMS, SOLID_RANGES

Ints = NDArray[np.int64]

# characters of a line's beginning and end to read: a longer line is a paragraph anyway
_HEAD, _TAIL = 400, 320
ROOT = 4  # letters of a root
WINDOW_LINES, WINDOW_LENGTH = 2_000, 1 << 18  # longer texts are read in windows, to limit memory

# Classes of characters. Letters come first, and everything that words consist of precedes the rest.
# DENSE are ideographs, kana and Korean syllables; SOLID are letters of scripts without spaces
# between words.
LOWER, UPPER, CASELESS, DENSE, SOLID, DIGIT, SPACE, STOP, COMMA = range(9)
COLON, QUOTE, OPEN, CLOSE, BAR, DASH, SYMBOL, OTHER, CODE = range(9, 18)
_CLASSES = 18
_EXACT = {
    STOP: ".!?…。！？؟।॥۔։",
    COMMA: ",،、，；",
    COLON: ":：",
    QUOTE: "\"'“”‘’«»„「」『』",
    OPEN: "([（【",
    CLOSE: ")]）】",
    BAR: "|/>›»→·•‣▪●■►▶＞｜",
    DASH: "-–—*~",
    CODE: "{}<=;_$`^\\#+%&@",
}
_OF_CATEGORY = {"Ll": LOWER, "Lu": UPPER, "Lt": UPPER, "Lo": CASELESS, "Lm": CASELESS, "Mn": CASELESS, "Mc": CASELESS, "Nd": DIGIT}


@cache
def _tables() -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
    """Return class and normalised form of each code point below 65536.

    In the normalised form, letters are in lower case and all digits are the same.
    """
    # A fixed version of the standard, so that every Python has the same classes.
    category = unicodedata.ucd_3_2_0.category
    classes = np.full(1 << 16, OTHER, np.uint8)
    small = np.arange(1 << 16, dtype=np.uint16)
    for code in range(1 << 16):
        sign = chr(code)
        kind = category(sign)
        if kind in _OF_CATEGORY:
            classes[code] = _OF_CATEGORY[kind]
            if kind in ("Ll", "Lu", "Lt"):
                form = sign.translate(FORMS).casefold().translate(FORMS)  # as in `text.fold`
                small[code] = ord(form) if len(form) == 1 else code
            elif kind == "Nd":
                small[code] = ord("0")
        elif kind[0] == "Z" or sign in "\t\n\r":
            classes[code] = SPACE
        elif kind[0] == "S":
            classes[code] = SYMBOL
    for unspaced, ranges in ((DENSE, DENSE_RANGES), (SOLID, SOLID_RANGES)):
        for first, last in ranges:
            block = classes[first : last + 1]
            block[(block == CASELESS) | (block == OTHER)] = unspaced
    for kind_of, signs in _EXACT.items():
        for sign in signs:
            classes[ord(sign)] = kind_of
    return classes, small


_U32, _U46 = np.uint64(32), np.uint64(46)


def mixed(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Mix the bits of sums, so that all bits of a hash depend on all letters."""
    once: NDArray[np.uint64] = (hashes ^ (hashes >> _U32)) * MIX
    twice: NDArray[np.uint64] = once ^ (once >> _U32)
    return twice


def hash_word(word: str) -> int:
    """Return the hash of a lower-case word in a scan."""
    value = 0
    for place, sign in enumerate(word):
        value += ord(sign) * pow(BASE, place, 1 << 64)
    return int(mixed(np.array([value & ((1 << 64) - 1)], np.uint64))[0])


@dataclass(slots=True, eq=False)
class Scan:
    """The lines of a text as arrays.

    * Per line: `counts` (lines, classes) has the number of characters of each class, `lengths` the
      number of characters; `first`, `last` and `before_last` are the classes of those characters.
    * Per word: `hashes` of the word, `roots` of its first letters, `line_of` its line, `heads` the
      class of its first letter, `sizes` its length, `marks` its meaning (see `_special`).
    * Words of a line: `begins` is the index of the first, `many` their number; `whole`, `opening`
      and `pair` are hashes of all words, the first, and the first two (0 if there are none).
    * `inner` counts sentence ends inside a line, `doubled` marks lines with two consecutive spaces.
    * `joined` has the lines as read, each with a line break, at position `ends`.
    """

    counts: Ints
    lengths: Ints
    first: NDArray[np.uint8]
    last: NDArray[np.uint8]
    before_last: NDArray[np.uint8]
    hashes: NDArray[np.uint64]
    line_of: Ints
    begins: Ints
    many: Ints
    heads: NDArray[np.uint8]
    sizes: Ints
    inner: Ints
    doubled: Ints
    roots: NDArray[np.uint64]
    joined: str
    ends: Ints
    marks: NDArray[np.uint8]
    whole: NDArray[np.uint64]
    opening: NDArray[np.uint64]
    pair: NDArray[np.uint64]


def scan(texts: Sequence[str]) -> Scan:
    """Read lines that are not blank and have no spaces at their ends."""
    classes, small = _tables()
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    if int(lengths.max()) > _HEAD + _TAIL:
        texts = [text if len(text) <= _HEAD + _TAIL else f"{text[:_HEAD]} {text[-_TAIL:]}" for text in texts]
        read = np.fromiter(map(len, texts), np.int64, len(texts))
    else:
        read = lengths
    joined = "\n".join(texts) + "\n"
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    if not joined.isascii():
        codes = np.minimum(codes, np.uint32(0xFFFF))
    kinds = classes[codes]
    low = small[codes]
    ends = np.cumsum(read + 1)
    starts = ends - read - 1
    count = len(texts)
    line_at = np.repeat(np.arange(0, count * _CLASSES, _CLASSES), read + 1)
    counts = np.bincount(line_at + kinds, minlength=count * _CLASSES).reshape(count, _CLASSES)
    counts[:, SPACE] -= 1
    # words
    inside = kinds <= DIGIT
    edge = np.empty(len(inside), bool)
    edge[0] = inside[0]
    np.not_equal(inside[1:], inside[:-1], out=edge[1:])
    if counts[:, DENSE : SOLID + 1].any():  # each of these letters is a word
        dense = (kinds == DENSE) | (kinds == SOLID)
        begin = edge & inside | dense
        begin[1:] |= dense[:-1] & inside[1:]
        word_starts = np.flatnonzero(begin)
        finish = np.empty(len(inside), bool)
        finish[:-1] = inside[:-1] & (begin[1:] | ~inside[1:])
        finish[-1] = False
        word_ends = np.flatnonzero(finish) + 1
    else:
        edges = np.flatnonzero(edge)
        word_starts, word_ends = edges[::2], edges[1::2]
    powers, inverses = powers_of_base(max(14, len(codes).bit_length()))
    sums = np.empty(len(codes) + 1, np.uint64)
    sums[0] = 0
    np.cumsum(low * powers[: len(codes)], out=sums[1:])
    first_sums, back = sums[word_starts], inverses[word_starts]
    hashes = mixed((sums[word_ends] - first_sums) * back)
    roots = mixed((sums[np.minimum(word_ends, word_starts + ROOT)] - first_sums) * back)
    begins = np.searchsorted(word_starts, starts)
    many = np.diff(np.append(begins, len(word_starts)))
    line_of = np.repeat(np.arange(count), many)
    spaces = kinds == SPACE
    # A stop followed by a space ends a sentence inside the line.
    stops = np.flatnonzero((kinds[:-1] == STOP) & spaces[1:])
    inner = np.bincount(line_at[stops] // _CLASSES, minlength=count)
    doubled = line_at[np.flatnonzero(spaces[:-1] & spaces[1:])] // _CLASSES
    last = kinds[ends - 2]
    place = np.arange(len(hashes)) - begins[line_of]
    sums = np.zeros(len(hashes) + 1, np.uint64)
    np.cumsum(hashes * powers[place & 0x3FFF], out=sums[1:])
    opening, pair = np.zeros(count, np.uint64), np.zeros(count, np.uint64)
    some, two = np.flatnonzero(many > 0), np.flatnonzero(many > 1)
    opening[some] = hashes[begins[some]]
    pair[two] = opening[two] * MIX + hashes[begins[two] + 1]
    return Scan(
        counts=counts,
        lengths=lengths,
        first=kinds[starts],
        last=last,
        before_last=kinds[np.maximum(ends - 3, 0)],
        hashes=hashes,
        line_of=line_of,
        begins=begins,
        many=many,
        heads=kinds[word_starts],
        sizes=word_ends - word_starts,
        inner=inner - (last == STOP),
        doubled=doubled,
        roots=roots,
        joined=joined,
        ends=ends - 1,
        marks=_special()[(hashes >> _U46).astype(np.int64)],
        whole=sums[begins + many] - sums[begins],
        opening=opening,
        pair=pair,
    )


_ENGLISH = (
    "the of and to a in is that for it as was with be by on not he his but at are this have from or had an they which you were there"
    " been if more when will would who so no she their we what up out them than its about into has her one all can him these my your"
).split()
_ADDRESS = "http https www com org net html htm edu gov php co".split()


@cache
def _special() -> NDArray[np.uint8]:
    """Map the first 18 bits of a word's hash to its meaning.

    Bits: 1 for English stop words, 2 for words of dates, 4 for words of addresses.
    """
    out = np.zeros(1 << 18, np.uint8)
    for number, group in ((1, _ENGLISH), (2, sorted(words().date)), (4, _ADDRESS)):
        for word in group:
            if word.isalpha():
                out[hash_word(word) >> 46] |= number
    return out


def ends_sentence(page: Scan) -> NDArray[np.bool_]:
    """Return whether each line ends a sentence.

    It ends with a full stop or similar, possibly inside quotation marks or brackets.
    """
    final = np.where((page.last == QUOTE) | (page.last == CLOSE), page.before_last, page.last)
    ends: NDArray[np.bool_] = final == STOP
    return ends
