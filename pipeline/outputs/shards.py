"""Assemble finished parts into the files of the output folder, none of which is ever visible half-written.

During a run, everything is in `DIR/.newsbeam/`: parts (the output of one range of the input, a file for each kind of line) and, once a
part is complete and on disk, its report with sizes and hashes, which makes the part count. When all parts are finished they are
assembled into shards, aside. Complete shards replace earlier results (`newsbeam.outputs.swap`), the manifest last: a folder with a
manifest is finished.
"""

from __future__ import annotations

import gzip
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, BinaryIO, cast

import orjson

from newsbeam.config.failure_cases import MAX_CASES, Cases
from newsbeam.config.job import Format, Job
from newsbeam.errors import AccountError
from newsbeam.outputs import data_card, schema, swap
from newsbeam.outputs.folder import describe_card
from newsbeam.outputs.manifest import add_counts, describe_job
from newsbeam.outputs.parts import PartReport, cut_lines, finished_parts, load_report, part_path, report_path
from newsbeam.storage import filesystem, output_layout
from newsbeam.storage.manifest import Account, InputFile, OutputFile, RunManifest
from newsbeam.storage.output_layout import OUTPUTS, OutputKind, RunManifestName, ShardName


def publish(job: Job, parts: Iterable[str], period: str = "") -> RunManifest:
    """Assemble the parts into the files of the output folder, and write the manifest.

    It can be repeated after an interruption at any moment: a runner that loses the machine repeats it on another.

    Args:
        job: the run.
        parts: the names of its finished parts; empty names are ignored.
        period: the start of a Beam window, such as 20261122T093000; "" for a run without windows.

    Raises:
        AccountError: the counts of reader and writer differ, or a part has lost lines.
        UsageError: a file in the way was not written by newsbeam.
    """
    swap.finish(job.output, period)
    wanted = sorted({part for part in parts if part})
    manifest_name = str(RunManifestName(period))
    if not set(wanted) <= set(finished_parts(job)):
        done = RunManifest.find(job.output, manifest_name)
        if done is not None and done.run == job.run:
            return done  # parts are removed only after everything is written
    ordered = [load_report(job, part) for part in wanted]
    total: Counter[str] = Counter()
    cases = Cases(MAX_CASES)
    for report in ordered:
        add_counts(total, report.counts.items())
        cases.add(report.cases)
    account = replace(Account.of(total), read=sum(report.inputs_read for report in ordered))
    bad = [report.part for report in ordered if report.out != report.inputs_read]
    if bad or not account.balances:
        raise AccountError(f"{account} does not balance (parts {', '.join(bad[:5])}); finished parts are in {job.state}")
    sizes = filesystem.sizes_in(job.parts)
    if cut := next((path for report in ordered if (path := cut_lines(job, report, sizes))), ""):
        raise AccountError(f"{cut} has lost some of its lines; --resume repeats that part")
    folder = output_layout.next_folder(job.output, period)
    filesystem.make_folder(folder)
    files = tuple(file for kind in OUTPUTS for file in _shards(job, kind, ordered, period))
    failures, other_failures = cases.failures()
    pattern = output_layout.file_pattern("documents", job.format)
    made_by = f"newsbeam v{job.setup.version}"
    card = data_card.data_card(job.recipe.source or job.name, pattern, str(account), made_by).encode()
    manifest = RunManifest(
        **vars(describe_job(job, total)),
        failures=failures,
        other_failures=other_failures,
        little_kept=cases.little_kept(),
        run=job.run,
        files=files,
        inputs=tuple(InputFile(*entry) for report in ordered for entry in report.inputs),
        card=describe_card(card),
    )
    with filesystem.atomic_write(filesystem.join(folder, output_layout.CARD)) as stream:
        stream.write(card)
    manifest.save(filesystem.join(folder, manifest_name))
    swap.replace(job.output, [*(file.name for file in files), output_layout.CARD, manifest_name], period)
    for report in ordered:
        # The report goes first: without it the part does not count, and the rest of it belongs to nobody.
        filesystem.delete(report_path(job, report.part))
        for kind in report.sizes:
            filesystem.delete(part_path(job, report, kind))
    return manifest


def _shards(job: Job, kind: OutputKind, reports: Sequence[PartReport], period: str) -> Iterator[OutputFile]:
    """Write the shards of one kind; yields their entries in the manifest."""
    groups: list[list[PartReport]] = [[]]
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
        name = str(ShardName(kind, number, len(groups), form, period))
        paths = [part_path(job, report, kind) for report in group]
        _write_shard(paths, filesystem.join(output_layout.next_folder(job.output, period), name), form)
        yield OutputFile(
            name,
            records=sum(report.counts.get(kind, 0) for report in group),
            bytes=sum(report.sizes.get(kind, 0) for report in group),
        )


def _write_shard(parts: Sequence[str], path: str, form: Format) -> None:
    if form == "jsonl" and len(parts) == 1:
        temporary = filesystem.temporary_path(path)
        filesystem.link_or_copy(parts[0], temporary)
        filesystem.rename(temporary, path)
        return
    with filesystem.atomic_write(path) as target:
        if form == "parquet":
            _write_parquet(parts, target)
            return
        with compressed(target, form) as stream:
            for part in parts:
                with filesystem.read(part) as source:
                    shutil.copyfileobj(source, stream, 1 << 20)


@contextmanager
def compressed(target: BinaryIO, form: Format) -> Iterator[BinaryIO]:
    """Open a stream for JSON lines that arrive at `target` compressed as `form` says."""
    if form == "jsonl.gz":
        # Without name and time in the header, the same records are the same bytes.
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
            with filesystem.read(part) as source:
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
