"""What brings Kafka into a graph, without a broker: the parts that are missing, the job server's class path, the service's child."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from newsbeam.errors import RunnerUnavailable
from newsbeam.runners.base import Runner
from newsbeam.runners.registry import find_definition
from newsbeam.sources import kafka

# Stands in for `java`: what it is started with goes into a file, and it answers at the port it is given.
JAVA = """#!{python}
import os, socket, sys
at = sys.argv.index("-jar")
with open({said!r}, "w") as file:
    file.write(f"{{os.getpid()}} " + " ".join(sys.argv[at + 1:]))
if {fails}:
    sys.exit("no such class")
with socket.create_server(("127.0.0.1", int(sys.argv[at + 2]))) as server:
    while True:
        server.accept()[0].close()
"""


@pytest.fixture
def jar(tmp_path: Path) -> str:
    path = tmp_path / "kafka connector.jar"
    path.write_bytes(b"")
    return str(path)


def options(tmp_path: Path, jar: str, fails: bool = False, **more: Any) -> dict[str, Any]:
    java = tmp_path / "java"
    java.write_text(JAVA.format(python=sys.executable, said=str(tmp_path / "said"), fails=fails))
    java.chmod(0o755)
    return {"job_server_java_launcher": str(java), "beam_services": {kafka.SERVICE: jar}, **more}


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_no_connector(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka, "CHECKOUT", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RunnerUnavailable, match=r"^no Kafka connector; mvn -f deploy/kafka/pom.xml package"):
        kafka.connector(Runner(find_definition("FlinkRunner"))).__enter__()
    with pytest.raises(RunnerUnavailable, match=r"--beam_services: \S+none.jar does not exist; mvn"):
        kafka.connector(Runner(find_definition("FlinkRunner"), {"beam_services": {kafka.SERVICE: str(tmp_path / "none.jar")}})).__enter__()
    built = tmp_path / "deploy" / "kafka" / "target" / "kafka-expansion-service.jar"
    built.parent.mkdir(parents=True)
    built.write_bytes(b"")
    with pytest.raises(RunnerUnavailable, match=r"^no none on this machine.*; apt-get install"):
        kafka.connector(Runner(find_definition("PrismRunner"), {"job_server_java_launcher": "none"})).__enter__()


def test_a_runner_that_reads_no_kafka(tmp_path: Path, jar: str) -> None:
    with pytest.raises(RunnerUnavailable, match="SparkRunner cannot read Kafka"):
        kafka.connector(Runner(find_definition("SparkRunner"), options(tmp_path, jar))).__enter__()


@pytest.mark.parametrize(
    ("runner", "way"),
    [
        ("FlinkRunner", "--defaultEnvironmentType=EMBEDDED --defaultEnvironmentConfig={} --experiments=use_deprecated_read"),
        ("PrismRunner", "--alsoStartLoopbackWorker"),
        ("DataflowRunner", ""),
    ],
)
def test_the_service_lives_as_long_as_the_run(runner: str, way: str, tmp_path: Path, jar: str) -> None:
    with kafka.connector(Runner(find_definition(runner), options(tmp_path, jar))) as (_, service):
        socket.create_connection(("127.0.0.1", service.port)).close()
        assert service.staged == (runner == "DataflowRunner")
        pid, _, said = (tmp_path / "said").read_text().partition(" ")
        assert said.strip() == f"{jar} {service.port} {way}".strip()
        assert not gone(int(pid))
    assert gone(int(pid))


def test_a_service_that_does_not_start(tmp_path: Path, jar: str) -> None:
    with pytest.raises(RunnerUnavailable, match=r"failed to start:\nno such class"):
        kafka.connector(Runner(find_definition("PrismRunner"), options(tmp_path, jar, fails=True))).__enter__()


@pytest.mark.skipif(sys.platform != "linux", reason="a child is told of its parent's end on Linux alone")
def test_a_command_that_is_killed_takes_the_service_along(tmp_path: Path, jar: str) -> None:
    code = f"""
import time
from newsbeam.runners.base import Runner
from newsbeam.runners.registry import find_definition
from newsbeam.sources import kafka
with kafka.connector(Runner(find_definition("PrismRunner"), {options(tmp_path, jar)!r})):
    print(flush=True)
    time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        pid = int((tmp_path / "said").read_text().partition(" ")[0])
        process.kill()
    for _ in range(3000):
        if gone(pid) or Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
            return
        time.sleep(0.1)
    os.kill(pid, 9)
    pytest.fail("the service outlived the command")


def test_the_job_server_has_the_connector_on_its_class_path(tmp_path: Path, jar: str) -> None:
    server = tmp_path / ("a folder with a name that is longer than a line of a manifest may be " * 2) / "flink-job-server.jar"
    server.parent.mkdir()
    server.write_bytes(b"")
    engine = Runner(find_definition("FlinkRunner"), options(tmp_path, jar, flink_job_server_jar=str(server)))
    with kafka.connector(engine) as (ready, _):
        with zipfile.ZipFile(ready.options["flink_job_server_jar"]) as archive:
            manifest = archive.read("META-INF/MANIFEST.MF")
        assert max(len(line) for line in manifest.split(b"\r\n")) <= 70
        lines = manifest.replace(b"\r\n ", b"").decode().split("\r\n")
        assert "Main-Class: org.apache.beam.runners.flink.FlinkJobServerDriver" in lines
        (path,) = [line.removeprefix("Class-Path: ") for line in lines if line.startswith("Class-Path: ")]
        assert [unquote(urlsplit(one).path) for one in path.split(" ")] == [str(server), jar]
    assert not os.path.exists(ready.options["flink_job_server_jar"])
    assert engine.options["flink_job_server_jar"] == str(server)
