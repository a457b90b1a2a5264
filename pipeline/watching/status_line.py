"""Progress of `newsbeam watch` on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import orjson

from newsbeam.config.settings import ProgressMode
from newsbeam.console.terminal import print_note
from newsbeam.watching.status import Status

if TYPE_CHECKING:
    from rich.live import Live


class StatusReporter:
    """Reports of the status on standard error.

    They are a live line on a terminal, or one JSON line per second.
    """

    def __init__(self, mode: ProgressMode) -> None:
        self._json = mode == "json"
        self._terminal = mode == "auto" and sys.stderr.isatty()
        self._next = 0.0
        self._live: Live | None = None

    def tell(self, status: Callable[[], Status], now: float) -> None:
        """Report the status if enough time has passed since the last report."""
        if now < self._next or not (self._json or self._terminal):
            return
        self._next = now + (1.0 if self._json else 0.2)
        if self._json:
            sys.stderr.write(status().json().decode())
            sys.stderr.flush()
        else:
            self._draw("newsbeam: " + status().line())

    def note(self, text: str) -> None:
        """Print a message that stays on the terminal."""
        self.clear()
        if self._json:
            sys.stderr.write(orjson.dumps({"note": text, "time": round(time.time(), 3)}).decode() + "\n")
            sys.stderr.flush()
        else:
            print_note(text)

    def clear(self) -> None:
        """Remove the live line from the terminal."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _draw(self, line: str) -> None:
        from rich.console import Console  # only a terminal needs it
        from rich.live import Live
        from rich.text import Text

        if self._live is None:
            self._live = Live(
                console=Console(stderr=True), auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
            )
            self._live.start()
        self._live.update(Text(line, no_wrap=True, overflow="ellipsis"), refresh=True)
