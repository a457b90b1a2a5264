"""Assemble finished parts into the files of the output folder.

None of them is ever visible half-written.

During a run, everything is in `DIR/.newsbeam/`: parts (the output of one range of the input, a file for each kind of line) and, once a
part is complete and on disk, its report with sizes and hashes, which makes the part count. When all parts are finished they are
assembled into shards, aside. Complete shards replace earlier results (`newsbeam.outputs.swap`), the manifest last: a folder with a
manifest is finished.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import BinaryIO

from newsbeam.config.failure_cases import MAX_CASES, Cases
from newsbeam.config.job import Job
from newsbeam.errors import AccountError
from newsbeam.outputs import data_card, swap
from newsbeam.outputs.folder import describe_card
from newsbeam.outputs.formats import LineFormat, OutputFormat, load_format
from newsbeam.outputs.manifest import add_counts, describe_job
from newsbeam.outputs.parts import PartReport, cut_lines, finished_parts, load_report, part_path, report_path
from newsbeam.storage import filesystem, output_layout
from newsbeam.storage.manifest import Account, InputFile, OutputFile, RunManifest, SiteCounts
from newsbeam.storage.output_layout import OUTPUTS, OutputKind, RunManifestName, ShardName


def publish(job: Job, parts: Iterable[str], period: str = "", counts: str = "") -> RunManifest:
    """Assemble the parts into the files of the output folder, and write the manifest.

    It can be repeated after an interruption at any moment: a runner that loses the machine repeats it on another.

    Args:
        job: the run.
        parts: the names of its finished parts; empty names are ignored.
        period: the start of a Beam window, such as 20261122T093000; "" for a run without windows.
        counts: the file with the counts that `site_template` used.

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
    job = _keep_counts(job, counts, period)
    kept = [job.site_counts.file] if job.site_counts is not None and job.site_counts.file else []
    pattern = output_layout.file_pattern("documents", job.format)
    made_by = f"newsbeam v{job.setup.version}"
    card = data_card.data_card(job.recipe.source or job.name, pattern, str(account), made_by, bool(kept)).encode()
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
    swap.replace(job.output, [*(file.name for file in files), *kept, output_layout.CARD, manifest_name], period)
    for report in ordered:
        # The report goes first: without it the part does not count, and the rest of it belongs to nobody.
        filesystem.delete(report_path(job, report.part))
        for kind in report.sizes:
            filesystem.delete(part_path(job, report, kind))
    return manifest


def _keep_counts(job: Job, path: str, period: str) -> Job:
    """Put the counts beside the new shards.

    Returns the job with their entry in the manifest.

    One of several windows keeps only their hash.
    """
    if not path:
        return job
    with filesystem.read(path) as stream:
        packed = stream.read()
    name = "" if period else output_layout.SITE_COUNTS
    if name:
        with filesystem.atomic_write(filesystem.join(output_layout.next_folder(job.output, period), name)) as target:
            target.write(packed)
    template = job.site_counts.template if job.site_counts is not None else ""
    return replace(job, site_counts=SiteCounts(hashlib.sha256(packed).hexdigest(), name, template))


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
    extension, form = job.format, load_format(job.format)
    if kind != "documents" and not isinstance(form, LineFormat):
        extension, form = "jsonl", load_format("jsonl")
    for number, group in enumerate(groups):
        name = str(ShardName(kind, number, len(groups), extension, period))
        paths = [part_path(job, report, kind) for report in group]
        _write_shard(paths, filesystem.join(output_layout.next_folder(job.output, period), name), form)
        yield OutputFile(
            name,
            records=sum(report.counts.get(kind, 0) for report in group),
            bytes=sum(report.sizes.get(kind, 0) for report in group),
        )


def _write_shard(parts: Sequence[str], path: str, form: OutputFormat) -> None:
    if form.is_verbatim and len(parts) == 1:
        temporary = filesystem.temporary_path(path)
        filesystem.link_or_copy(parts[0], temporary)
        filesystem.rename(temporary, path)
        return
    with filesystem.atomic_write(path) as target:
        form.write(_opened(parts), target)


def _opened(paths: Sequence[str]) -> Iterator[BinaryIO]:
    for path in paths:
        with filesystem.read(path) as stream:
            yield stream
