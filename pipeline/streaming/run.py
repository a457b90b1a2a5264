"""`newsbeam run --source`: a run without an end, on this machine's side. Refuse what cannot be, build the graph, wait for a signal.

A run goes on where the last one ended, in the same folder: each has a number of its own in its files' names, so that it
never writes over another's; and what the manifests account for is not taken again (`newsbeam.streaming.history`).
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from importlib.metadata import version
from typing import Any

from newsbeam.config import recipe, recipe_parser
from newsbeam.config.job import FORMAT_BY_COMPRESSION, Job, WorkerConfig
from newsbeam.console.terminal import print_note
from newsbeam.errors import UsageError
from newsbeam.outputs import folder, lock
from newsbeam.outputs.manifest import account_line
from newsbeam.runners import base, dry_run, execution, registry
from newsbeam.runners.names import RUNNERS
from newsbeam.signals import STOP_SIGNALS
from newsbeam.sources import connect, kafka, pubsub_leases, uri
from newsbeam.sources.messages import MessageReader
from newsbeam.sources.uri import Kafka, PubSub
from newsbeam.storage import filesystem
from newsbeam.storage.output_layout import STREAM_STATE_DIR
from newsbeam.streaming import history
from newsbeam.streaming.reporting import ManifestReporter
from newsbeam.streaming.run_records import allocate_run_number, check_output, remember_job
from newsbeam.workers.pool import available_cores

_READS = {"kafka": ("prism", "flink", "dataflow"), "pubsub": ("direct", "dataflow")}
"""Which runners read what. The direct runner starts no Java, which Beam's Kafka is written in; the others know no Pub/Sub."""

_LOOK_SECONDS = 1.0
"""How often it is looked for new manifests, to tell of them."""


def consume(arguments: argparse.Namespace, beam_options: dict[str, Any]) -> int:
    """`newsbeam run --source URI`. Returns the exit status; raises UsageError."""
    source = uri.parse(arguments.source)
    chosen = recipe_parser.load(arguments.recipe)
    _check(arguments, source, chosen)
    output = arguments.output.removeprefix("file://")
    if beam_options:
        filesystem.filesystems(beam_options)
    folder.check_places(output)
    engine = registry.engine_of(arguments, beam_options, [], streaming=True)
    job = Job(
        setup=WorkerConfig(chosen, arguments.added or "", arguments.time_limit, version("newsbeam"), rows=arguments.rows),
        output=output,
        format=FORMAT_BY_COMPRESSION[arguments.compress],
        workers=arguments.workers or (available_cores() if engine.local else 1),
        max_bytes=arguments.max_document_mb << 20,
        statuses=arguments.http_status,
        name=source.name,
    )
    if dry_run.is_dry(beam_options):
        try:
            with _reader(source, engine) as (ready, service):
                dry_run.show(_begin(job, source, ready, service, 1, arguments))
        except UsageError:
            raise
        except ValueError as error:  # Beam looks at the names, and only now
            raise UsageError(f"--source {arguments.source}: {error}") from error
        return 0
    with lock.locked(output), _reader(source, engine) as (ready, service):
        check_output(output)
        try:
            number = allocate_run_number(job, source, arguments)
        except OSError as error:
            raise UsageError(f"--output {output} cannot be written to: {error.strerror or error}") from error
        return _run(job, source, ready, service, number, arguments)


@contextmanager
def _reader(source: Kafka | PubSub, engine: base.Runner) -> Iterator[tuple[base.Runner, kafka.Service | None]]:
    """The engine with what it needs to read the source, and for Kafka the service that brings it into the graph."""
    if isinstance(source, PubSub):
        yield engine, None
        return
    with ExitStack() as stack:
        ready = stack.enter_context(kafka.connector(engine))
        yield ready


def _check(arguments: argparse.Namespace, source: Kafka | PubSub, chosen: recipe.Recipe) -> None:
    """Refuse what a stream cannot do."""
    if chosen.site_template is not None:
        raise UsageError(recipe.UNBOUNDED_WITH_SITE_TEMPLATE)
    if arguments.format == "parquet":
        raise UsageError("a stream writes JSON lines, which grow by a file a window; --compress zstd makes them small")
    for given in ("resume", "overwrite"):
        if getattr(arguments, given):
            raise UsageError(f"--{given}: a stream goes on by itself and never overwrites; run it again without, into the same folder")
    kind = "kafka" if isinstance(source, Kafka) else "pubsub"
    if arguments.runner in RUNNERS and arguments.runner not in _READS[kind]:
        name = "Kafka" if kind == "kafka" else "Pub/Sub"
        raise UsageError(f"--runner {arguments.runner} does not read {name} as Beam is; use --runner {' or '.join(_READS[kind])}")
    if kind == "pubsub":
        filesystem.require_extra("gcp", "google.cloud.pubsub", "--source pubsub://")


