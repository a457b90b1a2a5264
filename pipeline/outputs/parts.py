"""Parts: the output of one range of the input, and whether it is complete."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, BinaryIO, cast
from uuid import uuid4

from newsbeam.config.failure_cases import MAX_PART_CASES, Case, Cases
from newsbeam.config.job import Job
from newsbeam.config.results import BatchResult
from newsbeam.inputs.work_units import PartSummary
from newsbeam.outputs.manifest import add_counts
from newsbeam.storage import filesystem, json_files, output_layout
from newsbeam.storage.output_layout import OUTPUTS


@dataclass
class PartReport:
    """The report on one part of the output.

    `read` is the reader's count, -1 for a source without an end; `taken` is the count of inputs that reached the writer. `sizes` and
    `hashes` (SHA-256) are of the lines of each kind. `mark` identifies the attempt and is in the names of the files with the lines: a
    runner may work on a part twice at a time, on a machine that it has given up and on another. One of the two counts, as a unit.
    """

    part: str
    read: int = -1
    taken: int = 0
    counts: dict[str, int] = field(default_factory=Counter)
    sizes: dict[str, int] = field(default_factory=dict)
    inputs: list[tuple[str, int, str]] = field(default_factory=list)
    mark: str = ""
    cases: list[Case] = field(default_factory=list)
    hashes: dict[str, str] = field(default_factory=dict)

    @property
    def inputs_read(self) -> int:
        """The number of inputs that were read.

        It is the count of the reader, or else of the writer.
        """
        return self.read if self.read >= 0 else self.taken

    @property
    def out(self) -> int:
        """The number of inputs that became a line."""
        return sum(self.counts.get(kind, 0) for kind in OUTPUTS)


class PartWriter:
    """Writes one part, which does not count until `commit`."""

    def __init__(self, job: Job, part: str) -> None:
        self._job = job
        self._streams: dict[str, BinaryIO] = {}
        self._hashes: dict[str, Any] = {}
        self._counts: Counter[str] = Counter()
        self.report = PartReport(part, mark=uuid4().hex, counts=self._counts)
        self._cases = Cases(MAX_PART_CASES)

    def add(self, batch: BatchResult, taken: int) -> None:
        """Append the result of `taken` inputs."""
        for kind in OUTPUTS:
            if lines := cast("bytes", getattr(batch, kind)):
                if kind not in self._streams:
                    self._make_folder()
                    self._streams[kind] = filesystem.create(self._path(kind))
                    self._hashes[kind] = sha256()
                self._streams[kind].write(lines)
                self._hashes[kind].update(lines)
                self.report.sizes[kind] = self.report.sizes.get(kind, 0) + len(lines)
        add_counts(self._counts, batch.counts)
        self._cases.add(batch.cases)
        self.report.taken += taken

    def commit(self, end: PartSummary | None) -> str:
        """Close the part and make it count. Returns its name."""
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
            filesystem.sync_folder(self._job.parts)  # lines outlast a power cut before a report vouches for them
        json_files.save(self.report, report_path(self._job, self.report.part), indent=False)
        return self.report.part

    def _path(self, kind: str) -> str:
        return filesystem.incomplete_path(part_path(self._job, self.report, kind))

    def _make_folder(self) -> None:
        # A finished run removes its state. A worker that its runner has lost contact with must not create it again.
        if filesystem.is_remote(self._job.state) or os.path.isdir(self._job.state):
            filesystem.make_folder(self._job.parts)


def part_path(job: Job, report: PartReport, kind: str) -> str:
    """The file with a finished part's lines of one kind."""
    return filesystem.join(job.parts, output_layout.part_lines_name(report.part, report.mark, kind))


def report_path(job: Job, part: str) -> str:
    """The file with the report on a finished part."""
    return filesystem.join(job.parts, output_layout.part_report_name(part))


def finished_parts(job: Job) -> list[str]:
    """The names of all parts that have a report.

    Those of an earlier, interrupted run are included.
    """
    return [part for name in filesystem.list_names(job.parts) if (part := output_layout.parse_part_report(name)) is not None]


def discard_damaged(job: Job, changed: Container[str] = ()) -> int:
    """Discard finished parts that are damaged or whose input changed.

    They are processed again.

    A part is damaged if its lines differ from its report; a power cut may have lost them.

    Args:
        job: the run.
        changed: parts whose input changed.

    Returns:
        How many parts were discarded.
    """
    sizes = filesystem.sizes_in(job.parts)
    bad = [part for part in finished_parts(job) if part in changed or not _is_intact(job, part, sizes)]
    for part in bad:
        filesystem.delete(report_path(job, part))
    return len(bad)


def _is_intact(job: Job, part: str, sizes: Mapping[str, int]) -> bool:
    try:
        report = load_report(job, part)
        if cut_lines(job, report, sizes):
            return False
        # An object store keeps what it accepted, and reading everything again would take long there.
        return filesystem.is_remote(job.parts) or all(
            _hash(part_path(job, report, kind)) == report.hashes.get(kind) for kind in report.sizes
        )
    except (OSError, ValueError):
        return False  # the report itself is damaged


def cut_lines(job: Job, report: PartReport, sizes: Mapping[str, int]) -> str:
    """The file of a part whose size differs from the report.

    It is "" if there is none. The argument has the sizes of all files.
    """
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
    """(finished parts, documents in them).

    `seen` caches the count of each part for the next call.
    """
    for part in finished_parts(job):
        if part not in seen:
            try:
                seen[part] = load_report(job, part).out
            except (OSError, ValueError):
                break  # it is published, and its files are removed
    return len(seen), sum(seen.values())


def load_report(job: Job, part: str) -> PartReport:
    """Read the report on a finished part.

    Raises OSError, or ValueError if it is damaged.
    """
    return json_files.read(PartReport, report_path(job, part))
