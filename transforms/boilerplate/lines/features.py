"""Features of lines of scraped text for the classifier.

All values are integers or ratios of integers, and so the same on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from newsbeam.transforms.boilerplate.scan import (
    BAR,
    CASELESS,
    CODE,
    COLON,
    COMMA,
    DASH,
    DENSE,
    DIGIT,
    LOWER,
    OPEN,
    QUOTE,
    SOLID,
    SPACE,
    UPPER,
    Ints,
    Scan,
    ends_sentence,
    hash_word,
    mixed,
)  # fmt: skip
from newsbeam.transforms.document import LineKind
from newsbeam.transforms.hashing import MIX

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
    return mixed(found), np.concatenate((line_of, line_of[together], filled, filled, doubles, short))


BITS = 18


@dataclass(frozen=True, eq=False)
class Layout:
    """The layout of lines as arrays (see `forms.unit.Unit`).

    `parts` are the lines of the input that a line consists of. `form` is the number of the form.
    """

    linked: Ints
    indent: Ints
    mark: Ints
    gap: Ints
    parts: Ints
    form: int

    def at(self, places: Ints) -> Layout:
        """Return the layout of some of the lines."""
        return Layout(
            self.linked[places], self.indent[places], self.mark[places], self.gap[places], self.parts[places], self.form
        )  # fmt: skip


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


def known_words(page: Scan, table: WordScores) -> Ints:
    """Return the share of the words of each line that have log odds, in 1/16."""
    places, checks = slots(mixed(page.hashes))
    count = len(page.many)
    known = np.bincount(page.line_of[(table.checks[places] == checks) & (table.weights[places] != 0)], minlength=count)
    out: Ints = known * 16 // np.maximum(page.many, 1)
    return out


_BUCKETS = 13
_DATE_LINE = 80  # characters of a line with a date, as comments and teasers have

_COOKIE_WORDS = (
    "cookie cookies consent gdpr ccpa vendors iab куки ciasteczka cookiepolicy sušenky çerez çerezler informasjonskapsler evästeet"
    " evästeitä süti sütik sütiket slapukai sīkdatnes küpsised biscotti datenschutz privacy trackers"
).split()


@cache
def _cookie_words() -> NDArray[np.uint64]:
    return np.array([hash_word(word) for word in _COOKIE_WORDS], np.uint64)


# Kinds assigned by rules, in groups as the classifier sees them.
GROUPS: dict[LineKind, int] = {
    "": 0, "navigation": 1, "share": 1, "cookie": 2, "copyright": 2, "template": 2, "id": 2, "caption": 3, "credit": 3, "byline": 3,
    "related": 4, "advert": 5, "subscribe": 5, "comment": 6, "toc": 7, "other": 7,
}  # fmt: skip


# Indices of lines are precise only near the edges; otherwise, a tree could learn individual texts.
_STEPS = np.array([*range(6), *(number.bit_length() + 3 for number in range(6, 4096))], np.int64)
_REACH = (1, 3, 8, 20)
_SPREAD = (
    "score", "prose", "rule", "bullet", "code", "number", "size", "capital", "ends", "linked", "common", "repeated", "date", "comments",
    "cookies",
)  # fmt: skip
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
    "all_code", "all_number", "all_comment", "linked", "indent", "mark", "gap", "parts", "form", "all_linked", "deeper", "gap_below",
    "common", "known", "all_known", "all_cookies", "all_repeated", "all_dates", "comments_above", "comments_below",
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


def columns(page: Scan, scores: Ints, known: Ints, groups: Ints, layout: Layout) -> NDArray[np.float32]:
    """Return the (lines, NAMES) features of a text, all integers.

    `scores` are those of the words, `known` the share of words that have one (in 1/16), `groups` those of
    the kinds from rules.
    """
    counts, many, lengths = page.counts, page.many, page.lengths
    count = len(many)
    place = np.arange(count)
    kinds = counts.T
    letters = kinds[LOWER] + kinds[UPPER] + kinds[CASELESS] + kinds[DENSE] + kinds[SOLID]
    some, least, full = np.maximum(letters, 1), np.maximum(many, 1), np.maximum(kinds.sum(0), 1)
    line_of = page.line_of
    mark = page.marks

    def per_line(flags: NDArray[np.bool_]) -> Ints:
        return np.bincount(line_of[flags], minlength=count)

    capitals, numbers = per_line(page.heads == UPPER), per_line(page.heads == DIGIT)
    stops, dated, address = per_line((mark & 1) > 0), per_line((mark & 2) > 0), per_line((mark & 4) > 0)
    # an ideograph counts as two and a half letters
    size = lengths + kinds[DENSE] + (kinds[DENSE] >> 1)
    ends = ends_sentence(page)
    bullet = (page.first == DASH) | (page.first == BAR)
    prose = (size >= 70) & (ends | (page.inner > 0) | (size >= 160))
    ruled = groups > 0
    coded = ((kinds[CODE] + kinds[OPEN]) * 12 > full) | (page.last == CODE)
    figures = (letters * 2 < full) & ~coded
    capital = capitals * 64 // least
    end = page.last.astype(np.int64)
    cut = np.minimum(size, 400)
    # similar lines: the same words, the same appearance, the same beginning
    shape = np.minimum(many, 15)
    for number in (np.minimum(capitals, 7), np.minimum(numbers, 7), page.first, np.minimum(kinds[COMMA] + kinds[BAR], 7), page.last):
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
    telling = (page.sizes >= 4) & (mark == 0) | (page.heads == DENSE)
    in_prose = prose[line_of]
    informative = per_line(telling)
    at_least_one = np.maximum(informative, 1)
    body = per_line(telling & (np.bincount(bucket[in_prose], minlength=1 << _BUCKETS)[bucket] > in_prose)) * 32 // at_least_one
    rare = per_line(telling & (np.bincount(bucket, minlength=1 << _BUCKETS)[bucket] == 1)) * 32 // at_least_one
    # short words that occur in several paragraphs, as function words do in every language
    short = (page.sizes <= 4) & (page.heads == LOWER) | (page.sizes <= 4) & (page.heads == CASELESS)
    common = per_line(short & (np.bincount(bucket[in_prose], minlength=1 << _BUCKETS)[bucket] > 1 + in_prose)) * 32 // least
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
    repeated, with_date = again > 1, (dated > 0) & (numbers > 0) & (size < _DATE_LINE)
    comments = groups == GROUPS["comment"]
    cookies = np.minimum(per_line(np.isin(page.hashes, _cookie_words())), 4)
    spread = np.zeros((len(_SPREAD), count + 1), np.int64)
    near = np.empty((len(_SPREAD), count), np.int64)
    flagged = (
        scores >> 3, prose << 6, ruled << 6, bullet << 6, coded << 6, figures << 6, cut, capital, ends << 6, layout.linked, common,
        repeated << 6, with_date << 6, comments << 6, cookies << 4,
    )  # fmt: skip
    for row, values in enumerate(flagged):
        near[row] = values
    np.cumsum(near, axis=1, out=spread[:, 1:])
    run, listed = stop - begin, list_stop - list_begin
    size_all = max(int(size.sum()), 1)
    out = np.empty((len(NAMES), count), np.float32)
    for row, plain in enumerate((
        size, many, kinds[UPPER] * 64 // some, capital, numbers * 64 // least, kinds[DIGIT] * 64 // full, stops * 64 // least, stops,
        (dated + numbers) * 64 // least, address, end, page.first, page.inner, kinds[COMMA], kinds[COLON], kinds[QUOTE],
        kinds[BAR], kinds[OPEN], (full - letters - kinds[DIGIT] - kinds[SPACE]) * 64 // full, kinds[CODE], letters * 4 // least,
        scores, groups, shape_score, shape_rule, head_score, head_prose, body, rare, place * 10 // count, before * 10 // max(total, 1),
        mass * 10 // max(int(mass[-1]), 1), (spread[0, stop] - spread[0, begin]) // (run << 4),
        (spread[2, stop] - spread[2, begin]) // (run << 3), (spread[0, list_stop] - spread[0, list_begin]) // (listed << 4),
        np.where(heading >= 0, scores[heading], 0), np.where(heading >= 0, groups[heading], 0),
        np.where(ruled_above >= 0, groups[ruled_above], 0), total * 8 // count, int(size[prose].sum()) * 8 // size_all,
        int(scores.sum()) // (count << 8), int(ruled.sum()) * 8 // count, int((scores > 0).sum()) * 8 // count,
        int(bullet.sum()) * 8 // count, int(coded.sum()) * 8 // count, int(figures.sum()) * 8 // count,
        int((groups == 6).sum()) * 16 // count, layout.linked, np.minimum(layout.indent, 60), layout.mark, layout.gap,
        np.minimum(layout.parts, 20), layout.form, int(layout.linked.sum()) // count, layout.indent - int(np.median(layout.indent)),
        np.append(layout.gap[1:], 1), common, known, int((known * many).sum()) // max(int(many.sum()), 1),
        int(cookies.sum()) * 64 // count, int(repeated.sum()) * 16 // count, int(with_date.sum()) * 64 // count,
        np.minimum(np.cumsum(comments), 15), np.minimum(np.cumsum(comments[::-1])[::-1], 15),
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


CONTEXT = (
    "guess", "guess_size", *(f"guess~{reach}" for reach in (1, 3, 8, 20, 60)), *(f"guess<{reach}" for reach in (3, 10, 30)),
    *(f"guess>{reach}" for reach in (3, 10, 30)), "guess_above", "guess_below", "guess_all", "gone_all", "gone_chars", "gone_prose",
    "gone_above", "gone_below", "rank", "kept_since", "kept_until", "body_inside", "body_begin", "body_end", "body_share", "body_lines",
    "segment", "segment_place", "segment_left", "segment_chars", "segment_score", "previous", "previous_score", "next", "next_score",
    "guess_shape", "guess_head", "prose_guess", "prose_guess~8",
)  # fmt: skip
"""The columns of `context`. name<n: the mean over the n lines above; name>n: over those below."""


def context(page: Scan, first: Ints) -> NDArray[np.float32]:
    """Return the (lines, CONTEXT) features from the log odds of a first pass.

    All are integers."""
    count = len(first)
    place = np.arange(count)
    near = np.clip(first, -_CLIP, _CLIP) >> 4
    size = np.minimum(page.lengths + (page.counts[:, DENSE] * 3 >> 1), 600)
    prose = (size >= 70) & (ends_sentence(page) | (page.inner > 0) | (size >= 160))
    gone = near > 0
    kept_prose = prose & ~gone
    sums = np.zeros((5, count + 1), np.int64)
    np.cumsum(np.stack((near, gone * 64, size, near * size, near * prose)), axis=1, out=sums[:, 1:])
    prosaic = np.zeros(count + 1, np.int64)
    np.cumsum(prose, out=prosaic[1:])

    def mean(row: int, low: Ints, high: Ints) -> Ints:
        out: Ints = (sums[row, high] - sums[row, low]) // np.maximum(high - low, 1)
        return out

    low, high = (
        {reach: np.maximum(place - reach, 0) for reach in (1, 3, 8, 10, 20, 30, 60)},
        {reach: np.minimum(place + reach + 1, count) for reach in (1, 3, 8, 10, 20, 30, 60)},
    )
    chars = max(int(sums[2, -1]), 1)
    begin, stop = _best_segment(-near * size)
    run, end = _runs(gone)
    long = end - run
    before, after = np.maximum(run - 1, 0), np.minimum(end, count - 1)
    number = np.minimum(page.many, 15) * 64 + page.first.astype(np.int64) * 32 + page.last
    beginning = np.where(page.pair > 0, page.pair, page.opening)
    rows = (
        near, near * np.minimum(size, 160) >> 6, *(mean(0, low[reach], high[reach]) for reach in (1, 3, 8, 20, 60)),
        *(mean(0, low[reach], place) for reach in (3, 10, 30)), *(mean(0, place + 1, high[reach]) for reach in (3, 10, 30)),
        mean(0, np.zeros_like(place), place), mean(0, place + 1, np.full_like(place, count)), int(sums[0, -1]) // count,
        int(sums[1, -1]) // count, int((size * gone).sum()) * 64 // chars, int((prose & gone).sum()) * 64 // max(int(prosaic[-1]), 1),
        mean(1, np.zeros_like(place), place), mean(1, place + 1, np.full_like(place, count)),
        np.searchsorted(np.sort(near), near) * 64 // count,
        _STEPS[np.minimum(place - _since(kept_prose, place), len(_STEPS) - 1)],
        _STEPS[np.minimum(count - place - 1 - _since(kept_prose[::-1], place)[::-1], len(_STEPS) - 1)],
        (place >= begin) & (place < stop), _signed_steps(place - begin), _signed_steps(stop - place),
        int(sums[2, stop] - sums[2, begin]) * 64 // chars, (stop - begin) * 64 // count,
        np.where(gone, 1, -1) * _STEPS[np.minimum(long, len(_STEPS) - 1)], _STEPS[np.minimum(place - run, len(_STEPS) - 1)],
        _STEPS[np.minimum(end - place, len(_STEPS) - 1)], np.minimum((sums[2, end] - sums[2, run]) >> 5, 400),
        (sums[0, end] - sums[0, run]) // long, np.where(run > 0, _STEPS[np.minimum(long[before], len(_STEPS) - 1)], -1),
        np.where(run > 0, ((sums[0, end] - sums[0, run]) // long)[before], 0),
        np.where(end < count, _STEPS[np.minimum(long[after], len(_STEPS) - 1)], -1),
        np.where(end < count, ((sums[0, end] - sums[0, run]) // long)[after], 0),
        _mean_by(number, near), _mean_by(beginning, near), int(sums[4, -1]) // max(int(prosaic[-1]), 1),
        (sums[4, high[8]] - sums[4, low[8]]) // np.maximum(prosaic[high[8]] - prosaic[low[8]], 1),
    )  # fmt: skip
    out = np.empty((len(CONTEXT), count), np.float32)
    for row, values in enumerate(rows):
        out[row] = values
    return np.ascontiguousarray(out.T)


_CLIP = 6 * 1024  # log odds of the first pass


def _signed_steps(distance: Ints) -> Ints:
    out: Ints = np.sign(distance) * _STEPS[np.minimum(np.abs(distance), len(_STEPS) - 1)]
    return out


def _mean_by(keys: NDArray[Any], values: Ints) -> Ints:
    """Return the mean of the values of all lines with the same key, for each line."""
    _, of, often = np.unique(keys, return_inverse=True, return_counts=True)
    out: Ints = np.bincount(of, values).astype(np.int64)[of] // often[of]
    return out


def _best_segment(gains: Ints) -> tuple[int, int]:
    """Return begin and end of the lines whose gains have the largest sum."""
    sums = np.zeros(len(gains) + 1, np.int64)
    np.cumsum(gains, out=sums[1:])
    least = np.minimum.accumulate(sums)
    stop = int(np.argmax(sums - least))
    return int(np.argmin(sums[: stop + 1])), stop
