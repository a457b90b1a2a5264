"""The language of a document, and of its parts where it mixes languages: exact, and the same on every machine.

>>> Language()(Document(text="Der Hund bellt, die Karawane zieht weiter.")).language
'de'
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from transforms.boilerplate.words import languages
from transforms.document import ALL_SIGNS, NEUTRAL_SIGNS, Document, LanguageRun
from transforms.language.profiles import SCALE, Profiles, Sums, profiles
from transforms.processor import Effect

__all__ = ["Language"]

_UNKNOWN = ("und", 0.0, ())

# What says nothing of the language: addresses, handles, tags; each looked for only where its sign occurs.
_ADDRESSES = (
    ("/", re.compile(r"https?://[!-~]+|(?<![\w.-])(?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,4}/[!-~]*", re.I)),
    ("www.", re.compile(r"www\.[!-~]+", re.I)),
    ("@", re.compile(r"(?<![\w.+-])[\w.+-]{0,64}@[\w-]{1,255}(?:\.[\w-]{1,63}){0,8}")),
    ("#", re.compile(r"(?<!\w)#\w+")),
)
# Where a sentence or a line ends: white space after closing punctuation, or a full stop of a script that writes no blanks.
_BREAK = re.compile(r"[\n.!?…;。！？।؟۔](?:(?<=[\n。！？।؟۔])|[\"')\]»”’]*(?=\s))\s*")

_FAR = re.compile("[\u0370-\u1dff\u2c00-\ud7ff]")

# However long a document is, it is looked at in at most so many pieces, and at so many signs of it in all (at least
# so many of each piece): its beginning, its end and everything between count, and the time is bounded.
_PIECES = 64
_SIGNS = 2560
_SIGNS_OF_PIECE = 40
_LONG = 100_000
# Grams overlap (each letter stands in six), so their evidence is worth a fraction of what independence would make it.
# Fitted on texts of known language: of those that score 0.6, about 60 % are right.
_TEMPER = 2.5
# What a change of language costs, in tempered nats: a run needs that much evidence on either side.
_SWITCH = 12.0
# A Han sign in a document without any kana speaks so much against Japanese, without Hangul so much against Korean, in
# units of the table.
_NO_KANA = 1000
_NO_HANGUL = 5000


@dataclass(frozen=True)
class Language:
    """Sets `language`, `language_score` and, where the document mixes languages, `languages`.

    `language` is that of most of the text: ISO 639-1, "no" for Norwegian in general, "zh" for Chinese in either script, and
    "und" with score 0 where there is nothing linguistic (addresses, numbers, ids) or the score is under `min_score`.
    `language_score` (0..1) is the tempered posterior among the 65 languages there are profiles for. `languages` is `()`
    when the whole text is in one language. Raises ValueError unless 0 <= min_score <= 1.
    """

    name: ClassVar[str] = "language"
    effect: ClassVar[Effect] = "annotates"
    min_score: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.min_score <= 1:
            raise ValueError(f"language: min_score must be between 0 and 1, not {self.min_score}")

    def __call__(self, document: Document) -> Document:
        """The document with its language set."""
        language, score, runs = _identify(document.prose)
        if score < self.min_score:
            language, score, runs = _UNKNOWN
        about = document.metadata
        if about.boilerplate == ALL_SIGNS and language not in languages():
            about = replace(about, boilerplate=NEUTRAL_SIGNS)
        return replace(document, language=language, language_score=score, languages=runs, metadata=about)


def _identify(text: str) -> tuple[str, float, tuple[LanguageRun, ...]]:
    table = profiles()
    names = table.codes
    pieces = _pieces(text)
    sums, letters = _evidence(table, text, pieces)
    if not letters.any():
        return _UNKNOWN
    evidence = sums / (SCALE * _TEMPER)
    path = _path(evidence)
    shares: dict[int, float] = {}
    for column, share in zip(path, letters.tolist(), strict=True):
        shares[column] = shares.get(column, 0.0) + share
    main = max(shares, key=lambda column: (shares[column], -column))
    mine = np.array([column == main for column in path])
    score = _posterior(names, evidence[mine].sum(axis=0), names[main])
    runs: list[LanguageRun] = []
    begin = 0
    for piece in range(1, len(path) + 1):
        if piece == len(path) or names[path[piece]] != names[path[begin]]:
            start, end = _trimmed(text, pieces[begin][0], pieces[piece - 1][1])
            language = names[path[begin]]
            if end > start:
                runs.append(LanguageRun(start, end, language, _posterior(names, evidence[begin:piece].sum(axis=0), language)))
            begin = piece
    return names[main], score, tuple(runs) if len({run.language for run in runs}) > 1 else ()


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


def _sample(text: str, pieces: list[tuple[int, int]]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """The signs that are looked at, addresses blanked, and the piece that each belongs to."""
    budget = max(_SIGNS_OF_PIECE, _SIGNS // len(pieces))
    parts = [text[start : min(end, start + budget)] for start, end in pieces]
    sample = "".join(parts)
    for sign, address in _ADDRESSES:
        if sign in sample:
            sample = address.sub(lambda match: " " * len(match.group()), sample)
    signs = np.frombuffer(sample.encode("utf-32-le", "surrogatepass"), np.uint32)
    return np.where(signs < 0x10000, signs, 0x20), np.repeat(np.arange(len(pieces)), [len(part) for part in parts])


def _evidence(table: Profiles, text: str, pieces: list[tuple[int, int]]) -> tuple[Sums, NDArray[np.float64]]:
    """The log-probability of each piece in each language, and how much each piece weighs in the document (its letters)."""
    signs, piece = _sample(text, pieces)
    count = len(pieces)
    letter, latin, digit, space = table.letter[signs], table.latin[signs], table.digit[signs], table.space[signs]
    if not letter.any():
        return np.zeros((count, len(table.languages)), np.int32), np.zeros(count)
    # Latin letters in a token with digits are parts of ids, of models, of file names.
    token = np.cumsum(space)
    blank = space | (latin & (np.bincount(token, digit)[token] > 0)) if digit.any() else space.copy()
    # Latin words inside a text of another script are names and brands.
    foreign = np.bincount(piece, letter & ~latin, minlength=count)
    if foreign.any():
        roman = np.bincount(piece, letter & latin & ~blank, minlength=count)
        # A sign of Korean, Japanese or Chinese is worth a syllable or a word.
        dense = np.bincount(piece, letter & (signs >= 0x3040), minlength=count)
        blank |= latin & (2 * roman < foreign + 3 * dense)[piece]
    letter &= ~blank
    letters = np.bincount(piece, letter, minlength=count).astype(np.float64)
    if letters.sum() <= digit.sum() and letters.sum() < 12 and not foreign.any():
        return np.zeros((count, len(table.languages)), np.int32), np.zeros(count)
    # A word in capitals is looked up in small letters: the profiles leave such words out.
    capital = table.capital[signs]
    shouted = capital.copy()
    shouted[1:] &= capital[:-1]
    shouted[:-1] |= shouted[1:]
    codes = np.where(shouted, table.lower[signs], table.fold[signs])
    codes[blank] = 0x20
    blank = codes == 0x20
    keep = ~blank
    keep[1:] |= ~blank[:-1]
    codes, owner = codes[keep], piece[keep]
    starts = np.searchsorted(owner, np.arange(count)) + 1
    starts[0] = 0
    sums = table.sums(np.concatenate([[0x20], codes, [0x20]]).astype(np.uint16), starts)
    if foreign.any():
        _weigh_han(table, signs, piece, sums)
    return sums, letters


def _weigh_han(table: Profiles, signs: NDArray[np.uint32], piece: NDArray[np.int64], sums: Sums) -> None:
    """Profiles cannot say what is missing: Japanese without kana, Korean without Hangul."""
    han = np.bincount(piece, (signs >= 0x3400) & (signs < 0xA000), minlength=len(sums)).astype(np.int32)
    if not han.any():
        return
    if not ((signs >= 0x3041) & (signs < 0x3100)).any():
        sums[:, table.languages.index("ja")] -= _NO_KANA * han
    if not ((signs >= 0xAC00) & (signs < 0xD7A4)).any():
        sums[:, table.languages.index("ko")] -= _NO_HANGUL * han


def _path(evidence: NDArray[np.float64]) -> list[int]:
    """The likeliest sequence of languages, a change costing _SWITCH (Viterbi's algorithm)."""
    total = evidence.sum(axis=0)
    single = int(total.argmax())
    gain = (evidence.max(axis=1) - evidence[:, single]).sum()
    if gain <= _SWITCH:
        return [single] * len(evidence)
    best = evidence[0].copy()
    came = np.zeros(evidence.shape, np.int64)
    columns = np.arange(evidence.shape[1])
    for row in range(1, len(evidence)):
        top = int(best.argmax())
        switch = best[top] - _SWITCH
        stay = best >= switch
        came[row] = np.where(stay, columns, top)
        best = np.where(stay, best, switch) + evidence[row]
    column = int(best.argmax())
    path = [column]
    for row in range(len(evidence) - 1, 0, -1):
        column = int(came[row, column])
        path.append(column)
    return path[::-1]


def _posterior(names: tuple[str, ...], evidence: NDArray[np.float64], language: str) -> float:
    share = np.exp(evidence - evidence.max())
    mine = sum(float(part) for name, part in zip(names, share, strict=True) if name == language)
    return round(min(1.0, mine / float(share.sum())), 4)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - (len(piece) - len(piece.rstrip())) if piece.strip() else start
