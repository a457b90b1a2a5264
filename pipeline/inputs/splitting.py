"""Splitting of large files into ranges of records that workers read in parallel.

A split is safe because a file is split only where everything before the split point was read and is
regular. Anything irregular (truncation, damage, garbage between records, an unusual spelling) ends
the splitting. The rest of the file is then one range, read by the same code as an unsplit file. So
split and unsplit reading yield the same items and errors with the same numbers, and split points
depend on the file alone.

    JSON lines                  at the end of a line
    .warc                       at a record: headers are read, bodies are skipped
    .warc.gz, .warc.zst         at a record that begins a gzip member or a zstd frame (the usual way
    to write them)
    .parquet                    at a row group

Other files are not split: other compressed files, and a .warc.gz with a single member.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from newsbeam.inputs import process, reader, work_units
from newsbeam.inputs.contents import split_points
from newsbeam.inputs.files import open_raw
from newsbeam.inputs.formats.base import Irregular, SplitPoint, Unreadable
from newsbeam.inputs.limits import MIN_READ_SECONDS
from newsbeam.inputs.work_units import WorkUnit


def split(share: WorkUnit, seconds: float = MIN_READ_SECONDS) -> Iterator[WorkUnit]:
    """Split a work unit of one large file into ranges of about `SPLIT_BYTES`.

    Any other work unit is returned as it is.
    """
    if len(share.sources) != 1 or share.size < 2 * work_units.SPLIT_BYTES or share.only:
        yield share
        return
    kind, start, first = "", 0, 1
    ending: list[tuple[int, str]] = []
    try:
        for kind, (place, number) in _find_split_points(share.sources[0].path, seconds, ending):
            if place - start >= work_units.SPLIT_BYTES:
                yield replace(share, start=start, end=place, first=first, kind=kind, last=False)
                start, first = place, number
    except (Irregular, Unreadable, OSError):
        pass  # reading the rest reports the problem
    end, digest = ending[0] if ending else (-1, "")
    yield replace(share, start=start, end=end, first=first, kind=kind, digest=digest) if start else share


def _find_split_points(path: str, seconds: float, ending: list[tuple[int, str]]) -> Iterator[tuple[str, SplitPoint]]:
    """Yield the split points of a file, found in this process or in a child."""
    with open_raw(path) as raw:
        if not raw.seekable():
            return
        there = process.split if reader.is_walled(path, raw) else None
        yield from (
            there(path, raw, work_units.SPLIT_BYTES, seconds, ending) if there else split_points(path, raw, work_units.SPLIT_BYTES, ending)
        )
