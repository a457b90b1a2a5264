"""Flink, on a cluster or within its job server."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Mapping
from functools import cache
from typing import Any

from newsbeam.beam_compat import declare_options, job_id
from newsbeam.console.terminal import print_note
from newsbeam.errors import RunnerUnavailable
from newsbeam.runners.base import ClusterJobs, KafkaReading, RunnerDefinition
from newsbeam.runners.job_server import ANSWER_SECONDS, check_listening, job_server_options, process_environment

FLINK_MASTER = "localhost:8081"

_BATCH = {"execution_mode_for_batch": "BATCH_FORCED"}
"""Keep the little data between two stages on disk: a lost machine then costs its own share of the work only."""

_CHECKPOINTS = {"checkpointing_interval": 10_000}
"""Milliseconds. Beam turns Flink's checkpoints off by default."""


def flink_preset(options: Mapping[str, Any]) -> dict[str, Any]:
    """Defaults of Beam's options for Flink. Raises RunnerUnavailable."""
    preset: dict[str, Any] = {**_CHECKPOINTS} if options.get("streaming") else {**_BATCH}
    master = options.get("flink_master") or FLINK_MASTER
    if options.get("job_endpoint"):
        check_listening(
            options["job_endpoint"], "--job_endpoint", "start the job server: java -jar flink-job-server.jar --flink-master HOST:PORT"
        )
        return {**preset, **process_environment(options)}
    if master in ("[local]", "[auto]"):  # Flink runs within the job server
        return {**preset, **job_server_options("flink", options, "")}
    about = _flink_at(master)
    preset.update(process_environment(options), flink_master=master)
    if about.get("slots-total"):  # otherwise the cluster starts machines on demand
        preset["parallelism"] = about["slots-total"]
    flink_version = ".".join(str(about.get("flink-version", "")).split(".")[:2])
    return {**preset, **job_server_options("flink", options, flink_version)}


def _flink_at(master: str) -> dict[str, Any]:
    """The overview of the Flink at HOST:PORT. Raises RunnerUnavailable."""
    try:
        with urllib.request.urlopen(f"{rest_url(master)}/overview", timeout=ANSWER_SECONDS) as answer:  # noqa: S310 - http or https
            about: dict[str, Any] = json.load(answer)
            return about
    except (OSError, ValueError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        hint = "start one: bin/start-cluster.sh in the folder of a Flink 1.19 (or name yours with --flink_master HOST:PORT)"
        raise RunnerUnavailable(f"no Flink answers at {master} ({reason}); {hint}") from error


def running_flink_jobs(job: str, master: str) -> list[str]:
    """Flink's ids of the running jobs with a name of Beam's.

    Raises OSError or ValueError.
    """
    if not job or not master or master.startswith("["):
        return []
    with urllib.request.urlopen(f"{rest_url(master)}/jobs/overview", timeout=ANSWER_SECONDS) as answer:  # noqa: S310 - http or https
        jobs = json.load(answer)["jobs"]
    return [one["jid"] for one in jobs if one["name"] == job.partition("_")[0] and one["end-time"] < 0]


def rest_url(master: str) -> str:
    """The URL of a Flink's REST interface, from Beam's option."""
    return (master if re.match("https?://", master) else f"http://{master}").rstrip("/")


@cache
def java_options() -> type:
    """Add the options of Flink's job server that Beam's Python half lacks.

    Beam knows them from here on.

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


def cancel_flink_job(result: Any, options: Mapping[str, Any]) -> None:
    """Cancel a job through Flink's REST interface.

    Beam's job server (2.62) forgets a cancelled job, and leaves it running.
    """
    master = options.get("flink_master", "")
    if not master:
        # Only the job server was named, which does not say where the cluster is.
        print_note("The Flink job may still be running. Cancel it in the Flink UI, or pass --flink_master so that newsbeam can")
    for identifier in running_flink_jobs(job_id(result), master):
        request = urllib.request.Request(f"{rest_url(master)}/jobs/{identifier}?mode=cancel", method="PATCH")  # noqa: S310 - http or https
        urllib.request.urlopen(request, timeout=ANSWER_SECONDS).close()  # noqa: S310 - as above


def flink_job_reference(result: Any, options: Mapping[str, Any]) -> dict[str, str] | None:
    """The name of a job and the address of its cluster.

    None if the address is not known.
    """
    master = options.get("flink_master")
    return {"job": job_id(result), "master": str(master)} if master else None


def describe_running_job(reference: Mapping[str, Any]) -> str:
    """Describe a job that is still running, and how to cancel it.

    "" if it is not running. Raises OSError or ValueError.
    """
    jobs = running_flink_jobs(str(reference.get("job")), str(reference.get("master")))
    return f"(Flink job {jobs[0]}). Cancel it first: curl -X PATCH {rest_url(reference['master'])}/jobs/{jobs[0]}" if jobs else ""


RUNNER = RunnerDefinition(
    "flink",
    beam_name="FlinkRunner",
    preset=flink_preset,
    retryable=True,
    # Flink reads natively, within its own checkpoints. A splittable DoFn leaves 11 kB in the state each time it resumes, which never
    # shrinks, and every checkpoint takes four seconds. The connector runs inside the TaskManagers, which get the jar from the job server.
    kafka=KafkaReading(
        ("--defaultEnvironmentType=EMBEDDED", "--defaultEnvironmentConfig={}", "--experiments=use_deprecated_read"),
        job_server_option="flink_job_server_jar",
    ),
    declare_options=java_options,
    cluster=ClusterJobs(cancel_flink_job, flink_job_reference, describe_running_job),
)
