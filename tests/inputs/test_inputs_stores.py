"""Stores that Beam reaches through fsspec: a store in memory stands for one elsewhere."""

from __future__ import annotations

import gzip
import importlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsbeam.cli.main import main
from newsbeam.errors import InputError
from newsbeam.inputs.discovery import discover
from newsbeam.storage import filesystem

memory = pytest.importorskip("fsspec.implementations.memory", reason="pip install 'newsbeam[hf]'")


class Store(memory.MemoryFileSystem):  # type: ignore[misc, name-defined]
    """A store of the scheme hf://, in memory."""

    protocol = ("hf",)
    store: dict[str, object] = {}  # noqa: RUF012 - as its base has it
    pseudo_dirs = [""]  # noqa: RUF012

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return str(super()._strip_protocol("memory://" + path.removeprefix("hf://").removeprefix("memory://")))


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr(filesystem, "require_extra", lambda *_: None)
    monkeypatch.setitem(importlib.import_module("fsspec.registry")._registry, "hf", Store)
    made = Store()
    yield made
    made.store.clear()


def test_a_dataset_is_read_as_a_folder(store: Store, tmp_path: Path) -> None:
    story = "The ferry sails again, and the pier is open from Monday on."
    store.pipe(
        "hf://datasets/own/news/data/a.jsonl.gz", gzip.compress(json.dumps({"content": story, "url": "https://a.example/1"}).encode())
    )
    store.pipe("hf://datasets/own/news/data/deep/b.txt", b"The council met on Monday.")
    store.pipe("hf://datasets/own/news/photo.jpg", b"\xff\xd8")
    found = discover(["hf://datasets/own/news"])
    assert [source.path for source in found.sources] == ["hf://datasets/own/news/data/a.jsonl.gz", "hf://datasets/own/news/data/deep/b.txt"]
    assert "1 .jpg" in found.notes[0]
    assert [source.path for source in discover(["hf://datasets/own/news/data/*.gz"]).sources] == ["hf://datasets/own/news/data/a.jsonl.gz"]

    assert main(["run", "hf://datasets/own/news", "-o", str(tmp_path / "out")]) == 0
    rows = [json.loads(line) for line in (tmp_path / "out" / "documents-00000-of-00001.jsonl").read_text().splitlines()]
    assert {row["metadata"]["origin"]: row["text"] for row in rows} == {
        "hf://datasets/own/news/data/a.jsonl.gz#1": story,
        "hf://datasets/own/news/data/deep/b.txt": "The council met on Monday.",
    }


def test_what_is_written_there_can_be_read_again(store: Store) -> None:
    with filesystem.atomic_write("hf://own/out/a.txt") as stream:
        stream.write(b"words")
    assert filesystem.sizes_in("hf://own/out") == {"a.txt": 5}
    with filesystem.read("hf://own/out/a.txt") as read:
        assert read.read() == b"words"
    filesystem.rename("hf://own/out/a.txt", "hf://own/out/b.txt")
    assert (filesystem.exists("hf://own/out/a.txt"), filesystem.exists("hf://own/out/b.txt")) == (False, True)
    filesystem.delete("hf://own/out")
    assert not filesystem.is_occupied("hf://own/out")


@pytest.mark.parametrize("uri", ["hf://datasets/own/none", "hf://datasets/own/none/*.txt"])
def test_nothing_there(store: Store, uri: str) -> None:
    with pytest.raises(InputError, match=r"no files at|cannot list"):
        discover([uri])


@pytest.mark.parametrize(("uri", "extra"), [("hf://datasets/a/b", "hf"), ("az://container/a", "azure"), ("abfs://container/a", "azure")])
def test_a_missing_extra_is_named(uri: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filesystem, "find_spec", lambda _: None)
    with pytest.raises(InputError, match=rf"pip install 'newsbeam\[{extra}\]'"):
        discover([uri])
