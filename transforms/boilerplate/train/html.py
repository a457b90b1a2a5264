"""Train the classifier of a page's blocks on the dev split of WCXB.

  python -m newsbeam.transforms.boilerplate.train html --bench DIR

Blocks are labelled by alignment with the reviewed main text of the page. There are two stages (see
`pages.model`): a logistic regression on names and words, whose scores the second stage sees as for
an unseen site (from folds by domain), then boosted oblivious trees. The weight of a block is its
potential effect on the word F1 of its page. All seeds and folds are fixed, so the same data give
the same weights.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import LCSseq
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from newsbeam.transforms.boilerplate.forest import SCALE
from newsbeam.transforms.boilerplate.pages.blocks import Page, read_page
from newsbeam.transforms.boilerplate.pages.features import LEVELS, FirstScores, Layout, Tokens, tokens_of_head, tokens_of_text
from newsbeam.transforms.boilerplate.pages.model import PROBABILITY_SCALE, TABLES, PageModel, arrays_of, maximise_expected_f1
from newsbeam.transforms.boilerplate.train.fit import fit_forest

FOLDS = 5
_WORD = re.compile(r"\w+")
_MOST_WORDS = 60_000  # words of a page to align


@dataclass
class Sample:
    """A page: the input of the classifier, and the labels of its blocks.

    A label is the share (0..1) of the block that is main text.
    """

    name: str
    kind: str
    fold: int
    domain: str
    layout: Layout | None
    known: NDArray[np.float32]
    tokens: list[list[str]]
    words: NDArray[np.int64]
    content: NDArray[np.float64]
    bags: list[Counter[str]]
    truth: Counter[str]

    @property
    def size(self) -> int:
        """The number of blocks."""
        return len(self.bags)


def fold_of(domain: str) -> int:
    """Return the fold of a domain, so that a site is never on both sides."""
    return int(hashlib.md5(domain.encode(), usedforsecurity=False).hexdigest(), 16) % FOLDS


# --- what is content


def shares_of_content(texts: Sequence[str], seen: Sequence[bool], truth: str) -> NDArray[np.float64]:
    """Return the share of main text in each block.

    By alignment of the word sequences of the page and of its main text.
    """
    numbers: dict[str, int] = {}
    words = [_WORD.findall(text.lower()) for text in texts]
    wanted = [numbers.setdefault(word, len(numbers)) for word in _WORD.findall(truth.lower())]
    given = [numbers.setdefault(word, len(numbers)) for block in words for word in block][:_MOST_WORDS]
    shares = np.zeros(len(texts))
    if not wanted or not given:
        return shares
    place = [-1] * len(given)  # position of each word in the main text
    for step in LCSseq.opcodes(given, wanted):
        if step.tag == "equal":
            for offset in range(step.src_end - step.src_start):
                place[step.src_start + offset] = step.dest_start + offset
    lines = {" ".join(_WORD.findall(line.lower())) for line in truth.split("\n")}
    left = Counter(wanted)
    start = 0
    for number, block in enumerate(words):
        here = place[start : start + len(block)]
        if len(here) < len(block):
            break
        if 0 < len(block) < 4:
            shares[number] = _short_share(place, start, len(block), " ".join(block) in lines)
        elif block:
            shares[number] = _in_runs(here) / len(block)
        if shares[number] > 0.5:
            left.subtract(numbers[word] for word in block)
        start += len(block)
    # Blocks in a different order in the main text: by their three-word runs, while the main text
    # has words left.
    runs = set(zip(wanted, wanted[1:], wanted[2:], strict=False))
    for number, block in enumerate(words):
        if len(block) < 3 or shares[number] > 0.5 or not seen[number]:
            continue
        own = [numbers[word] for word in block]
        met = sum(run in runs for run in zip(own, own[1:], own[2:], strict=False)) / (len(own) - 2)
        free = sum(min(count, max(0, left[word])) for word, count in Counter(own).items()) / len(own)
        if met >= 0.7 and free >= 0.7:
            shares[number] = met
            left.subtract(own)
    return shares


def _in_runs(places: Sequence[int]) -> int:
    """Count the words that are in the main text in runs of at least three."""
    found = at = 0
    while at < len(places):
        end = at + 1
        if places[at] >= 0:
            while end < len(places) and places[end] == places[end - 1] + 1:
                end += 1
            if end - at >= 3:
                found += end - at
        at = end
    return found


def _short_share(place: Sequence[int], start: int, size: int, is_line: bool) -> float:
    """Return the share for a block with a few words, which occur anywhere.

    They count if a line of the main text consists of them, or if they are aligned next to their
    neighbours.
    """
    here = place[start : start + size]
    if here[0] < 0 or any(here[at + 1] != here[at] + 1 for at in range(size - 1)):
        return 0.0
    before = next((place[at] for at in range(start - 1, max(-1, start - 40), -1) if place[at] >= 0), None)
    after = next((place[at] for at in range(start + size, min(len(place), start + size + 40)) if place[at] >= 0), None)
    near = (before is not None and here[0] - before <= 2) or (after is not None and after - here[-1] <= 2)
    return 1.0 if near or is_line else 0.3


# --- samples


def _tokens(page: Page, number: int, text: str) -> list[str]:
    """Return the tokens that the first stage sums for a block.

    Each has the name of its table: "2 article", "short read".
    """
    block = page.blocks[number]
    around = [(block.inner, 0)] if block.inner > block.element else []
    around += [(element, min(level, LEVELS - 1)) for level, element in enumerate(page.ancestors(block.element))]
    out = [f"{level} {name}" for element, level in around for name in tokens_of_head(page.heads[element])]
    return out + [f"{table} {word}" for table, word in tokens_of_text(text)]


def _sample(given: tuple[dict[str, Any], Path]) -> Sample:
    row, folder = given
    html = gzip.decompress((folder / f"{row['file_id']}.html.gz").read_bytes()).decode("utf-8", "replace")
    page = read_page(html)
    texts = [block.text for block in page.blocks]
    layout = Layout(page) if texts else None
    known = np.empty((0, 0), np.float32)
    if layout is not None:
        known = np.stack([np.broadcast_to(np.asarray(column, np.float32), (layout.size,)) for column in layout.known().values()], axis=1)
        layout.page = Page()  # large, and not needed any more
    return Sample(
        row["file_id"],
        row["page_type"],
        fold_of(row["domain"]),
        row["domain"],
        layout,
        known,
        [_tokens(page, number, text) for number, text in enumerate(texts)],
        layout.counted.words if layout is not None else np.zeros(0, np.int64),
        shares_of_content(texts, [block.seen for block in page.blocks], row["main_content"]),
        [Counter(_WORD.findall(text.lower())) for text in texts],
        Counter(_WORD.findall(row["main_content"].lower())),
    )


def samples(bench: Path) -> list[Sample]:
    """Load the pages of the dev split."""
    folder = bench / "extract" / "dev"
    rows = [json.loads(line) for line in (folder / "truth.jsonl").read_text("utf-8").split("\n") if line]
    with Pool(2) as pool:
        return pool.map(_sample, [(row, folder / "html") for row in rows], chunksize=8)


def word_f1(sample: Sample, keep: NDArray[np.bool_]) -> float:
    """Return the page's word F1, as bench/extract/score.py computes it."""
    found: Counter[str] = Counter()
    for bag, yes in zip(sample.bags, keep.tolist(), strict=True):
        if yes:
            found.update(bag)
    wanted, given = sum(sample.truth.values()), sum(found.values())
    if not wanted or not given:
        return float(wanted == given)
    return 2 * sum((found & sample.truth).values()) / (wanted + given)


