"""Relays, in which an outlet passes a statement on.

“…, Doe said, Reuters reported” is one statement, which Doe made and Reuters passed on.
"""

from __future__ import annotations

import re
from dataclasses import replace

from newsbeam.transforms.attribution.chains import is_outlet_phrase, relay_pattern
from newsbeam.transforms.attribution.statement import Statement

Range = tuple[int, int]
_MAX_SENTENCE_CHARS = 600
_VERBS = (" report", " said", " says", " wrote", " writes", " has ", " had ")
_SENTENCE_BREAK = re.compile(r"[a-z0-9”\"][.!?][”\"]?\s+[A-Z“\"]")


def relays(text: str, found: list[Statement]) -> list[Range]:
    """Return where a sentence ends with an outlet that passes it on.

    For example: ", Reuters reported on Monday, citing X".
    """
    ranges = []
    for item in found:
        if item.speaker is None or not item.said or item.cue[0] < 0:
            continue
        start = max(item.cue[1], item.speaker[1])
        stop = text.find("\n", start, start + _MAX_SENTENCE_CHARS)
        stop = stop if stop >= 0 else min(len(text), start + _MAX_SENTENCE_CHARS)
        ended = _SENTENCE_BREAK.search(text, start, stop)
        stop = ended.start() + 2 if ended else stop
        rest = text[start:stop]
        if ", " not in rest or not any(verb in rest for verb in _VERBS):
            continue
        match = relay_pattern().search(text, start, stop)
        if match and (match["cue"] or is_outlet_phrase(match["np"])):
            ranges.append((match.start(), match.end()))
    return sorted(set(ranges))


def without_relays(found: list[Statement], ranges: list[Range]) -> list[Statement]:
    """Return the statements without those that a relay would make.

    The words of the relay are removed from the content of others, too.
    """
    if not ranges:
        return found
    kept = []
    for item in found:
        if any(start <= item.cue[0] < end for start, end in ranges):
            continue
        content = item.content
        for start, end in ranges:
            content = [
                (low, min(high, start) if low < start < high <= end + 1 else high) for low, high in content if not start <= low < end
            ]
        if content:
            kept.append(item if content == item.content else replace(item, content=content))
    return kept
