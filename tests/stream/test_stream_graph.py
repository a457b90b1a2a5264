"""The graph without an end, on engines that are pinned: windows, late messages, duplicates, times that cannot be, accounts."""

from __future__ import annotations

import gzip
import json
import logging
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import zstandard
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.test_pipeline import TestPipeline as CheckedPipeline
from apache_beam.testing.test_stream import TestStream as Stream_
from apache_beam.transforms.window import TimestampedValue
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsbeam.config.job import Job, WorkerConfig
from newsbeam.config.recipe_parser import parse
from newsbeam.config.results import BatchResult
from newsbeam.sources.message import Message
from newsbeam.sources.messages import MessageReader
from newsbeam.storage.filesystem import silence_beam_logging
from newsbeam.storage.output_layout import MessageWindow
from newsbeam.streaming import elements as streaming_elements
from newsbeam.streaming import graph, history
from newsbeam.streaming.deduplication import REDELIVERED
from newsbeam.streaming.elements import Stream
from newsbeam.streaming.graph import Process
from newsbeam.streaming.windows import write_window
from newsbeam.workers.pool import Pool

NASTY = Path(__file__).parents[1] / "pipeline"
BASE = int(time.time()) // 60 * 60 - 600
"""A full minute some minutes ago: times of messages must lie before the clock, and not long before."""


@pytest.fixture(autouse=True)
def reachable() -> Iterator[None]:
    """The nasty processors can be imported here and in worker processes."""
    sys.path.insert(0, str(NASTY))
    yield
    sys.path.remove(str(NASTY))


def job(folder: Path, recipe: str = "[length]", **others: Any) -> Job:
    return Job(WorkerConfig(parse(f"processors: {recipe}"), "2026-01-01T00:00:00Z", 5.0, "0"), str(folder), **others)


def at(seconds: float, number: int, text: str) -> TimestampedValue:
    """A message of that number, `seconds` after the base."""
    return TimestampedValue(Message(f"kafka://news/0@{number}", text.encode()), BASE + seconds)


def run(messages: Stream_, of: Job, how: Stream | None = None, payload: Any = "document") -> None:
    """On Beam's own engine for a TestStream, to the end."""
    process = Process(of, how or Stream(), MessageReader(payload, 1 << 20, "news"))
    with CheckedPipeline(runner="BundleBasedDirectRunner", options=PipelineOptions([], streaming=True)) as pipeline:
        _ = pipeline | messages | process


def two() -> Stream_:
    """Two messages in one window."""
    return Stream_().advance_watermark_to(BASE).add_elements([at(1, 1, "one"), at(2, 2, "two")]).advance_watermark_to_infinity()


def window(seconds: float) -> str:
    return datetime.fromtimestamp(BASE + seconds, timezone.utc).strftime("%Y%m%dT%H%M%S")


def rows(folder: Path, stem: str) -> list[dict[str, Any]]:
    return [json.loads(line) for path in sorted(folder.glob(f"{stem}*.jsonl")) for line in path.read_bytes().splitlines()]


def texts(folder: Path, name: str = "") -> list[str]:
    return sorted(row["text"] for row in rows(folder, f"documents-{name}"))


def accounts(folder: Path) -> dict[str, str]:
    return {
        path.stem.removeprefix("manifest-"): json.loads(path.read_bytes())["account"] for path in sorted(folder.glob("manifest-*.json"))
    }


