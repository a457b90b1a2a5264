"""The reader: from work units to raw items.

Only single documents are held in memory, up to a limit. A problem with an input becomes a `Raw`
with its `error` set, so that it ends as a dead letter and is counted like any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, cast

from newsbeam.inputs import process, work_units
from newsbeam.inputs.compression import COMPRESSIONS
from newsbeam.inputs.contents import ReadTask, failure, is_wanted, items, parse_origin
from newsbeam.inputs.files import HashingReader, open_plain, open_raw
from newsbeam.inputs.format_entries import recognise
from newsbeam.inputs.formats import find_format
from newsbeam.inputs.formats.base import COPY_BYTES
from newsbeam.inputs.limits import MIN_READ_SECONDS
from newsbeam.inputs.statuses import OK_STATUSES, Statuses
from newsbeam.inputs.work_units import BATCH_BYTES, BATCH_ITEMS, MEMBER, PartSummary, RawBatch, Source, WorkUnit, read_small_file
from newsbeam.storage.filesystem import printable
from newsbeam.storage.output_layout import part_name
from newsbeam.transforms.decode import HEAD_BYTES
from newsbeam.transforms.document import Raw
from newsbeam.transforms.fields import USUAL_NAMES, RowOptions

__all__ = ["Reader", "parse_origin"]


@dataclass(frozen=True)
class Reader:
    """A reader of work units.

    Args:
        max_bytes: the largest document, decompressed.
        done: parts that were completed earlier.
        rows: how to read the fields of rows.
        seconds: processor time without a document, 0 for no limit.
        statuses: HTTP statuses of responses that are documents, as ranges.
    """

    max_bytes: int
    done: frozenset[str] = field(default_factory=frozenset)
    rows: RowOptions = USUAL_NAMES
    seconds: float = MIN_READ_SECONDS
    statuses: Statuses = OK_STATUSES

    def read(self, share: WorkUnit) -> Iterator[RawBatch]:
        """Yield all items of a work unit, and the end of each completed part.

        The names of parts sort in the order of the input. Parts in `done` are skipped.
        """
        number, read, size = 0, 0, 0
        held: list[Raw] = []
        held_bytes = 0
        files: list[tuple[str, int, str]] = []
        part = part_name(share.number, share.start, number)
        if len(share.sources) > 1 and part in self.done:
            return
        for source in share.sources:
            items = self._items(source, share, files)
            for raw in items if printable(source.path) == source.path else map(_shown, items):
                # Only the items of one large file end a part early. Small files together are one
                # part, so that resuming can skip them unread.
                if len(share.sources) == 1 and size >= work_units.SPLIT_BYTES:
                    if part not in self.done:
                        yield RawBatch(part, tuple(held), PartSummary(read))
                    number, read, size, held, held_bytes = number + 1, 0, 0, [], 0
                    part = part_name(share.number, share.start, number)
                read += 1
                size += len(raw.payload)
                if part in self.done:
                    continue
                held.append(raw)
                held_bytes += len(raw.payload)
                if held_bytes >= BATCH_BYTES or len(held) >= BATCH_ITEMS:
                    yield RawBatch(part, tuple(held))
                    held, held_bytes = [], 0
        # The last range of a file has its hash, even if it has no records.
        if (read or files) and part not in self.done:
            yield RawBatch(part, tuple(held), PartSummary(read, tuple(files)))

    def records(self, source: Source, inputs: list[tuple[str, int, str]]) -> Iterator[Raw]:
        """Yield the items of a file, then append (path, bytes, SHA-256) to `inputs`."""
        items = self._items(source, WorkUnit(0, (source,)), inputs)
        return items if printable(source.path) == source.path else map(_shown, items)

    def _items(self, source: Source, share: WorkUnit, files: list[tuple[str, int, str]]) -> Iterator[Raw]:
        wanted = dict(share.only).get(source.path) if share.only else None
        members = tuple(entry for entry in share.only if entry[0].startswith(source.path + MEMBER))
        if share.only and wanted is None and not members:
            return
        if 0 < source.size <= HEAD_BYTES and not share.kind and (small := read_small_file(source)) is not None:
            # Most inputs are small files; the general path takes three times as long as reading
            # them.
            digest = sha256(small).hexdigest()
            yield Raw(source.path, small, name=source.path, source=source.source, sha256=digest)
            files.append((printable(source.path), len(small), digest))
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
            files.append((printable(source.path), source.size, digest))


def is_walled(path: str, raw: Any, kind: str = "") -> bool:
    """Return whether an open file of `kind` ("": unknown) needs a reader process."""
    if not kind:
        if not raw.seekable():
            return True  # the beginning of a pipe can be read only once
        head = raw.read(HEAD_BYTES)
        raw.seek(0)
        kind = recognise(head, path)
    form = find_format(kind)
    return kind in COMPRESSIONS or (form is not None and form.walled)


def _digest(path: str) -> str:
    with open_plain(path, counted=False, buffer=COPY_BYTES) as plain:
        while plain.read1(COPY_BYTES):
            pass
        return cast("HashingReader", plain.raw).hexdigest()


def _shown(raw: Raw) -> Raw:
    return replace(raw, origin=printable(raw.origin), name=printable(raw.name), error=printable(raw.error))
