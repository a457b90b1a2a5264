"""Scores as shares: of the statements with a score of .8, eight in ten are right, in every language.

`weights/scores.yaml` has a few points for each language, between which a score of the rules is
interpolated. `train/scores.py` makes them. English has a tagger with odds of its own.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cache

from newsbeam.transforms.package_data import load_yaml

_HUNDRED = 100


@cache
def _points(language: str) -> tuple[tuple[float, float], ...]:
    points = load_yaml("newsbeam.transforms.attribution", "weights/scores.yaml").get(language, ())
    return tuple((int(raw) / _HUNDRED, int(share) / _HUNDRED) for raw, share in points)


def calibrated(score: float, language: str) -> float:
    """Return the share of statements with this score of the rules that are right."""
    points = _points(language)
    return interpolated(points, score) if points else score


def interpolated(points: tuple[tuple[float, float], ...], score: float) -> float:
    """Return the value of a line through points, which is level before the first and behind the last."""
    at = bisect_right(points, (score, 2.0))
    if at == 0 or at == len(points):
        return points[max(at - 1, 0)][1]
    (left, low), (right, high) = points[at - 1], points[at]
    return low + (high - low) * (score - left) / (right - left)
