"""How a run ends, and what the screen says of it: exit status, the commonest failures, what was hardly kept, and no escape code."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from ran import Ran

from newsbeam.cli import main
from newsbeam.config.failure_cases import MAX_ORIGINS, Cases
from newsbeam.console import summary
from newsbeam.console.terminal import Places, escape_controls
from newsbeam.outputs.manifest import MAX_REASONS, add_counts
from newsbeam.transforms.decode import media_type_to_count

Newsbeam = Callable[..., Any]

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

GOOD = '{"text": "The council met on Monday. The ferry will sail again, officials said."}'


@pytest.fixture
def newsbeam(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Newsbeam:
    """The command, run in this process: Beam is loaded once."""
    monkeypatch.syspath_prepend(HERE)
    monkeypatch.setenv("COLUMNS", "200")  # the paths of temporary files are not folded
    before = signal.getsignal(signal.SIGTERM)

    def run(*words: str | Path) -> Ran:
        capfd.readouterr()
        try:
            status = main.main([*map(str, words)])
        finally:
            signal.signal(signal.SIGTERM, before)
        return Ran(status, *capfd.readouterr())

    return run


def write(folder: Path, **files: str | bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name.replace("__", ".")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


# --- the exit status ------------------------------------------------------------------------------------------------

HALF = f"{GOOD}\nno json\n{GOOD}\nno json either\n"


@pytest.mark.parametrize(
    ("rows", "options", "status", "said"),
    [
        (HALF, [], 0, ""),
        (HALF, ["--max-failed", "100%"], 0, ""),
        (HALF, ["--max-failed", "50%"], 0, ""),
        (HALF, ["--max-failed", "2"], 0, ""),
        (HALF, ["--max-failed", "49.9%"], 1, "2 of 4 failed, more than --max-failed 49.9% allows: exit status 1"),
        (HALF, ["--max-failed", "1"], 1, "2 of 4 failed, more than --max-failed 1 allows"),
        (HALF, ["--max-failed", "0"], 1, "more than --max-failed 0 allows"),
        (GOOD, ["--max-failed", "0"], 0, ""),
        ("no json\n", [], 1, "no records were written: exit status 1. 1 read, 1 failed, 0 dropped"),
        ('{"text": " "}\n', [], 1, "no records were written: exit status 1. 1 read, 0 failed, 1 dropped"),
        ("", ["--max-failed", "0"], 0, "no documents in this folder"),
    ],
)
def test_the_exit_status(newsbeam: Newsbeam, tmp_path: Path, rows: str, options: list[str], status: int, said: str) -> None:
    recipe = write(tmp_path, recipe__yaml="processors: [length]") / "recipe.yaml"
    folder = write(tmp_path / "in", rows__jsonl=rows) if rows else write(tmp_path / "in")
    done = newsbeam("run", folder, "--output", tmp_path / "out", "--recipe", recipe, *options)
    assert done.status == status, done.err
    assert said in done.err
    assert ("exit status 1" in done.err) == (status == 1)
    assert re.fullmatch(r"read \d+ = written \d+ \+ dropped \d+ \+ failed \d+", done.account)  # the last line, whatever the status
    assert (tmp_path / "out" / "manifest.json").exists()  # what was written stays
    again = newsbeam("run", folder, "--output", tmp_path / "out", "--recipe", recipe, *options, "--resume")
    assert (again.status, again.account) == (status, done.account)


@pytest.mark.parametrize("text", ["1.5", "-1", "101%", "x", "%", "nan", "nan%", "inf"])
def test_what_is_no_allowance_is_a_wrong_command_line(newsbeam: Newsbeam, tmp_path: Path, text: str) -> None:
    done = newsbeam("run", ROOT / "seeds", "--output", tmp_path / "out", f"--max-failed={text}")
    assert done.status == 2
    assert "is neither a number of documents, such as 20, nor a percentage" in done.err


def test_replay_is_judged_as_well(newsbeam: Newsbeam, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", rows__jsonl=HALF)
    recipe = write(tmp_path, recipe__yaml="processors: []") / "recipe.yaml"
    assert newsbeam("run", folder, "--output", tmp_path / "out", "--recipe", recipe).status == 0
    done = newsbeam("replay", tmp_path / "out")
    assert (done.status, done.account) == (1, "read 2 = written 0 + dropped 0 + failed 2")


@pytest.mark.parametrize("act", ["exit 3", ""])
def test_workers_that_cannot_start_end_a_run_with_the_reason(newsbeam: Newsbeam, tmp_path: Path, act: str) -> None:
    recipe = write(tmp_path, recipe__yaml=f"processors: ['nasty_processors:NoStart': {{act: {act!r}}}]") / "recipe.yaml"
    done = newsbeam("run", ROOT / "seeds", "--output", tmp_path / "out", "--recipe", recipe)
    assert done.status == 1
    assert ("ended with status 3 while starting" if act else "RuntimeError: no licence on this machine") in done.err
    assert not (tmp_path / "out" / "manifest.json").exists()


def test_sigterm_ends_a_run_as_ctrl_c_does(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", rows__jsonl=f"{GOOD}\n" + '{"text": "gate"}\n')
    recipe = write(tmp_path, recipe__yaml=f"processors: ['nasty_processors:Gate': {{folder: {tmp_path}}}]") / "recipe.yaml"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / ".src"), str(HERE)])}
    command = [
        sys.executable,
        "-m",
        "newsbeam.cli",
        "run",
        folder,
        "--output",
        tmp_path / "out",
        "--recipe",
        recipe,
        "--time-limit",
        "0",
    ]
    with subprocess.Popen([*map(str, command)], env=env, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        for _ in range(15000):
            if (tmp_path / "reached").exists() or process.poll() is not None:
                break
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=600)
    assert process.returncode == 1
    assert said == "newsbeam: interrupted\nnewsbeam: 0 of 2 documents begun are kept. Run the same command again\n"


# --- the table ------------------------------------------------------------------------------------------------------


def table(out: str) -> str:
    """The table as one line of words."""
    return " ".join(out.split())


def test_the_commonest_failures_stand_in_the_table_and_the_manifest(newsbeam: Newsbeam, tmp_path: Path) -> None:
    bad = ["no json", "neither\x1b[31m", '{"x": 1}', '["a"]', '"a"', '"b"', '"c"']
    folder = write(tmp_path / "in", a__jsonl="\n".join([GOOD, *bad]), b__jsonl="\n".join([*bad, GOOD]), c__html=b"%PDF-1.7 \xff")
    recipe = write(tmp_path, recipe__yaml="processors: []") / "recipe.yaml"
    manifests = []
    for workers in ("1", "3"):
        done = newsbeam("run", folder, "--output", tmp_path / workers, "--recipe", recipe, "--workers", workers)
        assert done.status == 0, done.err
        manifests.append(json.loads((tmp_path / workers / "manifest.json").read_text()))
    assert manifests[0]["failures"] == manifests[1]["failures"]
    failures = manifests[0]["failures"]
    assert [(one["documents"], Path(one["first"]).name) for one in failures[:2]] == [(6, "a.jsonl#6"), (4, "a.jsonl#2")]
    assert sum(one["documents"] for one in failures) == manifests[0]["counts"]["dead_letters"] == 15
    assert all(str(tmp_path) not in one["message"] for one in failures)
    shown = table(done.out)
    assert "6 × decode: DecodeError: is a JSON str, not an object" in shown
    assert shown.count("cure:") == 3
    assert "replay" not in shown  # no use


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        *[(name, True) for name in ("DocumentTimeout", "WorkerCrash", "MemoryError", "OSError", "TimeoutError", "PermissionError")],
        *[(name, False) for name in ("DecodeError", "ZeroDivisionError", "RecordError", "SpanError", "print", "", "IsADirectoryError")],
    ],
)
def test_replay_is_for_errors_that_may_pass(error: str, passes: bool) -> None:
    assert summary.may_pass(error) == passes


def test_a_time_limit_is_answered_with_replay(newsbeam: Newsbeam, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", rows__jsonl=f'{GOOD}\n{{"text": "hang in Python"}}\n')
    recipe = write(tmp_path, recipe__yaml="processors: ['nasty_processors:Nasty']") / "recipe.yaml"
    done = newsbeam("run", folder, "--output", tmp_path / "out", "--recipe", recipe, "--time-limit", "0.5")
    assert "took longer than 0.5 s" in table(done.out)
    assert "--time-limit 60" in table(done.out)
    assert re.search(r"^ again +newsbeam replay ", done.out, re.M)


def test_pages_of_which_little_was_kept_are_counted_by_host(newsbeam: Newsbeam, tmp_path: Path) -> None:
    links = "".join(f"<li><a href='/{number}'>Section number {number}</a></li>" for number in range(300))
    page = f"<html><body><nav><ul>{links}</ul></nav><article><p>The council met on Monday.</p></article></body></html>"
    urls = ["http://www.one.example/a", "https://one.example/b", "http://two.example/", "http://one.example:80/c"]
    rows = [json.dumps({"html": page, "url": url}) for url in urls]
    folder = write(tmp_path / "in", rows__jsonl="\n".join([GOOD, *rows]))
    recipe = write(tmp_path, recipe__yaml="processors: [boilerplate]") / "recipe.yaml"
    done = newsbeam("run", folder, "--output", tmp_path / "out", "--recipe", recipe)
    little = json.loads((tmp_path / "out" / "manifest.json").read_text())["little_kept"]
    assert little["documents"] == 4
    assert [Path(origin).name for origin in little["first"]] == ["rows.jsonl#2", "rows.jsonl#3", "rows.jsonl#4"]
    assert [(one["host"], one["documents"]) for one in little["hosts"]] == [("one.example", 3), ("two.example", 1)]
    shown = table(done.out)
    assert "less than 5 % of the words of 4 documents: one.example 3, two.example 1" in shown
    assert shown.count("rows.jsonl#") == 3


case = st.tuples(
    st.sampled_from(["failed", "other"]),
    st.tuples(st.sampled_from("ab"), st.sampled_from("0123456789")),
    st.just(1),
    st.tuples(st.text()),
    st.just("m"),
)


@given(st.lists(case), st.lists(st.integers(0, 40)), st.integers(1, 12))
def test_cases_add_up_the_same_however_they_come_in_batches(cases: list[Any], cuts: list[int], limit: int) -> None:
    """A part's cases depend on its input alone, and none is lost."""
    whole, pieces = Cases(limit), Cases(limit)
    whole.add(cases)
    places = sorted({0, *(cut for cut in cuts if cut < len(cases)), len(cases)})
    for start, stop in pairwise(places):
        pieces.add(json.loads(json.dumps(cases[start:stop])))
    assert whole.rows() == pieces.rows()
    assert sum(row[2] for row in whole.rows()) == len(cases)
    assert all(len(row[3]) <= MAX_ORIGINS for row in whole.rows())
    for kind in ("failed", "other"):
        assert len({row[1] for row in whole.rows() if row[0] == kind}) <= limit + 2


