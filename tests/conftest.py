"""What tests of every folder may ask for."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType

import pytest
from hypothesis import HealthCheck, settings

# What hypothesis measures by the clock fails on a busy machine.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture
def within_processor_time() -> Callable[[float], AbstractContextManager[None]]:
    """`with within_processor_time(60): …` fails where its body takes more processor time, as only an algorithm of another order does.

    Processor time, not the clock: a busy machine fails nothing. The limits are many times what the work takes.
    """

    @contextmanager
    def limited(seconds: float) -> Iterator[None]:
        def over(_number: int, _frame: FrameType | None) -> None:
            raise AssertionError(f"more than {seconds} s of processor time")

        before = signal.signal(signal.SIGPROF, over)
        signal.setitimer(signal.ITIMER_PROF, seconds)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, before)

    return limited
