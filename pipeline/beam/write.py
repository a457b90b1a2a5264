"""Records as an output folder: what `newsbeam run` writes."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.metadata import version
from typing import Any
from uuid import uuid4

import apache_beam as beam
import orjson
from apache_beam.utils.windowed_value import WindowedValue

from newsbeam.batch.graph import Publish
from newsbeam.beam.process import Results
from newsbeam.config.job import Job, WorkerConfig
from newsbeam.config.results import BatchResult
from newsbeam.errors import UsageError
from newsbeam.library.pipeline import RecipeLike, load_recipe
from newsbeam.outputs import folder
from newsbeam.outputs.parts import PartWriter
from newsbeam.storage import filesystem, output_layout
from newsbeam.storage.manifest import RunManifest
from newsbeam.storage.output_formats import extension_of
from newsbeam.storage.output_layout import OutputKind
from newsbeam.transforms.decode import media_type_to_count
from newsbeam.transforms.records import document_of
from newsbeam.workers.results import count_record


class WriteRecords(beam.PTransform):  # type: ignore[misc]
    """Results (or documents alone) → the manifest of an output folder.

    The folder has shards, dropped rows, dead letters, manifest and data card, as that of `newsbeam run`; `newsbeam.read`,
    `newsbeam explain` and other tools read it. It is complete once it has a manifest. The order of records is the runner's.

    Args:
        output: the folder, a path or a URI; it must not hold results.
        format: the format of records.
        compress: the compression of JSON Lines.
        name: the collection's name, in the data card.
        recipe: the recipe of `Process`, for the manifest.
        overwrite: replace the results of an earlier run.

    Raises:
        UsageError: the folder cannot be written to, or holds something else.
    """

    def __init__(
        self,
        output: str | os.PathLike[str],
        *,
        format: str = "jsonl",
        compress: str = "none",
        name: str = "",
        recipe: RecipeLike = None,
        overwrite: bool = False,
    ) -> None:
        super().__init__()
        setup = WorkerConfig(load_recipe(recipe), "", 0.0, version("newsbeam"))
        path = os.fspath(output)
        self._job = Job(setup, path, extension_of(format, compress), name=name or os.path.basename(path.rstrip("/")))
        self._overwrite = overwrite

    def expand(self, results: Any) -> Any:
        """Write parts, and assemble them."""
        job = _prepared(self._job, self._overwrite)
        kinds: tuple[tuple[OutputKind, Any], ...]
        if isinstance(results, Results):
            kinds = (("documents", results.documents), ("dropped", results.dropped), ("dead_letters", results.failed))
        else:
            kinds = (("documents", results),)
        tagged = [rows | f"lines of {kind}" >> beam.Map(_line, kind) for kind, rows in kinds]
        parts = tagged | "all lines" >> beam.Flatten() | "write" >> beam.ParDo(_Write(job))
        # An empty part name, so that empty input gives a folder, too.
        start = parts.pipeline | "start" >> beam.Create([""], reshuffle=False)
        whole = (parts, start) | "all parts" >> beam.Flatten() if parts.windowing.is_default() else parts
        return whole | "publish" >> Publish(job) | "clear" >> beam.Map(_cleared, job.output)


def _prepared(job: Job, overwrite: bool) -> Job:
    """Check and prepare the folder, as a run does. Raises UsageError."""
    folder.check_places(job.output)
    folder.check_state(job.state)
    folder.check_owner(job.output, "run")
    if RunManifest.find(job.output) is not None and not overwrite:
        raise UsageError(f"{job.output} already holds results ({output_layout.MANIFEST}); use overwrite=True to replace them")
    filesystem.make_folder(job.output)
    folder.clear_state(job.output)
    folder.make_state(job.state)
    filesystem.make_folder(job.parts)
    return replace(job, run=uuid4().hex)


def _line(row: Any, kind: OutputKind) -> tuple[OutputKind, bytes]:
    return kind, orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE, default=_as_dict)


def _as_dict(row: Any) -> Any:
    """Return a `beam.Row`, or what a runner made of one, as a dict."""
    if isinstance(row, beam.Row):
        return row.as_dict()
    if hasattr(row, "_asdict"):
        return row._asdict()
    raise TypeError(f"{type(row).__name__} is not a record")


class _Write(beam.DoFn):  # type: ignore[misc]
    """Lines → the names of parts: one for each bundle and window."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def start_bundle(self) -> None:
        self._open: dict[Any, PartWriter] = {}

    def process(self, element: tuple[OutputKind, bytes], window: Any = beam.DoFn.WindowParam) -> None:
        kind, line = element
        if window not in self._open:
            self._open[window] = PartWriter(self._job, f"bundle-{uuid4().hex}")
        counts = tuple(sorted(_counts(kind, orjson.loads(line)).items()))
        batch = BatchResult(**{kind: line}, counts=counts)  # type: ignore[arg-type]
        self._open[window].add(batch, 1)

    def finish_bundle(self) -> Iterator[Any]:
        for window, writer in self._open.items():
            yield WindowedValue(writer.commit(None), window.max_timestamp(), [window])
        self._open = {}


def _counts(kind: OutputKind, row: Mapping[str, Any]) -> Counter[str]:
    counts: Counter[str] = Counter({kind: 1})
    if kind == "documents":
        counts["bytes"] += row["metadata"]["bytes"]
        counts[f"input/{media_type_to_count(row['metadata']['media_type'])}"] += 1
        count_record(document_of(row), counts)
    else:
        counts["bytes"] += row["bytes"]
        counts[f"reason/{row['stage']}: {row['reason']}" if kind == "dropped" else f"error/{row['stage']}: {row['error']}"] += 1
    return counts


def _cleared(manifest: RunManifest, output: str) -> RunManifest:
    folder.clear_state(output)
    return manifest
