"""Polynomial hashes modulo 2 ** 64, for many words or n-grams at once.

The method is that of Karp and Rabin (1987).

The hash of a range of characters is the difference of two cumulative sums of characters times
powers of the base, divided by the power of the position where it begins.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2 ** 64
MIX = np.uint64(0xD6E8FEB86659FD93)
"""An odd factor that spreads the low bits of a hash over the high ones."""


@cache
def powers_of_base(bits: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return 2 ** bits powers of the base and of its inverse, modulo 2 ** 64."""
    out = []
    for base in (BASE, pow(BASE, -1, 1 << 64)):
        factors = np.full(1 << bits, base, np.uint64)
        factors[0] = 1
        out.append(np.multiply.accumulate(factors))
    return out[0], out[1]