def _run(
    job: Job,
    source: Kafka | PubSub,
    engine: base.Runner,
    service: kafka.Service | None,
    number: int,
    arguments: argparse.Namespace,
) -> int:
    debug = bool(os.environ.get("NEWSBEAM_DEBUG"))
    filesystem.silence_beam_logging(logging.ERROR if debug else logging.CRITICAL)
    logging.getLogger("pipeline").setLevel(logging.WARNING)
    stop = threading.Event()
    # From the first moment on: a signal while Beam is loaded ends the run as politely.
    for one in STOP_SIGNALS:
        signal.signal(one, lambda *_: stop.set())
    error: BaseException | None = None
    result: Any = None
    told = ManifestReporter(job, number)
    try:
        with _deaf(lambda *_: stop.set()):
            result = _begin(job, source, engine, service, number, arguments)
        remember_job(job, number, result, engine)
        print_note(f"run {number} reads {arguments.source}; Ctrl-C ends it")
        error = _wait(result, stop, told)
    except Exception as raised:  # noqa: BLE001 - each runner raises what it likes; the user is told
        error = raised
    # Another signal ends it here and now.
    for one in STOP_SIGNALS:
        signal.signal(one, signal.SIG_DFL)
    if result is not None and error is None:
        execution.cancel(result, engine)
    back = pubsub_leases.NOW.close()
    if error is not None:
        if debug:
            traceback.print_exception(error)
        print_note(f"the run failed: {execution.told(error)}")
        print_note("what is finished is kept; run it again to go on")
        if not debug:
            print_note("(NEWSBEAM_DEBUG=1 shows the traceback)")
    if back:
        print_note(f"{back:,} messages whose windows were not finished are given back, and come again")
    told.look(last=True)
    print(account_line(told.total), flush=True)
    for wrong in told.wrong:
        print_note(f"{wrong} does not add up: see its account")
    return 1 if error is not None or told.wrong else 0


@contextmanager
def _deaf(after: Callable[..., None]) -> Iterator[None]:
    """What is started meanwhile does not hear Ctrl-C; `after` hears it from then on.

    A terminal sends it to all: the job server and Prism would be gone before they could be told to end the job. And Beam takes
    the signal for itself when it starts them.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, after)


def _begin(
    job: Job,
    source: Kafka | PubSub,
    engine: base.Runner,
    service: kafka.Service | None,
    number: int,
    arguments: argparse.Namespace,
) -> Any:
    """Start the graph, with what earlier runs wrote; Beam's result, which goes on."""
    import apache_beam as beam  # the slow import
    from apache_beam.options.pipeline_options import PipelineOptions

    from newsbeam.streaming.elements import Stream
    from newsbeam.streaming.graph import Process

    place = f"kafka://{source.topic}/" if isinstance(source, Kafka) else f"pubsub://{source.path}"
    done: dict[str, list[Any]] = {}
    seen = ""
    if not dry_run.is_dry(engine.options):  # that touches no folder
        done, marks = history.load(job.output, place, arguments.remember)
        seen = history.save_keys(marks, filesystem.join(job.output, STREAM_STATE_DIR, f"seen-{number}"))
    how = Stream(arguments.window, arguments.remember, number, seen=seen)
    runner = engine.runner
    if isinstance(source, PubSub):
        if arguments.runner == "direct":
            # The engine of that name reads what has an end; this is Beam's other one of this machine.
            runner = "BundleBasedDirectRunner"
            pubsub_leases.begin(name for names in done.values() for name in names)
    else:
        how = replace(how, done=tuple((where, tuple(stretches)) for where, stretches in done.items()))
    pipeline = beam.Pipeline(runner=runner, options=PipelineOptions.from_dictionary(engine.options))
    reader = MessageReader(source.payload, job.max_bytes, source.name, job.setup.rows, job.reader())
    _ = connect.read(pipeline, source, service) | "newsbeam" >> Process(job, how, reader)
    return pipeline.run()


def _wait(result: Any, stop: threading.Event, told: ManifestReporter) -> BaseException | None:
    """Until the job ends (what it ended with, if that was an error) or somebody asks to stop (None)."""
    ended: list[BaseException | None] = []

    def wait() -> None:
        try:
            result.wait_until_finish()
            ended.append(None)
        except BaseException as error:  # noqa: BLE001 - each runner raises what it likes
            ended.append(error)

    waiter = threading.Thread(target=wait, daemon=True, name="newsbeam-wait")
    waiter.start()
    while waiter.is_alive() and not stop.wait(_LOOK_SECONDS):
        told.look()
    return ended[0] if ended else None
