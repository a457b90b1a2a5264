"""`newsbeam export`: statements as CSV, Parquet or an SQLite database."""

from __future__ import annotations

import csv
import io
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from typing import Any

from newsbeam.errors import UsageError
from newsbeam.library.records import Statement, read, statements
from newsbeam.outputs import schema
from newsbeam.storage import filesystem
from newsbeam.view.server import harmless

_BATCH = 5000


def export(paths: Sequence[str], target: str, min_score: float) -> int:
    """Write statements to a file, whose suffix decides the format; the exit status.

    Raises:
        InputError: there are no records.
        UsageError: the format is unknown, or the file cannot be written.
    """
    suffix = target.rpartition(".")[2].lower()
    write = _WRITERS.get(suffix)
    if write is None:
        raise UsageError(f"--to {target}: name a file that ends in {', '.join(f'.{one}' for one in _WRITERS)}")
    rows = (row for path in paths for row in statements(path, min_score))
    try:
        number = write(rows, target, paths)
    except OSError as error:
        raise UsageError(f"cannot write --to {target}: {error.strerror or error}") from error
    print(f"{target}: {number:,} statements")
    return 0


def _flat(row: Statement) -> dict[str, Any]:
    return {key: " ← ".join(value) if isinstance(value, list) else value for key, value in row.items()}


def _csv(rows: Iterator[Statement], target: str, _paths: Sequence[str]) -> int:
    number = 0
    with filesystem.atomic_write(target) as stream:
        text = io.TextIOWrapper(stream, "utf-8-sig", "replace", newline="")
        writer = csv.DictWriter(text, list(Statement.__annotations__))
        writer.writeheader()
        for row in rows:
            writer.writerow({key: harmless(value) for key, value in _flat(row).items()})
            number += 1
        text.detach()  # flushes; the stream below is closed by its own `with`
    return number


def _parquet(rows: Iterator[Statement], target: str, _paths: Sequence[str]) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = schema.arrow_schema(schema.columns_of(Statement))
    number = 0
    with filesystem.atomic_write(target) as stream, pq.ParquetWriter(stream, columns, compression="zstd") as writer:
        while batch := list(islice(rows, _BATCH)):
            writer.write_table(pa.Table.from_pylist(batch, schema=columns))
            number += len(batch)
    return number


def _sqlite(rows: Iterator[Statement], target: str, paths: Sequence[str]) -> int:
    """Write two tables: `documents` without nested columns, and `statements`."""
    of_documents = [key for key, kind in schema.columns().items() if isinstance(kind, str)]
    of_statements = list(Statement.__annotations__)
    with tempfile.TemporaryDirectory(dir=os.path.dirname(target) or ".", prefix=".newsbeam-") as folder:
        made = os.path.join(folder, "made.sqlite")
        with closing(sqlite3.connect(made)) as connection, connection:
            connection.execute(f"create table documents ({', '.join(of_documents)}, verdict, source_language, statements integer)")
            connection.execute(f"create table statements ({', '.join(of_statements)})")
            for path in paths:
                for record in read(path):
                    values: list[Any] = [record[key] for key in of_documents]  # type: ignore[literal-required]
                    values += [record["translation"]["verdict"], record["translation"]["source_language"], len(record["attributions"])]
                    connection.execute(f"insert into documents values ({', '.join('?' * len(values))})", values)  # noqa: S608
            number = 0
            for row in rows:
                flat = _flat(row)
                connection.execute(f"insert into statements values ({', '.join('?' * len(flat))})", list(flat.values()))  # noqa: S608
                number += 1
            connection.execute("create index statements_by_document on statements (document)")
            connection.execute("create index statements_by_speaker on statements (speaker)")
        os.replace(made, target)
    return number


_WRITERS: dict[str, Callable[[Iterator[Statement], str, Sequence[str]], int]] = {"csv": _csv, "parquet": _parquet, "sqlite": _sqlite}
