"""A pool of worker processes for the chain.

With hard time limits and isolated crashes, one pipeline uses all cores.

Beam's multi-processing, or one pipeline per core, would not do: see `tests/bench/README.md`. In short: results come back in the order
of the input, so that any number of workers writes the same bytes; one large file keeps every core busy without being split; a hung
or crashed document costs one restart of a worker on any runner; and workers need not import Beam. `pebble.ProcessPool` also kills on
time-outs, but gives up the whole task: here the finished documents of a batch are kept.
"""

from __future__ import annotations

import os
import pickle
import queue
import shutil
import signal
import tempfile
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Any, Generic, TypeVar

from newsbeam.config.job import WorkerConfig
from newsbeam.config.results import BatchResult
from newsbeam.errors import WorkerError
from newsbeam.storage import filesystem
from newsbeam.transforms.document import Failed, Raw
from newsbeam.workers.child import Worker
from newsbeam.workers.limits import late
from newsbeam.workers.process import stage_names
from newsbeam.workers.results import failed_batch

MAX_CRASHES, MAX_KILLS = 2, 3
"""The crashes, and the kills from outside (out of memory), that a document is blamed for."""

MAX_FAILED_STARTS = 30
"""Consecutive workers killed before they were ready, after which the run ends."""

START_TRIES, START_PAUSE_SECONDS = 5, 0.5
"""Attempts to start a process: a shortage of memory or descriptors may pass."""

IN_FLIGHT_BYTES = 32 << 20
"""The input that may wait behind a slow document."""

_CRASHES = frozenset({signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGTRAP, signal.SIGSYS})
"""Signals that a process causes itself. Any other that kills a worker was sent from outside."""

Key = TypeVar("Key")


def available_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Slot:
    """The place of one worker in the pool.

    It is empty after its worker died and before the next one starts.
    """

    def __init__(self, worker: Worker) -> None:
        self.worker: Worker | None = worker

    def end(self, dying: bool = False) -> int:
        """End the worker. Returns its exit status."""
        worker, self.worker = self.worker, None
        return worker.end(dying) if worker is not None else 0


