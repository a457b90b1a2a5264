"""Wait for a job, cancel it, and say what went wrong in one line."""

from __future__ import annotations

import re
import signal
import threading
import urllib.request
from contextlib import suppress
from typing import Any

from newsbeam.beam_compat import READER_THREAD, job_id
from newsbeam.console.terminal import print_note
from newsbeam.runners.base import Runner
from newsbeam.runners.flink import rest_url, running_flink_jobs
from newsbeam.runners.job_server import ANSWER_SECONDS
from newsbeam.runners.names import RUNNERS
from newsbeam.signals import STOP_SIGNALS


def wait(result: Any, engine: Runner) -> None:
    """Wait until a job of the engine has ended; raises what it ended with.

    Raises KeyboardInterrupt on Ctrl-C and SIGTERM, after the job was cancelled: its machines would go on by themselves.
    """

    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    # Beam's own handler would end the job server first, so that nobody could be told.
    before = {number: signal.signal(number, stop) for number in STOP_SIGNALS}
    threading.excepthook = _quietly
    try:
        result.wait_until_finish()
    except KeyboardInterrupt:
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)  # once is enough
        cancel(result, engine)
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        threading.excepthook = threading.__excepthook__


def cancel(result: Any, engine: Runner) -> None:
    """Have the engine end a job; there may be nobody left to tell."""
    with suppress(Exception):
        result.cancel()
    # Beam's job server, told to cancel a job, forgets it and leaves it running on Flink (2.62).
    master = engine.options.get("flink_master", "")
    if engine.runner == RUNNERS["flink"] and not master:
        # Only its job server was named, which does not say where the cluster is.
        told = "the job may go on in the cluster: end it on Flink's own page (with --flink_master HOST:PORT as well, this is done for you)"
        print_note(told)
    with suppress(OSError, ValueError):
        for identifier in running_flink_jobs(job_id(result), master):
            request = urllib.request.Request(f"{rest_url(master)}/jobs/{identifier}?mode=cancel", method="PATCH")  # noqa: S310 - http or https
            urllib.request.urlopen(request, timeout=ANSWER_SECONDS).close()  # noqa: S310 - as above


def _quietly(what: threading.ExceptHookArgs) -> None:
    """Report what ended a thread, unless it is the one in which Beam reads the messages of an engine that has gone."""
    if what.thread is None or what.thread.name != READER_THREAD:
        threading.__excepthook__(what)


def told(error: BaseException) -> str:
    """One line for what Beam made of an error: the error itself, without where in the graph or on which engine it came up."""
    if callable(details := getattr(error, "details", None)):  # a connection's: its text is a page
        return f"the engine is gone: {details()}"
    text = str(error).strip() or type(error).__name__
    of_job = re.match(r"Pipeline \S+ failed in state \w+: ", text)
    lines = [line.strip() for line in text[of_job.end() if of_job else 0 :].splitlines() if line.strip()] or [text]
    # A traceback ends with its error, an engine's own message begins with it: below stands where in the engine it came up.
    python = [line for line in lines if re.search(r"\[while running '", line)]
    line = python[-1] if python else lines[0 if of_job else -1]
    line = re.sub(r"(?:(?<!\s)\s+)?\[while running .*$", "", line)
    return re.sub(r"^(?:Caused by: )?(?:[a-z]\w*\.)+(?=[A-Z]\w*(?:Exception|Error)\b)|^RuntimeError: (?=\w+Error: )", "", line)
