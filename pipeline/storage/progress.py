"""The progress of a run on this machine, for the bar on the terminal. Counted in process, read by another thread."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Progress:
    """Bytes of input read, inputs handed to the workers, and inputs that have ended as a line of output.

    `counted` is the bytes of a first pass, which is over; `kept` are those of `finished` whose part of the output is complete.
    """

    counted: int = 0
    bytes_read: int = 0
    begun: int = 0
    finished: int = 0
    failed: int = 0
    kept: int = 0

    def bytes_done(self) -> int:
        """About how much of the input is done with: reading runs ahead of the work."""
        return self.counted + self.bytes_read * self.finished // max(self.begun, 1)

    def next_pass(self) -> None:
        """The input has been read through, and will be again."""
        self.counted, self.bytes_read, self.begun, self.finished = self.counted + self.bytes_read, 0, 0, 0

    def reset(self) -> None:
        """Count from zero again, for another run in the same process."""
        vars(self).update(vars(Progress()))


CURRENT = Progress()
