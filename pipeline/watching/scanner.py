"""The scanner of watched inputs: finds new or changed files that are complete.

It polls. Notifications of the system do not cover network drives or the mounts of some containers,
and are lost when there are many, so polling would be needed anyway. A file also has to be seen
twice to be known as complete.

There are two kinds of scans, which keeps polling cheap:

- An incremental scan lists only folders that changed, and finds names (with inodes) not seen
  before.
- A full scan checks size and times of every file, and so finds files that were modified in place.

The pauses are a multiple of a scan's cost, so that files in a folder of 100,000 are found as early
as possible at a bounded cost. Only waiting files are held in memory, up to a limit. A finished file
takes one number of 64 bits; a collision would skip one new file (p ≈ 1e-9 for 100,000 files).
"""

from __future__ import annotations

import errno
import glob
import os
import re
import stat
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from newsbeam.inputs.discovery import (
    MAX_PATH_BYTES,
    SKIPPED_OUTPUT,
    TOO_DEEP,
    LinksOut,
    folder_name,
    format_suffix,
    is_folder,
)
from newsbeam.inputs.format_entries import document_suffixes
from newsbeam.inputs.work_units import Source
from newsbeam.storage.output_folders import is_newsbeam_output
from newsbeam.watching.file_state import FileStat

INCREMENTAL_PAUSE_SECONDS = 0.2
FULL_PAUSE_SECONDS = 1.0
"""The minimum pause between two scans of a kind."""

INCREMENTAL_PAUSE_FACTOR, FULL_PAUSE_FACTOR = 2, 12
"""Pauses of incremental and full scans as multiples of their processor time.

All scans together take at most two fifths of a core. In clock time a pause is half as long as its
scan, since a network drive serves others too.
"""

SLICE_SECONDS = 0.01
"""The time after which a scan yields to other work."""

MAX_WAITING = 8192
"""The most waiting files; a later scan finds the others."""

LARGE_BYTES = 1 << 20
"""Files of at least this size have their own queue: small files need not wait."""

_CHUNK = 512


@dataclass(frozen=True)
class Candidate:
    """A file that may be claimed.

    `path` is as the user wrote it, `key` is absolute. `since` is when its state was first seen,
    `found` when the file was first seen (both on the monotonic clock).
    """

    path: str
    key: str
    source: str
    stamp: FileStat
    since: float
    found: float


@dataclass
class ScanPass:
    """The progress of one kind of scan: its pauses, and how far it is.

    `cut` is true if the scan stopped because too many files were waiting.
    """

    pause: float
    share: float
    steps: Iterator[None] | None = None
    next_at: float = 0.0
    began: float = 0.0
    spent: float = 0.0
    cut: bool = False


