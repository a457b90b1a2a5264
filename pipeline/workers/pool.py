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
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from typing import IO, Generic, TypeVar

from newsbeam.config.job import WorkerConfig
from newsbeam.config.results import BatchResult
from newsbeam.errors import WorkerError
from newsbeam.signals import STOP_SIGNALS
from newsbeam.storage.filesystem import search_path
from newsbeam.transforms.document import Failed, Raw
from newsbeam.workers.limits import late, time_limit
from newsbeam.workers.process import BEAT, READY, stage_names
from newsbeam.workers.results import failed_batch

KILL_GRACE_S = 3.0
"""Seconds of processor time over its limit after which a document that did not end by itself has its worker killed."""

POLL_SECONDS = 0.5
"""How often a busy worker's processor time is read."""

MAX_CRASHES, MAX_KILLS = 2, 3
"""A document is blamed when its worker has crashed that often on it, or was killed from outside (the system out of memory, say)."""

MAX_FAILED_STARTS = 30
"""Workers killed one after another, before any of them was ready, that end a run."""

START_TRIES, START_PAUSE_SECONDS = 5, 0.5
"""A process that the system refuses to start (no memory, no descriptor) is tried again: the shortage may pass."""

IN_FLIGHT_BYTES = 32 << 20
"""How much input may wait for a slow document in front of it."""

SINGLE_THREADED_BLAS_ENV = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1")
"""The workers are what runs side by side; threads of numpy's within each halve their speed (measured on the tagger)."""

_CRASHES = frozenset({signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGTRAP, signal.SIGSYS})
"""The signals by which a process ends through its own fault. Any other that ends a worker was sent by somebody."""

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
"""What a worker runs. `-c` puts the current folder in front of the module search path; this puts it last, before anything is imported."""

Key = TypeVar("Key")


