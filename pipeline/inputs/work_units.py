"""The division of inputs into work units."""

from __future__ import annotations

import json
import os
import platform
import stat
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from newsbeam.inputs.format_entries import recognise
from newsbeam.storage.filesystem import atomic_write, is_remote, read
from newsbeam.storage.progress import CURRENT
from newsbeam.transforms.decode import HEAD_BYTES
from newsbeam.transforms.document import Raw


@dataclass(frozen=True)
class Source:
    """One input file.

    `path` may be a URI. `source` is its collection: the name of the input's top folder. `changed`
    is the time of the last change in nanoseconds since 1970, if known.
    """

    path: str
    size: int
    source: str
    changed: int = 0


UNIT_BYTES = 8 << 20
"""Small files are combined up to this size.

A large file that can be split (`inputs.splitting`) is split into ranges of `SPLIT_BYTES`. Its
output is divided into parts after this many bytes of input.
"""

UNIT_FILES = 500

SPLIT_BYTES = 32 << 20

BATCH_BYTES = 128 << 10

BATCH_ITEMS = 32
"""The size of a batch of raw items."""


@dataclass(frozen=True)
class WorkUnit:
    """The files or the range of a file that one worker reads.

    Args:
        number: the position in the output.
        sources: the files.
        start: the first byte of the range.
        end: the byte after the last, or -1 for the end of the file.
        first: the number of the range's first record.
        kind: the format of a file that was split, else "".
        last: whether this is the last range of its file.
        digest: the SHA-256 of the whole file, if splitting it read all of it.
        only: per path, the records to read in a replay (0: all, -n: from the n-th on); empty: all.
    """

    number: int
    sources: tuple[Source, ...]
    start: int = 0
    end: int = -1
    first: int = 1
    kind: str = ""
    last: bool = True
    digest: str = ""
    only: tuple[tuple[str, frozenset[int]], ...] = ()

    @property
    def size(self) -> int:
        """The bytes to read."""
        return (self.end if self.end >= 0 else sum(source.size for source in self.sources)) - self.start


@dataclass(frozen=True)
class PartSummary:
    """The end of a part: how many inputs were read, and which files were finished.

    A file is (path, bytes, SHA-256); the hash is "" if it could not be read to its end.
    """

    read: int
    inputs: tuple[tuple[str, int, str], ...] = ()


@dataclass(frozen=True)
class RawBatch:
    """A few raw items: one element of a PCollection.

    Elements of one item would cost as much as cleaning a small document. `part` is the part of the
    output that they belong to ("": the bundle decides), `end` its end.
    """

    part: str
    raws: tuple[Raw, ...]
    end: PartSummary | None = None


def plan_work_units(sources: Sequence[Source]) -> list[WorkUnit]:
    """Plan work units in input order: small files together, a large file alone."""
    shares: list[WorkUnit] = []
    batch: list[Source] = []
    size = 0
    for source in sources:
        if batch and (size + source.size > UNIT_BYTES or len(batch) >= UNIT_FILES):
            shares.append(WorkUnit(len(shares), tuple(batch)))
            batch, size = [], 0
        batch.append(source)
        size += source.size
    if batch:
        shares.append(WorkUnit(len(shares), tuple(batch)))
    return shares


def save_work_units(shares: Sequence[WorkUnit], path: str) -> list[int]:
    """Save work units as JSON lines, and return the offset of each.

    The graph holds only the offsets: it has to stay small, and a list of 100,000 names is large.
    """
    places = []
    with atomic_write(path) as stream:
        for share in shares:
            places.append(stream.tell())
            # orjson rejects the surrogates in names that are not UTF-8.
            stream.write(json.dumps(asdict(share), default=sorted).encode() + b"\n")
    return places


def load_work_unit(place: int, path: str) -> WorkUnit:
    """Load the work unit at an offset. Raises FileNotFoundError."""
    try:
        stream = read(path)
    except FileNotFoundError as error:
        hint = "the output must be on a path that all workers share: a shared disk, or a bucket"
        raise FileNotFoundError(f"{path} does not exist on {platform.node()}; {hint}") from error
    with stream:
        stream.seek(place)
        return _share_of(json.loads(stream.readline()))


def changed_work_units(shares: Sequence[WorkUnit], path: str) -> set[int]:
    """Return the numbers of work units whose files changed since `save_work_units`."""
    before: dict[int, tuple[Source, ...]] = {}
    try:
        with read(path) as stream:
            for line in stream:
                share = _share_of(json.loads(line))
                before[share.number] = share.sources
    except (OSError, ValueError, TypeError, KeyError):
        before = {}  # it is unknown which files the parts came from
    return {share.number for share in shares if before.get(share.number) != share.sources}


def _share_of(fields: dict[str, Any]) -> WorkUnit:
    sources = tuple(Source(**source) for source in fields.pop("sources"))
    only = tuple((path, frozenset(numbers)) for path, numbers in fields.pop("only"))
    return WorkUnit(**fields, sources=sources, only=only)


def select_records(share: WorkUnit, only: tuple[tuple[str, frozenset[int]], ...]) -> WorkUnit:
    """Restrict a work unit to some records."""
    mine = {source.path for source in share.sources}
    return replace(share, only=tuple(entry for entry in only if entry[0] in mine or entry[0].partition(MEMBER)[0] in mine))


def read_small_file(source: Source) -> bytes | None:
    """Read a small local file that is a single document; None if it is not one."""
    if is_remote(source.path):
        return None
    try:
        # System calls: a file object doubles the time. Non-blocking: it may be a pipe without a
        # writer.
        descriptor = os.open(source.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return None  # a pipe yields its bytes only once
            payload = os.read(descriptor, HEAD_BYTES + 1)
        finally:
            os.close(descriptor)
    except OSError:
        return None
    if len(payload) < source.size:
        return None  # the file grew, or the filesystem returned a short read
    if len(payload) > HEAD_BYTES or recognise(payload, source.path):
        return None
    CURRENT.bytes_read += len(payload)
    return payload


MEMBER = "!/"
"""The separator in an origin between an archive's path and a member's."""
