"""Processors that misbehave when a document's text tells them to: what a run has to survive. Imported by worker processes."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from newsbeam.transforms.document import Document
from newsbeam.transforms.processor import Effect, Reject


def _hang_in_python() -> None:
    while True:
        pass


def _hang_swallowing_everything() -> None:
    while True:
        try:
            time.sleep(0.05)
        except BaseException:
            if _swallowed():
                raise


_SWALLOWED = [0]


def _swallowed() -> bool:
    """Whether this was not the first time."""
    _SWALLOWED[0] += 1
    return _SWALLOWED[0] > 1


def _hang_in_c() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP})
    ctypes.CDLL(None).sleep(100)


def _print_and_read() -> None:
    print("this is no answer", flush=True)
    os.write(1, b"nor is this\n")
    sys.stdin.read()


def _busy() -> None:
    """Takes 0.6 s of processor time, however long that lasts."""
    until = time.process_time() + 0.6
    while time.process_time() < until:
        pass


def _more_and_more_memory() -> None:
    held = []
    while True:
        held.append(bytearray(64 << 20))


ACTS: dict[str, Any] = {
    "hang in Python": _hang_in_python,
    "hang swallowing": _hang_swallowing_everything,
    "hang in C": _hang_in_c,
    "crash": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "exit": lambda: os._exit(0),
    "exit 3": lambda: os._exit(3),
    "leave": lambda: sys.exit("leaving"),
    "all memory": lambda: bytearray(1 << 45),
    "more and more memory": _more_and_more_memory,
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "busy": _busy,
    "hang in a child": lambda: subprocess.run(["sleep", "100"], check=True),
    "raise": lambda: 1 / 0,
    "print and read": _print_and_read,
    "interrupt": lambda: os.kill(os.getpid(), signal.SIGINT),
}


@dataclass(frozen=True)
class Nasty:
    """Does what the text says, if it is in ACTS; leaves every other document as it is."""

    name: ClassVar[str] = "nasty"
    effect: ClassVar[Effect] = "selects"

    def __call__(self, document: Document) -> Document | Reject:
        act = ACTS.get(document.text.split("\n")[0].strip())
        if act is not None:
            act()
        return Reject("unwanted") if document.text.startswith("unwanted") else document


@dataclass(frozen=True)
class Unwritable:
    """Puts into a document what no record may hold."""

    name: ClassVar[str] = "unwritable"
    effect: ClassVar[Effect] = "selects"

    def __call__(self, document: Document) -> Document:
        bad: dict[str, Any] = {
            "bytes": {"title": b"bytes"},
            "null": {"author": None},
            "half": {"title": "half \ud800"},
            "object": {"languages": (object(),)},
            "nan": {"language_score": float("nan")},
            "number": {"site": 5},
        }
        return replace(document, **bad.get(document.text.strip(), {}))


@dataclass(frozen=True)
class Slow:
    """Takes its time, and notes in `folder` what it has been given (so no pure function: for tests of resuming only)."""

    name: ClassVar[str] = "slow"
    effect: ClassVar[Effect] = "selects"
    seconds: float = 0.0
    log: str = ""

    def __call__(self, document: Document) -> Document:
        if self.log and not document.metadata.origin.startswith("warm-up."):
            with Path(self.log).open("a", encoding="utf-8") as stream:
                stream.write(document.metadata.origin + "\n")
        time.sleep(self.seconds)
        return document


@dataclass(frozen=True)
class Gate:
    """Holds up each document whose text is "gate" until there is a file `folder/open`; that it came so far, `folder/reached` says."""

    name: ClassVar[str] = "gate"
    effect: ClassVar[Effect] = "selects"
    folder: str = ""

    def __call__(self, document: Document) -> Document:
        if document.text.startswith("gate"):
            Path(self.folder, "reached").touch()
            while not Path(self.folder, "open").exists():
                time.sleep(0.02)
        return document


@dataclass(frozen=True)
class NoStart:
    """Cannot be made in a worker, though it can where the run begins. `act`: how the worker ends in place of an error."""

    name: ClassVar[str] = "no-start"
    effect: ClassVar[Effect] = "selects"
    act: str = ""

    def __post_init__(self) -> None:
        if sys.argv[0] == "-c" and "pytest" not in sys.modules:  # as workers are started, and pytest-xdist's too
            if self.act:
                ACTS[self.act]()
            raise RuntimeError("no licence on this machine")

    def __call__(self, document: Document) -> Document:
        return document


@dataclass(frozen=True)
class NoLicence:
    """Cannot be made anywhere, for a reason that is no ValueError."""

    name: ClassVar[str] = "no-licence"
    effect: ClassVar[Effect] = "selects"

    def __post_init__(self) -> None:
        raise RuntimeError("no licence")

    def __call__(self, document: Document) -> Document:
        return document