def test_windows_late_messages_and_duplicates(tmp_path: Path) -> None:
    messages = (
        Stream_()
        .advance_watermark_to(BASE)
        .add_elements([at(1, 1, "one"), at(59.999, 2, "two"), at(3, 3, "one"), at(4, 4, ""), at(60, 5, "five")])
        .advance_watermark_to(BASE + 65)
        .add_elements([at(5, 6, "late"), at(6, 7, "late too")])
        .add_elements([at(71, 8, "two"), at(7, 9, "later")])
        .advance_watermark_to_infinity()
    )
    run(messages, job(tmp_path))
    first, second = f"{window(0)}-run1", f"{window(60)}-run1"
    assert accounts(tmp_path) == {
        first: "read 4 = written 2 + dropped 1 + failed 1",
        f"{first}-late1": "read 3 = written 3 + dropped 0 + failed 0",
        second: "read 2 = written 1 + dropped 1 + failed 0",
    }
    assert texts(tmp_path, f"{first}-00") == ["one", "two"]
    assert texts(tmp_path, f"{first}-late1") == ["late", "late too", "later"]
    assert texts(tmp_path, second) == ["five"]
    assert {(row["origin"], row["reason"]) for row in rows(tmp_path, "dropped")} == {
        ("kafka://news/0@3", REDELIVERED),
        ("kafka://news/0@8", REDELIVERED),
    }
    (letter,) = rows(tmp_path, "dead-letters")
    assert (letter["origin"], letter["error"]) == ("kafka://news/0@4", "PayloadError")
    manifest = json.loads((tmp_path / f"manifest-{first}.json").read_bytes())
    assert manifest["window"]["run"] == 1
    assert [(file["name"], file["records"]) for file in manifest["files"]] == [
        (f"documents-{first}-00000.jsonl", 2),
        (f"dropped-{first}-00000.jsonl", 1),
        (f"dead-letters-{first}-00000.jsonl", 1),
    ]
    assert manifest["details"][f"reason/once: {REDELIVERED}"] == 1
    assert not list(tmp_path.glob("*.tmp"))


