"""`newsbeam run --source`: a run without an end, on this machine's side. Refuse what cannot be, build the graph, wait for a signal.

A run goes on where the last one ended, in the same folder: each has a number of its own in its files' names, so that it
never writes over another's; and what the manifests account for is not taken again (`pipeline.written`).
"""

from __future__ import annotations

import argparse
import logging
import os
import re
import signal
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import orjson

from pipeline import dataflow, engines, files, folder, kafka, leases, messages, recipe, run, schema, written
from pipeline.cli import RUNNERS
from pipeline.console import say
from pipeline.folder import STREAMED, Refused
from pipeline.messages import Kafka, MessageReader, PubSub
from pipeline.pool import cores
from pipeline.worker import STOPS, Setup, now
from pipeline.write import COMPRESSED, KINDS, Job, account_of

_READS = {"kafka": ("prism", "flink", "dataflow"), "pubsub": ("direct", "dataflow")}
"""Which runners read what. The direct runner starts no Java, which Beam's Kafka is written in; the others know no Pub/Sub."""

_LOOK_SECONDS = 1.0
"""How often it is looked for new manifests, to tell of them."""

_LOOK_FAR_SECONDS = 30.0
"""The same in a bucket."""


def consume(arguments: argparse.Namespace, beam_options: dict[str, Any]) -> int:
    """`newsbeam run --source URI`. Returns the exit status; raises Refused."""
    try:
        source = messages.parse(arguments.source)
        chosen = recipe.load(arguments.recipe)
    except (messages.SourceError, recipe.RecipeError) as error:
        raise Refused(str(error)) from error
    _check(arguments, source, chosen)
    output = arguments.output.removeprefix("file://")
    if beam_options:
        files.filesystems(beam_options)
    run.check_places(output)
    engine = run.engine_of(arguments, beam_options, [], streaming=True)
    job = Job(
        setup=Setup(chosen, arguments.added or "", arguments.time_limit, version("newsbeam"), rows=arguments.rows),
        output=output,
        format=COMPRESSED[arguments.compress],
        workers=arguments.workers or (cores() if engine.local else 1),
        max_bytes=arguments.max_document_mb << 20,
        statuses=arguments.http_status,
        name=source.name,
    )
    if dataflow.is_dry(beam_options):
        try:
            with _reader(source, engine) as (ready, service):
                dataflow.show(_begin(job, source, ready, service, 1, arguments))
        except Refused:
            raise
        except ValueError as error:  # Beam looks at the names, and only now
            raise Refused(f"--source {arguments.source}: {error}") from error
        return 0
    with folder.locked(output), _reader(source, engine) as (ready, service):
        _check_output(output)
        try:
            number = _claim(job, source, arguments)
        except OSError as error:
            raise Refused(f"--output {output} cannot be written to: {error.strerror or error}") from error
        return _run(job, source, ready, service, number, arguments)


@contextmanager
def _reader(source: Kafka | PubSub, engine: engines.Engine) -> Iterator[tuple[engines.Engine, kafka.Service | None]]:
    """The engine with what it needs to read the source, and for Kafka the service that brings it into the graph."""
    if isinstance(source, PubSub):
        yield engine, None
        return
    with ExitStack() as stack:
        try:
            ready = stack.enter_context(kafka.connector(engine))
        except engines.Missing as error:
            raise Refused(str(error)) from error
        yield ready


def _check(arguments: argparse.Namespace, source: Kafka | PubSub, chosen: recipe.Recipe) -> None:
    """Refuse what a stream cannot do."""
    if chosen.site_template is not None:
        raise Refused(recipe.UNENDING)
    if arguments.format == "parquet":
        raise Refused("a stream writes JSON lines, which grow by a file a window; --compress zstd makes them small")
    for given in ("resume", "overwrite"):
        if getattr(arguments, given):
            raise Refused(f"--{given}: a stream goes on by itself and never overwrites; run it again without, into the same folder")
    kind = "kafka" if isinstance(source, Kafka) else "pubsub"
    if arguments.runner in RUNNERS and arguments.runner not in _READS[kind]:
        name = "Kafka" if kind == "kafka" else "Pub/Sub"
        raise Refused(f"--runner {arguments.runner} does not read {name} as Beam is; use --runner {' or '.join(_READS[kind])}")
    if kind == "pubsub":
        try:
            files.need("gcp", "google.cloud.pubsub", "--source pubsub://")
        except files.MissingExtra as error:
            raise Refused(str(error)) from error


