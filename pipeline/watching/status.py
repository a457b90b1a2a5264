"""What `newsbeam watch` says of itself while it runs: a line on the terminal, JSON lines, or numbers for Prometheus."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass

import orjson

from newsbeam.console.terminal import escape_controls


@dataclass(frozen=True)
class Status:
    """One moment. `waiting`: files seen and not taken yet; `in_work`: records read that have not ended as a line that can be
    read; `lag`: seconds since the oldest file was found that is not done; `latency`: seconds from finding a file to its last
    line, of the slowest one published last. The others add up over all restarts.
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
        """For a person."""
        parts = [f"{self.waiting:,} waiting", f"{self.in_work:,} in work", f"{self.written:,} written"]
        parts += [f"{self.dropped:,} dropped"] if self.dropped else []
        parts += [f"{self.failed:,} failed", f"lag {self.lag:.1f} s"]
        return " · ".join([*parts, *([escape_controls(self.trouble)] if self.trouble else [])])

    def json(self) -> bytes:
        """For a machine that reads lines."""
        return orjson.dumps({**asdict(self), "time": round(time.time(), 3)}, option=orjson.OPT_APPEND_NEWLINE)

    def prometheus(self) -> str:
        """For a machine that asks, in Prometheus' text format 0.0.4."""
        lines = []
        for name, kind, about, values in (
            ("waiting_files", "gauge", "Files seen and not taken yet.", {"": self.waiting}),
            ("in_work_records", "gauge", "Records read that have not ended as a line that can be read.", {"": self.in_work}),
            (
                "records_total",
                "counter",
                "Records that ended as a line, over all restarts.",
                {'{outcome="written"}': self.written, '{outcome="dropped"}': self.dropped, '{outcome="failed"}': self.failed},
            ),
            ("read_records_total", "counter", "Records read, over all restarts.", {"": self.read}),
            ("output_files_total", "counter", "Manifests written, over all restarts.", {"": self.files}),
            ("lag_seconds", "gauge", "Since the oldest file was found that is not done.", {"": round(self.lag, 3)}),
            (
                "latency_seconds",
                "gauge",
                "From finding a file to its last line, slowest of those published last.",
                {"": round(self.latency, 3)},
            ),
            ("trouble", "gauge", "1 while nothing can be written.", {"": int(bool(self.trouble))}),
        ):
            lines += [f"# HELP newsbeam_{name} {about}", f"# TYPE newsbeam_{name} {kind}"]
            lines += [f"newsbeam_{name}{labels} {value}" for labels, value in values.items()]
        return "\n".join([*lines, ""])