class Pool(Generic[Key]):
    """Runs batches in `workers` processes.

    `results` yields them in the order of submission, `finished` in any order. Counts of `site_template` on another filesystem are
    copied to this machine first: the processes cannot read it without Beam.

    Raises WorkerError if no process can be started.
    """

    def __init__(self, setup: WorkerConfig, workers: int) -> None:
        self._counts = _local_copy(setup.counts) if filesystem.is_remote(setup.counts) else None
        self._setup = setup if self._counts is None else replace(setup, counts=self._counts.name)
        self._stages = stage_names(setup.recipe)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="newsbeam")
        self._slots: list[_Slot] = []
        self._idle: queue.SimpleQueue[_Slot] = queue.SimpleQueue()
        self._workers = workers
        self._waiting: deque[tuple[Key, int, Future[BatchResult]]] = deque()
        self._bytes = 0
        self._failed_starts = 0
        self._broken = ""
        try:
            for _ in range(workers):
                self._slots.append(_Slot(self._start()))
                self._idle.put(self._slots[-1])
        except BaseException:
            self.close()
            raise

    def submit(self, key: Key, raws: Sequence[Raw]) -> None:
        """Queue a batch for the next free worker."""
        size = sum(len(raw.payload) for raw in raws)
        self._waiting.append((key, size, self._threads.submit(self._run, raws)))
        self._bytes += size

    def results(self, everything: bool = False) -> Iterator[tuple[Key, BatchResult]]:
        """Yield finished batches in order.

        Waits for more while too much is in flight, or for all if `everything`.
        """
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
        """True if results are still to come."""
        return bool(self._waiting)

    def wait(self, seconds: float) -> None:
        """Wait for a result, at most `seconds`."""
        if self._waiting:
            wait([future for _, _, future in self._waiting], seconds, FIRST_COMPLETED)
        else:
            time.sleep(seconds)

    def finished(self) -> list[tuple[Key, BatchResult]]:
        """Return the finished batches, even if earlier ones are not finished."""
        there: list[tuple[Key, int, Future[BatchResult]]] = []
        rest: deque[tuple[Key, int, Future[BatchResult]]] = deque()
        for one in self._waiting:
            (there if one[2].done() else rest).append(one)
        self._waiting = rest
        self._bytes -= sum(size for _, size, _ in there)
        return [(key, future.result()) for key, _, future in there]

    def close(self) -> None:
        """Kill the workers, whatever they do."""
        self._broken = self._broken or "the pool is closed"
        for _, _, future in self._waiting:
            future.cancel()
        self._waiting.clear()
        for slot in self._slots:
            if (worker := slot.worker) is not None:
                worker.kill()
        self._threads.shutdown(cancel_futures=True)
        for slot in self._slots:
            slot.end()
        if self._counts is not None:
            self._counts.close()

    def _run(self, raws: Sequence[Raw]) -> BatchResult:
        slot = self._idle.get()
        try:
            return self._work_through(slot, raws)
        except WorkerError as error:
            self._broken = self._broken or str(error)
            raise
        except BaseException:
            slot.end()  # its pipe may hold an answer that nobody has read
            raise
        finally:
            self._idle.put(slot)

    def _work_through(self, slot: _Slot, raws: Sequence[Raw]) -> BatchResult:
        """Run a batch, even if workers die.

        Raises WorkerError if no new worker can be started.

        After a worker's death the next worker gets the rest of its batch one document at a time. Finished documents are kept, and a
        document is blamed only after it has cost several workers. If a worker dies between two documents, neither is blamed.
        """
        done: list[BatchResult] = []
        groups = deque([range(len(raws))])
        deaths: Counter[int] = Counter()
        blamed: dict[int, Failed] = {}
        while groups:
            group = groups.popleft()
            if group.start in blamed:
                done.append(failed_batch(raws[group.start], blamed[group.start], self._setup))
                continue
            worker = self._ready_worker(slot)
            try:
                done.append(worker.run([raws[index] for index in group]))
                continue
            except (TimeoutError, EOFError, BrokenPipeError, pickle.UnpicklingError) as error:
                hung = isinstance(error, TimeoutError)
            place, stage = worker.at()
            code = slot.end(dying=not hung)
            if self._broken:
                raise WorkerError(self._broken)
            if place >= 0 or len(group) == 1:
                guilty = group[max(place, 0)]
                deaths[guilty] += 1
                most = 1 if hung and place >= 0 else MAX_CRASHES if code >= 0 or -code in _CRASHES else MAX_KILLS
                if deaths[guilty] >= most:
                    blamed[guilty] = self._failure(self._stages[stage], raws[guilty], hung, code)
            groups.extendleft(range(index, index + 1) for index in reversed(group))
        return done[0] if len(done) == 1 else merge(done)

    def _failure(self, stage: str, raw: Raw, hung: bool, code: int) -> Failed:
        if hung:
            limit = late(raw, self._setup.time_limit)
            return Failed(stage, "DocumentTimeout", f"{limit} and could not be interrupted")
        how = f"was killed by signal {-code}" if code < 0 else f"ended with status {code}"
        return Failed(stage, "WorkerCrash", f"the worker process {how}")

    def _ready_worker(self, slot: _Slot) -> Worker:
        """Return a slot's worker when it is ready; start another if it has died.

        Raises WorkerError.
        """
        while not self._broken:
            if slot.worker is None:
                slot.worker = self._start()
            try:
                slot.worker.start()
            except WorkerError:
                slot.end(dying=True)
                raise
            except (EOFError, OSError):
                code = slot.end(dying=True)
                self._failed_starts += 1
                if code >= 0:
                    raise WorkerError(f"a worker process ended with status {code} while starting") from None
                if self._failed_starts >= MAX_FAILED_STARTS and not self._broken:
                    what = f"{self._failed_starts} consecutive worker processes were killed while starting"
                    raise WorkerError(f"{what}, by signal {-code}; check whether there is enough memory") from None
            else:
                self._failed_starts = 0
                if not self._broken:
                    return slot.worker
        raise WorkerError(self._broken)

    def _start(self) -> Worker:
        for tries_left in reversed(range(START_TRIES)):
            try:
                return Worker(self._setup)
            except OSError as error:
                if not tries_left or self._broken:
                    cure = "free memory, use fewer --workers, or allow more open files and processes (ulimit -n, -u)"
                    raise WorkerError(f"cannot start a worker process: {error.strerror or error}; {cure}") from error
                time.sleep(START_PAUSE_SECONDS)
        raise AssertionError


def _local_copy(path: str) -> Any:
    """Copy a file to a temporary file, which exists until it is closed."""
    copy = tempfile.NamedTemporaryFile(prefix="newsbeam-")  # noqa: SIM115 - as long as workers may restart
    with filesystem.read(path) as stream:
        shutil.copyfileobj(stream, copy, 1 << 20)
    copy.flush()
    return copy


def merge(batches: Sequence[BatchResult]) -> BatchResult:
    """Merge batches into one, in their order."""
    counts: dict[str, int] = {}
    for batch in batches:
        for key, number in batch.counts:
            counts[key] = counts.get(key, 0) + number
    return BatchResult(
        b"".join(batch.documents for batch in batches),
        b"".join(batch.dropped for batch in batches),
        b"".join(batch.dead_letters for batch in batches),
        tuple(sorted(counts.items())),
        b"".join(batch.keys for batch in batches),
        tuple(ending for batch in batches for ending in batch.endings),
        tuple(case for batch in batches for case in batch.cases),
    )
