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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from multiprocessing import Pool
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import LCSseq
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from newsbeam.transforms.boilerplate.forest import SCALE, Forest
from newsbeam.transforms.boilerplate.pages.blocks import Page, read_page
from newsbeam.transforms.boilerplate.pages.declared import pieces_of, share_within, squeezed
from newsbeam.transforms.boilerplate.pages.features import LEVELS, FirstScores, Layout, Tokens, page_columns, tokens_of_head, tokens_of_text
from newsbeam.transforms.boilerplate.pages.model import PROBABILITY_SCALE, TABLES, PageModel, arrays_of, maximise_expected_f1
from newsbeam.transforms.boilerplate.train.fit import fit_forest
from newsbeam.transforms.text import UNSPACED

FOLDS = 5
_WORD = re.compile(rf"{UNSPACED.pattern}|[^\W{UNSPACED.pattern[1:-1]}]+")
_MOST_WORDS = 60_000  # words of a page to align


@dataclass
class Sample:
    """A page: the input of the classifier, and the labels of its blocks.

    A label is the share (0..1) of the block that is main text. `tokens` are indices into
    `vocabulary`, `read` the numbers of the words of a block; `truth` counts these words in the main
    text, its last entry those that are on no block.
    """

    name: str
    kind: str
    fold: int
    domain: str
    trust: float
    layout: Layout | None
    known: NDArray[np.float32]
    doubtful: NDArray[np.bool_]
    vocabulary: list[str]
    tokens: list[NDArray[np.int32]]
    words: NDArray[np.int64]
    content: NDArray[np.float64]
    read: list[NDArray[np.int32]]
    truth: NDArray[np.int64]

    @property
    def size(self) -> int:
        """The number of blocks."""
        return len(self.read)


def fold_of(domain: str) -> int:
    """Return the fold of a domain, so that a site is never on both sides."""
    parts = domain.lower().split(".")
    site = ".".join(parts[-3:] if len(parts) > 2 and len(parts[-1]) == 2 and len(parts[-2]) < 4 else parts[-2:])
    return int(hashlib.md5(site.encode(), usedforsecurity=False).hexdigest(), 16) % FOLDS


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
        known = np.ascontiguousarray(layout.as_rows(layout.known()))
    vocabulary: dict[str, int] = {}
    tokens = [
        np.array([vocabulary.setdefault(token, len(vocabulary)) for token in _tokens(page, number, text)], np.int32)
        for number, text in enumerate(texts)
    ]
    seen = [block.seen for block in page.blocks]
    if layout is not None:
        layout.page = Page()  # large, and not needed any more
        layout.texts = []
    doubt = pieces_of(squeezed(" ".join(row.get("doubt", ()))))
    numbers: dict[str, int] = {}
    read = [np.array([numbers.setdefault(word, len(numbers)) for word in _WORD.findall(text.lower())], np.int32) for text in texts]
    truth = [numbers.get(word, len(numbers)) for word in _WORD.findall(row["main_content"].lower())]
    return Sample(
        row["file_id"],
        row["page_type"],
        fold_of(row["domain"]),
        row["domain"],
        row.get("weight", 1.0),
        layout,
        known,
        np.array([share_within(squeezed(text), doubt) > 0.5 for text in texts], bool),
        list(vocabulary),
        tokens,
        layout.counted.words if layout is not None else np.zeros(0, np.int64),
        shares_of_content(texts, seen, row["main_content"]),
        read,
        np.bincount(truth, minlength=len(numbers) + 1),
    )


_NEWS, _SILVER = 2.0, {"high": 0.5, "mid": 0.3}


def _json_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


def reviewed_pages(bench: Path) -> list[Sample]:
    """Load the pages of WCXB's dev split, of all types."""
    folder = bench / "extract" / "dev"
    return _samples([(row, folder / "html") for row in _json_lines(folder / "truth.jsonl")])


