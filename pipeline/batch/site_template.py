"""The pass that counts the texts of each site."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import apache_beam as beam
from apache_beam.transforms.window import GlobalWindows

from newsbeam.config.job import Job
from newsbeam.config.recipe import UNBOUNDED_WITH_SITE_TEMPLATE, template_processors
from newsbeam.inputs.work_units import RawBatch
from newsbeam.storage.progress import CURRENT
from newsbeam.workers.pool import Pool
from newsbeam.workers.site_template import Sketch, save


class CountSiteTexts(beam.PTransform):  # type: ignore[misc]
    """Bundles of raw items → the path of the file with the counts of `site_template`.

    The table has `width` counters per row.
    """

    def __init__(self, job: Job, width: int) -> None:
        super().__init__()
        self._job, self._width = job, width

    def expand(self, raws: Any) -> Any:
        """Run each document up to the template's processor, and add up the keys.

        Raises ValueError for unbounded input.
        """
        if not raws.is_bounded:
            raise ValueError(UNBOUNDED_WITH_SITE_TEMPLATE)
        keys = raws | "count" >> beam.ParDo(_Count(self._job))
        return keys | "merge" >> beam.CombineGlobally(_Merge(self._width)) | "keep" >> beam.ParDo(SaveSketch(self._job))


class _Count(beam.DoFn):  # type: ignore[misc]
    """Bundles of raw items → the keys to count, as bytes."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._pool: Pool[int] | None = None

    def process(self, bundle: RawBatch) -> Iterator[bytes]:
        if self._pool is None:
            self._pool = Pool(replace(self._job.setup, counting=True), self._job.workers)
        if bundle.raws:
            CURRENT.begun += len(bundle.raws)
            self._pool.submit(len(bundle.raws), bundle.raws)
        yield from self._finished(False)

    def finish_bundle(self) -> Iterator[Any]:
        yield from map(GlobalWindows.windowed_value, self._finished(True))
        # Stop the processes now: teardown may come late, and they would run beside those of the
        # second pass.
        self.teardown()

    def teardown(self) -> None:
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def _finished(self, everything: bool) -> Iterator[bytes]:
        for taken, batch in self._pool.results(everything) if self._pool is not None else ():
            CURRENT.finished += taken
            yield batch.keys


class _Merge(beam.CombineFn):  # type: ignore[misc]
    """Keys as bytes → one sketch as bytes. Addition does not depend on order."""

    def __init__(self, width: int) -> None:
        self._width = width

    def create_accumulator(self) -> Sketch:
        return Sketch(self._width)

    def add_input(self, accumulator: Sketch, keys: bytes) -> Sketch:
        accumulator.add(array("q", keys))
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[Sketch]) -> Sketch:
        merged = None
        for accumulator in accumulators:
            if merged is None:
                merged = accumulator
            else:
                merged.merge(accumulator)
        return merged or self.create_accumulator()

    def extract_output(self, accumulator: Sketch) -> bytes:
        return accumulator.packed()


class SaveSketch(beam.DoFn):  # type: ignore[misc]
    """The sketch as bytes → the path of the file with it."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def process(self, packed: bytes) -> Iterator[str]:
        processors = self._job.recipe.chain().processors
        counted = processors[next(template_processors(processors))]
        save(self._job.counts, Sketch.unpacked(packed), counted.name)
        CURRENT.next_pass()
        yield self._job.counts
