"""The Beam graph with one engine pinned: bounded files, an unbounded stream window by window, accounts that add up."""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.test_pipeline import TestPipeline as CheckedPipeline
from apache_beam.testing.test_stream import TestStream as Stream
from apache_beam.testing.util import assert_that
from apache_beam.transforms.window import FixedWindows, TimestampedValue
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsbeam.batch.graph import Process, Publish, build_graph
from newsbeam.config.job import Job, WorkerConfig
from newsbeam.config.recipe_parser import parse
from newsbeam.inputs import reader, work_units
from newsbeam.inputs.discovery import discover
from newsbeam.inputs.formats import jsonl
from newsbeam.inputs.splitting import split
from newsbeam.inputs.work_units import RawBatch, plan_work_units
from newsbeam.outputs.parts import finished_parts
from newsbeam.transforms.document import Raw

NASTY = Path(__file__).parents[1] / "pipeline"


@pytest.fixture(autouse=True)
def reachable() -> Iterator[None]:
    """The nasty processors can be imported here and in worker processes."""
    sys.path.insert(0, str(NASTY))
    yield
    sys.path.remove(str(NASTY))


def job(folder: Path, recipe: str = "[length]", **others: Any) -> Job:
    return Job(WorkerConfig(parse(f"processors: {recipe}"), "2026-01-01T00:00:00Z", 5.0, "0"), str(folder), **others)


def bounded(inputs: Sequence[Path], of: Job, finished: Sequence[str] = (), spread: bool = False) -> dict[str, Any]:
    """Run the graph over files with Beam's FnApiRunner; the manifest."""
    shares = plan_work_units(discover([str(path) for path in inputs], of.output).sources)
    with CheckedPipeline(runner="FnApiRunner", options=PipelineOptions([])) as pipeline:
        manifests = build_graph(pipeline, shares, of, finished, spread)
        assert_that(manifests, one_manifest)
    manifest: dict[str, Any] = json.loads((Path(of.output) / "manifest.json").read_bytes())
    return manifest


def one_manifest(manifests: Sequence[Any]) -> None:
    """What the graph gives: one manifest."""
    assert len(manifests) == 1


def rows(folder: Path, stem: str) -> list[dict[str, Any]]:
    return [json.loads(line) for path in sorted(folder.glob(f"{stem}-*.jsonl")) for line in path.read_bytes().splitlines()]


def test_bounded_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_units, "UNIT_FILES", 3)  # several shares
    source = tmp_path / "in"
    source.mkdir()
    for number in range(8):
        (source / f"{number}.txt").write_text(f"Story {number}." if number != 4 else "  ")
    (source / "a.jsonl").write_text('{"text":"one"}\nno json\n{"text":"three"}\n')
    out = tmp_path / "out"
    manifest = bounded([source], job(out))
    assert manifest["account"] == "read 11 = written 9 + dropped 1 + failed 1"
    assert [row["text"] for row in rows(out, "documents")] == [*(f"Story {number}." for number in range(8) if number != 4), "one", "three"]
    assert len(manifest["inputs"]) == 9
    assert {row["metadata"]["processed_by"] for row in rows(out, "documents")} == {"newsbeam v0 length"}


def story(number: int) -> str:
    return f"Story {number}. " * (number % 7 + 1)


def warc(number: int) -> bytes:
    body = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + story(number).encode()
    return b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n" % (len(body), body)


def large_files(folder: Path) -> Path:
    """One of each kind that is cut, one of them cut short."""
    folder.mkdir()
    numbers = range(120)
    (folder / "a.jsonl").write_text("".join(json.dumps({"text": story(number)}) + "\n" for number in numbers))
    (folder / "b.warc").write_bytes(b"".join(map(warc, numbers)))
    (folder / "c.warc.gz").write_bytes(b"".join(gzip.compress(warc(number), mtime=0) for number in numbers))
    (folder / "d.warc.gz").write_bytes((folder / "c.warc.gz").read_bytes()[:-30])
    pq.write_table(pa.table({"text": [story(number) for number in numbers]}), folder / "e.parquet", row_group_size=20)
    return folder


