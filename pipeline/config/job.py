"""What a job writes and how."""

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
from newsbeam.storage.output_formats import OUTPUT_FORMATS
from newsbeam.transforms.fields import USUAL_NAMES, RowOptions


@dataclass(frozen=True)
class WorkerConfig:
    """All that a worker needs to know: the same for every worker of a run. `time_limit` in seconds, a document.

    `added` "": the time at which a document is worked on, where a run has no end.

    For `site_template`: whether this is the first pass, which counts only, and the file with the counts for the second.
    `singly`: what becomes of each input is told by itself, as a stream needs it, and not put together. `rows`: how rows are read.
    """

    recipe: Recipe
    added: str
    time_limit: float
    version: str
    counting: bool = False
    counts: str = ""
    singly: bool = False
    rows: RowOptions = USUAL_NAMES


def utc_timestamp() -> str:
    """The time, as it stands in a record's `added`."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")  # without a fraction, pyarrow's JSON reader makes it a timestamp


SHARD_BYTES = 256 << 20
"""Shards are closed after the part that takes them over this size (before compression)."""


@dataclass(frozen=True)
class Job:
    """One run: what its workers need and where its output goes. Plain data, since it travels to every worker.

    `run` is drawn by lot when the run begins and stands in its manifest, by which it tells its own from that of an earlier run.
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
        """Build a job; `workers` and `added` are what the settings leave open."""
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
        """What reads the input; parts that are `finished` are passed over."""
        limit = self.setup.time_limit
        seconds = max(limit, MIN_READ_SECONDS) if limit > 0 else 0.0
        return Reader(self.max_bytes, frozenset(finished), self.setup.rows, seconds, self.statuses)

    @property
    def recipe(self) -> Recipe:
        """The recipe of the run."""
        return self.setup.recipe

    @property
    def state(self) -> str:
        """Where the run keeps what is not finished."""
        return output_layout.state_folder(self.output)

    @property
    def parts(self) -> str:
        """Where finished parts wait for the rest."""
        return output_layout.parts_folder(self.output)

    @property
    def counts(self) -> str:
        """The file with what was counted for `site_template`."""
        return output_layout.site_template_path(self.output)
