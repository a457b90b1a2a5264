"""Metrics of how well scores rank translations before originals."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def auroc(positive: Floats, negative: Floats) -> float:
    """Return the probability that a positive outranks a negative.

    Ties count one half. NaN if either set is empty.
    """
    if not len(positive) or not len(negative):
        return math.nan
    ranked = np.sort(negative)
    below, upto = np.searchsorted(ranked, positive, "left"), np.searchsorted(ranked, positive, "right")
    return float((below + upto).sum() / 2 / len(positive) / len(negative))


def recall(positive: Floats, negative: Floats, rate: float = 0.05) -> tuple[float, float]:
    """Return the recall at a false-positive rate, and the threshold.

    `negative` must not be empty.
    """
    limit = float(np.sort(negative)[::-1][int(rate * len(negative) + 1e-9)])
    return float((positive > limit).mean()), limit