# --- the first stage

_FEWEST_DOMAINS = 6
_LEAST_SCORE = SCALE // 50


@dataclass
class First:
    """The first stage in training.

    The column of each token, and which columns are words.
    """

    columns: dict[str, int]
    of_words: NDArray[np.bool_]
    matrix: sparse.csr_matrix


def first_stage(pages: Sequence[Sample]) -> First:
    """Select the tokens that occur on several sites."""
    domains: dict[str, set[str]] = {}
    for page in pages:
        for token in {token for tokens in page.tokens for token in tokens}:
            domains.setdefault(token, set()).add(page.domain)
    columns = {token: number for number, token in enumerate(sorted(token for token, on in domains.items() if len(on) >= _FEWEST_DOMAINS))}
    return First(columns, np.array([not token[0].isdigit() for token in columns]), matrix_of(pages, columns))


def matrix_of(pages: Sequence[Sample], columns: dict[str, int]) -> sparse.csr_matrix:
    """Count tokens: one row per block, one column per token."""
    places: list[int] = []
    counts: list[int] = []
    ends = [0]
    for page in pages:
        for tokens in page.tokens:
            found = Counter(columns[token] for token in tokens if token in columns)
            places.extend(found)
            counts.extend(found.values())
            ends.append(len(places))
    return sparse.csr_matrix(
        (np.array(counts, np.float32), np.array(places, np.int32), np.array(ends)), shape=(len(ends) - 1, len(columns))
    )