@pytest.mark.parametrize("stretches", [False, True])
@pytest.mark.parametrize(("workers", "spread"), [(2, False), (1, True)])
def test_more_workers_or_a_shuffle_give_the_same_bytes(
    tmp_path: Path, workers: int, spread: bool, stretches: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = large_files(tmp_path / "in")
    if stretches:
        monkeypatch.setattr(work_units, "UNIT_BYTES", 100)
        monkeypatch.setattr(work_units, "SPLIT_BYTES", 1000)
        monkeypatch.setattr(jsonl, "_BLOCK_BYTES", 500)
    one, other = tmp_path / "one", tmp_path / "other"
    first = bounded([source], job(one, shard_bytes=40_000))
    assert first["account"] == "read 600 = written 599 + dropped 0 + failed 1"
    assert all(
        entry["sha256"] == sha256(Path(entry["path"]).read_bytes()).hexdigest()
        for entry in first["inputs"]
        if "d.warc" not in entry["path"]
    )
    second = bounded([source], job(other, workers=workers, shard_bytes=40_000), spread=spread)
    assert {key: second[key] for key in ("account", "files", "inputs")} == {key: first[key] for key in ("account", "files", "inputs")}
    assert len(list(one.glob("documents*"))) > 3 or not stretches
    assert [path.read_bytes() for path in sorted(one.glob("d*"))] == [path.read_bytes() for path in sorted(other.glob("d*"))]


def test_cutting_changes_no_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = large_files(tmp_path / "in")
    bounded([source], job(tmp_path / "whole"))
    monkeypatch.setattr(work_units, "UNIT_BYTES", 100)
    monkeypatch.setattr(work_units, "SPLIT_BYTES", 1000)
    monkeypatch.setattr(jsonl, "_BLOCK_BYTES", 500)
    bounded([source], job(tmp_path / "cut"))
    for stem in ("documents", "dead-letters"):
        assert rows(tmp_path / "cut", stem) == rows(tmp_path / "whole", stem)


def test_no_document_is_shuffled_before_it_is_cleaned(tmp_path: Path) -> None:
    """Between reading and the names of parts there are only steps that fuse; what is shuffled are shares."""
    (tmp_path / "a.jsonl").write_text('{"text":"one"}\n')
    of = job(tmp_path / "out")
    pipeline = beam.Pipeline(runner="FnApiRunner", options=PipelineOptions([]))
    build_graph(pipeline, plan_work_units(discover([str(tmp_path / "a.jsonl")]).sources), of, (), spread=True)
    transforms = pipeline.to_runner_api().components.transforms.values()
    # What hands on its input as it is does nothing either.
    leaves = [one for one in transforms if not one.subtransforms and not set(one.outputs.values()) & set(one.inputs.values())]
    makes = {output: one for one in leaves for output in one.outputs.values()}

    def before(output: str) -> Iterator[Any]:
        """The steps on the way to a collection, the last one first."""
        while one := makes.get(output):
            yield one
            output = next(iter(one.inputs.values()), "")

    (write,) = [one for one in leaves if one.unique_name.endswith("process/write")]
    way = list(before(next(iter(write.inputs.values()))))
    names = [one.unique_name for one in way]
    (end,) = [place for place, name in enumerate(names) if name == "read"]
    assert names[:end] == ["process/work"], names
    assert {one.spec.urn for one in [write, *way[: end + 1]]} == {"beam:transform:pardo:v1"}
    assert any(one.spec.urn == "beam:transform:group_by_key:v1" for one in way[end + 1 :]), "shares are shuffled, or one worker gets all"
    shuffles = [one.unique_name for one in leaves if one.spec.urn == "beam:transform:group_by_key:v1"]
    assert len(shuffles) == 3, f"twice for the shares, and once for the names of the parts: {shuffles}"


def test_finished_parts_are_taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_units, "SPLIT_BYTES", 400)
    source = tmp_path / "in"
    source.mkdir()
    # No line end at the end: what becomes of a file that ends where a stretch does is a test of reading.
    (source / "a.jsonl").write_text("\n".join(json.dumps({"text": f"Story {number}."}) for number in range(60)))
    of = job(tmp_path / "out")
    shares = plan_work_units(discover([str(source)]).sources)
    with CheckedPipeline(runner="FnApiRunner", options=PipelineOptions([])) as pipeline:
        # As far as a run that is cut short before it publishes.
        _ = pipeline | beam.Create(shares) | beam.FlatMap(split) | beam.FlatMap(reader.Reader(1 << 20).read) | Process(of)
    parts = sorted(finished_parts(of))
    assert len(parts) > 2
    for stale in (parts[0], parts[-1]):
        for path in Path(of.parts).glob(f"{stale}*"):
            path.unlink()
    (marked,) = Path(of.parts).glob(f"{parts[1]}.*.documents")
    marked.write_bytes(marked.read_bytes().replace(b"Story", b"Fable"))
    manifest = bounded([source], of, parts[1:-1])
    assert manifest["account"] == "read 60 = written 60 + dropped 0 + failed 0"
    texts = [row["text"] for row in rows(tmp_path / "out", "documents")]
    assert [text.replace("Fable", "Story") for text in texts] == [f"Story {number}." for number in range(60)]
    assert any(text.startswith("Fable") for text in texts)
    assert [entry["path"] for entry in manifest["inputs"]] == [str(source / "a.jsonl")]


