"""From finished batches to the files of the output folder, none of which is ever seen half-written.

While a run goes on, everything lies in `DIR/.newsbeam/`: parts (what came of one stretch of the input, one file for each
kind of line) and, once a part is complete and on the disk for good, its report with sizes and hashes, which is what makes it count.
When all parts are there they are put together into shards, aside; when all of those are there, they take the place of earlier
results (`pipeline.folder`), the manifest last: a folder with a manifest is finished.
"""

from __future__ import annotations

import gzip
import os
import platform
import shutil
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.metadata import version
from typing import Any, BinaryIO, Literal, cast
from uuid import uuid4

import orjson

from pipeline import files, folder, schema
from pipeline.examples import MAX_CASES, MAX_PART_CASES, Cases
from pipeline.inputs.limits import MIN_READ_SECONDS
from pipeline.inputs.statuses import OK_STATUSES, Statuses
from pipeline.read import EndOfPart, Reader
from pipeline.recipe import Recipe
from pipeline.worker import Batch, Setup
from transforms.processor import describe

SHARD_BYTES = 256 << 20
"""Shards are closed after the part that takes them over this size (before compression)."""

KINDS = ("documents", "dropped", "dead_letters")
STEMS = {"documents": "documents", "dropped": "dropped", "dead_letters": "dead-letters"}

Format = Literal["jsonl", "jsonl.gz", "jsonl.zst", "parquet"]
FORMATS: tuple[Format, ...] = ("jsonl", "jsonl.gz", "jsonl.zst", "parquet")
COMPRESSED: dict[str, Format] = {"none": "jsonl", "gzip": "jsonl.gz", "zstd": "jsonl.zst"}
"""What `--compress` makes of JSON lines."""


class AccountError(RuntimeError):
    """What was read and what became of it do not add up: documents were lost or doubled, and the run says so."""


@dataclass(frozen=True)
class Job:
    """One run: what its workers need and where its output goes. Plain data, since it travels to every worker.

    `run` is drawn by lot when the run begins and stands in its manifest, by which it tells its own from that of an earlier run.
    """

    setup: Setup
    output: str
    format: Format = "jsonl"
    workers: int = 1
    max_bytes: int = 32 << 20
    shard_bytes: int = SHARD_BYTES
    name: str = "newsbeam"
    statuses: Statuses = OK_STATUSES
    run: str = ""

    def reader(self, finished: Sequence[str] = ()) -> Reader:
        """What reads the input; parts that are `finished` are passed over."""
        limit = self.setup.time_limit
        seconds = max(limit, MIN_READ_SECONDS) if limit > 0 else 0.0
        return Reader(self.max_bytes, frozenset(finished), self.setup.rows, seconds, self.statuses)

    @property
    def recipe(self) -> Recipe:
        """The recipe of the run."""
        return self.setup.recipe

    @property
    def state(self) -> str:
        """Where the run keeps what is not finished."""
        return files.join(self.output, folder.STATE)

    @property
    def parts(self) -> str:
        """Where finished parts wait for the rest."""
        return files.join(self.state, "parts")

    @property
    def counts(self) -> str:
        """The file with what was counted for `site_template`."""
        return files.join(self.state, "site-template")


@dataclass
class Report:
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
        return sum(self.counts.get(kind, 0) for kind in KINDS)