def test_reasons_are_few(tmp_path: Path) -> None:
    from collections import Counter

    total: Counter[str] = Counter()
    add_counts(total, ((f"reason/mine: because of {number}", 1) for number in range(5000)))
    assert len(total) == MAX_REASONS + 1
    assert sum(total.values()) == 5000
    assert total["reason/mine: other reasons"] == 5000 - MAX_REASONS


@given(st.text())
def test_media_types_are_few(text: str) -> None:
    assume(media_type_to_count(f"application/{text}") != f"application/{text}")  # xml and pdf have labels of their own
    counted = {media_type_to_count(text), media_type_to_count(f"application/{text}"), media_type_to_count(f"image/x-{text}")}
    assert counted <= {*map(media_type_to_count, ("application/x-", "image/x-", "z")), text} or counted <= {
        text,
        "application/…",
        "image/…",
        "other",
        "",
    }
    assert media_type_to_count("application/pdf") == "application/pdf"


# --- what reaches a terminal ----------------------------------------------------------------------------------------

ESCAPES = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
EVIL = "a\x1b]0;title\x07\x1b[2J\x9b31m\u202eb\r\x7f"


@given(st.text())
def test_visible_text_holds_nothing_that_moves_a_cursor(text: str) -> None:
    assert not ESCAPES.search(escape_controls(text))
    assert "\n" not in escape_controls(text)
    lines = escape_controls(text, lines=True)
    assert not ESCAPES.search(lines.replace("\t", ""))
    assert lines.count("\n") == text.count("\n")
    lines.encode()
    places = Places(text)
    assert [places(place) for place in range(len(text) + 1)] == [
        len(escape_controls(text[:place], lines=True)) for place in range(len(text) + 1)
    ]


