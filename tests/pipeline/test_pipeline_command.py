"""The command end to end, as a person runs it: exit status, account, what lies in the output folder, what is said when."""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import pty
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from newsbeam import __version__
from newsbeam.cli import main
from newsbeam.config.job import WorkerConfig
from newsbeam.config.recipe_parser import load
from newsbeam.inputs.discovery import discover
from newsbeam.inputs.reader import Reader
from newsbeam.inputs.work_units import plan_work_units
from newsbeam.workers.process import process_batch

Newsbeam = Callable[..., Any]
Lines = Callable[[Path, str], list[Any]]

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ADDED = "2026-01-31T12:00:00Z"
HANG_SECONDS = 600
"""Only what truly hangs takes so long."""

ACCOUNT = re.compile(r"read (\d+) = written (\d+) \+ dropped (\d+) \+ failed (\d+)")


def account(line: str) -> tuple[int, int, int, int]:
    """(read, written, dropped, failed) of an account line, which adds up."""
    match = ACCOUNT.fullmatch(line)
    assert match, f"no account: {line!r}"
    read, written, dropped, failed = map(int, match.groups())
    assert read == written + dropped + failed
    return read, written, dropped, failed


def make_corpus(folder: Path) -> None:
    """Documents of several kinds and languages, some of which cannot become records: 10 of JSON lines, 16 others."""
    folder.mkdir()
    (folder / "deep").mkdir()
    for number in range(10):
        text = f"Council hears case {number}\n\nThe council met on Monday. “We will meet again,” said Jane Doe, the mayor.\n\nShare this\n"
        (folder / f"story-{number}.txt").write_text(text, encoding="utf-8")
    head = "<html><head><meta charset='iso-8859-1'><title>Seite</title></head><body><nav><a href='/'>Start</a></nav>"
    page = head + "<article><h1>Neue Linien</h1><p>{}</p></article></body></html>"
    paragraph = "Der Stadtrat stellte am Montag die neuen Nachtlinien vor. Die Bürgermeisterin sagte, die Züge fahren ab Mai. " * 3
    (folder / "deep" / "seite.html").write_text(page.format(paragraph), encoding="cp1252")
    (folder / "deep" / "뉴스.txt").write_text(
        "서울시는 월요일 새로운 버스 노선을 공개했다. 시장은 “더 듣겠다”고 말했다.\n", encoding="euc_kr"
    )
    (folder / "deep" / "empty.txt").write_text("")
    (folder / "deep" / "blank.html").write_text("<html><body></body></html>")
    (folder / "paper.html").write_bytes(b"%PDF-1.7 \xff\xfe")
    (folder / "cut.txt.gz").write_bytes(gzip.compress(os.urandom(2000).hex().encode())[:900])
    rows = [{"text": f"Dispatch {number}. The ferry is late, officials said.", "id": number} for number in range(8)]
    lines = [*map(json.dumps, rows[:4]), "no json", '{"colour": "x"}', *map(json.dumps, rows[4:])]
    (folder / "wire.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus") / "news"
    make_corpus(folder)
    return folder


@pytest.fixture(scope="module")
def done(corpus: Path, newsbeam_process: Newsbeam, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """The corpus run with the default recipe by one worker: (output folder, how it ended)."""
    out = tmp_path_factory.mktemp("done") / "out"
    return out, newsbeam_process("run", corpus, "--output", out, "--added", ADDED, "--workers", "1")


def final_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith(".")) if folder.exists() else []


# --- a whole run ----------------------------------------------------------------------------------------------------


def test_a_run_ends_with_the_account_and_status_0(done: tuple[Path, Any]) -> None:
    _, ran = done
    assert ran.status == 0, ran.err
    assert account(ran.account) == (26, 20, 2, 4)


def test_progress_is_for_terminals(done: tuple[Path, Any]) -> None:
    assert done[1].err == ""
    assert "\x1b" not in done[1].out


def test_the_table_says_what_came_and_what_went(done: tuple[Path, Any]) -> None:
    table = dict(re.findall(r"^ (\w+)  +(.*?) *$", done[1].out, re.M))
    assert set(table) == {"input", "languages", "removed", "translated", "attributions", "dropped", "failed", "slowest", "records"}
    assert "text/plain" in table["input"]
    assert "en 18" in table["languages"]
    assert "decode: DecodeError 3" in table["failed"]
    assert "read: EOFError 1" in table["failed"]


