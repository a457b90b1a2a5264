"""Drop redelivered messages."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import orjson
from apache_beam import coders
from apache_beam.transforms.userstate import ReadModifyWriteStateSpec, TimerSpec, on_timer
from apache_beam.utils.timestamp import Timestamp

from newsbeam.config.results import DroppedRow
from newsbeam.storage.output_layout import OutputKind
from newsbeam.streaming import history
from newsbeam.streaming.elements import Ended, Source

REDELIVERED = "redelivered: this id was seen before"


class Deduplicate(beam.DoFn):  # type: ignore[misc]
    """(key, ending) → endings without duplicates.

    The first of each key is unchanged. Others within `remember` seconds become dropped rows.

    `before` is the file with hashes of the keys that earlier runs wrote.

    The state of a key is the key (71 bytes for a record id), a flag and a timer, until the watermark has passed `remember` seconds
    after the first arrival. So the state is bounded by the documents of that time. The timer is an event-time timer: a
    processing-time timer would hold back the watermark, and with it every window, for as long.
    """

    SEEN = ReadModifyWriteStateSpec("seen", coders.BooleanCoder())
    FORGET = TimerSpec("forget", beam.TimeDomain.WATERMARK)

    def __init__(self, remember: int, before: str) -> None:
        self._remember, self._before = remember, before

    def process(
        self,
        element: tuple[str, tuple[OutputKind, bytes, tuple[tuple[str, int], ...], Source]],
        timestamp: Any = beam.DoFn.TimestampParam,
        seen: Any = beam.DoFn.StateParam(SEEN),
        forget: Any = beam.DoFn.TimerParam(FORGET),
    ) -> Iterator[Ended]:
        key, (kind, line, counts, source) = element
        mark = history.key_hash(key) if self._remember else 0
        if seen.read() or (self._before and history.contains_key(mark, history.load_keys(self._before))):
            yield "dropped", _redelivered(orjson.loads(line)), _counts_again(counts), source, 0
            return
        if self._remember:
            seen.write(True)
            # Counted from the clock, since old messages that are read now may be redelivered as well.
            forget.set(Timestamp(int(max(timestamp.micros / 1e6, time.time())) + self._remember))
        yield kind, line, counts, source, mark

    @on_timer(FORGET)
    def forget(self, seen: Any = beam.DoFn.StateParam(SEEN)) -> None:
        seen.clear()


def _redelivered(row: dict[str, Any]) -> bytes:
    """The dropped row for a document that already has a line."""
    metadata = row.get("metadata", row)
    return DroppedRow(
        id=row["id"],
        input_id=metadata["input_id"],
        origin=metadata["origin"],
        source=row["source"],
        url=row["url"],
        bytes=metadata["bytes"],
        sha256=metadata["sha256"],
        stage="once",
        reason=REDELIVERED,
    ).line()


def _counts_again(counts: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    """The counts of a document after it was dropped: its input and the time it took."""
    kept = [one for one in counts if one[0].startswith(("input/", "ns/", "calls/")) or one[0] == "bytes"]
    return (*kept, ("dropped", 1), (f"reason/once: {REDELIVERED}", 1))
