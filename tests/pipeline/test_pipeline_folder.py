"""Output folders: whose one is, and that either the old or the new results are there, whole, whenever a run is killed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest

from newsbeam import errors
from newsbeam.cli.main import main
from newsbeam.config.job import Job, WorkerConfig
from newsbeam.config.recipe_parser import parse
from newsbeam.config.results import BatchResult
from newsbeam.inputs.work_units import PartSummary
from newsbeam.outputs import folder, shards, swap
from newsbeam.outputs import parts as outputs_parts
from newsbeam.outputs.parts import PartWriter, finished_parts
from newsbeam.outputs.shards import publish
from newsbeam.storage import filesystem
from newsbeam.storage.manifest import recognise

ROOT = Path(__file__).parents[2]
ADDED = "2026-01-31T12:00:00Z"


def job(output: str, run: str = "") -> Job:
    made = Job(WorkerConfig(parse("processors: []"), ADDED, 10.0, "9.9"), output, shard_bytes=1, run=run)
    filesystem.make_folder(made.state)
    return made


def part(of: Job, name: str, *texts: str) -> str:
    """A finished part with these records, and one dropped row."""
    lines = b"".join(orjson.dumps({"text": text}) + b"\n" for text in texts)
    writer = PartWriter(of, name)
    writer.add(BatchResult(lines, b'{"reason":"empty"}\n', b"", (("documents", len(texts)), ("dropped", 1))), len(texts) + 1)
    return writer.commit(PartSummary(len(texts) + 1))


def made(of: Job, *texts: str) -> list[str]:
    """Finished parts, one for each text: as many shards."""
    return [part(of, f"{number:06d}-00-00000", text) for number, text in enumerate(texts)]


def texts_in(place: Path) -> list[str]:
    """The texts of the records under final names, whatever a manifest says."""
    return [json.loads(line)["text"] for path in sorted(place.glob("documents-*")) for line in path.read_bytes().splitlines()]


def whole(place: Path) -> list[str]:
    """The texts of the results, which are whole: what the manifest lists is there and as it says, and nothing else."""
    about = json.loads((place / "manifest.json").read_bytes())
    assert recognise(str(place)) == "run"
    names = {entry["name"]: entry for entry in about["files"]}
    there = {path.name for stem in ("documents", "dropped", "dead-letters") for path in place.glob(f"{stem}-*")}
    assert there == set(names)
    for name, entry in names.items():
        lines = (place / name).read_bytes().splitlines(keepends=True)
        assert (len(lines), sum(map(len, lines))) == (entry["records"], entry["bytes"])
    assert sha256((place / "README.md").read_bytes()).hexdigest() == about["card"]["sha256"]
    texts = texts_in(place)
    assert len(texts) == about["counts"]["documents"]
    return texts


# --- killed at every step -------------------------------------------------------------------------------------------


class _Killed(BaseException):
    pass


class _Steps:
    """Every call that changes something on the disk; `left` of them are let through, and before the next the process is killed."""

    def __init__(self, patch: pytest.MonkeyPatch, left: int) -> None:
        self.left = left
        for owner, name in (
            (filesystem, "rename"),
            (filesystem, "delete"),
            (filesystem, "create"),
            (filesystem, "link_or_copy"),
            (os, "replace"),
            (os, "unlink"),
        ):
            patch.setattr(owner, name, self._counted(getattr(owner, name)))

    def _counted(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*words: Any, **named: Any) -> Any:
            if self.left <= 0:
                raise _Killed
            self.left -= 1
            return real(*words, **named)

        return counted


@pytest.fixture(params=["here", "elsewhere"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """An output folder, as its name and as a folder of this machine: on this machine, and in a store."""
    if request.param == "here":
        yield str(tmp_path / "out"), tmp_path / "out"
    else:
        request.getfixturevalue("far")
        yield "elsewhere://bucket/out", tmp_path / "bucket" / "out"


OLD, NEW = ["old 1", "old 2", "old 3"], ["new 1", "new 2"]


def test_killed_before_any_step_of_the_swap_and_gone_on(place: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    output, there = place
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # it takes its time, and has no part in what is seen here
    for steps in range(200):
        filesystem.delete(output)
        old = job(output, "first")
        publish(old, made(old, *OLD))
        (there / "notes.txt").write_text("mine")
        new = job(output, "second")
        parts = made(new, *NEW)
        ended = False
        with pytest.MonkeyPatch.context() as patch:
            _Steps(patch, steps)
            try:
                publish(new, parts)
                ended = True
            except _Killed:
                pass
        journal = there / ".newsbeam" / "swap.json"
        if (there / "manifest.json").exists():
            # Whoever trusts a manifest gets one of the two, whole, before anybody has put anything right.
            assert whole(there) in (OLD, NEW)
        else:
            assert journal.exists(), f"neither old nor new after {steps} steps"
        assert not {text[:3] for text in texts_in(there)} >= {"old", "new"}, "a reader that goes by names sees both"
        if not ended:
            had_begun = journal.exists()
            assert swap.finish(output) == had_begun
            assert whole(there) in ((NEW,) if had_begun else (OLD, NEW))
            publish(new, finished_parts(new) if set(parts) <= set(finished_parts(new)) else parts)
        assert whole(there) == NEW
        assert (there / "notes.txt").read_text() == "mine"
        if ended:
            break
    assert ended
    assert steps > 20


def test_a_swap_that_is_cut_short_again_and_again_ends(place: tuple[str, Path]) -> None:
    output, there = place
    old = job(output, "first")
    publish(old, made(old, *OLD))
    new = job(output, "second")
    parts = made(new, *NEW)
    for steps in range(1, 300):
        with pytest.MonkeyPatch.context() as patch:
            _Steps(patch, steps % 7 + 1 if (there / ".newsbeam" / "swap.json").exists() else 60 if steps < 3 else steps)
            try:
                publish(new, parts)
                break
            except _Killed:
                pass
    assert whole(there) == NEW


def test_an_edited_card_is_kept_under_another_name(place: tuple[str, Path]) -> None:
    output, there = place
    for number in range(3):
        of = job(output, f"{number}")
        publish(of, made(of, f"{number}"))
        if number < 2:
            (there / "README.md").write_text(f"edited {number}")
    assert [(there / name).read_text() for name in ("README.md.bak", "README.md.bak-2")] == ["edited 0", "edited 1"]
    assert whole(there) == ["2"]


def test_nothing_is_swapped_over_a_file_that_somebody_put_there_meanwhile(place: tuple[str, Path]) -> None:
    output, there = place
    old = job(output, "first")
    publish(old, made(old, "old 1"))
    new = job(output, "second")
    parts = made(new, *NEW)
    (there / "documents-00001-of-00002.jsonl").write_text("mine")
    with pytest.raises(errors.UsageError, match=r"documents-00001-of-00002\.jsonl is in the way"):
        publish(new, parts)
    assert (there / "documents-00001-of-00002.jsonl").read_text() == "mine"
    (there / "documents-00001-of-00002.jsonl").unlink()
    assert whole(there) == ["old 1"]
    publish(new, parts)
    assert whole(there) == NEW


# --- parts that have lost their lines -------------------------------------------------------------------------------

DAMAGES: dict[str, Callable[[Path, Path], object]] = {
    "cut": lambda lines, report: os.truncate(lines, 5),
    "emptied": lambda lines, report: os.truncate(lines, 0),
    "gone": lambda lines, report: lines.unlink(),
    "zeros of the same size": lambda lines, report: lines.write_bytes(bytes(lines.stat().st_size)),
    "one bit": lambda lines, report: lines.write_bytes(bytes([lines.read_bytes()[0] ^ 1]) + lines.read_bytes()[1:]),
    "longer": lambda lines, report: lines.write_bytes(lines.read_bytes() * 2),
    "the report is cut": lambda lines, report: os.truncate(report, 20),
    "the report is empty": lambda lines, report: os.truncate(report, 0),
    "the report is a list": lambda lines, report: report.write_text("[]"),
    "a report of an earlier version": lambda lines, report: report.write_bytes(
        orjson.dumps({key: value for key, value in orjson.loads(report.read_bytes()).items() if key != "hashes"})
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_part_that_is_not_as_its_report_says_is_not_finished(tmp_path: Path, damage: str) -> None:
    of = job(str(tmp_path))
    first, second = made(of, "a text", "another")
    lines = next(path for path in Path(of.parts).iterdir() if path.name.startswith(first) and path.suffix == ".documents")
    DAMAGES[damage](lines, Path(of.parts) / f"{first}.json")
    assert outputs_parts.discard_damaged(of) == 1
    assert finished_parts(of) == [second]
    part(of, first, "a text")
    assert outputs_parts.discard_damaged(of) == 0
    publish(of, [first, second])
    assert whole(tmp_path) == ["a text", "another"]


def test_lines_that_are_lost_while_the_run_goes_on_are_not_published(tmp_path: Path) -> None:
    of = job(str(tmp_path))
    parts = made(of, "a text", "another")
    os.truncate(next(path for path in Path(of.parts).iterdir() if path.suffix == ".documents"), 5)
    with pytest.raises(errors.AccountError, match="has lost some of its lines; --resume repeats that part"):
        publish(of, parts)
    assert not (tmp_path / "manifest.json").exists()


def test_the_lines_are_on_the_disk_before_the_report_that_vouches_for_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of = job(str(tmp_path))
    done: list[str] = []
    names: Callable[[int], str] = lambda descriptor: Path(os.readlink(f"/proc/self/fd/{descriptor}")).name.split(".")[-1]  # noqa: E731
    real_fsync, real_rename = os.fsync, filesystem.rename
    monkeypatch.setattr(os, "fsync", lambda descriptor: (done.append(f"sync {names(descriptor)}"), real_fsync(descriptor))[1])
    monkeypatch.setattr(
        filesystem, "rename", lambda old, new: (done.append(f"name {Path(new).name.split('.')[-1]}"), real_rename(old, new))[1]
    )
    part(of, "a", "text")
    if not Path("/proc/self/fd").exists():
        pytest.skip("no /proc to see what was synced")
    assert done == ["sync tmp", "name documents", "sync tmp", "name dropped", "sync parts", "sync tmp", "name json", "sync parts"]


# --- whose a folder is ----------------------------------------------------------------------------------------------


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    for number in range(3):
        path = tmp_path / "in" / f"{number}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"The council met, number {number}.")
    (tmp_path / "plain.yaml").write_text("processors: []\n")
    return tmp_path


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output folder, to be copied: a run takes seconds."""
    top = tmp_path_factory.mktemp("results")
    (top / "in").mkdir()
    (top / "in" / "0.txt").write_text("The council met.")
    (top / "plain.yaml").write_text("processors: []\n")
    assert command(top) == 0
    return top / "out"


