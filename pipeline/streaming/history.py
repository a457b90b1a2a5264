"""The messages and keys that earlier runs wrote.

The manifests of an output folder have them.

A runner that restores its state does not need this. A killed process has no state, but its files exist. So a new run reads the
manifests and skips the messages that they account for.

Kafka messages are stored as ranges of offsets for each partition: [first, last, earliest time, latest time], times in milliseconds. A
topic that was deleted and created again counts from 0 again, but its messages are younger. Pub/Sub messages have ids only. Keys, by
which a redelivered document is recognised, are stored as 64-bit hashes.
"""

from __future__ import annotations

import base64
import time
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from hashlib import blake2b

from newsbeam.errors import UsageError
from newsbeam.sources.message import OLDEST, Message
from newsbeam.storage import filesystem
from newsbeam.storage.manifest import OffsetRange, WindowManifest
from newsbeam.storage.output_layout import MANIFEST_PREFIX, WindowManifestName, parse_manifest

MAX_RANGES = 10_000
"""Ranges kept for a partition. There is one for each gap (transaction markers, compaction); the oldest are dropped."""

MANIFEST_CURE = "restore it from a copy, or move it away: its messages are then processed again"

Processed = dict[str, list[OffsetRange | str]]
"""By partition the ranges of processed offsets, by subscription the ids of processed messages."""


def summarise_window(complete: Iterable[tuple[str, int]]) -> Processed:
    """The entry of a manifest for the messages that are complete in its files.

    The argument has (origin, time in ms) of each.
    """
    offsets: dict[str, list[tuple[int, int]]] = {}
    ids: dict[str, list[str]] = {}
    for origin, when in complete:
        place, _, number = origin.rpartition("@")
        if place.startswith("kafka://"):
            offsets.setdefault(place, []).append((int(number), when))
        elif number:
            ids.setdefault(place, []).append(number)
    processed: Processed = {place: [*sorted(set(numbers))] for place, numbers in ids.items()}
    for place, numbered in offsets.items():
        processed[place] = [*_merge([number, number, when, when] for number, when in numbered)]
    return dict(sorted(processed.items()))


def _merge(ranges: Iterable[OffsetRange]) -> list[OffsetRange]:
    """Ranges in order, adjacent and overlapping ones merged."""
    merged: list[OffsetRange] = []
    for first, last, earliest, latest in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = [merged[-1][0], max(merged[-1][1], last), min(merged[-1][2], earliest), max(merged[-1][3], latest)]
        else:
            merged.append([first, last, earliest, latest])
    return merged[-MAX_RANGES:]


def key_hash(key: str) -> int:
    """A 64-bit hash of a key, never 0."""
    return int.from_bytes(blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little") or 1


def encode_keys(hashes: Iterable[int]) -> str:
    """Hashes of keys, encoded for a manifest."""
    return base64.b64encode(_sorted(hashes).tobytes()).decode()


def _sorted(hashes: Iterable[int]) -> array[int]:
    return array("Q", sorted(set(hashes)))


def load(output: str, place: str, remember: int) -> tuple[Processed, array[int]]:
    """Load the messages and keys that the manifests of a folder account for.

    Args:
        output: the output folder.
        place: the beginning of the partitions or the subscription to look for, such as `kafka://topic/`.
        remember: seconds for which keys are remembered. Pub/Sub ids are loaded for a day longer, Kafka offsets for as long as
            the time of a message counts.

    Returns:
        The processed messages, and the hashes of keys in ascending order.

    Raises:
        UsageError: a manifest is damaged.
    """
    now = time.time()
    is_kafka = place.startswith("kafka://")
    oldest = now - (OLDEST if is_kafka else remember) - 86_400
    ranges: dict[str, list[OffsetRange]] = {}
    ids: dict[str, list[str]] = {}
    hashes = array("Q")
    for start, path in _manifests(output, oldest):
        manifest = WindowManifest.load(path, MANIFEST_CURE)
        for where, messages in (manifest.messages or {}).items():
            if where.startswith(place):
                for message in messages:
                    if isinstance(message, str):
                        ids.setdefault(where, []).append(message)
                    else:
                        ranges.setdefault(where, []).append(message)
        if start > now - remember:
            hashes.frombytes(_decode_keys(manifest.keys or "", path))
    processed: Processed = {where: [*_merge(of_place)] for where, of_place in ranges.items()}
    return processed | {where: [*of_place] for where, of_place in ids.items()}, _sorted(hashes)


def _decode_keys(keys: str, path: str) -> bytes:
    try:
        return base64.b64decode(keys)
    except ValueError as error:
        raise UsageError(f"{path} is damaged ({error}); {MANIFEST_CURE}") from error


def save_keys(hashes: array[int], path: str) -> str:
    """Write hashes of keys to a file for the workers.

    Returns its path, or "" if there are none.
    """
    if not hashes:
        return ""
    with filesystem.atomic_write(path) as stream:
        stream.write(hashes.tobytes())
    return path


@cache
def load_keys(path: str) -> array[int]:
    """Read a file that `save_keys` wrote, once in a process."""
    hashes = array("Q")
    if path:
        with filesystem.read(path) as stream:
            hashes.frombytes(stream.read())
    return hashes


def contains_key(key: int, hashes: array[int]) -> bool:
    """Tell whether a hash is among others in ascending order."""
    index = bisect_right(hashes, key) - 1
    return index >= 0 and hashes[index] == key


def _manifests(output: str, oldest: float) -> Iterator[tuple[float, str]]:
    for name in filesystem.list_names(output, MANIFEST_PREFIX):
        parsed = parse_manifest(name)
        if isinstance(parsed, WindowManifestName) and parsed.window.start >= oldest:
            yield parsed.window.start, filesystem.join(output, name)


def is_written(message: Message, ranges: Mapping[str, list[OffsetRange]]) -> bool:
    """Tell whether a Kafka message is in the ranges that were written."""
    place, _, number = message.origin.rpartition("@")
    of_place = ranges.get(place)
    if not of_place:
        return False
    offset = int(number)
    at = bisect_right(of_place, [offset, 1 << 63]) - 1
    if at < 0:
        return False
    _, last, earliest, latest = of_place[at]
    return offset <= last and earliest <= message.time <= latest
