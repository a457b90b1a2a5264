"""Wait for a job, cancel it, and report its error in one line."""

from __future__ import annotations

import re
import signal
import threading
from contextlib import suppress
from typing import Any

from newsbeam.beam_compat import READER_THREAD
from newsbeam.runners.base import Runner
from newsbeam.signals import STOP_SIGNALS


def wait(result: Any, runner: Runner) -> None:
    """Wait until a job has ended. Raises its error if it failed.

    Raises KeyboardInterrupt on Ctrl-C and SIGTERM, after cancelling the job: the machines of a cluster would continue.
    """

    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    # Beam's own handler would stop the job server first, so that the job could not be cancelled.
    before = {number: signal.signal(number, stop) for number in STOP_SIGNALS}
    threading.excepthook = _suppress_reader_thread_errors
    try:
        result.wait_until_finish()
    except KeyboardInterrupt:
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)  # once is enough
        cancel(result, runner)
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        threading.excepthook = threading.__excepthook__


def cancel(result: Any, runner: Runner) -> None:
    """Cancel a job.

    The job server or the cluster may have stopped already, which is not an error.
    """
    with suppress(Exception):
        result.cancel()
    if runner.definition.cluster is not None:
        with suppress(OSError, ValueError):
            runner.definition.cluster.cancel(result, runner.options)


def _suppress_reader_thread_errors(raised: threading.ExceptHookArgs) -> None:
    """Suppress the error of a runner's message thread at its end.

    The thread fails when the runner stops.
    """
    if raised.thread is None or raised.thread.name != READER_THREAD:
        threading.__excepthook__(raised)


def one_line_error(error: BaseException) -> str:
    """Describe an error of Beam in one line.

    This is the error itself, without its place in the graph or on the runner.
    """
    if callable(details := getattr(error, "details", None)):  # an error of a connection, whose text is a page
        return f"the connection to the runner is lost: {details()}"
    text = str(error).strip() or type(error).__name__
    of_job = re.match(r"Pipeline \S+ failed in state \w+: ", text)
    lines = [line.strip() for line in text[of_job.end() if of_job else 0 :].splitlines() if line.strip()] or [text]
    # A traceback ends with its error. A runner's own message begins with it, and its place in the runner follows.
    python = [line for line in lines if re.search(r"\[while running '", line)]
    line = python[-1] if python else lines[0 if of_job else -1]
    line = re.sub(r"(?:(?<!\s)\s+)?\[while running .*$", "", line)
    return re.sub(r"^(?:Caused by: )?(?:[a-z]\w*\.)+(?=[A-Z]\w*(?:Exception|Error)\b)|^RuntimeError: (?=\w+Error: )", "", line)