def regress(matrix: sparse.csr_matrix, content: NDArray[np.float64], weights: NDArray[np.float64]) -> tuple[NDArray[np.int64], int]:
    """Fit the scores of the columns and the bias, in log odds by 1/SCALE.

    A block that is half main text counts half on either side.
    """
    sides = np.concatenate([np.ones(len(content)), np.zeros(len(content))])
    both = np.concatenate([weights * content, weights * (1 - content)])
    used = both > 1e-6
    model = LogisticRegression(C=0.3, solver="lbfgs", max_iter=60)
    model.fit(sparse.vstack([matrix, matrix])[used], sides[used], sample_weight=both[used])
    scores = np.rint(model.coef_[0] * SCALE).astype(np.int64)
    scores[np.abs(scores) < _LEAST_SCORE] = 0
    return scores, round(float(model.intercept_[0]) * SCALE)


# --- both stages


def _stacked(pages: Sequence[Sample], of: str) -> NDArray[Any]:
    return np.concatenate([np.asarray(getattr(page, of)) for page in pages])


def _weights(pages: Sequence[Sample], taken: Sequence[int] | None = None) -> NDArray[np.float64]:
    """Return the potential effect of each block on its page's F1.

    It is its words over those of the main text and those `taken` (initially, as many).
    """
    out = []
    for number, page in enumerate(pages):
        wanted = sum(page.truth.values())
        size = min(wanted, int(page.words.sum())) + 60 if taken is None else (wanted + taken[number]) / 2 + 40
        out.append((page.words + 1.0) / size)
    weights: NDArray[np.float64] = np.concatenate(out)
    weights /= weights.mean()
    return weights


def _rows(pages: Sequence[Sample], names: NDArray[np.int64], words: NDArray[np.int64], bias: NDArray[np.int64]) -> NDArray[np.float32]:
    tables = []
    start = 0
    for page in pages:
        assert page.layout is not None
        part = slice(start, start + page.size)
        scored = page.layout.scored(FirstScores(names[part], words[part]), int(bias[start]))
        more = np.stack([np.broadcast_to(np.asarray(column, np.float32), (page.size,)) for column in scored.values()], axis=1)
        tables.append(np.hstack([page.known, more]))
        start += page.size
    return np.vstack(tables)


