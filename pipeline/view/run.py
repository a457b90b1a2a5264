"""The command `newsbeam view`."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from newsbeam.console.terminal import print_note
from newsbeam.errors import NewsbeamError, UsageError
from newsbeam.library.records import record_files
from newsbeam.storage.filesystem import atomic_write
from newsbeam.view.index import temporary_index
from newsbeam.view.page import saved_page
from newsbeam.view.server import Server


def serve(inputs: Sequence[str], port: int, labels: str, other: str | None) -> int:
    """Show records until Ctrl-C; the exit status.

    Raises:
        InputError: there are no records.
        UsageError: the port is taken.
    """
    for path in (*inputs, *([other] if other else [])):
        record_files(path)
    with temporary_index() as index, temporary_index() if other else nullcontext() as second:
        try:
            server = Server(index, port, Path(labels), second, _title(inputs))
        except OSError as error:
            raise UsageError(f"port {port}: {error.strerror}; name another with --port, or 0 for any free one") from error
        with server:
            threading.Thread(target=index.load, args=(inputs,), daemon=True).start()
            if second is not None:
                threading.Thread(target=second.load, args=([other],), daemon=True).start()
            print(f"{server.url}  (Ctrl-C ends it)", flush=True)
            try:
                server.serve_forever()
            except KeyboardInterrupt:
                print_note("ended")
    return 0


def save(inputs: Sequence[str], path: str) -> int:
    """Write the page with all records as one file; the exit status.

    Raises:
        InputError: there are no records, or a file is damaged.
        UsageError: there are too many records, or the file cannot be written.
    """
    for one in inputs:
        record_files(one)
    with temporary_index() as index:
        index.load(inputs)
        if index.counts.error:
            raise NewsbeamError(index.counts.error)
        text = saved_page(_title(inputs), index.records(), index.corpus())
        try:
            with atomic_write(path) as stream:
                stream.write(text.encode())
        except OSError as error:
            raise UsageError(f"cannot write --save {path}: {error.strerror or error}") from error
    print(f"{path}: {index.counts.loaded:,} records, {len(text.encode()) / 1e6:.1f} MB")
    return 0


def _title(inputs: Sequence[str]) -> str:
    names = ", ".join(Path(path.rstrip("/")).name or path for path in inputs[:3])
    return f"newsbeam: {names}{' …' if len(inputs) > 3 else ''}"
