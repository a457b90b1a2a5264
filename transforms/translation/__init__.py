"""Translation detection: verdict, source language and evidence.

Rules find pieces of evidence (`detectors`, `residue`), each with its position and a sentence that
explains it. Their weights are data (`evidence.yaml`, `en.yaml`, `notes.yaml`). The score combines
the weights.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import ClassVar

from newsbeam.transforms.document import Artifact, Document, Translation, Verdict
from newsbeam.transforms.processor import Effect
from newsbeam.transforms.translation.detectors import Match, find_all, find_in_removed, target_language
from newsbeam.transforms.translation.evidence_rules import EvidenceRule, notes, scale, target
from newsbeam.transforms.translation.style import SCALE, StyleResult, classify, top_patterns

__all__ = ["Reason", "Translate", "describe"]

# Maximum artifacts of a document, maximum style patterns among them, and characters of removed text
# to read.
_MAX_ARTIFACTS = 120
_MAX_PATTERNS = 3
_MAX_REMOVED_CHARS = 20_000
# Characters at the beginning of a text in which style patterns are located.
_PATTERN_CHARS = 4000
# Minimum certainty of a source language.
_MIN_CERTAINTY = 0.35
# Fractions are in units of 1/_FRACTION_UNIT. All decisions use integers, in hundredths of log odds.
_FRACTION_UNIT = 1024


@dataclass(frozen=True)
class Translate:
    """Set `translation`.

    * `score` (0..1) is the probability that the text is a translation, given a prior of one in
      five. It combines the evidence in the text and in removed text with the style (function words,
      endings and punctuation), for languages with a style model.
    * `verdict` is "translated" if there is evidence that readers can check (of a kind that originals
      do not have, or of two kinds) or if the style is such as at most 1 % of originals have. It is
      "original" if evidence was possible but absent, else "unknown". It is always "unknown" for
      short texts, and for languages without rules and without a style model (see
      `style.languages`).
    * Evidence inside quotation marks is in `artifacts`, but does not decide the verdict, which is
      about the text around the quotations.
    * `source_language` is "" if nothing points to one. `source_language_score` (0..1) is its share
      of the odds, among all source languages and an unnamed one.
    """

    name: ClassVar[str] = "translation"
    effect: ClassVar[Effect] = "annotates"

    def __call__(self, document: Document) -> Document:
        """Return the document with `translation` set."""
        return replace(document, translation=_judge(document, explaining=False)[0])

    def explain(self, document: Document) -> list[Reason]:
        """Return the reasons for the score of `document`, heaviest first.

        Their log odds add up to those of the score.
        """
        return _judge(document, explaining=True)[1]


@dataclass(frozen=True)
class Reason:
    """One reason for the score.

    `what` names it, `found` has the matched words, `odds` is its contribution to the log odds, and
    `sources` are the source languages that it points to.
    """

    what: str
    found: tuple[str, ...]
    odds: float
    sources: tuple[str, ...] = ()


def describe(found: Translation) -> str:
    """Return the verdict in plain words."""
    evidence = sum(artifact.kind != "style" for artifact in found.artifacts)
    pieces = f"{evidence} piece{'s' * (evidence != 1)} of evidence"
    names = {code: name.capitalize() for note in notes()[0] if note.language == "en" for name, code in note.names.items()}
    code = found.source_language
    origin = f" from {names.get(code, code)}" if code else " from a language that is not known"
    if found.by_style_alone:
        return f"Probably a translation{origin}, but only its style says so: there is no word or mark to check."
    if found.verdict == "translated":
        return f"A translation{origin}: {pieces} can be checked."
    if found.verdict == "original":
        return "Nothing suggests a translation. That does not prove an original: a good translation leaves no traces."
    if found.score >= _LIKELY:
        return (
            f"Not decided. It reads like a translation, with {pieces}, "
            "but that is not enough: people who write in a second language read like that too."
        )
    return f"Not decided: too little evidence ({pieces}), too short, or in a language about which too little is known."


# Score from which a text without a verdict reads like a translation.
_LIKELY = 0.5


def _judge(document: Document, explaining: bool) -> tuple[Translation, list[Reason]]:
    english = target("en")
    text = document.prose
    language = target_language(document.language, text, english.function if english else frozenset())
    return combine_evidence(document, language, classify(text, language), explaining)


def combine_evidence(
    document: Document, language: str, style: StyleResult | None, explaining: bool = False
) -> tuple[Translation, list[Reason]]:
    """Combine the evidence in a text with its style.

    `language` is the language of the text. `style` is None if there is no model. Style patterns are
    included in the reasons if `explaining`. Returns the translation and the reasons for its score.
    """
    text = document.prose
    matches = _all_matches(document, language)
    weights = scale()
    length = max(len(text), 1)
    points = weights.prior if style else weights.prior_without_style
    reasons = [Reason("prior (most texts are not translations)", (), points / 100)]
    by_rule: dict[str, list[Match]] = defaultdict(list)
    for match in _drop_overlaps(matches):
        by_rule[match.rule.name].append(match)
    plain = [group for group in by_rule.values() if not group[0].rule.support]
    kept = [match for group in plain for match in group]
    pointed: dict[str, int] = defaultdict(int)
    by_kind: dict[str, list[tuple[int, list[Match]]]] = defaultdict(list)
    for group in plain:
        share = _share(group, length)
        by_kind[group[0].rule.kind].append((share * group[0].rule.points // _FRACTION_UNIT, group))
        _add_source_weights(pointed, group, share)
    strong, of_kinds = 0, []
    for kind, groups in by_kind.items():
        # Evidence of one kind is correlated: the heaviest counts in full, the rest by half.
        worth = sorted((weight for weight, _ in groups), reverse=True)
        of_kind = (worth[0] + sum(worth)) // 2
        points += of_kind
        strong += sum(weight for weight, group in groups if group[0].rule.strong)
        telling = sum(weight for weight, group in groups if group[0].rule.strong or not _is_house_style(group[0].rule))
        of_kinds.append(min(of_kind, telling))
        reasons.append(_reason(kind, [match for _, group in groups for match in group], of_kind))
    # Evidence that is frequent in ordinary text counts only with other evidence of the same source
    # language.
    candidates = {code for code, weight in pointed.items() if weight >= 100}
    for group in by_rule.values():
        if not group[0].rule.support:
            continue
        if not ((strong or sum(of_kinds) >= weights.supported) and candidates & set(group[0].sources)):
            kept.extend(match for match in group if match.rule.listed)
        else:
            share = _share(group, length)
            weight = share * group[0].rule.points // _FRACTION_UNIT
            points += weight
            _add_source_weights(pointed, group, share)
            kept.extend(group)
            reasons.append(_reason(f"{group[0].rule.kind} (supports other evidence)", group, weight))
    of_style = 0
    if style:
        of_style = style.log_odds * weights.style // SCALE
        points += of_style
        for code, odds in style.sources:
            pointed[code] += odds * weights.style_sources // SCALE
    score = round(1 / (1 + math.exp(-points / 100)), 4)
    convincing = (
        strong >= weights.decisive
        or (sum(map(bool, of_kinds)) > 1 and sum(of_kinds) >= weights.combined)
        or (sum(of_kinds) >= weights.supported and of_style >= weights.style_supporting)
        or of_style >= weights.style_alone.get(language, math.inf)
    )
    verdict = _verdict(points, convincing, style is not None, len(text), language)
    source, certainty = _source(pointed) if verdict != "original" else ("", 0.0)
    # Patterns are located only if somebody will read them.
    shows_style = verdict == "translated" and of_style > 0
    patterns = top_patterns(text[:_PATTERN_CHARS], language, style, most=_MAX_PATTERNS) if style and (shows_style or explaining) else ()
    if style:
        words = tuple(text[pattern.start : pattern.end] for pattern in patterns)
        reasons.append(Reason("style: function words, endings and punctuation", words, of_style / 100))
    shown = [match for match in kept if _is_shown(match.rule, verdict)]
    artifacts = [Artifact(match.rule.kind, match.start, match.end, match.text, match.why) for match in _distinct(shown)]
    if shows_style:
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
    found = Translation(score, verdict, source, certainty, tuple(artifacts[:_MAX_ARTIFACTS]))
    return found, sorted(reasons, key=lambda reason: -abs(reason.odds))


def _is_house_style(rule: EvidenceRule) -> bool:
    """Return whether newsrooms that write in the text's language differ in this."""
    return rule.frequent or rule.kind == "punctuation"


