"""The server of the page: on this machine only, read-only but for labels."""

from __future__ import annotations

import csv
import io
import secrets
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from newsbeam.view.compare import compare
from newsbeam.view.index import FILTERS, Index
from newsbeam.view.page import POLICY, page

HOST = "127.0.0.1"
_MAX_LABEL_BYTES = 10_000
_MAX_ROWS = 1000


class Server(ThreadingHTTPServer):
    """Answers the page's questions.

    Args:
        index: the records.
        port: the port; 0 for any free one.
        labels: the file to which labels of the audit are appended.
        other: records to compare with, if any.
        title: the name of what is shown.

    Raises:
        OSError: the port is taken.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, index: Index, port: int, labels: Path, other: Index | None = None, title: str = "newsbeam") -> None:
        super().__init__((HOST, port), _Handler)
        self.index, self.other, self.labels, self.title = index, other, labels, title
        # Other pages in the same browser can send requests here, but cannot read the page, and so do not know this.
        self.token = secrets.token_urlsafe(24)
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        """The address to open."""
        return f"http://{HOST}:{self.server_address[1]}/"

    @property
    def hosts(self) -> tuple[str, ...]:
        """The values of the Host header that are answered.

        Another name that resolves to this machine is not among them.
        """
        port = self.server_address[1]
        return (f"{HOST}:{port}", f"localhost:{port}")


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.headers.get("Host") not in self.server.hosts:
            self._send(403, b"wrong host", "text/plain")
            return
        address = urlsplit(self.path)
        words = dict(parse_qsl(address.query, keep_blank_values=True, max_num_fields=30))
        if address.path == "/":
            text = page(self.server.title, token=self.server.token, compares=self.server.other is not None)
            self._send(200, text.encode(), "text/html; charset=utf-8", policy=POLICY)
        elif address.path == "/statements.csv":
            self._send(200, statements_csv(self.server.index, words), "text/csv; charset=utf-8", name="statements.csv")
        elif (answer := ANSWERS.get(address.path)) is not None:
            try:
                self._send(200, orjson.dumps(answer(self.server, words)), "application/json")
            except (ValueError, KeyError) as error:
                self._send(400, orjson.dumps({"error": str(error)}), "application/json")
        else:
            self._send(404, b"not found", "text/plain")

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        allowed = self.headers.get("Host") in self.server.hosts and self.headers.get("X-Token") == self.server.token
        if not allowed or self.path != "/api/label" or not 0 < size <= _MAX_LABEL_BYTES:
            self.close_connection = True
            self._send(403, b"not allowed", "text/plain")
            return
        try:
            label = orjson.loads(self.rfile.read(size))
            line = orjson.dumps({key: str(label[key]) for key in ("id", "label", "note")}, option=orjson.OPT_APPEND_NEWLINE)
        except (ValueError, KeyError, TypeError):
            self._send(400, b"not a label", "text/plain")
            return
        with self.server.lock, self.server.labels.open("ab") as stream:
            stream.write(line)
        self._send(200, b"{}", "application/json")

    def finish(self) -> None:
        super().finish()
        self.server.index.release()
        if self.server.other is not None:
            self.server.other.release()

    def _send(self, status: int, body: bytes, kind: str, policy: str = "default-src 'none'", name: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        if name:
            self.send_header("Content-Disposition", f'attachment; filename="{name}"')
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not logged: the terminal belongs to the user."""


def _filters(words: dict[str, str]) -> dict[str, str]:
    return {key: words[key] for key in FILTERS if key in words}


def _number(words: dict[str, str], key: str, default: int, most: int) -> int:
    return max(0, min(int(words.get(key, default)), most))


def _search(server: Server, words: dict[str, str]) -> Any:
    limit = _number(words, "limit", 50, _MAX_ROWS)
    return server.index.search(words.get("q", ""), _filters(words), _number(words, "offset", 0, 1 << 40), limit, words.get("name", ""))


def _statements(server: Server, words: dict[str, str]) -> Any:
    return _of_statements(server.index, words, _number(words, "offset", 0, 1 << 40), _number(words, "limit", 200, _MAX_ROWS))


def _of_statements(index: Index, words: dict[str, str], offset: int, limit: int) -> Any:
    score = float(words.get("score", 0))
    return index.statements(words.get("q", ""), words.get("speaker", ""), words.get("via", ""), score, offset, limit)


def _sample(server: Server, words: dict[str, str]) -> Any:
    return server.index.sample(_number(words, "count", 20, 200), int(words.get("seed", 1)), _filters(words), words.get("q", ""))


ANSWERS: dict[str, Callable[[Server, dict[str, str]], Any]] = {
    "/api/status": lambda server, words: server.index.status(),
    "/api/search": _search,
    "/api/record": lambda server, words: server.index.record(int(words["n"])),
    "/api/statements": _statements,
    "/api/chains": lambda server, words: server.index.chains(),
    "/api/corpus": lambda server, words: server.index.corpus(),
    "/api/sample": _sample,
    "/api/compare": lambda server, words: compare(server.index, server.other),
    "/api/other": lambda server, words: server.other and server.other.record(server.other.find(words["id"])),
}

CSV_COLUMNS = ("site", "created", "speaker", "speaker_id", "role", "cue", "content", "via", "form", "type", "score", "title", "url")


def statements_csv(index: Index, words: dict[str, str]) -> bytes:
    """Return statements as CSV.

    It is UTF-8 with a byte-order mark, so that spreadsheets read it.
    """
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(CSV_COLUMNS)
    offset = 0
    while rows := _of_statements(index, words, offset, _MAX_ROWS)["rows"]:
        writer.writerows([harmless(row[column]) for column in CSV_COLUMNS] for row in rows)
        offset += len(rows)
    return b"\xef\xbb\xbf" + stream.getvalue().encode("utf-8", "replace")


def harmless(value: object) -> object:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
