"""The state of a watched folder: each input once, whatever happens in between, and each line of the output as well.

A process is killed at every single step that touches the disk, one after the other, and gone on with.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from newsbeam.config.job import Job, WorkerConfig
from newsbeam.config.recipe_parser import parse
from newsbeam.errors import AccountError, LedgerError
from newsbeam.storage import output_layout
from newsbeam.storage.manifest import Account
from newsbeam.watching import ledger as module
from newsbeam.watching.file_state import FileStat, Input, Part
from newsbeam.watching.ledger import Ledger

INPUTS = [f"/in/{number}.txt" for number in range(7)]
STAMP = FileStat(10, 20, 30, 40)


def job(folder: Path, form: str = "jsonl") -> Job:
    return Job(WorkerConfig(parse("processors: []"), "", 1.0, "0"), str(folder), form)  # type: ignore[arg-type]


def part_of(*paths: str, records: int = 1, complete: bool = True, version: int = 1, kind: Any = "documents", first: int = 1) -> Part:
    """What comes of these files: a line that names it for each record."""
    part = Part()
    for path in paths:
        for number in range(first, first + records):
            part.lines[kind].append(json.dumps({"at": f"{path}#{number}", "version": version}).encode() + b"\n")
        part.counts[kind] += records
        part.read += records
        part.inputs[path] = Input(path, STAMP, version, first + records - 1, complete, "ab" * 32 if complete else "")
    return part


def lines(folder: Path, stem: str = "documents") -> list[str]:
    """Where the lines came from that are to be read. Fails where a file is not whole."""
    found = []
    for path in sorted(folder.glob(f"{stem}-*.jsonl")):
        text = path.read_bytes()
        assert text.endswith(b"\n")
        found += [json.loads(line)["at"] for line in text.splitlines()]
    return found


def close(*ledgers: Ledger) -> None:
    for one in ledgers:
        one.close()


def reopened(ledger: Ledger, folder: Path) -> Ledger:
    ledger.close()
    return Ledger(job(folder))


# --- what it keeps --------------------------------------------------------------------------------------------------


def test_what_is_committed_is_known_and_what_is_published_can_be_read(tmp_path: Path) -> None:
    ledger = Ledger(job(tmp_path))
    ledger.commit(part_of(*INPUTS[:2]))
    assert lines(tmp_path) == []
    assert ledger.held_bytes > 0
    assert ledger.publish() == "manifest-00000001.json"
    assert ledger.held_bytes == 0
    assert lines(tmp_path) == ["/in/0.txt#1", "/in/1.txt#1"]
    ledger = reopened(ledger, tmp_path)
    assert dict(ledger.known()) == dict.fromkeys(INPUTS[:2], STAMP)
    assert ledger.find(INPUTS[0]) == Input(INPUTS[0], STAMP, 1, 1, True, "ab" * 32)
    assert ledger.find(INPUTS[2]) is None
    assert str(Account.of(ledger.totals)) == "read 2 = written 2 + dropped 0 + failed 0"
    ledger.close()


def test_what_is_held_outlives_a_restart(tmp_path: Path) -> None:
    ledger = Ledger(job(tmp_path))
    ledger.commit(part_of(INPUTS[0]))
    ledger.commit(part_of(INPUTS[1], kind="dropped"))
    ledger = reopened(ledger, tmp_path)
    assert str(Account.of(ledger.totals)) == "read 2 = written 1 + dropped 1 + failed 0"
    ledger.publish()
    assert lines(tmp_path) == ["/in/0.txt#1"]
    assert lines(tmp_path, "dropped") == ["/in/1.txt#1"]
    assert not list(tmp_path.glob("dead-letters*")), "no file for what there was none of"
    ledger.close()


def test_nothing_held_makes_no_file(tmp_path: Path) -> None:
    ledger = Ledger(job(tmp_path))
    assert ledger.publish() == ""
    assert [path.name for path in tmp_path.iterdir()] == [output_layout.WATCH_STATE_DIR]
    ledger.close()


def test_a_large_file_is_remembered_as_far_as_it_came(tmp_path: Path) -> None:
    ledger = Ledger(job(tmp_path))
    ledger.commit(part_of(INPUTS[0], records=3, complete=False))
    ledger = reopened(ledger, tmp_path)
    assert ledger.find(INPUTS[0]) == Input(INPUTS[0], STAMP, 1, 3, False, "")
    assert list(ledger.known()) == []
    ledger.commit(part_of(INPUTS[0], records=2, first=4))
    found = ledger.find(INPUTS[0])
    assert found is not None
    assert (found.records, found.complete) == (5, True)
    ledger.close()


def test_touched_is_known_by_its_new_stamp(tmp_path: Path) -> None:
    ledger = Ledger(job(tmp_path))
    ledger.commit(part_of(INPUTS[0]))
    ledger.touch(INPUTS[0], FileStat(10, 99, 99, 40))
    assert dict(ledger.known()) == {INPUTS[0]: FileStat(10, 99, 99, 40)}
    ledger.close()


def test_what_does_not_add_up_is_refused_whole(tmp_path: Path) -> None:
    ledger = Ledger(job(tmp_path))
    part = part_of(INPUTS[0])
    part.read += 1
    with pytest.raises(AccountError, match=r"read 2 = written 1 \+ dropped 0 \+ failed 0 does not balance"):
        ledger.commit(part)
    assert ledger.find(INPUTS[0]) is None
    ledger.close()


@pytest.mark.parametrize("form", ["jsonl.gz", "jsonl.zst"])
def test_compressed(tmp_path: Path, form: str) -> None:
    import gzip

    import zstandard

    ledger = Ledger(job(tmp_path, form))
    ledger.commit(part_of(INPUTS[0]))
    ledger.publish()
    (path,) = tmp_path.glob(f"documents-00000001.{form}")
    data = path.read_bytes()
    text = gzip.decompress(data) if form.endswith("gz") else zstandard.ZstdDecompressor().decompressobj().decompress(data)
    assert json.loads(text)["at"] == "/in/0.txt#1"
    ledger.close()


def test_names_of_any_bytes(tmp_path: Path) -> None:
    odd = os.fsdecode(b"/in/caf\xe9 \n\xf0\x9f.txt")
    ledger = Ledger(job(tmp_path))
    part = part_of(INPUTS[0])
    part.inputs[odd] = Input(odd, STAMP, 1, 1, True, "")
    ledger.commit(part)
    ledger.publish()
    assert odd in dict(ledger.known())
    ledger.close()
    for path in (tmp_path / output_layout.WATCH_STATE_DIR).glob("ledger*"):
        path.unlink()
    ledger = Ledger(job(tmp_path))
    assert odd in dict(ledger.known()), "built anew from the manifest"
    ledger.close()


# --- damage ---------------------------------------------------------------------------------------------------------


def scribble(path: Path) -> None:
    path.write_bytes(b"no database" * 500)


def tear(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def empty_out(path: Path) -> None:
    path.write_bytes(b"")


def hole(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096 : 4096 * 3] = b"\xff" * 8192
    path.write_bytes(data)


def other_layout(path: Path) -> None:
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 99")
    database.close()


@pytest.mark.parametrize("damage", [scribble, tear, empty_out, hole, other_layout, Path.unlink])
def test_a_damaged_state_is_built_anew_from_the_manifests(tmp_path: Path, damage: Callable[[Path], Any]) -> None:
    ledger = Ledger(job(tmp_path))
    ledger.commit(part_of(*INPUTS[:3]))
    ledger.publish()
    ledger.commit(part_of(INPUTS[0], version=2, kind="dead_letters"))
    ledger.commit(part_of(INPUTS[4], records=4, complete=False))
    ledger.publish()
    ledger.commit(part_of(INPUTS[5]))  # held, and so lost
    ledger.close()
    damage(tmp_path / output_layout.WATCH_STATE_DIR / "ledger.sqlite")
    ledger = Ledger(job(tmp_path))
    assert any("rebuilt from 2 manifests" in note for note in ledger.notes)
    assert dict(ledger.known()) == dict.fromkeys(INPUTS[:3], STAMP)
    assert [one.version if (one := ledger.find(path)) else 0 for path in INPUTS] == [2, 1, 1, 0, 1, 0, 0]
    assert str(Account.of(ledger.totals)) == "read 8 = written 7 + dropped 0 + failed 1"
    ledger.commit(part_of(INPUTS[5]))
    ledger.publish()
    assert sorted(Counter(lines(tmp_path)).values()) == [1] * 8
    ledger.close()


def test_an_old_copy_of_the_state_learns_the_rest_from_the_manifests(tmp_path: Path) -> None:
    ledger = Ledger(job(tmp_path))
    ledger.commit(part_of(INPUTS[0]))
    ledger.publish()
    ledger.close()
    state = tmp_path / output_layout.WATCH_STATE_DIR / "ledger.sqlite"
    old = state.read_bytes()
    ledger = Ledger(job(tmp_path))
    for path in INPUTS[1:4]:
        ledger.commit(part_of(path))
        ledger.publish()
    ledger.close()
    state.write_bytes(old)
    ledger = Ledger(job(tmp_path))
    assert dict(ledger.known()) == dict.fromkeys(INPUTS[:4], STAMP)
    assert str(Account.of(ledger.totals)) == "read 4 = written 4 + dropped 0 + failed 0"
    ledger.commit(part_of(INPUTS[4]))
    assert ledger.publish() == "manifest-00000005.json"
    ledger.close()


def test_a_log_without_its_database_is_not_taken_for_the_new_ones(tmp_path: Path) -> None:
    ledger = Ledger(job(tmp_path))
    ledger.commit(part_of(INPUTS[0]))
    ledger.publish()
    ledger.commit(part_of(INPUTS[1]))
    folder = tmp_path / output_layout.WATCH_STATE_DIR
    log = (folder / "ledger.sqlite-wal").read_bytes()
    ledger.close()
    (folder / "ledger.sqlite").unlink()
    (folder / "ledger.sqlite-wal").write_bytes(log)
    ledger = Ledger(job(tmp_path))
    assert dict(ledger.known()) == {INPUTS[0]: STAMP}
    ledger.close()


def test_a_damaged_manifest_is_named_when_it_is_needed(tmp_path: Path) -> None:
    ledger = Ledger(job(tmp_path))
    ledger.commit(part_of(INPUTS[0]))
    ledger.publish()
    ledger.close()
    (tmp_path / "manifest-00000001.json").write_text('{"number": 1')
    close(Ledger(job(tmp_path)))  # not needed
    (tmp_path / output_layout.WATCH_STATE_DIR / "ledger.sqlite").unlink()
    with pytest.raises(LedgerError, match=r"manifest-00000001\.json is damaged"):
        Ledger(job(tmp_path))


def test_a_database_that_somebody_holds_is_not_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(job(tmp_path))
    ledger.commit(part_of(INPUTS[0]))
    ledger.close()
    state = tmp_path / output_layout.WATCH_STATE_DIR / "ledger.sqlite"
    other = sqlite3.connect(state, isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    real: Any = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *words, **named: real(*words, timeout=0.1, **named))
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        Ledger(job(tmp_path))
    other.close()
    ledger = Ledger(job(tmp_path))
    assert dict(ledger.known()) == {INPUTS[0]: STAMP}
    ledger.close()


def test_files_that_a_reader_took_away_are_not_missed(tmp_path: Path) -> None:
    ledger = Ledger(job(tmp_path))
    ledger.commit(part_of(INPUTS[0]))
    ledger.publish()
    (tmp_path / "documents-00000001.jsonl").unlink()
    ledger = reopened(ledger, tmp_path)
    ledger.commit(part_of(INPUTS[1]))
    ledger.publish()
    assert lines(tmp_path) == ["/in/1.txt#1"]
    ledger.close()


# --- killed at every step -------------------------------------------------------------------------------------------


class Steps:
    """Counts what touches the disk, and kills the process before the step `until`."""

    def __init__(self, until: int) -> None:
        self.left = until

    def __call__(self) -> None:
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1

    def before(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def stepping(*words: Any, **named: Any) -> Any:
            self()
            return function(*words, **named)

        return stepping


class Database:
    """A connection every statement of which is a step."""

    def __init__(self, real: Any, step: Steps) -> None:
        self._real, self._step = real, step

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        return self._step.before(found) if name.startswith("execute") else found


def go_on(folder: Path) -> None:
    """What watch does, as far as the ledger sees it: what is not known is done, and published now and then."""
    ledger = Ledger(job(folder))
    if ledger.held_bytes:
        ledger.publish()
    todo = [path for path in INPUTS if not ((one := ledger.find(path)) and one.complete)]
    for number, path in enumerate(todo):
        before = ledger.find(path)
        if path == INPUTS[3] and before is None:  # a large file, in two parts
            ledger.commit(part_of(path, complete=False))
            ledger.publish()
            before = ledger.find(path)
        ledger.commit(part_of(path, first=before.records + 1 if before else 1))
        if number % 2:
            ledger.publish()
    ledger.publish()
    ledger.close()


def in_child(folder: Path, until: int) -> bool:
    """Whether it came to its end before the step `until`."""
    child = os.fork()
    if child == 0:
        try:
            step = Steps(until)
            real = module._connected
            module._connected = lambda *words, **named: Database(real(*words, **named), step)  # type: ignore[assignment, return-value]
            for name in ("replace", "unlink", "makedirs", "fsync", "open"):
                setattr(os, name, step.before(getattr(os, name)))
            go_on(folder)
            os._exit(0)
        except BaseException:  # noqa: BLE001 - the child must not go on as a second test run
            os._exit(7)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return not os.WIFSIGNALED(status)


def wipe(folder: Path) -> None:
    for path in (folder / output_layout.WATCH_STATE_DIR).glob("ledger*"):
        path.unlink()


WHOLE = sorted([*(f"{path}#1" for path in INPUTS), f"{INPUTS[3]}#2"])


# From Python 3.12 on. The child begins with the work at once, and whoever runs the tests may well have threads.
@pytest.mark.filterwarnings("ignore:.* is multi-threaded, use of fork:DeprecationWarning")
@pytest.mark.parametrize("lose_the_ledger", [False, True])
@pytest.mark.parametrize(("first", "every"), [(0, 17), pytest.param(0, 1, marks=pytest.mark.engines_full)])
def test_killed_at_every_step(tmp_path: Path, lose_the_ledger: bool, first: int, every: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before each step in turn: nothing is seen twice or by halves, and what was to be seen stays; then all of it is there once."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # a killed process loses nothing that it has written
    for until in range(first, 1000, every):
        folder = tmp_path / str(until)
        folder.mkdir()
        if in_child(folder, until):
            assert until > 150, "that many kill points"
            break
        seen = lines(folder)
        assert max(Counter(seen).values(), default=1) == 1
        if lose_the_ledger:
            wipe(folder)
        # Killed once more in the middle of what is done after a kill.
        in_child(folder, until % 29)
        again = lines(folder)
        assert set(seen) <= set(again)
        if lose_the_ledger:
            wipe(folder)
        go_on(folder)
        assert sorted(lines(folder)) == WHOLE
        ledger = Ledger(job(folder))
        assert str(Account.of(ledger.totals)) == "read 8 = written 8 + dropped 0 + failed 0"
        assert len(list(ledger.known())) == len(INPUTS)
        ledger.close()
        assert sorted(path.name for path in (folder / output_layout.WATCH_STATE_DIR).rglob("*") if "sqlite" not in path.name) == ["aside"]
