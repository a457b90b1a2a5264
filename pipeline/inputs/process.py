"""Isolated reading of archives, parquet and compressed files, in child processes.

Decompressors and C++ libraries handle untrusted bytes. If a file makes one abort, hang or exhaust
memory, the child process ends and the file yields one dead letter; items read before it are kept,
and the next file gets a new process. The limits are on address space, on processor time per item or
MB of input, and on decompressed size (`newsbeam.inputs.limits`). None of them depends on how busy
the machine is.

A child runs `newsbeam.inputs.reader_program`. It receives the open file, or requests ranges of a
remote one, so it opens no paths and needs neither Beam nor credentials. It serves one file after
another.
"""

from __future__ import annotations

import atexit
import io
import os
import pickle
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from typing import Any

from newsbeam.inputs.contents import Ending, ReadTask, parse_origin
from newsbeam.inputs.formats.base import SplitPoint
from newsbeam.inputs.reader_program import LENGTH, STOP_SIGNALS, Request
from newsbeam.storage.filesystem import search_path
from newsbeam.storage.progress import CURRENT
from newsbeam.transforms.document import Raw

STALL_SECONDS = 300
"""A child that uses no processor and reads nothing for this long counts as dead."""


class _Died(Exception):
    """A child process ended with exit status `code`."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def read(task: ReadTask, raw: Any, seconds: float) -> Generator[Raw, None, Ending]:
    """Read a file in a child; a crash of the child becomes an error item."""
    delivered, number = 0, task.first - 1
    for singly in (False, True):
        counted = 0
        child = _claim_child()
        try:
            for answer in child.ask(Request(task, seconds, _is_remote(raw), delivered, singly), raw):
                if answer[0] == "end":
                    CURRENT.bytes_read += answer[2]
                    _release_child(child)
                    ending: Ending = answer[1]
                    return ending
                CURRENT.bytes_read += answer[2]
                counted += answer[2]
                for item in answer[1]:
                    delivered += 1
                    number = parse_origin(item.origin)[1] or number + 1
                    yield item
        except _Died as death:
            CURRENT.bytes_read -= counted
            if singly or not raw.seekable():
                yield _crash_item(task, number, death.code, seconds)
                break
            # Read it again, item by item, up to the one that ends the child: earlier items of its
            # bundle are valid.
            raw.seek(0)
        except BaseException:
            child.end()
            raise
    return False, ""


def split(path: str, raw: Any, split_bytes: int, seconds: float, ending: list[tuple[int, str]]) -> Iterator[tuple[str, SplitPoint]]:
    """Find split points in a child; any error ends the search."""
    child = _claim_child()
    try:
        for answer in child.ask(Request(ReadTask(path, "", 0), seconds, _is_remote(raw), split_bytes=split_bytes), raw):
            if answer[0] == "end":
                ending.extend(answer[1])
                _release_child(child)
                return
            yield from answer[1]
    except _Died:
        return
    except BaseException:
        child.end()
        raise


def _is_remote(raw: Any) -> bool:
    return not isinstance(raw, io.FileIO)


def _crash_item(task: ReadTask, number: int, code: int, seconds: float) -> Raw:
    """Return the item that reports that reading a file ended the child."""
    after = f" after record {number}" if number >= task.first else ""
    if code == -signal.SIGXCPU:
        why = (
            f"ReadTimeout: {task.path}{after}: no document within {seconds:g} s of processor time; exclude the file, or raise --time-limit"
        )
    else:
        how = f"was killed by signal {-code} ({_signal_name(-code)})" if code < 0 else f"ended with status {code}"
        cure = "the file is damaged or malicious: download it again or exclude it"
        why = f"ReadCrash: {task.path}{after}: the reader process {how}; {cure}"
    return Raw(f"{task.path}#{number + 1}" if number >= task.first else task.path, b"", error=why, source=task.collection)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"


class _Child:
    """A child process and the socket to it."""

    def __init__(self) -> None:
        self._socket, other = socket.socketpair()
        with other:
            # A child inherits blocked signals. Ctrl-C must not end it before it ignores the signal.
            before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-c", _START, str(other.fileno()), *search_path()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=None if os.environ.get("NEWSBEAM_DEBUG") else subprocess.DEVNULL,
                    pass_fds=[other.fileno()],
                    env={**_ENVIRONMENT, **os.environ},
                )
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)

    def ask(self, order: Request, raw: Any) -> Iterator[Any]:
        """Yield the answers to a request, up to "end". Raises _Died."""
        try:
            message = pickle.dumps(order, protocol=pickle.HIGHEST_PROTOCOL)
            if order.is_remote:
                self._socket.sendall(LENGTH.pack(len(message)))
            else:
                socket.send_fds(self._socket, [LENGTH.pack(len(message))], [raw.fileno()])
            self._socket.sendall(message)
            while True:
                answer = pickle.loads(self._receive(self._length(raw, order.is_remote), raw, order.is_remote))
                if answer[0] == "fetch":
                    self._socket.sendall(_fetch_answer(raw, *answer[1:]))
                    continue
                yield answer
                if answer[0] == "end":
                    return
        except (EOFError, BrokenPipeError, ConnectionResetError, pickle.UnpicklingError) as error:
            raise _Died(self.end()) from error

    def _length(self, raw: Any, is_remote: bool) -> int:
        return int(LENGTH.unpack(self._receive(LENGTH.size, raw, is_remote))[0])

    def _receive(self, size: int, raw: Any, is_remote: bool) -> bytearray:
        """Receive `size` bytes. Raises EOFError if the child ends first."""
        message = bytearray(size)
        left = memoryview(message)
        idle, before = 0, (-1, -1.0)
        while left:
            if not self._poll.poll(1000):
                # Polls are counted rather than time: a suspended machine does not wait.
                now = (-1 if is_remote or not raw.seekable() else raw.tell(), self._seconds_used())
                idle, before = (idle + 1 if now == before else 0), now
                if idle >= STALL_SECONDS and raw.seekable():
                    self._process.kill()
                continue
            count = self._socket.recv_into(left)
            if not count:
                raise EOFError
            left = left[count:]
        return message

    def _seconds_used(self) -> float:
        """Return the child's processor time, or clock time if it is not known."""
        try:
            with open(f"/proc/{self._process.pid}/stat", "rb") as stream:
                fields = stream.read().rpartition(b")")[2].split()
            return float(int(fields[11]) + int(fields[12]))
        except OSError:
            return time.monotonic()

    def end(self) -> int:
        """Kill the process if it still runs, and return its exit status."""
        self._socket.close()
        with suppress(subprocess.TimeoutExpired):
            # A process that ended on its own has an exit status; one that still runs is no longer
            # needed.
            if self._process.poll() is None:
                self._process.wait(0.5)
        self._process.kill()
        return self._process.wait()

    def alive(self) -> bool:
        """Return whether the child can take a request."""
        return self._process.poll() is None


