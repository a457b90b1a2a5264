"""The graph of a run without an end: messages in, the files of one window after the other out.

    read ─ take ─ items ─ work ─► (key, ending) ─ once ─► (window, ending) ─ gather ─► files and a manifest

`take`, `items` and `work` fuse with what the connector hands over; what travels from there on is single endings (what became
of one document). `once` lets the first of a key pass and makes the others dropped rows. `gather` holds the endings of one window
until the watermark has passed its end, then writes them.

Both are stateful DoFns in the one global window, and the windows are plain arithmetic on a message's time. Beam's own windows with
triggers would drop what is later than the allowed lateness, which a watermark that ran ahead (one record dated 2099) makes of
everything; they fire late panes one record at a time on one engine and never on another, and number them differently.
Here nothing is ever dropped for its time, on any engine.

What makes a replay idempotent. An engine that lost a worker goes back to its last checkpoint with the state of both DoFns, so the
same duplicates are found and the same window writes the same file names again, over what the lost attempt wrote. The names hold
the window, the run and, from the second time a window is written, how often it was (`-late1`). A replay may divide a window otherwise
between its first and its late files; so what is written into one is taken out of the later ones, which only the lost attempt can
have written.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any

import apache_beam as beam
import orjson
from apache_beam import coders
from apache_beam.transforms.userstate import BagStateSpec, ReadModifyWriteStateSpec, TimerSpec, on_timer
from apache_beam.transforms.window import GlobalWindows, TimestampedValue
from apache_beam.utils.timestamp import Timestamp

from pipeline import files, leases, written
from pipeline.messages import OLDEST, Message, MessageReader
from pipeline.pool import Pool, merge
from pipeline.progress import NOW
from pipeline.read import BUNDLE_BYTES, BUNDLE_ITEMS
from pipeline.recipe import UNENDING
from pipeline.streams import unpacked
from pipeline.worker import Setup, fail
from pipeline.write import KINDS, STEMS, Job, compressed, manifest
from transforms.document import Failed, Raw

_KEEP_COUNT = OLDEST + 86_400
"""Seconds after its end for which a window's count of its files is kept: nothing can come for it later."""

REDELIVERED = "redelivered: this id was seen before"


@dataclass(frozen=True)
class Stream:
    """How a stream is cut and told apart: `window` and `remember` in seconds; `run` is this run's number in its output folder.

    What earlier runs wrote already (see `pipeline.written`): `done` of Kafka's messages, and the file `seen` with marks of keys.
    """

    window: int = 60
    remember: int = 86_400
    run: int = 1
    done: tuple[tuple[str, tuple[written.Stretch, ...]], ...] = ()
    seen: str = ""


class Process(beam.PTransform):  # type: ignore[misc]
    """Messages with their times → the manifests of the files that were written.

    Raises ValueError for a recipe with `site_template`, and for a format that cannot be written window by window.
    """

    def __init__(self, job: Job, stream: Stream, reader: MessageReader) -> None:
        super().__init__()
        if job.recipe.site_template is not None:
            raise ValueError(UNENDING)
        if job.format == "parquet":
            raise ValueError("a stream writes JSON lines; make parquet of the finished files")
        self._job, self._stream, self._reader = job, stream, reader

    def expand(self, messages: Any) -> Any:
        """See the module's docstring."""
        items = messages | "take" >> beam.ParDo(_Take(self._stream)) | "items" >> beam.FlatMap(_items, self._reader)
        endings = items | "work" >> beam.ParDo(_Work(self._job)).with_output_types(tuple[str, Any])
        once = endings | "once" >> beam.ParDo(_Once(self._stream.remember, self._stream.seen))
        of_windows = once | "windows" >> beam.ParDo(_Windows(self._stream.window)).with_output_types(tuple[int, Any])
        return of_windows | "gather" >> beam.ParDo(_Gather(self._job, replace(self._stream, done=())))


class _Take(beam.DoFn):  # type: ignore[misc]
    """Messages but for those that an earlier run wrote; those from the future, or from before brokers remember, as of now.

    A window of such would be waited for until 2099, or hold what has nothing to do with 1970.
    """

    def __init__(self, stream: Stream) -> None:
        self._done = {place: list(stretches) for place, stretches in stream.done}

    def process(self, message: Message, timestamp: Any = beam.DoFn.TimestampParam) -> Iterator[Any]:
        if self._done and written.is_written(message, self._done):
            return
        now = time.time()
        yield message if now - OLDEST <= timestamp.micros / 1e6 <= now else TimestampedValue(message, Timestamp(now))


Source = tuple[str, int, int]
"""What an ending is of: a message's origin and time, and how many things were in the message, told with the last of them, else 0."""


