"""JSON files of newsbeam's own, read into dataclasses and written from them."""

from __future__ import annotations

from dataclasses import is_dataclass
from typing import Any, TypeVar

import msgspec
import orjson

from newsbeam.errors import UsageError
from newsbeam.storage import filesystem

_T = TypeVar("_T")


def load(kind: type[_T], path: str, cure: str) -> _T:
    """Read a file into a dataclass.

    Args:
        kind: the dataclass.
        path: a path or a URI.
        cure: the end of the message if the file is damaged: what the user can do.

    Raises:
        UsageError: the file cannot be read, is not JSON or has values of wrong types. The message names the file.
    """
    try:
        return read(kind, path)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} is damaged ({error}); {cure}") from error


def find(kind: type[_T], path: str) -> _T | None:
    """Read a file into a dataclass.

    None if there is no such file or if it is damaged.
    """
    try:
        if not filesystem.is_file(path):
            return None
        return read(kind, path)
    except (OSError, ValueError):
        return None


def read(kind: type[_T], path: str) -> _T:
    """Read a file into a dataclass. Raises OSError or ValueError."""
    with filesystem.read(path) as stream:
        return decode(kind, stream.read())


def save(value: object, path: str, indent: bool = True) -> None:
    """Write a dataclass to a file, which appears complete or not at all."""
    with filesystem.atomic_write(path) as stream:
        stream.write(encode(value, indent))


def encode(value: object, indent: bool = True) -> bytes:
    """A dataclass as a JSON object in a line, or indented.

    Its fields keep their order. Those that are None are left out.
    """
    option = orjson.OPT_APPEND_NEWLINE | orjson.OPT_PASSTHROUGH_DATACLASS | (orjson.OPT_INDENT_2 if indent else 0)
    return orjson.dumps(value, default=_object, option=option)


def _object(value: Any) -> dict[str, Any]:
    if not is_dataclass(value):
        raise TypeError(f"{type(value).__name__} has no form in JSON")
    return {name: inner for name, inner in vars(value).items() if inner is not None}


def decode(kind: type[_T], text: bytes) -> _T:
    """Parse JSON into a dataclass. Keys that the dataclass does not have are ignored.

    Raises:
        ValueError: it is not JSON, a value is of the wrong type, or a field without a default is missing.
    """
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from error
