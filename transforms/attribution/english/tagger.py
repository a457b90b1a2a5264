"""Attribution for English by the trained tagger.

Cues are predicted first, then source and content around each cue. All decisions compare integers
(see `network`), so the result is the same on every machine. The time is linear in the length of the
text: there are at most as many cues as tokens, and each is read with a fixed number of neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import exp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from newsbeam.transforms.attribution.english.encoding import BREAK, CLOSING, INSIDE, OPENING, SIGNS, Reading, read
from newsbeam.transforms.attribution.english.network import Floats, Network, build_network
from newsbeam.transforms.attribution.statement import Statement
from newsbeam.transforms.package_data import load_arrays, one_thread

_BITS = np.arange(SIGNS, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Model:
    """The network, its vocabulary, and the settings from the development set.

    `cue_bias` is added to the scores of both kinds of cue tokens, in units of the network's sums;
    `unit` of these are one nat. `curve` holds the log odds that a statement is correct, in 1/1024:
    an intercept and one weight per feature. Statements with odds below `least` (in units times
    1024) are dropped.
    """

    network: Network
    words: dict[str, int]
    endings: dict[str, int]
    cue_bias: int
    unit: int
    least: int
    curve: tuple[int, ...]

    def odds(self, features: tuple[int, ...]) -> int:
        """Return the log odds of features (`Statement.features`).

        In units times 1024.
        """
        always, *each = self.curve
        return always * self.unit + sum(weight * value for weight, value in zip(each, features, strict=True))

    def score(self, odds: int) -> float:
        """Convert log odds to a probability."""
        return 1 / (1 + exp(-odds / (1024 * self.unit)))

    def ids(self, words: list[str]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Look up the ids of words and of their endings.

        An unknown compound gets the id of its last part.
        """
        known, endings = self.words, self.endings
        found = [known.get(word) or (known.get(word.rpartition("-")[2], 0) if "-" in word else 0) for word in words]
        return np.array(found, np.int32), np.array([endings.get(word[-3:], 0) for word in words], np.int32)


@cache
def model() -> Model:
    """Load the model in `weights/english.npz`, once."""
    return build_model(load_arrays("newsbeam.transforms.attribution", "english.npz"))


def build_model(arrays: dict[str, NDArray[Any]]) -> Model:
    """Build the model from the arrays of a weights file."""
    words, endings = (arrays[key].tobytes().decode().split("\n") for key in ("words", "ends"))
    settings = [int(number) for number in arrays["settings"]]
    cue_bias, unit, least, *curve = settings
    return Model(
        build_network(arrays),
        {word: number for number, word in enumerate(words)},
        {ending: number for number, ending in enumerate(endings)},
        cue_bias,
        unit,
        least,
        tuple(curve),
    )


def tag(text: str, ranges: list[tuple[int, int]], learned: Model | None = None) -> list[Statement]:
    """Return the statements of an English text, ordered by cue.

    `ranges` are its paragraphs. A paragraph of more than MAX_PARAGRAPH_CHARS characters is not prose and is
    skipped.
    """
    found: list[Statement] = []
    group: list[tuple[int, int]] = []
    with one_thread():
        for start, end in ranges:
            if group and end - group[0][0] > _BATCH_CHARS:
                found += _tagged(text, group, learned or model())
                group = []
            if end - start <= MAX_PARAGRAPH_CHARS:
                group.append((start, end))
        return found + _tagged(text, group, learned or model()) if group else found


MAX_PARAGRAPH_CHARS = 40_000
_BATCH_CHARS = 60_000  # characters per batch, to limit memory; an article is shorter


def _tagged(text: str, ranges: list[tuple[int, int]], learned: Model) -> list[Statement]:
    reading = read(text, ranges)
    words, endings = learned.ids(reading.words)
    signs = ((np.array(reading.signs, np.int64)[:, None] >> _BITS) & 1).astype(np.float32)
    encoded = learned.network.encode(words, endings, signs)
    scores = learned.network.cues(encoded).astype(np.int32)
    scores[:, 1:] += learned.cue_bias
    cues = _decode_cues(scores)
    sentences, paragraphs = np.array(reading.sentences, np.int32), np.array(reading.paragraphs, np.int32)
    found = []
    for begin in range(0, len(cues), _BATCH_CUES):
        some = cues[begin : begin + _BATCH_CUES]
        roles = learned.network.roles(encoded, [(start, end) for start, end, _ in some], sentences, paragraphs)
        found += _link(reading, some, roles, learned)
    return found


