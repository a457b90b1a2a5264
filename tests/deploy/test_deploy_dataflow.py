"""`--runner dataflow`: the job as Beam would submit it, built without network or credentials. No job was ever sent from here."""

from __future__ import annotations

import base64
import bz2
import json
import os
import pickletools
import platform
import re
import subprocess
import sys
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest

from newsbeam.runners import dataflow, dry_run

TOP = Path(__file__).parents[2]

PLACES = ["gs://bucket/pages", "gs://bucket/more/*.warc.gz", "--output", "gs://bucket/out"]
IMAGE = "europe-docker.pkg.dev/proj/images/newsbeam:0.2.0"
GIVEN = {"project": "proj", "region": "europe-west1", "temp_location": "gs://bucket/tmp", "sdk_container_image": IMAGE}
OPTIONS = [word for name, value in GIVEN.items() for word in (f"--{name}", value)]

# The command in a process that has no network: whoever asks for an address or a connection ends it.
OFFLINE = """
import os, socket, sys

def none(*address, **more):
    print("ASKED FOR THE NETWORK", address, file=sys.stderr, flush=True)
    os._exit(9)

socket.getaddrinfo = socket.create_connection = socket.socket.connect = socket.socket.connect_ex = none
"""
COMMAND = "from newsbeam.cli.main import main\nsys.exit(main(sys.argv[1:]))\n"


