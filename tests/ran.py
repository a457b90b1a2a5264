"""The outcome of a command, as fixtures of several folders return it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it printed."""

    status: int
    out: str
    err: str

    @property
    def account(self) -> str:
        """The last line on standard output."""
        return (self.out.splitlines() or [""])[-1]
