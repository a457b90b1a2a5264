"""The command `newsbeam-sdk-worker`: Beam's worker process on a machine of a cluster, where Beam would want a container.

An engine starts it with `--environment_type PROCESS` and Beam's boot arguments. It asks the engine for the options of the job and
starts Beam's worker in the environment that it is installed in: what a job needs is installed there, nothing is staged. It ends
when its engine does, even one that was killed and could not tell it to.
"""

from __future__ import annotations

import argparse
import json
import os
import threading
import time
from collections.abc import Callable, Sequence
from typing import NoReturn

LOOK_SECONDS = 0.5
"""How often it is looked whether the engine is still there."""

ANSWER_SECONDS = 60
"""How long the engine may take to say what the job's options are."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Work for one job until the engine closes the connection."""
    engine = os.getppid()
    known = _parser().parse_known_args(arguments)[0]
    threading.Thread(target=_end_with, args=(engine,), daemon=True).start()
    folder = os.environ.get("NEWSBEAM_FOLDER", "")
    if os.path.isdir(folder):
        # Where the run was started: relative paths are below it, and a recipe may name a processor in a module there.
        os.chdir(folder)
    os.environ.update(_environment(known))
    from apache_beam.runners.worker import sdk_worker_main  # two seconds, of which the engine may not be there for all

    sdk_worker_main.main([])


def _parser() -> argparse.ArgumentParser:
    """Beam's boot arguments. An engine newer than this may give more: they are passed over."""
    parser = argparse.ArgumentParser("newsbeam-sdk-worker", description=__doc__, allow_abbrev=False)
    parser.add_argument("--id", required=True, help="what the engine calls this worker")
    parser.add_argument("--provision_endpoint", required=True, metavar="HOST:PORT")
    for name in ("logging", "control"):
        parser.add_argument(f"--{name}_endpoint", default="", metavar="HOST:PORT", help="default: what the provision service says")
    return parser


def _environment(known: argparse.Namespace) -> dict[str, str]:
    """What Beam's worker reads from its environment, as Beam's own boot program sets it."""
    import grpc
    from apache_beam.portability.api import beam_provision_api_pb2, beam_provision_api_pb2_grpc, endpoints_pb2
    from google.protobuf import json_format, text_format

    # The engine tells its workers apart by this header alone.
    with grpc.insecure_channel(known.provision_endpoint) as channel:
        service = beam_provision_api_pb2_grpc.ProvisionServiceStub(channel)
        request = beam_provision_api_pb2.GetProvisionInfoRequest()
        answer = service.GetProvisionInfo(request, timeout=ANSWER_SECONDS, wait_for_ready=True, metadata=[("worker_id", known.id)])
    info = answer.info

    def endpoint(name: str) -> str:
        given: str = getattr(known, f"{name}_endpoint")
        found = endpoints_pb2.ApiServiceDescriptor(url=given) if given else getattr(info, f"{name}_endpoint")
        return str(text_format.MessageToString(found))

    environment = {
        "WORKER_ID": known.id,
        "PIPELINE_OPTIONS": json.dumps(json_format.MessageToDict(info.pipeline_options)),
        "LOGGING_API_SERVICE_DESCRIPTOR": endpoint("logging"),
        "CONTROL_API_SERVICE_DESCRIPTOR": endpoint("control"),
        "RUNNER_CAPABILITIES": " ".join(info.runner_capabilities),
    }
    if info.status_endpoint.url:
        environment["STATUS_API_SERVICE_DESCRIPTOR"] = str(text_format.MessageToString(info.status_endpoint))
    return environment


def _end_with(engine: int, end: Callable[[int], NoReturn] = os._exit) -> None:
    """End this process at once when its parent is another than `engine`: the engine was killed.

    Beam's worker would otherwise finish what it has begun, beside the one that does the same again elsewhere. The processes of
    the chain end when their pipe closes.
    """
    while os.getppid() == engine:
        time.sleep(LOOK_SECONDS)
    end(1)
