"""Parquet: one document per row.

An unreadable row costs only itself, a value that is not text only its field.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from newsbeam.inputs.formats.base import InputFormat, Irregular, ReadContext, SplitPoint, Unreadable, megabytes, seekable
from newsbeam.inputs.limits import MAX_IDLE_BYTES, MAX_IDLE_RATIO
from newsbeam.transforms.decode import decode_bytes
from newsbeam.transforms.document import Raw
from newsbeam.transforms.fields import RowOptions, columns_to_read, may_hold_text

_BATCH_ROWS, _BATCH_BYTES = 64, 128 << 20
"""Rows that are decoded together; fewer if the largest rows exceed the bytes."""


class Parquet(InputFormat):
    """Parquet files, which are split at row groups."""

    split_inside = frozenset([""])
    random_access = True

    def read(self, context: ReadContext, stream: io.BufferedReader) -> Iterator[Raw]:
        from pyarrow import ArrowException  # importing it takes 0.3 s, and few inputs are parquet

        number = context.first - 1
        try:
            with seekable(context, stream) as there:
                table, columns = _open(context.path, there, context.rows)
                groups: Sequence[int] = range(table.metadata.num_row_groups)
                if context.is_split:
                    starts = enumerate(_row_group_starts(table))
                    groups = [group for group, at in starts if context.start <= at and (at < context.end or context.end < 0)]
                for batch in _batches(context.path, table, groups, columns, there):
                    for payload, error in _rows(batch, context, number + 1):
                        number += 1
                        context.budget.unpack(len(payload))
                        yield context.raw(number, payload, form="json", error=error)
        except MemoryError:
            raise
        except (ArrowException, OSError) as error:
            raise _unreadable(context.path, error) from error

    def split_points(self, stream: io.BufferedReader, compression: str, split_bytes: int) -> Iterator[SplitPoint]:
        from pyarrow import ArrowException

        try:
            table, columns = _open("", stream, RowOptions())
            groups = range(table.metadata.num_row_groups)
            _check_readable(table, columns)
            starts = _row_group_starts(table)
            if starts != sorted(set(starts)):
                raise Irregular
            records = 0
            for group in groups:
                if group:
                    yield starts[group], records + 1
                records += sum(batch.num_rows for batch in _batches("", table, [group], columns, stream))
        except ArrowException as error:
            raise Irregular from error


def _open(path: str, stream: Any, rows: RowOptions) -> tuple[Any, list[str]]:
    """Open the parquet file in a seekable stream; return it and the columns to read.

    Raises Unreadable and ArrowException.
    """
    import pyarrow.parquet as pq
    from pyarrow import types

    table = pq.ParquetFile(stream, pre_buffer=False)
    schema = table.schema_arrow
    objects = [column.name for column in schema if types.is_struct(column.type) or types.is_map(column.type)]
    columns = columns_to_read(schema.names, objects, rows)
    if not may_hold_text(columns, objects, rows):
        names = ", ".join(schema.names[:12])
        raise Unreadable(
            f"{path} has neither a `text` nor an `html` column; its columns: {names}; if one is the text, name it with --field text=KEY"
        )
    return table, columns


def _unreadable(path: str, error: Exception) -> Unreadable:
    text = str(error).strip().partition("\n")[0]
    if "crypt" in text:
        return Unreadable(f"{path} is encrypted ({text}); decrypt it first, newsbeam does not support keys")
    return Unreadable(f"{path} is not a complete parquet file: {text}; download the file again")


def _batches(path: str, table: Any, groups: Sequence[int], columns: list[str], stream: Any) -> Iterator[Any]:
    """Yield the rows of row groups in batches. Raises Unreadable for a bomb."""
    if groups:
        _check_readable(table, columns)
    for group in groups:  # one group at a time: the rows before any damage are always the same
        yield from table.iter_batches(
            batch_size=_batch_rows(path, table, group, columns, stream), row_groups=[group], columns=columns, use_threads=False
        )


def _check_readable(table: Any, columns: list[str]) -> None:
    # Reading the metadata of an encrypted column crashes the process; reading its values reports
    # the problem.
    if table.metadata.num_row_groups:
        next(table.iter_batches(batch_size=1, row_groups=[0], columns=columns, use_threads=False), None)


def _batch_rows(path: str, table: Any, group: int, columns: list[str], stream: Any) -> int:
    """Return how many rows of a row group to decode together.

    All rows may share one large value of a dictionary.
    """
    rows = table.metadata.row_group(group)
    largest = 1
    for at in range(rows.num_columns):
        # The schema is safe: the metadata of an encrypted column crashes the process, although
        # other columns can be read.
        if table.schema.column(at).path.partition(".")[0] not in columns:
            continue
        column = rows.column(at)
        packed, unpacked = column.total_compressed_size, column.total_uncompressed_size
        if unpacked > MAX_IDLE_BYTES and unpacked > MAX_IDLE_RATIO * packed:
            raise Unreadable(f"{path} decompresses to {megabytes(unpacked)} in one column of {megabytes(packed)}; exclude it")
        largest = max(largest, unpacked // max(rows.num_rows, 1))
        if column.has_dictionary_page and column.dictionary_page_offset is not None:
            stream.seek(column.dictionary_page_offset)
            largest = max(largest, min(_page_bytes(stream.read(32)), unpacked))
    return max(1, min(_BATCH_ROWS, _BATCH_BYTES // largest))


def _page_bytes(header: bytes) -> int:
    """Return the decompressed size in a page header, 0 for any other data.

    pyarrow does not expose it.
    """
    # Thrift's compact protocol: a field's number and type in a byte, then a zigzag varint. The
    # first field is the page's type, the second is the size.
    values: list[int] = []
    at = 0
    while len(values) < 2:
        if header[at : at + 1] != b"\x15":
            return 0
        at, value, shift = at + 1, 0, 0
        while at < len(header):
            value |= (header[at] & 127) << shift
            at, shift = at + 1, shift + 7
            if header[at - 1] < 128:
                break
        values.append(value >> 1)
    return values[1]


def _rows(batch: Any, context: ReadContext, number: int) -> Iterator[tuple[bytes, str]]:
    """Yield (row as JSON, "") or (b"", error) for each row, numbered from `number`."""
    columns = [(name, *_values(column)) for name, column in zip(batch.schema.names, batch.columns, strict=True)]
    for row in range(batch.num_rows):
        origin = f"{context.path}#{number + row}"
        size = sum(lengths[row].as_py() or 0 for _, _, lengths in columns if lengths is not None)
        if size > context.max_bytes:
            yield b"", context.too_large(f"{origin} has {megabytes(size)} in one row, more than the limit of")
            continue
        found: dict[str, Any] = {}
        try:
            for name, values, lengths in columns:
                found[name] = _as_text(name, values[row], lengths is not None)
            yield orjson.dumps(found, default=_as_said), ""
        except _NotText as error:
            yield b"", f"ReadError: {origin}: {error}"


class _NotText(ValueError):
    """A string is not valid UTF-8."""


def _values(column: Any) -> tuple[Any, Any]:
    """Return a column's values by row, and the byte lengths of strings (else None)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    strings = pa.types.is_string(column.type) or pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type)
    if strings or pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type) or pa.types.is_binary_view(column.type):
        binary = column.cast(pa.large_binary())
        return _Strings(binary, strings), pc.binary_length(binary)
    if pa.types.is_fixed_size_binary(column.type):
        return _Strings(column, False), pc.binary_length(column)
    return _plain(column), None


