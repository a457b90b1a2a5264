"""Attribution in Thai: a reporting verb, “ว่า” and the content.

Words are written together, and blanks separate phrases.
"""

from __future__ import annotations

import re
from functools import cache

from newsbeam.transforms.attribution.lexicon import load
from newsbeam.transforms.attribution.statement import Statement

_PARAGRAPH = re.compile(r"[^\n]+")
_TAIL = re.compile(r"[\s.\"”]+$")
_LONGEST_SPEAKER = 100  # characters
_SCORE, _NO_SPEAKER_SCORE = 0.8, 0.45


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    data = load("th")
    verbs = "|".join(sorted(map(re.escape, data["verbs"]), key=lambda verb: (-len(verb), verb)))
    said = re.compile(rf"(?P<cue>(?:ได้|ก็|ยัง|จึง|เคย)?(?:{verbs})(?:กับ[^\s]{{2,30}}|เมื่อ[^\s]{{2,20}}|เพิ่มเติม|ด้วย|ไว้|ต่อ)?\s?ว่า)\s?(?=\S)")
    before = "|".join(sorted(map(re.escape, data["according_before"]), key=lambda phrase: (-len(phrase), phrase)))
    return said, re.compile(rf"(?P<cue>{before})\s?(?P<who>\S{{2,40}}(?:\s[A-Z]\S+)*)\s(?P<what>\S.{{8,}})")


def read_thai(prose: str) -> list[Statement]:
    """Return the statements of a Thai text."""
    said, according = _patterns()
    found: list[Statement] = []
    for paragraph in _PARAGRAPH.finditer(prose):
        cues = list(said.finditer(prose, paragraph.start(), paragraph.end()))
        upto = paragraph.start()
        for number, match in enumerate(cues):
            if match.start() < upto:
                continue
            end = cues[number + 1].start() if number + 1 < len(cues) else paragraph.end()
            if number + 1 < len(cues):
                # the next speaker precedes its verb
                end = max(prose.rfind(" ", match.end(), end), match.end())
            tail = _TAIL.search(prose, match.end(), end)
            end = tail.start() if tail else end
            if end - match.end() < 4:
                continue
            who = _speaker(prose, upto, match.start())
            found.append(
                Statement(
                    [(match.end(), end)], match.span("cue"), who, _SCORE if who else _NO_SPEAKER_SCORE, direct=prose[match.end()] in '"“'
                )
            )
            upto = end
        formula = None if cues else according.search(prose, paragraph.start(), paragraph.end())
        if formula:
            found.append(Statement([formula.span("what")], formula.span("cue"), formula.span("who"), _SCORE))
    return found


def _speaker(prose: str, start: int, end: int) -> tuple[int, int] | None:
    """Return the phrase that ends at the verb, back to a separating blank."""
    start = max(start, end - _LONGEST_SPEAKER)
    while end > start and prose[end - 1].isspace():
        end -= 1
    begin = prose.rfind(" ", start, end) + 1
    begin = max(begin, start)
    # A surname or a word in Latin letters follows a separate blank.
    while begin > start and (end - begin < 3 or prose[begin].isascii()):
        previous = prose.rfind(" ", start, begin - 1) + 1
        if previous <= start or previous == begin:
            begin = start
            break
        begin = previous
    while begin < end and prose[begin].isspace():
        begin += 1
    return (begin, end) if 2 <= end - begin <= 80 else None
