"""What each engine is given, and what is said when a part of it is missing. No engine runs here: tests/engines has those."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from newsbeam import errors
from newsbeam.cli.sdk_worker import parse_boot_arguments
from newsbeam.inputs import work_units
from newsbeam.runners import base, dataflow, direct, execution, job_server, prism, registry, sdk_worker
from newsbeam.runners import flink as runners_flink

BEAM = version("apache-beam")


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine with nothing on it but this environment: a home and a PATH of their own. What is put into the folder is on the PATH."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for name in ("GOPATH", "GOBIN", "JAVA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(job_server, "CHECKOUT", str(tmp_path / "elsewhere"))
    # Where this environment is not an installed one, the worker's command is still named as it would be.
    worker = tmp_path / "venv" / "newsbeam-sdk-worker"
    program(worker)
    monkeypatch.setattr(sys, "executable", str(worker.parent / "python"))
    return tmp_path


def program(path: Path) -> Path:
    """A file that may be run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def jar(path: Path, *names: str) -> Path:
    """A jar with empty files of these names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "")
    return path


@pytest.fixture
def listener() -> Iterator[str]:
    """HOST:PORT at which somebody listens."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def nobody() -> str:
    """HOST:PORT at which nobody does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


class FakeFlink(BaseHTTPRequestHandler):
    """Says what a Flink would; `asked` holds what was wanted of it."""

    asked: list[str] = []  # noqa: RUF012 - emptied by the fixture

    def do_GET(self) -> None:
        if self.path == "/overview":
            self.answer({"taskmanagers": 3, "slots-total": 6, "flink-version": "1.19.3"})
        else:
            jobs = [("a", "BeamApp-1", -1), ("b", "BeamApp-1", 5), ("c", "BeamApp-2", -1)]
            self.answer({"jobs": [{"jid": jid, "name": name, "end-time": end} for jid, name, end in jobs]})

    def do_PATCH(self) -> None:
        self.asked.append(self.path)
        self.answer({})

    def answer(self, what: dict[str, Any]) -> None:
        body = json.dumps(what).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        """Nothing."""


@pytest.fixture
def flink() -> Iterator[str]:
    """HOST:PORT of something that answers like a Flink."""
    FakeFlink.asked.clear()
    server = HTTPServer(("127.0.0.1", 0), FakeFlink)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def missing(name: str, **given: Any) -> str:
    """What is said of an engine that cannot be had."""
    with pytest.raises(errors.RunnerUnavailable) as error:
        registry.resolve_runner(name, given)
    return str(error.value)


# --- any ------------------------------------------------------------------------------------------------------------


def test_direct_wants_nothing() -> None:
    assert registry.resolve_runner("direct") == base.Runner(direct.RUNNER, {})
    assert registry.resolve_runner("direct", {"direct_num_workers": 2}).options == {"direct_num_workers": 2}


def test_beams_own_names_are_taken_as_they_are() -> None:
    assert registry.resolve_runner("BundleBasedDirectRunner", {"x": 1}) == base.Runner(
        base.RunnerDefinition("BundleBasedDirectRunner", "BundleBasedDirectRunner"), {"x": 1}
    )


@pytest.mark.parametrize(("name", "said"), [("flnk", "did you mean 'flink'?"), ("q", "choose from: direct, prism, flink, spark, dataflow")])
def test_a_name_that_is_none(name: str, said: str) -> None:
    assert said in missing(name)


# --- prism ----------------------------------------------------------------------------------------------------------


def test_prism_is_missing() -> None:
    said = missing("prism")
    assert f"go install github.com/apache/beam/sdks/v2/go/cmd/prism@v{BEAM}" in said
    assert "--prism_location" in said


@pytest.mark.parametrize(("variable", "folder"), [("", "go/bin"), ("GOBIN", "mine"), ("GOPATH", "gopath/bin"), ("", "bin")])
def test_prism_is_found(bare: Path, monkeypatch: pytest.MonkeyPatch, variable: str, folder: str) -> None:
    found = program(bare / folder / "prism")
    if variable:
        monkeypatch.setenv(variable, str(bare / folder.partition("/")[0]))
    engine = registry.resolve_runner("prism")
    assert (engine.beam_name, engine.local) == ("PrismRunner", True)
    assert engine.options["prism_location"] == str(found)
    # Beam would end the job with its limit for an answer.
    assert engine.options["job_server_timeout"] > 86_400 * 365


def test_prism_by_its_path(bare: Path) -> None:
    found = program(bare / "here" / "prism")
    assert registry.resolve_runner("prism", {"prism_location": str(found)}).options["prism_location"] == str(found)
    assert f"{bare}/gone does not exist; install it: go install" in missing("prism", prism_location=f"{bare}/gone")
    # Beam would fetch that.
    assert "curl -LO https://example.org/prism.zip" in missing("prism", prism_location="https://example.org/prism.zip")


# --- flink ----------------------------------------------------------------------------------------------------------


def test_flink_does_not_answer(nobody: str) -> None:
    said = missing("flink", flink_master=nobody)
    assert said.startswith(f"no Flink answers at {nobody}")
    assert "bin/start-cluster.sh" in said
    assert "--flink_master HOST:PORT" in said


def test_flink_without_java(flink: str) -> None:
    said = missing("flink", flink_master=flink)
    assert "no java on this machine" in said
    assert "apt-get install openjdk-17-jre-headless" in said


def test_flink_without_a_job_server(bare: Path, flink: str) -> None:
    program(bare / "bin" / "java")
    said = missing("flink", flink_master=flink)
    assert said.startswith("no job server for Flink 1.19; mvn -f deploy/flink/pom.xml package")
    assert f"beam-runners-flink-1.19-job-server/{BEAM}/beam-runners-flink-1.19-job-server-{BEAM}.jar" in said


@pytest.mark.parametrize(
    "place", ["deploy/flink/target/flink-job-server.jar", f".apache_beam/cache/jars/beam-runners-flink-1.19-job-server-{BEAM}.jar"]
)
def test_flink_is_whole(bare: Path, flink: str, place: str) -> None:
    program(bare / "bin" / "java")
    found = jar(bare / place, "META-INF/maven/org.apache.beam/beam-runners-flink-1.19/pom.xml")
    engine = registry.resolve_runner("flink", {"flink_master": flink})
    assert (engine.beam_name, engine.local, engine.definition.retryable) == ("FlinkRunner", False, True)
    assert engine.options["flink_job_server_jar"] == str(found)
    # All the slots there are; a lost machine costs its own share; workers from this environment, in this folder.
    assert engine.options["parallelism"] == 6
    assert engine.options["execution_mode_for_batch"] == "BATCH_FORCED"
    assert engine.options["environment_type"] == "PROCESS"
    environment = json.loads(engine.options["environment_config"])
    assert environment == {"command": f"{bare}/venv/newsbeam-sdk-worker", "env": {job_server.FOLDER: str(bare)}}
    assert "streaming" not in engine.options
    endless = registry.resolve_runner("flink", {"flink_master": flink}, streaming=True).options
    assert endless["streaming"] is True
    assert endless["checkpointing_interval"] > 0


def test_what_the_user_says_of_flink_stands(bare: Path, flink: str) -> None:
    program(bare / "bin" / "java")
    mine = jar(bare / "mine.jar")
    given = {"flink_master": flink, "flink_job_server_jar": str(mine), "parallelism": 2, "environment_type": "DOCKER"}
    options = registry.resolve_runner("flink", {**given, "checkpointing_interval": "77"}, streaming=True).options
    assert options["parallelism"] == 2
    assert options["flink_job_server_jar"] == str(mine)
    assert options["checkpointing_interval"] == "77"
    assert options["environment_type"] == "DOCKER"
    assert "environment_config" not in options


def test_a_job_server_for_another_flink(bare: Path, flink: str) -> None:
    program(bare / "bin" / "java")
    jar(bare / "deploy/flink/target/flink-job-server.jar", "META-INF/maven/org.apache.beam/beam-runners-flink-1.18/pom.xml")
    said = missing("flink", flink_master=flink)
    assert "is for Flink 1.18, and the cluster is 1.19; mvn -f deploy/flink/pom.xml -Dflink.version=1.19 clean package" in said


def test_a_jar_that_is_none(bare: Path, flink: str) -> None:
    program(bare / "bin" / "java")
    (bare / "x.jar").write_text("not a jar")
    assert "x.jar is not a jar" in missing("flink", flink_master=flink, flink_job_server_jar=str(bare / "x.jar"))
    assert "gone.jar does not exist; mvn -f" in missing("flink", flink_master=flink, flink_job_server_jar=str(bare / "gone.jar"))
    assert "curl -LO https://x/y.jar" in missing("flink", flink_master=flink, flink_job_server_jar="https://x/y.jar")


def test_a_job_server_that_runs_already_needs_no_java(listener: str, nobody: str) -> None:
    options = registry.resolve_runner("flink", {"job_endpoint": listener}).options
    assert options["environment_type"] == "PROCESS"
    assert "flink_job_server_jar" not in options
    assert f"nothing answers at --job_endpoint {nobody}" in missing("flink", job_endpoint=nobody)
    assert "nothing answers at --job_endpoint nonsense" in missing("flink", job_endpoint="nonsense")


def test_the_workers_command_is_missing(bare: Path, listener: str) -> None:
    (bare / "venv" / "newsbeam-sdk-worker").unlink()
    assert "-m pip install newsbeam" in missing("flink", job_endpoint=listener)


# --- spark ----------------------------------------------------------------------------------------------------------


def test_spark_does_not_answer(nobody: str) -> None:
    said = missing("spark", spark_master_url=f"spark://{nobody}")
    assert said.startswith(f"no Spark answers at spark://{nobody}")
    assert "sbin/start-all.sh" in said


def test_spark_is_whole(bare: Path, listener: str) -> None:
    master = f"spark://{listener}"
    assert "no java on this machine" in missing("spark", spark_master_url=master)
    program(bare / "bin" / "java")
    assert "mvn -f deploy/spark/pom.xml package" in missing("spark", spark_master_url=master)
    found = jar(bare / "deploy/spark/target/spark-job-server.jar")
    engine = registry.resolve_runner("spark", {"spark_master_url": master})
    assert (engine.beam_name, engine.local, engine.definition.retryable) == ("SparkRunner", False, True)
    assert engine.options["spark_job_server_jar"] == str(found)
    assert engine.options["environment_type"] == "PROCESS"
    # Within the job server: Beam has the work done in this process.
    assert "environment_type" not in registry.resolve_runner("spark", {"spark_master_url": "local[2]"}).options


def test_spark_takes_no_input_without_end(listener: str) -> None:
    with pytest.raises(errors.RunnerUnavailable, match="batch input only"):
        registry.resolve_runner("spark", {"spark_master_url": f"spark://{listener}"}, streaming=True)


# --- dataflow -------------------------------------------------------------------------------------------------------


def test_dataflow_needs_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr("newsbeam.storage.filesystem.find_spec", absent)
    assert "pip install 'newsbeam[gcp]'" in missing("dataflow")


def test_dataflow_needs_an_image(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsbeam.storage.filesystem.find_spec", lambda name: object())
    assert "--sdk_container_image" in missing("dataflow", project="p")
    place = {"project": "p", "region": "europe-west1", "temp_location": "gs://bucket/tmp"}
    engine = registry.resolve_runner("dataflow", {**place, "sdk_container_image": "image"})
    # Beam would fetch itself from PyPI to stage it.
    assert engine.options["sdk_location"] == "container"
    assert not engine.definition.retryable


def test_dataflow_cannot_see_this_machine() -> None:
    with pytest.raises(errors.RunnerUnavailable, match=r"--output /out is on this machine"):
        dataflow.check_places("/out", ["gs://b/in"])
    with pytest.raises(errors.RunnerUnavailable, match=r"the input /in is on this machine"):
        dataflow.check_places("gs://b/out", ["/in"])
    dataflow.check_places("gs://b/out", ["gs://b/in"])
    assert registry.find_definition("flink").check_places is base.any_place


# --- what an engine says --------------------------------------------------------------------------------------------

TRACE = """Pipeline BeamApp-1_2 failed in state FAILED: java.lang.RuntimeException: Error received from SDK harness: Traceback:
  File "x.py", line 1, in f
