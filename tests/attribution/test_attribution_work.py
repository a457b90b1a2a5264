"""The work of attribution grows with the length of a text, whatever its words: counted in executed lines, not in time."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest

from newsbeam.transforms.attribution import Attribute
from newsbeam.transforms.document import Document

CUES = {"ar": "قال", "de": "sagte", "en": "said", "es": "dijo", "fr": "déclare", "ja": "述べた", "ru": "сказал", "tr": "dedi"}
SHORT, LONG = 1500, 6000  # characters; a sentence is read up to 1200
MOST_LINES = 250  # executed lines a character, ordinary prose takes 30 to 60


def floods(cue: str) -> dict[str, str]:
    """Units that are repeated."""
    return {
        "quotations": "„a“ ",
        "openers": "„",
        "straight marks": '"a" ',
        "commas": "a, ",
        "cues": f"{cue} ",
        "cues and commas": f"{cue}, ",
        "names": "Anna Berg ",
        "labels": "Anna Berg: a\n",
        "quotations with cues": f"„aa bb cc“, {cue} Anna, ",
    }


def executed(text: str, language: str) -> int:
    """The number of lines that Python executes for a text."""
    count = 0

    def line(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return line

    before = sys.gettrace()
    sys.settrace(line)
    try:
        Attribute()(Document(text=text, language=language))
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("language", CUES)
def test_work_is_linear(language: str) -> None:
    Attribute()(Document(text=f"„Aa bb cc dd“, {CUES[language]} Anna Berg.", language=language))  # loads the lists
    for name, unit in floods(CUES[language]).items():
        short, long = (executed(unit * (size // len(unit)), language) for size in (SHORT, LONG))
        assert long < 1.4 * LONG / SHORT * short, name
        assert long < MOST_LINES * LONG, name
