"""Flink."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Mapping
from functools import cache
from typing import Any

from newsbeam.beam_compat import declare_options
from newsbeam.errors import RunnerUnavailable
from newsbeam.runners.job_server import ANSWER_SECONDS, check_listening, job_server_options, process_environment

FLINK_MASTER = "localhost:8081"

_BATCH = {"execution_mode_for_batch": "BATCH_FORCED"}
"""What passes between two stages stays on disk: a lost machine costs its own share of the work, not all that was done. It is little."""

_CHECKPOINTS = {"checkpointing_interval": 10_000}
"""Milliseconds. Beam turns Flink's checkpoints off unless told otherwise."""


def flink_preset(options: Mapping[str, Any]) -> dict[str, Any]:
    """Beam's options for Flink. Raises RunnerUnavailable."""
    preset: dict[str, Any] = {**_CHECKPOINTS} if options.get("streaming") else {**_BATCH}
    master = options.get("flink_master") or FLINK_MASTER
    if options.get("job_endpoint"):
        check_listening(
            options["job_endpoint"], "--job_endpoint", "start the job server: java -jar flink-job-server.jar --flink-master HOST:PORT"
        )
        return {**preset, **process_environment(options)}
    if master in ("[local]", "[auto]"):  # Flink within the job server, as Beam's own tests use it
        return {**preset, **job_server_options("flink", options, "")}
    about = _flink_at(master)
    preset.update(process_environment(options), flink_master=master)
    if about.get("slots-total"):  # else the cluster starts its machines as they are wanted
        preset["parallelism"] = about["slots-total"]
    flink_version = ".".join(str(about.get("flink-version", "")).split(".")[:2])
    return {**preset, **job_server_options("flink", options, flink_version)}


def _flink_at(master: str) -> dict[str, Any]:
    """What the Flink at HOST:PORT says of itself."""
    try:
        with urllib.request.urlopen(f"{rest_url(master)}/overview", timeout=ANSWER_SECONDS) as answer:  # noqa: S310 - http or https
            about: dict[str, Any] = json.load(answer)
            return about
    except (OSError, ValueError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        hint = "start one: bin/start-cluster.sh in the folder of a Flink 1.19 (or name yours with --flink_master HOST:PORT)"
        raise RunnerUnavailable(f"no Flink answers at {master} ({reason}); {hint}") from error


def running_flink_jobs(job: str, master: str) -> list[str]:
    """Flink's own names of the jobs that Beam calls so, and that have not ended. Raises OSError or ValueError."""
    if not job or not master or master.startswith("["):
        return []
    with urllib.request.urlopen(f"{rest_url(master)}/jobs/overview", timeout=ANSWER_SECONDS) as answer:  # noqa: S310 - http or https
        jobs = json.load(answer)["jobs"]
    return [one["jid"] for one in jobs if one["name"] == job.partition("_")[0] and one["end-time"] < 0]


def rest_url(master: str) -> str:
    """The address of a Flink's REST interface, given as Beam takes it."""
    return (master if re.match("https?://", master) else f"http://{master}").rstrip("/")


@cache
def java_options() -> type:
    """Have Beam know the options of Flink's job server that its Python half leaves out, from here on.

    The cache keeps the class alive. The job server reports a wrong value.
    """
    return declare_options(_FLINK_JAVA_OPTIONS)


_FLINK_JAVA_OPTIONS = {
    "checkpointing_interval": "milliseconds between two checkpoints",
    "checkpoint_timeout_millis": "time limit of a checkpoint in milliseconds",
    "min_pause_between_checkpoints": "milliseconds between the end of a checkpoint and the next",
    "externalized_checkpoints_enabled": "true: checkpoints outlive a job that failed",
    "retain_externalized_checkpoints_on_cancellation": "true: checkpoints outlive a job that was cancelled",
    "savepoint_path": "the checkpoint or savepoint to continue from",
    "state_backend": "filesystem or rocksdb",
    "state_backend_storage_path": "where it keeps its checkpoints",
    "number_of_execution_retries": "how often a failed job is restarted",
    "execution_retry_delay": "milliseconds before it is restarted",
    "execution_mode_for_batch": "PIPELINED or BATCH_FORCED",
    "max_bundle_size": "elements in a bundle",
    "max_bundle_time_mills": "time limit of a bundle in milliseconds",
}
