"""From finished batches to the files of the output folder, none of which is ever seen half-written.

While a run goes on, everything lies in `DIR/.newsbeam/`: parts (what came of one stretch of the input, one file for each
kind of line) and, once a part is complete and on the disk for good, its report with sizes and hashes, which is what makes it count.
When all parts are there they are put together into shards, aside; when all of those are there, they take the place of earlier
results (`newsbeam.outputs.folder`), the manifest last: a folder with a manifest is finished.
"""

from __future__ import annotations

import gzip
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO, cast
from uuid import uuid4

import orjson

from newsbeam.config.failure_cases import MAX_CASES, Cases
from newsbeam.config.job import Format, Job
from newsbeam.errors import AccountError
from newsbeam.outputs import data_card, folder, schema, swap
from newsbeam.outputs.manifest import add_counts, manifest
from newsbeam.outputs.parts import PartReport, cut_lines, finished_parts, load_report, part_path
from newsbeam.storage import filesystem, output_layout
from newsbeam.storage.output_layout import FILE_PREFIX, OUTPUTS


def publish(job: Job, parts: Iterable[str], suffix: str = "") -> dict[str, Any]:
    """Put the parts together into the files of the output folder and write the manifest; the manifest is returned.

    `suffix` tells the windows of an unbounded run apart. Safe to do again after being cut short, at any moment: an engine that lost
    the machine on which it was done has it done again elsewhere. Raises AccountError, and folder.UsageError where a file of somebody
    else's is in the way.
    """
    swap.finish(job.output, suffix)
    wanted = sorted({part for part in parts if part})
    if not set(wanted) <= set(finished_parts(job)):
        done = output_layout.read_manifest(job.output, f"manifest{suffix}.json")
        if output_layout.is_manifest(done) and done.get("run") == job.run:
            return cast("dict[str, Any]", done)  # parts go only when all of this was written
    ordered = [load_report(job, part) for part in wanted]
    total: Counter[str] = Counter()
    cases = Cases(MAX_CASES)
    for report in ordered:
        add_counts(total, report.counts.items())
        cases.add(report.cases)
    read = sum(report.read if report.read >= 0 else report.taken for report in ordered)
    written, dropped, failed = (total.get(kind, 0) for kind in OUTPUTS)
    account = f"read {read} = written {written} + dropped {dropped} + failed {failed}"
    bad = [report.part for report in ordered if report.out != (report.read if report.read >= 0 else report.taken)]
    if bad or read != written + dropped + failed:
        raise AccountError(f"{account} does not add up (parts {', '.join(bad[:5])}); what was finished is in {job.state}")
    sizes = filesystem.sizes_in(job.parts)
    if cut := next((path for report in ordered if (path := cut_lines(job, report, sizes))), ""):
        raise AccountError(f"{cut} has lost some of its lines; --resume does that part again")
    aside = folder.next_folder(job.output, suffix)
    filesystem.make_folder(aside)
    made = [entry for kind in OUTPUTS for entry in _shards(job, kind, ordered, suffix)]
    inputs = [{"path": path, "bytes": size, "sha256": digest} for report in ordered for path, size, digest in report.inputs]
    pattern = f"documents-*.{job.format}"
    made_by = f"newsbeam v{job.setup.version}"
    card = data_card.data_card(job.recipe.source or job.name, pattern, account, made_by).encode()
    about = {**manifest(job, total), **cases.about(), "run": job.run, "files": made, "inputs": inputs, "card": folder.card_entry(card)}
    with filesystem.atomic_write(filesystem.join(aside, output_layout.CARD)) as stream:
        stream.write(card)
    with filesystem.atomic_write(filesystem.join(aside, f"manifest{suffix}.json")) as stream:
        stream.write(orjson.dumps(about, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    swap.replace(job.output, [*(entry["name"] for entry in made), output_layout.CARD, f"manifest{suffix}.json"], suffix)
    for report in ordered:
        # The report first: without it the part does not count, and what is left of it is nobody's.
        filesystem.delete(filesystem.join(job.parts, f"{report.part}.json"))
        for kind in report.sizes:
            filesystem.delete(part_path(job, report, kind))
    return about


def _shards(job: Job, kind: str, reports: Sequence[PartReport], suffix: str) -> Iterator[dict[str, Any]]:
    """Write the shards of one kind; yields what the manifest says of each."""
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
        name = f"{FILE_PREFIX[kind]}{suffix}-{number:05d}-of-{len(groups):05d}.{form}"
        paths = [part_path(job, report, kind) for report in group]
        _write_shard(paths, filesystem.join(folder.next_folder(job.output, suffix), name), form)
        yield {
            "name": name,
            "records": sum(report.counts.get(kind, 0) for report in group),
            "bytes": sum(report.sizes.get(kind, 0) for report in group),
        }


def _write_shard(parts: Sequence[str], path: str, form: Format) -> None:
    if form == "jsonl" and len(parts) == 1:
        temporary = f"{path}.{uuid4().hex}.tmp"
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
