"""The registry of input formats: a new one is one module and one line below.

A format reads the items inside one file (`base.InputFormat`).
`newsbeam.transforms.decode.container` recognises the format by a file's first bytes; its answer is
the `kind` under which the format is registered. All modules of this package are imported together,
so heavy libraries are imported inside the functions that need them.
"""

from __future__ import annotations

from newsbeam.inputs.formats.archive import Tar, Zip
from newsbeam.inputs.formats.base import InputFormat
from newsbeam.inputs.formats.feed import Feed, Xml
from newsbeam.inputs.formats.json_values import JsonValues
from newsbeam.inputs.formats.jsonl import JsonLines
from newsbeam.inputs.formats.lists import Index, PathList
from newsbeam.inputs.formats.mail import Mail, Mailbox
from newsbeam.inputs.formats.parquet import Parquet
from newsbeam.inputs.formats.table import Table
from newsbeam.inputs.formats.warc import Warc

INPUT_FORMATS: dict[str, InputFormat] = {
    one.kind: one
    for one in (
        JsonLines(),
        JsonValues(),
        Table(),
        Mail(),
        Mailbox(),
        Feed(),
        Xml(),
        Parquet(),
        Warc(),
        Zip(),
        Tar(),
        PathList(),
        Index(),
    )
}
"""All formats with items inside, by kind; any other file is one document."""
