"""`newsbeam sample`, `report`, `diff`, `export` and `schema`, through the command."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pyarrow.parquet as pq
import pytest
from ran import Ran

import newsbeam
from newsbeam.reports import schemas
from newsbeam.storage import filesystem
from newsbeam.transforms.document import RECORD_KEYS

ADDED = "2026-01-01T00:00:00Z"
TEXTS = [
    '"The pier is ready," Commissioner Han Min-jae told Coastal Wire on Monday. It had been closed for a year.',
    "Der Hafen bleibt geschlossen, sagte Bürgermeisterin Jana Vogt am Montag. Niemand weiß, wie lange noch.",
    "",
]
Command = Callable[..., Ran]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("reports")
    (top / "pages.jsonl").write_bytes(b"".join(orjson.dumps({"text": text}) + b"\n" for text in TEXTS))
    newsbeam.run(top / "pages.jsonl", top / "out", added=ADDED, workers=1)
    return top / "out"


def test_a_sample_is_records_and_the_same_each_time(folder: Path, newsbeam_process: Command) -> None:
    first = newsbeam_process("sample", folder, "-n", "1", "--seed", "3")
    assert first.out == newsbeam_process("sample", folder, "-n", "1", "--seed", "3").out
    assert json.loads(first.out) in list(newsbeam.read(folder))
    of_german = newsbeam_process("sample", folder, "--where", "language=de")
    assert [json.loads(line)["text"] for line in of_german.out.splitlines()] == [TEXTS[1]]
    wrong = newsbeam_process("sample", folder, "--where", "tongue=de")
    assert (wrong.status, "language, verdict" in wrong.err) == (2, True)


@pytest.mark.parametrize("name", ["", "report.md", "report.html"])
def test_a_report_counts_what_is_there(name: str, folder: Path, tmp_path: Path, newsbeam_process: Command) -> None:
    ran = newsbeam_process("report", folder, *(["--to", tmp_path / name] if name else []))
    assert ran.status == 0, ran.err
    assert "2 records, 1 dropped, 0 failed" in ran.out
    text = (tmp_path / name).read_text("utf-8") if name else ran.out
    assert "decode: empty" in text
    assert "Coastal Wire ← Han Min-jae" in text


def test_two_runs_are_the_same_or_not(folder: Path, tmp_path: Path, newsbeam_process: Command) -> None:
    assert newsbeam_process("diff", folder, folder).status == 0
    first, second = list(newsbeam.read(folder))
    (tmp_path / "other.jsonl").write_bytes(orjson.dumps({**first, "attributions": []}) + b"\n" + orjson.dumps(second) + b"\n")
    ran = newsbeam_process("diff", folder, tmp_path / "other.jsonl")
    assert ran.status == 1
    assert "statements  same in 1, differs in 1: 0 new, 1 gone" in ran.out
    one = newsbeam_process("diff", folder, tmp_path / "other.jsonl", "--id", first["id"][:20])
    assert '-          "text": "told"' in one.out or "told" in one.out
    assert newsbeam_process("diff", folder, tmp_path / "other.jsonl", "--id", "sha256:zz").status == 2


def test_statements_are_exported(folder: Path, tmp_path: Path, newsbeam_process: Command) -> None:
    for form in ("csv", "parquet", "sqlite"):
        ran = newsbeam_process("export", folder, "--to", tmp_path / f"said.{form}")
        assert "2 statements" in ran.out, ran.err
    wanted = [("Han Min-jae", "Coastal Wire"), ("Jana Vogt", "")]
    with (tmp_path / "said.csv").open(encoding="utf-8-sig", newline="") as stream:
        assert [(row["speaker"], row["via"]) for row in csv.DictReader(stream)] == wanted
    rows = pq.read_table(tmp_path / "said.parquet").to_pylist()
    assert [(row["speaker"], " ".join(row["via"])) for row in rows] == wanted
    with closing(sqlite3.connect(tmp_path / "said.sqlite")) as connection:
        joined = "select speaker, via from statements join documents on documents.id = document where documents.language in ('en', 'de')"
        assert connection.execute(joined).fetchall() == wanted
    unknown = newsbeam_process("export", folder, "--to", tmp_path / "said.xlsx")
    assert (unknown.status, ".parquet" in unknown.err) == (2, True)
    certain = newsbeam_process("export", folder, "--to", tmp_path / "sure.csv", "--min-score", "1")
    assert "0 statements" in certain.out


# --- schemas --------------------------------------------------------------------------------------------------------


def test_polars_reads_records_with_the_schema(folder: Path) -> None:
    (path,) = filesystem.list_names(str(folder), "documents-")
    shape: dict[str, Any] = eval(schemas.polars(), {"pl": pl})
    frame = pl.read_ndjson(folder / path, schema=shape)
    assert frame.schema == pl.Schema(shape)
    assert frame["text"].to_list() == TEXTS[:2]


def test_a_record_fits_its_json_schema(folder: Path) -> None:
    of = json.loads(schemas.json_schema())
    for record in newsbeam.read(folder):
        assert misfits(record, of) == []
    assert misfits({**record, "title": None, "more": 1}, of) == ["title", "more"]


TYPES: dict[str, Any] = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float)}


def misfits(value: Any, of: dict[str, Any]) -> list[str]:
    """The keys of an object whose values are of another type than the schema says, and those that it does not know."""
    if of["type"] == "object":
        parts = of["properties"]
        wrong = [key for key in of["required"] if not isinstance(value.get(key), TYPES[parts[key]["type"]])]
        wrong += [key for key in value if key not in parts]
        return wrong + [f"{key}.{inner}" for key in of["required"] if key not in wrong for inner in misfits(value[key], parts[key])]
    if of["type"] == "array":
        return [inner for one in value for inner in misfits(one, of["items"])]
    return []


@pytest.mark.parametrize("name", schemas.SCHEMAS)
def test_every_schema_names_its_parts(name: str, newsbeam_process: Command) -> None:
    ran = newsbeam_process("schema", f"--{name}")
    assert ran.status == 0, ran.err
    parts = ("boilerplate", "min_language_score") if name == "recipe" else (*RECORD_KEYS, "source_language_score")
    assert [part for part in parts if part not in ran.out] == []


def test_the_schema_of_recipes_knows_every_option() -> None:
    of = json.loads(schemas.recipe())
    entries = of["properties"]["processors"]["items"]["anyOf"]
    (length,) = [entry for entry in entries if "length" in entry.get("properties", {})]
    assert length["properties"]["length"]["properties"] == {"min_chars": {"type": "integer"}, "max_chars": {"type": "integer"}}
