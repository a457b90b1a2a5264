"""`newsbeam sample`, `report` and `diff`."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from html import escape
from typing import Any

import orjson
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from newsbeam.console.terminal import escape_controls
from newsbeam.errors import CommandLineError, UsageError
from newsbeam.library.records import read
from newsbeam.storage.filesystem import atomic_write
from newsbeam.transforms.record_types import Record
from newsbeam.transforms.select import host_of
from newsbeam.view.compare import compare
from newsbeam.view.index import Index, temporary_index

_COLUMNS: dict[str, Callable[[Record], str]] = {
    "language": lambda record: record["language"],
    "verdict": lambda record: record["translation"]["verdict"],
    "source_language": lambda record: record["translation"]["source_language"],
    "site": lambda record: record["site"],
    "host": lambda record: host_of(record["url"]),
    "month": lambda record: record["created"][:7],
    "source": lambda record: record["source"],
}


def sample(path: str, count: int, seed: int, where: Sequence[str]) -> int:
    """Print records drawn at random, one line of JSON each; the exit status.

    Args:
        path: an output folder or one of its files.
        count: how many.
        seed: the same seed draws the same records.
        where: conditions such as `language=ko`.

    Raises:
        CommandLineError: a condition is wrong.
        InputError: there are no records.
    """
    wanted = [_condition(word) for word in where]
    chance = random.Random(seed)  # noqa: S311 - a sample to read, no secret
    kept: list[Record] = []
    seen = 0
    for record in read(path):  # reservoir sampling: one pass, in the memory of the sample
        if all(column(record) == value for column, value in wanted):
            seen += 1
            if len(kept) < count:
                kept.append(record)
            elif (place := chance.randrange(seen)) < count:
                kept[place] = record
    for record in kept:
        print(orjson.dumps(record).decode())
    return 0


def _condition(word: str) -> tuple[Callable[[Record], str], str]:
    key, mark, value = word.partition("=")
    if not mark or key not in _COLUMNS:
        raise CommandLineError(f"--where {word}: write COLUMN=VALUE, with one of the columns {', '.join(_COLUMNS)}")
    return _COLUMNS[key], value


def report(paths: Sequence[str], target: str | None) -> int:
    """Print what is in a run, or write it to an .html or .md file; the exit status.

    Raises:
        InputError: there are no records.
        UsageError: the file cannot be written.
    """
    with _loaded(paths) as index:
        corpus = index.corpus()
        blocks = [(_NAMES.get(key, key), rows) for key, rows in corpus["columns"].items()]
        blocks += [(key, corpus[key]) for key in ("removed", "dropped", "failed")]
        chains = [{"value": f"{one['teller']} ← {one['source']}", "documents": one["documents"]} for one in index.chains(30)]
        blocks.append(("chains", chains))
        account = {key: sum(row["documents"] for row in corpus[key]) for key in ("dropped", "failed")}
        line = f"{corpus['written']:,} records, {account['dropped']:,} dropped, {account['failed']:,} failed"
    blocks = [(name, rows[:_SHOWN]) for name, rows in blocks if any(row["value"] for row in rows)]
    if target is None:
        _print_report(line, blocks)
        return 0
    text = _as_html(line, blocks) if target.endswith((".html", ".htm")) else _as_markdown(line, blocks)
    try:
        with atomic_write(target) as stream:
            stream.write(text.encode("utf-8", "replace"))
    except OSError as error:
        raise UsageError(f"cannot write --to {target}: {error.strerror or error}") from error
    print(f"{target}: {line}")
    return 0


_NAMES = {"source_language": "translated from"}
_SHOWN = 25


def _print_report(line: str, blocks: Sequence[tuple[str, list[dict[str, Any]]]]) -> None:
    console = Console(highlight=False)
    console.print(line)
    for name, rows in blocks:
        table = Table(box=box.SIMPLE, show_header=False, pad_edge=False, title=name, title_justify="left", title_style="bold")
        table.add_column(overflow="fold")
        table.add_column(justify="right")
        for row in rows:
            table.add_row(Text(escape_controls(row["value"] or "(none)")), f"{row['documents']:,}")
        console.print(table)


def _as_markdown(line: str, blocks: Sequence[tuple[str, list[dict[str, Any]]]]) -> str:
    lines = ["# newsbeam report", "", line, ""]
    for name, rows in blocks:
        lines += [f"## {name}", "", "| value | documents | examples |", "| --- | ---: | --- |"]
        for row in rows:
            cells = [row["value"] or "(none)", f"{row['documents']:,}", " · ".join(row.get("examples", []))]
            lines.append("| " + " | ".join(escape(" ".join(cell.split())).replace("|", "\\|") for cell in cells) + " |")
        lines.append("")
    return "\n".join(lines)


def _as_html(line: str, blocks: Sequence[tuple[str, list[dict[str, Any]]]]) -> str:
    out = [
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\"><title>newsbeam report</title><style>:root{color-scheme:light dark;font:15px/1.5 system-ui,sans-serif}"
        "body{max-width:60rem;margin:1rem auto;padding:0 1rem}table{border-collapse:collapse}"
        "td{padding:.1rem .8rem .1rem 0;vertical-align:top}"
        "td+td{text-align:right}td+td+td{text-align:left;opacity:.7;font-size:.87rem}</style>",
        f"<h1>newsbeam report</h1><p>{escape(line)}</p>",
    ]
    for name, rows in blocks:
        body = "".join(_row(row) for row in rows)
        out.append(f"<h2>{escape(name)}</h2><table>{body}</table>")
    return "".join(out)


def _row(row: dict[str, Any]) -> str:
    cells = escape(row["value"] or "(none)"), f"{row['documents']:,}", escape(" · ".join(row.get("examples", [])))
    return "<tr>" + "".join(f"<td dir=auto>{cell}" for cell in cells)


def diff(first: str, second: str, identifier: str | None) -> int:
    """Print what differs between two runs over the same documents.

    Returns the exit status: 1 if anything differs.

    Args:
        first: an output folder or file.
        second: the other one.
        identifier: show what differs in the document with this id.

    Raises:
        CommandLineError: there is no such document in both.
        InputError: there are no records.
    """
    with _loaded([first]) as one, _loaded([second]) as two:
        if identifier is not None:
            return _diff_of(one, two, identifier)
        found = compare(one, two)
    print(f"{found['both']:,} documents in both, {found['only_first']:,} only in {first}, {found['only_second']:,} only in {second}")
    for aspect in [*found["same"], *(name for name in found["differs"] if name not in found["same"])]:
        differs = found["differs"].get(aspect, 0)
        more = f": {found['new'][aspect]:,} new, {found['gone'][aspect]:,} gone" if aspect in found["new"] else ""
        print(f"  {aspect:<11} same in {found['same'].get(aspect, 0):,}" + (f", differs in {differs:,}{more}" if differs else ""))
    for changed in found["changed"][:10]:
        aspects = ", ".join(f"{name} {count}" for name, count in changed["aspects"].items())
        print(escape_controls(f"  {changed['id'][:19]}  {aspects}  {changed['title'][:60]}"))
    return 1 if found["changed"] or found["only_first"] or found["only_second"] else 0


def _diff_of(one: Index, two: Index, identifier: str) -> int:
    from difflib import unified_diff

    records = [index.record(index.find_prefix(identifier)) for index in (one, two)]
    if records[0] is None or records[1] is None:
        raise CommandLineError(f"--id {identifier}: not in both")
    before, after = (orjson.dumps(record, option=orjson.OPT_INDENT_2).decode().splitlines() for record in records)
    lines = list(unified_diff(before, after, "first", "second", lineterm="", n=2))
    for line in lines:
        print(escape_controls(line))
    return 1 if lines else 0


@contextmanager
def _loaded(paths: Sequence[str]) -> Iterator[Index]:
    for path in paths:
        read(path)  # an error now, with its own words
    with temporary_index() as index:
        index.load(paths)
        if index.counts.error:
            raise UsageError(index.counts.error)
        yield index