FileNotFoundError: [Errno 2] No such file or directory: 'shares'

During handling of the above exception, another exception occurred:
RuntimeError: FileNotFoundError: [Errno 2] No such file or directory: 'shares' [while running 'shares/look up']

\tat org.apache.flink.Task.run(Task.java:1)
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TRACE, "FileNotFoundError: [Errno 2] No such file or directory: 'shares'"),
        (
            "Pipeline a_b failed in state FAILED: org.apache.x.JobMasterException: tm-1 is no longer reachable.\n\tat y",
            "JobMasterException: tm-1",
        ),
        ("Traceback\nAccountError: read 1 = written 0 [while running 'publish']", "AccountError: read 1 = written 0"),
        ("", "ValueError"),
    ],
)
def test_an_error_is_one_line(text: str, said: str) -> None:
    told = execution.one_line_error(ValueError(text))
    assert told.startswith(said)
    assert "\n" not in told
    assert "while running" not in told


def test_an_engine_that_is_gone() -> None:
    class Gone(Exception):
        def details(self) -> str:
            return "Socket closed"

    assert execution.one_line_error(Gone("<_Multi\npage\n>")) == "the connection to the runner is lost: Socket closed"


class Job:
    """A job that is waited for until a signal comes."""

    _job_id = "BeamApp-1_some-uuid"

    def __init__(self, number: int) -> None:
        self._number = number
        self.cancelled = False

    def wait_until_finish(self) -> None:
        os.kill(os.getpid(), self._number)
        threading.Event().wait(10)  # the handler ends this

    def cancel(self) -> None:
        self.cancelled = True
        raise RuntimeError("the job server is gone already")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_job_is_cancelled(flink: str, number: int) -> None:
    job = Job(number)
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt):
        execution.wait(job, base.Runner(runners_flink.RUNNER, {"flink_master": flink}))
    assert job.cancelled
    assert FakeFlink.asked == ["/jobs/a?mode=cancel"]  # of this name, and running
    assert signal.getsignal(number) == before