def _items(message: Message, reader: MessageReader) -> Iterator[tuple[Raw, Source]]:
    """The raw items in a message, each with what it is of."""
    number, before = 0, None
    for raw in reader.read(message):
        if before is not None:
            yield before, (message.origin, message.time, 0)
        number, before = number + 1, raw
    if before is not None:
        yield before, (message.origin, message.time, number)


# --- work -----------------------------------------------------------------------------------------------------------

_Batch = tuple[tuple[Raw, ...], tuple[tuple[Source, Timestamp], ...]]
_idle: dict[tuple[Setup, int], list[Pool[_Batch]]] = {}
_idle_lock = threading.Lock()


@atexit.register
def _close_idle() -> None:
    for pools in _idle.values():
        for pool in pools:
            pool.close()


class _Work(beam.DoFn):  # type: ignore[misc]
    """Raw items → (key, ending), in their order, each with the time of its message.

    The worker processes outlive the DoFn: Beam's own local engine makes a new one for each bundle, and a bundle of a stream may be one
    message, which is done a hundred times before a worker has started.
    """

    def __init__(self, job: Job) -> None:
        self._setup, self._workers = replace(job.setup, singly=True), job.workers
        self._pool: Pool[_Batch] | None = None

    def setup(self) -> None:
        with _idle_lock:
            idle = _idle.get((self._setup, self._workers))
            self._pool = idle.pop() if idle else None
        if self._pool is None:
            self._pool = Pool(self._setup, self._workers)

    def start_bundle(self) -> None:
        self._held: list[Raw] = []
        self._sources: list[tuple[Source, Timestamp]] = []
        self._size = 0

    def process(self, item: tuple[Raw, Source], timestamp: Any = beam.DoFn.TimestampParam) -> Iterator[Any]:
        raw, source = item
        self._held.append(raw)
        self._sources.append((source, timestamp))
        self._size += len(raw.payload)
        NOW.begun += 1
        if self._size >= BUNDLE_BYTES or len(self._held) >= BUNDLE_ITEMS:
            self._flush()
            for key, ending, time_of in self._finished(False):
                yield TimestampedValue((key, ending), time_of)

    def finish_bundle(self) -> Iterator[Any]:
        if self._held:
            self._flush()
        for key, ending, time_of in self._finished(True):
            yield GlobalWindows.windowed_value((key, ending), time_of)

    def teardown(self) -> None:
        if self._pool is None:
            return
        if self._pool.busy:  # its bundle failed: what is still to come belongs to nobody
            self._pool.close()
        else:
            with _idle_lock:
                _idle.setdefault((self._setup, self._workers), []).append(self._pool)
        self._pool = None

    def _flush(self) -> None:
        assert self._pool is not None
        self._pool.submit((tuple(self._held), tuple(self._sources)), self._held)
        self._held, self._sources, self._size = [], [], 0

    def _finished(self, everything: bool) -> Iterator[tuple[str, Any, Timestamp]]:
        assert self._pool is not None
        for (raws, sources), batch in self._pool.results(everything):
            endings = batch.endings
            if len(endings) != len(raws):
                # Raising would end the run on one engine and repeat the bundle for ever on another. So all of them are dead letters:
                # nothing is lost, nothing is written twice, and the account says so.
                message = f"{len(raws)} inputs went into a worker and {len(endings)} came out"
                logging.getLogger(__name__).error("newsbeam: %s; they are dead letters now", message)
                failed = Failed("work", "AccountError", message)
                endings = merge([fail(raw, failed, self._setup) for raw in raws]).endings
            NOW.finished += len(raws)
            for ending, (source, time_of) in zip(endings, sources, strict=True):
                NOW.failed += ending.kind == "dead_letters"
                # A plain tuple: Beam's coder writes it without pickling.
                yield ending.key, (*ending[1:], source), time_of


Ended = tuple[str, bytes, tuple[tuple[str, int], ...], Source, int]
"""What became of one thing: the kind of output, its line, what was counted, what it is of, and its key's mark, 0 if it was seen before."""


# --- once -----------------------------------------------------------------------------------------------------------


