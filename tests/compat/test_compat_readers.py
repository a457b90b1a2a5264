"""What others load: the real readers, offline, on a run whose first shard holds empty lists only and whose second does not."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest

from newsbeam.config.job import Job, WorkerConfig
from newsbeam.config.recipe_parser import load
from newsbeam.inputs.work_units import PartSummary
from newsbeam.outputs.parts import PartWriter
from newsbeam.outputs.shards import publish
from newsbeam.storage import filesystem
from newsbeam.storage.output_formats import all_extensions
from newsbeam.transforms.document import RECORD_KEYS, Metadata, Raw
from newsbeam.workers.process import process_batch

# Nothing in it to point at: every list of these records is empty.
BARE = [f"{number} {number + 1} {number + 2}" for number in range(3)]
# Quotes, credits, boilerplate; signs beyond the basic plane, so that code points and UTF-16 units differ.
FULL = [
    "Port 🚢 news\n\n[Photo: Port Radio]\n\n“The ferry 🚢 will not sail,” the harbour master, John Smith, told Port Radio on Monday.\n\n"
    "Share this\n",
    "Ferry waits\n\nSEOUL, Jan. 2 (Yonhap) -- “We wait,” said Kim Min-ji, a captain. According to the port, the wind is too strong.\n",
    "서울시는 월요일 새로운 버스 노선을 공개했다. 시장은 “주민들의 의견을 더 듣겠다”고 말했다.\n",
]


@dataclass(frozen=True)
class Output:
    """A folder of records, and the same records as Python values."""

    folder: Path
    form: str
    rows: list[dict[str, Any]]

    def paths(self, stem: str = "documents") -> list[str]:
        """The shards of one kind."""
        return sorted(str(path) for path in self.folder.glob(f"{stem}-*.{self.form}"))


def make(folder: Path, form: str) -> Output:
    setup = WorkerConfig(load(None), "2026-01-31T12:00:00Z", 0, "0.2.0")
    job = Job(setup, str(folder), form, shard_bytes=1, name="news")
    filesystem.make_folder(job.state)
    chain = setup.recipe.chain(setup.version, setup.added)
    rows: list[dict[str, Any]] = []
    parts = []
    for name, texts in (("a", BARE), ("b", FULL)):
        chosen = "length" if name == "a" else ""
        raws = [
            Raw(f"{name}.jsonl#{number}", orjson.dumps({"text": text, "id": number}), "json", source="news")
            for number, text in enumerate(texts, 1)
        ]
        # The bare ones go through no annotating processor: whatever those find, the first shard has to stay empty of it.
        batch = process_batch(raws, load_recipe(chosen).chain("0.2.0", setup.added) if chosen else chain, setup)
        rows += [orjson.loads(line) for line in batch.documents.splitlines()]
        writer = PartWriter(job, name)
        writer.add(batch, len(raws))
        parts.append(writer.commit(PartSummary(len(raws))))
    publish(job, parts)
    assert len(rows) == len(BARE) + len(FULL)
    return Output(folder, form, rows)


def load_recipe(processor: str) -> Any:
    from newsbeam.config.recipe_parser import parse

    return parse(f"processors: [{processor}]")


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Output]:
    return {form: make(tmp_path_factory.mktemp("out") / form.replace(".", "-"), form) for form in all_extensions()}


@pytest.fixture(scope="module")
def jsonl(outputs: dict[str, Output]) -> Output:
    return outputs["jsonl"]


def needs(module: str) -> Any:
    """The reader, or a skip that says what would bring it."""
    return pytest.importorskip(module, reason=f"{module} is not installed; the extra `compat` has it")


def plain(value: Any) -> Any:
    """Values of any reader as Python's own: lists, dicts, str, int, float."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return value