def news_pages(bench: Path, pages: Path | None = None) -> list[Sample]:
    """Load the pages of `news`, and the ones of `pages` with silver labels."""
    folder = bench / "news" / "dev"
    given = [(row | {"page_type": "news", "weight": _NEWS}, folder / "html") for row in _json_lines(folder / "truth.jsonl")]
    if pages is not None:
        silver = [row for row in _json_lines(pages / "silver.jsonl") if row.get("trust") in _SILVER]
        # Every third of the English pages, which are half of all.
        silver = [row for row in silver if row["lang"] != "en"] + [row for row in silver if row["lang"] == "en"][::3]
        given += [(row | {"file_id": row["id"], "page_type": "silver", "weight": _SILVER[row["trust"]]}, pages / "html") for row in silver]
    return _samples(given)


def _samples(given: list[tuple[dict[str, Any], Path]]) -> list[Sample]:
    with Pool(2) as pool:
        return pool.map(_sample, given, chunksize=8)


def word_f1(sample: Sample, keep: NDArray[np.bool_]) -> float:
    """Return the page's word F1, as bench/extract/score.py computes it."""
    found = np.zeros(len(sample.truth), np.int64)
    for words, yes in zip(sample.read, keep.tolist(), strict=True):
        if yes:
            found += np.bincount(words, minlength=len(found))
    wanted, given = int(sample.truth.sum()), int(found.sum())
    if not wanted or not given:
        return float(wanted == given)
    return 2 * int(np.minimum(found, sample.truth)[:-1].sum()) / (wanted + given)


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
        for token in page.vocabulary:
            domains.setdefault(token, set()).add(page.domain)
    columns = {token: number for number, token in enumerate(sorted(token for token, on in domains.items() if len(on) >= _FEWEST_DOMAINS))}
    return First(columns, np.array([not token[0].isdigit() for token in columns]), matrix_of(pages, columns))


def matrix_of(pages: Sequence[Sample], columns: dict[str, int]) -> sparse.csr_matrix:
    """Count tokens: one row per block, one column per token."""
    places: list[NDArray[np.int64]] = []
    counts: list[NDArray[np.int64]] = []
    ends = [0]
    for page in pages:
        column = np.array([columns.get(token, -1) for token in page.vocabulary], np.int64)
        for tokens in page.tokens:
            found, times = np.unique(column[tokens], return_counts=True)
            places.append(found[found >= 0])
            counts.append(times[found >= 0])
            ends.append(ends[-1] + len(places[-1]))
    return sparse.csr_matrix(
        (np.concatenate(counts).astype(np.float32), np.concatenate(places).astype(np.int32), np.array(ends)),
        shape=(len(ends) - 1, len(columns)),
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
        wanted = int(page.truth.sum())
        size = min(wanted, int(page.words.sum())) + 60 if taken is None else (wanted + taken[number]) / 2 + 40
        out.append(np.where(page.doubtful, 0, (page.words + 1.0) / size * page.trust))
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
        tables.append(np.hstack([page.known, page.layout.as_rows(scored)]))
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
    return PageModel(_tokens_of(first, scores), base, grown, _NO_FOREST, _NO_FOREST, table)


# Never an article: in place of the stages that are trained later.
_NO_FOREST = Forest(np.zeros((1, 1), np.int16), np.full((1, 1), np.inf, np.float32), np.zeros((1, 2), np.int16), -(1 << 20))


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


def _scored_by(model: PageModel, pages: Sequence[Sample]) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int64]]]:
    """Yield the features and scores of each page with blocks in the first two stages."""
    columns = {token: number for number, token in enumerate(sorted({token for page in pages for token in page.vocabulary}))}
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
        matrix = matrix_of([page], columns)
        names = matrix @ np.where(is_word, 0, scores)
        words = matrix @ np.where(is_word, scores, 0)
        rows = _rows([page], names.astype(np.int64), words.astype(np.int64), np.full(page.size, model.bias))
        yield rows, model.general(rows)


def f1_by_kind(model: PageModel, pages: Sequence[Sample]) -> dict[str, list[float]]:
    """Return the word F1 of each page, by page type, as `model` selects."""
    out: dict[str, list[float]] = {}
    shown = [page for page in pages if page.size]
    for page, (rows, scores) in zip(shown, _scored_by(model, shown), strict=True):
        assert page.layout is not None
        judged = scores
        if model.is_article(page.layout, rows):
            judged = model.article.scores(page.layout.with_second(rows, scores)).astype(np.int64)
        out.setdefault(page.kind, []).append(word_f1(page, model.choose(page.layout, judged)))
    for page in pages:
        if not page.size:
            out.setdefault(page.kind, []).append(word_f1(page, np.zeros(0, bool)))
    return out


