"""What one file holds, as raw items: unpacked, recognised by its first bytes, and read by its format."""

from __future__ import annotations

import io
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, cast

from newsbeam.errors import MissingExtra
from newsbeam.inputs.compression import COMPRESSIONS, Pieces, Plain, buffered, decompress, without_compression
from newsbeam.inputs.failures import failure_of
from newsbeam.inputs.formats import INPUT_FORMATS
from newsbeam.inputs.formats.base import COPY_BYTES, InputFormat, ReadContext, SplitPoint
from newsbeam.inputs.limits import Budget, Unreadable, megabytes
from newsbeam.inputs.statuses import OK_STATUSES, Statuses
from newsbeam.storage.filesystem import is_remote
from newsbeam.transforms.decode import HEAD_BYTES, container
from newsbeam.transforms.document import Raw
from newsbeam.transforms.fields import USUAL_NAMES, RowOptions

MAX_LAYERS = 3
"""How many times over a file may be compressed."""

_WALK_BYTES = 4 << 10
"""More than most headers of an archive's record, and less than most bodies, which are passed over."""


@dataclass(frozen=True)
class ReadTask:
    """One file to read, or a part of one: see ReadContext. `kind` is its format where it was split ("": it was not); `wanted` the numbers
    of the items to take in a replay (0: all of them, -n: from the n-th on), `members` the same for members of an archive; neither: all.
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
"""Whether a file was read to its end, and its SHA-256 ("" where it was not, or where only a part of it was read)."""


def items(task: ReadTask, raw: Any, progress: Callable[[], object] = int) -> Generator[Raw, None, Ending]:
    """Everything in a file that is open as `raw`, in its order; what goes wrong is the last item, with its `error` set."""
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
            only = INPUT_FORMATS[task.kind].parts_are_files
            plain = buffered(raw, False, True, task.start if only else 0, task.end if only else -1, budget=budget)
        elif _jumps(task, raw):
            digest = _hashed(raw)
            plain = buffered(raw, hashed=False, budget=budget)
        else:
            plain = buffered(raw, budget=budget)
        with plain:
            for item in contents(context, plain, task.path, task.kind):
                budget.deliver()
                number += 1
                if _is_taken(task, number, item.origin):
                    yield item
            if not task.kind and not digest:
                while plain.read(COPY_BYTES):  # to the end, for the hash: what a decompressor or a limit left over
                    pass
                digest = cast("Plain", plain.raw).hexdigest()
            return True, digest
    except Exception as error:  # noqa: BLE001 - libraries raise what they like, and a bad file costs itself only
        failed = failure(task, number, error)
        if _is_taken(task, number + 1, failed.origin):
            yield failed
        return False, ""


def _jumps(task: ReadTask, raw: Any) -> bool:
    """Whether a file is read from several places, and lies where that is cheap: its hash is a reading of its own then."""
    if is_remote(task.path) or not raw.seekable():
        return False
    head = raw.read(HEAD_BYTES)
    raw.seek(0)
    form = INPUT_FORMATS.get(container(head, task.path))
    return form is not None and form.random_access


def _hashed(raw: Any) -> str:
    digest = sha256()
    while block := raw.read(COPY_BYTES):
        digest.update(block)
    raw.seek(0)
    return digest.hexdigest()


def failure(task: ReadTask, number: int, error: Exception) -> Raw:
    """The item that says what went wrong after the `number`-th one of a file."""
    return failure_of(task.path, number, error, task.collection)


def _is_taken(task: ReadTask, number: int, origin: str) -> bool:
    """Whether an item is taken, by its number in the file or, out of an archive, by its member and its number there."""
    if task.wanted is None and not task.members:
        return True
    path, of_member = place_of(origin)
    numbers = dict(task.members).get(path)
    return (task.wanted is not None and is_wanted(number, task.wanted)) or (numbers is not None and is_wanted(of_member, numbers))


def place_of(origin: str) -> tuple[str, int]:
    """The path and the record's number (0: the whole file) of an origin."""
    path, mark, number = origin.rpartition("#")
    return (path, int(number)) if mark and number.isdigit() else (origin, 0)


def is_wanted(number: int, wanted: frozenset[int] | None) -> bool:
    """Whether the `number`-th item is to be taken, as `ReadTask.wanted` says."""
    return not wanted or 0 in wanted or number in wanted or any(one < 0 and number >= -one for one in wanted)


def contents(context: ReadContext, stream: io.BufferedReader, name: str, expected: str = "") -> Iterator[Raw]:
    """Everything in one file, or in one part of it. `expected` is the kind of a file that was split ("": it was not).

    Raises Unreadable, and what reading and unpacking raise.
    """
    for layers in range(MAX_LAYERS + 1):
        kind = container(stream.peek(HEAD_BYTES), name)
        if kind not in COMPRESSIONS:
            break
        if layers == MAX_LAYERS:
            raise Unreadable(f"{context.path} is compressed more than three times over: unpack it first")
        try:
            stream, name = decompress(stream, kind, context.budget), without_compression(name)
        except MissingExtra as error:
            raise Unreadable(f"{context.path}: {error}") from error
    if expected not in ("", kind):
        raise Unreadable(f"{context.path} was changed while it was read: run it again")
    if kind not in INPUT_FORMATS:
        yield _document(context, name, stream)
        return
    empty = True
    for raw in INPUT_FORMATS[kind].read(context, stream):
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
            raise Unreadable(f"{context.path} has more than {limit} in one document; raise --max-document-mb or split it")
    return Raw(context.path, b"".join(blocks), name=name, source=context.collection)


def split_points(
    path: str, raw: Any, split_bytes: int, ending: list[tuple[int, str]], progress: Callable[[], object] = int
) -> Iterator[tuple[str, SplitPoint]]:
    """The places where a file that is open as `raw` can be split, each with its format's kind.

    Where all of the file was read for that, its size and its SHA-256 are put into `ending`. Raises what reading raises, and Irregular where
    the file is not to be split, or not from here on.
    """
    compression, form = _split_format(raw.read(HEAD_BYTES), path)
    raw.seek(0)
    if form is None:
        return
    # Walking a plain WARC and looking at the end of a parquet file is done without reading all of it.
    hashed = form.split_reads_all or compression != ""
    budget = Budget(path, progress=progress)
    stream = buffered(raw, hashed, counted=False, buffer=HEAD_BYTES if hashed else _WALK_BYTES, budget=budget)
    for point in form.split_points(stream, compression, split_bytes):
        yield form.kind, point
    if hashed:
        ending.append((stream.tell(), cast("Plain", stream.raw).hexdigest()))


def _split_format(head: bytes, path: str) -> tuple[str, InputFormat | None]:
    """How a file that begins so is compressed, and its format; None where it is not split."""
    kind, compression = container(head, path), ""
    if kind in ("gzip", "zstd"):
        inside = io.BufferedReader(Pieces(io.BytesIO(head), kind), HEAD_BYTES).peek(HEAD_BYTES)
        kind, compression = container(inside), kind
    form = INPUT_FORMATS.get(kind)
    return (compression, form) if form is not None and compression in form.split_inside else ("", None)
