"""A run over files, on the submitting machine.

It discovers inputs, checks, builds the graph, waits and reports.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any

from newsbeam.batch.plan import make_plan, prepare_folder
from newsbeam.config import recipe, recipe_parser
from newsbeam.config.job import Job, utc_timestamp
from newsbeam.config.settings import RunSettings
from newsbeam.console import progress_bar, summary
from newsbeam.console.terminal import print_note
from newsbeam.errors import RunFailed, UsageError
from newsbeam.inputs import discovery, work_units
from newsbeam.outputs import folder, lock
from newsbeam.outputs.folder import check_places
from newsbeam.outputs.parts import count_parts, finished_parts
from newsbeam.runners import base, dry_run, execution
from newsbeam.runners.registry import select_runner
from newsbeam.storage import filesystem, output_layout
from newsbeam.storage.manifest import RunManifest
from newsbeam.storage.progress import CURRENT
from newsbeam.workers.pool import available_cores
from newsbeam.workers.site_template import Template, find_template

SMALL_BYTES = 512 << 10
"""One worker finishes an input smaller than this before a second worker has started."""


def run(settings: RunSettings) -> RunManifest | None:
    """Process files.

    Returns:
        The manifest; None if the run continues elsewhere, or was a dry run.

    Raises:
        UsageError: the run cannot start as requested.
        RunFailed: it failed or was interrupted.
    """
    runner = select_runner(settings.runner, settings.output.folder, settings.inputs)
    if settings.runner.options:
        filesystem.filesystems(settings.runner.options)
    chosen, template = find_template(settings.documents.template, recipe_parser.load(settings.documents.recipe))
    show = runner.definition.show_dry_run
    if show is not None and dry_run.is_dry(settings.runner.options):
        _dry_run(settings, runner, chosen, template, show)
        return None
    discovered = discovery.discover(settings.inputs, settings.output.folder)
    for line in discovered.notes:
        print_note(line)
    return start(settings, runner, chosen, template, work_units.plan_work_units(discovered.sources))


def _dry_run(
    settings: RunSettings, runner: base.Runner, chosen: recipe.Recipe, template: Template | None, show: Callable[[Any], None]
) -> None:
    """Print the job that would be submitted.

    No input is read: one work unit stands for all of them.
    """
    check_places(settings.output.folder)
    filesystem.silence_beam_logging()
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions

    from newsbeam.batch.graph import build_graph

    sources = [work_units.Source(path, 0, discovery.folder_name(path)) for path in settings.inputs]
    pipeline = beam.Pipeline(runner=runner.beam_name, options=PipelineOptions.from_dictionary(runner.options))
    job = _job(settings, chosen, template, sources, 1)
    build_graph(pipeline, work_units.plan_work_units(sources), job, spread=True, dry=True)
    show(pipeline.run())


def _job(
    settings: RunSettings, chosen: recipe.Recipe, template: Template | None, sources: Sequence[work_units.Source], workers: int
) -> Job:
    name = sources[0].source if sources else "newsbeam"
    job = Job.from_settings(settings.documents, settings.output, chosen, workers=workers, name=name, added=utc_timestamp())
    return job if template is None else template.job(job, job.counts)


def start(
    settings: RunSettings, runner: base.Runner, chosen: recipe.Recipe, template: Template | None, shares: list[work_units.WorkUnit]
) -> RunManifest | None:
    """Run the graph over work units, as `run` does."""
    size = sum(share.size for share in shares)
    sources = [source for share in shares for source in share.sources]
    job = _job(settings, chosen, template, sources, available_cores() if runner.local and size > SMALL_BYTES else 1)
    check_places(job.output)
    plan = make_plan(job, sources)
    with lock.locked(job.output):
        try:
            ready = prepare_folder(job, plan, settings, shares)
            if ready is not None and template is not None:
                template.save(ready.counts)
        except OSError as error:
            raise UsageError(f"cannot write to --output {job.output}: {error.strerror or error}") from error
        if ready is None:
            path = filesystem.join(job.output, output_layout.MANIFEST)
            return RunManifest.load(path, folder.MANIFEST_CURE)
        return _run_graph(ready, shares, runner, size)


def _run_graph(job: Job, shares: list[work_units.WorkUnit], runner: base.Runner, size: int) -> RunManifest | None:
    CURRENT.reset()
    debug = bool(os.environ.get("NEWSBEAM_DEBUG"))
    # The error is reported below; Beam's own report of it is a page of traceback.
    filesystem.silence_beam_logging(logging.ERROR if debug else logging.CRITICAL)
    finished = finished_parts(job)
    while error := _try(job, shares, runner, size, finished):
        if debug:
            traceback.print_exception(error)
        # Beam raises an error of its own for Ctrl-C inside a bundle.
        interrupted = isinstance(error, KeyboardInterrupt) or execution.one_line_error(error) == "KeyboardInterrupt"
        before, finished = finished, finished_parts(job)
        if runner.definition.retryable and not interrupted and len(finished) > len(before):
            # For example, a machine was lost and the runner may not retry. An error that recurs finishes no new parts and ends here.
            print_note(execution.one_line_error(error))
            print_note(f"continuing from {len(finished)} finished parts")
            continue
        what = "interrupted" if interrupted else f"the run failed: {execution.one_line_error(error)}"
        raise RunFailed(what, _kept(job, runner), *(() if interrupted else ("(NEWSBEAM_DEBUG=1 shows the traceback)",))) from error
    manifest = RunManifest.find(job.output)
    if manifest is None or manifest.run != job.run:  # none yet, or that of the results to be replaced
        print_note(f"submitted; the results will be in {job.output}")
        return None
    folder.clear_state(job.output)
    return manifest


def conclude(manifest: RunManifest | None, settings: RunSettings, output: str) -> int:
    """Print the table of a finished run; the exit status.

    The reason is written to standard error if it is not 0.
    """
    if manifest is None:
        return 0
    summary.summary(manifest, output)
    trouble = summary.trouble(manifest, settings.max_failed)
    if trouble:
        print_note(trouble)
    return 1 if trouble else 0


def _kept(job: Job, runner: base.Runner) -> str:
    """Describe what is kept of a failed or interrupted run.

    The text also says how to continue.
    """
    parts, documents = count_parts(job, {})
    old = f"; the earlier results in {job.output} are unchanged" if RunManifest.find(job.output) is not None else ""
    if parts or (not job.setup.counts and job.counts.rpartition("/")[2] in filesystem.list_names(job.state)):
        lost = f", {CURRENT.begun - CURRENT.kept:,} in flight are not" if runner.local and CURRENT.begun > CURRENT.kept else ""
        return f"{documents:,} documents are kept{lost}. To continue: --resume --output {job.output}{old}"
    if not runner.local:
        return f"no documents are kept so far. To continue: --resume --output {job.output}{old}"
    folder.clear_state(job.output)
    return f"0 of {CURRENT.begun:,} documents begun are kept. Run the same command again{old}"


def _try(job: Job, shares: list[work_units.WorkUnit], runner: base.Runner, size: int, finished: Sequence[str]) -> BaseException | None:
    """Run the graph once, and return the error, or None.

    It reads `size` bytes, without the parts that are `finished`.
    """
    passes = 1 if job.recipe.site_template is None or job.setup.counts else 2
    if runner.local:
        bar = progress_bar.progress_bar(passes * size)
    else:
        bar = progress_bar.waiting(runner.beam_name, partial(count_parts, job, {}))
    try:
        with bar if sys.stderr.isatty() else nullcontext():
            import apache_beam as beam  # the slow import, under the bar
            from apache_beam.options.pipeline_options import PipelineOptions

            from newsbeam.batch.graph import build_graph

            pipeline = beam.Pipeline(runner=runner.beam_name, options=PipelineOptions.from_dictionary(runner.options))
            spread = not runner.local or int(runner.options.get("direct_num_workers") or 1) != 1
            build_graph(pipeline, shares, job, finished, spread)
            execution.wait(pipeline.run(), runner)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - runners raise anything; it is reported
        return error
    return None
