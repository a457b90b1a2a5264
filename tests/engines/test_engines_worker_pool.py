"""The job of `deploy/flink/job.yaml` on a real Flink: Beam's workers from a pool beside the TaskManager, as in a pod.

Here the pool starts newsbeam-sdk-worker; in the image it starts Beam's own boot program, which says the same to the engine.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import clusters
import pages
import parts
import pytest
import yaml

pytestmark = pytest.mark.engines


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[int]:
    """The port of a worker pool."""
    port = clusters.free_port()
    processes = clusters.Processes(tmp_path / "pool")
    worker = Path(sys.executable).with_name("newsbeam-sdk-worker")
    main = "apache_beam.runners.worker.worker_pool_main"
    processes.start("pool", [sys.executable, "-m", main, f"--service_port={port}", f"--container_executable={worker}"])
    try:
        clusters.eventually("the worker pool does not answer", lambda: processes.alive("pool") and clusters.listening(port))
        yield port
    finally:
        processes.stop()


@pytest.fixture
def flink(tmp_path: Path) -> Iterator[clusters.Flink]:
    """A cluster of one TaskManager. Two would each call their first worker the same, and end each other's in the one pool."""
    cluster = clusters.Flink(tmp_path / "cluster", taskmanagers=1)
    yield cluster
    cluster.stop()


@pytest.mark.engines_full
def test_the_job_of_the_guide(flink: clusters.Flink, pool: int, newsbeam: Callable[..., Any], tmp_path: Path) -> None:
    documents = list(yaml.safe_load_all((parts.ROOT / "deploy" / "flink" / "job.yaml").read_text()))
    (container,) = documents[0]["spec"]["template"]["spec"]["containers"]
    here = {
        "/data/in": "seeds",
        "--output=/data/out": f"--output={tmp_path / 'flink'}",
        "--job_endpoint=newsbeam-jobserver:8099": f"--job_endpoint={flink.job_endpoint}",
        "--environment_config=localhost:50000": f"--environment_config=localhost:{pool}",
        "--parallelism=8": "--parallelism=2",
    }
    assert set(here) <= set(container["args"])
    # The job server's own answer says where what is staged goes; in the cluster that is the pod's address.
    words = [here.get(word, word) for word in container["args"] if not word.startswith("--artifact_endpoint=")]
    added = ["--added", "2026-01-01T00:00:00Z"]
    ran = newsbeam(*words, *added)
    assert ran.status == 0, ran.err
    assert list(flink.jobs().values()) == ["FINISHED"]
    direct = newsbeam("run", "seeds", "--output", tmp_path / "direct", *added)
    assert ran.account == direct.account
    assert pages.records(tmp_path / "flink") == pages.records(tmp_path / "direct")
    # A job that comes again finds it done: what Kubernetes may do with a pod it has lost sight of.
    again = newsbeam(*words, *added)
    assert (again.status, again.account) == (0, ran.account)
    assert "nothing to resume" in again.err
