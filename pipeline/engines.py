"""The engines a run may go to: Beam's options for each, and what one of them lacks on this machine, with the command that brings it.

Nothing is fetched when a run begins. Beam would download job servers and engines by itself, from wherever its version says: here
the path of each is looked up first, and a run is refused where there is none.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import shutil
import signal
import socket
import sys
import threading
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from glob import glob
from importlib.metadata import version
from typing import Any

from pipeline import dataflow, files
from pipeline.cli import RUNNERS
from pipeline.console import say
from pipeline.worker import STOPS

FLINK_MASTER = "localhost:8081"
SPARK_MASTER = "spark://localhost:7077"
"""Where they are by themselves, when started on this machine by their own scripts."""

ANSWER_SECONDS = 5.0
"""How long an engine may take to answer before it counts as missing."""

FOLDER = "NEWSBEAM_FOLDER"
"""The variable that tells a worker which folder the run was started in: relative paths and a recipe's own modules are found there."""

_BATCH = {"execution_mode_for_batch": "BATCH_FORCED"}
"""What passes between two stages stays on disk: a lost machine costs its own share of the work, not all that was done. It is little."""

_CHECKPOINTS = {"checkpointing_interval": 10_000}
"""Milliseconds. Beam turns Flink's checkpoints off unless told otherwise."""

_UNTIL_DONE = 10 * 365 * 86_400
"""Seconds. Prism takes Beam's time limit for an answer for one of the whole job."""

_JARS = "~/.apache_beam/cache/jars"
_MAVEN = "https://repo.maven.apache.org/maven2/org/apache/beam"


class Missing(Exception):
    """An engine, or a part of one, is not to be had; the message says what brings it."""


@dataclass(frozen=True)
class Engine:
    """Where a run goes. `runner` is Beam's name, `options` are Beam's; `local`: its documents are worked on by this command's own
    pool, not by workers of an engine that share them out. `again`: a job of it that failed is worth another try, while it gets on.
    """

    runner: str
    options: dict[str, Any] = field(default_factory=dict)
    local: bool = False
    again: bool = False


def choose(name: str, given: Mapping[str, Any] | None = None, streaming: bool = False) -> Engine:
    """The engine of that name (one of RUNNERS, or Beam's name of a runner), with its preset under the options `given`.

    `streaming`: the input has no end. Raises Missing.
    """
    options = dict(given or {})
    if streaming:
        options.setdefault("streaming", True)
    if name not in RUNNERS:
        if not name.endswith("Runner"):
            near = difflib.get_close_matches(name, RUNNERS, 1)
            raise Missing(f"no runner {name!r}" + (f"; did you mean {near[0]!r}?" if near else f"; there are: {', '.join(RUNNERS)}"))
        return Engine(name, options)
    preset = _PRESETS[name](options)
    return Engine(RUNNERS[name], {**preset, **options}, local=name in ("direct", "prism"), again=name in ("flink", "spark"))


def _direct(options: Mapping[str, Any]) -> dict[str, Any]:
    if options.get("direct_running_mode") == "multi_processing":
        # Beam starts its workers by `python -m`, which puts the current folder in front of the module search path (3.10 cannot
        # be kept from it).
        os.environ["PYTHONSAFEPATH"] = "1"
    return {}


# --- Prism ----------------------------------------------------------------------------------------------------------


def _prism(options: Mapping[str, Any]) -> dict[str, Any]:
    preset = {"job_server_timeout": _UNTIL_DONE}
    if options.get("job_endpoint"):
        _answers(options["job_endpoint"], "--job_endpoint")
        return {**preset, "environment_type": "LOOPBACK"}
    command = f"go install github.com/apache/beam/sdks/v2/go/cmd/prism@v{version('apache-beam')}"
    if path := options.get("prism_location"):
        _is_file(path, "--prism_location", f"install it: {command}")
        return preset
    gopath = os.environ.get("GOPATH") or "~/go"
    there = [os.path.expanduser(f"{folder}/prism") for folder in (os.environ.get("GOBIN") or f"{gopath}/bin", "~/go/bin")]
    found = shutil.which("prism") or next((path for path in there if os.access(path, os.X_OK)), None)
    if found is None:
        raise Missing(f"no prism on this machine; {command} (or name yours with --prism_location)")
    return {**preset, "prism_location": found}