def _is_shown(rule: EvidenceRule, verdict: Verdict) -> bool:
    """Return whether evidence is listed: weak evidence only for what it supports."""
    if rule.listed:
        return True
    if rule.frequent or verdict == "original":
        return False
    return verdict == "translated" or rule.kind not in _COMMON_KINDS


# Weak evidence of these kinds is a matter of house style, or of how often it occurs.
_COMMON_KINDS = ("formula", "punctuation")


def _all_matches(document: Document, language: str) -> list[Match]:
    """Return all matches in the text and in removed text."""
    matches = list(find_all(document.prose, language, target(language)))
    left = _MAX_REMOVED_CHARS
    for removal in document.removed:
        if left <= 0:
            break
        matches.extend(find_in_removed(removal.text[:left], language))
        left -= len(removal.text)
    return matches


def _reason(what: str, matches: list[Match], points: int) -> Reason:
    sources = sorted({code for match in matches for code in match.sources})
    return Reason(what, tuple(match.text for match in matches), points / 100, tuple(sources))


def _drop_overlaps(matches: list[Match]) -> list[Match]:
    """Remove matches that overlap a heavier match of the same kind.

    A phrase counts once.
    """
    taken: dict[str, list[tuple[int, int]]] = defaultdict(list)
    kept = []
    for match in sorted(matches, key=lambda match: (match.rule.frequent, -match.rule.points, match.start, -match.end, match.rule.name)):
        spans = taken[match.rule.kind]
        if match.start >= 0 and any(start < match.end and match.start < end for start, end in spans):
            continue
        spans.append((match.start, match.end))
        kept.append(match)
    return kept


