"""What a person at the terminal sees of a run: the bar while it goes on, the table when it is done, the list of processors."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import MISSING, fields, is_dataclass
from threading import Event, Thread
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from pipeline.progress import NOW
from transforms.processor import ProcessorNotFound, find, installed, is_option


@contextmanager
def progress_bar(total_bytes: int) -> Iterator[None]:
    """A bar on standard error: documents done, documents a second, time left. Gone when the run is."""
    columns = (
        TextColumn("newsbeam"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%  {task.fields[done]:,} documents  {task.fields[rate]:,.0f}/s  {task.fields[failed]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("run", total=max(total_bytes, 1), done=0, rate=0.0, failed="")

        began = bar.get_time()

        def look() -> None:
            failed = f"{NOW.failed:,} failed" if NOW.failed else ""
            rate = NOW.finished / max(bar.get_time() - began, 0.1)
            bar.update(task, completed=min(NOW.bytes_done(), total_bytes), done=NOW.finished, rate=rate, failed=failed)

        with _repeated(look, 0.2):
            yield


@contextmanager
def waiting(where: str, so_far: Callable[[], tuple[int, int]]) -> Iterator[None]:
    """A line on standard error while work is done elsewhere: parts finished, documents in them, asked for every two seconds."""
    columns = (TextColumn(f"newsbeam on {escape(where)}  {{task.fields[done]:,}} documents in {{task.fields[parts]:,}} finished parts"),)
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True) as line:
        task = line.add_task("run", total=None, done=0, parts=0)

        def look() -> None:
            parts, done = so_far()
            line.update(task, done=done, parts=parts)

        with _repeated(look, 2):
            yield


@contextmanager
def _repeated(look: Callable[[], None], seconds: float) -> Iterator[None]:
    """`look` is called every so many seconds meanwhile, in a thread of its own."""
    stop = Event()

    def follow() -> None:
        while not stop.wait(seconds):
            look()

    thread = Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def summary(manifest: dict[str, Any], output: str) -> None:
    """The table at the end of a run, and as the last line the account."""
    details: dict[str, int] = manifest["details"]
    counts: dict[str, int] = manifest["counts"]
    written = sum(file["bytes"] for file in manifest["files"] if file["name"].startswith("documents"))
    rows: list[tuple[str, str]] = [
        ("input", _top(details, "input/")),
        *([("fields", taken)] if (taken := _top(details, "field/")) else []),
        ("languages", _top(details, "language/")),
        ("removed", _top(details, "removed/")),
        ("translated", _translated(details)),
        ("attributions", f"{details.get('attributions', 0):,}, credits {details.get('credits', 0):,}"),
        ("dropped", _top(details, "reason/") or "none"),
        ("failed", _top(details, "error/") or "none"),
        ("slowest", _slowest(manifest["timings"])),
        ("records", f"{output}/documents-*: {_bytes(written)} of JSON"),
    ]
    if counts["dead_letters"]:
        rows.append(("again", f"newsbeam replay {output}"))
    for note in absent_fields(details):
        print(f"newsbeam: {note}", file=sys.stderr)
    table = Table(box=box.SIMPLE, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in rows:
        table.add_row(name, escape(text or "–"))
    Console().print(table)
    print(manifest["account"], flush=True)


def absent_fields(details: dict[str, int]) -> list[str]:
    """A sentence for each key that `--field` names and no row has."""
    notes = []
    for key, number in sorted(details.items()):
        option = key.removeprefix("no field/")
        field = option.partition("=")[0]
        if option != key and not any(other.startswith(f"field/{field} from ") for other in details):
            notes.append(f"--field {option}: none of the {number:,} rows has it; newsbeam explain FILE shows the keys of a row")
    return notes


def _top(details: dict[str, int], prefix: str, most: int = 12) -> str:
    of_kind = [(number, key.removeprefix(prefix)) for key, number in details.items() if key.startswith(prefix)]
    of_kind.sort(key=lambda one: (-one[0], one[1]))
    shown = ", ".join(f"{what} {number:,}" for number, what in of_kind[:most])
    rest = of_kind[most:]
    return shown + (f", {len(rest)} more kinds {sum(number for number, _ in rest):,}" if rest else "")


def _translated(details: dict[str, int]) -> str:
    verdicts = {key.partition("/")[2]: number for key, number in details.items() if key.startswith("translation/")}
    return ", ".join(f"{verdict} {verdicts[verdict]:,}" for verdict in ("translated", "original", "unknown") if verdict in verdicts)


def _slowest(timings: dict[str, dict[str, Any]]) -> str:
    ordered = sorted(timings.items(), key=lambda item: -float(item[1]["seconds"]))
    return ", ".join(f"{name} {1000 * of['seconds'] / max(of['documents'], 1):.2f} ms a document" for name, of in ordered[:3])


def _bytes(count: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def list_processors() -> None:
    """Each installed processor: its name, what it does to a document, where it comes from, its options."""
    console = Console(highlight=False)
    for name, point in installed().items():
        origin = f"{point.dist.name} {point.dist.version}" if point.dist else "unknown distribution"
        console.print(f"[bold]{escape(name)}[/]  [dim]{escape(origin)}, {escape(point.value)}[/]")
        try:
            cls = find(name)
        except ProcessorNotFound as error:
            console.print(f"  [red]broken[/]: {escape(str(error))}")
            continue
        about = " ".join((cls.__doc__ or "").strip().partition("\n\n")[0].split())
        console.print(f"  {cls.effect}; options: {escape(_options(cls) or 'none')}", soft_wrap=True)
        console.print(f"  {escape(about)}", soft_wrap=True)


def _options(cls: Any) -> str:
    if not is_dataclass(cls):
        return ""
    return ", ".join(
        field.name if field.default is MISSING else f"{field.name}={field.default!r}" for field in fields(cls) if is_option(field)
    )
