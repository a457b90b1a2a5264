"""Read newsbeam's own records as input.

A corpus that was cleaned before can be annotated again, with the same ids. A record is recognised
by its keys, and all of its content is kept. The chain (`transforms.processor.Chain`) skips
processors that have already edited it.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass, replace
from functools import cache
from typing import Any, Literal

from newsbeam.transforms.document import RECORD_KEYS, Document, RemovalKind, Translation, broken_spans

_KNOWN_BY = ("id", "text", "source", "created", "url", "site", "title", "author", "credits", "removed", "metadata")
_MADE_BY = re.compile(r"newsbeam v\S*(?: |$)")
_AFTER = "after"


class NotARecord(ValueError):
    """A row has the keys of a record, but invalid content.

    The message names it.
    """


def is_record(row: dict[str, Any]) -> bool:
    """Return whether a row is a record that newsbeam wrote."""
    if not all(key in row for key in _KNOWN_BY):
        return False
    about = row["metadata"]
    made_by = about.get("processed_by") if isinstance(about, dict) else None
    return isinstance(made_by, str) and _MADE_BY.match(made_by) is not None


def from_record(row: dict[str, Any], added: str, processed_by: str) -> Document:
    """Rebuild the document from a record; raises NotARecord.

    Annotations are kept if they are still valid. Keys from newer versions are ignored, keys missing
    in older versions are empty. `added` and `processed_by` are those of this run; the latter also
    names the processors of earlier runs that are not in this one.
    """
    try:
        document: Document = _built(Document, {key: row[key] for key in RECORD_KEYS if key in row}, "")
    except TypeError as error:
        raise NotARecord(f"has the keys of a newsbeam record, but {error}") from error
    about = document.metadata
    before = tuple(word for word in _MADE_BY.sub("", about.processed_by).split() if word != _AFTER)
    missing = [name for name in before if name not in processed_by.split()]
    made_by = f"{processed_by} {_AFTER} {' '.join(missing)}" if missing and processed_by else processed_by
    if about.boilerplate and "boilerplate" not in before:
        before = (*before, "boilerplate")
    declared = re.match(r"declared (\S+)", about.language_hint)
    document = replace(
        document,
        added=added,
        # A text that was never cleaned is still the source of the page.
        markup=about.media_type == "text/html" and not before_edits(about.boilerplate, before),
        declared_language=declared[1] if declared else "",
        processed_before=before,
        metadata=replace(about, processed_by=made_by),
    )
    return without_annotations(document) if broken_spans(document) else document


def document_of(record: Mapping[str, Any]) -> Document:
    """Return the document of a record that this version of newsbeam wrote.

    Raises TypeError if it is not one.
    """
    document: Document = _built(Document, {key: record[key] for key in RECORD_KEYS}, "")
    return document


def before_edits(boilerplate: str, before: tuple[str, ...]) -> bool:
    """Return whether a record's text was cleaned.

    The record says so, or names the processor.
    """
    return bool(boilerplate) or "boilerplate" in before


def without_annotations(document: Document) -> Document:
    """Return the document without annotations of its text."""
    return replace(document, language="", language_score=0.0, languages=(), translation=Translation(), attributions=())


@cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _built(hint: Any, value: Any, where: str) -> Any:
    """Convert a JSON value to the declared type; raises TypeError.

    The message names the position.
    """
    if is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, dict):
            raise TypeError(f"`{where}` is not an object")
        hints = _hints(hint)
        made = {}
        for field in fields(hint):
            place = f"{where}.{field.name}" if where else field.name
            if field.name in value:
                made[field.name] = _built(hints[field.name], value[field.name], place)
            elif field.default is MISSING:
                raise TypeError(f"`{place}` is missing")
        return hint(**made)
    if typing.get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise TypeError(f"`{where}` is not a list")
        return tuple(_built(typing.get_args(hint)[0], one, where) for one in value)
    if hint == RemovalKind and isinstance(value, str):
        return value  # plug-ins may remove text of other kinds
    if typing.get_origin(hint) is Literal:
        if value not in typing.get_args(hint):
            raise TypeError(f"`{where}` is {str(value)[:40]!r}, which this version does not know")
        return value
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not hint:
        raise TypeError(f"`{where}` is not of the type {getattr(hint, '__name__', hint)}")
    return value
