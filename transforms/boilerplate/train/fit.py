"""Fit forests with CatBoost, and convert their leaves to integers."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from catboost import CatBoostClassifier, Pool
from numpy.typing import NDArray

from newsbeam.transforms.boilerplate.forest import SCALE, Forest


def fit_forest(
    rows: NDArray[np.float32],
    positive: NDArray[Any],
    weights: NDArray[np.float64] | None = None,
    *,
    trees: int = 300,
    depth: int = 6,
    rate: float = 0.1,
    seed: int = 7,
    questions: int = 64,
    columns: float = 0.4,
) -> Forest:
    """Fit a forest that separates the positive rows from the others.

    `questions` is the maximum number of borders of a column, `columns` the share of columns that
    each split may choose from.
    """
    model = CatBoostClassifier(
        iterations=trees,
        depth=depth,
        learning_rate=rate,
        l2_leaf_reg=3.0,
        border_count=questions,
        rsm=columns,
        bootstrap_type="Bernoulli",
        subsample=0.7,
        random_seed=seed,
        loss_function="Logloss",
        thread_count=2,  # the trees depend on it
        verbose=False,
        allow_writing_files=False,
    )
    model.fit(Pool(rows.astype(np.float32), positive.astype(np.int8), weight=weights))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "trees.json"
        model.save_model(str(path), format="json")
        return _forest(json.loads(path.read_text()))


def _forest(grown: dict[str, Any]) -> Forest:
    trees = grown["oblivious_trees"]
    depth = max(len(tree["splits"] or ()) for tree in trees)
    features = np.zeros((len(trees), depth), np.int16)
    # a question that every row answers with no
    borders = np.full((len(trees), depth), np.inf, np.float32)
    leaves = np.zeros((len(trees), 1 << depth), np.int16)
    for number, tree in enumerate(trees):
        for level, split in enumerate(tree["splits"] or ()):
            features[number, level] = split["float_feature_index"]
            borders[number, level] = split["border"]
        values = np.rint(np.array(tree["leaf_values"]) * SCALE)
        leaves[number, : len(values)] = np.clip(values, -32767, 32767)
    scale, bias = grown["scale_and_bias"]
    bias = bias[0] if isinstance(bias, list) else bias
    return Forest(features, borders, leaves, round(bias * scale * SCALE))