def available_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processor_time(pid: int) -> tuple[float, bool] | None:
    """(seconds of processor time of a process, whether it is waiting for something), None where the system does not say.

    A process that is stopped, waits for its turn or for the disk is not waiting in this sense: none of it is a document's doing.
    """
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:
            fields = stream.read().rpartition(b")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), fields[0] == b"S"
    except (OSError, IndexError, ValueError):
        return None


class _Patience:
    """How much of a document's limit is used up: its processor time, and apart from it the time in which its worker only waited.

    Neither grows while the machine sleeps, this process or the worker is stopped, or others have the processor. Where the system does
    not tell the processor time of another process (macOS), all time counts as waiting, but for that in which this process was stopped.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._polled = time.monotonic()
        self._used, _ = processor_time(pid) or (0.0, True)
        self._begun = self._used
        self._waited = 0.0
        self._index: int | None = None

    def exceeded(self, index: int, limit: float) -> bool:
        """Look again, while the worker is at document `index`: is it over `limit`?"""
        polled, before = self._polled, self._used
        self._polled = time.monotonic()
        measured = processor_time(self._pid)
        self._used, waiting = measured or (0.0, True)
        if index != self._index:
            self._index, self._begun, self._waited = index, self._used, 0.0
        elif waiting:
            # More than two polls between two polls: this process was stopped itself.
            self._waited += max(0.0, min(self._polled - polled, 2 * POLL_SECONDS) - (self._used - before))
        return self._used - self._begun > limit + KILL_GRACE_S or self._waited > limit + (0.0 if measured else KILL_GRACE_S)


class _Worker:
    """One child process and the pipes to it."""

    def __init__(self, setup: WorkerConfig) -> None:
        """Raises OSError where the system has no process to give."""
        with _shared_memory() as shared:
            shared.truncate(BEAT.size)
            self._heart = mmap.mmap(shared.fileno(), BEAT.size)
            # A child inherits what is blocked: it must not be ended by Ctrl-C before it has had time to ignore it.
            before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
            try:
                self._process = subprocess.Popen(
                    # The child finds what this process finds: a processor beside the caller's script, say.
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
        with suppress(BrokenPipeError):  # it is dead already: `start` says why
            self._send(setup)

    def start(self) -> None:
        """Wait until the worker is ready. Raises WorkerError where it says why it never will be, EOFError where it died."""
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
        """Raises TimeoutError or EOFError when the worker hung or died; `at` says at which document and stage."""
        BEAT.pack_into(self._heart, 0, 0, 0)
        self._send(raws)
        assert self._process.stdout is not None
        ready = select.poll()  # select itself ends at descriptor 1,023
        ready.register(self._process.stdout, select.POLLIN)
        patience = _Patience(self._process.pid)
        while not ready.poll(int(1000 * POLL_SECONDS)):
            index, _ = self.at()
            limit = time_limit(raws[max(index, 0)], self._setup.time_limit)
            if patience.exceeded(index, limit) and limit > 0:
                raise TimeoutError
        answer = self._receive()
        assert isinstance(answer, BatchResult)
        return answer

    def at(self) -> tuple[int, int]:
        """(the document's place in its batch, the stage's number) that the worker last entered; (-1, 0) before the first."""
        index, stage = BEAT.unpack_from(self._heart, 0)
        return index - 1, stage

    def kill(self) -> None:
        """Have the process end at once; whoever waits for it gets an EOFError."""
        self._process.kill()

    def end(self, dying: bool = False) -> int:
        """Kill the process, after some patience where it is `dying` already; what it ended with."""
        if dying:
            # Its pipe is closed a moment before it has ended: how it ended is known only then.
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(KILL_GRACE_S)
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


def _shared_memory() -> IO[bytes]:
    """A file without a name, in memory where there is such a thing: a temporary folder may be full, or gone."""
    if sys.platform == "linux":
        return os.fdopen(os.memfd_create("newsbeam"), "w+b")
    return tempfile.TemporaryFile()


class _Slot:
    """The place of one worker in the pool, empty while its worker has died and no other has started."""

    def __init__(self, worker: _Worker) -> None:
        self.worker: _Worker | None = worker

    def end(self, dying: bool = False) -> int:
        """End the worker; what it ended with."""
        worker, self.worker = self.worker, None
        return worker.end(dying) if worker is not None else 0


class Pool(Generic[Key]):
    """`workers` processes that run batches; results come back in the order of submission.

    `results` yields what is finished, or, told to wait, everything; it waits while too much is under way. `finished` gives what
    is, out of order.
    """

    def __init__(self, setup: WorkerConfig, workers: int) -> None:
        """Raises WorkerError."""
        self._setup = setup
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
        """Hand a batch to the next worker that is free."""
        size = sum(len(raw.payload) for raw in raws)
        self._waiting.append((key, size, self._threads.submit(self._run, raws)))
        self._bytes += size

    def results(self, everything: bool = False) -> Iterator[tuple[Key, BatchResult]]:
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

    def finished(self) -> list[tuple[Key, BatchResult]]:
        """The batches that are finished, though others in front of them may not be."""
        there: list[tuple[Key, int, Future[BatchResult]]] = []
        rest: deque[tuple[Key, int, Future[BatchResult]]] = deque()
        for one in self._waiting:
            (there if one[2].done() else rest).append(one)
        self._waiting = rest
        self._bytes -= sum(size for _, size, _ in there)
        return [(key, future.result()) for key, _, future in there]

    def close(self) -> None:
        """End the workers, whatever they do."""
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

    def _run(self, raws: Sequence[Raw]) -> BatchResult:
        slot = self._idle.get()
        try:
            return self._work_through(slot, raws)
        except WorkerError as error:
            self._broken = self._broken or str(error)
            raise
        except BaseException:
            slot.end()  # there may be an answer in its pipe that nobody has read
            raise
        finally:
            self._idle.put(slot)

    def _work_through(self, slot: _Slot, raws: Sequence[Raw]) -> BatchResult:
        """The batch, whatever becomes of the worker meanwhile. Raises WorkerError where no other can be started.

        After a worker's death the rest of its batch goes to the next worker document by document: what is done stays done, and
        the same document has to cost several workers before it is blamed. A worker that dies between two documents blames neither.
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

    def _ready_worker(self, slot: _Slot) -> _Worker:
        """The worker of a slot, ready to work; another one where it has died. Raises WorkerError."""
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
                    raise WorkerError(f"a worker process ended with status {code} while it was starting") from None
                if self._failed_starts >= MAX_FAILED_STARTS and not self._broken:
                    what = f"{self._failed_starts} worker processes in a row were killed while they were starting"
                    raise WorkerError(f"{what}, by signal {-code}; is there enough memory?") from None
            else:
                self._failed_starts = 0
                if not self._broken:
                    return slot.worker
        raise WorkerError(self._broken)

    def _start(self) -> _Worker:
        for tries_left in reversed(range(START_TRIES)):
            try:
                return _Worker(self._setup)
            except OSError as error:
                if not tries_left or self._broken:
                    cure = "free memory, or use fewer --workers, or allow more open files and processes (ulimit -n, -u)"
                    raise WorkerError(f"no worker process can be started: {error.strerror or error}; {cure}") from error
                time.sleep(START_PAUSE_SECONDS)
        raise AssertionError


def merge(batches: Sequence[BatchResult]) -> BatchResult:
    """Batches as one, in their order."""
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
