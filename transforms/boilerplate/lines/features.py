"""Features of lines of scraped text for the classifier.

A text is processed as one array of characters, so that a page of hundreds of lines takes a few
dozen array operations. All values are integers or ratios of integers, and so the same on every
machine.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from newsbeam.transforms.boilerplate.word_lists.load import words
from newsbeam.transforms.document import LineKind
from newsbeam.transforms.hashing import BASE, MIX, powers_of_base
from newsbeam.transforms.text import DENSE_RANGES, FORMS, SOLID_RANGES

Ints = NDArray[np.int64]

# characters of a line's beginning and end to read: a longer line is a paragraph anyway
_HEAD, _TAIL = 400, 320
ROOT = 4  # letters of a root
WINDOW_LINES, WINDOW_LENGTH = 2_000, 1 << 18  # longer texts are read in windows, to limit memory

# Classes of characters. Letters come first, and everything that words consist of precedes the rest.
# _DENSE are ideographs, kana and Korean syllables; _SOLID are letters of scripts without spaces
# between words.
_LOWER, _UPPER, _CASELESS, _DENSE, _SOLID, _DIGIT, _SPACE, _STOP, _COMMA = range(9)
_COLON, _QUOTE, _OPEN, _CLOSE, _BAR, _DASH, _SYMBOL, _OTHER, _CODE = range(9, 18)
_CLASSES = 18
_EXACT = {
    _STOP: ".!?…。！？؟।॥۔։",
    _COMMA: ",،、，；",
    _COLON: ":：",
    _QUOTE: "\"'“”‘’«»„「」『』",
    _OPEN: "([（【",
    _CLOSE: ")]）】",
    _BAR: "|/>›»→·•‣▪●■►▶＞｜",
    _DASH: "-–—*~",
    _CODE: "{}<=;_$`^\\#+%&@",
}
_OF_CATEGORY = {"Ll": _LOWER, "Lu": _UPPER, "Lt": _UPPER, "Lo": _CASELESS, "Lm": _CASELESS, "Mn": _CASELESS, "Mc": _CASELESS, "Nd": _DIGIT}


@cache
def _tables() -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
    """Return class and normalised form of each code point below 65536.

    In the normalised form, letters are in lower case and all digits are the same.
    """
    # A fixed version of the standard, so that every Python has the same classes.
    category = unicodedata.ucd_3_2_0.category
    classes = np.full(1 << 16, _OTHER, np.uint8)
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
            classes[code] = _SPACE
        elif kind[0] == "S":
            classes[code] = _SYMBOL
    for unspaced, ranges in ((_DENSE, DENSE_RANGES), (_SOLID, SOLID_RANGES)):
        for first, last in ranges:
            block = classes[first : last + 1]
            block[(block == _CASELESS) | (block == _OTHER)] = unspaced
    for kind_of, signs in _EXACT.items():
        for sign in signs:
            classes[ord(sign)] = kind_of
    return classes, small


_U32, _U46 = np.uint64(32), np.uint64(46)


def _mixed(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    once: NDArray[np.uint64] = (hashes ^ (hashes >> _U32)) * MIX
    twice: NDArray[np.uint64] = once ^ (once >> _U32)
    return twice


def hash_word(word: str) -> int:
    """Return the hash of a lower-case word in a scan."""
    value = 0
    for place, sign in enumerate(word):
        value += ord(sign) * pow(BASE, place, 1 << 64)
    return int(_mixed(np.array([value & ((1 << 64) - 1)], np.uint64))[0])


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
    counts[:, _SPACE] -= 1
    # words
    inside = kinds <= _DIGIT
    edge = np.empty(len(inside), bool)
    edge[0] = inside[0]
    np.not_equal(inside[1:], inside[:-1], out=edge[1:])
    if counts[:, _DENSE : _SOLID + 1].any():  # each of these letters is a word
        dense = (kinds == _DENSE) | (kinds == _SOLID)
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
    hashes = _mixed((sums[word_ends] - first_sums) * back)
    roots = _mixed((sums[np.minimum(word_ends, word_starts + ROOT)] - first_sums) * back)
    begins = np.searchsorted(word_starts, starts)
    many = np.diff(np.append(begins, len(word_starts)))
    line_of = np.repeat(np.arange(count), many)
    spaces = kinds == _SPACE
    # A stop followed by a space ends a sentence inside the line.
    stops = np.flatnonzero((kinds[:-1] == _STOP) & spaces[1:])
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
        inner=inner - (last == _STOP),
        doubled=doubled,
        roots=roots,
        joined=joined,
        ends=ends - 1,
        marks=_special()[(hashes >> _U46).astype(np.int64)],
        whole=sums[begins + many] - sums[begins],
        opening=opening,
        pair=pair,
    )


_FIRST, _LAST, _PAIR, _WHOLE = (
    np.uint64(number) for number in (0xA5A5A5A5A5A5A5A5, 0x5BD1E995C2B2AE35, 0x9FB21C651E98DF25, 0x27D4EB2F165667C5)
)
WHOLE_WORDS = 7


def tokens(page: Scan) -> tuple[NDArray[np.uint64], Ints]:
    """Return the hashes of the tokens of all lines, and the line of each.

    Tokens are words, pairs, the first and last words, and complete short lines.
    """
    hashes, line_of, begins, many = page.hashes, page.line_of, page.begins, page.many
    together = np.flatnonzero(line_of[1:] == line_of[:-1])
    pairs = (hashes[together] ^ _PAIR) * MIX + hashes[together + 1]
    filled = np.flatnonzero(many > 0)
    firsts = hashes[begins[filled]] ^ _FIRST
    lasts = hashes[begins[filled] + many[filled] - 1] ^ _LAST
    doubles = np.flatnonzero(many > 1)
    first_pairs = ((hashes[begins[doubles]] ^ _FIRST) * MIX + hashes[begins[doubles] + 1]) ^ _FIRST
    short = np.flatnonzero((many > 0) & (many <= WHOLE_WORDS))
    lines = page.whole[short] ^ _WHOLE
    found = np.concatenate((hashes, pairs, firsts, lasts, first_pairs, lines))
    return _mixed(found), np.concatenate((line_of, line_of[together], filled, filled, doubles, short))


BITS = 18


@dataclass(frozen=True, eq=False)
class WordScores:
    """Log odds of tokens by their hash.

    `weights` are in units of 1/1024; `checks` detect collisions.
    """

    weights: NDArray[np.int16]
    checks: NDArray[np.uint8]
    bias: int


def slots(hashes: NDArray[np.uint64]) -> tuple[Ints, NDArray[np.uint8]]:
    """Return the slot of each token in the table, and its check."""
    return (hashes >> np.uint64(64 - BITS)).astype(np.int64), (hashes >> np.uint64(24)).astype(np.uint8)


def word_scores(page: Scan, table: WordScores) -> Ints:
    """Return the log odds of boilerplate from the words of each line.

    In units of 1/1024.
    """
    hashes, line_of = tokens(page)
    places, checks = slots(hashes)
    found = np.where(table.checks[places] == checks, table.weights[places], np.int16(0))
    count = len(page.many)
    sums = np.bincount(line_of, found, count)  # integers below 2 ** 53, so exact
    sizes = np.bincount(line_of, minlength=count)
    return np.rint(sums / np.sqrt(np.maximum(sizes, 1))).astype(np.int64) + table.bias


_BUCKETS = 13
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


# Kinds assigned by rules, in groups as the classifier sees them.
GROUPS: dict[LineKind, int] = {
    "": 0, "navigation": 1, "share": 1, "cookie": 2, "copyright": 2, "template": 2, "id": 2, "caption": 3, "credit": 3, "byline": 3,
    "related": 4, "advert": 5, "subscribe": 5, "comment": 6, "toc": 7, "other": 7,
}  # fmt: skip


def ends_sentence(page: Scan) -> NDArray[np.bool_]:
    """Return whether each line ends a sentence.

    It ends with a full stop or similar, possibly inside quotation marks or brackets.
    """
    final = np.where((page.last == _QUOTE) | (page.last == _CLOSE), page.before_last, page.last)
    ends: NDArray[np.bool_] = final == _STOP
    return ends


def is_english(page: Scan) -> bool:
    """Return whether the text is in English.

    At least one in six words is an English stop word, counted in long lines if there are any.
    """
    long = (page.lengths >= 70)[page.line_of]
    stops = (page.marks & 1) > 0
    if long.any():
        return int((stops & long).sum()) * 6 >= int(long.sum())
    return int(stops.sum()) * 10 >= len(stops)


# Indices of lines are precise only near the edges; otherwise, a tree could learn individual texts.
_STEPS = np.array([*range(6), *(number.bit_length() + 3 for number in range(6, 4096))], np.int64)
_REACH = (1, 3, 8, 20)
_SPREAD = ("score", "prose", "rule", "bullet", "code", "number", "size", "capital", "ends")
_NEAR = ("size", "score", "rule", "end", "stops", "capital")
_STEPPED = (
    "again", "shape", "head", "place", "left", "prose_before", "prose_after", "since", "until", "run", "run_place", "list",
    "heading_far", "ruled_far", "ruled_next", "count", "telling",
)  # fmt: skip
_PLAIN = (
    "size", "words", "upper", "capital", "number", "digits", "stop", "stops", "dated", "address", "end", "first", "inner",
    "commas", "colons", "quotes", "bars", "brackets", "odd", "code", "mean", "score", "rule", "shape_score", "shape_rule",
    "head_score", "head_prose", "body", "rare", "share", "prose_share", "mass", "run_score", "run_rule", "list_score",
    "heading_score", "heading_rule", "ruled_kind", "all_prose", "all_mass", "all_score", "all_rule", "all_bad", "all_bullet",
    "all_code", "all_number", "all_comment",
)  # fmt: skip
NAMES = (
    *_PLAIN,
    *_STEPPED,
    *(f"{name}~{reach}" for reach in _REACH for name in _SPREAD),
    *(f"{name}{by:+d}" for by in (-1, 1, -2, 2) for name in _NEAR),
)
"""The columns of `columns`. name~n: the mean over the lines at most n away; name+n: of the line n further down."""


def _runs(flags: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Return start and end of the run of equal flags around each line."""
    count = len(flags)
    edges = np.flatnonzero(flags[1:] != flags[:-1]) + 1
    starts = np.concatenate(([0], edges))
    ends = np.concatenate((edges, [count]))
    number = np.repeat(np.arange(len(starts)), ends - starts)
    return starts[number], ends[number]


