"""The main loop of `newsbeam watch` and its in-flight state."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterator
from hashlib import sha256
from types import FrameType

from newsbeam.config.job import Job
from newsbeam.config.results import BatchResult
from newsbeam.errors import AccountError, LedgerError, WorkerError
from newsbeam.inputs.work_units import BATCH_ITEMS
from newsbeam.outputs import data_card, folder
from newsbeam.outputs.manifest import describe_job
from newsbeam.signals import STOP_SIGNALS
from newsbeam.storage import output_layout
from newsbeam.storage.manifest import Account, WatchSummary
from newsbeam.storage.output_layout import OUTPUTS
from newsbeam.transforms.document import Raw
from newsbeam.watching.batching import FileChunk, OpenFile, WorkItem
from newsbeam.watching.file_state import FileStat, Input, Part
from newsbeam.watching.ledger import Ledger
from newsbeam.watching.scanner import Candidate, FolderScanner, source_of
from newsbeam.watching.status import Status
from newsbeam.watching.status_line import StatusReporter
from newsbeam.workers.pool import Pool

MAX_BLOCKED_CHUNKS = 4
"""The bundles of a file, per worker, that may wait behind a slow document."""

RETRY_SECONDS = 2.0
"""The interval of attempts to write while the disk is full."""

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


class _Stopped(Exception):
    """A stop was requested while nothing could be written."""


class Watcher:
    """The main loop of `newsbeam watch` and its in-flight state."""

    def __init__(
        self,
        job: Job,
        pool: Pool[WorkItem],
        ledger: Ledger,
        look: FolderScanner,
        rotate_seconds: float,
        teller: StatusReporter,
        stop: StopRequest,
    ) -> None:
        self._job, self._pool, self._ledger, self._scanner, self._teller, self._stop = job, pool, ledger, look, teller, stop
        self._rotate = rotate_seconds
        self._commit = min(COMMIT_SECONDS, rotate_seconds)
        self._reader = job.reader()
        self._small: OpenFile | None = None
        self._large: deque[OpenFile] = deque()
        self._large_turn = False
        self._in_work = self._in_pool = self._in_pool_bytes = 0
        self._part = Part()
        self._part_since = float("inf")
        self._out: list[tuple[WorkItem, BatchResult]] = []
        self._held_since = time.monotonic() if ledger.held_bytes else float("inf")
        self._earliest = self._oldest = float("inf")
        self._status_at = 0.0
        self._files = 0
        self._latency = 0.0
        self._trouble = ""

    def status(self) -> Status:
        """Return the status as of the loop's last step; other threads may call this."""
        account = Account.of(self._ledger.totals) + Account.of(self._part.counts)
        return Status(
            waiting=self._scanner.waiting,
            in_work=self._in_work + self._part.read,
            read=account.read + self._in_work,
            written=account.written,
            dropped=account.dropped,
            failed=account.failed,
            files=self._files,
            lag=round(max(0.0, time.monotonic() - self._oldest), 3),
            latency=round(self._latency, 3),
            trouble=self._trouble,
        )

    def run(self) -> int:
        """Run until a stop is requested, and return the exit status."""
        self._describe()
        try:
            if self._ledger.held_bytes:
                self._publish()
            while not self._stop.asked:
                self._turn()
            if self._in_work:
                self._teller.note("finishing work in flight; press Ctrl-C again to stop now (unfinished work is redone on restart)")
            while self._pool.busy:
                self._pool.wait(0.2)
                self._collect()
                self._tell(time.monotonic())
            if self._part.inputs:
                self._save()
            self._publish()
        except WorkerError as error:
            self._teller.note(f"workers cannot start: {error}")
            return 1
        except (AccountError, LedgerError, sqlite3.DatabaseError, OSError) as error:
            self._teller.note(f"{error}; committed work is safe, start again")
            return 1
        except _Stopped:
            self._teller.note("stopped: disk full. Unwritten work will be redone on restart")
            print(Account.of(self._ledger.totals), flush=True)
            return 1
        finally:
            self._teller.clear()
        self._describe()
        print(Account.of(self._ledger.totals), flush=True)
        return 0

    def _turn(self) -> None:
        now = time.monotonic()
        self._scanner.poll(now)
        for note in self._scanner.notes:
            self._teller.note(note)
        self._scanner.notes.clear()
        self._submit_work(now)
        self._collect()
        now = time.monotonic()
        due = min(self._part_since + self._commit, self._held_since + self._rotate)
        if self._part.size >= COMMIT_BYTES or now >= self._part_since + self._commit or now >= self._held_since + self._rotate:
            self._save()
            if now >= self._held_since + self._rotate or self._ledger.held_bytes >= self._job.shard_bytes:
                self._publish()
        self._tell(now)
        # Wait for a worker, for a file to become complete, or for the next scan.
        if not self._scanner.scanning or self._pool.busy:
            self._pool.wait(min(max(min(self._scanner.next_event_at(now), due) - now, 0.002), 0.1))

    def _tell(self, now: float) -> None:
        if now >= self._status_at:
            self._oldest, self._status_at = self._scanner.oldest, now + 0.2
            self._teller.tell(self.status, now)

    # --- input
    # --------------------------------------------------------------------------------------------

    def _submit_work(self, now: float) -> None:
        """Submit work to the pool, from small and large files in turn."""
        workers = self._job.workers
        while self._in_pool < MAX_QUEUED_ITEMS * workers and self._in_pool_bytes < MAX_QUEUED_BYTES * workers:
            self._large_turn = not self._large_turn
            bundle = self._bundle(now, self._large_turn) or self._bundle(now, not self._large_turn)
            if bundle is None:
                return
            self._in_work += len(bundle.raws)
            self._in_pool += len(bundle.raws)
            self._in_pool_bytes += bundle.size
            self._pool.submit(bundle, bundle.raws)

    def _bundle(self, now: float, large: bool) -> WorkItem | None:
        """Assemble the next work item from small or large files, None if there is none."""
        bundle = WorkItem()
        # A few files are spread over all workers; many files are cheaper in batches.
        items = BATCH_ITEMS if large else max(1, min(BATCH_ITEMS, self._scanner.waiting // (4 * self._job.workers)))
        until = time.monotonic() + 0.05
        while not bundle.full(items) and time.monotonic() < until:
            file = self._next_large(now) if large else self._next_small(now)
            # A later chunk of a file may have to wait for an earlier one, so it shares its work
            # item with no other file.
            goes_on = file is not None and file.pieces > 0
            if file is None or (goes_on and bundle.pieces):
                break
            if goes_on:
                items = BATCH_ITEMS
            if self._read_into(file, bundle, items, until):
                if large:
                    self._large.popleft()
                else:
                    self._small = None
            elif large:
                self._large.rotate(-1)
            if goes_on:
                break
        return bundle if bundle.pieces else None

    def _is_blocked(self, file: OpenFile) -> bool:
        """Return whether enough of a file waits for one slow document of it."""
        return file.pieces - file.done_pieces >= MAX_BLOCKED_CHUNKS * self._job.workers

    def _next_small(self, now: float) -> OpenFile | None:
        if self._small is not None and self._is_blocked(self._small):
            if len(self._large) >= MAX_OPEN_FILES:
                return None
            self._large.append(self._small)
            self._small = None
        if self._small is None and (candidate := self._scanner.claim(now, large=False)) is not None:
            self._small = self._open(candidate)
        return self._small

    def _next_large(self, now: float) -> OpenFile | None:
        while len(self._large) < MAX_OPEN_LARGE_FILES and (candidate := self._scanner.claim(now, large=True)) is not None:
            if (file := self._open(candidate)) is not None:
                self._large.append(file)
        for _ in range(len(self._large)):
            if not self._is_blocked(self._large[0]):
                return self._large[0]
            self._large.rotate(-1)
        return None

    def _open(self, candidate: Candidate) -> OpenFile | None:
        """Open a file where it was left off; return None if it is finished already."""
        before = self._ledger.find(candidate.key)
        inputs: list[tuple[str, int, str]] = []
        records: Iterator[Raw | None] = self._reader.records(source_of(candidate), inputs)
        if before is None:
            return OpenFile(candidate, 1, 0, records, inputs)
        if before.stamp == candidate.stamp:
            if before.complete:
                self._scanner.finish(candidate.key, candidate.stamp)
                return None
            return OpenFile(candidate, before.version, before.records, records, inputs)
        file = OpenFile(candidate, before.version + 1, 0, records, inputs)
        if before.complete and before.sha256 and before.stamp.size == candidate.stamp.size:
            file.records = self._skip_if_unchanged(file, before, records)
        return file

    def _skip_if_unchanged(self, file: OpenFile, before: Input, records: Iterator[Raw | None]) -> Iterator[Raw | None]:
        """Yield the records of a file, or none if its content has not changed."""
        digest = sha256()
        try:
            with open(file.candidate.path, "rb", buffering=0) as stream:
                while block := stream.read(1 << 20):
                    digest.update(block)
                    yield None
        except OSError:
            pass  # reading it reports the problem
        if digest.hexdigest() == before.sha256:
            file.same = True
        else:
            yield from records

    def _read_into(self, file: OpenFile, bundle: WorkItem, items: int, until: float) -> bool:
        """Read the next chunk of a file into a work item; return whether it was the last."""
        first, size = len(bundle.raws), bundle.size
        ended = False
        while True:
            raw = next(file.records, _END)
            if isinstance(raw, _End):
                ended = True
                break
            if raw is not None:
                file.given += 1
                if file.given > file.skip:
                    bundle.raws.append(raw)
                    bundle.size += len(raw.payload)
                    if bundle.full(items):
                        # A file with a single document ends here; its end should be in this work
                        # item, not in the next.
                        if file.given == 1 and raw.form == "file":
                            continue
                        break
            if time.monotonic() > until:
                break
        count = len(bundle.raws) - first
        candidate = file.candidate
        if ended and file.same:
            self._while_full(lambda: self._ledger.touch(candidate.key, candidate.stamp))
            self._scanner.finish(candidate.key, candidate.stamp)
            return True
        if ended and count == file.given and _changed(candidate):
            # The file was incomplete, and no worker has seen any of it.
            del bundle.raws[first:]
            bundle.size = size
            self._scanner.requeue(candidate, time.monotonic())
            return True
        if count or ended:
            bundle.pieces.append(FileChunk(file, file.pieces, count, ended))
            file.pieces += 1
        return ended

    # --- output
    # -------------------------------------------------------------------------------------------

    def _collect(self) -> None:
        """Collect results out of order, except within a file.

        The ledger stores only a record count per file.
        """
        for bundle, batch in self._pool.finished():
            self._in_pool -= len(bundle.raws)
            self._in_pool_bytes -= bundle.size
            self._out.append((bundle, batch))
        before = -1
        while self._out and len(self._out) != before:
            before = len(self._out)
            later = []
            for bundle, batch in self._out:
                if bundle.is_next():
                    self._in_work -= len(bundle.raws)
                    self._add(bundle, batch)
                else:
                    later.append((bundle, batch))
            self._out = later

    def _add(self, bundle: WorkItem, batch: BatchResult) -> None:
        part = self._part
        if not part.inputs:
            self._part_since = time.monotonic()
        for kind in OUTPUTS:
            lines: bytes = getattr(batch, kind)
            if lines:
                part.lines[kind].append(lines)
                part.size += len(lines)
        part.counts.update(dict(batch.counts))
        part.read += len(bundle.raws)
        for piece in bundle.pieces:
            file, candidate = piece.file, piece.file.candidate
            file.done += piece.records
            file.done_pieces += 1
            digest = next((digest for _, _, digest in file.inputs), "") if piece.last else ""
            part.inputs[candidate.key] = Input(candidate.key, candidate.stamp, file.version, file.skip + file.done, piece.last, digest)

    def _save(self) -> None:
        """Commit the collected results."""
        if not self._part.inputs:
            return
        self._while_full(lambda: self._ledger.commit(self._part))
        for one in self._part.inputs.values():
            if one.complete:
                self._earliest = min(self._earliest, self._scanner.finish(one.path, one.stamp))
        self._held_since = min(self._held_since, self._part_since)
        self._part, self._part_since = Part(), float("inf")

    def _publish(self) -> None:
        self._while_full(self._ledger.publish)
        self._files = self._ledger.published
        if self._earliest < float("inf"):
            self._latency = time.monotonic() - self._earliest
        self._earliest = self._held_since = float("inf")

    def _while_full(self, write: Callable[[], object]) -> None:
        """Call `write` until the disk has space. Raises _Stopped if a stop is requested."""
        while True:
            try:
                write()
            except (OSError, sqlite3.OperationalError) as error:
                if not _is_full(error, self._job.output):
                    raise
                if not self._trouble:
                    self._trouble = f"no space left for {self._job.output}"
                    self._teller.note(f"{self._trouble}: waiting for disk space; no work is lost")
            else:
                if self._trouble:
                    self._teller.note("disk space available again; continuing")
                self._trouble = ""
                return
            again = time.monotonic() + RETRY_SECONDS
            while (now := time.monotonic()) < again:
                if self._stop.asked:
                    raise _Stopped
                self._teller.tell(self.status, now)
                time.sleep(0.1)

    def _describe(self) -> None:
        """Write the data card and the summary; inputs are in the numbered manifests."""
        job, totals = self._job, self._ledger.totals
        pattern = output_layout.file_pattern("documents", job.format)
        made_by = f"newsbeam v{job.setup.version}"
        card = data_card.data_card(job.recipe.source or job.name, pattern, str(Account.of(totals)), made_by).encode()
        summary = WatchSummary(**vars(describe_job(job, totals)), manifests=output_layout.MANIFEST_PATTERN, card=folder.describe_card(card))
        try:
            earlier = WatchSummary.find(job.output)
            if kept := folder.write_card(job.output, card, earlier.card if earlier is not None else None):
                self._teller.note(f"{output_layout.CARD} was edited; the edited file is kept as {kept}")
            summary.save(os.path.join(job.output, output_layout.MANIFEST))
        except OSError as error:
            self._teller.note(f"{output_layout.CARD} and {output_layout.MANIFEST} are out of date: {error}")


class _End:
    """The end of a file, where None means "not yet"."""


_END = _End()


def _changed(candidate: Candidate) -> bool:
    """Return whether a file has changed; a deleted file has not, as it was read."""
    try:
        return FileStat.of(os.stat(candidate.path)) != candidate.stamp
    except OSError:
        return False


def _is_full(error: Exception, folder: str) -> bool:
    if isinstance(error, OSError):
        return error.errno in _NO_SPACE
    # SQLite reports an I/O error if there is no space for its log or shared memory.
    space = os.statvfs(folder)
    return "full" in str(error) or ("disk I/O" in str(error) and space.f_bavail * space.f_frsize < 1 << 20)


COMMIT_SECONDS, COMMIT_BYTES = 0.5, 8 << 20
"""The age and size at which results are committed: a killed process loses less."""

MAX_QUEUED_ITEMS, MAX_QUEUED_BYTES = 64, 1 << 20
"""The work submitted ahead per worker; more would make small files wait."""

MAX_OPEN_LARGE_FILES, MAX_OPEN_FILES = 2, 16
"""The number of large files, and of all files, that are open at the same time."""


class StopRequest:
    """Ctrl-C and SIGTERM: the first finishes work in flight, the second does not.

    Neither loses any work.
    """

    def __init__(self) -> None:
        self.asked = False
        for number in STOP_SIGNALS:
            signal.signal(number, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked:
            os._exit(130)  # the workers notice that their pipes are closed
        self.asked = True
