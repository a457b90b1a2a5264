"""N-grams of a text as 64-bit hashes.

N-grams of 1 to 5 characters within a word, with its ends as characters, and complete words.
Training and run time share this module.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from newsbeam.transforms.hashing import MIX, powers_of_base

Codes = NDArray[np.uint16]
Keys = NDArray[np.uint64]

BLANK = 0x20
ORDERS = 5
COLUMNS = ORDERS + 1

# The key of an n-gram is the polynomial of its characters at the base, from the last character
# backwards, mixed.
_SIGN = np.uint64(0x632BE59BD9B4E019)
# Minimum distance to the last blank, for the n-gram of each column. The last column, complete
# words, has those of at least four characters.
_REACH = np.array([1, 1, 2, 3, 4, ORDERS])


def grams(codes: Codes) -> Keys:
    """Return the keys of the n-grams that end at each character.

    The shape is (len(codes), COLUMNS), with 0 for none. `codes` are normalised characters, with one
    BLANK between words and at either end. Column n - 1 has n-grams of n characters. The last column
    has, at the BLANK after it, each word of at least four characters. N-grams do not extend over
    words.
    """
    count = len(codes)
    places, powers, inverse, begins = _tables(max(12, (count - 1).bit_length()))
    blank = codes == BLANK
    last = np.maximum.accumulate(places[:count] * blank)
    reach = places[:count].copy()
    reach[1:] -= last[:-1]
    # Cumulative sums of characters times powers of the base: the key of an n-gram is the difference
    # of two, divided by the power of its position.
    sums = np.zeros(count + 1, np.uint64)
    np.cumsum((codes + _SIGN) * powers[:count], out=sums[1:])
    begin = begins[:count].copy()
    begin[1:, ORDERS] = last[:-1]
    keys: Keys = sums[1:, None] - sums.take(begin)
    keys *= inverse[:count, None]
    exists = reach[:, None] >= _REACH
    exists[:, 0] = ~blank
    exists[:, ORDERS] &= blank
    keys *= exists
    return keys


@cache
def _tables(bits: int) -> tuple[NDArray[np.int64], Keys, Keys, NDArray[np.int64]]:
    """Return positions, powers of the base, their mixed inverses, and starts.

    The starts are those of the n-grams that end at each position.
    """
    places = np.arange(1 << bits)
    factors, inverse = powers_of_base(bits)
    begins = np.maximum(places[:, None] - np.array([0, 1, 2, 3, 4, 0]), 0)
    return places, factors, inverse * MIX, begins
