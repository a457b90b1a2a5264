"""The Beam graph of a bounded run.

    shares ─ split ─ read ─► bundles of raw items ─ work ─► batches of lines ─ write ─► parts ─
    gather ─► publish
                                                     ▲ with `site_template` only
    shares ─ split ─ read to count ─ count ─► sketches ─ merge ─ keep

`read`, `work` and `write` fuse into one stage: a document is never encoded or shuffled between
them. Any other source of raw items, bounded or not, can replace `read`: no step from `work` on
assumes an end of the input. With an unbounded source, each window of parts is published separately.

With `site_template` in the recipe the input is read twice: recurring texts have to be counted over
all of it before the first document can be cleaned. The merged counts are saved to a file beside the
parts. The second pass waits for the file and gets only its name. A resumed run uses the same file,
so all parts of an output have the same counts. The file is published with the results. With the
counts of an earlier run (`--template`), which are copied to the same place when the run starts,
there is one pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import apache_beam as beam
from apache_beam.pvalue import AsSingleton
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.timestamp import Timestamp
from apache_beam.utils.windowed_value import WindowedValue

from newsbeam.batch.site_template import CountSiteTexts
from newsbeam.beam_metrics import count
from newsbeam.config.job import Job
from newsbeam.config.recipe import UNBOUNDED_WITH_SITE_TEMPLATE
from newsbeam.config.results import BatchResult
from newsbeam.inputs.splitting import split
from newsbeam.inputs.work_units import BATCH_BYTES, BATCH_ITEMS, PartSummary, RawBatch, WorkUnit, load_work_unit, save_work_units
from newsbeam.outputs.parts import PartWriter
from newsbeam.outputs.shards import publish
from newsbeam.storage import filesystem, output_layout
from newsbeam.storage.manifest import RunManifest
from newsbeam.storage.progress import CURRENT
from newsbeam.transforms.document import Raw
from newsbeam.workers.pool import Pool
from newsbeam.workers.site_template import width_for


def build_graph(
    pipeline: Any, shares: Sequence[WorkUnit], job: Job, finished: Sequence[str] = (), spread: bool = False, dry: bool = False
) -> Any:
    """Build the graph of a bounded run over files.

    Args:
        pipeline: the pipeline.
        shares: the offsets of work units in their file.
        job: the run.
        finished: parts of an earlier attempt.
        spread: distribute the work units among Beam's workers.
        dry: the graph will be inspected and not run, and no folder is created.
    """
    reader = job.reader(finished)
    ledger = output_layout.work_units_path(job.output)
    if not dry:
        filesystem.make_folder(job.state)
    stretches = _Stretches([0] if dry else save_work_units(shares, ledger), ledger, spread, reader.seconds)
    counts = None
    if job.recipe.site_template is not None and not job.setup.counts:
        if not dry and job.counts.rpartition("/")[2] in filesystem.list_names(job.state):
            counts = pipeline | "counted before" >> beam.Create([job.counts], reshuffle=False)
        else:
            # Each pass has its own source. With a shared one, reading for the second would be fused
            # with the first, and all documents would be held in between.
            bundles = pipeline | "shares to count" >> stretches | "read to count" >> beam.FlatMap(job.reader().read)
            counts = bundles | "site template" >> CountSiteTexts(job, width_for(sum(share.size for share in shares)))
    fresh = pipeline | "shares" >> stretches | "read" >> beam.FlatMap(reader.read) | "process" >> Process(job, counts, dry)
    # An empty part name, so that Publish also runs for empty input.
    earlier = pipeline | "finished before" >> beam.Create(["", *finished], reshuffle=False)
    return (fresh, earlier) | "all parts" >> beam.Flatten() | "publish" >> Publish(job, counts)


class _Stretches(beam.PTransform):  # type: ignore[misc]
    """A pipeline → the work units at `places` of the file `ledger`.

    Large files are split.
    """

    def __init__(self, places: Sequence[int], ledger: str, spread: bool, seconds: float) -> None:
        super().__init__()
        self._places, self._ledger, self._spread, self._seconds = places, ledger, spread, seconds

    def expand(self, pipeline: Any) -> Any:
        places = pipeline | beam.Create(self._places, reshuffle=False)
        if self._spread:
            # Twice: searching for split points means reading, which takes long for many files.
            places = places | "spread files" >> beam.Reshuffle()
        cut = places | "look up" >> beam.Map(load_work_unit, self._ledger) | "split" >> beam.FlatMap(split, self._seconds)
        return cut | "spread" >> beam.Reshuffle() if self._spread else cut


class Process(beam.PTransform):  # type: ignore[misc]
    """Bundles of raw items → the names of the parts that were written.

    Args:
        job: the run.
        counts: the output of CountSiteTexts, if the recipe has a `site_template`. Without it, and
            without the counts of an earlier run, such a recipe is refused, as it is for unbounded
            input.
        dry: the graph will be inspected and not run, and no folder is created.

    A source without parts wraps each item as `RawBatch("", (raw,))`. The items are then bundled
    here, and each bundle of Beam becomes one part.
    """

    def __init__(self, job: Job, counts: Any = None, dry: bool = False) -> None:
        super().__init__()
        if job.recipe.site_template is not None and counts is None and not job.setup.counts:
            raise ValueError(UNBOUNDED_WITH_SITE_TEMPLATE)
        self._job, self._counts, self._dry = job, counts, dry

    def expand(self, raws: Any) -> Any:
        """Work and write in one fused stage.

        The folder is created here: late workers must not create it again.
        """
        if not self._dry:
            filesystem.make_folder(self._job.state)
        return raws | "work" >> beam.ParDo(_Work(self._job), **_side_input(self._counts)) | "write" >> beam.ParDo(_Write(self._job))


class Publish(beam.PTransform):  # type: ignore[misc]
    """Names of parts → the finished files of each window, and its manifest.

    `counts` is the output of CountSiteTexts, if there is one: the counts are published, too.
    """

    def __init__(self, job: Job, counts: Any = None) -> None:
        super().__init__()
        self._job, self._counts = job, counts

    def expand(self, parts: Any) -> Any:
        """Gather the names in one place and assemble the files there."""
        gathered = parts | "by window" >> beam.Map(lambda part: (0, part)) | "gather" >> beam.GroupByKey()
        return gathered | "publish" >> beam.ParDo(_Publish(self._job), **_side_input(self._counts))


def _side_input(counts: Any) -> dict[str, Any]:
    return {} if counts is None else {"counts": AsSingleton(counts)}


class _Work(beam.DoFn):  # type: ignore[misc]
    """Run the chain in worker processes; results keep the order of the input."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._pool: Pool[tuple[str, PartSummary | None, int, Timestamp, Any]] | None = None

    def setup(self) -> None:
        if self._job.recipe.site_template is None or self._job.setup.counts:
            self._pool = Pool(self._job.setup, self._job.workers)

    def start_bundle(self) -> None:
        self._held: list[Raw] = []
        self._size = 0
        self._key: tuple[str, Any] = ("", None)
        self._latest = Timestamp(0)

    def process(
        self, bundle: RawBatch, timestamp: Any = beam.DoFn.TimestampParam, window: Any = beam.DoFn.WindowParam, counts: str = ""
    ) -> Iterator[Any]:
        if self._pool is None:
            self._pool = Pool(replace(self._job.setup, counts=counts), self._job.workers)
        if self._held and (bundle.part, window) != self._key:
            self._flush(None)
        self._key, self._latest = (bundle.part, window), timestamp
        self._held.extend(bundle.raws)
        CURRENT.begun += len(bundle.raws)
        self._size += sum(len(raw.payload) for raw in bundle.raws)
        if bundle.end or self._size >= BATCH_BYTES or len(self._held) >= BATCH_ITEMS:
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

    def _flush(self, end: PartSummary | None) -> None:
        assert self._pool is not None
        part, window = self._key
        self._pool.submit((part, end, len(self._held), self._latest, window), self._held)
        self._held, self._size = [], 0

    def _finished(self, everything: bool) -> Iterator[Any]:
        if self._pool is None:  # there was no input, so no counts either
            return
        for (part, end, taken, timestamp, window), batch in self._pool.results(everything):
            yield WindowedValue((part, batch, taken, end), timestamp, [window])


