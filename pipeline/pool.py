"""Worker processes for the chain: hard time limits, crashes that stay where they happen, all cores from one pipeline.

Why processes of our own inside one Beam stage, and not Beam's multi-processing or one pipeline a core: see
`tests/bench/README.md`. In short: results come back in the order of the input, so that one worker or many write the same
bytes; a large file keeps every core busy without being split; a hung or crashed document costs one worker's restart on
any runner; and the workers need not import Beam.
"""

from __future__ import annotations

import mmap
import os
import pickle
import queue
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Generic, TypeVar

from pipeline.worker import BEAT, STOPS, Batch, Setup, fail, stage_names
from transforms.document import Failed, Raw

GRACE = 3.0
"""Seconds over the time limit after which a worker that did not end a document by itself is killed."""

IN_FLIGHT_BYTES = 32 << 20
"""How much input may wait for a slow document in front of it."""

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1")
"""The workers are what runs side by side; threads of numpy's within each halve their speed (measured on the tagger)."""

Key = TypeVar("Key")


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class WorkerError(RuntimeError):
    """A worker cannot start; the message says why."""


class _Worker:
    """One child process and the pipes to it."""

    def __init__(self, setup: Setup) -> None:
        with tempfile.TemporaryFile() as shared:
            shared.truncate(BEAT.size)
            self._heart = mmap.mmap(shared.fileno(), BEAT.size)
            # A child inherits what is blocked: it must not be ended by Ctrl-C before it has had time to ignore it.
            before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-c", "from pipeline.worker import main; main()", str(shared.fileno())],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    pass_fds=[shared.fileno()],
                    bufsize=1 << 20,
                    # The child finds what this process finds: a processor beside the caller's script, say.
                    env={**ONE_THREAD, **os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
                )
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
        self._send(setup)
        self._ready = False
        self._grace = setup.time_limit + GRACE if setup.time_limit > 0 else float("inf")

    def run(self, raws: Sequence[Raw]) -> Batch:
        """Raises TimeoutError or EOFError when the worker hung or died; `at` says at which document and stage."""
        if not self._ready:
            if error := self._receive():
                raise WorkerError(str(error))
            self._ready = True
        BEAT.pack_into(self._heart, 0, 0, 0)
        self._send(raws)
        seen, since = self.at(), time.monotonic()
        assert self._process.stdout is not None
        while not select.select([self._process.stdout], [], [], 0.5)[0]:
            now = self.at()
            if now != seen:
                seen, since = now, time.monotonic()
            elif time.monotonic() - since > self._grace:
                raise TimeoutError
        answer = self._receive()
        assert isinstance(answer, Batch)
        return answer

    def at(self) -> tuple[int, int]:
        """(the document's place in its batch, the stage's number) that the worker last entered; (-1, 0) before the first."""
        index, stage = BEAT.unpack_from(self._heart, 0)
        return index - 1, stage

    def end(self) -> int:
        """Kill the process; what it ended with."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue  # what was still buffered for a dead process is of no use
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


class Pool(Generic[Key]):
    """`workers` processes that run batches; results come back in the order of submission.

    `results` yields what is finished, or, told to wait, everything; it waits while too much is under way. `finished` gives what
    is, out of order.
    """

    def __init__(self, setup: Setup, workers: int) -> None:
        self._setup = setup
        self._stages = stage_names(setup.recipe)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="newsbeam")
        self._idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        self._workers = workers
        self._waiting: deque[tuple[Key, int, Future[Batch]]] = deque()
        self._bytes = 0
        for _ in range(workers):
            self._idle.put(_Worker(setup))

    def submit(self, key: Key, raws: Sequence[Raw]) -> None:
        """Hand a batch to the next worker that is free."""
        size = sum(len(raw.payload) for raw in raws)
        self._waiting.append((key, size, self._threads.submit(self._run, raws)))
        self._bytes += size

    def results(self, everything: bool = False) -> Iterator[tuple[Key, Batch]]:
        """Finished batches, in order; waits while more is under way than may be, or for all of it."""
        while self._waiting:
            key, size, future = self._waiting[0]
            full = self._bytes > IN_FLIGHT_BYTES or len(self._waiting) > 64 * self._workers
            if not (everything or full or future.done()):
                return
            batch = future.result()
            self._waiting.popleft()
            self._bytes -= size
            yield key, batch

    @property
    def busy(self) -> bool:
        """Whether there are results still to come."""
        return bool(self._waiting)

    def wait(self, seconds: float) -> None:
        """Wait until there is a result, but no longer than `seconds`."""
        if self._waiting:
            wait([future for _, _, future in self._waiting], seconds, FIRST_COMPLETED)
        else:
            time.sleep(seconds)

    def finished(self) -> list[tuple[Key, Batch]]:
        """The batches that are finished, though others in front of them may not be."""
        there: list[tuple[Key, int, Future[Batch]]] = []
        rest: deque[tuple[Key, int, Future[Batch]]] = deque()
        for one in self._waiting:
            (there if one[2].done() else rest).append(one)
        self._waiting = rest
        self._bytes -= sum(size for _, size, _ in there)
        return [(key, future.result()) for key, _, future in there]

    def close(self) -> None:
        """End the workers, whatever they do."""
        for _, _, future in self._waiting:
            future.cancel()
        self._waiting.clear()
        self._threads.shutdown(cancel_futures=True)
        while not self._idle.empty():
            self._idle.get().end()

    def _run(self, raws: Sequence[Raw]) -> Batch:
        worker = self._idle.get()
        try:
            batch = worker.run(raws)
        except (TimeoutError, EOFError, BrokenPipeError, pickle.UnpicklingError) as error:
            index, stage = worker.at()
            code = worker.end()
            self._idle.put(_Worker(self._setup))
            return self._without(raws, max(index, 0), self._stages[stage], error, code)
        except BaseException:
            self._idle.put(worker)
            raise
        self._idle.put(worker)
        return batch

    def _without(self, raws: Sequence[Raw], guilty: int, stage: str, error: Exception, code: int) -> Batch:
        """The batch again but for the document that took its worker with it, which becomes a dead letter."""
        if isinstance(error, TimeoutError):
            seconds = f"{self._setup.time_limit:g} s (--time-limit)"
            failed = Failed(stage, "DocumentTimeout", f"took longer than {seconds} and could not be interrupted")
        else:
            how = f"killed by signal {-code}" if code < 0 else f"ended with status {code}"
            failed = Failed(stage, "WorkerCrash", f"the worker process was {how}" if code < 0 else f"the worker process {how}")
        before = self._run(raws[:guilty]) if guilty else Batch()
        culprit = fail(raws[guilty], failed, self._setup)
        after = self._run(raws[guilty + 1 :]) if guilty + 1 < len(raws) else Batch()
        return merge([before, culprit, after])


def merge(batches: Sequence[Batch]) -> Batch:
    """Batches as one, in their order."""
    counts: dict[str, int] = {}
    for batch in batches:
        for key, number in batch.counts:
            counts[key] = counts.get(key, 0) + number
    return Batch(
        b"".join(batch.documents for batch in batches),
        b"".join(batch.dropped for batch in batches),
        b"".join(batch.dead_letters for batch in batches),
        tuple(sorted(counts.items())),
        b"".join(batch.keys for batch in batches),
        tuple(ending for batch in batches for ending in batch.endings),
    )