def test_the_folder_holds_the_files_of_the_contract_and_nothing_else(done: tuple[Path, Any]) -> None:
    out, _ = done
    assert sorted(path.name for path in out.iterdir()) == [
        "README.md",
        "dead-letters-00000-of-00001.jsonl",
        "documents-00000-of-00001.jsonl",
        "dropped-00000-of-00001.jsonl",
        "manifest.json",
    ]


def test_lines_and_account_agree(done: tuple[Path, Any], lines: Lines) -> None:
    out, _ = done
    assert [len(lines(out, stem)) for stem in ("documents", "dropped", "dead-letters")] == [20, 2, 4]
    origins = [
        row.get("origin") or row["metadata"]["origin"] for stem in ("documents", "dropped", "dead-letters") for row in lines(out, stem)
    ]
    assert len(set(origins)) == 26


def test_records_hold_what_the_contract_says(done: tuple[Path, Any], corpus: Path, lines: Lines) -> None:
    records = lines(done[0], "documents")
    assert all(record["added"] == ADDED and record["source"] == "news" for record in records)
    assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", record["id"]) for record in records)
    by_origin = {record["metadata"]["origin"]: record for record in records}
    korean = by_origin[f"{corpus}/deep/뉴스.txt"]
    assert (korean["language"], korean["metadata"]["encoding"]) == ("ko", "euc-kr")
    german = by_origin[f"{corpus}/deep/seite.html"]
    assert (german["language"], german["metadata"]["encoding"], german["title"]) == ("de", "windows-1252", "Neue Linien")
    assert by_origin[f"{corpus}/wire.jsonl#10"]["metadata"]["input_id"] == "7"
    assert by_origin[f"{corpus}/story-3.txt"]["attributions"]


def test_the_manifest_names_every_input_with_size_and_hash(done: tuple[Path, Any], corpus: Path) -> None:
    manifest = json.loads((done[0] / "manifest.json").read_bytes())
    inputs = {entry["path"]: (entry["bytes"], entry["sha256"]) for entry in manifest["inputs"]}
    paths = [path for path in corpus.rglob("*") if path.is_file()]
    assert inputs == {
        str(path): (path.stat().st_size, sha256(path.read_bytes()).hexdigest()) for path in paths if path.name != "cut.txt.gz"
    } | {str(corpus / "cut.txt.gz"): (900, "")}
    assert manifest["counts"] == {"read": 26, "documents": 20, "dropped": 2, "dead_letters": 4}
    assert [processor["name"] for processor in manifest["recipe"]["processors"]] == [
        "boilerplate",
        "length",
        "language",
        "translation",
        "attribution",
    ]


def test_dead_letters_say_stage_error_and_where(done: tuple[Path, Any], corpus: Path, lines: Lines) -> None:
    letters = {letter["origin"]: (letter["stage"], letter["error"]) for letter in lines(done[0], "dead-letters")}
    assert letters == {
        f"{corpus}/cut.txt.gz": ("read", "EOFError"),
        f"{corpus}/paper.html": ("decode", "DecodeError"),
        f"{corpus}/wire.jsonl#5": ("decode", "DecodeError"),
        f"{corpus}/wire.jsonl#6": ("decode", "DecodeError"),
    }


def test_two_workers_write_the_same_bytes(done: tuple[Path, Any], corpus: Path, newsbeam: Newsbeam, tmp_path: Path) -> None:
    ran = newsbeam(
        "run", corpus, "--output", tmp_path, "--added", ADDED, "--workers", "2", "--direct_num_workers", "1"
    )  # Beam's own option
    assert ran.status == 0, ran.err
    assert ran.account == done[1].account
    for path in sorted(done[0].glob("d*.jsonl")):
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_file_by_file_gives_the_same_records(done: tuple[Path, Any], corpus: Path) -> None:
    made: dict[str, bytes] = {}
    setup = WorkerConfig(load(None), ADDED, 0, __version__)
    chain = setup.recipe.chain(setup.version, setup.added)
    for path in [path for path in corpus.rglob("*") if path.is_file()]:
        for share in plan_work_units(discover([str(path)]).sources):
            raws = [raw for bundle in Reader(32 << 20).read(share) for raw in bundle.raws]
            for raw in raws:
                made[raw.origin] = process_batch([raw], chain, setup).documents
    for line in (done[0] / "documents-00000-of-00001.jsonl").read_bytes().splitlines(keepends=True):
        origin = json.loads(line)["metadata"]["origin"]
        # A file named outright belongs to the collection of its own folder.
        assert made[origin].replace(b'"source":"deep"', b'"source":"news"') == line


