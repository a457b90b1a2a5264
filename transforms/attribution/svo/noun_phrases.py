"""Noun phrases of speakers before and after a verb, for the SVO languages."""

from __future__ import annotations

import re

from newsbeam.transforms.attribution.lexicon import is_outlet
from newsbeam.transforms.attribution.svo.grammar import (
    ABSTRACT,
    ASIDES,
    CAPITAL,
    FULL_NAME,
    GERMAN_LINKS,
    HEAD,
    HEARER_NOUNS,
    LEFT_EDGES,
    LETTERS,
    NAME_BEHIND,
    NAMED,
    NEXT_WORD,
    PLURAL,
    RELATIVES,
    REST,
    WORD,
    Grammar,
    Range,
)

# Russian and Ukrainian nouns in the nominative, by ending; neither adverbs nor participles.
_NOMINATIVE = re.compile(r"[а-яёіїє’']{2,}(?:[бвгджзклмнпрстфхцчшщйь]|[^оі]а)")
_HEARER = re.compile(r"(?<=\w)\s(?:der|dem)\s([A-ZÄÖÜ][\w-]*(?:\s[A-ZÄÖÜ][\w-]*){0,2})$")
_PARTICLES = frozenset("mit an hinzu ein bekannt fest hin zu aus klar hervor vor ab toe op uit".split())
_ARABIC_RELATIVE = re.compile(r"(?:^|[\s،])(?:الذي|التي|الذين|وهو|وهي)\s")


