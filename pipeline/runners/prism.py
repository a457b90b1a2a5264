"""Prism, Beam's portable runner for one machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from newsbeam.errors import RunnerUnavailable
from newsbeam.runners.base import KafkaReading, RunnerDefinition
from newsbeam.runners.job_server import check_listening, require_local_file

NO_JOB_TIMEOUT_SECONDS = 10 * 365 * 86_400
"""Beam's time limit for an answer. Prism applies it to the complete job."""


def prism_preset(options: Mapping[str, Any]) -> dict[str, Any]:
    """Defaults of Beam's options for Prism. Raises RunnerUnavailable."""
    preset = {"job_server_timeout": NO_JOB_TIMEOUT_SECONDS}
    if options.get("job_endpoint"):
        check_listening(options["job_endpoint"], "--job_endpoint")
        return {**preset, "environment_type": "LOOPBACK"}
    command = f"go install github.com/apache/beam/sdks/v2/go/cmd/prism@v{version('apache-beam')}"
    if path := options.get("prism_location"):
        require_local_file(path, "--prism_location", f"install it: {command}")
        return preset
    gopath = os.environ.get("GOPATH") or "~/go"
    places = [os.path.expanduser(f"{folder}/prism") for folder in (os.environ.get("GOBIN") or f"{gopath}/bin", "~/go/bin")]
    path = shutil.which("prism") or next((path for path in places if os.access(path, os.X_OK)), None)
    if path is None:
        raise RunnerUnavailable(f"no prism on this machine; {command} (or name yours with --prism_location)")
    return {**preset, "prism_location": path}


RUNNER = RunnerDefinition(
    "prism",
    beam_name="PrismRunner",
    preset=prism_preset,
    local=True,
    # Prism runs splittable DoFns only, on the expansion service itself.
    kafka=KafkaReading(("--alsoStartLoopbackWorker",)),
)
