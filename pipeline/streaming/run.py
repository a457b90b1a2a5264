"""A run over messages, on the submitting machine.

It checks, builds the graph, and waits for a signal.

A run continues where the last one in the same folder stopped. Each run has its own number in the names of its files, so that
it never overwrites another's. Messages that the manifests account for are skipped (`newsbeam.streaming.history`).
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

from newsbeam.config import recipe, recipe_parser
from newsbeam.config.job import Job
from newsbeam.config.settings import StreamSettings
from newsbeam.console.terminal import print_note
from newsbeam.errors import UsageError
from newsbeam.outputs import folder, lock
from newsbeam.runners import base, dry_run, execution, registry
from newsbeam.signals import STOP_SIGNALS
from newsbeam.sources import connect, kafka, pubsub_leases, uri
from newsbeam.sources.messages import MessageReader
from newsbeam.sources.uri import Kafka, PubSub
from newsbeam.storage import filesystem, output_layout
from newsbeam.streaming import history
from newsbeam.streaming.reporting import ManifestReporter
from newsbeam.streaming.run_records import allocate_run_number, check_output, remember_job
from newsbeam.workers.pool import available_cores
from newsbeam.workers.site_template import Template, find_template

_POLL_SECONDS = 1.0
"""Seconds between polls for new manifests."""


def consume(settings: StreamSettings) -> int:
    """Carry out `newsbeam run --source URI`; the exit status. Raises UsageError."""
    source = uri.parse(settings.source)
    chosen = recipe_parser.load(settings.documents.recipe)
    _check(settings, source, chosen)
    output = settings.output.folder
    if settings.runner.options:
        filesystem.filesystems(settings.runner.options)
    chosen, template = find_template(settings.documents.template, chosen)
    folder.check_places(output)
    runner = registry.select_runner(settings.runner, output, [], streaming=True)
    workers = available_cores() if runner.local else 1
    job = Job.from_settings(settings.documents, settings.output, chosen, workers=workers, name=source.name)
    show = runner.definition.show_dry_run
    if show is not None and dry_run.is_dry(settings.runner.options):
        try:
            with _reader(source, runner) as (ready, service):
                show(_begin(_with_counts(job, template, 1), source, ready, service, 1, settings))
        except UsageError:
            raise
        except ValueError as error:  # Beam checks the names, and only now
            raise UsageError(f"--source {settings.source}: {error}") from error
        return 0
    with lock.locked(output), _reader(source, runner) as (ready, service):
        check_output(output)
        try:
            number = allocate_run_number(job, source, settings)
            job = _with_counts(job, template, number)
            if template is not None:
                template.save(job.setup.counts)
        except OSError as error:
            raise UsageError(f"cannot write to --output {output}: {error.strerror or error}") from error
        return _run(job, source, ready, service, number, settings)


def _with_counts(job: Job, template: Template | None, number: int) -> Job:
    """The job of a run with this number, with the counts of `--template`."""
    return job if template is None else template.job(job, output_layout.stream_site_template_path(job.output, number))


@contextmanager
def _reader(source: Kafka | PubSub, runner: base.Runner) -> Iterator[tuple[base.Runner, kafka.Service | None]]:
    """The runner with the options for reading the source.

    For Kafka, with the expansion service.
    """
    if isinstance(source, PubSub):
        yield runner, None
        return
    with ExitStack() as stack:
        ready = stack.enter_context(kafka.connector(runner))
        yield ready


def _check(settings: StreamSettings, source: Kafka | PubSub, chosen: recipe.Recipe) -> None:
    """Raise UsageError for a recipe or a runner that a stream cannot use."""
    if chosen.site_template is not None and settings.documents.template is None:
        raise UsageError(recipe.UNBOUNDED_WITH_SITE_TEMPLATE)
    able = [one.name for one in registry.all_definitions() if one.reads(source.kind)]
    if settings.runner.name in registry.RUNNERS and settings.runner.name not in able:
        raise UsageError(f"Beam's {settings.runner.name} runner cannot read {source.label}; use --runner {' or '.join(able)}")
    if isinstance(source, PubSub):
        filesystem.require_extra("gcp", "google.cloud.pubsub", "--source pubsub://")


def _run(
    job: Job,
    source: Kafka | PubSub,
    runner: base.Runner,
    service: kafka.Service | None,
    number: int,
    settings: StreamSettings,
) -> int:
    debug = bool(os.environ.get("NEWSBEAM_DEBUG"))
    filesystem.silence_beam_logging(logging.ERROR if debug else logging.CRITICAL)
    stop = threading.Event()
    # Set before Beam is loaded, which takes seconds: a signal during that time also stops the run cleanly.
    for one in STOP_SIGNALS:
        signal.signal(one, lambda *_: stop.set())
    error: BaseException | None = None
    result: Any = None
    told = ManifestReporter(job, number)
    try:
        with _ignore_sigint_while_starting(lambda *_: stop.set()):
            result = _begin(job, source, runner, service, number, settings)
        remember_job(job, number, result, runner)
        print_note(f"run {number} reads {settings.source}; Ctrl-C stops it")
        error = _wait(result, stop, told)
    except Exception as raised:  # noqa: BLE001 - runners raise anything; it is reported
        error = raised
    # Another signal stops the process at once.
    for one in STOP_SIGNALS:
        signal.signal(one, signal.SIG_DFL)
    if result is not None and error is None:
        execution.cancel(result, runner)
    back = pubsub_leases.NOW.close()
    if error is not None:
        if debug:
            traceback.print_exception(error)
        print_note(f"the run failed: {execution.one_line_error(error)}")
        print_note("finished windows are kept; run the same command again to continue")
        if not debug:
            print_note("(NEWSBEAM_DEBUG=1 shows the traceback)")
    if back:
        print_note(f"{back:,} messages from unfinished windows were returned and will be redelivered")
    told.look(last=True)
    print(told.total, flush=True)
    for wrong in told.wrong:
        print_note(f"counts in {wrong} do not balance; see its `account`")
    return 1 if error is not None or told.wrong else 0


@contextmanager
def _ignore_sigint_while_starting(after: Callable[..., None]) -> Iterator[None]:
    """Start child processes that ignore Ctrl-C.

    `after` handles it in this process from then on.

    A terminal sends the signal to all processes: the job server and Prism would be gone before the job could be cancelled. Beam
    also sets a handler of its own when it starts them.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, after)


