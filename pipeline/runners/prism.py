"""Beam's Prism, on this machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from newsbeam.errors import RunnerUnavailable
from newsbeam.runners.job_server import check_listening, require_local_file

_UNTIL_DONE = 10 * 365 * 86_400
"""Seconds. Prism takes Beam's time limit for an answer for one of the whole job."""


def prism_preset(options: Mapping[str, Any]) -> dict[str, Any]:
    """Beam's options for Prism. Raises RunnerUnavailable."""
    preset = {"job_server_timeout": _UNTIL_DONE}
    if options.get("job_endpoint"):
        check_listening(options["job_endpoint"], "--job_endpoint")
        return {**preset, "environment_type": "LOOPBACK"}
    command = f"go install github.com/apache/beam/sdks/v2/go/cmd/prism@v{version('apache-beam')}"
    if path := options.get("prism_location"):
        require_local_file(path, "--prism_location", f"install it: {command}")
        return preset
    gopath = os.environ.get("GOPATH") or "~/go"
    there = [os.path.expanduser(f"{folder}/prism") for folder in (os.environ.get("GOBIN") or f"{gopath}/bin", "~/go/bin")]
    found = shutil.which("prism") or next((path for path in there if os.access(path, os.X_OK)), None)
    if found is None:
        raise RunnerUnavailable(f"no prism on this machine; {command} (or name yours with --prism_location)")
    return {**preset, "prism_location": found}