def _sampled(weights: NDArray[np.float64]) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Sample a third of the blocks, and adjust the weights.

    Blocks with low weights are mostly left out, and the others weigh more in return.
    """
    chance = np.clip(np.sqrt(weights) * 0.45, 0.05, 1)
    return np.random.default_rng(5).random(len(weights)) < chance, weights / chance


SHRINK = 0.75
"""Blocks of a page err together, so that log odds are surer than they should be; by this much."""


def probability_table() -> NDArray[np.int64]:
    """Return the probabilities for log odds from -16 to 16 by 1/64."""
    odds = np.arange(-1024, 1025) / 64 * SHRINK
    return np.rint(PROBABILITY_SCALE / (1 + np.exp(-odds))).astype(np.int64)


def train(pages: Sequence[Sample], trees: int, forests: int) -> PageModel:
    """Train the model on these pages."""
    pages = [page for page in pages if page.size]
    fold = np.concatenate([np.full(page.size, page.fold) for page in pages])
    content = _stacked(pages, "content")
    weights = _weights(pages)
    first = first_stage(pages)
    names, words, bias = (np.zeros(len(content), np.int64) for _ in range(3))
    for number in sorted(set(fold.tolist())):
        here = fold == number
        scores, base = regress(first.matrix[~here], content[~here], weights[~here])
        names[here] = first.matrix[here] @ np.where(first.of_words, 0, scores)
        words[here] = first.matrix[here] @ np.where(first.of_words, scores, 0)
        bias[here] = base
    rows = _rows(pages, names, words, bias)
    is_content = content > 0.5
    picked, heavier = _sampled(weights)
    # How much each page would keep as an unseen site, which is the cost of a mistake there.
    table = probability_table()
    taken = [0] * len(pages)
    starts = np.cumsum([0, *(page.size for page in pages)])
    for number in sorted(set(fold.tolist())):
        used = picked & (fold != number)
        forest = fit_forest(rows[used], is_content[used], heavier[used], trees=trees // 2, seed=7)
        for at, page in enumerate(pages):
            if page.fold == number:
                odds = forest.scores(rows[starts[at] : starts[at + 1]])
                keep = maximise_expected_f1(table[np.clip(odds // (SCALE // 64) + 1024, 0, 2048)], page.words)
                taken[at] = int(page.words[keep].sum())
    picked, heavier = _sampled(_weights(pages, taken))
    grown = tuple(fit_forest(rows[picked], is_content[picked], heavier[picked], trees=trees, seed=11 + number) for number in range(forests))
    scores, base = regress(first.matrix, content, weights)
    return PageModel(_tokens_of(first, scores), base, grown, table)


def _tokens_of(first: First, scores: NDArray[np.int64]) -> Tokens:
    names: dict[str, list[int]] = {}
    tables: dict[str, dict[str, int]] = {table: {} for table in TABLES}
    for token, score in zip(first.columns, scores.tolist(), strict=True):
        if score:
            table, _, entry = token.partition(" ")
            if table in tables:
                tables[table][entry] = score
            else:
                names.setdefault(entry, [0] * LEVELS)[int(table)] = score
    by_name = {name: tuple(by_level) for name, by_level in sorted(names.items())}
    return Tokens(by_name, tables["short"], tables["long"], tables["begin"], tables["end"], tables["whole"])


def f1_by_kind(model: PageModel, pages: Sequence[Sample]) -> dict[str, list[float]]:
    """Return the word F1 of each page, by page type, as `model` selects."""
    out: dict[str, list[float]] = {}
    columns = {
        token: number for number, token in enumerate(sorted({token for page in pages for tokens in page.tokens for token in tokens}))
    }
    scores = np.zeros(len(columns), np.int64)
    is_word = np.zeros(len(columns), bool)
    for token, number in columns.items():
        table, _, entry = token.partition(" ")
        if table in TABLES:
            is_word[number] = True
            scores[number] = getattr(model.tokens, table).get(entry, 0)
        elif entry in model.tokens.names:
            scores[number] = model.tokens.names[entry][int(table)]
    for page in pages:
        keep = np.zeros(0, bool)
        if page.size:
            assert page.layout is not None
            matrix = matrix_of([page], columns)
            names = matrix @ np.where(is_word, 0, scores)
            words = matrix @ np.where(is_word, scores, 0)
            rows = _rows([page], names.astype(np.int64), words.astype(np.int64), np.full(page.size, model.bias))
            keep = model.choose(page.layout, model.scores(rows))
        out.setdefault(page.kind, []).append(word_f1(page, keep))
    return out


def cross_validate(pages: Sequence[Sample], trees: int, forests: int) -> dict[str, list[float]]:
    """Return the word F1 of every page, cross-validated by domain.

    Both stages are trained without the page's domain.
    """
    out: dict[str, list[float]] = {}
    for number in range(FOLDS):
        model = train([page for page in pages if page.fold != number], trees, forests)
        for kind, values in f1_by_kind(model, [page for page in pages if page.fold == number]).items():
            out.setdefault(kind, []).extend(values)
        print(f"fold {number}: {figures(out)}", flush=True)
    return out


def figures(by_kind: dict[str, list[float]]) -> str:
    """Format one line of figures: all pages, then by type."""
    every = mean(value for values in by_kind.values() for value in values)
    return f"all {every:.4f}  " + "  ".join(f"{kind} {mean(values):.3f} ({len(values)})" for kind, values in sorted(by_kind.items()))


TREES, FORESTS = 300, 2


def report(bench: Path) -> None:
    """Print the cross-validated figures."""
    print("cross-validated by domain:", figures(cross_validate(samples(bench), TREES, FORESTS)))


def main(bench: Path, out: Path) -> None:
    """Train on all pages of the dev split and write `html.npz` to `out`."""
    arrays: dict[str, Any] = arrays_of(train(samples(bench), TREES, FORESTS))
    np.savez_compressed(out / "html.npz", **arrays)
