"""Dataflow: the options that a job needs beside the graph."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from newsbeam.errors import MissingExtra, RunnerUnavailable
from newsbeam.storage import filesystem

NEEDED = {
    "project": "the Google Cloud project that runs the job",
    "region": "where its workers are, like europe-west1",
    "temp_location": "a folder in a bucket for what the job needs while it runs, like gs://BUCKET/tmp",
    "sdk_container_image": "an image with newsbeam in it; build and push deploy/Dockerfile",
}
"""Beam's options without which there is no job, and what each is."""

_BUCKET = re.compile(r"gs://[a-z0-9][-_a-z0-9.]+[a-z0-9]/.*", re.DOTALL)

PRESET: Mapping[str, Any] = {
    # Each thread of a worker has a pool of its own, and Dataflow would start 12 threads a core: 12 chains where one is wanted.
    "number_of_worker_harness_threads": 1,
    # On Dataflow alone Beam would pickle the whole main module. Ours is a console script, and all that is sent can be imported.
    "save_main_session": False,
    # Beam is in the image: it is not staged.
    "sdk_location": "container",
}
"""Beam's options as they are unless the command line says otherwise."""


def preset(given: Mapping[str, Any]) -> dict[str, Any]:
    """Beam's options for a job on Dataflow, where the command line says nothing else. Raises ValueError that names all that is missing."""
    missing = [f"  --{name}: {what}" for name, what in NEEDED.items() if not given.get(name)]
    if missing:
        raise ValueError("--runner dataflow needs\n" + "\n".join(missing))
    for name in ("temp_location", "staging_location"):
        # Beam goes looking for a bucket of the project, on the network, where it does not like this one.
        if (place := given.get(name)) and not _BUCKET.fullmatch(place):
            raise ValueError(f"--{name} {place!r} is no folder in a bucket, like gs://BUCKET/tmp")
    return dict(PRESET)


def dataflow_preset(options: Mapping[str, Any]) -> dict[str, Any]:
    """Beam's options for Dataflow. Raises RunnerUnavailable."""
    try:
        filesystem.require_extra("gcp", "google.cloud.storage", "--runner dataflow")
        return preset(options)
    except (MissingExtra, ValueError) as error:
        raise RunnerUnavailable(str(error)) from error