def test_times_that_cannot_be(tmp_path: Path) -> None:
    """2099, 1970 and Kafka's -1 become now; a watermark that was led astray drops nothing and overwrites nothing."""
    odd = [
        TimestampedValue(Message(f"kafka://news/0@{number}", b"odd %d" % number), when) for number, when in enumerate((4.1e9, 0, -0.001))
    ]
    messages = (
        Stream_()
        .advance_watermark_to(BASE)
        .add_elements([at(1, 7, "one")])
        .advance_watermark_to(4.2e9)
        .add_elements(odd)
        .add_elements([at(2, 8, "two"), at(3, 9, "one")])
        .add_elements([at(4, 10, "three")])
        .advance_watermark_to_infinity()
    )
    before = int(time.time())
    run(messages, job(tmp_path))
    assert texts(tmp_path) == sorted(["odd 0", "odd 1", "odd 2", "one", "one", "two", "three"])
    made = {path.name.split("-")[1] for path in tmp_path.glob("manifest-*")}
    expected = [datetime.fromtimestamp(now // 60 * 60, timezone.utc).strftime("%Y%m%dT%H%M%S") for now in (before, time.time())]
    assert made <= {window(0), *expected}


def test_a_key_is_forgotten_in_time(tmp_path: Path) -> None:
    now = int(time.time())
    messages = Stream_().advance_watermark_to(BASE).add_elements([at(1, 1, "one")])
    messages = messages.advance_watermark_to(now + 30).add_elements([at(2, 2, "one")])
    messages = messages.advance_watermark_to(now + 3600).add_elements([at(3, 3, "one")]).advance_watermark_to_infinity()
    run(messages, job(tmp_path), Stream(remember=600))
    assert [row["metadata"]["origin"] for row in rows(tmp_path, "documents")] == ["kafka://news/0@1", "kafka://news/0@3"]
    assert [row["origin"] for row in rows(tmp_path, "dropped")] == ["kafka://news/0@2"]


def test_what_comes_again_is_known_by_what_it_is(tmp_path: Path) -> None:
    """The same bad message twice is one dead letter; two empty ones are two; a text at two addresses is two documents."""
    page = {"text": "Ferry", "url": "https://a.example/"}
    pages = [json.dumps(one) for one in (page, {**page, "url": "https://b.example/"}, {**page, "id": "2"})]
    contents = ["", "", '{"x', '{"x', *pages, " ", " "]
    elements = [at(number, number, content) for number, content in enumerate(contents)]
    run(Stream_().advance_watermark_to(BASE).add_elements(elements).advance_watermark_to_infinity(), job(tmp_path))
    documents = {row["metadata"]["origin"][-1]: row["id"] for row in rows(tmp_path, "documents")}
    assert sorted(documents) == ["4", "5"]
    assert sorted(row["origin"][-1] for row in rows(tmp_path, "dead-letters")) == ["0", "1", "2"]
    again = {row["origin"][-1]: row for row in rows(tmp_path, "dropped")}
    assert {number: row["stage"] for number, row in again.items()} == {"3": "once", "6": "once", "7": "decode", "8": "once"}
    assert (again["6"]["input_id"], again["6"]["url"], again["6"]["id"]) == ("2", "https://a.example/", documents["4"])
    assert all(len(row["sha256"]) == 64 for row in again.values())


def test_what_an_earlier_run_wrote_is_known(tmp_path: Path) -> None:
    """The same message is passed over, the same document in another message dropped, what failed and succeeds now is written."""
    first = Stream_().advance_watermark_to(BASE).add_elements([at(1, 1, "one"), at(2, 2, '{"text'), at(3, 3, "two")])
    run(first.advance_watermark_to_infinity(), job(tmp_path))
    done: Any
    done, marks = history.load(str(tmp_path), "kafka://news/", 86_400)
    how = Stream(
        run=2,
        done=tuple((place, tuple(stretches)) for place, stretches in done.items()),
        seen=history.save_keys(marks, str(tmp_path / "seen")),
    )
    again = [at(1, 1, "one"), at(2, 2, '{"text'), at(3, 3, "two"), at(4, 4, "one"), at(5, 5, '{"text'), at(6, 6, "three")]
    run(Stream_().advance_watermark_to(BASE).add_elements(again).advance_watermark_to_infinity(), job(tmp_path), how)
    assert accounts(tmp_path) == {
        f"{window(0)}-run1": "read 3 = written 2 + dropped 0 + failed 1",
        f"{window(0)}-run2": "read 3 = written 1 + dropped 2 + failed 0",
    }
    assert texts(tmp_path) == ["one", "three", "two"]


def test_objects_named_by_messages(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "many.jsonl").write_text("".join(json.dumps({"text": f"Story {number}."}) + "\n" for number in range(100)))
    named = f"{tmp_path}/many.jsonl\n{tmp_path}/gone.html"
    elements = [at(1, 1, named), at(2, 2, named)]
    run(Stream_().advance_watermark_to(BASE).add_elements(elements).advance_watermark_to_infinity(), job(out, workers=2), payload="object")
    assert list(accounts(out).values()) == ["read 202 = written 100 + dropped 101 + failed 1"]
    assert rows(out, "dead-letters")[0]["error"] == "FileNotFoundError"


@pytest.mark.parametrize("form", ["jsonl.gz", "jsonl.zst"])
def test_compressed_files(tmp_path: Path, form: Any) -> None:
    run(
        Stream_().advance_watermark_to(BASE).add_elements([at(1, 1, "one"), at(2, 2, "two")]).advance_watermark_to_infinity(),
        job(tmp_path, format=form),
    )
    (path,) = tmp_path.glob(f"documents-*.{form}")
    data = path.read_bytes()
    lines = gzip.decompress(data) if form == "jsonl.gz" else zstandard.ZstdDecompressor().decompressobj().decompress(data)
    assert sorted(json.loads(line)["text"] for line in lines.splitlines()) == ["one", "two"]


def test_parquet_and_recipes_that_need_an_end_are_refused(tmp_path: Path) -> None:
    reader = MessageReader("document", 1 << 20, "news")
    with pytest.raises(ValueError, match="line by line"):
        Process(job(tmp_path, format="parquet"), Stream(), reader)
    with pytest.raises(ValueError, match="site_template"):
        Process(Job(WorkerConfig(parse("{site_template: true, processors: [boilerplate]}"), "", 5.0, "0"), str(tmp_path)), Stream(), reader)


def test_added_is_when_a_document_was_worked_on(tmp_path: Path) -> None:
    of = Job(WorkerConfig(parse("processors: [length]"), "", 5.0, "0"), str(tmp_path))
    before = datetime.now(timezone.utc).replace(microsecond=0)
    run(Stream_().advance_watermark_to(BASE).add_elements([at(1, 1, "one")]).advance_watermark_to_infinity(), of)
    added = datetime.fromisoformat(rows(tmp_path, "documents")[0]["added"].replace("Z", "+00:00"))
    assert before <= added <= datetime.now(timezone.utc)


# --- accounts -------------------------------------------------------------------------------------------------------


def test_a_worker_that_loses_a_document_is_loud_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    results = Pool.results

    def forgetful(self: Any, everything: bool = False) -> Iterator[Any]:
        for key, batch in results(self, everything):
            yield key, BatchResult(endings=batch.endings[1:])

    monkeypatch.setattr(Pool, "results", forgetful)
    with caplog.at_level(logging.ERROR):
        run(
            Stream_().advance_watermark_to(BASE).add_elements([at(1, 1, "one"), at(2, 2, "two")]).advance_watermark_to_infinity(),
            job(tmp_path),
        )
    assert list(accounts(tmp_path).values()) == ["read 2 = written 0 + dropped 0 + failed 2"]
    letters = rows(tmp_path, "dead-letters")
    assert {(letter["stage"], letter["error"], letter["message"]) for letter in letters} == {
        ("work", "AccountError", "2 inputs were given to a worker and 1 results returned")
    }
    assert {letter["payload"] for letter in letters} == {"b25l", "dHdv"}
    assert "2 inputs were given to a worker" in caplog.text


def test_a_manifest_that_does_not_add_up_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    about = write_window(
        job(tmp_path), Stream(), BASE, 0, [("documents", b'{"metadata":{"origin":"a"}}\n', (("documents", 2),), ("a", 0, 1), 0)]
    )
    assert "which is not what was written: 1 documents" in about.account
    assert "which is not" in caplog.text


def test_a_run_shows_errors_of_newsbeam_though_none_of_beam() -> None:
    silence_beam_logging(logging.CRITICAL)
    assert logging.getLogger(write_window.__module__).isEnabledFor(logging.ERROR)
    assert not logging.getLogger("apache_beam.runners").isEnabledFor(logging.ERROR)


ACTS = {
    "good": "documents",
    " ": "dropped",
    "unwanted": "dropped",
    "raise": "dead_letters",
    '{"text': "dead_letters",
    '{"text": "fine"}': "documents",
}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(sorted(ACTS)), st.integers(0, 3), st.integers(-200, 200), st.booleans()), max_size=30))
def test_accounts_add_up_whatever_comes(tmp_path_factory: pytest.TempPathFactory, plan: Sequence[tuple[str, int, int, bool]]) -> None:
    """Messages in = written + dropped + failed; each content once; the first of a content decides, any other is dropped."""
    out = tmp_path_factory.mktemp("out")
    messages = Stream_().advance_watermark_to(BASE)
    expect: Counter[str] = Counter()
    seen: set[str] = set()
    watermark = 0
    for number, (act, copy, seconds, forward) in enumerate(plan):
        content = act + "!" * copy if act == "good" else act
        expect["dropped" if content in seen else ACTS[act]] += 1
        seen.add(content)
        messages = messages.add_elements([at(seconds, number, content)])
        if forward:
            watermark += 50
            messages = messages.advance_watermark_to(BASE + watermark)
    run(messages.advance_watermark_to_infinity(), job(out, "[length, 'nasty_processors:Nasty']"))
    counts: Counter[str] = Counter()
    for path in out.glob("manifest-*.json"):
        counts.update(json.loads(path.read_bytes())["counts"])
    assert counts["read"] == len(plan)
    assert {kind: counts[kind] for kind in ("documents", "dropped", "dead_letters")} == {
        kind: expect[kind] for kind in ("documents", "dropped", "dead_letters")
    }
    origins = [row.get("metadata", row)["origin"] for stem in ("documents", "dropped", "dead-letters") for row in rows(out, stem)]
    assert sorted(origins) == sorted(f"kafka://news/0@{number}" for number in range(len(plan)))


