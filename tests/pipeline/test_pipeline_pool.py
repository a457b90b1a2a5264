"""Worker processes: whatever one document does, it costs that document, and the others come out in their order."""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from newsbeam.config.job import WorkerConfig
from newsbeam.config.recipe_parser import parse
from newsbeam.config.results import BatchResult
from newsbeam.errors import WorkerError
from newsbeam.transforms.document import Document, Dropped, Failed, Raw
from newsbeam.transforms.processor import Outcome
from newsbeam.workers import child, limits, pool
from newsbeam.workers.pool import Pool, merge
from newsbeam.workers.process import process_batch
from newsbeam.workers.results import failed_batch, render_outcome

Make = Callable[..., Pool[Any]]


@pytest.fixture(autouse=True)
def reachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The nasty processors can be imported, here and (the pool passes sys.path on) in the children; little patience."""
    monkeypatch.syspath_prepend(Path(__file__).parent)
    monkeypatch.setattr(child, "KILL_GRACE_S", 0.5)


def setup(recipe: str, time_limit: float = 1.0) -> WorkerConfig:
    return WorkerConfig(parse(f"processors: {recipe}"), "2026-01-01T00:00:00Z", time_limit, "0")


@pytest.fixture
def make() -> Iterator[Make]:
    """A pool that is closed at the end."""
    made: list[Pool[Any]] = []

    def start(recipe: str = "['nasty_processors:Nasty']", workers: int = 1, time_limit: float = 1.0) -> Pool[Any]:
        made.append(Pool(setup(recipe, time_limit), workers))
        return made[-1]

    yield start
    for one in made:
        one.close()


def raws(*texts: str, first: int = 1) -> list[Raw]:
    return [Raw(f"a.jsonl#{number}", text.encode(), "text") for number, text in enumerate(texts, first)]


def run(using: Pool[Any], texts: Sequence[str]) -> BatchResult:
    using.submit("key", raws(*texts))
    ((key, batch),) = using.results(everything=True)
    assert key == "key"
    return batch


def rows(lines: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.splitlines()]


def numbers(lines: bytes) -> list[int]:
    """Which documents these lines are of."""
    return [int((row.get("origin") or row["metadata"]["origin"]).partition("#")[2]) for row in rows(lines)]


CASES = {
    "hang in Python": ("nasty", "DocumentTimeout", "took longer than 1 s (--time-limit)"),
    "hang swallowing": ("nasty", "DocumentTimeout", "took longer than 1 s (--time-limit)"),
    "hang in C": ("nasty", "DocumentTimeout", "took longer than 1 s (--time-limit) and could not be interrupted"),
    "crash": ("nasty", "WorkerCrash", "the worker process was killed by signal 11"),
    "exit": ("nasty", "WorkerCrash", "the worker process ended with status 0"),
    "exit 3": ("nasty", "WorkerCrash", "the worker process ended with status 3"),
    "kill": ("nasty", "WorkerCrash", "the worker process was killed by signal 9"),
    "hang in a child": ("nasty", "DocumentTimeout", "took longer than 1 s (--time-limit) and could not be interrupted"),
    "all memory": ("nasty", "MemoryError", "MemoryError"),
    "raise": ("nasty", "ZeroDivisionError", "division by zero"),
    # sys.exit closes the pipe before the process has ended, so how it ended is a matter of chance (status 1 or our own kill).
    "leave": ("nasty", "SystemExit", "leaving"),
}


@pytest.mark.parametrize("act", CASES)
def test_a_nasty_document_is_one_dead_letter_and_the_rest_is_intact(make: Make, act: str) -> None:
    batch = run(make(), ["one", "two", act, "four", "unwanted five", "six"])
    assert numbers(batch.documents) == [1, 2, 4, 6]
    assert numbers(batch.dropped) == [5]
    (letter,) = rows(batch.dead_letters)
    assert letter["origin"] == "a.jsonl#3"
    stage, error, message = CASES[act]
    assert (letter["stage"], letter["error"]) == (stage, error)
    # On a machine under load the parent may be the first to lose patience, and says so.
    assert letter["message"].startswith(message)
    counts = dict(batch.counts)
    assert (counts["documents"], counts["dropped"], counts["dead_letters"]) == (4, 1, 1)
    assert counts[f"error/nasty: {letter['error']}"] == 1


def test_several_in_one_batch_first_and_last_among_them(make: Make) -> None:
    using = make()
    batch = run(using, ["exit", "two", "crash", "exit 3", "five", "raise", "exit"])
    assert numbers(batch.documents) == [2, 5]
    assert numbers(batch.dead_letters) == [1, 3, 4, 6, 7]
    again = run(using, ["one", "two"])  # the pool is as good as new
    assert numbers(again.documents) == [1, 2]


@pytest.mark.parametrize("act", ["print and read", "interrupt"])
def test_a_processor_that_prints_reads_or_is_interrupted_breaks_nothing(make: Make, act: str) -> None:
    using = make()
    assert numbers(run(using, ["one", act, "three"]).documents) == [1, 2, 3]
    assert numbers(run(using, ["one"]).documents) == [1]


def test_results_come_in_the_order_of_submission(make: Make) -> None:
    using = make("['nasty_processors:Nasty', 'nasty_processors:Slow': {seconds: 0.02}]", workers=2)
    for key in range(12):
        using.submit(key, raws(*(["exit"] if key == 3 else ["one"] * (12 - key))))
    assert [key for key, _ in using.results(everything=True)] == list(range(12))


def test_results_do_not_wait_while_little_is_under_way(make: Make, tmp_path: Path) -> None:
    using = make(f"['nasty_processors:Gate': {{folder: {tmp_path}}}]", time_limit=60.0)
    using.submit("slow", raws("gate"))
    wait_for(tmp_path / "reached")
    assert list(using.results()) == []
    (tmp_path / "open").touch()
    assert [key for key, _ in using.results(everything=True)] == ["slow"]


def test_results_wait_when_too_much_is_under_way(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "IN_FLIGHT_BYTES", 10)
    using = make()
    for key in range(4):
        using.submit(key, raws("six by"))
    got = [key for key, _ in using.results()]
    assert got[:3] == [0, 1, 2]


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks at /proc")
def test_a_closed_pool_leaves_no_process(make: Make) -> None:
    using = make(workers=2)
    run(using, ["one"])
    held = [using._idle.get(), using._idle.get()]
    children = [one.worker._process.pid for one in held if one.worker is not None]
    assert len(children) == 2
    for one in held:
        using._idle.put(one)
    using.close()
    assert not any(Path(f"/proc/{child}").exists() for child in children)


def test_workers_that_cannot_start_say_why(make: Make) -> None:
    using = make("['nasty_processors:NoStart']")
    using.submit("key", raws("one"))
    with pytest.raises(WorkerError, match="RuntimeError: no licence on this machine"):
        list(using.results(everything=True))


@pytest.mark.parametrize(
    ("act", "said"),
    [("exit 3", "ended with status 3 while starting"), ("kill", "2 consecutive worker processes were killed .* by signal 9")],
)
def test_workers_that_die_before_they_are_ready_end_the_run(make: Make, monkeypatch: pytest.MonkeyPatch, act: str, said: str) -> None:
    monkeypatch.setattr(pool, "MAX_FAILED_STARTS", 2)
    using = make(f"['nasty_processors:NoStart': {{act: {act}}}]")
    using.submit("key", raws("one", "two"))
    with pytest.raises(WorkerError, match=said):
        list(using.results(everything=True))


def test_a_worker_that_cannot_be_started_again_ends_the_run(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    using = make()
    assert numbers(run(using, ["one"]).documents) == [1]
    monkeypatch.setattr(pool, "START_PAUSE_SECONDS", 0.01)

    def no_more(*_: object, **__: object) -> None:
        raise OSError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(child.subprocess, "Popen", no_more)
    for key in range(3):
        using.submit(key, raws("exit", "two"))
    for _ in range(2):  # the first that notices, and whoever asks again
        with pytest.raises(WorkerError, match=r"cannot start a worker process: Resource temporarily unavailable; free memory"):
            list(using.results(everything=True))
    using.close()
    with pytest.raises(WorkerError, match="cannot start a worker process"):
        Pool(setup("[]"), 2)


def test_a_short_shortage_of_processes_ends_nothing(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    using = make()
    monkeypatch.setattr(pool, "START_PAUSE_SECONDS", 0.01)
    popen = child.subprocess.Popen
    refused: list[Any] = []

    def scarce(*arguments: Any, **options: Any) -> Any:
        if len(refused) < 2:
            refused.append(1)
            raise OSError(errno.ENOMEM, "Cannot allocate memory")
        return popen(*arguments, **options)

    monkeypatch.setattr(child.subprocess, "Popen", scarce)
    batch = run(using, ["one", "raise", "exit", "four"])
    assert (numbers(batch.documents), numbers(batch.dead_letters), len(refused)) == ([1, 4], [2, 3], 2)


def the_worker(using: Pool[Any]) -> int:
    """The process of the only worker."""
    (slot,) = using._slots
    assert slot.worker is not None
    return slot.worker._process.pid


def test_a_worker_killed_while_it_has_nothing_to_do_costs_no_document(make: Make) -> None:
    using = make()
    for _ in range(4):  # more often than would be enough to blame a document
        assert numbers(run(using, ["one"]).documents) == [1]
        os.kill(the_worker(using), signal.SIGKILL)
    batch = run(using, ["one", "two"])
    assert (numbers(batch.documents), batch.dead_letters) == ([1, 2], b"")


def test_a_worker_killed_once_in_a_document_costs_no_document(make: Make, tmp_path: Path) -> None:
    using = make(f"['nasty_processors:Gate': {{folder: {tmp_path}}}]", time_limit=60.0)
    using.submit("key", raws("one", "gate", "three"))
    wait_for(tmp_path / "reached")
    (tmp_path / "open").touch()
    os.kill(the_worker(using), signal.SIGKILL)
    ((_, batch),) = using.results(everything=True)
    assert (numbers(batch.documents), batch.dead_letters) == ([1, 2, 3], b"")


def wait_for(path: Path) -> None:
    for _ in range(3000):
        if path.exists():
            return
        time.sleep(0.02)
    raise AssertionError(f"no {path}")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the processor time of another process is read in /proc")
def test_a_worker_that_is_stopped_for_a_while_costs_no_document(make: Make) -> None:
    using = make(time_limit=1.0)
    run(using, ["one"])
    using.submit("key", raws("busy", "two"))
    while using._slots[0].worker is None or using._slots[0].worker.at()[0] < 0:
        time.sleep(0.01)
    os.kill(the_worker(using), signal.SIGSTOP)
    time.sleep(3.0)  # longer than limit and grace together
    os.kill(the_worker(using), signal.SIGCONT)
    ((_, batch),) = using.results(everything=True)
    assert (numbers(batch.documents), batch.dead_letters) == ([1, 2], b"")


class Machine:
    """Time as a worker's parent sees it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, tells: bool = True) -> None:
        self.clock = self.used = 0.0
        self.waiting = False
        monkeypatch.setattr(child.time, "monotonic", lambda: self.clock)
        monkeypatch.setattr(child, "processor_time", lambda pid: (self.used, self.waiting) if tells else None)

    def exceeded(self, patience: Any, limit: float, *polls: tuple[float, float, bool]) -> list[bool]:
        """For each poll after so many seconds, of which the worker ran so many, and is waiting or not."""
        answers = []
        for seconds, ran, self.waiting in polls:
            self.clock, self.used = self.clock + seconds, self.used + ran
            answers.append(patience.exceeded(0, limit))
        return answers


