"""HTTP statuses of archived responses to read."""

from __future__ import annotations

import re

Statuses = tuple[tuple[int, int], ...]
"""HTTP statuses, as ranges with inclusive ends."""

OK_STATUSES: Statuses = ((200, 299),)
"""The default: statuses of responses that are documents."""


def parse_statuses(text: str) -> Statuses:
    """Parse HTTP statuses: "200,203,404", "2xx", "200-299", "all". Raises ValueError."""
    ranges: list[tuple[int, int]] = []
    for word in text.lower().replace(" ", "").split(","):
        if word == "all":
            ranges.append((0, 999))
        elif match := re.fullmatch(r"(\d)xx", word):
            ranges.append((int(match.group(1)) * 100, int(match.group(1)) * 100 + 99))
        elif match := re.fullmatch(r"(\d{3})(?:-(\d{3}))?", word):
            ranges.append((int(match.group(1)), int(match.group(2) or match.group(1))))
        else:
            raise ValueError(f"{word!r} is not an HTTP status; write 200,404 or 2xx or 200-299 or all")
    return tuple(sorted(set(ranges)))
