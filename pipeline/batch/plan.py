"""The plan of a run over files.

It is kept in the output folder until the run is finished, for --resume.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

from newsbeam.config.job import Job
from newsbeam.config.settings import RunSettings
from newsbeam.console.terminal import print_note
from newsbeam.errors import UsageError
from newsbeam.inputs import work_units
from newsbeam.inputs.statuses import Statuses
from newsbeam.outputs import folder, swap
from newsbeam.outputs.parts import count_parts, discard_damaged, finished_parts
from newsbeam.storage import filesystem, json_files, output_layout
from newsbeam.storage.manifest import RunManifest


@dataclass(frozen=True)
class Plan:
    """The data that must be equal for a run to continue another.

    `id` is the random id of the run.

    `inputs` is a hash of the names and sizes of the inputs, `limits` are of bytes and seconds, `rows` is `--field` and `--keep-fields`,
    `template` is the hash of the counts of `--template`.
    """

    inputs: str = ""
    recipe: str = ""
    version: str = ""
    limits: tuple[int, float] = (0, 0.0)
    statuses: Statuses = ()
    added: str = ""
    rows: tuple[dict[str, str], tuple[str, ...]] = ({}, ())
    template: str = ""
    run: str = ""

    def differences(self, other: Plan) -> list[str]:
        """Describe how another plan differs, as users call it."""
        return [name for field, name in _NAMES.items() if getattr(self, field) != getattr(other, field)]


_NAMES = {
    "inputs": "the inputs",
    "recipe": "the recipe",
    "version": "the version",
    "limits": "the limits",
    "statuses": "--http-status",
    "added": "added",
    "rows": "--field or --keep-fields",
    "template": "the counts of --template",
}

_DAMAGED = Plan()
"""Stands for a plan that cannot be read."""


def make_plan(job: Job, sources: Sequence[work_units.Source]) -> Plan:
    """The plan of a run over `sources` that has no id yet."""
    listing = hashlib.sha256()
    for source in sources:
        listing.update(f"{source.path}\0{source.size}\n".encode("utf-8", "surrogateescape"))
    return Plan(
        inputs=listing.hexdigest(),
        recipe=job.recipe.text,
        version=job.setup.version,
        limits=(job.max_bytes, job.setup.time_limit),
        statuses=job.statuses,
        added=job.setup.added,
        rows=(dict(job.setup.rows.paths), job.setup.rows.keep),
        template=job.site_counts.sha256 if job.site_counts is not None else "",
    )


def prepare_folder(job: Job, plan: Plan, settings: RunSettings, shares: Sequence[work_units.WorkUnit]) -> Job | None:
    """Prepare the output folder, and return the job.

    The job has the data of the run that it continues. It is None if nothing is left to do.
    """
    folder.check_state(job.state)
    finish_swap(job.output)
    folder.check_owner(job.output, "run")
    manifest = RunManifest.find(job.output)
    saved = _saved_plan(job, manifest, settings.resume)
    if settings.resume and saved is None and manifest is not None:
        print_note(f"{job.output} is finished; nothing to resume")
        folder.clear_state(job.output)  # of a run that was killed before it wrote its plan
        return None
    if (manifest is not None or saved is not None) and not (settings.overwrite or settings.resume):
        raise UsageError(_taken(job, manifest, saved))
    if manifest is not None and folder.is_edited(job.output, manifest.card):
        print_note(f"{job.output}/{output_layout.CARD} was edited; it will be kept as {output_layout.CARD}.bak")
    if settings.resume and saved is not None:
        return _resumed(job, plan, saved, settings, shares)
    folder.clear_state(job.output)
    folder.make_state(job.state)
    filesystem.make_folder(job.parts)
    job = replace(job, run=uuid4().hex)
    json_files.save(replace(plan, run=job.run), output_layout.plan_path(job.output), indent=False)
    return job


def finish_swap(output: str) -> None:
    """Complete the swap of an earlier run that was killed during it, and report that."""
    if swap.finish(output):
        print_note(f"{output}: the results of an interrupted run were complete and are in place now")


def _taken(job: Job, manifest: RunManifest | None, saved: Plan | None) -> str:
    """The error if neither --overwrite nor --resume is given."""
    if saved is None:
        return f"{job.output} already holds results ({output_layout.MANIFEST}). Use --overwrite to replace them"
    what = "results and an interrupted run" if manifest is not None else "an interrupted run"
    if saved == _DAMAGED:
        return f"{job.output} holds {what} with a damaged plan. Use --overwrite to start again"
    kept = count_parts(job, {})[1]
    return f"{job.output} holds {what}. Use --resume to continue it ({kept:,} documents are kept) or --overwrite to discard it"


def _resumed(job: Job, plan: Plan, saved: Plan, settings: RunSettings, shares: Sequence[work_units.WorkUnit]) -> Job:
    """The job that continues a saved plan. Raises UsageError if its own plan differs."""
    if not settings.documents.added:
        plan = replace(plan, added=saved.added)
    if changed := plan.differences(saved):
        raise UsageError(f"{' and '.join(changed)} changed since the run in {job.output} began. Use --overwrite to start again")
    for name in filesystem.list_names(job.parts):
        if filesystem.is_temporary(name):
            filesystem.delete(filesystem.join(job.parts, name))
    # A file may have changed without changing its size. Its parts are processed again, so that no two versions of it are mixed.
    numbers = work_units.changed_work_units(shares, output_layout.work_units_path(job.output))
    again = discard_damaged(job, {part for part in finished_parts(job) if output_layout.unit_of_part(part) in numbers})
    if again:
        print_note(f"{again:,} finished parts are processed again: they are damaged, or their inputs changed")
    return replace(job, setup=replace(job.setup, added=plan.added), run=saved.run)


def _saved_plan(job: Job, manifest: RunManifest | None, resume: bool) -> Plan | None:
    """The plan of an interrupted run.

    _DAMAGED if it is damaged, None if there is none or that run is finished.
    """
    path = output_layout.plan_path(job.output)
    if not filesystem.exists(path):
        return None
    try:
        plan = json_files.load(Plan, path, "use --overwrite to start again")
    except UsageError:
        if resume:
            raise
        return _DAMAGED
    return None if manifest is not None and plan.run == manifest.run else plan
