"""The word lists of all languages, put into the form in which lines are compared with them.

The lists are data files in `words/`, one a language; `words/en.yaml` says what each part of a file means. A document is
compared with the lists of all languages: leftovers often are in another language than the text around them.

Reading half a megabyte of YAML takes a third of a second, which every worker would spend at its start. So what comes of it is
kept in `words.json`, with a digest of the files that it was made of; `train words` writes it. With another digest it counts for
nothing, and the files are read.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from newsbeam.transforms.document import RemovalKind
from newsbeam.transforms.package_data import load_yaml


@cache
def load(name: str) -> dict[str, Any]:
    """The mapping in the data file `name` of `transforms.boilerplate`."""
    data: dict[str, Any] = load_yaml("newsbeam.transforms.boilerplate", name)
    return data


@dataclass(frozen=True)
class Words:
    """What lines are compared with, folded.

    `whole` maps a line to its kind; `starts` maps the first two characters of a phrase to phrases and kinds; `holds` and
    `tails` are phrases and kinds; `ends`, `over` and `lists` map headings to kinds; `count` maps what is counted to its kind;
    `home`, `photo`, `by` and `date` are single words; `frames` are beginnings, what comes after, and kinds; `send` goes with one
    of `platforms`; `sections` are parts of a newspaper; `shots` are the words of `photo` that name nothing but pictures, `provided`
    what stands behind the name in a credit.
    """

    whole: dict[str, RemovalKind] = field(default_factory=dict)
    starts: dict[str, list[tuple[str, RemovalKind]]] = field(default_factory=dict)
    holds: list[tuple[str, RemovalKind]] = field(default_factory=list)
    tails: list[tuple[str, RemovalKind]] = field(default_factory=list)
    ends: dict[str, RemovalKind] = field(default_factory=dict)
    over: dict[str, RemovalKind] = field(default_factory=dict)
    lists: dict[str, RemovalKind] = field(default_factory=dict)
    count: dict[str, RemovalKind] = field(default_factory=dict)
    home: frozenset[str] = frozenset()
    photo: tuple[str, ...] = ()
    by: frozenset[str] = frozenset()
    date: frozenset[str] = frozenset()
    frames: list[tuple[str, str, RemovalKind]] = field(default_factory=list)
    send: frozenset[str] = frozenset()
    platforms: frozenset[str] = frozenset()
    sections: frozenset[str] = frozenset()
    shots: tuple[str, ...] = ()
    provided: tuple[str, ...] = ()


_KINDS = ("whole", "ends", "over", "lists", "count")


@cache
def _merged() -> dict[str, Any]:
    from newsbeam.transforms.boilerplate.word_lists.compile import digest, merge, sources  # which imports this module

    texts = sources()
    ready = files(__package__).joinpath("words.json")
    if ready.is_file():
        found: dict[str, Any] = json.loads(ready.read_text("utf-8"))
        if found["digest"] == digest(texts):
            return found
    return merge(texts)


def languages() -> frozenset[str]:
    """The codes (ISO 639-1) of the languages whose words are known: "no" for Norwegian in general, "bs" served by Croatian."""
    return frozenset(_merged()["languages"])


@cache
def words() -> Words:
    """All lists together; where two languages disagree about a phrase, English counts."""
    found = _merged()
    starts: dict[str, list[tuple[str, RemovalKind]]] = {}
    for phrase, kind in sorted(found["starts"].items(), key=lambda pair: -len(pair[0])):
        starts.setdefault(phrase[:2], []).append((phrase, kind))
    vague = frozenset(found["vague"])
    return Words(
        **{part: found[part] for part in _KINDS},
        starts=starts,
        holds=list(found["holds"].items()),
        tails=list(found["tails"].items()),
        home=frozenset(found["home"]),
        photo=tuple(found["photo"]),
        by=frozenset(found["by"]),
        date=frozenset(found["date"]),
        frames=[(start, end, kind) for frame, kind in found["frames"].items() for start, _, end in (frame.partition("|"),)],
        send=frozenset(found["send"]),
        platforms=frozenset(found["platforms"]),
        sections=frozenset(found["sections"]),
        shots=tuple(word for word in found["photo"] if word not in vague),
        provided=tuple(found["provided"]),
    )
