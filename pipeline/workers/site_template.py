"""Counting of texts that recur on the pages of each site, in bounded memory.

A count-min sketch (Apache DataSketches) counts the keys of all pages of all sites. It is a table of
counters with a size that is fixed before the run. Tables can be added in any order, so workers,
bundles and machines do not matter. A count is never too low. The excess grows with the number of
keys and is subtracted again: a site that is too small to be distinguished from this noise gets no
template instead of a wrong one.

The counts of a finished run stay in its output folder, for the `--template` of other runs. The file
is one zstd frame with a checksum: a line of JSON that says what was counted (`_Header`), then the
serialised table.
"""

from __future__ import annotations

import hashlib
import math
import os
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import zstandard

from newsbeam.config import recipe
from newsbeam.config.job import Job
from newsbeam.errors import MissingExtra, TemplateError, UsageError
from newsbeam.storage import filesystem, json_files
from newsbeam.storage.manifest import SiteCounts
from newsbeam.storage.output_layout import SITE_COUNTS
from newsbeam.transforms.boilerplate.site_template import COUNTS_VERSION, page_keys, site_of
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

    @property
    def keys(self) -> int:
        """The number of keys that were counted."""
        return int(self._table.total_weight)

    def serialized(self) -> bytes:
        """Serialise the table."""
        return bytes(self._table.serialize())

    @staticmethod
    def deserialized(table: bytes) -> Sketch:
        """Restore a sketch from a table.

        Raises RuntimeError, ValueError or IndexError if it is damaged.
        """
        from datasketches import count_min_sketch

        made = count_min_sketch.deserialize(table)
        if made.num_hashes != ROWS:
            raise ValueError(f"{made.num_hashes} rows instead of {ROWS}")
        return Sketch(made.num_buckets, made)

    def packed(self) -> bytes:
        """Serialise and compress the sketch."""
        return zstandard.compress(self.serialized(), 1)

    @staticmethod
    def unpacked(packed: bytes) -> Sketch:
        """Restore a sketch that `packed` serialised."""
        return Sketch.deserialized(zstandard.decompress(packed))

    def __reduce__(self) -> tuple[Any, ...]:
        return Sketch.unpacked, (self.packed(),)


# --- files of counts ------------------------------------------------------------------------------------------------

_FORMAT = "newsbeam site counts"
_MAGIC = b"\x28\xb5\x2f\xfd"
"""The first bytes of a zstd frame."""

_PREAMBLE_BYTES, _EMPTY_BYTES = 24, 16
"""The sizes of a serialised table without its counters, and of one that counted nothing."""

_MAX_BYTES = ROWS * MOST_WIDTH * 8 + (64 << 10)
"""The size of the largest table, with its header."""

_AGAIN = f"run newsbeam with `site_template: true` over pages of the same sites, and name the {SITE_COUNTS} of its output folder"


@dataclass(frozen=True)
class _Header:
    """The first line of a file of counts.

    `version` is that of the texts and keys, `processor` the one whose texts were counted. The table
    has `width` counters per row; `keys` is how many keys were counted.
    """

    format: str
    version: int
    processor: str
    width: int
    keys: int


def save(path: str, sketch: Sketch, processor: str) -> None:
    """Write a sketch of the texts of `processor` to a file."""
    header = _Header(_FORMAT, COUNTS_VERSION, processor, sketch.width, sketch.keys)
    content = json_files.encode(header, indent=False) + sketch.serialized()
    with filesystem.atomic_write(path) as stream:
        stream.write(zstandard.ZstdCompressor(level=1, write_checksum=True).compress(content))


def load(path: str) -> Sketch:
    """Load a sketch from a file. Raises OSError or TemplateError."""
    with filesystem.read(path) as stream:
        return _parse(stream.read(), path)[1]


