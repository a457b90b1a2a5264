"""Metrics for Prometheus, over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from newsbeam.watching.status import Status


@contextmanager
def serve_metrics(port: int | None, status: Callable[[], Status]) -> Iterator[int]:
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
