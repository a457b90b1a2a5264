"""Pub/Sub through its real protocol, and the command as a real process: what comes twice, what is bad, and what is killed."""

from __future__ import annotations

import gzip
import json
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import broker_pubsub
import pytest

pytestmark = [
    pytest.mark.engines,
    # Of Google's client libraries, which are not ours to mend.
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::PendingDeprecationWarning"),
]
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="module")
def pubsub() -> Iterator[broker_pubsub.PubSub]:
    """The emulator, once for this file."""
    pytest.importorskip("google.cloud.pubsub", reason="pip install 'newsbeam[gcp]'")
    broker = broker_pubsub.PubSub()
    yield broker
    broker.stop()


def story(number: int, **more: str) -> bytes:
    return json.dumps({"id": str(number), "text": f"Story {number} of the harbour, and of the ferry that sails again.", **more}).encode()


def rows(out: Path, stem: str) -> list[dict[str, Any]]:
    return [json.loads(line) for path in sorted(out.glob(f"{stem}-*.jsonl")) for line in path.read_bytes().splitlines()]


def counts(out: Path) -> Counter[str]:
    total: Counter[str] = Counter()
    for path in out.glob("manifest-*.json"):
        total.update(json.loads(path.read_bytes())["counts"])
    return total


def until(there: Callable[[], bool], process: subprocess.Popen[str], seconds: float = 300) -> None:
    """Wait; fails when the process ends first."""
    end = time.monotonic() + seconds
    while not there():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.2)


