"""The registry of input formats: adding one is one module in this package and one line here.

A format says how the items inside one file are read (`base.InputFormat`). Which format a file has is decided by its first bytes, in
`newsbeam.transforms.decode.container`, whose answer is the `kind` that the format is registered under. Modules of this package are imported
together, so heavy libraries are imported inside the functions that need them.
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
"""Every format with items inside, by its kind. What has none of these kinds is one document by itself."""
