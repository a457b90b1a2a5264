"""The settings of a command, as typed values.

`newsbeam.cli` builds them from the command line. Everything below takes them, and knows neither options nor their spelling.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from newsbeam.inputs.statuses import Statuses
from newsbeam.transforms.fields import RowOptions

if TYPE_CHECKING:
    from newsbeam.config.recipe import Recipe
    from newsbeam.console.summary import Allowance  # which loads rich

ProgressMode = Literal["auto", "json", "off"]


@dataclass(frozen=True, slots=True)
class DocumentSettings:
    """Settings for reading and processing documents.

    All commands that write records share them.

    Attributes:
        recipe: path of the recipe, or a recipe; None for the default recipe, or for the earlier run's in a replay.
        added: the records' `added`, ISO 8601; "" for the current time.
        workers: worker processes; None to choose by cores and size of the input.
        time_limit: seconds of processor time per document; 0 for no limit.
        max_bytes: maximum size of a document.
        rows: how rows are read.
        statuses: HTTP statuses of archived responses that are read.
        template: counts of an earlier run for `site_template`: its output folder or the file; None to count in this run.
    """

    recipe: str | Recipe | None
    added: str
    workers: int | None
    time_limit: float
    max_bytes: int
    rows: RowOptions
    statuses: Statuses
    template: str | None


@dataclass(frozen=True, slots=True)
class OutputSettings:
    """The folder and the format of the results.

    Attributes:
        folder: path or URI of the output folder; "" if a replay is to choose it.
        format: name of the format of records.
        compression: compression of the format; "none" for none.
    """

    folder: str
    format: str
    compression: str


@dataclass(frozen=True, slots=True)
class RunnerSettings:
    """The runner of a Beam graph.

    Attributes:
        name: a runner of newsbeam, or Beam's name of any other.
        options: Beam's own options, as given on the command line.
    """

    name: str
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RunSettings:
    """`newsbeam run` over files.

    Attributes:
        inputs: files, folders, globs and URIs.
        max_failed: how many documents may fail before the exit status is 1.
        overwrite: replace the results of an earlier run.
        resume: continue an interrupted run.
    """

    inputs: tuple[str, ...]
    output: OutputSettings
    documents: DocumentSettings
    runner: RunnerSettings
    max_failed: Allowance
    overwrite: bool
    resume: bool


@dataclass(frozen=True, slots=True)
class ReplaySettings:
    """`newsbeam replay`.

    Attributes:
        folder: output folder of the earlier run.
        run: the run over its dead letters. The earlier run decides what it leaves open.
    """

    folder: str
    run: RunSettings


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """`newsbeam run --source`.

    Attributes:
        source: URI of the messages.
        window: seconds of messages per output file.
        remember: seconds for which ids of messages are remembered.
    """

    source: str
    window: int
    remember: int
    output: OutputSettings
    documents: DocumentSettings
    runner: RunnerSettings


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """`newsbeam watch`.

    Attributes:
        inputs: local files, folders and globs.
        settle_seconds: a file is complete when it has not changed for this long.
        rotate_seconds: age of the oldest line at which an output file is finished.
        rotate_bytes: size at which an output file is finished.
        progress: how progress is reported on standard error.
        metrics_port: port for Prometheus metrics; None for no metrics, 0 for any free port.
    """

    inputs: tuple[str, ...]
    output: OutputSettings
    documents: DocumentSettings
    settle_seconds: float
    rotate_seconds: float
    rotate_bytes: int
    progress: ProgressMode
    metrics_port: int | None
