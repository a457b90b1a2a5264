"""Real clusters, each of processes of its own, started for a test and gone after it."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import parts

START_SECONDS = 180
"""A JVM on a machine that is busy."""

# What Flink's own scripts give a JVM of 11 or later; the second word belongs to the first.
_FLINK_OPENS = [
    "java.base/java.lang",
    "java.base/java.lang.invoke",
    "java.base/java.lang.reflect",
    "java.base/java.io",
    "java.base/java.math",
    "java.base/java.net",
    "java.base/java.nio",
    "java.base/java.text",
    "java.base/java.time",
    "java.base/java.util",
    "java.base/java.util.concurrent",
    "java.base/java.util.concurrent.atomic",
    "java.base/java.util.concurrent.locks",
    "java.base/sun.nio.ch",
    "java.base/sun.net.util",
    "java.rmi/sun.rmi.registry",
    "java.security.jgss/sun.security.krb5",
]
OPENS = [f"--add-opens={module}=ALL-UNNAMED" for module in _FLINK_OPENS]


def free_port() -> int:
    """A port nobody listens at, for the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(what: str, test: Callable[[], Any], seconds: float = START_SECONDS) -> Any:
    """What `test` gives as soon as it is true; raises TimeoutError, so that nothing hangs."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := test():
            return found
        time.sleep(0.2)
    raise TimeoutError(what)


def listening(port: int) -> bool:
    """Whether somebody answers at a port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def descendants(process: int) -> list[int]:
    """What a process has started, and what that has."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue  # it ended meanwhile
            children.setdefault(parent, []).append(int(entry.name))
    found, todo = [], [process]
    while todo:
        todo += (mine := children.get(todo.pop(), []))
        found += mine
    return found


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


@dataclass
class Processes:
    """Processes by name, each with a log in `folder` and a process group of its own, so that its children go with it."""

    folder: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _groups: list[int] = field(default_factory=list)

    def start(self, name: str, command: Sequence[str | os.PathLike[str]], env: dict[str, str] | None = None) -> int:
        """Start one; its process id."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder / f"{name}.log", "ab") as log:
            self.running[name] = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONPATH": parts.PYTHONPATH, **(env or {})},
                start_new_session=True,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - one system call, nothing that a lock could be held for
            )
        self._groups.append(self.running[name].pid)
        return self.running[name].pid

    def alive(self, name: str) -> bool:
        """Whether it runs still; raises RuntimeError with its last words where it does not."""
        if self.running[name].poll() is not None:
            log = (self.folder / f"{name}.log").read_text(errors="replace")
            raise RuntimeError(f"{name} ended with status {self.running[name].returncode}:\n{log[-3000:]}")
        return True

    def kill(self, name: str) -> None:
        """`kill -9`, this process only: what it started is left to itself."""
        process = self.running.pop(name)
        process.kill()
        process.wait()

    def stop(self) -> None:
        """End all of them, and all that they started."""
        for process in self.running.values():
            process.terminate()
        until = time.monotonic() + 10
        for process in self.running.values():
            try:
                process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
        for group in self._groups:
            try:
                os.killpg(group, signal.SIGKILL)
            except ProcessLookupError:
                continue  # nobody is left of it
        for process in self.running.values():
            process.wait()
        self.running.clear()


