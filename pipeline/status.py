"""What `newsbeam watch` says of itself while it runs: a line on the terminal, JSON lines, or numbers for Prometheus."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Literal

import orjson

from pipeline.console import say, visible

How = Literal["auto", "json", "off"]


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
        return " · ".join([*parts, *([visible(self.trouble)] if self.trouble else [])])

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


class Teller:
    """Says how things are on standard error, now and then: a line that is drawn over on a terminal, or a JSON line a second."""

    def __init__(self, how: How) -> None:
        self._json = how == "json"
        self._terminal = how == "auto" and sys.stderr.isatty()
        self._next = 0.0
        self._drawn = False

    def tell(self, status: Callable[[], Status], now: float) -> None:
        """If it is time to."""
        if now < self._next or not (self._json or self._terminal):
            return
        self._next = now + (1.0 if self._json else 0.2)
        if self._json:
            sys.stderr.write(status().json().decode())
        else:
            sys.stderr.write("\r\x1b[2K" + ("newsbeam: " + status().line())[: shutil.get_terminal_size().columns - 1])
            self._drawn = True
        sys.stderr.flush()

    def note(self, text: str) -> None:
        """Something a person should know, on a line that stays."""
        self.clear()
        if self._json:
            sys.stderr.write(orjson.dumps({"note": text, "time": round(time.time(), 3)}).decode() + "\n")
        else:
            say(text)
        sys.stderr.flush()

    def clear(self) -> None:
        """Take the line off the terminal."""
        if self._drawn:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()
            self._drawn = False


@contextmanager
def endpoint(port: int | None, status: Callable[[], Status]) -> Iterator[int]:
    """`http://127.0.0.1:port/metrics` for as long as this goes on; the port (0: one that is free). Raises OSError where it is taken."""
    if port is None:
        yield 0
        return
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer  # few want it

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """The numbers, as they are now."""
            found = self.path.partition("?")[0] in ("/metrics", "/")
            body = status().prometheus().encode() if found else b"the numbers are at /metrics\n"
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8" if found else "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nobody wants to see each request."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Answer)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