def offline(program: str, *words: str) -> subprocess.CompletedProcess[str]:
    """A program in a process of its own, with neither network nor credentials."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("GOOGLE_", "CLOUDSDK_"))}
    command = [sys.executable, "-c", OFFLINE + program, *words]
    return subprocess.run(command, cwd=TOP, env={**env, "HOME": "/nonexistent"}, capture_output=True, text=True, timeout=600, check=False)


# --- everywhere -----------------------------------------------------------------------------------------------------


def test_what_is_missing_is_named_all_at_once() -> None:
    with pytest.raises(ValueError, match="--runner dataflow requires") as said:
        dataflow.preset({"region": "europe-west1"})
    assert re.findall(r"^  --(\w+): \S", str(said.value), re.M) == ["project", "temp_location", "sdk_container_image"]


@pytest.mark.parametrize("place", ["/tmp", "bucket/tmp", "gs://bucket", "s3://bucket/tmp", "gs://b/tmp"])
def test_a_place_for_temporary_files_that_is_none(place: str) -> None:
    with pytest.raises(ValueError, match=f"--temp_location '{place}' is not a folder in a bucket"):
        dataflow.preset({**GIVEN, "temp_location": place})


@pytest.mark.parametrize(("value", "dry"), [("True", True), (True, True), ("yes", True), ("False", False), ("no", False), (False, False)])
def test_whether_a_run_is_dry(value: object, dry: bool) -> None:
    assert dry_run.is_dry({"dry_run": value}) is dry
    assert not dry_run.is_dry({})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["seeds", "-o", "gs://bucket/out", "--runner", "dataflow"], "seeds is on this machine, where Dataflow's workers cannot reach it"),
        (["gs://bucket/in", "-o", "out", "--runner", "dataflow"], "out is on this machine"),
        pytest.param(
            ["gs://bucket/in", "-o", "gs://bucket/out", "--runner", "dataflow"],
            "--sdk_container_image: an image that contains newsbeam",
            marks=pytest.mark.engines,  # the missing extra would be told first
        ),
        (["seeds", "-o", "out", "--dry_run=True"], "--dry_run requires --runner dataflow (got direct)"),
        (["seeds", "-o", "out", "--runner", "flink", "--dry_run=True"], "--dry_run requires --runner dataflow (got flink)"),
    ],
)
def test_what_cannot_be_sent(words: list[str], said: str) -> None:
    done = offline(COMMAND, "run", *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_replay_is_not_run_dry() -> None:
    done = offline(COMMAND, "replay", "gs://bucket/out", "--runner", "dataflow", *OPTIONS, "--dry_run=True")
    assert done.returncode == 2
    assert "--dry_run is not available for replay" in done.stderr


# --- with Google's client libraries ---------------------------------------------------------------------------------


def built(*words: str) -> Any:
    """What a dry run of the command says."""
    done = offline(COMMAND, "run", *PLACES, "--runner", "dataflow", *OPTIONS, "--dry_run=True", *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def job() -> Any:
    """The job of a bounded run with the default recipe."""
    return built()


def stages_with(job: Any, step: str) -> list[int]:
    return [number for number, stage in enumerate(job["stages"]) if step in stage["steps"]]


@pytest.mark.engines
def test_the_job_that_would_be_sent(job: Any) -> None:
    assert job["type"] == "batch"
    assert job["containers"] == [IMAGE]
    assert job["needs in the container"]["python"] == ".".join(platform.python_version_tuple()[:2])
    options = job["options"]
    assert {name: options[name] for name in ("project", "region", "sdk_container_image")} == {
        name: GIVEN[name] for name in ("project", "region", "sdk_container_image")
    }
    assert options["temp_location"].startswith("gs://bucket/tmp/")
    assert options["number_of_worker_harness_threads"] == 1
    assert options["save_main_session"] is False
    assert "use_runner_v2" in options["experiments"]


@pytest.mark.engines
@pytest.mark.parametrize("words", [["--number_of_worker_harness_threads", "3", "--max_num_workers", "7"]])
def test_any_option_of_beams_goes_through(words: list[str]) -> None:
    options = built(*words)["options"]
    assert options["number_of_worker_harness_threads"] == 3
    assert options["max_num_workers"] == 7


@pytest.mark.engines
def test_documents_are_not_shuffled_before_they_are_cleaned(job: Any) -> None:
    """Shares (a few hundred bytes each) are handed out by a shuffle; from then on reading, work and writing are one stage."""
    (working,) = stages_with(job, "process/work")
    stage = job["stages"][working]
    reading, work, writing = (stage["steps"].index(step) for step in ("read", "process/work", "process/write"))
    assert reading < work < writing
    assert stage["begins with"] == "a shuffle"
    assert "read" not in [step for number in stage["after"] for step in job["stages"][number]["steps"]]
    # What is gathered after it is the names of parts, in one place.
    (last,) = stages_with(job, "publish/publish")
    assert job["stages"][last]["steps"][0] == "publish/gather"


@pytest.mark.engines
def test_two_passes_wait_for_each_other(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("site_template: true\nprocessors: [boilerplate, length]\n")
    job = built("--recipe", str(recipe))
    (counting,) = stages_with(job, "site template/count")
    (kept,) = stages_with(job, "site template/keep")
    (working,) = stages_with(job, "process/work")
    assert counting != working
    assert kept in job["stages"][working]["after"]
    assert "read to count" in job["stages"][counting]["steps"]


@pytest.mark.engines
def test_a_stream_from_pub_sub() -> None:
    source = ["--source", "pubsub://projects/project-1/subscriptions/pages", "--output", "gs://bucket/out"]
    done = offline(COMMAND, "run", *source, "--runner", "dataflow", *OPTIONS, "--dry_run=True")
    assert done.returncode == 0, done.stderr
    job = json.loads(done.stdout)
    assert job["type"] == "streaming"
    assert job["containers"] == [IMAGE]
    assert job["options"]["streaming"] is True
    assert "enable_streaming_engine" in job["options"]["experiments"]
    # From the subscription to the records without a shuffle; then by key, once to know what came before, once by window.
    (working,) = stages_with(job, "newsbeam/work")
    assert job["stages"][working]["begins with"] == "pubsub_read"
    (once,), (gathering,) = stages_with(job, "newsbeam/once"), stages_with(job, "newsbeam/gather")
    assert job["stages"][once]["begins with"] == job["stages"][gathering]["begins with"] == "a shuffle"
    assert job["stages"][once]["after"] == [working]


@pytest.mark.engines
def test_a_subscription_that_google_would_not_take() -> None:
    words = ["--source", "pubsub://projects/p/subscriptions/pages", "--output", "gs://bucket/out", "--runner", "dataflow"]
    done = offline(COMMAND, "run", *words, *OPTIONS, "--dry_run=True")
    assert done.returncode == 2
    assert "Invalid PubSub project name: 'p'" in done.stderr


# Run offline: what Beam would have put into the request, and what is pickled into the graph.
INSIDE = """
import base64, json
from newsbeam.cli import main as cli
from newsbeam.runners import dry_run as dataflow

