"""Beam's job servers for Flink and Spark.

Jars, Java, and the workers' environment.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import sys
import zipfile
from collections.abc import Mapping
from glob import glob
from importlib.metadata import version
from typing import Any

from newsbeam.errors import RunnerUnavailable
from newsbeam.storage.filesystem import CHECKOUT

ANSWER_SECONDS = 5.0
"""Time limit for the answer of a runner, after which it counts as missing."""

FOLDER = "NEWSBEAM_FOLDER"
"""The variable with the folder that the run was started in. Workers resolve relative paths and a recipe's own modules there."""

_JARS = "~/.apache_beam/cache/jars"

_MAVEN = "https://repo.maven.apache.org/maven2/org/apache/beam"


def process_environment(options: Mapping[str, Any]) -> dict[str, Any]:
    """Start workers on a cluster from the environment of this command.

    It has to be at the same path on all machines.
    """
    if any(options.get(name) for name in ("environment_type", "environment_config", "environment_options")):
        return {}
    worker = os.path.join(os.path.dirname(sys.executable), "newsbeam-sdk-worker")
    if not os.access(worker, os.X_OK):
        raise RunnerUnavailable(f"no {worker}; it is part of newsbeam: {sys.executable} -m pip install newsbeam (-e . in a checkout)")
    return {
        "environment_type": "PROCESS",
        "environment_config": json.dumps({"command": worker, "env": {FOLDER: os.getcwd()}}),
    }


def job_server_options(engine: str, options: Mapping[str, Any], engine_version: str) -> dict[str, Any]:
    """The option with the jar of a runner's job server, after checking Java.

    `engine_version` "" accepts any version.
    """
    launcher = options.get("job_server_java_launcher") or "java"
    if shutil.which(launcher) is None:
        name = engine.capitalize()
        raise RunnerUnavailable(
            f"no {launcher} on this machine, which Beam's job server for {name} runs on; apt-get install openjdk-17-jre-headless"
        )
    beam = version("apache-beam")
    artifact = f"beam-runners-{engine}-{engine_version or '1.19'}-job-server"
    pom = os.path.join("deploy", engine, "pom.xml")
    released = f"{artifact}-{beam}.jar"
    fetch = f"curl --create-dirs -o {_JARS}/{released} {_MAVEN}/{artifact}/{beam}/{released}"
    commands = f"mvn -f {pom} package (in a checkout of newsbeam), or: {fetch}"
    option = f"{engine}_job_server_jar"
    if given := options.get(option):
        require_local_file(given, f"--{option}", commands)
        jar = given
    else:
        built = [os.path.join(folder, "deploy", engine, "target", f"{engine}-job-server.jar") for folder in (".", CHECKOUT)]
        # Only that of this version of Beam: others may be there for other programs.
        places = [*built, *sorted(glob(os.path.join(os.path.expanduser(_JARS), released)))]
        found = next((place for place in places if os.path.isfile(place)), None)
        if found is None:
            raise RunnerUnavailable(f"no job server for {engine.capitalize()} {engine_version}; {commands}".replace(" ;", ";"))
        jar = os.path.abspath(found)
    if engine_version and (made_for := _jar_engine_version(jar, engine)) and made_for != engine_version:
        what = f"{jar} is for {engine.capitalize()} {made_for}, and the cluster is {engine_version}"
        raise RunnerUnavailable(f"{what}; mvn -f {pom} -D{engine}.version={engine_version} clean package")
    return {option: jar}


def _jar_engine_version(jar: str, engine: str) -> str:
    """The version of the runner that a job server is for.

    "" if the jar does not contain it.
    """
    try:
        with zipfile.ZipFile(jar) as archive:
            names = archive.namelist()
    except (OSError, zipfile.BadZipFile) as error:
        raise RunnerUnavailable(f"{jar} is not a jar: {error}") from error
    found = (re.match(rf"META-INF/maven/org\.apache\.beam/beam-runners-{engine}-([\d.]+)/", name) for name in names)
    return next((one[1] for one in found if one), "")


def require_local_file(path: str, option: str, hint: str) -> None:
    """Raise RunnerUnavailable unless there is such a file on this machine."""
    if "://" in path:
        raise RunnerUnavailable(f"{option} {path} would have to be downloaded; download it first, and name the file: curl -LO {path}")
    if not os.path.isfile(path):
        raise RunnerUnavailable(f"{option} {path} does not exist; {hint}")


def check_listening(address: str, option: str, hint: str = "", what: str = "") -> None:
    """Raise RunnerUnavailable unless a process listens at HOST:PORT."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]") or "localhost", int(port)), ANSWER_SECONDS).close()
    except (OSError, ValueError, OverflowError) as error:
        said = f"{what or f'nothing answers at {option} {address}'} ({error})"
        raise RunnerUnavailable(f"{said}; {hint}" if hint else said) from error
