"""What is written already, as manifests say; and messages of Pub/Sub that are leased until they are."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbeam.sources.message import Message
from newsbeam.sources.pubsub_leases import Leases
from newsbeam.streaming import history


def at(offset: int, when: int = 5000) -> Message:
    return Message(f"kafka://news/0@{offset}", b"", time=when)


@given(st.lists(st.sets(st.integers(0, 40)), max_size=5))
def test_stretches_hold_what_was_put_in_and_nothing_else(windows: list[set[int]]) -> None:
    found: dict[str, list[Any]] = {}
    for window in windows:
        for place, stretches in history.summarise_window((at(offset).origin, 1000 + offset) for offset in window).items():
            found.setdefault(place, []).extend(stretches)
    joined = {place: history._merge(stretches) for place, stretches in found.items()}
    inside = {offset for offset in range(-1, 45) if history.is_written(at(offset, 1000 + offset), joined)}
    assert inside == set().union(*windows)
    assert all(one[1] + 1 < other[0] for stretches in joined.values() for one, other in pairwise(stretches))


def test_a_topic_made_again_is_read_again() -> None:
    """It counts from 0 again; its messages are younger."""
    done: Any = history.summarise_window((at(offset).origin, 1000 + offset) for offset in range(10))
    assert done == {"kafka://news/0": [[0, 9, 1000, 1009]]}
    assert history.is_written(at(5, 1005), done)
    assert not history.is_written(at(5, 2000), done)
    assert not history.is_written(at(10, 1005), done)
    assert not history.is_written(Message("kafka://other/0@5", b"", time=1005), done)


def manifest(folder: Path, age: float, run: int, messages: dict[str, list[Any]]) -> None:
    window = datetime.fromtimestamp(time.time() - age, timezone.utc).strftime("%Y%m%dT%H%M%S")
    (folder / f"manifest-{window}-run{run}.json").write_text(json.dumps({"account": "", "counts": {}, "messages": messages}))


def test_manifests_of_the_folder(tmp_path: Path) -> None:
    manifest(tmp_path, 60, 1, {"kafka://news/0": [[0, 4, 1, 2]], "kafka://news/1": [[7, 7, 1, 1]], "kafka://newsreel/0": [[0, 1, 1, 1]]})
    manifest(tmp_path, 0, 2, {"kafka://news/0": [[5, 9, 3, 4], [12, 12, 5, 5]]})
    manifest(tmp_path, 40 * 86_400, 1, {"kafka://news/0": [[100, 200, 1, 2]]})
    (tmp_path / "manifest-other.json").write_text("no manifest of a stream's")
    assert history.load(str(tmp_path), "kafka://news/", 60)[0] == {
        "kafka://news/0": [[0, 9, 1, 4], [12, 12, 5, 5]],
        "kafka://news/1": [[7, 7, 1, 1]],
    }
    manifest(tmp_path, 120, 3, {"pubsub://projects/p/subscriptions/s": ["a", "b"]})
    manifest(tmp_path, 3 * 86_400, 3, {"pubsub://projects/p/subscriptions/s": ["old"]})
    found, marks = history.load(str(tmp_path), "pubsub://projects/p/subscriptions/s", 86_400)
    assert found == {"pubsub://projects/p/subscriptions/s": ["a", "b"]}
    assert not marks
    assert history.save_keys(marks, str(tmp_path / "seen")) == ""


@given(st.sets(st.text(max_size=8)), st.sets(st.text(max_size=8)))
def test_keys_are_known_again(tmp_path_factory: pytest.TempPathFactory, wrote: set[str], others: set[str]) -> None:
    folder = tmp_path_factory.mktemp("out")
    for run, keys in enumerate((sorted(wrote), sorted(wrote)[:1])):
        window = datetime.fromtimestamp(time.time() - 60 * run, timezone.utc).strftime("%Y%m%dT%H%M%S")
        about = {"account": "", "counts": {}, "keys": history.encode_keys(map(history.key_hash, keys))}
        (folder / f"manifest-{window}-run{run}.json").write_text(json.dumps(about))
    marks = history.load_keys(history.save_keys(history.load(str(folder), "kafka://news/", 3600)[1], str(folder / "seen")))
    assert len(marks) == len(wrote)
    assert {key for key in wrote | others if history.contains_key(history.key_hash(key), marks)} == wrote
    assert not history.load(str(folder), "kafka://news/", 0)[1], "nothing is remembered"


def test_only_the_latest_of_very_many_stretches_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MAX_RANGES", 2)
    assert history.summarise_window((at(offset).origin, 1) for offset in (1, 3, 5)) == {"kafka://news/0": [[3, 3, 1, 1], [5, 5, 1, 1]]}


# --- leases ---------------------------------------------------------------------------------------------------------


@dataclass
class Received:
    """As Google's client gives it."""

    name: str
    ack_id: str
    published: float = 0.0

    @property
    def message(self) -> Any:
        return self

    @property
    def message_id(self) -> str:
        return self.name

    @property
    def publish_time(self) -> datetime:
        return datetime.fromtimestamp(self.published, timezone.utc)


