"""What is in deploy/ agrees with pyproject.toml, with itself, and with the command: versions, images, paths, every command line.

The schemas of Kubernetes, Flink's operator, Compose and Dockerfiles are held against it by `test_deploy_schemas.py`.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from newsbeam.batch import replay
from newsbeam.cli import main

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib  # type: ignore[no-redef]

TOP = Path(__file__).parents[2]
DEPLOY = TOP / "deploy"
PYPROJECT = tomllib.loads((TOP / "pyproject.toml").read_text())
VERSION = PYPROJECT["project"]["version"]

IMAGES = {"newsbeam", "newsbeam-template"}
"""The images that are built here, as they are called until somebody pushes them."""


def tracked(suffix: str) -> list[Path]:
    """The files of deploy/ whose names end so, but for what a build left there."""
    return [path for path in sorted(DEPLOY.rglob(f"*{suffix}")) if "target" not in path.parts and path.is_file()]


GUIDES = tracked(".md")
READMES = [TOP / name for name in ("README.md", "pipeline/README.md", "transforms/README.md", "tests/README.md", ".github/CONTRIBUTING.md")]
DOCKERFILES = tracked("Dockerfile")
MANIFESTS = tracked(".yaml")


def shown(path: Path) -> str:
    return str(path.relative_to(TOP))


def wanted(package: str) -> str:
    """The least version that pyproject asks for of a package, in its dependencies or an extra."""
    project = PYPROJECT["project"]
    every = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    found = {match[1] for one in every if (match := re.match(rf"{package}(?:\[\w+\])?[>=]=([\d.]+)", one))}
    assert len(found) == 1, f"{package}: {found}"
    return found.pop()


def documents() -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in MANIFESTS:
        for one in yaml.safe_load_all(path.read_text()):
            yield path, one


def manifest(path: str, kind: str) -> dict[str, Any]:
    """The only resource of a kind in a file."""
    (found,) = [one for of, one in documents() if of == DEPLOY / path and one.get("kind") == kind]
    return found


def compose() -> dict[str, Any]:
    return yaml.safe_load((DEPLOY / "flink/compose.yaml").read_text())


# --- versions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*DOCKERFILES, *MANIFESTS, *GUIDES], ids=shown)
def test_every_image_is_of_one_version(path: Path) -> None:
    """Beam's images are of the Beam in pyproject, newsbeam's own of newsbeam's version, Flink's of the Flink that is tested."""
    text = path.read_text()
    for image, tag in re.findall(r"(apache/beam_\S+?):(\d[\w.]*\d)", text):
        assert tag.startswith(wanted("apache-beam")), image
    for image, tag in re.findall(r"\b(newsbeam(?:-\w+)?):(\d+\.[\w.]*\d)", text):
        assert image in IMAGES
        assert tag == VERSION
    for tag in re.findall(r"\bflink:(\d+\.\d+)", text):
        assert tag == wanted("apache-flink-libraries")
    for minor in re.findall(r"beam_flink([\d.]+)_job_server|beam-runners-flink-([\d.]+)-job-server|flinkVersion: v(\d+_\d+)", text):
        assert "".join(minor).replace("_", ".") == wanted("apache-flink-libraries")


@pytest.mark.parametrize("path", DOCKERFILES, ids=shown)
def test_one_python_everywhere(path: Path) -> None:
    """Functions are pickled: Python's first two numbers are the same where a job is built and where it runs."""
    worker = re.search(r"beam_python([\d.]+)_sdk", (DEPLOY / "Dockerfile").read_text())
    assert worker
    found = {"3." + minor for minor in re.findall(r"python3\.?(\d\d)", path.read_text())}
    assert found <= {worker[1]}
    low, high = re.findall(r"3\.(\d+)", PYPROJECT["project"]["requires-python"])
    assert int(low) <= int(worker[1].split(".")[1]) < int(high)


@pytest.mark.parametrize(("engine", "package"), [("flink", "apache-flink-libraries"), ("spark", "pyspark")])
def test_the_job_server_is_for_the_engine_that_is_tested(engine: str, package: str) -> None:
    pom = (DEPLOY / engine / "pom.xml").read_text()
    minors = re.findall(rf"<{engine}\.version>([\d.]+)<", pom)
    assert minors
    for minor in minors:
        assert minor.startswith(wanted(package))


