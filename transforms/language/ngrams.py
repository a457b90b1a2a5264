"""The grams of a text as 64-bit hashes: 1 to 5 signs of a word, its ends counted as signs, and whole words.

The trainer and the run time both read texts by this module, so that what is learned of a gram is found again.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint16]
Keys = NDArray[np.uint64]

BLANK = 0x20
ORDERS = 5
COLUMNS = ORDERS + 1

# A gram's key is the polynomial of its signs at _BASE, from the last sign backwards, modulo 2 ** 64 (Karp and Rabin 1987), mixed.
_BASE = 0x9E3779B97F4A7C15
_MIX = np.uint64(0xD6E8FEB86659FD93)
_SIGN = np.uint64(0x632BE59BD9B4E019)
# The last blank may be no nearer than this for a gram of each column; the last column, whole words, has those of four signs and more.
_REACH = np.array([1, 1, 2, 3, 4, ORDERS])


def grams(codes: Codes) -> Keys:
    """The keys of the grams that end at each sign: (len(codes), COLUMNS), 0 where there is none.

    `codes` are folded signs, words parted by one BLANK each, with a BLANK at either end. Column n - 1 has the gram of n signs;
    the last column, at the BLANK behind a word of four signs or more, that word. No gram reaches from one word into another.
    """
    count = len(codes)
    places, powers, inverse, begins = _tables(1 << max(12, (count - 1).bit_length()))
    blank = codes == BLANK
    last = np.maximum.accumulate(places[:count] * blank)
    reach = places[:count].copy()
    reach[1:] -= last[:-1]
    # Sums of the signs times the powers of the base: a gram's key is the difference of two, less the power of its place.
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
def _tables(size: int) -> tuple[NDArray[np.int64], Keys, Keys, NDArray[np.int64]]:
    """The first `size` places, powers of the base, their inverses (mixed), and where the grams that end at each place begin."""
    places = np.arange(size)
    powers = np.full(size, _BASE, np.uint64)
    inverse = np.full(size, pow(_BASE, -1, 1 << 64), np.uint64)
    powers[0] = inverse[0] = 1
    powers = np.multiply.accumulate(powers)
    inverse = np.multiply.accumulate(inverse) * _MIX
    begins = np.maximum(places[:, None] - np.array([0, 1, 2, 3, 4, 0]), 0)
    return places, powers, inverse, begins
