"""A file's read errors as raw items."""

from __future__ import annotations

import errno
import os

from newsbeam.inputs.compression import DAMAGED
from newsbeam.inputs.limits import MEMORY_BYTES, Unreadable
from newsbeam.transforms.document import Raw


def failure_of(path: str, number: int, error: Exception, collection: str, numbered: bool = False) -> Raw:
    """Return the item that reports what went wrong after item `number` of a file.

    Args:
        path: the file.
        number: how many of its items were read.
        error: what reading it raised.
        collection: the file's collection.
        numbered: number the item even if it is the first.
    """
    why = f"ReadError: {error}" if isinstance(error, Unreadable) else f"{type(error).__name__}: {_why(path, number, error)}"
    return Raw(f"{path}#{number + 1}" if number or numbered else path, b"", error=why, source=collection)


def _why(path: str, number: int, error: Exception) -> str:
    """Describe an error of the system or of a decompressor, with a remedy."""
    after = f" after record {number}" if number else ""
    if "Dictionary mismatch" in str(error):
        return f"{path} needs an external zstd dictionary; decompress it first: zstd -d -D DICTIONARY"
    if isinstance(error, DAMAGED):
        return f"{path} is truncated or damaged{after}: {error}; download the file again"
    if isinstance(error, MemoryError):
        return f"{path}{after} needs more than {MEMORY_BYTES >> 30} GB of memory to read; exclude it"
    if isinstance(error, FileNotFoundError):
        return f"{path} was deleted after the run started"
    if isinstance(error, PermissionError):
        return f"{path} is not readable by this user; change its permissions"
    if isinstance(error, IsADirectoryError):
        return f"{path} cannot be listed; change its permissions"
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        return f"{path[:200]}… is longer than the system allows ({len(os.fsencode(path))} bytes); move the folder up"
    text = str(error)
    return text if path in text else f"{path}{after}: {text}"
