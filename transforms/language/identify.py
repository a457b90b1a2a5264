"""From what the pieces of a text say to its language, its score and its runs. Whole numbers throughout."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from newsbeam.transforms.document import LanguageRun
from newsbeam.transforms.language.hints import hints
from newsbeam.transforms.language.langdetect_profiles import SCALE as PROFILE_SCALE
from newsbeam.transforms.language.langdetect_profiles import profiles
from newsbeam.transforms.language.model import SCALE, model
from newsbeam.transforms.language.prose import is_names, prose_parts
from newsbeam.transforms.language.score import Reading, read

# What a change of language costs, in units of evidence: a run needs that much on either side.
SWITCH = 12 * SCALE
# Grams overlap (each letter stands in six), the more so the more of them agree: evidence from n letters is divided by
# 1 + n / _HALF, n at most _MOST, fitted so that of the texts that score 0.6 about 60 % are right.
_HALF = 120
_MOST = 480
_UNITS = 10_000
# Languages no further behind the first than this, after that division, are too close to call: a hint may choose among them.
_TIE = 2 * SCALE
# Where so many others are as close, the text says nothing at all, and no hint makes it say something.
_SEVERAL = 5
# Languages no further apart than this are put to langdetect's profiles, whose evidence (of overlapping grams, too) counts a tenth.
_CLOSE = 3 * SCALE
_VOICE = 10
# A language's lead over the mean of its script's, in units a letter, under which it is rather one that we do not know, and the lead that
# is asked for at least; only for scripts with so many languages. Fitted on languages that the model has not met (weights/model.md).
_STRANGE = 7
_LEAST = 6 * SCALE
_MANY = 8
_NEVER = 1 << 20
# Under this score for either of them, Norwegian is "no".
_NORWEGIAN = 0.5
# From this score on a language is clear.
_CLEAR = 0.9
# So many signs in one language, with that score, make it the text's where most of the text is in none that we know.
_LONG_RUN = 400
# exp(-i / SCALE) in units of 2 ** -30; the last is 0.
_EXP = np.array([round(math.exp(-i / SCALE) * (1 << 30)) for i in range(24 * SCALE)] + [0])


@dataclass(frozen=True)
class Finding:
    """A text's language with its score (0..1), its runs (none where there is one language), and its main script (ISO 15924).

    `hint` says what decided between the nearest languages where the text did not; "" where nothing had to.
    """

    language: str
    score: float
    runs: tuple[LanguageRun, ...] = ()
    script: str = ""
    hint: str = ""


UNKNOWN = Finding("und", 0.0)


def identify(text: str, declared: str = "", url: str = "") -> Finding:
    """The language of a text; `declared` is what its page says of it, `url` its address.

    Where all lines together leave a doubt, those that are prose are asked alone, if there are enough of them.
    """
    known = model()
    reading = read(known, text)
    if reading is None:
        return UNKNOWN
    finding, strange = _finding(text, reading, declared, url)
    if finding.score >= _CLEAR and not finding.runs:
        return finding
    prose = prose_parts(text, whatever_else=strange)
    reading = read(known, text, prose) if prose else None
    if reading is not None:
        return _finding(text, reading, declared, url, rescue=True)[0]
    return replace(UNKNOWN, script=finding.script) if finding.runs and is_names(text) else finding


def _finding(text: str, reading: Reading, declared: str, url: str, rescue: bool = False) -> tuple[Finding, bool]:
    """What the reading says, and whether most of it is in no language that we know; `rescue`: then the clear rest of it decides."""
    names = model().languages
    path = _path(reading.evidence)
    shares: dict[str, int] = {}
    for column, size, heard in zip(path, reading.sizes, reading.letters.tolist(), strict=True):
        shares[names[column]] = shares.get(names[column], 0) + (size if heard else 0)
    first, *others = sorted(shares, key=lambda name: (shares[name], name), reverse=True)
    finding, strange = _main(text, reading, path, first, declared, url)
    if rescue and strange:
        for name in others:
            if not name or shares[name] < _LONG_RUN:
                continue
            other = _main(text, reading, path, name, declared, url)[0]
            if other.score >= _CLEAR:
                # At least half sure: the more of the text it is, the surer.
                total = sum(shares.values())
                return replace(other, score=round(other.score * (total + shares[name]) / (2 * total), 4)), False
    return finding, strange


def _main(text: str, reading: Reading, path: list[int], main: str, declared: str, url: str) -> tuple[Finding, bool]:
    """What the text is if its language is `main`, or one of those too close to it to call; and whether it rather is none of ours."""
    known = model()
    names = known.languages
    alone = all(names[column] == main for column in path)
    mine = np.array([names[column] == main for column in path])
    evidence, letters = reading.evidence[mine].sum(axis=0) + known.prior, int(reading.letters[mine].sum())
    script = _script(reading)
    if not main:
        return Finding("und", 0.0, (), script), True
    if alone:
        _second(names, evidence, reading)
        path = [int(evidence.argmax())] * len(path)
        main = names[path[0]]
    odds = _odds(evidence, letters)
    hint = ""
    if (declared or url) and (decided := _decide(names, odds, declared, url)):
        column, hint = decided
        path = [column if names[other] == main else other for other in path]
        main = names[column]
    columns = known.columns
    odds = np.append(odds, _stranger(evidence, columns[main][0], letters))
    score = _share(odds, columns[main])
    if score < _NORWEGIAN and main in ("nb", "nn"):
        both = _share(odds, columns["nb"] + columns["nn"])
        if both >= _NORWEGIAN:
            main, score = "no", both
    strange = int(odds[-1]) <= int(odds[:-1].min())
    return Finding(main, score, () if alone else _runs(text, reading, path), script, hint), strange


def _second(names: tuple[str, ...], evidence: NDArray[np.int64], reading: Reading) -> None:
    """Add what langdetect's profiles say, where the model leaves languages close together that it knows all of."""
    near = np.flatnonzero(evidence >= evidence.max() - _CLOSE).tolist()
    codes = reading.codes.get(int(model().script_of[near[0]]))
    if len(near) == 1 or codes is None:
        return
    voice = profiles()
    if not voice.known.issuperset(names[column] for column in near):
        return
    sums = voice.sums(codes)
    most = max(sums[names[column]] for column in near)
    for column in near:
        evidence[column] -= (most - sums[names[column]]) * SCALE // (PROFILE_SCALE * _VOICE)


