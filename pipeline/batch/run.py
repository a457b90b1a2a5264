"""One run on this machine's side: look at the input, refuse what cannot be, build the graph, wait, say what came out."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from importlib.metadata import version
from typing import Any

import orjson

from newsbeam.batch.plan import prepare_folder, resume_fingerprint
from newsbeam.config import recipe, recipe_parser
from newsbeam.config.job import FORMAT_BY_COMPRESSION, Job, WorkerConfig, utc_timestamp
from newsbeam.console import progress_bar, summary
from newsbeam.console.terminal import print_note
from newsbeam.errors import UsageError
from newsbeam.inputs import discovery, work_units
from newsbeam.outputs import folder, lock
from newsbeam.outputs.folder import check_places
from newsbeam.outputs.parts import count_parts, finished_parts
from newsbeam.runners import base, dry_run, execution
from newsbeam.runners.registry import engine_of
from newsbeam.storage import filesystem, output_layout
from newsbeam.storage.progress import CURRENT
from newsbeam.workers.pool import available_cores

SMALL_BYTES = 512 << 10
"""Less input than this is done by one worker before a second one would have started."""


def run(arguments: argparse.Namespace, beam_options: dict[str, Any]) -> int:
    """`newsbeam run`. Returns the exit status; raises UsageError."""
    engine = engine_of(arguments, beam_options, arguments.inputs)
    if beam_options:
        filesystem.filesystems(beam_options)
    chosen = recipe_parser.load(arguments.recipe)
    if dry_run.is_dry(beam_options):
        return _dry_run(arguments, engine, chosen)
    found = discovery.discover(arguments.inputs, arguments.output)
    for line in found.notes:
        print_note(line)
    return start(arguments, engine, chosen, work_units.plan_work_units(found.sources))


def _dry_run(arguments: argparse.Namespace, engine: base.Runner, chosen: recipe.Recipe) -> int:
    """Print the job that Dataflow would be sent. The inputs are not looked at: one share stands for what they will be."""
    check_places(arguments.output)
    filesystem.silence_beam_logging()
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions

    from newsbeam.batch.graph import build_graph

    sources = [work_units.Source(path, 0, discovery.folder_name(path)) for path in arguments.inputs]
    pipeline = beam.Pipeline(runner=engine.runner, options=PipelineOptions.from_dictionary(engine.options))
    build_graph(pipeline, work_units.plan_work_units(sources), _job(arguments, chosen, sources, 1), spread=True, dry=True)
    dry_run.show(pipeline.run())
    return 0


def _job(arguments: argparse.Namespace, chosen: recipe.Recipe, sources: Sequence[work_units.Source], workers: int) -> Job:
    return Job(
        setup=WorkerConfig(chosen, arguments.added or utc_timestamp(), arguments.time_limit, version("newsbeam"), rows=arguments.rows),
        output=arguments.output.removeprefix("file://"),
        format="parquet" if arguments.format == "parquet" else FORMAT_BY_COMPRESSION[arguments.compress],
        workers=arguments.workers or workers,
        max_bytes=arguments.max_document_mb << 20,
        statuses=arguments.http_status,
        name=sources[0].source if sources else "newsbeam",
    )


def start(arguments: argparse.Namespace, engine: base.Runner, chosen: recipe.Recipe, shares: list[work_units.WorkUnit]) -> int:
    """Run the pipeline over work units; the exit status."""
    size = sum(share.size for share in shares)
    sources = [source for share in shares for source in share.sources]
    job = _job(arguments, chosen, sources, available_cores() if engine.local and size > SMALL_BYTES else 1)
    check_places(job.output)
    plan = resume_fingerprint(job, sources)
    with lock.locked(job.output):
        try:
            ready = prepare_folder(job, plan, arguments, shares)
        except OSError as error:
            raise UsageError(f"--output {job.output} cannot be written to: {error.strerror or error}") from error
        if ready is None:
            with filesystem.read(filesystem.join(job.output, "manifest.json")) as stream:
                return _status(orjson.loads(stream.read()), arguments.max_failed)
        return _run_graph(ready, shares, engine, size, arguments.max_failed)


def _run_graph(job: Job, shares: list[work_units.WorkUnit], engine: base.Runner, size: int, max_failed: summary.Allowance) -> int:
    debug = bool(os.environ.get("NEWSBEAM_DEBUG"))
    # The error comes up here as well, and is told below: Beam's own account of it is a page of traceback.
    filesystem.silence_beam_logging(logging.ERROR if debug else logging.CRITICAL)
    finished = finished_parts(job)
    while error := _try(job, shares, engine, size, finished):
        if debug:
            traceback.print_exception(error)
        # Ctrl-C inside a bundle comes out of Beam as an error of its own.
        interrupted = isinstance(error, KeyboardInterrupt) or execution.told(error) == "KeyboardInterrupt"
        before, finished = finished, finished_parts(job)
        if engine.again and not interrupted and len(finished) > len(before):
            # A machine was lost, say, and the engine has no leave to try again. What fails always ends here: nothing is new then.
            print_note(execution.told(error))
            print_note(f"going on from {len(finished)} finished parts")
            continue
        what = "interrupted" if interrupted else f"the run failed: {execution.told(error)}"
        print_note(f"{what}")
        print_note(f"{_kept(job, engine)}")
        if not interrupted:
            print_note("(NEWSBEAM_DEBUG=1 shows the traceback)")
        return 1
    manifest = output_layout.read_manifest(job.output)
    if not output_layout.is_manifest(manifest) or manifest.get("run") != job.run:  # none yet, or that of the results to be replaced
        print_note(f"submitted; the results will be in {job.output}")
        return 0
    folder.clear_state(job.output)
    summary.summary(manifest, job.output)
    return _status(manifest, max_failed)


def _status(manifest: dict[str, Any], max_failed: summary.Allowance) -> int:
    """The exit status of a finished run, with a word on standard error where it is not 0."""
    trouble = summary.trouble(manifest, max_failed)
    if trouble:
        print_note(trouble)
    return 1 if trouble else 0


def _kept(job: Job, engine: base.Runner) -> str:
    """What is left of a run that ended before its time, and how to go on: the truth, whatever it is."""
    parts, documents = count_parts(job, {})
    old = f"; the earlier results in {job.output} are as they were" if output_layout.read_manifest(job.output) is not None else ""
    if parts or job.counts.rpartition("/")[2] in filesystem.list_names(job.state):
        lost = f", {CURRENT.begun - CURRENT.kept:,} that were begun are not" if engine.local and CURRENT.begun > CURRENT.kept else ""
        return f"{documents:,} documents are kept{lost}: go on with --resume --output {job.output}{old}"
    if not engine.local:
        return f"no document is kept so far: go on with --resume --output {job.output}{old}"
    folder.clear_state(job.output)
    return f"0 of {CURRENT.begun:,} documents that were begun are kept: start again with the same command{old}"


def _try(job: Job, shares: list[work_units.WorkUnit], engine: base.Runner, size: int, finished: Sequence[str]) -> BaseException | None:
    """Run the graph once, over `size` bytes without the parts that are `finished`; what it failed with."""
    passes = 1 if job.recipe.site_template is None else 2
    bar = progress_bar.progress_bar(passes * size) if engine.local else progress_bar.waiting(engine.runner, partial(count_parts, job, {}))
    try:
        with bar if sys.stderr.isatty() else nullcontext():
            import apache_beam as beam  # the slow import, under the bar
            from apache_beam.options.pipeline_options import PipelineOptions

            from newsbeam.batch.graph import build_graph

            pipeline = beam.Pipeline(runner=engine.runner, options=PipelineOptions.from_dictionary(engine.options))
            spread = not engine.local or int(engine.options.get("direct_num_workers") or 1) != 1
            build_graph(pipeline, shares, job, finished, spread)
            execution.wait(pipeline.run(), engine)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - each runner raises what it likes; the user is told
        return error
    return None