# --- replays --------------------------------------------------------------------------------------------------------


def ending(number: int, kind: Any = "documents") -> streaming_elements.Ended:
    row = {"metadata": {"origin": f"o{number}"}} if kind == "documents" else {"origin": f"o{number}"}
    return (
        kind,
        json.dumps({"n": number, **row}).encode() + b"\n",
        ((kind, 1), ("bytes", 3)),
        (f"kafka://news/0@{number}", number, 1),
        number + 1,
    )


def numbers(folder: Path) -> dict[str, list[int]]:
    """What stands in which file of documents of the first window."""
    files = {path.name.removeprefix("documents-" + window(0)): path.read_text() for path in folder.glob("documents-*")}
    return {name: [json.loads(line)["n"] for line in text.splitlines()] for name, text in files.items()}


def test_a_replay_writes_the_same_files(tmp_path: Path) -> None:
    for _ in range(2):
        write_window(job(tmp_path), Stream(), BASE, 0, [ending(2), ending(1), ending(3, "dropped")])
        made = {path.name: path.read_bytes() for path in tmp_path.glob("d*")}
        assert len(made) == 2
    assert numbers(tmp_path) == {"-run1-00000.jsonl": [1, 2]}
    write_window(job(tmp_path), Stream(), BASE, 0, [ending(1), ending(2)])
    assert not list(tmp_path.glob("dropped-*")), "what is no longer there is taken away"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=12), st.lists(st.integers(0, 4), min_size=12, max_size=12))