class PartWriter:
    """Writes one part. Nothing of it counts until `commit`."""

    def __init__(self, job: Job, part: str) -> None:
        self._job = job
        self._streams: dict[str, BinaryIO] = {}
        self._hashes: dict[str, Any] = {}
        self.report = Report(part, mark=uuid4().hex)
        self._cases = Cases(MAX_PART_CASES)

    def add(self, batch: Batch, taken: int) -> None:
        """Append what became of `taken` inputs."""
        for kind in KINDS:
            if lines := cast("bytes", getattr(batch, kind)):
                if kind not in self._streams:
                    self._make_folder()
                    self._streams[kind] = files.create(self._path(kind))
                    self._hashes[kind] = sha256()
                self._streams[kind].write(lines)
                self._hashes[kind].update(lines)
                self.report.sizes[kind] = self.report.sizes.get(kind, 0) + len(lines)
        add_counts(self.report.counts, batch.counts)
        self._cases.add(batch.cases)
        self.report.taken += taken

    def commit(self, end: EndOfPart | None) -> str:
        """Close the part and make it count; its name."""
        if end is not None:
            self.report.read, self.report.inputs = end.read, list(end.inputs)
        self.report.cases = self._cases.rows()
        self.report.hashes = {kind: digest.hexdigest() for kind, digest in self._hashes.items()}
        for kind, stream in self._streams.items():
            with stream:
                files.sync(stream, self._path(kind))
            files.rename(self._path(kind), part_path(self._job, self.report, kind))
        self._make_folder()
        if self._streams and not files.remote(self._job.parts):
            files.sync_folder(self._job.parts)  # the lines are there for good before a report vouches for them
        with files.whole(files.join(self._job.parts, f"{self.report.part}.json")) as stream:
            stream.write(orjson.dumps(self.report))
        return self.report.part

    def _path(self, kind: str) -> str:
        return part_path(self._job, self.report, kind) + ".tmp"

    def _make_folder(self) -> None:
        # A run that is over takes its state away: a worker that its engine has lost sight of is not to bring it back.
        if files.remote(self._job.state) or os.path.isdir(self._job.state):
            files.make_folder(self._job.parts)


def part_path(job: Job, report: Report, kind: str) -> str:
    """Where a finished part's lines of one kind are."""
    return files.join(job.parts, f"{report.part}.{report.mark}.{kind}")


def finished_parts(job: Job) -> list[str]:
    """The names of the parts that an earlier, interrupted run completed, as their reports say."""
    return [name.removesuffix(".json") for name in files.names_in(job.parts) if name.endswith(".json")]


def discard_damaged(job: Job, changed: Container[str] = ()) -> int:
    """Have those finished parts done again whose lines are not what their report says (a power cut may have taken them), or
    whose name is in `changed`; how many there were.
    """
    sizes = files.sizes_in(job.parts)
    bad = [part for part in finished_parts(job) if part in changed or not _is_whole(job, part, sizes)]
    for part in bad:
        files.delete(files.join(job.parts, f"{part}.json"))
    return len(bad)


def _is_whole(job: Job, part: str, sizes: Mapping[str, int]) -> bool:
    try:
        report = _report(job, part)
        if _cut(job, report, sizes):
            return False
        # A store keeps what it has taken, or says so; and to read it all again is what takes time there.
        return files.remote(job.parts) or all(_hash(part_path(job, report, kind)) == report.hashes.get(kind) for kind in report.sizes)
    except (OSError, ValueError, TypeError, AttributeError):
        return False  # the report itself is damaged


def _cut(job: Job, report: Report, sizes: Mapping[str, int]) -> str:
    """Which file of a part has not the size that its report says, given the sizes of all; "" where they are as they should be."""
    for kind, size in report.sizes.items():
        path = part_path(job, report, kind)
        if sizes.get(path[len(job.parts) + 1 :]) != size:
            return path
    return ""


def _hash(path: str) -> str:
    digest = sha256()
    with files.read(path) as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def count_parts(job: Job, seen: dict[str, int]) -> tuple[int, int]:
    """(parts finished so far, documents in them); `seen` keeps what was read of each for the next time."""
    for part in finished_parts(job):
        if part not in seen:
            try:
                seen[part] = _report(job, part).out
            except (OSError, ValueError, TypeError):
                break  # it is published and gone
    return len(seen), sum(seen.values())


def _report(job: Job, part: str) -> Report:
    with files.read(files.join(job.parts, f"{part}.json")) as stream:
        return Report(**orjson.loads(stream.read()))


# --- putting it together --------------------------------------------------------------------------------------------


