"""Convert floating-point weights to the integers that are shipped."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from newsbeam.transforms.attribution.train.fit import EARLY, LATE

_UNIT = 64.0  # units per activation of 1
_LIMIT = 2**24 - 1  # integers up to here, and their sums, are exact in float32
_LAST = 11  # fractional bits in the two layers whose sums are scores
_MOST = 14  # maximum fractional bits


def whole(weights: dict[str, Any], words: list[str], endings: list[str]) -> dict[str, NDArray[Any]]:
    """Return the arrays of a weights file.

    A layer's weights are rounded to multiples of 2**-shift, with the largest shift for which no
    input can bring a sum to 2**24. Raises ValueError if a sum could reach it.
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
            # Plus 256 for the residual input and a half for rounding.
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
    """Quantise a table to bytes; return it with the value of one unit.

    The few most extreme values are clipped.
    """
    unit = float(np.quantile(np.abs(table), 0.9998)) / 127
    return np.clip(np.rint(table / unit), -127, 127).astype(np.int8), unit


def _shift(greatest: float, weight: float) -> int:
    shift = 0
    while shift < _MOST and greatest * 1.01 * 2 ** (shift + 1) < _LIMIT and weight * 2 ** (shift + 1) < 32767:
        shift += 1
    if greatest * 1.01 * 2**shift >= _LIMIT:
        raise ValueError("sums would pass 2**24")
    return shift