class Speakers:
    """The noun phrases of one masked sentence that can be speakers."""

    def __init__(self, sentence: str, g: Grammar) -> None:
        self.s, self.g = sentence, g

    def phrase_end(self, at: int) -> int:
        match = self.g.phrase.match(self.s, at)
        return match.end() if match else at

    def subject_after(self, at: int, loose: bool = False, apposed: bool = True) -> Range | None:
        """Return a speaker that follows its verb, with apposition.

        The phrase ends before time and place. `loose`: right after a quotation, accept any noun in
        languages without articles. `apposed`: include an apposition after a comma.
        """
        s, g = self.s, self.g
        word = NEXT_WORD.match(s, at)
        if word and word[1].lower() in g.pronouns and not (g.language == "de" and word[1] != word[1].lower()):
            return word.span(1)
        match = g.phrase.match(s, at)
        if match is None:
            return None
        start, end = match.span()
        lead = g.lead.match(s, start, end)
        start = lead.end() if lead else start
        while start < end and s[start].isspace():
            start += 1
        first = WORD.match(s, start, end)
        if first and first.group().lower() in g.place and PLURAL.search(s[max(at - 12, 0) : at]):
            start = first.end() + 1  # сообщили в министерстве: the office speaks
        elif (
            first
            and g.language not in ("de", "nl", "ar")
            and (first.group().lower() in g.prepositions or first.group().lower() in self.g.small)
        ):
            # a déclaré à la foule Jane Doe: the name follows the place or the hearer
            name = FULL_NAME.search(s, first.end(), end)
            if (
                name is None
                or name.start() - start > 50
                or last_word(s, name.start())
                in {"d'", "d’", "l'", "l’", "à", "al", "au", "a", "de", "del", "du", "des", "y", "et"} | HEARER_NOUNS
            ):
                return None
            return self.noun(*name.span()) if name.start() - start > len(first.group()) + 1 else None
        found = self.noun(start, end, according=not apposed)
        if found is None and loose and g.language in ("ru", "uk"):
            words = s[start:end].split()
            if 1 <= len(words) <= 4 and _NOMINATIVE.fullmatch(words[0]) and words[0] not in g.not_speakers:
                return start, start + len(s[start:end].rstrip())
        return found

    def noun(self, start: int, end: int, according: bool = False, whole: bool = False) -> Range | None:
        s, g = self.s, self.g
        # After “selon” and similar words, a comma ends the source, however long its description.
        whole = whole and s[end : end + 1] == "," and g.language in ("es", "fr", "it", "pt", "ru") and s.count(" ", start, end) < 12
        cut = None if whole else g.cut.search(s, min(start + 1, end), end)
        while cut and g.inside and self._belongs(start, cut):
            cut = g.cut.search(s, cut.end(), end)
        if cut:
            end = cut.start()
        for number, word in enumerate(WORD.finditer(s, start, end)):
            if number and word.group() in g.single and word.group() not in g.articles:
                end = word.start()
                tokens = s[start:end].split()
                if tokens and tokens[-1].lower() in self.g.joining:
                    end = start + s[start:end].rstrip().rfind(tokens[-1])
                break
        while end > start and s[end - 1] in " \u00a0":
            end -= 1
        hearer = _HEARER.search(s, start, end) if g.language == "de" else None
        if hearer and is_outlet(hearer[1]):
            end = hearer.start()  # sagte Max Muster der Zeit
        words = s[start:end].split()
        while words and (words[-1].lower() in self.g.joining or (words[-1] in _PARTICLES and g.language in ("de", "nl"))):
            end = start + s[start:end].rfind(words.pop())
            while end > start and s[end - 1] in " \u00a0":
                end -= 1
        if not words or len(words) > 14 or not self.can_speak(words):
            return None
        if according:
            return start, end
        if not NAMED.search(s[start:end]) and s[end : end + 2] == ", ":
            name = NAME_BEHIND.match(s, end)  # …, sagte die Leiterin, Jane Doe.
            if name and self.g.language in ("de", "es", "fr", "it", "pt", "nl"):
                return start, name.end("name")
        apposition = g.apposition.match(s, end)
        if apposition and g.language == "de" and germanic_verb(s[end + 2 : apposition.end()]):
            apposition = None
        return (start, apposition.end()) if apposition else (start, end)

    def _belongs(self, start: int, cut: re.Match[str]) -> bool:
        """Return whether a preposition continues the phrase of a speaker.

        For example: مسؤول في الوزارة.
        """
        g = self.g
        words = self.s[start : cut.start()].split()
        following = WORD.match(self.s, cut.end() + 1)
        if not words or following is None or cut.group().strip() not in g.inside:
            return False
        noun = following.group()
        if noun in g.occasions or noun in g.conjunctions:
            return False
        if noun.removeprefix("ال") in g.institutions or noun in g.institutions:
            return True
        return len(words) == 1 and not words[0].startswith("ال") and words[0] in g.listed

    def noun_apposed(self, start: int, end: int) -> Range | None:
        """Return a speaker between “wie” and the verb that ends the clause.

        It may have an apposition between commas.
        """
        comma = self.s.find(", ", start, end)
        head = self.noun(start, comma if comma >= 0 else end)
        closing = self.s.find(",", comma + 2, end + 1) if comma >= 0 else -1
        return (head[0], closing) if head and closing > 0 else head

    def subject_before(self, at: int) -> Range | None:
        """Return a speaker that precedes its verb.

        It is the noun phrase before the verb, back to the last punctuation mark.
        """
        s, g = self.s, self.g
        start, end = self.span_before(at)
        trail = g.trail.search(s, start, end)
        while trail and trail.start() > start:
            end = trail.start()
            trail = g.trail.search(s, start, end)
        if trail and trail.start() == start and g.language not in ("de", "nl"):
            whole = s[start:end].strip().lower()
            if whole not in g.pronouns:
                end = start
        while end > start and s[end - 1] in " \u00a0":
            end -= 1
        if start >= end:
            # X, Sprecher von Y, sagte: the name precedes the apposition.
            comma = len(s[:start].rstrip(" \u00a0"))
            if comma < 3 or s[comma - 1] not in ",،)":
                return None
            if s[comma - 1] == ")":
                opening = s.rfind("(", max(comma - 60, 0), comma)
                inner = self.subject_before(opening) if opening > 0 else None
                return (inner[0], comma) if inner else None
            upto = comma - 1
            for _ in range(3):
                aside = self.span_before(upto)
                before = s[: aside[0]].rstrip(" \u00a0")
                if aside[0] < 3 or before[-1:] not in (",", "،") or comma - aside[0] > 230 or aside[0] >= aside[1]:
                    return None
                head = self.span_before(len(before) - 1)
                inner = self.subject(*head)
                words = s[aside[0] : aside[1]].split()
                if (
                    inner is not None
                    and self.is_name(inner)
                    and not (words[0].lower() in self.g.clause_words and words[0].lower() not in RELATIVES)
                ):
                    if " ".join(words).lower() in ASIDES:
                        return inner
                    relative = _ARABIC_RELATIVE.search(s, aside[0] - 1, comma - 1)
                    return inner[0], len(s[: relative.start()].rstrip(" ،,")) if relative else comma - 1
                upto = len(before) - 1
            return None
        return self.subject(start, end)

    def span_before(self, end: int) -> Range:
        s, start = self.s, end
        while start > 0 and end - start < 220:
            char = s[start - 1]
            if char in LEFT_EDGES:
                # агентство «…» is one phrase: a short quotation after a word for an outlet
                if char in (HEAD, REST) and end - start >= 1:
                    head = s.rfind(HEAD, 0, start)
                    if (
                        head >= 0
                        and start - head <= 40
                        and self.g.papers.search(s, max(head - 30, 0), head)
                        and s[start : start + 1] in (" ", "")
                    ):
                        start = head
                        continue
                break
            start -= 1
        while start < end and s[start].isspace():
            start += 1
        while end > start and s[end - 1].isspace():
            end -= 1
        return start, end

    def subject(self, start: int, end: int) -> Range | None:
        s, g = self.s, self.g
        words = list(WORD.finditer(s, start, end))
        if not words or len(words) > 22:
            return None
        first = 0
        for index in range(len(words) - 2, -1, -1):
            low = words[index].group().lower()
            following = words[index + 1].group()
            if low in self.g.clause_words and not (
                low in self.g.joining and following[0].isupper() and index and words[index - 1].group()[0].isupper()
            ):
                first = index + 1
                break
        lead = g.lead.match(s, words[first].start(), end)
        if lead and lead.end() > words[first].start():
            first = next((n for n, word in enumerate(words) if word.start() >= lead.end()), len(words))
        if first >= len(words):
            return None
        low = words[first].group().lower()
        if low in g.prepositions or low in self.g.small:
            if g.language in ("de", "nl"):
                return None  # the verb is in second position, so its subject follows
            restart = self.restart(words, first)
            if restart is None:
                return None
            first = restart
        picked = words[first:]
        if g.language == "de" and germanic_verb(s[picked[0].start() : end]):
            return None
        if not self.can_speak([word.group() for word in picked]):
            return None
        return picked[0].start(), end

    def restart(self, words: list[re.Match[str]], first: int) -> int | None:
        """Return the start of a subject after an introductory phrase.

        For phrases without a comma: “En un comunicado el ministerio”.
        """
        g = self.g
        for index in range(first + 2, len(words)):
            low, before = words[index].group().lower(), words[index - 1].group().lower()
            if before in g.articles or before in g.prepositions or before in self.g.small:
                continue
            if low in g.articles and g.articles:
                return index
            if not g.articles and any(low.startswith(term) for term in (*g.persons, *g.listed) if len(term) > 3):
                return index
        return None

    def is_name(self, span: Range) -> bool:
        """Return whether a phrase is certain to be a source.

        It has a name or a listed word.
        """
        text = self.s[span[0] : span[1]]
        low = text.lower()
        if self.g.language == "ar" and len(text.split()) <= 6:
            return True  # no capitals
        return low in self.g.pronouns or CAPITAL.search(text) is not None or self.g.known.search(low) is not None

    def can_speak(self, words: list[str]) -> bool:
        g = self.g
        low = words[0].lower()
        if low in g.pronouns:
            return len(words) == 1
        if (
            low in RELATIVES
            or (low in g.not_speakers and not (low in g.articles and len(words) > 1))
            or words[-1].lower() in g.not_speakers
            or (any(char.isdigit() for char in words[-1]) and len(words) == 1)
        ):
            return False
        if HEAD in words[0] or (words[0].startswith((HEAD, REST))):
            return False
        joined = " ".join(words).lower()
        listed = g.known.search(joined) is not None
        if g.language == "ar":
            if words[0].startswith("لل") or (len(words) == 1 and words[0].endswith(("ا", "اً")) and not words[0].startswith("ال")):
                return False  # to whom or how it was said
            return low not in g.prepositions and low not in g.conjunctions and len(words) <= 10 and LETTERS.search(low) is not None
        if low in g.conjunctions or low in self.g.clause_words:
            return False
        if low in g.articles or low.startswith(("l'", "l’", "un'", "un’")):
            if len(words) == 1 and not low.startswith(("l'", "l’")):
                return False
            if g.language == "de":
                return any(word[0].isupper() or (word[0].isdigit() and "-" in word) for word in words[1:])  # der 52-Jährige
            return listed or any(word[:1].isupper() for word in words[1:]) or len(words) <= 6 or "’" in low or "'" in low
        if low in g.prepositions or low in self.g.small:
            return False
        if g.language in ("de", "nl"):
            if not words[0][0].isupper():
                return listed and any(word[0].isupper() for word in words)
            return len(words) > 1 or listed or not words[0].lower().endswith(ABSTRACT)
        return listed or words[0][0].isupper() or any(word[0].isupper() for word in words[:4])


