"""Large files cut into stretches of records that workers share, before any document in them is read to be worked on.

The rule that makes a cut safe: a file is cut only where everything in front of the place was read and found regular. Whatever is
irregular (cut short, damaged, rubbish between records, a spelling that FastWARC may take otherwise) ends the cutting, and all from the
last cut on is one stretch, in which it is met by the same code as in a file that was never cut. So reading in stretches and in one
go give the same items and the same errors, under the same numbers; and where the cuts are depends on the file alone.

    JSON lines                  at the end of a line
    .warc                       at a record: headers are read, bodies are passed over
    .warc.gz, .warc.zst         at a record that begins a gzip member or a zstd frame (the usual way to write them)
    .parquet                    at a row group

All else stays whole: other compressed files, and a .warc.gz that is one single member.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import zstandard

from pipeline import read
from pipeline.inputs.formats import INPUT_FORMATS
from pipeline.inputs.formats.base import InputFormat, Irregular, SplitPoint, Unreadable
from pipeline.inputs.formats.warc import WALK_BYTES
from pipeline.read import Share
from pipeline.streams import Pieces, Plain, open_plain
from transforms.decode import HEAD_BYTES, container


def split(share: Share) -> Iterator[Share]:
    """A share of one large file as stretches of `SPLIT_BYTES` or a little more each, as they are found; any other share as it is."""
    if len(share.sources) != 1 or share.size < 2 * read.SPLIT_BYTES or share.only:
        yield share
        return
    form: InputFormat | None = None
    start, end, first, digest = 0, -1, 1, ""
    try:
        # Walking a plain WARC and looking at the end of a parquet file is done without reading all of it.
        with open_plain(share.sources[0].path, hashed=False, counted=False) as stream:
            compression, form = _kinds(stream, share.sources[0].path)
        if form is not None:
            hashed = form.split_reads_all or compression != ""
            buffer = HEAD_BYTES if hashed else WALK_BYTES
            with open_plain(share.sources[0].path, hashed, counted=False, buffer=buffer) as stream:
                for place, number in _cuts(stream, compression, form):
                    if place - start >= read.SPLIT_BYTES:
                        yield replace(share, start=start, end=place, first=first, kind=form.kind, last=False)
                        start, first = place, number
                if hashed:
                    end = stream.tell()
                    digest = cast("Plain", stream.raw).hexdigest()
    except (Irregular, Unreadable, OSError, EOFError, ArithmeticError, TypeError, ValueError, zlib.error, zstandard.ZstdError):
        pass  # reading what is left will say what is wrong
    kind = form.kind if form is not None else ""
    yield replace(share, start=start, end=end, first=first, kind=kind, digest=digest) if start else share


def _kinds(stream: io.BufferedReader, path: str) -> tuple[str, InputFormat | None]:
    """How a file is compressed, and its format; None where it is not split."""
    kind = container(stream.peek(HEAD_BYTES), path)
    compression = ""
    if kind in ("gzip", "zstd"):
        compression, kind = kind, container(io.BufferedReader(Pieces(stream, kind), HEAD_BYTES).peek(HEAD_BYTES))
    form = INPUT_FORMATS.get(kind)
    return (compression, form) if form is not None and compression in form.split_inside else ("", None)


def _cuts(stream: io.BufferedReader, compression: str, form: InputFormat) -> Iterator[SplitPoint]:
    """Every place where a file can be cut. Raises whatever reading it does, and Irregular."""
    return form.split_points(stream, compression, read.SPLIT_BYTES)
