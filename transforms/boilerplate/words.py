"""The word lists of all languages, put into the form in which lines are compared with them.

The lists are data files in `words/`, one a language; `words/en.yaml` says what each part of a file means. A document is
compared with the lists of all languages: leftovers often are in another language than the text around them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
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


_SIGNS = (("’", "'"), ("‘", "'"), ("“", '"'), ("”", '"'), ("：", ":"), ("＝", "="), ("（", "("), ("）", ")"), ("！", "!"))
_NOTHING = ("\u200b", "\ufeff", "\u00ad", "\u200e", "\u200f")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")


def plain(text: str) -> str:
    """Straight quotes and half-width signs; of the same length."""
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
    return _EDGES.sub("", folded)


@dataclass(frozen=True)
class Words:
    """What lines are compared with, folded.

    `whole` maps a line to its kind; `starts` maps the first two characters of a phrase to phrases and kinds; `holds` and
    `tails` are phrases and kinds; `ends`, `over` and `lists` map headings to kinds; `count` maps what is counted to its kind;
    `home`, `photo`, `by` and `date` are single words.
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
    by: tuple[str, ...] = ()
    date: frozenset[str] = frozenset()


def _phrases(part: dict[str, list[str]] | None) -> Iterator[tuple[str, str]]:
    for kind, phrases in (part or {}).items():
        for phrase in phrases:
            yield fold(phrase), kind


def _unique(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))


@cache
def words() -> Words:
    """All lists together; where two languages disagree about a phrase, the first in alphabetical order of files counts."""
    out = Words()
    home: list[str] = []
    photo: list[str] = []
    by: list[str] = []
    date: list[str] = []
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
        home += map(fold, data.get("home", ()))
        photo += map(fold, data.get("photo", ()))
        by += map(fold, data.get("by", ()))
        date += map(fold, data.get("date", ()))
    for phrases in out.starts.values():
        phrases.sort(key=lambda pair: -len(pair[0]))
    return Words(
        out.whole,
        out.starts,
        out.holds,
        out.tails,
        out.ends,
        out.over,
        out.lists,
        out.count,
        frozenset(home),
        tuple(_unique(photo)),
        tuple(_unique(by)),
        frozenset(date),
    )