@dataclass
class Client:
    """A subscriber that gives what it is told to, and remembers what it was asked."""

    waiting: list[list[Received] | Exception] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    deadlines: list[tuple[str, int]] = field(default_factory=list)
    refuses: list[Exception] = field(default_factory=list)

    def pull(self, **_: Any) -> Any:
        received = self.waiting.pop(0)
        if isinstance(received, Exception):
            raise received
        answer = type("Answer", (), {})()
        answer.received_messages = received
        return answer

    def acknowledge(self, ack_ids: list[str], **_: Any) -> None:
        if self.refuses:
            raise self.refuses.pop(0)
        self.acknowledged += ack_ids

    def modify_ack_deadline(self, ack_ids: list[str], ack_deadline_seconds: int, **_: Any) -> None:
        self.deadlines += [(ack, ack_deadline_seconds) for ack in ack_ids]


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    pytest.importorskip("google.api_core", reason="pip install 'newsbeam[gcp]'")
    monkeypatch.setattr("newsbeam.sources.pubsub_leases.RENEW_SECONDS", 0.04)
    return Client()


def until(condition: Callable[[], Any]) -> None:
    """Wait for what another thread has to do; only what truly hangs takes so long."""
    for _ in range(6000):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it never came")


def pulled(leases: Leases, client: Client, *received: Received) -> list[str]:
    client.waiting.append(list(received))
    return [one.message_id for one in leases.pull(client, "projects/p/subscriptions/s")]


def test_messages_are_acknowledged_when_all_of_them_is_written(client: Client) -> None:
    leases = Leases()
    assert pulled(leases, client, Received("a", "1"), Received("b", "2"), Received("c", "3")) == ["a", "b", "c"]
    leases.written([("pubsub://p@a", 0, 1), ("pubsub://p@b", 0, 0), ("pubsub://p@b", 0, 3), ("pubsub://p@other", 0, 1)])
    until(lambda: client.acknowledged)
    assert client.acknowledged == ["1"]
    leases.written([("pubsub://p@b", 0, 0)])
    assert leases.close() == 1
    assert client.acknowledged == ["1", "2"]
    assert ("2", 30) in client.deadlines
    assert client.deadlines[-1] == ("3", 0), "given back"
    assert not [one for one in client.deadlines if one == ("1", 0)]


def test_a_message_that_is_here_already_is_not_taken_twice(client: Client) -> None:
    leases = Leases(["w"])
    assert pulled(leases, client, Received("a", "1"), Received("w", "9")) == ["a"]
    assert pulled(leases, client, Received("a", "2"), Received("b", "3")) == ["b"]
    leases.written([("pubsub://p@a", 0, 1)])
    assert leases.close() == 1
    assert sorted(client.acknowledged) == ["2", "9"], "by its last lease; and one that an earlier run wrote"


def test_pub_sub_that_does_not_answer(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from google.api_core.exceptions import DeadlineExceeded, NotFound, ServiceUnavailable

    monkeypatch.setattr("newsbeam.sources.pubsub_leases.WAIT_SECONDS", 0.01)
    leases = Leases()
    client.waiting += [DeadlineExceeded("nothing"), ServiceUnavailable("down"), NotFound("no such subscription")]
    assert leases.pull(client, "s") == []
    assert leases.pull(client, "s") == []
    with pytest.raises(NotFound):
        leases.pull(client, "s")
    pulled(leases, client, Received("a", "1"))
    client.refuses.append(ServiceUnavailable("down"))
    leases.written([("pubsub://p@a", 0, 1)])
    until(lambda: client.acknowledged)
    assert client.acknowledged == ["1"], "it is tried again"
    leases.close()


def test_the_watermark_follows_the_messages_while_there_are_many(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsbeam.sources.pubsub_leases.PULLED", 2)
    leases = Leases()
    pulled(leases, client, Received("a", "1", 1000.0), Received("b", "2", 900.0))
    assert leases.watermark == 900.0
    pulled(leases, client, Received("c", "3", 800.0), Received("d", "4", 950.0))
    assert leases.watermark == 900.0, "it never goes back"
    pulled(leases, client, Received("e", "5", 1100.0))
    assert leases.watermark == 1100.0
    before = time.time()
    pulled(leases, client)
    assert before - 3 < leases.watermark <= time.time() - 2
    leases.close()
