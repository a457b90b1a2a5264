"""Spark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from newsbeam.errors import RunnerUnavailable
from newsbeam.runners.base import RunnerDefinition
from newsbeam.runners.job_server import check_listening, job_server_options, process_environment

SPARK_MASTER = "spark://localhost:7077"
"""The master that Spark's own scripts start on this machine."""


def spark_preset(options: Mapping[str, Any]) -> dict[str, Any]:
    """Defaults of Beam's options for Spark. Raises RunnerUnavailable."""
    if options.get("streaming"):
        raise RunnerUnavailable("The spark runner supports batch input only; use --runner flink, prism or dataflow for a stream")
    if options.get("job_endpoint"):
        hint = "start the job server: java -jar spark-job-server.jar --spark-master-url spark://HOST:PORT"
        check_listening(options["job_endpoint"], "--job_endpoint", hint)
        return process_environment(options)
    master = options.get("spark_master_url") or SPARK_MASTER
    preset: dict[str, Any] = {"spark_master_url": master}
    if not master.startswith("local"):
        preset.update(process_environment(options))
    if master.startswith("spark://"):
        hint = "start one: sbin/start-all.sh in the folder of a Spark 3.5 (or name yours with --spark_master_url spark://HOST:PORT)"
        for one in master.removeprefix("spark://").split(","):
            check_listening(one, "--spark_master_url", hint, f"no Spark answers at {master}")
    return {**preset, **job_server_options("spark", options, "3")}


RUNNER = RunnerDefinition("spark", beam_name="SparkRunner", preset=spark_preset, retryable=True)
