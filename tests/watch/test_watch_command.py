"""`newsbeam watch` as a person runs it: files come, change and go, the process is stopped, killed and started again."""

from __future__ import annotations

import errno
import fcntl
import gzip
import json
import os
import pty
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
ACCOUNT = re.compile(r"read (\d+) = written (\d+) \+ dropped (\d+) \+ failed (\d+)")
FINISHED = '{"account": "read 1 = written 1 + dropped 0 + failed 0", "versions": {"newsbeam": "0.1.0"}}'
"""A manifest of `newsbeam run`."""

PATIENCE = 300.0
"""Seconds after which a test gives up waiting for what has to come. Nothing is said about how fast it should."""


class Watch:
    """The command, running over `folder/in` into `folder/out`, without processors unless told otherwise."""

    def __init__(self, folder: Path, *options: str, inputs: tuple[str, ...] = ("in",), recipe: str = "processors: []\n") -> None:
        self.folder, self.out = folder, folder / "out"
        (folder / "recipe.yaml").write_text(recipe)
        words = [sys.executable, "-m", "newsbeam.cli", "watch", *inputs, "-o", "out", "-r", "recipe.yaml", "-j", "1", *options]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [ROOT / ".src", ROOT / "tests" / "pipeline"]))}
        self.process = subprocess.Popen(words, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def until(self, condition: Callable[[], Any]) -> Any:
        """Wait for what has to come."""
        end = time.monotonic() + PATIENCE
        while not (found := condition()):
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < end, "it never came"
            time.sleep(0.02)
        return found

    def until_written(self, count: int) -> list[Any]:
        """The records, once there are so many."""
        return self.until(lambda: found if len(found := records(self.out)) >= count else None)

    def stop(self, how: int = signal.SIGTERM, status: int = 0) -> tuple[tuple[int, ...], str]:
        """Its account (read, written, dropped, failed), and what it said on standard error."""
        lock = self.out / ".newsbeam-lock"
        self.until(lambda: lock.exists() and lock.read_text().strip() == str(self.process.pid))  # it listens from now on
        self.process.send_signal(how)
        out, err = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == status, err
        match = ACCOUNT.fullmatch(out.splitlines()[-1])
        assert match, out
        read, *rest = map(int, match.groups())
        assert read == sum(rest)
        return (read, *rest), err

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Callable[..., Watch]]:
    """Starts the command; whatever still runs at the end is killed."""
    (tmp_path / "in").mkdir()
    started: list[Watch] = []

    def start(*options: str, **named: Any) -> Watch:
        started.append(Watch(tmp_path, *options, **named))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.kill()
        for pipe in (one.process.stdout, one.process.stderr):
            assert pipe is not None
            pipe.close()


def records(out: Path, stem: str = "documents") -> list[Any]:
    """Every line that can be read now. Fails where a file is not whole."""
    found = []
    for path in sorted(out.glob(f"{stem}-*.jsonl")):
        found += [json.loads(line) for line in path.read_bytes().splitlines()]
    return found


def origins(out: Path, stem: str = "documents") -> Counter[str]:
    return Counter(row["metadata"]["origin"] if stem == "documents" else row["origin"] for row in records(out, stem))


def inputs(out: Path) -> list[Any]:
    """What the manifests say of the inputs, in their order."""
    return [one for path in sorted(out.glob("manifest-*.json")) for one in json.loads(path.read_bytes())["inputs"]]


def done(out: Path) -> int:
    """How many files the ledger knows to be done, published or not."""
    if not (out / ".newsbeam-watch" / "ledger.sqlite").exists():
        return 0
    with closing(sqlite3.connect(f"file:{out}/.newsbeam-watch/ledger.sqlite?mode=ro", uri=True)) as database:
        return int(database.execute("SELECT count(*) FROM inputs WHERE complete").fetchone()[0])


def put(path: Path, text: str | bytes) -> None:
    """A file that is renamed into place."""
    aside = path.with_name(f".{path.name}.aside")
    aside.write_bytes(text.encode() if isinstance(text, str) else text)
    aside.rename(path)


# --- files come, change and go --------------------------------------------------------------------------------------


