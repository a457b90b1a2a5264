"""From files to raw items: sharing them out, and streaming what is inside.

Nothing here is read whole but single documents, and those only up to a limit. What goes wrong with an input becomes a
`Raw` with its `error` set, so that it ends as a dead letter and is counted like any other.
"""

from __future__ import annotations

import json
import os
import platform
import stat
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from typing import Any, cast

from pipeline.files import read, remote, shown, whole
from pipeline.find import Source
from pipeline.inputs import process
from pipeline.inputs.contents import ReadTask, failure, is_wanted, items, place_of
from pipeline.inputs.formats import INPUT_FORMATS
from pipeline.inputs.formats.archive import MEMBER
from pipeline.inputs.formats.base import COPY_BYTES
from pipeline.inputs.limits import MIN_READ_SECONDS
from pipeline.inputs.statuses import OK_STATUSES, Statuses
from pipeline.progress import NOW
from pipeline.streams import COMPRESSIONS, Plain, open_plain, open_raw
from transforms.decode import HEAD_BYTES, container
from transforms.document import Raw
from transforms.fields import USUAL_NAMES, RowOptions

__all__ = ["Bundle", "EndOfPart", "Reader", "Share", "place_of", "read_share", "share_out", "write_shares"]

SHARE_BYTES = 8 << 20
"""Small files are handed out together until they reach this size; a large file that can be cut (`pipeline.cut`) is, into stretches
of `SPLIT_BYTES`, and what comes out of any file is closed as one part of the output after as many bytes of input."""
SHARE_FILES = 500
SPLIT_BYTES = 32 << 20

BUNDLE_BYTES = 128 << 10
BUNDLE_ITEMS = 32
"""Raw items travel together until there are so many of them."""


@dataclass(frozen=True)
class Share:
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
class EndOfPart:
    """Says that a part of the output has all its documents, how many inputs were read for it, and which files it finished.

    A file is (path, bytes, SHA-256, "" where it could not be read to its end).
    """

    read: int
    inputs: tuple[tuple[str, int, str], ...] = ()


@dataclass(frozen=True)
class Bundle:
    """Raw items on their way to the workers, a few at a time: one element of a PCollection costs as much as cleaning a
    small document. `part` is the part of the output they belong to ("": whatever the bundle makes), `end` its end.
    """

    part: str
    raws: tuple[Raw, ...]
    end: EndOfPart | None = None


def share_out(sources: Sequence[Source]) -> list[Share]:
    """The sources as shares, in their order: small files together, a large file alone. Looks at sizes only."""
    shares: list[Share] = []
    batch: list[Source] = []
    size = 0
    for source in sources:
        if batch and (size + source.size > SHARE_BYTES or len(batch) >= SHARE_FILES):
            shares.append(Share(len(shares), tuple(batch)))
            batch, size = [], 0
        batch.append(source)
        size += source.size
    if batch:
        shares.append(Share(len(shares), tuple(batch)))
    return shares


def write_shares(shares: Sequence[Share], path: str) -> list[int]:
    """Put shares into a file, as JSON lines; the place of each in it. The graph holds only the places: it has to stay small, and a list of
    100,000 names is not.
    """
    places = []
    with whole(path) as stream:
        for share in shares:
            places.append(stream.tell())
            # Not orjson: a name that is not UTF-8 has halves of characters in it.
            stream.write(json.dumps(asdict(share), default=sorted).encode() + b"\n")
    return places


def read_share(place: int, path: str) -> Share:
    """The share that `write_shares` put at a place of the file. Raises FileNotFoundError on a machine that does not see it."""
    try:
        stream = read(path)
    except FileNotFoundError as error:
        hint = "the output has to lie where every worker sees it under the same name: a shared disk, or a bucket"
        raise FileNotFoundError(f"{path} is not there on {platform.node()}; {hint}") from error
    with stream:
        stream.seek(place)
        return _share_of(json.loads(stream.readline()))


def changed_shares(shares: Sequence[Share], path: str) -> set[str]:
    """The numbers, as in the names of parts, of the shares in which a file was changed since `write_shares` put them into a file."""
    before: dict[int, tuple[Source, ...]] = {}
    try:
        with read(path) as stream:
            for line in stream:
                share = _share_of(json.loads(line))
                before[share.number] = share.sources
    except (OSError, ValueError, TypeError, KeyError):
        before = {}  # nobody knows what the parts were made of
    return {f"{share.number:06d}" for share in shares if before.get(share.number) != share.sources}


def _share_of(fields: dict[str, Any]) -> Share:
    sources = tuple(Source(**source) for source in fields.pop("sources"))
    only = tuple((path, frozenset(numbers)) for path, numbers in fields.pop("only"))
    return Share(**fields, sources=sources, only=only)


def replace_only(share: Share, only: tuple[tuple[str, frozenset[int]], ...]) -> Share:
    """The share, to be read for some records only."""
    mine = {source.path for source in share.sources}
    return replace(share, only=tuple(entry for entry in only if entry[0] in mine or entry[0].partition(MEMBER)[0] in mine))


