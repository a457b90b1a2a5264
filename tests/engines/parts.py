"""The parts of real engines, fetched and built by the registries' own clients, once: `$NEWSBEAM_PARTS`, or `.venv/parts`, keeps them.

    python tests/engines/parts.py        # fetch and build all of them now, and say where each is

What cannot be had raises Missing, with the reason.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import unittest
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUILD_SECONDS = 1200

PYTHONPATH = os.pathsep.join(map(str, [ROOT / ".src", ROOT / "tests" / "pipeline"]))
"""For the command and for what an engine's machines start: this newsbeam, and the processors that are for tests alone."""


class Missing(unittest.SkipTest):
    """A part cannot be had on this machine; the message says why. A test that it comes up in is skipped, with that."""


def cache() -> Path:
    """The folder that keeps what was fetched and built."""
    folder = Path(os.environ.get("NEWSBEAM_PARTS") or ROOT / ".venv" / "parts")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def tool(name: str, *elsewhere: str) -> str:
    """The path of a program."""
    found = shutil.which(name) or next((path for path in elsewhere if os.access(path, os.X_OK)), None)
    if found is None:
        raise Missing(f"no {name} on this machine")
    return found


def java() -> str:
    """The path of java, 11 or later."""
    home = os.environ.get("JAVA_HOME")
    return tool("java", *([f"{home}/bin/java"] if home else []))


def build(command: Sequence[str], env: dict[str, str] | None = None) -> None:
    """Run what fetches and builds; its last words are the reason where it fails."""
    try:
        done = subprocess.run(
            command, env={**os.environ, **(env or {})}, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise Missing(f"{' '.join(command)} took longer than {BUILD_SECONDS} s") from None
    if done.returncode:
        said = [line for line in (done.stdout + done.stderr).splitlines() if "ERROR" in line or "error" in line] or [done.stderr[-500:]]
        raise Missing(f"{' '.join(command)}: {said[0]}")


def maven(pom: Path, product: str) -> Path:
    """The file that `mvn -f pom package` makes; made again only when the pom or its sources were changed."""
    sources = [pom, *sorted(path for path in pom.parent.glob("src/**/*") if path.is_file())]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:12]
    folder = cache() / f"{pom.parent.name}-{digest}"
    made = folder / product
    if not made.exists():
        java()
        # Built beside its place: a build that is cut short leaves nothing that looks finished.
        halfway = cache() / f"{pom.parent.name}-{digest}.{os.getpid()}"
        build([tool("mvn"), "-q", "-B", "-f", str(pom), f"-Dtarget={halfway}", "package"])
        try:
            halfway.rename(folder)
        except OSError:  # another was quicker
            shutil.rmtree(halfway)
    return made


def flink_job_server() -> Path:
    """Beam's job server for Flink, one jar."""
    return maven(ROOT / "deploy" / "flink" / "pom.xml", "flink-job-server.jar")


def spark_job_server() -> Path:
    """Beam's job server for Spark, one jar."""
    return maven(ROOT / "deploy" / "spark" / "pom.xml", "spark-job-server.jar")


def kafka_connector() -> Path:
    """Beam's expansion service with its Kafka connector, one jar."""
    return maven(ROOT / "deploy" / "kafka" / "pom.xml", "kafka-expansion-service.jar")


def kafka_broker() -> Path:
    """The folder with a Kafka broker's jars."""
    return maven(ROOT / "tests" / "engines" / "kafka" / "pom.xml", "lib")


def flink_jars() -> Path:
    """The folder with Flink's own jars, from the extra `flink`."""
    return _of_package("pyflink", "lib", "flink")


def spark_home() -> Path:
    """The folder with Spark, from the extra `spark`."""
    return _of_package("pyspark", "", "spark")


def _of_package(name: str, inside: str, extra: str) -> Path:
    # Without importing it: pyflink is there for its jars alone.
    spec = importlib.util.find_spec(name)
    for place in (spec.submodule_search_locations or []) if spec else []:
        if (Path(place) / inside).is_dir():
            return Path(place) / inside
    raise Missing(f"not installed: pip install 'newsbeam[{extra}]'")


def prism() -> Path:
    """The engine Prism of the Beam that is installed."""
    beam = version("apache-beam")
    folder = cache() / f"prism-{beam}"
    if not (folder / "prism").exists():
        folder.mkdir(exist_ok=True)
        go = tool("go", "/usr/local/go/bin/go")
        build([go, "install", f"github.com/apache/beam/sdks/v2/go/cmd/prism@v{beam}"], {"GOBIN": str(folder)})
    return folder / "prism"


PARTS: dict[str, Callable[[], Path]] = {
    "Flink": flink_jars,
    "Flink job server": flink_job_server,
    "Kafka broker": kafka_broker,
    "Kafka connector": kafka_connector,
    "Prism": prism,
    "Spark": spark_home,
    "Spark job server": spark_job_server,
}

if __name__ == "__main__":
    missing = 0
    for name, part in PARTS.items():
        try:
            print(f"{name:18} {part()}", flush=True)
        except Missing as error:
            print(f"{name:18} MISSING: {error}", flush=True)
            missing += 1
    sys.exit(bool(missing))