def test_files_become_records_once(watch: Callable[..., Watch], tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir()
    put(tmp_path / "in" / "before.txt", "There before it began.")
    (tmp_path / "in" / "picture.png").write_bytes(b"\x89PNG")
    running = watch()
    running.until_written(1)
    put(tmp_path / "in" / "deep" / "later.html", "<p>Came later.</p>")
    (tmp_path / "in" / "new").mkdir()
    put(tmp_path / "in" / "new" / "rows.jsonl.gz", gzip.compress(b"".join(b'{"text": "Row %d."}\n' % number for number in range(40))))
    put(tmp_path / "in" / "blank.txt", "")
    running.until_written(42)
    running.until(lambda: records(running.out, "dropped"))
    account, err = running.stop()
    assert account == (43, 42, 1, 0)
    assert "skipped 1 .png (unknown extension" in err
    assert max(origins(running.out).values()) == 1
    assert {"in/before.txt", "in/deep/later.html", "in/new/rows.jsonl.gz#40"} <= set(origins(running.out))
    assert records(running.out)[0]["source"] == "in"
    added = records(running.out)[0]["added"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z", added)
    names = sorted(path.name for path in running.out.iterdir() if not re.search(r"-\d{8}\.json", path.name))
    assert names == [".newsbeam-watch", "README.md", "manifest.json"]
    assert json.loads((running.out / "manifest.json").read_bytes())["account"] == "read 43 = written 42 + dropped 1 + failed 0"


def test_a_restart_takes_only_what_is_new_and_counts_on(watch: Callable[..., Watch], tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.txt", "The first.")
    running = watch()
    running.until_written(1)
    assert running.stop(signal.SIGINT)[0] == (1, 1, 0, 0)
    put(tmp_path / "in" / "b.txt", "The second.")
    (tmp_path / "in" / "a.txt").touch()
    running = watch(inputs=(str(tmp_path / "in"),))  # the same folder, spelled in another way
    running.until_written(2)
    assert running.stop()[0] == (2, 2, 0, 0)
    assert [record["text"] for record in records(running.out)] == ["The first.", "The second."]


def test_a_file_is_left_alone_until_it_is_whole(watch: Callable[..., Watch], tmp_path: Path) -> None:
    running = watch("--settle", "6")
    with (tmp_path / "in" / "slow.txt").open("w") as stream:
        for number in range(12):
            stream.write(f"Sentence {number}. ")
            stream.flush()
            time.sleep(0.15)
    (record,) = running.until_written(1)
    assert record["text"].startswith("Sentence 0.")
    assert record["text"].rstrip().endswith("Sentence 11.")
    assert running.stop()[0] == (1, 1, 0, 0)
    assert [one["version"] for one in inputs(running.out)] == [1]


def test_a_changed_file_is_a_new_version_and_a_touched_one_is_not(watch: Callable[..., Watch], tmp_path: Path) -> None:
    path = tmp_path / "in" / "a.txt"
    put(path, "The first words.")
    running = watch()
    running.until_written(1)
    os.utime(path)
    put(tmp_path / "in" / "b.txt", "Another.")
    running.until_written(2)
    put(path, "The other words.")  # as long as before
    running.until_written(3)
    path.write_text("Written to in place, and longer.")
    running.until_written(4)
    assert running.stop()[0] == (4, 4, 0, 0)
    versions = [f"{Path(one['path']).name} {one['version']}" for one in inputs(running.out)]
    assert versions == ["a.txt 1", "b.txt 1", "a.txt 2", "a.txt 3"]
    assert len({one["sha256"] for one in inputs(running.out)}) == 4


def test_a_touched_large_file_is_read_and_known_again(watch: Callable[..., Watch], tmp_path: Path) -> None:
    path = tmp_path / "in" / "rows.jsonl"
    put(path, b"".join(b'{"text": "Row %d. %s"}\n' % (number, b"Long row. " * 40) for number in range(3000)))
    running = watch("--rotate-seconds", "0.1")
    running.until_written(3000)
    os.utime(path)
    put(tmp_path / "in" / "b.txt", "Another.")
    running.until_written(3001)
    time.sleep(2)
    assert running.stop()[0] == (3001, 3001, 0, 0)


def test_what_cannot_be_read_is_a_dead_letter_until_it_can_be(watch: Callable[..., Watch], tmp_path: Path) -> None:
    (tmp_path / "in" / "cut.jsonl.gz").write_bytes(gzip.compress(os.urandom(3000).hex().encode())[:900])
    running = watch()
    (letter,) = running.until(lambda: records(running.out, "dead-letters"))
    assert (letter["stage"], letter["error"]) == ("read", "EOFError")
    put(tmp_path / "in" / "cut.jsonl.gz", gzip.compress(b'{"text": "Whole now."}\n'))
    running.until_written(1)
    assert running.stop()[0] == (2, 1, 0, 1)


def test_what_vanishes_before_it_is_whole_never_was(watch: Callable[..., Watch], tmp_path: Path) -> None:
    running = watch("--settle", "6")
    for number in range(20):
        path = tmp_path / "in" / f"{number}.txt"
        path.write_text("Not for long.")
        time.sleep(0.05)
        path.unlink()
    (tmp_path / "in" / "dangling.txt").symlink_to(tmp_path / "nowhere")
    put(tmp_path / "in" / "stays.txt", "Stays.")
    running.until_written(1)
    assert running.stop()[0] == (1, 1, 0, 0)


BETWEEN = """
import os, sys
from pathlib import Path
from newsbeam.cli import main as cli
from newsbeam.watching.scanner import FolderScanner
real = FolderScanner.claim
def claim(self, now, large):
    candidate = real(self, now, large)
    if candidate is not None:
        path = Path(candidate.path)
        if path.name == "vanishes.txt":
            path.unlink()
        elif path.name == "grows.txt" and path.stat().st_size < 20:
            path.write_text("Once there was more to come, and here it is.")
    return candidate
FolderScanner.claim = claim
sys.exit(cli.main(["watch", "in", "-o", "out", "-r", "none.yaml", "-j", "1"]))
"""


def test_what_happens_between_taking_and_reading(watch: Callable[..., Watch], tmp_path: Path) -> None:
    """One that vanishes was announced, and is a dead letter; one that is written to is not whole, and is taken when it is."""
    put(tmp_path / "in" / "vanishes.txt", "Not for long.")
    put(tmp_path / "in" / "grows.txt", "Once")
    (tmp_path / "none.yaml").write_text("processors: []\n")
    env = {**os.environ, "PYTHONPATH": str(ROOT / ".src")}
    process = subprocess.Popen([sys.executable, "-c", BETWEEN], cwd=tmp_path, env=env, stdout=subprocess.PIPE)
    end = time.monotonic() + PATIENCE
    while not (records(tmp_path / "out") and records(tmp_path / "out", "dead-letters")) and time.monotonic() < end:
        assert process.poll() is None, "newsbeam watch ended too early"
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=PATIENCE)
    assert out.decode() == "read 2 = written 1 + dropped 0 + failed 1\n"
    assert [record["text"] for record in records(tmp_path / "out")] == ["Once there was more to come, and here it is."]
    (letter,) = records(tmp_path / "out", "dead-letters")
    assert (letter["error"], letter["origin"]) == ("FileNotFoundError", "in/vanishes.txt")
    put(tmp_path / "in" / "vanishes.txt", "Back again.")
    running = watch()
    running.until_written(2)
    assert running.stop()[0] == (3, 2, 0, 1)


def test_links_odd_names_and_the_output_folder_inside(watch: Callable[..., Watch], tmp_path: Path) -> None:
    top = tmp_path / "in"
    (tmp_path / "elsewhere").mkdir()
    put(tmp_path / "elsewhere" / "far.txt", "From elsewhere.")
    (top / "link").symlink_to(tmp_path / "elsewhere")
    (top / "loop").symlink_to(top)
    (top / "alias.txt").symlink_to(tmp_path / "elsewhere" / "far.txt")
    put(top / os.fsdecode(b"caf\xe9.txt"), "A name that is not UTF-8.")
    put(top / "with\nnewline #1.txt", "A name of two lines.")
    os.mkfifo(top / "pipe.txt")
    (top / "out").mkdir()
    (tmp_path / "out").symlink_to(top / "out")
    (top / "earlier").mkdir()
    put(top / "earlier" / "documents-00000-of-00001.jsonl", '{"text": "What an earlier run wrote."}')
    put(top / "earlier" / "manifest.json", FINISHED)
    running = watch()
    running.until_written(4)
    put(top / "last.txt", "The last.")
    running.until_written(5)
    assert running.stop()[0] == (5, 5, 0, 0)
    assert sorted(record["text"] for record in records(running.out)) == [
        "A name of two lines.", "A name that is not UTF-8.", "From elsewhere.", "From elsewhere.", "The last.",
    ]  # fmt: skip
    running = watch()
    put(top / "after.txt", "After a restart.")
    running.until_written(6)
    assert running.stop()[0] == (6, 6, 0, 0)


def test_globs_and_files_that_are_named(watch: Callable[..., Watch], tmp_path: Path) -> None:
    put(tmp_path / "one.log", "Named outright.")
    running = watch(inputs=("in/*.log", "one.log"))
    running.until_written(1)
    put(tmp_path / "in" / "b.log", "It matches.")
    put(tmp_path / "in" / "c.txt", "This does not.")
    running.until_written(2)
    assert running.stop()[0] == (2, 2, 0, 0)


def test_a_folder_that_goes_and_comes_back(watch: Callable[..., Watch], tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.txt", "The first.")
    running = watch()
    running.until_written(1)
    (tmp_path / "in").rename(tmp_path / "gone")
    wait_for_line(running, "in does not exist any more; it is followed again if it reappears")
    put(tmp_path / "gone" / "b.txt", "The second.")
    (tmp_path / "gone").rename(tmp_path / "in")
    running.until_written(2)
    assert running.stop()[0] == (2, 2, 0, 0)


def test_a_worker_that_dies_costs_its_document(watch: Callable[..., Watch], tmp_path: Path) -> None:
    running = watch("--time-limit", "1", recipe="processors: ['nasty_processors:Nasty']\n")
    for number, text in enumerate(["fine", "crash", "exit 3", "hang in Python", "unwanted", "fine too"]):
        put(tmp_path / "in" / f"{number}.txt", text)
    running.until_written(2)
    running.until(lambda: len(records(running.out, "dead-letters")) == 3)
    assert running.stop()[0] == (6, 2, 1, 3)


def test_a_slow_document_does_not_hold_up_the_others(watch: Callable[..., Watch], tmp_path: Path) -> None:
    put(tmp_path / "in" / "rows.jsonl", "".join(json.dumps({"text": text}) + "\n" for text in ["one", "gate", *"abcdefg" * 20]))
    running = watch("-j", "2", recipe=f"processors:\n  - 'nasty_processors:Gate': {{folder: '{tmp_path}'}}\n")
    running.until((tmp_path / "reached").exists)
    for number in range(20):
        put(tmp_path / "in" / f"{number}.txt", f"Number {number}.")
    running.until(lambda: {f"in/{number}.txt" for number in range(20)} <= set(origins(running.out)))
    assert "in/rows.jsonl#2" not in origins(running.out)
    (tmp_path / "open").touch()
    running.until_written(162)
    assert running.stop()[0] == (162, 162, 0, 0)
    assert origins(running.out) == Counter([*(f"in/{n}.txt" for n in range(20)), *(f"in/rows.jsonl#{n}" for n in range(1, 143))])


# --- the output -----------------------------------------------------------------------------------------------------


def test_rotation_by_age_and_size(watch: Callable[..., Watch], tmp_path: Path) -> None:
    for number in range(30):
        put(tmp_path / "in" / f"{number}.txt", f"Number {number}.")
    running = watch("--rotate-seconds", "3600", "--rotate-mb", "1")
    running.until(lambda: done(running.out) == 30)
    assert records(running.out) == []
    put(tmp_path / "in" / "rows.jsonl", b"".join(b'{"text": "%s"}\n' % (b"Long row. " * 40) for number in range(2000)))
    running.until(lambda: done(running.out) == 31)
    assert running.stop()[0] == (2030, 2030, 0, 0)
    sizes = [path.stat().st_size for path in sorted(running.out.glob("documents-*"))]
    assert 1 <= len(sizes) < 8
    assert all(size > 1 << 20 for size in sizes[:-1])


def test_compressed_output(watch: Callable[..., Watch], tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.txt", "The first.")
    running = watch("--compress", "gzip", "--added", "2026-01-31T12:00:00Z")
    (path,) = running.until(lambda: list(running.out.glob("documents-*")))
    (line,) = gzip.decompress(path.read_bytes()).splitlines()
    assert json.loads(line)["added"] == "2026-01-31T12:00:00Z"
    assert path.name == "documents-00000001.jsonl.gz"
    running.stop()


def test_dead_letters_can_be_replayed(watch: Callable[..., Watch], tmp_path: Path, newsbeam: Callable[..., Any]) -> None:
    put(tmp_path / "in" / "a.jsonl", '{"text": "Fine."}\nno json\n')
    running = watch()
    running.until(lambda: records(running.out, "dead-letters"))
    running.stop()
    done = newsbeam("replay", "out", cwd=tmp_path)
    assert done.account == "read 1 = written 0 + dropped 0 + failed 1", done.err


# --- the terminal and the machines ----------------------------------------------------------------------------------


def test_json_lines_for_machines(watch: Callable[..., Watch], tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.txt", "The first.")
    running = watch("--progress", "json")
    assert running.process.stderr is not None
    row = {"written": 0, "lag": 1.0}
    while (row["written"], row["lag"]) != (1, 0.0):
        row = json.loads(running.process.stderr.readline())
    assert {"waiting", "in_work", "read", "written", "dropped", "failed", "files", "lag", "latency", "trouble", "time"} == set(row)
    assert (row["waiting"], row["in_work"]) == (0, 0)
    assert row["latency"] > 0
    running.stop()


def test_numbers_for_prometheus(watch: Callable[..., Watch], tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.txt", "The first.")
    running = watch("--metrics-port", "0")
    assert running.process.stderr is not None
    said = running.process.stderr.readline()
    url = re.findall(r"http://127\.0\.0\.1:\d+/metrics", said)[0]

    def served() -> dict[str, float] | None:
        with urllib.request.urlopen(url) as answer:
            assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
            text = answer.read().decode()
        samples = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        values = {name: float(value) for name, value in samples}
        return values if values["newsbeam_output_files_total"] == 1 and values["newsbeam_lag_seconds"] == 0 else None

    values = running.until(served)
    assert values.pop("newsbeam_latency_seconds") > 0
    assert values == {
        "newsbeam_waiting_files": 0,
        "newsbeam_in_work_records": 0,
        'newsbeam_records_total{outcome="written"}': 1,
        'newsbeam_records_total{outcome="dropped"}': 0,
        'newsbeam_records_total{outcome="failed"}': 0,
        "newsbeam_read_records_total": 1,
        "newsbeam_output_files_total": 1,
        "newsbeam_lag_seconds": 0,
        "newsbeam_trouble": 0,
    }
    running.stop()


def test_on_a_terminal_a_line_is_drawn(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    put(tmp_path / "in" / "a.txt", "The first.")
    (tmp_path / "none.yaml").write_text("processors: []\n")
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "newsbeam.cli", "watch", "in", "-o", "out", "-r", "none.yaml"]
    env = {**os.environ, "PYTHONPATH": str(ROOT / ".src"), "COLUMNS": "100"}
    process = subprocess.Popen(words, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    drawn = b""
    while b"1 written" not in drawn:
        drawn += os.read(ours, 65536)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=PATIENCE)
    os.close(ours)
    assert out.decode() == "read 1 = written 1 + dropped 0 + failed 0\n"
    assert re.search(rb"\r\x1b\[2Knewsbeam: \d+ waiting \xc2\xb7 \d+ in work \xc2\xb7 1 written", drawn)


# --- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["in"], "the following arguments are required: -o/--output"),
        (["-o", "out"], "the following arguments are required: INPUT"),
        (["a.text", "-o", "out"], "no such file or folder: a.text; did you mean a.txt?"),
        (["in", "-o", "in"], "in is the output folder itself"),
        (["in", "-o", "a.txt"], "--output a.txt is a file; name a folder"),
        (["gs://bucket/in", "-o", "out"], "watch reads and writes folders on this machine only"),
        (["in", "-o", "s3://bucket/out"], "watch reads and writes folders on this machine only"),
        (["pipe", "-o", "out"], "pipe is neither a regular file nor a folder"),
        (["in", "-o", "done"], "done belongs to runs over files"),
        (["in", "-o", "out", "-r", "site.yaml"], "`site_template` reads all input twice"),
        (["in", "-o", "out", "-r", "site.yaml", "--template", "a.txt"], "--template a.txt is not a file of counts; run newsbeam with"),
        (["in", "-o", "out", "--template", "done"], "--template done: the folder has no site-counts.zst"),
        (["in", "-o", "out", "-r", "nowhere.yaml"], "nowhere.yaml: No such file"),
        (["in", "-o", "out", "--settel", "1"], "did you mean '--settle'?"),
        (["in", "-o", "out", "--metrics-port", "http"], "'http' is not a port number"),
        (["in", "-o", "out", "--progress", "yaml"], "invalid choice: 'yaml'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_command_line(tmp_path: Path, newsbeam: Callable[..., Any], words: list[str], said: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "a.txt").write_text("One line.")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "done").mkdir()
    (tmp_path / "done" / "manifest.json").write_text(FINISHED)
    (tmp_path / "site.yaml").write_text("site_template: true\nprocessors: [boilerplate]\n")
    ran = newsbeam("watch", *words, cwd=tmp_path)
    assert ran.status == 2
    assert ran.err.startswith("newsbeam: ")
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert not (tmp_path / "out" / ".newsbeam-watch").exists()


PITCH = "Every reader of ours gets a wooden spoon and a song"


def test_the_counts_of_an_earlier_run(watch: Callable[..., Watch], tmp_path: Path, newsbeam: Callable[..., Any]) -> None:
    """A page that comes later loses what recurs on the pages that were counted; a site that was not counted has no template."""
    recipe = "site_template: true\nprocessors: [boilerplate]\n"
    (tmp_path / "site.yaml").write_text(recipe)

    def page(word: str, host: str = "a.example") -> str:
        text = f"The mayor opened the {word} bridge in heavy rain.\n{PITCH}\nBoats of the {word} harbour passed beneath it all night."
        return json.dumps({"text": text, "url": f"https://{host}/{word}"}) + "\n"

    (tmp_path / "old").mkdir()
    put(tmp_path / "old" / "old.jsonl", "".join(map(page, "east west north south upper lower".split())))
    counted = newsbeam("run", "old", "-o", "counted", "-r", "site.yaml", cwd=tmp_path)
    assert counted.status == 0, counted.err
    running = watch("--template", "counted", recipe=recipe)
    put(tmp_path / "in" / "new.jsonl", page("new") + page("new", "b.example"))
    first, other = running.until_written(2)
    running.kill()
    assert PITCH not in first["text"]
    assert [removal["text"] for removal in first["removed"] if removal["kind"] == "template"] == [PITCH]
    assert PITCH in other["text"]
    used = json.loads((tmp_path / "counted" / "manifest.json").read_bytes())["site_counts"]["sha256"]
    assert json.loads((running.out / "manifest-00000001.json").read_bytes())["site_counts_sha256"] == used
    (tmp_path / "counted" / "site-counts.zst").rename(tmp_path / "moved.zst")
    running = watch("--template", "moved.zst", recipe="processors: [boilerplate]\n")
    put(tmp_path / "in" / "newer.jsonl", page("newer"))
    assert PITCH not in running.until_written(3)[2]["text"]
    assert running.stop()[0] == (3, 3, 0, 0)
    assert json.loads((running.out / "manifest.json").read_bytes())["site_counts"] == {"sha256": used, "file": "", "template": "moved.zst"}


def test_the_output_folder_is_taken_away(watch: Callable[..., Watch], tmp_path: Path) -> None:
    running = watch()
    running.until((running.out / "manifest.json").exists)
    time.sleep(0.5)
    running.out.rename(tmp_path / "elsewhere")
    put(tmp_path / "in" / "a.txt", "The first.")
    _out, err = running.process.communicate(timeout=PATIENCE)
    assert running.process.returncode == 1
    assert "No such file or directory" in err
    assert "committed work is safe, start again" in err
    assert "Traceback" not in err
    (tmp_path / "elsewhere").rename(running.out)
    running = watch()
    running.until_written(1)
    assert running.stop()[0] == (1, 1, 0, 0)


def test_two_watchers_and_a_run_on_one_output_folder(watch: Callable[..., Watch], tmp_path: Path, newsbeam: Callable[..., Any]) -> None:
    put(tmp_path / "in" / "a.txt", "The first.")
    running = watch()
    running.until_written(1)
    second = newsbeam("watch", "in", "-o", "out", cwd=tmp_path)
    assert (second.status, second.out) == (2, "")
    assert f"another run is writing to out: process {running.process.pid}" in second.err
    running.kill()
    third = newsbeam("run", "in", "-o", "out", "--overwrite", cwd=tmp_path)
    assert third.status == 2
    assert "out belongs to `newsbeam watch`" in third.err
    running = watch()  # the lock of one that was killed is nobody's
    put(tmp_path / "in" / "b.txt", "The second.")
    running.until_written(2)
    assert running.stop()[0] == (2, 2, 0, 0)


def test_a_port_that_is_taken(watch: Callable[..., Watch], tmp_path: Path, newsbeam: Callable[..., Any]) -> None:
    running = watch("--metrics-port", "0")
    assert running.process.stderr is not None
    port = re.findall(r":(\d+)/", running.process.stderr.readline())[0]
    ran = newsbeam("watch", "in", "-o", "out2", "--metrics-port", port, cwd=tmp_path)
    assert ran.status == 2
    assert f"cannot listen on --metrics-port {port}" in ran.err
    running.stop()


def test_workers_that_cannot_start(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    put(tmp_path / "in" / "a.txt", "The first.")
    running = Watch(tmp_path, recipe="processors: ['nasty_processors:NoStart']\n")
    out, err = running.process.communicate(timeout=PATIENCE)
    assert running.process.returncode == 1
    assert "workers cannot start: " in err
    assert "no licence on this machine" in err
    assert out == ""


# --- stopped and killed ---------------------------------------------------------------------------------------------


def test_sigterm_to_all_processes_of_a_service_ends_in_order(watch: Callable[..., Watch], tmp_path: Path) -> None:
    """As systemd sends it: to the workers as well, who leave it to their parent."""
    recipe = "processors:\n  - 'nasty_processors:Slow': {seconds: 0.2}\n"
    for number in range(30):
        put(tmp_path / "in" / f"{number}.txt", f"Number {number}.")
    running = watch("--rotate-seconds", "0.1", recipe=recipe)
    running.until_written(1)
    children = (Path("/proc") / str(running.process.pid) / "task" / str(running.process.pid) / "children").read_text().split()
    assert children
    for child in children:
        os.kill(int(child), signal.SIGTERM)
    account, _ = running.stop()
    assert account[3] == 0, "no document was lost to a killed worker"
    assert 1 <= account[1] <= 30
    running = watch()
    running.until_written(30)
    assert running.stop()[0] == (30, 30, 0, 0)
    assert max(origins(running.out).values()) == 1


def test_a_large_file_goes_on_where_it_was(watch: Callable[..., Watch], tmp_path: Path) -> None:
    log = tmp_path / "log"
    recipe = f"processors:\n  - 'nasty_processors:Slow': {{seconds: 0.01, log: '{log}'}}\n"
    put(tmp_path / "in" / "rows.jsonl", b"".join(b'{"text": "Row %d."}\n' % number for number in range(600)))
    running = watch("--rotate-seconds", "0.1", recipe=recipe)
    running.until_written(100)
    running.stop()
    assert len(log.read_text().splitlines()) == len(records(running.out)) < 600
    running = watch("--rotate-seconds", "0.1", recipe=recipe)
    running.until_written(300)
    running.kill()
    running = watch("--rotate-seconds", "0.1", recipe=recipe)
    # A small file that comes now is not behind the large one.
    put(tmp_path / "in" / "small.txt", "Small.")
    running.until_written(601)
    assert running.stop()[0] == (601, 601, 0, 0)
    assert origins(running.out) == Counter(["in/small.txt", *(f"in/rows.jsonl#{number}" for number in range(1, 601))])
    assert [one["version"] for one in inputs(running.out) if one["path"].endswith("rows.jsonl")][-1] == 1


@pytest.mark.skipif(not shutil.which("unshare") or os.geteuid() != 0, reason="a small disk of its own needs root and unshare")
def test_a_full_disk(watch: Callable[..., Watch], tmp_path: Path) -> None:
    """Waits for room, with nothing half-written meanwhile; stopped while it waits, it says so, and the next start does the rest."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(disk)], check=False, capture_output=True).returncode:
        pytest.skip("tmpfs cannot be mounted here")
    try:
        (tmp_path / "out").symlink_to(disk)
        running = watch()
        fill_up(disk)
        put_large(tmp_path / "in", range(100))
        wait_for_line(running, "no space left for out: waiting for disk space")
        seen = set(origins(running.out))
        assert not list(disk.glob("*.tmp"))
        assert len(seen) < 100
        (disk / "ballast").unlink()
        wait_for_line(running, "disk space available again")
        running.until_written(100)
        fill_up(disk)
        put_large(tmp_path / "in", range(100, 200))
        wait_for_line(running, "no space left for out")
        account, err = running.stop(status=1)
        assert "stopped: disk full. Unwritten work will be redone" in err
        assert account[1] >= 100
        (disk / "ballast").unlink()
        running = watch()
        running.until_written(200)
        assert running.stop()[0] == (200, 200, 0, 0)
        assert max(origins(running.out).values()) == 1
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)


def fill_up(disk: Path) -> None:
    """Leave at most half a megabyte. Block by block: whoever else writes there meanwhile takes room and gives it back."""
    with (disk / "ballast").open("wb", buffering=0) as stream:
        while (free := os.statvfs(disk)).f_bavail * free.f_bsize > 1 << 19:
            try:
                stream.write(bytes(1 << 15))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise


def put_large(folder: Path, numbers: range) -> None:
    for number in numbers:
        put(folder / f"{number}.txt", f"{number} " + "Many words that take room. " * 600)


def wait_for_line(running: Watch, wanted: str) -> None:
    """Until this stands on standard error."""
    assert running.process.stderr is not None
    said = " "
    while wanted not in said:
        said = running.process.stderr.readline()
        assert said, "it ended"


def dropped(folder: Path, number: int) -> None:
    """The number-th input: small files of all kinds, and some that cannot become records."""
    if number % 20 == 7:
        rows = b"".join(b'{"id": "%d-%d", "text": "Row %d of %d."}\n' % (number, row, row, number) for row in range(9))
        put(folder / f"{number}.jsonl.gz", gzip.compress(rows))
    elif number % 20 == 13:
        put(folder / f"{number}.html", "")
    elif number % 20 == 17:
        put(folder / f"{number}.jsonl", b"no json\n")
    else:
        put(folder / f"{number}.txt", f"Story number {number}.")


def wanted(count: int) -> tuple[Counter[str], int, int]:
    """(origins of all records, how many are dropped, how many fail) of so many inputs."""
    written: Counter[str] = Counter()
    for number in range(count):
        if number % 20 == 7:
            written.update(f"in/{number}.jsonl.gz#{row}" for row in range(1, 10))
        elif number % 20 not in (13, 17):
            written[f"in/{number}.txt"] += 1
    return written, sum(n % 20 == 13 for n in range(count)), sum(n % 20 == 17 for n in range(count))


@pytest.mark.parametrize(
    ("seed", "kills"),
    [(1, 4), *(pytest.param(seed, 15, marks=pytest.mark.engines_full) for seed in range(2, 7))],
)
def test_killed_at_random(watch: Callable[..., Watch], tmp_path: Path, seed: int, kills: int) -> None:
    """kill -9 at random moments while files are dropped; now and then the state is lost or damaged as well."""
    rng = random.Random(seed)
    count = 0
    for kill in range(kills):
        running = watch("--rotate-seconds", rng.choice(["0.1", "0.5", "2"]))
        # Most often while it works, sometimes while it starts or goes on with what was left undone.
        end = time.monotonic() + rng.choice([rng.uniform(0, 1), rng.uniform(0.5, 4)])
        while time.monotonic() < end:
            dropped(tmp_path / "in", count)
            count += 1
            time.sleep(0.01)
        running.kill()
        seen = origins(running.out)
        assert max(seen.values(), default=1) == 1
        state = running.out / ".newsbeam-watch" / "ledger.sqlite"
        if state.exists() and kill % 4 == 3:
            if rng.random() < 0.5:
                state.unlink()
            else:
                state.write_bytes(b"rubbish" * 3000)
    running = watch()
    written, sorted_out, failed = wanted(count)
    running.until(lambda: len(records(running.out)) >= sum(written.values()))
    running.until(lambda: len(records(running.out, "dead-letters")) >= failed and len(records(running.out, "dropped")) >= sorted_out)
    account, _ = running.stop()
    assert account == (sum(written.values()) + sorted_out + failed, sum(written.values()), sorted_out, failed)
    assert origins(running.out) == written
    assert max(origins(running.out, "dead-letters").values(), default=1) == 1
    assert sum(one["complete"] for one in inputs(running.out)) == count


def test_lock_file_is_released_with_the_process(watch: Callable[..., Watch], tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.txt", "The first.")
    running = watch()
    running.until_written(1)
    running.stop()
    assert not (running.out / ".newsbeam-lock").exists()
    with (tmp_path / "free").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