# --- Flink ----------------------------------------------------------------------------------------------------------


def _flink(options: Mapping[str, Any]) -> dict[str, Any]:
    preset: dict[str, Any] = {**_CHECKPOINTS} if options.get("streaming") else {**_BATCH}
    master = options.get("flink_master") or FLINK_MASTER
    if options.get("job_endpoint"):
        _answers(options["job_endpoint"], "--job_endpoint", "start the job server: java -jar flink-job-server.jar --flink-master HOST:PORT")
        return {**preset, **_process(options)}
    if master in ("[local]", "[auto]"):  # Flink within the job server, as Beam's own tests use it
        return {**preset, **_job_server("flink", options, "")}
    about = _flink_at(master)
    preset.update(_process(options), flink_master=master)
    if about.get("slots-total"):  # else the cluster starts its machines as they are wanted
        preset["parallelism"] = about["slots-total"]
    flink_version = ".".join(str(about.get("flink-version", "")).split(".")[:2])
    return {**preset, **_job_server("flink", options, flink_version)}


def _flink_at(master: str) -> dict[str, Any]:
    """What the Flink at HOST:PORT says of itself."""
    try:
        with urllib.request.urlopen(f"{_url(master)}/overview", timeout=ANSWER_SECONDS) as answer:  # noqa: S310 - http or https
            about: dict[str, Any] = json.load(answer)
            return about
    except (OSError, ValueError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        hint = "start one: bin/start-cluster.sh in the folder of a Flink 1.19 (or name yours with --flink_master HOST:PORT)"
        raise Missing(f"no Flink answers at {master} ({reason}); {hint}") from error


# --- Spark ----------------------------------------------------------------------------------------------------------


def _spark(options: Mapping[str, Any]) -> dict[str, Any]:
    if options.get("streaming"):
        raise Missing("Spark runs what has an end; --runner flink, prism or dataflow for a source without one")
    if options.get("job_endpoint"):
        hint = "start the job server: java -jar spark-job-server.jar --spark-master-url spark://HOST:PORT"
        _answers(options["job_endpoint"], "--job_endpoint", hint)
        return _process(options)
    master = options.get("spark_master_url") or SPARK_MASTER
    preset: dict[str, Any] = {"spark_master_url": master}
    if not master.startswith("local"):
        preset.update(_process(options))
    if master.startswith("spark://"):
        hint = "start one: sbin/start-all.sh in the folder of a Spark 3.5 (or name yours with --spark_master_url spark://HOST:PORT)"
        for one in master.removeprefix("spark://").split(","):
            _answers(one, "--spark_master_url", hint, f"no Spark answers at {master}")
    return {**preset, **_job_server("spark", options, "3")}


# --- Dataflow -------------------------------------------------------------------------------------------------------


def _dataflow(options: Mapping[str, Any]) -> dict[str, Any]:
    try:
        files.need("gcp", "google.cloud.storage", "--runner dataflow")
        return dataflow.preset(options)
    except (files.MissingExtra, ValueError) as error:
        raise Missing(str(error)) from error


_PRESETS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "direct": _direct,
    "prism": _prism,
    "flink": _flink,
    "spark": _spark,
    "dataflow": _dataflow,
}


# --- the parts ------------------------------------------------------------------------------------------------------


def _process(options: Mapping[str, Any]) -> dict[str, Any]:
    """The engine's machines start workers of their own, from the environment this command is installed in, at the same path."""
    if any(options.get(name) for name in ("environment_type", "environment_config", "environment_options")):
        return {}
    worker = os.path.join(os.path.dirname(sys.executable), "newsbeam-sdk-worker")
    if not os.access(worker, os.X_OK):
        raise Missing(f"no {worker}; it comes with newsbeam: {sys.executable} -m pip install newsbeam (-e . in a checkout)")
    return {
        "environment_type": "PROCESS",
        "environment_config": json.dumps({"command": worker, "env": {FOLDER: os.getcwd()}}),
    }


