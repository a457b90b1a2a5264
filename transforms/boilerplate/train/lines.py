"""Train the classifier of scraped text, or evaluate it.

  python -m newsbeam.transforms.boilerplate.train lines --bench ../shared/bench --scraped DIR …

Words first: a logistic regression on words, pairs and complete short lines, in all languages. Then
trees, which see the word score of each line from a model that was trained without its site. In
addition to the complete documents, the trees see each with some and with all of its boilerplate left
out, and some with most of the article left out, so that they neither memorise documents nor change
clean text nor expect long ones. Some are read as if most or all of their words were unknown, as they
are in a language of which few pages were learned.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from newsbeam.transforms.boilerplate.forest import SCALE, Forest, load_forest
from newsbeam.transforms.boilerplate.forms.read import FORMS, read_form
from newsbeam.transforms.boilerplate.forms.unit import Unit
from newsbeam.transforms.boilerplate.lines.features import (
    BITS,
    GROUPS,
    NAMES,
    Layout,
    WordScores,
    columns,
    context,
    known_words,
    slots,
    tokens,
    word_scores,
)
from newsbeam.transforms.boilerplate.lines.model import LineModel
from newsbeam.transforms.boilerplate.lines.strip import read_units
from newsbeam.transforms.boilerplate.scan import Scan
from newsbeam.transforms.boilerplate.train.fit import fit_forest
from newsbeam.transforms.boilerplate.train.scraped import FOLDS, GONE, KEPT, OPEN, domains, labels, texts, truths
from newsbeam.transforms.boilerplate.train.scraped import FORMS as RENDERINGS

SETS = ("residual", "full")
LEAST_DOMAINS = 6
THRESHOLD = -300
TREES = 260
_FIRST_TREES, _FIRST_ROWS = 60, 0.25  # of the first pass, and the share of the rows that they see
_SOME = 0.4  # share of the boilerplate that the trees see
_MOST_UNITS = 1_200  # of a sample; longer ones are cut
_WEIGHTS = {"residual": 4.0, "full": 2.5, "clean": 1.0, "part": 0.7, "short": 0.7, "scraped": 1.0}
# The share of the samples of each kind that the trees see, as they take most of the time.
_SHARES = {"residual": 1.0, "full": 1.0, "scraped": 0.75, "clean": 0.6, "part": 0.4, "short": 0.4}
_ENGLISH = 0.2  # share of the forms in which English pages without human truth are read
# The share of samples of which words are read as unknown, and the number of ways to choose these words.
_UNKNOWN, _MASKS = 0.35, 12
_CASELESS = 0.1  # share of samples that are read without capitals


@dataclass
class Sample:
    """A document in some form, complete or in part, with a label for each unit."""

    name: str
    page: Scan
    groups: NDArray[np.int64]
    layout: Layout
    keep: NDArray[np.int64]
    site: str
    original: bool  # its words are learned
    fold: int = -1
    mask: int = -1  # which words are read as unknown: one of `_masks`, -1 for none


@dataclass
class Data:
    """All samples, in an order that does not change."""

    samples: list[Sample]
    sites: dict[str, int] = field(default_factory=dict)


def _sample(name: str, units: list[Unit], form: int, keep: NDArray[np.int64], site: str, chance: np.random.Generator | None) -> Sample:
    """Make a sample.

    With `chance`, perhaps one that reads as in another language, or in a script without capitals.
    """
    units, keep = units[:_MOST_UNITS], keep[:_MOST_UNITS]
    caseless = chance is not None and chance.random() < _CASELESS
    if caseless:
        units = [replace(unit, text=unit.text.lower()) for unit in units]
    page, kinds, layout = read_units(units, form)
    made = Sample(name, page, np.array([GROUPS[kind] for kind in kinds], np.int64), layout, keep, site, original=chance is None)
    if chance is not None and (caseless or chance.random() < _UNKNOWN):
        made.mask = 0 if caseless else int(chance.integers(0, _MASKS))
    return made


def _part(keep: NDArray[np.int64], chance: np.random.Generator) -> NDArray[np.int64]:
    """Return a document's line indices without some runs of boilerplate.

    Occasionally also without half of the text.
    """
    share = chance.uniform(0.1, 0.95)
    kept = []
    for run in np.split(np.arange(len(keep)), np.flatnonzero(np.diff((keep == GONE).astype(int))) + 1):
        if keep[run[0]] != GONE:
            kept.append(run)
        elif chance.random() < share:
            at = int(chance.integers(0, len(run)))
            cut = len(run) > 6 and chance.random() < 0.5
            kept.append((run[at:] if chance.random() < 0.5 else run[: at + 1]) if cut else run)
    lines = np.concatenate(kept) if kept else np.zeros(0, np.int64)
    if chance.random() < 0.3 and len(lines) > 20:
        begin = int(chance.integers(0, len(lines) // 2))
        lines = lines[begin : begin + len(lines) // 2]
    return lines


def _short(keep: NDArray[np.int64], chance: np.random.Generator) -> NDArray[np.int64]:
    """Return the line indices of a short article on a small site.

    A few lines of the article, in a row, and some runs of its boilerplate.
    """
    article = np.flatnonzero(keep != GONE)
    left = int(chance.integers(3, 12))
    begin = int(chance.integers(0, 3)) if chance.random() < 0.7 else int(chance.integers(0, max(len(article) - left, 1)))
    chosen = article[begin : begin + left]
    runs = [chosen]
    for run in np.split(np.arange(len(keep)), np.flatnonzero(np.diff((keep == GONE).astype(int))) + 1):
        if keep[run[0]] == GONE and chance.random() < 0.8:
            most = int(chance.integers(1, 14))
            at = int(chance.integers(0, max(len(run) - most, 0) + 1))
            runs.append(run[at : at + most])
    return np.sort(np.concatenate(runs))


# What a site puts between two paragraphs.
_BETWEEN = (
    "12 comments", "Comments (12)", "48 comments so far", "12 Kommentare", "Kommentare (3)", "12 commentaires", "3 comentarios",
    "12 commenti", "12 комментариев", "12 komentarzy", "12 reacties", "12 yorum", "評論 12", "コメント12件", "댓글 12개", "١٢ تعليقا",
    "Advertisement", "Anzeige", "Publicité", "Publicidad", "Реклама", "Reklama", "Annons", "広告", "광고", "广告", "إعلان",
)  # fmt: skip


def _interrupted(units: list[Unit], keep: NDArray[np.int64], chance: np.random.Generator) -> tuple[list[Unit], NDArray[np.int64]]:
    """Put a number of comments or the like between two paragraphs of the article."""
    places = np.flatnonzero((keep[:-1] == KEPT) & (keep[1:] == KEPT)) + 1
    if not len(places):
        return units, keep
    at = int(chance.choice(places))
    text = str(chance.choice(_BETWEEN))
    return [*units[:at], Unit(text, ((0, text),), units[at].gap), *units[at:]], np.insert(keep, at, GONE)


def line_labels(units: Sequence[Unit], keep: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the labels of units from those of the lines of the input."""
    out = np.full(len(units), OPEN, np.int64)
    for number, unit in enumerate(units):
        found = {int(keep[line - 1]) for line, _ in unit.pieces} - {OPEN}
        if len(found) == 1:
            out[number] = found.pop()
    return out