def test_a_replay_may_divide_a_window_otherwise(tmp_path_factory: pytest.TempPathFactory, first: list[int], second: list[int]) -> None:
    """Whatever an attempt that is lost wrote, each document is there once when its replay has come to the end."""
    out = tmp_path_factory.mktemp("out")
    for division in (first, second[: len(first)]):
        for before, file in enumerate(sorted(set(division))):
            write_window(job(out), Stream(), BASE, before, [ending(number) for number, of in enumerate(division) if of == file])
    assert sorted(number for of_file in numbers(out).values() for number in of_file) == list(range(len(first)))
    for path in out.glob("manifest-*.json"):
        manifest = json.loads(path.read_bytes())
        assert manifest["counts"]["documents"] == sum(file["records"] for file in manifest["files"])


def test_another_run_writes_beside_it(tmp_path: Path) -> None:
    write_window(job(tmp_path), Stream(run=1), BASE, 0, [ending(1)])
    write_window(job(tmp_path), Stream(run=2), BASE, 0, [ending(2)])
    assert numbers(tmp_path) == {"-run1-00000.jsonl": [1], "-run2-00000.jsonl": [2]}
    assert str(MessageWindow(BASE, run=12, late=3)) == f"{window(0)}-run12-late3"


def test_a_large_window_is_several_files(tmp_path: Path) -> None:
    of = job(tmp_path, shard_bytes=100)
    write_window(of, Stream(), BASE, 0, [ending(number) for number in range(9)])
    assert len(numbers(tmp_path)) == 3
    write_window(of, Stream(), BASE, 0, [ending(1)])
    assert numbers(tmp_path) == {"-run1-00000.jsonl": [1]}


def test_worker_processes_are_used_again(tmp_path: Path) -> None:
    """Beam's own local engine makes a new DoFn for each bundle."""
    of = job(tmp_path)
    work = graph._Work(of)
    work.setup()
    pool = work._pool
    work.teardown()
    other = graph._Work(of)
    other.setup()
    assert other._pool is pool
    other.teardown()