def _job_server(engine: str, options: Mapping[str, Any], engine_version: str) -> dict[str, Any]:
    """Java, and the jar of the job server for that engine. `engine_version` "": any."""
    launcher = options.get("job_server_java_launcher") or "java"
    if shutil.which(launcher) is None:
        name = engine.capitalize()
        raise Missing(f"no {launcher} on this machine, which Beam's job server for {name} runs on; apt-get install openjdk-17-jre-headless")
    beam = version("apache-beam")
    artifact = f"beam-runners-{engine}-{engine_version or '1.19'}-job-server"
    pom = os.path.join("deploy", engine, "pom.xml")
    released = f"{artifact}-{beam}.jar"
    fetch = f"curl --create-dirs -o {_JARS}/{released} {_MAVEN}/{artifact}/{beam}/{released}"
    commands = f"mvn -f {pom} package (in a checkout of newsbeam), or: {fetch}"
    option = f"{engine}_job_server_jar"
    if given := options.get(option):
        _is_file(given, f"--{option}", commands)
        jar = given
    else:
        built = [os.path.join(folder, "deploy", engine, "target", f"{engine}-job-server.jar") for folder in (".", CHECKOUT)]
        # Only this Beam's: a job server of an earlier one lies there for somebody else.
        places = [*built, *sorted(glob(os.path.join(os.path.expanduser(_JARS), released)))]
        found = next((place for place in places if os.path.isfile(place)), None)
        if found is None:
            raise Missing(f"no job server for {engine.capitalize()} {engine_version}; {commands}".replace(" ;", ";"))
        jar = os.path.abspath(found)
    if engine_version and (made_for := _made_for(jar, engine)) and made_for != engine_version:
        what = f"{jar} is for {engine.capitalize()} {made_for}, and the cluster is {engine_version}"
        raise Missing(f"{what}; mvn -f {pom} -D{engine}.version={engine_version} clean package")
    return {option: jar}


CHECKOUT = files.CHECKOUT


def _made_for(jar: str, engine: str) -> str:
    """The version of the engine that a job server is for, "" where the jar does not say."""
    try:
        with zipfile.ZipFile(jar) as archive:
            names = archive.namelist()
    except (OSError, zipfile.BadZipFile) as error:
        raise Missing(f"{jar} is no jar: {error}") from error
    found = (re.match(rf"META-INF/maven/org\.apache\.beam/beam-runners-{engine}-([\d.]+)/", name) for name in names)
    return next((one[1] for one in found if one), "")


def _is_file(path: str, option: str, hint: str) -> None:
    if "://" in path:
        raise Missing(f"{option} {path} would have to be fetched; get it first, and name the file: curl -LO {path}")
    if not os.path.isfile(path):
        raise Missing(f"{option} {path} is not there; {hint}")


def _answers(address: str, option: str, hint: str = "", what: str = "") -> None:
    """Raises Missing unless somebody listens at HOST:PORT."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]") or "localhost", int(port)), ANSWER_SECONDS).close()
    except (OSError, ValueError, OverflowError) as error:
        said = f"{what or f'nothing answers at {option} {address}'} ({error})"
        raise Missing(f"{said}; {hint}" if hint else said) from error


def check_places(engine: str, output: str, inputs: Sequence[str]) -> None:
    """Can the engine's machines see what this one names? Raises Missing where that is known to be impossible."""
    if engine != "dataflow":
        return
    for what, path in (("--output", output), *(("the input", path) for path in inputs)):
        if not files.remote(path):
            raise Missing(
                f"{what} {path} lies on this machine, where Dataflow's workers cannot see it; put it in a bucket, and name that: gs://…"
            )


def wait(result: Any, engine: Engine) -> None:
    """Wait until a job of the engine has ended; raises what it ended with.

    Raises KeyboardInterrupt on Ctrl-C and SIGTERM, after the job was cancelled: its machines would go on by themselves.
    """

    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    # Beam's own handler would end the job server first, so that nobody could be told.
    before = {number: signal.signal(number, stop) for number in STOPS}
    threading.excepthook = _quietly
    try:
        result.wait_until_finish()
    except KeyboardInterrupt:
        for number in STOPS:
            signal.signal(number, signal.SIG_IGN)  # once is enough
        cancel(result, engine)
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        threading.excepthook = threading.__excepthook__


