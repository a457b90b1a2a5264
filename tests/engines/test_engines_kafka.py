"""Kafka, from a real broker through Beam's own connector on Flink and Prism: the same records, whatever is killed meanwhile."""

from __future__ import annotations

import json
import random
import re
import signal
import subprocess
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import clusters
import parts
import pytest

pytestmark = pytest.mark.engines
Start = Callable[..., "subprocess.Popen[str]"]
SECONDS = 600
"""After which a run that does not get there counts as stuck."""

ADDED = "2026-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One broker for this file, running. Who kills it starts it again."""
    pytest.importorskip("confluent_kafka", reason="pip install 'newsbeam[dev]'")
    import broker_kafka

    broker = broker_kafka.Kafka(tmp_path_factory.mktemp("kafka"))
    yield broker
    broker.stop()


@pytest.fixture(scope="module")
def connector() -> str:
    """The option that names the connector's jar."""
    return f"--beam_services={json.dumps({'sdks:java:io:expansion-service:shadowJar': str(parts.kafka_connector())})}"


@pytest.fixture(scope="module")
def on_flink(flink: clusters.Flink, connector: str) -> list[str]:
    """The options of a run on the cluster, which starts its own job server."""
    jar = f"--flink_job_server_jar={parts.flink_job_server()}"
    return ["--runner", "flink", "--flink_master", flink.master, "--parallelism", "2", "--checkpointing_interval", "1000", jar, connector]


@pytest.fixture(scope="module")
def on_prism(prism: Path, connector: str) -> list[str]:
    """The options of a run on Prism."""
    return ["--runner", "prism", f"--prism_location={prism}", "--workers", "1", connector]


def story(number: int) -> tuple[str, bytes]:
    """A message's key and value."""
    text = f"The council of harbour {number} said on Tuesday that the ferry will sail again. It had been away for {number} weeks."
    return str(number), json.dumps({"id": str(number), "text": text}).encode()


BAD = [b'{"text": "cut', b'{"no": "text"}', b"", b'{"text": "\xe9"}', b"%PDF-1.7"]


def rows(out: Path, stem: str = "documents") -> list[dict[str, Any]]:
    return [json.loads(line) for path in out.glob(f"{stem}-*.jsonl") for line in path.read_bytes().splitlines()]


def numbers(out: Path) -> list[int]:
    return sorted(int(row["metadata"]["input_id"]) for row in rows(out))


def until(there: Callable[[], Any], process: subprocess.Popen[str]) -> None:
    """Wait; fails when the process ends first, and when it takes too long."""
    end = time.monotonic() + SECONDS
    while not there():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < end, "stuck"
        time.sleep(0.2)


def ended(process: subprocess.Popen[str]) -> str:
    """Ask it to end; its last line."""
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out.splitlines()[-1]


def told(out: Path) -> Counter[str]:
    """What the manifests say so far."""
    total: Counter[str] = Counter()
    for path in out.glob("manifest-*.json"):
        total.update({kind: json.loads(path.read_bytes())["counts"][kind] for kind in ("documents", "dropped", "dead_letters")})
    return total


def adds_up(out: Path) -> Counter[str]:
    """What the accounts of all windows come to, each of which has to be what is in its files."""
    total: Counter[str] = Counter()
    named = set()
    for path in out.glob("manifest-*.json"):
        about = json.loads(path.read_bytes())
        counts = Counter({kind: about["counts"][kind] for kind in ("documents", "dropped", "dead_letters")})
        written = Counter(dict.fromkeys(counts, 0))
        for file in about["files"]:
            named.add(file["name"])
            assert len((out / file["name"]).read_bytes().splitlines()) == file["records"]
            written[next(kind for kind in counts if file["name"].startswith(kind.replace("_", "-")))] += file["records"]
        assert written == counts, path.name
        total.update(counts)
    assert named == {path.name for path in out.glob("d*.jsonl")}, "a file that no manifest accounts for"
    return total


def test_the_same_records_on_flink_and_prism_and_of_files(
    tmp_path: Path, start: Start, newsbeam: Callable[..., Any], kafka: Any, on_flink: list[str], on_prism: list[str]
) -> None:
    topic = kafka.topic()
    good = [story(number) for number in range(60)]
    again = [*good[10:20], *good[55:]]
    # Which of two messages in one bundle is the redelivered one, the engine decides: their places differ, and nothing else may.
    repeated = [f'"input_id":"{number}"'.encode() for number, _ in again]

    def place(line: bytes) -> bytes:
        return re.sub(rb"(/\d)@\d+", rb"\1", line) if any(name in line for name in repeated) else line

    messages = chain(good[:30], (("bad", value) for value in BAD), again[:10], good[30:], again[10:])
    kafka.send(topic, messages)
    lines: dict[str, list[bytes]] = {}
    for engine in (on_flink, on_prism):
        out = tmp_path / engine[1]
        options = ["--source", f"kafka://{kafka.address}/{topic}", "--output", out, "--window", "2", "--added", ADDED]
        process = start("run", *options, *engine)
        until(lambda out=out: sum(told(out).values()) >= 80, process)  # type: ignore[misc]
        assert ended(process) == "read 80 = written 60 + dropped 15 + failed 5"
        assert {row["reason"].partition(":")[0] for row in rows(out, "dropped")} == {"redelivered"}
        lines[engine[1]] = sorted(place(line) for path in out.glob("d*.jsonl") for line in path.read_bytes().splitlines())
    assert lines["flink"] == lines["prism"]
    (tmp_path / "stories.jsonl").write_bytes(b"\n".join(value for _, value in good) + b"\n")
    ran = newsbeam("run", tmp_path / "stories.jsonl", "--output", tmp_path / "files", "--added", ADDED)
    assert ran.status == 0, ran.err

    def of_text(row: dict[str, Any]) -> str:
        del row["source"], row["metadata"]["origin"]
        return json.dumps(row, sort_keys=True)

    assert sorted(map(of_text, rows(tmp_path / "files"))) == sorted(map(of_text, rows(tmp_path / "flink")))


