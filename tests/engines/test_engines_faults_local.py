"""What goes wrong on one machine, done to the real command: a full disk, inputs that go, workers and runs that are killed, memory that
does not suffice. After each: nothing lost, nothing twice, and the account says so.

The engines are those of `ENGINES`: the options that choose one. What is said of them here holds for any.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import parts
import pytest

from newsbeam.inputs.discovery import discover
from newsbeam.inputs.splitting import split
from newsbeam.inputs.work_units import plan_work_units

pytestmark = pytest.mark.slow

PATIENCE = 300.0
ADDED = "2026-01-31T12:00:00Z"
ACCOUNT = re.compile(r"read (\d+) = written (\d+) \+ dropped (\d+) \+ failed (\d+)")

ENGINES = {
    "direct": ["--runner", "direct", "-j", "2"],
    "two workers of Beam's": ["-j", "1", "--direct_running_mode", "multi_processing", "--direct_num_workers", "2"],
}


class Run:
    """The command at work over `inputs` into `out`."""

    def __init__(self, engine: str, inputs: Path, out: Path, recipe: str, *options: str) -> None:
        self.out = out
        # Not beside the output: that disk may be full.
        self._said = inputs.parent / f"{out.name}.said"
        chosen = inputs.parent / f"{out.name}.yaml"
        chosen.write_text(recipe)
        words = [
            "run",
            str(inputs),
            "-o",
            str(out),
            "-r",
            str(chosen),
            "--added",
            ADDED,
            *ENGINES[engine],
            *options,
        ]
        env = {**os.environ, "PYTHONPATH": parts.PYTHONPATH}
        with self._said.open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "newsbeam.cli", *words], env=env, stdout=said, stderr=said, start_new_session=True
            )

    def end(self, status: int = 0) -> str:
        """What it said, once it has ended; with this status."""
        assert self.process.wait(PATIENCE) == status, self.said
        return self.said

    @property
    def said(self) -> str:
        return self._said.read_text()

    def until(self, condition: Callable[[], Any]) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert self.process.poll() is None, self.said
            assert time.monotonic() < end, "it never came"
            time.sleep(0.02)

    def workers(self) -> list[int]:
        """The processes in which documents are cleaned."""
        parents, chains = {}, []
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                parents[int(name)] = int(Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[1])
                if b"from newsbeam.workers.process import main" in Path(f"/proc/{name}/cmdline").read_bytes():
                    chains.append(int(name))
            except OSError:
                continue  # it has ended meanwhile

        def above(pid: int) -> Iterator[int]:
            while pid in parents:
                pid = parents[pid]
                yield pid

        return sorted(pid for pid in chains if self.process.pid in above(pid))

    def kill(self) -> None:
        """kill -9, with all that it started, as when a machine goes down; the test goes on when they are gone."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture(params=list(ENGINES))
def run(request: pytest.FixtureRequest) -> Iterator[Callable[..., Run]]:
    """Starts the command on one engine; whatever is left of it at the end is killed."""
    started: list[Run] = []

    def start(*given: Any) -> Run:
        started.append(Run(request.param, *given))
        return started[-1]

    yield start
    for one in started:
        one.kill()


def lines(out: Path, stem: str) -> list[Any]:
    return [json.loads(line) for path in sorted(out.glob(f"{stem}-*.jsonl")) for line in path.read_bytes().splitlines()]


def account(said: str) -> tuple[int, ...]:
    """(read, written, dropped, failed)."""
    match = ACCOUNT.fullmatch(said.splitlines()[-1])
    assert match, said
    read, *rest = map(int, match.groups())
    assert read == sum(rest)
    return (read, *rest)


def origins(out: Path) -> Counter[str]:
    """How often each input is found in the outputs, under its name in the input folder."""
    found = [row["metadata"]["origin"] for row in lines(out, "documents")]
    found += [row["origin"] for stem in ("dropped", "dead-letters") for row in lines(out, stem)]
    return Counter(origin.rpartition("/")[2] for origin in found)


def whole(out: Path, said: str) -> tuple[int, ...]:
    """The account, once it is what lies in the folder."""
    told = account(said)
    assert told[1:] == tuple(len(lines(out, stem)) for stem in ("documents", "dropped", "dead-letters"))
    assert json.loads((out / "manifest.json").read_bytes())["account"] == said.splitlines()[-1]
    assert max(origins(out).values()) == 1, "nothing twice"
    assert not [path.name for path in out.iterdir() if path.name.startswith(".newsbeam") or path.name.endswith(".tmp")]
    return told


def same(one: Path, other: Path) -> None:
    """The same bytes, and the same in the manifest but for how long it took and the run's own number."""
    names = sorted(path.name for path in one.iterdir())
    assert names == sorted(path.name for path in other.iterdir())
    for name in names:
        if name != "manifest.json":
            assert (one / name).read_bytes() == (other / name).read_bytes(), name
    first, second = (json.loads((folder / "manifest.json").read_bytes()) for folder in (one, other))
    assert {**first, "timings": 0, "run": 0} == {**second, "timings": 0, "run": 0}


