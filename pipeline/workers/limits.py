"""Limits on time and memory in a worker."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable

from newsbeam.transforms.document import Failed, Raw
from newsbeam.transforms.processor import Chain, DocumentTimeout, Outcome

MEMORY_BYTES = 4 << 30
"""The most address space that a worker may take: a document that wants more gets a MemoryError, and a dead letter."""


def time_limit(raw: Raw, seconds: float) -> float:
    """How long a document may take, where one of up to 1 MB may take `seconds`: that much for each MB begun."""
    return seconds * max(1, -(-len(raw.payload) // MEGABYTE))


def late(raw: Raw, seconds: float) -> str:
    """What is said of a document that took too long."""
    limit = time_limit(raw, seconds)
    each = "" if limit == seconds else f" {seconds:g} for each MB"
    return f"took longer than {limit:g} s (--time-limit{each})"


def run_limited(raw: Raw, chain: Chain, seconds: float, entering: Callable[[str], object] = str) -> Outcome:
    """`chain.run`, ended by a DocumentTimeout after `time_limit(raw, seconds)` of this process's processor time.

    The clock plays no part: what else the machine does, or that it slept, costs no document. Works in a process's main thread; the
    pool kills what this cannot end, and what waits without taking any processor time.
    """
    if seconds <= 0:
        return chain.run(raw, entering)

    def alarm(_number: int, _frame: object) -> None:
        raise DocumentTimeout(late(raw, seconds))

    outcome: Outcome | None = None
    try:
        signal.signal(signal.SIGPROF, alarm)
        # Again every second: a bare `except` on the way may swallow the first.
        signal.setitimer(signal.ITIMER_PROF, time_limit(raw, seconds), 1.0)
        try:
            outcome = chain.run(raw, entering)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
    except DocumentTimeout as error:
        # The alarm went off between the chain's last line and the reset: what it made, if anything, stands.
        return outcome or Outcome(Failed("record", "DocumentTimeout", str(error)))
    return outcome


def limit_memory() -> None:
    """Limit the address space of this process, where the system can."""
    import resource  # not on every system

    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(MEMORY_BYTES, hard)
    if sys.platform != "darwin":  # macOS refuses a limit below what a process has mapped already
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


MEGABYTE = 1 << 20