def spans(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every piece of a loaded record that says where it stands."""
    yield from row["translation"]["artifacts"]
    for attribution in row["attributions"]:
        yield from (*attribution["content"], attribution["cue"], attribution["speaker"], *attribution["via"])


def same(rows: list[dict[str, Any]], output: Output, but: str = "") -> None:
    """The rows are those that were written (the key `but` is not compared), and every span still holds."""
    rows = [plain(row) for row in rows]
    assert [row["id"] for row in rows] == [row["id"] for row in output.rows]
    assert [{**row, but: ""} for row in rows] == [{**row, but: ""} for row in output.rows]
    held = 0
    for row in rows:
        for span in spans(row):
            if span["start"] >= 0:
                assert row["text"][span["start"] : span["end"]] == span["text"]
                held += 1
    assert held >= 6
    assert {len(row["metadata"]) for row in rows} == {len(fields(Metadata))}


def test_the_first_shard_holds_empty_lists_only(jsonl: Output) -> None:
    first, second = ([orjson.loads(line) for line in Path(path).read_bytes().splitlines()] for path in jsonl.paths())
    lists = ("languages", "attributions", "credits", "removed")
    assert not any(row[key] for row in first for key in lists)
    assert not any(row["translation"]["artifacts"] for row in first)
    assert all(any(row[key] for row in second) for key in ("attributions", "credits", "removed"))
    assert len(first) == len(BARE)


# --- Hugging Face datasets ------------------------------------------------------------------------------------------


@pytest.fixture
def datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    # Read when the library is imported first: no hub, no telemetry.
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    module = needs("datasets")
    module.disable_progress_bars()
    return module


def typed(features: Any) -> None:
    """The features are the contract's types."""
    assert list(features) == list(RECORD_KEYS)
    assert features["text"].dtype == "string"
    assert features["language_score"].dtype == "float64"
    assert features["metadata"]["bytes"].dtype == "int64"
    artifacts = features["translation"]["artifacts"]
    kind = artifacts.feature if hasattr(artifacts, "feature") else artifacts[0]
    assert kind["start"].dtype == "int64"


@pytest.mark.parametrize("form", all_extensions())
def test_datasets_loads_the_folder(datasets: Any, outputs: dict[str, Output], form: str, tmp_path: Path) -> None:
    output = outputs[form]
    loaded = datasets.load_dataset(str(output.folder), split="train", cache_dir=str(tmp_path / "cache"))
    typed(loaded.features)
    same(list(loaded), output, "" if form == "parquet" else TIME)


# What `same` leaves out of what datasets reads from JSON: see the test of it below.
TIME = "added"


def test_datasets_streams_the_folder(datasets: Any, jsonl: Output, tmp_path: Path) -> None:
    loaded = datasets.load_dataset(str(jsonl.folder), split="train", streaming=True, cache_dir=str(tmp_path / "cache"))
    same(list(loaded), jsonl, TIME)


@pytest.mark.xfail(
    strict=True,
    reason="pyarrow takes `2026-01-31T12:00:00Z` in JSON for a time; as a string again it has lost its T and Z (`….000Z` would stay)",
)
def test_datasets_keeps_the_time_as_it_was_written(datasets: Any, jsonl: Output, tmp_path: Path) -> None:
    loaded = datasets.load_dataset(str(jsonl.folder), split="train", cache_dir=str(tmp_path / "cache"))
    assert set(loaded["added"]) == {"2026-01-31T12:00:00Z"}


def test_datasets_loads_the_files_with_the_features_of_the_card(datasets: Any, jsonl: Output, tmp_path: Path) -> None:
    import yaml

    card = yaml.safe_load((jsonl.folder / "README.md").read_text(encoding="utf-8").split("---")[1])
    features = datasets.Features._from_yaml_list(card["dataset_info"]["features"])
    loaded = datasets.load_dataset("json", data_files=jsonl.paths(), features=features, split="train", cache_dir=str(tmp_path / "cache"))
    typed(loaded.features)
    same(list(loaded), jsonl, TIME)


@pytest.mark.xfail(
    strict=True, reason="datasets guesses from the first shard alone: only the card's features help (the folder is loaded with them)"
)
def test_datasets_loads_the_files_without_being_told_anything(datasets: Any, jsonl: Output, tmp_path: Path) -> None:
    """Types are guessed from the first shard, whose lists are all empty (datasets#7222)."""
    loaded = datasets.load_dataset("json", data_files=jsonl.paths(), split="train", cache_dir=str(tmp_path / "cache"))
    same(list(loaded), jsonl, TIME)


# --- datatrove ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reader", "form"), [("JsonlReader", "jsonl"), ("JsonlReader", "jsonl.gz"), ("JsonlReader", "jsonl.zst"), ("ParquetReader", "parquet")]
)
def test_datatrove(outputs: dict[str, Output], reader: str, form: str) -> None:
    needs("datatrove")
    readers = importlib.import_module("datatrove.pipeline.readers")
    output = outputs[form]
    made = getattr(readers, reader)(str(output.folder), glob_pattern=f"documents-*.{form}", doc_progress=False)
    documents = list(made.run())
    assert [document.id for document in documents] == [row["id"] for row in output.rows]
    rows = []
    for document in documents:
        # datatrove lays a record's `metadata` and its other keys beside each other: none may be in both.
        flat = {"text": document.text, "id": document.id, **document.metadata}
        flat["metadata"] = {key: flat.pop(key) for key in output.rows[0]["metadata"]}
        rows.append({key: flat[key] for key in RECORD_KEYS})
    same(rows, output)


# --- data frames and SQL --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["jsonl", "jsonl.gz", "jsonl.zst"])
def test_pandas(outputs: dict[str, Output], form: str) -> None:
    pandas = needs("pandas")
    output = outputs[form]
    frames = [pandas.read_json(path, lines=True, dtype=False, precise_float=True) for path in output.paths()]
    frame = pandas.concat(frames, ignore_index=True)
    assert list(frame.columns) == list(RECORD_KEYS)
    assert frame["language_score"].dtype == "float64"
    same(frame.to_dict("records"), output)


