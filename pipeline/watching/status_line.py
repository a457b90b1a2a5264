"""The line on the terminal."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from typing import Literal

import orjson

from newsbeam.console.terminal import print_note
from newsbeam.watching.status import Status

ProgressMode = Literal["auto", "json", "off"]


class StatusReporter:
    """Says how things are on standard error, now and then: a line that is drawn over on a terminal, or a JSON line a second."""

    def __init__(self, how: ProgressMode) -> None:
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
            print_note(text)
        sys.stderr.flush()

    def clear(self) -> None:
        """Take the line off the terminal."""
        if self._drawn:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()
            self._drawn = False