_BATCH_CUES = 128  # cues decoded per batch, to limit memory


def _decode_cues(scores: NDArray[np.int32]) -> list[tuple[int, int, int]]:
    """Decode the best sequence of cues: first token, end, margin.

    The margin is the score of the first token over that of no cue.
    """
    margins = scores - scores[:, :1]
    # A token at which neither kind of cue scores above 0 is certain to be no cue.
    near = np.flatnonzero((margins[:, 1] > 0) | (margins[:, 2] > 0))
    cues: list[tuple[int, int, int]] = []
    rows = margins[:, 1:].tolist()
    position = 0
    total = len(near)
    while position < total:
        last = position
        while last + 1 < total and near[last + 1] == near[last] + 1:
            last += 1
        cues += _viterbi(rows, int(near[position]), int(near[last]) + 1)
        position = last + 1
    return cues


def _viterbi(rows: list[list[int]], begin: int, end: int) -> list[tuple[int, int, int]]:
    """Decode tokens [begin, end) by the Viterbi algorithm.

    "No cue" scores 0. A further token must follow a token of a cue.
    """
    impossible = -(1 << 60)
    none, first, further = 0, impossible, impossible
    back: list[tuple[int, int, int]] = []
    for k in range(begin, end):
        starts, continues = rows[k]
        best = 0 if none >= first and none >= further else 1 if first >= further else 2
        top = (none, first, further)[best]
        follows = 1 if first >= further else 2
        back.append((best, best, follows))
        none, first, further = top, top + starts, max(first, further) + continues
    state = 0 if none >= first and none >= further else 1 if first >= further else 2
    cues: list[tuple[int, int, int]] = []
    stop = end
    for k in range(end - 1, begin - 1, -1):
        if state == 0:
            stop = k
        elif state == 1:
            cues.append((k, stop, rows[k][0]))
            stop = k
        state = back[k - begin][state]
    cues.reverse()
    return cues


