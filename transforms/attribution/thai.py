"""Attribution in Thai: a reporting verb, “ว่า” and the content.

Words are written together, and blanks separate phrases.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from newsbeam.transforms.attribution.lexicon import load
from newsbeam.transforms.attribution.statement import Statement

# Parts of the predicate before its verb.
_TRAILING = re.compile(r"\s{0,5}(?:ได้แสดง|ได้ให้|มีความ|ได้รับ|ไม่เคย|เคย|ได้|จะ|ก็|มี|ขอ|ออกมา|ต่าง)$")
_SURNAME = 9  # characters
_PARAGRAPH = re.compile(r"[^\n]+")
_TAIL = re.compile(r"(?<![\s.\"”])[\s.\"”]{1,40}$")
_LONGEST_SPEAKER = 100  # characters
_SCORE, _NO_SPEAKER_SCORE, _QUOTATION_SCORE = 0.8, 0.45, 0.85
_QUOTATION = re.compile(r"[\"“][^\"“”\n]{8,600}[\"”]")


@dataclass(frozen=True)
class _Patterns:
    said: re.Pattern[str]
    """A verb and ว่า."""
    closing: re.Pattern[str]
    """A speaker and a verb behind a quotation."""
    according: re.Pattern[str]
    leads: re.Pattern[str]
    """Words before a speaker that do not belong to it: connectives and times."""


@cache
def _patterns() -> _Patterns:
    data = load("th")

    def any_of(key: str) -> str:
        return "|".join(sorted(map(re.escape, data[key]), key=lambda word: (-len(word), word)))

    verbs = rf"(?<!ถูก)(?<!การ)(?<!ไม่ได้)(?<!ไม่)(?:ได้|ก็|ยัง|จึง|เคย|ต่าง){{0,2}}(?:{any_of('verbs')})"
    return _Patterns(
        said=re.compile(
            rf"(?P<cue>{verbs}(?:กับ\S{{2,30}}|ต่อ\S{{0,20}}|แก่\S{{2,20}}|เมื่อ\S{{2,20}}|ใน\S{{2,30}}|ผ่าน\S{{2,30}}|ติดตลก|เพิ่มเติม|เพิ่ม|เสริม|ด้วย|ไว้|แล้ว)?\s?ว่า:?)\s?(?=\S)"
        ),
        closing=re.compile(rf"[\s,]{{0,5}}(?P<who>\S[^\"“”\n]{{1,60}}?)\s?(?P<cue>{verbs}(?:เพิ่มเติม|เสริม|เพิ่ม|ไว้)?)(?=[\s.]|$)"),
        according=re.compile(
            rf"(?P<cue>{any_of('according_before')})\s?(?P<who>\S{{2,60}}(?:\s[A-Z]\S{{0,40}}){{0,4}})\s(?:ระบุว่า\s?)?(?P<what>\S.{{8,2000}})"
        ),
        leads=re.compile(rf"(?:{any_of('lead')})\s?"),
    )


def read_thai(prose: str) -> list[Statement]:
    """Return the statements of a Thai text."""
    patterns = _patterns()
    found: list[Statement] = []
    for paragraph in _PARAGRAPH.finditer(prose):
        closings = _closings(prose, paragraph.start(), paragraph.end())
        found += closings
        cues = [
            match
            for match in patterns.said.finditer(prose, paragraph.start(), paragraph.end())
            if not any(item.content[0][0] < match.end() and match.start() < item.cue[1] for item in closings)
        ]
        upto = max((item.cue[1] for item in closings), default=paragraph.start())
        last: tuple[int, int] | None = None
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
            who = _speaker(prose, upto, match.start()) or last
            last = who
            found.append(
                Statement(
                    [(match.end(), end)], match.span("cue"), who, _SCORE if who else _NO_SPEAKER_SCORE, direct=prose[match.end()] in '"“'
                )
            )
            upto = end
        formula = None if cues or closings else patterns.according.search(prose, paragraph.start(), paragraph.end())
        if formula:
            found.append(Statement([formula.span("what")], formula.span("cue"), formula.span("who"), _SCORE))
    return found


def _closings(prose: str, start: int, end: int) -> list[Statement]:
    """Return quotations whose speaker and verb follow: “…” เขากล่าว."""
    found = []
    for quotation in _QUOTATION.finditer(prose, start, end):
        match = _patterns().closing.match(prose, quotation.end(), end)
        who = _speaker(prose, match.start("who"), match.end("who")) if match else None
        if match and who:
            found.append(Statement([quotation.span()], match.span("cue"), who, _QUOTATION_SCORE, direct=True))
    return found


def _speaker(prose: str, start: int, end: int) -> tuple[int, int] | None:
    """Return the phrase that ends at the verb, back to a separating blank.

    A clause of few words is the subject as a whole: a name, and what its bearer is.
    """
    start = max(start, end - _LONGEST_SPEAKER)
    while end > start and prose[end - 1].isspace():
        end -= 1
    begin = max(prose.rfind(" ", start, end) + 1, start)
    # A surname or a word in Latin letters follows a separate blank.
    while begin > start and (end - begin < 3 or prose[begin].isascii() or _continues(prose, begin, end)):
        previous = prose.rfind(" ", start, begin - 1) + 1
        if previous <= start or previous == begin:
            begin = start
            break
        begin = previous
    trailing = _TRAILING.search(prose, begin, end)
    end = trailing.start() if trailing else end
    while begin < end and prose[begin].isspace():
        begin += 1
    while begin < end:
        lead = _patterns().leads.match(prose, begin, end)
        if not lead:
            break
        begin = lead.end()
    while begin < end and prose[begin].isspace():
        begin += 1
    return (begin, end) if 2 <= end - begin <= 80 and not prose.startswith(tuple(load("th")["not_speakers"]), begin) else None


def _continues(prose: str, begin: int, end: int) -> bool:
    """Return whether a phrase says what the one before it is: นาย ก โฆษกกระทรวง, or is its surname."""
    words = prose[begin:end]
    return words.startswith(tuple(load("th")["appositions"])) or (len(words) < _SURNAME and " " not in words)
