"""Suggestions for misspelt words."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "", likeness: float = 0.6) -> str:
    """Suggest the nearest known word: "did you mean 'x'?".

    Args:
        word: the unknown word.
        known: the words to choose from.
        otherwise: the result if none of them is near.
        likeness: the minimum similarity, 0 to 1, as in `difflib.get_close_matches`.
    """
    near = difflib.get_close_matches(word, list(known), 1, likeness)
    return f"did you mean {near[0]!r}?" if near else otherwise