class _Strings:
    """Strings or bytes by row, created on access because their length may forbid it."""

    def __init__(self, column: Any, strings: bool) -> None:
        self._column, self.strings = column, strings

    def __getitem__(self, row: int) -> tuple[bytes | None, bool]:
        return self._column[row].as_py(), self.strings


def _as_text(name: str, value: Any, is_bytes: bool) -> Any:
    if not is_bytes:
        return value
    value, is_string = value
    if value is None:
        return None
    if not is_string:
        return decode_bytes(value)[0]  # a column of bytes has pages as they were downloaded
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise _NotText(f"the column `{name}` is not UTF-8 at byte {error.start}; write it as UTF-8, or as binary") from error


def _as_said(value: object) -> str:
    # Bytes inside an object are a page as it was downloaded.
    return decode_bytes(value)[0] if isinstance(value, bytes) else str(value)


def _plain(column: Any) -> list[Any]:
    """Return the values of a column that is not text.

    A value that Python or JSON cannot express, such as a date before the year 1, becomes None.
    """
    import pyarrow as pa

    try:
        values = column.to_pylist()
        orjson.dumps(values, default=_as_said)
        return list(values)
    except Exception:  # noqa: BLE001 - conversions raise all kinds of things, and the loss is one field's
        if pa.types.is_timestamp(column.type) and column.type.tz not in (None, "UTC"):
            # The time zone is unknown, but the moment is known.
            return _plain(column.cast(pa.timestamp(column.type.unit, "UTC")))
        return [_one(value) for value in column]


def _one(value: Any) -> Any:
    try:
        plain = value.as_py()
        orjson.dumps(plain, default=_as_said)
    except Exception:  # noqa: BLE001 - as above
        return None
    return plain


def _plain_column(table: Any) -> int:
    """Return the number of a column that is read and hence not encrypted.

    It does not depend on the options.
    """
    usual = set(columns_to_read(table.schema_arrow.names, [], RowOptions()))
    paths = (table.schema.column(at).path.partition(".")[0] for at in range(table.metadata.num_columns))
    return next((at for at, path in enumerate(paths) if path in usual), 0)


def _row_group_starts(table: Any) -> list[int]:
    """Return where each row group begins; the first at 0."""
    starts = []
    measured = _plain_column(table)
    for group in range(table.metadata.num_row_groups):
        column = table.metadata.row_group(group).column(measured)
        starts.append(min(column.data_page_offset, column.dictionary_page_offset or column.data_page_offset) if group else 0)
    return starts