@pytest.mark.parametrize(
    ("polls", "over"),
    [
        ([(0.5, 0.5, False)] * 30, 22),  # a child ends it at 10 s: its parent is late, by half a second of grace here
        ([(0.5, 0.0, True)] * 30, 21),
        ([(0.5, 0.1, False)] * 40, None),  # four others want the processor
        ([(0.5, 0.0, False)] * 400, None),  # stopped, or waiting for the disk
        ([(0.5, 0.5, False)] * 10 + [(3600.0, 0.0, False)] + [(0.5, 0.5, False)] * 9, None),  # the laptop slept
        ([(0.5, 0.0, True)] * 10 + [(3600.0, 0.0, True)] + [(0.5, 0.0, True)] * 7, None),
        ([(0.5, 0.25, True)] * 50, 41),  # waits half of the time
    ],
)
def test_only_what_a_document_takes_counts(monkeypatch: pytest.MonkeyPatch, polls: list[Any], over: int | None) -> None:
    machine = Machine(monkeypatch)
    answers = machine.exceeded(child.Patience(1), 10.0, (0.0, 0.0, False), *polls)
    assert (answers.index(True) if True in answers else None) == over


def test_where_the_system_does_not_tell_the_clock_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch, tells=False)
    polls = [(0.5, 0.0, True)] * 10 + [(3600.0, 0.0, True)] + [(0.5, 0.0, True)] * 8
    assert not any(machine.exceeded(child.Patience(1), 10.0, *polls))
    assert any(machine.exceeded(child.Patience(1), 10.0, *[(0.5, 0.0, True)] * 30))


