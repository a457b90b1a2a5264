"""The registry of input formats: adding one is one module in this package and one line here.

A format says how the items inside one file are read (`base.InputFormat`). Which format a file has is decided by its first bytes, in
`transforms.decode.container`, whose answer is the `kind` that the format is registered under. Modules of this package are imported
together, so heavy libraries are imported inside the functions that need them.
"""

from __future__ import annotations

from pipeline.inputs.formats.archive import Tar, Zip
from pipeline.inputs.formats.base import InputFormat
from pipeline.inputs.formats.feed import Feed, Xml
from pipeline.inputs.formats.json_values import JsonValues
from pipeline.inputs.formats.jsonl import JsonLines
from pipeline.inputs.formats.lists import Index, PathList
from pipeline.inputs.formats.mail import Mail, Mailbox
from pipeline.inputs.formats.parquet import Parquet
from pipeline.inputs.formats.table import Table
from pipeline.inputs.formats.warc import Warc

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
