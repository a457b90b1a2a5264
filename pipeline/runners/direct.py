"""The default runner: one machine, with worker processes of this command."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from newsbeam.runners.base import PubSubReading, RunnerDefinition


def direct_preset(options: Mapping[str, Any]) -> dict[str, Any]:
    """No defaults; only the environment of Beam's own worker processes is prepared."""
    if options.get("direct_running_mode") == "multi_processing":
        # Beam starts them with `python -m`, which puts the current folder first on the module search path. Python 3.10 has no way
        # to prevent that.
        os.environ["PYTHONSAFEPATH"] = "1"
    return {}


RUNNER = RunnerDefinition(
    "direct",
    # Beam's DirectRunner chooses between two runners; this is always the same one.
    beam_name="FnApiRunner",
    preset=direct_preset,
    local=True,
    # FnApiRunner reads bounded inputs only.
    pubsub=PubSubReading(beam_name="BundleBasedDirectRunner", leased=True),
)
