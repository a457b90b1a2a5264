"""Tables, mails, feeds and JSON told from prose. Prose that looks like them is in `prose_cases.yaml`; what they are read as, in the tests
of the pipeline.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from newsbeam.transforms.decode import decode, text_container
from newsbeam.transforms.document import Document, Raw
from newsbeam.transforms.structure import delimiter_of, is_json, structure

PROSE: dict[str, str] = yaml.safe_load((Path(__file__).parent / "prose_cases.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", PROSE)
def test_prose_stays_prose(name: str) -> None:
    text = PROSE[name]
    assert text_container(text.encode(), name) == ""
    assert structure(text, "", cut=False) == ""
    document = decode(Raw(name, text.encode(), name=name))
    assert isinstance(document, Document)
    assert document.text == text


@pytest.mark.parametrize(
    ("text", "suffix", "expect"),
    [
        ('[{"a": 1}]', "", "json"),
        ('{\n "a": 1,\n "b": [1, 2', "", "json"),
        ('{"a": "b\tc"}', "json", "json"),
        ('{"a": tru', "json", "json"),
        ("id,title\n1,a\n2,b\n", "txt", "csv"),
        ("id;title\n1;a\n", "csv", "csv"),
        ("a,b\n1,2\n", "csv", "csv"),
        ("a,b\n1,2\n", "txt", ""),
        ("Message-ID: <a@b>\nDate: 5 Mar 2024 10:00:00 +0100\n\nx", "txt", "mail"),
        ("Subject: a\nDate: 5 Mar 2024 10:00:00 +0100\n\nx", "eml", "mail"),
        ("Subject: a\nDate: Monday\n\nx", "eml", ""),
        ("From a@b.c Tue Mar  5 10:00:00 2024\nSubject: a\nMIME-Version: 1.0\n\nx", "", "mbox"),
        ("<rss version='2.0'><channel>", "", "feed"),
        ("<?xml version='1.0'?><!-- a --><feed xmlns='http://www.w3.org/2005/Atom'>", "", "feed"),
        ("<?xml version='1.0'?><!DOCTYPE html><html>", "", ""),
        ("<?xml version='1.0'?><a:report xmlns:a='x'>", "", "xml"),
        ("<report><p>a</p></report>", "txt", ""),
        ("<report><p>a</p></report>", "xml", "xml"),
        ("<svg width='1'>", "", "xml"),
    ],
)
def test_structure(text: str, suffix: str, expect: str) -> None:
    assert structure(text, suffix, cut=False) == expect


@pytest.mark.parametrize(
    ("text", "expect"), [("a,b\n1,2", ","), ("a;b\n1;2,5", ";"), ("a\tb\n1\t2", "\t"), ("a|b\n1|2", "|"), ("sep=;\na;b", ";")]
)
def test_delimiter(text: str, expect: str) -> None:
    assert delimiter_of(text) == expect


@given(st.text(max_size=200), st.sampled_from(["", "csv", "json", "eml", "xml", "txt", "jsonl"]))
def test_anything_has_a_structure_or_none(text: str, suffix: str) -> None:
    for start in ("", "{", "[", "<", "From ", '[{"a":', "id,text\n"):
        assert isinstance(structure(start + text, suffix, cut=False), str)
        assert isinstance(text_container((start + text).encode(), f"a.{suffix}"), str)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=5), JSON, min_size=1, max_size=3), st.sampled_from([None, 1]))
def test_json_is_known_whole_and_cut(value: object, indent: int | None) -> None:
    import json

    text = json.dumps([value], indent=indent)
    assert is_json(text)
    for end in range(2, len(text)):
        assert is_json(text[:end], "json", cut=True), text[:end]
