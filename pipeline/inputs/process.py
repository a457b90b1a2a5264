"""Reading behind a wall: archives, parquet and compressed files are read in processes of their own.

Decompressors and C++ libraries take what strangers wrote. A file that makes one of them abort, hang, or take all memory ends such a
process, and is one dead letter of the run; what was read of it before is kept, and the next file gets a new process. Limits are on
address space, on processor time from one item (or MB of input) to the next, and on what a file unpacks to (`newsbeam.inputs.limits`):
none depends on how busy the machine is.

`main` is the child. It is handed the open file, or asks for pieces of one that lies elsewhere, so that it opens no paths and needs
neither Beam nor anybody's credentials. It lives on from file to file.
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

from newsbeam.inputs.contents import Ending, ReadTask, items, place_of, split_points
from newsbeam.inputs.formats.base import SplitPoint
from newsbeam.inputs.limits import MEMORY_BYTES
from newsbeam.storage.filesystem import search_path
from newsbeam.storage.progress import CURRENT
from newsbeam.transforms.document import Raw

BUNDLE_BYTES, BUNDLE_ITEMS = 128 << 10, 32
"""Items come out of a child together until there are so many of them."""

STALL_SECONDS = 300
"""A child that uses no processor and reads nothing for so many seconds of waiting is taken for dead."""

_STOPS = (signal.SIGINT, signal.SIGTERM)
_LENGTH = struct.Struct("<Q")


@dataclass(frozen=True)
class _Order:
    """What a child is to do with the file it is given. `seconds` (0: no limit) of processor time may pass between items.

    `skip` items are not sent; `singly`: each item is sent by itself. `split_bytes` above 0: split points are wanted, and no items.
    """

    task: ReadTask
    seconds: float
    is_remote: bool = False
    skip: int = 0
    singly: bool = False
    split_bytes: int = 0


class _Died(Exception):
    """A child ended: `code` is what it ended with."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def read(task: ReadTask, raw: Any, seconds: float) -> Generator[Raw, None, Ending]:
    """As `contents.items`, in another process. A file that ends the process has an error for its last item."""
    delivered, number = 0, task.first - 1
    for singly in (False, True):
        counted = 0
        child = _take()
        try:
            for answer in child.ask(_Order(task, seconds, _is_remote(raw), delivered, singly), raw):
                if answer[0] == "end":
                    CURRENT.bytes_read += answer[2]
                    _give_back(child)
                    ending: Ending = answer[1]
                    return ending
                CURRENT.bytes_read += answer[2]
                counted += answer[2]
                for item in answer[1]:
                    delivered += 1
                    number = place_of(item.origin)[1] or number + 1
                    yield item
        except _Died as death:
            CURRENT.bytes_read -= counted
            if singly or not raw.seekable():
                yield _lost(task, number, death.code, seconds)
                break
            # Once more, up to the item that it dies of: what came before in the same bundle is good.
            raw.seek(0)
        except BaseException:
            child.end()
            raise
    return False, ""


def split(path: str, raw: Any, split_bytes: int, seconds: float, ending: list[tuple[int, str]]) -> Iterator[tuple[str, SplitPoint]]:
    """As `contents.split_points`, in another process; whatever goes wrong there ends the splitting."""
    child = _take()
    try:
        for answer in child.ask(_Order(ReadTask(path, "", 0), seconds, _is_remote(raw), split_bytes=split_bytes), raw):
            if answer[0] == "end":
                ending.extend(answer[1])
                _give_back(child)
                return
            yield from answer[1]
    except _Died:
        return
    except BaseException:
        child.end()
        raise


def _is_remote(raw: Any) -> bool:
    return not isinstance(raw, io.FileIO)


def _lost(task: ReadTask, number: int, code: int, seconds: float) -> Raw:
    """The item that says that reading a file ended the process."""
    after = f" after record {number}" if number >= task.first else ""
    if code == -signal.SIGXCPU:
        why = f"ReadTimeout: {task.path}{after}: {seconds:g} s of processor time gave no document; leave it out, or raise --time-limit"
    else:
        how = f"was killed by signal {-code} ({_signal_name(-code)})" if code < 0 else f"ended with status {code}"
        cure = "the file is damaged, or made to do that: get it again or leave it out"
        why = f"ReadCrash: {task.path}{after}: the process that was reading it {how}; {cure}"
    return Raw(f"{task.path}#{number + 1}" if number >= task.first else task.path, b"", error=why, source=task.collection)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"


# --- the parent's side ----------------------------------------------------------------------------------------------