@dataclass(frozen=True)
class Reader:
    """Streams raw items out of shares; `max_bytes` is the most that one document may have, once decompressed, `rows` how rows are read.

    `seconds` (0: no limit) is the most processor time that may pass without a document, `statuses` the HTTP statuses, as ranges, whose
    responses are documents.
    """

    max_bytes: int
    done: frozenset[str] = field(default_factory=frozenset)
    rows: RowOptions = USUAL_NAMES
    seconds: float = MIN_READ_SECONDS
    statuses: Statuses = OK_STATUSES

    def read(self, share: Share) -> Iterator[Bundle]:
        """Everything in the share, and the end of each part that is complete.

        A part's name sorts in the order of the input. Parts in `done` are passed over: they were finished earlier.
        """
        number, read, size = 0, 0, 0
        held: list[Raw] = []
        held_bytes = 0
        files: list[tuple[str, int, str]] = []
        stretch = f"{share.number:06d}-{share.start:014d}"
        if len(share.sources) > 1 and f"{stretch}-00000" in self.done:
            return
        part = f"{stretch}-{number:05d}"
        for source in share.sources:
            items = self._items(source, share, files)
            for raw in items if shown(source.path) == source.path else map(_shown, items):
                # Only what one file holds is closed in between: small files together are one part, to be passed over unread.
                if len(share.sources) == 1 and size >= SPLIT_BYTES:
                    if part not in self.done:
                        yield Bundle(part, tuple(held), EndOfPart(read))
                    number, read, size, held, held_bytes = number + 1, 0, 0, [], 0
                    part = f"{stretch}-{number:05d}"
                read += 1
                size += len(raw.payload)
                if part in self.done:
                    continue
                held.append(raw)
                held_bytes += len(raw.payload)
                if held_bytes >= BUNDLE_BYTES or len(held) >= BUNDLE_ITEMS:
                    yield Bundle(part, tuple(held))
                    held, held_bytes = [], 0
        # The last stretch of a file has its hash, also where no record is in it.
        if (read or files) and part not in self.done:
            yield Bundle(part, tuple(held), EndOfPart(read, tuple(files)))

    def records(self, source: Source, inputs: list[tuple[str, int, str]]) -> Iterator[Raw]:
        """Everything in one file, in its order; at its end (path, bytes, SHA-256) is added to `inputs`."""
        items = self._items(source, Share(0, (source,)), inputs)
        return items if shown(source.path) == source.path else map(_shown, items)

    def _items(self, source: Source, share: Share, files: list[tuple[str, int, str]]) -> Iterator[Raw]:
        wanted = dict(share.only).get(source.path) if share.only else None
        members = tuple(entry for entry in share.only if entry[0].startswith(source.path + MEMBER))
        if share.only and wanted is None and not members:
            return
        if 0 < source.size <= HEAD_BYTES and not share.kind and (small := _small(source)) is not None:
            # Most inputs are small files: the general way costs three times as much as reading them.
            digest = sha256(small).hexdigest()
            yield Raw(source.path, small, name=source.path, source=source.source, sha256=digest)
            files.append((shown(source.path), len(small), digest))
            return
        task = ReadTask(
            source.path,
            source.source,
            self.max_bytes,
            self.rows,
            self.statuses,
            share.start,
            share.end,
            share.first,
            share.kind,
            share.last,
            wanted,
            members,
        )
        whole, digest = False, ""
        try:
            with open_raw(source.path) as raw:
                if is_walled(source.path, raw, share.kind):
                    whole, digest = yield from process.read(task, raw, self.seconds)
                else:
                    whole, digest = yield from items(task, raw)
            if whole and share.kind and share.last:
                digest = share.digest or _digest(source.path)
        except OSError as error:
            if is_wanted(share.first, wanted):
                yield failure(task, share.first - 1, error)
        if share.last:
            files.append((shown(source.path), source.size, digest))


def is_walled(path: str, raw: Any, kind: str = "") -> bool:
    """Whether an open file is to be read in a process of its own; `kind` is its format where that is known."""
    if not kind:
        if not raw.seekable():
            return True  # a pipe gives its beginning once
        head = raw.read(HEAD_BYTES)
        raw.seek(0)
        kind = container(head, path)
    return kind in COMPRESSIONS or (kind in INPUT_FORMATS and INPUT_FORMATS[kind].walled)


def _digest(path: str) -> str:
    with open_plain(path, counted=False, buffer=COPY_BYTES) as plain:
        while plain.read1(COPY_BYTES):
            pass
        return cast("Plain", plain.raw).hexdigest()


def _shown(raw: Raw) -> Raw:
    return replace(raw, origin=shown(raw.origin), name=shown(raw.name), error=shown(raw.error))


def _small(source: Source) -> bytes | None:
    """The whole of a small file of this machine, if it is a document by itself and reading it goes well."""
    if remote(source.path):
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
    NOW.bytes_read += len(payload)
    return payload