# --- the disk full --------------------------------------------------------------------------------------------------

BLANK = "processors: []\n"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk."""
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", str(place)], check=False, capture_output=True).returncode:
        pytest.skip("a tmpfs cannot be mounted here (root only)")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=False)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(input, output) of an undisturbed run over four shares of JSON lines."""
    folder = tmp_path_factory.mktemp("rows")
    source = folder / "in"
    source.mkdir()
    for number in range(4):
        text = f"Part {number} of the long story, with many words. " * 100
        (source / f"{number}.jsonl").write_text(
            "\n".join(json.dumps({"id": f"{number}-{row}", "text": f"{row} {text}"}) for row in range(1400))
        )
    running = Run("direct", source, folder / "out", BLANK)
    assert whole(folder / "out", running.end()) == (5600, 5600, 0, 0)
    return source, folder / "out"


@pytest.mark.parametrize(
    ("run", "room"),
    [
        pytest.param("direct", 3, marks=pytest.mark.engines_full),
        ("direct", 16),
        pytest.param("direct", 33, marks=pytest.mark.engines_full),
        ("two workers of Beam's", 16),
    ],
    indirect=["run"],
)
def test_a_full_disk(run: Callable[..., Run], disk: Path, rows: tuple[Path, Path], room: int) -> None:
    """With room (in MB) for less than a part, for some parts, and for all of them but not for putting them together."""
    source, undisturbed = rows
    ballast = disk / "ballast"
    with ballast.open("wb") as stream:
        os.posix_fallocate(stream.fileno(), 0, (96 - room) << 20)
    said = run(source, disk / "out", BLANK).end(1)
    assert re.search(r"^newsbeam: the run failed: .*\[Errno 28\] No space left on device", said, re.M)
    assert re.search(rf"^newsbeam: [\d,]+ documents are kept.*\. To continue: --resume --output {disk}/out$", said, re.M)
    assert not (disk / "out" / "manifest.json").exists()
    ballast.unlink()
    assert whole(disk / "out", run(source, disk / "out", BLANK, "--resume").end()) == (5600, 5600, 0, 0)
    same(disk / "out", undisturbed)


# --- inputs that go -------------------------------------------------------------------------------------------------


def gate(folder: Path) -> str:
    return f"processors:\n  - nasty_processors:Gate: {{folder: '{folder}'}}\n"


