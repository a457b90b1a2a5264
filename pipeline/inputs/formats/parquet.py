"""Parquet: one document a row."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import Any

import orjson

from pipeline.inputs.formats.base import COPY_BYTES, InputFormat, Irregular, ReadContext, SplitPoint, Unreadable
from transforms.decode import decode_bytes
from transforms.document import Raw
from transforms.fields import RowOptions, columns_to_read, may_hold_text


class Parquet(InputFormat):
    """Parquet files, which are split at row groups."""

    kind = "parquet"
    split_inside = frozenset([""])

    def read(self, context: ReadContext, stream: io.BufferedReader) -> Iterator[Raw]:
        from pyarrow import ArrowException  # it weighs 0.3 s, and few inputs are parquet

        number = context.first - 1
        with nullcontext(stream) if context.is_split else tempfile.TemporaryFile() as there:
            if not context.is_split:
                # Parquet is read from its end: what is compressed or far away has to be here first.
                while block := stream.read(COPY_BYTES):
                    there.write(block)
                there.seek(0)
            try:
                table, columns = _open(context.path, there, context.rows)
                starts = enumerate(_row_group_starts(table))
                groups = [group for group, at in starts if context.start <= at and (at < context.end or context.end < 0)]
                for row in _rows(table, groups, columns):
                    number += 1
                    yield context.raw(number, row, form="json")
            except ArrowException as error:
                raise Unreadable(f"{context.path} is no whole parquet file: {error}") from error

    def split_points(self, stream: io.BufferedReader, compression: str, split_bytes: int) -> Iterator[SplitPoint]:
        from pyarrow import ArrowException

        try:
            table, columns = _open("", stream, RowOptions())
            starts = _row_group_starts(table)
            if starts != sorted(set(starts)):
                raise Irregular
            records = 0
            for group, start in enumerate(starts):
                if group:
                    yield start, records + 1
                records += sum(map(_checked, table.iter_batches(row_groups=[group], columns=columns)))
        except ArrowException as error:
            raise Irregular from error


def _open(path: str, stream: Any, rows: RowOptions) -> tuple[Any, list[str]]:
    """The parquet file in a stream that can be sought in, and its columns that are read. Raises Unreadable, ArrowException."""
    import pyarrow.parquet as pq
    from pyarrow import types

    table = pq.ParquetFile(stream)
    schema = table.schema_arrow
    objects = [column.name for column in schema if types.is_struct(column.type) or types.is_map(column.type)]
    columns = columns_to_read(schema.names, objects, rows)
    if not may_hold_text(columns, objects, rows):
        names = ", ".join(schema.names[:12])
        raise Unreadable(
            f"{path} has neither a `text` nor an `html` column; its columns: {names}; if one is the text, name it with --field text=KEY"
        )
    return table, columns


def _rows(table: Any, groups: Sequence[int], columns: list[str]) -> Iterator[bytes]:
    for group in groups:  # one at a time: no batch has rows of two, so that what comes before some damage is always the same
        for batch in table.iter_batches(batch_size=64, row_groups=[group], columns=columns):
            for row in batch.to_pylist():
                yield _as_json(row)


def _as_json(value: object) -> bytes:
    """What a row says, as JSON. Raises TypeError where it cannot be said so."""
    return orjson.dumps(value, default=_as_text)


def _as_text(value: object) -> str:
    # A column of bytes is a page as it was fetched.
    return decode_bytes(value)[0] if isinstance(value, bytes) else str(value)


def _row_group_starts(table: Any) -> list[int]:
    """Where in the file each row group begins, as far as its part of the file goes: the first at 0."""
    starts = []
    for group in range(table.metadata.num_row_groups):
        column = table.metadata.row_group(group).column(0)
        starts.append(min(column.data_page_offset, column.dictionary_page_offset or column.data_page_offset) if group else 0)
    return starts


def _checked(batch: Any) -> int:
    """How many rows there are in a batch, all of which can be read. Raises what reading them would."""
    from pyarrow import types

    for column in batch.columns:
        if types.is_string(column.type) or types.is_large_string(column.type):
            column.validate(full=True)  # is it UTF-8? For that, no string has to be made
        elif not (types.is_binary(column.type) or types.is_large_binary(column.type)):
            _as_json(column.to_pylist())
    return int(batch.num_rows)