def test_a_second_run_is_refused_and_changes_nothing(done: tuple[Path, Any], corpus: Path, newsbeam: Newsbeam) -> None:
    before = {path: path.read_bytes() for path in done[0].iterdir()}
    ran = newsbeam("run", corpus, "--output", done[0])
    assert ran.status == 2
    assert "already holds results" in ran.err
    assert "--overwrite" in ran.err
    assert ran.out == ""
    assert {path: path.read_bytes() for path in done[0].iterdir()} == before


def test_resuming_what_is_finished_says_so(done: tuple[Path, Any], corpus: Path, newsbeam: Newsbeam) -> None:
    ran = newsbeam("run", corpus, "--output", done[0], "--resume")
    assert ran.status == 0
    assert "is finished; nothing to resume" in ran.err
    assert ran.account == done[1].account


def test_overwriting_replaces_results_and_touches_nothing_else(newsbeam: Newsbeam, lines: Lines, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "a.txt").write_text("One line of words.")
    old = ("documents-00000-of-00002.jsonl", "documents-00001-of-00002.jsonl", "dropped-00000-of-00001.jsonl.gz")
    for name in old:
        (out / name).write_text("old")
    about = {
        "account": "",
        "counts": {},
        "versions": {"newsbeam": "0"},
        "files": [{"name": name} for name in (*old, "notes.txt", "../a.txt")],
    }
    (out / "manifest.json").write_text(json.dumps(about))
    (out / "notes.txt").write_text("mine")
    (out / "README.md").write_text("What I wrote about them.")
    ran = newsbeam("run", tmp_path / "a.txt", "--output", out, "--overwrite", "--format", "parquet")
    assert ran.status == 0, ran.err
    assert account(ran.account) == (1, 1, 0, 0)
    assert "README.md was edited; it will be kept as README.md.bak" in ran.err
    assert (out / "README.md.bak").read_text() == "What I wrote about them."
    assert (tmp_path / "a.txt").exists()
    assert final_names(out) == [
        "README.md",
        "README.md.bak",
        "dead-letters-00000-of-00001.jsonl",
        "documents-00000-of-00001.parquet",
        "dropped-00000-of-00001.jsonl",
        "manifest.json",
        "notes.txt",
    ]
    assert (out / "notes.txt").read_text() == "mine"


