"""Calibration on the development set: biases and the curve of the score."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from newsbeam.transforms.attribution.english.combine import merge_statements
from newsbeam.transforms.attribution.english.rules import Reader, read
from newsbeam.transforms.attribution.english.tagger import Model, build_model, tag
from newsbeam.transforms.attribution.statement import Statement
from newsbeam.transforms.attribution.train.corpus import Text
from newsbeam.transforms.attribution.train.export import UNIT

_CUE_BIAS_NATS = 0.2  # nats added to cues: the odds, which use more evidence, reject false ones later
_NEUTRAL = (0, 1024, 0, 0, 0, 0, 0, 0)


def calibrate(arrays: dict[str, NDArray[Any]], dev: list[Text]) -> dict[str, NDArray[Any]]:
    """Add calibrated `settings` to the arrays.

    They have the curve of the odds and the biases with the best who-what F1 on `dev`.
    """
    nothing = -(1 << 50)
    first = [int(_CUE_BIAS_NATS * UNIT), UNIT, nothing, *_NEUTRAL]
    best = build_model({**arrays, "settings": np.array(first, np.int64)})
    readers = [read(text.text) for text in dev]
    best = replace(best, curve=_fit_curve(best, dev, readers))
    top = 0.0
    for odds in (-1.2, -0.9, -0.6, -0.3, 0.0):
        tried = replace(best, least=int(1024 * UNIT * odds))
        worth = _who_what_f1(tried, dev, readers)
        print(f"odds of {odds} at least: who-what {worth:.4f}", flush=True)
        if worth > top:
            chosen, top = tried, worth
    print("curve", chosen.curve, "least", chosen.least / 1024 / UNIT)
    return {**arrays, "settings": np.array([chosen.cue_bias, UNIT, chosen.least, *chosen.curve], np.int64)}


def _match_gold(text: Text, found: list[Statement]) -> list[bool]:
    """Decide for each statement whether it is correct.

    It must agree in content and source (Dice of words at least 0.5) with a gold statement of its
    own.
    """
    starts, ends = np.array(text.reading.start), np.array(text.reading.end)
    weight = np.array([word[0].isalnum() for word in text.reading.words], np.int64)

    def tokens(spans: list[tuple[int, int]]) -> NDArray[np.bool_]:
        hit = np.zeros(len(starts), bool)
        for start, end in spans:
            hit |= (starts < end) & (ends > start)
        return hit

    def dice(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
        both = 2.0 * weight[one & other].sum()
        return float(both / max(1, weight[one].sum() + weight[other].sum()))

    golds = [(tokens(item["content"]), tokens(item["source"])) for item in text.record["attributions"]]
    mine = [(tokens(item.content), tokens([item.speaker] if item.speaker else [])) for item in found]
    pairs = sorted(
        (-dice(content, gold[0]), k, g) for k, (content, _) in enumerate(mine) for g, gold in enumerate(golds) if (content & gold[0]).any()
    )
    right = [False] * len(found)
    taken: set[int] = set()
    matched: set[int] = set()
    for cost, k, g in pairs:
        if k in matched or g in taken:
            continue
        matched.add(k)
        taken.add(g)
        source, gold_source = mine[k][1], golds[g][1]
        right[k] = -cost >= 0.5 and (
            dice(source, gold_source) >= 0.5 if source.any() and gold_source.any() else source.any() == gold_source.any()
        )
    return right


def _who_what_f1(learned: Model, dev: list[Text], readers: list[Reader]) -> float:
    """Return the F1 of who-what over all final statements."""
    hits = predicted = golds = 0
    for text, reader in zip(dev, readers, strict=True):
        found = merge_statements(reader, tag(text.text, reader.paragraphs, learned))
        hits += sum(_match_gold(text, found))
        predicted += len(found)
        golds += len(text.record["attributions"])
    return 2 * hits / max(1, predicted + golds)


def _fit_curve(learned: Model, dev: list[Text], readers: list[Reader]) -> tuple[int, ...]:
    """Fit a logistic regression of correctness on the features.

    Uses Newton's method; the coefficients are in 1/1024.
    """
    rows: list[list[float]] = []
    truth: list[bool] = []
    for text, reader in zip(dev, readers, strict=True):
        found = merge_statements(reader, tag(text.text, reader.paragraphs, learned))
        for item, right in zip(found, _match_gold(text, found), strict=True):
            if item.features:
                rows.append([1.0, *(value / UNIT for value in item.features)])
                truth.append(right)
    inputs, targets = np.array(rows), np.array(truth, float)
    weights = np.zeros(inputs.shape[1])
    for _ in range(30):
        probabilities = 1 / (1 + np.exp(-inputs @ weights))
        gradient = inputs.T @ (targets - probabilities) - 0.1 * weights
        hessian = (inputs * (probabilities * (1 - probabilities))[:, None]).T @ inputs + 0.1 * np.eye(len(weights))
        weights = weights + np.linalg.solve(hessian, gradient)
    return tuple(round(1024 * float(weight)) for weight in weights)
