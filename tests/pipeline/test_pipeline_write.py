"""From finished batches to files: shards by size, the same records in every format, nothing under a final name too early."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest
import yaml
import zstandard

from newsbeam.config.job import Job, WorkerConfig
from newsbeam.config.recipe_parser import parse
from newsbeam.config.results import BatchResult
from newsbeam.errors import AccountError
from newsbeam.inputs.work_units import PartSummary
from newsbeam.outputs import data_card, schema
from newsbeam.outputs import parts as outputs_parts
from newsbeam.outputs.parts import PartWriter, finished_parts, part_path
from newsbeam.outputs.shards import publish
from newsbeam.storage import filesystem, output_layout
from newsbeam.storage.output_formats import all_extensions
from newsbeam.transforms.document import RECORD_KEYS, STRING_KEYS, Attribution, Document, LanguageRun, Span, Speaker, Via


def job(folder: Path, form: str = "jsonl", shard_bytes: int = 1 << 20) -> Job:
    setup = WorkerConfig(parse("source: news\nprocessors: [length]"), "2026-01-01T00:00:00Z", 10.0, "9.9")
    made = Job(setup, str(folder), form, shard_bytes=shard_bytes)
    filesystem.make_folder(made.state)
    return made


def record(number: int, full: bool = False) -> dict[str, Any]:
    text = f"Story {number}: “So it is,” she said."
    document = Document(text=text, id=f"sha256:{number}", source="news", language_score=0.5)
    if not full:
        return document.record_fields()
    said = Attribution("direct", (Span.of(text, 0, 5),), Span.of(text, 2, 4), Speaker(-1, -1, "", "she"), (Via(-1, -1, "", "Radio"),), 0.5)
    return Document(text=text, id=f"sha256:{number}", attributions=(said,), languages=(LanguageRun(0, 5, "en", 1.0),)).record_fields()


def batch(numbers: Sequence[int], dropped: int = 0, dead: int = 0, full: bool = False) -> BatchResult:
    """What became of some inputs: a document for each number, and so many lines of the other two kinds."""
    lines = b"".join(orjson.dumps(record(number, full)) + b"\n" for number in numbers)
    counts = {
        "bytes": 10,
        "documents": len(numbers),
        "dropped": dropped,
        "dead_letters": dead,
        "ns/length": 5_000_000,
        "calls/length": len(numbers),
    }
    return BatchResult(lines, b'{"reason":"empty"}\n' * dropped, b'{"error":"E"}\n' * dead, tuple(sorted(counts.items())))


def part(of: Job, name: str, *batches: BatchResult, end: PartSummary | None = None) -> str:
    """A finished part, with an end that fits unless another is given."""
    writer = PartWriter(of, name)
    for one in batches:
        writer.add(one, sum(dict(one.counts).get(kind, 0) for kind in output_layout.OUTPUTS))
    return writer.commit(end or PartSummary(writer.report.out, ((f"in/{name}.txt", 10, "00"),)))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def records(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    payload = path.read_bytes()
    if path.suffix == ".gz":
        payload = gzip.decompress(payload)
    elif path.suffix == ".zst":
        payload = zstandard.ZstdDecompressor().decompressobj().decompress(payload)
    return [json.loads(line) for line in payload.splitlines()]


@pytest.mark.parametrize("form", all_extensions())
def test_every_format_holds_the_same_records(tmp_path: Path, form: str) -> None:
    of = job(tmp_path, form)
    parts = [part(of, "b", batch([3], full=True)), part(of, "a", batch([1], 1, 1), batch([2], full=True))]
    manifest = publish(of, parts)
    assert manifest.account == "read 5 = written 3 + dropped 1 + failed 1"
    other = "jsonl" if form == "parquet" else form
    assert names(tmp_path) == [
        "README.md",
        f"dead-letters-00000-of-00001.{other}",
        f"documents-00000-of-00001.{form}",
        f"dropped-00000-of-00001.{other}",
        "manifest.json",
    ]
    expected = [json.loads(orjson.dumps(one)) for one in (record(1), record(2, True), record(3, True))]
    found = records(tmp_path / f"documents-00000-of-00001.{form}")
    assert found == expected
    assert all(list(row) == list(RECORD_KEYS) for row in found)
    assert records(tmp_path / f"dropped-00000-of-00001.{other}") == [{"reason": "empty"}]


@pytest.mark.parametrize("form", all_extensions())
def test_the_same_records_are_the_same_bytes(tmp_path: Path, form: str) -> None:
    seen = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        of = job(folder, form)
        publish(of, [part(of, "a", batch(range(50), full=True)), part(of, "b", batch([99]))])
        seen.append([path.read_bytes() for path in sorted(folder.glob("d*"))])
    assert seen[0] == seen[1]


def test_shards_are_closed_after_the_part_that_fills_them(tmp_path: Path) -> None:
    size = len(batch([1]).documents)
    of = job(tmp_path, shard_bytes=2 * size)
    manifest = publish(of, [part(of, f"{number}", batch([number])) for number in range(5)])
    made = {file.name: file.records for file in manifest.files if file.name.startswith("documents")}
    assert made == {f"documents-0000{number}-of-00003.jsonl": count for number, count in enumerate([2, 2, 1])}
    assert [row["id"] for path in sorted(tmp_path.glob("documents-*")) for row in records(path)] == [
        f"sha256:{number}" for number in range(5)
    ]
    assert [file.bytes for file in manifest.files if file.name.startswith("documents")] == [2 * size, 2 * size, size]


@pytest.mark.parametrize("left", [[], ["a"], ["b"]], ids=["all gone", "a is left", "b is left"])
def test_what_was_published_is_not_published_again(tmp_path: Path, left: list[str]) -> None:
    # An engine whose machine died in the last moment has it done again elsewhere; the parts are gone, or some of them.
    of = job(tmp_path)
    names_of_parts = [part(of, "a", batch([1])), part(of, "b", batch([2]))]
    manifest = publish(of, names_of_parts)
    for name in left:
        part(of, name, batch([3]))
    assert publish(of, names_of_parts) == manifest
    assert [row["id"] for row in records(tmp_path / "documents-00000-of-00001.jsonl")] == ["sha256:1", "sha256:2"]


def test_parts_are_counted_while_they_come(tmp_path: Path) -> None:
    of = job(tmp_path)
    seen: dict[str, Any] = {}
    assert outputs_parts.count_parts(of, seen) == (0, 0)
    of_two = [part(of, "a", batch([1])), part(of, "b", batch([2, 3], 1))]
    assert outputs_parts.count_parts(of, seen) == (2, 4)
    publish(of, of_two)
    assert outputs_parts.count_parts(of, seen) == (2, 4)


def test_parts_that_are_gone_before_anything_was_published(tmp_path: Path) -> None:
    of = job(tmp_path)
    with pytest.raises(FileNotFoundError):
        publish(of, [part(of, "a", batch([1])), "gone"])


@pytest.mark.parametrize("form", all_extensions())
def test_nothing_at_all_is_still_a_whole_folder(tmp_path: Path, form: str) -> None:
    of = job(tmp_path, form)
    manifest = publish(of, [part(of, "a", batch([], 2))])
    assert manifest.account == "read 2 = written 0 + dropped 2 + failed 0"
    assert records(tmp_path / f"documents-00000-of-00001.{form}") == []


@pytest.mark.parametrize(("read", "taken"), [(4, 3), (2, 3)], ids=["a line is missing", "a line too many"])
def test_an_account_that_does_not_add_up_is_an_error(tmp_path: Path, read: int, taken: int) -> None:
    of = job(tmp_path)
    parts = [part(of, "good", batch([1])), part(of, "bad", batch(range(taken)), end=PartSummary(read))]
    with pytest.raises(AccountError, match=rf"read {read + 1} = written {taken + 1} .* does not balance \(parts bad\)") as caught:
        publish(of, parts)
    assert of.state in str(caught.value)
    assert names(tmp_path) == []


def test_a_loss_in_one_part_is_not_made_good_by_another(tmp_path: Path) -> None:
    of = job(tmp_path)
    parts = [part(of, "lost", batch([1]), end=PartSummary(2)), part(of, "doubled", batch([2, 2]), end=PartSummary(1))]
    with pytest.raises(AccountError):
        publish(of, parts)


def test_parts_without_an_end_are_counted_by_what_was_taken(tmp_path: Path) -> None:
    of = job(tmp_path)
    writer = PartWriter(of, "bundle-1")
    writer.add(batch([1, 2], 1), 3)
    assert publish(of, [writer.commit(None)]).account == "read 3 = written 2 + dropped 1 + failed 0"
    writer = PartWriter(of, "bundle-2")
    writer.add(batch([1, 2], 1), 4)
    with pytest.raises(AccountError):
        publish(of, [writer.commit(None)])


def test_nothing_has_a_final_name_before_the_end(tmp_path: Path) -> None:
    of = job(tmp_path)
    writer = PartWriter(of, "a")
    writer.add(batch([1], 1, 1), 3)
    assert names(tmp_path) == []
    assert all(path.name.endswith(".tmp") for path in Path(of.parts).iterdir())
    assert finished_parts(of) == []
    writer.commit(PartSummary(3))
    assert names(tmp_path) == []
    assert finished_parts(of) == ["a"]
    publish(of, ["a"])
    assert "manifest.json" in names(tmp_path)


def test_what_was_not_committed_is_not_counted_and_can_be_done_again(tmp_path: Path) -> None:
    of = job(tmp_path)
    cut = PartWriter(of, "a")
    cut.add(batch([1, 2, 3]), 3)  # and no more: as if killed
    part(of, "b", batch([4]))
    assert finished_parts(of) == ["b"]
    part(of, "a", batch([1, 2, 3]))
    assert publish(of, finished_parts(of)).account == "read 4 = written 4 + dropped 0 + failed 0"
    for stream in cut._streams.values():
        stream.close()


def test_a_part_done_twice_counts_once(tmp_path: Path) -> None:
    of = job(tmp_path)
    for _ in range(2):
        part(of, "a", batch([1, 2]))
    assert publish(of, ["a", "a"]).account == "read 2 = written 2 + dropped 0 + failed 0"


def test_of_a_part_done_twice_at_a_time_one_counts_whole(tmp_path: Path) -> None:
    # The one that was given up is late: between the other's lines and its report.
    of = job(tmp_path)
    lost = PartWriter(of, "a")
    lost.add(batch([1], 0, 1), 2)
    kept = PartWriter(of, "a")
    kept.add(batch([1, 2]), 2)
    lost.commit(PartSummary(2))
    kept.commit(PartSummary(2))
    report = outputs_parts.load_report(of, "a")
    lost_again = PartWriter(of, "a")
    lost_again.add(batch([2], 0, 1), 2)
    lost_again.commit(PartSummary(2))
    assert len(Path(part_path(of, report, "documents")).read_bytes().splitlines()) == report.counts["documents"] == 2
    assert publish(of, ["a"]).account == "read 2 = written 1 + dropped 0 + failed 1"
    assert [row["id"] for row in records(tmp_path / "documents-00000-of-00001.jsonl")] == ["sha256:2"]


def test_a_worker_that_comes_late_finds_no_place(tmp_path: Path) -> None:
    of = job(tmp_path)
    late = PartWriter(of, "a")
    late.add(batch([1]), 1)
    filesystem.delete(of.state)  # as a run does that is over
    with pytest.raises(FileNotFoundError):
        late.commit(PartSummary(1))
    with pytest.raises(FileNotFoundError):
        PartWriter(of, "b").add(batch([1]), 1)
    with pytest.raises(FileNotFoundError):
        PartWriter(of, "c").commit(PartSummary(0))
    assert not Path(of.state).exists()


def test_publishing_cleans_up_after_itself(tmp_path: Path) -> None:
    of = job(tmp_path)
    publish(of, [part(of, "a", batch([1], 1, 1))])
    assert list(Path(of.parts).iterdir()) == []


class _Killed(BaseException):
    pass


def test_a_part_counts_only_while_its_lines_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of = job(tmp_path)
    made = part(of, "a", batch([1], 1, 1))
    real, left = filesystem.delete, 1

    def delete(path: str) -> None:
        nonlocal left
        if not left:
            raise _Killed
        left -= 1
        real(path)

    monkeypatch.setattr(filesystem, "delete", delete)
    with pytest.raises(_Killed):
        publish(of, [made])
    for name in finished_parts(of):
        for kind in output_layout.OUTPUTS:
            assert Path(part_path(of, outputs_parts.load_report(of, name), kind)).exists()


def test_windows_are_told_apart(tmp_path: Path) -> None:
    of = job(tmp_path)
    publish(of, [part(of, "a", batch([1]))], "20260101T000000")
    publish(of, [part(of, "b", batch([2]))], "20260101T000100")
    assert [name for name in names(tmp_path) if name.startswith(("documents", "manifest"))] == [
        "documents-20260101T000000-00000-of-00001.jsonl",
        "documents-20260101T000100-00000-of-00001.jsonl",
        "manifest-20260101T000000.json",
        "manifest-20260101T000100.json",
    ]


def test_the_manifest_says_how_it_was_made(tmp_path: Path) -> None:
    of = job(tmp_path)
    publish(of, [part(of, "a", batch([1, 2], 1, 1))])
    manifest = json.loads((tmp_path / "manifest.json").read_bytes())
    assert manifest["counts"] == {"read": 4, "documents": 2, "dropped": 1, "dead_letters": 1}
    assert manifest["versions"]["newsbeam"] == "9.9"
    assert set(manifest["versions"]) == {"newsbeam", "apache-beam", "python"}
    assert manifest["recipe"]["text"] == of.recipe.text
    assert manifest["recipe"]["processors"][0]["name"] == "length"
    assert manifest["timings"] == {"length": {"documents": 2, "seconds": 0.005}}
    assert manifest["inputs"] == [{"path": "in/a.txt", "bytes": 10, "sha256": "00"}]
    assert manifest["options"]["added"] == "2026-01-01T00:00:00Z"
    assert [entry["name"] for entry in manifest["files"]] == [name for name in sorted(names(tmp_path), key=_kind) if name.startswith("d")]


def _kind(name: str) -> int:
    return next((number for number, stem in enumerate(("documents", "dropped", "dead-letters")) if name.startswith(stem)), 9)


# --- columns --------------------------------------------------------------------------------------------------------


def test_the_columns_are_the_records(tmp_path: Path) -> None:
    assert tuple(schema.columns()) == RECORD_KEYS
    assert schema.arrow_schema().names == list(RECORD_KEYS)
    assert tuple(key for key, of in schema.columns().items() if of == "string") == STRING_KEYS


def test_the_data_card_names_every_column_and_its_head_is_yaml() -> None:
    card = data_card.data_card("news", "documents-*.jsonl", "read 1 = written 1 + dropped 0 + failed 0", "newsbeam v1")
    head = yaml.safe_load(card.split("---")[1])
    assert head["configs"][0]["data_files"] == [{"split": "train", "path": "documents-*.jsonl"}]
    assert [feature["name"] for feature in head["dataset_info"]["features"]] == list(RECORD_KEYS)
    assert all(f"| `{key}` |" in card for key in RECORD_KEYS)
    assert "read 1 = written 1 + dropped 0 + failed 0" in card


# --- files ----------------------------------------------------------------------------------------------------------


def test_whole_leaves_nothing_of_what_failed(tmp_path: Path) -> None:
    target = tmp_path / "a"
    target.write_bytes(b"old")
    with pytest.raises(ValueError, match="no good"), filesystem.atomic_write(str(target)) as stream:  # noqa: PT012 - the block is the test
        stream.write(b"half")
        assert target.read_bytes() == b"old"
        raise ValueError("no good")
    assert target.read_bytes() == b"old"
    with filesystem.atomic_write(str(target)) as stream:
        stream.write(b"new")
    assert target.read_bytes() == b"new"
    assert names(tmp_path) == ["a"]


def test_link_or_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"x" * 10)
    filesystem.link_or_copy(str(tmp_path / "a"), str(tmp_path / "b"))

    def no_links(old: str, new: str) -> None:
        raise OSError("none here")

    monkeypatch.setattr("os.link", no_links)
    filesystem.link_or_copy(str(tmp_path / "a"), str(tmp_path / "c"))
    assert (tmp_path / "b").read_bytes() == (tmp_path / "c").read_bytes() == b"x" * 10


def test_deleting_what_is_not_there_is_fine(tmp_path: Path) -> None:
    filesystem.delete(str(tmp_path / "nothing"))
    (tmp_path / "folder" / "in").mkdir(parents=True)
    filesystem.delete(str(tmp_path / "folder"))
    assert filesystem.list_names(str(tmp_path)) == []
    assert filesystem.list_names(str(tmp_path / "nothing")) == []
