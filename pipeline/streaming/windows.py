"""Windows of messages, each written as a set of files."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from typing import Any

import apache_beam as beam
import orjson
from apache_beam import coders
from apache_beam.transforms.userstate import BagStateSpec, ReadModifyWriteStateSpec, TimerSpec, on_timer
from apache_beam.utils.timestamp import Timestamp

from newsbeam.config.job import Job
from newsbeam.inputs.compression import unpacked
from newsbeam.outputs.manifest import manifest
from newsbeam.outputs.shards import compressed
from newsbeam.sources import pubsub_leases
from newsbeam.sources.message import OLDEST
from newsbeam.storage import filesystem
from newsbeam.storage.output_layout import FILE_PREFIX, OUTPUTS
from newsbeam.streaming import history
from newsbeam.streaming.elements import Ended, Stream

_KEEP_COUNT = OLDEST + 86_400
"""Seconds after its end for which a window's count of its files is kept: nothing can come for it later."""


class AssignWindows(beam.DoFn):  # type: ignore[misc]
    """Endings → (the start of their window in seconds since 1970, ending)."""

    def __init__(self, window: int) -> None:
        self._window = window

    def process(self, ending: Ended, timestamp: Any = beam.DoFn.TimestampParam) -> Iterator[Any]:
        seconds = timestamp.micros // 1_000_000
        yield seconds - seconds % self._window, ending


class WriteWindow(beam.DoFn):  # type: ignore[misc]
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
            pubsub_leases.NOW.written(ending[3] for ending in endings)
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
    lines: dict[str, list[bytes]] = {kind: [] for kind in OUTPUTS}
    total: Counter[str] = Counter()
    left: dict[tuple[str, int], int] = {}
    marks = []
    for kind, line, counts, (origin, when, of), mark in endings:
        if mark:
            marks.append(mark)
        lines[kind].append(line)
        total.update(dict(counts))
        left[origin, when] = left.get((origin, when), 0) - 1 + of
    again = {
        "messages": history.summarise_window(message for message, things in left.items() if things == 0),
        "keys": history.encode_keys(marks),
    }
    later = before + 1
    while filesystem.exists(_manifest_path(job, stream, start, later)):
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
    for kind in OUTPUTS:
        for number, shard in enumerate(_shards(sorted(lines[kind]), job.shard_bytes)):
            file = f"{FILE_PREFIX[kind]}-{name}-{number:05d}.{job.format}"
            with filesystem.atomic_write(filesystem.join(job.output, file)) as target, compressed(target, job.format) as text:
                text.write(b"".join(shard))
            made.append({"name": file, "records": len(shard), "bytes": sum(map(len, shard))})
    about = manifest(job, total)
    about["window"] = {"start": _iso(start), "end": _iso(start + stream.window), "run": stream.run, "late": before}
    about.update(files=made, **again)
    if any(len(lines[kind]) != about["counts"][kind] for kind in OUTPUTS):
        about["account"] += ", which is not what was written: " + ", ".join(f"{len(lines[kind])} {kind}" for kind in OUTPUTS)
        logging.getLogger(__name__).error("newsbeam: %s: %s", name, about["account"])
    with filesystem.atomic_write(_manifest_path(job, stream, start, before)) as target:
        target.write(orjson.dumps(about, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    for file in {one["name"] for one in earlier["files"]} - {one["name"] for one in made} if earlier else ():
        filesystem.delete(filesystem.join(job.output, file))
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
    lines: dict[str, list[bytes]] = {kind: [] for kind in OUTPUTS}
    for file in about["files"] if about else ():
        kind = next(kind for kind in OUTPUTS if file["name"].startswith(FILE_PREFIX[kind] + "-"))
        with filesystem.read(filesystem.join(job.output, file["name"])) as packed, unpacked(packed) as text:
            lines[kind] += text.readlines()
    kept = {kind: [line for line in of_kind if _origin(line) not in origins] for kind, of_kind in lines.items()}
    if kept != lines:
        # What was counted beyond the lines, and which messages are whole in here, cannot be told apart any more.
        _write(job, stream, start, before, kept, Counter({kind: len(of_kind) for kind, of_kind in kept.items() if of_kind}), {})


def _origin(line: bytes) -> str:
    row = orjson.loads(line)
    return str(row.get("metadata", row)["origin"])


def _manifest_path(job: Job, stream: Stream, start: int, before: int) -> str:
    return filesystem.join(job.output, f"manifest-{name_of(stream, start, before)}.json")


def _manifest(job: Job, stream: Stream, start: int, before: int) -> dict[str, Any]:
    """The manifest that is there already, or {}."""
    path = _manifest_path(job, stream, start, before)
    if not filesystem.exists(path):
        return {}
    with filesystem.read(path) as target:
        about: dict[str, Any] = orjson.loads(target.read())
        return about


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
