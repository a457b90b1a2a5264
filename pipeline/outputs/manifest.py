"""The manifest of a run, and its account."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

from newsbeam.config.job import Job
from newsbeam.storage.output_layout import OUTPUTS
from newsbeam.transforms.processor import describe

MAX_REASONS = 200
"""Different reasons for which documents were dropped; a processor may make up more."""


def add_counts(total: Counter[str], counts: Iterable[tuple[str, int]]) -> None:
    """Add counts of what comes after all that is in `total` already: reasons that are new beyond MAX_REASONS are counted together."""
    for key, number in counts:
        if key.startswith("reason/") and key not in total and sum(one.startswith("reason/") for one in total) >= MAX_REASONS:
            key = f"{key.partition(': ')[0]}: other reasons"  # noqa: PLW2901 - the same count under another name
        total[key] += number


def account_line(total: Mapping[str, int]) -> str:
    """The line that says what became of everything that was read."""
    written, dropped, failed = (total.get(kind, 0) for kind in OUTPUTS)
    return f"read {written + dropped + failed} = written {written} + dropped {dropped} + failed {failed}"


def manifest(job: Job, total: Mapping[str, int]) -> dict[str, Any]:
    """What a manifest says of the whole of what was done, given what was counted."""
    counts = {key: number for key, number in sorted(total.items()) if not key.startswith(("ns/", "calls/"))}
    counts["read"] = sum(counts.get(kind, 0) for kind in OUTPUTS)
    timings = {
        key[3:]: {"documents": total.get(f"calls/{key[3:]}", 0), "seconds": round(number / 1e9, 3)}
        for key, number in sorted(total.items())
        if key.startswith("ns/")
    }
    return {
        "account": account_line(total),
        "counts": {kind: counts.pop(kind, 0) for kind in ("read", *OUTPUTS)},
        "details": counts,
        "timings": timings,
        "versions": {"newsbeam": job.setup.version, "apache-beam": version("apache-beam"), "python": platform.python_version()},
        "recipe": {"text": job.recipe.text, "processors": [describe(processor) for processor in job.recipe.chain().processors]},
        "options": {
            "added": job.setup.added,
            "time_limit": job.setup.time_limit,
            "max_bytes": job.max_bytes,
            "http_status": job.statuses,
            "format": job.format,
            "fields": dict(job.setup.rows.paths),
            "keep_fields": job.setup.rows.keep,
        },
    }
