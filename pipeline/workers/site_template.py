"""Counting what recurs over the pages of each site, in a memory that does not grow with the input.

A count-min sketch (Apache DataSketches) takes the keys of all pages of all sites. It is a table of counters whose size is
settled before the run; tables add up in any order, so that workers, bundles and machines do not matter. It never counts
too few. What it counts too many grows with the keys in the table, and is taken off again: a site that is too small beside
the whole input to be told from that noise gets no template, rather than a wrong one.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import zstandard

from newsbeam.config import recipe
from newsbeam.storage import filesystem
from newsbeam.transforms.boilerplate.site_template import page_keys, site_of
from newsbeam.transforms.document import Document
from newsbeam.transforms.processor import Chain, Effect, Reject

ROWS = 4
LEAST_WIDTH, MOST_WIDTH = 1 << 14, 1 << 20
"""The table has `ROWS` times as many counters of 8 bytes as it is wide: 32 MB at most."""

BYTES_A_KEY = 64
"""About so much input there is for each line of text (a block of HTML has ten times that)."""


def width_for(size: int) -> int:
    """How wide a table is to be for `size` bytes of input: next to no error up to 64 MB, and never above `MOST_WIDTH`."""
    return min(MOST_WIDTH, max(LEAST_WIDTH, 1 << (size // BYTES_A_KEY).bit_length()))


class Sketch:
    """How often each key was added. Pickles, compressed; the same keys make the same sketch in any order."""

    def __init__(self, width: int, made: Any = None) -> None:
        from datasketches import count_min_sketch  # only runs that count need it

        self.width = width
        self._table = count_min_sketch(ROWS, width) if made is None else made

    def add(self, keys: Sequence[int]) -> None:
        """Count each of the keys (signed, 64 bits) once."""
        update = self._table.update
        for key in keys:
            update(key)
        self.__dict__.pop("_noise", None)

    def merge(self, other: Sketch) -> None:
        """Add what another sketch of the same width counted."""
        self._table.merge(other._table)
        self.__dict__.pop("_noise", None)

    def at_least(self, key: int) -> int:
        """The count less what other keys may have added to it; too high in one case of fifty at worst, and hardly ever in truth."""
        return max(0, int(self._table.get_estimate(key)) - self._noise)

    def at_most(self, key: int) -> int:
        """The count, or more."""
        return int(self._table.get_estimate(key))

    @cached_property
    def _noise(self) -> int:
        # Cormode and Muthukrishnan 2005: over by no more than e/width of all that was counted, but in exp(-rows) of cases.
        return int(math.e * self._table.total_weight / self.width)

    def packed(self) -> bytes:
        """The whole sketch, compressed."""
        return zstandard.compress(self._table.serialize(), 1)

    @staticmethod
    def unpacked(packed: bytes) -> Sketch:
        """The sketch that gave `packed`."""
        from datasketches import count_min_sketch

        table = count_min_sketch.deserialize(zstandard.decompress(packed))
        return Sketch(table.num_buckets, table)

    def __reduce__(self) -> tuple[Any, ...]:
        return Sketch.unpacked, (self.packed(),)


def load(path: str) -> Sketch:
    """The sketch in a file."""
    with filesystem.read(path) as stream:
        return Sketch.unpacked(stream.read())


@dataclass(frozen=True)
class _Counter:
    """Stands where the processor with the template will: takes down a page's keys and ends its way."""

    name: ClassVar[str] = "site_template"
    effect: ClassVar[Effect] = "selects"
    processor: Any
    keys: array[int]

    def __call__(self, document: Document) -> Reject:
        self.keys.extend(page_keys(site_of(document), self.processor.site_texts(document)))
        return Reject("counted")


def counting(chain: Chain) -> tuple[Chain, array[int]]:
    """A chain that takes documents as far as the processor with the template would see them, and where it puts their keys."""
    keys: array[int] = array("q")
    at = next(recipe.template_processors(chain.processors))
    return Chain((*chain.processors[:at], _Counter(chain.processors[at], keys)), chain.added, chain.processed_by), keys