@pytest.mark.parametrize(("size", "limit"), [(0, 10), (1, 10), (1 << 20, 10), ((1 << 20) + 1, 20), (3 << 20, 30), (32 << 20, 320)])
def test_a_large_document_may_take_longer(size: int, limit: float) -> None:
    assert limits.time_limit(Raw("a", bytes(size)), 10.0) == limit


def test_the_limit_of_a_large_document_is_kept_and_named(make: Make) -> None:
    """0.6 s of processor time are too much for a small document, and not for one of 2 MB."""
    using = make(time_limit=0.4)
    batch = run(using, ["busy", "busy\n" + "x" * (1 << 20), "hang in Python\n" + "x" * (1 << 20)])
    assert numbers(batch.documents) == [2]
    assert [row["message"] for row in rows(batch.dead_letters)] == [
        "took longer than 0.4 s (--time-limit)",
        "took longer than 0.8 s (--time-limit 0.4 per MB)",
    ]


def test_more_descriptors_than_select_takes(make: Make) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= before[1] < 1200:
        pytest.skip("this user may not open 1,200 files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before[0], 1200), before[1]))
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(1050)]
    try:
        assert numbers(run(make(), ["one", "exit", "three"]).documents) == [1, 3]
    finally:
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("bytes", "title"),
        ("null", "author"),
        ("half", "surrogates"),
        ("object", "not JSON serializable"),
        ("number", "site"),
        ("nan", "language_score"),
    ],
)
def test_what_cannot_be_written_is_a_dead_letter(text: str, what: str) -> None:
    chosen = setup("['nasty_processors:Unwritable']")
    batch = process_batch(raws("fine", text), chosen.recipe.chain("0", chosen.added), chosen)
    assert numbers(batch.documents) == [1]
    (letter,) = rows(batch.dead_letters)
    assert (letter["stage"], letter["error"]) == ("record", "RecordError")
    assert what in letter["message"]