def _distinct(matches: list[Match]) -> list[Match]:
    """Remove repetitions of the same kind at the same position."""
    return list({(match.rule.kind, match.start, match.end, match.text): match for match in matches}.values())


def _share(group: list[Match], length: int) -> int:
    """Return the fraction of a rule's weight that its matches get.

    One match in a long text says less than in a short one.
    """
    count, density = len({(match.start, match.end, match.text) for match in group}), round(group[0].rule.density * 100)
    if not density:
        return _FRACTION_UNIT
    # The square root of the rate: additional matches count less and less.
    return min(_FRACTION_UNIT * 3 // 2, math.isqrt(_FRACTION_UNIT * _FRACTION_UNIT * count * 200_000 // (max(length, 2000) * density)))


def _add_source_weights(pointed: dict[str, int], group: list[Match], share: int) -> None:
    strongest: dict[str, int] = {}
    for match in group:
        for code, weight in match.sources.items():
            strongest[code] = max(strongest.get(code, -1000), round(weight * 100))
    for code, weight in strongest.items():
        pointed[code] += share * weight // _FRACTION_UNIT


def _source(pointed: dict[str, int]) -> tuple[str, float]:
    """Return the most likely source language and its share of the odds.

    ("", 0) if none stands out.
    """
    if not pointed:
        return "", 0.0
    best = max(sorted(pointed), key=lambda code: pointed[code])
    # One more candidate represents all languages that nothing points to.
    total = sum(math.exp((weight - pointed[best]) / 100) for weight in pointed.values()) + math.exp((100 - pointed[best]) / 100)
    # A tie between two or three languages is not an answer.
    certainty = round(1 / total, 4)
    return (best, certainty) if certainty >= _MIN_CERTAINTY else ("", 0.0)


def _verdict(points: int, convincing: bool, styled: bool, length: int, language: str) -> Verdict:
    weights = scale()
    if points >= weights.translated and convincing:
        return "translated"
    # Without a style model, absence of evidence says little; only English has enough rules.
    silent = styled or (length >= weights.enough and language != "" and target(language) is not None)
    return "original" if silent and points <= weights.original else "unknown"
