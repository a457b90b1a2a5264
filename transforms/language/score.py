"""Score the pieces of a text for each language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from newsbeam.transforms.language.model import (
    BLANKS,
    CHINESE,
    DIGIT,
    FIRST_SCRIPT,
    JAPANESE,
    KINDS,
    MARK,
    SCALE,
    SIMPLIFIED,
    TRADITIONAL,
    Model,
    Script,
    without_quotes,
)
from newsbeam.transforms.language.ngrams import BLANK, Codes
from newsbeam.transforms.language.prose import Part

# Parts without information on the language: addresses, handles, tags. Each is searched only if its
# character occurs.
_ADDRESSES = (
    ("/", re.compile(r"https?://[!-~]+|(?<![\w.-])(?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,4}/[!-~]*", re.I)),
    ("www.", re.compile(r"www\.[!-~]+", re.I)),
    ("@", re.compile(r"(?<![\w.+-])[\w.+-]{0,64}@[\w-]{1,255}(?:\.[\w-]{1,63}){0,8}")),
    ("#", re.compile(r"(?<!\w)#\w+")),
    ("&", re.compile(r"&[a-z]{2,8};", re.I)),
)
# End of a sentence or line: white space after closing punctuation, or a full stop of a script
# without spaces.
_BREAK = re.compile(r"[\n.!?…;。！？।؟۔](?:(?<=[\n。！？।؟۔])|[\"')\]»”’]*(?=\s))\s*")
_FAR = re.compile("[\u0370-\u1dff\u2c00-\ud7ff]")
_COMBINING = re.compile("[\u0300-\u036f]")
# Letters in mathematical alphabets, in circles and in squares, with which people imitate bold and italics.
_STYLED = re.compile("[\u2100-\u214f\u24b6-\u24e9\U0001d400-\U0001d7ff\U0001f130-\U0001f149]")

# Limits for long documents, so that time is bounded: maximum pieces, and maximum characters in
# total (with a minimum per piece). Beginning, middle and end of the document all count.
_PIECES = 64
_SIGNS = 2560
_SIGNS_OF_PIECE = 40
_SIGNS_OF_PROSE = 5120
_LONG = 100_000
# Evidence of a letter against every language of another script, in units of the model, times the
# letter's weight.
_FOREIGN = SCALE // 2
# Evidence of a Han character against Japanese, in a document without kana (a quarter of it if the piece has no ideograph that
# Japanese lacks), unless the piece has ideographs that only Japanese has, or
# some of both Chinese scripts, and none that Japanese lacks. Evidence of each that only Japanese has.
_NO_KANA = SCALE
_ONLY_JAPANESE = 8 * SCALE


@dataclass(frozen=True)
class Reading:
    """Evidence in a text.

    * `pieces` are the parts of the text (start, end); `sizes` has their characters with linguistic
      content, `letters` their weighted letters that were read.
    * `evidence[i, j]` is that of piece i for `Model.languages[j]`, relative to the best language,
      in units of 1/SCALE nat.
    * `script[i]` is the main script of piece i. `codes` are, for each script, the normalised words
      that the model scored.
    * `kana`, `simplified` and `traditional` are numbers of characters.
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
    """Score a text; None if it has no linguistic content.

    If `prose` is given, only that is read.
    """
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
        # Latin letters in a token with digits belong to ids, models or file names.
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
        marks = model.han.take(signs)
        counts = {
            mark: np.bincount(piece[own] if count > 1 else np.zeros(own.sum(), np.int64), minlength=count)
            for mark in (SIMPLIFIED, TRADITIONAL, JAPANESE, CHINESE)
            for own in ((marks & mark) > 0,)
        }
        simplified, traditional = int(counts[SIMPLIFIED].sum()), int(counts[TRADITIONAL].sum())
        if not syllables:
            japanese = (counts[JAPANESE] > 0) | (counts[SIMPLIFIED] > 0) & (counts[TRADITIONAL] > 0)
            japanese &= counts[CHINESE] == 0
            evidence[:, model.columns["ja"]] += np.where(
                japanese, counts[JAPANESE] * _ONLY_JAPANESE, -np.where(counts[CHINESE] > 0, _NO_KANA, _NO_KANA // 4) * letters[:, han]
            )[:, None]
    return Reading(pieces, sizes, heaviest, evidence, script, codes, syllables, simplified, traditional)


def _tally(kind: NDArray[np.uint8], piece: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Count the characters of each kind in each piece."""
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
    """Add the scores of the pieces in `mine`, which are in this script.

    Returns their normalised words.
    """
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
    """Split the text into sentences and lines.

    In a long text, consecutive ones in the same group of scripts are merged.
    """
    least = len(text) // _PIECES if len(text) > _PIECES * _SIGNS_OF_PIECE else 0
    pieces: list[tuple[int, int]] = []
    # A line in another script stays a separate piece, unless the text is too long or mixed, as time
    # would be unbounded.
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
    # Anything beyond Latin letters and general punctuation; the beginning of a piece is enough.
    return _FAR.search(text, start, min(end, start + _SIGNS_OF_PIECE)) is not None


def _sample(parts: list[str]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return the characters of the parts, and the part of each.

    Addresses are blanked.
    """
    sample = "".join(parts)
    for sign, address in _ADDRESSES:
        if sign in sample:
            sample = address.sub(lambda match: " " * len(match.group()), sample)
    if not sample.isascii() and _COMBINING.search(sample) is not None:
        parts = [normalize("NFC", part) for part in _cut(sample, parts)]
        sample = "".join(parts)
    if not sample.isascii() and _STYLED.search(sample) is not None:
        sample = _STYLED.sub(_plain, sample)
    signs = np.frombuffer(sample.encode("utf-32-le", "surrogatepass"), np.uint32)
    if len(sample) and not sample.isascii():
        signs = np.where(signs < 0x10000, signs, 0)
    if len(parts) == 1:
        return signs, np.zeros(0, np.int64)
    return signs, np.repeat(np.arange(len(parts)), [len(part) for part in parts])


def _plain(styled: re.Match[str]) -> str:
    """Return the plain letter of a styled one, as long as it is one character."""
    plain = normalize("NFKC", styled.group())
    return plain if len(plain) == 1 else " "


def _cut(sample: str, parts: list[str]) -> list[str]:
    """Split the sample by the lengths of the parts."""
    cut = []
    start = 0
    for part in parts:
        cut.append(sample[start : start + len(part)])
        start += len(part)
    return cut


__all__ = ["MARK", "Reading", "read"]