def _of_lines(bench: Path, chance: np.random.Generator) -> Iterator[Sample]:
    for name in SETS:
        with (bench / "lines" / f"dev.{name}.jsonl").open(encoding="utf-8") as rows:
            for row in rows:
                document = json.loads(row)
                lines, keep = document["text"].split("\n"), np.array(document["keep"])
                site = document["domain"].removeprefix("www.")
                wanted = [(name, np.arange(len(keep))), ("part", _part(keep, chance)), ("short", _short(keep, chance))]
                if name == "residual":
                    wanted.append(("clean", np.flatnonzero(keep == KEPT)))
                for kind, places in wanted:
                    if len(places) >= 4:
                        read = read_form("\n".join(lines[at] for at in places))
                        units, its = read.units, line_labels(read.units, keep[places])
                        if kind not in SETS and chance.random() < 0.4:
                            units, its = _interrupted(units, its, chance)
                        yield _sample(kind, units, FORMS.index(read.form), its, site, None if kind in SETS else chance)


def _of_pages(bench: Path, scraped: Sequence[Path], chance: np.random.Generator) -> Iterator[Sample]:
    """Yield samples of rendered pages.

    English pages of the last folders, which have no human truth, are read in one or two of the forms only.
    """
    sites = domains(bench, scraped)
    truth = {row["file_id"]: row for row in truths(scraped)}
    human = {row["file_id"] for row in truths(scraped[:1])}
    for rendering in RENDERINGS:
        for identifier, text in texts(scraped, rendering):
            row = truth[identifier]
            if identifier not in human and row.get("lang") == "en" and chance.random() >= _ENGLISH:
                continue
            read = read_form(text)
            form = FORMS.index(read.form)
            units = read.units[:_MOST_UNITS]
            keep = labels(units, row["main_content"], row.get("doubt", ()), row["title"])
            if (keep == KEPT).sum() < 2:
                continue
            site = sites[identifier]
            yield _sample("scraped", units, form, keep, site, None if rendering == "wet" else chance)
            variants = []
            if chance.random() < 0.2:
                variants += [("part", _part(keep, chance)), ("clean", np.flatnonzero(keep == KEPT))]
            if chance.random() < 0.6:
                variants.append(("short", _short(keep, chance)))
            for kind, places in variants:
                if len(places) >= 4:
                    its, theirs = [units[at] for at in places], keep[places]
                    if chance.random() < 0.5:
                        its, theirs = _interrupted(its, theirs, chance)
                    yield _sample(kind, its, form, theirs, site, chance)


