"""A machine of the cluster is killed in the middle of a batch job: nothing is lost, nothing is there twice, and the account says so."""

from __future__ import annotations

import json
import os
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import clusters
import pages
import parts
import pytest

pytestmark = pytest.mark.engines

ADDED = "2026-01-01T00:00:00Z"
RECIPE = "processors: [length, 'nasty_processors:Slow': {seconds: 0.008}]\n"
"""Slow enough that on any machine a kill finds the job at work, and nothing to load where a worker is started again."""
FILES = 3000
"""Six shares of them (`newsbeam.inputs.work_units.UNIT_FILES`): there is something left to do when the first parts are finished."""
RECORDS = 100
SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.engines_full) for seed in range(1, 3))]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory, newsbeam: Callable[..., Any]) -> tuple[list[str], dict[str, list[bytes]], str]:
    """The command line of a run, and the records and the account that `--runner direct` made with it."""
    folder = tmp_path_factory.mktemp("work")
    (folder / "recipe.yaml").write_text(RECIPE)
    _, archives = pages.make(folder / "pages", 0, RECORDS)
    (folder / "notes").mkdir()
    for number in range(FILES):
        (folder / "notes" / f"{number:05d}.txt").write_text(f"Ferry {number} will sail again on Tuesday, said the harbour.\n")
    words = [str(folder / "notes"), archives, "--added", ADDED, "--recipe", str(folder / "recipe.yaml")]
    ran = newsbeam("run", *words, "--output", folder / "direct")
    assert ran.status == 0, ran.err
    return words, pages.records(folder / "direct"), ran.account


def _flink(cluster: clusters.Flink) -> list[str]:
    # Half of the slots: so there is a place for everything on one machine.
    return ["--runner", "flink", "--job_endpoint", cluster.job_endpoint, "--parallelism", "2"]


def _parts_of(output: Path) -> int:
    return len(list((output / ".newsbeam" / "parts").glob("*.json")))


def _wait_for_work(process: subprocess.Popen[str], output: Path, finished: int) -> None:
    """Until so many parts are finished, or the run is over."""
    clusters.eventually(f"{finished} parts", lambda: _parts_of(output) >= finished or process.poll() is not None, 600)


def _is_whole(process: subprocess.Popen[str], output: Path, expected: dict[str, list[bytes]], account: str) -> str:
    """Wait for the end; raises AssertionError unless all is there, and once. What was said on standard error."""
    out, err = process.communicate(timeout=900)
    assert process.returncode == 0, err
    assert out.splitlines()[-1] == account
    found = pages.records(output)
    for kind, lines in expected.items():
        assert found[kind] == lines, kind
    manifest = json.loads((output / "manifest.json").read_bytes())
    assert len(manifest["inputs"]) == len({entry["path"] for entry in manifest["inputs"]})
    assert sorted(path.name for path in output.iterdir() if path.name.startswith(".") or path.name.endswith(".tmp")) == []
    return err


