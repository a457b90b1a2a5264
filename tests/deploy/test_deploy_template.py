"""The Flex Template: its metadata against the options that `newsbeam run` really has and against Google's own schema, and its launcher."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from loading import load

from newsbeam.batch import run as batch
from newsbeam.cli import main
from newsbeam.cli import options as cli_options
from newsbeam.config.settings import RunSettings, StreamSettings
from newsbeam.runners import dataflow
from newsbeam.sources import uri
from newsbeam.streaming import run as streaming

TOP = Path(__file__).parents[2]
FOLDER = TOP / "deploy" / "dataflow"
METADATA = sorted(FOLDER.glob("*.json"))
IMAGE = "europe-docker.pkg.dev/proj/images/newsbeam-template:0.2.0"

GIVEN = {
    "inputs": "gs://bucket/pages, gs://bucket/crawl/*.warc.gz",
    "source": "pubsub://projects/proj/subscriptions/pages",
    "output": "gs://bucket/out",
    "sdk_container_image": IMAGE,
    "recipe": "gs://bucket/recipe.yaml",
    "template": "gs://bucket/counted",
}
"""A value for each parameter that has no list of them."""

RIGHT_AND_WRONG = {
    "inputs": (["gs://bucket/pages", GIVEN["inputs"]], ["", "/data/pages", "gs://bucket/a, b"]),
    "output": (["gs://bucket/out", "gs://bucket"], ["", "out", "s3://bucket/out", "gs://b"]),
    "sdk_container_image": ([IMAGE, "gcr.io/proj/newsbeam"], ["", "newsbeam", "europe-docker.pkg.dev/a b"]),
    "recipe": (["gs://bucket/recipe.yaml"], ["recipe.yaml"]),
    "template": (["gs://bucket/counted", "gs://bucket/counted/site-counts.zst"], ["counted"]),
    "source": (
        ["pubsub://projects/proj/subscriptions/pages", "pubsub://projects/proj/topics/pages?payload=object"],
        ["", "kafka:", "gs://a"],
    ),
    "window": (["60", "3600"], ["-1", "one"]),
    "remember": (["86400", "0"], ["-1", "long"]),
    "format": (["jsonl", "parquet"], ["csv"]),
    "compress": (["none", "gzip", "zstd"], ["zip"]),
    "time_limit": (["0", "10", "2.5"], ["-1", "ten"]),
    "max_document_mb": (["1", "32"], ["0", "-1", "2.5", "x"]),
    "added": (["2026-01-31T12:00:00Z", "2026-01-31T12:00:00+01:00", "2026-01-31"], ["yesterday", "31.01.2026"]),
    "overwrite": (["true", "false"], ["yes", "1"]),
    "resume": (["true", "false"], ["yes", "1"]),
}


MAIN = load(FOLDER / "main.py")
"""The module that the template's launcher runs."""


def parser() -> argparse.ArgumentParser:
    """The options of `newsbeam run`."""
    made = argparse.ArgumentParser()
    cli_options.add_run_options(made)
    return made


def options() -> dict[str, argparse.Action]:
    return {action.dest: action for action in parser()._actions}


def parameters(path: Path) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in json.loads(path.read_text())["parameters"]}


EVERY = [(path, name) for path in METADATA for name in parameters(path)]


Settings = RunSettings | StreamSettings

