"""Names and folders as they can lie on a disk: not UTF-8, nested a thousand deep, longer than a path may be, pipes, links that lead out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from newsbeam import errors
from newsbeam.config.recipe_parser import parse
from newsbeam.errors import RecipeError
from newsbeam.inputs import discovery as module
from newsbeam.inputs import files
from newsbeam.inputs.discovery import discover
from newsbeam.inputs.reader import Reader
from newsbeam.inputs.work_units import Source, plan_work_units
from newsbeam.watching.scanner import FolderScanner

ROOT = Path(__file__).parents[2]
HANG_SECONDS = 600
"""Only what truly hangs takes so long."""

CAFE = os.fsdecode(b"caf\xe9")
SHOWN = "caf\\udce9"
Newsbeam = Callable[..., Any]
Lines = Callable[[Path, str], list[Any]]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def cafe(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose name is not UTF-8, with two documents in it."""
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8:strict")  # as under a locale with UTF-8
    try:
        (here / CAFE).mkdir()
    except OSError:
        pytest.skip("this filesystem takes UTF-8 names only")
    (here / CAFE / "a.txt").write_text("A text.")
    (here / CAFE / "b.jsonl").write_text('{"text": "One."}\n{"text": 2}\n')
    (here / "good").mkdir()
    (here / "good" / "c.txt").write_text("Another text.")
    (here / "recipe.yaml").write_text("processors: []\n")
    return here


@pytest.mark.parametrize("inputs", [[CAFE], [f"{CAFE}/a.txt", f"./{CAFE}/b.jsonl"], ["."], [f"{CAFE}/*"], ["**/*"]])
def test_a_folder_whose_name_is_not_utf8_names_a_collection_that_is(cafe: Path, inputs: list[str]) -> None:
    sources = [source for source in discover(inputs).sources if CAFE in source.path]
    assert len(sources) == 2
    assert {source.source for source in sources} == {SHOWN if CAFE in inputs[0] else cafe.name}


def test_a_folder_whose_name_is_not_utf8_is_read_and_written_to(cafe: Path, newsbeam_process: Newsbeam, lines: Lines) -> None:
    ran = newsbeam_process("run", "good", CAFE, "-o", f"{CAFE}-out", "-r", "recipe.yaml", "-j", "1", cwd=cafe)
    assert ran.account == "read 4 = written 3 + dropped 0 + failed 1", ran.err
    assert ran.status == 0
    out = cafe / f"{CAFE}-out"
    records, letters = lines(out, "documents"), lines(out, "dead-letters")
    assert sorted(record["source"] for record in records) == [SHOWN, SHOWN, "good"]
    assert [(letter["origin"], letter["source"]) for letter in letters] == [(f"{SHOWN}/b.jsonl#2", SHOWN)]
    paths = [one["path"] for one in json.loads((out / "manifest.json").read_bytes())["inputs"]]
    assert sum(SHOWN in path for path in paths) == 2
    assert (out / "README.md").read_text("utf-8")
    again = newsbeam_process("replay", f"{CAFE}-out", cwd=cafe)
    assert again.account == "read 1 = written 0 + dropped 0 + failed 1", again.err


def test_a_run_over_it_is_taken_up_again(cafe: Path, newsbeam: Newsbeam) -> None:
    first = newsbeam("run", CAFE, "-o", "out", "-r", "recipe.yaml", "-j", "1", "--added", "2026-01-01T00:00:00Z", cwd=cafe)
    again = newsbeam("run", CAFE, "-o", "out", "-r", "recipe.yaml", "-j", "1", "--added", "2026-01-01T00:00:00Z", "--resume", cwd=cafe)
    assert (first.status, again.status) == (0, 0), again.err


