"""Parquet, compressed with zstd."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, BinaryIO

import orjson

from newsbeam.outputs.formats.base import OutputFormat

GROUP_BYTES = 16 << 20
"""JSON in a row group, at most one line more. A group also ends with its part."""


class Parquet(OutputFormat):
    """One row per record, with the columns of the record's schema."""

    def write(self, parts: Iterable[BinaryIO], target: BinaryIO) -> None:
        """Write the rows of all parts."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        from newsbeam.outputs import schema  # which loads transforms: too slow for `--help`

        columns = schema.arrow_schema()
        with pq.ParquetWriter(target, columns, compression="zstd") as writer:
            for part in parts:
                rows: list[Any] = []
                size = 0
                for line in part:
                    rows.append(orjson.loads(line))
                    size += len(line)
                    if size > GROUP_BYTES:
                        writer.write_table(pa.Table.from_pylist(rows, schema=columns))
                        rows, size = [], 0
                if rows:
                    writer.write_table(pa.Table.from_pylist(rows, schema=columns))
