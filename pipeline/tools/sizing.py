"""Estimate cores, hours and memory from the speed of one core.

The chain is nearly all of the work, and each core runs its own chain on its own documents: two
cores did 1.97 times as much as one (`tests/bench/README.md`). Linear scaling beyond two cores is an
assumption; it was not measured.
"""

from __future__ import annotations

import math
import os
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from newsbeam.config.recipe import Recipe
from newsbeam.inputs.discovery import discover
from newsbeam.inputs.reader import Reader
from newsbeam.transforms.document import Failed, Raw
from newsbeam.workers.child import SINGLE_THREADED_BLAS_ENV

RUNNER_PROCESS_MB = 250
"""Memory of the process that reads and writes, beside the workers.

The largest figure in the runs of `tests/bench/README.md`.
"""

SAMPLE_SECONDS, SAMPLE_DOCUMENTS = 20.0, 1000
"""Measuring a sample ends at either limit."""


@dataclass(frozen=True)
class Plan:
    """An estimate: hours of clock time, cores, and memory of all processes."""

    documents: int
    cores: int
    hours: float
    core_hours: float
    memory_gb: float


@dataclass(frozen=True)
class Sample:
    """A measurement: documents per second on one core, and memory in MB.

    `failed` of the documents would be dead letters. These take little time, so a rate with many of
    them is too high.
    """

    documents: int
    rate: float
    worker_mb: int
    failed: int = 0


def plan(documents: int, rate: float, hours: float = 24.0, cores: int = 0, worker_mb: int = 300) -> Plan:
    """Estimate what `documents` take at `rate` documents per second and core.

    Args:
        documents: their number.
        rate: documents per second and core.
        hours: the time available, if `cores` is 0: the result has the fewest cores that suffice.
        cores: the cores available: the result has the hours.
        worker_mb: memory of one worker.

    Raises:
        ValueError: a number is not positive.
    """
    if documents < 0 or rate <= 0 or hours <= 0 or cores < 0:
        raise ValueError("documents, rate and time must be positive")
    core_hours = documents / rate / 3600
    needed = cores or max(1, math.ceil(core_hours / hours))
    return Plan(documents, needed, core_hours / needed, core_hours, needed * (worker_mb + RUNNER_PROCESS_MB) / 1024)


def limit_blas_threads() -> None:
    """Restrict numpy to one thread, as in workers; call this before numpy is loaded.

    With more threads it takes three times the processor time.
    """
    os.environ.update(SINGLE_THREADED_BLAS_ENV)


def measure(inputs: Sequence[str], recipe: Recipe, max_bytes: int) -> Sample:
    """Run the chain in this process on the first documents of `inputs`.

    Raises:
        InputError: an input cannot be used.
        ValueError: there are no documents.
    """
    chain = recipe.chain()
    seconds = 0.0
    done = failed = 0
    for raw in _records(inputs, max_bytes):
        before = time.process_time()
        outcome = chain.run(raw)
        if done == 0:  # loads what all documents share
            before = time.process_time()
            chain.run(raw)
        seconds += time.process_time() - before
        done += 1
        failed += isinstance(outcome.result, Failed)
        if seconds > SAMPLE_SECONDS or done == SAMPLE_DOCUMENTS:
            break
    if not done:
        raise ValueError("the sample has no documents; name files or folders with documents")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Sample(done, done / max(seconds, 1e-9), math.ceil(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)), failed)


def _records(inputs: Sequence[str], max_bytes: int) -> Iterator[Raw]:
    reader = Reader(max_bytes)
    for source in discover(inputs).sources:
        yield from reader.records(source, [])


def parse_count(text: str) -> int:
    """Parse a number such as `3e9`, `100M` or `1_000_000`. Raises ValueError."""
    units = {"k": 10**3, "m": 10**6, "b": 10**9, "g": 10**9}
    plain = text.strip().lower().replace("_", "").replace(",", "")
    unit = units.get(plain[-1:], 1)
    try:
        value = float(plain[:-1] if unit > 1 else plain) * unit
    except ValueError:
        value = 0.0
    if not 0 < value < 1e15:
        raise ValueError(f"{text!r} is not a number of documents, like 3e9, 100M or 1_000_000")
    return round(value)


def table(plans: Sequence[Plan]) -> str:
    """Format plans, one per line."""
    rows = [("documents", "cores", "hours", "core-hours", "memory")]
    rows += [
        (f"{one.documents:,}", f"{one.cores:,}", f"{one.hours:,.1f}", f"{one.core_hours:,.1f}", f"{one.memory_gb:,.1f} GB") for one in plans
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
