"""newsbeam in a Beam pipeline of somebody's own: the same records, each element in exactly one output."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to
from apache_beam.transforms.window import FixedWindows, TimestampedValue

import newsbeam
from newsbeam.beam import BIGQUERY_SCHEMA, ROW, Process, ReadDocuments, WriteRecords
from newsbeam.transforms.document import RECORD_KEYS

ADDED = "2026-01-01T00:00:00Z"
SEEDS = Path(__file__).parents[2] / "seeds"
PAGES = [
    "The council will meet again.",
    b"",
    {"no": "text"},
    {"body": "It met in May.", "id": 7},
    newsbeam.Page("<p>It met in June.</p>"),
    7,
]


@pytest.mark.parametrize("isolate", [True, False])
def test_each_page_is_in_one_output(isolate: bool) -> None:
    with beam.Pipeline() as pipeline:
        results = pipeline | beam.Create(PAGES) | Process(["boilerplate", "length"], isolate=isolate, added=ADDED)
        texts = results.documents | beam.Map(lambda record: record["text"])
        assert_that(texts, equal_to(["The council will meet again.", "It met in May.", "It met in June."]), "documents")
        assert_that(results.dropped | "reason" >> beam.Map(lambda row: row["reason"]), equal_to(["empty"]), "dropped")
        assert_that(results.failed | "error" >> beam.Map(lambda row: row["error"]), equal_to(["DecodeError", "TypeError"]), "failed")
    counters = {one.key.metric.name: one.committed for one in pipeline.result.metrics().query()["counters"]}
    assert counters["read"] == len(PAGES)
    assert (counters["written"], counters["dropped"], counters["failed"]) == (3, 1, 2)
    assert counters["failed/decode: DecodeError"] == 1
    times = {one.key.metric.name: one.committed for one in pipeline.result.metrics().query()["distributions"]}
    assert times["microseconds/length"].count == 3


def test_records_are_those_of_a_run(tmp_path: Path) -> None:
    newsbeam.run(SEEDS, tmp_path / "run", added=ADDED, workers=1)
    with beam.Pipeline() as pipeline:
        written = pipeline | ReadDocuments(SEEDS) | Process(added=ADDED) | WriteRecords(tmp_path / "beam", name="seeds")
        assert_that(written | beam.Map(lambda manifest: manifest.account), equal_to(["read 41 = written 41 + dropped 0 + failed 0"]))
    wanted, got = ({record["id"]: record for record in newsbeam.read(tmp_path / name)} for name in ("run", "beam"))
    assert got == wanted
    manifests = [json.loads((tmp_path / name / "manifest.json").read_bytes()) for name in ("run", "beam")]
    details = [{key: value for key, value in one["details"].items() if not key.startswith("field/")} for one in manifests]
    assert details[0] == details[1]
    assert not (tmp_path / "beam" / ".newsbeam").exists()


def test_dropped_and_failed_are_written_with_the_account(tmp_path: Path) -> None:
    with beam.Pipeline() as pipeline:
        pipeline | beam.Create(PAGES) | Process(["length"], added=ADDED) | WriteRecords(tmp_path, format="parquet")  # pylint: disable=W0106
    assert json.loads((tmp_path / "manifest.json").read_bytes())["account"] == "read 6 = written 3 + dropped 1 + failed 2"
    assert newsbeam.read(tmp_path).to_arrow().num_rows == 3
    assert [row["reason"] for row in newsbeam.read(tmp_path, "dropped")] == ["empty"]
    assert Counter(row["error"] for row in newsbeam.read(tmp_path, "dead_letters")) == {"DecodeError": 1, "TypeError": 1}


def test_nothing_at_all_is_a_folder_too(tmp_path: Path) -> None:
    with beam.Pipeline() as pipeline:
        pipeline | beam.Create([]) | Process(["length"]) | WriteRecords(tmp_path)
    assert json.loads((tmp_path / "manifest.json").read_bytes())["account"] == "read 0 = written 0 + dropped 0 + failed 0"


def test_a_folder_with_results_is_not_replaced_unasked(tmp_path: Path) -> None:
    def write(**options: Any) -> None:
        with beam.Pipeline() as pipeline:
            pipeline | beam.Create(["One page."]) | Process(["length"]) | WriteRecords(tmp_path, **options)

    write()
    with pytest.raises(newsbeam.NewsbeamError, match="overwrite=True"):
        write()
    write(overwrite=True)
    assert [record["text"] for record in newsbeam.read(tmp_path)] == ["One page."]


def test_times_and_windows_stay() -> None:
    with beam.Pipeline() as pipeline:
        stamped = pipeline | beam.Create([5, 65, 70]) | beam.Map(lambda at: TimestampedValue(f"Page of second {at}.", at))
        results = stamped | beam.WindowInto(FixedWindows(60)) | Process(["length"])
        windows = results.documents | beam.Map(lambda record, window=beam.DoFn.WindowParam: (int(window.start), record["text"]))
        assert_that(windows, equal_to([(0, "Page of second 5."), (60, "Page of second 65."), (60, "Page of second 70.")]))


def test_rows_have_the_schema_of_a_record() -> None:
    assert [name for name, _ in ROW._fields] == list(RECORD_KEYS)
    text = '"We will sail," said Jane Doe, a captain, on Monday.'
    with beam.Pipeline() as pipeline:
        rows = (pipeline | beam.Create([text]) | Process(as_rows=True, isolate=False)).documents
        # A shuffle encodes them with the schema.
        said = rows | beam.Reshuffle() | beam.Map(lambda row: [one.speaker.name for one in row.attributions])
        assert_that(said, equal_to([["Jane Doe"]]))


def test_the_schema_of_bigquery_has_every_field() -> None:
    assert [field["name"] for field in BIGQUERY_SCHEMA["fields"]] == list(RECORD_KEYS)
    attributions = next(field for field in BIGQUERY_SCHEMA["fields"] if field["name"] == "attributions")
    assert (attributions["type"], attributions["mode"]) == ("RECORD", "REPEATED")
    assert {field["name"]: field["type"] for field in attributions["fields"]}["score"] == "FLOAT"


def test_a_wrong_recipe_is_an_error_before_the_pipeline_runs() -> None:
    with pytest.raises(newsbeam.NewsbeamError, match="did you mean 'length'"):
        Process(["lenght"])
