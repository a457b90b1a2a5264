"""The record: exactly the keys and types of the contract, for every document; spans that hold; prose that keeps its length."""

from __future__ import annotations

import pickle
import re
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbeam.transforms.document import (
    Artifact,
    Attribution,
    Credit,
    Document,
    LanguageRun,
    Metadata,
    Removal,
    Span,
    Speaker,
    Translation,
    Via,
    broken_spans,
)

DESIGN = Path(__file__).parents[3] / "shared" / "design.md"

# The contract, key by key: a type, a struct as a dict, a list as a one-element list.
RECORD: dict[str, Any] = {
    "id": str,
    "text": str,
    "source": str,
    "added": str,
    "created": str,
    "url": str,
    "site": str,
    "title": str,
    "author": str,
    "language": str,
    "language_score": float,
    "languages": [{"start": int, "end": int, "language": str, "score": float}],
    "translation": {
        "score": float,
        "verdict": str,
        "source_language": str,
        "source_language_score": float,
        "artifacts": [{"kind": str, "start": int, "end": int, "text": str, "why": str}],
    },
    "attributions": [
        {
            "form": str,
            "content": [{"start": int, "end": int, "text": str}],
            "cue": {"start": int, "end": int, "text": str},
            "speaker": {"start": int, "end": int, "text": str, "name": str, "role": str, "kind": str, "id": str},
            "via": [{"start": int, "end": int, "text": str, "name": str, "id": str}],
            "score": float,
            "type": str,
        }
    ],
    "credits": [{"kind": str, "name": str, "text": str, "id": str}],
    "removed": [{"kind": str, "line": int, "text": str}],
    "metadata": {
        "origin": str,
        "input_id": str,
        "media_type": str,
        "encoding": str,
        "bytes": int,
        "sha256": str,
        "processed_by": str,
        "modified": str,
        "section": str,
        "image_caption": str,
        "image_credit": str,
        "boilerplate": str,
        "form": str,
        "script": str,
        "language_hint": str,
        "attribution": str,
        "input": str,
        "http_status": int,
    },
}

TEXT = "“It will rain,” the harbour master told Port Radio."


def full() -> Document:
    """A document with something in every list."""
    said = Attribution(
        form="direct",
        content=(Span.of(TEXT, 1, 14),),
        cue=Span.of(TEXT, 35, 39),
        speaker=Speaker(16, 34, TEXT[16:34], "the harbour master", "harbour master", "person"),
        via=(Via(40, 50, TEXT[40:50], "Port Radio"),),
        score=0.9,
    )
    return Document(
        text=TEXT,
        languages=(LanguageRun(0, 14, "en", 0.8),),
        translation=Translation(0.7, "translated", "ko", 0.5, (Artifact("editor", -1, -1, "(translated)", "says so"),)),
        attributions=(said,),
        credits=(Credit("image", "Port Radio", "Photo: Port Radio"),),
        removed=(Removal("credit", 3, "Photo: Port Radio"),),
        metadata=Metadata("a.txt", "7", "text/plain", "utf-8", 60, "00", "newsbeam"),
    )


def differences(value: Any, wanted: Any, where: str = "record") -> list[str]:
    """Where `value` is not of the shape `wanted`: keys, their order, and exact types."""
    if isinstance(wanted, dict):
        if type(value) is not dict or list(value) != list(wanted):
            return [f"{where}: keys are {list(value) if isinstance(value, dict) else value!r}, not {list(wanted)}"]
        return [line for key in wanted for line in differences(value[key], wanted[key], f"{where}.{key}")]
    if isinstance(wanted, list):
        if type(value) is not list:
            return [f"{where}: {type(value).__name__}, not a list"]
        return [line for number, one in enumerate(value) for line in differences(one, wanted[0], f"{where}[{number}]")]
    return [] if type(value) is wanted else [f"{where}: {type(value).__name__}, not {wanted.__name__}"]


@pytest.mark.parametrize("document", [Document(text=""), Document(text="a"), full()], ids=["empty", "bare", "full"])
def test_record_has_the_keys_and_types_of_the_contract(document: Document) -> None:
    assert differences(orjson.loads(orjson.dumps(document.record())), RECORD) == []


