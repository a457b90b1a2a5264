"""The signals that stop a run."""

from __future__ import annotations

import signal

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""The signals that ask a run to end. Workers leave them to their parent."""
