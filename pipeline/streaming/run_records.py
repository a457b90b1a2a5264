"""What earlier runs left in a stream's output folder."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from newsbeam.beam_compat import job_id
from newsbeam.config.job import Job, utc_timestamp
from newsbeam.config.settings import StreamSettings
from newsbeam.console.terminal import print_note
from newsbeam.errors import UsageError
from newsbeam.outputs import data_card, folder
from newsbeam.runners import base
from newsbeam.runners.flink import running_flink_jobs
from newsbeam.sources.uri import Kafka, PubSub
from newsbeam.storage import filesystem, output_layout
from newsbeam.storage.output_layout import STREAM_STATE_DIR


def check_output(output: str) -> None:
    """Raise UsageError where a stream cannot write into a folder."""
    state = filesystem.join(output, STREAM_STATE_DIR)
    folder.check_state(state)
    folder.check_command(output, "stream")
    runs = list(_runs(output))
    if not runs:
        folder.check_strangers(output)
    for _, about in runs:
        flink = about.get("flink")
        if not isinstance(flink, dict):
            continue
        try:
            jobs = running_flink_jobs(str(flink.get("job")), str(flink.get("master")))
        except (OSError, ValueError):
            continue  # a cluster that is gone runs nothing
        if jobs:
            # Its command was killed without cancelling the job.
            cure = f"curl -X PATCH http://{flink['master']}/jobs/{jobs[0]}"
            raise UsageError(f"an earlier run is still writing to {output} (Flink job {jobs[0]}). Cancel it first: {cure}")


def _runs(output: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The earlier runs into a folder: the number of each, and what it noted of itself. Raises UsageError where that is damaged."""
    state = filesystem.join(output, STREAM_STATE_DIR)
    numbers = [int(found[1]) for name in filesystem.list_names(state) if (found := re.fullmatch(r"run-(\d+)\.json", name))]
    for number in sorted(numbers):
        path = filesystem.join(state, f"run-{number}.json")
        yield number, folder.load(path, "restore it from a copy, or name another folder")


def allocate_run_number(job: Job, source: Kafka | PubSub, settings: StreamSettings) -> int:
    """Make the output folder ready; the number of this run in it, one more than any before."""
    state = filesystem.join(job.output, STREAM_STATE_DIR)
    folder.make_state(state)
    before = dict(_runs(job.output))
    number = max(before, default=0) + 1
    _clear(job.output, state, before)
    what = f"Messages of {source.name}, window by window; each `manifest-….json` accounts for one window's files"
    text = data_card.data_card(job.recipe.source or job.name, f"documents-*.{job.format}", what, f"newsbeam v{job.setup.version}")
    card = text.replace("`manifest.json`", "`manifest-*.json`").encode()
    about = {
        "source": settings.source,
        "runner": settings.runner.name,
        "began": utc_timestamp(),
        "window": settings.window,
        "remember": settings.remember,
        "recipe": job.recipe.text,
        "version": job.setup.version,
        "card": folder.card_entry(card),
    }
    if kept := folder.write_card(job.output, card, folder.card_of(before.get(number - 1))):
        print_note(f"{job.output}/{output_layout.CARD} was not as newsbeam wrote it: it is kept as {kept}")
    with filesystem.atomic_write(filesystem.join(state, f"run-{number}.json")) as stream:
        stream.write(orjson.dumps(about, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    return number


def remember_job(job: Job, number: int, result: Any, engine: base.Runner) -> None:
    """Note what Flink calls a run, so that another one can see whether it goes on."""
    master = engine.options.get("flink_master")
    if engine.runner != "FlinkRunner" or not master:
        return
    path = filesystem.join(job.output, STREAM_STATE_DIR, f"run-{number}.json")
    with filesystem.read(path) as stream:
        about = orjson.loads(stream.read())
    with filesystem.atomic_write(path) as stream:
        about["flink"] = {"job": job_id(result), "master": master}
        stream.write(orjson.dumps(about, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def _clear(output: str, state: str, runs: Mapping[int, dict[str, Any]]) -> None:
    """Take away what earlier runs of this machine had begun to write and have no manifest for: its messages come again.

    Not what an engine's runs wrote: they may be going on.
    """
    here = {number for number, about in runs.items() if about.get("runner") in ("direct", "prism")}
    for number in here:
        filesystem.delete(filesystem.join(state, f"seen-{number}"))
    names = set(filesystem.list_names(output))
    for name in names:
        if (found := _WRITTEN.fullmatch(name)) and int(found[2]) in here and (found[4] or f"manifest-{found[1]}.json" not in names):
            filesystem.delete(filesystem.join(output, name))


_WRITTEN = re.compile(
    r"(?:documents|dropped|dead-letters|manifest)-(\d{8}T\d{6}-run(\d+)(?:-late\d+)?)(?:-\d{5})?\.json(l(?:\.gz|\.zst)?)?(\.\w+\.tmp)?"
)
