"""The records that runs over messages keep of themselves in their output folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from newsbeam.config.job import Job, utc_timestamp
from newsbeam.config.settings import StreamSettings
from newsbeam.console.terminal import print_note
from newsbeam.errors import RunnerUnavailable, UsageError
from newsbeam.outputs import data_card, folder
from newsbeam.runners import base
from newsbeam.runners.registry import find_definition
from newsbeam.sources.uri import Kafka, PubSub
from newsbeam.storage import filesystem, json_files, output_layout
from newsbeam.storage.manifest import Card
from newsbeam.storage.output_layout import WindowFileName, WindowManifestName


@dataclass(frozen=True)
class RunRecord:
    """The record of a run over messages.

    It has options, the data card, and a reference to the job on a cluster.
    """

    source: str = ""
    runner: str = ""
    began: str = ""
    window: int = 0
    remember: int = 0
    recipe: str = ""
    version: str = ""
    card: Card | None = None
    job: dict[str, str] | None = None

    @property
    def definition(self) -> base.RunnerDefinition | None:
        """The definition of the runner; None if this newsbeam does not know it."""
        try:
            return find_definition(self.runner)
        except RunnerUnavailable:
            return None


def check_output(output: str) -> None:
    """Raise UsageError if a run over messages cannot write to a folder."""
    folder.check_owner(output, "stream")
    for _, record in _runs(output):
        definition = record.definition
        if record.job is None or definition is None or definition.cluster is None:
            continue
        try:
            running = definition.cluster.running(record.job)
        except (OSError, ValueError):
            continue  # a cluster that does not answer runs nothing
        if running:
            # Its command was killed without cancelling the job.
            raise UsageError(f"an earlier run is still writing to {output} {running}")


def _runs(output: str) -> Iterator[tuple[int, RunRecord]]:
    """The number and the record of each earlier run into a folder.

    Raises UsageError if a record is damaged.
    """
    names = filesystem.list_names(output_layout.stream_state(output))
    for number in sorted(number for name in names if (number := output_layout.parse_run_record(name)) is not None):
        path = output_layout.run_record_path(output, number)
        yield number, json_files.load(RunRecord, path, "restore it from a copy, or name another folder")


def allocate_run_number(job: Job, source: Kafka | PubSub, settings: StreamSettings) -> int:
    """Prepare the output folder.

    Returns the number of this run in it, one more than any before.
    """
    folder.make_state(output_layout.stream_state(job.output))
    before = dict(_runs(job.output))
    number = max(before, default=0) + 1
    _remove_unfinished(job.output, before)
    what = f"Messages of {source.name}, window by window; each `{output_layout.MANIFEST_PATTERN}` accounts for one window's files"
    pattern = output_layout.file_pattern("documents", job.format)
    text = data_card.data_card(job.recipe.source or job.name, pattern, what, f"newsbeam v{job.setup.version}")
    card = text.replace(f"`{output_layout.MANIFEST}`", f"`{output_layout.MANIFEST_PATTERN}`").encode()
    record = RunRecord(
        source=settings.source,
        runner=settings.runner.name,
        began=utc_timestamp(),
        window=settings.window,
        remember=settings.remember,
        recipe=job.recipe.text,
        version=job.setup.version,
        card=folder.describe_card(card),
    )
    latest = before.get(number - 1)
    if kept := folder.write_card(job.output, card, latest.card if latest is not None else None):
        print_note(f"{job.output}/{output_layout.CARD} was edited; it is kept as {kept}")
    json_files.save(record, output_layout.run_record_path(job.output, number))
    return number


def remember_job(job: Job, number: int, result: Any, runner: base.Runner) -> None:
    """Record the job of a run on a cluster.

    Another run can then see whether it is still running.
    """
    cluster = runner.definition.cluster
    reference = cluster.reference(result, runner.options) if cluster is not None else None
    if reference is None:
        return
    path = output_layout.run_record_path(job.output, number)
    record = json_files.read(RunRecord, path)
    json_files.save(replace(record, job=reference), path)


def _remove_unfinished(output: str, runs: Mapping[int, RunRecord]) -> None:
    """Remove files that earlier runs of this machine left unfinished.

    No manifest accounts for them: their messages will be redelivered.

    Runs on a cluster may still be running, so their files stay.
    """
    here = {number for number, record in runs.items() if record.definition is not None and record.definition.local}
    for number in here:
        filesystem.delete(output_layout.seen_keys_path(output, number))
        filesystem.delete(output_layout.stream_site_template_path(output, number))
    names = set(filesystem.list_names(output))
    for name in names:
        final = filesystem.final_name(name)
        parsed = output_layout.parse_line_file(final) or output_layout.parse_manifest(final)
        if not isinstance(parsed, WindowFileName | WindowManifestName) or parsed.window.run not in here:
            continue
        if final != name or str(WindowManifestName(parsed.window)) not in names:
            filesystem.delete(filesystem.join(output, name))
