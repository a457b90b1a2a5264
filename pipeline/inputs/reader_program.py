"""The program of a process that reads files for `inputs.process`.

Requests come in and bundles of items go out, over a socket.
"""

from __future__ import annotations

import io
import os
import pickle
import signal
import socket
import struct
import sys
import time
from dataclasses import dataclass
from typing import Any

from newsbeam.inputs.contents import ReadTask, items, split_points
from newsbeam.inputs.limits import MEMORY_BYTES
from newsbeam.storage.progress import CURRENT
from newsbeam.transforms.document import Raw

BUNDLE_BYTES, BUNDLE_ITEMS = 128 << 10, 32
"""A child sends items in bundles of up to this size and number."""

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
LENGTH = struct.Struct("<Q")


@dataclass(frozen=True)
class Request:
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


def main() -> None:
    """Serve requests item by item until the socket closes."""
    import resource

    for stop in STOP_SIGNALS:
        signal.signal(stop, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
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

    head, descriptors, _, _ = socket.recv_fds(parent, LENGTH.size, 1)
    if not head:
        return False
    while len(head) < LENGTH.size:
        head += _receive(parent, LENGTH.size - len(head))
    order: Request = pickle.loads(_receive(parent, LENGTH.unpack(head)[0]))
    raw: Any = _RemoteFile(parent) if order.is_remote else io.FileIO(descriptors[0])
    if not order.is_remote and raw.seekable():
        raw.seek(0)

    def renew() -> None:
        _limit(resource.RLIMIT_CPU, int(time.process_time()) + 1 + int(order.seconds) if order.seconds else resource.RLIM_INFINITY)

    def send(*answer: object) -> None:
        message = pickle.dumps(answer, protocol=pickle.HIGHEST_PROTOCOL)
        parent.sendall(LENGTH.pack(len(message)))
        parent.sendall(message)

    renew()
    with raw:
        if order.split_bytes:
            _split(order, raw, renew, send)
        else:
            _read(order, raw, renew, send)
    _limit(resource.RLIMIT_CPU, resource.RLIM_INFINITY)
    return True


def _read(order: Request, raw: Any, renew: Any, send: Any) -> None:
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


def _split(order: Request, raw: Any, renew: Any, send: Any) -> None:
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
        base = 0 if whence == io.SEEK_SET else self._position if whence == io.SEEK_CUR else LENGTH.unpack(self._fetch(0, -1))[0]
        self._position = base + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        data = self._fetch(self._position, len(buffer))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def _fetch(self, position: int, size: int) -> bytes:
        message = pickle.dumps(("fetch", position, size), protocol=pickle.HIGHEST_PROTOCOL)
        self._parent.sendall(LENGTH.pack(len(message)) + message)
        return _receive(self._parent, LENGTH.unpack(_receive(self._parent, LENGTH.size))[0])
