"""The signals that stop a run."""

from __future__ import annotations

import signal

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""The signals that stop a run. Workers ignore them; their parent handles them."""