def test_who_cannot_end_the_job_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    execution.cancel(Job(0), base.Runner(runners_flink.RUNNER, {"job_endpoint": "localhost:8099"}))
    assert "The Flink job may still be running" in capsys.readouterr().err
    execution.cancel(Job(0), base.Runner(prism.RUNNER))
    assert capsys.readouterr().err == ""


def test_options_of_flinks_own_are_beams_too() -> None:
    from apache_beam.options.pipeline_options import PipelineOptions

    runners_flink.java_options()
    options = PipelineOptions(["--checkpointing_interval=5"]).get_all_options()
    assert options["checkpointing_interval"] == "5"
    assert options["savepoint_path"] is None


def test_a_worker_that_does_not_see_the_output_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=rf"{tmp_path}/shares does not exist on \S+; .* all workers share"):
        work_units.load_work_unit(0, f"{tmp_path}/shares")


# --- the worker -----------------------------------------------------------------------------------------------------


def test_the_worker_asks_the_engine_what_it_is_for() -> None:
    from concurrent.futures import ThreadPoolExecutor

    import grpc
    from apache_beam.portability.api import beam_provision_api_pb2 as messages
    from apache_beam.portability.api import beam_provision_api_pb2_grpc as service
    from google.protobuf import struct_pb2

    seen = []

    class Provision(service.ProvisionServiceServicer):
        def GetProvisionInfo(self, _request: Any, context: Any) -> Any:  # noqa: N802 - the name in the protocol
            seen.append(dict(context.invocation_metadata())["worker_id"])
            info = messages.ProvisionInfo(runner_capabilities=["a", "b"])
            info.pipeline_options.CopyFrom(struct_pb2.Struct())
            info.pipeline_options["beam:option:job_name:v1"] = "n"
            info.logging_endpoint.url = "says:1"
            info.control_endpoint.url = "says:2"
            return messages.GetProvisionInfoResponse(info=info)

    server = grpc.server(ThreadPoolExecutor(1))
    service.add_ProvisionServiceServicer_to_server(Provision(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        words = ["--id", "1-1", "--provision_endpoint", f"127.0.0.1:{port}", "--control_endpoint", "given:3", "--new_in_beam_3", "x"]
        found = sdk_worker._environment(parse_boot_arguments(words))
    finally:
        server.stop(None).wait()
    assert seen == ["1-1"]
    assert found["WORKER_ID"] == "1-1"
    assert found["RUNNER_CAPABILITIES"] == "a b"
    assert json.loads(found["PIPELINE_OPTIONS"]) == {"beam:option:job_name:v1": "n"}
    assert found["LOGGING_API_SERVICE_DESCRIPTOR"].strip() == 'url: "says:1"'
    assert found["CONTROL_API_SERVICE_DESCRIPTOR"].strip() == 'url: "given:3"'
    assert "STATUS_API_SERVICE_DESCRIPTOR" not in found


def test_the_worker_ends_with_its_engine(bare: Path) -> None:
    # A process that starts another and is killed: the other has a new parent, and notices.
    code = (
        "import os, sys, threading, time\n"
        "from newsbeam.runners import sdk_worker\n"
        "threading.Thread(target=sdk_worker._exit_with, args=(os.getppid(),), daemon=True).start()\n"
        f"open({str(bare / 'alive')!r}, 'w').close()\n"
        "time.sleep(600)\n"
        "print('it went on')\n"
    )
    engine = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', sys.argv[1]]); time.sleep(600)"
    environment = {**os.environ, "PYTHONPATH": str(Path(registry.__file__).parents[2])}
    with subprocess.Popen([PYTHON, "-c", engine, code], stdout=subprocess.PIPE, env=environment) as process:
        while not (bare / "alive").exists():
            assert process.poll() is None
            threading.Event().wait(0.05)
        process.kill()
        # The pipe closes when the last one that could write to it is gone.
        assert process.stdout is not None
        assert process.stdout.read() == b""


PYTHON = sys.executable
"""Before the fixture changes it."""
