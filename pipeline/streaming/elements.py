"""The elements that pass between the steps of a run over messages."""

from __future__ import annotations

from dataclasses import dataclass

from newsbeam.storage.manifest import OffsetRange
from newsbeam.storage.output_layout import OutputKind


@dataclass(frozen=True)
class Stream:
    """The settings by which messages are divided into windows and deduplicated.

    `window` and `remember` are in seconds, `run` is the number of the run in its folder.
    What earlier runs wrote (see `newsbeam.streaming.history`): `done` are ranges of Kafka offsets, `seen` is the file with hashes of keys.
    """

    window: int = 60
    remember: int = 86_400
    run: int = 1
    done: tuple[tuple[str, tuple[OffsetRange, ...]], ...] = ()
    seen: str = ""


Source = tuple[str, int, int]
"""(origin, time, number of documents) of an ending's message.

The number is set with the last document of a message, else 0.
"""

Ended = tuple[OutputKind, bytes, tuple[tuple[str, int], ...], Source, int]
"""(kind of output, line, counts, message, hash of the key) for one document.

The hash is 0 if the key was seen before.
"""
