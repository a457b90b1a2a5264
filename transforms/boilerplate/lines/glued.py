"""Captions and credits glued to the end of a line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsbeam.transforms.boilerplate.word_lists.load import Words
from newsbeam.transforms.document import LineKind
from newsbeam.transforms.text import continues_sentence, fold, is_dense, is_solid, plain

GLUED = 40  # minimum characters of a line with something glued to its end

_TAIL = 320  # characters at the end of a paragraph to search


def is_credit(low: str, lists: Words) -> bool:
    """Return whether a text without its brackets is a picture credit.

    Examples: "photo=…", "Image source: …".
    """
    for word in lists.photo:
        if low.startswith(word):
            rest = low[len(word) :].lstrip()
            if not rest or rest[0] in "=:/·|-–—" or rest.startswith(("by ", "source", "credit", "courtesy")):
                return True
    return False


MARK = re.compile(r"^(?:[▲△▼◀▶]|[【\[](?:photo|写真)[】\]])", re.I)

_NOT_IN_NAMES = re.compile(r"\w{3}[.!?]\s+\w|[;!?。！？]|[.…]{2}|\d{3}")

# The connection between a word for pictures and a name.
_JOINT = re.compile(r"\s?(?:(?P<sign>[:=/])\s?|\s(?P<by>by|courtesy of|von|de|di|por|par|от)\s|(?P<bare>\s))", re.I)


def _shots(window: str, shots: tuple[str, ...]) -> Iterator[tuple[int, re.Match[str]]]:
    """Yield words for pictures that are followed by a connection to a name.

    As position and match of the connection, in order.
    """
    low = window.lower()
    if len(low) != len(window):
        low = window
    found = []
    for shot in shots:
        at = low.find(shot)
        while at >= 0:
            found.append((at, -len(shot)))
            at = low.find(shot, at + 1)
    end = 0
    for at, size in sorted(found):
        if at >= end and not (at and window[at - 1].isalpha()):
            match = _JOINT.match(window, at - size)
            if match:
                end = match.end()
                yield at, match


def picture_credit(text: str, lists: Words) -> tuple[int, str, str]:
    """Find a picture credit at the end of the text.

    Returns its position, the kind of connection and the name; (-1, "", "") if there is none.
    """
    last = None
    for start, match in _shots(plain(text[-_SHOT:]), lists.shots):
        at, last = start, match
        if match["sign"]:
            break
    if last is None:
        return -1, "", ""
    floor = max(0, len(text) - _SHOT)
    name = text[floor + last.end() :].strip(" )）]】*_.")
    first = name[:1]
    small = first.islower() or not (first.isalnum() or first in '@©«“"')
    if not 2 <= len(name) <= 80 or len(name.split()) > 10 or small or _NOT_IN_NAMES.search(name):
        return -1, "", ""
    joint = "sign" if last["sign"] else "by" if last["by"] else "bare"
    if joint == "bare" and not _is_name(name):
        return -1, "", ""
    return floor + at, joint, name


_SHOT = 140  # characters at the end of a text to search for a picture credit


def _is_name(text: str) -> bool:
    """Return whether the text is two to five capitalised words."""
    found = re.split(r"[\s/]+", text)
    return 2 <= len(found) <= 5 and all(word[:1].isupper() for word in found)


def names_picture(inside: str, lists: Words) -> bool:
    """Return whether a bracket contains a picture credit.

    "Photo Jane Doe" or, in East Asian text, "Example Times provided".
    """
    inside = inside.strip()
    if lists.provided and len(inside) <= 40 and is_dense(inside):
        head = re.split(r"[.。,，]", inside)[0].rstrip()
        if len(head) > 2 and head.endswith(lists.provided) and not re.search(r"[をにはが]", head[-4:-2]):
            return True
    at, joint, _ = picture_credit(inside, lists) if lists.shots else (-1, "", "")
    return at == 0 and joint == "bare"


def _glued_shot(window: str, lists: Words) -> int:
    """Return the position of a credit after a complete sentence, or -1.

    Example: "… after the storm. Photo: Jane Doe".
    """
    at, joint, _ = picture_credit(window, lists)
    if at <= 0 or joint == "bare":
        return -1
    start = len(window[:at].rstrip(" /|–—-"))
    return start + len(window[start:at]) - len(window[start:at].lstrip()) if SENTENCE_END.search(window[max(0, start - 6) : start]) else -1


SENTENCE_END = re.compile(r"(?:[.!?…।॥۔؟։][\"'”’)\]]*|[。！？][」』”）]*|[\])）」』])\s*$|\s[|/•▶◀=-]\s*$")

_SIGN = re.compile(r"[©ⓒ]|\([cC]\)")

_TAIL_CREDIT = re.compile(r"[\[(（【<][^\[\]()（）【】<>]{2,120}[\])）】>]\s*$")

_TAIL_COPYRIGHT = re.compile(r"(?:<\s*|\[\s*)?(?:저작권자\s*)?(?:copyright\s*)?(?:©|ⓒ|\(c\)\s*(?=\d{4}))", re.I)


def tail(line: str, length: int, lists: Words) -> tuple[int, LineKind]:
    """Return position and kind of what is glued to the end of `line[:length]`.

    (-1, "") if there is nothing.
    """
    if length < GLUED:
        return -1, ""
    floor = max(1, length - _TAIL)
    window = line[floor:length]
    if window[-1] in "])）】>":
        at = max(window.rfind(sign) for sign in "[(（【<")
        match = _TAIL_CREDIT.match(window, at) if at >= 0 else None
        if match:
            inside = match.group()[1:-1]
            if is_credit(fold(inside), lists) or names_picture(inside, lists):
                return floor + at, "credit"
    for match in _TAIL_COPYRIGHT.finditer(window) if _SIGN.search(window) else ():
        start = floor + match.start()
        if length - start <= 200 and SENTENCE_END.search(line[max(0, start - 6) : start]):
            return start, "copyright"
    if lists.shots and (at := _glued_shot(window, lists)) > 0:
        return floor + at, "credit"
    if not lists.tails:
        return -1, ""
    window = plain(window).lower()
    if len(window) != length - floor:  # a letter with a lower-case form of two letters
        return -1, ""
    best = -1
    best_kind: LineKind = ""
    ligature = "և" in window  # Armenian "and", which is two letters in folded texts
    for folded, kind in lists.tails:
        phrase = folded.replace("եւ", "և") if ligature else folded
        at = window.rfind(phrase)
        if at < 0:
            continue
        start = floor + at
        if (best < 0 or start < best) and not continues_sentence(window, at + len(phrase)) and _is_parted(line, start):
            rest = line[start:length]
            if len(rest) <= 200 and len(re.findall(r"[.!?。]\s", rest)) <= 2:
                best, best_kind = start, kind
    return best, best_kind


def _is_parted(line: str, at: int) -> bool:
    """Return whether a sentence ends right before `at`."""
    if at >= 2 and line[at - 1].isspace() and is_solid(line[at - 2]):
        return True
    return SENTENCE_END.search(line[max(0, at - 6) : at]) is not None
