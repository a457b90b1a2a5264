"""Feature attribution: which groups of columns determine a score.

Each group in turn is set to its typical values; the resulting change of the score is the
contribution of the group.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from newsbeam.transforms.boilerplate.forest import SCALE

Groups = Sequence[tuple[str, Sequence[str]]]
"""A phrase for a person, and the beginnings of the columns' names that it stands for."""

_MOST, _LEAST = 3, SCALE // 8


def group_columns(groups: Groups, names: Sequence[str]) -> list[list[int]]:
    """Return the column indices of each group.

    A column belongs to the group with the longest matching prefix of its name.
    """
    found: list[list[int]] = [[] for _ in groups]
    for number, name in enumerate(names):
        longest = [max((len(begin) for begin in begins if name.startswith(begin)), default=0) for _, begins in groups]
        found[longest.index(max(longest))].append(number)
    return found


def contributions(
    judge: Callable[[NDArray[np.float32]], NDArray[Any]], rows: NDArray[np.float32], columns: Sequence[Sequence[int]], usual: NDArray[Any]
) -> list[list[tuple[int, int]]]:
    """Return the strongest contributions to the score of each row.

    At most three (group, contribution) with the sign of the score, strongest first. `usual` has the
    typical value of each column. Scores and contributions are in units of 1/SCALE. Evaluates all
    rows once per group, so it is for interactive use.
    """
    base = judge(rows)
    moved = []
    for numbers in columns:
        other = rows.copy()
        other[:, numbers] = usual[numbers]
        moved.append(base - judge(other))
    out = []
    for score, shifts in zip(base.tolist(), np.array(moved).T.tolist(), strict=True):
        side = 1 if score > 0 else -1
        order = sorted(range(len(columns)), key=lambda number: (-side * shifts[number], number))
        out.append([(number, shifts[number]) for number in order[:_MOST] if side * shifts[number] > _LEAST])
    return out