def _parse(packed: bytes, name: str) -> tuple[_Header, Sketch]:
    """Parse a file of counts; `name` is used in messages. Raises TemplateError."""
    foreign = TemplateError(f"{name} is not a file of counts; {_AGAIN}")
    if not packed.startswith(_MAGIC):
        raise foreign
    damaged = f"{name} is damaged ({{}}); restore it from a copy, or {_AGAIN}"
    try:
        size = zstandard.get_frame_parameters(packed).content_size
        if not 0 < size <= _MAX_BYTES:  # -1: unknown
            raise foreign
        line, _, table = zstandard.ZstdDecompressor().decompress(packed).partition(b"\n")
    except zstandard.ZstdError as error:
        raise TemplateError(damaged.format(error)) from error
    try:
        header = json_files.decode(_Header, line)
    except ValueError as error:
        raise foreign from error
    if header.format != _FORMAT:
        raise foreign
    if header.version != COUNTS_VERSION:
        raise TemplateError(
            f"{name} has counts of version {header.version}, and this newsbeam needs version {COUNTS_VERSION}; {_AGAIN}, with this newsbeam"
        )
    # Exactly: the library reads past the end of a table that is too short.
    expected = _PREAMBLE_BYTES + ROWS * header.width * 8 if header.keys else _EMPTY_BYTES
    if not LEAST_WIDTH <= header.width <= MOST_WIDTH or len(table) != expected:
        raise TemplateError(damaged.format("wrong size of the table"))
    try:
        sketch = Sketch.deserialized(table)
    except (RuntimeError, ValueError, IndexError) as error:
        raise TemplateError(damaged.format(error)) from error
    if (sketch.width, sketch.keys) != (header.width, header.keys):
        raise TemplateError(damaged.format("header and table differ"))
    return header, sketch


# --- counts of an earlier run ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Template:
    """The counts of an earlier run.

    `given` is the value of `--template`, `packed` the file.
    """

    given: str
    packed: bytes

    def save(self, path: str) -> None:
        """Write the file to a path that all workers can read."""
        with filesystem.atomic_write(path) as stream:
            stream.write(self.packed)

    def job(self, job: Job, path: str) -> Job:
        """Return the job that uses these counts, which are or will be at `path`."""
        used = SiteCounts(hashlib.sha256(self.packed).hexdigest(), template=self.given)
        return replace(job, setup=replace(job.setup, counts=path, counted=False), site_counts=used)


def find_template(given: str | None, chosen: recipe.Recipe) -> tuple[recipe.Recipe, Template | None]:
    """Read the counts that `--template` names.

    Args:
        given: the file, or the output folder of a run; a path or a URI. None without the option.
        chosen: the recipe.

    Returns:
        The recipe, with the default `site_template` if it has none, and the counts.

    Raises:
        TemplateError: the counts cannot be read or do not fit the recipe.
    """
    if given is None:
        return chosen, None
    option = f"--template {given}"
    processors = chosen.chain().processors
    at = next(recipe.template_processors(processors), None)
    if at is None:
        raise TemplateError(
            f"{option}: the recipe has no processor that uses a template, such as `boilerplate`; add it, or leave out --template"
        )
    packed = _read(given, option)
    header, _ = _parse(packed, option)
    if header.processor != processors[at].name:
        raise TemplateError(
            f"{option} has counts of texts of `{header.processor}`, and the recipe needs those of `{processors[at].name}`; "
            f"{_AGAIN}, with this recipe"
        )
    return replace(chosen, site_template=chosen.site_template or recipe.SiteOptions()), Template(given, packed)


def _read(given: str, option: str) -> bytes:
    """Read the file of counts. Raises TemplateError or MissingExtra."""
    try:
        if filesystem.is_remote(given):
            filesystem.check_scheme(given)
            inside = filesystem.join(given, SITE_COUNTS)
            path = inside if filesystem.is_file(inside) else given
        elif os.path.isdir(given):
            path = filesystem.join(given, SITE_COUNTS)
            if not os.path.lexists(path):
                raise TemplateError(
                    f"{option}: the folder has no {SITE_COUNTS}, which a finished run with `site_template` leaves; {_AGAIN}"
                )
        else:
            path = given
            if os.path.exists(path) and not os.path.isfile(path):
                raise TemplateError(f"{option} is neither a regular file nor a folder; {_AGAIN}")
        with filesystem.read(path) as stream:
            packed = stream.read(_MAX_BYTES + 1)
    except MissingExtra:
        raise
    except UsageError as error:
        raise error if isinstance(error, TemplateError) else TemplateError(f"{option}: {error}") from error
    except OSError as error:
        raise TemplateError(
            f"{option}: {error.strerror or error}; name the output folder of a finished run with `site_template`"
        ) from error
    if len(packed) > _MAX_BYTES:
        raise TemplateError(f"{option} is not a file of counts; {_AGAIN}")
    return packed


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
