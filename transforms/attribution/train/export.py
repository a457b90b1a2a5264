"""Convert floating-point weights to the integers that are shipped."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from newsbeam.transforms.attribution.train.fit import EARLY, LATE

_UNIT = 64.0  # units per activation of 1
_MAX_EXACT = 2**24 - 1  # integers up to here, and their sums, are exact in float32
_SCORE_SHIFT = 11  # fractional bits in the two layers whose sums are scores
_MAX_SHIFT = 14  # maximum fractional bits


def quantise(weights: dict[str, Any], words: list[str], endings: list[str]) -> dict[str, NDArray[Any]]:
    """Return the arrays of a weights file.

    A layer's weights are rounded to multiples of 2**-shift, with the largest shift for which no
    input can bring a sum to 2**24. Raises ValueError if a sum could reach it.
    """
    values = {name: np.asarray(value, np.float64) for name, value in weights.items()}
    arrays: dict[str, NDArray[Any]] = {}

    def store(name: str, matrix: Any, bias: Any, shift: int, dilation: int = 0) -> None:
        if np.abs(matrix).max() > 32767:
            raise ValueError(f"{name}: a weight of {np.abs(matrix).max():.0f} does not fit 16 bits")
        arrays[f"{name}.weight"] = matrix.astype(np.int16)
        arrays[f"{name}.bias"] = bias.astype(np.int32)
        arrays[f"{name}.form"] = np.array([shift, dilation], np.int32)

    vectors, vector_unit = _bytes(values["vectors"])
    ends, ending_unit = _bytes(values["endings"])
    arrays["vectors"], arrays["endings"] = vectors, ends
    first = values["first"]
    split = vectors.shape[1], vectors.shape[1] + ends.shape[1]
    scaled = np.concatenate([first[: split[0]] * vector_unit, first[split[0] : split[1]] * ending_unit, first[split[1] :]]) * _UNIT
    most = np.concatenate([np.abs(vectors).max(0), np.abs(ends).max(0), np.ones(len(first) - split[1])])
    shift = _shift((most @ np.abs(scaled) + _UNIT * np.abs(values["first.bias"])).max(), np.abs(scaled).max())
    store("first", np.rint(scaled * 2**shift), np.rint(values["first.bias"] * _UNIT * 2**shift), shift)

    def top(matrix: Any) -> Any:
        return 256 * np.abs(matrix).sum(0)

    for name, dilations in (("early", EARLY), ("late", LATE)):
        for number, dilation in enumerate(dilations):
            matrix, bias = values[f"{name}{number}"], values[f"{name}{number}.bias"]
            # Plus 256 for the residual input and a half for rounding.
            shift = _shift((top(matrix) + _UNIT * np.abs(bias)).max() + 257, np.abs(matrix).max())
            store(f"{name}{number}", np.rint(matrix * 2**shift), np.rint(bias * _UNIT * 2**shift), shift, dilation)
    for name in ("cue", "role"):
        if (top(values[name]) + _UNIT * np.abs(values[f"{name}.bias"])).max() * 1.01 * 2**_SCORE_SHIFT >= _MAX_EXACT:
            raise ValueError(f"{name}: sums would pass 2**24")
        store(name, np.rint(values[name] * 2**_SCORE_SHIFT), np.rint(values[f"{name}.bias"] * _UNIT * 2**_SCORE_SHIFT), _SCORE_SHIFT)
    added = np.abs(values["places"]).max(0) + np.abs(values["where"]).max(0) + np.abs(values["marked"]) + np.abs(values["token.bias"])
    shift = _shift((top(values["token"]) + top(values["head"]) + _UNIT * added).max(), np.abs(values["token"]).max())
    store("token", np.rint(values["token"] * 2**shift), np.zeros(len(values["token.bias"])), shift)
    arrays["head"] = np.rint(values["head"] * 2**shift).astype(np.int32)
    for name, extra in (("places", values["token.bias"]), ("where", 0.0), ("marked", 0.0)):
        arrays[name] = np.rint((values[name] + extra) * _UNIT * 2**shift).astype(np.int32)
    arrays["words"] = np.frombuffer("\n".join(words).encode(), np.uint8)
    arrays["ends"] = np.frombuffer("\n".join(endings).encode(), np.uint8)
    return arrays


def dequantise(arrays: dict[str, NDArray[Any]]) -> tuple[dict[str, NDArray[np.float32]], list[str], list[str]]:
    """Convert the arrays of a weights file back, to train them further.

    Returns the weights in floating point, the words and the endings.
    """
    weights: dict[str, Any] = {}
    for name in (key.removesuffix(".form") for key in arrays if key.endswith(".form")):
        part = 2.0 ** -int(arrays[f"{name}.form"][0])
        weights[name] = arrays[f"{name}.weight"] * part
        weights[f"{name}.bias"] = arrays[f"{name}.bias"] * part / _UNIT
    part = 2.0 ** -int(arrays["token.form"][0])
    weights["head"] = arrays["head"] * part
    for name in ("places", "where", "marked"):
        weights[name] = arrays[name] * part / _UNIT
    first = weights["first"] / _UNIT
    start = 0
    for name in ("vectors", "endings"):
        table = arrays[name].astype(np.float64)
        unit = _TABLE_DEVIATION[name] / table.std()
        weights[name] = table * unit
        first[start : start + table.shape[1]] /= unit
        start += table.shape[1]
    weights["first"] = first
    width = len(weights["cue"])
    weights["any"], weights["any.bias"] = np.zeros((width, 3)), np.zeros(3)
    words, endings = (arrays[key].tobytes().decode().split("\n") for key in ("words", "ends"))
    return {name: np.asarray(value, np.float32) for name, value in weights.items()}, words, endings


_TABLE_DEVIATION = {"vectors": 0.6, "endings": 0.4}  # about the initial values of training
UNIT = int(_UNIT * 2**_SCORE_SHIFT)
"""Sums of the layers `cue` and `role` that make one nat."""


def _bytes(table: Any) -> tuple[NDArray[np.int8], float]:
    """Quantise a table to bytes; return it with the value of one unit.

    The few most extreme values are clipped.
    """
    unit = float(np.quantile(np.abs(table), 0.9998)) / 127
    return np.clip(np.rint(table / unit), -127, 127).astype(np.int8), unit


def _shift(greatest: float, weight: float) -> int:
    shift = 0
    while shift < _MAX_SHIFT and greatest * 1.01 * 2 ** (shift + 1) < _MAX_EXACT and weight * 2 ** (shift + 1) < 32767:
        shift += 1
    if greatest * 1.01 * 2**shift >= _MAX_EXACT:
        raise ValueError("sums would pass 2**24")
    return shift
