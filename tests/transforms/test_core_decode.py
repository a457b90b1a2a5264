"""From bytes to a document: charsets, kinds of content, JSON, ids. The cases are in `decode_cases.yaml`."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from newsbeam.transforms.decode import DecodeError, binary, decode, decode_bytes, is_markup, text_container
from newsbeam.transforms.document import Document, Dropped, Raw

CASES: dict[str, list[Any]] = yaml.safe_load((Path(__file__).parent / "decode_cases.yaml").read_text(encoding="utf-8"))


def known(reason: str | None) -> list[pytest.MarkDecorator]:
    """The mark of a case that is known to fail."""
    return [pytest.mark.xfail(strict=True, reason=reason)] if reason else []


# How a page says its charset: (what is put around the text, whether the header says it).
WAYS = {
    "header": ("<html><body><p>{text}</p></body></html>", True),
    "meta": ('<!doctype html><html><head><meta charset="{label}"></head><body><p>{text}</p></body></html>', False),
    "http-equiv": (
        '<html><head><META http-equiv="Content-Type" content="text/html; charset={label}"></head><body>{text}</body></html>',
        False,
    ),
    "xml": ('<?xml version="1.0" encoding="{label}"?><html><body><p>{text}</p></body></html>', False),
    "none": ("<html><body><p>{text}</p></body></html>", False),
    "plain text": ("{text}", False),
}


def _charset_cases() -> list[Any]:
    return [
        pytest.param(case, way, id=f"{case['codec']} {way}", marks=known(case.get("fails", {}).get("none" if way == "plain text" else way)))
        for case in CASES["charsets"]
        for way in WAYS
    ]


@pytest.mark.parametrize(("case", "way"), _charset_cases())
def test_charset(case: dict[str, Any], way: str) -> None:
    frame, in_header = WAYS[way]
    page = frame.format(text=case["text"], label=case["label"])
    text, name = decode_bytes(page.encode(case["codec"]), case["label"] if in_header else "")
    assert text == page
    if way not in ("none", "plain text"):
        assert name == case["name"]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["label"], marks=known(case.get("fails"))) for case in CASES["bytes"]])
def test_bytes(case: dict[str, Any]) -> None:
    payload = case["bytes"].encode("latin-1") if "bytes" in case else case["text"].encode(case["codec"])
    text, name = decode_bytes(payload, case.get("header", ""))
    text.encode()  # nothing that cannot be written
    assert (text, name) == (case["expect"], case["encoding"])


def test_detection_does_not_depend_on_a_long_ascii_head() -> None:
    korean = CASES["charsets"][0]["text"]
    page = "<script>" + "var a = 1;\n" * 12_000 + "</script><p>" + korean
    assert decode_bytes(page.encode("euc_kr")) == (page, "euc-kr")


@given(st.binary(max_size=400), st.sampled_from(["", "utf-8", "euc-kr", "shift_jis", "gb18030", "utf-16", "windows-1255", "utf-7", "x"]))
def test_decode_bytes_never_raises(payload: bytes, header: str) -> None:
    text, name = decode_bytes(payload, header)
    text.encode()
    assert name


@given(
    st.binary(max_size=60),
    st.one_of(st.binary(max_size=20), st.sampled_from([b"undefined", b"hex", b"idna", b"mbcs", b"\0", b"unicode_escape"])),
)
def test_decode_bytes_never_raises_whatever_a_page_declares(payload: bytes, label: bytes) -> None:
    for page in (b"<meta charset='" + label + b"'>" + payload + b"\xff\xe9", b'<?xml encoding="' + label + b'"?>' + payload + b"\xff\xe9"):
        for text, name in (decode_bytes(page), decode_bytes(b"\xe9\xff" + payload, label.decode("latin-1"))):
            assert text.encode().decode() == text
            assert name


@given(st.binary(max_size=300), st.sampled_from(["file", "http", "text", "json"]), st.sampled_from(["a.txt", "a.html", "a.jsonl", ""]))
def test_decode_gives_a_document_or_says_why_not(payload: bytes, form: Any, name: str) -> None:
    try:
        document = decode(Raw("a", payload, form, name=name))
    except DecodeError as error:
        assert str(error).startswith("a ")
        return
    if isinstance(document, Document):
        orjson.dumps(document.record())


@pytest.mark.parametrize("text", CASES["exact"], ids=range(len(CASES["exact"])))
@pytest.mark.parametrize("form", ["file", "http", "text", "json"])
def test_text_comes_out_as_it_went_in(text: str, form: Any) -> None:
    payload = orjson.dumps({"text": text}) if form == "json" else text.encode()
    document = decode(Raw("a.txt", payload, form, "text/plain" if form == "http" else "", name="a.txt"))
    assert isinstance(document, Document)
    assert document.text == text


@given(st.text(min_size=1).filter(lambda text: text.strip() and not text.startswith("\ufeff")))
def test_any_utf8_text_comes_out_as_it_went_in(text: str) -> None:
    raw = Raw("a.txt", text.encode(), name="a.txt")
    if binary(raw.payload):
        return  # mostly control characters, or the signature of another format
    document = decode(raw)
    if isinstance(document, Document):  # or it is empty of all but spaces that bytes.strip knows
        assert document.text == text


# --- JSON -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", [pytest.param(case, id=case["payload"][:40], marks=known(case.get("fails"))) for case in CASES["json"]])
def test_json(case: dict[str, Any]) -> None:
    raw = Raw("a.jsonl#3", case["payload"].encode("utf-8"), "json")
    if "error" in case:
        with pytest.raises(DecodeError) as caught:
            decode(raw)
        assert case["error"] in str(caught.value)
        assert str(caught.value).startswith("a.jsonl#3")
        return
    document = decode(raw)
    if "dropped" in case:
        assert document == Dropped("decode", case["dropped"])
        return
    assert isinstance(document, Document)
    found = {
        "input_id": document.metadata.input_id,
        "encoding": document.metadata.encoding,
        "media_type": document.metadata.media_type,
        **{key: getattr(document, key) for key in ("text", "url", "title", "created", "markup")},
    }
    assert {key: found[key] for key in case["expect"]} == case["expect"]
    orjson.dumps(document.record())


def test_a_long_integer_id_keeps_its_digits() -> None:
    document = decode(Raw("a", b'{"text": "words", "id": 12345678901234567890123}', "json"))
    assert isinstance(document, Document)
    assert document.metadata.input_id == "12345678901234567890123"


def test_json_that_is_not_utf8_says_where() -> None:
    with pytest.raises(DecodeError, match="not UTF-8 at byte 13"):
        decode(Raw("a", b'{"text": "caf\xe9"}', "json"))


def test_json_nested_beyond_reason_is_an_error_of_its_own() -> None:
    with pytest.raises(DecodeError, match="is not valid JSON"):
        decode(Raw("a", b'{"text": ' + b"[" * 100_000, "json"))


# --- kinds ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=f"{case['name']} {case['content'][:24]!r}", marks=known(case.get("fails"))) for case in CASES["kinds"]]
)
def test_kind_is_decided_by_what_is_inside(case: dict[str, Any]) -> None:
    raw = Raw(case["name"], case["content"].encode("latin-1"), name=case["name"])
    if case["expect"] not in ("html", "text"):
        with pytest.raises(DecodeError, match=f"is {case['expect']}, not text"):
            decode(raw)
        return
    document = decode(raw)
    assert isinstance(document, Document)
    assert document.metadata.media_type == {"html": "text/html", "text": "text/plain"}[case["expect"]]
    assert document.markup == (case["expect"] == "html")
    assert document.text == case["content"]


@pytest.mark.parametrize("case", CASES["http"], ids=lambda case: case["type"])
def test_http(case: dict[str, Any]) -> None:
    raw = Raw("a.warc#1", case["content"].encode(), "http", case["type"], "ko", "http://example.org/", "2026-01-02T00:00:00Z")
    document = decode(raw)
    if "dropped" in case:
        assert document == Dropped("decode", case["dropped"])
        return
    assert isinstance(document, Document)
    assert document.markup == (case["expect"] == "html")
    assert document.url == "http://example.org/"
    assert document.declared_language == "ko"


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b" ",
        b"\n\r\n\t",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b" \0 \0",
    ],
)
def test_empty(payload: bytes) -> None:
    assert decode(Raw("a.txt", payload, name="a.txt")) == Dropped("decode", "empty")


@pytest.mark.parametrize(
    ("head", "name", "expect"),
    [
        (b'{"text": "a"}\n', "a.txt", "jsonl"),
        (b'\n\n{"html": "a"}\n', "a", "jsonl"),
        (b'\xef\xbb\xbf{"text": "a"}\n', "a.jsonl", "jsonl"),
        (b'{"title": "a"}\n', "a.jsonl", "jsonl"),
        (b'{"title": "a"}\n', "a.json", "json"),
        (b'{"text": "far too long to be seen', "a.jsonl", "jsonl"),
        (b'{"text": "far too long to be seen', "a.txt", ""),
        (b"{curly} words\n", "a.txt", ""),
        (b"<html>", "a.warc", ""),
        (b"", "a.jsonl", ""),
        (b'no json\n{"text": "a"}\n', "a.jsonl", "jsonl"),
        (b'[1]\n{"text": "a"}\n', "a.ndjson", "jsonl"),
    ],
)
def test_text_container(head: bytes, name: str, expect: str) -> None:
    assert text_container(head, name) == expect


def test_is_markup_and_binary_are_linear() -> None:
    for sign in ("<", "<!--", "<p ", "<?xml ", "\t", "<!-- - "):
        is_markup(sign * (1_000_000 // len(sign)), "a.html")
    assert binary(b"\0" * 1_000_000) == "binary data"
    assert binary(b"") == ""


# --- identity -------------------------------------------------------------------------------------------------------


def document_of(raw: Raw) -> Document:
    document = decode(raw)
    assert isinstance(document, Document)
    return document


def test_id_is_of_content_and_url_whatever_the_origin() -> None:
    raw = Raw("a/one.txt", "Die Fähre ist spät dran.".encode(), name="one.txt")
    first = document_of(raw)
    assert first.id == "sha256:" + sha256("Die Fähre ist spät dran.\n".encode()).hexdigest()
    assert document_of(replace(raw, origin="b/two.txt", source="other", name="two.txt")).id == first.id
    in_1252 = replace(raw, payload="Die Fähre ist spät dran.".encode("cp1252"), form="http", content_type="text/plain; charset=latin1")
    assert document_of(in_1252).id == first.id
    assert document_of(Raw("c.jsonl#9", orjson.dumps({"text": "Die Fähre ist spät dran.", "id": 5, "title": "x"}), "json")).id == first.id
    assert document_of(replace(raw, url="http://example.org/")).id != first.id
    assert document_of(replace(raw, payload=b"another")).id != first.id


def test_metadata_says_where_it_came_from() -> None:
    document = decode(Raw("in/a.html", b"<p>words</p>", name="in/a.html", source="in"), "2026-01-02T00:00:00Z", "newsbeam v0")
    assert isinstance(document, Document)
    meta = document.metadata
    assert (meta.origin, meta.input_id, meta.media_type, meta.encoding, meta.bytes) == ("in/a.html", "", "text/html", "utf-8", 12)
    assert meta.sha256 == sha256(b"<p>words</p>").hexdigest()
    assert meta.processed_by == "newsbeam v0"
    assert document.source == "in"
    assert document.added == "2026-01-02T00:00:00Z"


@pytest.mark.parametrize(
    "before",
    ["<!-->", "<!--->", "<!-- a --!>", "<!--[if gt IE 8]><!-->", "<!-- a -- b -->", "<?xml version='1.0'?>", "<![if x]>", "\ufeff"],
)
@pytest.mark.parametrize(
    "first", ["<!DOCTYPE html>", '<!doctype HTML PUBLIC "-//W3C//DTD HTML 4.01//EN">', "<html lang=de>", "<body class=x>"]
)
def test_a_page_is_known_whatever_comments_it_begins_with(before: str, first: str) -> None:
    assert is_markup(f"{before}\n{before * 12}{first}The pier is shut.")
    assert is_markup("<!-- " + "a licence " * 20_000 + f"-->{first}The pier is shut.")
    assert not is_markup(f"{before}The pier is shut, wrote <html lang=de> in her book.")
