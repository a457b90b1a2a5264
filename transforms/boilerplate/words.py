"""The word lists of all languages, put into the form in which lines are compared with them.

The lists are data files in `words/`, one a language; `words/en.yaml` says what each part of a file means. A document is
compared with the lists of all languages: leftovers often are in another language than the text around them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

# Every scalar is a string to the base loader: the safe one takes the words "on", "no" and "y" for truth values.
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@cache
def load(name: str) -> dict[str, Any]:
    """The mapping in the data file `name` of this package."""
    data: dict[str, Any] = yaml.load(files(__package__).joinpath(name).read_text("utf-8"), _LOADER)  # noqa: S506 - builds nothing but strings, lists and mappings
    return data


_SIGNS = (
    ("’", "'"),
    ("‘", "'"),
    ("“", '"'),
    ("”", '"'),
    ("：", ":"),
    ("＝", "="),
    ("（", "("),
    ("）", ")"),
    ("！", "!"),
    ("＞", ">"),
    ("｜", "|"),
    ("／", "/"),
)
_NOTHING = ("\u200b", "\ufeff", "\u00ad", "\u200e", "\u200f")


def plain(text: str) -> str:
    """Straight quotes and half-width signs; of the same length."""
    if text.isascii():
        return text
    for sign, other in _SIGNS:  # some ten searches for one character are faster than one str.translate
        text = text.replace(sign, other)
    return text


def fold(text: str) -> str:
    """For comparing: small letters, straight quotes, single spaces, half-width signs."""
    if not text.isascii():
        text = plain(text)
        for sign in _NOTHING:
            text = text.replace(sign, "")
    return " ".join(text.casefold().split())


def bare(folded: str) -> str:
    """Without the signs at both ends: arrows, bullets, brackets, full stops."""
    start, end = 0, len(folded)
    while start < end and not folded[start].isalnum():
        start += 1
    while end > start and not folded[end - 1].isalnum():
        end -= 1
    return folded[start:end]


@dataclass(frozen=True)
class Words:
    """What lines are compared with, folded.

    `whole` maps a line to its kind; `starts` maps the first two characters of a phrase to phrases and kinds; `holds` and
    `tails` are phrases and kinds; `ends`, `over` and `lists` map headings to kinds; `count` maps what is counted to its kind;
    `home`, `photo`, `by` and `date` are single words; `frames` are beginnings, what comes after, and kinds; `send` goes with one
    of `platforms`; `sections` are parts of a newspaper; `shots` are the words of `photo` that name nothing but pictures, `provided`
    what stands behind the name in a credit.
    """

    whole: dict[str, str] = field(default_factory=dict)
    starts: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    holds: list[tuple[str, str]] = field(default_factory=list)
    tails: list[tuple[str, str]] = field(default_factory=list)
    ends: dict[str, str] = field(default_factory=dict)
    over: dict[str, str] = field(default_factory=dict)
    lists: dict[str, str] = field(default_factory=dict)
    count: dict[str, str] = field(default_factory=dict)
    home: frozenset[str] = frozenset()
    photo: tuple[str, ...] = ()
    by: frozenset[str] = frozenset()
    date: frozenset[str] = frozenset()
    frames: list[tuple[str, str, str]] = field(default_factory=list)
    send: frozenset[str] = frozenset()
    platforms: frozenset[str] = frozenset()
    sections: frozenset[str] = frozenset()
    shots: tuple[str, ...] = ()
    provided: tuple[str, ...] = ()


def _phrases(part: dict[str, list[str]] | None) -> Iterator[tuple[str, str]]:
    for kind, phrases in (part or {}).items():
        for phrase in phrases:
            yield fold(phrase), kind


@cache
def words() -> Words:
    """All lists together; where two languages disagree about a phrase, the first in alphabetical order of files counts."""
    out = Words()
    single: dict[str, list[str]] = {
        key: [] for key in ("home", "photo", "by", "date", "send", "platforms", "sections", "vague", "provided")
    }
    folder = files(__package__).joinpath("words")
    for name in sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".yaml")):
        data = load(f"words/{name}")
        for table, part in ((out.whole, "whole"), (out.ends, "ends"), (out.over, "over"), (out.lists, "lists"), (out.count, "count")):
            for phrase, kind in _phrases(data.get(part)):
                table.setdefault(bare(phrase), kind)
        for phrase, kind in _phrases(data.get("starts")):
            # fold drops the space at a phrase's end, which says that a word ends there
            out.starts.setdefault(phrase[:2], []).append((phrase, kind))
        out.holds.extend(_phrases(data.get("holds")))
        out.tails.extend(_phrases(data.get("tails")))
        for frame, kind in _phrases(data.get("frames")):
            start, _, end = frame.partition("|")
            out.frames.append((start, end, kind))
        for key, found in single.items():
            found.extend(map(fold, data.get(key, ())))
    for phrases in out.starts.values():
        phrases.sort(key=lambda pair: -len(pair[0]))
    vague = frozenset(single["vague"])
    return replace(
        out,
        home=frozenset(single["home"]),
        photo=tuple(dict.fromkeys(single["photo"])),
        by=frozenset(single["by"]),
        date=frozenset(single["date"]),
        send=frozenset(single["send"]),
        platforms=frozenset(single["platforms"]),
        sections=frozenset(single["sections"]),
        shots=tuple(dict.fromkeys(word for word in single["photo"] if word not in vague)),
        provided=tuple(dict.fromkeys(single["provided"])),
    )
