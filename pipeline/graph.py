"""The whole Beam graph on one screen.

    shares ─ split ─ read ─► bundles of raw items ─ work ─► batches of lines ─ write ─► parts ─ gather ─► publish

`read`, `work` and `write` fuse into one stage: a document is never encoded or shuffled between them. Any other source
of raw items, bounded or not, takes the place of `read`: nothing from `work` on assumes an end of the input. Of an
unbounded source, each window of the parts is published by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import uuid4

import apache_beam as beam
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.timestamp import Timestamp
from apache_beam.utils.windowed_value import WindowedValue

from pipeline import files
from pipeline.pool import Pool
from pipeline.progress import NOW
from pipeline.read import BUNDLE_BYTES, BUNDLE_ITEMS, Bundle, EndOfPart, Reader, Share, read_share, split, write_shares
from pipeline.worker import Batch
from pipeline.write import Job, PartWriter, publish
from transforms.document import Raw


def run_shares(pipeline: Any, shares: Sequence[Share], job: Job, finished: Sequence[str] = (), spread: bool = False) -> Any:
    """The graph of a bounded run over files. `finished` are parts of an earlier try; `spread` shares out among Beam's workers."""
    reader = Reader(job.max_bytes, frozenset(finished))
    files.make_folder(job.state)
    ledger = files.join(job.state, "shares")
    places = pipeline | "shares" >> beam.Create(write_shares(shares, ledger), reshuffle=False)
    cut = places | "look up" >> beam.Map(read_share, ledger) | "split" >> beam.FlatMap(split)
    if spread:
        cut = cut | "spread" >> beam.Reshuffle()
    fresh = cut | "read" >> beam.FlatMap(reader.read) | "process" >> Process(job)
    # One name that is none: the output is put together even where nothing was read.
    earlier = pipeline | "finished before" >> beam.Create(["", *finished], reshuffle=False)
    return (fresh, earlier) | "all parts" >> beam.Flatten() | "publish" >> Publish(job)


class Process(beam.PTransform):  # type: ignore[misc]
    """Bundles of raw items → the names of the parts that were written.

    A source that knows of no parts wraps each item as `Bundle("", (raw,))`: what it gives is gathered into bundles here,
    and each of Beam's own bundles makes one part.
    """

    def __init__(self, job: Job) -> None:
        super().__init__()
        self._job = job

    def expand(self, raws: Any) -> Any:
        """Work and write, in one fused stage."""
        return raws | "work" >> beam.ParDo(_Work(self._job)) | "write" >> beam.ParDo(_Write(self._job))


class Publish(beam.PTransform):  # type: ignore[misc]
    """Names of parts → the finished files of each window, and its manifest."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self._job = job

    def expand(self, parts: Any) -> Any:
        """Gather the names in one place; the files are put together there."""
        gathered = parts | "by window" >> beam.Map(lambda part: (0, part)) | "gather" >> beam.GroupByKey()
        return gathered | "publish" >> beam.ParDo(_Publish(self._job))


class _Work(beam.DoFn):  # type: ignore[misc]
    """Runs the chain in worker processes. What comes out keeps the order of what went in."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._pool: Pool[tuple[str, EndOfPart | None, int, Timestamp, Any]] | None = None

    def setup(self) -> None:
        self._pool = Pool(self._job.setup, self._job.workers)

    def start_bundle(self) -> None:
        self._held: list[Raw] = []
        self._size = 0
        self._key: tuple[str, Any] = ("", None)
        self._latest = Timestamp(0)

    def process(self, bundle: Bundle, timestamp: Any = beam.DoFn.TimestampParam, window: Any = beam.DoFn.WindowParam) -> Iterator[Any]:
        if self._held and (bundle.part, window) != self._key:
            self._flush(None)
        self._key, self._latest = (bundle.part, window), timestamp
        self._held.extend(bundle.raws)
        NOW.begun += len(bundle.raws)
        self._size += sum(len(raw.payload) for raw in bundle.raws)
        if bundle.end or self._size >= BUNDLE_BYTES or len(self._held) >= BUNDLE_ITEMS:
            self._flush(bundle.end)
            yield from self._finished(False)

    def finish_bundle(self) -> Iterator[Any]:
        if self._held:
            self._flush(None)
        yield from self._finished(True)

    def teardown(self) -> None:
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def _flush(self, end: EndOfPart | None) -> None:
        assert self._pool is not None
        part, window = self._key
        self._pool.submit((part, end, len(self._held), self._latest, window), self._held)
        self._held, self._size = [], 0

    def _finished(self, everything: bool) -> Iterator[Any]:
        assert self._pool is not None
        for (part, end, taken, timestamp, window), batch in self._pool.results(everything):
            yield WindowedValue((part, batch, taken, end), timestamp, [window])


class _Write(beam.DoFn):  # type: ignore[misc]
    """Appends batches to the files of their parts. A part counts once all that was read for it is there, or its bundle ends."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def start_bundle(self) -> None:
        self._open: dict[tuple[str, Any], PartWriter] = {}
        self._ends: dict[tuple[str, Any], EndOfPart] = {}

    def process(self, element: tuple[str, Batch, int, EndOfPart | None], window: Any = beam.DoFn.WindowParam) -> Iterator[str]:
        part, batch, taken, end = element
        key = (part, window)
        if key not in self._open:
            self._open[key] = PartWriter(self._job, part or f"bundle-{uuid4().hex}")
        writer = self._open[key]
        writer.add(batch, taken)
        NOW.finished += taken
        NOW.failed += dict(batch.counts).get("dead_letters", 0)
        if end is not None:
            self._ends[key] = end
        if key in self._ends and writer.report.out == self._ends[key].read:
            del self._open[key]
            yield writer.commit(self._ends.pop(key))

    def finish_bundle(self) -> Iterator[Any]:
        for key, writer in self._open.items():
            window = key[1]
            yield WindowedValue(writer.commit(self._ends.get(key)), window.max_timestamp(), [window])
        self._open = {}


class _Publish(beam.DoFn):  # type: ignore[misc]
    def __init__(self, job: Job) -> None:
        self._job = job

    def process(self, element: tuple[int, Iterable[str]], window: Any = beam.DoFn.WindowParam) -> Iterator[dict[str, Any]]:
        suffix = "" if isinstance(window, GlobalWindow) else f"-{window.start.to_utc_datetime():%Y%m%dT%H%M%S}"
        yield publish(self._job, element[1], suffix)