def _link(reading: Reading, cues: list[tuple[int, int, int]], roles: Floats, learned: Model) -> list[Statement]:
    scores = np.ascontiguousarray(roles.transpose(2, 0, 1), np.int32)
    reach = learned.network.reach
    total = len(reading.words)
    # Positions outside the text get no role.
    for row, (start, _, _) in enumerate(cues):
        if start < reach:
            scores[:, row, : reach - start] = _NO_ROLE
        if start + reach >= total:
            scores[:, row, total - start + reach :] = _NO_ROLE
    # The margins of source and of content over the better of the other two roles.
    none, source, content = scores
    limit = 8 * learned.unit
    sources_by = source - np.maximum(none, content)
    content_by = content - np.maximum(none, source)
    # A tie goes to the first role: none, source, content.
    paths = np.where(content_by > 0, 2, np.where((source > none) & (source >= content), 1, 0))
    changed = paths[:, 1:] != paths[:, :-1]
    np.minimum(sources_by, limit, out=sources_by)
    np.minimum(content_by, limit, out=content_by)
    found = []
    for row, (start, end, margin) in enumerate(cues):
        offset = start - reach
        sources: list[tuple[int, int, int]] = []
        contents: list[tuple[int, int]] = []
        sure = length = 0
        path = paths[row]
        edges = np.flatnonzero(changed[row]) + 1
        bounds = [0, *edges.tolist(), len(path)]
        for low, high in pairwise(bounds):
            role = int(path[low])
            if role == 1:
                sources.append((int(sources_by[row, low:high].sum()) // (high - low), low + offset, high + offset))
            elif role == 2:
                sure += int(content_by[row, low:high].sum())
                length += high - low
                contents += _split_content(reading, low + offset, high + offset)
        contents = _drop_fragments(reading, contents, start)
        if not contents:
            continue
        pieces = [(reading.start[low], reading.end[high - 1]) for low, high in contents]
        direct = all(reading.quoted(k) for low, high in contents for k in range(low, high))
        speaker = None
        sure_source = 0
        if sources:
            sure_source, low, high = max(sources, key=lambda item: (item[0], -item[1]))
            speaker = _trim_source(reading, low, high)
        cue = reading.start[start], reading.end[end - 1]
        quoted = any(reading.signs[k] & (1 << INSIDE) for k in range(*contents[0]))
        short = sum(high - low for low, high in contents) < _MIN_TOKENS
        unit = learned.unit
        features = (
            min(margin, 8 * unit),
            sure // length,
            sure_source,
            unit if speaker else 0,
            unit if quoted else 0,
            unit if direct else 0,
            unit if short else 0,
        )
        odds = learned.odds(features)
        if odds >= learned.least:
            found.append(Statement(pieces, cue, speaker, learned.score(odds), direct=direct, features=features))
    return found


_NO_ROLE = np.array([[1 << 22], [0], [0]], np.int32)  # scores at positions outside the text


def _drop_fragments(reading: Reading, pieces: list[tuple[int, int]], cue: int) -> list[tuple[int, int]]:
    """Drop fragments from the pieces of content.

    A fragment is a few isolated words, or the writer's own words two sentences away.
    """

    if len(pieces) < 2:
        return pieces
    sizes = [sum(word[0].isalnum() for word in reading.words[low : min(high, low + 9)]) for low, high in pieces]
    limit = max(sizes)
    return [
        (low, high)
        for (low, high), size in zip(pieces, sizes, strict=True)
        if (size >= min(_MIN_PIECE_WORDS, limit) or reading.words[low] == OPENING)
        and (
            abs(reading.sentences[high - 1] - reading.sentences[cue]) <= 1
            or reading.quoted(low)
            or reading.paragraphs[low] != reading.paragraphs[cue]
        )
    ]


_MIN_TOKENS = 4  # tokens; fewer are seldom a statement
_MIN_PIECE_WORDS = 3  # minimum words of a piece if another piece has as many


def _trim_source(reading: Reading, low: int, high: int) -> tuple[int, int] | None:
    """Trim leading and trailing function words from the source [low, high).

    Returns None if nothing remains that can speak.
    """
    words = reading.words
    while low < high and words[low] in _NO_START:
        low += 1
    while low < high and (words[high - 1] in _NO_END or (high - low > 1 and words[high - 1] in _DAYS)):
        high -= 1
    if (
        low < high
        and low
        and words[low] == "of"
        and words[low - 1] in ("one", "some", "many", "most", "two", "three", "all", "both", "none")
    ):
        low -= 1
    if low == high or (high - low == 1 and words[low] in ("the", "a", "an", "what", "there")):
        return None
    return reading.start[low], reading.end[high - 1]


_DAYS = frozenset("monday tuesday wednesday thursday friday saturday sunday yesterday".split())
_NO_START = frozenset(
    (",", ";", ":", ".", "and", "but", "that", "as", "after", "before", "when", "while", "because", "if", "of", BREAK, CLOSING)
)
_NO_END = frozenset(
    (*", ; : and of the a that on in at by from to with during has have had is was were will would".split(), BREAK, OPENING)
)


def _split_content(reading: Reading, low: int, high: int) -> list[tuple[int, int]]:
    """Split the tokens [low, high) at paragraph boundaries.

    Conjunctions and punctuation at the ends of a piece are trimmed.
    """
    breaks = [low - 1, *(k for k in range(low, high) if reading.words[k] == BREAK), high]
    pieces = []
    for before, after in pairwise(breaks):
        begin, end = before + 1, after
        while begin < end and reading.words[begin] in _NO_BEGINNING:
            begin += 1
        while begin < end and (reading.words[end - 1] in _BETWEEN or _is_joining_conjunction(reading, begin, end - 1)):
            end -= 1
        if begin < end:
            pieces.append((begin, _with_closing_mark(reading, begin, end)))
    return pieces


def _with_closing_mark(reading: Reading, begin: int, end: int) -> int:
    """Return the end of a piece, behind the mark that closes its last quotation."""
    last = next((k for k in range(end - 1, begin - 1, -1) if reading.words[k] in (OPENING, CLOSING)), -1)
    if last >= 0 and reading.words[last] == OPENING:
        for k in range(end, min(end + 2, len(reading.words))):
            if reading.words[k] == CLOSING:
                return k + 1
            if reading.words[k] not in _NO_BEGINNING:
                break
    return end


def _is_joining_conjunction(reading: Reading, begin: int, k: int) -> bool:
    """Return whether token `k` joins a clause to the next: "…,” but"."""
    return k > begin and reading.words[k] in _JOINING and reading.words[k - 1] in (",", CLOSING)


_BETWEEN = frozenset((",", ";", ":", "—", "–", "-", "--"))
_NO_BEGINNING = _BETWEEN | {CLOSING, ".", "!", "?", "…"}  # the end of the sentence before
_JOINING = frozenset(("and", "but", "while", "as", "which", "who", "when"))
