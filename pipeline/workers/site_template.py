"""Counting of texts that recur on the pages of each site, in bounded memory.

A count-min sketch (Apache DataSketches) counts the keys of all pages of all sites. It is a table of
counters with a size that is fixed before the run. Tables can be added in any order, so workers,
bundles and machines do not matter. A count is never too low. The excess grows with the number of
keys and is subtracted again: a site that is too small to be distinguished from this noise gets no
template instead of a wrong one.
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
"""The width of the table: columns of `ROWS` counters of 8 bytes, at most 32 MB."""

BYTES_A_KEY = 64
"""Estimated bytes of input per line of text; a block of HTML has ten times that."""


def width_for(size: int) -> int:
    """Choose the width for `size` bytes of input: almost no error up to 64 MB."""
    return min(MOST_WIDTH, max(LEAST_WIDTH, 1 << (size // BYTES_A_KEY).bit_length()))


class Sketch:
    """A counter of keys. Pickles compressed; independent of the order of keys."""

    def __init__(self, width: int, made: Any = None) -> None:
        from datasketches import count_min_sketch  # only needed by runs that count

        self.width = width
        self._table = count_min_sketch(ROWS, width) if made is None else made

    def add(self, keys: Sequence[int]) -> None:
        """Count each of the keys (signed, 64 bits) once."""
        update = self._table.update
        for key in keys:
            update(key)
        self.__dict__.pop("_noise", None)

    def merge(self, other: Sketch) -> None:
        """Add the counts of another sketch of the same width."""
        self._table.merge(other._table)
        self.__dict__.pop("_noise", None)

    def at_least(self, key: int) -> int:
        """Return the count less the expected excess; too high in 2% of cases at most."""
        return max(0, int(self._table.get_estimate(key)) - self._noise)

    def at_most(self, key: int) -> int:
        """Return the count or a higher number."""
        return int(self._table.get_estimate(key))

    @cached_property
    def _noise(self) -> int:
        # Cormode and Muthukrishnan 2005: the excess is at most e/width of the total count, except
        # in exp(-rows) of cases.
        return int(math.e * self._table.total_weight / self.width)

    def packed(self) -> bytes:
        """Serialise and compress the sketch."""
        return zstandard.compress(self._table.serialize(), 1)

    @staticmethod
    def unpacked(packed: bytes) -> Sketch:
        """Restore a sketch that `packed` serialised."""
        from datasketches import count_min_sketch

        table = count_min_sketch.deserialize(zstandard.decompress(packed))
        return Sketch(table.num_buckets, table)

    def __reduce__(self) -> tuple[Any, ...]:
        return Sketch.unpacked, (self.packed(),)


def load(path: str) -> Sketch:
    """Load a sketch from a file."""
    with filesystem.read(path) as stream:
        return Sketch.unpacked(stream.read())


@dataclass(frozen=True)
class _Counter:
    """A processor in place of the one with the template: it collects a page's keys."""

    name: ClassVar[str] = "site_template"
    effect: ClassVar[Effect] = "selects"
    processor: Any
    keys: array[int]

    def __call__(self, document: Document) -> Reject:
        self.keys.extend(page_keys(site_of(document), self.processor.site_texts(document)))
        return Reject("counted")


def counting(chain: Chain) -> tuple[Chain, array[int]]:
    """Return a chain that stops at the template's processor, and its array of keys."""
    keys: array[int] = array("q")
    at = next(recipe.template_processors(chain.processors))
    return Chain((*chain.processors[:at], _Counter(chain.processors[at], keys)), chain.added, chain.processed_by), keys