def _gone(process: int) -> bool:
    try:
        return (Path("/proc") / str(process) / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.fixture
def mended(flink: clusters.Flink) -> Iterator[clusters.Flink]:
    """The cluster, which is given back with two TaskManagers."""
    yield flink
    while len(flink.taskmanagers) < 2:
        flink.add_taskmanager()
    flink.wait_for_slots(4)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_taskmanager_is_killed_and_replaced(
    seed: int,
    work: tuple[list[str], dict[str, list[bytes]], str],
    mended: clusters.Flink,
    start: Callable[..., subprocess.Popen[str]],
    tmp_path: Path,
) -> None:
    words, expected, account = work
    rng = random.Random(seed)
    process = start("run", *words, "--output", tmp_path / "out", *_flink(mended))
    _wait_for_work(process, tmp_path / "out", rng.randint(0, 3))
    time.sleep(rng.random() * 3)
    assert process.poll() is None, "the job was over before anything could be killed"
    victim = rng.choice(mended.taskmanagers)
    workers = clusters.descendants(mended.pid(victim))
    mended.kill(victim)
    mended.add_taskmanager()
    _is_whole(process, tmp_path / "out", expected, account)
    # Nothing that the dead one had started goes on without it.
    clusters.eventually("SDK workers outlive their TaskManager", lambda: all(map(_gone, workers)), 60)


@pytest.mark.engines_full
def test_a_taskmanager_is_killed_while_the_output_is_put_together(
    work: tuple[list[str], dict[str, list[bytes]], str],
    mended: clusters.Flink,
    start: Callable[..., subprocess.Popen[str]],
    tmp_path: Path,
) -> None:
    # The parts go once the manifest is written: what is done again finds them gone.
    words, expected, account = work
    output = tmp_path / "out"
    process = start("run", *words, "--output", output, *_flink(mended))
    clusters.eventually("the output", lambda: list(output.glob("d*.jsonl*")) or process.poll() is not None, 600)
    # Whichever of them does it.
    for victim in list(mended.taskmanagers):
        mended.kill(victim)
        mended.add_taskmanager()
    _is_whole(process, output, expected, account)


@pytest.mark.engines_full
def test_a_taskmanager_is_killed_and_never_replaced(
    work: tuple[list[str], dict[str, list[bytes]], str],
    mended: clusters.Flink,
    start: Callable[..., subprocess.Popen[str]],
    tmp_path: Path,
) -> None:
    words, expected, account = work
    process = start("run", *words, "--output", tmp_path / "out", *_flink(mended))
    _wait_for_work(process, tmp_path / "out", 2)
    mended.kill(mended.taskmanagers[0])
    _is_whole(process, tmp_path / "out", expected, account)
    assert len(mended.taskmanagers) == 1


@pytest.mark.engines_full
def test_all_taskmanagers_are_killed_at_once(
    work: tuple[list[str], dict[str, list[bytes]], str],
    mended: clusters.Flink,
    start: Callable[..., subprocess.Popen[str]],
    tmp_path: Path,
) -> None:
    words, expected, account = work
    process = start("run", *words, "--output", tmp_path / "out", *_flink(mended))
    _wait_for_work(process, tmp_path / "out", 3)
    for victim in list(mended.taskmanagers):
        mended.kill(victim)
    mended.add_taskmanager()
    _is_whole(process, tmp_path / "out", expected, account)


@pytest.mark.engines_full
def test_a_job_that_flink_gives_up_goes_on_from_its_finished_parts(
    work: tuple[list[str], dict[str, list[bytes]], str], start: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    words, expected, account = work
    cluster = clusters.Flink(tmp_path / "cluster", settings={"restart-strategy.type": "none"})
    try:
        process = start("run", *words, "--output", tmp_path / "out", *_flink(cluster))
        _wait_for_work(process, tmp_path / "out", 2)
        cluster.kill(cluster.taskmanagers[0])
        said = _is_whole(process, tmp_path / "out", expected, account)
        assert "newsbeam: continuing from " in said
    finally:
        cluster.stop()


@pytest.mark.engines_full
def test_ctrl_c_cancels_the_job(
    work: tuple[list[str], dict[str, list[bytes]], str],
    mended: clusters.Flink,
    start: Callable[..., subprocess.Popen[str]],
    newsbeam: Callable[..., Any],
    tmp_path: Path,
) -> None:
    words, expected, account = work
    output = tmp_path / "out"
    where = ["--flink_master", mended.master, "--flink_job_server_jar", str(parts.flink_job_server())]
    process = start("run", *words, "--output", output, "--runner", "flink", *where)
    _wait_for_work(process, output, 1)
    running = [job for job, state in mended.jobs().items() if state not in ("FINISHED", "CANCELED", "FAILED")]
    assert running
    os.kill(process.pid, 2)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "newsbeam: interrupted" in err
    clusters.eventually("the job goes on without anybody", lambda: mended.jobs()[running[0]] == "CANCELED", 60)
    # Another engine takes it up.
    ran = newsbeam("run", *words, "--output", output, "--resume")
    assert ran.status == 0
    assert ran.account == account
    assert pages.records(output) == expected


def test_a_machine_of_spark_is_gone(
    work: tuple[list[str], dict[str, list[bytes]], str], start: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    words, expected, account = work
    cluster = clusters.Spark(tmp_path / "cluster")
    try:
        process = start("run", *words, "--output", tmp_path / "out", "--runner", "spark", *cluster.options)
        _wait_for_work(process, tmp_path / "out", 2)
        cluster.kill("worker-1")
        _is_whole(process, tmp_path / "out", expected, account)
    finally:
        cluster.stop()
