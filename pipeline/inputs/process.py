"""Isolated reading of archives, parquet and compressed files, in child processes.

Decompressors and C++ libraries handle untrusted bytes. If a file makes one abort, hang or exhaust
memory, the child process ends and the file yields one dead letter; items read before it are kept,
and the next file gets a new process. The limits are on address space, on processor time per item or
MB of input, and on decompressed size (`newsbeam.inputs.limits`). None of them depends on how busy
the machine is.

`main` runs in the child. The child receives the open file, or requests ranges of a remote one, so
it opens no paths and needs neither Beam nor credentials. It serves one file after another.
"""

from __future__ import annotations

import atexit
import io
import os
import pickle
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from newsbeam.inputs.contents import Ending, ReadTask, items, parse_origin, split_points
from newsbeam.inputs.formats.base import SplitPoint
from newsbeam.inputs.limits import MEMORY_BYTES
from newsbeam.storage.filesystem import search_path
from newsbeam.storage.progress import CURRENT
from newsbeam.transforms.document import Raw

BUNDLE_BYTES, BUNDLE_ITEMS = 128 << 10, 32
"""A child sends items in bundles of up to this size and number."""

STALL_SECONDS = 300
"""A child that uses no processor and reads nothing for this long counts as dead."""

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_LENGTH = struct.Struct("<Q")


@dataclass(frozen=True)
class _Request:
    """A request to a child.

    `seconds` of processor time (0: no limit) may pass between items. `skip` items are not sent.
    With `singly`, each item is sent on its own. `split_bytes` above 0 requests split points instead
    of items.
    """

    task: ReadTask
    seconds: float
    is_remote: bool = False
    skip: int = 0
    singly: bool = False
    split_bytes: int = 0


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
            for answer in child.ask(_Request(task, seconds, _is_remote(raw), delivered, singly), raw):
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
        for answer in child.ask(_Request(ReadTask(path, "", 0), seconds, _is_remote(raw), split_bytes=split_bytes), raw):
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


# --- parent
# -----------------------------------------------------------------------------------------


class _Child:
    """A child process and the socket to it."""

    def __init__(self) -> None:
        self._socket, other = socket.socketpair()
        with other:
            # A child inherits blocked signals. Ctrl-C must not end it before it ignores the signal.
            before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)
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

    def ask(self, order: _Request, raw: Any) -> Iterator[Any]:
        """Yield the answers to a request, up to "end". Raises _Died."""
        try:
            message = pickle.dumps(order, protocol=pickle.HIGHEST_PROTOCOL)
            if order.is_remote:
                self._socket.sendall(_LENGTH.pack(len(message)))
            else:
                socket.send_fds(self._socket, [_LENGTH.pack(len(message))], [raw.fileno()])
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
        return int(_LENGTH.unpack(self._receive(_LENGTH.size, raw, is_remote))[0])

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
_START = "import sys; sys.path[:] = sys.argv[2:]; from newsbeam.inputs.process import main; main()"
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
        data = _LENGTH.pack(raw.seek(0, io.SEEK_END) or raw.tell())
    else:
        if raw.tell() != position:
            raw.seek(position)
        data = raw.read(size)
    return _LENGTH.pack(len(data)) + data


# --- child
# ------------------------------------------------------------------------------------------


def main() -> None:
    """Serve requests item by item until the socket closes."""
    import resource

    for stop in _STOP_SIGNALS:
        signal.signal(stop, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP_SIGNALS)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _limit(resource.RLIMIT_AS, MEMORY_BYTES)
    parent = socket.socket(fileno=int(sys.argv[1]))
    try:
        while _serve(parent):
            pass
    except (BrokenPipeError, ConnectionResetError, EOFError):
        pass  # the parent ended or closed the socket
    finally:
        # A library in an undefined state must not hang or crash on exit.
        os._exit(0)


