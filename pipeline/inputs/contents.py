"""The items of one file: decompression, recognition, reading by its format."""

from __future__ import annotations

import io
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, cast

from newsbeam.errors import MissingExtra
from newsbeam.inputs.compression import COMPRESSIONS, decompress, strip_compression_suffix
from newsbeam.inputs.failures import failure_of
from newsbeam.inputs.files import HashingReader, buffered
from newsbeam.inputs.format_entries import recognise
from newsbeam.inputs.formats import find_format
from newsbeam.inputs.formats.base import COPY_BYTES, InputFormat, ReadContext, SplitPoint
from newsbeam.inputs.limits import Budget, Unreadable, megabytes
from newsbeam.inputs.members import MemberDecompressor
from newsbeam.inputs.statuses import OK_STATUSES, Statuses
from newsbeam.storage.filesystem import is_remote
from newsbeam.transforms.decode import HEAD_BYTES
from newsbeam.transforms.document import Raw
from newsbeam.transforms.fields import USUAL_NAMES, RowOptions

MAX_LAYERS = 3
"""The most layers of compression that a file may have."""

_WALK_BYTES = 4 << 10
"""Larger than most headers of archive records, smaller than most bodies."""


@dataclass(frozen=True)
class ReadTask:
    """A file or a part of one to read; see ReadContext.

    `kind` is the format of a file that was split, else "". In a replay, `wanted` has the numbers of
    the items to read (0: all, -n: from the n-th on) and `members` the same per member of an
    archive. Without either, all items are read.
    """

    path: str
    collection: str
    max_bytes: int
    rows: RowOptions = USUAL_NAMES
    statuses: Statuses = OK_STATUSES
    start: int = 0
    end: int = -1
    first: int = 1
    kind: str = ""
    is_last: bool = True
    wanted: frozenset[int] | None = None
    members: tuple[tuple[str, frozenset[int]], ...] = ()


Ending = tuple[bool, str]
"""(whether the file was read to its end, its SHA-256)

The hash is "" if the file was not read to its end, or if only a part of it was read.
"""


def items(task: ReadTask, raw: Any, progress: Callable[[], object] = int) -> Generator[Raw, None, Ending]:
    """Yield all items of the file open as `raw`, in order; an error is the last item."""
    number = task.first - 1
    budget = Budget(task.path, task.max_bytes, progress)
    context = ReadContext(
        path=task.path,
        collection=task.collection,
        max_bytes=task.max_bytes,
        start=task.start,
        end=task.end,
        first=task.first,
        is_split=bool(task.kind),
        is_last=task.is_last,
        rows=task.rows,
        statuses=task.statuses,
        budget=budget,
        open_member=contents,
    )
    try:
        digest = ""
        if task.kind:
            form = find_format(task.kind)
            only = form is not None and form.parts_are_files
            plain = buffered(raw, False, True, task.start if only else 0, task.end if only else -1, budget=budget)
        elif _needs_hash_pass(task, raw):
            digest = _hashed(raw)
            plain = buffered(raw, hashed=False, budget=budget)
        else:
            plain = buffered(raw, budget=budget)
        with plain:
            for item in contents(context, plain, task.path, task.kind):
                budget.deliver()
                number += 1
                if _is_selected(task, number, item.origin):
                    yield item
            if not task.kind and not digest:
                while plain.read(COPY_BYTES):  # the hash needs the bytes that a decompressor or a limit left unread
                    pass
                digest = cast("HashingReader", plain.raw).hexdigest()
            return True, digest
    except Exception as error:  # noqa: BLE001 - libraries raise what they like, and a bad file costs itself only
        failed = failure(task, number, error)
        if _is_selected(task, number + 1, failed.origin):
            yield failed
        return False, ""


def _needs_hash_pass(task: ReadTask, raw: Any) -> bool:
    """Return whether the format needs random access and the file allows it cheaply.

    Its hash then needs a separate pass.
    """
    if is_remote(task.path) or not raw.seekable():
        return False
    head = raw.read(HEAD_BYTES)
    raw.seek(0)
    form = find_format(recognise(head, task.path))
    return form is not None and form.random_access


def _hashed(raw: Any) -> str:
    digest = sha256()
    while block := raw.read(COPY_BYTES):
        digest.update(block)
    raw.seek(0)
    return digest.hexdigest()


def failure(task: ReadTask, number: int, error: Exception) -> Raw:
    """Return the item that reports what went wrong after item `number` of a file."""
    return failure_of(task.path, number, error, task.collection)