class _Child:
    """One process, and the socket to it."""

    def __init__(self) -> None:
        self._socket, other = socket.socketpair()
        with other:
            # A child inherits what is blocked: Ctrl-C must not end it before it has had time to ignore it.
            before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
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

    def ask(self, order: _Order, raw: Any) -> Iterator[Any]:
        """The answers to an order, up to the one that begins with "end". Raises _Died."""
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
                    self._socket.sendall(_fetched(raw, *answer[1:]))
                    continue
                yield answer
                if answer[0] == "end":
                    return
        except (EOFError, BrokenPipeError, ConnectionResetError, pickle.UnpicklingError) as error:
            raise _Died(self.end()) from error

    def _length(self, raw: Any, is_remote: bool) -> int:
        return int(_LENGTH.unpack(self._receive(_LENGTH.size, raw, is_remote))[0])

    def _receive(self, size: int, raw: Any, is_remote: bool) -> bytearray:
        """So many bytes. Raises EOFError where the child ends first."""
        message = bytearray(size)
        left = memoryview(message)
        idle, before = 0, (-1, -1.0)
        while left:
            if not self._poll.poll(1000):
                # Counted by turns, not by the clock: a machine that slept has not waited.
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
        """Processor time of the child; the clock's, which never stands still, where the system does not say."""
        try:
            with open(f"/proc/{self._process.pid}/stat", "rb") as stream:
                fields = stream.read().rpartition(b")")[2].split()
            return float(int(fields[11]) + int(fields[12]))
        except OSError:
            return time.monotonic()

    def end(self) -> int:
        """Kill the process where it still runs; what it ended with."""
        self._socket.close()
        with suppress(subprocess.TimeoutExpired):
            # One that ended by itself says with what; one that still works has nobody to tell.
            if self._process.poll() is None:
                self._process.wait(0.5)
        self._process.kill()
        return self._process.wait()

    def alive(self) -> bool:
        """Whether it can be given an order."""
        return self._process.poll() is None


# Without the current directory, which -c puts first: what lies there is not to be run.
_START = "import sys; sys.path[:] = sys.argv[2:]; from newsbeam.inputs.process import main; main()"
_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",  # Arrow's threads: files are what is read side by side
    "ARROW_DEFAULT_MEMORY_POOL": "system",  # others reserve more address space than they use, which has a limit here
    "MALLOC_ARENA_MAX": "1",
}
_IDLE: list[_Child] = []
_LOCK = threading.Lock()
_MAX_IDLE = 4


def _take() -> _Child:
    with _LOCK:
        while _IDLE:
            child = _IDLE.pop()
            if child.alive():
                return child
            child.end()
    return _Child()


def _give_back(child: _Child) -> None:
    with _LOCK:
        if len(_IDLE) < _MAX_IDLE:
            _IDLE.append(child)
            return
    child.end()


@atexit.register
def close() -> None:
    """End the processes that wait for another file."""
    with _LOCK:
        while _IDLE:
            _IDLE.pop().end()


def _fetched(raw: Any, position: int, size: int) -> bytes:
    """What a child asked of a file that lies elsewhere: so many bytes from there on; of size -1, the file's length as a number."""
    if size < 0:
        data = _LENGTH.pack(raw.seek(0, io.SEEK_END) or raw.tell())
    else:
        if raw.tell() != position:
            raw.seek(position)
        data = raw.read(size)
    return _LENGTH.pack(len(data)) + data


# --- the child's side -----------------------------------------------------------------------------------------------


def main() -> None:
    """The child's loop: orders, each answered item by item, until the socket closes."""
    import resource

    for stop in _STOPS:
        signal.signal(stop, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _limit(resource.RLIMIT_AS, MEMORY_BYTES)
    parent = socket.socket(fileno=int(sys.argv[1]))
    try:
        while _serve(parent):
            pass
    except (BrokenPipeError, ConnectionResetError, EOFError):
        pass  # the parent is gone, or does not want to know
    finally:
        # Nothing that a library left in some state may hang or crash on the way out.
        os._exit(0)


def _serve(parent: socket.socket) -> bool:
    """Carry out one order; False where there are no more."""
    import resource

    head, descriptors, _, _ = socket.recv_fds(parent, _LENGTH.size, 1)
    if not head:
        return False
    while len(head) < _LENGTH.size:
        head += _receive(parent, _LENGTH.size - len(head))
    order: _Order = pickle.loads(_receive(parent, _LENGTH.unpack(head)[0]))
    raw: Any = _Elsewhere(parent) if order.is_remote else io.FileIO(descriptors[0])
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


def _read(order: _Order, raw: Any, renew: Any, send: Any) -> None:
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


def _split(order: _Order, raw: Any, renew: Any, send: Any) -> None:
    ending: list[tuple[int, str]] = []
    latest = 0
    try:
        for kind, (place, number) in split_points(order.task.path, raw, order.split_bytes, ending, renew):
            # All others are of no use to anybody.
            if place - latest >= order.split_bytes:
                send("points", [(kind, (place, number))])
                latest = place
    except Exception:  # noqa: BLE001 - reading what is left will say what is wrong
        ending.clear()
    send("end", ending)


def _limit(what: int, value: int) -> None:
    import resource

    if what == resource.RLIMIT_AS and sys.platform == "darwin":
        return  # macOS refuses a limit below what a process has mapped already
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


class _Elsewhere(io.RawIOBase):
    """A file that the parent has open."""

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