def test_without_an_editing_processor_text_is_the_input_to_the_character(newsbeam: Newsbeam, lines: Lines, tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    texts = {
        "a.txt": "  one\r\n\r\n\r\ntwo\t \n\n\n\u00a0three\u2028four\u200b é e\u0301\n\n Share this\n",
        "b.html": "<html>\r\n<body><p>One &amp; two</p>\n\n<!-- x --></body></html>\n",
        "c.md": "# Title\n\n* a\n* b\n",
    }
    for name, text in texts.items():
        (source / name).write_bytes(text.encode())
    texts["d.jsonl#1"] = "\n\tJSON \u0000 \r\n text "
    (source / "d.jsonl").write_text(json.dumps({"text": texts["d.jsonl#1"]}))
    (tmp_path / "exact.yaml").write_text("source: gold\nprocessors: []\n")
    ran = newsbeam("run", source, "-o", tmp_path / "out", "-r", tmp_path / "exact.yaml")
    assert ran.status == 0, ran.err
    found = {os.path.relpath(row["metadata"]["origin"], source): row["text"] for row in lines(tmp_path / "out", "documents")}
    assert found == texts
    assert {row["source"] for row in lines(tmp_path / "out", "documents")} == {"gold"}


# --- cut short, resumed ---------------------------------------------------------------------------------------------

FILES, RECORDS = 6, 8


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Files so large that each makes a part of its own."""
    folder = tmp_path / "large"
    folder.mkdir()
    filler = "x" * 600_000
    for number in range(FILES):
        rows = [json.dumps({"text": f"Story {number}-{record}. {filler}"}) for record in range(RECORDS)]
        (folder / f"{number}.jsonl").write_text("\n".join(rows) + "\n")
    return folder


def slow(tmp_path: Path, seconds: float) -> tuple[Path, Path]:
    """(recipe, log): a recipe whose processor sleeps, and notes what it was given."""
    recipe, log = tmp_path / "slow.yaml", tmp_path / "log"
    recipe.write_text(f"processors:\n  - nasty_processors:Slow: {{seconds: {seconds}, log: {log}}}\n")
    log.write_text("")
    return recipe, log


def test_a_killed_run_is_resumed_without_loss_or_double(large: Path, newsbeam: Newsbeam, lines: Lines, tmp_path: Path) -> None:
    out = tmp_path / "out"
    recipe, log = slow(tmp_path, 0.05)
    words = ["run", str(large), "--output", str(out), "--recipe", str(recipe), "--added", ADDED]
    env = {**os.environ, "PYTHONPATH": f"{ROOT}/.src{os.pathsep}{HERE}"}
    process = subprocess.Popen([sys.executable, "-m", "newsbeam.cli", *words, "--workers", "2"], env=env, cwd=ROOT, stderr=subprocess.PIPE)
    parts = out / ".newsbeam" / "parts"
    deadline = time.monotonic() + HANG_SECONDS
    while len(finished := list(parts.glob("*.json"))) < 2 and time.monotonic() < deadline:
        assert process.poll() is None, "it ended before it could be killed"
        assert final_names(out) == []
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    # What the orphaned workers had in hand they finish, and note; standard error closes with the last of them.
    process.communicate(timeout=HANG_SECONDS)
    finished = list(parts.glob("*.json"))
    assert 2 <= len(finished) < FILES
    assert final_names(out) == []
    before = log.read_text().splitlines()

    refused = newsbeam(*words, path=HERE)
    assert refused.status == 2
    assert "an interrupted run. Use --resume to continue it" in refused.err

    other = newsbeam(*words, "--resume", "--max-document-mb", "5", path=HERE)
    assert other.status == 2
    assert "the limits changed" in other.err

    ran = newsbeam(*words, "--resume", path=HERE)
    assert ran.status == 0, ran.err
    assert account(ran.account) == (FILES * RECORDS, FILES * RECORDS, 0, 0)
    expected = [f"{large}/{number}.jsonl#{record + 1}" for number in range(FILES) for record in range(RECORDS)]
    assert [row["metadata"]["origin"] for row in lines(out, "documents")] == expected
    assert [row["text"].partition(".")[0] for row in lines(out, "documents")] == [
        f"Story {n}-{r}" for n in range(FILES) for r in range(RECORDS)
    ]
    again = log.read_text().splitlines()[len(before) :]
    of_finished_parts = {f"{large}/{path.name.split('-')[0][-1]}.jsonl" for path in finished}
    assert len(of_finished_parts) == len(finished)
    assert not [origin for origin in again if origin.partition("#")[0] in of_finished_parts], "a finished part was processed again"
    assert len(again) == (FILES - len(finished)) * RECORDS
    manifest = json.loads((out / "manifest.json").read_bytes())
    assert [entry["path"] for entry in manifest["inputs"]] == [f"{large}/{number}.jsonl" for number in range(FILES)]
    assert sorted(path.name for path in out.iterdir() if path.name.startswith(".")) == []


def test_a_run_that_fails_says_so_with_status_1_and_publishes_nothing(newsbeam: Newsbeam, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("One line of words.")
    (tmp_path / "bad.yaml").write_text("processors: ['nasty_processors:NoStart']\n")
    ran = newsbeam("run", tmp_path / "a.txt", "--output", tmp_path / "out", "--recipe", tmp_path / "bad.yaml", path=HERE)
    assert ran.status == 1
    assert "newsbeam: the run failed: " in ran.err
    assert "no licence on this machine" in ran.err
    assert "0 of 1 documents begun are kept. Run the same command again" in ran.err
    assert not (tmp_path / "out" / ".newsbeam").exists()
    assert ran.out == ""
    assert final_names(tmp_path / "out") == []


def test_one_run_at_a_time_in_one_folder(newsbeam: Newsbeam, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("One line of words.")
    (tmp_path / "out").mkdir()
    with (tmp_path / "out" / ".newsbeam-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = newsbeam("run", tmp_path / "a.txt", "--output", tmp_path / "out")
    assert ran.status == 2
    assert "another run is writing to" in ran.err


# --- replay ---------------------------------------------------------------------------------------------------------


def test_replay_takes_repaired_inputs(newsbeam: Newsbeam, lines: Lines, tmp_path: Path) -> None:
    source, out = tmp_path / "news", tmp_path / "out"
    make_corpus(source)
    (source / "odd#7.txt").write_bytes(b"%PDF-1.7")
    (tmp_path / "plain.yaml").write_text("source: mine\nprocessors: [length]\n")
    first = newsbeam("run", source, "--output", out, "--recipe", tmp_path / "plain.yaml")
    assert account(first.account) == (27, 21, 1, 5)
    assert "newsbeam replay " not in first.out  # none of these errors passes by itself

    (source / "paper.html").write_text("<html><body><p>Now it is a page.</p></body></html>")
    (source / "odd#7.txt").write_text("Now it is words.")
    (source / "cut.txt.gz").write_bytes(gzip.compress(b"Now it is whole."))
    fixed = (source / "wire.jsonl").read_text().replace("no json", '{"text": "Now it is JSON."}')
    (source / "wire.jsonl").write_text(fixed)
    again = newsbeam("replay", out)
    assert again.status == 0, again.err
    assert f"5 dead letters of {out}; results go to {out}/replay-1" in again.err
    assert account(again.account) == (5, 4, 0, 1)
    found = {row["metadata"]["origin"]: row["text"] for row in lines(out / "replay-1", "documents")}
    assert found == {
        f"{source}/paper.html": "<html><body><p>Now it is a page.</p></body></html>",
        f"{source}/odd#7.txt": "Now it is words.",
        f"{source}/cut.txt.gz": "Now it is whole.",
        f"{source}/wire.jsonl#5": "Now it is JSON.",
    }
    assert [letter["origin"] for letter in lines(out / "replay-1", "dead-letters")] == [f"{source}/wire.jsonl#6"]
    assert {row["source"] for row in lines(out / "replay-1", "documents")} == {"mine"}
    assert {row["metadata"]["processed_by"] for row in lines(out / "replay-1", "documents")} == {f"newsbeam v{__version__} length"}


@pytest.mark.parametrize("folder", ["nowhere", "."])
def test_replay_of_what_is_no_run(newsbeam: Newsbeam, tmp_path: Path, folder: str) -> None:
    ran = newsbeam("replay", folder, cwd=tmp_path)
    assert ran.status == 2
    assert "is not the output folder of a finished run" in ran.err


def test_a_folder_with_nothing_in_it_is_a_run_of_nothing(newsbeam: Newsbeam, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    ran = newsbeam("run", tmp_path / "empty", "--output", tmp_path / "out")
    assert f"{tmp_path}/empty: no documents in this folder" in ran.err
    assert ran.status == 0
    assert account(ran.account) == (0, 0, 0, 0)
    assert "manifest.json" in final_names(tmp_path / "out")
    assert "submitted" not in ran.err


def test_replay_of_a_run_without_dead_letters(newsbeam: Newsbeam, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"account": "", "counts": {}, "recipe": {"text": "processors: []"}}))
    ran = newsbeam("replay", tmp_path)
    assert ran.status == 0
    assert account(ran.account) == (0, 0, 0, 0)


def test_a_name_that_is_no_utf8_costs_that_document_at_most(newsbeam_process: Newsbeam, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "good.txt").write_text("One line of words.")
    (tmp_path / "in" / os.fsdecode(b"caf\xe9.txt")).write_text("Another line of words.")
    ran = newsbeam_process("run", tmp_path / "in", "--output", tmp_path / "out")
    assert ran.status == 0
    read, written, _, _ = account(ran.account)
    assert read == 2
    assert written >= 1


# --- the terminal ---------------------------------------------------------------------------------------------------


def test_on_a_terminal_progress_is_drawn(newsbeam: Newsbeam, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("".join(json.dumps({"text": f"Story {number}."}) + "\n" for number in range(40)))
    recipe, _ = slow(tmp_path, 0.02)
    ours, theirs = pty.openpty()
    words = ["run", str(tmp_path / "a.jsonl"), "--output", str(tmp_path / "out"), "--recipe", str(recipe)]
    env = {**os.environ, "PYTHONPATH": f"{ROOT}/.src{os.pathsep}{HERE}", "TERM": "xterm-256color", "COLUMNS": "120"}
    process = subprocess.Popen([sys.executable, "-m", "newsbeam.cli", *words], env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    drawn = b""
    while True:
        try:
            block = os.read(ours, 65536)
        except OSError:  # the other side is closed
            break
        if not block:
            break
        drawn += block
    out, _ = process.communicate(timeout=HANG_SECONDS)
    os.close(ours)
    assert process.returncode == 0
    assert b"\x1b[" in drawn
    assert b"documents" in drawn
    assert account(out.decode().splitlines()[-1]) == (40, 40, 0, 0)
    assert b"\x1b" not in out, "standard output is no terminal"


def test_help_answers_in_little_time(newsbeam_process: Newsbeam) -> None:
    """0.4 s of processor time: a clock on the wall would measure the machine's other work."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = newsbeam_process("--help")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert ran.status == 0
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.4
    assert all(
        word in ran.out for word in ("run INPUT... --output DIR", "explain FILE", "list", "check RECIPE", "replay DIR", "Exit status")
    )


def test_ctrl_c_before_anything_was_begun(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def loading(_arguments: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setitem(main.COMMANDS, "run", loading)
    assert main.main(["run"]) == 1
    assert capsys.readouterr().err == "newsbeam: interrupted\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rnu"], "no command 'rnu'; did you mean 'run'?"),
        (
            ["frobnicate"],
            "no command 'frobnicate'; the commands are run, watch, explain, view, sample, report",
        ),
        (["run"], "the following arguments are required: "),
        (["run", "-o", "out"], "no input given: name files or folders"),
        (["run", "in.txt"], "the following arguments are required: -o/--output"),
        (["run", "in.txt", "--ouput", "out"], "did you mean '--output'?"),
        (["run", "in.txt", "-o", "out", "--overwrit"], "unknown option '--overwrit'; did you mean '--overwrite'?"),
        (["run", "in.txt", "-o", "out", "--worker", "2"], "unknown option '--worker'; did you mean '--workers'?"),
        (["run", "in.txt", "-o", "out", "--xyzzy-q=3"], "unknown option '--xyzzy-q'; neither newsbeam nor Beam has it"),
        (["run", "in.txt", "-o", "out", "--direct_num_worker", "1"], "did you mean '--direct_num_workers'?"),
        (["run", "in.txt", "-o", "out", '--beam_servces={"a": "b"}'], "unknown option '--beam_servces'; did you mean '--beam_services'?"),
        (["run", "in.txt", "-o", "out", "--runner", "prism", "--prism_location=a b"], "--prism_location a b does not exist"),
        (["run", "in.txt", "-o", "out", "--workers", "0"], "'0' is not a positive integer"),
        (["run", "in.txt", "-o", "out", "--time-limit", "-3"], "'-3' is not a number of seconds"),
        (["run", "in.txt", "-o", "out", "--time-limit", "soon"], "'soon' is not a number of seconds"),
        (["run", "in.txt", "-o", "out", "--compress", "rar"], "invalid choice: 'rar'"),
        (["run", "in.txt", "-o", "out", "--format", "parquet", "--compress", "gzip"], "--compress gzip does not apply to --format parquet"),
        (["run", "in.txt", "-o", "out", "--added", "yesterday"], "is not an ISO 8601 time"),
        (["run", "in.txt", "-o", "out", "--overwrite", "--resume"], "not allowed with argument"),
        (["run", "on.txt", "-o", "out"], "no such file or folder: on.txt; did you mean in.txt?"),
        (["run", "*.html", "-o", "out"], "nothing matches *.html"),
        (["run", "in.txt", "-o", "in.txt"], "--output in.txt is a file; name a folder"),
        (["run", "in.txt", "-o", "in.txt/out"], "cannot write to --output in.txt/out"),
        (["run", "in.txt", "-o", "out", "-r", "nowhere.yaml"], "nowhere.yaml: No such file"),
        (["run", "in.txt", "-o", "out", "-r", "bad.yaml"], "bad.yaml:2: "),
        (["check", "bad.yaml"], "bad.yaml:2: no processor 'lenght' is installed"),
        (["check"], "the following arguments are required: RECIPE"),
        (["explain", "nowhere.txt"], "no such file or folder: nowhere.txt"),
        (["explain", "."], "is a folder; name one file"),
        (["explain", "in.txt", "--record", "2"], "in.txt has no record 2"),
        (["list", "more"], "unrecognized arguments: more"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_command_line_is_answered_with_what_would_help(newsbeam: Newsbeam, words: list[str], said: str, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("One line of words.")
    (tmp_path / "bad.yaml").write_text("processors:\n  - lenght\n")
    ran = newsbeam(*words, cwd=tmp_path)
    assert ran.status == 2
    assert ran.err.startswith("newsbeam: ")
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert ran.out == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.yaml", "in.txt"], "nothing was made"


def test_no_command_at_all_shows_the_help(newsbeam: Newsbeam) -> None:
    ran = newsbeam()
    assert ran.status == 2
    assert "usage: newsbeam COMMAND" in ran.out
    assert newsbeam("--version").out == f"newsbeam {__version__}\n"


# --- check, list, explain -------------------------------------------------------------------------------------------


def test_check_says_what_would_run(newsbeam: Newsbeam, tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text("processors:\n  - boilerplate\n  - length: {min_chars: 5}\n")
    (tmp_path / "none.yaml").write_text("processors: []\n")
    assert newsbeam("check", tmp_path / "good.yaml").out == "recipe is valid: boilerplate → length\n"
    ran = newsbeam("check", tmp_path / "none.yaml")
    assert (ran.status, ran.out) == (0, "recipe is valid, but has no processors: text is not changed\n")


def test_list_shows_each_processor_its_origin_and_options(newsbeam: Newsbeam) -> None:
    ran = newsbeam("list")
    assert ran.status == 0
    names = re.findall(rf"^(\S+)  newsbeam {re.escape(__version__)}, ", ran.out, re.M)
    assert names == sorted(names)
    assert {"attribution", "boilerplate", "language", "length", "translation"} <= set(names)
    assert (
        f"length  newsbeam {__version__}, newsbeam.transforms.length:Length\n  selects; options: min_chars=1, max_chars=0\n  Drop documents"
        in ran.out
    )


def test_explain_shows_what_was_done(newsbeam: Newsbeam, tmp_path: Path) -> None:
    path = tmp_path / "[odd] name.txt"
    path.write_text(
        "Council hears case\n\nThe council met on Monday. “We will [b]meet[/b] again,” said Jane Doe, the mayor.\n\n"
        "Share this on Facebook\n"
    )
    ran = newsbeam("explain", path)
    assert ran.status == 0, ran.err
    assert "[odd] name.txt" in ran.out
    for said in (
        "boilerplate edits",
        "language annotates",
        "attribution annotates",
        "Jane Doe",
        "We will [b]meet[/b] again",
        "Share this on Facebook",
        "en",
    ):
        assert said in ran.out, said
    assert "\x1b" not in ran.out


def test_explain_shows_chains_and_ids(newsbeam: Newsbeam, tmp_path: Path) -> None:
    path = tmp_path / "chain.txt"
    path.write_text("The bridge will stay closed for the winter, the minister told Le Monde, Reuters reported.\n")
    said = " ".join(newsbeam("explain", path).out.split())
    assert "via Le Monde [le-monde] via Reuters [reuters]" in said


def test_explain_of_one_record_of_several(newsbeam: Newsbeam, corpus: Path) -> None:
    ran = newsbeam("explain", corpus / "wire.jsonl", "--record", "4")
    assert "wire.jsonl#4" in ran.out
    assert "Dispatch 3." in ran.out
    failed = newsbeam("explain", corpus / "wire.jsonl", "--record", "5")
    assert failed.status == 0
    assert "failed" in failed.out
    assert "at decode: DecodeError" in failed.out
    dropped = newsbeam("explain", corpus / "deep" / "empty.txt")
    assert "decode dropped it: empty" in dropped.out
