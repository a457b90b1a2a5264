"""Random plain newspaper sentences from `plain.yaml`, with their statements.

They teach the tagger what its corpus hardly contains, and test it on names, endings, verbs and word
orders that it was not trained on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any, Literal

from newsbeam.transforms.package_data import load_yaml

Part = Literal["train", "held"]
Range = tuple[int, int]


@dataclass
class Said:
    """One statement, as ranges of the text.

    `name` is the speaker's name without title or article, "" if there is none.
    """

    content: list[Range] = field(default_factory=list)
    cue: list[Range] = field(default_factory=list)
    source: list[Range] = field(default_factory=list)
    name: str = ""
    via: list[Range] = field(default_factory=list)


@dataclass(frozen=True)
class Example:
    """A text of the given `kind` (a key of `templates`) and its statements."""

    kind: str
    text: str
    said: tuple[Said, ...]


@dataclass(frozen=True)
class _Person:
    name: str
    surname: str
    female: bool


@cache
def _parts() -> dict[str, Any]:
    data: dict[str, Any] = load_yaml("newsbeam.transforms.attribution", "train/plain.yaml")
    return data


def kinds() -> tuple[str, ...]:
    """Return the kinds of examples."""
    return tuple(_parts()["templates"])


def examples(part: Part, seed: int = 0, only: tuple[str, ...] = ()) -> Iterator[Example]:
    """Yield examples indefinitely; the same for the same seed.

    Of all kinds, or only of those in `only`.
    """
    rng = Random(seed)  # noqa: S311 - a fixed seed is the point
    templates = _parts()["templates"]
    choices = [kind for kind in only or templates for _ in templates[kind][part]]
    while True:
        kind = rng.choice(choices)
        made = _Maker(rng, part).example(kind, rng.choice(templates[kind][part]))
        yield _in_context(rng, part, made)


_PIECE = re.compile(r"[{\[<^](?:\d\|)?|[}\]>]|\$[a-zA-Z]+(?:_[a-z]+)?|[^{}\[\]<>^$]+")
_SAME = re.compile(r" ?<(\d)=(\d)>")
_SENTENCE = re.compile(r"(?:^|(?<=[a-z0-9]{2})\.”?\s|\n)([a-z])")


class _Maker:
    """Fills one template."""

    def __init__(self, rng: Random, part: Part) -> None:
        self.rng = rng
        self.part: Part = part
        self.person = self._new_person()
        self.used: set[str] = set()
        self.text = ""
        self.said: dict[int, Said] = {}
        self.order: dict[Range, int] = {}  # of the links of a chain
        # an apposition is open, or was just closed and needs a comma
        self.closing = self.comma = False
        self.name = ""
        self.plural = False

    def one_of(self, group: str, key: str) -> str:
        """Return a member of a list, if possible one that the text lacks."""
        options = _parts()[group][key][self.part]
        fresh = [option for option in options if option not in self.used] or options
        chosen = str(self.rng.choice(fresh))
        if group in ("words", "outlets", "people", "others"):
            self.used.add(chosen)
        return chosen

    def _new_person(self) -> _Person:
        female = self.rng.random() < 0.5
        surname = self.rng.choice(_parts()["people"]["surname"][self.part])
        given = self.rng.choice(_parts()["people"]["female" if female else "male"][self.part])
        if self.rng.random() < 0.1:
            given += f" {self.rng.choice('ABEFHJKLMRST')}."
        return _Person(f"{given} {surname}", surname, female)

    def example(self, kind: str, template: str) -> Example:
        """Fill the template."""
        same = {int(match[1]): int(match[2]) for match in _SAME.finditer(template)}
        template = _SAME.sub("", template)
        opened: list[tuple[str, int, int]] = []
        for match in _PIECE.finditer(template):
            piece = match.group()
            if piece[0] == "$":
                self._add(self._filled(piece[1:]))
            elif piece[0] in "}]>" or (piece[0] == "^" and opened and opened[-1][0] == "^"):
                self._close(*opened.pop())
            elif piece[0] in "{[<^":
                opened.append((piece[0], int(piece[1]) if len(piece) > 1 else 1, len(self.text)))
                if piece[0] in "{[<" and self.comma:
                    self._add(", ")
                    opened[-1] = (opened[-1][0], opened[-1][1], len(self.text))
            else:
                self._add(piece)
        for number, other in same.items():
            self.said[number].source, self.said[number].name = self.said[other].source, self.said[other].name
        text = _SENTENCE.sub(lambda match: match.group()[:-1] + match[1].upper(), self.text)
        if '"' not in text and self.rng.random() < 0.35:
            text = text.replace("“", '"').replace("”", '"')
        found = tuple(said for _, said in sorted(self.said.items()) if said.content)
        for said in found:
            said.via.sort(key=self.order.__getitem__)
        return Example(kind, text, found)

    def _add(self, words: str) -> None:
        if self.comma and words:
            if words[0] not in ",.:;?!":
                self.text = self.text.rstrip(" ")
                words = ", " + words.lstrip(" ")
            self.comma = False
        self.text += words

    def _close(self, mark: str, number: int, start: int) -> None:
        span = start, len(self.text)
        if mark == "^":
            self.order[span] = number
            self.said.setdefault(1, Said()).via.append(span)
            return
        said = self.said.setdefault(number, Said())
        if mark == "<":
            said.source.append(span)
            said.name = self.name or self.text[slice(*span)]
            self.comma = self.closing
            self.name, self.closing = "", False
        else:
            (said.content if mark == "{" else said.cue).append(span)

    # -- what stands for a slot --------------------------------------------------------------------------------------

    def _filled(self, slot: str) -> str:
        rng = self.rng
        if slot in ("full", "who"):
            return self._who(named=slot == "full")
        person = self.person
        if slot in ("again", "surname", "honorific", "pronoun"):
            self.name = person.name
            return {
                "again": person.name,
                "surname": person.surname,
                "honorific": ("Ms. " if person.female else "Mr. ") + person.surname,
                "pronoun": "she" if person.female else "he",
            }[slot]
        if slot in ("end", "day", "weekday", "in_a"):
            ending = self.one_of("ends", slot)
            return f" {ending}" if ending else ""
        if slot in ("crowd", "Start"):
            return self.one_of("ends", slot)
        if slot in ("said", "reports", "asks", "Said"):
            verb = self.one_of("verbs", slot)
            return {"says": "said", "asks": "asked"}.get(verb, verb) if self.plural else verb
        if slot in ("agency", "outlet"):
            return self.one_of("outlets", slot)
        if slot == "clause":
            return self._clause()
        if slot in ("speech", "short", "question", "narration"):
            words = self._speech() if slot == "speech" else self.one_of("words", slot)
            return _capital(words)
        if rng.random() < 0.3 and slot == "thing":
            return self.one_of("words", "things")
        return self.one_of("words", slot)

    def _clause(self) -> str:
        number = self.rng.random() < 0.6
        subject = self.one_of("words", "thing" if number else "things")
        predicate = self.one_of("words", "is" if number else "are")
        tail = self.one_of("words", "tail")
        return f"{subject} {predicate} {tail}".rstrip()

    def _speech(self) -> str:
        said = self.one_of("words", "own") if self.rng.random() < 0.5 else self._clause()
        if self.rng.random() < 0.15:
            said = f"{said}. {_capital(self._clause())}"
        return said

    def _who(self, named: bool) -> str:
        draw = 0.0 if named else self.rng.random()
        if draw < 0.65:
            person = self.person = self._new_person()
            self.name = person.name
            self.plural = False
            if draw < 0.35:
                return person.name
            if draw < 0.45:
                return f"{self.one_of('people', 'title')} {person.name}"
            if draw < 0.55:
                return f"{self.one_of('people', 'office')} {person.name}"
            self.closing = True
            return f"{person.name}, {self.one_of('people', 'apposition')}"
        self.name = ""
        self.plural = draw > 0.85
        return self.one_of("others", "single" if draw < 0.85 else "body")


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]


def _in_context(rng: Random, part: Part, made: Example) -> Example:
    """Return the example alone, or between sentences without speakers."""
    maker = _Maker(rng, part)

    def narration() -> str:
        return maker._filled("narration") + "."

    draw = rng.random()
    between = "\n\n" if "\n" in made.text or draw < 0.3 else " "
    before = narration() + between if draw < 0.5 else ""
    after = between + narration() if rng.random() < 0.4 and made.text.endswith(".") else ""
    if made.kind == "label":
        before, after = (before and narration() + "\n\n"), (after and "\n\n" + narration())
    by = len(before)

    def moved(spans: list[Range]) -> list[Range]:
        return [(start + by, end + by) for start, end in spans]

    said = tuple(Said(moved(item.content), moved(item.cue), moved(item.source), item.name, moved(item.via)) for item in made.said)
    return Example(made.kind, before + made.text + after, said)