def cancel(result: Any, engine: Engine) -> None:
    """Have the engine end a job; there may be nobody left to tell."""
    with suppress(Exception):
        result.cancel()
    # Beam's job server, told to cancel a job, forgets it and leaves it running on Flink (2.62).
    master = engine.options.get("flink_master", "")
    if engine.runner == RUNNERS["flink"] and not master:
        # Only its job server was named, which does not say where the cluster is.
        told = "the job may go on in the cluster: end it on Flink's own page (with --flink_master HOST:PORT as well, this is done for you)"
        say(told)
    with suppress(OSError, ValueError):
        for identifier in going_on(getattr(result, "_job_id", ""), master):
            request = urllib.request.Request(f"{_url(master)}/jobs/{identifier}?mode=cancel", method="PATCH")  # noqa: S310 - http or https
            urllib.request.urlopen(request, timeout=ANSWER_SECONDS).close()  # noqa: S310 - as above


def going_on(job: str, master: str) -> list[str]:
    """Flink's own names of the jobs that Beam calls so, and that have not ended. Raises OSError or ValueError."""
    if not job or not master or master.startswith("["):
        return []
    with urllib.request.urlopen(f"{_url(master)}/jobs/overview", timeout=ANSWER_SECONDS) as answer:  # noqa: S310 - http or https
        jobs = json.load(answer)["jobs"]
    return [one["jid"] for one in jobs if one["name"] == job.partition("_")[0] and one["end-time"] < 0]


def _url(master: str) -> str:
    """The address of a Flink's REST interface, given as Beam takes it."""
    return (master if re.match("https?://", master) else f"http://{master}").rstrip("/")


def _quietly(what: threading.ExceptHookArgs) -> None:
    """Beam reads an engine's messages in a thread, which has no way to end but with an error when the engine goes."""
    if what.thread is None or what.thread.name != "wait_until_finish_read":
        threading.__excepthook__(what)


def told(error: BaseException) -> str:
    """One line for what Beam made of an error: the error itself, without where in the graph or on which engine it came up."""
    if callable(details := getattr(error, "details", None)):  # a connection's: its text is a page
        return f"the engine is gone: {details()}"
    text = str(error).strip() or type(error).__name__
    of_job = re.match(r"Pipeline \S+ failed in state \w+: ", text)
    lines = [line.strip() for line in text[of_job.end() if of_job else 0 :].splitlines() if line.strip()] or [text]
    # A traceback ends with its error, an engine's own message begins with it: below stands where in the engine it came up.
    python = [line for line in lines if re.search(r"\[while running '", line)]
    line = python[-1] if python else lines[0 if of_job else -1]
    line = re.sub(r"(?:(?<!\s)\s+)?\[while running .*$", "", line)
    return re.sub(r"^(?:Caused by: )?(?:[a-z]\w*\.)+(?=[A-Z]\w*(?:Exception|Error)\b)|^RuntimeError: (?=\w+Error: )", "", line)


@cache
def java_options() -> Any:
    """Have Beam know the options of Flink's job server that its Python half leaves out, from here on: their class."""
    from apache_beam.options.pipeline_options import PipelineOptions

    class FlinkJavaOptions(PipelineOptions):  # type: ignore[misc]
        """Passed on as they are; the job server says what is wrong with one."""

        @classmethod
        def _add_argparse_args(cls, parser: Any) -> None:
            for name, what in _FLINK_JAVA_OPTIONS.items():
                parser.add_argument(f"--{name}", help=what)

    return FlinkJavaOptions  # held by the cache: Beam looks for the classes that are there


_FLINK_JAVA_OPTIONS = {
    "checkpointing_interval": "milliseconds between two checkpoints",
    "checkpoint_timeout_millis": "a checkpoint may take",
    "min_pause_between_checkpoints": "milliseconds",
    "externalized_checkpoints_enabled": "true: checkpoints outlive a job that failed",
    "retain_externalized_checkpoints_on_cancellation": "true: and one that was cancelled",
    "savepoint_path": "the checkpoint or savepoint to go on from",
    "state_backend": "filesystem or rocksdb",
    "state_backend_storage_path": "where it keeps its checkpoints",
    "number_of_execution_retries": "how often a job begins again",
    "execution_retry_delay": "milliseconds before it does",
    "execution_mode_for_batch": "PIPELINED or BATCH_FORCED",
    "max_bundle_size": "elements in a bundle",
    "max_bundle_time_mills": "milliseconds a bundle may take",
}
