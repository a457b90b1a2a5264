"""The summary table at the end of a run."""

from __future__ import annotations

import builtins
import shlex
from collections.abc import Iterator

from rich import box, filesize
from rich.console import Console
from rich.table import Table
from rich.text import Text

from newsbeam.console.terminal import escape_controls, print_note
from newsbeam.inputs.reader import parse_origin
from newsbeam.storage.manifest import Failure, LittleKept, RunManifest, Timing
from newsbeam.storage.output_layout import file_pattern


def summary(manifest: RunManifest, output: str) -> None:
    """Print the table at the end of a run and, as the last line, the account."""
    details = manifest.details
    written = manifest.bytes_of("documents")
    rows: list[tuple[str, str]] = [
        ("input", _top(details, "input/")),
        *([("fields", taken)] if (taken := _top(details, "field/")) else []),
        *([("incomplete", f"{parts:,}: truncated or damaged in the archive")] if (parts := details.get("incomplete", 0)) else []),
        ("languages", _top(details, "language/")),
        ("removed", _top(details, "removed/")),
        ("translated", _translated(details)),
        ("attributions", _attributions(details)),
        ("dropped", _top(details, "reason/") or "none"),
        ("failed", _top(details, "error/") or "none"),
        ("slowest", _slowest(manifest.timings)),
        ("records", f"{output}/{file_pattern('documents')}: {filesize.decimal(written)} of JSON"),
    ]
    for note in absent_fields(details):
        print_note(note)
    table = Table(box=box.SIMPLE, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in rows:
        table.add_row(name, Text(escape_controls(text or "–")))
        if name == "failed":
            for failure in manifest.failures[:SHOWN_FAILURES]:
                table.add_row("", Text("\n").join(Text(escape_controls(line)) for line in _failure(failure, output)))
    if manifest.little_kept.documents:
        table.add_row("kept", Text("\n").join(Text(escape_controls(line)) for line in _little_kept(manifest.little_kept)))
    if any(may_pass(failure.error) for failure in manifest.failures):
        table.add_row("again", Text(escape_controls(f"newsbeam replay {shlex.quote(output)}")))
    Console(highlight=False).print(table)
    print(manifest.account, flush=True)


def absent_fields(details: dict[str, int]) -> list[str]:
    """Report each key that `--field` names and no row has."""
    notes = []
    for key, number in sorted(details.items()):
        option = key.removeprefix("no field/")
        field = option.partition("=")[0]
        if option != key and not any(other.startswith(f"field/{field} from ") for other in details):
            notes.append(f"--field {option}: none of the {number:,} rows has it; newsbeam explain FILE shows the keys of a row")
    return notes


SHOWN_FAILURES = 3


def may_pass(error: str) -> bool:
    """Return whether a retry may succeed, by the error's class name.

    Time limits, crashes and errors of the system may pass.
    """
    of_python = getattr(builtins, error, None)
    lasting = (IsADirectoryError, NotADirectoryError)
    of_system = isinstance(of_python, type) and issubclass(of_python, (OSError, MemoryError)) and not issubclass(of_python, lasting)
    return error in ("DocumentTimeout", "WorkerCrash") or of_system


def _failure(failure: Failure, output: str) -> Iterator[str]:
    """Describe one kind of failure: count, message, first document, remedy."""
    yield f"{failure.documents:,} × {failure.stage}: {failure.error}: {failure.message or 'various messages'}"
    yield f"    first: {failure.first}"
    path, number = parse_origin(failure.first)
    if failure.error == "DocumentTimeout":
        yield f"    cure: raise the time limit: newsbeam replay {shlex.quote(output)} --time-limit 60"
    elif may_pass(failure.error):
        yield f"    cure: try again: newsbeam replay {shlex.quote(output)}"
    elif failure.stage in ("read", "decode"):
        yield "    cure: download or convert the input again, or exclude it"
    else:
        record = f" -n {number}" if number else ""
        yield f"    cure: see where it fails: newsbeam explain {shlex.quote(path)}{record}, with the run's --recipe"


def _little_kept(little: LittleKept) -> Iterator[str]:
    """Describe documents that lost nearly all words: count, hosts, examples."""
    documents = "1 document" if little.documents == 1 else f"{little.documents:,} documents"
    yield f"less than 5 % of the words of {documents}:"
    hosts = [f"{one.host} {one.documents:,}" for one in little.hosts[:SHOWN_HOSTS]]
    others = little.other_hosts + sum(one.documents for one in little.hosts[SHOWN_HOSTS:])
    yield "    " + ", ".join([*hosts, *([f"others {others:,}"] if others else [])])
    yield from (f"    {'first' if number == 0 else 'then'}: {origin}" for number, origin in enumerate(little.first))


SHOWN_HOSTS = 5


Allowance = tuple[float, bool]
"""The number of documents that may fail, and whether it is a percentage."""


def trouble(manifest: RunManifest, allowed: Allowance) -> str:
    """Say why the result of a completed run is unusable, "" if it is usable.

    Either no record was written, or more documents failed than `allowed`.
    """
    account = manifest.counts
    read, failed, dropped = account.read, account.failed, account.dropped
    if read and not account.written:
        cure = "repair the inputs" if failed >= dropped else "run `newsbeam explain FILE` to see why, then change the recipe or the inputs"
        return f"no records were written: exit status 1. {read:,} read, {failed:,} failed, {dropped:,} dropped (reasons above); {cure}"
    number, percent = allowed
    if failed > (number * read / 100 if percent else number):
        limit = f"{number:g}{'%' if percent else ''}"
        return f"{failed:,} of {read:,} failed, more than --max-failed {limit} allows: exit status 1. Records that were written are kept"
    return ""


def _attributions(details: dict[str, int]) -> str:
    """The numbers of attributions and of credits.

    Of the attributions, also how many are statements, chains and of known outlets.
    """
    parts = ", ".join(f"{key} {details.get(key, 0):,}" for key in ("statements", "chains", "speakers with id"))
    return f"{details.get('attributions', 0):,} ({parts}), credits {details.get('credits', 0):,}"


def _top(details: dict[str, int], prefix: str, most: int = 12) -> str:
    of_kind = [(number, key.removeprefix(prefix)) for key, number in details.items() if key.startswith(prefix)]
    of_kind.sort(key=lambda one: (-one[0], one[1]))
    shown = ", ".join(f"{what} {number:,}" for number, what in of_kind[:most])
    rest = of_kind[most:]
    return shown + (f", {len(rest)} more kinds {sum(number for number, _ in rest):,}" if rest else "")


def _translated(details: dict[str, int]) -> str:
    verdicts = {key.partition("/")[2]: number for key, number in details.items() if key.startswith("translation/")}
    counts = [f"{verdict} {verdicts[verdict]:,}" for verdict in ("translated", "original", "unknown") if verdict in verdicts]
    if "translated" in verdicts:
        counts.insert(1, f"by style alone {details.get('translated by style alone', 0):,}")
    return ", ".join(counts)


def _slowest(timings: dict[str, Timing]) -> str:
    ordered = sorted(timings.items(), key=lambda item: -item[1].seconds)
    return ", ".join(f"{name} {1000 * timing.seconds / max(timing.documents, 1):.2f} ms a document" for name, timing in ordered[:3])
