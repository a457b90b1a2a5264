"""The learned classifier of a page's blocks.

There are two stages: a logistic regression on names (class, id, role, tag) and first words, whose
scores are exact sums of integers; then boosted trees on the features of a block (`features.Layout`)
and the scores around it. On articles (by trees on what is equal for all blocks of a page, and on what
the page declares), a third stage judges again: trees learned on news, from the same features and the
second stage's scores. The selection of blocks maximises the expected word F1 of the page
(Jansche 2007, "A maximum expected utility framework for binary sequence labeling"). `train/html.py`
fits the weights; data and quality are described in `weights/html.md`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from newsbeam.transforms.boilerplate.explain import contributions, group_columns
from newsbeam.transforms.boilerplate.forest import SCALE, Forest, load_forest
from newsbeam.transforms.boilerplate.pages.features import Floats, Ints, Layout, Tokens, column_names, first_scores, page_columns
from newsbeam.transforms.package_data import load_arrays

PROBABILITY_SCALE = 1 << 16
"""A chance of one."""

# The least log odds of an article, by what the page declares itself to be. Many listings and
# shops declare to be articles, and many pages declare nothing.
_LEAST_ODDS = {"article": -SCALE // 2, "": 3 * SCALE // 2}
_STEP = SCALE // 64  # log odds per entry of the probability table


@dataclass(frozen=True, eq=False)
class Judged:
    """The scores of a page's blocks, the features they come from, and what gave them.

    `kind` is the kind of page that decided which forest judges.
    """

    rows: Floats
    scores: Ints
    forest: Callable[[Floats], NDArray[Any]]
    kind: str


@dataclass(frozen=True, eq=False)
class PageModel:
    """The trees, the scores and the probability table.

    `chances` maps log odds, from the lowest to the highest, to probabilities in units of 1/PROBABILITY_SCALE.
    """

    tokens: Tokens
    bias: int
    forests: tuple[Forest, ...]
    genre: Forest
    article: Forest
    chances: Ints

    def judge(self, layout: Layout) -> Judged:
        """Score the blocks of a page, and again if it is an article."""
        rows = layout.table(first_scores(layout.page, self.tokens), self.bias)
        scores = self.general(rows)
        if not self.is_article(layout, rows):
            return Judged(rows, scores, self.general, layout.declared.kind.replace("article", "") or "another kind")
        rows = layout.with_second(rows, scores)
        judged = self.article.scores(rows).astype(np.int64)
        # There is next to no code, and there are few tables and definitions, in news.
        return Judged(rows, np.where(layout.is_rare, np.maximum(judged, scores), judged), self.article.scores, "article")

    def is_article(self, layout: Layout, rows: Floats) -> bool:
        """Return whether a page is an article, by what it declares and what is on it."""
        kind = layout.declared.kind
        return kind in _LEAST_ODDS and int(self.genre.scores(rows[:1, page_columns()])[0]) > _LEAST_ODDS[kind]

    def general(self, rows: Floats) -> Ints:
        """Return the log odds that each block belongs to the main text.

        They are in units of 1/SCALE, for a page of any kind."""
        total = np.zeros(len(rows), np.int64)
        for forest in self.forests:
            total += forest.scores(rows)
        return total // len(self.forests)

    def choose(self, layout: Layout, scores: Ints) -> NDArray[np.bool_]:
        """Select the blocks of the main text."""
        middle = len(self.chances) // 2
        chances = self.chances[np.clip(scores // _STEP + middle, 0, len(self.chances) - 1)]
        return maximise_expected_f1(chances, layout.counted.words)


def maximise_expected_f1(chances: Ints, words: Ints) -> NDArray[np.bool_]:
    """Select the blocks that maximise the expected word F1.

    `chances` are the probabilities, in 1/PROBABILITY_SCALE, that a block's words belong to the main text.
    """
    order = np.argsort(-chances, kind="stable")
    gained = np.cumsum((chances * words)[order])
    taken = np.cumsum(words[order])
    # Twice the expected hits over selected plus expected words. All are integers, so that the
    # quotient is exact everywhere.
    quality = 2.0 * gained / np.maximum(taken * PROBABILITY_SCALE + int((chances * words).sum()), 1)
    keep = np.zeros(len(chances), bool)
    keep[order[: int(np.argmax(quality)) + 1]] = True
    return keep


@cache
def page_model() -> PageModel:
    """Load the model that ships with the package."""
    return build_model(load_arrays("newsbeam.transforms.boilerplate", "html.npz"))


def build_model(arrays: dict[str, NDArray[Any]]) -> PageModel:
    """Build the model from its arrays, the inverse of `arrays_of`."""
    names = _lines(arrays["names"])
    tokens = Tokens(
        dict(zip(names, map(tuple, arrays["name_scores"].tolist()), strict=True)),
        *[dict(zip(_lines(arrays[table]), arrays[f"{table}_scores"].tolist(), strict=True)) for table in TABLES],  # type: ignore[arg-type]
    )
    forests = tuple(load_forest(arrays, f"forest{number}_") for number in range(int(arrays["forests"])))
    genre, article = load_forest(arrays, "genre_"), load_forest(arrays, "article_")
    return PageModel(tokens, int(arrays["bias"]), forests, genre, article, arrays["chances"].astype(np.int64))


TABLES = ("short", "long", "begin", "end", "whole")


def _lines(array: NDArray[Any]) -> list[str]:
    text: str = array.tobytes().decode()
    return text.split("\n") if text else []


def arrays_of(model: PageModel) -> dict[str, NDArray[Any]]:
    """Convert the model to the arrays of a weights file."""
    out: dict[str, NDArray[Any]] = {
        "names": _joined(model.tokens.names),
        "name_scores": np.array(list(model.tokens.names.values()), np.int16).reshape(len(model.tokens.names), -1),
        "bias": np.array(model.bias),
        "forests": np.array(len(model.forests)),
        "chances": model.chances.astype(np.int32),
    }
    for table in TABLES:
        entries: dict[str, int] = getattr(model.tokens, table)
        out[table] = _joined(entries)
        out[f"{table}_scores"] = np.array(list(entries.values()), np.int16)
    stages = {"genre": model.genre, "article": model.article}
    stages |= {f"forest{number}": forest for number, forest in enumerate(model.forests)}
    for stage, forest in stages.items():
        out |= {f"{stage}_{name}": np.asarray(getattr(forest, name)) for name in ("features", "borders", "leaves", "bias")}
    return out


def _joined(entries: dict[str, Any]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(entries).encode(), np.uint8)


# --- why

_GROUPS = (
    ("names of the elements around it", ("names' score",)),
    ("words", ("words' score",)),
    ("share of links", ("link", "page's link")),
    ("length", ("length", "words", "word length", "line breaks", "long")),
    (
        "punctuation and letters",
        ("capitals", "upper", "digit", "stops", "commas", "bars", "brackets", "money", "signs", "dense", "first", "last", "ends"),
    ),
    ("tag", ("tag", "heading level", "in ", "hidden", "controls", "images")),
    ("position on the page", ("place", "depth", "words before", "words after", "after h1", "h1s", "in title", "rank")),
    ("blocks of the same kind", ("alike", "words alike", "mean words alike", "score alike", "weighed score alike", "link density alike")),
    (
        "contents of the elements around it",
        ("blocks in", "words in", "words share in", "link density in", "siblings", "most siblings", "mean words in"),
    ),
    ("neighbouring blocks", ("words at", "score at", "score within", "plain score", "heading at", "deeper", "since", "until")),
    ("contents of the containers", ("score in", "content", "off the chain", "branch")),
    ("heading above it", ("heading's",)),
    ("repetition on the page", ("times",)),
    (
        "what the page declares itself to be",
        (
            *(f"page's {kind} types" for kind in ("article", "forum", "product", "listing", "documentation", "front page")),
            "page's og ",
            "page's dated",
            "page's priced",
            "page's articleBody",
            "page's part in",
        ),
    ),
    ("the article in its metadata", ("in articleBody", "is description")),
    ("where the prose of the page stands", ("prose", "off the prose", "page's prose")),
    ("the page in total", ("page's", "score")),
    ("scores of the blocks and containers around it", ("second",)),
)


def signs(judged: Judged) -> list[tuple[str, ...]]:
    """Return the reasons for the score of each block.

    Contributions are relative to the page's median block; see `explain.contributions`.
    """
    names = column_names()[: judged.rows.shape[1]]
    found = contributions(judged.forest, judged.rows, group_columns(_GROUPS, names), np.median(judged.rows, axis=0))
    return [tuple(_GROUPS[number][0] for number, _ in groups) for groups in found]