SETTING: dict[str, Callable[[Any], object]] = {
    "inputs": lambda settings: ", ".join(settings.inputs),
    "source": lambda settings: settings.source,
    "output": lambda settings: settings.output.folder,
    "recipe": lambda settings: settings.documents.recipe,
    "template": lambda settings: settings.documents.template,
    "window": lambda settings: settings.window,
    "remember": lambda settings: settings.remember,
    "format": lambda settings: settings.output.format,
    "compress": lambda settings: settings.output.compression,
    "added": lambda settings: settings.documents.added,
    "time_limit": lambda settings: settings.documents.time_limit,
    "max_document_mb": lambda settings: settings.documents.max_bytes >> 20,
    "overwrite": lambda settings: str(settings.overwrite).lower(),
    "resume": lambda settings: str(settings.resume).lower(),
}
"""Where a parameter ends up in the settings of a run."""


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """The settings that the command would run with; nothing runs."""
    seen: list[Settings] = []
    for module, name in ((batch, "run"), (streaming, "consume")):
        result = None if module is batch else 0
        monkeypatch.setattr(module, name, lambda settings, result=result: seen.append(settings) or result)
    return seen


# Google writes down the fields and what each means; these are the rules for them that its documentation states in words.
@pytest.mark.parametrize("path", METADATA, ids=lambda path: path.name)
def test_the_fields_are_as_documented(path: Path) -> None:
    metadata = json.loads(path.read_text())
    modes = {"supportsAtLeastOnce", "supportsExactlyOnce", "defaultStreamingMode"}
    assert set(metadata) <= {"name", "description", "streaming", "parameters", *modes}
    assert metadata["name"]
    assert metadata["description"]
    if not metadata["streaming"]:
        assert not modes & set(metadata)
    elif "defaultStreamingMode" in metadata:  # only valid where there is a choice
        assert metadata["supportsAtLeastOnce"]
        assert metadata["supportsExactlyOnce"]
    assert len(parameters(path)) == len(metadata["parameters"]), "two parameters of one name"
    for one in metadata["parameters"]:
        assert {"name", "label", "helpText"} <= set(one) <= {"name", "label", "helpText", "isOptional", "regexes", "paramType"}
        assert re.fullmatch(r"[a-z][a-z0-9_]*", one["name"])
        assert 0 < len(one["label"]) <= 50
        assert one["helpText"].endswith(".")
        assert type(one.get("isOptional", False)) is bool


@pytest.mark.parametrize(("path", "name"), EVERY, ids=lambda value: getattr(value, "name", value))
def test_a_parameter_is_an_option_of_the_command(path: Path, name: str) -> None:
    parameter = parameters(path)[name]
    needed = not parameter.get("isOptional", False)
    if name == "sdk_container_image":  # Beam's own
        assert name in dataflow.NEEDED
        assert needed
        return
    assert name == "inputs" or name in MAIN.OURS
    option = options()[name]
    assert needed == (option.required or name in ("inputs", "source"))
    (regex,) = parameter["regexes"]
    if option.choices:
        assert set(re.findall(r"\w+", regex)) == set(option.choices)
        for word in option.choices:
            assert word in parameter["helpText"]
    if name in MAIN.FLAGS:
        assert option.nargs == 0
    if option.default not in (None, False):
        default = option.default if isinstance(option.default, str) else f"{option.default:g}"
        assert f"Default: {default}" in parameter["helpText"]


@pytest.mark.parametrize(("path", "name"), EVERY, ids=lambda value: getattr(value, "name", value))
def test_what_a_parameter_takes_the_command_takes(path: Path, name: str, ran: list[Settings], capfd: pytest.CaptureFixture[str]) -> None:
    parameter = parameters(path)[name]
    (regex,) = parameter["regexes"]
    right, wrong = RIGHT_AND_WRONG[name]
    others = [f"--{key}={GIVEN[key]}" for key in parameters(path) if key in GIVEN and key not in (name, "recipe")]
    for value in right:
        assert re.fullmatch(regex, value), value
        words = MAIN.command_line(["--runner=DataflowRunner", *others, f"--{name}={value}"])
        assert main.main(words) == 0, capfd.readouterr().err
        settings = ran.pop()
        assert settings.runner.name == "dataflow"
        if name in SETTING:
            assert str(SETTING[name](settings)).removesuffix(".0") == value
        else:
            assert settings.runner.options[name] == value
        if isinstance(settings, StreamSettings):
            assert isinstance(uri.parse(settings.source), uri.PubSub)
    for value in wrong:
        assert not re.fullmatch(regex, value), value
    if parameter.get("isOptional"):
        # What is left empty in the form is as if it were not there.
        assert re.fullmatch(regex, "") or name == "recipe"
        assert not any(word.startswith(f"--{name}") for word in MAIN.command_line([f"--{name}="]))