class _Write(beam.DoFn):  # type: ignore[misc]
    """Append batches to the files of their parts.

    A part is committed when its input is complete, or when its bundle ends.
    """

    def __init__(self, job: Job) -> None:
        self._job = job

    def start_bundle(self) -> None:
        self._open: dict[tuple[str, Any], PartWriter] = {}
        self._ends: dict[tuple[str, Any], PartSummary] = {}

    def process(self, element: tuple[str, BatchResult, int, PartSummary | None], window: Any = beam.DoFn.WindowParam) -> Iterator[str]:
        part, batch, taken, end = element
        key = (part, window)
        if key not in self._open:
            self._open[key] = PartWriter(self._job, part or f"bundle-{uuid4().hex}")
        writer = self._open[key]
        writer.add(batch, taken)
        count(batch.counts)
        CURRENT.finished += taken
        CURRENT.failed += dict(batch.counts).get("dead_letters", 0)
        if end is not None:
            self._ends[key] = end
        if key in self._ends and writer.report.out == self._ends[key].read:
            del self._open[key]
            part = writer.commit(self._ends.pop(key))
            CURRENT.kept += writer.report.out
            yield part

    def finish_bundle(self) -> Iterator[Any]:
        for key, writer in self._open.items():
            window = key[1]
            yield WindowedValue(writer.commit(self._ends.get(key)), window.max_timestamp(), [window])
        self._open = {}


class _Publish(beam.DoFn):  # type: ignore[misc]
    def __init__(self, job: Job) -> None:
        self._job = job

    def process(self, element: tuple[int, Iterable[str]], window: Any = beam.DoFn.WindowParam, counts: str = "") -> Iterator[RunManifest]:
        period = "" if isinstance(window, GlobalWindow) else f"{window.start.to_utc_datetime():%Y%m%dT%H%M%S}"
        yield publish(self._job, element[1], period, counts or self._job.setup.counts)
