"""`newsbeam explain`: one document and what each processor did to it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import orjson
from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from newsbeam.config.recipe import Recipe
from newsbeam.console.explanation import (
    LEGEND,
    STYLES,
    boilerplate_table,
    describe_changes,
    header,
    marked_text,
    shorten,
    text_of,
    translation_table,
)
from newsbeam.console.terminal import escape_controls
from newsbeam.errors import ExplainError
from newsbeam.inputs.discovery import discover
from newsbeam.inputs.reader import Reader
from newsbeam.inputs.work_units import plan_work_units
from newsbeam.storage.output_folders import is_newsbeam_output
from newsbeam.transforms.boilerplate import Boilerplate
from newsbeam.transforms.document import Document, Dropped, Failed, Raw
from newsbeam.transforms.fields import USUAL_NAMES, RowOptions
from newsbeam.transforms.processor import Chain, DocumentTimeout, Outcome, Processor
from newsbeam.transforms.records import without_annotations
from newsbeam.transforms.translation import Translate
from newsbeam.workers.limits import late, run_limited, time_limit

TIME_LIMIT = 60.0
"""Seconds: a user is waiting."""


@dataclass
class _Watch:
    """The document after each processor."""

    after: list[tuple[Processor, Document]] = field(default_factory=list)

    def around(self, processor: Processor) -> Any:
        """Wrap a processor so that its results are kept."""
        return _Watched(processor, self)


class _Watched:
    def __init__(self, processor: Processor, watch: _Watch) -> None:
        self.name, self.effect = processor.name, processor.effect
        self._processor, self._watch = processor, watch

    def __call__(self, document: Document) -> Any:
        result = self._processor(document)
        if isinstance(result, Document):
            self._watch.after.append((self._processor, result))
        return result


@dataclass(frozen=True)
class Wanted:
    """The document to explain: by id, by url, or the `number`-th of the file."""

    number: int = 1
    id: str = ""
    url: str = ""

    def __str__(self) -> str:
        return f"with the id {self.id}" if self.id else f"with the url {self.url}" if self.url else str(self.number)


def explain(path: str, wanted: Wanted, recipe: Recipe, rows: RowOptions = USUAL_NAMES, as_it_is: bool = False) -> int:
    """Show one document of a file or an output folder, and return the exit status.

    Args:
        path: the file or output folder.
        wanted: which of its documents.
        recipe: the processors to run.
        rows: how to read the fields of rows.
        as_it_is: show a record of newsbeam's own without running the recipe.

    Raises:
        ExplainError: there is no such document.
    """
    raw = _find(path, wanted, rows)
    if as_it_is and (record := _decoded(raw, rows)) is not None and record.processed_before:
        _show_record(raw, record)
        return 0
    watch = _Watch()
    chain = recipe.chain(rows=rows)
    chain = replace(chain, processors=tuple(watch.around(processor) for processor in chain.processors))
    outcome = _in_time(raw, chain)
    console = Console(highlight=False, soft_wrap=False)
    console.print(Rule(text_of(raw.origin), align="left"))
    first = _decoded(raw, rows)
    if first is not None:
        console.print(header(first))
    before = without_annotations(first) if first is not None else None
    for processor, document in watch.after:
        console.print(Rule(text_of((processor.name, "bold"), f" {processor.effect}"), align="left", style="dim"))
        if isinstance(processor, Boilerplate) and before is not None:
            console.print(boilerplate_table(processor.explain(before)))
        if isinstance(processor, Translate) and before is not None:
            console.print(translation_table(processor.explain(before), document))
        for line in describe_changes(before, document):
            console.print(line)
        before = document
    result = outcome.result
    if isinstance(result, Dropped):
        console.print(Rule(Text("dropped", "bold yellow"), align="left"))
        console.print(text_of(f"{result.stage} dropped it: {result.reason}"))
    elif isinstance(result, Failed):
        console.print(Rule(Text("failed", "bold red"), align="left"))
        console.print(text_of(f"at {result.stage}: {result.error}: {result.message}"))
        if result.trace:
            console.print(Text(escape_controls(result.trace, lines=True), style=STYLES["note"]))
    else:
        console.print(Rule(LEGEND, align="left"))
        console.print(marked_text(result, first))
    return 0


def _in_time(raw: Raw, chain: Chain) -> Outcome:
    """Run the chain within TIME_LIMIT of processor time and clock time per MB."""

    def alarm(_number: int, _frame: object) -> None:
        raise DocumentTimeout(late(raw, TIME_LIMIT))

    before = signal.signal(signal.SIGALRM, alarm)
    signal.setitimer(signal.ITIMER_REAL, time_limit(raw, TIME_LIMIT))
    try:
        return run_limited(raw, chain, TIME_LIMIT)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _show_record(raw: Raw, record: Document) -> None:
    console = Console(highlight=False, soft_wrap=False)
    console.print(Rule(text_of(raw.origin), align="left"))
    console.print(text_of(f"a record written by {_made_by(raw)} from {record.metadata.origin}; add --recipe FILE to process it again"))
    console.print(header(record))
    if record.removed:
        table = Table(expand=True, show_edge=False, pad_edge=False)
        table.add_column("line", justify="right", no_wrap=True)
        table.add_column("as", no_wrap=True)
        table.add_column("removed", style="red", ratio=1)
        for removal in record.removed:
            table.add_row(str(removal.line) if removal.line >= 0 else "", text_of(removal.kind), text_of(shorten(removal.text, 160)))
        console.print(table)
    bare = replace(without_annotations(record), site="", credits=())
    for line in describe_changes(bare, record):
        console.print(line)
    console.print(Rule(LEGEND, align="left"))
    console.print(marked_text(replace(record, removed=()), None))


def _made_by(raw: Raw) -> str:
    about = orjson.loads(raw.payload)["metadata"]
    return str(about["processed_by"])


def _find(path: str, wanted: Wanted, rows: RowOptions) -> Raw:
    if os.path.isdir(path) and not is_newsbeam_output(path):
        raise ExplainError(f"{path} is a folder; name one file or the output folder of a run")
    found = discover([path])
    reader = Reader(256 << 20, rows=rows)
    raws: Iterator[Raw] = (raw for share in plan_work_units(found.sources) for bundle in reader.read(share) for raw in bundle.raws)
    if wanted.id or wanted.url:
        raws = (raw for raw in raws if _is_wanted(raw, wanted, rows))
    raw = next(islice(raws, wanted.number - 1, None), None)
    if raw is None:
        raise ExplainError(f"{path} has no record {wanted}")
    return raw


def _is_wanted(raw: Raw, wanted: Wanted, rows: RowOptions) -> bool:
    sought = (wanted.id.removeprefix("sha256:") or wanted.url).encode()
    if raw.form == "json" and b"\\" not in raw.payload and sought not in raw.payload and wanted.id:
        return False  # decoding all records without the id would take minutes
    document = _decoded(raw, rows)
    if document is None:
        return False
    if wanted.id:
        return document.id.startswith(wanted.id) or document.id.partition(":")[2].startswith(wanted.id)
    return document.url == wanted.url


def _decoded(raw: Raw, rows: RowOptions) -> Document | None:
    from newsbeam.transforms.decode import DecodeError, decode

    try:
        document = decode(raw, rows=rows) if not raw.error and not raw.drop else None
    except DecodeError:
        return None  # `outcome` has the error
    return document if isinstance(document, Document) else None