def test_files_that_vanish_between_listing_and_reading(run: Callable[..., Run], tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for number in range(6000):  # twelve shares, more than is read ahead by two workers
        (source / f"{number:04d}.txt").write_text(f"Story {number}." if number % 500 else "gate")
    running = run(source, tmp_path / "out", gate(tmp_path), "--time-limit", "0", "--workers", "1")
    running.until((tmp_path / "reached").exists)
    gone = [source / f"{number:04d}.txt" for number in range(499, 6000, 500)]  # one in each share
    for path in gone:
        path.unlink()
    (tmp_path / "open").touch()
    said = running.end()
    read, _, dropped, failed = whole(tmp_path / "out", said)
    assert (read, dropped) == (6000, 0)
    assert set(origins(tmp_path / "out")) == {f"{number:04d}.txt" for number in range(6000)}
    letters = lines(tmp_path / "out", "dead-letters")
    # What was read before it went is written; the rest was not read yet, since so much is not read ahead.
    assert 0 < failed == len(letters) < len(gone)
    assert {letter["origin"] for letter in letters} < set(map(str, gone))
    assert all(letter["message"] == f"{letter['origin']} was deleted after the run started" for letter in letters)
    assert {(letter["stage"], letter["error"]) for letter in letters} == {("read", "FileNotFoundError")}


@pytest.mark.parametrize("kind", ["jsonl", "warc"])
def test_a_large_file_that_vanishes_while_it_is_shared_out(run: Callable[..., Run], tmp_path: Path, kind: str) -> None:
    path = tmp_path / "in" / f"large.{kind}"
    path.parent.mkdir()
    with path.open("wb") as stream:
        for number in range(1600):
            text = b"gate" if number == 0 else b"Story %d. %s" % (number, b"Many words that take room. " * 4000)
            if kind == "jsonl":
                stream.write(b'{"text": "%s"}\n' % text)
            else:
                stream.write(b"WARC/1.0\r\nWARC-Type: conversion\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n" % (len(text), text))
    (share,) = plan_work_units(discover([str(path)]).sources)
    stretches = [one.first for one in split(share)]
    assert len(stretches) > 3
    running = run(path, tmp_path / "out", gate(tmp_path), "--time-limit", "0")
    running.until((tmp_path / "reached").exists)
    path.unlink()
    (tmp_path / "open").touch()
    *_, failed = whole(tmp_path / "out", running.end())
    numbers = {int(row["metadata"]["origin"].rpartition("#")[2]) for row in lines(tmp_path / "out", "documents")}
    letters = lines(tmp_path / "out", "dead-letters")
    gone = {int(letter["origin"].rpartition("#")[2]) for letter in letters}
    assert 0 < failed < len(stretches)
    assert all(letter["message"] == f"{path} was deleted after the run started" for letter in letters)
    # Each stretch is there from its first record to its last, or a dead letter says that it is not.
    for first, after in zip(stretches, [*stretches[1:], 1601], strict=True):
        assert ({first} if first in gone else set()) | (numbers & set(range(first, after))) == (
            {first} if first in gone else set(range(first, after))
        )


# --- memory, and workers that are killed ----------------------------------------------------------------------------


def test_a_document_that_takes_all_memory(run: Callable[..., Run], tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    acts = {17: "all memory", 30: "more and more memory", 31: "kill", 59: "kill"}
    for number in range(60):
        (source / f"{number:02d}.txt").write_text(acts.get(number, f"Story {number}."))
    said = run(source, tmp_path / "out", "processors: ['nasty_processors:Nasty']\n").end()
    assert whole(tmp_path / "out", said) == (60, 56, 0, 4)
    letters = lines(tmp_path / "out", "dead-letters")
    assert [(Path(letter["origin"]).name, letter["stage"], letter["error"]) for letter in letters] == [
        ("17.txt", "nasty", "MemoryError"),
        ("30.txt", "nasty", "MemoryError"),
        ("31.txt", "nasty", "WorkerCrash"),
        ("59.txt", "nasty", "WorkerCrash"),
    ]
    assert "killed by signal 9" in letters[2]["message"]
    assert set(origins(tmp_path / "out")) == {f"{number:02d}.txt" for number in range(60)}


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.engines_full) for seed in range(2, 12))])
@pytest.mark.parametrize("run", ["direct"], indirect=True)
def test_workers_killed_at_random(run: Callable[..., Run], tmp_path: Path, seed: int) -> None:
    """As the kernel does when memory runs out. What was in hand is a dead letter, or done again; all else is written."""
    rng = random.Random(seed)
    source = tmp_path / "in"
    source.mkdir()
    for number in range(400):
        (source / f"{number:03d}.txt").write_text(f"Story {number}.")
    recipe = f"processors:\n  - nasty_processors:Slow: {{seconds: 0.01, log: '{tmp_path}/log'}}\n"
    running = run(source, tmp_path / "out", recipe)
    running.until(running.workers)
    kills = 0
    if rng.random() < 0.7:  # else while they start
        running.until((tmp_path / "log").exists)
    for _ in range(rng.randint(1, 4)):
        if workers := running.workers():
            os.kill(rng.choice(workers), signal.SIGKILL)
            kills += 1
        time.sleep(rng.uniform(0, 0.8))
    read, _, dropped, failed = whole(tmp_path / "out", running.end())
    assert (read, dropped) == (400, 0)
    assert failed <= kills
    assert set(origins(tmp_path / "out")) == {f"{number:03d}.txt" for number in range(400)}
    assert all(letter["error"] == "WorkerCrash" and "signal 9" in letter["message"] for letter in lines(tmp_path / "out", "dead-letters"))


# --- runs that are killed -------------------------------------------------------------------------------------------


def small_input(folder: Path) -> Path:
    """Some shares, and files of all kinds: 1,360 documents, ten of which are dropped and one of which fails."""
    folder.mkdir()
    for number in range(1200):
        (folder / f"{number:04d}.txt").write_text(f"Story {number}." if number % 120 else "")
    for name in ("a", "b"):  # a share each
        rows = (json.dumps({"id": f"{name}-{row}", "text": f"Row {row}. " + "Many words that take room. " * 2500}) for row in range(80))
        (folder / f"{name}.jsonl").write_text("\n".join([*rows, "no json"] if name == "a" else rows))
    return folder


SLOW = "processors: ['nasty_processors:Slow': {seconds: 0.002}]\n"


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, float]:
    """(input, output, seconds) of a run that nothing happens to."""
    folder = tmp_path_factory.mktemp("undisturbed")
    source = small_input(folder / "in")
    began = time.monotonic()
    running = Run("direct", source, folder / "out", SLOW)
    assert whole(folder / "out", running.end()) == (1361, 1350, 10, 1)
    return source, folder / "out", time.monotonic() - began


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.engines_full) for seed in range(2, 20))])
@pytest.mark.parametrize("run", ["direct"], indirect=True)
def test_a_run_killed_at_random_is_gone_on_with(
    run: Callable[..., Run], undisturbed: tuple[Path, Path, float], tmp_path: Path, seed: int
) -> None:
    rng = random.Random(seed)
    source, wanted, seconds = undisturbed
    out = tmp_path / "out"
    for kill in range(rng.choice([1, 1, 2, 3])):
        running = run(source, out, SLOW, *(["--resume"] if kill else []))
        try:
            running.process.wait(rng.uniform(0.1, 1.1) * seconds)
        except subprocess.TimeoutExpired:
            running.kill()
        for path in out.glob("documents-*"):
            assert not re.fullmatch(r"documents-\d{5}-of-\d{5}\.jsonl", path.name) or path.read_bytes() == (wanted / path.name).read_bytes()
    said = run(source, out, SLOW, "--resume").end()
    assert account(said) == (1361, 1350, 10, 1)
    same(out, wanted)
