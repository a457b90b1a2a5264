"""What is in a message: payloads, notifications, objects; and where messages are read, as it is written on the command line."""

from __future__ import annotations

import bz2
import gzip
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import yaml
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbeam.errors import SourceError
from newsbeam.sources.message import Message
from newsbeam.sources.messages import MessageReader
from newsbeam.sources.uri import parse
from newsbeam.transforms.document import Document, Dropped, Failed, Raw
from newsbeam.transforms.processor import Chain

HERE = Path(__file__).parent
SOURCES = yaml.safe_load((HERE / "source_cases.yaml").read_text("utf-8"))
PAYLOADS = yaml.safe_load((HERE / "payload_cases.yaml").read_text("utf-8"))
PACK: dict[str, Any] = {"gzip": gzip.compress, "zstd": zstandard.compress, "bzip2": bz2.compress}
ORIGIN = "kafka://news/0@5"


@pytest.mark.parametrize("case", SOURCES["right"], ids=lambda case: case["uri"])
def test_sources(case: dict[str, Any]) -> None:
    assert asdict(parse(case["uri"])) == case["is"]


@pytest.mark.parametrize("case", SOURCES["wrong"], ids=lambda case: case["uri"])
def test_wrong_sources_say_what_was_meant(case: dict[str, Any]) -> None:
    with pytest.raises(SourceError) as caught:
        parse(case["uri"])
    assert case["says"] in str(caught.value)
    assert repr(case["uri"]) in str(caught.value)


def payload(case: dict[str, Any]) -> bytes:
    if "repeat" in case:
        made = case["repeat"][0].encode() * case["repeat"][1]
    else:
        made = bytes.fromhex(case["hex"]) if "hex" in case else case.get("text", "").encode()
    for pack in case.get("pack", ()):
        made = PACK[pack](made)
    return made[: -case["cut"]] if "cut" in case else made


def message(case: dict[str, Any]) -> Message:
    return Message(ORIGIN, payload(case), tuple(case.get("attributes", {}).items()))


@pytest.mark.parametrize("case", PAYLOADS["documents"], ids=lambda case: case["name"])
def test_payloads(case: dict[str, Any]) -> None:
    (raw,) = MessageReader("document", 2000, "news").read(message(case))
    assert (raw.origin, raw.source, raw.inline) == (ORIGIN, "news", True)
    result = Chain().run(raw).result
    if "document" in case:
        assert isinstance(result, Document), result
        assert result.text == case["document"]
        assert {key: result.record_fields()[key] or raw.date for key in case.get("record", {})} == case.get("record", {})
    elif "dropped" in case:
        assert isinstance(result, Dropped)
        assert result.reason == case["dropped"]
    else:
        assert isinstance(result, Failed), result
        assert result.error == case["failed"]
        assert case["says"] in result.message
        assert ORIGIN in result.message
        # A dead letter holds what came, to be run again.
        assert raw.payload == payload(case)


@pytest.mark.parametrize("case", PAYLOADS["objects"], ids=lambda case: case["name"])
def test_notifications(case: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    reader = MessageReader("object", 2000, "news")
    monkeypatch.setattr(MessageReader, "_object", lambda self, path: iter([Raw(path, b"x")]))
    raws = list(reader.read(message(case)))
    if "failed" in case:
        (raw,) = raws
        assert raw.error.startswith(case["failed"] + ": " + ORIGIN)
        assert case["says"] in raw.error
        assert (raw.payload, raw.inline) == (payload(case), True)
    elif case["names"]:
        assert [raw.origin for raw in raws] == case["names"]
    else:
        assert [(raw.origin, raw.drop) for raw in raws] == [(ORIGIN, "no object was made")]


def objects(tmp_path: Path, *names: str) -> list[Raw]:
    lines = "\n".join(str(tmp_path / name) for name in names)
    return list(MessageReader("object", 2000, "news").read(Message(ORIGIN, lines.encode())))


def test_objects_are_read_as_files_are(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<html><p>Ferry")
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(b'{"text": "one"}\n{"text": "two"}\n'))
    raws = objects(tmp_path, "a.html", "b.jsonl.gz")
    assert [raw.origin for raw in raws] == [f"{tmp_path}/a.html", f"{tmp_path}/b.jsonl.gz#1", f"{tmp_path}/b.jsonl.gz#2"]
    assert {raw.source for raw in raws} == {"news"}
    assert not any(raw.error or raw.inline for raw in raws)


def test_objects_that_cannot_be_read_are_dead_letters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large.txt").write_text("Ferry " * 400)
    (tmp_path / "cut.warc.gz").write_bytes(gzip.compress(b"WARC/1.0\r\n" * 99)[:-9])
    gone, folder, pipe, large, cut = objects(tmp_path, "gone.html", ".", "pipe", "large.txt", "cut.warc.gz")
    assert gone.error == f"FileNotFoundError: {tmp_path}/gone.html does not exist, or was deleted"
    assert "is not a file" in folder.error
    assert "is not a file" in pipe.error
    assert "raise --max-document-mb" in large.error
    assert "truncated" in cut.error
    (other,) = MessageReader("object", 2000, "news").read(Message(ORIGIN, b"nowhere://a/b"))
    assert other.error.startswith("ValueError")

    def refuses(*_: object) -> None:
        raise RuntimeError("no credentials")

    monkeypatch.setattr("newsbeam.sources.messages.Reader.records", refuses)
    (raw,) = objects(tmp_path, "large.txt")
    assert raw.error.endswith("no credentials")


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.text(max_size=200).map(str.encode)), st.sampled_from(["document", "object"]))
def test_no_payload_raises(content: bytes, kind: Any) -> None:
    raws = list(MessageReader(kind, 1000, "news").read(Message(ORIGIN, content)))
    assert raws
    if kind == "document":
        Chain().run(raws[0])
