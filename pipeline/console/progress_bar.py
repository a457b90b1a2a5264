"""The progress bar."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from newsbeam.console.terminal import escape_controls
from newsbeam.storage.progress import CURRENT


@contextmanager
def progress_bar(total_bytes: int) -> Iterator[None]:
    """Show a bar on standard error until the run ends.

    It has the number of finished documents, documents per second and the time left.
    """
    columns = (
        TextColumn("newsbeam"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%  {task.fields[done]:,} documents  {task.fields[rate]:,.0f}/s  {task.fields[failed]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("run", total=max(total_bytes, 1), done=0, rate=0.0, failed="")

        began = bar.get_time()

        def poll() -> None:
            failed = f"{CURRENT.failed:,} failed" if CURRENT.failed else ""
            rate = CURRENT.finished / max(bar.get_time() - began, 0.1)
            bar.update(task, completed=min(CURRENT.bytes_done(), total_bytes), done=CURRENT.finished, rate=rate, failed=failed)

        with _repeated(poll, 0.2):
            yield


@contextmanager
def waiting(where: str, so_far: Callable[[], tuple[int, int]]) -> Iterator[None]:
    """Show a line on standard error while a remote runner works.

    Every two seconds it polls `so_far` for the numbers of finished parts and of documents in them.
    """
    columns = (TextColumn("newsbeam on {task.description}  {task.fields[done]:,} documents in {task.fields[parts]:,} parts", markup=False),)
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True) as line:
        task = line.add_task(escape_controls(where), total=None, done=0, parts=0)

        def poll() -> None:
            parts, done = so_far()
            line.update(task, done=done, parts=parts)

        with _repeated(poll, 2):
            yield


@contextmanager
def _repeated(poll: Callable[[], None], seconds: float) -> Iterator[None]:
    """Call `poll` at an interval of `seconds` in a background thread."""
    stop = Event()

    def follow() -> None:
        while not stop.wait(seconds):
            poll()

    thread = Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
