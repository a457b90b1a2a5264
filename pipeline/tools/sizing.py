"""How many cores, hours and how much memory so many documents take, from what one core was measured to do.

The chain is nearly all of the work, and each core runs one of its own over documents of its own: two did 1.97 times
as much as one (`tests/bench/README.md`). More than two are taken to go on like that; that was not measured.
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
from newsbeam.workers.pool import SINGLE_THREADED_BLAS_ENV

RUNNER_PROCESS_MB = 250
"""What the process that reads and writes takes beside each worker: the largest seen in the runs of `tests/bench/README.md`."""

SAMPLE_SECONDS, SAMPLE_DOCUMENTS = 20.0, 1000
"""A sample is measured until it has taken so long or so many are done."""


@dataclass(frozen=True)
class Plan:
    """What some documents take: `hours` of the clock on `cores` cores, and the memory of all processes together."""

    documents: int
    cores: int
    hours: float
    core_hours: float
    memory_gb: float


@dataclass(frozen=True)
class Sample:
    """What was measured: documents a second of one core's time, and the memory (MB) of the process that did it.

    `failed` of the documents would be dead letters, which are soon made: a rate with many of them is too high.
    """

    documents: int
    rate: float
    worker_mb: int
    failed: int = 0


def plan(documents: int, rate: float, hours: float = 24.0, cores: int = 0, worker_mb: int = 300) -> Plan:
    """What `documents` take at `rate` documents a second a core: the least cores that do it in `hours`, or the hours on `cores`.

    Raises ValueError where there is nothing to go by.
    """
    if documents < 0 or rate <= 0 or hours <= 0 or cores < 0:
        raise ValueError("a plan needs documents, a rate and a time above 0")
    core_hours = documents / rate / 3600
    needed = cores or max(1, math.ceil(core_hours / hours))
    return Plan(documents, needed, core_hours / needed, core_hours, needed * (worker_mb + RUNNER_PROCESS_MB) / 1024)


def limit_blas_threads() -> None:
    """Have numpy use one thread, as workers do: with more it takes three times the processor time. To be called before it is loaded."""
    os.environ.update(SINGLE_THREADED_BLAS_ENV)


def measure(inputs: Sequence[str], recipe: Recipe, max_bytes: int) -> Sample:
    """Run the chain over the first documents of `inputs`, here. Raises InputError, and ValueError where there are none."""
    chain = recipe.chain()
    seconds = 0.0
    done = failed = 0
    for raw in _records(inputs, max_bytes):
        before = time.process_time()
        outcome = chain.run(raw)
        if done == 0:  # the first one loads what all need, once
            before = time.process_time()
            chain.run(raw)
        seconds += time.process_time() - before
        done += 1
        failed += isinstance(outcome.result, Failed)
        if seconds > SAMPLE_SECONDS or done == SAMPLE_DOCUMENTS:
            break
    if not done:
        raise ValueError("there are no documents in the sample")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Sample(done, done / max(seconds, 1e-9), math.ceil(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)), failed)


def _records(inputs: Sequence[str], max_bytes: int) -> Iterator[Raw]:
    reader = Reader(max_bytes)
    for source in discover(inputs).sources:
        yield from reader.records(source, [])


def parse_count(text: str) -> int:
    """`3e9`, `100M`, `1_000_000` and the like as a number. Raises ValueError."""
    units = {"k": 10**3, "m": 10**6, "b": 10**9, "g": 10**9}
    plain = text.strip().lower().replace("_", "").replace(",", "")
    unit = units.get(plain[-1:], 1)
    try:
        value = float(plain[:-1] if unit > 1 else plain) * unit
    except ValueError:
        value = 0.0
    if not 0 < value < 1e15:
        raise ValueError(f"{text!r} is no number of documents")
    return round(value)


def table(plans: Sequence[Plan]) -> str:
    """Plans for a person, one a line."""
    rows = [("documents", "cores", "hours", "core-hours", "memory")]
    rows += [
        (f"{one.documents:,}", f"{one.cores:,}", f"{one.hours:,.1f}", f"{one.core_hours:,.1f}", f"{one.memory_gb:,.1f} GB") for one in plans
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
