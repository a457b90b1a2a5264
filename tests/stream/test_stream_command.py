"""`newsbeam run --source` before and after the graph: what it refuses, the number of a run, what it takes away and tells."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from newsbeam.cli.main import main
from newsbeam.config.job import Job, WorkerConfig
from newsbeam.config.recipe_parser import parse as recipe
from newsbeam.config.settings import DocumentSettings, OutputSettings, RunnerSettings, StreamSettings
from newsbeam.inputs.statuses import OK_STATUSES
from newsbeam.sources.message import Message
from newsbeam.sources.uri import parse
from newsbeam.storage.manifest import Account
from newsbeam.storage.output_layout import STREAM_STATE_DIR, WATCH_STATE_DIR
from newsbeam.streaming import reporting, run_records
from newsbeam.transforms.fields import USUAL_NAMES

CASES = yaml.safe_load((Path(__file__).parent / "command_cases.yaml").read_text("utf-8"))
SEEDS = Path(__file__).parents[2] / "seeds"


def prepared(folder: Path) -> dict[str, str]:
    """The places that the cases name."""
    places = {"SEEDS": SEEDS, **{name: folder / name.lower() for name in ("OUT", "FILE", "WATCHED", "FINISHED", "STREAMED", "SITE")}}
    places["FILE"].write_text("")
    places["SITE"].write_text("{site_template: true, processors: [boilerplate]}")
    (places["WATCHED"] / WATCH_STATE_DIR).mkdir(parents=True)
    places["FINISHED"].mkdir()
    manifest = '{"account": "read 1 = written 1 + dropped 0 + failed 0", "versions": {"newsbeam": "0.1.0"}}'
    (places["FINISHED"] / "manifest.json").write_text(manifest)
    (places["STREAMED"] / STREAM_STATE_DIR).mkdir(parents=True)
    (places["STREAMED"] / STREAM_STATE_DIR / "run-1.json").write_text("{}")
    return {name: str(path) for name, path in places.items()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["words"])
def test_what_is_refused_says_what_would_help(tmp_path: Path, case: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    if case.get("gcp"):
        pytest.importorskip("google.cloud.pubsub", reason="pip install 'newsbeam[gcp]'")
    places = prepared(tmp_path)
    assert main(["run", *(places.get(word, word) for word in case["words"].split())]) == 2
    assert case["says"] in capsys.readouterr().err
    assert not list(Path(places["STREAMED"]).glob("manifest*"))


def test_pub_sub_without_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("newsbeam.storage.filesystem.find_spec", lambda name: None)
    assert main(["run", "--source", "pubsub://projects/news-project/topics/t", "--output", str(tmp_path)]) == 2
    assert "pip install 'newsbeam[gcp]'" in capsys.readouterr().err


def test_dead_letters_of_messages_are_not_replayed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    places = prepared(tmp_path)
    assert main(["replay", places["STREAMED"]]) == 2
    assert "send those again" in capsys.readouterr().err


def settings(runner: str) -> StreamSettings:
    documents = DocumentSettings(None, "", None, 10.0, 32 << 20, USUAL_NAMES, OK_STATUSES, None)
    output = OutputSettings("out", "jsonl", "none")
    return StreamSettings("kafka://localhost:9092/news", 60, 5, output, documents, RunnerSettings(runner, {}))


def test_each_run_has_a_number_of_its_own(tmp_path: Path) -> None:
    of = Job(WorkerConfig(recipe("processors: [length]"), "", 5.0, "0"), str(tmp_path))
    asked = settings("prism")
    source = parse(asked.source)
    assert [run_records.allocate_run_number(of, source, asked) for _ in range(3)] == [1, 2, 3]
    about = json.loads((tmp_path / STREAM_STATE_DIR / "run-2.json").read_bytes())
    assert (about["source"], about["window"], about["runner"]) == (asked.source, 60, "prism")
    assert 'path: "documents-*.jsonl"' in (tmp_path / "README.md").read_text()


def test_what_a_killed_run_had_only_begun_is_taken_away(tmp_path: Path) -> None:
    """Of runs of this machine: an engine's may be going on."""
    of = Job(WorkerConfig(recipe("processors: [length]"), "", 5.0, "0"), str(tmp_path))
    for runner in ("direct", "flink"):
        asked = settings(runner)
        run_records.allocate_run_number(of, parse(asked.source), asked)
    window = "20261122T093000"
    finished = [f"manifest-{window}-run1.json", f"documents-{window}-run1-00000.jsonl", f"dropped-{window}-run1-00000.jsonl.gz"]
    begun = [
        f"documents-{window}-run1-late1-00000.jsonl",
        f"dead-letters-{window}-run1-late2-00000.jsonl.zst",
        f"documents-{window}-run1-00001.jsonl.0123abc.tmp",
        f"manifest-{window}-run1-late1.json.0123abc.tmp",
    ]
    others = [f"documents-{window}-run2-00000.jsonl", f"documents-{window}-run2-00001.jsonl.0123abc.tmp", "documents-of-mine.jsonl"]
    for name in (*finished, *begun, *others):
        (tmp_path / name).write_text("")
    for number in (1, 2):
        (tmp_path / STREAM_STATE_DIR / f"seen-{number}").write_text("")
    run_records.allocate_run_number(of, parse(asked.source), asked)
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {*finished, *others, "README.md"}
    assert [path.name for path in (tmp_path / STREAM_STATE_DIR).glob("seen-*")] == ["seen-2"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_the_counts_of_an_earlier_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The whole command; only the connector is another one, which has an end."""
    pytest.importorskip("google.cloud.pubsub", reason="pip install 'newsbeam[gcp]'")
    from apache_beam.testing.test_stream import TestStream as Stream_
    from apache_beam.transforms.window import TimestampedValue

    pitch = "Every reader of ours gets a wooden spoon and a song"

    def page(word: str, host: str = "a.example") -> bytes:
        text = f"The mayor opened the {word} bridge in heavy rain.\n{pitch}\nBoats of the {word} harbour passed beneath it all night."
        return json.dumps({"text": text, "url": f"https://{host}/{word}"}).encode() + b"\n"

    places = prepared(tmp_path)
    (tmp_path / "old.jsonl").write_bytes(b"".join(map(page, "east west north south upper lower".split())))
    assert main(["run", str(tmp_path / "old.jsonl"), "-o", str(tmp_path / "counted"), "-r", places["SITE"]]) == 0
    start = int(time.time()) // 60 * 60 - 600
    messages = [Message(f"pubsub://p@{number}", text) for number, text in enumerate((page("new"), page("new", "b.example")))]
    source = Stream_().advance_watermark_to(start).add_elements([TimestampedValue(one, start + 1) for one in messages])
    monkeypatch.setattr("newsbeam.sources.connect.read", lambda pipeline, *_: pipeline | source.advance_watermark_to_infinity())
    words = ["run", "--source", "pubsub://projects/news-project/subscriptions/s", "-o", places["OUT"], "-r", places["SITE"], "-j", "1"]
    assert main([*words, "--template", str(tmp_path / "counted")]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "read 2 = written 2 + dropped 0 + failed 0"
    out = Path(places["OUT"])
    rows = [json.loads(line) for path in out.glob("documents-*.jsonl") for line in path.read_bytes().splitlines()]
    assert {row["url"]: pitch in row["text"] for row in rows} == {"https://a.example/new": False, "https://b.example/new": True}
    (about,) = (json.loads(path.read_bytes()) for path in out.glob("manifest-*.json"))
    used = json.loads((tmp_path / "counted" / "manifest.json").read_bytes())["site_counts"]["sha256"]
    assert about["site_counts"] == {"sha256": used, "file": "", "template": str(tmp_path / "counted")}
    kept = out / STREAM_STATE_DIR / "site-template-1"
    assert kept.read_bytes() == (tmp_path / "counted" / "site-counts.zst").read_bytes()
    run_records.allocate_run_number(Job(WorkerConfig(recipe("processors: []"), "", 5.0, "0"), str(out)), parse(words[2]), settings("prism"))
    assert not kept.exists()


def manifest(folder: Path, name: str, account: str, **counts: int) -> None:
    about: dict[str, Any] = {"account": account, "counts": {"read": sum(counts.values()), **counts}}
    (folder / f"manifest-20261122T{name}.json").write_text(json.dumps(about))


def test_what_is_told_adds_up_over_this_run_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = reporting.ManifestReporter(Job(WorkerConfig(recipe("processors: []"), "", 5.0, "0"), str(tmp_path)), 2)
    manifest(tmp_path, "093000-run1", "read 9 = written 9 + dropped 0 + failed 0", documents=9)
    manifest(tmp_path, "093000-run2", "read 3 = written 2 + dropped 0 + failed 1", documents=2, dead_letters=1)
    told.look()
    manifest(tmp_path, "093000-run2-late1", "read 1 = written 0 + dropped 1 + failed 0", dropped=1)
    manifest(tmp_path, "093000-run21", "read 9 = written 9 + dropped 0 + failed 0", documents=9)
    told.look()
    assert told.total == Account(4, documents=2, dropped=1, dead_letters=1)
    assert not told.wrong
    assert capsys.readouterr().err.count("\n") == 2
    manifest(tmp_path, "094000-run2", "read 2 = written 2 + dropped 0 + failed 0, which is not what was written: 1 documents", documents=2)
    told.look()
    assert told.wrong == ["manifest-20261122T094000-run2.json"]