def _begin(
    job: Job,
    source: Kafka | PubSub,
    runner: base.Runner,
    service: kafka.Service | None,
    number: int,
    settings: StreamSettings,
) -> Any:
    """Start the graph, and return Beam's result, which is still running.

    The graph skips the messages of earlier runs.
    """
    import apache_beam as beam  # the slow import
    from apache_beam.options.pipeline_options import PipelineOptions

    from newsbeam.streaming.elements import Stream
    from newsbeam.streaming.graph import Process

    place = f"kafka://{source.topic}/" if isinstance(source, Kafka) else f"pubsub://{source.path}"
    done: history.Processed = {}
    seen = ""
    if not dry_run.is_dry(runner.options):  # a dry run reads no folder
        done, marks = history.load(job.output, place, settings.remember)
        seen = history.save_keys(marks, output_layout.seen_keys_path(job.output, number))
    how = Stream(settings.window, settings.remember, number, seen=seen)
    beam_name = runner.beam_name
    if isinstance(source, PubSub):
        if (reading := runner.definition.pubsub) is not None:
            beam_name = reading.beam_name or beam_name
            if reading.leased:
                pubsub_leases.begin(name for names in done.values() for name in names if isinstance(name, str))
    else:
        ranges = ((where, tuple(one for one in of_place if not isinstance(one, str))) for where, of_place in done.items())
        how = replace(how, done=tuple(ranges))
    pipeline = beam.Pipeline(runner=beam_name, options=PipelineOptions.from_dictionary(runner.options))
    reader = MessageReader(source.payload, job.max_bytes, source.name, job.setup.rows, job.reader())
    _ = connect.read(pipeline, source, service) | "newsbeam" >> Process(job, how, reader)
    return pipeline.run()


def _wait(result: Any, stop: threading.Event, told: ManifestReporter) -> BaseException | None:
    """Wait until the job ends or `stop` is set; the error of the job, or None."""
    ended: list[BaseException | None] = []

    def wait() -> None:
        try:
            result.wait_until_finish()
            ended.append(None)
        except BaseException as error:  # noqa: BLE001 - runners raise anything
            ended.append(error)

    waiter = threading.Thread(target=wait, daemon=True, name="newsbeam-wait")
    waiter.start()
    while waiter.is_alive() and not stop.wait(_POLL_SECONDS):
        told.look()
    return ended[0] if ended else None
