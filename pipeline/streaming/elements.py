"""What passes between the steps of a stream."""

from __future__ import annotations

from dataclasses import dataclass

from newsbeam.streaming import history


@dataclass(frozen=True)
class Stream:
    """How a stream is cut and told apart: `window` and `remember` in seconds; `run` is this run's number in its output folder.

    What earlier runs wrote already (see `newsbeam.streaming.history`): `done` of Kafka's messages, and the file `seen` with marks of keys.
    """

    window: int = 60
    remember: int = 86_400
    run: int = 1
    done: tuple[tuple[str, tuple[history.OffsetRange, ...]], ...] = ()
    seen: str = ""


Source = tuple[str, int, int]
"""What an ending is of: a message's origin and time, and how many things were in the message, told with the last of them, else 0."""

Ended = tuple[str, bytes, tuple[tuple[str, int], ...], Source, int]
"""What became of one thing: the kind of output, its line, what was counted, what it is of, and its key's mark, 0 if it was seen before."""
