"""Rules for the evidence: patterns, weights and source languages."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from newsbeam.transforms.package_data import load_typed_yaml


@dataclass(frozen=True)
class EvidenceRule:
    """One rule that recognises a piece of evidence.

    The fields are explained in `evidence.yaml` (weights) and `en.yaml` (patterns). `points` is the
    weight in hundredths of log odds.
    """

    name: str
    kind: str
    points: int
    why: str
    strong: bool = False
    support: bool = False
    frequent: bool = False
    listed: bool = False
    density: float = 1.0
    sources: Mapping[str, float] = field(default_factory=dict)
    pattern: re.Pattern[str] | None = None
    phrase: str = ""
    opens: bool = False
    anchors: tuple[str, ...] = ()
    before: re.Pattern[str] | None = None
    unless: re.Pattern[str] | None = None
    around: int = 0
    has: re.Pattern[str] | None = None
    lacks: re.Pattern[str] | None = None
    least: int = 1
    quoted: bool = True
    with_formulas: bool = False

    @property
    def counts_as_formula(self) -> bool:
        """Return whether the rule counts as a formula.

        Formulas are strong only together; so are the most frequent foreign conventions.
        """
        return (self.kind == "formula" and not self.support) or self.with_formulas

    @property
    def weight(self) -> float:
        """The weight in log odds."""
        return self.points / 100


@dataclass(frozen=True)
class Weights:
    """Weights that turn evidence into a score, explained in `evidence.yaml`.

    Log odds are in hundredths.
    """

    prior: int
    prior_without_style: int
    style: int
    style_sources: int
    translated: int
    original: int
    decisive: int
    combined: int
    supported: int
    style_supporting: int
    style_alone: Mapping[str, int]
    enough: int
    together: int
    why_style: str
    kinds: Mapping[str, EvidenceRule]
    introduces: re.Pattern[str]
    endonyms: frozenset[str]
    parts: frozenset[str]
    latin: Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class TargetRules:
    """The rules for text in one language.

    `due` lists, for a lower-case word or a pair of characters, the `rules` to try on a text that
    contains it; `marks` does so for characters.
    """

    language: str
    function: frozenset[str]
    titles: tuple[str, ...]
    common_titles: frozenset[str]
    own: tuple[str, ...]
    common_own: frozenset[str]
    rules: tuple[EvidenceRule, ...]
    due: Mapping[str, tuple[int, ...]]
    marks: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Note:
    """Phrases of one language that say that a text is a translation.

    `opens` begin a line or a bracket, `says` begin a sentence.
    """

    language: str
    stems: tuple[str, ...]
    opens: tuple[str, ...]
    says: tuple[str, ...]
    names: Mapping[str, str]


@cache
def scale() -> Weights:
    """Load the weights of the kinds of evidence."""
    data = load_typed_yaml("newsbeam.transforms.translation", "evidence.yaml")
    kinds = {name: _build_rule({"sign": name, "kind": name, **entry}, {}) for name, entry in data["kinds"].items()}
    return Weights(
        prior=data["prior"],
        prior_without_style=data["prior_without_style"],
        style=data["style"],
        style_sources=data["style_sources"],
        translated=data["translated"],
        original=data["original"],
        decisive=data["decisive"],
        combined=data["combined"],
        supported=data["supported"],
        style_supporting=data["style_supporting"],
        style_alone=data["style_alone"],
        enough=data["enough"],
        together=data["together"],
        why_style=data["why_style"],
        kinds=kinds,
        introduces=re.compile(rf"(?:{'|'.join(data['introduces'])})\W{{0,6}}$", re.I),
        endonyms=frozenset(data["endonyms"]),
        parts=frozenset(data["parts"]),
        latin={language: frozenset(words) for language, words in data["latin"].items()},
    )


# Languages with rules of their own; in others, only language-independent evidence is found.
TARGETS = frozenset("ar cs de en es fa fr hi id it ja ko pl pt ru tr uk vi zh".split())


@cache
def target(language: str) -> TargetRules | None:
    """Return the full rules for text in `language`, None if there are none."""
    return rules_for("en") if language == "en" else None


@cache
def rules_for(language: str) -> TargetRules | None:
    """Return the rules for text in `language`, full or partial, else None."""
    if language not in TARGETS:
        return None
    return _target(language, load_typed_yaml("newsbeam.transforms.translation", "learned.yaml") if language == "en" else {})


def manual_english_rules() -> TargetRules:
    """Return the English rules with manual instead of learned weights."""
    return _target("en", {})


def _target(language: str, learned: Mapping[str, Any]) -> TargetRules:
    data = (
        load_typed_yaml("newsbeam.transforms.translation", "en.yaml")
        if language == "en"
        else load_typed_yaml("newsbeam.transforms.translation", "others.yaml")[language]
    )
    words = data.get("words", {})
    entries = [
        *data["signs"],
        *(_formulas(load_typed_yaml("newsbeam.transforms.translation", "formulas.yaml")) if language == "en" else ()),
    ]
    rules = tuple(_build_rule({**entry, **learned.get(entry["sign"], {})}, words) for entry in entries)
    due: dict[str, list[int]] = defaultdict(list)
    marks: dict[str, list[int]] = defaultdict(list)
    for place, rule in enumerate(rules):
        for anchor in rule.anchors:
            mark = len(anchor) == 1 and not (anchor.isascii() and anchor.isalnum())
            (marks if mark else due)[anchor].append(place)
    return TargetRules(
        language,
        frozenset(data.get("function", ())),
        tuple(data.get("titles", ())),
        frozenset(data.get("titles_common", ())),
        tuple(data.get("own", ())),
        frozenset(data.get("own_common", ())),
        rules,
        {anchor: tuple(places) for anchor, places in due.items()},
        {anchor: tuple(places) for anchor, places in marks.items()},
    )


def _formulas(groups: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """Yield a rule for each phrase of `formulas.yaml`.

    Its anchor is the rarest of its words.
    """
    common, frequent = frozenset(groups["common"]), frozenset(groups["frequent"])
    for group in groups["groups"]:
        for key in ("phrases", "openers"):
            for phrase in group.get(key, ()):
                words = [word for word in re.findall(r"[^\W_]+", phrase) if word not in common] or re.findall(r"[^\W_]+", phrase)
                name = ("^" if key == "openers" else "") + phrase
                yield {
                    "sign": name,
                    "frequent": name in frequent,
                    "kind": group.get("kind", "formula"),
                    "points": group["points"],
                    "why": group["why"],
                    "strong": group.get("strong", False),
                    "density": group.get("density", 1),
                    "sources": group.get("sources", {}),
                    "phrase": phrase,
                    "opens": key == "openers",
                    "anchors": [max(words, key=lambda word: (len(word), word))],
                    "quoted": False,
                }


@cache
def notes() -> tuple[tuple[Note, ...], re.Pattern[str]]:
    """Return the notes of every language, and a pattern of book credits.

    A line with a book's credits is not a note.
    """
    data = load_typed_yaml("newsbeam.transforms.translation", "notes.yaml")
    book = re.compile(data.pop("book"), re.I)
    found = []
    for language, entry in data.items():
        phrases = {key: tuple(phrase.lower() for phrase in entry.get(key, ())) for key in ("stems", "opens", "says")}
        found.append(Note(language, phrases["stems"], phrases["opens"], phrases["says"], entry.get("names", {})))
    return tuple(found), book


def _build_rule(entry: Mapping[str, Any], words: Mapping[str, str]) -> EvidenceRule:
    def compiled(key: str, flags: int = 0) -> re.Pattern[str] | None:
        pattern = entry.get(key)
        if pattern is None:
            return None
        for word, meaning in words.items():
            pattern = pattern.replace("{" + word + "}", meaning)
        return re.compile(pattern, flags)

    return EvidenceRule(
        name=entry["sign"],
        kind=entry["kind"],
        points=entry["points"],
        why=entry["why"],
        strong=entry.get("strong", False),
        support=entry.get("support", False),
        frequent=entry.get("frequent", False),
        listed=entry.get("listed", False),
        density=entry.get("density", 1.0),
        sources={code: value / 100 for code, value in entry.get("sources", {}).items()},
        pattern=compiled("pattern", re.M),
        phrase=entry.get("phrase", ""),
        opens=entry.get("opens", False),
        anchors=tuple(str(anchor) for anchor in entry.get("anchors", ())),
        before=compiled("before"),
        unless=compiled("unless", re.I),
        around=entry.get("around", 0),
        has=compiled("has"),
        lacks=compiled("lacks"),
        least=entry.get("least", 1),
        quoted=entry.get("quoted", True),
        with_formulas=entry.get("with_formulas", False),
    )