def _is_selected(task: ReadTask, number: int, origin: str) -> bool:
    """Return whether an item is selected, by its number in the file or member."""
    if task.wanted is None and not task.members:
        return True
    path, of_member = parse_origin(origin)
    numbers = dict(task.members).get(path)
    return (task.wanted is not None and is_wanted(number, task.wanted)) or (numbers is not None and is_wanted(of_member, numbers))


def parse_origin(origin: str) -> tuple[str, int]:
    """Parse an origin into the path and the record's number (0: the whole file)."""
    path, mark, number = origin.rpartition("#")
    return (path, int(number)) if mark and number.isdigit() else (origin, 0)


def is_wanted(number: int, wanted: frozenset[int] | None) -> bool:
    """Return whether item `number` is selected, as `ReadTask.wanted` says."""
    return not wanted or 0 in wanted or number in wanted or any(one < 0 and number >= -one for one in wanted)


def contents(context: ReadContext, stream: io.BufferedReader, name: str, expected: str = "") -> Iterator[Raw]:
    """Yield all items of a file or of a part of it.

    Args:
        context: the file.
        stream: its bytes.
        name: its name, which may help to recognise its format.
        expected: the kind of a file that was split, else "".

    Raises:
        Unreadable: the file cannot be read.
        Exception: the errors of reading and decompressing pass through.
    """
    for layers in range(MAX_LAYERS + 1):
        kind = recognise(stream.peek(HEAD_BYTES), name)
        if kind not in COMPRESSIONS:
            break
        if layers == MAX_LAYERS:
            raise Unreadable(f"{context.path} is compressed more than three times; decompress it first")
        try:
            stream, name = decompress(stream, kind, context.budget), strip_compression_suffix(name)
        except MissingExtra as error:
            raise Unreadable(f"{context.path}: {error}") from error
    if expected not in ("", kind):
        raise Unreadable(f"{context.path} changed while it was read; run again")
    form = find_format(kind)
    if form is None:
        yield _document(context, name, stream)
        return
    empty = True
    for raw in form.read(context, stream):
        empty = False
        yield raw
    if empty and context.first == 1 and context.is_last and not context.depth:
        yield Raw(context.path, b"", source=context.collection, drop="no documents in it")


def _document(context: ReadContext, name: str, stream: io.BufferedReader) -> Raw:
    blocks: list[bytes] = []
    size = 0
    while block := stream.read(HEAD_BYTES):
        blocks.append(block)
        size += len(block)
        if size > context.max_bytes:
            limit = megabytes(context.max_bytes)
            raise Unreadable(f"{context.path} has more than {limit} in one document; raise --max-document-mb or split the file")
    return Raw(context.path, b"".join(blocks), name=name, source=context.collection)


def split_points(
    path: str, raw: Any, split_bytes: int, ending: list[tuple[int, str]], progress: Callable[[], object] = int
) -> Iterator[tuple[str, SplitPoint]]:
    """Yield the split points of the file open as `raw`, with its format's kind.

    If that takes reading the whole file, its size and SHA-256 are put into `ending`. The errors of
    reading pass through.

    Raises:
        Irregular: the file must not be split, or not from here on.
    """
    kind, compression, form = _split_format(raw.read(HEAD_BYTES), path)
    raw.seek(0)
    if form is None:
        return
    # The headers of a plain WARC and the footer of a parquet file are read without the rest.
    hashed = form.split_reads_all or compression != ""
    budget = Budget(path, progress=progress)
    stream = buffered(raw, hashed, counted=False, buffer=HEAD_BYTES if hashed else _WALK_BYTES, budget=budget)
    for point in form.split_points(stream, compression, split_bytes):
        yield kind, point
    if hashed:
        ending.append((stream.tell(), cast("HashingReader", stream.raw).hexdigest()))


def _split_format(head: bytes, path: str) -> tuple[str, str, InputFormat | None]:
    """Return kind, compression and format of a file, by its head.

    The format is None if files of its kind cannot be split.
    """
    kind, compression = recognise(head, path), ""
    if kind in ("gzip", "zstd"):
        inside = io.BufferedReader(MemberDecompressor(io.BytesIO(head), kind), HEAD_BYTES).peek(HEAD_BYTES)
        kind, compression = recognise(inside), kind
    form = find_format(kind)
    return (kind, compression, form) if form is not None and compression in form.split_inside else (kind, "", None)
