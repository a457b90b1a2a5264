"""Large files cut into stretches of records that workers share, before any document in them is read to be worked on.

The rule that makes a cut safe: a file is cut only where everything in front of the place was read and found regular. Whatever is
irregular (cut short, damaged, rubbish between records, an unusual spelling) ends the cutting, and all from the
last cut on is one stretch, in which it is met by the same code as in a file that was never cut. So reading in stretches and in one
go give the same items and the same errors, under the same numbers; and where the cuts are depends on the file alone.

    JSON lines                  at the end of a line
    .warc                       at a record: headers are read, bodies are passed over
    .warc.gz, .warc.zst         at a record that begins a gzip member or a zstd frame (the usual way to write them)
    .parquet                    at a row group

All else stays whole: other compressed files, and a .warc.gz that is one single member.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from newsbeam.inputs import process, reader, work_units
from newsbeam.inputs.compression import open_raw
from newsbeam.inputs.contents import split_points
from newsbeam.inputs.formats.base import Irregular, SplitPoint, Unreadable
from newsbeam.inputs.limits import MIN_READ_SECONDS
from newsbeam.inputs.work_units import WorkUnit


def split(share: WorkUnit, seconds: float = MIN_READ_SECONDS) -> Iterator[WorkUnit]:
    """A share of one large file as stretches of `SPLIT_BYTES` or a little more each, as they are found; any other share as it is."""
    if len(share.sources) != 1 or share.size < 2 * work_units.SPLIT_BYTES or share.only:
        yield share
        return
    kind, start, first = "", 0, 1
    ending: list[tuple[int, str]] = []
    try:
        for kind, (place, number) in _cuts(share.sources[0].path, seconds, ending):
            if place - start >= work_units.SPLIT_BYTES:
                yield replace(share, start=start, end=place, first=first, kind=kind, last=False)
                start, first = place, number
    except (Irregular, Unreadable, OSError):
        pass  # reading what is left will say what is wrong
    end, digest = ending[0] if ending else (-1, "")
    yield replace(share, start=start, end=end, first=first, kind=kind, digest=digest) if start else share


def _cuts(path: str, seconds: float, ending: list[tuple[int, str]]) -> Iterator[tuple[str, SplitPoint]]:
    """Every place where a file can be cut, as `newsbeam.inputs.contents.split_points` gives them."""
    with open_raw(path) as raw:
        if not raw.seekable():
            return
        there = process.split if reader.is_walled(path, raw) else None
        yield from (
            there(path, raw, work_units.SPLIT_BYTES, seconds, ending) if there else split_points(path, raw, work_units.SPLIT_BYTES, ending)
        )
