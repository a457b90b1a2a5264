"""Which messages are written already, as the manifests of a stream's output folder say: what a new run passes over.

An engine that restores its state needs none of this. A process that was killed has no state; what it wrote is there all the
same, so a run that begins reads the manifests and leaves out what they account for.

Kafka's messages are held as stretches of offsets, [first, last, earliest time, latest time] for each partition, times in
milliseconds: a topic that was deleted and made again counts from 0 again, but its messages are younger. Pub/Sub's have ids only.
"""

from __future__ import annotations

import re
import time
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

import orjson

from pipeline import files
from pipeline.messages import OLDEST, Message

Stretch = list[int]

MOST_STRETCHES = 10_000
"""Of a partition. It has one for each gap (a transaction's marks, a compacted topic's holes); the oldest are let go."""


def of_window(complete: Iterable[tuple[str, int]]) -> dict[str, list[Any]]:
    """What a manifest says of the messages all of which is in its files: given (origin, time in ms) of each."""
    offsets: dict[str, list[tuple[int, int]]] = {}
    ids: dict[str, list[str]] = {}
    for origin, when in complete:
        place, _, number = origin.rpartition("@")
        if place.startswith("kafka://"):
            offsets.setdefault(place, []).append((int(number), when))
        elif number:
            ids.setdefault(place, []).append(number)
    found: dict[str, list[Any]] = {place: sorted(set(numbers)) for place, numbers in ids.items()}
    for place, numbers in offsets.items():
        found[place] = _joined([number, number, when, when] for number, when in numbers)
    return dict(sorted(found.items()))


def _joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Stretches in their order, those that touch made one."""
    joined: list[Stretch] = []
    for first, last, earliest, latest in sorted(stretches):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = [joined[-1][0], max(joined[-1][1], last), min(joined[-1][2], earliest), max(joined[-1][3], latest)]
        else:
            joined.append([first, last, earliest, latest])
    return joined[-MOST_STRETCHES:]


def load(output: str, place: str, remember: int) -> dict[str, list[Any]]:
    """All that the manifests in a folder account for at places that begin so (`kafka://topic/`).

    Of Pub/Sub's ids, those of the last `remember` seconds; of Kafka's offsets, those of as long as a message's time counts.
    """
    oldest = time.time() - (OLDEST if place.startswith("kafka://") else remember) - 86_400
    found: dict[str, list[Any]] = {}
    for path in _manifests(output, oldest):
        with files.read(path) as stream:
            about: Mapping[str, list[Any]] = orjson.loads(stream.read()).get("messages", {})
        for where, of_place in about.items():
            if where.startswith(place):
                found.setdefault(where, []).extend(of_place)
    return {where: _joined(of_place) if where.startswith("kafka://") else of_place for where, of_place in found.items()}


def _manifests(output: str, oldest: float) -> Iterator[str]:
    for name in files.names_in(output):
        if (window := re.fullmatch(r"manifest-(\d{8}T\d{6})-run\d+(?:-late\d+)?\.json", name)) is not None:
            start = datetime.strptime(window[1], "%Y%m%dT%H%M%S").replace(tzinfo=timezone.utc)
            if start.timestamp() >= oldest:
                yield files.join(output, name)


def is_written(message: Message, stretches: Mapping[str, list[Stretch]]) -> bool:
    """Whether a message of Kafka's lies in what was written."""
    place, _, number = message.origin.rpartition("@")
    of_place = stretches.get(place)
    if not of_place:
        return False
    offset = int(number)
    at = bisect_right(of_place, [offset, 1 << 63]) - 1
    if at < 0:
        return False
    _, last, earliest, latest = of_place[at]
    return offset <= last and earliest <= message.time <= latest