@pytest.mark.engines_full
@pytest.mark.parametrize("seed", [0, 1])
def test_a_taskmanager_is_killed(seed: int, tmp_path: Path, start: Start, flink: clusters.Flink, kafka: Any, on_flink: list[str]) -> None:
    """Twice, at any moment: messages keep coming, some of them twice."""
    moments = random.Random(seed)
    topic = kafka.topic()
    process = start("run", "--source", f"kafka://{kafka.address}/{topic}", "--output", tmp_path, "--window", "2", *on_flink)
    kafka.send(topic, [story(0)])  # two of the three partitions have no message: they must not hold back the windows
    until(lambda: told(tmp_path), process)
    kafka.send(topic, map(story, range(1, 100)))
    sender = threading.Thread(target=kafka.send, args=(topic, [story(number) for number in range(50, 500)], 0.05))
    sender.start()
    for _ in range(2):
        time.sleep(moments.uniform(0, 8))
        flink.kill(moments.choice(flink.taskmanagers))
        flink.add_taskmanager()
        flink.wait_for_slots(4)
    sender.join()
    until(lambda: sum(told(tmp_path).values()) >= 550, process)
    ended(process)
    assert numbers(tmp_path) == list(range(500))
    assert adds_up(tmp_path) == {"documents": 500, "dropped": 50, "dead_letters": 0}


def test_the_broker_is_killed(tmp_path: Path, start: Start, kafka: Any, on_flink: list[str]) -> None:
    topic = kafka.topic()
    process = start("run", "--source", f"kafka://{kafka.address}/{topic}", "--output", tmp_path, "--window", "2", *on_flink)
    kafka.send(topic, map(story, range(100)))
    until(lambda: told(tmp_path), process)
    sender = threading.Thread(target=kafka.send, args=(topic, [story(number) for number in range(100, 300)], 0.05))
    sender.start()
    time.sleep(random.Random(7).uniform(1, 6))
    kafka.kill()
    kafka.start()
    sender.join()
    until(lambda: told(tmp_path)["documents"] >= 300, process)
    ended(process)
    # Beam's connector ends the task where the broker is away for longer, and Flink begins it again from its checkpoint.
    assert numbers(tmp_path) == list(range(300))
    assert adds_up(tmp_path)["documents"] == 300


@pytest.mark.engines_full
def test_cancelled_and_submitted_again(
    tmp_path: Path, start: Start, newsbeam: Callable[..., Any], flink: clusters.Flink, kafka: Any, on_flink: list[str]
) -> None:
    """What was read and not yet written is not passed over, whatever the group's offsets say, and what was written is."""
    topic = kafka.topic()
    command = ["run", "--source", f"kafka://{kafka.address}/{topic}?group=news", "--output", tmp_path, "--window", "2", *on_flink]
    process = start(*command)
    kafka.send(topic, map(story, range(60)))
    until(lambda: told(tmp_path), process)
    kafka.send(topic, map(story, range(60, 100)))  # read, and their window not finished
    ended(process)
    clusters.eventually("the job goes on", lambda: set(flink.jobs().values()) <= {"CANCELED", "FINISHED", "FAILED"})
    process = start(*command)
    kafka.send(topic, map(story, range(100, 200)))
    until(lambda: told(tmp_path)["documents"] >= 200, process)
    process.kill()
    process.wait()
    # The cluster knows nothing of that, and two jobs would write the same.
    refused = newsbeam(*command, seconds=SECONDS)
    assert refused.status == 2
    assert "an earlier run is still writing to" in refused.err
    cure = refused.err.strip().rpartition("http")[2]
    urllib.request.urlopen(urllib.request.Request(f"http{cure}", method="PATCH"), timeout=60).close()
    clusters.eventually("the job goes on", lambda: set(flink.jobs().values()) <= {"CANCELED", "FINISHED", "FAILED"})
    kafka.send(topic, map(story, range(200, 220)))
    process = start(*command)
    until(lambda: told(tmp_path)["documents"] >= 220, process)
    ended(process)
    assert numbers(tmp_path) == list(range(220))
    assert adds_up(tmp_path) == {"documents": 220, "dropped": 0, "dead_letters": 0}


def test_prism_is_killed_with_its_command(tmp_path: Path, start: Start, kafka: Any, on_prism: list[str]) -> None:
    topic = kafka.topic()
    command = ["run", "--source", f"kafka://{kafka.address}/{topic}", "--output", tmp_path, "--window", "2", *on_prism]
    moments = random.Random(3)
    kafka.send(topic, [story(300)])  # two of the three partitions have no message: they must not hold back the windows
    process = start(*command)
    until(lambda: told(tmp_path), process)
    process.kill()
    process.wait()
    for first in (0, 100, 200):
        process, before = start(*command), told(tmp_path)["documents"]
        kafka.send(topic, map(story, range(first, first + 100)))
        until(lambda: told(tmp_path)["documents"] > before, process)  # noqa: B023 - called at once
        time.sleep(moments.uniform(0, 3))
        process.kill()
        process.wait()
    process = start(*command)
    kafka.send(topic, map(story, range(301, 320)))
    until(lambda: told(tmp_path)["documents"] >= 320, process)
    ended(process)
    assert numbers(tmp_path) == list(range(320))
    assert adds_up(tmp_path)["documents"] == 320
