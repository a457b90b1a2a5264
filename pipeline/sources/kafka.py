"""Kafka for a Beam pipeline: Beam's connector, which is written in Java and added to the graph by its expansion service.

The service is one jar, which deploy/kafka builds. It is started as a child of the command and stopped with it. How the connector
runs on a runner is part of the runner's definition (`newsbeam.runners.base.KafkaReading`).
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from newsbeam.errors import RunnerUnavailable
from newsbeam.runners.base import Runner
from newsbeam.storage.filesystem import CHECKOUT

SERVICE = "sdks:java:io:expansion-service:shadowJar"
"""What Beam's option `beam_services` calls the jar: `{"sdks:java:io:expansion-service:shadowJar": PATH}` names another one."""

START_SECONDS = 120
"""How long the service may take to start."""

_OPENS = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in ("java.lang", "java.util", "java.util.concurrent", "java.nio")]
"""The worker measures with reflection what it keeps."""


@dataclass(frozen=True)
class Service:
    """A running expansion service. `staged`: the runner sends the jar to its machines."""

    port: int
    staged: bool


@contextmanager
def connector(runner: Runner) -> Iterator[tuple[Runner, Service]]:
    """Run the service while a job starts and runs; the runner with the options for Kafka, and the service. Raises RunnerUnavailable."""
    reading = runner.definition.kafka
    if reading is None:
        raise RunnerUnavailable(f"{runner.beam_name} cannot read Kafka")
    jar = _jar(runner.options)
    java = runner.options.get("job_server_java_launcher") or "java"
    if shutil.which(java) is None:
        raise RunnerUnavailable(f"no {java} on this machine, which Beam's Kafka connector runs on; apt-get install openjdk-17-jre-headless")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with tempfile.TemporaryDirectory(prefix="newsbeam-") as folder, open(os.path.join(folder, "log"), "w+b") as log:
        if server := runner.options.get(reading.job_server_option):
            runner = replace(runner, options={**runner.options, reading.job_server_option: _job_server(server, jar, folder)})
        # fmt: off
        process = subprocess.Popen(
            [java, "-Xmx512m", "-XX:+UseSerialGC", *_OPENS, "-jar", jar, str(port), *reading.service_arguments],
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the command, which ends the job first
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - one system call, nothing that a lock could be held for
        )
        # fmt: on
        try:
            until = time.monotonic() + START_SECONDS
            while not _answers(port):
                if process.poll() is not None or time.monotonic() > until:
                    log.seek(max(0, log.seek(0, os.SEEK_END) - 2000))
                    raise RunnerUnavailable(f"the Kafka connector {jar} does not start:\n{log.read().decode('utf-8', 'replace').strip()}")
                time.sleep(0.1)
            yield runner, Service(port, staged=reading.staged)
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _jar(options: Mapping[str, Any]) -> str:
    """The path of the connector's jar."""
    commands = f"mvn -f {os.path.join('deploy', 'kafka', 'pom.xml')} package (in a checkout of newsbeam)"
    given: str = (options.get("beam_services") or {}).get(SERVICE, "")
    if given:
        if not os.path.isfile(given):
            raise RunnerUnavailable(f"--beam_services: {given} is not there; {commands}")
        return os.path.abspath(given)
    built = [os.path.join(folder, "deploy", "kafka", "target", "kafka-expansion-service.jar") for folder in (".", CHECKOUT)]
    found = next(filter(os.path.isfile, built), None)
    if found is None:
        raise RunnerUnavailable(f"no Kafka connector; {commands}")
    return os.path.abspath(found)


def _job_server(server: str, jar: str, folder: str) -> str:
    """A jar for `java -jar` that is Flink's job server with the connector on its class path, made in `folder`."""
    line = "Class-Path: " + " ".join(Path(one).absolute().as_uri() for one in (server, jar))
    # A line has 72 bytes at most; the next one goes on after a blank.
    wrapped = "\r\n ".join([line[:70], *(line[at : at + 69] for at in range(70, len(line), 69))])
    path = os.path.join(folder, "flink-job-server-with-kafka.jar")
    with zipfile.ZipFile(path, "w") as archive:
        main = "Main-Class: org.apache.beam.runners.flink.FlinkJobServerDriver"
        archive.writestr("META-INF/MANIFEST.MF", f"Manifest-Version: 1.0\r\n{main}\r\n{wrapped}\r\n")
    return path


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _end_with_parent() -> None:
    """A command that is killed takes the service along."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


# --- the graph ------------------------------------------------------------------------------------------------------


# Beam reads the types, which have to be types then.
_Read = NamedTuple("_Read", [("consumer_config", Mapping[str, str]), ("topic", str)])  # noqa: UP014 - a class would have strings here


def rows(pipeline: Any, config: Mapping[str, str], topic: str, service: Service) -> Any:
    """What stands in a topic, each row with its time, topic, partition, offset, value and headers; `config` is the consumer's."""
    import grpc
    from apache_beam.portability import common_urns
    from apache_beam.transforms.environments import resolve_anyof_environment
    from apache_beam.transforms.external import ExpansionAndArtifactRetrievalStub, ExternalTransform, NamedTupleBasedPayloadBuilder

    class Expansion:
        """Beam's service, whose answers name one environment each, and nothing to be staged where the jar is already."""

        def Expand(self, request: Any) -> Any:  # noqa: N802 - the name in the service's protocol
            answer = stub.Expand(request)
            for environment in answer.components.environments.values() if not service.staged else ():
                # Of Docker and the service itself, the service itself.
                environment.CopyFrom(resolve_anyof_environment(environment, common_urns.environments.EXTERNAL.urn))
                del environment.dependencies[:]
            return answer

        def artifact_service(self) -> Any:
            return stub.artifact_service()

    with grpc.insecure_channel(f"127.0.0.1:{service.port}", [("grpc.max_receive_message_length", -1)]) as channel:
        stub = ExpansionAndArtifactRetrievalStub(channel)
        payload = NamedTupleBasedPayloadBuilder(_Read(config, topic))
        external = ExternalTransform("newsbeam:kafka_read:v1", payload, Expansion())
        return pipeline | "read" >> external