def inside(job):
    from apache_beam.portability.api import beam_runner_api_pb2 as protos
    from apache_beam.runners.dataflow.internal import apiclient

    request = apiclient.Environment([], job.options, "8", "gs://bucket/graph", job.proto_pipeline).proto
    (pool,) = request.worker_pools
    functions = {}
    for one in job.proto_pipeline.components.transforms.values():
        if one.spec.urn == "beam:transform:pardo:v1":
            payload = protos.ParDoPayload.FromString(one.spec.payload)
            functions[one.unique_name] = payload.do_fn.payload.decode("latin-1")
    environments = list(job.proto_pipeline.components.environments.values())
    return {
        "images": [image.container_image for image in pool.sdk_harness_container_images],
        "threads": pool.num_threads_per_worker,
        "packages": [package.name for package in pool.packages],
        "staged": [len(one.dependencies) for one in environments],
        "job type": request.version["job_type"],
        "functions": functions,
    }

dataflow.described = inside
"""


@pytest.fixture(scope="module")
def request_() -> Any:
    """What would be in the request for the job."""
    done = offline(INSIDE + COMMAND, "run", *PLACES, "--runner", "dataflow", *OPTIONS, "--dry_run=True")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.engines
def test_the_workers_run_our_image_with_one_chain_a_core(request_: Any) -> None:
    assert request_["images"] == [IMAGE]
    assert request_["threads"] == 1
    assert request_["job type"] == "FNAPI_BATCH"
    # Nothing is installed when a worker starts: all is in the image.
    assert request_["packages"] == []
    assert request_["staged"] == [0]


@pytest.mark.engines
def test_what_is_pickled_into_the_graph_can_be_imported_on_the_worker(request_: Any) -> None:
    named = {name: modules(payload) for name, payload in request_["functions"].items()}
    assert {"newsbeam.batch.graph._Work"} <= named["process/work"]
    assert {"newsbeam.batch.graph._Write"} <= named["process/write"]
    assert {"newsbeam.batch.graph._Publish"} <= named["publish/publish"]
    assert {"newsbeam.inputs.reader.Reader"} <= named["read"]
    assert any(path.startswith("newsbeam.") and path.endswith(".split") for path in named["shares/split"])
    for name, mentioned in named.items():
        for path in mentioned:
            assert path.split(".")[0] not in ("__main__", "tests"), f"{name} needs {path}"
            if path.startswith("newsbeam."):
                resolve_name(path)


def modules(payload: str) -> set[str]:
    """The names that a pickled DoFn refers to, as module.name."""
    pickled = bz2.decompress(base64.b64decode(payload))
    found: set[str] = set()
    texts: list[str] = []
    kept: list[str] = []
    for operation, argument, _ in pickletools.genops(pickled):
        if operation.name == "STACK_GLOBAL":
            found.add(".".join(texts[-2:]))
        elif operation.name == "GLOBAL":
            found.add(str(argument).replace(" ", "."))
        elif operation.name == "MEMOIZE":
            kept.append(texts[-1] if texts else "")
        elif "UNICODE" in operation.name:
            texts.append(str(argument))
        elif operation.name in ("BINGET", "LONG_BINGET"):
            texts.append(kept[int(argument or 0)])
    return found
