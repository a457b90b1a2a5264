"""The columns of a record and their types.

They come from the annotations of Document, for Parquet and the data card.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import is_dataclass
from functools import cache
from typing import Any, Literal

from newsbeam.transforms.document import RECORD_KEYS, Document

MAX_NAME = 100
"""Characters of the name of a collection that the data card shows."""

_SCALARS = {str: "string", int: "int64", float: "float64"}


@cache
def columns() -> dict[str, Any]:
    """The type of each column of a record.

    It is the name of a scalar, a dict (struct) of types, or a list of one type.
    """
    hints = typing.get_type_hints(Document)
    return {key: _type(hints[key]) for key in RECORD_KEYS}


def columns_of(cls: type) -> dict[str, Any]:
    """The type of each column of rows whose fields a dataclass or TypedDict declares."""
    return {name: _type(hint) for name, hint in typing.get_type_hints(cls).items()}


def _type(hint: Any) -> Any:
    if hint in _SCALARS:
        return _SCALARS[hint]
    if typing.get_origin(hint) is Literal:
        return "string"
    if typing.get_origin(hint) in (tuple, list):
        return [_type(typing.get_args(hint)[0])]
    if is_dataclass(hint):
        return columns_of(typing.cast("type", hint))
    raise TypeError(f"no column type for {hint!r}")


def arrow_schema(of_rows: dict[str, Any] | None = None) -> Any:
    """Return columns as a pyarrow schema; those of a record by default."""
    import pyarrow as pa  # importing it takes 0.3 s

    def arrow(of: Any) -> Any:
        if isinstance(of, dict):
            return pa.struct([(name, arrow(inner)) for name, inner in of.items()])
        if isinstance(of, list):
            return pa.list_(arrow(of[0]))
        return {"string": pa.string(), "int64": pa.int64(), "float64": pa.float64()}[of]

    return pa.schema([(name, arrow(of)) for name, of in (of_rows or columns()).items()])


_BIGQUERY = {"string": "STRING", "int64": "INTEGER", "float64": "FLOAT"}


def bigquery_fields(of: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """Return the fields of a table of records in BigQuery."""

    def field(name: str, kind: Any, mode: str = "REQUIRED") -> dict[str, Any]:
        if isinstance(kind, list):
            return field(name, kind[0], "REPEATED")
        if isinstance(kind, dict):
            return {"name": name, "type": "RECORD", "mode": mode, "fields": bigquery_fields(kind)}
        return {"name": name, "type": _BIGQUERY[kind], "mode": mode}

    return [field(name, kind) for name, kind in (of or columns()).items()]
