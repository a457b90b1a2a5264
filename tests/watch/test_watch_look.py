"""Which files are there to be taken: new or changed, and whole; by a clock that the test moves."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from newsbeam.watching import scanner as module
from newsbeam.watching.file_state import FileStat
from newsbeam.watching.scanner import Candidate, FolderScanner


class Clock:
    """Stands in for `time` where only pauses matter."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def thread_time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(module, "time", made)
    return made


@pytest.fixture
def top(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def follow(top: Path, *words: str, settle: float = 0.5, done: tuple[tuple[str, FileStat], ...] = ()) -> FolderScanner:
    return FolderScanner(words or [str(top)], str(top.parent / "out"), settle, done)


def taken(look: FolderScanner, clock: Clock, seconds: float = 10.0) -> list[Candidate]:
    """What can be taken within so many seconds, a small step at a time."""
    found = []
    end = clock.now + seconds
    while clock.now < end:
        look.poll(clock.now)
        for large in (False, True):
            while (candidate := look.claim(clock.now, large)) is not None:
                found.append(candidate)
        clock.now += 0.05
    return found


def names(candidates: list[Candidate]) -> list[str]:
    return sorted(Path(candidate.path).name for candidate in candidates)


def finish(look: FolderScanner, candidates: list[Candidate]) -> None:
    for candidate in candidates:
        look.finish(candidate.key, candidate.stamp)


def test_each_file_once_and_again_when_it_changes(top: Path, clock: Clock) -> None:
    for name in ("a.txt", "b.html", "c", ".hidden.txt", "d.exe"):
        (top / name).write_text(name)
    look = follow(top)
    first = taken(look, clock)
    assert names(first) == ["a.txt", "b.html", "c"]
    assert taken(look, clock) == [], "taken, though not done"
    finish(look, first)
    assert taken(look, clock) == []
    (top / "a.txt").write_text("in place, longer")
    (top / "b.html").rename(top / "bb.html")
    (top / "new.txt").write_text("new")
    (top / "new.txt").rename(top / "c")
    assert names(taken(look, clock)) == ["a.txt", "bb.html", "c"]
    assert look.notes == ["skipped 1 .exe (unknown extension; name a file explicitly to read it)"]


def test_not_before_it_has_settled(top: Path, clock: Clock) -> None:
    look = follow(top, settle=2.0)
    path = top / "a.txt"
    for number in range(10):
        path.write_text("x" * (number + 1))
        assert taken(look, clock, 1.0) == []
    (candidate,) = taken(look, clock, 3.0)
    assert candidate.stamp.size == 10


def test_one_that_was_not_whole_is_given_back_and_settles_again(top: Path, clock: Clock) -> None:
    (top / "a.txt").write_text("one")
    look = follow(top)
    (candidate,) = taken(look, clock)
    (top / "a.txt").write_text("more than one")
    look.requeue(candidate, clock.now)
    assert look.claim(clock.now, False) is None
    (candidate,) = taken(look, clock)
    assert candidate.stamp.size == 13
    (top / "a.txt").unlink()
    look.requeue(candidate, clock.now)
    assert (taken(look, clock), look.waiting) == ([], 0)


def test_what_was_done_before_a_restart_is_not_taken(top: Path, clock: Clock) -> None:
    for name in ("a.txt", "b.txt"):
        (top / name).write_text(name)
    done = [(str(top / name), FileStat.of(os.stat(top / name))) for name in ("a.txt", "b.txt")]
    (top / "b.txt").write_text("changed meanwhile")
    assert names(taken(follow(top, done=tuple(done)), clock)) == ["b.txt"]


def test_the_same_file_in_two_inputs_is_one(top: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    (top / "deep").mkdir()
    (top / "deep" / "a.txt").write_text("a")
    monkeypatch.chdir(top.parent)
    look = follow(top, "in", "./in/deep", str(top), "in/deep/a.txt", "in/**/*.txt")
    (candidate,) = taken(look, clock)
    assert (candidate.path, candidate.source) == ("in/deep/a.txt", "in")


def test_the_folder_one_stands_in(top: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    (top / "deep").mkdir()
    (top / "deep" / "a.txt").write_text("a")
    (top / "b.txt").write_text("b")
    monkeypatch.chdir(top)
    assert sorted(candidate.path for candidate in taken(follow(top, "."), clock)) == ["b.txt", "deep/a.txt"]


def test_large_files_stand_in_a_queue_of_their_own(top: Path, clock: Clock) -> None:
    (top / "large.txt").write_bytes(b"x" * (module.LARGE_BYTES + 1))
    (top / "small.txt").write_text("x")
    look = follow(top)
    look.poll(clock.now)
    clock.now += 1
    assert [look.claim(clock.now, large) is not None for large in (True, True, False, False)] == [True, False, True, False]


def test_only_so_many_wait(top: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 10)
    monkeypatch.setattr(module, "_CHUNK", 4)
    for number in range(57):
        (top / f"{number}.txt").write_text("x")
    look = follow(top)
    found: list[Candidate] = []
    for _ in range(400):
        look.poll(clock.now)
        assert look.waiting <= 10
        clock.now += 0.3
        if (candidate := look.claim(clock.now, False)) is not None:
            found.append(candidate)
            if len(found) % 3 == 0:
                finish(look, found[-3:])
    assert len(names(found)) == len(set(names(found))) == 57


def test_a_quick_look_lists_only_what_changed(top: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("a", "b"):
        (top / folder).mkdir()
        (top / folder / "x.txt").write_text("x")
    monkeypatch.setattr(module, "FULL_PAUSE_SECONDS", 1000.0)
    listed: list[str] = []
    real = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: (listed.append(Path(path).name), real(path))[1])
    look = follow(top)
    finish(look, taken(look, clock))
    listed.clear()
    assert taken(look, clock) == []
    assert listed == []
    (top / "b" / "y.txt").write_text("y")
    assert names(taken(look, clock)) == ["y.txt"]
    assert set(listed) == {"b"}


def test_pauses_are_in_proportion_to_what_a_look_costs(top: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    real: Callable[..., object] = os.scandir

    def slow(path: str) -> object:
        clock.now += 2.0
        return real(path)

    monkeypatch.setattr(os, "scandir", slow)
    look = follow(top)
    look.poll(clock.now)
    assert look._incremental.next_at == pytest.approx(clock.now + module.INCREMENTAL_PAUSE_FACTOR * 2.0)
    assert look._full.next_at == pytest.approx(clock.now + module.FULL_PAUSE_FACTOR * 2.0)


def test_a_look_gives_way_to_other_work(top: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CHUNK", 5)
    for number in range(50):
        (top / f"{number}.txt").write_text("x")
    real = os.stat

    def slow(path: str, **named: Any) -> os.stat_result:
        clock.now += 0.01
        return real(path, **named)

    monkeypatch.setattr(os, "stat", slow)
    look = follow(top)
    before = clock.now
    look.poll(clock.now)
    assert clock.now - before < 0.2
    assert 0 < look.waiting < 50
    for _ in range(20):
        look.poll(clock.now)
    assert look.waiting == 50


def test_a_folder_that_cannot_be_listed_is_told_of_once(top: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    (top / "locked").mkdir()
    (top / "a.txt").write_text("a")
    real = os.scandir

    def guarded(path: str) -> object:
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", guarded)
    look = follow(top)
    assert names(taken(look, clock)) == ["a.txt"]
    assert look.notes == [f"skipped {top / 'locked'}: Permission denied"]


def test_many_numbers_are_known_again() -> None:
    numbers = module.CompactIntSet(range(0, 50_000, 2))
    for number in range(50_000, 60_000):
        numbers.add(number)
    asked = [*range(1, 2000), *range(49_990, 60_010), -5]
    assert numbers.new(asked) == [not ((0 <= one < 50_000 and one % 2 == 0) or 50_000 <= one < 60_000) for one in asked]