# A source without a comma after it, in languages with lower-case nouns: volgens de politie van
# Utrecht raakten …
_FIRST_NOUN = re.compile(
    r"\s*(?:(?:de|het|een|zijn|haar|hun|twee)\s)?\S+(?:\s(?:van|voor|uit)\s(?:(?:de|het|een)\s)?\S+)*(?:\s[A-ZĄĆĘŁŃÓŚŹŻ]\S*)*"
)


def source_end(text: str, language: str) -> int:
    """Return the end of a source that no comma separates from its clause."""
    if language == "de":
        return germanic_verb(text)
    match = _FIRST_NOUN.match(text)
    return match.end() if match and match.end() < len(text) else 0


def last_word(s: str, at: int) -> str:
    """Return the word that ends at `at`, in lower case, or ""."""
    match = re.search(r"(?<![^\W\d_])([^\W\d_]+['’]?)[\s\u00a0]*$", s[max(at - 24, 0) : at])
    return match[1].lower() if match else ""


def germanic_verb(text: str) -> int:
    """Return the end of the source in "laut einer Studie der Kammer hängt".

    It ends at the first lower-case word that is not part of it; 0 if there is none.
    """
    named = link = False
    for word in re.finditer(r"\S+", text):
        first = word.group()[0]
        low = word.group().lower()
        if first.isupper() or first.isdigit() or first in (HEAD, REST):
            named, link = True, False
        elif low in GERMAN_LINKS:
            link = True
            # "Laut Polizei der Mann": an article after a noun could also begin the next phrase, but
            # the genitive is more frequent.
        elif named and not link:
            return word.start()
    return 0