def test_every_parameter_has_a_setting() -> None:
    assert set(SETTING) == {"inputs", *MAIN.OURS}


def test_beams_own_options_go_through(ran: list[Settings]) -> None:
    """As Google's launcher gives them beside the parameters."""
    given = {
        "job_name": "newsbeam-1",
        "project": "proj",
        "region": "europe-west1",
        "temp_location": "gs://bucket/tmp",
        "template_location": "gs://bucket/staging/job_object",
        "staging_location": "gs://bucket/staging",
        "service_account_email": "worker@proj.iam.gserviceaccount.com",
        "max_num_workers": "20",
        "machine_type": "n2-standard-4",
    }
    words = ["--runner=DataflowRunner", "--inputs=gs://bucket/in", "--output=gs://bucket/out", *(f"--{k}={v}" for k, v in given.items())]
    assert main.main(MAIN.command_line(words)) == 0
    (settings,) = ran
    assert isinstance(settings, RunSettings)
    assert settings.inputs == ("gs://bucket/in",)
    assert {name: str(value) for name, value in settings.runner.options.items()} == given


def test_the_image_runs_this_launcher() -> None:
    text = (FOLDER / "Dockerfile").read_text()
    (ran_file,) = re.findall(r"^ENV FLEX_TEMPLATE_PYTHON_PY_FILE=(\S+)$", text, re.M)
    assert f"COPY deploy/dataflow/main.py {ran_file}\n" in text
    assert (FOLDER / "main.py").is_file()
    # On top of the workers' image: what submits and what works cannot differ.
    assert re.findall(r"^FROM (\S+)$", text, re.M) == ["${NEWSBEAM}"]


@pytest.mark.parametrize("path", [FOLDER / "README.md"], ids=lambda path: path.name)
def test_the_guide_gives_parameters_that_there_are(path: Path) -> None:
    given = set(re.findall(r"--parameters (\w+)=", path.read_text()))
    assert {"inputs", "output", "sdk_container_image"} <= given
    assert given <= {name for one in METADATA for name in parameters(one)}


@pytest.mark.engines
@pytest.mark.parametrize("path", METADATA, ids=lambda path: path.name)
def test_google_reads_the_metadata(path: Path) -> None:
    """Into the very messages of Dataflow's API, which know no field by another name."""
    program = (
        "import sys; from google.protobuf import json_format; from google.cloud.dataflow_v1beta3 import TemplateMetadata\n"
        "read = json_format.Parse(sys.stdin.read(), TemplateMetadata.pb(TemplateMetadata()))\n"
        "print(len(read.parameters), read.streaming)"
    )

    def read(text: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-W", "ignore", "-c", program], input=text, capture_output=True, text=True, check=False)

    done = read(path.read_text())
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(len(parameters(path))), str(json.loads(path.read_text())["streaming"])]
    assert "helpTxt" in read(path.read_text().replace("helpText", "helpTxt")).stderr


@pytest.mark.engines
def test_the_launcher_builds_the_job() -> None:
    """As the template's launcher calls it, but that nothing is sent."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("GOOGLE_")}
    words = ["--runner=DataflowRunner", "--project=proj", "--region=europe-west1", "--temp_location=gs://bucket/tmp", "--dry_run=True"]
    words += [f"--{name}={GIVEN[name]}" for name in ("inputs", "output", "sdk_container_image")]
    done = subprocess.run(
        [sys.executable, FOLDER / "main.py", *words],
        env={**env, "PYTHONPATH": str(TOP / ".src")},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["containers"] == [IMAGE]