def test_the_images_hold_what_the_package_needs() -> None:
    """What hatch packs, and what pyproject reads, is copied before it is installed."""
    text = (DEPLOY / "Dockerfile").read_text()
    project = PYPROJECT["project"]
    copied = {word for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.M) for word in line.split()[:-1]}
    packed = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    assert {*packed, "pyproject.toml", project["readme"]} <= copied
    (extras,) = re.findall(r"^ARG EXTRAS=(\S+)$", text, re.M)
    assert set(extras.split(",")) <= set(project["optional-dependencies"])
    # A script that is missing from the package would end the build.
    for script in re.findall(r"command -v ([\w-]+)", text):
        assert script in project["scripts"]


@pytest.mark.parametrize("path", DOCKERFILES, ids=shown)
def test_what_a_dockerfile_copies_is_there(path: Path) -> None:
    text = path.read_text()
    for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.M):
        for source in line.split()[:-1]:
            assert (TOP / source).exists(), source
    assert re.findall(r"^ENTRYPOINT (.+)$", text, re.M)[-1] == '["/opt/apache/beam/boot"]'


# --- what fits together ---------------------------------------------------------------------------------------------


def options_of(words: list[str]) -> dict[str, str]:
    """`--name=value` and `--name value` as a dictionary."""
    found: dict[str, str] = {}
    for word, after in zip(words, [*words[1:], "--"], strict=True):
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            found[name] = value if equals else ("" if after.startswith("--") else after)
    return found


def test_compose_fits_together() -> None:
    services = compose()["services"]
    submit = options_of(shlex.split(services["newsbeam"]["command"]))
    server = options_of(services["jobserver"]["command"])
    assert submit["job_endpoint"] == f"jobserver:{server['job-port']}"
    assert submit["artifact_endpoint"] == f"jobserver:{server['artifact-port']}"
    assert server["job-host"] == "jobserver"
    assert server["flink-master"] == "jobmanager:8081"
    for name, service in services.items():
        assert set(service.get("depends_on", ())) <= set(services), name
        assert {mount.partition(":")[0] for mount in service["volumes"] if mount[0] not in "./$"} <= set(compose()["volumes"]), name
    managers = [name for name in services if name.startswith("taskmanager")]
    flink = yaml.safe_load(services["jobmanager"]["environment"]["FLINK_PROPERTIES"])
    assert int(submit["parallelism"]) == len(managers) * flink["taskmanager.numberOfTaskSlots"]
    # Each TaskManager finds workers at localhost: they share its network, and nothing else does.
    pools = {name: one for name, one in services.items() if one.get("command") == ["--worker_pool"]}
    assert {one["network_mode"] for one in pools.values()} == {f"service:{name}" for name in managers}
    assert len(pools) == len(managers)
    assert set(pools) <= set(services["newsbeam"]["depends_on"])
    # The workers and the command see the documents at the same paths; the job server and Flink what Beam stages.
    assert {tuple(one["volumes"]) for one in pools.values()} == {tuple(services["newsbeam"]["volumes"])}
    assert len({tuple(services[name]["volumes"]) for name in ("jobserver", "jobmanager", *managers)}) == 1
    places = {mount.split(":", 1)[1].partition("}:")[2].partition(":")[0] for mount in services["newsbeam"]["volumes"]}
    assert {shlex.split(services["newsbeam"]["command"])[1], submit["output"]} == places


