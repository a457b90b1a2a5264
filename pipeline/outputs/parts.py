"""Parts: what one worker has written of a run, and whether it is whole."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, BinaryIO, cast
from uuid import uuid4

import orjson

from newsbeam.config.failure_cases import MAX_PART_CASES, Cases
from newsbeam.config.job import Job
from newsbeam.config.results import BatchResult
from newsbeam.inputs.work_units import PartSummary
from newsbeam.outputs.manifest import add_counts
from newsbeam.storage import filesystem
from newsbeam.storage.output_layout import OUTPUTS


@dataclass
class PartReport:
    """What one part of the output holds. `read` is what the reader counted, -1 where a source has no end to count at.

    `sizes` and `hashes` (SHA-256) are of the lines of each kind. `mark` is in the names of the files with its lines: an engine may do
    a part twice at a time, on a machine that it has given up and on another, and what counts is one of the two, whole.
    """

    part: str
    read: int = -1
    taken: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    sizes: dict[str, int] = field(default_factory=dict)
    inputs: list[tuple[str, int, str]] = field(default_factory=list)
    mark: str = ""
    cases: list[Any] = field(default_factory=list)
    hashes: dict[str, str] = field(default_factory=dict)

    @property
    def out(self) -> int:
        """How many inputs have ended as a line."""
        return sum(self.counts.get(kind, 0) for kind in OUTPUTS)


class PartWriter:
    """Writes one part. Nothing of it counts until `commit`."""

    def __init__(self, job: Job, part: str) -> None:
        self._job = job
        self._streams: dict[str, BinaryIO] = {}
        self._hashes: dict[str, Any] = {}
        self.report = PartReport(part, mark=uuid4().hex)
        self._cases = Cases(MAX_PART_CASES)

    def add(self, batch: BatchResult, taken: int) -> None:
        """Append what became of `taken` inputs."""
        for kind in OUTPUTS:
            if lines := cast("bytes", getattr(batch, kind)):
                if kind not in self._streams:
                    self._make_folder()
                    self._streams[kind] = filesystem.create(self._path(kind))
                    self._hashes[kind] = sha256()
                self._streams[kind].write(lines)
                self._hashes[kind].update(lines)
                self.report.sizes[kind] = self.report.sizes.get(kind, 0) + len(lines)
        add_counts(self.report.counts, batch.counts)
        self._cases.add(batch.cases)
        self.report.taken += taken

    def commit(self, end: PartSummary | None) -> str:
        """Close the part and make it count; its name."""
        if end is not None:
            self.report.read, self.report.inputs = end.read, list(end.inputs)
        self.report.cases = self._cases.rows()
        self.report.hashes = {kind: digest.hexdigest() for kind, digest in self._hashes.items()}
        for kind, stream in self._streams.items():
            with stream:
                filesystem.sync(stream, self._path(kind))
            filesystem.rename(self._path(kind), part_path(self._job, self.report, kind))
        self._make_folder()
        if self._streams and not filesystem.is_remote(self._job.parts):
            filesystem.sync_folder(self._job.parts)  # the lines are there for good before a report vouches for them
        with filesystem.atomic_write(filesystem.join(self._job.parts, f"{self.report.part}.json")) as stream:
            stream.write(orjson.dumps(self.report))
        return self.report.part

    def _path(self, kind: str) -> str:
        return part_path(self._job, self.report, kind) + ".tmp"

    def _make_folder(self) -> None:
        # A run that is over takes its state away: a worker that its engine has lost sight of is not to bring it back.
        if filesystem.is_remote(self._job.state) or os.path.isdir(self._job.state):
            filesystem.make_folder(self._job.parts)


def part_path(job: Job, report: PartReport, kind: str) -> str:
    """Where a finished part's lines of one kind are."""
    return filesystem.join(job.parts, f"{report.part}.{report.mark}.{kind}")


def finished_parts(job: Job) -> list[str]:
    """The names of the parts that an earlier, interrupted run completed, as their reports say."""
    return [name.removesuffix(".json") for name in filesystem.list_names(job.parts) if name.endswith(".json")]


def discard_damaged(job: Job, changed: Container[str] = ()) -> int:
    """Have those finished parts done again whose lines are not what their report says (a power cut may have taken them), or
    whose name is in `changed`; how many there were.
    """
    sizes = filesystem.sizes_in(job.parts)
    bad = [part for part in finished_parts(job) if part in changed or not _is_whole(job, part, sizes)]
    for part in bad:
        filesystem.delete(filesystem.join(job.parts, f"{part}.json"))
    return len(bad)


def _is_whole(job: Job, part: str, sizes: Mapping[str, int]) -> bool:
    try:
        report = load_report(job, part)
        if cut_lines(job, report, sizes):
            return False
        # A store keeps what it has taken, or says so; and to read it all again is what takes time there.
        return filesystem.is_remote(job.parts) or all(
            _hash(part_path(job, report, kind)) == report.hashes.get(kind) for kind in report.sizes
        )
    except (OSError, ValueError, TypeError, AttributeError):
        return False  # the report itself is damaged


def cut_lines(job: Job, report: PartReport, sizes: Mapping[str, int]) -> str:
    """Which file of a part has not the size that its report says, given the sizes of all; "" where they are as they should be."""
    for kind, size in report.sizes.items():
        path = part_path(job, report, kind)
        if sizes.get(path[len(job.parts) + 1 :]) != size:
            return path
    return ""


def _hash(path: str) -> str:
    digest = sha256()
    with filesystem.read(path) as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def count_parts(job: Job, seen: dict[str, int]) -> tuple[int, int]:
    """(parts finished so far, documents in them); `seen` keeps what was read of each for the next time."""
    for part in finished_parts(job):
        if part not in seen:
            try:
                seen[part] = load_report(job, part).out
            except (OSError, ValueError, TypeError):
                break  # it is published and gone
    return len(seen), sum(seen.values())


def load_report(job: Job, part: str) -> PartReport:
    """The report of a part that is finished."""
    with filesystem.read(filesystem.join(job.parts, f"{part}.json")) as stream:
        return PartReport(**orjson.loads(stream.read()))
