"""What was probably meant by a word that is not known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "", likeness: float = 0.6) -> str:
    """ "did you mean 'x'?" with the nearest of the words that are known; `otherwise` where none is near.

    `likeness` (0 to 1) is the least that counts as near, as `difflib.get_close_matches` measures it.
    """
    near = difflib.get_close_matches(word, list(known), 1, likeness)
    return f"did you mean {near[0]!r}?" if near else otherwise