def test_kubernetes_fits_together() -> None:
    (container,) = manifest("flink/job.yaml", "Job")["spec"]["template"]["spec"]["containers"]
    submit = options_of(container["args"])
    service = manifest("flink/cluster.yaml", "Service")
    ports = {one["name"]: one["port"] for one in service["spec"]["ports"]}
    deployment = manifest("flink/cluster.yaml", "Deployment")
    (jobserver,) = deployment["spec"]["template"]["spec"]["containers"]
    server = options_of(jobserver["args"])
    assert {name: int(server[f"{name}-port"]) for name in ports} == ports
    assert {one["containerPort"] for one in jobserver["ports"]} == set(ports.values())
    assert submit["job_endpoint"] == f"{service['metadata']['name']}:{ports['job']}"
    assert submit["artifact_endpoint"] == f"{service['metadata']['name']}:{ports['artifact']}"
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"] == deployment["spec"]["selector"]["matchLabels"] == labels
    flink = manifest("flink/cluster.yaml", "FlinkDeployment")
    assert server["flink-master"] == f"{flink['metadata']['name']}-rest:8081"
    (pool,) = flink["spec"]["taskManager"]["podTemplate"]["spec"]["containers"]
    assert pool["args"] == ["--worker_pool"]
    assert submit["environment_type"] == "EXTERNAL"
    assert submit["environment_config"] == f"localhost:{pool['ports'][0]['containerPort']}"
    assert int(submit["parallelism"]) % int(flink["spec"]["flinkConfiguration"]["taskmanager.numberOfTaskSlots"]) == 0


def test_one_disk_is_seen_at_one_path_by_all() -> None:
    claim = manifest("flink/cluster.yaml", "PersistentVolumeClaim")
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    flink = manifest("flink/cluster.yaml", "FlinkDeployment")["spec"]
    pods = [
        flink["podTemplate"]["spec"],
        manifest("flink/cluster.yaml", "Deployment")["spec"]["template"]["spec"],
        manifest("flink/job.yaml", "Job")["spec"]["template"]["spec"],
    ]
    for pod in pods:
        assert [one["persistentVolumeClaim"]["claimName"] for one in pod["volumes"]] == [claim["metadata"]["name"]]
    pods.append(flink["taskManager"]["podTemplate"]["spec"])
    assert {(mount["name"], mount["mountPath"]) for pod in pods for one in pod["containers"] for mount in one["volumeMounts"]} == {
        ("data", "/data")
    }
    for key, value in flink["flinkConfiguration"].items():
        if key.endswith(("Dir", ".dir")):
            assert value.startswith("file:///data/"), key


# --- command lines --------------------------------------------------------------------------------------------------


def commands(text: str) -> Iterator[str]:
    """Every command of a text's shell blocks, one line each, without what a shell would make of it."""
    for block in re.findall(r"```sh\n(.*?)```", text, re.S):
        for line in re.sub(r"\\\n\s*", " ", block).splitlines():
            for command in re.split(r"&&|;(?!\S)|\|", re.sub(r"(^|\s)#.*$", "", line)):
                if command.strip():
                    yield command.strip()


def of_guides() -> list[tuple[str, str]]:
    """(file, command) of every guide, and of the comments at the head of every other file."""
    found = [(shown(path), command) for path in [*GUIDES, *READMES] for command in commands(path.read_text())]
    for path in [*DOCKERFILES, *MANIFESTS]:
        found += [(shown(path), line.strip()) for line in re.findall(r"^#   (\w.*)$", path.read_text(), re.M)]
    return found


COMMANDS = of_guides()
NOTATION = str.maketrans("", "", "[]")
"""What a command line in a guide has around what may be left out."""


def newsbeams() -> list[tuple[str, list[str]]]:
    """(file, words) of every command line of newsbeam's in guides and files."""
    found = []
    for path, command in COMMANDS:
        words = shlex.split(re.sub(r"^[A-Z_]+=\S+ ", "", command.replace("$(", "(").replace("…", "").translate(NOTATION)))
        if words and words[0].rpartition("/")[2] == "newsbeam":
            found.append((path, words[1:]))
    found.append(("deploy/flink/compose.yaml", shlex.split(compose()["services"]["newsbeam"]["command"])))
    (container,) = manifest("flink/job.yaml", "Job")["spec"]["template"]["spec"]["containers"]
    assert container["command"] == ["newsbeam"]
    found.append(("deploy/flink/job.yaml", container["args"]))
    return found


