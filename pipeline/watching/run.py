"""`newsbeam watch`: follow folders, and process each version of each file once.

    scan ─► complete files ─ read ─► bundles ─ pool ─► lines ─ commit (0.5 s, 8 MB) ─► ledger ─ publish ─► files

The reader and the worker processes (`newsbeam.workers.pool`) are those of a Beam run, but no Beam pipeline is built. On one machine
without a server Beam adds nothing: its local runner takes bounded inputs only, so each batch would be a pipeline of its own. That
costs 0.24 s of a core per batch, starts new workers, and ends with all of them waiting for the slowest document. Importing Beam costs
another 2 s and 130 MB. Here files flow without a barrier. The ledger, which decides what is done, would be outside of Beam anyway.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
from collections.abc import Sequence

from newsbeam.config import recipe, recipe_parser
from newsbeam.config.job import Job
from newsbeam.config.settings import WatchSettings
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
from newsbeam.workers.site_template import find_template


def watch(settings: WatchSettings) -> int:
    """Carry out `newsbeam watch`; the exit status. Raises UsageError."""
    stop = StopRequest()
    chosen = recipe_parser.load(settings.documents.recipe)
    if chosen.site_template is not None and settings.documents.template is None:
        raise UsageError(recipe.UNBOUNDED_WITH_SITE_TEMPLATE)
    chosen, template = find_template(settings.documents.template, chosen)
    output, first = settings.output.folder, settings.inputs[0]
    _check_places(settings.inputs, output)
    job = Job.from_settings(
        settings.documents,
        settings.output,
        chosen,
        workers=available_cores(),
        name=discovery.folder_name(os.path.join(first, "x") if os.path.isdir(first) else first),
        shard_bytes=settings.rotate_bytes,
    )
    reporter = StatusReporter(settings.progress)
    with lock.locked(output):
        _check_output(output)
        if template is not None:
            # A copy: a worker that restarts must not get other counts.
            job = template.job(job, output_layout.watch_site_template_path(output))
            try:
                template.save(job.setup.counts)
            except OSError as error:
                raise UsageError(f"cannot write to --output {output}: {error.strerror or error}") from error
        # The workers load what they need while the ledger is repaired.
        pool: Pool[WorkItem] = Pool(job.setup, job.workers)
        try:
            return _watch(settings, job, pool, reporter, stop)
        finally:
            pool.close()


def _watch(settings: WatchSettings, job: Job, pool: Pool[WorkItem], reporter: StatusReporter, stop: StopRequest) -> int:
    """Run the main loop, with the output folder locked."""
    output = job.output
    try:
        ledger = Ledger(job)
    except LedgerError as error:
        raise UsageError(str(error)) from error
    except (OSError, sqlite3.DatabaseError) as error:
        raise UsageError(f"cannot write to --output {output}: {error}") from error
    for note in ledger.notes:
        reporter.note(note)
    scanner = FolderScanner(settings.inputs, output, settings.settle_seconds, ledger.known())
    watcher = Watcher(job, pool, ledger, scanner, settings.rotate_seconds, reporter, stop)
    try:
        with serve_metrics(settings.metrics_port, watcher.status) as port:
            if port:
                reporter.note(f"metrics are at http://127.0.0.1:{port}/metrics")
            return watcher.run()
    except OSError as error:
        if error.errno in (errno.EADDRINUSE, errno.EACCES) and error.filename is None:
            raise UsageError(f"cannot listen on --metrics-port {settings.metrics_port}: {error.strerror}") from error
        raise
    finally:
        ledger.close()


def _check_places(inputs: Sequence[str], output: str) -> None:
    """Check that the inputs can be followed and the output can be written to.

    Raises UsageError.
    """
    for path in (*inputs, output):
        if filesystem.is_remote(path):
            raise UsageError(f"{path}: watch reads and writes folders on this machine only")
    folder.check_places(output)
    for path in inputs:
        if os.path.isdir(path):
            if os.path.realpath(path) == os.path.realpath(output):
                raise UsageError(f"{path} is the output folder itself; name another with --output")
        elif os.path.exists(path):
            if not stat.S_ISREG(os.stat(path).st_mode):
                raise UsageError(f"{path} is neither a regular file nor a folder")
        else:
            try:
                discovery.discover([path])  # its message suggests what was meant
            except InputError as error:
                if not str(error).startswith("nothing matches"):
                    raise UsageError(str(error)) from error


def _check_output(output: str) -> None:
    """Check that the folder holds nothing that does not belong to watch.

    Raises UsageError for other files or results.
    """
    folder.check_owner(output, "watch")
    folder.make_state(output_layout.watch_state(output))
