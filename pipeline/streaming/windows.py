"""Windows of messages, each written as a set of files."""

from __future__ import annotations

import logging
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
from apache_beam.utils.timestamp import Timestamp

from newsbeam.config.job import Job
from newsbeam.inputs.compression import decompressed
from newsbeam.outputs.formats import load_line_format
from newsbeam.outputs.manifest import describe_job
from newsbeam.sources import pubsub_leases
from newsbeam.sources.message import OLDEST
from newsbeam.storage import filesystem
from newsbeam.storage.manifest import Account, OutputFile, Window, WindowManifest
from newsbeam.storage.output_layout import OUTPUTS, MessageWindow, OutputKind, WindowFileName, WindowManifestName, parse_line_file
from newsbeam.streaming import history
from newsbeam.streaming.elements import Ended, Stream

_KEEP_COUNT = OLDEST + 86_400
"""Seconds after its end for which a window remembers how often it was written. No message can arrive for it later."""


class AssignWindows(beam.DoFn):  # type: ignore[misc]
    """Endings → (the start of their window in seconds since 1970, ending)."""

    def __init__(self, window: int) -> None:
        self._window = window

    def process(self, ending: Ended, timestamp: Any = beam.DoFn.TimestampParam) -> Iterator[Any]:
        seconds = timestamp.micros // 1_000_000
        yield seconds - seconds % self._window, ending


class WriteWindow(beam.DoFn):  # type: ignore[misc]
    """(window, ending) → the manifest of each complete window.

    That is when the watermark has passed its end and its files are written.

    Messages for a window that was already written are late. They wait for the length of one more window, so that they share a file.
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
    ) -> Iterator[WindowManifest]:
        endings = list(held.read())
        if endings:
            before = times.read() or 0
            manifest = write_window(self._job, self._stream, start, before, endings)
            pubsub_leases.NOW.written(ending[3] for ending in endings)
            yield manifest
            times.write(before + 1)
            held.clear()
        due.clear()

    @on_timer(FORGET)
    def forget(self, start: Any = beam.DoFn.KeyParam, times: Any = beam.DoFn.StateParam(WRITTEN)) -> None:
        # Only if the clock agrees: a watermark that ran ahead must not make a window start again with its first name.
        if time.time() > start + self._stream.window + _KEEP_COUNT:
            times.clear()


def write_window(job: Job, stream: Stream, start: int, before: int, endings: Iterable[Ended]) -> WindowManifest:
    """Write the files of one window and their manifest.

    Repeated, it writes the same files again.

    Args:
        job: the run.
        stream: how the messages are divided into windows.
        start: the start of the window in seconds since 1970.
        before: how often this run has written the window before.
        endings: the results of the messages in the window.
    """
    window = MessageWindow(start, stream.run, before)
    lines: dict[OutputKind, list[bytes]] = {kind: [] for kind in OUTPUTS}
    total: Counter[str] = Counter()
    left: dict[tuple[str, int], int] = {}
    marks = []
    for kind, line, counts, (origin, when, of), mark in endings:
        if mark:
            marks.append(mark)
        lines[kind].append(line)
        total.update(dict(counts))
        left[origin, when] = left.get((origin, when), 0) - 1 + of
    processed = _Processed(
        messages=history.summarise_window(message for message, things in left.items() if things == 0),
        keys=history.encode_keys(marks),
    )
    later = replace(window, late=before + 1)
    while filesystem.exists(_manifest_path(job, later)):
        _remove_lines(job, stream, later, {_origin(line) for of_kind in lines.values() for line in of_kind})
        later = replace(later, late=later.late + 1)
    return _write(job, stream, window, lines, total, processed)


@dataclass(frozen=True)
class _Processed:
    """The messages and keys that a window accounts for.

    None if that is no longer known.
    """

    messages: history.Processed | None = None
    keys: str | None = None


def _write(
    job: Job,
    stream: Stream,
    window: MessageWindow,
    lines: dict[OutputKind, list[bytes]],
    total: Counter[str],
    processed: _Processed,
) -> WindowManifest:
    earlier = _load_manifest(job, window)
    files = []
    for kind in OUTPUTS:
        for number, shard in enumerate(_shards(sorted(lines[kind]), job.shard_bytes)):
            name = str(WindowFileName(kind, window, number, job.format))
            with filesystem.atomic_write(filesystem.join(job.output, name)) as target, load_line_format(job.format).open(target) as text:
                text.write(b"".join(shard))
            files.append(OutputFile(name, len(shard), sum(map(len, shard))))
    manifest = WindowManifest(
        **vars(describe_job(job, total)),
        window=Window(_iso(window.start), _iso(window.start + stream.window), window.run, window.late),
        files=tuple(files),
        messages=processed.messages,
        keys=processed.keys,
    )
    written = {kind: len(lines[kind]) for kind in OUTPUTS}
    if Account.of(written) != manifest.counts:
        actual = ", ".join(f"{number} {kind}" for kind, number in written.items())
        manifest = replace(manifest, account=f"{manifest.account}, which is not what was written: {actual}")
        logging.getLogger(__name__).error("newsbeam: %s: %s", window, manifest.account)
    manifest.save(_manifest_path(job, window))
    for name in {file.name for file in earlier.files} - {file.name for file in files} if earlier else ():
        filesystem.delete(filesystem.join(job.output, name))
    return manifest


def _shards(lines: list[bytes], limit: int) -> Iterator[list[bytes]]:
    shard: list[bytes] = []
    size = 0
    for line in lines:
        shard.append(line)
        size += len(line)
        if size >= limit:
            yield shard
            shard, size = [], 0
    if shard:
        yield shard


def _remove_lines(job: Job, stream: Stream, window: MessageWindow, origins: set[str]) -> None:
    """Remove lines that are in another file by now.

    They are removed from the files of a later writing of the window.
    """
    manifest = _load_manifest(job, window)
    lines: dict[OutputKind, list[bytes]] = {kind: [] for kind in OUTPUTS}
    for file in manifest.files if manifest else ():
        if (name := parse_line_file(file.name)) is not None:
            with filesystem.read(filesystem.join(job.output, file.name)) as packed, decompressed(packed) as text:
                lines[name.kind] += text.readlines()
    kept = {kind: [line for line in of_kind if _origin(line) not in origins] for kind, of_kind in lines.items()}
    if kept != lines:
        # Nobody can tell any more which other counts, and which complete messages, belong to the lines that stay.
        counts = Counter({str(kind): len(of_kind) for kind, of_kind in kept.items() if of_kind})
        _write(job, stream, window, kept, counts, _Processed())


def _origin(line: bytes) -> str:
    row = orjson.loads(line)
    return str(row.get("metadata", row)["origin"])


def _manifest_path(job: Job, window: MessageWindow) -> str:
    return filesystem.join(job.output, str(WindowManifestName(window)))


def _load_manifest(job: Job, window: MessageWindow) -> WindowManifest | None:
    """The manifest of an earlier attempt to write the window, if there is one."""
    path = _manifest_path(job, window)
    return WindowManifest.load(path, history.MANIFEST_CURE) if filesystem.exists(path) else None


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