# `-c` puts the current folder on the path; its files must not be imported.
_START = "import sys; sys.path[:] = sys.argv[2:]; from newsbeam.inputs.reader_program import main; main()"
_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",  # files are read in parallel, so Arrow needs no threads
    "ARROW_DEFAULT_MEMORY_POOL": "system",  # other allocators reserve more address space than they use, and it is limited here
    "MALLOC_ARENA_MAX": "1",
}
_IDLE: list[_Child] = []
_LOCK = threading.Lock()
_MAX_IDLE = 4


def _claim_child() -> _Child:
    with _LOCK:
        while _IDLE:
            child = _IDLE.pop()
            if child.alive():
                return child
            child.end()
    return _Child()


def _release_child(child: _Child) -> None:
    with _LOCK:
        if len(_IDLE) < _MAX_IDLE:
            _IDLE.append(child)
            return
    child.end()


@atexit.register
def close() -> None:
    """End the idle processes."""
    with _LOCK:
        while _IDLE:
            _IDLE.pop().end()


def _fetch_answer(raw: Any, position: int, size: int) -> bytes:
    """Send a child a range of a remote file, or its length (`size` -1)."""
    if size < 0:
        data = LENGTH.pack(raw.seek(0, io.SEEK_END) or raw.tell())
    else:
        if raw.tell() != position:
            raw.seek(position)
        data = raw.read(size)
    return LENGTH.pack(len(data)) + data