def test_work_is_the_same_in_process_and_in_a_child(make: Make) -> None:
    texts = ["one", "unwanted", "raise", "", "four"]
    chosen = setup("['nasty_processors:Nasty']")
    here = process_batch(raws(*texts), chosen.recipe.chain("0", chosen.added), chosen)
    there = run(make(), texts)
    assert (here.documents, here.dropped, here.dead_letters) == (there.documents, there.dropped, there.dead_letters)


def test_every_line_says_where_it_came_from() -> None:
    chosen = setup("['nasty_processors:Nasty']")
    raw = Raw("a.html", b"%PDF-1.7", name="a.html", source="news", url="http://example.org/")
    kind, line = render_outcome(raw, chosen.recipe.chain().run(raw), chosen)
    (row,) = rows(line)
    assert kind == "dead_letters"
    assert list(row) == [
        *("id", "input_id", "origin", "source", "url", "bytes", "sha256", "stage"),
        *("error", "message", "trace", "form", "payload"),
    ]
    assert (row["origin"], row["source"], row["url"], row["bytes"], row["stage"], row["error"]) == (
        "a.html",
        "news",
        "http://example.org/",
        8,
        "decode",
        "DecodeError",
    )
    assert len(row["sha256"]) == 64
    assert row["payload"] == ""
    kind, line = render_outcome(raw, Outcome(Dropped("length", "empty"), Document(text="", id="x")), chosen)
    assert kind == "dropped"
    assert rows(line)[0]["reason"] == "empty"


def test_a_message_carries_its_payload() -> None:
    raw = Raw("queue#1", b"\xff\x00", "text", inline=True)
    (letter,) = rows(failed_batch(raw, Failed("nasty", "E", "half \ud800"), setup("[]")).dead_letters)
    assert letter["payload"] == "/wA="
    assert "ud800" in letter["message"]


def test_the_records_source_is_the_recipes_where_it_names_one() -> None:
    named = WorkerConfig(parse("source: mine\nprocessors: []"), "now", 1.0, "0")
    (row,) = rows(process_batch([Raw("a.txt", b"words", source="folder")], named.recipe.chain("0", named.added), named).documents)
    assert (row["source"], row["added"]) == ("mine", "now")
    plain = setup("[]")
    assert rows(process_batch([Raw("a.txt", b"words", source="folder")], plain.recipe.chain(), plain).documents)[0]["source"] == "folder"


def test_no_time_limit() -> None:
    chosen = setup("['nasty_processors:Nasty']", time_limit=0)
    assert limits.run_limited(raws("one")[0], chosen.recipe.chain(), 0).document is not None


def test_merging_adds_up() -> None:
    one = BatchResult(b"a\n", b"", b"x\n", (("bytes", 1), ("documents", 1)))
    two = BatchResult(b"b\n", b"d\n", b"", (("documents", 2),))
    assert merge([one, two]) == BatchResult(b"a\nb\n", b"d\n", b"x\n", (("bytes", 1), ("documents", 3)))
    assert merge([]) == BatchResult()


def test_what_is_finished_is_there_before_what_was_in_front_of_it(make: Make) -> None:
    using = make(workers=2, time_limit=5.0)
    using.submit("slow", raws("hang in Python"))
    for number in range(3):
        using.submit(f"quick {number}", raws("fine"))
    found: list[str] = []
    while len(found) < 3:
        using.wait(1.0)
        found += [key for key, _ in using.finished()]
    assert found == ["quick 0", "quick 1", "quick 2"]
    assert using.busy
    ((key, batch),) = using.results(everything=True)
    assert (key, rows(batch.dead_letters)[0]["error"]) == ("slow", "DocumentTimeout")
    assert not using.busy
