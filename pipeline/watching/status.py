"""The status of `newsbeam watch`, for the terminal and as JSON lines."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass

import orjson

from newsbeam.console.terminal import escape_controls


@dataclass(frozen=True)
class Status:
    """The state at one moment.

    All counts but `waiting` and `in_work` add up over restarts.

    Args:
        waiting: files discovered and not claimed yet.
        in_work: records read but not yet in a finished output file.
        lag: seconds since the oldest unfinished file was discovered.
        latency: seconds from the discovery of a file to its last line in the output, of the slowest file published last.
        trouble: why nothing can be written, or "".
    """

    waiting: int
    in_work: int
    read: int
    written: int
    dropped: int
    failed: int
    files: int
    lag: float
    latency: float
    trouble: str = ""

    def line(self) -> str:
        """Format the status for a terminal."""
        parts = [f"{self.waiting:,} waiting", f"{self.in_work:,} in work", f"{self.written:,} written"]
        parts += [f"{self.dropped:,} dropped"] if self.dropped else []
        parts += [f"{self.failed:,} failed", f"lag {self.lag:.1f} s"]
        return " · ".join([*parts, *([escape_controls(self.trouble)] if self.trouble else [])])

    def json(self) -> bytes:
        """Format the status as a JSON line."""
        return orjson.dumps({**asdict(self), "time": round(time.time(), 3)}, option=orjson.OPT_APPEND_NEWLINE)
