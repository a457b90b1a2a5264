"""The two passes of `site_template` in one Beam graph, with one engine pinned."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.test_pipeline import TestPipeline as CheckedPipeline
from apache_beam.testing.util import assert_that, equal_to

from newsbeam.batch import graph, site_template
from newsbeam.batch.graph import Process, build_graph
from newsbeam.batch.site_template import CountSiteTexts
from newsbeam.config.job import Job, WorkerConfig
from newsbeam.config.recipe_parser import parse
from newsbeam.inputs import work_units
from newsbeam.inputs.discovery import discover
from newsbeam.inputs.work_units import RawBatch, plan_work_units
from newsbeam.storage import filesystem
from newsbeam.transforms.boilerplate.site_template import page_keys
from newsbeam.transforms.document import Raw
from newsbeam.workers.site_template import LEAST_WIDTH, find_template, load

PITCH = "Every reader of ours gets a wooden spoon and a song"
RECIPE = "processors: ['site_processors:Recurring']\nsite_template: {min_pages: 6}"


@pytest.fixture(autouse=True)
def reachable() -> Iterator[None]:
    """The processor can be imported here and in worker processes."""
    folder = str(Path(__file__).parents[1] / "pipeline")
    sys.path.insert(0, folder)
    yield
    sys.path.remove(folder)


def job(folder: Path, recipe: str = RECIPE, **others: Any) -> Job:
    return Job(WorkerConfig(parse(recipe), "2026-01-01T00:00:00Z", 5.0, "0"), str(folder), **others)


def pages(*numbers: int) -> list[str]:
    return [
        f"The mayor opened bridge {'i' * number} in the rain, and many came\n{PITCH}\nAll of them went home {'a' * number}"
        for number in numbers
    ]


def bounded(source: Path, of: Job, spread: bool = False) -> list[dict[str, Any]]:
    """Run the graph over files; the records."""
    with CheckedPipeline(runner="FnApiRunner", options=PipelineOptions([])) as pipeline:
        build_graph(pipeline, plan_work_units(discover([str(source)]).sources), of, (), spread)
    return [json.loads(line) for path in sorted(Path(of.output).glob("documents-*.jsonl")) for line in path.read_bytes().splitlines()]


@pytest.mark.parametrize(("workers", "spread"), [(1, False), (2, False), (1, True)])
def test_two_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int, spread: bool) -> None:
    monkeypatch.setattr(work_units, "UNIT_FILES", 3)  # several shares, so that several bundles' counts are merged
    for number, text in enumerate(pages(*range(1, 9))):
        (tmp_path / "in" / "many").mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / "many" / f"{number}.txt").write_text(text)
    for number, text in enumerate(pages(*range(1, 6))):
        (tmp_path / "in" / "few").mkdir(exist_ok=True)
        (tmp_path / "in" / "few" / f"{number}.txt").write_text(text)
    rows = bounded(tmp_path / "in", job(tmp_path / "out", workers=workers), spread)
    assert len(rows) == 13
    for row in rows:
        many = "/many/" in row["metadata"]["origin"]
        assert (PITCH in row["text"]) != many
        assert row["removed"] == ([{"kind": "template", "line": 2, "text": PITCH}] if many else [])


def test_counts_are_merged_and_kept(tmp_path: Path) -> None:
    of = job(tmp_path)
    filesystem.make_folder(of.state)
    raws = [Raw(f"in/{number}.txt", text.encode()) for number, text in enumerate(pages(*range(1, 21)))]
    with CheckedPipeline(runner="FnApiRunner", options=PipelineOptions([])) as pipeline:
        bundles = pipeline | beam.Create([RawBatch("", tuple(raws[:7])), RawBatch("", tuple(raws[7:])), RawBatch("", ())])
        assert_that(bundles | CountSiteTexts(of, LEAST_WIDTH), equal_to([of.counts]))
    found = load(of.counts)
    assert found.width == LEAST_WIDTH
    pages_key, _, *texts = page_keys("in/", [PITCH])
    assert [found.at_least(key) for key in (pages_key, *texts)] == [20, 20]


def test_what_was_counted_before_is_not_counted_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    for number, text in enumerate(pages(*range(1, 9))):
        (tmp_path / "in" / f"{number}.txt").write_text(text)
    of = job(tmp_path / "out")
    bounded(tmp_path / "in", of)
    assert "site-template" in filesystem.list_names(of.state)
    monkeypatch.setattr(site_template, "CountSiteTexts", None)
    assert all(PITCH not in row["text"] for row in bounded(tmp_path / "in", of))


def test_with_the_counts_of_an_earlier_run_the_input_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Documents that were not counted, and the same ones, which have to come out the same."""
    for folder, numbers in (("in", range(1, 9)), ("later/in", (11, 12))):
        (tmp_path / folder).mkdir(parents=True)
        for number, text in zip(numbers, pages(*numbers), strict=True):
            (tmp_path / folder / f"{number}.txt").write_text(text)
    monkeypatch.chdir(tmp_path)  # the site of a document without a url is the folder of its file, as it is named
    first = bounded(Path("in"), job(tmp_path / "first"))
    recipe, template = find_template(str(tmp_path / "first"), parse(RECIPE))
    assert recipe == parse(RECIPE)
    assert template is not None
    monkeypatch.setattr(graph, "CountSiteTexts", None)

    def once(source: str, out: str) -> list[dict[str, Any]]:
        of = job(tmp_path / out)
        filesystem.make_folder(of.state)
        template.save(of.counts)
        return bounded(Path(source), template.job(of, of.counts))

    assert once("in", "again") == first
    monkeypatch.chdir(tmp_path / "later")
    assert [row["removed"] for row in once("in", "later")] == [[{"kind": "template", "line": 2, "text": PITCH}]] * 2
    kept = [(tmp_path / out / "site-counts.zst").read_bytes() for out in ("first", "again", "later")]
    assert kept[0] == kept[1] == kept[2] == template.packed


def test_a_source_that_is_read_once_is_refused(tmp_path: Path) -> None:
    """A stream has no end to count to: the option is no silent nothing there, but an error when the graph is built."""
    with pytest.raises(ValueError, match=r"site_template` reads all input twice.* Remove it from the recipe"):
        Process(job(tmp_path))
    Process(job(tmp_path, "processors: ['site_processors:Recurring']"))
    of = job(tmp_path)
    Process(replace(of, setup=replace(of.setup, counts="counts", counted=False)))


def test_counts_of_an_unbounded_source_are_refused(tmp_path: Path) -> None:
    pipeline = beam.Pipeline(runner="FnApiRunner", options=PipelineOptions([]))
    stream = pipeline | beam.Create([RawBatch("", ())])
    stream.is_bounded = False
    with pytest.raises(ValueError, match="site_template"):
        _ = stream | CountSiteTexts(job(tmp_path), LEAST_WIDTH)