def _since(flags: NDArray[np.bool_], place: Ints) -> Ints:
    """Return the index of the last true flag before each line, or -1."""
    out = np.empty(len(flags) + 1, np.int64)
    out[0] = -1
    np.maximum.accumulate(np.where(flags, place, -1), out=out[1:])
    return out[:-1]


def columns(page: Scan, scores: Ints, groups: Ints) -> NDArray[np.float32]:
    """Return the (lines, NAMES) features of a text, all integers.

    `scores` are those of the words, `groups` those of the kinds from rules.
    """
    counts, many, lengths = page.counts, page.many, page.lengths
    count = len(many)
    place = np.arange(count)
    kinds = counts.T
    letters = kinds[_LOWER] + kinds[_UPPER] + kinds[_CASELESS] + kinds[_DENSE] + kinds[_SOLID]
    some, least, full = np.maximum(letters, 1), np.maximum(many, 1), np.maximum(kinds.sum(0), 1)
    line_of = page.line_of
    mark = page.marks

    def per_line(flags: NDArray[np.bool_]) -> Ints:
        return np.bincount(line_of[flags], minlength=count)

    capitals, numbers = per_line(page.heads == _UPPER), per_line(page.heads == _DIGIT)
    stops, dated, address = per_line((mark & 1) > 0), per_line((mark & 2) > 0), per_line((mark & 4) > 0)
    # an ideograph counts as two and a half letters
    size = lengths + kinds[_DENSE] + (kinds[_DENSE] >> 1)
    ends = ends_sentence(page)
    bullet = (page.first == _DASH) | (page.first == _BAR)
    prose = (size >= 70) & (ends | (page.inner > 0) | (size >= 160))
    ruled = groups > 0
    coded = ((kinds[_CODE] + kinds[_OPEN]) * 12 > full) | (page.last == _CODE)
    figures = (letters * 2 < full) & ~coded
    capital = capitals * 64 // least
    end = page.last.astype(np.int64)
    cut = np.minimum(size, 400)
    # similar lines: the same words, the same appearance, the same beginning
    shape = np.minimum(many, 15)
    for number in (np.minimum(capitals, 7), np.minimum(numbers, 7), page.first, np.minimum(kinds[_COMMA] + kinds[_BAR], 7), page.last):
        shape = shape * 17 + number
    beginning = np.where(page.pair > 0, page.pair, page.opening)
    _, of, often = np.unique(page.whole, return_inverse=True, return_counts=True)
    again = often[of]
    _, of, often = np.unique(shape, return_inverse=True, return_counts=True)
    shapes = often[of]
    shape_score = (np.bincount(of, scores)[of]).astype(np.int64) // (shapes << 5)
    shape_rule = (np.bincount(of, ruled)[of]).astype(np.int64) * 8 // shapes
    _, of, often = np.unique(beginning, return_inverse=True, return_counts=True)
    head = often[of]
    head_score = (np.bincount(of, scores)[of]).astype(np.int64) // (head << 5)
    head_prose = (np.bincount(of, prose)[of]).astype(np.int64) * 8 // head
    # words that also occur in paragraphs
    bucket = (page.hashes >> np.uint64(64 - _BUCKETS)).astype(np.int64)
    telling = (page.sizes >= 4) & (mark == 0) | (page.heads == _DENSE)
    in_prose = prose[line_of]
    informative = per_line(telling)
    at_least_one = np.maximum(informative, 1)
    body = per_line(telling & (np.bincount(bucket[in_prose], minlength=1 << _BUCKETS)[bucket] > in_prose)) * 32 // at_least_one
    rare = per_line(telling & (np.bincount(bucket, minlength=1 << _BUCKETS)[bucket] == 1)) * 32 // at_least_one
    # position, and the lines above and below
    total = int(prose.sum())
    before = np.cumsum(prose) - prose
    mass = np.cumsum(np.minimum(size, 600) * prose)
    above = _since(prose, place)
    below = count - 1 - _since(prose[::-1], place)[::-1]
    begin, stop = _runs(prose)
    list_begin, list_stop = _runs(bullet)
    heading = _since(~prose & ~bullet, place)
    ruled_above = _since(ruled, place)
    ruled_below = count - 1 - _since(ruled[::-1], place)[::-1]
    spread = np.zeros((len(_SPREAD), count + 1), np.int64)
    near = np.empty((len(_SPREAD), count), np.int64)
    flagged = (scores >> 3, prose << 6, ruled << 6, bullet << 6, coded << 6, figures << 6, cut, capital, ends << 6)
    for row, values in enumerate(flagged):
        near[row] = values
    np.cumsum(near, axis=1, out=spread[:, 1:])
    run, listed = stop - begin, list_stop - list_begin
    size_all = max(int(size.sum()), 1)
    out = np.empty((len(NAMES), count), np.float32)
    for row, plain in enumerate((
        size, many, kinds[_UPPER] * 64 // some, capital, numbers * 64 // least, kinds[_DIGIT] * 64 // full, stops * 64 // least, stops,
        (dated + numbers) * 64 // least, address, end, page.first, page.inner, kinds[_COMMA], kinds[_COLON], kinds[_QUOTE],
        kinds[_BAR], kinds[_OPEN], (full - letters - kinds[_DIGIT] - kinds[_SPACE]) * 64 // full, kinds[_CODE], letters * 4 // least,
        scores, groups, shape_score, shape_rule, head_score, head_prose, body, rare, place * 10 // count, before * 10 // max(total, 1),
        mass * 10 // max(int(mass[-1]), 1), (spread[0, stop] - spread[0, begin]) // (run << 4),
        (spread[2, stop] - spread[2, begin]) // (run << 3), (spread[0, list_stop] - spread[0, list_begin]) // (listed << 4),
        np.where(heading >= 0, scores[heading], 0), np.where(heading >= 0, groups[heading], 0),
        np.where(ruled_above >= 0, groups[ruled_above], 0), total * 8 // count, int(size[prose].sum()) * 8 // size_all,
        int(scores.sum()) // (count << 8), int(ruled.sum()) * 8 // count, int((scores > 0).sum()) * 8 // count,
        int(bullet.sum()) * 8 // count, int(coded.sum()) * 8 // count, int(figures.sum()) * 8 // count,
        int((groups == 6).sum()) * 16 // count,
    )):  # fmt: skip
        out[row] = plain
    stepped = np.empty((len(_STEPPED), count), np.int64)
    for row, number in enumerate((
        again, shapes, head, place, count - place, before, total - before - prose, place - above, below - place, run, place - begin,
        np.where(bullet, listed, 0), place - heading, place - ruled_above, ruled_below - place, count, informative,
    )):  # fmt: skip
        stepped[row] = number
    row = len(_PLAIN)
    out[row : row + len(_STEPPED)] = _STEPS[np.minimum(stepped, len(_STEPS) - 1)]
    row += len(_STEPPED)
    for reach in _REACH:
        low, high = np.maximum(place - reach, 0), np.minimum(place + reach + 1, count)
        out[row : row + len(_SPREAD)] = (spread[:, high] - spread[:, low]) // (high - low)
        row += len(_SPREAD)
    padded = np.full((len(_NEAR), count + 4), -1, np.float32)
    for at_row, values in enumerate((cut, scores, groups, end, stops, capital)):
        padded[at_row, 2:-2] = values
    for by in (-1, 1, -2, 2):
        out[row : row + len(_NEAR)] = padded[:, 2 + by : 2 + by + count]
        row += len(_NEAR)
    return np.ascontiguousarray(out.T)