def sites_of(bench: Path, scraped: Sequence[Path]) -> tuple[dict[str, int], NDArray[np.int64]]:
    """Return the number of each site, and the fold of each number."""
    names = set(domains(bench, scraped).values())
    for name in SETS:
        with (bench / "lines" / f"dev.{name}.jsonl").open(encoding="utf-8") as rows:
            names |= {json.loads(row)["domain"].removeprefix("www.") for row in rows}
    return {site: number for number, site in enumerate(sorted(names))}, np.random.default_rng(5).permutation(len(names)) % FOLDS


def read(bench: Path, scraped: Sequence[Path]) -> Data:
    """Load the documents of bench/lines and the renderings, and make samples of them."""
    chance = np.random.default_rng(3)
    samples = [*_of_lines(bench, chance), *_of_pages(bench, scraped, chance)]
    sites, fold_of = sites_of(bench, scraped)
    for sample in samples:
        sample.fold = int(fold_of[sites[sample.site]])
    return Data(samples, sites)


@dataclass
class Tokens:
    """The tokens of the original documents.

    A sparse matrix with one row per unit, and the hash of each column's token.
    """

    rows: Any
    hashes: NDArray[np.uint64]
    keep: NDArray[np.int64]
    fold: NDArray[np.int64]
    weight: NDArray[np.float64]


def read_tokens(data: Data) -> Tokens:
    """Select the tokens that occur on enough sites."""
    found, lines, site, keep, fold, weight = [], [], [], [], [], []
    count = 0
    for sample in data.samples:
        if sample.original:
            hashes, line_of = tokens(sample.page)
            found.append(hashes)
            lines.append(line_of + count)
            site.append(np.full(len(hashes), data.sites[sample.site]))
            keep.append(sample.keep)
            fold.append(np.full(len(sample.keep), sample.fold))
            weight.append(np.full(len(sample.keep), _WEIGHTS[sample.name]))
            count += len(sample.keep)
    line = np.concatenate(lines)
    unique, column = np.unique(np.concatenate(found), return_inverse=True)
    pairs = np.unique(column.astype(np.int64) * (1 << 20) + np.concatenate(site))
    known = np.bincount(pairs >> 20, minlength=len(unique)) >= LEAST_DOMAINS
    number = np.cumsum(known) - 1
    size = np.bincount(line, minlength=count)
    kept = known[column]
    values = (1 / np.sqrt(size[line[kept]])).astype(np.float32)
    rows = sp.csr_matrix((values, (line[kept], number[column[kept]])), shape=(count, int(known.sum())), dtype=np.float32)
    rows.sum_duplicates()
    return Tokens(rows, unique[known], np.concatenate(keep), np.concatenate(fold), np.concatenate(weight))


