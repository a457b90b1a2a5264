"""The engines a run may go to: Beam's options for each, and what one of them lacks on this machine, with the command that brings it.

Nothing is fetched when a run begins. Beam would download job servers and engines by itself, from wherever its version says: here
the path of each is looked up first, and a run is refused where there is none.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from newsbeam.config.settings import RunnerSettings
from newsbeam.errors import RunnerUnavailable, UsageError
from newsbeam.runners import dry_run
from newsbeam.runners.base import Runner
from newsbeam.runners.dataflow import dataflow_preset
from newsbeam.runners.flink import flink_preset
from newsbeam.runners.names import RUNNERS
from newsbeam.runners.prism import prism_preset
from newsbeam.runners.spark import spark_preset
from newsbeam.storage import filesystem
from newsbeam.suggestions import did_you_mean


def resolve_runner(name: str, given: Mapping[str, Any] | None = None, streaming: bool = False) -> Runner:
    """The engine of that name (one of RUNNERS, or Beam's name of a runner), with its preset under the options `given`.

    `streaming`: the input has no end. Raises RunnerUnavailable.
    """
    options = dict(given or {})
    if streaming:
        options.setdefault("streaming", True)
    if name not in RUNNERS:
        if not name.endswith("Runner"):
            raise RunnerUnavailable(f"no runner {name!r}; " + did_you_mean(name, RUNNERS, f"there are: {', '.join(RUNNERS)}"))
        return Runner(name, options)
    preset = _PRESETS[name](options)
    return Runner(RUNNERS[name], {**preset, **options}, local=name in ("direct", "prism"), again=name in ("flink", "spark"))


def _direct(options: Mapping[str, Any]) -> dict[str, Any]:
    if options.get("direct_running_mode") == "multi_processing":
        # Beam starts its workers by `python -m`, which puts the current folder in front of the module search path (3.10 cannot
        # be kept from it).
        os.environ["PYTHONSAFEPATH"] = "1"
    return {}


_PRESETS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "direct": _direct,
    "prism": prism_preset,
    "flink": flink_preset,
    "spark": spark_preset,
    "dataflow": dataflow_preset,
}


def check_places(engine: str, output: str, inputs: Sequence[str]) -> None:
    """Can the engine's machines see what this one names? Raises RunnerUnavailable where that is known to be impossible."""
    if engine != "dataflow":
        return
    for what, path in (("--output", output), *(("the input", path) for path in inputs)):
        if not filesystem.is_remote(path):
            raise RunnerUnavailable(
                f"{what} {path} lies on this machine, where Dataflow's workers cannot see it; put it in a bucket, and name that: gs://…"
            )


def engine_of(settings: RunnerSettings, output: str, inputs: Sequence[str], streaming: bool = False) -> Runner:
    """The runner of a run. Raises UsageError if it is not available, or cannot reach the inputs or the output."""
    if dry_run.is_dry(settings.options) and settings.name != "dataflow":
        raise UsageError(f"--dry_run is for --runner dataflow; --runner {settings.name} would run")
    check_places(settings.name, output, inputs)
    return resolve_runner(settings.name, settings.options, streaming)
