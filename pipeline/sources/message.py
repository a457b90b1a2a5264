"""Messages."""

from __future__ import annotations

from dataclasses import dataclass

OLDEST = 30 * 86_400
"""Seconds; an older message gets its arrival time: no broker keeps any longer."""


@dataclass(frozen=True)
class Message:
    """One message.

    Args:
        origin: where it came from: `kafka://topic/partition@offset`.
        payload: the content.
        time: the broker's time, in milliseconds since 1970.
        attributes: its headers or attributes.
    """

    origin: str
    payload: bytes
    attributes: tuple[tuple[str, str], ...] = ()
    time: int = 0
