"""What a run over files will do; kept in the output folder until it is done, for --resume."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import orjson

from newsbeam.config.job import Job
from newsbeam.console.terminal import print_note
from newsbeam.errors import UsageError
from newsbeam.inputs import work_units
from newsbeam.outputs import folder, swap
from newsbeam.outputs.parts import count_parts, discard_damaged, finished_parts
from newsbeam.storage import filesystem, output_layout


def resume_fingerprint(job: Job, sources: Sequence[work_units.Source]) -> dict[str, Any]:
    """What has to be the same for one run to go on with what another began."""
    listing = hashlib.sha256()
    for source in sources:
        listing.update(f"{source.path}\0{source.size}\n".encode("utf-8", "surrogateescape"))
    return {
        "the inputs": listing.hexdigest(),
        "the recipe": job.recipe.text,
        "the version": job.setup.version,
        "the limits": [job.max_bytes, job.setup.time_limit],
        "--http-status": [list(one) for one in job.statuses],
        "added": job.setup.added,
        "--field or --keep-fields": [dict(job.setup.rows.paths), list(job.setup.rows.keep)],
    }


def prepare_folder(job: Job, plan: dict[str, Any], arguments: argparse.Namespace, shares: Sequence[work_units.WorkUnit]) -> Job | None:
    """Make the output folder ready; the job, with what an earlier try laid down, or None where there is nothing left to do."""
    folder.check_state(job.state)
    finish_swap(job.output)
    folder.check_command(job.output, "run")
    folder.check_strangers(job.output)
    manifest = output_layout.read_manifest(job.output)
    saved = _saved_plan(job, manifest, arguments)
    if arguments.resume and saved is None and manifest is not None:
        print_note(f"{job.output} is finished; nothing to resume")
        print(manifest["account"])
        folder.clear_state(job.output)  # of a run that was killed before it had written its plan
        return None
    if (manifest is not None or saved is not None) and not (arguments.overwrite or arguments.resume):
        raise UsageError(_taken(job, manifest, saved))
    if manifest is not None and folder.is_edited(job.output, folder.card_of(manifest)):
        print_note(f"{job.output}/{output_layout.CARD} is not as newsbeam wrote it: it will be kept as {output_layout.CARD}.bak")
    if arguments.resume and saved is not None:
        return _resumed(job, plan, saved, arguments, shares)
    folder.clear_state(job.output)
    folder.make_state(job.state)
    filesystem.make_folder(job.parts)
    job = replace(job, run=uuid4().hex)
    with filesystem.atomic_write(filesystem.join(job.state, output_layout.PLAN)) as stream:
        stream.write(orjson.dumps({**plan, "run": job.run}))
    return job


def finish_swap(output: str) -> None:
    """Put complete results of an earlier run in place, where it was ended before it could, and say so."""
    if swap.finish(output):
        print_note(f"{output}: the results of the run before were complete, and are in their places now")


def _taken(job: Job, manifest: dict[str, Any] | None, saved: dict[str, Any] | None) -> str:
    """Why a run is refused where neither --overwrite nor --resume is given."""
    if saved is None:
        return f"{job.output} holds results already ({output_layout.MANIFEST}); use --overwrite to replace them"
    what = "results, and a run over them that was cut short" if manifest is not None else "a run that was cut short"
    if not saved:
        return f"{job.output} holds {what}, whose plan is damaged; use --overwrite to start again"
    kept = count_parts(job, {})[1]
    return f"{job.output} holds {what}; use --overwrite to replace it or --resume to go on ({kept:,} documents are kept)"


def _resumed(
    job: Job, plan: dict[str, Any], saved: dict[str, Any], arguments: argparse.Namespace, shares: Sequence[work_units.WorkUnit]
) -> Job:
    """The job that goes on with what is saved. Raises UsageError where it would not be the same."""
    if arguments.added is None:
        plan = {**plan, "added": saved.get("added", "")}
    if changed := [what for what in plan if plan[what] != saved.get(what)]:
        raise UsageError(f"{' and '.join(changed)} changed since the run in {job.output} began; use --overwrite to start again")
    for name in filesystem.list_names(job.parts):
        if name.endswith(".tmp"):
            filesystem.delete(filesystem.join(job.parts, name))
    # A file that was written to since, to the same size: what was made of it is made again, so that no two states of it are mixed.
    numbers = work_units.changed_work_units(shares, filesystem.join(job.state, "shares"))
    again = discard_damaged(job, {part for part in finished_parts(job) if part.partition("-")[0] in numbers})
    if again:
        print_note(f"{again:,} finished parts are done again: they are damaged, or their inputs were changed")
    return replace(job, setup=replace(job.setup, added=plan["added"]), run=saved.get("run", ""))


def _saved_plan(job: Job, manifest: dict[str, Any] | None, arguments: argparse.Namespace) -> dict[str, Any] | None:
    """The plan of a run that was cut short; {} where it is damaged, and None where there is none, or where that run is finished."""
    path = filesystem.join(job.state, output_layout.PLAN)
    if not filesystem.exists(path):
        return None
    try:
        plan = folder.load(path, "use --overwrite to start again")
    except UsageError:
        if arguments.resume:
            raise
        return {}
    return None if manifest is not None and plan.get("run", "") == manifest.get("run") else plan
