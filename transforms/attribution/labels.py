"""Speakers by label.

In interviews and lists of reactions, lines are like "Vesely: It had been on a list for years."
"Q" and "A", "Frage" and "Antwort" name nobody; the answers are those of the person whom the text
says is interviewed.

Independent of the language: a label is recognised by its position and because it recurs.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

from newsbeam.transforms.attribution.lexicon import PAST, SAY, TELL, english, interviewed, no_speakers, turns
from newsbeam.transforms.attribution.quotations import Quotation
from newsbeam.transforms.attribution.statement import Statement

_WORD = r"[^\W\d_a-z][\w’'.-]{0,30}"
_NAME = rf"{_WORD}(?: (?:{_WORD}|de|del|van|von|der|den|bin|al|of|the)){{0,4}}"
# Vesely: · **Mara Vesely:** · [Vesely] · [00:12] Vesely (on the phone): · 记者：
_LABEL = re.compile(
    r"(?:[\[(]?\d{1,2}:\d{2}(?::\d{2})?[\])]?[ \t]{0,2})?"
    rf"(?:(?P<open>\*\*|__|\[)[ \t]?)?(?P<name>{_NAME})(?: \([^()\n]{{1,40}}\))?"
    r"(?:(?P<colon>[ \t]?[:：])(?:\*\*|__)?|(?P<close>\*\*|__|\])(?P<late>[ \t]?[:：])?)[ \t\u3000]*"
)
_LINE = re.compile(r"^[ \t]{0,8}(?=[\[(*_\d]|[^\W\d_a-z])", re.M)
_REACTION = re.compile(rf"(?P<name>{_NAME})(?P<role>, [^\n:\"“”]{{2,80}})?(?P<colon>[ \t]?:)[ \t]*(?=[\"“„«‘'])")
_QUESTION_MARKS = ("?", "？", "؟", "\u037e")
_FEWEST_LINES = 3  # lines with labels that an interview has, one label at least twice
_MAX_NAME_WORDS = 5


def recurring_labels(text: str) -> frozenset[str]:
    """Return the labels that take turns in a text.

    There are two at least, one of them twice, and somebody asks.

    A question and an answer ("Q", "A") suffice.
    """
    if ":" not in text and "：" not in text and "]" not in text:
        return frozenset()
    counts: Counter[str] = Counter()
    asks = False
    turns = 0
    last = ""
    for line in _LINE.finditer(text):
        match = _LABEL.match(text, line.end())
        if match is None or not _is_speaker(match):
            continue
        name = match["name"]
        counts[name] += 1
        turns += name != last
        last = name
        stop = text.find("\n", match.end())
        rest = text[match.end() : stop if stop >= 0 else len(text)].rstrip()
        if not rest:  # a label on a line of its own
            stop = text.find("\n", after := match.end() + _blanks(text, match.end()))
            rest = text[after : stop if stop >= 0 else len(text)].rstrip()
        asks = asks or rest[-1:] in _QUESTION_MARKS or rest[-2:-1] in _QUESTION_MARKS
    if _turn_labels(frozenset(counts)):
        return frozenset(counts)
    if len(counts) < 2 or counts.total() < _FEWEST_LINES or max(counts.values()) < 2 or not asks or turns < _FEWEST_LINES:
        return frozenset()
    return frozenset(counts)


def _plain(label: str) -> str:
    """A label without number: Q1, Frage 2."""
    return label.lower().rstrip("0123456789. ")


def _turn_labels(labels: frozenset[str]) -> dict[str, str]:
    """Return which of the labels mark a "question" and which an "answer".

    There have to be both.
    """
    plain = {_plain(label) for label in labels}
    pair = next(((question, answer) for question, answer in turns() if question in plain and answer in plain), None)
    return {} if pair is None else {pair[0]: "question", pair[1]: "answer"}


def _interviewee(text: str) -> tuple[int, int] | None:
    """Return the name of the only person whom the text says is interviewed."""
    found = list(interviewed().finditer(text, 0, _OPENING_CHARS))
    return found[0].span("name") if found and len({match["name"] for match in found}) == 1 else None


_OPENING_CHARS = 3000  # characters that introduce an interview


def labelled_turns(prose: str) -> list[Statement]:
    """Return the statements of all lines with labels that take turns.

    A label may stand on a line of its own.
    """
    recurring = recurring_labels(prose)
    made: list[Statement] = []
    waiting: Statement | None = None
    for line in re.finditer(r"[^\n]+", prose) if recurring else ():
        start = line.end() - len(line.group().lstrip())
        end = line.start() + len(line.group().rstrip())
        if start >= end:
            continue
        found = labelled(prose, start, end, [], recurring)
        if found is None and waiting is not None:
            waiting.content = [(start, end)]
            made.append(waiting)
        elif found is not None and found.content:
            made.append(found)
        waiting = found if found is not None and not found.content else None
    return made


def labelled(text: str, start: int, end: int, quotes: list[Quotation], recurring: frozenset[str]) -> Statement | None:
    """Return the statement of the line `text[start:end]` with a label.

    The line begins with the label. A line that is only a label has no content.
    """
    match = _LABEL.match(text, start, end)
    if match is not None and match["name"] in recurring and _is_speaker(match):
        key = "colon" if match["colon"] else "late" if match["late"] else "close"
        content = [(match.end(), end)] if match.end() < end else []
        turn = _turn_labels(recurring).get(_plain(match["name"]))
        speaker = match.span("name") if turn is None else _interviewee(text) if turn == "answer" else None
        return Statement(content, match.span(key), speaker, 0.85, direct=True)
    return _reaction(text, start, end, quotes)


def _reaction(text: str, start: int, end: int, quotes: list[Quotation]) -> Statement | None:
    """Return the statement of a line that is a name and a quotation.

    A role may follow the name.
    """
    match = _REACTION.match(text, start, end) if len(quotes) == 1 else None
    if match is None or quotes[0].start != match.end() or quotes[0].end < end - 1 or quotes[0].end - quotes[0].start < _MIN_QUOTATION_CHARS:
        return None
    words = re.findall(r"\w+", match["name"] + (match["role"] or ""))
    known = english()[0]
    if is_label(match["name"]) or any(known.get(word.lower(), 0) & PAST and known[word.lower()] & (SAY | TELL) for word in words):
        return None  # “Wrote Doe: …”, “Doe, a nurse, said: …”
    return Statement(
        [(quotes[0].start, quotes[0].end)],
        match.span("colon"),
        (match.start("name"), match.end("role") if match["role"] else match.end("name")),
        0.85,
        direct=True,
    )


_MIN_QUOTATION_CHARS = 12


def _is_speaker(match: re.Match[str]) -> bool:
    words = match["name"].split()
    if len(words) > _MAX_NAME_WORDS or (match["open"] is None and match["colon"] is None):
        return False
    if match["open"] and match["colon"] is None and match["close"] is None:
        return False
    return _plain(words[0]) in _turn_words() or words[0].upper().strip(".") not in no_speakers()


@cache
def _turn_words() -> frozenset[str]:
    return frozenset(word for pair in turns() for word in pair)


def _blanks(text: str, at: int) -> int:
    size = 0
    while at + size < len(text) and text[at + size].isspace():
        size += 1
    return size


def is_label(words: str) -> bool:
    """Return whether the words before a colon name a section, not a source."""
    lows = words.lower().split()
    return not lows or lows[0].upper().strip(".") in no_speakers() or lows[0] in _NO_SOURCE or lows[-1] in _NO_SOURCE


# Words before the colon of a headline that are not sources: types of articles, sections.
_NO_SOURCE = frozenset(
    """editorial opinion column review analysis explainer interview profile letter letters gallery pictures podcast quiz how what why
    when where who exclusive breaking live watch video photos factbox timeline obituary recap preview fact election campaign day
    part chapter episode week weekend monday tuesday wednesday thursday friday saturday sunday today tonight note update
    correction latest notice email newsletter daily guide abstract byline""".split()
)
