"""The real engines, each started once for all the tests that want it, and the command as a person runs it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the plain modules beside this file

import clusters
import parts
from ran import Ran


def environment() -> dict[str, str]:
    """What a command of newsbeam's is started with."""
    return {**os.environ, "PYTHONPATH": parts.PYTHONPATH, "COLUMNS": "100"}


@pytest.fixture(scope="session")
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the command in a process of its own; whatever of it still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def begin(*words: str | os.PathLike[str]) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "newsbeam.cli", *(os.fspath(word) for word in words)]
        process = subprocess.Popen(
            command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=parts.ROOT, start_new_session=True
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        # With the job server that it may have started, which one that was killed has left behind.
        if process.poll() in (None, -signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


@pytest.fixture(scope="session")
def newsbeam(start: Callable[..., subprocess.Popen[str]]) -> Callable[..., Ran]:
    """Run the command to its end."""

    def run(*words: str | os.PathLike[str], seconds: float = 1200) -> Ran:
        process = start(*words)
        out, err = process.communicate(timeout=seconds)
        return Ran(process.returncode, out, err)

    return run


@pytest.fixture(scope="session")
def flink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[clusters.Flink]:
    """One JobManager, two TaskManagers of two slots each, and Beam's job server. Who kills a TaskManager starts another."""
    cluster = clusters.Flink(tmp_path_factory.mktemp("flink"))
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[clusters.Spark]:
    """A Master and two Workers."""
    cluster = clusters.Spark(tmp_path_factory.mktemp("spark"))
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def prism() -> Path:
    """The binary of Prism."""
    return parts.prism()
