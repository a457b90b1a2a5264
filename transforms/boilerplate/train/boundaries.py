"""Train the classifier of block boundaries in text on one line, or evaluate it.

  python -m newsbeam.transforms.boilerplate.train boundaries --bench ../shared/bench --scraped DIR …

Each DIR has the renderings of pages (see tests/bench/README.md); `strings.jsonl` of them tells where
the blocks of a page begin: at its lines, once sentences broken at links are joined.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from newsbeam.transforms.boilerplate.forms.one_line import NAMES, boundary_model, candidates, columns
from newsbeam.transforms.boilerplate.forms.read import read_form
from newsbeam.transforms.boilerplate.scan import scan
from newsbeam.transforms.boilerplate.train.fit import fit_forest
from newsbeam.transforms.boilerplate.train.scraped import FOLDS, folds, texts

_MOST_WORDS, _TREES = 6_000, 100


@dataclass
class Spaces:
    """Features of spaces, whether a block begins there, and the fold of their site."""

    rows: NDArray[np.float32]
    begins: NDArray[np.bool_]
    fold: NDArray[np.int64]


def read(bench: Path, scraped: Sequence[Path]) -> Spaces:
    """Read the candidates of all pages."""
    fold_of = folds(bench, scraped)
    rows, begins, fold = [], [], []
    for identifier, text in texts(scraped, "strings"):
        words: list[str] = []
        firsts = set()
        for unit in read_form(text).units:
            firsts.add(len(words))
            words += unit.text.split()
        words = words[:_MOST_WORDS]
        if len(words) < 20:
            continue
        page = scan(words)
        places = candidates(page)
        rows.append(columns(page, places))
        begins.append(np.isin(places, list(firsts)))
        fold.append(np.full(len(places), fold_of[identifier]))
    return Spaces(np.concatenate(rows), np.concatenate(begins), np.concatenate(fold))


def _grow(data: Spaces, chosen: NDArray[np.bool_]) -> Any:
    return fit_forest(data.rows[chosen], data.begins[chosen], trees=_TREES, depth=6, rate=0.2, questions=32, columns=1.0)


def cross_validated(bench: Path, scraped: Sequence[Path]) -> None:
    """Print precision and recall of the boundaries on sites that were not seen."""
    data = read(bench, scraped)
    scores = np.zeros(len(data.fold), np.int64)
    for left in range(FOLDS):
        inside = data.fold == left
        scores[inside] = _grow(data, ~inside).scores(data.rows[inside])
    for threshold in (-1000, 0, 1000):
        found = scores > threshold
        right = int((found & data.begins).sum())
        print(f"> {threshold}: precision {right / max(int(found.sum()), 1):.4f} recall {right / int(data.begins.sum()):.4f}")


def main(bench: Path, scraped: Sequence[Path], out: Path) -> None:
    """Train on all pages, and write `boundaries.npz` to `out`."""
    data = read(bench, scraped)
    grown = _grow(data, np.ones(len(data.fold), bool))
    arrays = {key: getattr(grown, key) for key in ("features", "borders", "leaves", "bias")}
    assert grown.features.max() < len(NAMES)
    np.savez_compressed(out / "boundaries.npz", **arrays)
    boundary_model.cache_clear()