def test_pandas_guessing_types(jsonl: Output) -> None:
    pandas = needs("pandas")
    frame = pandas.concat([pandas.read_json(path, lines=True) for path in jsonl.paths()], ignore_index=True)
    assert list(frame["id"]) == [row["id"] for row in jsonl.rows]
    assert list(frame["text"]) == [row["text"] for row in jsonl.rows]


def test_pandas_reads_parquet(outputs: dict[str, Output]) -> None:
    pandas = needs("pandas")
    output = outputs["parquet"]
    frame = pandas.concat([pandas.read_parquet(path) for path in output.paths()], ignore_index=True)
    same(frame.to_dict("records"), output)


def test_polars(jsonl: Output) -> None:
    polars = needs("polars")
    frames = [polars.read_ndjson(path) for path in jsonl.paths()]
    assert [frame.height for frame in frames] == [len(BARE), len(FULL)]
    assert frames[1].schema["language_score"] == polars.Float64
    assert frames[1].schema["metadata"].to_schema()["bytes"] == polars.Int64
    assert [row["id"] for frame in frames for row in frame.to_dicts()] == [row["id"] for row in jsonl.rows]


def test_polars_scans_all_shards_at_once(outputs: dict[str, Output]) -> None:
    """Types are guessed from the first shard unless they are given: parquet gives them."""
    polars = needs("polars")
    output = outputs["parquet"]
    schema = polars.scan_parquet(output.paths()).collect_schema()
    same(polars.scan_ndjson(outputs["jsonl"].paths(), schema=schema).collect().to_dicts(), output)
    same(polars.scan_parquet(output.paths()).collect().to_dicts(), output)


@pytest.mark.xfail(strict=True, reason="polars guesses from the first file alone: a schema has to be given, or parquet read")
def test_polars_scans_all_shards_without_being_told_anything(jsonl: Output) -> None:
    polars = needs("polars")
    same(polars.scan_ndjson(jsonl.paths(), infer_schema_length=None).collect().to_dicts(), jsonl)


@pytest.mark.parametrize("form", ["jsonl", "jsonl.gz", "jsonl.zst"])
def test_duckdb(outputs: dict[str, Output], form: str) -> None:
    duckdb = needs("duckdb")
    output = outputs[form]
    # auto_detect looks at 20480 rows of the first 32 files, so at both shards here.
    query = "SELECT * FROM read_json_auto(?)"
    with duckdb.connect() as connection:
        relation = connection.execute("SELECT count(*), count(DISTINCT id) FROM read_json_auto(?)", [output.paths()])
        assert relation.fetchone() == (len(output.rows), len(output.rows))
        columns = dict(connection.execute(f"SELECT column_name, column_type FROM (DESCRIBE {query})", [output.paths()]).fetchall())
        assert list(columns) == list(RECORD_KEYS)
        assert columns["language_score"] == "DOUBLE"
        assert columns["text"] == "VARCHAR"
        assert columns["attributions"].replace(chr(34), "").startswith("STRUCT(form VARCHAR, content STRUCT(")
        found = connection.execute(f"SELECT id, text, attributions, credits FROM ({query})", [output.paths()]).fetchall()
    assert [plain(list(row)) for row in found] == [[row[key] for key in ("id", "text", "attributions", "credits")] for row in output.rows]


def test_duckdb_reads_parquet(outputs: dict[str, Output]) -> None:
    duckdb = needs("duckdb")
    output = outputs["parquet"]
    with duckdb.connect() as connection:
        cursor = connection.execute("SELECT * FROM read_parquet(?)", [output.paths()])
        names = [column[0] for column in cursor.description]
        same([dict(zip(names, row, strict=True)) for row in cursor.fetchall()], output)


def test_pyarrow_has_the_same_schema_in_every_shard(outputs: dict[str, Output]) -> None:
    schemas = [pq.read_schema(path) for path in outputs["parquet"].paths()]
    assert schemas[0].equals(schemas[1])
    assert os.path.basename(outputs["parquet"].paths()[0]) == "documents-00000-of-00002.parquet"


def test_who_quotes_whom_is_one_group_by(jsonl: Output) -> None:
    """The query of transforms/README.md."""
    duckdb = pytest.importorskip("duckdb")
    readme = (Path(__file__).parents[2] / "transforms" / "README.md").read_text(encoding="utf-8")
    query = readme.partition("```sql\n")[2].partition("```")[0]
    query = query.replace("'output/documents/*.jsonl'", f"read_json({jsonl.paths()})").replace("'kcna'", "''")
    said = [item for row in jsonl.rows for item in row["attributions"] if item["speaker"]["id"] == ""]
    assert sum(number for _, number in duckdb.sql(query).fetchall()) == len(said) > 0
