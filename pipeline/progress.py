"""What a run on this machine has done so far, for the bar on the terminal. Counted in process, read by another thread."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Progress:
    """Bytes of input read, inputs handed to the workers, and inputs that have ended as a line of output."""

    bytes_read: int = 0
    begun: int = 0
    finished: int = 0
    failed: int = 0

    def bytes_done(self) -> int:
        """About how much of the input is done with: reading runs ahead of the work."""
        return self.bytes_read * self.finished // max(self.begun, 1)


NOW = Progress()
