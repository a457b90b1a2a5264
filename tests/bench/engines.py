"""The same work on several engines. Prints figures; asserts that the records are the same.

    python tests/bench/engines.py throughput                    # direct, then Flink with 1 and with 2 TaskManagers, in one go
    python tests/bench/engines.py throughput --documents 400
    python tests/bench/engines.py same                          # 1,000 HTML files and 1,000 records of WARC on every engine

What an engine lacks is fetched and built first, as for `make test-engines`. Pages are those of tests/engines/pages.py:
`$NEWSBEAM_PAGES`, the shared ones beside the repository, or the few that are in it. Each TaskManager has one slot, and `--runner direct`
one worker, so that one of each is one core's work; with 2 it is 2. Times are of whole runs: start-up is in them, and is told beside.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "engines"))

import clusters
import pages
import parts

ADDED = "2026-01-01T00:00:00Z"


@dataclass(frozen=True)
class Result:
    """One run."""

    seconds: float
    records: dict[str, list[bytes]]
    account: str


def run(inputs: list[str], output: Path, *options: str) -> Result:
    """The command, to its end."""
    command = [
        sys.executable,
        "-m",
        "newsbeam.cli",
        "run",
        *inputs,
        "--output",
        str(output),
        "--added",
        ADDED,
        "--overwrite",
        *options,
    ]
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(parts.ROOT / ".src")})
    seconds = time.perf_counter() - began
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return Result(seconds, pages.records(output), done.stdout.strip().splitlines()[-1])


def say(what: str, documents: int, result: Result, first: Result, start_up: float) -> None:
    """One line of the table. `start_up`: the seconds that a run over a single document took."""
    same = "the same records" if result.records == first.records else "OTHER RECORDS"
    net = documents / max(0.1, result.seconds - start_up)
    ratio = f"{first.seconds / result.seconds:5.2f} × the first"
    figures = f"{documents / result.seconds:7.1f} documents/s, {net:7.1f} without {start_up:5.1f} s of start-up"
    print(f"{what:26} {result.seconds:8.1f} s {figures}   {ratio}   {result.account}, {same}", flush=True)


def throughput(scratch: Path, documents: int, repeat: int) -> bool:
    """Direct with one worker and with two, Flink with one TaskManager and with two."""
    inputs = pages.make(scratch / "pages", documents // 2, documents - documents // 2)
    single = pages.make(scratch / "single", 1, 0)
    first: Result | None = None
    good = True

    def measure(what: str, *options: str) -> None:
        nonlocal first, good
        start_up = min(run(single, scratch / "out", *options).seconds for _ in range(2))
        results = [run(inputs, scratch / "out", *options) for _ in range(repeat)]
        best = min(results, key=lambda result: result.seconds)
        first = first or best
        good = good and all(result.records == first.records for result in results)
        say(what, documents, best, first, start_up)

    for workers in (1, 2):
        measure(f"direct, {workers} worker{'s' * (workers > 1)}", "--workers", str(workers))
    for number in (1, 2):
        cluster = clusters.Flink(scratch / f"flink-{number}", taskmanagers=number, slots=1)
        try:
            options = ["--job_endpoint", cluster.job_endpoint, "--parallelism", str(number)]
            measure(f"flink, {number} TaskManager{'s' * (number > 1)}", "--runner", "flink", *options)
        finally:
            cluster.stop()
    return good


def same(scratch: Path, documents: int) -> bool:
    """The default recipe on every engine."""
    inputs = pages.make(scratch / "pages", documents // 2, documents - documents // 2)
    first = run(inputs, scratch / "direct")
    print(f"{'direct':10} {first.seconds:8.1f} s   {first.account}", flush=True)
    good = True
    for name, engine in (("prism", _prism), ("flink", _flink), ("spark", _spark)):
        result = engine(inputs, scratch)
        equal = result.records == first.records and result.account == first.account
        good = good and equal
        print(f"{name:10} {result.seconds:8.1f} s   {result.account}   {'the same records' if equal else 'OTHER RECORDS'}", flush=True)
    return good


def _prism(inputs: list[str], scratch: Path) -> Result:
    return run(inputs, scratch / "prism", "--runner", "prism", "--prism_location", str(parts.prism()))


def _flink(inputs: list[str], scratch: Path) -> Result:
    cluster = clusters.Flink(scratch / "flink-cluster", slots=1)
    try:
        jar = str(parts.flink_job_server())
        return run(inputs, scratch / "flink", "--runner", "flink", "--flink_master", cluster.master, "--flink_job_server_jar", jar)
    finally:
        cluster.stop()


def _spark(inputs: list[str], scratch: Path) -> Result:
    cluster = clusters.Spark(scratch / "spark-cluster")
    try:
        return run(inputs, scratch / "spark", "--runner", "spark", *cluster.options)
    finally:
        cluster.stop()


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["throughput", "same"])
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--repeat", type=int, default=1, help="times that each is run; the best counts")
    known = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="newsbeam-bench-") as folder:
        work: dict[str, Callable[[], bool]] = {
            "throughput": lambda: throughput(Path(folder), known.documents, known.repeat),
            "same": lambda: same(Path(folder), known.documents),
        }
        try:
            good = work[known.what]()
        except parts.Missing as missing:
            sys.exit(str(missing))
    sys.exit(not good)


if __name__ == "__main__":
    main()
