"""The graph of a run over messages: messages in, files per window out.

    read ─ take ─ items ─ work ─► (key, ending) ─ once ─► (window, ending) ─ gather ─► files and a
    manifest

`take`, `items` and `work` fuse with the connector. From there on single endings travel, each the
result of one document. `once` passes the first ending of a key and turns the others into dropped
rows. `gather` holds the endings of a window until the watermark has passed its end, then writes
them.

Both are stateful DoFns in the global window, and the windows are computed from a message's time.
Beam's triggers are not used: allowed lateness drops data, and a watermark that ran ahead (one
record dated 2099) would make everything late. Runners also differ in how they fire and number late
panes. Here no message is dropped for its time, on any runner.

A replay is idempotent. A runner that lost a worker returns to its last checkpoint, with the state
of both DoFns. It finds the same duplicates, and the same window writes the same file names again,
over those of the lost attempt. The names have the window, the run and, if the window was written
before, the number of times (`-late1`). A replay may divide a window differently between its first
and its late files. So what is written to one is removed from the later ones, which only the lost
attempt can have written.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import apache_beam as beam
from apache_beam.transforms.window import GlobalWindows, TimestampedValue
from apache_beam.utils.timestamp import Timestamp

from newsbeam.config.job import Job, WorkerConfig
from newsbeam.config.recipe import UNBOUNDED_WITH_SITE_TEMPLATE
from newsbeam.inputs.work_units import BATCH_BYTES, BATCH_ITEMS
from newsbeam.outputs.formats import load_line_format
from newsbeam.sources.message import OLDEST, Message
from newsbeam.sources.messages import MessageReader
from newsbeam.storage.progress import CURRENT
from newsbeam.streaming import history
from newsbeam.streaming.deduplication import Deduplicate
from newsbeam.streaming.elements import Source, Stream
from newsbeam.streaming.windows import AssignWindows, WriteWindow
from newsbeam.transforms.document import Failed, Raw
from newsbeam.workers.pool import Pool, merge
from newsbeam.workers.results import failed_batch


class Process(beam.PTransform):  # type: ignore[misc]
    """Messages with their times → the manifests of the files that were written.

    Raises ValueError for a recipe with `site_template` without the counts of an earlier run, and for a format that cannot be written
    line by line.
    """

    def __init__(self, job: Job, stream: Stream, reader: MessageReader) -> None:
        super().__init__()
        if job.recipe.site_template is not None and not job.setup.counts:
            raise ValueError(UNBOUNDED_WITH_SITE_TEMPLATE)
        load_line_format(job.format)
        self._job, self._stream, self._reader = job, stream, reader

    def expand(self, messages: Any) -> Any:
        """Build the graph in the module's docstring."""
        items = messages | "take" >> beam.ParDo(SkipProcessed(self._stream)) | "items" >> beam.FlatMap(_items, self._reader)
        endings = items | "work" >> beam.ParDo(_Work(self._job)).with_output_types(tuple[str, Any])
        once = endings | "once" >> beam.ParDo(Deduplicate(self._stream.remember, self._stream.seen))
        of_windows = once | "windows" >> beam.ParDo(AssignWindows(self._stream.window)).with_output_types(tuple[int, Any])
        return of_windows | "gather" >> beam.ParDo(WriteWindow(self._job, replace(self._stream, done=())))


class SkipProcessed(beam.DoFn):  # type: ignore[misc]
    """Messages except those that an earlier run wrote.

    A time in the future, or before brokers retain messages, becomes the present. Otherwise a window
    would be waited for until 2099, or would hold unrelated messages of 1970.
    """

    def __init__(self, stream: Stream) -> None:
        self._done = {place: list(stretches) for place, stretches in stream.done}

    def process(self, message: Message, timestamp: Any = beam.DoFn.TimestampParam) -> Iterator[Any]:
        if self._done and history.is_written(message, self._done):
            return
        now = time.time()
        yield message if now - OLDEST <= timestamp.micros / 1e6 <= now else TimestampedValue(message, Timestamp(now))


def _items(message: Message, reader: MessageReader) -> Iterator[tuple[Raw, Source]]:
    """Yield the raw items in a message, each with its source."""
    number, before = 0, None
    for raw in reader.read(message):
        if before is not None:
            yield before, (message.origin, message.time, 0)
        number, before = number + 1, raw
    if before is not None:
        yield before, (message.origin, message.time, number)


# --- work -----------------------------------------------------------------------------------------------------------

_Batch = tuple[tuple[Raw, ...], tuple[tuple[Source, Timestamp], ...]]
_idle: dict[tuple[WorkerConfig, int], list[Pool[_Batch]]] = {}
_idle_lock = threading.Lock()


@atexit.register
def _close_idle() -> None:
    for pools in _idle.values():
        for pool in pools:
            pool.close()


class _Work(beam.DoFn):  # type: ignore[misc]
    """Raw items → (key, ending) in order, each with the time of its message.

    The worker processes outlive the DoFn. Beam's local runner creates a DoFn for each bundle, and a
    bundle of a stream may be one message, which takes a hundredth of the time that a worker needs
    to start.
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
        CURRENT.begun += 1
        if self._size >= BATCH_BYTES or len(self._held) >= BATCH_ITEMS:
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
        if self._pool.busy:  # its bundle failed: pending results are useless
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
                # Turn the whole batch into dead letters: raising would end the run on one runner
                # and retry forever on another.
                message = f"{len(raws)} inputs were given to a worker and {len(endings)} results returned"
                logging.getLogger(__name__).error("newsbeam: %s; all of them are dead letters now", message)
                failed = Failed("work", "AccountError", message)
                endings = merge([failed_batch(raw, failed, self._setup) for raw in raws]).endings
            CURRENT.finished += len(raws)
            for ending, (source, time_of) in zip(endings, sources, strict=True):
                CURRENT.failed += ending.kind == "dead_letters"
                # A plain tuple: Beam's coder writes it without pickling.
                yield ending.key, (*ending[1:], source), time_of
