"""Runs over files from Python: `newsbeam.run`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from newsbeam.batch import run as batch
from newsbeam.config.settings import DocumentSettings, OutputSettings, RunnerSettings, RunSettings
from newsbeam.inputs.statuses import parse_statuses
from newsbeam.library.pages import row_options
from newsbeam.library.pipeline import RecipeLike, load_recipe
from newsbeam.storage.manifest import RunManifest
from newsbeam.storage.output_formats import extension_of


def run(
    inputs: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    output: str | os.PathLike[str],
    *,
    recipe: RecipeLike = None,
    workers: int | None = None,
    format: str = "jsonl",
    compress: str = "none",
    overwrite: bool = False,
    resume: bool = False,
    fields: Mapping[str, str] | None = None,
    keep_fields: Sequence[str] = (),
    http_status: str = "2xx",
    added: str = "",
    time_limit: float = 10.0,
    max_document_mb: int = 32,
    template: str | os.PathLike[str] | None = None,
    runner: str = "direct",
    beam_options: Mapping[str, Any] | None = None,
) -> RunManifest | None:
    """Process files, folders, globs and URIs, as the command `newsbeam run` does.

    The arguments are the command's options; `newsbeam run --help` describes them. Notes go to standard error, and nothing to
    standard output.

    Returns:
        The manifest: `manifest.counts` is the account. None if a runner only submits the job.

    Raises:
        UsageError: the run cannot start as requested.
        RunFailed: it failed; its `notes` say what is kept.
    """
    names = [inputs] if isinstance(inputs, str | os.PathLike) else list(inputs)
    extension_of(format, compress)  # an error now, before anything is read
    rows = row_options(fields, keep_fields)
    documents = DocumentSettings(
        recipe=load_recipe(recipe),
        added=added,
        workers=workers,
        time_limit=time_limit,
        max_bytes=max_document_mb << 20,
        rows=rows,
        statuses=parse_statuses(http_status),
        template=None if template is None else os.fspath(template),
    )
    settings = RunSettings(
        inputs=tuple(os.fspath(name) for name in names),
        output=OutputSettings(os.fspath(output), format, compress),
        documents=documents,
        runner=RunnerSettings(runner, beam_options or {}),
        max_failed=(100.0, True),
        overwrite=overwrite,
        resume=resume,
    )
    return batch.run(settings)