class _Once(beam.DoFn):  # type: ignore[misc]
    """(key, ending) → endings: the first of each key as it is, any other within `remember` seconds as a dropped row.

    `before` is the file with the marks of the keys that earlier runs wrote.

    Held for each key: the key (71 bytes for a record's id), a flag and a timer, until the watermark has passed `remember` seconds
    after the first arrival. So the state is bounded by the documents of that time. The timer is one of event time: one of
    processing time would hold back the watermark, and with it every window, for as long.
    """

    SEEN = ReadModifyWriteStateSpec("seen", coders.BooleanCoder())
    FORGET = TimerSpec("forget", beam.TimeDomain.WATERMARK)

    def __init__(self, remember: int, before: str) -> None:
        self._remember, self._before = remember, before

    def process(
        self,
        element: tuple[str, tuple[str, bytes, tuple[tuple[str, int], ...], Source]],
        timestamp: Any = beam.DoFn.TimestampParam,
        seen: Any = beam.DoFn.StateParam(SEEN),
        forget: Any = beam.DoFn.TimerParam(FORGET),
    ) -> Iterator[Ended]:
        key, (kind, line, counts, source) = element
        mark = written.mark_of(key) if self._remember else 0
        if seen.read() or (self._before and written.is_kept(mark, written.kept(self._before))):
            yield "dropped", _redelivered(orjson.loads(line)), _counts_again(counts), source, 0
            return
        if self._remember:
            seen.write(True)
            # From the clock on, since what is read from far behind may be delivered again just as well.
            forget.set(Timestamp(int(max(timestamp.micros / 1e6, time.time())) + self._remember))
        yield kind, line, counts, source, mark

    @on_timer(FORGET)
    def forget(self, seen: Any = beam.DoFn.StateParam(SEEN)) -> None:
        seen.clear()


def _redelivered(row: dict[str, Any]) -> bytes:
    """The dropped row for a document whose line is there already."""
    about = row.get("metadata", row)
    dropped = {
        "id": row["id"],
        "input_id": about["input_id"],
        "origin": about["origin"],
        "source": row["source"],
        "url": row["url"],
        "bytes": about["bytes"],
        "sha256": about["sha256"],
        "stage": "once",
        "reason": REDELIVERED,
    }
    return orjson.dumps(dropped, option=orjson.OPT_APPEND_NEWLINE)


