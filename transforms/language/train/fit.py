"""Select the n-grams of a script and fit their weights.

A multinomial logistic regression without bias, so that evidence adds up over a text. It is
initialised with the log shares of the n-grams in each language and fitted by AdaGrad (Duchi et al.
2011) on texts of all lengths: pairs of words, words, a few words, sentences and fragments of words.
As n-grams do not extend over blanks, the sums of a text are those of its words: words are the rows
of a single sparse matrix, and texts are sets of words.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from newsbeam.transforms.language.model import SCALE
from newsbeam.transforms.language.ngrams import BLANK, COLUMNS, Keys, grams
from newsbeam.transforms.language.train import corpus
from newsbeam.transforms.language.train.alphabet import Alphabet, latin, stripped

Numbers = NDArray[np.int64]
Floats = NDArray[np.float32]

_SEED = 1
_RATE = 0.35
_DECAY = 3e-7
# Initial weights are the log shares times this factor, because n-grams overlap.
_START = 0.12
# Exponents that flatten frequencies: for the value of an n-gram, and for sampling words.
_WORTH, _DRAW = 0.75, 0.5
FLOOR = 2e-6
# Shares of texts per round: pairs of words with at least five characters, single words, two to six
# words, sentences.
_PAIRS, _WORDS, _FEW, _SENTENCES = 0.40, 0.08, 0.15, 0.30
_LONG = 5
_FRAGMENTS = 25_000
# Percentage of texts written without diacritics.
_STRIPPED = 4
_SLOT_BITS = 22


@dataclass(frozen=True)
class Plan:
    """Amounts for one script: n-grams to keep, and sampling per language.

    `sentences` and `words` are maxima, `texts` and `fragments` are per round, `batch` are texts per step.
    """

    grams: int
    sentences: int = 10_000
    words: int = 30_000
    texts: int = 9_000
    fragments: int = 2_500
    rounds: int = 4
    batch: int = 8_192


@dataclass
class _Words:
    """The distinct words of all languages, numbered."""

    numbers: dict[str, int] = field(default_factory=dict)

    def add(self, word: str) -> int:
        return self.numbers.setdefault(word, len(self.numbers))


@dataclass(frozen=True)
class Language:
    """The text of one language.

    `sentences` has the words of all sentences, which begin at `bounds`. `words` are the distinct
    words with their `shares`.
    """

    sentences: Numbers
    bounds: Numbers
    words: Numbers
    shares: NDArray[np.float64]
    fragments: Numbers


@dataclass(frozen=True, eq=False)
class Fitted:
    """Fitted `weights` (n-grams × languages) in nats, and the keys of n-grams."""

    keys: Keys
    weights: Floats


@dataclass(frozen=True, eq=False)
class Corpora:
    """The texts of a script's languages, and the matrix of n-grams by word.

    With the keys of its columns.

    `long` marks words with many characters, `bare` has the form of each word without diacritics.
    """

    texts: list[Language]
    published: list[tuple[Keys, NDArray[np.float64], int]]
    matrix: sparse.csr_matrix
    keys: Keys
    long: NDArray[np.bool_]
    bare: Numbers
    draw: np.random.Generator


def read_all(alphabet: Alphabet, script: str, folder: Path, plan: Plan, leave_out: frozenset[str]) -> Corpora:
    """Read the text of all languages of a script."""
    draw = np.random.Generator(np.random.PCG64(_SEED))
    words, fragments = _Words(), _Words()
    texts: list[Language] = []
    published: list[tuple[Keys, NDArray[np.float64], int]] = []
    for number, language in enumerate(alphabet.scripts[script]):
        texts.append(_read(alphabet, script, folder, language, number, plan, words, fragments, published, leave_out, draw))
    # The form of each word without diacritics is a word too.
    bare = np.arange(len(words.numbers))
    if script == "Latn":
        for word, at in list(words.numbers.items()):
            if not word.isascii():
                bare[at] = words.add(stripped(word) or word)
    matrix, keys = _matrix(list(words.numbers), list(fragments.numbers))
    print(f"{script}: {len(words.numbers)} words, {len(keys)} grams", flush=True)
    long = np.array([len(word) >= _LONG for word in words.numbers])
    return Corpora(texts, published, matrix, keys, long, bare, draw)


def fit(alphabet: Alphabet, script: str, folder: Path, plan: Plan, priors: dict[str, float], leave_out: frozenset[str]) -> Fitted:
    """Fit the weights of a script's n-grams.

    `priors` is the number of texts of a language relative to others.
    """
    corpora = read_all(alphabet, script, folder, plan, leave_out)
    shares, value = worth(corpora.matrix, corpora.keys, corpora.texts, corpora.published)
    kept = _kept(corpora.keys, value, plan.grams)
    start = np.log(shares[:, kept].toarray().T + FLOOR)
    weights = ((start - start.mean(axis=1, keepdims=True)) * _START).astype(np.float32)
    del start, shares
    wanted = [priors.get(language, 1.0) for language in alphabet.scripts[script]]
    descend(corpora, corpora.matrix[:, kept].tocsr(), weights, wanted, plan)
    return Fitted(corpora.keys[kept], weights)


def _read(
    alphabet: Alphabet,
    script: str,
    folder: Path,
    language: str,
    number: int,
    plan: Plan,
    words: _Words,
    fragments: _Words,
    published: list[tuple[Keys, NDArray[np.float64], int]],
    leave_out: frozenset[str],
    draw: np.random.Generator,
) -> Language:
    inside = alphabet.inside(script)
    name = corpus.folder_of(script, language)
    lines, sources = corpus.sentences(folder, name, plan.sentences, leave_out)
    transliterated = script == "Latn" and language == "sr"
    if transliterated:
        lines = [latin(line) for line in lines]
    rows: list[list[int]] = []
    counts: Counter[int] = Counter()
    for folded_line in alphabet.words(lines, inside):
        row = [words.add(word) for word in folded_line if word][:400]
        if row:
            rows.append(row)
            counts.update(row)
    every = sum(counts.values()) or 1
    shares = {word: count / every for word, count in counts.items()}
    drawn: list[int] = []
    if not transliterated:
        listed: defaultdict[int, float] = defaultdict(float)
        frequencies = corpus.frequencies(folder, name, plan.words)
        for parts, share in zip(alphabet.words(list(frequencies), inside), frequencies.values(), strict=True):
            for part in parts:
                if len(part) > 1:
                    listed[words.add(part)] += share
        every_share = sum(listed.values()) or 1
        for at, share in listed.items():
            shares[at] = shares.get(at, 0.0) + share / every_share
        for length, found in enumerate(corpus.published(folder, name), 1):
            folded = [" ".join(parts) for parts in alphabet.words(found.texts, inside)]
            good = [at for at, gram in enumerate(folded) if len(gram) == length and " " not in gram]
            if not good:
                continue
            codes = np.frombuffer((" " + " ".join(folded[at] for at in good) + " ").encode("utf-16-le"), np.uint16)
            evened = found.shares[good] ** _WORTH
            published.append((grams(codes)[length :: length + 1, length - 1], 3 * length * evened / evened.sum(), number))
            if length == 5:
                evened = np.sqrt(found.shares[good])
                picked = draw.choice(len(good), min(_FRAGMENTS, len(good)), replace=False, p=evened / evened.sum())
                drawn = [fragments.add(folded[good[at]]) for at in sorted(picked.tolist())]
    print(f"{script} {language}: {len(rows)} sentences of {', '.join(sources)}; {len(shares)} words; {len(drawn)} fragments", flush=True)
    own = np.array(sorted(shares), np.int64)
    bounds = np.cumsum([0, *(len(row) for row in rows)])
    flat = np.array([at for row in rows for at in row], np.int64)
    return Language(flat, bounds, own, np.array([shares[at] for at in own.tolist()]), np.array(drawn, np.int64))


def _matrix(words: list[str], fragments: list[str]) -> tuple[sparse.csr_matrix, Keys]:
    """Build the matrix of n-grams by word, and the keys of its columns.

    Rows for fragments, whose ends are not ends of words, follow those for words.
    """
    counts: list[Numbers] = []
    found: list[Keys] = []
    for whole, texts in ((True, words), (False, fragments)):
        for begin in range(0, len(texts), 200_000):
            part = texts[begin : begin + 200_000]
            codes = np.frombuffer((" " + " ".join(part) + " ").encode("utf-16-le", "surrogatepass"), np.uint16)
            keys = grams(codes)
            blank = codes == BLANK
            if not whole:
                places = np.arange(len(codes))
                reach = places - np.maximum.accumulate(places * blank)
                keys[:, : COLUMNS - 1] *= reach[:, None] >= np.arange(1, COLUMNS)
                keys[:, COLUMNS - 1] = 0
            # the blank after a word belongs to it
            owner = np.maximum(np.cumsum(blank) - 1 - blank, 0)
            there = keys != 0
            counts.append(np.bincount(np.repeat(owner, there.sum(axis=1)), minlength=len(part)))
            found.append(keys[there])
    every = np.concatenate(found)
    del found
    distinct = np.unique(every)
    columns = np.empty(len(every), np.int32)
    for begin in range(0, len(every), 10_000_000):
        columns[begin : begin + 10_000_000] = np.searchsorted(distinct, every[begin : begin + 10_000_000])
    bounds = np.concatenate([[0], np.cumsum(np.concatenate(counts))])
    return sparse.csr_matrix((np.ones(len(columns), np.float32), columns, bounds), shape=(len(bounds) - 1, len(distinct))), distinct


def worth(
    matrix: sparse.csr_matrix, keys: Keys, texts: list[Language], published: list[tuple[Keys, NDArray[np.float64], int]]
) -> tuple[sparse.csc_matrix, NDArray[np.float64]]:
    """Return flattened shares (languages × n-grams), and each n-gram's value.

    The value is the sum of shares times log ratios.
    """
    rows = np.concatenate([np.full(len(text.words), number) for number, text in enumerate(texts)])
    evened = [text.shares**_WORTH for text in texts]
    values = np.concatenate([shares / max(shares.sum(), 1e-9) for shares in evened]).astype(np.float32)
    weighing = sparse.csr_matrix((values, (rows, np.concatenate([text.words for text in texts]))), shape=(len(texts), matrix.shape[0]))
    shares = (weighing @ matrix).tocoo()
    parts = [(shares.row, shares.col, shares.data)]
    for own, values_, number in published:
        at = np.minimum(np.searchsorted(keys, own), len(keys) - 1)
        known = keys[at] == own
        parts.append((np.full(int(known.sum()), number), at[known], values_[known].astype(np.float32)))
    rows, columns, data = (np.concatenate([part[place] for part in parts]) for place in range(3))
    shares = sparse.coo_matrix((data, (rows, columns)), shape=(len(texts), len(keys))).tocsr().tocoo()
    mean = np.bincount(shares.col, shares.data, minlength=len(keys)) / len(texts)
    told = shares.data * np.log((shares.data + FLOOR) / (mean[shares.col] + FLOOR))
    value = np.bincount(shares.col, told, minlength=len(keys)).astype(np.float64)
    return shares.tocsc(), value


def _kept(keys: Keys, worth: NDArray[np.float64], most: int) -> Numbers:
    """Select the most valuable n-grams, at most one per slot of the table."""
    order = np.argsort(-worth, kind="stable")
    _, first = np.unique(keys[order] >> np.uint64(64 - _SLOT_BITS), return_index=True)
    return np.sort(order[np.sort(first)[:most]])


def descend(
    corpora: Corpora,
    matrix: sparse.csr_matrix,
    weights: Floats,
    priors: list[float],
    plan: Plan,
    seen: float = 1e-3,
    first_rate: float = _RATE,
) -> None:
    """Optimise `weights` in place.

    `seen` is the sum of squared gradients that each of them starts with.
    """
    texts, long, bare, draw = corpora.texts, corpora.long, corpora.bare, corpora.draw
    fragments_from = len(long)
    squares = np.full_like(weights, seen)
    drawn = [np.cumsum(text.shares**_DRAW) for text in texts]
    drawn_long = [np.cumsum(text.shares**_DRAW * long[text.words]) for text in texts]
    for round_ in range(plan.rounds):
        members: list[Numbers] = []
        lengths: list[Numbers] = []
        languages: list[Numbers] = []
        for number, text in enumerate(texts):
            made = _draw_texts(
                text, int(plan.texts * priors[number]), drawn[number], drawn_long[number], plan.fragments, fragments_from, draw
            )
            members += made[0]
            lengths += made[1]
            languages.append(np.full(sum(len(part) for part in made[1]), number))
        member, length, language = np.concatenate(members), np.concatenate(lengths), np.concatenate(languages)
        count = len(language)
        plain = (draw.random(count) * 100 < _STRIPPED)[np.repeat(np.arange(count), length)] & (member < len(bare))
        member[plain] = bare[member[plain]]
        bounds = np.concatenate([[0], np.cumsum(length)])
        bags = sparse.csr_matrix((np.ones(len(member), np.float32), member, bounds), shape=(count, matrix.shape[0]))
        order = draw.permutation(count)
        loss = 0.0
        for begin in range(0, count, plan.batch):
            rate = first_rate * (1 - (round_ * count + begin) / (plan.rounds * count))
            chosen = order[begin : begin + plan.batch]
            loss += _step(matrix, weights, squares, bags[chosen], language[chosen], rate)
        print(f"round {round_ + 1}: loss {loss / count:.4f} over {count} texts", flush=True)


def _draw_texts(
    text: Language,
    count: int,
    drawn: NDArray[np.float64],
    drawn_long: NDArray[np.float64],
    fragments: int,
    fragments_from: int,
    draw: np.random.Generator,
) -> tuple[list[Numbers], list[Numbers]]:
    """Sample texts: their words, concatenated, and their lengths."""

    def pick(cumulated: NDArray[np.float64], many: int) -> Numbers:
        places = np.searchsorted(cumulated, draw.random(many) * cumulated[-1])
        words: Numbers = text.words[np.minimum(places, len(text.words) - 1)]
        return words

    pairs, singles = int(count * _PAIRS), int(count * _WORDS)
    members = [pick(drawn_long, 2 * pairs), pick(drawn, singles)]
    lengths = [np.full(pairs, 2), np.full(singles, 1)]
    if len(text.bounds) > 1:
        for share, few in ((_FEW, True), (_SENTENCES, False)):
            many = int(count * share)
            which = draw.integers(0, len(text.bounds) - 1, many)
            length = np.diff(text.bounds)[which]
            begin = text.bounds[which]
            if few:
                wanted = np.minimum(draw.integers(2, 7, many), length)
                begin = begin + (draw.random(many) * (length - wanted + 1)).astype(np.int64)
                length = wanted
            places = np.repeat(begin - np.concatenate([[0], np.cumsum(length)[:-1]]), length) + np.arange(length.sum())
            members.append(text.sentences[places])
            lengths.append(length)
    if len(text.fragments):
        members.append(text.fragments[draw.integers(0, len(text.fragments), fragments)] + fragments_from)
        lengths.append(np.full(fragments, 1))
    return members, lengths


def _step(matrix: sparse.csr_matrix, weights: Floats, squares: Floats, bags: sparse.csr_matrix, language: Numbers, rate: float) -> float:
    """Take one step of AdaGrad on a batch; return its loss.

    Only the words and n-grams of the batch are updated.
    """
    count = bags.shape[0]
    words, member = np.unique(bags.indices, return_inverse=True)
    bags = sparse.csr_matrix((bags.data, member, bags.indptr), shape=(count, len(words)))
    rows = matrix[words]
    number = np.zeros(matrix.shape[1], np.int32)
    number[rows.indices] = 1
    columns = np.flatnonzero(number)
    number[columns] = np.arange(len(columns))
    rows = sparse.csr_matrix((rows.data, number[rows.indices], rows.indptr), shape=(len(words), len(columns)))
    own = weights[columns]
    odds = bags @ (rows @ own)
    odds -= odds.max(axis=1, keepdims=True)
    np.exp(odds, out=odds)
    odds /= odds.sum(axis=1, keepdims=True)
    each = np.arange(count)
    loss = -float(np.log(odds[each, language] + 1e-9).sum())
    odds[each, language] -= 1
    slope = rows.T @ (bags.T @ odds)
    slope += np.float32(_DECAY * count) * own
    total = squares[columns] + slope * slope
    squares[columns] = total
    weights[columns] = own - np.float32(rate) * slope / np.sqrt(total)
    return loss


def whole_numbers(weights: Floats) -> NDArray[np.int8]:
    """Quantise the weights to units of 1/SCALE.

    The median of each n-gram becomes 0, as a constant has no effect.
    """
    median = np.median(weights, axis=1, keepdims=True)
    rows: NDArray[np.int8] = np.clip(np.rint((weights - median) * SCALE), -127, 127).astype(np.int8)
    return rows
