"""Jobs: the output of a run and the configuration of its workers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import version

from newsbeam.config.recipe import Recipe
from newsbeam.config.settings import DocumentSettings, OutputSettings
from newsbeam.inputs.limits import MIN_READ_SECONDS
from newsbeam.inputs.reader import Reader
from newsbeam.inputs.statuses import OK_STATUSES, Statuses
from newsbeam.storage import output_layout
from newsbeam.storage.manifest import SiteCounts
from newsbeam.storage.output_formats import OUTPUT_FORMATS
from newsbeam.transforms.fields import USUAL_NAMES, RowOptions


@dataclass(frozen=True)
class WorkerConfig:
    """The configuration that all workers of a run share.

    Args:
        recipe: the recipe.
        version: newsbeam's version.
        added: the records' `added`; "" is the time of processing, for a run without an end.
        time_limit: seconds per document.
        counting: whether this is the first pass of `site_template`, which only counts.
        counts: the file with the counts for the second pass, or of an earlier run.
        counted: whether the documents of this run are among those counted.
        singly: report on each input separately, as streams need it.
        rows: how to read the fields of rows.
    """

    recipe: Recipe
    added: str
    time_limit: float
    version: str
    counting: bool = False
    counts: str = ""
    counted: bool = True
    singly: bool = False
    rows: RowOptions = USUAL_NAMES


def utc_timestamp() -> str:
    """Return the time in the format of a record's `added`."""
    return datetime.now(timezone.utc).strftime(
        "%Y-%m-%dT%H:%M:%S.000Z"
    )  # pyarrow's JSON reader recognises a timestamp only without a fraction


SHARD_BYTES = 256 << 20
"""Shards are closed after the part that exceeds this size (before compression)."""


@dataclass(frozen=True)
class Job:
    """One run: the configuration of its workers, and its output.

    Plain data for all workers.

    `run` is a random id that is in the manifest, which distinguishes it from that of an earlier
    run. `site_counts` are the counts of `--template`, or those that a finished run used.
    """

    setup: WorkerConfig
    output: str
    format: str = "jsonl"
    workers: int = 1
    max_bytes: int = 32 << 20
    shard_bytes: int = SHARD_BYTES
    name: str = "newsbeam"
    statuses: Statuses = OK_STATUSES
    run: str = ""
    site_counts: SiteCounts | None = None

    @classmethod
    def from_settings(
        cls,
        documents: DocumentSettings,
        output: OutputSettings,
        recipe: Recipe,
        *,
        workers: int,
        name: str,
        added: str = "",
        shard_bytes: int = SHARD_BYTES,
    ) -> Job:
        """Build a job; `workers` and `added` complete the settings."""
        return cls(
            setup=WorkerConfig(recipe, documents.added or added, documents.time_limit, version("newsbeam"), rows=documents.rows),
            output=output.folder,
            format=OUTPUT_FORMATS[output.format].extensions[output.compression],
            workers=documents.workers or workers,
            max_bytes=documents.max_bytes,
            shard_bytes=shard_bytes,
            name=name,
            statuses=documents.statuses,
        )

    def reader(self, finished: Sequence[str] = ()) -> Reader:
        """Return the reader of the input, which skips parts that are `finished`."""
        limit = self.setup.time_limit
        seconds = max(limit, MIN_READ_SECONDS) if limit > 0 else 0.0
        return Reader(self.max_bytes, frozenset(finished), self.setup.rows, seconds, self.statuses)

    @property
    def recipe(self) -> Recipe:
        """The recipe of the run."""
        return self.setup.recipe

    @property
    def state(self) -> str:
        """The folder for unfinished work."""
        return output_layout.state_folder(self.output)

    @property
    def parts(self) -> str:
        """The folder for finished parts that wait for the others."""
        return output_layout.parts_folder(self.output)

    @property
    def counts(self) -> str:
        """The file with the counts of `site_template`."""
        return output_layout.site_template_path(self.output)