def fit_words(words: Tokens, without: tuple[int, ...]) -> WordScores:
    """Fit the logistic regression on the original documents, without some folds."""
    chosen = (words.keep != OPEN) & ~np.isin(words.fold, without)
    model = LogisticRegression(C=1.0, solver="lbfgs", max_iter=80, tol=2e-3)
    model.fit(words.rows[chosen], words.keep[chosen] == GONE, sample_weight=words.weight[chosen])
    table, checks = np.zeros(1 << BITS, np.int16), np.zeros(1 << BITS, np.uint8)
    values = np.clip(np.rint(model.coef_[0] * SCALE), -32767, 32767).astype(np.int16)
    places, check = slots(words.hashes)
    # of two tokens in one slot, the more informative one stays
    order = np.argsort(np.abs(values.astype(np.int64)), kind="stable")
    table[places[order]], checks[places[order]] = values[order], check[order]
    return WordScores(table, checks, round(float(model.intercept_[0]) * SCALE))


@dataclass
class Rows:
    """Features, labels and weights of the units of all samples."""

    features: NDArray[np.float32]
    gone: NDArray[np.bool_]
    weight: NDArray[np.float64]


@dataclass
class _Read:
    """A sample with the features of all its units, and which of them the trees see."""

    sample: Sample
    rows: NDArray[np.int16]
    some: NDArray[np.bool_]

    @property
    def gone(self) -> NDArray[np.bool_]:
        gone: NDArray[np.bool_] = self.sample.keep[self.some] == GONE
        return gone

    @property
    def weight(self) -> NDArray[np.float64]:
        # Half of the boilerplate is enough: it is more than half of all.
        weight = _WEIGHTS[self.sample.name] * (60 / len(self.sample.keep)) ** 0.5
        out: NDArray[np.float64] = np.where(self.gone, weight / _SOME, weight)
        return out


def _small(rows: NDArray[np.float32]) -> NDArray[np.int16]:
    """Return features in less memory; none has a border above the limit."""
    return np.clip(rows, -32767, 32767).astype(np.int16)


def _columns_of(data: Data, words: Tokens, without: tuple[int, ...]) -> list[_Read]:
    """Return the features of all samples, without those of a first pass.

    Their words are scored by models that have not seen their site.
    """
    tables = {left: fit_words(words, (*without, left)) for left in range(FOLDS) if left not in without}
    masks = [np.random.default_rng(number).random(1 << BITS) < number * 0.5 / _MASKS for number in range(_MASKS)]
    chance, choice = np.random.default_rng(17), np.random.default_rng(1)
    out = []
    for sample in data.samples:
        if choice.random() >= _SHARES[sample.name] or sample.fold in without:
            continue
        table = tables[sample.fold]
        page = sample.page
        if sample.mask >= 0:
            page = replace(page, marks=page.marks & ~np.uint8(1))  # without English stop words
            table = WordScores(table.weights * masks[sample.mask], table.checks, table.bias)
        scores, known = word_scores(page, table), known_words(page, table)
        some = (sample.keep == KEPT) | (sample.keep == GONE) & (chance.random(len(sample.keep)) < _SOME)
        out.append(_Read(sample, _small(columns(page, scores, known, sample.groups, sample.layout)), some))
    return out


