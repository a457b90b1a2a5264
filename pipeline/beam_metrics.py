"""Counts as Beam counters and distributions.

The pages of Flink and Dataflow show them.
"""

from __future__ import annotations

from collections.abc import Iterable

from apache_beam.metrics import Metrics

_NAMESPACE = "newsbeam"
_NAMES = {"documents": "written", "dropped": "dropped", "dead_letters": "failed"}


def count(counts: Iterable[tuple[str, int]]) -> None:
    """Add the counts of finished documents to those of the running step.

    The keys are those of a manifest's details (`reason/decode: empty`). `ns/STAGE` becomes a distribution of microseconds per document.
    """
    calls = dict(counts)
    for key, number in calls.items():
        group, _, name = key.partition("/")
        if key in _NAMES:
            Metrics.counter(_NAMESPACE, _NAMES[key]).inc(number)
            Metrics.counter(_NAMESPACE, "read").inc(number)
        elif group == "ns":
            Metrics.distribution(_NAMESPACE, f"microseconds/{name}").update(number // max(calls.get(f"calls/{name}", 1), 1) // 1000)
        elif group == "reason":
            Metrics.counter(_NAMESPACE, f"dropped/{name}").inc(number)
        elif group == "error":
            Metrics.counter(_NAMESPACE, f"failed/{name}").inc(number)
