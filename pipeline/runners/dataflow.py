"""Dataflow, Google Cloud's service for Beam."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from newsbeam.errors import MissingExtra, RunnerUnavailable
from newsbeam.runners import dry_run
from newsbeam.runners.base import KafkaReading, PubSubReading, RunnerDefinition
from newsbeam.storage import filesystem

NEEDED = {
    "project": "the Google Cloud project that runs the job",
    "region": "the region of its workers, such as europe-west1",
    "temp_location": "a folder in a bucket for temporary files, such as gs://BUCKET/tmp",
    "sdk_container_image": "an image that contains newsbeam; build and push deploy/Dockerfile",
}
"""Beam's options that a job requires, with their meaning."""

_BUCKET = re.compile(r"gs://[a-z0-9][-_a-z0-9.]+[a-z0-9]/.*", re.DOTALL)

PRESET: Mapping[str, Any] = {
    # Each thread of a worker has its own pool, and Dataflow would start 12 threads per core: 12 chains instead of one.
    "number_of_worker_harness_threads": 1,
    # Only on Dataflow does Beam pickle the main module. Here that is a console script, and everything sent can be imported.
    "save_main_session": False,
    # The image contains Beam, which is not staged.
    "sdk_location": "container",
}
"""Defaults of Beam's options."""


def preset(given: Mapping[str, Any]) -> dict[str, Any]:
    """Defaults of Beam's options.

    Raises ValueError that names every option that is missing.
    """
    missing = [f"  --{name}: {what}" for name, what in NEEDED.items() if not given.get(name)]
    if missing:
        raise ValueError("--runner dataflow requires\n" + "\n".join(missing))
    for name in ("temp_location", "staging_location"):
        # Given a folder that it rejects, Beam would search the network for a bucket of the project.
        if (place := given.get(name)) and not _BUCKET.fullmatch(place):
            raise ValueError(f"--{name} {place!r} is not a folder in a bucket, such as gs://BUCKET/tmp")
    return dict(PRESET)


def dataflow_preset(options: Mapping[str, Any]) -> dict[str, Any]:
    """Defaults of Beam's options for Dataflow. Raises RunnerUnavailable."""
    try:
        filesystem.require_extra("gcp", "google.cloud.storage", "--runner dataflow")
        return preset(options)
    except (MissingExtra, ValueError) as error:
        raise RunnerUnavailable(str(error)) from error


def check_places(output: str, inputs: Sequence[str]) -> None:
    """Raise RunnerUnavailable for files on this machine.

    Dataflow's workers cannot reach them.
    """
    for what, path in (("--output", output), *(("the input", path) for path in inputs)):
        if not filesystem.is_remote(path):
            raise RunnerUnavailable(
                f"{what} {path} is on this machine, where Dataflow's workers cannot reach it; copy it to a bucket and name that: gs://…"
            )


RUNNER = RunnerDefinition(
    "dataflow",
    beam_name="DataflowRunner",
    preset=dataflow_preset,
    # Dataflow stages the jar and runs it in Beam's Java image.
    kafka=KafkaReading(staged=True),
    pubsub=PubSubReading(),
    check_places=check_places,
    show_dry_run=dry_run.show,
)