# --- the third stage, for articles


@dataclass
class Articles:
    """News pages with the features of the third stage.

    The first two stages have seen none of them."""

    pages: list[Sample]
    fold: NDArray[np.int64]
    rows: NDArray[np.float32]
    weights: NDArray[np.float64]

    def fit(self, used: NDArray[np.bool_]) -> Forest:
        """Fit the third stage on some of the blocks."""
        content = _stacked(self.pages, "content")
        picked, heavier = _sampled(self.weights)
        picked &= used & (heavier > 0)
        return fit_forest(self.rows[picked], content[picked] > 0.5, heavier[picked], trees=ARTICLE_TREES, rate=0.08, seed=13)

    def cross_validate(self, model: PageModel) -> dict[str, list[float]]:
        """Return the word F1 of every page, by a third stage that has not seen its site."""
        out: dict[str, list[float]] = {}
        ends = np.cumsum([0, *(page.size for page in self.pages)]).tolist()
        for number in range(FOLDS):
            forest = self.fit(self.fold != number)
            for page, (begin, end) in zip(self.pages, pairwise(ends), strict=True):
                if page.fold == number:
                    assert page.layout is not None
                    keep = model.choose(page.layout, forest.scores(self.rows[begin:end]).astype(np.int64))
                    out.setdefault(page.kind, []).append(word_f1(page, keep))
        return out


def articles(model: PageModel, pages: Sequence[Sample]) -> Articles:
    """Score news pages by the first two stages."""
    pages = [page for page in pages if page.size]
    tables, taken = [], []
    for page, (rows, scores) in zip(pages, _scored_by(model, pages), strict=True):
        assert page.layout is not None
        tables.append(page.layout.with_second(rows, scores))
        taken.append(int(page.words[model.choose(page.layout, scores)].sum()))
    fold = np.concatenate([np.full(page.size, page.fold) for page in pages])
    return Articles(pages, fold, np.vstack(tables), _weights(pages, taken))


_ARTICLES = frozenset(("article", "news", "silver"))


def fit_genre(model: PageModel, pages: Sequence[Sample]) -> Forest:
    """Fit the trees that tell articles from other pages."""
    pages = [page for page in pages if page.size]
    rows = np.stack([rows[0, page_columns()] for rows, _ in _scored_by(model, pages)])
    is_article = np.array([page.kind in _ARTICLES for page in pages])
    weights = np.array([0.5 if page.kind == "silver" else 1.0 for page in pages])
    return fit_forest(rows, is_article, weights, trees=80, depth=4, rate=0.08, seed=17, columns=0.7)


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


TREES, FORESTS, ARTICLE_TREES = 300, 2, 200


def report(bench: Path, pages: Path | None) -> None:
    """Print the cross-validated figures."""
    reviewed = reviewed_pages(bench)
    print("first two stages, cross-validated by site:", figures(cross_validate(reviewed, TREES, FORESTS)))
    model = train(reviewed, TREES, FORESTS)
    print("third stage, by site:", figures(articles(model, news_pages(bench, pages)).cross_validate(model)))


def main(bench: Path, pages: Path | None, out: Path) -> None:
    """Train all stages and write `html.npz` to `out`."""
    reviewed, news = reviewed_pages(bench), news_pages(bench, pages)
    model = train(reviewed, TREES, FORESTS)
    arrays: dict[str, Any] = arrays_of(with_articles(model, reviewed, news))
    np.savez_compressed(out / "html.npz", **arrays)


def with_articles(model: PageModel, reviewed: Sequence[Sample], news: Sequence[Sample]) -> PageModel:
    """Train the trees for articles on top of a model for pages of all kinds."""
    given = articles(model, news)
    return replace(model, genre=fit_genre(model, [*reviewed, *news]), article=given.fit(np.ones(len(given.fold), bool)))
