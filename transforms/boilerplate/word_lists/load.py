"""Load the word lists of all languages.

The lists are data files in `words/`, one per language; `words/en.yaml` documents the parts of a
file. A document is compared with the lists of all languages, as leftovers are often in another
language than the text around them.

Parsing half a megabyte of YAML takes a third of a second, for every worker. The compiled lists are
therefore cached in `words.json`, together with a digest of their sources; `train words` writes it.
If the digest differs, the cache is ignored and the files are parsed.
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
    """Load the data file `name` of `transforms.boilerplate`."""
    data: dict[str, Any] = load_yaml("newsbeam.transforms.boilerplate", name)
    return data


@dataclass(frozen=True)
class Words:
    """Folded phrases to compare lines with.

    * `whole` maps complete lines to kinds; `starts` maps the first two characters of a phrase to
      phrases and kinds; `holds` and `tails` are phrases with kinds, inside a line and at its end.
    * `ends`, `over` and `lists` map headings to kinds; `count` maps counted nouns to kinds.
    * `home`, `photo`, `by` and `date` are single words.
    * `frames` are beginnings, continuations and kinds; `send` is combined with one of `platforms`.
    * `sections` are sections of a newspaper.
    * `shots` are the words of `photo` that can only mean pictures; `provided` follows the name in a
      credit.
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
    # which imports this module
    from newsbeam.transforms.boilerplate.word_lists.compile import digest, merge, sources

    texts = sources()
    ready = files(__package__).joinpath("words.json")
    if ready.is_file():
        found: dict[str, Any] = json.loads(ready.read_text("utf-8"))
        if found["digest"] == digest(texts):
            return found
    return merge(texts)


def languages() -> frozenset[str]:
    """Return the language codes (ISO 639-1) with word lists.

    "no" stands for all Norwegian; "bs" uses the Croatian lists.
    """
    return frozenset(_merged()["languages"])


@cache
def words() -> Words:
    """Return all lists merged; if two languages disagree, English wins."""
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
