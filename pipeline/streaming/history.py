"""What is written already, as the manifests of a stream's output folder say: messages that a new run passes over, keys it knows.

An engine that restores its state needs none of this. A process that was killed has no state; what it wrote is there all the
same, so a run that begins reads the manifests and leaves out what they account for.

Kafka's messages are held as stretches of offsets, [first, last, earliest time, latest time] for each partition, times in
milliseconds: a topic that was deleted and made again counts from 0 again, but its messages are younger. Pub/Sub's have ids only.
Keys (by which a second arrival of the same document is known) are held as 64 bits of their hash.
"""

from __future__ import annotations

import base64
import re
import time
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timezone
from functools import cache
from hashlib import blake2b
from typing import Any

from newsbeam.outputs import folder
from newsbeam.sources.message import OLDEST, Message
from newsbeam.storage import filesystem

OffsetRange = list[int]

MAX_RANGES = 10_000
"""Of a partition. It has one for each gap (a transaction's marks, a compacted topic's holes); the oldest are let go."""


def summarise_window(complete: Iterable[tuple[str, int]]) -> dict[str, list[Any]]:
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


def _joined(stretches: Iterable[OffsetRange]) -> list[OffsetRange]:
    """Stretches in their order, those that touch made one."""
    joined: list[OffsetRange] = []
    for first, last, earliest, latest in sorted(stretches):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = [joined[-1][0], max(joined[-1][1], last), min(joined[-1][2], earliest), max(joined[-1][3], latest)]
        else:
            joined.append([first, last, earliest, latest])
    return joined[-MAX_RANGES:]


def key_hash(key: str) -> int:
    """64 bits of a key, never 0."""
    return int.from_bytes(blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little") or 1


def encode_keys(marks: Iterable[int]) -> str:
    """Marks as a manifest holds them."""
    return base64.b64encode(_sorted(marks).tobytes()).decode()


def _sorted(marks: Iterable[int]) -> array[int]:
    return array("Q", sorted(set(marks)))


def load(output: str, place: str, remember: int) -> tuple[dict[str, list[Any]], array[int]]:
    """What the manifests in a folder account for: messages at places that begin so (`kafka://topic/`), and the marks of keys, sorted.

    Of Kafka's offsets, those of as long as a message's time counts; of Pub/Sub's ids a day more than the last `remember` seconds; of keys
    those of the last `remember` seconds.
    """
    now = time.time()
    oldest = now - (OLDEST if place.startswith("kafka://") else remember) - 86_400
    found: dict[str, list[Any]] = {}
    marks = array("Q")
    for start, path in _manifests(output, oldest):
        about: Mapping[str, Any] = folder.load(path, "get it back from a copy, or move it away: its messages are then taken again")
        for where, of_place in about.get("messages", {}).items():
            if where.startswith(place):
                found.setdefault(where, []).extend(of_place)
        if start > now - remember:
            marks.frombytes(base64.b64decode(about.get("keys", "")))
    joined = {where: _joined(of_place) if where.startswith("kafka://") else of_place for where, of_place in found.items()}
    return joined, _sorted(marks)


def save_keys(marks: array[int], path: str) -> str:
    """Write marks into a file, for the workers; its path, "" where there are none."""
    if not marks:
        return ""
    with filesystem.atomic_write(path) as stream:
        stream.write(marks.tobytes())
    return path


@cache
def load_keys(path: str) -> array[int]:
    """The marks in a file that `save_keys` wrote; read once in a process."""
    marks = array("Q")
    if path:
        with filesystem.read(path) as stream:
            marks.frombytes(stream.read())
    return marks


def contains_key(mark: int, marks: array[int]) -> bool:
    """Whether it is one of them; they are sorted."""
    at = bisect_right(marks, mark) - 1
    return at >= 0 and marks[at] == mark


def _manifests(output: str, oldest: float) -> Iterator[tuple[float, str]]:
    for name in filesystem.list_names(output):
        if (window := re.fullmatch(r"manifest-(\d{8}T\d{6})-run\d+(?:-late\d+)?\.json", name)) is not None:
            start = datetime.strptime(window[1], "%Y%m%dT%H%M%S").replace(tzinfo=timezone.utc).timestamp()
            if start >= oldest:
                yield start, filesystem.join(output, name)


def is_written(message: Message, stretches: Mapping[str, list[OffsetRange]]) -> bool:
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