def _stranger(evidence: NDArray[np.int64], column: int, letters: int) -> int:
    """How far a language that we do not know is behind the first, in units of odds; negative if it is before it.

    Text in a language of ours is so much likelier in it than in the mean of all languages of its script, letter for letter; of text in
    a language that the model has not met, that is not so.
    """
    script = model().scripts[int(model().script_of[column])]
    count = len(script.languages)
    if count < _MANY:
        return _NEVER
    own = evidence[script.first : script.first + count]
    signs = letters // int(model().weight[model().script_of[column]])
    behind = int(evidence.max()) - int(own.sum()) // count - signs * _STRANGE + _LEAST
    return behind * _HALF // (_HALF + min(letters, _MOST))


def _decide(names: tuple[str, ...], odds: NDArray[np.int64], declared: str, url: str) -> tuple[int, str] | None:
    """The column of the language that a hint decides for, and how to say so; None where the text is clear or no hint is of use.

    `odds` are changed: what the text lacked for the language is given to it.
    """
    best = int(odds.argmin())
    near = [column for column in np.flatnonzero(odds <= _TIE).tolist() if names[column] and names[column] != names[best]]
    if not 0 < len({names[column] for column in near}) < _SEVERAL:
        return None
    for what, languages in hints(declared, url):
        if names[best] in languages:
            chosen = best
        elif fitting := [column for column in near if names[column] in languages]:
            chosen = min(fitting, key=odds.__getitem__)
        else:
            continue
        others = sorted({names[column] for column in (best, *near)} - {names[chosen]})
        odds[chosen] = -_TIE
        return chosen, f"{what} decided between {names[chosen]} and {', '.join(others)}"
    return None


def _runs(text: str, reading: Reading, path: list[int]) -> tuple[LanguageRun, ...]:
    names = model().languages
    runs: list[LanguageRun] = []
    begin = 0
    for piece in range(1, len(path) + 1):
        if piece == len(path) or names[path[piece]] != names[path[begin]]:
            # What holds no language is at neither end of a run.
            heard = [own for own in range(begin, piece) if reading.sizes[own]] or [begin]
            start, end = _trimmed(text, reading.pieces[heard[0]][0], reading.pieces[heard[-1]][1])
            language = names[path[begin]]
            if end > start and language and reading.sizes[heard[0]]:
                letters = int(reading.letters[begin:piece].sum())
                runs.append(
                    LanguageRun(
                        start, end, language, _share(_odds(reading.evidence[begin:piece].sum(axis=0), letters), model().columns[language])
                    )
                )
            begin = piece
    return tuple(runs) if len({run.language for run in runs}) > 1 else ()


def _script(reading: Reading) -> str:
    """The main script; Chinese ideographs with kana are Jpan, without: Hans or Hant, if more signs are of the one than of the other."""
    name = model().scripts[int(np.bincount(reading.script, reading.letters).argmax())].name
    if name == "Hang":
        return "Kore"
    if name != "Hani":
        return name
    if reading.kana:
        return "Jpan"
    if reading.simplified == reading.traditional:
        return "Hani"
    return "Hans" if reading.simplified > reading.traditional else "Hant"


def _path(evidence: NDArray[np.int64]) -> list[int]:
    """The likeliest sequence of languages, a change costing SWITCH (Viterbi's algorithm)."""
    if len(evidence) == 1:
        return [int(evidence[0].argmax())]
    single = int(evidence.sum(axis=0).argmax())
    if int((evidence.max(axis=1) - evidence[:, single]).sum()) <= SWITCH:
        return [single] * len(evidence)
    best = evidence[0].copy()
    came = np.zeros(evidence.shape, np.int64)
    columns = np.arange(evidence.shape[1])
    for row in range(1, len(evidence)):
        top = int(best.argmax())
        switch = best[top] - SWITCH
        stay = best >= switch
        came[row] = np.where(stay, columns, top)
        best = np.where(stay, best, switch) + evidence[row]
    column = int(best.argmax())
    path = [column]
    for row in range(len(evidence) - 1, 0, -1):
        column = int(came[row, column])
        path.append(column)
    return path[::-1]


def _odds(evidence: NDArray[np.int64], letters: int) -> NDArray[np.int64]:
    """How far each language is behind the first, in units of evidence, all divided by 1 + letters / _HALF."""
    behind: NDArray[np.int64] = (evidence.max() - evidence) * _HALF // (_HALF + min(letters, _MOST))
    return behind


def _share(odds: NDArray[np.int64], columns: list[int]) -> float:
    """The share of the languages in `columns` in the exponentials of the odds, in steps of 1/_UNITS."""
    shares = _EXP.take(odds - odds.min(), mode="clip")
    return int(shares[columns].sum()) * _UNITS // int(shares.sum()) / _UNITS


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - (len(piece) - len(piece.rstrip())) if piece.strip() else start
