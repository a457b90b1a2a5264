"""Decide on the language, score and runs of a text.

All arithmetic uses integers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from newsbeam.transforms.document import LanguageRun
from newsbeam.transforms.language.hints import hints
from newsbeam.transforms.language.langdetect_profiles import SCALE as PROFILE_SCALE
from newsbeam.transforms.language.langdetect_profiles import profiles, shortfall
from newsbeam.transforms.language.model import SCALE, model
from newsbeam.transforms.language.prose import is_names, prose_parts
from newsbeam.transforms.language.score import Reading, read

# Cost of a change of language, in units of evidence: a run needs this much on either side.
SWITCH = 12 * SCALE
# N-grams overlap (each letter is in six), and the overlap grows with their agreement. Evidence from
# n letters is therefore divided by 1 + n / _HALF, with n at most _MOST. Fitted so that 60% of the
# texts with score 0.6 are correct.
_HALF = 120
_MOST = 480
_UNITS = 10_000
# Languages this close to the first, after that division, are too close to call: a hint may choose
# among them.
_TIE = 2 * SCALE
# If this many other languages are as close, the text has no information, and hints are ignored.
_SEVERAL = 5
# Languages this close are compared by langdetect's profiles, whose evidence (also from overlapping
# n-grams) counts a tenth.
_CLOSE = 3 * SCALE
_VOICE = 10
# Minimum lead of a language over the mean of its script's languages: per letter, and in total. With
# less, the language is probably not a supported one. Only for scripts with many languages. Fitted
# on languages that the model has not seen (weights/model.md).
_STRANGE = 7
_LEAST = 6 * SCALE
_MANY = 8
_NEVER = 1 << 20
# A lead of one nat per letter over that mean makes a language certain. Below it, langdetect's
# profile of the language says how ordinary the text is. If its trigrams are less probable than those
# of ordinary prose by _UNLIKELY each (in units of the profiles), and the text is long enough to
# outweigh _DOUBT, its language is an unsupported one. A letter is in three trigrams. Fitted on
# languages that neither supports (weights/model.md).
_CERTAIN = SCALE
_UNLIKELY = 35 * PROFILE_SCALE // 100
_DOUBT = 12 * SCALE
_LETTER_TRIGRAMS = 3
# Norwegian is "no" if neither variant reaches this score.
_NORWEGIAN = 0.5
# Minimum score of an unambiguous language.
_CLEAR = 0.9
# Minimum characters, with that score, for a language to be the text's if most of the text is in no
# supported language.
_LONG_RUN = 400
# exp(-i / SCALE) in units of 2 ** -30; the last is 0.
_EXP = np.array([round(math.exp(-i / SCALE) * (1 << 30)) for i in range(24 * SCALE)] + [0])


@dataclass(frozen=True)
class Finding:
    """Result for a text: language, score (0..1), runs and main script.

    `runs` is empty if there is one language. `script` is an ISO 15924 code. `hint` says what
    decided between the closest languages, "" if the text did.
    """

    language: str
    score: float
    runs: tuple[LanguageRun, ...] = ()
    script: str = ""
    hint: str = ""


UNKNOWN = Finding("und", 0.0)


def identify(text: str, declared: str = "", url: str = "") -> Finding:
    """Identify the language of a text.

    `declared` is the language that its page declares, `url` its address. If all lines together are
    ambiguous, only those that are prose are used, if there are enough of them.
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
    """Decide on the result, and whether most of the text is unsupported.

    `rescue`: in that case, the unambiguous rest of the text decides.
    """
    names = model().languages
    path = _path(reading.evidence)
    if len(path) == 1:
        return _main(text, reading, path, names[path[0]], declared, url)
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
                # At least half of the score, and more with a larger share of the text.
                total = sum(shares.values())
                return replace(other, score=round(other.score * (total + shares[name]) / (2 * total), 4)), False
    return finding, strange


