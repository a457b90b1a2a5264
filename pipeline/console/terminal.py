"""Output that is safe for terminals: foreign escape codes never reach them."""

from __future__ import annotations

import io
import re
import sys
from bisect import bisect_left

# Control characters (they move the cursor, clear the screen, open links), characters that reorder
# the text around them, and surrogates.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_UNSAFE_IN_LINES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def escape_controls(text: str, lines: bool = False) -> str:
    r"""Escape what a terminal must not receive, as in `\x1b`.

    Args:
        text: the text to show.
        lines: leave line ends and tabs as they are.
    """
    return (_UNSAFE_IN_LINES if lines else _UNSAFE).sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    return _NAMED.get(character) or (f"\\x{ord(character):02x}" if character <= "\xff" else f"\\u{ord(character):04x}")


class Places:
    """Map positions in a text to positions in `escape_controls(text, lines=True)`."""

    def __init__(self, text: str) -> None:
        self._places: list[int] = []
        self._longer = [0]
        for match in _UNSAFE_IN_LINES.finditer(text):
            self._places.append(match.start())
            self._longer.append(self._longer[-1] + len(_escape(match)) - 1)

    def __call__(self, place: int) -> int:
        """Return the position in the escaped text."""
        return place + self._longer[bisect_left(self._places, place)]


def print_note(text: str) -> None:
    """Print a note on standard error."""
    print(f"newsbeam: {escape_controls(text)}", file=sys.stderr, flush=True)


def tolerate_any_encoding() -> None:
    """Make standard output escape characters that its encoding lacks."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
