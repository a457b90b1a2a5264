"""`newsbeam schema`: a record, or a recipe, in the language of another tool."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any, get_type_hints

import msgspec
import orjson

from newsbeam.config.recipe import SiteOptions
from newsbeam.outputs.schema import arrow_schema, bigquery_fields, columns
from newsbeam.transforms.processor import find, installed, is_option

_JSON = {"string": "string", "int64": "integer", "float64": "number"}
_POLARS = {"string": "pl.String", "int64": "pl.Int64", "float64": "pl.Float64"}
_SPARK = {"string": "STRING", "int64": "BIGINT", "float64": "DOUBLE"}
_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def _pretty(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def json_schema() -> str:
    """Return the JSON Schema of a record."""

    def of(kind: Any) -> dict[str, Any]:
        if isinstance(kind, dict):
            properties = {name: of(inner) for name, inner in kind.items()}
            return {"type": "object", "properties": properties, "required": list(kind), "additionalProperties": False}
        return {"type": "array", "items": of(kind[0])} if isinstance(kind, list) else {"type": _JSON[kind]}

    return _pretty({"$schema": _DRAFT, "title": "newsbeam record", **of(columns())})


def arrow() -> str:
    """Return the schema as pyarrow prints it."""
    return str(arrow_schema().to_string())


def polars() -> str:
    """Return Python for the `schema` of `polars.read_ndjson`."""

    def of(kind: Any) -> str:
        if isinstance(kind, dict):
            return "pl.Struct({" + ", ".join(f'"{name}": {of(inner)}' for name, inner in kind.items()) + "})"
        return f"pl.List({of(kind[0])})" if isinstance(kind, list) else _POLARS[kind]

    return "{\n" + "".join(f'    "{name}": {of(kind)},\n' for name, kind in columns().items()) + "}"


def spark() -> str:
    """Return DDL for the `schema` of Spark's `read.json`."""

    def of(kind: Any) -> str:
        if isinstance(kind, dict):
            return "STRUCT<" + ", ".join(f"`{name}`: {of(inner)}" for name, inner in kind.items()) + ">"
        return f"ARRAY<{of(kind[0])}>" if isinstance(kind, list) else _SPARK[kind]

    return ", ".join(f"`{name}` {of(kind)}" for name, kind in columns().items())


def bigquery() -> str:
    """Return the schema file of `bq mk` and `bq load`."""
    return _pretty(bigquery_fields())


def recipe() -> str:
    """Return the JSON Schema of a recipe, with the installed processors, for editors."""
    entries: list[dict[str, Any]] = [{"enum": list(installed())}]
    for name in installed():
        cls = find(name)
        options = _options(cls)
        entries.append({
            "type": "object",
            "properties": {name: {"type": ["object", "null"], "properties": options, "additionalProperties": False}},
            "required": [name],
            "additionalProperties": False,
        })  # fmt: skip
    site = {"type": "object", "properties": _options(SiteOptions), "additionalProperties": False}
    own = {"type": ["string", "object"], "description": "package.module:Class, or with options"}
    return _pretty({
        "$schema": _DRAFT,
        "title": "newsbeam recipe",
        "type": "object",
        "required": ["processors"],
        "additionalProperties": False,
        "properties": {
            "source": {"type": "string"},
            "processors": {"type": "array", "items": {"anyOf": [*entries, own]}},
            "site_template": {"anyOf": [{"type": "boolean"}, site]},
            "edit_again": {"type": "boolean"},
        },
    })  # fmt: skip


def _options(cls: type) -> dict[str, Any]:
    if not is_dataclass(cls):
        return {}
    hints = get_type_hints(cls)
    out = {}
    for field in fields(cls):
        if field.init and is_option(field):
            try:
                out[field.name] = msgspec.json.schema(hints[field.name])
            except TypeError:  # a type of a third party
                out[field.name] = {}
    return out


SCHEMAS: dict[str, Callable[[], str]] = {
    "json": json_schema,
    "arrow": arrow,
    "polars": polars,
    "spark": spark,
    "bigquery": bigquery,
    "recipe": recipe,
}
"""The schemas by the options of `newsbeam schema`."""
