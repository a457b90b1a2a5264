"""Train the style models.

Selects the words that are not masked, fits a logistic regression on n-grams of masked text,
calibrates it and writes the weights.

The words are those that occur in many passages and are not bursty: a word that is repeated within a
text more often than chance predicts is a topic word (Church & Gale 1995). This works for any
language and needs no list of topics.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from newsbeam.transforms.translation import style
from newsbeam.transforms.translation.train import corpora
from newsbeam.transforms.translation.train.corpora import Passage
from newsbeam.transforms.translation.train.measures import auroc, recall

Floats = NDArray[np.float64]

FOLDS = 5
_REGULARISATION = 1.5
_N_GRAMS = 32_000  # per language
_SOURCE_N_GRAMS = {True: 8_500, False: 16_000}  # with many source languages, with few
_CANDIDATES = 70_000
_INFORMAL = frozenset(("social", "reviews"))

# Weights of corpora within their genre, and of genres. Originals and translations of a genre have
# equal weight.
_SHARE = {"dev": 1.0, "ntrex": 0.4, "wmt24": 0.1, "mlqe": 0.4, "bsd": 0.4, "ewt": 0.05, "gum": 0.2, "web": 1.0, "parity": 0.4}
_GENRE = {"news": 1.0, "informal": 0.5, "wiki": 0.1, "web": 0.2}

# Function words that are bursty: who speaks to whom depends on the genre, but these words are
# grammatical.
_CLOSED_ENGLISH = """i me my mine myself you your yours yourself he him his himself she her hers herself it its itself we us our ours
ourselves they them their theirs themselves this that these those who whom whose which what where when why how a an the and or but nor so
yet for of in on at by to from with without into onto upon about above below over under between among through during before after since
until till against toward towards within across along around behind beside besides beyond despite except inside outside near off out up
down away back per via as like than if unless because though although while whereas whether is am are was were be been being do does did
doing done have has had having can could may might must shall should will would ought not no never none nothing nobody neither either both
each every all any some few many much more most several such other another same own too very just only even also still already again once
twice here there now then today yesterday tomorrow said says say saying told tell tells according one two three four five six seven eight
nine ten first second third""".split()


def kept_words(language: str, texts: Sequence[str]) -> tuple[str, ...]:
    """Return the words (Chinese, Japanese: characters) that are not masked."""
    by_character = language in ("zh", "ja")
    seen, twice, capital, lower = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for text in texts:
        counts = Counter[str]()
        if by_character:
            counts.update(letter for letter in text if "㐀" <= letter <= "鿿" or "ぁ" <= letter <= "ゟ")
        else:
            before = "."
            for token in style._WORDS.findall(text):
                if token[0].isalpha():
                    word = token.lower()
                    if not token[0].isupper():
                        lower[word] += 1
                    elif before not in '.!?":':
                        capital[word] += 1
                    counts[word] += 1
                before = token
        for word, times in counts.items():
            seen[word] += 1
            twice[word] += times > 1
    found = []
    least, most_bursts, wide = (0.02, 3.0, 0.35) if by_character else (0.004, 5.0, 0.35)
    for word, count in seen.items():
        if "ぁ" <= word <= "ゟ":
            if language == "ja":
                found.append((count, word))
            continue
        share = count / len(texts)
        if share < least or capital[word] > 0.4 * (capital[word] + lower[word]) > 0:
            continue
        # The rate of second occurrences, relative to a word of the same frequency that is
        # distributed at random (Poisson).
        rate = -math.log(max(1e-9, 1 - share))
        chance = max(1 - math.exp(-rate) - rate * math.exp(-rate), 1e-9)
        if twice[word] / len(texts) / chance <= most_bursts or share > wide:
            found.append((count, word))
    words = {word for _, word in sorted(found, key=lambda one: (-one[0], one[1]))[:1000]}
    if language == "en":
        words.update(_CLOSED_ENGLISH)
    return tuple(sorted(words))


def common_endings(language: str, kept: Iterable[str], texts: Sequence[str], limit: int = 200) -> tuple[str, ...]:
    """Return the most frequent endings (two to four letters) of masked words."""
    if language in ("zh", "ja"):
        return ()
    done, endings = set(kept), Counter[str]()
    for text in texts:
        for token in style._WORDS.findall(text):
            word = token.lower()
            if token.isalpha() and word not in done and (language == "de" or not token[0].isupper()):
                done.add(word)
                endings.update(word[-size:] for size in (2, 3, 4) if len(word) > size + 1)
    return tuple(sorted(ending for ending, _ in sorted(endings.items(), key=lambda one: (-one[1], one[0]))[:limit]))


@dataclass(eq=False)
class Task:
    """All passages of one language as a matrix.

    `rows` is (passages, n-grams), `keys` are the hashes of the n-grams, `scale` their factors.
    """

    language: str
    passages: list[Passage]
    mask: style.ContentMasker
    keys: NDArray[np.uint64]
    frequency: NDArray[np.int64]
    rows: Any
    scale: Floats

    @property
    def translated(self) -> NDArray[np.bool_]:
        return np.array([one.label != "original" for one in self.passages])

    def where(self, corpus: str) -> NDArray[np.bool_]:
        return np.array([one.corpus == corpus for one in self.passages])


def task(language: str, passages: list[Passage], topic_only: bool = False) -> Task:
    """Mask the passages and count their n-grams.

    `topic_only`: for the topic probe, use only what is masked.
    """
    texts = [one.text for one in passages]
    words = kept_words(language, texts)
    mask = style.ContentMasker(language, words, common_endings(language, words, texts))
    counted = []
    for text in texts:
        hashes = _topics(text, mask) if topic_only else style.hashes(mask.tokens(text), mask)
        counted.append(np.unique(hashes, return_counts=True))
    keys, frequency = np.unique(np.concatenate([found for found, _ in counted]), return_counts=True)
    least = 5
    while (frequency >= least).sum() > _CANDIDATES:
        least += 1
    keys, frequency = keys[frequency >= least], frequency[frequency >= least]
    # One n-gram per slot: the most frequent one.
    place, bits = style.slots(keys)
    order = np.lexsort((keys, -frequency))
    chosen = np.sort(order[np.unique(place[order], return_index=True)[1]])
    chosen = chosen[bits[chosen] > 0]
    keys, frequency = keys[chosen], frequency[chosen]
    at, columns, values = [], [], []
    for number, (found, times) in enumerate(counted):
        column = np.minimum(np.searchsorted(keys, found), len(keys) - 1)
        known = keys[column] == found
        worth = style._TIMES[np.minimum(times[known], 63)].astype(float)
        at.append(np.full(len(worth), number))
        columns.append(column[known])
        values.append(worth / max(float(np.sqrt((worth * worth).sum())), 1.0))
    scale = np.sqrt(np.log(len(texts) / frequency) + 1) * 2.6
    shape = (len(texts), len(keys))
    rows = sp.csr_matrix((np.concatenate(values), (np.concatenate(at), np.concatenate(columns))), shape=shape) @ sp.diags(scale)
    return Task(language, passages, mask, keys, frequency.astype(np.int64), rows.tocsr(), scale)


def _topics(text: str, mask: style.ContentMasker) -> NDArray[np.uint64]:
    """Return hashes of the masked words.

    In Chinese and Japanese, pairs of masked characters.
    """
    tokens = mask.find(text)
    hidden = [token.lower() for token in tokens if token[0].isalpha() and token.lower() not in mask.ids]
    if mask.by_character:
        hidden += [a + b for a, b in pairwise(hidden)]
    return np.array([int.from_bytes(sha256(token.encode()).digest()[:8], "big") for token in hidden], np.uint64)


def _genre(one: Passage) -> str:
    if one.corpus in ("web", "gum"):
        return "web"
    return "informal" if one.domain in _INFORMAL else "wiki" if one.domain == "wiki" else "news"


def weights(passages: Sequence[Passage]) -> Floats:
    """Return the weights of passages, with mean 1.

    Originals and translations have equal weight within each genre, and in total.
    """
    kinds: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for number, one in enumerate(passages):
        kinds["original" if one.label == "original" else "translated", _genre(one), one.corpus].append(number)
    out = np.zeros(len(passages))
    sides: dict[str, list[int]] = defaultdict(list)
    genres: dict[tuple[str, str], list[int]] = defaultdict(list)
    for (side, genre, corpus), members in kinds.items():
        out[members] = _SHARE.get(corpus, 0.5) / math.sqrt(len(members))
        genres[side, genre] += members
        sides[side] += members
    for (_, genre), members in genres.items():
        out[members] *= _GENRE[genre] / out[members].sum()
    for members in sides.values():
        out[members] *= len(passages) / 2 / out[members].sum()
    return out


def folds(passages: Sequence[Passage], by_block: bool = False) -> NDArray[np.int64]:
    """Assign benchmark passages and web pages to folds, by document.

    Other corpora get -1: they are in every training set. If the benchmark has no documents, all
    lines of a set count as one, so a fold can contain all originals of a year; with `by_block`,
    fifteen consecutive passages count as a document instead.
    """
    names = []
    for one in passages:
        document, _, piece = one.group.rpartition(".")
        if by_block and one.corpus == "dev" and document.rpartition(".")[2].startswith(("news", "social", "reviews")) and piece.isdecimal():
            document += f"/{int(piece) // 15}"
        names.append(document if one.corpus in ("dev", "web") else "")
    sizes = Counter(name for name in names if name)
    load, fold = [0] * FOLDS, {"": -1}
    for name, size in sorted(sizes.items(), key=lambda one: (-one[1], sha256(one[0].encode()).digest())):
        fold[name] = min(range(FOLDS), key=load.__getitem__)
        load[fold[name]] += size
    return np.array([fold[name] for name in names])


def fit(rows: Any, wanted: NDArray[np.bool_], weight: Floats) -> tuple[Floats, float]:
    """Fit a logistic regression; return its coefficients and bias."""
    model = LogisticRegression(C=_REGULARISATION, max_iter=100).fit(rows, wanted, sample_weight=weight)
    return model.coef_[0], float(model.intercept_[0])


def out_of_fold(task: Task, fold: NDArray[np.int64]) -> Floats:
    """Score each passage with a model that was trained on other folds."""
    scores, translated = np.zeros(len(task.passages)), task.translated
    for number in range(FOLDS):
        seen = np.flatnonzero(fold != number)
        coefficients, bias = fit(task.rows[seen], translated[seen], weights([task.passages[at] for at in seen]))
        held = fold == number
        scores[held] = task.rows[held] @ coefficients + bias
    return scores


def lengths(tokens: int, window: int) -> int:
    """Return the length class of a text.

    Thirds of a window (0 to 2), two windows (3), up to four (4), more (5).
    """
    windows = -(-tokens // window)
    return min(tokens * 3 // (window + 1), 2) if windows <= 1 else 3 if windows == 2 else 4 if windows <= 4 else 5


def calibrate(task: Task, scores: Floats, fold: NDArray[np.int64]) -> tuple[float, float, list[int]]:
    """Calibrate out-of-fold scores to log odds at even priors (Platt 1999).

    Returns slope, shift and a factor (in 1/16) for each of six length classes. Longer texts are
    simulated by passages of the same document, label and system, with the mean of their scores.
    """
    inside = fold >= 0
    translated, size = task.translated, np.array([len(task.mask.tokens(one.text)) for one in task.passages])
    weight = np.zeros(len(scores))
    web = task.where("web")
    weight[inside & translated] = 1 / (inside & translated).sum()
    weight[inside & ~translated & ~web] = 1 / (inside & ~translated & ~web).sum()
    if (inside & web).any():
        weight[inside & ~translated] /= 2
        weight[inside & web] = 0.5 / (inside & web).sum()
    platt = LogisticRegression(C=1e6).fit(scores[inside, None], translated[inside], sample_weight=weight[inside] * 1000)
    slope, shift = float(platt.coef_[0][0]), float(platt.intercept_[0])
    window = style.window(task.language)
    factors = []
    kinds: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for at in np.flatnonzero(inside & ~web).tolist():
        one = task.passages[at]
        kinds[one.document, one.label, one.system].append(at)
    for number, together in enumerate((1, 1, 1, 2, 4, 8)):
        if together == 1:
            sets = [[at] for at in np.flatnonzero(inside & ~web).tolist() if lengths(int(size[at]), window) == number]
        else:
            sets = [members[at : at + together] for members in kinds.values() for at in range(0, len(members) - together + 1, together)]
        if len(sets) >= 40:
            odds = np.array([scores[members].mean() for members in sets]) * slope + shift
            truth = np.array([translated[members[0]] for members in sets])
            if 10 <= truth.sum() <= len(truth) - 10:
                even = np.where(truth, 0.5 / truth.mean(), 0.5 / (1 - truth.mean()))
                factor = LogisticRegression(C=0.3, fit_intercept=False).fit(odds[:, None], truth, sample_weight=even).coef_[0][0]
                factors.append(float(np.clip(factor, 0.5, 2.0)))
                continue
        factors.append(factors[-1] if factors else 1.0)
    # The factor must not decrease with length.
    for number in range(3, 6):
        factors[number] = max(factors[number], factors[number - 1])
    return slope, shift, [round(16 * factor) for factor in factors]


def source_languages(task: Task) -> list[str]:
    """Return the source languages with enough passages in the benchmark.

    Empty if there is only one.
    """
    counts = Counter(one.source for one in task.passages if one.corpus == "dev" and one.source)
    found = sorted(source for source, count in counts.items() if count >= 40)
    return found if len(found) > 1 else []


def fit_sources(task: Task, columns: NDArray[np.intp], seen: NDArray[np.bool_], sources: list[str]) -> tuple[Floats, Floats]:
    """Fit one classifier per source language against the rest, at even priors.

    Returns coefficients (n-grams, sources) and biases.
    """
    of = np.array([one.source for one in task.passages])
    used = np.flatnonzero(seen & np.isin(of, sources))
    counts = Counter((task.passages[at].source, task.passages[at].corpus) for at in used)
    rows = task.rows[used][:, columns]
    base = np.array(
        [
            (1.0 if task.passages[at].corpus == "dev" else 0.4) / math.sqrt(counts[task.passages[at].source, task.passages[at].corpus])
            for at in used
        ]
    )
    coefficients, biases = [], []
    for source in sources:
        wanted = of[used] == source
        weight = base.copy()
        for side in (wanted, ~wanted):
            weight[side] *= len(used) / 2 / weight[side].sum()
        found, bias = fit(rows, wanted, weight)
        coefficients.append(found)
        biases.append(bias)
    return np.array(coefficients).T, np.array(biases)


def sources_out_of_fold(made: Task, fold: NDArray[np.int64], sources: list[str]) -> Floats:
    """Return out-of-fold log odds of each source language.

    The shape is (passages, sources).
    """
    odds = np.zeros((len(fold), len(sources)))
    columns = chosen_columns(made, None, _SOURCE_N_GRAMS[len(sources) > 4])
    for number in range(FOLDS):
        coefficients, bias = fit_sources(made, columns, fold != number, sources)
        held = fold == number
        odds[held] = made.rows[held][:, columns] @ coefficients + bias
    return odds


def classify_out_of_fold(language: str, passages: list[Passage]) -> Iterator[tuple[Passage, style.StyleResult]]:
    """Classify each benchmark passage and web page by out-of-fold models.

    Log odds are from strict folds; the source language is from blocks, as a strict fold can contain
    all passages of a source.
    """
    made, fold = task(language, passages), folds(passages)
    scores = out_of_fold(made, fold)
    slope, shift, factors = calibrate(made, scores, fold)
    sources = source_languages(made)
    odds = sources_out_of_fold(made, folds(passages, by_block=True), sources) if sources else np.zeros((len(passages), 0))
    window = style.window(language)
    for at in np.flatnonzero(fold >= 0).tolist():
        factor = factors[lengths(len(made.mask.tokens(passages[at].text)), window)]
        pointed = tuple((code, round(value * style.SCALE)) for code, value in zip(sources, odds[at].tolist(), strict=True))
        yield passages[at], style.StyleResult(round((scores[at] * slope + shift) * style.SCALE) * factor // 16, pointed)


def chosen_columns(task: Task, importance: Floats | None, limit: int) -> NDArray[np.intp]:
    """Select the n-grams that get a weight.

    Those with the highest weights on most passages; without weights, the most frequent.
    """
    rank = task.frequency.astype(float) if importance is None else np.abs(importance) * np.sqrt(task.frequency)
    return np.sort(np.argsort(-rank, kind="stable")[:limit])


def load(bench: Path, data: Path | None) -> dict[str, list[Passage]]:
    """Load all passages by language, those of the benchmark first."""
    held = corpora.bench(bench)
    everything = [*held, *corpora.web(bench), *(corpora.outside(data, held) if data else ())]
    return {language: [one for one in everything if one.language == language] for language in corpora.TARGETS}


def train(language: str, passages: list[Passage], out: Path) -> None:
    """Train a model and write style_<language>.npz."""
    made = task(language, passages)
    fold = folds(passages, by_block=True)
    slope, shift, factors = calibrate(made, out_of_fold(made, fold), fold)
    coefficients, bias = fit(made.rows, made.translated, weights(passages))
    columns = chosen_columns(made, coefficients, _N_GRAMS)
    place, bits = style.slots(made.keys)
    columns = columns[np.argsort(place[columns], kind="stable")]
    weight, step = _eight_bits((coefficients * made.scale)[columns], 0.9995)
    sources = source_languages(made)
    rows = np.zeros(len(columns), np.int16)
    table, source_step, source_bias = np.zeros((1, 0), np.int8), 0.0, np.zeros(0)
    if sources:
        frequent = np.argsort(-made.frequency[columns], kind="stable")[: _SOURCE_N_GRAMS[len(sources) > 4]]
        found, source_bias = fit_sources(made, columns[frequent], np.ones(len(passages), bool), sources)
        rounded, source_step = _eight_bits(found * made.scale[columns[frequent], None], 0.9999)
        table = np.concatenate([np.zeros((1, len(sources)), np.int8), rounded])
        rows[frequent] = np.arange(1, len(frequent) + 1)
    np.savez_compressed(
        out / f"style_{language}.npz",
        words=_letters(made.mask.words),
        endings=_letters(made.mask.endings),
        places=np.diff(place[columns], prepend=0).astype(np.uint16),
        check=bits[columns],
        weights=weight,
        step=np.int64(round(step * 2**20)),
        bias=np.int64(round(bias * style.SCALE)),
        slope=np.int64(round(slope * style.SCALE)),
        shift=np.int64(round(shift * style.SCALE)),
        factors=np.array(factors, np.int64),
        sources=_letters(sources),
        rows=rows,
        source_weights=table,
        source_step=np.int64(round(source_step * 2**20)),
        source_bias=np.rint(source_bias * style.SCALE).astype(np.int64),
    )


def _eight_bits(values: Floats, quantile: float) -> tuple[NDArray[np.int8], float]:
    step = float(np.quantile(np.abs(values), quantile)) / 127
    return np.clip(np.rint(values / step), -127, 127).astype(np.int8), step


def _letters(words: Iterable[str]) -> NDArray[np.uint8]:
    return np.frombuffer(" ".join(words).encode(), np.uint8)


# Evaluation.


def report(language: str, passages: list[Passage], quick: bool = False) -> None:
    """Print the quality on documents outside the training set."""
    made = task(language, passages)
    label = np.array([one.label for one in passages])
    dev, web, translated = made.where("dev"), made.where("web"), made.translated
    for by_block in (False, True):
        fold = folds(passages, by_block)
        scores = out_of_fold(made, fold)
        positive, negative = scores[dev & translated], scores[dev & ~translated]
        found, limit = recall(positive, negative)
        line = f"{language} {'blocks' if by_block else 'strict'}: AUROC {auroc(positive, negative):.3f}"
        for kind in ("human", "machine"):
            line += f" {kind} {auroc(scores[dev & (label == kind)], negative):.3f}"
        line += f" machine/human {auroc(scores[dev & (label == 'machine')], scores[dev & (label == 'human')]):.3f} recall@5% {found:.3f}"
        if web.any():
            line += f" web called at that threshold {float((scores[web] > limit).mean()):.3f}"
        slope, shift, factors = calibrate(made, scores, fold)
        print(line, f"slope {slope:.2f} shift {shift:.2f} factors {factors}", flush=True)
        if web.any():
            for odds in (0.0, 0.5, 1.0, 1.5, 2.0):
                at = (odds - shift) / slope
                print(
                    f"   log odds > {odds}: translations {(positive > at).mean():.3f} originals {(negative > at).mean():.3f}"
                    f" web {(scores[web] > at).mean():.3f}",
                    flush=True,
                )
        for domain in sorted({one.domain for one in passages if one.corpus == "dev"}):
            among = dev & np.array([one.domain == domain for one in passages])
            print(f"   {domain}: AUROC {auroc(scores[among & translated], scores[among & ~translated]):.3f}", flush=True)
        if quick:
            _report_sources(made, folds(passages, True))
            return
        if by_block:
            _report_sources(made, fold)
    probe = task(language, passages, topic_only=True)
    for by_block in (False, True):
        scores = out_of_fold(probe, folds(passages, by_block))
        value = auroc(scores[dev & translated], scores[dev & ~translated])
        print(f"   topic-only probe {'blocks' if by_block else 'strict'}: AUROC {value:.3f}", flush=True)
    # Leave out all passages of a year, and of the domains that only that year has.
    for year in ("21.", "23."):
        fold = np.where(dev & np.array([one.group.startswith(year) for one in passages]), 0, -1)
        if (fold == 0).any() and (dev & (fold != 0) & ~translated).any():
            seen = np.flatnonzero(fold != 0)
            coefficients, bias = fit(made.rows[seen], translated[seen], weights([passages[at] for at in seen]))
            scores, held = made.rows @ coefficients + bias, fold == 0
            print(f"   20{year[:2]} left out: AUROC {auroc(scores[held & translated], scores[held & ~translated]):.3f}", flush=True)


def _report_sources(made: Task, fold: NDArray[np.int64]) -> None:
    sources = source_languages(made)
    if not sources:
        return
    dev, of = made.where("dev") & made.translated, np.array([one.source for one in made.passages])
    odds = sources_out_of_fold(made, fold, sources)
    among = dev & np.isin(of, sources)
    best = np.array(sources)[odds.argmax(axis=1)]
    ordered = np.sort(odds, axis=1)
    line = f"   source {len(sources)}-way: {float((best == of)[among].mean()):.3f}"
    for share in (0.75, 0.5):
        sure = ordered[:, -1] - ordered[:, -2]
        kept = among & (sure >= np.quantile(sure[among], 1 - share))
        line += f", of the surest {share:.0%} {float((best == of)[kept].mean()):.3f}"
    if {"ja", "zh"} <= set(sources):
        east = np.isin(of, ["ja", "zh"])
        score = odds[:, [sources.index("ja"), sources.index("zh")]].max(axis=1)
        rest = odds[:, [at for at, source in enumerate(sources) if source not in ("ja", "zh")]].max(axis=1)
        line += f"; East Asian: AUROC {auroc((score - rest)[among & east], (score - rest)[among & ~east]):.3f}"
        line += f" right {float(((score > rest) == east)[among].mean()):.3f}"
    print(line, flush=True)
