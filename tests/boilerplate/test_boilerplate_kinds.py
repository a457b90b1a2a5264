"""Every kind of removal that a data file names is one of `RemovalKind`."""

from __future__ import annotations

import json
from pathlib import Path

import orjson
import pytest

from newsbeam.transforms.boilerplate.lines.features import GROUPS
from newsbeam.transforms.boilerplate.word_lists import compile, load
from newsbeam.transforms.document import REMOVAL_KINDS, Document, Metadata, Removal, removal_kind
from newsbeam.transforms.package_data import parse_yaml
from newsbeam.transforms.records import from_record

SOURCES = compile.sources()
TABLES = ("whole", "starts", "holds", "tails", "ends", "over", "lists", "count", "frames")
SIGNS = ("kinds", "joined", "roles", "tags")
HERE = Path(__file__).parent
TEST_DATA = sorted((HERE / "languages").glob("*.yaml"))


@pytest.mark.parametrize("code", SOURCES)
def test_word_list(code):
    data = parse_yaml(SOURCES[code])
    assert {kind for table in TABLES for kind in data.get(table) or {}} <= set(REMOVAL_KINDS)


@pytest.mark.parametrize("table", SIGNS)
def test_signs(table):
    assert set(load.load("signs.yaml")[table]) <= set(REMOVAL_KINDS)


def test_compiled_word_lists():
    compiled = json.loads(Path(load.__file__).with_name("words.json").read_text("utf-8"))
    assert {kind for table in TABLES for kind in compiled[table].values()} <= set(REMOVAL_KINDS)


@pytest.mark.parametrize("path", TEST_DATA, ids=[path.stem for path in TEST_DATA])
def test_expected_kinds(path):
    assert {case["kind"] for case in parse_yaml(path.read_text("utf-8"))} <= {"", *REMOVAL_KINDS}


def test_the_classifier_has_a_group_for_every_kind():
    assert set(GROUPS) == {"", *REMOVAL_KINDS}


def test_an_unknown_kind_in_a_word_list_is_refused():
    with pytest.raises(ValueError, match=r"words/xx\.yaml, whole: 'shares' is not a kind of removal; use one of navigation, share"):
        compile.merge({"xx": "whole:\n  shares: [partagez]\n"})


@pytest.mark.parametrize("name", ["", "Share", "text", "navigation "])
def test_other_words_are_no_kinds(name):
    with pytest.raises(ValueError, match="is not a kind of removal"):
        removal_kind(name, "here")


@pytest.mark.parametrize("kind", ["share", "quotation"])
def test_records_are_read_whatever_kinds_a_plug_in_removed(kind):
    document = Document(
        text="The ferry sails again.", removed=(Removal("other", 2, "Example"),), metadata=Metadata(processed_by="newsbeam v0")
    )
    row = document.record()
    row = orjson.loads(orjson.dumps(row).replace(b'"other"', f'"{kind}"'.encode()))
    assert from_record(row, "", "").removed == (Removal(kind, 2, "Example"),)
