"""Kafka for a Beam pipeline: Beam's connector, which is written in Java and brought into the graph by its expansion service.

The service is one jar (deploy/kafka/pom.xml makes it), started as a child of the command and ended with it. Each engine reads in
the way that was seen to work on it:

- Flink reads natively, within its own checkpoints (`use_deprecated_read`). A splittable DoFn works there too, but each time it
  resumes it leaves 2 kB behind in the state, which never shrinks, and a checkpoint waits four seconds for it. The connector's
  Java half runs inside the TaskManagers (EMBEDDED), so the job server has to have the jar on its class path: Flink gets it from there.
- Prism knows splittable DoFns alone. The service itself is the worker that runs them.
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
from glob import glob
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import apache_beam as beam
import grpc
from apache_beam.io.kafka import ReadFromKafka
from apache_beam.portability import common_urns
from apache_beam.transforms import environments
from apache_beam.transforms.external import ExpansionAndArtifactRetrievalStub, ExternalTransform, NamedTupleBasedPayloadBuilder

from pipeline.engines import CHECKOUT, JARS, MAVEN, Missing

SERVICE = "sdks:java:io:expansion-service:shadowJar"
"""What Beam's option `beam_services` calls the jar: `{"sdks:java:io:expansion-service:shadowJar": PATH}` names another one."""

START_SECONDS = 120
"""How long the service may take to start."""

_BYTES = ReadFromKafka.byte_array_deserializer
_FLINK_MAIN = "org.apache.beam.runners.flink.FlinkJobServerDriver"

_WAYS = {
    "flink": ["--defaultEnvironmentType=EMBEDDED", "--defaultEnvironmentConfig={}", "--experiments=use_deprecated_read"],
    "prism": ["--alsoStartLoopbackWorker"],
    "dataflow": [],
}


def jar(options: Mapping[str, Any]) -> str:
    """The path of the connector's jar. Raises Missing, with the command that makes it."""
    released = f"beam-sdks-java-io-expansion-service-{version('apache-beam')}.jar"
    fetch = f"curl --create-dirs -o {JARS}/{released} {MAVEN}/beam-sdks-java-io-expansion-service/{version('apache-beam')}/{released}"
    commands = f"mvn -f {os.path.join('deploy', 'kafka', 'pom.xml')} package (in a checkout of newsbeam), or: {fetch}"
    if given := (options.get("beam_services") or {}).get(SERVICE):
        if not os.path.isfile(given):
            raise Missing(f"--beam_services {SERVICE}: {given} is not there; {commands}")
        return os.path.abspath(given)
    built = [os.path.join(folder, "deploy", "kafka", "target", "kafka-expansion-service.jar") for folder in (".", CHECKOUT)]
    found = next((place for place in [*built, *glob(os.path.join(os.path.expanduser(JARS), released))] if os.path.isfile(place)), None)
    if found is None:
        raise Missing(f"no Kafka connector; {commands}")
    return os.path.abspath(found)


@contextmanager
def expansion_service(runner: str, options: Mapping[str, Any]) -> Iterator[Any]:
    """The running service, for `rows`, until the job has ended. `runner` is one of flink, prism, dataflow. Raises Missing."""
    if runner not in _WAYS:
        raise Missing(f"{runner} does not read Kafka; --runner {', '.join(_WAYS)} do")
    path = jar(options)
    java = options.get("job_server_java_launcher") or "java"
    if shutil.which(java) is None:
        raise Missing(f"no {java} on this machine, which Beam's Kafka connector runs on; apt-get install openjdk-17-jre-headless")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryFile() as log:
        # fmt: off
        service = subprocess.Popen(
            [java, "-Xmx512m", "-XX:+UseSerialGC", *_OPENS, "-jar", path, str(port), *_WAYS[runner]],
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - one system call, nothing that a lock could be held for
        )
        # fmt: on
        try:
            until = time.monotonic() + START_SECONDS
            while not _answers(port):
                if service.poll() is not None or time.monotonic() > until:
                    log.seek(max(0, log.seek(0, os.SEEK_END) - 2000))
                    raise Missing(f"the Kafka connector {path} does not start:\n{log.read().decode('utf-8', 'replace').strip()}")
                time.sleep(0.1)
            with grpc.insecure_channel(f"127.0.0.1:{port}", [("grpc.max_receive_message_length", -1)]) as channel:
                yield _Service(ExpansionAndArtifactRetrievalStub(channel), staged=runner == "dataflow")
        finally:
            service.terminate()
            try:
                service.wait(5)
            except subprocess.TimeoutExpired:
                service.kill()
                service.wait()


def rows(pipeline: Any, config: Mapping[str, str], topic: str, commit: bool, service: Any) -> Any:
    """What stands in a topic, each row with its time, topic, partition, offset, key, value and headers.

    `config` is the consumer's; `commit`: the group's offsets are written when what was read is safe with the engine.
    """
    external = ExternalTransform(
        ReadFromKafka.URN_WITH_METADATA,
        # The watermark follows the records' times, but never runs ahead of the clock.
        NamedTupleBasedPayloadBuilder(_Read(config, [topic], _BYTES, _BYTES, ReadFromKafka.create_time_policy, commit)),
        service,
    )
    return pipeline | "read" >> external


_READ = {
    "consumer_config": Mapping[str, str],
    "topics": list[str],
    "key_deserializer": str,
    "value_deserializer": str,
    "timestamp_policy": str,
    "commit_offset_in_finalize": bool,
}
# Beam's own class has all the settings of its version, and a Java half of an earlier one refuses the names it has not heard of.
_Read = NamedTuple("_Read", _READ.items())  # type: ignore[misc] # noqa: UP014 - Beam reads the types, which have to be types then


class _Service:
    """Beam's expansion service, whose answers name one environment, and nothing to be staged unless `staged`."""

    def __init__(self, stub: Any, staged: bool) -> None:
        self._stub, self._staged = stub, staged

    def Expand(self, request: Any) -> Any:  # noqa: N802 - Beam's name
        answer = self._stub.Expand(request)
        if not self._staged:
            for environment in answer.components.environments.values():
                # Of Docker and the service itself, the service itself.
                environment.CopyFrom(environments.resolve_anyof_environment(environment, common_urns.environments.EXTERNAL.urn))
                del environment.dependencies[:]
        return answer

    def artifact_service(self) -> Any:
        return self._stub.artifact_service()


def job_server(server_jar: str, options: Mapping[str, Any], folder: str) -> str:
    """A jar for `java -jar` that is Flink's job server with the connector on its class path; made in `folder`."""
    # A line of a manifest has 72 bytes at most and goes on after a blank.
    entries = " ".join(Path(one).as_uri() for one in (os.path.abspath(server_jar), jar(options)))
    manifest = f"Manifest-Version: 1.0\r\nMain-Class: {_FLINK_MAIN}\r\n"
    line = f"Class-Path: {entries}"
    manifest += line[:70] + "".join(f"\r\n {line[at : at + 69]}" for at in range(70, len(line), 69)) + "\r\n"
    path = os.path.join(folder, "flink-job-server-with-kafka.jar")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", manifest)
    return path


_OPENS = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in ("java.lang", "java.util", "java.util.concurrent", "java.nio")]


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _end_with_parent() -> None:
    """A command that is killed takes the service along."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