def test_watch_follows_it(cafe: Path, lines: Lines) -> None:
    words = [sys.executable, "-m", "newsbeam.cli", "watch", CAFE, "-o", f"{CAFE}-out", "-r", "recipe.yaml", "-j", "1"]
    process = subprocess.Popen(
        [*words, "--rotate-seconds", "0.1"],
        cwd=cafe,
        env={**os.environ, "PYTHONPATH": str(ROOT / ".src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        pause = threading.Event()
        for _ in range(HANG_SECONDS * 20):
            if len(lines(cafe / f"{CAFE}-out", "documents")) == 2 or process.poll() is not None:
                break
            pause.wait(0.05)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=HANG_SECONDS)
    finally:
        process.kill()
    assert process.returncode == 0, err
    assert out.splitlines()[-1] == b"read 3 = written 2 + dropped 0 + failed 1", err


def test_half_a_character_as_the_name_of_the_collection_is_a_fault_of_the_recipe() -> None:
    with pytest.raises(RecipeError, match=r"r:1: `source` has an unpaired surrogate: \\ud800"):
        parse('source: "\\ud800"\nprocessors: []\n', "r")


# --- deep folders ---------------------------------------------------------------------------------------------------


@pytest.fixture
def deep(here: Path) -> Iterator[Callable[[int, str], Path]]:
    """Make so many folders of that name, one in the other, with a document in the innermost."""

    def make(count: int, name: str) -> Path:
        top = here / "deep"
        top.mkdir()
        (top / "a.txt").write_text("At the top.")
        descriptor = os.open(top, os.O_RDONLY)
        for _ in range(count):
            os.mkdir(name, dir_fd=descriptor)
            inner = os.open(name, os.O_RDONLY, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        with open(os.open("z.txt", os.O_WRONLY | os.O_CREAT, dir_fd=descriptor), "w") as stream:
            stream.write("At the bottom.")
        os.close(descriptor)
        return top

    yield make
    # Python's own way of removing a tree recurses.
    subprocess.run(["rm", "-rf", str(here / "deep")], check=True)


def looked_at(look: FolderScanner) -> list[str]:
    for _ in range(20_000):
        look.poll(look.next_event_at(0.0) if not look.scanning else 0.0)
        if not look.scanning and look._incremental.next_at > 0:
            break
    return [candidate.path for queue in look._waiting for candidate in queue.values()]


def test_folders_nested_deeper_than_python_recurses(deep: Callable[[int, str], Path]) -> None:
    top = deep(1_500, "a")
    assert [source.path for source in discover(["deep"]).sources] == ["deep/a.txt", f"deep/{'a/' * 1_500}z.txt"]
    assert set(looked_at(FolderScanner([str(top)], "out", 0.0))) == {f"{top}/{'a/' * 1_500}z.txt", f"{top}/a.txt"}


def test_a_path_longer_than_the_system_opens_is_an_input_that_cannot_be_read(deep: Callable[[int, str], Path]) -> None:
    top = deep(30, "n" * 200)
    first, beyond = discover(["deep"]).sources
    assert first.path == "deep/a.txt"
    assert len(beyond.path) >= module.MAX_PATH_BYTES
    [bundle] = [bundle for share in plan_work_units([beyond]) for bundle in Reader(1 << 20).read(share)]
    assert "is longer than the system allows" in bundle.raws[0].error
    look = FolderScanner([str(top)], "out", 0.0)
    assert looked_at(look) == [f"{top}/a.txt"]
    assert any(note.endswith(": File name too long") for note in look.notes)


def test_a_pattern_over_folders_too_deep_says_so(deep: Callable[[int, str], Path]) -> None:
    deep(1_500, "a")
    try:
        found = discover(["deep/**"])
    except errors.InputError as error:
        assert "name the folder itself" in str(error)
    else:
        assert len(found.sources) == 2


# --- pipes ----------------------------------------------------------------------------------------------------------


def test_a_named_pipe_without_a_writer_becomes_a_dead_letter(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PIPE_SECONDS", 0.05)
    os.mkfifo("pipe")
    [source] = discover(["pipe"]).sources
    [bundle] = [bundle for share in plan_work_units([source]) for bundle in Reader(1 << 20).read(share)]
    assert bundle.raws[0].error.startswith("TimeoutError: pipe is a pipe, and nothing was written to it")


def test_a_named_pipe_with_a_writer_is_read(here: Path) -> None:
    os.mkfifo("pipe")
    writer = threading.Thread(target=lambda: Path("pipe").write_text("From a pipe."))
    writer.start()
    [bundle] = [bundle for share in plan_work_units([Source("pipe", 0, "x")]) for bundle in Reader(1 << 20).read(share)]
    writer.join(HANG_SECONDS)
    assert bundle.raws[0].payload == b"From a pipe."


@pytest.mark.skipif(not os.path.exists("/dev/fd"), reason="no /dev/fd here")
def test_a_pipe_of_the_shell_has_no_limit(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PIPE_SECONDS", 0.0)
    reading, writing = os.pipe()
    timer = threading.Timer(0.2, lambda: (os.write(writing, b"Late."), os.close(writing)))
    timer.start()
    with files.open_plain(f"/dev/fd/{reading}") as stream:
        assert stream.read() == b"Late."
    timer.join(HANG_SECONDS)
    os.close(reading)


def test_watch_says_that_it_does_not_follow_a_pipe(here: Path) -> None:
    os.mkfifo("pipe")
    look = FolderScanner(["pipe"], "out", 0.0)
    assert looked_at(look) == []
    assert look.notes == ["pipe is not a regular file and is not followed; read it once with `newsbeam run`"]


@pytest.mark.parametrize("closed", ["2>&-", "<&- >&- 2>&-"])
def test_closed_standard_streams_do_not_matter(here: Path, lines: Lines, closed: str) -> None:
    (here / "a.txt").write_text("A text.")
    (here / "recipe.yaml").write_text("processors: []\n")
    command = f'"{sys.executable}" -m newsbeam.cli run a.txt -o out -r recipe.yaml -j 1 {closed}'
    done = subprocess.run(["sh", "-c", command], env={**os.environ, "PYTHONPATH": str(ROOT / ".src")}, timeout=HANG_SECONDS, check=False)
    assert done.returncode == 0
    assert [record["text"] for record in lines(here / "out", "documents")] == ["A text."]


# --- links ----------------------------------------------------------------------------------------------------------


def test_links_that_lead_out_are_named(here: Path) -> None:
    for name in ("in/a.txt", "else/b.txt", "else/more/c.txt"):
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text("x")
    (here / "in" / "inside.txt").symlink_to("a.txt")
    assert discover(["in"]).notes == ()
    (here / "in" / "b.txt").symlink_to("../else/b.txt")
    note = f"following a link out of in: in/b.txt -> {here}/else/b.txt"
    assert discover(["in"]).notes == (note,)
    look = FolderScanner(["in"], "out", 0.0)
    looked_at(look)
    assert look.notes == [note]
    (here / "in" / "more").symlink_to("../else/more")
    (here / "else" / "more" / "round").symlink_to("../../in")
    found = discover(["in"])
    assert found.notes == (note.replace("a link out of in:", "2 links out of in; the first is"),)
    assert [source.path for source in found.sources] == ["in/a.txt", "in/b.txt", "in/inside.txt", "in/more/c.txt"]


def test_a_link_to_itself_in_a_watched_folder_hides_nothing_beside_it(here: Path) -> None:
    (here / "in").mkdir()
    (here / "in" / "a.txt").write_text("x")
    (here / "in" / "loop.txt").symlink_to("loop.txt")
    look = FolderScanner(["in"], "out", 0.0)
    assert looked_at(look) == ["in/a.txt"]
    assert look.notes == []
    assert [source.path for source in discover(["in"]).sources] == ["in/a.txt", "in/loop.txt"]
