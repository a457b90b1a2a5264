"""What carried a score: each group of columns in turn is made as usual, and how far the score moves says what the group weighed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from newsbeam.transforms.boilerplate.forest import SCALE

Groups = Sequence[tuple[str, Sequence[str]]]
"""A phrase for a person, and the beginnings of the columns' names that it stands for."""

_MOST, _LEAST = 3, SCALE // 8


def columns_of(groups: Groups, names: Sequence[str]) -> list[list[int]]:
    """For each group the numbers of its columns: each belongs to the group with the longest beginning of its name."""
    found: list[list[int]] = [[] for _ in groups]
    for number, name in enumerate(names):
        longest = [max((len(begin) for begin in begins if name.startswith(begin)), default=0) for _, begins in groups]
        found[longest.index(max(longest))].append(number)
    return found


def carried(
    judge: Callable[[NDArray[np.float32]], NDArray[Any]], rows: NDArray[np.float32], columns: Sequence[Sequence[int]], usual: NDArray[Any]
) -> list[list[tuple[int, int]]]:
    """For each row the groups that carried its score to the side of 0 where it is: (group, how far), at most three, the strongest first.

    `usual` is what each column is set to; scores and distances are in units of 1/SCALE. Judges all rows once a group: for people who ask.
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