class Flink:
    """A JobManager, TaskManagers, and Beam's job server, on free ports of this machine. Checkpoints and restarts are on."""

    def __init__(self, folder: Path, taskmanagers: int = 2, slots: int = 2, settings: dict[str, str] | None = None) -> None:
        self._java, self._jars, self._job_server_jar = parts.java(), parts.flink_jars(), parts.flink_job_server()
        self._processes = Processes(folder)
        self.folder = folder
        self.port, self.job_port = free_port(), free_port()
        self.taskmanagers: list[str] = []
        self._settings = {
            "jobmanager.rpc.address": "127.0.0.1",
            "jobmanager.rpc.port": str(free_port()),
            "jobmanager.bind-host": "127.0.0.1",
            "taskmanager.bind-host": "127.0.0.1",
            "taskmanager.host": "127.0.0.1",
            "rest.address": "127.0.0.1",
            "rest.bind-address": "127.0.0.1",
            "rest.port": str(self.port),
            "blob.server.port": "0",
            "io.tmp.dirs": str(folder / "tmp"),
            # Without Flink's scripts nobody works these out.
            "taskmanager.cpu.cores": str(slots),
            "taskmanager.memory.framework.heap.size": "64m",
            "taskmanager.memory.framework.off-heap.size": "64m",
            "taskmanager.memory.jvm-metaspace.size": "192m",
            "taskmanager.memory.jvm-overhead.min": "64m",
            "taskmanager.memory.jvm-overhead.max": "64m",
            "taskmanager.memory.task.heap.size": "256m",
            "taskmanager.memory.task.off-heap.size": "64m",
            # 16 MB for each result that is kept until the next stage has read it, at least.
            "taskmanager.memory.network.min": "128m",
            "taskmanager.memory.network.max": "128m",
            "taskmanager.memory.managed.size": "96m",
            "taskmanager.numberOfTaskSlots": str(slots),
            "taskmanager.load-balance.mode": "SLOTS",
            # A machine that is gone counts as there until its heart has not beaten for so long, and each try on it fails at once:
            # three tries a second apart would be used up. Without a bound, what always fails would be tried for ever.
            "restart-strategy.type": "exponential-delay",
            "restart-strategy.exponential-delay.initial-backoff": "1 s",
            "restart-strategy.exponential-delay.max-backoff": "10 s",
            "restart-strategy.exponential-delay.attempts-before-reset-backoff": "8",
            "heartbeat.interval": "1000",
            "heartbeat.timeout": "10000",
            "state.checkpoints.dir": f"file://{folder}/checkpoints",
            "execution.checkpointing.interval": "2 s",
            "web.submit.enable": "true",
            "env.log.level": "INFO",
            **(settings or {}),
        }
        (folder / "tmp").mkdir(parents=True)
        (folder / "flink-conf.yaml").write_text("".join(f"{key}: {value}\n" for key, value in self._settings.items()))
        (folder / "log4j.properties").write_text(_LOG4J)
        try:
            self._flink("jobmanager", "384m", "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint")
            where = ["--flink-master", self.master, "--job-host", "127.0.0.1", "--job-port", str(self.job_port)]
            others = ["--artifact-port", "0", "--expansion-port", "0", "--artifacts-dir", str(folder / "artifacts")]
            self._processes.start("jobserver", [self._java, "-Xmx512m", "-jar", self._job_server_jar, *where, *others])
            for _ in range(taskmanagers):
                self.add_taskmanager()
            self.wait_for_slots(taskmanagers * slots)
            eventually("the job server does not answer", lambda: self._processes.alive("jobserver") and listening(self.job_port))
        except BaseException:
            self.stop()
            raise

    @property
    def master(self) -> str:
        """HOST:PORT for Beam's `flink_master`."""
        return f"127.0.0.1:{self.port}"

    @property
    def job_endpoint(self) -> str:
        """HOST:PORT of the job server, for Beam's `job_endpoint`."""
        return f"127.0.0.1:{self.job_port}"

    def get(self, path: str) -> Any:
        """What Flink's REST interface answers; None while nobody does."""
        try:
            with urllib.request.urlopen(f"http://{self.master}{path}", timeout=10) as answer:
                return json.load(answer)
        except (urllib.error.URLError, OSError, ValueError):
            return None

    def jobs(self) -> dict[str, str]:
        """Job id → its state."""
        return {job["id"]: job["status"] for job in (self.get("/jobs") or {"jobs": []})["jobs"]}

    def wait_for_slots(self, count: int) -> None:
        """Until so many slots are there."""

        def there() -> bool:
            for name in self._processes.running:
                self._processes.alive(name)
            overview = self.get("/overview")
            return bool(overview and overview["slots-total"] >= count)

        eventually(f"{count} slots", there)

    def add_taskmanager(self) -> str:
        """Start another TaskManager; its name, for `kill`."""
        name = f"taskmanager-{len(list(self.folder.glob('taskmanager-*.log'))) + 1}"
        self._flink(name, "384m", "org.apache.flink.runtime.taskexecutor.TaskManagerRunner", f"-Dtaskmanager.resource-id={name}")
        self.taskmanagers.append(name)
        return name

    def kill(self, taskmanager: str) -> None:
        """`kill -9` a TaskManager; its SDK workers are left to themselves."""
        self.taskmanagers.remove(taskmanager)
        self._processes.kill(taskmanager)

    def pid(self, name: str) -> int:
        """The process id of a part that runs."""
        return self._processes.running[name].pid

    def log(self, name: str) -> str:
        """What a process has said so far."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def stop(self) -> None:
        """End everything."""
        self._processes.stop()

    def _flink(self, name: str, heap: str, main: str, *more: str) -> None:
        command = [self._java, f"-Xmx{heap}", "-XX:MaxDirectMemorySize=512m", *OPENS]
        command += [f"-Dlog4j.configurationFile={self.folder}/log4j.properties", "-cp", f"{self._jars}/*", main]
        self._processes.start(name, [*command, "--configDir", str(self.folder), *more])


_LOG4J = """\
rootLogger.level = INFO
rootLogger.appenderRef.console.ref = Console
appender.console.name = Console
appender.console.type = CONSOLE
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss,SSS} %-5p %-40.40c - %m%n
"""


class Spark:
    """A Master and Workers of one core each, on free ports of this machine. Runs start their own job server: it is Spark's driver."""

    def __init__(self, folder: Path, workers: int = 2) -> None:
        self._java, self._home = parts.java(), parts.spark_home()
        self.job_server_jar = parts.spark_job_server()
        self._processes = Processes(folder)
        self.folder = folder
        port, web = free_port(), free_port()
        self.master = f"spark://127.0.0.1:{port}"
        try:
            self._spark("master", "master.Master", "--port", str(port), "--webui-port", str(web))
            eventually("Spark's master does not answer", lambda: self._processes.alive("master") and listening(port))
            for number in range(1, workers + 1):
                where = str(folder / f"worker-{number}")
                size = ["--cores", "1", "--memory", "1g", "--work-dir", where, "--webui-port", str(free_port())]
                self._spark(f"worker-{number}", "worker.Worker", *size, self.master)
            eventually(f"{workers} workers", lambda: self._alive(web) == workers)
        except BaseException:
            self.stop()
            raise

    @property
    def options(self) -> list[str]:
        """What a run on this cluster is given."""
        memory = ["-Xmx768m", "-Dspark.executor.memory=512m", "-Dspark.driver.host=127.0.0.1", "-Dspark.driver.bindAddress=127.0.0.1"]
        properties = [f"--job_server_jvm_properties={one}" for one in [*memory, "-Dspark.ui.enabled=false"]]
        return ["--spark_master_url", self.master, "--spark_job_server_jar", str(self.job_server_jar), *properties]

    def kill(self, worker: str) -> None:
        """`kill -9` a Worker and all that it started: a machine that is gone. The others take its work."""
        for process in descendants(self._processes.running[worker].pid):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self._processes.kill(worker)

    def stop(self) -> None:
        """End everything."""
        self._processes.stop()

    def _alive(self, web: int) -> int:
        for name in self._processes.running:
            self._processes.alive(name)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{web}/json/", timeout=10) as answer:
                return int(json.load(answer)["aliveworkers"])
        except (urllib.error.URLError, OSError, ValueError):
            return 0

    def _spark(self, name: str, main: str, *more: str) -> None:
        command = [self._java, "-Xmx256m", *OPENS, "-cp", f"{self._home}/jars/*", f"org.apache.spark.deploy.{main}", "--host", "127.0.0.1"]
        # The version of Scala is what Spark's own scripts find out from their folders.
        environment = {"SPARK_HOME": str(self._home), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_SCALA_VERSION": "2.12"}
        self._processes.start(name, [*command, *more], environment)