def warc(content_type: str, body: bytes = b"body", fields: str = "") -> bytes:
    """A record with a response; `fields` are more of its own, each with its line end."""
    http = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n\r\n".encode() + body
    head = "WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-000000000001>\r\n"
    head += (
        "WARC-Target-URI: http://example.org/\r\nWARC-Date: 2024-01-01T00:00:00Z\r\nContent-Type: application/http; msgtype=response\r\n"
    )
    return f"{head}{fields}Content-Length: {len(http)}\r\n\r\n".encode() + http + b"\r\n\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", *(pytest.param(name, marks=pytest.mark.slow) for name in ("latin-1", "ascii"))])
def test_no_escape_code_of_a_document_a_name_or_an_archive_reaches_the_screen(tmp_path: Path, encoding: str) -> None:
    name = EVIL.replace("/", "")
    page = f"<html><head><title>{EVIL}\\\\\\</title><meta name='author' content='{EVIL}'></head>"
    page += f"<body><p>The ferry {EVIL} sails, “it is ready,” said Jane {EVIL} Doe.</p></body></html>"
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / f"{name}.html").write_text(page, encoding="utf-8")
    (folder / f"{name}\n.pdf.html").write_bytes(b"%PDF-1.7 \xff")
    (folder / f"{name}.nothing").write_bytes(b"x")
    (folder / "a.warc").write_bytes(warc("text/x\x1b[31m") + warc("image/\x9bx"))
    env = {**os.environ, "PYTHONPATH": str(ROOT / ".src"), "PYTHONIOENCODING": encoding, "COLUMNS": "300"}
    for words in (
        ["run", folder, "--output", tmp_path / "out"],
        ["explain", folder / f"{name}.html"],
        ["explain", folder / f"{name}\n.pdf.html"],
        ["explain", tmp_path / f"{name}\n"],
        ["run", tmp_path / f"{name}\n", "--output", tmp_path / "out2"],
        ["check", tmp_path / f"{name}\n"],
        ["plan", "1M", "--sample", tmp_path / f"{name}\n"],
        ["watch", tmp_path / "in" / f"{name}.html", "--output", folder / f"{name}.html"],
        [f"{name}\n"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "newsbeam.cli", *map(str, words)],
            env=env,
            cwd=tmp_path,
            capture_output=True,
            timeout=600,
            check=False,
        )
        said = (done.stdout + done.stderr).decode("latin-1" if encoding == "latin-1" else "utf-8")
        assert "Traceback" not in said
        assert not ESCAPES.search(said), (words[0], said)
        if done.returncode:  # what is wide is folded
            assert "x7f\n" not in said, (words[0], said)
        assert done.returncode == (0 if words[0] in ("run", "explain") and Path(str(words[1])).exists() else 2)
        assert "\\x1b]0;" in said, words[0]


def test_bodies_that_an_archive_has_in_part_are_counted(newsbeam: Newsbeam, tmp_path: Path) -> None:
    page = b"<p>The ferry sails again, and the pier is open.</p>" * 9
    packed = gzip.compress(page)
    bodies = [(packed, ""), (packed[:-12], ""), (packed, "WARC-Truncated: length\r\n")]
    archive = [warc("text/html\r\nContent-Encoding: gzip", body, fields) for body, fields in bodies]
    (tmp_path / "a.warc").write_bytes(b"".join(archive))
    done = newsbeam("run", tmp_path / "a.warc", "--output", tmp_path / "out")
    assert done.account == "read 3 = written 3 + dropped 0 + failed 0"
    assert "incomplete 2: truncated or damaged in the archive" in table(done.out)
