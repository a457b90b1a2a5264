"""Which files of the watched inputs are there to be taken: new or changed, and whole.

By looking again and again, not by the system's notices: those do not come from network drives nor through some containers'
mounts, and get lost when there are many, so that one has to look anyway; and a file has to be seen twice to be known whole.
A look costs little, as there are two kinds:

- a quick one lists only folders that have changed themselves, and finds names (with their inodes) not seen before;
- a thorough one asks for the size and the times of every file, and so finds those written to in place.

The pauses are a multiple of what a look costs, so a folder of 100,000 files is seen as soon as can be at a bounded price. Only
what waits is held, up to a limit; what is done is remembered as one number of 64 bits a file (one in 10^9 that any two of
100,000 are alike, and then only a file would be passed over whose name, size, times and inode all are new to no avail).
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
    DOCUMENT_SUFFIXES,
    MAX_PATH_BYTES,
    SKIPPED_OUTPUT,
    TOO_DEEP,
    LinksOut,
    folder_name,
    format_suffix,
    is_folder,
)
from newsbeam.inputs.work_units import Source
from newsbeam.storage.output_folders import is_newsbeam_output
from newsbeam.watching.file_state import FileStat

QUICK_SECONDS = 0.2
THOROUGH_SECONDS = 1.0
"""The least pause between two looks of a kind."""

QUICK_SHARE, THOROUGH_SHARE = 2, 12
"""A pause is at least so many times as long as the processor time that the look took (all looking together takes two fifths of a
core at most), and half as long as it took by the clock: a network drive has others to serve."""

SLICE_SECONDS = 0.01
"""So long a look goes on before other work has its turn."""

MOST_WAITING = 8192
"""So many files are held waiting. The rest is left where it is: a later look finds it."""

LARGE_BYTES = 1 << 20
"""Files from this size on have a queue of their own, so that small ones do not stand behind them."""

_CHUNK = 512


@dataclass(frozen=True)
class Candidate:
    """A file that may be taken. `path` as the user would write it, `key` absolute; `since` it looks as it does, `found` when it
    was first seen (both of the clock that never jumps).
    """

    path: str
    key: str
    source: str
    stamp: FileStat
    since: float
    found: float


@dataclass
class ScanPass:
    """A quick or a thorough look: its least pause, how many times as long as it took a pause is, and how far it is.

    `cut`: it found more than may wait, and was broken off.
    """

    pause: float
    share: float
    steps: Iterator[None] | None = None
    next_at: float = 0.0
    began: float = 0.0
    spent: float = 0.0
    cut: bool = False


class FolderScanner:
    """Follows `inputs` (folders, files, globs). `done` are the files that are not to be taken again, as they are now."""

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
        self._told: set[str] = set()
        self._skipped: dict[str, int] = {}
        self._first = True
        self.notes: list[str] = []
        self._quick = ScanPass(QUICK_SECONDS, QUICK_SHARE)
        self._thorough = ScanPass(THOROUGH_SECONDS, THOROUGH_SHARE, next_at=float("inf"))

    # --- what there is ----------------------------------------------------------------------------------------------

    @property
    def waiting(self) -> int:
        """How many files are known that are not taken yet: at most MOST_WAITING, though more may lie there."""
        return sum(map(len, self._waiting))

    @property
    def oldest(self) -> float:
        """When the file was found that waits longest to be done; infinity where none does."""
        first = min((one.found for queue in self._waiting for one in queue.values()), default=float("inf"))
        return min(first, min(self._taken.values(), default=float("inf")))

    def take(self, now: float, large: bool) -> Candidate | None:
        """The next file that is whole, if there is one: it looks the same as it did `settle` seconds ago."""
        queue = self._waiting[large]
        for _ in range(32):
            if not queue or now - next(iter(queue.values())).since < self._settle:
                return None
            key, candidate = queue.popitem(last=False)
            stamp = _stamp(candidate.path)
            if stamp is None:
                continue  # gone before it was whole: it never was an input
            if stamp != candidate.stamp:
                self._wait(replace(candidate, stamp=stamp, since=now))
                continue
            self._taken[key] = candidate.found
            return candidate
        return None

    def give_back(self, candidate: Candidate, now: float) -> None:
        """A file that was taken turned out not to be whole."""
        del self._taken[candidate.key]
        if (stamp := _stamp(candidate.path)) is not None:
            self._wait(replace(candidate, stamp=stamp, since=now))

    def finish(self, key: str, stamp: FileStat) -> float:
        """A file that was taken is done, as it was then; when it had been found."""
        self._done.add(hash((key, stamp)))
        return self._taken.pop(key)

    @property
    def looking(self) -> bool:
        """Whether a look is under way that has given way to other work."""
        return self._quick.steps is not None or self._thorough.steps is not None

    def whole_at(self, now: float) -> float:
        """When the next waiting file may be whole, or the next look is due."""
        firsts = [next(iter(queue.values())).since + self._settle for queue in self._waiting if queue]
        return min([*firsts, now if self.looking else min(self._quick.next_at, self._thorough.next_at)])

    # --- looking ----------------------------------------------------------------------------------------------------

    def step(self, now: float) -> None:
        """Look on for a moment, if it is time to: quickly first, thoroughly in between."""
        for one in (self._quick, self._thorough):
            if one.steps is None and one.next_at <= now and (self.waiting <= MOST_WAITING // 2 or not one.cut):
                one.cut, one.spent, one.began = False, 0.0, now
                one.steps = self._over_all(one)
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
        if one.cut:  # as soon as there is room
            one.next_at = end
            return
        one.next_at = end + max(one.pause, one.share * one.spent, (end - one.began) / 2)
        if self._first:  # to which all was new: it was a thorough one
            self._first = False
            self._thorough.next_at = end + max(THOROUGH_SECONDS, THOROUGH_SHARE * one.spent)
            if self._skipped:
                kinds = sorted(self._skipped.items(), key=lambda item: (-item[1], item[0]))
                named = ", ".join(f"{count} {suffix}" for suffix, count in kinds)
                self._tell(f"skipped {named} (unknown extension; name a file explicitly to read it)")

    def _over_all(self, look: ScanPass) -> Iterator[None]:
        seen: set[tuple[int, int]] = set()
        try:
            # What is written stands here, whatever it is called and however it is reached.
            status = os.stat(self._output)
            seen.add((status.st_dev, status.st_ino))
        except OSError:
            pass
        for word in self._inputs:
            if os.path.isdir(word):
                yield from self._folder(look, word.removeprefix("./") or ".", folder_name(os.path.join(word, "x")), seen)
            elif os.path.lexists(word):
                if os.path.exists(word) and not os.path.isfile(word):
                    self._tell(f"{word} is not a regular file, and is not followed; read it once with `newsbeam run`")
                self._file(look, word, folder_name(word))
            elif not glob.has_magic(word):
                self._tell(f"{word} is not there any more; when it comes back, it is followed again")
            else:
                yield from self._pattern(look, word, seen)
            if look.cut:
                return

    def _pattern(self, look: ScanPass, pattern: str, seen: set[tuple[int, int]]) -> Iterator[None]:
        source = folder_name(re.split(r"[*?\[]", pattern)[0] + "x")
        out = os.path.join(os.path.realpath(self._output), "")
        base = os.path.dirname(re.split(r"[*?\[]", pattern)[0])
        outputs: dict[str, str] = {}
        for path in self._matches(pattern):
            if output := self._output_around(os.path.dirname(path), base, outputs):
                self._tell(SKIPPED_OUTPUT.format(output))
            elif not os.path.isdir(path):
                if not os.path.realpath(path).startswith(out):
                    self._file(look, path, source)
            elif "**" not in pattern:
                yield from self._folder(look, path, source, seen)
            if look.cut:
                return
            yield

    def _output_around(self, folder: str, base: str, known: dict[str, str]) -> str:
        """The folder that newsbeam wrote in which `folder` lies, below `base`; "" where there is none. `known` is what was asked before."""
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
            self._tell(TOO_DEEP.format(pattern))

    def _file(self, look: ScanPass, path: str, source: str) -> None:
        self._check(look, [(path, os.path.abspath(path))], source)

    def _folder(self, look: ScanPass, top: str, source: str, seen: set[tuple[int, int]]) -> Iterator[None]:
        """Look through a folder and all below it. With a stack: folders may be nested thousands deep."""
        waiting = [top]
        links = LinksOut(top)
        while waiting:
            folder = waiting.pop()
            try:
                status = os.stat(folder)
            except OSError as error:
                self._tell(f"{folder} is not looked into: {error.strerror}")
                continue
            if (status.st_dev, status.st_ino) in seen:
                continue  # the output folder, or a link back to where we have been
            seen.add((status.st_dev, status.st_ino))
            if folder not in self._named and is_newsbeam_output(folder):
                self._tell(SKIPPED_OUTPUT.format(folder))
                continue
            changed, times, below = self._folders.get(folder, (-1, 0, ()))
            # A change within the same tick of the clock as a listing leaves no trace: so it is listed twice before it is believed.
            if look is self._thorough or changed != status.st_mtime_ns or times < 2:
                folders: list[str] = []
                try:
                    yield from self._listing(look, folder, source, folders, links)
                except OSError as error:
                    self._tell(f"{folder} is not looked into: {error.strerror}")
                    continue
                if look.cut:
                    return
                below = tuple(sorted(folders))
                self._folders[folder] = (status.st_mtime_ns, times + 1 if changed == status.st_mtime_ns else 1, below)
            waiting += [os.path.join(folder, name) if folder != "." else name for name in reversed(below)]
            if waiting:
                yield
        if links.count:
            self._tell_once(f"links out of {top}", links.note())

    def _listing(self, look: ScanPass, folder: str, source: str, folders: list[str], links: LinksOut) -> Iterator[None]:
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
                    self._chunk(look, folder, here, entries, source)
                    entries.clear()
                    yield
                    if look.cut:
                        return
        self._chunk(look, folder, here, entries, source)

    def _chunk(self, look: ScanPass, folder: str, here: str, entries: list[os.DirEntry[str]], source: str) -> None:
        names = [hash((here, entry.name, entry.inode())) for entry in entries]
        new = self._names.new(names)
        wanted = [place for place in range(len(entries)) if not new[place] and look is self._thorough]
        wanted += [place for place in range(len(entries)) if new[place] and self._is_document(entries[place].name)]
        prefix, top = "" if folder == "." else os.path.join(folder, ""), os.path.join(here, "")
        done = self._check(look, [(prefix + entries[place].name, top + entries[place].name) for place in wanted], source)
        for place, is_done in zip(wanted, done, strict=True):
            if is_done and new[place]:  # a quick look passes it over from now on
                self._names.add(names[place])

    def _is_document(self, name: str) -> bool:
        suffix = format_suffix(name)
        if not suffix or suffix in DOCUMENT_SUFFIXES:
            return True
        if self._first:
            self._skipped["." + suffix] = self._skipped.get("." + suffix, 0) + 1
        return False

    def _check(self, look: ScanPass, paths: Sequence[tuple[str, str]], source: str) -> list[bool]:
        """Have those wait that are new or changed; which of them are done."""
        stamps = [_stamp(path) if not self._has(key) else None for path, key in paths]
        new = self._done.new([hash((key, stamp)) for (_, key), stamp in zip(paths, stamps, strict=True)])
        now = time.monotonic()
        for (path, key), stamp, is_new in zip(paths, stamps, new, strict=True):
            if stamp is None and len(os.fsencode(path)) >= MAX_PATH_BYTES:
                self._tell(f"{path} is not looked at: {os.strerror(errno.ENAMETOOLONG)}; move the folder further up")
            if is_new and stamp is not None:
                if self.waiting >= MOST_WAITING:
                    look.cut = True
                    break
                self._wait(Candidate(path, key, source, stamp, now, now))
        return [not is_new for is_new in new]

    def _has(self, key: str) -> bool:
        return key in self._waiting[0] or key in self._waiting[1] or key in self._taken

    def _wait(self, candidate: Candidate) -> None:
        self._waiting[candidate.stamp.size >= LARGE_BYTES][candidate.key] = candidate

    def _tell(self, note: str) -> None:
        self._tell_once(note, note)

    def _tell_once(self, what: str, note: str) -> None:
        if what not in self._told and len(self._told) < 1000:
            self._told.add(what)
            self.notes.append(note)


def source_of(candidate: Candidate) -> Source:
    """The file as the reader takes it."""
    return Source(candidate.path, candidate.stamp.size, candidate.source)


def _stamp(path: str) -> FileStat | None:
    """What a file looks like; None where there is none (yet, or any more), or no regular one: reading a pipe may never end."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return FileStat.of(status) if stat.S_ISREG(status.st_mode) else None


class CompactIntSet:
    """A set of numbers of 64 bits, which takes 8 bytes for each."""

    def __init__(self, numbers: Iterable[int]) -> None:
        self._old = np.unique(np.fromiter(numbers, np.int64))
        self._fresh: set[int] = set()

    def add(self, number: int) -> None:
        self._fresh.add(number)
        if len(self._fresh) > 4096 + len(self._old) // 64:
            self._old = np.union1d(self._old, np.fromiter(self._fresh, np.int64, len(self._fresh)))
            self._fresh.clear()

    def new(self, numbers: Sequence[int]) -> list[bool]:
        """Which of these are not in the set."""
        if not len(self._old):
            return [number not in self._fresh for number in numbers]
        asked = np.array(numbers, np.int64)
        places = np.minimum(np.searchsorted(self._old, asked), len(self._old) - 1)
        there: list[bool] = (self._old[places] == asked).tolist()
        return [not old and number not in self._fresh for number, old in zip(numbers, there, strict=True)]