def _main(text: str, reading: Reading, path: list[int], main: str, declared: str, url: str) -> tuple[Finding, bool]:
    """Decide on the result for main language `main` or one close to it.

    Also returns whether it is probably none of the supported languages.
    """
    known = model()
    names = known.languages
    alone = all(names[column] == main for column in path)
    if len(path) == 1:
        evidence, letters = reading.evidence[0] + known.prior, int(reading.letters[0])
    else:
        mine = np.array([names[column] == main for column in path])
        evidence, letters = reading.evidence[mine].sum(axis=0) + known.prior, int(reading.letters[mine].sum())
    script = _script(reading, main)
    if not main:
        # The handicap of what is not supported counts here, not in the path.
        best = int(evidence.argmax())
        if not names[best]:
            return Finding("und", 0.0, (), script), True
        path = [column if names[column] else best for column in path]
        main = names[best]
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
    behind, certain = _stranger(evidence, columns[main][0], letters)
    if alone and not certain:
        behind = min(behind, _unlikely(reading, main, columns[main][0], letters))
    odds = np.append(odds, behind)
    score = _share(odds, columns[main])
    if score < _NORWEGIAN and main in ("nb", "nn"):
        both = _share(odds, columns["nb"] + columns["nn"])
        if both >= _NORWEGIAN:
            main, score = "no", both
    strange = int(odds[-1]) <= int(odds[:-1].min())
    return Finding(main, score, () if alone else _runs(text, reading, path), script, hint), strange


def _second(names: tuple[str, ...], evidence: NDArray[np.int64], reading: Reading) -> None:
    """Add evidence from langdetect's profiles to break a tie.

    Only if the profiles have all of the close languages.
    """
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


def _stranger(evidence: NDArray[np.int64], column: int, letters: int) -> tuple[int, bool]:
    """Return how far an unsupported language is behind the first.

    And whether the first is certain.

    The distance is in odds, negative if the unsupported language is ahead. Per letter, text in a
    supported language has a characteristic lead over the mean of the languages in its script; text
    in an unseen language does not.
    """
    script = model().scripts[int(model().script_of[column])]
    count = len(script.languages)
    if count < 2:
        return _NEVER, True
    own = evidence[script.first : script.first + count]
    signs = letters // int(model().weight[model().script_of[column]])
    lead = int(evidence.max()) - int(own.sum()) // count
    behind = (lead - signs * _STRANGE + _LEAST) * _HALF // (_HALF + min(letters, _MOST)) if count >= _MANY else _NEVER
    return behind, lead > signs * _CERTAIN


def _unlikely(reading: Reading, language: str, column: int, letters: int) -> int:
    """Return how far an unsupported language is behind `language`.

    This is by langdetect's profile, in odds.

    Negative if it is ahead. The model only compares languages: for text in an unsupported language
    the nearest relative wins by as much as the right language would. A profile says how probable
    the text is in the language itself.
    """
    script = int(model().script_of[column])
    codes = reading.codes.get(script)
    if codes is None:
        return _NEVER
    missing, trigrams = shortfall(codes, language)
    if not trigrams:
        return _NEVER
    behind = (_UNLIKELY * trigrams - missing) * SCALE // (PROFILE_SCALE * _LETTER_TRIGRAMS) + _DOUBT
    return behind * _HALF // (_HALF + min(letters, _MOST))


def _decide(names: tuple[str, ...], odds: NDArray[np.int64], declared: str, url: str) -> tuple[int, str] | None:
    """Return the column of the language that a hint selects, and the hint.

    None if the text is unambiguous or there is no applicable hint. Modifies `odds` in favour of the
    selected language.
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
            # Pieces without linguistic content are trimmed from the ends of a run.
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


def _script(reading: Reading, main: str) -> str:
    """Return the main script.

    Han characters with kana, or in Japanese, are Jpan; without, Hans or Hant, whichever has more exclusive
    characters.
    """
    name = model().scripts[int(np.bincount(reading.script, reading.letters).argmax())].name
    if name == "Hang":
        return "Kore"
    if name != "Hani":
        return name
    if reading.kana or main == "ja":
        return "Jpan"
    if reading.simplified == reading.traditional:
        return "Hani"
    return "Hans" if reading.simplified > reading.traditional else "Hant"


def _path(evidence: NDArray[np.int64]) -> list[int]:
    """Return the most likely sequence of languages (Viterbi algorithm).

    A change costs SWITCH.
    """
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
    """Return how far each language is behind the first.

    In units of evidence, divided by 1 + letters / _HALF.
    """
    behind: NDArray[np.int64] = (evidence.max() - evidence) * _HALF // (_HALF + min(letters, _MOST))
    return behind


def _share(odds: NDArray[np.int64], columns: list[int]) -> float:
    """Return the probability of the languages in `columns`.

    A softmax of the odds, in steps of 1/_UNITS.
    """
    shares = _EXP.take(odds - odds.min(), mode="clip")
    return int(shares[columns].sum()) * _UNITS // int(shares.sum()) / _UNITS


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - (len(piece) - len(piece.rstrip())) if piece.strip() else start
