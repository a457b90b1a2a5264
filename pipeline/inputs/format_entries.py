"""The registry of input formats.

To add one: a module in `newsbeam.inputs.formats`, and an entry here.

It holds no more than names and patterns, because the search for files and the recognition of their
contents depend on it. The classes are imported when they are used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from newsbeam.transforms.decode import text_container


@dataclass(frozen=True, slots=True)
class FormatEntry:
    """An input format.

    Attributes:
        place: its class, a `newsbeam.inputs.formats.base.InputFormat`, as module:name.
        suffixes: the suffixes of its files, without the suffix of a compression. A walk of a folder
            includes files with these suffixes. They do not decide how a file is read.
        magic: a pattern of the first bytes of its files. None for a format of text that
            `newsbeam.transforms.decode.text_container` recognises.
    """

    place: str
    suffixes: tuple[str, ...] = ()
    magic: re.Pattern[bytes] | None = None


_FORMATS = "newsbeam.inputs.formats"

INPUT_FORMATS: dict[str, FormatEntry] = {
    "parquet": FormatEntry(f"{_FORMATS}.parquet:Parquet", ("parquet",), re.compile(rb"PAR[1E]")),
    "warc": FormatEntry(
        f"{_FORMATS}.warc:Warc",
        ("warc", "wet", "arc"),
        re.compile(rb"WARC/\d+\.\d+ *\r?\n|filedesc://[!-~]{1,2000} [\d.]+ \d{14} text/plain \d+\r?\n"),
    ),
    "zip": FormatEntry(f"{_FORMATS}.archive:Zip", ("zip", "wacz"), re.compile(rb"PK\x03\x04|PK\x05\x06")),
    "tar": FormatEntry(f"{_FORMATS}.archive:Tar", ("tar", "tgz", "tbz2", "txz"), re.compile(rb".{257}ustar", re.S)),
    "paths": FormatEntry(
        f"{_FORMATS}.lists:PathList",
        magic=re.compile(rb"\A(?=[!-~]*/)[!-~]{5,500}?\.warc(?:\.w[ae]t)?\.gz[ \t]*(?:\r?\n|\Z)"),
    ),
    "cdx": FormatEntry(
        f"{_FORMATS}.lists:Index",
        magic=re.compile(rb"\A(?: CDX [A-Za-z ]+\r?\n|[!-~]{1,2000} \d{14} (?:\{\"|[!-~]+ [!-~]+ (?:\d{3}|-) ))"),
    ),
    "jsonl": FormatEntry(f"{_FORMATS}.jsonl:JsonLines", ("jsonl", "ndjson")),
    "json": FormatEntry(f"{_FORMATS}.json_values:JsonValues", ("json",)),
    "csv": FormatEntry(f"{_FORMATS}.table:Table", ("csv", "tsv")),
    "mail": FormatEntry(f"{_FORMATS}.mail:Mail", ("mhtml", "mht", "eml")),
    "mbox": FormatEntry(f"{_FORMATS}.mail:Mailbox", ("mbox",)),
    "feed": FormatEntry(f"{_FORMATS}.feed:Feed", ("rss", "atom")),
    "xml": FormatEntry(f"{_FORMATS}.feed:Xml", ("xml",)),
}
"""All formats with items inside, by kind; any other file is one document.

The first pattern that matches decides.
"""

COMPRESSION_MAGIC: dict[str, re.Pattern[bytes]] = {
    "gzip": re.compile(rb"\x1f\x8b"),
    "zstd": re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"),
    "xz": re.compile(rb"\xfd7zXZ\0"),
    "lz4": re.compile(rb"\x04\x22\x4d\x18"),
    "bzip2": re.compile(rb"BZh[1-9](?:1AY|\x17\x72\x45)"),
}
"""A pattern of the first bytes of compressed data, by the kind of compression."""

_PAGE_SUFFIXES = frozenset("html htm xhtml shtml php asp aspx jsp cgi txt text md markdown".split())


def document_suffixes() -> frozenset[str]:
    """Return the suffixes of files that a walk of a folder includes.

    They are the same for compressed files.

    Names without a suffix are included too, and files that are named on the command line always.
    """
    return _PAGE_SUFFIXES.union(*(entry.suffixes for entry in INPUT_FORMATS.values()))


def recognise(head: bytes, name: str = "") -> str:
    """Return the kind of a file by its first bytes.

    This is the kind of a compression or of a format, or "" for a single document (HTML, text, or
    something unreadable). `newsbeam.transforms.decode.HEAD_BYTES` bytes are sufficient. The name
    decides if they are ambiguous.
    """
    for kind, magic in COMPRESSION_MAGIC.items():
        if magic.match(head):
            return kind
    for kind, entry in INPUT_FORMATS.items():
        if entry.magic is not None and entry.magic.match(head):
            return kind
    return text_container(head, name)
