"""Train the classifier of scraped lines on bench/lines, or evaluate it.

  python -m newsbeam.transforms.boilerplate.train lines --bench ../shared/bench

Words first: a logistic regression on words, pairs and complete short lines. Then trees, which see
the word score of each line from a model that was trained without its site. In addition to the
complete documents, the trees see each with some and with all of its boilerplate left out, so that
they neither memorise documents nor change clean text.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from newsbeam.transforms.boilerplate.forest import SCALE, Forest
from newsbeam.transforms.boilerplate.lines.features import BITS, GROUPS, NAMES, Scan, columns, slots, tokens
from newsbeam.transforms.boilerplate.lines.model import WORDLESS, removal_penalty
from newsbeam.transforms.boilerplate.lines.strip import read_lines
from newsbeam.transforms.boilerplate.train.fit import fit_forest

FOLDS = 5
SETS = ("residual", "full")
LEAST_DOMAINS = 8
WORDLESS_TREES = 150
THRESHOLD, THRESHOLD_WORDLESS = -450, 1024
_WEIGHTS = {"residual": 2.0, "full": 1.0, "clean": 1.0, "part": 0.7}


@dataclass
class Sample:
    """A document, complete or in part.

    `source` are the indices of its lines among all lines of complete documents.
    """

    name: str
    page: Scan
    groups: NDArray[np.int64]
    source: NDArray[np.int64]


@dataclass
class Data:
    """All samples, concatenated; arrays have one entry per line."""

    documents: list[dict[str, Any]]
    samples: list[Sample]
    keep: NDArray[np.int64]
    fold: NDArray[np.int64]
    domain: NDArray[np.int64]
    weight: NDArray[np.float64]
    source: NDArray[np.int64]
    originals: int


def _sample(name: str, texts: list[str], source: NDArray[np.int64]) -> Sample:
    page, kinds = read_lines(texts)
    return Sample(name, page, np.array([GROUPS[kind] for kind in kinds], np.int64), source)


def _part(keep: NDArray[np.int64], chance: np.random.Generator) -> NDArray[np.int64]:
    """Return a document's line indices without some runs of boilerplate.

    Occasionally also without half of the text.
    """
    share = chance.uniform(0.1, 0.95)
    kept = []
    for run in np.split(np.arange(len(keep)), np.flatnonzero(np.diff((keep == 0).astype(int))) + 1):
        if keep[run[0]] != 0:
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


def read(bench: Path, parts: int = 1) -> Data:
    """Load the documents of bench/lines, and make samples of them."""
    documents: list[dict[str, Any]] = []
    for name in SETS:
        with (bench / "lines" / f"dev.{name}.jsonl").open(encoding="utf-8") as lines:
            documents += [{**json.loads(line), "set": name} for line in lines]
    domains = {domain: number for number, domain in enumerate(sorted({document["domain"] for document in documents}))}
    fold_of = np.random.default_rng(5).permutation(len(domains)) % FOLDS
    chance = np.random.default_rng(3)
    samples, more, keeps, domain_of = [], [], [], []
    begin = 0
    for document in documents:
        texts, keep = document["text"].split("\n"), np.array(document["keep"])
        source = np.arange(begin, begin + len(keep))
        begin += len(keep)
        keeps.append(keep)
        domain_of.append(np.full(len(keep), domains[document["domain"]]))
        samples.append(_sample(document["set"], texts, source))
        wanted = [("part", _part(keep, chance)) for _ in range(parts)]
        if document["set"] == "residual":
            wanted.append(("clean", np.flatnonzero(keep == 1)))
        more += [_sample(name, [texts[at] for at in at_lines], source[at_lines]) for name, at_lines in wanted if len(at_lines) >= 4]
    samples += more
    source = np.concatenate([sample.source for sample in samples])
    keep, domain = np.concatenate(keeps)[source], np.concatenate(domain_of)[source]
    weight = np.concatenate([np.full(len(sample.source), _WEIGHTS[sample.name] * (60 / len(sample.source)) ** 0.5) for sample in samples])
    return Data(documents, samples, keep, fold_of[domain], domain, weight * (keep >= 0), source, begin)


@dataclass
class Tokens:
    """The tokens of the complete documents.

    A sparse matrix with one row per line, and the hash of each column's token.
    """

    rows: Any
    hashes: NDArray[np.uint64]


def read_tokens(data: Data) -> Tokens:
    """Select the tokens that occur on enough domains."""
    found, lines = [], []
    for sample in data.samples:
        if sample.name in SETS:
            hashes, line_of = tokens(sample.page)
            found.append(hashes)
            lines.append(line_of + sample.source[0])
    line = np.concatenate(lines)
    unique, column = np.unique(np.concatenate(found), return_inverse=True)
    pairs = np.unique(column.astype(np.int64) * 4096 + data.domain[line])
    known = np.bincount(pairs // 4096, minlength=len(unique)) >= LEAST_DOMAINS
    number = np.cumsum(known) - 1
    size = np.bincount(line, minlength=data.originals)
    kept = known[column]
    values = (1 / np.sqrt(size[line[kept]])).astype(np.float32)
    rows = sp.csr_matrix((values, (line[kept], number[column[kept]])), shape=(data.originals, int(known.sum())), dtype=np.float32)
    rows.sum_duplicates()
    return Tokens(rows, unique[known])


def fit_words(data: Data, words: Tokens, chosen: NDArray[np.bool_]) -> LogisticRegression:
    """Fit the logistic regression on the chosen lines of complete documents."""
    count = data.originals
    rows = chosen[:count] & (data.keep[:count] >= 0)
    sets = np.concatenate([np.full(len(sample.source), _WEIGHTS[sample.name]) for sample in data.samples])[:count]
    model = LogisticRegression(C=1.0, solver="lbfgs", max_iter=120, tol=1e-3)
    model.fit(words.rows[rows], data.keep[:count][rows] == 0, sample_weight=sets[rows])
    return model


def _scores(model: LogisticRegression, words: Tokens) -> NDArray[np.int64]:
    scores: NDArray[np.int64] = np.rint(model.decision_function(words.rows) * SCALE).astype(np.int64)
    return scores


def unseen_scores(data: Data, words: Tokens, without: tuple[int, ...]) -> NDArray[np.int64]:
    """Score the words of all lines by models that have not seen them.

    Each model is trained without the folds `without` and without the line's own.
    """
    out = np.zeros(data.originals, np.int64)
    fold = data.fold[: data.originals]
    for left in range(FOLDS):
        if left in without:
            continue
        out[fold == left] = _scores(fit_words(data, words, ~np.isin(data.fold, (*without, left))), words)[fold == left]
    if without:
        out[np.isin(fold, without)] = _scores(fit_words(data, words, ~np.isin(data.fold, without)), words)[np.isin(fold, without)]
    return out


def rows_of(data: Data, scores: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the features of all samples' lines.

    The word scores are those of the complete documents.
    """
    return np.concatenate([columns(sample.page, scores[sample.source], sample.groups) for sample in data.samples])


