"""Names of files in an output folder, and the manifests in it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbeam.errors import UsageError
from newsbeam.storage import filesystem, manifest, output_layout
from newsbeam.storage.manifest import Account, RunManifest, WatchManifest, WindowManifest
from newsbeam.storage.output_formats import all_extensions
from newsbeam.storage.output_layout import (
    OUTPUTS,
    LineFileName,
    ManifestName,
    MessageWindow,
    RunManifestName,
    ShardName,
    WatchFileName,
    WatchManifestName,
    WindowFileName,
    WindowManifestName,
)

# --- names ----------------------------------------------------------------------------------------------------------

NUMBERS = st.integers(0, 10**9)
KINDS = st.sampled_from(OUTPUTS)
SUFFIXES = st.sampled_from(all_extensions())
PERIODS = st.just("") | st.datetimes().map("{:%Y%m%dT%H%M%S}".format).filter(lambda period: len(period) == 15)
WINDOWS = st.builds(MessageWindow, st.integers(0, 4 * 10**9), NUMBERS, NUMBERS)
LINE_FILES: st.SearchStrategy[LineFileName] = st.one_of(
    st.builds(ShardName, KINDS, NUMBERS, NUMBERS, SUFFIXES, PERIODS),
    st.builds(WindowFileName, KINDS, WINDOWS, NUMBERS, SUFFIXES),
    st.builds(WatchFileName, KINDS, NUMBERS, SUFFIXES),
)
MANIFESTS: st.SearchStrategy[ManifestName] = st.one_of(
    st.builds(RunManifestName, PERIODS), st.builds(WindowManifestName, WINDOWS), st.builds(WatchManifestName, NUMBERS)
)


@given(LINE_FILES)
def test_a_name_of_a_file_with_lines_is_parsed_into_what_it_was_built_from(name: LineFileName) -> None:
    assert output_layout.parse_line_file(str(name)) == name
    assert output_layout.parse_manifest(str(name)) is None
    assert output_layout.is_output_name(str(name))
    assert output_layout.is_records_path(str(name)) == (name.kind == "documents")


@given(MANIFESTS)
def test_a_name_of_a_manifest_is_parsed_into_what_it_was_built_from(name: ManifestName) -> None:
    assert output_layout.parse_manifest(str(name)) == name
    assert output_layout.parse_line_file(str(name)) is None
    assert output_layout.is_output_name(str(name))
    assert output_layout.may_mark_output(str(name))


@given(LINE_FILES | MANIFESTS)
def test_a_temporary_name_leads_back_to_the_name(name: object) -> None:
    temporary = filesystem.temporary_path(str(name))
    assert filesystem.is_temporary(temporary)
    assert not filesystem.is_temporary(str(name))
    assert filesystem.final_name(temporary) == filesystem.final_name(str(name)) == str(name)
    assert not output_layout.is_output_name(temporary)


@given(NUMBERS, st.integers(0, 10**13), st.integers(0, 99_999))
def test_the_name_of_a_part_leads_back_to_its_work_unit_and_report(unit: int, start: int, number: int) -> None:
    part = output_layout.part_name(unit, start, number)
    assert output_layout.unit_of_part(part) == unit
    assert output_layout.parse_part_report(output_layout.part_report_name(part)) == part
    assert output_layout.parse_part_report(output_layout.part_lines_name(part, "0123abc", "documents")) is None


@given(NUMBERS)
def test_the_record_of_a_run_over_messages_leads_back_to_its_number(run: int) -> None:
    assert output_layout.parse_run_record(output_layout.run_record_path("out", run).rpartition("/")[2]) == run


@pytest.mark.parametrize("folder", ["/data/out", "gs://bucket/out"])
@pytest.mark.parametrize(
    "state", [output_layout.plan_path, output_layout.ledger_path, lambda output: output_layout.run_record_path(output, 1)]
)
def test_a_file_of_a_state_leads_back_to_the_output_folder(folder: str, state: Any) -> None:
    assert output_layout.folder_of_state(state(folder)) == folder
    assert output_layout.folder_of_state(f"{folder}/documents-00000-of-00001.jsonl") is None


@pytest.mark.parametrize(
    "name",
    [
        "documents.jsonl",
        "documents-of-mine.jsonl",
        "documents-1-of-2.jsonl",
        "documents-00000-of-00001.txt",
        "documents-00000-of-00001.jsonl.bak",
        "documents-20269999T093000-run1-00000.jsonl",
        "documents-20261122T093000-run1-late0-00000.jsonl",
        "documents-20261122T093000-run01-00000.jsonl",
        "dead_letters-00000-of-00001.jsonl",
        "documents-٠٠٠٠٠-of-٠٠٠٠١.jsonl",
        "manifest-other.json",
        "manifest-1.json",
        "manifest-20269999T093000-run1.json",
        "manifest.jsonl",
        "readme.md",
        "README.md.bak",
    ],
)
def test_other_names_are_not_newsbeams(name: str) -> None:
    assert not output_layout.is_output_name(name)


# --- manifests ------------------------------------------------------------------------------------------------------

ACCOUNT = Account(4, documents=2, dropped=1, dead_letters=1)
RUN = RunManifest(
    account=str(ACCOUNT),
    counts=ACCOUNT,
    details={"language/en": 2},
    timings={"length": manifest.Timing(4, 0.25)},
    versions={"newsbeam": "1.0", "apache-beam": "2.77", "python": "3.12"},
    recipe=manifest.RecipeUsed("processors: [length]\n", ({"name": "length"},)),
    options=manifest.OptionsUsed("2026-01-01T00:00:00Z", 10.0, 1 << 20, ((200, 299),), "jsonl", {"text": "body"}, ("tags",)),
    failures=(manifest.Failure("read", "OSError", "no such file", 1, "in/a.txt"),),
    little_kept=manifest.LittleKept(1, ("in/b.html",), (manifest.LittleKeptHost("example.org", 1, ("in/b.html",)),), 0),
    run="0123abc",
    files=(manifest.OutputFile("documents-00000-of-00001.jsonl", 2, 200), manifest.OutputFile("../a.txt", 1, 1)),
    inputs=(manifest.InputFile("in/a.txt", 10, "00"),),
    card=manifest.Card("README.md", "00"),
)
WINDOW = WindowManifest(
    account=str(ACCOUNT),
    counts=ACCOUNT,
    window=manifest.Window("2026-11-22T09:30:00Z", "2026-11-22T09:31:00Z", 1, 0),
    messages={"kafka://news/0": [[0, 4, 1, 2]], "pubsub://projects/p/subscriptions/s": ["a", "b"]},
    keys="AAAA",
)
WATCHED = manifest.WatchedInput(
    path="/in/caf\\udce9.txt", path_hex="2f", bytes=1, mtime_ns=2, ctime_ns=3, inode=4, version=1, records=1, complete=True, sha256=""
)
PUBLISHED = WatchManifest(1, (1, 3), "1.0", "00", {"documents": 1}, (), (WATCHED, replace(WATCHED, path="/in/a.txt", path_hex=None)))


@pytest.mark.parametrize("value", [RUN, WINDOW], ids=["run", "window"])
def test_a_manifest_is_read_as_it_was_written(value: manifest.Manifest, tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    value.save(str(path))
    assert type(value).load(str(path), "no cure") == type(value).find(str(tmp_path)) == value
    assert list(json.loads(path.read_bytes()))[:2] == ["account", "counts"]


def test_a_manifest_of_watch_is_read_as_it_was_written(tmp_path: Path) -> None:
    PUBLISHED.save(str(tmp_path / "a"))
    assert WatchManifest.read(str(tmp_path / "a")) == PUBLISHED
    inputs = json.loads((tmp_path / "a").read_bytes())["inputs"]
    assert [list(entry)[:3] for entry in inputs] == [["path", "path_hex", "bytes"], ["path", "bytes", "mtime_ns"]]
    assert PUBLISHED.account == Account(1, documents=1)


def test_fields_that_an_older_version_did_not_write_have_defaults(tmp_path: Path) -> None:
    about = {"account": "", "counts": {"documents": 1}, "another": 1, "files": [{"name": "documents-00000-of-00001.jsonl"}]}
    (tmp_path / "manifest.json").write_text(json.dumps(about))
    read = RunManifest.load(str(tmp_path / "manifest.json"), "no cure")
    assert (read.counts.written, read.run, read.file_names) == (1, "", ["documents-00000-of-00001.jsonl"])


def test_only_names_of_newsbeam_count_as_files_of_a_manifest() -> None:
    assert RUN.file_names == ["documents-00000-of-00001.jsonl"]
    for name, counts in ((output_layout.SITE_COUNTS, [output_layout.SITE_COUNTS]), ("../a.txt", []), ("", [])):
        about = replace(RUN, site_counts=manifest.SiteCounts("00", name, "../counted"))
        assert about.file_names == ["documents-00000-of-00001.jsonl", *counts]
    assert RUN.bytes_of("documents") == 200


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"counts": None}, "counts"),
        ({"counts": {"read": "4"}}, "counts.read"),
        ({"files": [{"name": 1}]}, "files[0].name"),
        ({"inputs": {}}, "inputs"),
        ({"recipe": {}}, "text"),
    ],
    ids=str,
)
def test_a_value_of_a_wrong_type_is_named(change: dict[str, Any], says: str, tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    RUN.save(str(path))
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **change}))
    with pytest.raises(UsageError) as raised:
        RunManifest.load(str(path), "restore it")
    assert str(raised.value).startswith(f"{path} is damaged (")
    assert says in str(raised.value)
    assert str(raised.value).endswith("); restore it")
    assert RunManifest.find(str(tmp_path)) is None
    assert manifest.recognise(str(tmp_path)) == "run"


def test_an_account_that_does_not_balance() -> None:
    assert ACCOUNT.balances
    assert RUN.balances
    assert not replace(ACCOUNT, read=5).balances
    assert not replace(RUN, account=f"{RUN.account}, which is not what was written").balances
    assert str(ACCOUNT + ACCOUNT) == "read 8 = written 4 + dropped 2 + failed 2"
    assert Account.of({"documents": 2, "dropped": 1, "dead_letters": 1, "language/en": 2}) == ACCOUNT
