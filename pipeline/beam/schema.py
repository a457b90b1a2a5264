"""The record as Beam's row type, and as a schema of BigQuery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import apache_beam as beam
from apache_beam.typehints.row_type import RowTypeConstraint

from newsbeam.outputs.schema import bigquery_fields, columns

_PYTHON: dict[str, type] = {"string": str, "int64": int, "float64": float}


def _row_type(fields: Mapping[str, Any]) -> Any:
    def hint(of: Any) -> Any:
        if isinstance(of, dict):
            return _row_type(of)
        return Sequence[hint(of[0])] if isinstance(of, list) else _PYTHON[of]  # type: ignore[misc]

    return RowTypeConstraint.from_fields([(name, hint(of)) for name, of in fields.items()])


ROW = _row_type(columns())
"""The type of a record as a `beam.Row`, for transforms with schemas, SQL and Beam YAML."""

BIGQUERY_SCHEMA: dict[str, Any] = {"fields": bigquery_fields()}
"""The schema of a table of records, for `beam.io.WriteToBigQuery` and `bq mk`."""


def to_row(record: Mapping[str, Any]) -> beam.Row:
    """Return a record as a row of the type ROW."""
    return _to_row(record, columns())


def _to_row(values: Mapping[str, Any], fields: Mapping[str, Any]) -> beam.Row:
    def value(one: Any, of: Any) -> Any:
        if isinstance(of, dict):
            return _to_row(one, of)
        return [value(inner, of[0]) for inner in one] if isinstance(of, list) else one

    return beam.Row(**{name: value(values[name], of) for name, of in fields.items()})