@pytest.mark.parametrize(("path", "words"), newsbeams(), ids=lambda value: value if isinstance(value, str) else " ".join(value)[:60])
def test_newsbeam_knows_the_command_line(
    path: str, words: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The real parser takes it, option for option; what it would do is not done."""
    done: list[str] = []

    def nothing(what: str) -> Callable[..., int]:
        return lambda *arguments, **more: done.append(what) or 0

    from newsbeam.batch import run as batch
    from newsbeam.config import recipe_parser
    from newsbeam.reports import export, tables
    from newsbeam.streaming import run as streaming
    from newsbeam.tools import explain, sizing
    from newsbeam.view import run as view
    from newsbeam.watching import run as watching

    monkeypatch.setattr(batch, "run", lambda settings: done.append("run"))
    for module, names in ((view, ("serve", "save")), (tables, ("sample", "report", "diff")), (export, ("export",))):
        for name in names:
            monkeypatch.setattr(module, name, nothing("view" if module is view else name))
    monkeypatch.setattr(streaming, "consume", nothing("run"))
    monkeypatch.setattr(replay, "replay", nothing("replay"))
    monkeypatch.setattr(watching, "watch", nothing("watch"))
    monkeypatch.setattr(explain, "explain", nothing("explain"))
    monkeypatch.setattr(recipe_parser, "load", lambda path: recipe_parser.parse("processors: []"))
    monkeypatch.setattr(sizing, "measure", lambda *inputs: sizing.Sample(1, 20.0, 300))
    words = [re.sub(r"\$\{?\w+\}?|[A-Z]{4,}", "1", word) if word.startswith("-") else word for word in words]
    if words[0] in main.COMMANDS:
        status = main.main(words)
        said = capfd.readouterr().err
        assert status == 0, f"{path}: {said}"
        assert done == [words[0]] or words[0] in ("list", "check", "plan", "schema")
    else:
        assert words[0] in ("--help", "--version", "COMMAND"), f"{path}: {words}"


def test_every_path_and_target_in_a_command_is_there() -> None:
    targets = set(re.findall(r"^([\w-]+):", (TOP / "Makefile").read_text(), re.M))
    seen = 0
    for path, command in COMMANDS:
        words = shlex.split(command.replace("$(", "("))
        for option, value in pairwise(words):
            if option in ("-f", "--file") or (option in ("bash", "sh") and not value.startswith("-")):
                assert (TOP / value).is_file(), f"{path}: {command}"
                seen += 1
        if words[0] == "make":
            assert {word for word in words[1:] if "=" not in word} <= targets, f"{path}: {command}"
        for word in words:
            if word.startswith(("deploy/", "tests/", "./deploy/")) and "target/" not in word:
                assert (TOP / word).exists(), f"{path}: {command}"
    assert seen > 5


def tables() -> list[tuple[str, str]]:
    """(command, what it prints) of every `newsbeam plan` in the index, with its table."""
    return re.findall(r"```sh\nnewsbeam (plan [^\n]*)\n```\n\n```text\n(.*?)```", (DEPLOY / "README.md").read_text(), re.S)


@pytest.mark.parametrize(("command", "table"), tables(), ids=lambda value: value.partition("\n")[0])
def test_the_tables_of_sizes_are_what_the_command_prints(command: str, table: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main.main(shlex.split(command)) == 0
    assert capfd.readouterr().out == table
    rows = [line.split() for line in table.splitlines()[1:]]
    assert [row[0] for row in rows] == ["1,000,000", "100,000,000", "3,000,000,000"]


def test_there_are_tables_of_sizes() -> None:
    assert len(tables()) == 2


@pytest.mark.parametrize("path", tracked(".sh"), ids=shown)
def test_a_script_is_one_that_the_shell_can_read(path: Path) -> None:
    assert path.read_text().startswith("#!/")
    assert subprocess.run(["bash", "-n", path], check=False, capture_output=True).returncode == 0
    assert path.stat().st_mode & 0o111


@pytest.mark.parametrize("path", GUIDES, ids=shown)
def test_a_guide_is_a_page_and_says_what_was_run(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 120
    for link in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (path.parent / link).exists(), link
    if path.parent != DEPLOY:
        assert "## What was run" in text
        assert "## Faults" in text
