"""The registry of output formats.

To add one: a module in `newsbeam.outputs.formats`, and a line here.

It holds no more than names, since the names of output files and `--help` depend on it. The classes are imported when they are used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from newsbeam.errors import UsageError


@dataclass(frozen=True, slots=True)
class FormatEntry:
    """An output format.

    Attributes:
        place: its class, a `newsbeam.outputs.formats.base.OutputFormat`, as module:name.
        extensions: the extension of its files, by compression; "none" for no compression.
    """

    place: str
    extensions: Mapping[str, str]


OUTPUT_FORMATS: dict[str, FormatEntry] = {
    "jsonl": FormatEntry("newsbeam.outputs.formats.jsonl:JsonLines", {"none": "jsonl", "gzip": "jsonl.gz", "zstd": "jsonl.zst"}),
    "parquet": FormatEntry("newsbeam.outputs.formats.parquet:Parquet", {"none": "parquet"}),
}
"""All formats, by the value of `--format`."""


def extension_of(form: str, compression: str) -> str:
    """The extension of files of a format. Raises UsageError if there are none."""
    entry = OUTPUT_FORMATS.get(form)
    if entry is None or compression not in entry.extensions:
        able = "; ".join(f"{name}: {', '.join(one.extensions)}" for name, one in OUTPUT_FORMATS.items())
        raise UsageError(f"no format {form!r} with compression {compression!r}; there are {able}")
    return entry.extensions[compression]


def all_extensions() -> tuple[str, ...]:
    """The extensions of all formats.

    Files with other extensions are never removed, even if a manifest lists them.
    """
    return tuple(extension for entry in OUTPUT_FORMATS.values() for extension in entry.extensions.values())


def all_compressions() -> tuple[str, ...]:
    """The compressions that any format allows."""
    return tuple(dict.fromkeys(compression for entry in OUTPUT_FORMATS.values() for compression in entry.extensions))


def split_extension(extension: str) -> tuple[FormatEntry, str]:
    """The format and the compression of files with an extension."""
    return next(
        (entry, compression) for entry in OUTPUT_FORMATS.values() for compression, one in entry.extensions.items() if one == extension
    )