def ended(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Ask it to end; its last line, and what else it said."""
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out.splitlines()[-1], err


def test_documents_duplicates_and_bad_messages(tmp_path: Path, start: Start, pubsub: broker_pubsub.PubSub) -> None:
    topic, subscription = pubsub.subscription()
    good = [story(number) for number in range(40)]
    first = pubsub.publish(topic, *good)
    bad = [b'{"text": "cut', b'{"no": "text"}', b"%PDF-1.7", b'{"text": "\xe9"}']
    pubsub.publish(topic, *good[:5], *bad, gzip.compress(story(40)), gzip.compress(story(41))[:-8], b" ")
    pubsub.publish(topic, b"<!doctype html><html><body><p>A page of the harbour.</p></body></html>", url="https://harbour.example/1")
    pubsub.publish(topic, b"", only="attributes")
    process = start("run", "--source", f"pubsub://{subscription}", "--output", tmp_path, "--window", "2")
    until(lambda: counts(tmp_path)["read"] >= 54, process)
    pubsub.publish(topic, story(3), story(50))
    until(lambda: counts(tmp_path)["read"] >= 56, process)
    account, said = ended(process)
    assert account == "read 56 = written 43 + dropped 7 + failed 6"
    documents = rows(tmp_path, "documents")
    assert sorted(int(row["metadata"]["input_id"]) for row in documents if not row["url"]) == [*range(41), 50]
    assert {row["metadata"]["origin"] for row in documents} >= {f"pubsub://{subscription}@{name}" for name in first[5:]}
    assert [row["url"] for row in documents if row["url"]] == ["https://harbour.example/1"]
    assert Counter(row["stage"] for row in rows(tmp_path, "dropped")) == {"once": 6, "decode": 1}
    assert Counter(row["error"] for row in rows(tmp_path, "dead-letters")) == {"DecodeError": 4, "ReadError": 1, "PayloadError": 1}
    assert all(row["payload"] or row["error"] == "PayloadError" for row in rows(tmp_path, "dead-letters"))
    assert said.count("newsbeam: 20") == len(list(tmp_path.glob("manifest-*")))
    assert not pubsub.left(subscription)


@pytest.mark.engines_full
def test_notifications_name_objects(tmp_path: Path, start: Start, pubsub: broker_pubsub.PubSub) -> None:
    topic, subscription = pubsub.subscription()
    store = tmp_path / "store"
    store.mkdir()
    (store / "many.jsonl.gz").write_bytes(gzip.compress(b"".join(story(number) + b"\n" for number in range(300))))
    (store / "page.html").write_text("<!doctype html><html><body><p>A page of the harbour.</p></body></html>")
    out = tmp_path / "out"
    pubsub.publish(topic, str(store / "many.jsonl.gz").encode(), str(store / "page.html").encode(), str(store / "gone.html").encode())
    pubsub.publish(topic, b"{}", bucketId="b", objectId="c", eventType="OBJECT_DELETE")
    pubsub.publish(topic, b'{"broken')
    process = start("run", "--source", f"pubsub://{subscription}?payload=object", "--output", out, "--window", "2")
    until(lambda: counts(out)["read"] >= 304, process)
    pubsub.publish(topic, str(store / "page.html").encode())
    until(lambda: counts(out)["read"] >= 305, process)
    assert ended(process)[0] == "read 305 = written 301 + dropped 2 + failed 2"
    assert {row["error"] for row in rows(out, "dead-letters")} == {"FileNotFoundError", "PayloadError"}
    assert {row["reason"] for row in rows(out, "dropped")} == {"no object was made", "redelivered: this id was seen before"}
    assert not pubsub.left(subscription)


@pytest.mark.engines_full
def test_what_is_delivered_again_is_no_second_record(tmp_path: Path, start: Start, pubsub: broker_pubsub.PubSub) -> None:
    """A lease that ran out while the message waits for its window; and a window that was not finished when the run was asked to end."""
    topic, subscription = pubsub.subscription()
    ids = pubsub.publish(topic, *[story(number) for number in range(30)])
    process = start("run", "--source", f"pubsub://{subscription}", "--output", tmp_path, "--window", "8")
    time.sleep(4)
    while not counts(tmp_path)["read"]:
        assert process.poll() is None, process.communicate()[1]
        pubsub.deliver_again(subscription, ids)
        time.sleep(0.3)
    until(lambda: counts(tmp_path)["read"] >= 30, process)
    pubsub.deliver_again(subscription, ids)  # of no effect: they are acknowledged
    pubsub.publish(topic, *[story(number) for number in range(30, 50)])
    time.sleep(3)
    _, said = ended(process)
    again = start("run", "--source", f"pubsub://{subscription}", "--output", tmp_path, "--window", "2")
    pubsub.publish(topic, story(0), story(1))  # other messages, the same documents
    until(lambda: counts(tmp_path)["read"] >= 52, again)
    ended(again)
    assert len(rows(tmp_path, "dropped")) == 2
    assert sorted(int(row["metadata"]["input_id"]) for row in rows(tmp_path, "documents")) == list(range(50)), said
    assert not pubsub.left(subscription)


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.engines_full)])
def test_a_consumer_that_is_killed_again_and_again(tmp_path: Path, start: Start, pubsub: broker_pubsub.PubSub, seed: int) -> None:
    """kill -9 at any moment: each message ends once, in the files of one run or another."""
    topic, subscription = pubsub.subscription()
    chance = random.Random(seed)
    sent = 0
    for _ in range(3):
        process = start("run", "--source", f"pubsub://{subscription}", "--output", tmp_path, "--window", "1")
        before = counts(tmp_path)["read"]
        for _ in range(6):
            pubsub.publish(topic, *[story(number) for number in range(sent, sent + 10)], b"%%PDF-%d" % sent)
            sent += 10
            time.sleep(chance.random())
        # Not before it has done anything at all: starting alone is no test.
        until(lambda before=before: counts(tmp_path)["read"] > before, process)  # type: ignore[misc]
        time.sleep(chance.random() * 2)
        process.kill()
        process.wait()
    messages = sent * 11 // 10
    process = start("run", "--source", f"pubsub://{subscription}", "--output", tmp_path, "--window", "1")
    until(lambda: counts(tmp_path)["read"] >= messages, process)
    # It may have been done before this run began: then it is asked to end once it listens, a moment after it has taken its number.
    until((tmp_path / ".newsbeam-stream" / "run-4.json").exists, process)
    time.sleep(4)
    ended(process)
    assert counts(tmp_path) == {"read": messages, "documents": sent, "dropped": 0, "dead_letters": sent // 10}
    assert sorted(int(row["metadata"]["input_id"]) for row in rows(tmp_path, "documents")) == list(range(sent))
    assert len({row["origin"] for row in rows(tmp_path, "dead-letters")}) == len(rows(tmp_path, "dead-letters")) == sent // 10
    listed = [file["name"] for path in tmp_path.glob("manifest-*") for file in json.loads(path.read_bytes())["files"]]
    assert sorted(listed) == sorted(path.name for path in tmp_path.glob("d*")), "every file is some manifest's"
    assert not list(tmp_path.glob("*.tmp"))
    assert not pubsub.left(subscription)
