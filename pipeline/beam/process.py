"""The processors of a recipe as a Beam transform."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any, NamedTuple

import apache_beam as beam
import orjson
from apache_beam.pvalue import TaggedOutput
from apache_beam.utils.windowed_value import WindowedValue

from newsbeam.beam.schema import ROW, to_row
from newsbeam.beam_metrics import count
from newsbeam.config.job import WorkerConfig, utc_timestamp
from newsbeam.config.recipe import UNBOUNDED_WITH_SITE_TEMPLATE
from newsbeam.config.results import InputResult
from newsbeam.errors import InputError, RecipeError
from newsbeam.inputs.work_units import BATCH_BYTES, BATCH_ITEMS
from newsbeam.library.pages import raw_of, row_options
from newsbeam.library.pipeline import RecipeLike, load_recipe
from newsbeam.transforms.document import Raw
from newsbeam.transforms.processor import Chain
from newsbeam.workers.pool import Pool
from newsbeam.workers.results import input_result


class Results(NamedTuple):
    """Three PCollections: every element that came in is in exactly one of them.

    Attributes:
        documents: records, as dicts with the keys of `newsbeam.Record`, or as rows.
        dropped: dicts like the lines of `dropped-*.jsonl`.
        failed: dicts like the lines of `dead-letters-*.jsonl`.
    """

    documents: Any
    dropped: Any
    failed: Any


class Process(beam.PTransform):  # type: ignore[misc]
    """Pages → Results.

    Elements are pages as for `newsbeam.process` (str, bytes, rows as dicts, `newsbeam.Page`), or what `ReadDocuments` yields.
    Counters in the namespace `newsbeam` count what was read, written, dropped and failed, by reason and stage; distributions have the
    microseconds that each stage took per page.

    Args:
        recipe: as for `newsbeam.Pipeline`.
        isolate: run the processors in processes of their own, with a time limit, so that no page can hang or crash a Beam worker.
        workers: processes in each Beam worker, if `isolate`.
        time_limit: seconds of processor time per page, if `isolate`.
        fields: (field, key) pairs for rows with unusual keys.
        keep_fields: keys of rows to keep in `metadata.input`.
        added: the records' `added`; the current time by default.
        as_rows: yield documents as rows of the type `newsbeam.beam.ROW`.

    Raises:
        RecipeError: the recipe is wrong.
    """

    def __init__(
        self,
        recipe: RecipeLike = None,
        *,
        isolate: bool = True,
        workers: int = 1,
        time_limit: float = 10.0,
        fields: Mapping[str, str] | None = None,
        keep_fields: Sequence[str] = (),
        added: str = "",
        as_rows: bool = False,
    ) -> None:
        super().__init__()
        chosen = load_recipe(recipe)
        if chosen.site_template is not None:
            raise RecipeError(UNBOUNDED_WITH_SITE_TEMPLATE)
        rows = row_options(fields, keep_fields)
        self._setup = WorkerConfig(chosen, added, time_limit if isolate else 0.0, version("newsbeam"), singly=True, rows=rows)
        self._workers = workers if isolate else 0
        self._as_rows = as_rows

    def expand(self, pages: Any) -> Results:
        """Run the chain, and divide the results."""
        worker = _Isolated(self._setup, self._workers) if self._workers else _InPlace(self._setup)
        outputs = pages | "process" >> beam.ParDo(worker).with_outputs("dropped", "dead_letters", main="documents")
        documents = outputs.documents
        if self._as_rows:
            documents = documents | "rows" >> beam.Map(to_row).with_output_types(ROW)
        return Results(documents, outputs.dropped, outputs.dead_letters)


def _item(page: Any, setup: WorkerConfig) -> Raw:
    """Return an element as an item; one of an unknown type fails on its own."""
    if isinstance(page, Raw):
        return page
    try:
        return raw_of(page, rows=setup.rows)
    except (TypeError, InputError) as error:
        return Raw("page", b"", error=f"{type(error).__name__}: {error}")


def _output(ending: InputResult) -> Any:
    count(ending.counts)
    row = orjson.loads(ending.line)
    return row if ending.kind == "documents" else TaggedOutput(ending.kind, row)


class _InPlace(beam.DoFn):  # type: ignore[misc]
    """Run the chain in Beam's own process and thread."""

    def __init__(self, setup: WorkerConfig) -> None:
        self._setup = setup
        self._chain: Chain | None = None

    def setup(self) -> None:
        setup = self._setup
        self._chain = setup.recipe.chain(setup.version, setup.added, rows=setup.rows)

    def process(self, page: Any) -> Iterator[Any]:
        assert self._chain is not None
        raw = _item(page, self._setup)
        chain = self._chain if self._setup.added else replace(self._chain, added=utc_timestamp())
        yield _output(input_result(raw, chain.run(raw), self._setup))


class _Isolated(beam.DoFn):  # type: ignore[misc]
    """Run the chain in worker processes, in batches, in the order of the input."""

    def __init__(self, setup: WorkerConfig, workers: int) -> None:
        self._setup, self._workers = setup, workers
        self._pool: Pool[list[tuple[Any, Any]]] | None = None

    def setup(self) -> None:
        self._pool = Pool(self._setup, self._workers)

    def start_bundle(self) -> None:
        self._held: list[Raw] = []
        self._places: list[tuple[Any, Any]] = []
        self._size = 0

    def process(self, page: Any, timestamp: Any = beam.DoFn.TimestampParam, window: Any = beam.DoFn.WindowParam) -> Iterator[Any]:
        raw = _item(page, self._setup)
        self._held.append(raw)
        self._places.append((timestamp, window))
        self._size += len(raw.payload)
        if self._size >= BATCH_BYTES or len(self._held) >= BATCH_ITEMS:
            self._flush()
            yield from self._finished(False)

    def finish_bundle(self) -> Iterator[Any]:
        if self._held:
            self._flush()
        yield from self._finished(True)

    def teardown(self) -> None:
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def _flush(self) -> None:
        assert self._pool is not None
        self._pool.submit(self._places, self._held)
        self._held, self._places, self._size = [], [], 0

    def _finished(self, everything: bool) -> Iterator[Any]:
        assert self._pool is not None
        for places, batch in self._pool.results(everything):
            for (timestamp, window), ending in zip(places, batch.endings, strict=True):
                output = _output(ending)
                if isinstance(output, TaggedOutput):
                    yield TaggedOutput(output.tag, WindowedValue(output.value, timestamp, [window]))
                else:
                    yield WindowedValue(output, timestamp, [window])
