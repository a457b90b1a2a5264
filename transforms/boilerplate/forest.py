"""Boosted oblivious trees with integer leaves, evaluated with numpy.

A tree of depth d asks the same d questions ("is feature f greater than b?") about every row. The
answers, read as bits, are the index of its leaf (as in CatBoost, Prokhorenkova et al. 2018), so a
complete page is classified in a few array operations. Leaves are integers: unlike floats, their sum
is the same on every machine and in every order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SCALE = 1024
"""Leaves, and so sums of leaves, are log odds in units of 1/SCALE."""

_ROWS = 1024  # rows per batch, to limit memory


@dataclass(frozen=True, eq=False)
class Forest:
    """Trees as arrays.

    `features` and `borders` are (trees, depth), with depth at most 8; `leaves` is (trees, 2 **
    depth). `bias` is added to every sum.
    """

    features: NDArray[np.int16]
    borders: NDArray[np.float32]
    leaves: NDArray[np.int16]
    bias: int

    def scores(self, rows: NDArray[np.float32]) -> NDArray[np.int32]:
        """Return the log odds of the (n, features) rows, in units of 1/SCALE."""
        trees, depth = self.features.shape
        out = np.empty(len(rows), np.int32)
        questions = self.features.ravel()
        borders = self.borders.reshape(-1, 1)
        base = (np.arange(trees, dtype=np.int32) << depth).reshape(-1, 1)
        leaves = self.leaves.ravel()
        columns = np.ascontiguousarray(rows.T)
        for start in range(0, len(rows), _ROWS):
            answers = (columns[questions, start : start + _ROWS] > borders).view(np.uint8).reshape(trees, depth, -1)
            # The answers of each tree, read as bits, are the index of its leaf.
            leaf = answers[:, 0, :].copy()
            for bit in range(1, depth):
                leaf |= answers[:, bit, :] << bit
            out[start : start + _ROWS] = leaves[base + leaf].sum(axis=0, dtype=np.int32)
        out += np.int32(self.bias)
        return out


def load_forest(arrays: dict[str, NDArray[Any]], prefix: str = "") -> Forest:
    """Build the forest from the arrays of a weights file with this prefix."""
    return Forest(arrays[f"{prefix}features"], arrays[f"{prefix}borders"], arrays[f"{prefix}leaves"], int(arrays[f"{prefix}bias"]))
