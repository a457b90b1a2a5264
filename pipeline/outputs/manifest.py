"""The part of a manifest that every command writes.

It has account, other counts, timings, versions, recipe and options.
"""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterable, Mapping
from importlib.metadata import version

from newsbeam.config.job import Job
from newsbeam.storage.manifest import Account, Manifest, OptionsUsed, RecipeUsed, Timing
from newsbeam.storage.output_layout import OUTPUTS
from newsbeam.transforms.processor import describe

MAX_REASONS = 200
"""Different reasons for dropping that are counted one by one. A processor can produce any number."""


def add_counts(total: Counter[str], counts: Iterable[tuple[str, int]]) -> None:
    """Add the counts of later inputs to those of earlier ones.

    New reasons beyond MAX_REASONS are counted together.
    """
    for key, number in counts:
        if key.startswith("reason/") and key not in total and sum(one.startswith("reason/") for one in total) >= MAX_REASONS:
            key = f"{key.partition(': ')[0]}: other reasons"  # noqa: PLW2901 - the same count under another name
        total[key] += number


def describe_job(job: Job, total: Mapping[str, int]) -> Manifest:
    """The part of a manifest that all commands share, given all counts."""
    account = Account.of(total)
    timings = {
        key[3:]: Timing(total.get(f"calls/{key[3:]}", 0), round(number / 1e9, 3))
        for key, number in sorted(total.items())
        if key.startswith("ns/")
    }
    return Manifest(
        account=str(account),
        counts=account,
        details={key: number for key, number in sorted(total.items()) if key not in OUTPUTS and not key.startswith(("ns/", "calls/"))},
        timings=timings,
        versions={"newsbeam": job.setup.version, "apache-beam": version("apache-beam"), "python": platform.python_version()},
        recipe=RecipeUsed(job.recipe.text, tuple(describe(processor) for processor in job.recipe.chain().processors)),
        options=OptionsUsed(
            added=job.setup.added,
            time_limit=job.setup.time_limit,
            max_bytes=job.max_bytes,
            http_status=job.statuses,
            format=job.format,
            fields=dict(job.setup.rows.paths),
            keep_fields=job.setup.rows.keep,
        ),
        site_counts=job.site_counts,
    )