def _counts_again(counts: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    """What was counted for a document, now that it is dropped: the input and the time it took."""
    kept = [one for one in counts if one[0].startswith(("input/", "ns/", "calls/")) or one[0] == "bytes"]
    return (*kept, ("dropped", 1), (f"reason/once: {REDELIVERED}", 1))


# --- gather ---------------------------------------------------------------------------------------------------------


class _Windows(beam.DoFn):  # type: ignore[misc]
    """Endings → (the start of their window in seconds since 1970, ending)."""

    def __init__(self, window: int) -> None:
        self._window = window

    def process(self, ending: Ended, timestamp: Any = beam.DoFn.TimestampParam) -> Iterator[Any]:
        seconds = timestamp.micros // 1_000_000
        yield seconds - seconds % self._window, ending


class _Gather(beam.DoFn):  # type: ignore[misc]
    """(window, ending) → what the manifests say, once the watermark is past the window's end and the files are written.

    What comes for a window that was written already is late: it waits for one more window's length, so that late messages
    come in one file and not each in its own.
    """

    HELD = BagStateSpec("held", coders.FastPrimitivesCoder())
    DUE = ReadModifyWriteStateSpec("due", coders.BooleanCoder())
    WRITTEN = ReadModifyWriteStateSpec("written", coders.VarIntCoder())
    WRITE = TimerSpec("write", beam.TimeDomain.WATERMARK)
    FORGET = TimerSpec("forget", beam.TimeDomain.WATERMARK)

    def __init__(self, job: Job, stream: Stream) -> None:
        self._job, self._stream = job, stream

    def process(
        self,
        element: tuple[int, Ended],
        held: Any = beam.DoFn.StateParam(HELD),
        due: Any = beam.DoFn.StateParam(DUE),
        times: Any = beam.DoFn.StateParam(WRITTEN),
        write: Any = beam.DoFn.TimerParam(WRITE),
        forget: Any = beam.DoFn.TimerParam(FORGET),
    ) -> None:
        start, ending = element
        held.add(ending)
        end = start + self._stream.window
        if not due.read():
            due.write(True)
            write.set(Timestamp(int(time.time()) + self._stream.window if times.read() else end))
            forget.set(Timestamp(end + _KEEP_COUNT))

    @on_timer(WRITE)
    def write(
        self,
        start: Any = beam.DoFn.KeyParam,
        held: Any = beam.DoFn.StateParam(HELD),
        due: Any = beam.DoFn.StateParam(DUE),
        times: Any = beam.DoFn.StateParam(WRITTEN),
    ) -> Iterator[dict[str, Any]]:
        endings = list(held.read())
        if endings:
            before = times.read() or 0
            about = write_window(self._job, self._stream, start, before, endings)
            leases.NOW.written(ending[3] for ending in endings)
            yield about
            times.write(before + 1)
            held.clear()
        due.clear()

    @on_timer(FORGET)
    def forget(self, start: Any = beam.DoFn.KeyParam, times: Any = beam.DoFn.StateParam(WRITTEN)) -> None:
        # Only if the clock says so as well: a watermark that ran ahead must not make a window begin again at its first name.
        if time.time() > start + self._stream.window + _KEEP_COUNT:
            times.clear()


def name_of(stream: Stream, start: int, before: int) -> str:
    """The part of the file names that stands for a window, this run, and how often the window had been written before."""
    window = datetime.fromtimestamp(start, timezone.utc).strftime("%Y%m%dT%H%M%S")
    return f"{window}-run{stream.run}" + (f"-late{before}" if before else "")


def write_window(job: Job, stream: Stream, start: int, before: int, endings: Iterable[Ended]) -> dict[str, Any]:
    """Write the files of one window and their manifest, which is returned. Done again, it gives the same files again.

    `before` is how often the window has been written in this run.
    """
    lines: dict[str, list[bytes]] = {kind: [] for kind in KINDS}
    total: Counter[str] = Counter()
    left: dict[tuple[str, int], int] = {}
    marks = []
    for kind, line, counts, (origin, when, of), mark in endings:
        if mark:
            marks.append(mark)
        lines[kind].append(line)
        total.update(dict(counts))
        left[origin, when] = left.get((origin, when), 0) - 1 + of
    again = {"messages": written.of_window(message for message, things in left.items() if things == 0), "keys": written.packed(marks)}
    later = before + 1
    while files.exists(_manifest_path(job, stream, start, later)):
        _take_out(job, stream, start, later, {_origin(line) for of_kind in lines.values() for line in of_kind})
        later += 1
    return _write(job, stream, start, before, lines, total, again)


def _write(
    job: Job,
    stream: Stream,
    start: int,
    before: int,
    lines: dict[str, list[bytes]],
    total: Counter[str],
    again: dict[str, Any],
) -> dict[str, Any]:
    name = name_of(stream, start, before)
    earlier = _manifest(job, stream, start, before)
    made = []
    for kind in KINDS:
        for number, shard in enumerate(_shards(sorted(lines[kind]), job.shard_bytes)):
            file = f"{STEMS[kind]}-{name}-{number:05d}.{job.format}"
            with files.whole(files.join(job.output, file)) as target, compressed(target, job.format) as text:
                text.write(b"".join(shard))
            made.append({"name": file, "records": len(shard), "bytes": sum(map(len, shard))})
    about = manifest(job, total)
    about["window"] = {"start": _iso(start), "end": _iso(start + stream.window), "run": stream.run, "late": before}
    about.update(files=made, **again)
    if any(len(lines[kind]) != about["counts"][kind] for kind in KINDS):
        about["account"] += ", which is not what was written: " + ", ".join(f"{len(lines[kind])} {kind}" for kind in KINDS)
        logging.getLogger(__name__).error("newsbeam: %s: %s", name, about["account"])
    with files.whole(_manifest_path(job, stream, start, before)) as target:
        target.write(orjson.dumps(about, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    for file in {one["name"] for one in earlier["files"]} - {one["name"] for one in made} if earlier else ():
        files.delete(files.join(job.output, file))
    return about


def _shards(lines: list[bytes], most: int) -> Iterator[list[bytes]]:
    shard: list[bytes] = []
    size = 0
    for line in lines:
        shard.append(line)
        size += len(line)
        if size >= most:
            yield shard
            shard, size = [], 0
    if shard:
        yield shard


def _take_out(job: Job, stream: Stream, start: int, before: int, origins: set[str]) -> None:
    """Take what is written elsewhere now out of a later file of the window."""
    about = _manifest(job, stream, start, before)
    lines: dict[str, list[bytes]] = {kind: [] for kind in KINDS}
    for file in about["files"] if about else ():
        kind = next(kind for kind in KINDS if file["name"].startswith(STEMS[kind] + "-"))
        with files.read(files.join(job.output, file["name"])) as packed, unpacked(packed) as text:
            lines[kind] += text.readlines()
    kept = {kind: [line for line in of_kind if _origin(line) not in origins] for kind, of_kind in lines.items()}
    if kept != lines:
        # What was counted beyond the lines, and which messages are whole in here, cannot be told apart any more.
        _write(job, stream, start, before, kept, Counter({kind: len(of_kind) for kind, of_kind in kept.items() if of_kind}), {})


def _origin(line: bytes) -> str:
    row = orjson.loads(line)
    return str(row.get("metadata", row)["origin"])


def _manifest_path(job: Job, stream: Stream, start: int, before: int) -> str:
    return files.join(job.output, f"manifest-{name_of(stream, start, before)}.json")


def _manifest(job: Job, stream: Stream, start: int, before: int) -> dict[str, Any]:
    """The manifest that is there already, or {}."""
    path = _manifest_path(job, stream, start, before)
    if not files.exists(path):
        return {}
    with files.read(path) as target:
        about: dict[str, Any] = orjson.loads(target.read())
        return about


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
