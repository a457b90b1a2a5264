"""Whether a text is a translation, from which language, and what in it says so.

The evidence is found by rule (`evidence`), each piece with its place and a sentence why it counts; its weights are
data (`evidence.yaml`, `en.yaml`, `notes.yaml`). What the pieces weigh together is the score.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import ClassVar

from transforms.document import Artifact, Document, Translation, Verdict
from transforms.processor import Effect
from transforms.translation.evidence import Find, everything, in_removed, target_language
from transforms.translation.signs import scale, target

__all__ = ["Reason", "Translate"]

# Artifacts shown for one document, and characters of removed text that are read, however much there is.
_SHOWN = 60
_REMOVED = 20_000
# The least certainty with which a source language is named.
_CERTAIN = 0.35


@dataclass(frozen=True)
class Translate:
    """Sets `translation`.

    `score` (0..1) grows with the evidence. `verdict` is "translated" only on strong evidence; "original" when the text is
    long enough, its language has rules that could have found something, and they found next to nothing; else "unknown".
    Rules there are for English text; in other languages only notes, words left in another script and broken
    characters are found. `source_language` is "" when nothing points to one; `source_language_score` (0..1) is the share
    of its odds among all source languages and none in particular.
    """

    name: ClassVar[str] = "translation"
    effect: ClassVar[Effect] = "annotates"

    def __call__(self, document: Document) -> Document:
        """The document with `translation` set."""
        return replace(document, translation=self._judge(document)[0])

    def explain(self, document: Document) -> list[Reason]:
        """How the score of `document` comes about, the heaviest first; the odds of all reasons together are those of the score."""
        return self._judge(document)[1]

    def _judge(self, document: Document) -> tuple[Translation, list[Reason]]:
        text = document.prose
        english = target("en")
        language = target_language(document.language, text, english.function if english else frozenset())
        finds = list(everything(text, language, target(language)))
        left = _REMOVED
        for removal in document.removed:
            if left <= 0:
                break
            finds.extend(in_removed(removal.text[:left], language))
            left -= len(removal.text)
        return _weigh(finds, text, language)


@dataclass(frozen=True)
class Reason:
    """One reason for the score: what it is, the words found, what it adds to the log odds, the source languages it points to."""

    what: str
    found: tuple[str, ...]
    odds: float
    sources: tuple[str, ...] = ()


def _weigh(finds: list[Find], text: str, language: str) -> tuple[Translation, list[Reason]]:
    weights = scale()
    length = max(len(text), 1)
    groups: dict[str, list[Find]] = defaultdict(list)
    for find in finds:
        groups[find.sign.name].append(find)
    pointed: dict[str, float] = defaultdict(float)
    worth: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    kept = [find for find in finds if not find.sign.support]
    for group in groups.values():
        if not group[0].sign.support:
            share = _share(group, length)
            worth[group[0].sign.kind].append((share * group[0].sign.weight, group[0].sign.strong))
            _point(pointed, group, share)
    reasons = [Reason("before anything is read: few texts are translations", (), weights.prior)]
    # Signs of one kind go together: the heaviest counts in full, the others by half.
    odds, strong = weights.prior, 0.0
    for kind, signs in worth.items():
        of_kind = 0.0
        for place, (weight, counts) in enumerate(sorted(signs, reverse=True)):
            weighed = weight if place == 0 else weight / 2
            of_kind += weighed
            strong += weighed if counts else 0.0
        odds += of_kind
        reasons.append(_reason(kind, [find for find in kept if find.sign.kind == kind], of_kind))
    # What is common in ordinary text speaks only beside strong signs of the same source language.
    candidates = {code for code, points in pointed.items() if points >= 1.0}
    for group in groups.values():
        if group[0].sign.support and strong and candidates & set(group[0].sources):
            share = _share(group, length)
            odds += share * group[0].sign.weight
            _point(pointed, group, share)
            kept.extend(group)
            reasons.append(_reason(f"{group[0].sign.kind}, beside the others", group, share * group[0].sign.weight))
    score = round(1 / (1 + math.exp(-odds)), 4)
    verdict = _verdict(score, strong, len(text), language)
    source, certainty = _source(pointed) if verdict != "original" else ("", 0.0)
    artifacts = tuple(
        Artifact(find.sign.kind, find.start, find.end, find.text, find.why)
        for find in sorted(_distinct(kept), key=lambda find: (find.start, find.end, find.sign.name))
    )
    return Translation(score, verdict, source, certainty, artifacts[:_SHOWN]), sorted(reasons, key=lambda reason: -abs(reason.odds))


def _reason(what: str, finds: list[Find], odds: float) -> Reason:
    sources = sorted({code for find in finds for code in find.sources})
    return Reason(what, tuple(find.text for find in finds), odds, tuple(sources))


def _distinct(finds: list[Find]) -> list[Find]:
    """The finds without repetitions of the same kind at the same place."""
    return list({(find.sign.kind, find.start, find.end, find.text): find for find in finds}.values())


def _share(group: list[Find], length: int) -> float:
    # One find in a long text says less than in a short one; many say more, but never as much as they are.
    count, sign = len({(find.start, find.end, find.text) for find in group}), group[0].sign
    if not sign.density:
        return 1.0
    rate = count * 2000 / (max(length, 2000) * sign.density)
    return math.sqrt(rate) if rate < 1 else 1 + 0.25 * math.log2(rate)


def _point(pointed: dict[str, float], group: list[Find], share: float) -> None:
    strongest: dict[str, float] = {}
    for find in group:
        for code, points in find.sources.items():
            strongest[code] = max(strongest.get(code, points), points)
    for code, points in strongest.items():
        pointed[code] += share * points


def _source(pointed: dict[str, float]) -> tuple[str, float]:
    if not pointed:
        return "", 0.0
    best = max(sorted(pointed), key=lambda code: pointed[code])
    # One more candidate stands for all languages that nothing points to.
    total = sum(math.exp(points - pointed[best]) for points in pointed.values()) + math.exp(1.0 - pointed[best])
    # Two or three languages that share a sign with equal right are no answer.
    return (best, round(1 / total, 4)) if 1 / total >= _CERTAIN else ("", 0.0)


def _verdict(score: float, strong: float, length: int, language: str) -> Verdict:
    weights = scale()
    if score >= weights.translated and strong >= 1.5:
        return "translated"
    if length < weights.enough or not language or target(language) is None:
        return "unknown"
    return "original" if score <= weights.original else "unknown"
