"""`newsbeam watch`: follows folders, and does each version of each file once.

    look ─► files that are whole ─ read ─► bundles ─ pool ─► lines ─ commit (0.5 s, 8 MB) ─► ledger ─ publish ─► files

The chain runs in the worker processes that a Beam run has too (`newsbeam.workers.pool`), and what is read comes from the same reader; but
no Beam pipeline is built. On one machine without a server Beam has nothing to add here: its local runner takes bounded
inputs only, so each batch would be a pipeline of its own, which costs 0.24 s of a core each, starts new workers, and ends
with all of them waiting for the slowest document; the 2 s for importing it and its 130 MB come on top. Here files flow
through without a barrier. What decides that something is done, the ledger, would be outside of Beam either way.
"""

from __future__ import annotations

import argparse
import errno
import os
import sqlite3
import stat
from importlib.metadata import version

from newsbeam.config import recipe, recipe_parser
from newsbeam.config.job import FORMAT_BY_COMPRESSION, Job, WorkerConfig
from newsbeam.errors import InputError, LedgerError, UsageError
from newsbeam.inputs import discovery
from newsbeam.outputs import folder, lock
from newsbeam.storage import filesystem, output_layout
from newsbeam.watching.batching import WorkItem
from newsbeam.watching.ledger import Ledger
from newsbeam.watching.metrics import serve_metrics
from newsbeam.watching.scanner import FolderScanner
from newsbeam.watching.status_line import StatusReporter
from newsbeam.watching.watcher import StopRequest, Watcher
from newsbeam.workers.pool import Pool, available_cores


def watch(arguments: argparse.Namespace) -> int:
    """`newsbeam watch`. Returns the exit status; raises UsageError."""
    stop = StopRequest()
    chosen = _recipe(arguments.recipe)
    output = arguments.output.removeprefix("file://")
    inputs = [word.removeprefix("file://") for word in arguments.inputs]
    _check_places(inputs, output)
    job = Job(
        setup=WorkerConfig(chosen, arguments.added or "", arguments.time_limit, version("newsbeam"), rows=arguments.rows),
        output=output,
        format=FORMAT_BY_COMPRESSION[arguments.compress],
        workers=arguments.workers or available_cores(),
        max_bytes=arguments.max_document_mb << 20,
        statuses=arguments.http_status,
        shard_bytes=arguments.rotate_mb << 20,
        name=discovery.folder_name(os.path.join(inputs[0], "x")) if os.path.isdir(inputs[0]) else discovery.folder_name(inputs[0]),
    )
    teller = StatusReporter(arguments.progress)
    with lock.locked(output):
        _check_output(output)
        # First of all: the workers load what they need while the state is put right.
        pool: Pool[WorkItem] = Pool(job.setup, job.workers)
        try:
            return _watch(arguments, job, inputs, pool, teller, stop)
        finally:
            pool.close()


def _watch(
    arguments: argparse.Namespace, job: Job, inputs: list[str], pool: Pool[WorkItem], teller: StatusReporter, stop: StopRequest
) -> int:
    """The rest of it, with the output folder locked."""
    output = job.output
    try:
        ledger = Ledger(job)
    except LedgerError as error:
        raise UsageError(str(error)) from error
    except (OSError, sqlite3.DatabaseError) as error:
        raise UsageError(f"--output {output} cannot be written to: {error}") from error
    for note in ledger.notes:
        teller.note(note)
    watcher = Watcher(
        job, pool, ledger, FolderScanner(inputs, output, arguments.settle, ledger.known()), arguments.rotate_seconds, teller, stop
    )
    try:
        with serve_metrics(arguments.metrics_port, watcher.status) as port:
            if port:
                teller.note(f"metrics are at http://127.0.0.1:{port}/metrics")
            return watcher.go()
    except OSError as error:
        if error.errno in (errno.EADDRINUSE, errno.EACCES) and error.filename is None:
            raise UsageError(f"--metrics-port {arguments.metrics_port} cannot be listened on: {error.strerror}") from error
        raise
    finally:
        ledger.close()


def _recipe(path: str | None) -> recipe.Recipe:
    chosen = recipe_parser.load(path)
    if chosen.site_template is not None:
        raise UsageError(recipe.UNBOUNDED_WITH_SITE_TEMPLATE)
    return chosen


def _check_places(inputs: list[str], output: str) -> None:
    """Can these be followed, and that be written to? Raises UsageError."""
    for path in (*inputs, output):
        if filesystem.is_remote(path):
            raise UsageError(f"{path}: watch follows folders of this machine, and writes to one")
    folder.check_places(output)
    for path in inputs:
        if os.path.isdir(path):
            if os.path.realpath(path) == os.path.realpath(output):
                raise UsageError(f"{path} is the output folder itself; name another with --output")
        elif os.path.exists(path):
            if not stat.S_ISREG(os.stat(path).st_mode):
                raise UsageError(f"{path} is no regular file, nor a folder")
        else:
            try:
                discovery.discover([path])  # says what was probably meant
            except InputError as error:
                if not str(error).startswith("nothing matches"):
                    raise UsageError(str(error)) from error


def _check_output(output: str) -> None:
    """Raises UsageError where somebody else's results or files are, which watch would be mixed up with or write over."""
    folder.check_state(os.path.join(output, output_layout.WATCH_STATE_DIR))
    folder.check_command(output, "watch")
    # Its state may be lost, and is built anew: the manifest says whose the folder is.
    if not os.path.exists(os.path.join(output, output_layout.WATCH_STATE_DIR)) and not output_layout.is_watched(
        output_layout.read_manifest(output)
    ):
        folder.check_strangers(output)
    folder.make_state(os.path.join(output, output_layout.WATCH_STATE_DIR))