def _check_output(output: str) -> None:
    state = files.join(output, STREAMED)
    folder.check_state(state)
    folder.check_command(output, "stream")
    runs = list(_runs(output))
    if not runs:
        folder.check_strangers(output)
    for _, about in runs:
        flink = about.get("flink")
        if not isinstance(flink, dict):
            continue
        try:
            jobs = engines.going_on(str(flink.get("job")), str(flink.get("master")))
        except (OSError, ValueError):
            continue  # a cluster that is gone runs nothing
        if jobs:
            # Its command was killed; the cluster knows nothing of that.
            cure = f"curl -X PATCH http://{flink['master']}/jobs/{jobs[0]}"
            raise Refused(f"an earlier run into {output} still goes on, as job {jobs[0]} of Flink; end it first: {cure}")


def _runs(output: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The earlier runs into a folder: the number of each, and what it noted of itself. Raises Refused where that is damaged."""
    state = files.join(output, STREAMED)
    numbers = [int(found[1]) for name in files.names_in(state) if (found := re.fullmatch(r"run-(\d+)\.json", name))]
    for number in sorted(numbers):
        path = files.join(state, f"run-{number}.json")
        yield number, folder.load(path, "get it back from a copy, or name another folder")


def _claim(job: Job, source: Kafka | PubSub, arguments: argparse.Namespace) -> int:
    """Make the output folder ready; the number of this run in it, one more than any before."""
    state = files.join(job.output, STREAMED)
    folder.make_state(state)
    before = dict(_runs(job.output))
    number = max(before, default=0) + 1
    _clear(job.output, state, before)
    what = f"Messages of {source.name}, window by window; each `manifest-….json` accounts for one window's files"
    text = schema.data_card(job.recipe.source or job.name, f"documents-*.{job.format}", what, f"newsbeam v{job.setup.version}")
    card = text.replace("`manifest.json`", "`manifest-*.json`").encode()
    about = {
        "source": arguments.source,
        "runner": arguments.runner,
        "began": now(),
        "window": arguments.window,
        "remember": arguments.remember,
        "recipe": job.recipe.text,
        "version": job.setup.version,
        "card": folder.card_entry(card),
    }
    if kept := folder.write_card(job.output, card, folder.card_of(before.get(number - 1))):
        say(f"{job.output}/{folder.CARD} was not as newsbeam wrote it: it is kept as {kept}")
    with files.whole(files.join(state, f"run-{number}.json")) as stream:
        stream.write(orjson.dumps(about, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    return number


def _remember_job(job: Job, number: int, result: Any, engine: engines.Engine) -> None:
    """Note what Flink calls a run, so that another one can see whether it goes on."""
    master = engine.options.get("flink_master")
    if engine.runner != "FlinkRunner" or not master:
        return
    path = files.join(job.output, STREAMED, f"run-{number}.json")
    with files.read(path) as stream:
        about = orjson.loads(stream.read())
    with files.whole(path) as stream:
        about["flink"] = {"job": getattr(result, "_job_id", ""), "master": master}
        stream.write(orjson.dumps(about, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def _clear(output: str, state: str, runs: Mapping[int, dict[str, Any]]) -> None:
    """Take away what earlier runs of this machine had begun to write and have no manifest for: its messages come again.

    Not what an engine's runs wrote: they may be going on.
    """
    here = {number for number, about in runs.items() if about.get("runner") in ("direct", "prism")}
    for number in here:
        files.delete(files.join(state, f"seen-{number}"))
    names = set(files.names_in(output))
    for name in names:
        if (found := _WRITTEN.fullmatch(name)) and int(found[2]) in here and (found[4] or f"manifest-{found[1]}.json" not in names):
            files.delete(files.join(output, name))


_WRITTEN = re.compile(
    r"(?:documents|dropped|dead-letters|manifest)-(\d{8}T\d{6}-run(\d+)(?:-late\d+)?)(?:-\d{5})?\.json(l(?:\.gz|\.zst)?)?(\.\w+\.tmp)?"
)


def _run(
    job: Job,
    source: Kafka | PubSub,
    engine: engines.Engine,
    service: kafka.Service | None,
    number: int,
    arguments: argparse.Namespace,
) -> int:
    debug = bool(os.environ.get("NEWSBEAM_DEBUG"))
    files.quiet_beam(logging.ERROR if debug else logging.CRITICAL)
    logging.getLogger("pipeline").setLevel(logging.WARNING)
    stop = threading.Event()
    # From the first moment on: a signal while Beam is loaded ends the run as politely.
    for one in STOPS:
        signal.signal(one, lambda *_: stop.set())
    error: BaseException | None = None
    result: Any = None
    told = _Told(job, number)
    try:
        with _deaf(lambda *_: stop.set()):
            result = _begin(job, source, engine, service, number, arguments)
        _remember_job(job, number, result, engine)
        say(f"run {number} reads {arguments.source}; Ctrl-C ends it")
        error = _wait(result, stop, told)
    except Exception as raised:  # noqa: BLE001 - each runner raises what it likes; the user is told
        error = raised
    # Another signal ends it here and now.
    for one in STOPS:
        signal.signal(one, signal.SIG_DFL)
    if result is not None and error is None:
        engines.cancel(result, engine)
    back = leases.NOW.close()
    if error is not None:
        if debug:
            traceback.print_exception(error)
        say(f"the run failed: {engines.told(error)}")
        say("what is finished is kept; run it again to go on")
        if not debug:
            say("(NEWSBEAM_DEBUG=1 shows the traceback)")
    if back:
        say(f"{back:,} messages whose windows were not finished are given back, and come again")
    told.look(last=True)
    print(account_of(told.total), flush=True)
    for wrong in told.wrong:
        say(f"{wrong} does not add up: see its account")
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
    engine: engines.Engine,
    service: kafka.Service | None,
    number: int,
    arguments: argparse.Namespace,
) -> Any:
    """Start the graph, with what earlier runs wrote; Beam's result, which goes on."""
    import apache_beam as beam  # the slow import
    from apache_beam.options.pipeline_options import PipelineOptions

    from pipeline.stream import Process, Stream

    place = f"kafka://{source.topic}/" if isinstance(source, Kafka) else f"pubsub://{source.path}"
    done: dict[str, list[Any]] = {}
    seen = ""
    if not dataflow.is_dry(engine.options):  # that touches no folder
        done, marks = written.load(job.output, place, arguments.remember)
        seen = written.keep(marks, files.join(job.output, STREAMED, f"seen-{number}"))
    how = Stream(arguments.window, arguments.remember, number, seen=seen)
    runner = engine.runner
    if isinstance(source, PubSub):
        if arguments.runner == "direct":
            # The engine of that name reads what has an end; this is Beam's other one of this machine.
            runner = "BundleBasedDirectRunner"
            leases.begin(name for names in done.values() for name in names)
    else:
        how = replace(how, done=tuple((where, tuple(stretches)) for where, stretches in done.items()))
    pipeline = beam.Pipeline(runner=runner, options=PipelineOptions.from_dictionary(engine.options))
    reader = MessageReader(source.payload, job.max_bytes, source.name, job.setup.rows, job.reader())
    _ = messages.read(pipeline, source, service) | "newsbeam" >> Process(job, how, reader)
    return pipeline.run()


def _wait(result: Any, stop: threading.Event, told: _Told) -> BaseException | None:
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


class _Told:
    """What the manifests of a run say, summed up as they appear; each is told on standard error."""

    def __init__(self, job: Job, number: int) -> None:
        self.total: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._output = job.output
        self._mine = re.compile(rf"manifest-(\d{{8}}T\d{{6}})-run{number}(-late\d+)?\.json")
        self._counts: dict[str, Counter[str]] = {}
        self._next = 0.0

    def look(self, last: bool = False) -> None:
        """Take in what is new. In a bucket, where each look is a list of everything, not every time: but the last look sees all."""
        if files.remote(self._output) and not last:
            if (now := time.monotonic()) < self._next:
                return
            self._next = now + _LOOK_FAR_SECONDS
        for name in files.names_in(self._output, "manifest-"):
            if name in self._counts or not (found := self._mine.fullmatch(name)):
                continue
            about = folder.read_manifest(self._output, name)
            try:
                self._counts[name] = Counter({kind: about["counts"][kind] for kind in KINDS})
                account = str(about["account"])
            except (KeyError, TypeError):
                self._counts[name], account = Counter(), "damaged: what it accounts for is not in the sum"
            self.total.update(self._counts[name])
            if account != account_of(self._counts[name]):
                self.wrong.append(name)
            say(f"{found[1]}{found[2] or ''}: {account}")