def grow(rows: NDArray[np.float32], data: Data, chosen: NDArray[np.bool_], trees: int = 200) -> Forest:
    """Fit the trees that separate boilerplate among the chosen lines."""
    chosen = chosen & (data.weight > 0)
    return fit_forest(rows[chosen], data.keep[chosen] == 0, data.weight[chosen], trees=trees, rate=0.12, questions=32, columns=1.0)


def wordless(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the rows with all word features set to 0.

    So no tree can use them.
    """
    out = np.zeros_like(rows)
    out[:, list(WORDLESS)] = rows[:, list(WORDLESS)]
    return out


def cross_validated(
    bench: Path, folds: tuple[int, ...] = tuple(range(FOLDS)), wordless_folds: tuple[int, ...] = (0,)
) -> tuple[Data, NDArray[np.int64]]:
    """Print the quality of the classifier with the rules on unseen sites.

    Neither its words nor its trees have seen the sites.
    """
    data = read(bench)
    words = read_tokens(data)
    english, other = np.zeros(len(data.keep), np.int64), np.zeros(len(data.keep), np.int64)
    for left in folds:
        rows = rows_of(data, unseen_scores(data, words, (left,)))
        inside = data.fold == left
        english[inside] = grow(rows, data, ~inside).scores(rows[inside])
        if left in wordless_folds:
            other[inside] = grow(wordless(rows), data, ~inside, WORDLESS_TREES).scores(wordless(rows)[inside])
        print(f"fold {left} done", file=sys.stderr, flush=True)
    for name, scores, thresholds, which in (
        ("with words", english, (-1200, -900, -600, -300, 0), folds),
        ("without words", other, (0, 500, 1000), wordless_folds),
    ):
        for threshold in thresholds:
            report(bench, data, scores, threshold, which, name)
    return data, english


def report(bench: Path, data: Data, scores: NDArray[np.int64], threshold: int, folds: tuple[int, ...], name: str) -> None:
    """Print the measures of bench/lines/score.py for rules plus scores."""
    spec = spec_from_file_location("score", bench / "lines" / "score.py")
    assert spec is not None
    assert spec.loader is not None
    score = module_from_spec(spec)
    spec.loader.exec_module(score)
    rows: dict[str, list[Any]] = {name: [] for name in SETS}
    lost = kept = begin = 0
    documents = iter(data.documents)
    for sample in data.samples:
        end = begin + len(sample.source)
        gone = (scores[begin:end] - removal_penalty(sample.page, sample.groups) > threshold) | (sample.groups > 0)
        if sample.name in SETS:
            document = next(documents)
            if data.fold[begin] in folds:
                rows[sample.name].append(score.score_doc(document, (~gone).tolist()))
        elif sample.name == "clean" and data.fold[begin] in folds:
            lost, kept = lost + int((gone & (sample.groups == 0)).sum()), kept + len(gone)
        begin = end
    for which in SETS:
        found = score.summary(rows[which])
        shown = " ".join(f"{key} {found[key]:.4f}" for key in ("strip_p", "strip_r", "strip_f1", "doc_f1", "word_p", "word_r", "word_f1"))
        print(f"{name} > {threshold}: {which} {shown}", flush=True)
    print(f"{name} > {threshold}: clean lines lost {lost / max(kept, 1):.4f}", flush=True)


def main(bench: Path, out: Path) -> None:
    """Train on everything in `bench`, and write `lines.npz` to `out`."""
    data = read(bench)
    words = read_tokens(data)
    everything = np.ones(len(data.keep), bool)
    rows = rows_of(data, unseen_scores(data, words, ()))
    model = fit_words(data, words, everything)
    table, checks = np.zeros(1 << BITS, np.int16), np.zeros(1 << BITS, np.uint8)
    values = np.clip(np.rint(model.coef_[0] * SCALE), -32767, 32767).astype(np.int16)
    places, check = slots(words.hashes)
    # of two tokens in one slot, the more informative one stays
    order = np.argsort(np.abs(values.astype(np.int64)), kind="stable")
    table[places[order]], checks[places[order]] = values[order], check[order]
    arrays: dict[str, Any] = {
        "words_weights": table,
        "words_checks": checks,
        "words_bias": np.int64(round(float(model.intercept_[0]) * SCALE)),
        "threshold": np.int64(THRESHOLD),
        "threshold_wordless": np.int64(THRESHOLD_WORDLESS),
        "usual": np.median(rows[(data.keep == 1) & (rows[:, NAMES.index("size")] > 100)], axis=0),
    }
    other = grow(wordless(rows), data, everything, WORDLESS_TREES)
    for name, forest in (("english", grow(rows, data, everything)), ("wordless", other)):
        for key in ("features", "borders", "leaves", "bias"):
            arrays[f"{name}_{key}"] = getattr(forest, key)
    out.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(out / "lines.npz", **arrays)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
