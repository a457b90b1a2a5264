"""The progress of a run on this machine, for the bar on the terminal.

Counted in process, read by another thread.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Progress:
    """Bytes read, inputs passed to the workers, inputs that became a line.

    `counted` has the bytes of a completed first pass. `kept` is how many of `finished` are in
    complete parts of the output.
    """

    counted: int = 0
    bytes_read: int = 0
    begun: int = 0
    finished: int = 0
    failed: int = 0
    kept: int = 0

    def bytes_done(self) -> int:
        """Estimate the bytes of input processed; reading is ahead of the workers."""
        return self.counted + self.bytes_read * self.finished // max(self.begun, 1)

    def next_pass(self) -> None:
        """Start the second pass over the input."""
        self.counted, self.bytes_read, self.begun, self.finished = self.counted + self.bytes_read, 0, 0, 0

    def reset(self) -> None:
        """Reset all counts for another run in the same process."""
        vars(self).update(vars(Progress()))


CURRENT = Progress()
