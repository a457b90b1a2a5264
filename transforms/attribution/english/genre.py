"""Lower scores in texts that report no speech.

They are manuals, shop pages and advertisements.

The tagger was trained on news. In "You want to give access to a container" it finds an attitude, as it does in
news. In such a text, few attributions without a reporting verb are right.
"""

from __future__ import annotations

import re
from dataclasses import replace

from newsbeam.transforms.document import Attribution

_REPORTING = re.compile(
    r"\b(?:said|says|told|tells|added|wrote|writes|announced|reported|warned|explained|asked|replied|noted|insisted|argued|according to)\b",
    re.I,
)
_NOBODY = frozenset("you we i it one they this these that those which who your our".split())
_MIN_WORDS = 120  # a shorter text shows too little
_MIN_REPORTS = 2
_WORDS_PER_REPORT = 350
_LOWER = 0.5  # times the score


def temper(made: list[Attribution], text: str) -> list[Attribution]:
    """Halve scores in a text that reports little speech.

    Statements with a reporting verb keep theirs.
    """
    words = len(text.split())
    if words < _MIN_WORDS or not made:
        return made
    reports = sum(_reports(item) for item in made)
    if reports >= _MIN_REPORTS and reports * _WORDS_PER_REPORT >= words:
        return made
    return [item if _is_supported(item) else replace(item, score=round(item.score * _LOWER, 4)) for item in made]


def _reports(item: Attribution) -> bool:
    """Return whether somebody other than writer and reader says something."""
    return item.score >= 0.5 and (item.form == "direct" or _REPORTING.search(item.cue.text) is not None) and not _is_nobody(item)


def _is_supported(item: Attribution) -> bool:
    return item.form == "direct" or (_REPORTING.search(item.cue.text) is not None and not _is_nobody(item))


def _is_nobody(item: Attribution) -> bool:
    return not item.speaker.text or item.speaker.text.lower() in _NOBODY