def _fit_first(read: Sequence[_Read], half: int) -> Forest:
    """Fit the trees of the first pass on rows of half of the folds, or all (-1)."""
    chance = np.random.default_rng(23)
    share = _FIRST_ROWS * (1 if half < 0 else 2)
    parts, gone, weight = [], [], []
    for each in read:
        if half in (-1, each.sample.fold % 2):
            chosen = chance.random(int(each.some.sum())) < share
            parts.append(each.rows[each.some][chosen])
            gone.append(each.gone[chosen])
            weight.append(each.weight[chosen])
    rows = np.concatenate(parts).astype(np.float32)
    return fit_forest(rows, np.concatenate(gone), np.concatenate(weight), trees=_FIRST_TREES, rate=0.2, questions=32, columns=0.5)


def rows_of(data: Data, words: Tokens, without: tuple[int, ...]) -> tuple[Rows, Forest]:
    """Return the features of all samples, and the trees of the first pass.

    The units of each sample are scored by a first pass that has not seen its site.
    """
    read = _columns_of(data, words, without)
    first = [_fit_first(read, half) for half in (0, 1)]
    parts, gone, weight = [], [], []
    for each in read:
        rows = each.rows.astype(np.float32)
        around = context(each.sample.page, first[1 - each.sample.fold % 2].scores(rows).astype(np.int64))
        parts.append(np.concatenate((each.rows[each.some], _small(around[each.some])), axis=1))
        gone.append(each.gone)
        weight.append(each.weight)
    whole = _fit_first(read, -1)
    del read
    return Rows(np.concatenate(parts).astype(np.float32), np.concatenate(gone), np.concatenate(weight)), whole


def grow(rows: Rows, trees: int = TREES) -> Forest:
    """Fit the trees that separate boilerplate."""
    return fit_forest(rows.features, rows.gone, rows.weight, trees=trees, rate=0.12, questions=32, columns=0.5)


def fit(data: Data, words: Tokens, without: tuple[int, ...] = ()) -> LineModel:
    """Fit words and trees on all sites, or without some folds."""
    rows, first = rows_of(data, words, without)
    usual = np.median(rows.features[~rows.gone & (rows.features[:, NAMES.index("size")] > 100)], axis=0).astype(np.float32)
    print(f"{len(rows.gone)} units, {rows.gone.mean():.3f} boilerplate, {words.rows.shape[1]} tokens", file=sys.stderr, flush=True)
    return LineModel(fit_words(words, without), first, grow(rows), THRESHOLD, usual)


def load(path: Path) -> LineModel:
    """Read a model that `save` wrote."""
    with np.load(path) as arrays:
        words = WordScores(arrays["words_weights"], arrays["words_checks"], int(arrays["words_bias"]))
        return LineModel(words, load_forest(arrays, "first_"), load_forest(arrays), int(arrays["threshold"]), arrays["usual"])


def save(model: LineModel, out: Path) -> None:
    """Write a model as `lines.npz`."""
    arrays: dict[str, Any] = {
        "words_weights": model.words.weights,
        "words_checks": model.words.checks,
        "words_bias": np.int64(model.words.bias),
        "threshold": np.int64(model.threshold),
        "usual": model.usual,
    }
    for prefix, forest in (("first_", model.first), ("", model.trees)):
        arrays |= {prefix + key: getattr(forest, key) for key in ("features", "borders", "leaves", "bias")}
    out.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(out / "lines.npz", **arrays)


def cross_validated(bench: Path, scraped: Sequence[Path], out: Path, folds: Sequence[int] = tuple(range(FOLDS))) -> None:
    """Write a model of each fold, trained without its sites, to `out`/fold-n."""
    data = read(bench, scraped)
    words = read_tokens(data)
    for left in folds:
        save(fit(data, words, (left,)), out / f"fold-{left}")
        print(f"fold {left} done", file=sys.stderr, flush=True)


def main(bench: Path, scraped: Sequence[Path], out: Path) -> None:
    """Train on everything, and write `lines.npz` to `out`."""
    data = read(bench, scraped)
    save(fit(data, read_tokens(data)), out)
