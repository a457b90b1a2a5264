"""The same documents on every engine: the same records, byte by byte once sorted, and the same account."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import clusters
import pages
import parts
import pytest

pytestmark = pytest.mark.engines

ADDED = "2026-01-01T00:00:00Z"
LIGHT = """\
processors:
  - boilerplate
  - language
  - length: {min_chars: 600}
"""
"""The default recipe takes four times as long: 2,000 documents on four engines are too many for it here (tests/bench/engines.py
runs them), so it has fewer of its own below."""


WHICH = [pytest.param("many", marks=pytest.mark.engines_full), "whole"]


@dataclass(frozen=True)
class Work:
    """Inputs, the command line behind them, and what `--runner direct` made of it."""

    words: list[str]
    expected: dict[str, list[bytes]]
    account: str


def _work(folder: Path, newsbeam: Callable[..., Any], html: int, archived: int, *options: str) -> Work:
    inputs = pages.make(folder / "pages", html, archived)
    # What is wrong has to be told alike everywhere, too.
    (folder / "pages" / "html" / "bad.jsonl").write_bytes(b'{"text": "no end')
    (folder / "pages" / "warc" / "cut.warc.gz").write_bytes((folder / "pages" / "warc" / "000.warc.gz").read_bytes()[:5000])
    words = [*inputs, "--added", ADDED, *options]
    ran = newsbeam("run", *words, "--output", folder / "direct")
    assert ran.status == 0, ran.err
    work = Work(words, pages.records(folder / "direct"), ran.account)
    counts = {kind: len(lines) for kind, lines in work.expected.items()}
    assert counts["documents"] > 0.5 * (html + archived)
    assert counts["dead-letters"] >= 2
    assert work.account == _account(counts)
    return work


def _account(counts: dict[str, int]) -> str:
    read = sum(counts.values())
    return f"read {read} = written {counts['documents']} + dropped {counts['dropped']} + failed {counts['dead-letters']}"


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory, newsbeam: Callable[..., Any]) -> Work:
    """1,000 pages as files and 1,000 in archives, with a short chain."""
    folder = tmp_path_factory.mktemp("many")
    (folder / "light.yaml").write_text(LIGHT)
    work = _work(folder, newsbeam, 1000, 1000, "--recipe", str(folder / "light.yaml"))
    assert work.expected["dropped"], "nothing was dropped: the recipe does not test what it should"
    return work


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, newsbeam: Callable[..., Any]) -> Work:
    """Fewer, with the default chain."""
    return _work(tmp_path_factory.mktemp("whole"), newsbeam, 60, 60)


def same(work: Work, output: Path, ran: Any) -> None:
    """Raises AssertionError unless the run made what `--runner direct` made."""
    assert ran.status == 0, ran.err
    assert ran.account == work.account
    found = pages.records(output)
    for kind, lines in work.expected.items():
        assert found[kind] == lines, kind
    counts = json.loads((output / "manifest.json").read_bytes())["counts"]
    assert counts["read"] == sum(map(len, work.expected.values()))
    left = sorted(path.name for path in output.iterdir() if path.name.startswith(".") or path.name.endswith(".tmp"))
    assert left == [], "something unfinished is left"


@pytest.mark.parametrize("which", WHICH)
def test_flink(which: str, request: pytest.FixtureRequest, flink: clusters.Flink, newsbeam: Callable[..., Any], tmp_path: Path) -> None:
    work: Work = request.getfixturevalue(which)
    jar = str(parts.flink_job_server())
    ran = newsbeam(
        "run", *work.words, "--output", tmp_path / "out", "--runner", "flink", "--flink_master", flink.master, "--flink_job_server_jar", jar
    )
    same(work, tmp_path / "out", ran)
    done = [job for job in flink.get("/jobs/overview")["jobs"] if job["state"] == "FINISHED"]
    detail = flink.get(f"/jobs/{max(done, key=lambda job: job['end-time'])['jid']}")
    # All slots were asked for, and the work lay on both machines.
    assert max(vertex["parallelism"] for vertex in detail["vertices"]) == 4
    busy = [vertex["id"] for vertex in detail["vertices"] if "process" in vertex["name"]]
    hosts = {
        entry["taskmanager-id"] for one in busy for entry in flink.get(f"/jobs/{detail['jid']}/vertices/{one}/taskmanagers")["taskmanagers"]
    }
    assert len(hosts) == 2


@pytest.mark.engines_full
def test_flink_by_a_job_server_that_runs_already(whole: Work, flink: clusters.Flink, newsbeam: Callable[..., Any], tmp_path: Path) -> None:
    ran = newsbeam("run", *whole.words, "--output", tmp_path / "out", "--runner", "flink", "--job_endpoint", flink.job_endpoint)
    same(whole, tmp_path / "out", ran)


@pytest.mark.parametrize("which", WHICH)
def test_prism(which: str, request: pytest.FixtureRequest, prism: Path, newsbeam: Callable[..., Any], tmp_path: Path) -> None:
    work: Work = request.getfixturevalue(which)
    ran = newsbeam("run", *work.words, "--output", tmp_path / "out", "--runner", "prism", "--prism_location", prism)
    same(work, tmp_path / "out", ran)


@pytest.mark.parametrize("which", WHICH)
def test_spark(which: str, request: pytest.FixtureRequest, spark: clusters.Spark, newsbeam: Callable[..., Any], tmp_path: Path) -> None:
    work: Work = request.getfixturevalue(which)
    ran = newsbeam("run", *work.words, "--output", tmp_path / "out", "--runner", "spark", *spark.options)
    same(work, tmp_path / "out", ran)
