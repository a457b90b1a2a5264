"""Kafka in a Beam pipeline: Beam's Java connector and its expansion service.

The service is a jar (built in deploy/kafka, with a few classes of newsbeam) that runs as a child
process of the command. Each runner reads in the way that was tested on it:

- Flink reads natively, within its checkpoints (`use_deprecated_read`). A splittable DoFn works too,
  but each time it resumes it leaves 11 kB in the state, which never shrinks, and every checkpoint
  takes four seconds. The connector's Java half runs inside the TaskManagers (EMBEDDED). They get
  the jar from the job server, so it has to be on its class path.
- Prism supports splittable DoFns only. The service itself is the worker that runs them.
- Dataflow stages the jar and runs it in Beam's Java image.
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
"""The jar's key in Beam's option `beam_services`.

`{"sdks:java:io:expansion-service:shadowJar": PATH}` selects another jar.
"""

START_SECONDS = 120
"""The time limit for the service to start."""

_OPENS = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in ("java.lang", "java.util", "java.util.concurrent", "java.nio")]
"""The Java worker measures object sizes by reflection."""


@dataclass(frozen=True)
class Service:
    """A running expansion service.

    `staged` is true if the workers get the jar by staging and do not have it already.
    """

    port: int
    staged: bool


@contextmanager
def connector(runner: Runner) -> Iterator[tuple[Runner, Service]]:
    """Run the service during a job, and configure the runner to read Kafka.

    Raises RunnerUnavailable.
    """
    reading = runner.definition.kafka
    if reading is None:
        raise RunnerUnavailable(f"{runner.beam_name} cannot read Kafka; use --runner flink, prism or dataflow")
    jar = _jar(runner.options)
    java = runner.options.get("job_server_java_launcher") or "java"
    if shutil.which(java) is None:
        raise RunnerUnavailable(f"no {java} on this machine, which Beam's Kafka connector needs; apt-get install openjdk-17-jre-headless")
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
            start_new_session=True,  # Ctrl-C goes to the command, which stops the job first
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - one system call, nothing that a lock could be held for
        )
        # fmt: on
        try:
            until = time.monotonic() + START_SECONDS
            while not _answers(port):
                if process.poll() is not None or time.monotonic() > until:
                    log.seek(max(0, log.seek(0, os.SEEK_END) - 2000))
                    raise RunnerUnavailable(f"the Kafka connector {jar} failed to start:\n{log.read().decode('utf-8', 'replace').strip()}")
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
    """Return the path of the connector's jar."""
    commands = f"mvn -f {os.path.join('deploy', 'kafka', 'pom.xml')} package (in a checkout of newsbeam)"
    given: str = (options.get("beam_services") or {}).get(SERVICE, "")
    if given:
        if not os.path.isfile(given):
            raise RunnerUnavailable(f"--beam_services: {given} does not exist; {commands}")
        return os.path.abspath(given)
    built = [os.path.join(folder, "deploy", "kafka", "target", "kafka-expansion-service.jar") for folder in (".", CHECKOUT)]
    found = next(filter(os.path.isfile, built), None)
    if found is None:
        raise RunnerUnavailable(f"no Kafka connector; {commands}")
    return os.path.abspath(found)


def _job_server(server: str, jar: str, folder: str) -> str:
    """Create a jar in `folder`: Flink's job server with the connector on its path."""
    line = "Class-Path: " + " ".join(Path(one).absolute().as_uri() for one in (server, jar))
    # A manifest line has at most 72 bytes; a leading space continues it.
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
    """End the service with its parent, even if the parent is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


# --- graph
# ------------------------------------------------------------------------------------------


# Beam evaluates these types, so they are real classes.
_Read = NamedTuple("_Read", [("consumer_config", Mapping[str, str]), ("topic", str)])  # noqa: UP014 - a class would have strings here


def rows(pipeline: Any, config: Mapping[str, str], topic: str, service: Service) -> Any:
    """Read a topic as rows of time, topic, partition, offset, value and headers.

    Args:
        pipeline: the pipeline.
        config: the consumer's configuration.
        topic: the topic.
        service: the expansion service.
    """
    import grpc
    from apache_beam.portability import common_urns
    from apache_beam.transforms.environments import resolve_anyof_environment
    from apache_beam.transforms.external import ExpansionAndArtifactRetrievalStub, ExternalTransform, NamedTupleBasedPayloadBuilder

    class Expansion:
        """Beam's expansion service, restricted to one environment per transform.

        It removes the staged files where the workers have the jar already.
        """

        def Expand(self, request: Any) -> Any:  # noqa: N802 - the name in the protocol
            answer = stub.Expand(request)
            for environment in answer.components.environments.values() if not service.staged else ():
                # Of Docker and the service itself, select the service.
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
