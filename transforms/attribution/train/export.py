"""From weights in floating point to the whole numbers that ship."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from newsbeam.transforms.attribution.train.fit import EARLY, LATE

_UNIT = 64.0  # an activation of 1
_LIMIT = 2**24 - 1  # whole numbers up to here are exact in float32, and so are their sums
_LAST = 11  # bits behind the point in the two layers whose sums are scores
_MOST = 14  # bits behind the point


def whole(weights: dict[str, Any], words: list[str], endings: list[str]) -> dict[str, NDArray[Any]]:
    """The arrays of a weights file; raises ValueError where a sum could pass 2**24.

    A layer's weights are rounded to 2**-shift, with the greatest shift for which no input can bring a sum to 2**24.
    """
    given = {name: np.asarray(value, np.float64) for name, value in weights.items()}
    made: dict[str, NDArray[Any]] = {}

    def put(name: str, matrix: Any, bias: Any, shift: int, dilation: int = 0) -> None:
        if np.abs(matrix).max() > 32767:
            raise ValueError(f"{name}: a weight of {np.abs(matrix).max():.0f} does not fit 16 bits")
        made[f"{name}.weight"] = matrix.astype(np.int16)
        made[f"{name}.bias"] = bias.astype(np.int32)
        made[f"{name}.form"] = np.array([shift, dilation], np.int32)

    vectors, vector_unit = _bytes(given["vectors"])
    ends, ending_unit = _bytes(given["endings"])
    made["vectors"], made["endings"] = vectors, ends
    first = given["first"]
    split = vectors.shape[1], vectors.shape[1] + ends.shape[1]
    scaled = np.concatenate([first[: split[0]] * vector_unit, first[split[0] : split[1]] * ending_unit, first[split[1] :]]) * _UNIT
    most = np.concatenate([np.abs(vectors).max(0), np.abs(ends).max(0), np.ones(len(first) - split[1])])
    shift = _shift((most @ np.abs(scaled) + _UNIT * np.abs(given["first.bias"])).max(), np.abs(scaled).max())
    put("first", np.rint(scaled * 2**shift), np.rint(given["first.bias"] * _UNIT * 2**shift), shift)

    def top(matrix: Any) -> Any:
        return 256 * np.abs(matrix).sum(0)

    for name, dilations in (("early", EARLY), ("late", LATE)):
        for number, dilation in enumerate(dilations):
            matrix, bias = given[f"{name}{number}"], given[f"{name}{number}.bias"]
            # 256 more for what comes in and is added to the sum, and a half for rounding.
            shift = _shift((top(matrix) + _UNIT * np.abs(bias)).max() + 257, np.abs(matrix).max())
            put(f"{name}{number}", np.rint(matrix * 2**shift), np.rint(bias * _UNIT * 2**shift), shift, dilation)
    for name in ("cue", "role"):
        if (top(given[name]) + _UNIT * np.abs(given[f"{name}.bias"])).max() * 1.01 * 2**_LAST >= _LIMIT:
            raise ValueError(f"{name}: sums would pass 2**24")
        put(name, np.rint(given[name] * 2**_LAST), np.rint(given[f"{name}.bias"] * _UNIT * 2**_LAST), _LAST)
    added = np.abs(given["places"]).max(0) + np.abs(given["where"]).max(0) + np.abs(given["marked"]) + np.abs(given["token.bias"])
    shift = _shift((top(given["token"]) + top(given["head"]) + _UNIT * added).max(), np.abs(given["token"]).max())
    put("token", np.rint(given["token"] * 2**shift), np.zeros(len(given["token.bias"])), shift)
    made["head"] = np.rint(given["head"] * 2**shift).astype(np.int32)
    for name, extra in (("places", given["token.bias"]), ("where", 0.0), ("marked", 0.0)):
        made[name] = np.rint((given[name] + extra) * _UNIT * 2**shift).astype(np.int32)
    made["words"] = np.frombuffer("\n".join(words).encode(), np.uint8)
    made["ends"] = np.frombuffer("\n".join(endings).encode(), np.uint8)
    return made


UNIT = int(_UNIT * 2**_LAST)
"""Sums of the layers `cue` and `role` that make one nat."""


def _bytes(table: Any) -> tuple[NDArray[np.int8], float]:
    """The table as bytes, and what one of them stands for; the few outermost values are cut."""
    unit = float(np.quantile(np.abs(table), 0.9998)) / 127
    return np.clip(np.rint(table / unit), -127, 127).astype(np.int8), unit


def _shift(greatest: float, weight: float) -> int:
    shift = 0
    while shift < _MOST and greatest * 1.01 * 2 ** (shift + 1) < _LIMIT and weight * 2 ** (shift + 1) < 32767:
        shift += 1
    if greatest * 1.01 * 2**shift >= _LIMIT:
        raise ValueError("sums would pass 2**24")
    return shift
