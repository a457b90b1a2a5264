"""The registry of runners.

To add one: a module in this package, and a line here.

Nothing is downloaded when a run starts. Beam would download job servers and runners on its own. Here each component is looked up
first, and a run is refused with the command that installs what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from newsbeam.errors import RunnerUnavailable, UsageError
from newsbeam.runners import dry_run
from newsbeam.runners.base import Runner, RunnerDefinition
from newsbeam.suggestions import did_you_mean

if TYPE_CHECKING:
    from newsbeam.config.settings import RunnerSettings  # which loads transforms: too slow for `--help`

RUNNERS = {
    "direct": "newsbeam.runners.direct:RUNNER",
    "prism": "newsbeam.runners.prism:RUNNER",
    "flink": "newsbeam.runners.flink:RUNNER",
    "spark": "newsbeam.runners.spark:RUNNER",
    "dataflow": "newsbeam.runners.dataflow:RUNNER",
}
"""The place of each definition, by the value of `--runner`. Definitions are imported when they are needed."""


def all_definitions() -> list[RunnerDefinition]:
    """The definitions of all runners, in the order of the registry."""
    return [resolve_name(place) for place in RUNNERS.values()]


def find_definition(name: str) -> RunnerDefinition:
    """The definition of a runner, by newsbeam's name of it or by Beam's.

    Raises RunnerUnavailable.

    With Beam's name a runner has neither preset nor checks.
    """
    if name in RUNNERS:
        definition: RunnerDefinition = resolve_name(RUNNERS[name])
        return definition
    if not name.endswith("Runner"):
        raise RunnerUnavailable(f"unknown runner {name!r}; " + did_you_mean(name, RUNNERS, f"choose from: {', '.join(RUNNERS)}"))
    for known in all_definitions():
        if known.beam_name == name:
            return RunnerDefinition(known.name, name, kafka=known.kafka, cluster=known.cluster)
    return RunnerDefinition(name, name)


def resolve_runner(name: str, given: Mapping[str, Any] | None = None, streaming: bool = False) -> Runner:
    """A runner by its name, with its preset below the options that are `given`.

    Raises RunnerUnavailable.

    Args:
        name: a name in the registry, or Beam's name of any runner.
        given: Beam's options on the command line.
        streaming: whether the input is unbounded.
    """
    options = dict(given or {})
    if streaming:
        options.setdefault("streaming", True)
    definition = find_definition(name)
    return Runner(definition, {**definition.preset(options), **options})


def select_runner(settings: RunnerSettings, output: str, inputs: Sequence[str], streaming: bool = False) -> Runner:
    """The runner that the settings ask for.

    Raises UsageError if it is not available or cannot reach the inputs or the output.
    """
    definition = find_definition(settings.name)
    if dry_run.is_dry(settings.options) and definition.show_dry_run is None:
        able = " or ".join(one.name for one in all_definitions() if one.show_dry_run is not None)
        raise UsageError(f"--dry_run requires --runner {able} (got {settings.name})")
    definition.check_places(output, inputs)
    return resolve_runner(settings.name, settings.options, streaming)