@pytest.mark.parametrize("document", [Document(text=""), full()], ids=["bare", "full"])
def test_record_holds_no_null(document: Document) -> None:
    assert b"null" not in orjson.dumps(document.record())


def test_literal_names_every_key_of_the_design() -> None:
    if not DESIGN.exists():
        pytest.skip("the design lies beside the checkout, and is not there")
    table = DESIGN.read_text(encoding="utf-8").partition("## The record (contract)")[2].partition("\n## ")[0]
    rows = [re.findall(r"`([a-z_]+)`", line.split("|")[1]) for line in table.splitlines() if line.startswith("| `")]
    assert [key for row in rows for key in row] == list(RECORD)


def test_full_document_has_no_broken_span() -> None:
    assert broken_spans(full()) == []


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"languages": (LanguageRun(0, len(TEXT) + 1, "en", 1.0),)}, "languages"),
        ({"languages": (LanguageRun(5, 4, "en", 1.0),)}, "languages"),
        ({"translation": Translation(artifacts=(Artifact("x", 0, 3, "not", "there"),))}, "translation.artifacts"),
        ({"translation": Translation(artifacts=(Artifact("x", -1, 3, TEXT[:3], "half nowhere"),))}, "translation.artifacts"),
        ({"text": "x" + TEXT}, "attributions.content"),
        (
            {"text": TEXT[:-1] + "!", "attributions": (replace(full().attributions[0], via=(Via(40, 51, "Port Radio.", ""),)),)},
            "attributions.via",
        ),
        ({"attributions": (replace(full().attributions[0], cue=Span(-2, -2, "")),)}, "attributions.cue"),
        ({"attributions": (replace(full().attributions[0], speaker=Speaker(16, 34, "he")),)}, "attributions.speaker"),
    ],
)
def test_broken_spans_name_the_key(change: dict[str, Any], key: str) -> None:
    wrong = broken_spans(replace(full(), **change))
    assert wrong
    assert wrong[0].startswith(key)


def test_a_piece_that_is_nowhere_is_no_broken_span() -> None:
    assert broken_spans(replace(full(), translation=Translation(artifacts=(Artifact("x", -1, -1, "gone", "removed"),)))) == []


def test_a_document_is_frozen_and_pickles() -> None:
    document = full()
    assert pickle.loads(pickle.dumps(document)) == document
    with pytest.raises(FrozenInstanceError):
        document.text = ""  # type: ignore[misc]


_PIECES = st.sampled_from(
    [
        "<",
        ">",
        "<!--",
        "-->",
        "<script>",
        "<SCRIPT src='a'>",
        "</script >",
        "<style>",
        "</style",
        "<p>",
        "</p>",
        "\n",
        "\r\n",
        "a < b",
        "1<2>3",
    ]
)
_TEXTS = st.lists(_PIECES | st.text(max_size=6), max_size=30).map("".join)


@given(_TEXTS)
def test_prose_keeps_length_and_lines(text: str) -> None:
    prose = Document(text=text, markup=True).prose
    assert len(prose) == len(text)
    assert [at for at, sign in enumerate(prose) if sign == "\n"] == [at for at, sign in enumerate(text) if sign == "\n"]
    assert all(read in (" ", written) for read, written in zip(prose, text, strict=True))


@given(_TEXTS)
def test_prose_of_what_is_no_markup_is_the_text(text: str) -> None:
    assert Document(text=text).prose == text


def test_prose_blanks_tags_scripts_and_comments() -> None:
    page = "<p>Rain &amp; wind</p><script>var a = '<b>';</script><!-- no <b> --><style>p{}</style>, 3 < 4"
    assert Document(text=page, markup=True).prose.split() == ["Rain", "&amp;", "wind", ",", "3", "<", "4"]


@pytest.mark.parametrize("sign", ["<", "<!--", "<script>", "</script", "<a ", "<p>"])
def test_prose_is_linear(sign: str) -> None:
    text = sign * (400_000 // len(sign))
    assert len(Document(text=text, markup=True).prose) == len(text)


@given(st.text(max_size=20), st.integers(0, 20), st.integers(0, 20))
def test_span_of_holds(text: str, start: int, length: int) -> None:
    start = min(start, len(text))
    span = Span.of(text, start, min(start + length, len(text)))
    assert text[span.start : span.end] == span.text
