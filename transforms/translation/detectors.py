"""Detectors, each of which finds one kind of evidence independently.

`residue` has those that need no rules for the language of the text.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import islice

from newsbeam.transforms.translation.evidence_rules import EvidenceRule, TargetRules, rules_for, scale, target
from newsbeam.transforms.translation.matches import MAX_MATCHES, Match, SearchText
from newsbeam.transforms.translation.residue import (
    find_latin_residue,
    find_mojibake,
    find_notes,
    find_residue,
    find_templates,
    script_language,
)

__all__ = ["Match", "find_all", "find_in_removed", "target_language"]


def target_language(language: str, text: str, function: frozenset[str]) -> str:
    """Return the language to treat the text as.

    `language` if it is known, else English if it has enough function words, else the language of
    its script.
    """
    if language and language != "und":
        return language
    head = text[:6000]
    words = re.findall(r"[a-z']+", head.lower())
    if len(words) >= 12 and sum(word in function for word in words) >= 0.18 * len(words):
        return "en"
    return script_language(head)


def match_patterns(reading: SearchText, target: TargetRules) -> Iterator[Match]:
    """Match the target language's rules with patterns or phrases.

    A rule is tried only if one of its anchor words or characters is in the text.
    """
    due = target.due
    tried = {place for anchor in due.keys() & reading.words for place in due[anchor]}
    tried.update(place for anchor in due.keys() & reading.pairs for place in due[anchor])
    tried.update(place for anchor in target.marks.keys() & reading.characters for place in target.marks[anchor])
    small = reading.small
    for place in sorted(tried):
        rule = target.rules[place]
        if rule.phrase in small:
            yield from _match_rule(rule, reading)


def _match_rule(rule: EvidenceRule, reading: SearchText) -> Iterator[Match]:
    text, found = reading.straight, []
    for start, end in _phrase(rule, reading) if rule.phrase else _pattern(rule, reading):
        if not rule.quoted and reading.quoted(start):
            continue
        if rule.unless and rule.unless.search(text, max(0, start - rule.around), end + rule.around // 2):
            continue
        found.append((start, end))
        if len(found) >= MAX_MATCHES:
            break
    if len(found) < rule.least or (rule.lacks and rule.lacks.search(text)) or (rule.has and not rule.has.search(text)):
        return
    for start, end in found:
        yield Match.at(rule, reading.text, start, end)


def _pattern(rule: EvidenceRule, reading: SearchText) -> Iterator[tuple[int, int]]:
    if rule.pattern:
        for match in rule.pattern.finditer(reading.straight):
            start, end = match.span()
            if rule.before:
                lead = rule.before.search(reading.straight, max(0, start - 30), start)
                start = lead.start() if lead else end
            if end > start:
                yield start, end


def _phrase(rule: EvidenceRule, reading: SearchText) -> Iterator[tuple[int, int]]:
    small, phrase, tried = reading.small, rule.phrase, 0
    at = small.find(phrase)
    while at >= 0 and tried < MAX_MATCHES:
        end = at + len(phrase)
        whole = not (at and small[at - 1].isalnum()) and not (end < len(small) and small[end].isalnum() and phrase[-1].isalnum())
        if whole and not (rule.opens and not _opens(small, at)):
            yield at, end
        at = small.find(phrase, end)
        tried += 1


def _opens(small: str, at: int) -> bool:
    """Return whether a sentence begins at `at`."""
    before = small[max(0, at - 4) : at].rstrip(' "([')
    return not before or before[-1] in ".!?:\n"


def find_titles(reading: SearchText, target: TargetRules) -> Iterator[Match]:
    """Find titles that accompany a name at nearly every mention."""
    if _small(target.titles).isdisjoint(reading.words):
        return
    text = reading.text
    rule = scale().kinds["title"]
    places: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for match in _title(target.titles).finditer(text):
        before = text[match.start() - 1 : match.start()]
        if not (before == "-" or before.isalnum() or reading.quoted(match.start())):
            places[match["title"], match["name"]].append(match.span())
    often = {pair: spans for pair, spans in places.items() if len(spans) >= 3}
    if not often:
        return
    names = {name for _, name in often}
    bare: Counter[str] = Counter()
    for match in _MENTION.finditer(text):
        # A surname after a title or given name is not bare; after the end of a sentence it is.
        if match["name"] in names and _is_bare((match["before"] or "").strip()):
            bare[match["name"]] += 1
    for (title, name), spans in often.items():
        if len(spans) > bare[name] and len(spans) / len(text) >= 1 / 3000:
            rule = scale().kinds["title_common" if title in target.common_titles else "title"]
            # The first mention is the same in original English, unless the full name came before.
            introduced = re.search(rf"\b(?:{title} (?:[A-Z][\w-]+ ){{0,2}}{name}\b|{name} [A-Z])", text[: spans[0][0]])
            for start, end in spans[0 if introduced else 1 :][:MAX_MATCHES]:
                yield Match.at(rule, text, start, end)


def _is_bare(before: str) -> bool:
    return not before[:1].isupper() or before[-1] in ".,;:!?"


_MENTION = re.compile(r"(?P<before>(?<!\S)\S{1,40}\s)?(?<![\w-])(?P<name>[A-Z][a-z]+)(?![\w-])(?! [A-Z])")


@cache
def _small(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(word.lower() for word in words)


@cache
def _title(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?P<title>{'|'.join(words)}) (?P<name>[A-Z][a-z]+)(?![\w-])(?! (?:[A-Z]|of\b))")


def find_deixis(reading: SearchText, target: TargetRules) -> Iterator[Match]:
    """Find "our government" in a report that never says "we" otherwise."""
    if "our" not in reading.words:
        return
    text = reading.text
    plain, common, supporting = (scale().kinds[kind] for kind in ("deixis", "deixis_common", "deixis_quoted"))
    found = list(_own(target.own).finditer(text))
    if not found:
        return
    outside = [match for match in found if not reading.quoted(match.start())]
    others = 0
    for match in _FIRST_PERSON.finditer(text):
        if not reading.quoted(match.start()):
            others += 1
            # An opinion piece, an advertisement or a letter uses the first person throughout.
            if others > len(outside):
                outside = []
                break
    spans = {match.span() for match in outside}
    for match in found[:MAX_MATCHES]:
        if match.span() in spans:
            yield Match.at(common if match["own"] in target.common_own else plain, text, *match.span())
        elif reading.quoted(match.start()) and match["own"] in ("government", "military", "army", "side", "authorities"):
            yield Match.at(supporting, text, *match.span())


@cache
def _own(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"[Oo]ur (?<!\w[Oo]ur )(?P<own>{'|'.join(sorted(words, key=lambda word: (-len(word), word)))})(?:['’]s)?(?![\w-])")


_FIRST_PERSON = re.compile(r"\b(?:I|I['’]\w+|[Ww]e|[Ww]e['’]\w+|us|[Mm]y|[Oo]urs?|[Oo]urselves)\b")


def find_romanisation(reading: SearchText) -> Iterator[Match]:
    """Find a Korean or Chinese personal name in several spellings.

    Example: Kim Jong Un, Kim Jong-un, Kim Jongun.
    """
    if _SURNAMES.isdisjoint(reading.words):
        return
    text = reading.text
    rule = scale().kinds["romanisation"]
    spellings: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for match in _PERSON.finditer(text):
        words = match.group()
        if text[match.start() - 1 : match.start()].isalnum():
            continue
        spellings[re.sub(r"[ -]", "", words).lower()].setdefault(words, match.span())
    # One surname, with given names spelt in two manners: Kim Jong Un, but Kim Ju-ae.
    manners: dict[str, dict[bool, tuple[int, int]]] = defaultdict(dict)
    for variants in spellings.values():
        for words, span in variants.items():
            if "-" in words or words.count(" ") == 2:
                manners[words.split()[0]].setdefault("-" in words, span)
    for by_manner in manners.values():
        if len(by_manner) > 1:
            yield Match.at(rule, text, *max(by_manner.values()))
    for variants in spellings.values():
        if len(variants) > 1:
            for start, end in list(variants.values())[1:3]:
                yield Match.at(rule, text, start, end)


_NAMES = (
    *("Kim", "Lee", "Park", "Choi", "Jung", "Jeong", "Kang", "Cho", "Yoon", "Yun", "Jang", "Lim", "Han", "Oh", "Seo", "Shin", "Kwon"),
    *("Hwang", "Ahn", "Song", "Ryu", "Hong", "Moon", "Bae", "Baek", "Nam", "Xi", "Li", "Wang", "Zhang", "Liu", "Chen"),
)
_SURNAMES = frozenset(name.lower() for name in _NAMES)
_PERSON = re.compile(rf"(?:{'|'.join(_NAMES)}) [A-Z][a-z]{{1,7}}(?:-[A-Za-z][a-z]{{1,6}}| ?[A-Z][a-z]{{1,6}})?(?![\w-])")


def find_emphasis(reading: SearchText) -> Iterator[Match]:
    """Find terms in single quotation marks that are not quotations."""
    if reading.characters.isdisjoint("'‘"):
        return
    text = reading.text
    rule = scale().kinds["emphasis"]
    for match in islice(_TERM.finditer(text), 2 * MAX_MATCHES):
        yield Match.at(rule, text, *match.span())


# At most seven words. A comma or full stop inside is American English, but direct speech at the beginning of a sentence.
_WORDS_OF_TERM = r"(?=\w\w)[\w.-]+(?: [\w.&-]+){0,6}"
_TERM = re.compile(rf"[‘'](?<![\w'’].){_WORDS_OF_TERM}(?<![.,!?])['’](?!\w)|[‘'](?<=[a-z] .){_WORDS_OF_TERM}[.,]['’](?!\w)")


def find_ellipsis(reading: SearchText) -> Iterator[Match]:
    """Find three dots between the parts of a headline."""
    text = reading.text
    rule = scale().kinds["ellipsis"]
    if "..." not in text and "…" not in text:
        return
    seen: set[str] = set()
    for match in _HEADLINE.finditer(text):
        # The headline is often repeated before each caption.
        start, end = match.span("dots")
        around = text[max(match.start(), start - 12) : end + 12]
        if around in seen or len(seen) >= 6:
            continue
        seen.add(around)
        at = text.find(around)
        while at >= 0:
            shift = at - max(match.start(), start - 12)
            yield Match.at(rule, text, start + shift, end + shift)
            at = text.find(around, at + len(around))


_HEADLINE = re.compile(r"^[^\n]{6,90}?[\w'’”\"](?P<dots>\.\.\.|…) ?(?=[A-Z'‘\"“])[^\n]{6,90}$", re.M)


def find_all(text: str, language: str, target: TargetRules | None) -> Iterable[Match]:
    """Return all matches in the text.

    A rule with too few matches for the length of the text is not strong. Many formulas together are
    strong; few of them only support other evidence.
    """
    reading = SearchText(text)
    found = [*find_notes(reading, language), *find_residue(reading, language), *find_latin_residue(reading, language)]
    found.extend(find_templates(reading))
    found.extend(find_mojibake(reading))
    rules = target or rules_for(language)
    if rules:
        found.extend(match_patterns(reading, rules))
    if rules and rules.language == "en":
        found.extend(find_titles(reading, rules))
        found.extend(find_deixis(reading, rules))
        found.extend(find_romanisation(reading))
        found.extend(find_emphasis(reading))
        found.extend(find_ellipsis(reading))
    quoted = [find.as_quoted() for find in found if find.start >= 0 and find.rule.kind not in _QUOTING and reading.quoted(find.start)]
    inside = {(find.start, find.end, find.rule.kind) for find in quoted}
    plain = [find for find in found if (find.start, find.end, find.rule.kind) not in inside]
    return [*_set_strength(plain, len(text)), *quoted]


# Kinds that are about quotation marks, or that may be in them.
_QUOTING = ("emphasis", "deixis", "punctuation", "note")
# One match of a rule with density 1 is strong in texts up to this length.
_REACH = 4000
# Characters per which formulas are counted; shorter texts count as having this length.
_PAGE = 900


def _set_strength(found: list[Match], length: int) -> list[Match]:
    """Adjust whether matches are strong, by their number per `length`."""
    counts = Counter(find.rule.name for find in found)
    least = scale().together * max(length, _PAGE)
    together = formula_points(formulas(found), {}) * _PAGE >= least
    telling = formula_points(formulas([find for find in found if not find.rule.frequent]), {}) * _PAGE >= least
    made: dict[str, EvidenceRule] = {}
    for find in found:
        rule = find.rule
        if rule.name not in made:
            strong, support = rule.strong, rule.support
            if strong:
                strong = not rule.density or counts[rule.name] * _REACH >= length * rule.density
            elif rule.kind == "formula" and not support:
                strong, support = telling and not rule.frequent, not together
            made[rule.name] = replace(rule, strong=strong, support=support, listed=strong or rule.listed)
    return [replace(find, rule=made[find.rule.name]) for find in found]


def formulas(found: list[Match]) -> list[list[EvidenceRule]]:
    """Group the formula rules by position.

    Includes the other rules that count as formulas. Overlapping matches are in one group.
    """
    groups: list[list[EvidenceRule]] = []
    reach = -1
    for find in sorted((find for find in found if find.rule.counts_as_formula), key=lambda find: (find.start, -find.end, find.rule.name)):
        if find.start >= reach:
            groups.append([])
        groups[-1].append(find.rule)
        reach = max(reach, find.end)
    return groups


def formula_points(groups: list[list[EvidenceRule]], points: Mapping[str, int]) -> int:
    """Return the combined weight of formulas.

    Each counts once, and only the heaviest of overlapping ones. `points` overrides the rules' own
    weights.
    """
    heaviest = {}
    for group in groups:
        weight, name = max((points.get(rule.name, rule.points), rule.name) for rule in group)
        heaviest[name] = weight
    return sum(heaviest.values())


def find_in_removed(text: str, language: str) -> Iterable[Match]:
    """Return the matches in one piece of removed text."""
    reading = SearchText(text)
    rules = target(language)
    found = [
        *find_notes(reading, language),
        *find_residue(reading, language, removed=True),
        *([match for match in match_patterns(reading, rules) if match.rule.kind == "credit"] if rules else ()),
        *find_templates(reading),
        *find_mojibake(reading),
    ]
    return [find.as_removed() for find in [*found, *find_latin_residue(reading, language)]]
