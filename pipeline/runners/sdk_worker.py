"""Beam's worker process on a machine of a cluster.

It runs where Beam would start a container.

It asks the runner for the options of the job and starts Beam's worker in the environment that it is installed in. Whatever a job
needs is installed there; nothing is staged. It exits when its runner does, even if the runner was killed.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

POLL_SECONDS = 0.5
"""Seconds between checks that the parent process is alive."""

ANSWER_SECONDS = 60
"""Time limit for the runner's answer with the options of the job."""


@dataclass(frozen=True, slots=True)
class WorkerEndpoints:
    """The worker's id, and the services to connect to, as HOST:PORT.

    The runner gave it the id. "" means to ask the provision service.
    """

    id: str
    provision: str
    logging: str = ""
    control: str = ""


def run_worker(endpoints: WorkerEndpoints) -> None:
    """Work for one job until the runner closes the connection."""
    parent = os.getppid()
    threading.Thread(target=_exit_with, args=(parent,), daemon=True).start()
    folder = os.environ.get("NEWSBEAM_FOLDER", "")
    if os.path.isdir(folder):
        # The run was started there: relative paths start from it, and a recipe may name a processor in one of its modules.
        os.chdir(folder)
    os.environ.update(_environment(endpoints))
    from apache_beam.runners.worker import sdk_worker_main  # takes two seconds, and the runner may not wait that long for an answer

    sdk_worker_main.main([])


def _environment(endpoints: WorkerEndpoints) -> dict[str, str]:
    """The environment variables of Beam's worker.

    They are the same as those that Beam's own boot program sets.
    """
    import grpc
    from apache_beam.portability.api import beam_provision_api_pb2, beam_provision_api_pb2_grpc, endpoints_pb2
    from google.protobuf import json_format, text_format

    # The runner identifies its workers by this header.
    with grpc.insecure_channel(endpoints.provision) as channel:
        service = beam_provision_api_pb2_grpc.ProvisionServiceStub(channel)
        request = beam_provision_api_pb2.GetProvisionInfoRequest()
        metadata = [("worker_id", endpoints.id)]
        answer = service.GetProvisionInfo(request, timeout=ANSWER_SECONDS, wait_for_ready=True, metadata=metadata)
    info = answer.info

    def descriptor(given: str, default: object) -> str:
        return str(text_format.MessageToString(endpoints_pb2.ApiServiceDescriptor(url=given) if given else default))

    environment = {
        "WORKER_ID": endpoints.id,
        "PIPELINE_OPTIONS": json.dumps(json_format.MessageToDict(info.pipeline_options)),
        "LOGGING_API_SERVICE_DESCRIPTOR": descriptor(endpoints.logging, info.logging_endpoint),
        "CONTROL_API_SERVICE_DESCRIPTOR": descriptor(endpoints.control, info.control_endpoint),
        "RUNNER_CAPABILITIES": " ".join(info.runner_capabilities),
    }
    if info.status_endpoint.url:
        environment["STATUS_API_SERVICE_DESCRIPTOR"] = descriptor("", info.status_endpoint)
    return environment


def _exit_with(parent: int, end: Callable[[int], NoReturn] = os._exit) -> None:
    """Exit at once when `parent` is no longer the parent process.

    The runner was killed.

    Otherwise Beam's worker would finish its work beside the worker that repeats it elsewhere. The processes of the chain exit
    when their pipe closes.
    """
    while os.getppid() == parent:
        time.sleep(POLL_SECONDS)
    end(1)
