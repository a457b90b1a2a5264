"""Rows: which key holds what, and the dates in them. The cases are in `field_cases.yaml`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from newsbeam.transforms.fields import (
    USUAL_NAMES,
    FieldError,
    NoText,
    columns_to_read,
    iso_date_of,
    look_up,
    may_hold_text,
    parse_options,
    read_row,
)

CASES: dict[str, list[Any]] = yaml.safe_load((Path(__file__).parent / "field_cases.yaml").read_text(encoding="utf-8"))
TODAY = "2026-11-29T00:00:00Z"
ISO = re.compile(r"(?:\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)?)?)?")


@pytest.mark.parametrize("case", CASES["rows"], ids=lambda case: case["name"])
def test_row(case: dict[str, Any]) -> None:
    options = parse_options(case.get("fields", []), case.get("keep", []))
    if "error" in case:
        with pytest.raises(NoText) as caught:
            read_row(case["row"], options, TODAY)
        assert case["error"] in str(caught.value)
        return
    row = read_row(case["row"], options, TODAY)
    if case.get("blank"):
        assert row is None
        return
    assert row is not None
    plain = orjson.loads(orjson.dumps(row))
    assert {key: plain[key] for key in case["expect"]} == case["expect"]


@pytest.mark.parametrize(("value", "expect"), CASES["dates"], ids=str)
def test_date(value: Any, expect: str) -> None:
    assert iso_date_of(value, latest=TODAY) == expect


@pytest.mark.parametrize("case", CASES["options"], ids=lambda case: case["error"])
def test_wrong_options(case: dict[str, Any]) -> None:
    with pytest.raises(FieldError) as caught:
        parse_options(case.get("fields", []), case.get("keep", []))
    assert case["error"] in str(caught.value)


KEYS = st.sampled_from(
    ["text", "body", "content", "article", "meta", "date", "published", "authors", "link", "name", "_id", "lang", "a.b", "x"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=20,
)


@given(st.dictionaries(KEYS, JSON, max_size=8))
def test_any_row_is_read_or_has_no_text(row: dict[str, Any]) -> None:
    try:
        said = read_row(row, parse_options([], ["all"]), TODAY)
    except NoText:
        return
    if said is not None:
        assert said.text.strip()
        assert ISO.fullmatch(said.date)
        orjson.dumps(said)
        assert said.kept == "" or isinstance(orjson.loads(said.kept), dict)


@given(JSON)
def test_any_date_is_iso_or_empty(value: Any) -> None:
    assert ISO.fullmatch(iso_date_of(value, latest=TODAY))


def test_a_path_takes_the_literal_key_first() -> None:
    assert look_up({"a.b": 1, "a": {"b": 2}}, "a.b") == 1
    assert look_up({"a": {"b.c": 3}}, "a.b.c") == 3
    assert look_up({"a": [{"b": 4}]}, "a.0.b") == 4
    assert look_up({"a": [{"b": 4}]}, "a.1.b") is None


def test_columns_of_tables() -> None:
    names = ["text", "blob", "meta", "dump", "timestamp"]
    assert columns_to_read(names, [], USUAL_NAMES) == ["text", "timestamp"]
    assert columns_to_read(names, ["meta"], USUAL_NAMES) == ["text", "meta", "timestamp"]
    assert columns_to_read(names, [], parse_options(["text=blob"], ["dump"])) == ["text", "blob", "dump", "timestamp"]
    assert columns_to_read(names, [], parse_options([], ["all"])) == names
    assert may_hold_text(["body"], [], USUAL_NAMES)
    assert not may_hold_text(["blob", "meta"], [], USUAL_NAMES)
    assert may_hold_text(["blob", "meta"], ["meta"], USUAL_NAMES)
    assert not may_hold_text(["text"], [], parse_options(["text=blob"], []))
