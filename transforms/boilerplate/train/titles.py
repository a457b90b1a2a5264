"""Train the choice of the headline of a scraped text, or evaluate it.

  python -m newsbeam.transforms.boilerplate.train titles --bench ../shared/bench --scraped DIR … --models DIR

The lines of each page are scored by a model that was trained without its site: `--models` has those
that `lines --cross-validate` writes.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from newsbeam.transforms.authors import letters
from newsbeam.transforms.boilerplate.forest import SCALE
from newsbeam.transforms.boilerplate.forms.read import FORMS, read_form
from newsbeam.transforms.boilerplate.forms.unit import Unit
from newsbeam.transforms.boilerplate.lines.strip import scored_units
from newsbeam.transforms.boilerplate.lines.titles import candidates, columns, normal
from newsbeam.transforms.boilerplate.train.fit import fit_forest
from newsbeam.transforms.boilerplate.train.lines import load, sites_of
from newsbeam.transforms.boilerplate.train.scraped import FOLDS, KEPT, domains, labels, texts, truths
from newsbeam.transforms.boilerplate.train.scraped import FORMS as RENDERINGS

_TREES = 220
_CLEAN = 0.35  # share of pages of which the article alone is read, too


@dataclass
class Choices:
    """The candidates of all pages.

    `rows` has their features, `right` is true for titles, `fold` is that of their site. `pages` has for
    each page its first and last candidate, its form, its fold, and whether its text has the title.
    """

    rows: NDArray[np.float32]
    right: NDArray[np.bool_]
    fold: NDArray[np.int64]
    pages: list[tuple[int, int, str, int, bool]]


def read(bench: Path, scraped: Sequence[Path], models: Path) -> Choices:
    """Read the candidates of all pages in all forms."""
    number, fold_of = sites_of(bench, scraped)
    sites = domains(bench, scraped)
    truth = {row["file_id"]: row for row in truths(scraped)}
    chance = np.random.default_rng(11)
    judges = {n: load(models / f"fold-{n}" / "lines.npz") for n in range(FOLDS) if (models / f"fold-{n}").exists()}
    rows, right, folds, pages = [], [], [], []
    count = 0
    for rendering in RENDERINGS:
        for identifier, text in texts(scraped, rendering):
            title = letters(truth[identifier]["title"] or "")
            at = int(fold_of[number[sites[identifier]]])
            if not title or at not in judges:
                continue
            read = read_form(text)
            form = FORMS.index(read.form)
            for name, units in _variants(rendering, read.units[:2000], truth[identifier], title, chance):
                scores, prose, ruled = scored_units(units, form, judges[at])
                found, start = candidates(units, scores, prose, one_line=read.form == "one line")
                if not found:
                    continue
                rows.append(columns(found, start, units, scores, prose, form, normal(ruled)))
                right.append(np.array([letters(item.text) == title for item in found]))
                folds.append(np.full(len(found), at))
                pages.append((count, count + len(found), name, at, title in letters("".join(unit.text for unit in units))))
                count += len(found)
    return Choices(np.concatenate(rows), np.concatenate(right), np.concatenate(folds), pages)


def _variants(
    rendering: str, units: list[Unit], row: dict[str, Any], title: str, chance: np.random.Generator
) -> Iterator[tuple[str, list[Unit]]]:
    """Yield a page; of some pages also the article alone.

    The article is with its headline or without.
    """
    yield rendering, units
    draw = chance.random()
    if draw >= _CLEAN:
        return
    keep = labels(units, row["main_content"], row.get("doubt", ()), row["title"])
    article = [unit for unit, label in zip(units, keep, strict=True) if label == KEPT and letters(unit.text) != title]
    headline = [unit for unit in units if letters(unit.text) == title][:1]
    if len(article) >= 3 and headline:
        yield ("with headline", [*headline, *article]) if draw < 0.7 * _CLEAN else ("without headline", article)


def _grow(data: Choices, chosen: NDArray[np.bool_]) -> Any:
    return fit_forest(data.rows[chosen], data.right[chosen], trees=_TREES, depth=6, rate=0.12, questions=32, columns=0.7)


def cross_validated(bench: Path, scraped: Sequence[Path], models: Path) -> None:
    """Print how many titles are right on sites that were not seen.

    Of the titles that are in the text.
    """
    data = read(bench, scraped, models)
    scores = np.zeros(len(data.fold), np.int64)
    for left in sorted(set(data.fold.tolist())):
        inside = data.fold == left
        scores[inside] = _grow(data, ~inside).scores(data.rows[inside])
    for threshold in (-3 * SCALE, -SCALE, 0):
        counts: Counter[str] = Counter()
        for first, last, rendering, _, present in data.pages:
            best = first + int(np.argmax(scores[first:last]))
            counts[f"{rendering} chosen"] += bool(scores[best] > threshold)
            counts[f"{rendering} right"] += bool(scores[best] > threshold and data.right[best])
            counts[f"{rendering} there"] += present
            counts[f"{rendering} among"] += bool(data.right[first:last].any())
        print(
            f"> {threshold}: "
            + " · ".join(
                f"{name} {counts[f'{name} right'] / max(counts[f'{name} there'], 1):.3f}"
                f" of those chosen {counts[f'{name} right'] / max(counts[f'{name} chosen'], 1):.3f}"
                f" among candidates {counts[f'{name} among'] / max(counts[f'{name} there'], 1):.3f}"
                for name in (*RENDERINGS, "with headline", "without headline")
            ),
            file=sys.stdout,
        )


def main(bench: Path, scraped: Sequence[Path], models: Path, out: Path) -> None:
    """Train on all pages, and write `titles.npz` to `out`."""
    data = read(bench, scraped, models)
    grown = _grow(data, np.ones(len(data.fold), bool))
    np.savez_compressed(out / "titles.npz", **{key: getattr(grown, key) for key in ("features", "borders", "leaves", "bias")})
