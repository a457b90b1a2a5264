"""One message."""

from __future__ import annotations

from dataclasses import dataclass

OLDEST = 30 * 86_400
"""Seconds. A message that claims to be older is given the time at which it came: no broker is asked to keep one for longer."""


@dataclass(frozen=True)
class Message:
    """One message: where it came from (`kafka://topic/partition@offset`), what it holds, its headers or attributes.

    `time`, in milliseconds since 1970, is its broker's.
    """

    origin: str
    payload: bytes
    attributes: tuple[tuple[str, str], ...] = ()
    time: int = 0
