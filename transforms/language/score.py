"""Reading a text for its language: its pieces, their scripts, and what the model makes of each piece."""

from __future__ import annotations

import re
from dataclasses import dataclass
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from newsbeam.transforms.language.model import BLANKS, DIGIT, FIRST_SCRIPT, KINDS, MARK, SCALE, Model, Script, without_quotes
from newsbeam.transforms.language.ngrams import BLANK, Codes
from newsbeam.transforms.language.prose import Part

# What says nothing of the language: addresses, handles, tags; each looked for only where its sign occurs.
_ADDRESSES = (
    ("/", re.compile(r"https?://[!-~]+|(?<![\w.-])(?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,4}/[!-~]*", re.I)),
    ("www.", re.compile(r"www\.[!-~]+", re.I)),
    ("@", re.compile(r"(?<![\w.+-])[\w.+-]{0,64}@[\w-]{1,255}(?:\.[\w-]{1,63}){0,8}")),
    ("#", re.compile(r"(?<!\w)#\w+")),
    ("&", re.compile(r"&[a-z]{2,8};", re.I)),
)
# Where a sentence or a line ends: white space after closing punctuation, or a full stop of a script that writes no blanks.
_BREAK = re.compile(r"[\n.!?…;。！？।؟۔](?:(?<=[\n。！？।؟۔])|[\"')\]»”’]*(?=\s))\s*")
_FAR = re.compile("[\u0370-\u1dff\u2c00-\ud7ff]")
_COMBINING = re.compile("[\u0300-\u036f]")

# However long a document is, it is looked at in at most so many pieces, and at so many signs of it in all (at least
# so many of each piece): its beginning, its end and everything between count, and the time is bounded.
_PIECES = 64
_SIGNS = 2560
_SIGNS_OF_PIECE = 40
_SIGNS_OF_PROSE = 5120
_LONG = 100_000
# What a letter of one script says against every language of another, in units of the model, by the letter's weight.
_FOREIGN = SCALE // 2
# A Han sign in a document without any kana speaks so much against Japanese.
_NO_KANA = SCALE


@dataclass(frozen=True)
class Reading:
    """What was read of a text.

    `pieces` are the parts of it (start, end), `sizes` how many signs of each hold language; `letters` how many letters were looked at in
    each, by weight; `evidence[i, j]` what piece i says for `Model.languages[j]`, 0 for what it says most for, in units of 1/SCALE nat;
    `script[i]` the piece's main one. `codes` are the folded words of the pieces of each script that the model judged. `kana`,
    `simplified`, `traditional` count the signs that are that.
    """

    pieces: list[tuple[int, int]]
    sizes: list[int]
    letters: NDArray[np.int64]
    evidence: NDArray[np.int64]
    script: NDArray[np.int64]
    codes: dict[int, Codes]
    kana: int
    simplified: int
    traditional: int


