"""What went wrong with a file, as the last item that is read of it."""

from __future__ import annotations

import errno
import os

from newsbeam.inputs.compression import DAMAGED
from newsbeam.inputs.limits import MEMORY_BYTES, Unreadable
from newsbeam.transforms.document import Raw


def failure_of(path: str, number: int, error: Exception, collection: str, numbered: bool = False) -> Raw:
    """The item that says what went wrong after item `number` of a file; `numbered`: with its number even where nothing came before."""
    why = f"ReadError: {error}" if isinstance(error, Unreadable) else f"{type(error).__name__}: {_why(path, number, error)}"
    return Raw(f"{path}#{number + 1}" if number or numbered else path, b"", error=why, source=collection)


def _why(path: str, number: int, error: Exception) -> str:
    """What a user can do about an error of the system or of a decompressor."""
    after = f" after record {number}" if number else ""
    if "Dictionary mismatch" in str(error):
        return f"{path} was packed with a zstd dictionary, which is not in it; unpack it first: zstd -d -D DICTIONARY"
    if isinstance(error, DAMAGED):
        return f"{path} is cut short or damaged{after}: {error}; get the file again"
    if isinstance(error, MemoryError):
        return f"{path}{after} takes more than {MEMORY_BYTES >> 30} GB of memory to read; leave it out"
    if isinstance(error, FileNotFoundError):
        return f"{path} was there when the run began and is gone now"
    if isinstance(error, PermissionError):
        return f"{path} may not be read by this user; change its permissions"
    if isinstance(error, IsADirectoryError):
        return f"{path} cannot be listed; change its permissions"
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        return f"{path[:200]}… is a longer path than the system opens ({len(os.fsencode(path))} bytes); move the folder further up"
    text = str(error)
    return text if path in text else f"{path}{after}: {text}"
