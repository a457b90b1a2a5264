"""Limits on time and memory in a worker."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable

from newsbeam.transforms.document import Failed, Raw
from newsbeam.transforms.processor import Chain, DocumentTimeout, Outcome

MEMORY_BYTES = 4 << 30
"""The address space of a worker; a document that needs more is a dead letter."""


def time_limit(raw: Raw, seconds: float) -> float:
    """Return the time limit of a document: `seconds` for each MB or part of one."""
    return seconds * max(1, -(-len(raw.payload) // MEGABYTE))


def late(raw: Raw, seconds: float) -> str:
    """Describe a document's timeout."""
    limit = time_limit(raw, seconds)
    each = "" if limit == seconds else f" {seconds:g} per MB"
    return f"took longer than {limit:g} s (--time-limit{each})"


def run_limited(raw: Raw, chain: Chain, seconds: float, entering: Callable[[str], object] = str) -> Outcome:
    """Run the chain, with DocumentTimeout after the limit of processor time.

    Clock time does not count: other load on the machine or its suspension costs no document. Call
    this in the main thread of a process. The pool kills what this cannot interrupt, and documents
    that wait without using processor time.
    """
    if seconds <= 0:
        return chain.run(raw, entering)

    def alarm(_number: int, _frame: object) -> None:
        raise DocumentTimeout(late(raw, seconds))

    outcome: Outcome | None = None
    try:
        signal.signal(signal.SIGPROF, alarm)
        # Repeat it every second: a bare `except` may swallow the first alarm.
        signal.setitimer(signal.ITIMER_PROF, time_limit(raw, seconds), 1.0)
        try:
            outcome = chain.run(raw, entering)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
    except DocumentTimeout as error:
        # The alarm arrived between the chain's end and the timer's reset: the outcome, if any, is
        # valid.
        return outcome or Outcome(Failed("record", "DocumentTimeout", str(error)))
    return outcome


def limit_memory() -> None:
    """Limit the address space of this process, if the system supports it."""
    import resource  # not on every system

    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(MEMORY_BYTES, hard)
    if sys.platform != "darwin":  # macOS refuses a limit below the space that is already mapped
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


MEGABYTE = 1 << 20