class FolderScanner:
    """A scanner of `inputs` (folders, files, globs).

    `done` are the finished files in their present state; they are not claimed again.
    """

    def __init__(self, inputs: Sequence[str], output: str, settle: float, done: Iterable[tuple[str, FileStat]] = ()) -> None:
        self._inputs = [word.removeprefix("file://") for word in inputs]
        self._named = frozenset(word.removeprefix("./") or "." for word in self._inputs)
        self._output = output
        self._settle = settle
        self._done = CompactIntSet(hash((path, stamp)) for path, stamp in done)
        self._names = CompactIntSet(())
        self._folders: dict[str, tuple[int, int, tuple[str, ...]]] = {}
        self._waiting: tuple[OrderedDict[str, Candidate], OrderedDict[str, Candidate]] = (OrderedDict(), OrderedDict())
        self._taken: dict[str, float] = {}
        self._notes_sent: set[str] = set()
        self._skipped: dict[str, int] = {}
        self._first = True
        self.notes: list[str] = []
        self._incremental = ScanPass(INCREMENTAL_PAUSE_SECONDS, INCREMENTAL_PAUSE_FACTOR)
        self._full = ScanPass(FULL_PAUSE_SECONDS, FULL_PAUSE_FACTOR, next_at=float("inf"))

    # --- waiting files
    # ------------------------------------------------------------------------------------

    @property
    def waiting(self) -> int:
        """The number of known files that are not claimed, at most MOST_WAITING."""
        return sum(map(len, self._waiting))

    @property
    def oldest(self) -> float:
        """The discovery time of the oldest unfinished file, or infinity."""
        first = min((one.found for queue in self._waiting for one in queue.values()), default=float("inf"))
        return min(first, min(self._taken.values(), default=float("inf")))

    def claim(self, now: float, large: bool) -> Candidate | None:
        """Claim the next file that has not changed for `settle` seconds, if any."""
        queue = self._waiting[large]
        for _ in range(32):
            if not queue or now - next(iter(queue.values())).since < self._settle:
                return None
            key, candidate = queue.popitem(last=False)
            stamp = _stamp(candidate.path)
            if stamp is None:
                continue  # deleted before it was complete: it never was an input
            if stamp != candidate.stamp:
                self._wait(replace(candidate, stamp=stamp, since=now))
                continue
            self._taken[key] = candidate.found
            return candidate
        return None

    def requeue(self, candidate: Candidate, now: float) -> None:
        """Return a claimed file that turned out to be incomplete."""
        del self._taken[candidate.key]
        if (stamp := _stamp(candidate.path)) is not None:
            self._wait(replace(candidate, stamp=stamp, since=now))

    def finish(self, key: str, stamp: FileStat) -> float:
        """Mark a claimed file as finished in this state, and return its discovery time."""
        self._done.add(hash((key, stamp)))
        return self._taken.pop(key)

    @property
    def scanning(self) -> bool:
        """True if a scan is in progress and has yielded to other work."""
        return self._incremental.steps is not None or self._full.steps is not None

    def next_event_at(self, now: float) -> float:
        """Return when the next waiting file may be complete, or the next scan is due."""
        firsts = [next(iter(queue.values())).since + self._settle for queue in self._waiting if queue]
        return min([*firsts, now if self.scanning else min(self._incremental.next_at, self._full.next_at)])

    # --- scanning
    # -----------------------------------------------------------------------------------------

    def poll(self, now: float) -> None:
        """Continue a scan briefly if one is due: incremental first, full in between."""
        for one in (self._incremental, self._full):
            if one.steps is None and one.next_at <= now and (self.waiting <= MAX_WAITING // 2 or not one.cut):
                one.cut, one.spent, one.began = False, 0.0, now
                one.steps = self._scan_inputs(one)
                self._skipped.clear()
            if one.steps is not None:
                self._go_on(one, one.steps)
                return

    def _go_on(self, one: ScanPass, steps: Iterator[None]) -> None:
        began = time.thread_time()
        for _ in steps:
            if time.thread_time() - began > SLICE_SECONDS:
                one.spent += time.thread_time() - began
                return
        one.steps = None
        one.spent += time.thread_time() - began
        end = time.monotonic()
        if one.cut:  # as soon as there is space in the queue
            one.next_at = end
            return
        one.next_at = end + max(one.pause, one.share * one.spent, (end - one.began) / 2)
        if self._first:  # the first scan found only new files: it was a full one
            self._first = False
            self._full.next_at = end + max(FULL_PAUSE_SECONDS, FULL_PAUSE_FACTOR * one.spent)
            if self._skipped:
                kinds = sorted(self._skipped.items(), key=lambda item: (-item[1], item[0]))
                named = ", ".join(f"{count} {suffix}" for suffix, count in kinds)
                self._note(f"skipped {named} (unknown extension; name a file explicitly to read it)")

    def _scan_inputs(self, scan: ScanPass) -> Iterator[None]:
        seen: set[tuple[int, int]] = set()
        try:
            # The output folder must be skipped, whatever its name and however it is reached.
            status = os.stat(self._output)
            seen.add((status.st_dev, status.st_ino))
        except OSError:
            pass
        for word in self._inputs:
            if os.path.isdir(word):
                yield from self._folder(scan, word.removeprefix("./") or ".", folder_name(os.path.join(word, "x")), seen)
            elif os.path.lexists(word):
                if os.path.exists(word) and not os.path.isfile(word):
                    self._note(f"{word} is not a regular file and is not followed; read it once with `newsbeam run`")
                self._file(scan, word, folder_name(word))
            elif not glob.has_magic(word):
                self._note(f"{word} does not exist any more; it is followed again if it reappears")
            else:
                yield from self._pattern(scan, word, seen)
            if scan.cut:
                return

    def _pattern(self, scan: ScanPass, pattern: str, seen: set[tuple[int, int]]) -> Iterator[None]:
        source = folder_name(re.split(r"[*?\[]", pattern)[0] + "x")
        out = os.path.join(os.path.realpath(self._output), "")
        base = os.path.dirname(re.split(r"[*?\[]", pattern)[0])
        outputs: dict[str, str] = {}
        for path in self._matches(pattern):
            if output := self._output_around(os.path.dirname(path), base, outputs):
                self._note(SKIPPED_OUTPUT.format(output))
            elif not os.path.isdir(path):
                if not os.path.realpath(path).startswith(out):
                    self._file(scan, path, source)
            elif "**" not in pattern:
                yield from self._folder(scan, path, source, seen)
            if scan.cut:
                return
            yield

    def _output_around(self, folder: str, base: str, known: dict[str, str]) -> str:
        """Return the output folder of newsbeam around `folder` and below `base`, or "".

        `known` caches the answers.
        """
        if len(folder) <= len(base):
            return ""
        if folder not in known:
            around = self._output_around(os.path.dirname(folder), base, known)
            known[folder] = around or (folder if is_newsbeam_output(folder) else "")
        return known[folder]

    def _matches(self, pattern: str) -> Iterator[str]:
        try:
            yield from glob.iglob(pattern, recursive=True)
        except RecursionError:
            self._note(TOO_DEEP.format(pattern))

    def _file(self, scan: ScanPass, path: str, source: str) -> None:
        self._check(scan, [(path, os.path.abspath(path))], source)

    def _folder(self, scan: ScanPass, top: str, source: str, seen: set[tuple[int, int]]) -> Iterator[None]:
        """Scan a folder recursively, with a stack: folders may be nested thousands deep."""
        waiting = [top]
        links = LinksOut(top)
        while waiting:
            folder = waiting.pop()
            try:
                status = os.stat(folder)
            except OSError as error:
                self._note(f"skipped {folder}: {error.strerror}")
                continue
            if (status.st_dev, status.st_ino) in seen:
                continue  # the output folder, or a link back to a folder that was scanned
            seen.add((status.st_dev, status.st_ino))
            if folder not in self._named and is_newsbeam_output(folder):
                self._note(SKIPPED_OUTPUT.format(folder))
                continue
            changed, times, below = self._folders.get(folder, (-1, 0, ()))
            # A change within the clock tick of a listing leaves no trace, so a folder is listed
            # twice before its time is trusted.
            if scan is self._full or changed != status.st_mtime_ns or times < 2:
                folders: list[str] = []
                try:
                    yield from self._listing(scan, folder, source, folders, links)
                except OSError as error:
                    self._note(f"skipped {folder}: {error.strerror}")
                    continue
                if scan.cut:
                    return
                below = tuple(sorted(folders))
                self._folders[folder] = (status.st_mtime_ns, times + 1 if changed == status.st_mtime_ns else 1, below)
            waiting += [os.path.join(folder, name) if folder != "." else name for name in reversed(below)]
            if waiting:
                yield
        if links.count:
            self._tell_once(f"links out of {top}", links.note())

    def _listing(self, scan: ScanPass, folder: str, source: str, folders: list[str], links: LinksOut) -> Iterator[None]:
        here = os.path.abspath(folder)
        entries: list[os.DirEntry[str]] = []
        with os.scandir(folder) as listed:
            for entry in listed:
                if entry.name.startswith("."):
                    continue
                if entry.is_symlink():
                    links.add(entry.path)
                if is_folder(entry):
                    folders.append(entry.name)
                    continue
                entries.append(entry)
                if len(entries) == _CHUNK:
                    self._chunk(scan, folder, here, entries, source)
                    entries.clear()
                    yield
                    if scan.cut:
                        return
        self._chunk(scan, folder, here, entries, source)

    def _chunk(self, scan: ScanPass, folder: str, here: str, entries: list[os.DirEntry[str]], source: str) -> None:
        names = [hash((here, entry.name, entry.inode())) for entry in entries]
        new = self._names.new(names)
        wanted = [place for place in range(len(entries)) if not new[place] and scan is self._full]
        wanted += [place for place in range(len(entries)) if new[place] and self._is_document(entries[place].name)]
        prefix, top = "" if folder == "." else os.path.join(folder, ""), os.path.join(here, "")
        done = self._check(scan, [(prefix + entries[place].name, top + entries[place].name) for place in wanted], source)
        for place, is_done in zip(wanted, done, strict=True):
            if is_done and new[place]:  # incremental scans skip it from now on
                self._names.add(names[place])

    def _is_document(self, name: str) -> bool:
        suffix = format_suffix(name)
        if not suffix or suffix in document_suffixes():
            return True
        if self._first:
            self._skipped["." + suffix] = self._skipped.get("." + suffix, 0) + 1
        return False

    def _check(self, scan: ScanPass, paths: Sequence[tuple[str, str]], source: str) -> list[bool]:
        """Enqueue new and changed files; return for each file whether it is finished."""
        stamps = [_stamp(path) if not self._has(key) else None for path, key in paths]
        new = self._done.new([hash((key, stamp)) for (_, key), stamp in zip(paths, stamps, strict=True)])
        now = time.monotonic()
        for (path, key), stamp, is_new in zip(paths, stamps, new, strict=True):
            if stamp is None and len(os.fsencode(path)) >= MAX_PATH_BYTES:
                self._note(f"skipped {path}: {os.strerror(errno.ENAMETOOLONG)}; move the folder up")
            if is_new and stamp is not None:
                if self.waiting >= MAX_WAITING:
                    scan.cut = True
                    break
                self._wait(Candidate(path, key, source, stamp, now, now))
        return [not is_new for is_new in new]

    def _has(self, key: str) -> bool:
        return key in self._waiting[0] or key in self._waiting[1] or key in self._taken

    def _wait(self, candidate: Candidate) -> None:
        self._waiting[candidate.stamp.size >= LARGE_BYTES][candidate.key] = candidate

    def _note(self, note: str) -> None:
        self._tell_once(note, note)

    def _tell_once(self, what: str, note: str) -> None:
        if what not in self._notes_sent and len(self._notes_sent) < 1000:
            self._notes_sent.add(what)
            self.notes.append(note)


def source_of(candidate: Candidate) -> Source:
    """Return the file as an input of the reader."""
    return Source(candidate.path, candidate.stamp.size, candidate.source)


def _stamp(path: str) -> FileStat | None:
    """Return the state of a regular file, None if there is none: a pipe may block."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return FileStat.of(status) if stat.S_ISREG(status.st_mode) else None


class CompactIntSet:
    """A set of 64-bit numbers that takes 8 bytes for each."""

    def __init__(self, numbers: Iterable[int]) -> None:
        self._old = np.unique(np.fromiter(numbers, np.int64))
        self._fresh: set[int] = set()

    def add(self, number: int) -> None:
        self._fresh.add(number)
        if len(self._fresh) > 4096 + len(self._old) // 64:
            self._old = np.union1d(self._old, np.fromiter(self._fresh, np.int64, len(self._fresh)))
            self._fresh.clear()

    def new(self, numbers: Sequence[int]) -> list[bool]:
        """Return for each number whether it is not in the set."""
        if not len(self._old):
            return [number not in self._fresh for number in numbers]
        asked = np.array(numbers, np.int64)
        places = np.minimum(np.searchsorted(self._old, asked), len(self._old) - 1)
        there: list[bool] = (self._old[places] == asked).tolist()
        return [not old and number not in self._fresh for number, old in zip(numbers, there, strict=True)]
