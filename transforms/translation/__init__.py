"""Whether a text is a translation, from which language, and what in it says so.

The evidence is found by rule (`evidence`), each piece with its place and a sentence why it counts; its weights are
data (`evidence.yaml`, `en.yaml`, `notes.yaml`). What the pieces weigh together is the score.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import ClassVar

from newsbeam.transforms.document import Artifact, Document, Translation, Verdict
from newsbeam.transforms.processor import Effect
from newsbeam.transforms.translation.detectors import Find, everything, in_removed, target_language
from newsbeam.transforms.translation.evidence_rules import scale, target
from newsbeam.transforms.translation.style import SCALE, Judgement, judge, signs

__all__ = ["Reason", "Translate", "weigh"]

# Artifacts shown for one document, patterns of its style among them, and characters of removed text that are read, however
# much there is.
_SHOWN = 60
_PATTERNS = 3
_REMOVED = 20_000
# Characters from the beginning among which patterns of style are looked for to be shown.
_READ = 4000
# What strong evidence must weigh to make the verdict where the style is not known.
_STRONG = 150
# The least certainty with which a source language is named.
_CERTAIN = 0.35
# Shares are in 1/_WHOLE; everything that decides is a whole number, in hundredths of log odds.
_WHOLE = 1024


@dataclass(frozen=True)
class Translate:
    """Sets `translation`.

    `score` (0..1) is the probability that the text is a translation where one in five is: from the pieces of evidence found in it and in
    what was removed, and, in the languages that have a model of style, from how its function words, endings and marks are put
    together. `verdict` is "translated" on strong evidence, or on the style where that tips the scale; "original" where
    both could have said something and said nothing; else "unknown": always where there is too little text, or none of the
    target language's rules and no model (see `style.languages`). `source_language` is "" where nothing points to one;
    `source_language_score` (0..1) is its share of the odds among all source languages and none in particular.
    """

    name: ClassVar[str] = "translation"
    effect: ClassVar[Effect] = "annotates"

    def __call__(self, document: Document) -> Document:
        """The document with `translation` set."""
        return replace(document, translation=_judge(document, explaining=False)[0])

    def explain(self, document: Document) -> list[Reason]:
        """How the score of `document` comes about, the heaviest first; the odds of all reasons together are those of the score."""
        return _judge(document, explaining=True)[1]


@dataclass(frozen=True)
class Reason:
    """One reason for the score: what it is, the words found, what it adds to the log odds, the source languages it points to."""

    what: str
    found: tuple[str, ...]
    odds: float
    sources: tuple[str, ...] = ()


def _judge(document: Document, explaining: bool) -> tuple[Translation, list[Reason]]:
    english = target("en")
    text = document.prose
    language = target_language(document.language, text, english.function if english else frozenset())
    return weigh(document, language, judge(text, language), explaining)


def weigh(document: Document, language: str, style: Judgement | None, explaining: bool = False) -> tuple[Translation, list[Reason]]:
    """What the evidence in a text in `language` and its style say together, and the reasons for the score.

    `style` is None where it is not known. Patterns of the style are named among the reasons if `explaining`.
    """
    text = document.prose
    finds = _finds(document, language)
    weights = scale()
    length = max(len(text), 1)
    points = weights.prior if style else weights.prior_without_style
    reasons = [Reason("before anything is read: most texts are no translations", (), points / 100)]
    by_sign: dict[str, list[Find]] = defaultdict(list)
    for find in _apart(finds):
        by_sign[find.sign.name].append(find)
    plain = [group for group in by_sign.values() if not group[0].sign.support]
    kept = [find for group in plain for find in group]
    pointed: dict[str, int] = defaultdict(int)
    by_kind: dict[str, list[tuple[int, list[Find]]]] = defaultdict(list)
    for group in plain:
        share = _share(group, length)
        by_kind[group[0].sign.kind].append((share * group[0].sign.points // _WHOLE, group))
        _point(pointed, group, share)
    strong = 0
    for kind, groups in by_kind.items():
        # Signs of one kind go together: the heaviest counts in full, the others by half.
        worth = sorted((weight for weight, _ in groups), reverse=True)
        of_kind = (worth[0] + sum(worth)) // 2
        points += of_kind
        strong += sum(weight for weight, group in groups if group[0].sign.strong)
        reasons.append(_reason(kind, [find for _, group in groups for find in group], of_kind))
    # What is common in ordinary text speaks only beside other signs of the same source language.
    candidates = {code for code, weight in pointed.items() if weight >= 100}
    for group in by_sign.values():
        if group[0].sign.support and strong and candidates & set(group[0].sources):
            share = _share(group, length)
            weight = share * group[0].sign.points // _WHOLE
            points += weight
            _point(pointed, group, share)
            kept.extend(group)
            reasons.append(_reason(f"{group[0].sign.kind}, beside the others", group, weight))
    of_style = 0
    if style:
        of_style = style.log_odds * weights.style // SCALE
        points += of_style
        for code, odds in style.sources:
            pointed[code] += odds * weights.style_sources // SCALE
    score = round(1 / (1 + math.exp(-points / 100)), 4)
    verdict = _verdict(points, strong, style, len(text), language)
    source, certainty = _source(pointed) if verdict != "original" else ("", 0.0)
    # Which patterns they were is looked up only for somebody who will read it.
    telling = verdict == "translated" and of_style > 0
    patterns = signs(text[:_READ], language, style, most=_PATTERNS) if style and (telling or explaining) else ()
    if style:
        words = tuple(text[pattern.start : pattern.end] for pattern in patterns)
        reasons.append(Reason("how function words, endings and marks are put together", words, of_style / 100))
    artifacts = [Artifact(find.sign.kind, find.start, find.end, find.text, find.why) for find in _distinct(kept)]
    if telling:
        artifacts += [
            Artifact(
                "style",
                pattern.start,
                pattern.end,
                text[pattern.start : pattern.end],
                weights.why_style.replace("{pattern}", pattern.pattern),
            )
            for pattern in patterns
        ]
    artifacts.sort(key=lambda artifact: (artifact.start, artifact.end, artifact.kind))
    found = Translation(score, verdict, source, certainty, tuple(artifacts[:_SHOWN]))
    return found, sorted(reasons, key=lambda reason: -abs(reason.odds))


def _finds(document: Document, language: str) -> list[Find]:
    """All finds in the text and in what was removed."""
    finds = list(everything(document.prose, language, target(language)))
    left = _REMOVED
    for removal in document.removed:
        if left <= 0:
            break
        finds.extend(in_removed(removal.text[:left], language))
        left -= len(removal.text)
    return finds


def _reason(what: str, finds: list[Find], points: int) -> Reason:
    sources = sorted({code for find in finds for code in find.sources})
    return Reason(what, tuple(find.text for find in finds), points / 100, tuple(sources))


def _apart(finds: list[Find]) -> list[Find]:
    """The finds without those whose words, or some of them, a heavier find of the same kind has: one turn of phrase counts once."""
    taken: dict[str, list[tuple[int, int]]] = defaultdict(list)
    kept = []
    for find in sorted(finds, key=lambda find: (-find.sign.points, find.start, -find.end, find.sign.name)):
        spans = taken[find.sign.kind]
        if find.start >= 0 and any(start < find.end and find.start < end for start, end in spans):
            continue
        spans.append((find.start, find.end))
        kept.append(find)
    return kept


def _distinct(finds: list[Find]) -> list[Find]:
    """The finds without repetitions of the same kind at the same place."""
    return list({(find.sign.kind, find.start, find.end, find.text): find for find in finds}.values())


def _share(group: list[Find], length: int) -> int:
    """How much of a sign's weight its finds are worth, in 1/_WHOLE: one find in a long text says less than in a short one."""
    count, density = len({(find.start, find.end, find.text) for find in group}), round(group[0].sign.density * 100)
    if not density:
        return _WHOLE
    # The root of the rate: many finds say more, but never as much as they are.
    return min(_WHOLE * 3 // 2, math.isqrt(_WHOLE * _WHOLE * count * 200_000 // (max(length, 2000) * density)))


def _point(pointed: dict[str, int], group: list[Find], share: int) -> None:
    strongest: dict[str, int] = {}
    for find in group:
        for code, weight in find.sources.items():
            strongest[code] = max(strongest.get(code, -1000), round(weight * 100))
    for code, weight in strongest.items():
        pointed[code] += share * weight // _WHOLE


def _source(pointed: dict[str, int]) -> tuple[str, float]:
    """The source language that most points to, and its share of the odds; "" where none stands out."""
    if not pointed:
        return "", 0.0
    best = max(sorted(pointed), key=lambda code: pointed[code])
    # One more candidate stands for all languages that nothing points to.
    total = sum(math.exp((weight - pointed[best]) / 100) for weight in pointed.values()) + math.exp((100 - pointed[best]) / 100)
    # Two or three languages that share a sign with equal right are no answer.
    certainty = round(1 / total, 4)
    return (best, certainty) if certainty >= _CERTAIN else ("", 0.0)


def _verdict(points: int, strong: int, style: Judgement | None, length: int, language: str) -> Verdict:
    weights = scale()
    if points >= weights.translated and (strong >= _STRONG or style is not None):
        return "translated"
    # Where there is no model, silence says little: only for English are there rules enough.
    silent = style is not None or (length >= weights.enough and language != "" and target(language) is not None)
    return "original" if silent and points <= weights.original else "unknown"
