"""The data behind the evidence: what each sign looks like, what it weighs, which source languages it points to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@dataclass(frozen=True)
class Sign:
    """One sign of translation. The fields are explained in `evidence.yaml` (how it weighs) and `en.yaml` (how it is found)."""

    name: str
    kind: str
    weight: float
    why: str
    strong: bool = False
    support: bool = False
    density: float = 1.0
    sources: Mapping[str, float] = field(default_factory=dict)
    pattern: re.Pattern[str] | None = None
    phrases: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    unless: re.Pattern[str] | None = None
    around: int = 0
    quoted: bool = True


@dataclass(frozen=True)
class Scale:
    """How evidence becomes a score: log-odds `prior` before any, and the scores at which the verdict changes.

    `told`, `endonyms` and `parts` are the lists behind residue and template keys; see `evidence.yaml`.
    """

    prior: float
    translated: float
    original: float
    enough: int
    kinds: Mapping[str, Sign]
    told: re.Pattern[str]
    endonyms: frozenset[str]
    parts: frozenset[str]


@dataclass(frozen=True)
class Target:
    """What is known of one language that texts are translated into."""

    function: frozenset[str]
    titles: tuple[str, ...]
    own: tuple[str, ...]
    signs: tuple[Sign, ...]


@dataclass(frozen=True)
class Note:
    """The notes of one language that tell of a translation: phrases that begin a line or bracket, or a sentence."""

    language: str
    stems: tuple[str, ...]
    opens: tuple[str, ...]
    says: tuple[str, ...]
    names: Mapping[str, str]


@cache
def scale() -> Scale:
    """The weights of the kinds of evidence."""
    data = _load("evidence.yaml")
    kinds = {name: _sign({"sign": name, "kind": name, **entry}, {}) for name, entry in data["kinds"].items()}
    return Scale(
        prior=data["prior"],
        translated=data["translated"],
        original=data["original"],
        enough=data["enough"],
        kinds=kinds,
        told=re.compile(rf"(?:{'|'.join(data['told'])})\W{{0,6}}$", re.I),
        endonyms=frozenset(data["endonyms"]),
        parts=frozenset(data["parts"]),
    )


@cache
def target(language: str) -> Target | None:
    """The signs to look for in text in `language`; None where there are no rules for it yet."""
    if language not in {"en"}:
        return None
    data = _load(f"{language}.yaml")
    words = data["words"]
    return Target(
        frozenset(data["function"]), tuple(data["titles"]), tuple(data["own"]), tuple(_sign(entry, words) for entry in data["signs"])
    )


@cache
def notes() -> tuple[tuple[Note, ...], re.Pattern[str]]:
    """The notes of every language, and the pattern of a book's credit line, which is no note."""
    data = _load("notes.yaml")
    book = re.compile(data.pop("book"), re.I)
    found = []
    for language, entry in data.items():
        phrases = {key: tuple(phrase.lower() for phrase in entry.get(key, ())) for key in ("stems", "opens", "says")}
        found.append(Note(language, phrases["stems"], phrases["opens"], phrases["says"], entry.get("names", {})))
    return tuple(found), book


def _sign(entry: Mapping[str, Any], words: Mapping[str, str]) -> Sign:
    def compiled(key: str, flags: int = 0) -> re.Pattern[str] | None:
        pattern = entry.get(key)
        if pattern is None:
            return None
        for word, meaning in words.items():
            pattern = pattern.replace("{" + word + "}", meaning)
        return re.compile(pattern, flags)

    return Sign(
        name=entry["sign"],
        kind=entry["kind"],
        weight=entry["weight"],
        why=entry["why"],
        strong=entry.get("strong", False),
        support=entry.get("support", False),
        density=entry.get("density", 1.0),
        sources=entry.get("sources", {}),
        pattern=compiled("pattern"),
        phrases=tuple(entry.get("phrases", ())),
        needs=tuple(entry.get("needs", ())),
        unless=compiled("unless", re.I),
        around=entry.get("around", 0),
        quoted=entry.get("quoted", True),
    )


def _load(name: str) -> Any:
    return yaml.load((files(__package__) / name).read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