def _serve(parent: socket.socket) -> bool:
    """Serve one request; return False at the end."""
    import resource

    head, descriptors, _, _ = socket.recv_fds(parent, _LENGTH.size, 1)
    if not head:
        return False
    while len(head) < _LENGTH.size:
        head += _receive(parent, _LENGTH.size - len(head))
    order: _Request = pickle.loads(_receive(parent, _LENGTH.unpack(head)[0]))
    raw: Any = _RemoteFile(parent) if order.is_remote else io.FileIO(descriptors[0])
    if not order.is_remote and raw.seekable():
        raw.seek(0)

    def renew() -> None:
        _limit(resource.RLIMIT_CPU, int(time.process_time()) + 1 + int(order.seconds) if order.seconds else resource.RLIM_INFINITY)

    def send(*answer: object) -> None:
        message = pickle.dumps(answer, protocol=pickle.HIGHEST_PROTOCOL)
        parent.sendall(_LENGTH.pack(len(message)))
        parent.sendall(message)

    renew()
    with raw:
        if order.split_bytes:
            _split(order, raw, renew, send)
        else:
            _read(order, raw, renew, send)
    _limit(resource.RLIMIT_CPU, resource.RLIM_INFINITY)
    return True


def _read(order: _Request, raw: Any, renew: Any, send: Any) -> None:
    held: list[Raw] = []
    size = skipped = 0
    reading = items(order.task, raw, renew)
    CURRENT.bytes_read = 0
    while True:
        try:
            item = next(reading)
        except StopIteration as stop:
            if held:
                send("items", held, CURRENT.bytes_read)
                CURRENT.bytes_read = 0
            send("end", stop.value, CURRENT.bytes_read)
            return
        if skipped < order.skip:
            skipped += 1
            continue
        held.append(item)
        size += len(item.payload)
        if order.singly or size >= BUNDLE_BYTES or len(held) >= BUNDLE_ITEMS:
            send("items", held, CURRENT.bytes_read)
            held, size, CURRENT.bytes_read = [], 0, 0


def _split(order: _Request, raw: Any, renew: Any, send: Any) -> None:
    ending: list[tuple[int, str]] = []
    latest = 0
    try:
        for kind, (place, number) in split_points(order.task.path, raw, order.split_bytes, ending, renew):
            # Closer split points are not needed.
            if place - latest >= order.split_bytes:
                send("points", [(kind, (place, number))])
                latest = place
    except Exception:  # noqa: BLE001 - reading what is left will say what is wrong
        ending.clear()
    send("end", ending)


def _limit(what: int, value: int) -> None:
    import resource

    if what == resource.RLIMIT_AS and sys.platform == "darwin":
        return  # macOS refuses a limit below the space that is already mapped
    _, hard = resource.getrlimit(what)
    if hard != resource.RLIM_INFINITY and (value == resource.RLIM_INFINITY or value > hard):
        value = hard
    resource.setrlimit(what, (value, hard))


def _receive(parent: socket.socket, size: int) -> bytes:
    message = bytearray(size)
    left = memoryview(message)
    while left:
        count = parent.recv_into(left)
        if not count:
            raise EOFError
        left = left[count:]
    return bytes(message)


class _RemoteFile(io.RawIOBase):
    """A file that is open in the parent."""

    def __init__(self, parent: socket.socket) -> None:
        self._parent, self._position = parent, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = 0) -> int:
        base = 0 if whence == io.SEEK_SET else self._position if whence == io.SEEK_CUR else _LENGTH.unpack(self._fetch(0, -1))[0]
        self._position = base + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        data = self._fetch(self._position, len(buffer))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def _fetch(self, position: int, size: int) -> bytes:
        message = pickle.dumps(("fetch", position, size), protocol=pickle.HIGHEST_PROTOCOL)
        self._parent.sendall(_LENGTH.pack(len(message)) + message)
        return _receive(self._parent, _LENGTH.unpack(_receive(self._parent, _LENGTH.size))[0])
