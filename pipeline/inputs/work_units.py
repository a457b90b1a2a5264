"""How inputs are shared out among workers."""

from __future__ import annotations

import json
import os
import platform
import stat
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from newsbeam.storage.filesystem import atomic_write, is_remote, read
from newsbeam.storage.progress import CURRENT
from newsbeam.transforms.decode import HEAD_BYTES, container
from newsbeam.transforms.document import Raw


@dataclass(frozen=True)
class Source:
    """One input file: its path or URI, its size in bytes, the collection it belongs to (the input's top folder), and when it was
    changed, where that is known (in nanoseconds since 1970).
    """

    path: str
    size: int
    source: str
    changed: int = 0


UNIT_BYTES = 8 << 20
"""Small files are handed out together until they reach this size; a large file that can be split (`inputs.splitting`) is, into
ranges of `SPLIT_BYTES`, and what comes out of any file is closed as one part of the output after as many bytes of input."""

UNIT_FILES = 500

SPLIT_BYTES = 32 << 20

BATCH_BYTES = 128 << 10

BATCH_ITEMS = 32
"""Raw items travel together until there are so many of them."""


@dataclass(frozen=True)
class WorkUnit:
    """What one worker reads in one go: small files together, or a stretch of one large file.

    `start` and `end` are byte offsets (`end` -1: to the end of the file), `first` the number of the stretch's first
    record, `kind` what the file was when it was cut ("": it was not). `number` orders the output; on the `last` stretch, `digest` is
    the whole file's where whoever cut it has read it all. `only` names, per path, the records to take in a replay (0: all of them, -n:
    from the n-th on); empty: all.
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
        """Bytes to read."""
        return (self.end if self.end >= 0 else sum(source.size for source in self.sources)) - self.start


@dataclass(frozen=True)
class PartSummary:
    """Says that a part of the output has all its documents, how many inputs were read for it, and which files it finished.

    A file is (path, bytes, SHA-256, "" where it could not be read to its end).
    """

    read: int
    inputs: tuple[tuple[str, int, str], ...] = ()


@dataclass(frozen=True)
class RawBatch:
    """Raw items on their way to the workers, a few at a time: one element of a PCollection costs as much as cleaning a
    small document. `part` is the part of the output they belong to ("": whatever the bundle makes), `end` its end.
    """

    part: str
    raws: tuple[Raw, ...]
    end: PartSummary | None = None


def plan_work_units(sources: Sequence[Source]) -> list[WorkUnit]:
    """The sources as shares, in their order: small files together, a large file alone. Looks at sizes only."""
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
    """Put shares into a file, as JSON lines; the place of each in it. The graph holds only the places: it has to stay small, and a list of
    100,000 names is not.
    """
    places = []
    with atomic_write(path) as stream:
        for share in shares:
            places.append(stream.tell())
            # Not orjson: a name that is not UTF-8 has halves of characters in it.
            stream.write(json.dumps(asdict(share), default=sorted).encode() + b"\n")
    return places


def load_work_unit(place: int, path: str) -> WorkUnit:
    """The share that `save_work_units` put at a place of the file. Raises FileNotFoundError on a machine that does not see it."""
    try:
        stream = read(path)
    except FileNotFoundError as error:
        hint = "the output has to lie where every worker sees it under the same name: a shared disk, or a bucket"
        raise FileNotFoundError(f"{path} is not there on {platform.node()}; {hint}") from error
    with stream:
        stream.seek(place)
        return _share_of(json.loads(stream.readline()))


def changed_work_units(shares: Sequence[WorkUnit], path: str) -> set[int]:
    """The numbers of the work units in which a file changed since `save_work_units` wrote them to `path`."""
    before: dict[int, tuple[Source, ...]] = {}
    try:
        with read(path) as stream:
            for line in stream:
                share = _share_of(json.loads(line))
                before[share.number] = share.sources
    except (OSError, ValueError, TypeError, KeyError):
        before = {}  # nobody knows what the parts were made of
    return {share.number for share in shares if before.get(share.number) != share.sources}


def _share_of(fields: dict[str, Any]) -> WorkUnit:
    sources = tuple(Source(**source) for source in fields.pop("sources"))
    only = tuple((path, frozenset(numbers)) for path, numbers in fields.pop("only"))
    return WorkUnit(**fields, sources=sources, only=only)


def select_records(share: WorkUnit, only: tuple[tuple[str, frozenset[int]], ...]) -> WorkUnit:
    """The share, to be read for some records only."""
    mine = {source.path for source in share.sources}
    return replace(share, only=tuple(entry for entry in only if entry[0] in mine or entry[0].partition(MEMBER)[0] in mine))


def small_file_units(source: Source) -> bytes | None:
    """The whole of a small file of this machine, if it is a document by itself and reading it goes well."""
    if is_remote(source.path):
        return None
    try:
        # By the system's own calls: a file object costs as much again. Not blocking, since it may be a pipe that nobody fills.
        descriptor = os.open(source.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return None  # a pipe gives what it has so far, and gives it once
            payload = os.read(descriptor, HEAD_BYTES + 1)
        finally:
            os.close(descriptor)
    except OSError:
        return None
    if len(payload) < source.size:
        return None  # it grew, or this filesystem gives less than was asked for
    if len(payload) > HEAD_BYTES or container(payload, source.path):
        return None
    CURRENT.bytes_read += len(payload)
    return payload


MEMBER = "!/"
"""What stands in an origin between an archive's path and a member's."""
