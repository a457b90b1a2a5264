"""The command `newsbeam-sdk-worker`.

It is Beam's worker process on a machine of a cluster, where Beam would start a container.

A runner starts it with `--environment_type PROCESS` and Beam's boot arguments.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from newsbeam.runners.sdk_worker import WorkerEndpoints, run_worker


def main(arguments: Sequence[str] | None = None) -> None:
    """Work for one job until the runner closes the connection."""
    run_worker(parse_boot_arguments(arguments))


def parse_boot_arguments(arguments: Sequence[str] | None = None) -> WorkerEndpoints:
    """Parse Beam's boot arguments. A newer runner may pass more; they are ignored."""
    parser = argparse.ArgumentParser("newsbeam-sdk-worker", description=__doc__, allow_abbrev=False)
    parser.add_argument("--id", required=True, help="the runner's id of this worker")
    parser.add_argument("--provision_endpoint", required=True, metavar="HOST:PORT")
    for name in ("logging", "control"):
        parser.add_argument(f"--{name}_endpoint", default="", metavar="HOST:PORT", help="default: from the provision service")
    known = parser.parse_known_args(arguments)[0]
    return WorkerEndpoints(known.id, known.provision_endpoint, known.logging_endpoint, known.control_endpoint)