def publish(job: Job, parts: Iterable[str], suffix: str = "") -> dict[str, Any]:
    """Put the parts together into the files of the output folder and write the manifest; the manifest is returned.

    `suffix` tells the windows of an unbounded run apart. Safe to do again after being cut short, at any moment: an engine that lost
    the machine on which it was done has it done again elsewhere. Raises AccountError, and folder.Refused where a file of somebody
    else's is in the way.
    """
    folder.finish(job.output, suffix)
    wanted = sorted({part for part in parts if part})
    if not set(wanted) <= set(finished_parts(job)):
        done = folder.read_manifest(job.output, f"manifest{suffix}.json")
        if folder.is_manifest(done) and done.get("run") == job.run:
            return cast("dict[str, Any]", done)  # parts go only when all of this was written
    ordered = [_report(job, part) for part in wanted]
    total: Counter[str] = Counter()
    cases = Cases(MAX_CASES)
    for report in ordered:
        add_counts(total, report.counts.items())
        cases.add(report.cases)
    read = sum(report.read if report.read >= 0 else report.taken for report in ordered)
    written, dropped, failed = (total.get(kind, 0) for kind in KINDS)
    account = f"read {read} = written {written} + dropped {dropped} + failed {failed}"
    bad = [report.part for report in ordered if report.out != (report.read if report.read >= 0 else report.taken)]
    if bad or read != written + dropped + failed:
        raise AccountError(f"{account} does not add up (parts {', '.join(bad[:5])}); what was finished is in {job.state}")
    sizes = files.sizes_in(job.parts)
    if cut := next((path for report in ordered if (path := _cut(job, report, sizes))), ""):
        raise AccountError(f"{cut} has lost some of its lines; --resume does that part again")
    aside = folder.next_folder(job.output, suffix)
    files.make_folder(aside)
    made = [entry for kind in KINDS for entry in _shards(job, kind, ordered, suffix)]
    inputs = [{"path": path, "bytes": size, "sha256": digest} for report in ordered for path, size, digest in report.inputs]
    pattern = f"documents-*.{job.format}"
    made_by = f"newsbeam v{job.setup.version}"
    card = schema.data_card(job.recipe.source or job.name, pattern, account, made_by).encode()
    about = {**manifest(job, total), **cases.about(), "run": job.run, "files": made, "inputs": inputs, "card": folder.card_entry(card)}
    with files.whole(files.join(aside, folder.CARD)) as stream:
        stream.write(card)
    with files.whole(files.join(aside, f"manifest{suffix}.json")) as stream:
        stream.write(orjson.dumps(about, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    folder.replace(job.output, [*(entry["name"] for entry in made), folder.CARD, f"manifest{suffix}.json"], suffix)
    for report in ordered:
        # The report first: without it the part does not count, and what is left of it is nobody's.
        files.delete(files.join(job.parts, f"{report.part}.json"))
        for kind in report.sizes:
            files.delete(part_path(job, report, kind))
    return about


MAX_REASONS = 200
"""Different reasons for which documents were dropped; a processor may make up more."""


def add_counts(total: Counter[str], counts: Iterable[tuple[str, int]]) -> None:
    """Add counts of what comes after all that is in `total` already: reasons that are new beyond MAX_REASONS are counted together."""
    for key, number in counts:
        if key.startswith("reason/") and key not in total and sum(one.startswith("reason/") for one in total) >= MAX_REASONS:
            key = f"{key.partition(': ')[0]}: other reasons"  # noqa: PLW2901 - the same count under another name
        total[key] += number


def account_of(total: Mapping[str, int]) -> str:
    """The line that says what became of everything that was read."""
    written, dropped, failed = (total.get(kind, 0) for kind in KINDS)
    return f"read {written + dropped + failed} = written {written} + dropped {dropped} + failed {failed}"


def _shards(job: Job, kind: str, reports: Sequence[Report], suffix: str) -> Iterator[dict[str, Any]]:
    """Write the shards of one kind; yields what the manifest says of each."""
    groups: list[list[Report]] = [[]]
    size = 0
    for report in reports:
        if kind in report.sizes:
            if size >= job.shard_bytes:
                groups.append([])
                size = 0
            groups[-1].append(report)
            size += report.sizes[kind]
    form: Format = "jsonl" if kind != "documents" and job.format == "parquet" else job.format
    for number, group in enumerate(groups):
        name = f"{STEMS[kind]}{suffix}-{number:05d}-of-{len(groups):05d}.{form}"
        paths = [part_path(job, report, kind) for report in group]
        _write_shard(paths, files.join(folder.next_folder(job.output, suffix), name), form)
        yield {
            "name": name,
            "records": sum(report.counts.get(kind, 0) for report in group),
            "bytes": sum(report.sizes.get(kind, 0) for report in group),
        }


def _write_shard(parts: Sequence[str], path: str, form: Format) -> None:
    if form == "jsonl" and len(parts) == 1:
        temporary = f"{path}.{uuid4().hex}.tmp"
        files.link_or_copy(parts[0], temporary)
        files.rename(temporary, path)
        return
    with files.whole(path) as target:
        if form == "parquet":
            _write_parquet(parts, target)
            return
        with compressed(target, form) as stream:
            for part in parts:
                with files.read(part) as source:
                    shutil.copyfileobj(source, stream, 1 << 20)


@contextmanager
def compressed(target: BinaryIO, form: Format) -> Iterator[BinaryIO]:
    """A stream to write JSON lines to, which come out at `target` compressed as `form` says."""
    if form == "jsonl.gz":
        # No name and no time in the header: the same records are the same bytes.
        with gzip.GzipFile(filename="", mode="wb", fileobj=target, mtime=0, compresslevel=6) as stream:
            yield cast("BinaryIO", stream)
    elif form == "jsonl.zst":
        import zstandard

        with zstandard.ZstdCompressor(level=6).stream_writer(target, closefd=False) as stream:
            yield cast("BinaryIO", stream)
    else:
        yield target


def _write_parquet(parts: Sequence[str], target: BinaryIO) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = schema.arrow_schema()
    with pq.ParquetWriter(target, columns, compression="zstd") as writer:
        for part in parts:
            with files.read(part) as source:
                rows: list[Any] = []
                size = 0
                for line in source:
                    rows.append(orjson.loads(line))
                    size += len(line)
                    if size > 16 << 20:
                        writer.write_table(pa.Table.from_pylist(rows, schema=columns))
                        rows, size = [], 0
                if rows:
                    writer.write_table(pa.Table.from_pylist(rows, schema=columns))


def manifest(job: Job, total: Mapping[str, int]) -> dict[str, Any]:
    """What a manifest says of the whole of what was done, given what was counted."""
    counts = {key: number for key, number in sorted(total.items()) if not key.startswith(("ns/", "calls/"))}
    counts["read"] = sum(counts.get(kind, 0) for kind in KINDS)
    timings = {
        key[3:]: {"documents": total.get(f"calls/{key[3:]}", 0), "seconds": round(number / 1e9, 3)}
        for key, number in sorted(total.items())
        if key.startswith("ns/")
    }
    return {
        "account": account_of(total),
        "counts": {kind: counts.pop(kind, 0) for kind in ("read", *KINDS)},
        "details": counts,
        "timings": timings,
        "versions": {"newsbeam": job.setup.version, "apache-beam": version("apache-beam"), "python": platform.python_version()},
        "recipe": {"text": job.recipe.text, "processors": [describe(processor) for processor in job.recipe.chain().processors]},
        "options": {
            "added": job.setup.added,
            "time_limit": job.setup.time_limit,
            "max_bytes": job.max_bytes,
            "http_status": job.statuses,
            "format": job.format,
            "fields": dict(job.setup.rows.paths),
            "keep_fields": job.setup.rows.keep,
        },
    }
