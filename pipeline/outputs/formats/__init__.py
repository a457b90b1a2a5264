"""Output formats. The registry is `newsbeam.storage.output_formats`."""

from __future__ import annotations

from pkgutil import resolve_name

from newsbeam.outputs.formats.base import LineFormat, OutputFormat
from newsbeam.storage.output_formats import OUTPUT_FORMATS, split_extension


def load_format(extension: str) -> OutputFormat:
    """The format of files with an extension, ready to write."""
    entry, compression = split_extension(extension)
    made: OutputFormat = resolve_name(entry.place)(compression)
    return made


def is_line_format(name: str) -> bool:
    """Tell whether a format in the registry can be written line by line."""
    return issubclass(resolve_name(OUTPUT_FORMATS[name].place), LineFormat)


def load_line_format(extension: str) -> LineFormat:
    """The same for a format that can be written line by line.

    Raises ValueError for others.
    """
    made = load_format(extension)
    if not isinstance(made, LineFormat):
        raise ValueError(f".{extension} files cannot be written line by line, as a stream requires")
    return made


__all__ = ["LineFormat", "OutputFormat", "is_line_format", "load_format", "load_line_format"]
