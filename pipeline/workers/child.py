"""One worker process of the pool, seen from the parent.

The parent starts it, sends it batches, measures its time and kills it.
"""

from __future__ import annotations

import mmap
import os
import pickle
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import IO

from newsbeam.config.job import WorkerConfig
from newsbeam.config.results import BatchResult
from newsbeam.errors import WorkerError
from newsbeam.signals import STOP_SIGNALS
from newsbeam.storage.filesystem import search_path
from newsbeam.transforms.document import Raw
from newsbeam.workers.limits import time_limit
from newsbeam.workers.process import BEAT, READY

KILL_GRACE_S = 3.0
"""Seconds of processor time beyond its limit after which a document that did not stop has its worker killed."""

POLL_SECONDS = 0.5
"""Seconds between two readings of a busy worker's processor time."""

SINGLE_THREADED_BLAS_ENV = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1")
"""Workers run in parallel already. numpy's threads within each halve their speed (measured on the tagger)."""

_START = """\
import sys
sys.path[:] = sys.argv[2:]
try:
    from newsbeam.workers.process import main
except BaseException as error:
    text = " ".join(f"{type(error).__name__}: {error}".split())
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
    sys.exit(1)
main()
"""
"""The program of a worker. `-c` puts the current folder first on the module search path; this puts it last before any other import."""


def processor_time(pid: int) -> tuple[float, bool] | None:
    """Return a process's processor time in seconds and whether it sleeps.

    None if the system does not report it.

    A process that is stopped, or waits for the processor or the disk, does not sleep in this sense: a document cannot cause that.
    """
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:
            fields = stream.read().rpartition(b")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), fields[0] == b"S"
    except (OSError, IndexError, ValueError):
        return None


class Patience:
    """A meter of how much of its limit a document has used.

    It measures processor time and, separately, the time that its worker only slept.

    Neither grows while the machine sleeps, while this process or the worker is stopped, or while others use the processor. If the system
    does not report the processor time of other processes (macOS), all time counts as sleep, except while this process was stopped.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._polled = time.monotonic()
        self._used, _ = processor_time(pid) or (0.0, True)
        self._begun = self._used
        self._waited = 0.0
        self._index: int | None = None

    def exceeded(self, index: int, limit: float) -> bool:
        """Measure again, and return whether a document is over the limit.

        The worker is at document `index`; `limit` is in seconds.
        """
        polled, before = self._polled, self._used
        self._polled = time.monotonic()
        measured = processor_time(self._pid)
        self._used, waiting = measured or (0.0, True)
        if index != self._index:
            self._index, self._begun, self._waited = index, self._used, 0.0
        elif waiting:
            # If more than two poll intervals passed, this process itself was stopped.
            self._waited += max(0.0, min(self._polled - polled, 2 * POLL_SECONDS) - (self._used - before))
        return self._used - self._begun > limit + KILL_GRACE_S or self._waited > limit + (0.0 if measured else KILL_GRACE_S)


class Worker:
    """A child process and the pipes to it.

    Starting it raises OSError if the system cannot create a process.
    """

    def __init__(self, setup: WorkerConfig) -> None:
        with _shared_memory() as shared:
            shared.truncate(BEAT.size)
            self._heart = mmap.mmap(shared.fileno(), BEAT.size)
            # A child inherits blocked signals: Ctrl-C must not kill it before it can ignore it.
            before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
            try:
                self._process = subprocess.Popen(
                    # The child imports what this process can import: for example, a processor beside the caller's script.
                    [sys.executable, "-c", _START, str(shared.fileno()), *search_path()],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    pass_fds=[shared.fileno()],
                    bufsize=1 << 20,
                    env={**SINGLE_THREADED_BLAS_ENV, **os.environ},
                )
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
        self._setup = setup
        self._ready = False
        with suppress(BrokenPipeError):  # it has died already: `start` says why
            self._send(setup)

    def start(self) -> None:
        """Wait until the worker is ready.

        Raises WorkerError if it reports why it cannot start, EOFError if it died.
        """
        if self._ready:
            return
        assert self._process.stdout is not None
        answer = self._process.stdout.readline()
        if not answer:
            raise EOFError
        if answer != READY:
            raise WorkerError(answer.decode("utf-8", "replace").strip())
        self._ready = True

    def run(self, raws: Sequence[Raw]) -> BatchResult:
        """Run a batch.

        Raises TimeoutError if the worker hangs, EOFError if it dies. `at` says at which document
        and stage.
        """
        BEAT.pack_into(self._heart, 0, 0, 0)
        self._send(raws)
        assert self._process.stdout is not None
        ready = select.poll()  # select() fails above descriptor 1,023
        ready.register(self._process.stdout, select.POLLIN)
        patience = Patience(self._process.pid)
        while not ready.poll(int(1000 * POLL_SECONDS)):
            index, _ = self.at()
            limit = time_limit(raws[max(index, 0)], self._setup.time_limit)
            if patience.exceeded(index, limit) and limit > 0:
                raise TimeoutError
        answer = self._receive()
        assert isinstance(answer, BatchResult)
        return answer

    def at(self) -> tuple[int, int]:
        """Return the index of the document and the number of its stage.

        They are those that the worker entered last; (-1, 0) before the first.
        """
        index, stage = BEAT.unpack_from(self._heart, 0)
        return index - 1, stage

    def kill(self) -> None:
        """Kill the process. A thread that waits in `run` gets an EOFError."""
        self._process.kill()

    def end(self, dying: bool = False) -> int:
        """Kill the process, after a grace period if it is `dying` already.

        Returns its exit status.
        """
        if dying:
            # Its pipe closes a moment before it exits, and only then is its status known.
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(KILL_GRACE_S)
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue  # data buffered for a dead process is lost anyway
        code = self._process.wait()
        self._heart.close()
        return code

    def _send(self, message: object) -> None:
        assert self._process.stdin is not None
        pickle.dump(message, self._process.stdin, protocol=pickle.HIGHEST_PROTOCOL)
        self._process.stdin.flush()

    def _receive(self) -> object:
        assert self._process.stdout is not None
        return pickle.load(self._process.stdout)


def _shared_memory() -> IO[bytes]:
    """Open a file without a name, in memory if possible.

    The temporary folder may be full or missing.
    """
    if sys.platform == "linux":
        return os.fdopen(os.memfd_create("newsbeam"), "w+b")
    return tempfile.TemporaryFile()