def command(texts: Path, *words: str) -> int:
    return main(["run", str(texts / "in"), "-o", str(texts / "out"), "-r", str(texts / "plain.yaml"), "--added", ADDED, "-j", "1", *words])


STRANGERS = {
    "README.md": "My project.",
    "documents-00000-of-00003.jsonl": '{"text": "mine"}',
    "documents-00000-of-00001.parquet": "mine",
    "dead-letters-00000-of-00001.jsonl.zst": "mine",
    "manifest.json": '{"name": "an app", "versions": {"chrome": "1"}}',
}


@pytest.mark.parametrize("overwrite", [(), ("--overwrite",), ("--resume",)], ids=["plain", "overwrite", "resume"])
@pytest.mark.parametrize("name", STRANGERS)
def test_what_newsbeam_did_not_write_is_never_replaced(
    texts: Path, name: str, overwrite: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    (texts / "out").mkdir()
    (texts / "out" / name).write_text(STRANGERS[name])
    assert command(texts, *overwrite) == 2
    said = capsys.readouterr().err
    assert f"{texts}/out/{name} is " in said
    assert "move it away, or name another folder" in said
    assert [path.name for path in (texts / "out").iterdir()] == [name]
    assert (texts / "out" / name).read_text() == STRANGERS[name]
    for other in (["watch", str(texts / "in")], ["run", "--source", "kafka://localhost:9092/news", "--runner", "prism"]):
        if other[0] == "run":
            from newsbeam.streaming.run_records import check_output
        else:
            from newsbeam.watching.run import _check_output as check_output
        if other[0] == "watch" or name != "manifest.json":
            with pytest.raises(errors.UsageError, match=r"in the way|damaged, or was not written by newsbeam"):
                check_output(str(texts / "out"))
    assert (texts / "out" / name).read_text() == STRANGERS[name]


def test_a_folder_of_somebodys_without_such_names_is_written_to(texts: Path) -> None:
    (texts / "out").mkdir()
    for name in ("notes.txt", "documents-of-mine.jsonl", "readme.md"):
        (texts / "out" / name).write_text("mine")
    assert command(texts) == 0
    assert all((texts / "out" / name).read_text() == "mine" for name in ("notes.txt", "documents-of-mine.jsonl", "readme.md"))


def test_a_stranger_beside_old_results(texts: Path, results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(results, texts / "out")
    (texts / "out" / "documents-00000-of-00002.jsonl").write_text("mine")
    assert command(texts, "--overwrite") == 2
    assert "documents-00000-of-00002.jsonl is in the way: the manifest does not list it" in capsys.readouterr().err
    assert (texts / "out" / "documents-00000-of-00002.jsonl").read_text() == "mine"


def test_old_results_stay_until_the_new_ones_are_complete(
    texts: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(texts) == 0
    before = {path.name: path.read_bytes() for path in (texts / "out").iterdir()}
    (texts / "in" / "0.txt").write_text("The council met, another time, and said so.")

    def fail(*words: Any) -> None:
        raise OSError("the disk is full, say")

    with monkeypatch.context() as patch:
        patch.setattr(shards, "_write_shard", fail)
        assert command(texts, "--overwrite") == 1
    said = capsys.readouterr().err
    assert f"3 documents are kept. To continue: --resume --output {texts}/out" in said
    assert "the earlier results" in said
    assert {path.name: path.read_bytes() for path in (texts / "out").iterdir() if path.is_file()} == before
    assert command(texts) == 2
    assert "holds results and an interrupted run" in capsys.readouterr().err
    assert command(texts, "--resume") == 0
    assert "The council met, another time, and said so." in whole(texts / "out")
    assert not (texts / "out" / ".newsbeam").exists()


def test_a_swap_is_finished_by_whichever_command_comes_next(texts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words, status in (((), 2), (("--overwrite",), 0), (("--resume",), 0)):
        filesystem.delete(str(texts / "out"))
        assert command(texts) == 0
        old = whole(texts / "out")
        (texts / "in" / "0.txt").write_text("The council met, another time, and said so.")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(swap, "finish", lambda *_: False)  # killed at the journal
            command(texts, "--overwrite")
        assert whole(texts / "out") == old
        capsys.readouterr()
        assert command(texts, *words) == status
        assert "the results of an interrupted run were complete and are in place now" in capsys.readouterr().err
        assert "The council met, another time, and said so." in whole(texts / "out")
        (texts / "in" / "0.txt").write_text("The council met, number 0.")


def test_the_state_of_a_finished_run_that_was_not_cleared_away(
    texts: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(folder, "clear_state", lambda output: None)
        (texts / "out" / ".newsbeam").mkdir(parents=True)
        assert command(texts) == 0
    assert (texts / "out" / ".newsbeam" / "plan.json").exists()
    assert command(texts, "--resume") == 0
    assert "nothing to resume" in capsys.readouterr().err


# --- nobody else's state, no links ----------------------------------------------------------------------------------


def test_a_lock_that_is_a_link_is_not_written_through(texts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (texts / "precious").write_text("precious data of somebody else")
    (texts / "out").mkdir()
    lock = texts / "out" / ".newsbeam-lock"
    for make in (lock.symlink_to, lock.hardlink_to):
        make(texts / "precious")
        assert command(texts) == 2
        assert ".newsbeam-lock is" in capsys.readouterr().err
        assert (texts / "precious").read_text() == "precious data of somebody else"
        lock.unlink()


@pytest.mark.parametrize("words", [(), ("--overwrite",), ("--resume",)])
def test_a_state_that_is_a_link_is_refused(texts: Path, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    (texts / "theirs" / "parts").mkdir(parents=True)
    (texts / "theirs" / "plan.json").write_text("{}")
    (texts / "out").mkdir()
    (texts / "out" / ".newsbeam").symlink_to(texts / "theirs")
    assert command(texts, *words) == 2
    assert f"{texts}/out/.newsbeam is a link, which newsbeam does not follow here; remove it" in capsys.readouterr().err
    assert sorted(path.name for path in (texts / "theirs").iterdir()) == ["parts", "plan.json"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_a_state_of_another_owner_is_refused(texts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (texts / "out" / ".newsbeam").mkdir(parents=True)
    os.chown(texts / "out" / ".newsbeam", 12345, 12345)
    assert command(texts, "--overwrite") == 2
    assert "belongs to another user (uid 12345)" in capsys.readouterr().err


def test_the_state_is_for_this_user_alone(tmp_path: Path) -> None:
    folder.make_state(str(tmp_path / ".newsbeam"))
    assert (tmp_path / ".newsbeam").stat().st_mode & 0o777 == 0o700
    (tmp_path / ".newsbeam").chmod(0o777)
    folder.check_state(str(tmp_path / ".newsbeam"))
    assert (tmp_path / ".newsbeam").stat().st_mode & 0o777 == 0o700


# --- damaged state, in clear words ----------------------------------------------------------------------------------

WRONG = {"cut": '{"account": "re', "empty": "", "another kind": "[1, 2]", "binary": "\x00\x01\x02"}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_damaged_manifest_is_named(texts: Path, results: Path, wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(results, texts / "out")
    (texts / "out" / "manifest.json").write_text(WRONG[wrong])
    for words in ((), ("--overwrite",), ("--resume",)):
        assert command(texts, *words) == 2
        assert f"{texts}/out/manifest.json is damaged" in capsys.readouterr().err
    assert main(["replay", str(texts / "out")]) == 2
    assert f"{texts}/out/manifest.json is damaged" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", WRONG)
def test_a_damaged_plan_is_named(texts: Path, wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    (texts / "out" / ".newsbeam").mkdir(parents=True)
    (texts / "out" / ".newsbeam" / "plan.json").write_text(WRONG[wrong])
    assert command(texts, "--resume") == 2
    said = capsys.readouterr().err
    assert f"{texts}/out/.newsbeam/plan.json is damaged" in said
    assert "--overwrite to start again" in said
    assert command(texts) == 2
    assert "with a damaged plan. Use --overwrite" in capsys.readouterr().err
    assert command(texts, "--overwrite") == 0


LETTERS = {
    "cut": b'{"origin": "a',
    "without an origin": b'{"form": "file", "source": "in"}\n',
    "another type": b'{"origin": 1, "form": "file", "source": "in"}\n',
    "a list": b"[]\n",
    "binary": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("name", ["dead-letters-00000-of-00001.jsonl", "dead-letters-00000-of-00001.jsonl.gz"])
@pytest.mark.parametrize("wrong", LETTERS)
def test_damaged_dead_letters_are_named(texts: Path, results: Path, wrong: str, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(results, texts / "out")
    (texts / "out" / "dead-letters-00000-of-00001.jsonl").unlink()
    (texts / "out" / name).write_bytes(LETTERS[wrong] if not name.endswith(".gz") else b"\x1f\x8b\x08\x00" + LETTERS[wrong])
    assert main(["replay", str(texts / "out")]) == 2
    said = capsys.readouterr().err
    assert f"{texts}/out/{name} is damaged at line 1" in said
    assert "run over the inputs again" in said


# --- inputs that were changed ---------------------------------------------------------------------------------------


def test_a_changed_input_of_the_same_size_is_done_again(
    texts: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*words: Any) -> None:
        raise OSError("the disk is full, say")

    with monkeypatch.context() as patch:
        patch.setattr(shards, "_write_shard", fail)
        assert command(texts) == 1
    path = texts / "in" / "1.txt"
    path.write_text("The council met, number 7.")
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
    capsys.readouterr()
    assert command(texts, "--resume") == 0
    assert "1 finished parts are processed again: they are damaged, or their inputs changed" in capsys.readouterr().err
    assert whole(texts / "out") == ["The council met, number 0.", "The council met, number 7.", "The council met, number 2."]


# --- where the results of a replay go -------------------------------------------------------------------------------


def test_replay_into_a_store_finds_a_free_folder(far: Path, texts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (texts / "in" / "bad.html").write_bytes(b"%PDF-1.7 \xff\xfe")
    out = "elsewhere://bucket/out"
    assert main(["run", str(texts / "in"), "-o", out, "-r", str(texts / "plain.yaml")]) == 0
    for number in (1, 2, 3):
        assert main(["replay", out]) in (0, 1)
        assert f"results go to {out}/replay-{number}" in capsys.readouterr().err
        assert (far / "bucket" / "out" / f"replay-{number}" / "manifest.json").exists()


# --- killed for real ------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_few_kills_of_an_overwriting_run(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "bench" / "kills.py"), "overwrite", "--kills", "3", "--folder", str(tmp_path), "--seed", "7"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 kills" in done.stdout