# --- unbounded ------------------------------------------------------------------------------------------------------


def message(number: int, text: str) -> RawBatch:
    """One message of a queue, as a source that knows of no parts wraps it."""
    return RawBatch("", (Raw(f"queue#{number}", text.encode(), "text", inline=True),))


def windows(folder: Path) -> dict[str, tuple[str, list[str]]]:
    """Per window: its account, and the texts written for it."""
    found = {}
    for path in sorted(folder.glob("manifest-*.json")):
        window = path.stem.removeprefix("manifest-")
        texts = [row["text"] for row in rows(folder, f"documents-{window}")]
        found[window] = (json.loads(path.read_bytes())["account"], sorted(texts))
    return found


EXPECTED = {
    "19700101T000000": ("read 3 = written 2 + dropped 1 + failed 0", ["at 0", "at 20"]),
    "19700101T000100": ("read 2 = written 1 + dropped 0 + failed 1", ["at 70"]),
    "19700101T000300": ("read 1 = written 1 + dropped 0 + failed 0", ["at 200"]),
}


MESSAGES = [(0, "at 0"), (20, "at 20"), (40, " "), (70, "at 70"), (80, "raise"), (200, "at 200")]


def test_an_unbounded_stream_is_published_window_by_window(tmp_path: Path) -> None:
    stream = Stream()
    for number, (at, text) in enumerate(MESSAGES, 1):
        stream = stream.advance_watermark_to(at + 0.001 * number) if number > 1 else stream
        stream = stream.add_elements([TimestampedValue(message(number, text), at + 1)])
    stream = stream.advance_watermark_to_infinity()
    of = job(tmp_path, "[length, 'nasty_processors:Nasty']")
    # FnApiRunner knows no TestStream; this is Beam's own engine for it.
    options = PipelineOptions([], streaming=True)
    with CheckedPipeline(runner="BundleBasedDirectRunner", options=options) as pipeline:
        _ = pipeline | stream | beam.WindowInto(FixedWindows(60)) | Process(of) | Publish(of)
    assert windows(tmp_path) == EXPECTED
    (letter,) = rows(tmp_path, "dead-letters")
    assert letter["origin"] == "queue#5"
    assert letter["payload"] == "cmFpc2U="
    assert not list(Path(of.parts).iterdir())


def test_windows_on_the_pinned_engine(tmp_path: Path) -> None:
    """The same, in one bundle over several windows."""
    of = job(tmp_path, "[length, 'nasty_processors:Nasty']")
    elements = [TimestampedValue(message(number, text), at + 1) for number, (at, text) in enumerate(MESSAGES, 1)]
    with CheckedPipeline(runner="FnApiRunner", options=PipelineOptions([])) as pipeline:
        bundles = pipeline | beam.Create(elements) | beam.Map(lambda element: element)
        _ = bundles | beam.WindowInto(FixedWindows(60)) | Process(of) | Publish(of)
    assert windows(tmp_path) == EXPECTED


# --- accounting -----------------------------------------------------------------------------------------------------

ACTS = {
    "good": "documents",
    "": "dropped",
    "unwanted": "dropped",
    "raise": "dead_letters",
    "half": "documents",
    "\ufffe\0" * 20: "dead_letters",
}


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(sorted(ACTS)), max_size=40), st.booleans(), st.integers(1, 2))
def test_accounts_add_up_whatever_fails(tmp_path_factory: pytest.TempPathFactory, acts: list[str], crash: bool, workers: int) -> None:
    source, out = tmp_path_factory.mktemp("in"), tmp_path_factory.mktemp("out")
    texts = ["good", *acts, *(["exit"] if crash else [])]
    for number, text in enumerate(texts):
        (source / f"{number:03d}.txt").write_bytes(text.encode())
    manifest = bounded([source], job(out, "['nasty_processors:Nasty', length]", workers=workers))
    expect = [ACTS.get(text, "dead_letters") for text in texts]
    counts = {"read": len(texts), **{kind: expect.count(kind) for kind in ("documents", "dropped", "dead_letters")}}
    assert manifest["counts"] == counts
    for stem, kind in (("documents", "documents"), ("dropped", "dropped"), ("dead-letters", "dead_letters")):
        found = [int(Path(row.get("origin") or row["metadata"]["origin"]).stem) for row in rows(out, stem)]
        assert found == [number for number, one in enumerate(expect) if one == kind]