def read(model: Model, text: str, prose: list[Part] | None = None) -> Reading | None:
    """What the text says of its language; None where nothing in it is linguistic. Where its `prose` is given, nothing else is looked at."""
    if prose is None:
        pieces = _pieces(text)
        budget = max(_SIGNS_OF_PIECE, _SIGNS // len(pieces))
        parts = [text[start : min(end, start + budget)] for start, end in pieces] if len(pieces) > 1 or len(text) > budget else [text]
        sizes = [end - start for start, end in pieces]
    else:
        pieces = [(part.start, part.end) for part in prose]
        sizes = [len(part.prose) for part in prose]
        budget = max(_SIGNS_OF_PIECE, _SIGNS_OF_PROSE // sum(part.prose != "" for part in prose))
        parts = [part.prose[:budget] for part in prose]
    count = len(pieces)
    signs, piece = _sample(parts)
    kind = model.kind.take(signs)
    tally = _tally(kind, piece, count)
    letters = tally[:, FIRST_SCRIPT:]
    if not letters.any():
        return None
    latin = kind == FIRST_SCRIPT
    digits = int(tally[:, DIGIT].sum())
    if digits and letters[:, 0].any():
        # Latin letters in a token with digits are parts of ids, of models, of file names.
        token = np.cumsum(kind == BLANKS)
        named = np.bincount(token, kind == DIGIT)[token] > 0
        kind[latin & named] = 0
        tally = _tally(kind, piece, count)
        letters = tally[:, FIRST_SCRIPT:]
    total = letters.sum(axis=0)
    every = int(total.sum())
    if every == 0 or (every <= digits and every < 12 and total[0] == every):
        return None
    weighed = letters * model.weight
    han = model.number["Hani"]
    syllables = int(total[model.number["Hira"]] + total[model.number["Kana"]])
    if syllables:
        for name in ("Hira", "Kana"):
            weighed[:, han] += weighed[:, model.number[name]]
            weighed[:, model.number[name]] = 0
    script = weighed.argmax(axis=1)
    heaviest = weighed.max(axis=1)
    weighed -= heaviest[:, None]
    weighed *= _FOREIGN
    evidence = weighed.take(model.script_of, axis=1)
    codes: dict[int, Codes] = {}
    for number in set(script[heaviest > 0].tolist()):
        own = model.scripts[number]
        if len(own.rows):
            codes[number] = _judge(model, own, signs, kind, piece, script == number, evidence)
    simplified = traditional = 0
    if total[han]:
        marks = np.bincount(model.han[signs], minlength=4)
        simplified, traditional = int(marks[1]), int(marks[2])
        if not syllables:
            evidence[:, model.columns["ja"]] -= _NO_KANA * letters[:, [han]]
    return Reading(pieces, sizes, heaviest, evidence, script, codes, syllables, simplified, traditional)


def _tally(kind: NDArray[np.uint8], piece: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """How many signs of each kind each piece has."""
    if count == 1:
        return np.bincount(kind, minlength=KINDS).reshape(1, -1)
    return np.bincount(piece * KINDS + kind, minlength=count * KINDS).reshape(count, -1)


def _judge(
    model: Model,
    script: Script,
    signs: NDArray[np.uint32],
    kind: NDArray[np.uint8],
    piece: NDArray[np.int64],
    mine: NDArray[np.bool_],
    evidence: NDArray[np.int64],
) -> Codes:
    """Add what the grams of the pieces in `mine`, which are of this script, say for its languages. Returns their folded words."""
    inside = script.inside.take(kind)
    if not mine.all():
        inside &= mine[piece]
    codes = without_quotes(np.where(inside, model.fold.take(signs), _BLANK))
    letter = codes != BLANK
    keep = letter.copy()
    keep[1:] |= letter[:-1]
    codes = np.concatenate([_EDGE, codes[keep], _EDGE])
    starts = _FIRST if len(mine) == 1 else np.searchsorted(piece[keep], np.arange(len(mine))) + 1
    sums = model.sums(script, codes, starts)
    sums -= np.maximum.reduce(sums, axis=1, keepdims=True)
    evidence[:, script.first : script.first + len(script.languages)] += sums
    return codes


_BLANK = np.uint16(BLANK)
_FIRST = np.array([1])
_EDGE = np.array([BLANK], np.uint16)


def _pieces(text: str) -> list[tuple[int, int]]:
    """The sentences and lines of the text; in a long one those are joined that follow each other in the same kind of script."""
    least = len(text) // _PIECES if len(text) > _PIECES * _SIGNS_OF_PIECE else 0
    pieces: list[tuple[int, int]] = []
    # A foreign line stays a piece of its own, unless the text is so long, or so mixed, that time would not be bounded.
    mixed = least > 0 and len(text) < _LONG and _FAR.search(text) is not None
    start = last = 0
    for match in _BREAK.finditer(text):
        end = match.end()
        if mixed and last > start and len(pieces) < 3 * _PIECES and _far(text, start, last) != _far(text, last, end):
            pieces.append((start, last))
            start = last
        if end - start > least:
            pieces.append((start, end))
            start = end
        last = end
    if start < len(text) or not pieces:
        pieces.append((start, len(text)))
    return pieces


def _far(text: str, start: int, end: int) -> bool:
    # Anything past Latin letters and general punctuation; a piece's beginning is enough to tell.
    return _FAR.search(text, start, min(end, start + _SIGNS_OF_PIECE)) is not None


def _sample(parts: list[str]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """The signs of the parts, addresses blanked, and the part that each belongs to."""
    sample = "".join(parts)
    for sign, address in _ADDRESSES:
        if sign in sample:
            sample = address.sub(lambda match: " " * len(match.group()), sample)
    if not sample.isascii() and _COMBINING.search(sample) is not None:
        parts = [normalize("NFC", part) for part in _cut(sample, parts)]
        sample = "".join(parts)
    signs = np.frombuffer(sample.encode("utf-32-le", "surrogatepass"), np.uint32)
    if len(sample) and not sample.isascii():
        signs = np.where(signs < 0x10000, signs, 0)
    if len(parts) == 1:
        return signs, np.zeros(0, np.int64)
    return signs, np.repeat(np.arange(len(parts)), [len(part) for part in parts])


def _cut(sample: str, parts: list[str]) -> list[str]:
    """The sample in pieces of the parts' lengths."""
    cut = []
    start = 0
    for part in parts:
        cut.append(sample[start : start + len(part)])
        start += len(part)
    return cut


__all__ = ["MARK", "Reading", "read"]
