"""What a runner is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Runner:
    """Where a run goes. `runner` is Beam's name, `options` are Beam's; `local`: its documents are worked on by this command's own
    pool, not by workers of an engine that share them out. `again`: a job of it that failed is worth another try, while it gets on.
    """

    runner: str
    options: dict[str, Any] = field(default_factory=dict)
    local: bool = False
    again: bool = False
