"""Pair quotation marks, and tell them from apostrophes.

One pass with a stack over the marks of a paragraph, in linear time. Known pairs: “…” „…“ "…" ''…''
«…» »…« 「…」 『…』 ‘…’ '…', nested in any order. Marks without a partner are dropped, except a double
mark whose quotation runs to the end of the paragraph: this is how quotations of several paragraphs
are printed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MARKS = re.compile(r"''|[\"“”„‟«»‘’‚'「」『』＂]")
_SINGLE = "'‘’‚"
_STRAIGHT = ('"', "''", "＂")
_BEFORE_OPENING = " \t\n\u00a0\u3000([{<—–-/:,;\u2026“\"‘'「『（。、，：；！？"
# Contractions whose apostrophe is in the position of an opening mark: 'em, 'til, 'n', the '90s.
_ELISION = re.compile(r"(?:\d\ds?|em|til|till|cause|n|tis|twas|round|bout|cuz|nuff)\b", re.I)


@dataclass(frozen=True, slots=True)
class Quotation:
    """An outermost quotation, with its marks: `text[start:end]`.

    `closed` is false if the quotation runs to the end of the paragraph.
    """

    start: int
    end: int
    mark: str
    closed: bool = True


def quotations(text: str, start: int, end: int) -> list[Quotation]:
    """Return the outermost quotations of `text[start:end]`, in order."""
    marks = [(match.start(), match.group()) for match in MARKS.finditer(text, start, end)]
    if not marks:
        return []
    doubled = any(mark == "''" and _can_open(text, at, at + 2, start, end) for at, mark in marks)
    flat: list[tuple[int, str]] = []
    for at, mark in marks:
        if mark == "''" and not doubled:
            flat += [(at, "'"), (at + 1, "'")]
        else:
            flat.append((at, mark))
    return _pair(text, start, end, flat)


def _pair(text: str, start: int, end: int, marks: list[tuple[int, str]]) -> list[Quotation]:
    roles = [_single_role(text, at, mark, start, end) if mark in _SINGLE else "" for at, mark in marks]
    closers_ahead = _closers_ahead(roles)
    stack: list[tuple[int, str]] = []  # open marks with their offsets
    doubles = singles = 0
    found: list[Quotation] = []

    def close(index: int, upto: int) -> None:
        nonlocal doubles, singles
        at, mark = stack[index]
        for _, dropped in stack[index:]:
            if dropped in _SINGLE:
                singles -= 1
            else:
                doubles -= 1
        del stack[index:]
        if not stack or upto - at > 2:
            found.append(Quotation(at, upto, mark))

    for number, (at, mark) in enumerate(marks):
        after = at + len(mark)
        if mark in _SINGLE:
            # Single marks inside double marks cannot be outermost and are hard to tell from
            # apostrophes.
            if stack and stack[0][1] not in _SINGLE:
                continue
            role = roles[number]
            if role == "either":
                role = "close" if closers_ahead[number] < singles else ""
            if role == "open":
                stack.append((at, mark))
                singles += 1
            elif role == "close" and singles and stack[-1][1] in _SINGLE:
                close(len(stack) - 1, after)
            continue
        partner = _partner(stack, mark, doubles)
        opens = _opens(text, at, after, mark, start, end, partner is not None)
        if opens:
            if partner is not None and mark not in "«„「『":
                # If a second opening mark comes before the first is closed, the first has no
                # partner.
                for _, dropped in stack[partner:]:
                    if dropped in _SINGLE:
                        singles -= 1
                    else:
                        doubles -= 1
                del stack[partner:]
            stack.append((at, mark))
            doubles += 1
        elif partner is not None:
            close(partner, after)
    for at, mark in stack:
        if mark not in _SINGLE:
            found.append(Quotation(at, end, mark, closed=False))
            break
    return _outermost(found)


def _outermost(found: list[Quotation]) -> list[Quotation]:
    outer: list[Quotation] = []
    for quotation in sorted(found, key=lambda item: (item.start, -item.end)):
        if not outer or quotation.start >= outer[-1].end:
            outer.append(quotation)
    return outer


_CLOSES = {"”": '“„”‟"', "“": "„", "»": "«", "«": "»", "」": "「", "』": "『", '"': '"', "＂": "＂"}


def _partner(stack: list[tuple[int, str]], mark: str, doubles: int) -> int | None:
    """Return the stack index of the mark that `mark` could close.

    Skips at most a few marks, and only single ones.
    """
    if not doubles:
        return None
    opening = ("''",) if mark == "''" else _CLOSES.get(mark, "")
    for index in range(len(stack) - 1, max(len(stack) - 6, -1), -1):
        if stack[index][1] in opening or (mark == "“" and stack[index][1] == "“"):
            return index
    return None


def _opens(text: str, at: int, after: int, mark: str, start: int, end: int, has_partner: bool) -> bool:
    if mark in "„‟「『":
        return True
    if mark == "“":
        # It closes „…“, or occasionally a quotation of its own kind, if the typist used the wrong
        # mark.
        return not has_partner or (_can_open(text, at, after, start, end) and not (at > start and text[at - 1] in ".,!?"))
    if mark == "«":
        return not has_partner
    if mark in ("”", "»"):
        return not has_partner and _can_open(text, at, after, start, end)
    spaced_before = at == start or text[at - 1].isspace()
    spaced_after = after >= end or text[after].isspace()
    if has_partner:
        return spaced_before and not spaced_after
    return not spaced_after and _can_open(text, at, after, start, end)


def _can_open(text: str, at: int, after: int, start: int, end: int) -> bool:
    if after >= end or text[after].isspace():
        return False
    before = text[at - 1] if at > start else " "
    # Chinese, Japanese and Korean have no space before a mark.
    return before in _BEFORE_OPENING or before.isspace() or ("\u3040" <= before <= "\ud7a3")


def _single_role(text: str, at: int, mark: str, start: int, end: int) -> str:
    """Return the possible role of a single mark, judged by its neighbours.

    "open", "close", "either" (a closing mark or the genitive of a plural) or "".
    """
    after = at + 1
    before = text[at - 1] if at > start else " "
    behind = text[after] if after < end else " "
    if mark in "‘‚":
        return "" if behind.isspace() or _ELISION.match(text, after, end) else "open"
    if before.isalnum() and behind.isalnum():
        # A Korean or Japanese particle follows the closing mark without a space.
        return "close" if behind >= "\u3040" and mark in "'’" and before != "s" else ""
    if mark == "'" and not behind.isspace() and _can_open(text, at, after, start, end) and not before.isalnum():
        return "" if _ELISION.match(text, after, end) else "open"
    if before.isspace() or behind.isalnum():
        return ""
    if before in "sS" and behind.isspace() and after + 1 < end and text[after + 1].islower():
        return "either"
    return "close"


def _closers_ahead(roles: list[str]) -> list[int]:
    """Count, for each mark, the closing marks before the next opening one."""
    ahead = [0] * len(roles)
    count = 0
    for index in range(len(roles) - 1, -1, -1):
        ahead[index] = count
        if roles[index] == "close":
            count += 1
        elif roles[index] == "open":
            count = 0
    return ahead
