"""Resolve speakers: full name in the document, role and kind of source."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from functools import cache, lru_cache

from newsbeam.transforms.attribution.lexicon import is_outlet, load, sources
from newsbeam.transforms.document import SpeakerKind

# Each repetition that could restart at every letter of a long token is bounded: words of a name
# have at most 60 letters.
_GOVERNING = frozenset("of for in at from with on to by near".split())  # prepositions before a name that is not the head's
_PARTICLES = frozenset(
    "de del della da das do dos du di van von der den ten ter zu la le al el bin bint ibn ben abu af av ap dalla y e san st".split()
)
_RUN = re.compile(
    r"[^\W\d_a-z][\w’'.&-]*(?: (?:(?:de|del|della|da|das|do|dos|du|di|van|von|der|den|ten|ter|zu|la|le|al|el|bin|bint|ibn|ben|abu|af|av) )"
    r"{0,2}[^\W\d_a-z][\w’'.&-]*){0,9}"
)
_ACRONYM = re.compile(r"((?:[A-Z][\w&’'-]{0,60}(?: (?:of|for|and|the|on|in))* ){1,8})\(([A-Z][A-Za-z]{1,6})\)")
_WORD = re.compile(r"[^\W_]+(?:['’.&-][^\W_]+)*\.?")
_PRONOUNS = {"he": "male", "him": "male", "his": "male", "she": "female", "her": "female"}
_OTHER_PRONOUNS = frozenset(("i", "we", "they", "you", "it", "who", "which", "that", "one", "some", "others", "many", "both", "another"))
# Words that are capitalised at the beginning of sentences or in headlines without being names.
_TITLE_CASE = frozenset(
    (
        "The A An In On At But And When While After Before As For With From By If It He She They This That These Those His Her Late "
        "However Meanwhile Earlier Although Though Since According Until Under To Of What Did Why How"
    ).split()
)
# Words before an outlet's name that do not belong to it: "Russian state agency TASS".
_BEFORE_OUTLET = frozenset(("russian", "chinese", "japanese", "south", "korean", "north", "recent"))


@lru_cache(maxsize=1 << 14)
def _bare(word: str) -> str:
    if word.endswith(("'s", "’s")):
        word = word[:-2]
    elif word.endswith(("'", "’")):
        word = word[:-1]
    clean = word.strip(".,’'")
    # The full stop belongs to an initial, and to the St. of a surname.
    return clean + "." if (len(clean) == 1 or clean == "St") and word[len(clean) : len(clean) + 1] == "." else clean


_AGE = re.compile(r"\s?\(\d{1,3}\)")


_CAPITAL = re.compile(r"(?<!\w)[A-Z][\w’'-]+")
# Up to seven words with mandatory blanks between them. With optional blanks, a run of capitals could
# be divided in exponentially many ways.
_OF_NAME = re.compile(r"([A-Z][\w’'.-]*(?:\s[A-Z][\w’'.-]*){0,6}\s?) (?:of|from)\b")
_CAPITALS = re.compile(r"[A-Z]")
_SURNAME_FIRST = re.compile(r"(?:[.!?”\"’]\s|\n)\s?([A-Z][\w-]+) (?=[a-z])")


class Names:
    """Index of the people and acronyms in a document, built in one pass."""

    def __init__(self, text: str) -> None:
        self.acronyms: dict[str, str] = {}
        for match in _ACRONYM.finditer(text):
            words = [word for word in match[1].split() if word[0].isupper()]
            letters = match[2]
            if 2 <= len(letters) <= len(words) + 1 and len(words) >= 1:
                keep = words[-len(letters) :] if letters.isupper() else words
                initials = "".join(word[0] for word in keep)
                if initials.upper() == letters.upper() or (len(keep) > 1 and keep[0][0] == letters[0] and keep[-1][0] == letters[-1]):
                    self.acronyms.setdefault(letters, match[1][match[1].index(keep[0]) :].strip() if letters.isupper() else " ".join(keep))
        self.count: Counter[str] = Counter()
        self.first: dict[str, int] = {}
        self.titled: dict[str, set[str]] = {}
        self.places: list[tuple[int, str]] = []
        for match in _RUN.finditer(text):
            self._run(match.group(), match.start())
        self.places.sort()
        self.by_word: dict[str, list[str]] = {}
        for name in self.count:
            parts = name.split()
            for word in {parts[0], parts[-1]}:
                self.by_word.setdefault(word.lower(), []).append(name)

    def _run(self, run: str, at: int) -> None:
        words = run.split()
        part: list[str] = []
        titles: list[str] = []
        for word in [*words, ""]:
            low = word.lower()
            clean = _bare(word)
            broken = (
                not word
                or clean in _TITLE_CASE
                or (_is_title(low) and not part)
                or (low.rstrip(".") in _names("nationalities") and not part)
            )
            if word and part and low in _OFFICES:
                titles, part = [*titles, *(name.lower() for name in part), low], []  # Economy Minister Jane Doe
                continue
            if broken:
                if len(part) >= 2:
                    self._person(part, titles, at)
                titles = ([*titles, low] if not part else [low]) if word and clean not in _TITLE_CASE else []
                part = []
                continue
            part.append(clean)
            if word.endswith(("'s", "’s", "'", "’")) or (word.endswith(".") and not clean.endswith(".")):
                if len(part) >= 2:
                    self._person(part, titles, at)
                part, titles = [], []

    def _person(self, part: list[str], titles: list[str], at: int) -> None:
        if part[0].lower() in _names("surname_first"):
            size = 2 if len(part) > 1 and "-" in part[1] else 3
            if len(part) < size or (size == 3 and len(part[2]) > 5):
                size = 2
            part = part[:size]
        elif sum(word[0].isupper() for word in part) > _MAX_NAME_WORDS:
            return
        if any(len(word) > 2 and word.lower() in _no_people() for word in part) or part[-1].isupper():
            return
        name = " ".join(part)
        self.count[name] += 1
        self.first.setdefault(name, at)
        self.titled.setdefault(name, set()).update(titles)
        self.places.append((at, name))

    def resolve(self, short: str, titles: Sequence[str] = ()) -> str:
        """Expand `short` ("Lankov", "Kim") to the full name.

        Returns `short` itself if no full name or more than one matches.
        """
        words = short.split()
        if not words:
            return short
        if len(words) > 1:
            return self.acronyms.get(short) or self._with_given_name(words) or short
        word = words[0]
        if word in self.acronyms:
            return self.acronyms[word]
        options = []
        for name in self.by_word.get(word.lower(), []):
            parts = name.split()
            asian = parts[0].lower() in _names("surname_first")
            if (parts[-1].lower() == word.lower() and not asian) or (parts[0].lower() == word.lower() and asian):
                weight = self.count[name] + (3.0 if self.titled[name] & set(titles) else 0.0)
                options.append((-weight, self.first[name], name))
        options.sort()
        options = self._merge(options)
        if not options:
            return short
        if len(options) > 1 and options[0][0] > 1.5 * options[1][0]:
            return short
        return options[0][2]

    def _with_given_name(self, words: list[str]) -> str:
        """Return the one name that ends with a surname of several words: "van Dijk"."""
        if words[0].lower().strip(".") not in _PARTICLES:
            return ""
        options = [name for name in self.by_word.get(words[-1].lower(), []) if f" {' '.join(words)}" in name]
        return options[0] if len(options) == 1 else ""

    def by_title(self, lows: Sequence[str]) -> str:
        """Return the only person with a title, else "": the Russian president."""
        if not 2 <= len(lows) <= 5 or lows[0] != "the" or not _is_title(lows[-1]):
            return ""
        wanted = set(lows[1:])
        options = [name for name in self.count if wanted <= self.titled[name]]
        merged = self._merge([(-float(self.count[name]), self.first[name], name) for name in options])
        return merged[0][2] if len(merged) == 1 else ""

    def _merge(self, options: list[tuple[float, int, str]]) -> list[tuple[float, int, str]]:
        """Merge variants of a name into the most frequent one.

        For example Donald Trump and Donald J. Trump, or Kim Jong Un and Kim Jong-un.
        """
        merged: dict[str, tuple[float, int, str]] = {}
        for weight, first, name in options:
            parts = re.sub(r"[-’']", " ", name.lower()).split()
            key = " ".join(parts if parts[0] in _names("surname_first") else (parts[0], parts[-1]))
            if key in merged:
                old = merged[key]
                merged[key] = (old[0] + weight, min(old[1], first), old[2])
            else:
                merged[key] = (weight, first, name)
        # J. Doe is Jane Doe if there is no other Doe.
        initials = [key for key in merged if len(key.split()[0].strip(".")) == 1 and not key.split()[0].isdigit()]
        for key in initials:
            full = [other for other in merged if other != key and other[0] == key[0] and other.split()[-1] == key.split()[-1]]
            if len(full) == 1:
                weight, first, _ = merged.pop(key)
                old = merged[full[0]]
                merged[full[0]] = (old[0] + weight, min(old[1], first), old[2])
        return sorted(merged.values())

    def person_before(self, at: int, text: str, gender: str) -> str:
        """Return whom "he" or "she" at `at` stands for.

        This is who was named last in this paragraph or else in the last one.

        Whoever is known to be of that sex comes before those who may be; whoever began a sentence before those
        named within one. "" if nobody fits, or if several fit equally well.
        """
        here, before = _paragraphs_up_to(text, at)
        fitting = [name for name in self.between(before, at) if self._gender(name) == gender]
        if not fitting:
            fitting = [
                name
                for name in self.between(before, at)
                if self.fits(name, gender) and not self._gender(name) and (self.titled[name] or self.count[name] > 1)
            ]
        for start, end in ((here, at), (before, here)) if not fitting else ():
            fitting = [
                name
                for name in self.between(start, end)
                if self.fits(name, gender) and _stands_as_person(text, text.rfind(name, start, end))
            ]
            if fitting:
                break
        if len(fitting) > 1:
            subjects = [name for name in fitting if _begins_sentence(text, text.rfind(name, before, at), before)]
            fitting = subjects if len(subjects) == 1 else fitting
        return fitting[0] if len(fitting) == 1 else ""

    def surname_before(self, at: int, text: str, gender: str) -> str:
        """Resolve a pronoun by surnames in this and the previous paragraph.

        The surname has to belong to one person of that gender, who is named in full somewhere in
        the document; else "".
        """
        reach = max(at - 600, 0)
        floor = text.rfind("\n", reach, max(text.rfind("\n", reach, at), reach))
        sentence = max((match.end() for match in _SENTENCE.finditer(text, reach, max(at - 2, reach))), default=reach)
        found: list[str] = []
        subjects: list[str] = []  # in the sentence before, without a preposition
        for match in _CAPITAL.finditer(text, max(floor, reach), at):
            word = _bare(match.group())
            full = self.resolve(word)
            if full == word or self._gender(full) != gender:
                continue
            if full not in found:
                found.append(full)
            alone = _OBJECT.search(text, max(match.start() - 40, 0), match.start()) is None
            if match.start() > sentence and alone and full not in subjects:
                subjects.append(full)
        found = found if len(found) == 1 else subjects
        return found[0] if len(found) == 1 else ""

    def may_be(self, name: str, gender: str) -> bool:
        """Return whether `name` is known to have that gender."""
        return self._gender(name) == gender

    def between(self, start: int, end: int) -> list[str]:
        """Return the last (at most 50) full names in `text[start:end]`."""
        first = max(bisect_left(self.places, (start, "")), (last := bisect_left(self.places, (end, ""))) - 50)
        return list(dict.fromkeys(name for _, name in self.places[first:last]))

    def subject_between(self, text: str, start: int, end: int) -> str:
        """Return the full name of the last sentence-initial surname, else "".

        Searches `text[start:end]`.
        """
        found = ""
        for match in _SURNAME_FIRST.finditer(text, start, end):
            full = self.resolve(_bare(match[1]))
            if full != match[1] and full in self.count:
                found = full
        return found

    def _gender(self, name: str) -> str:
        words = {*name.lower().split(), *self.titled.get(name, ())}
        female, male = words & _names("female"), words & _names("male")
        if bool(female) != bool(male):
            return "female" if female else "male"
        given = given_names()
        for word in _given(name):
            for gender in ("female", "male"):
                if word in given[gender]:
                    return gender
        return ""

    def fits(self, name: str, gender: str) -> bool:
        """Return whether `name` can be "he" (male) or "she" (female)."""
        return self._gender(name) in ("", gender)


_SENTENCE = re.compile(r"[.!?][”\"’']?\s|\n")
# Words before an object or a genitive: to Commissioner
_OBJECT = re.compile(r"(?:^|\W)(?:to|of|with|for|by|from|at|on|in|about|against|that|and|after|before)(?: [Tt]he)?(?: [A-Z][\w.]+){0,2} $")


def _paragraphs_up_to(text: str, at: int) -> tuple[int, int]:
    """Return where the paragraph of `at` and the one before it begin.

    No farther back than _MAX_PRONOUN_CHARS.
    """
    reach = max(at - _MAX_PRONOUN_CHARS, 0)
    here = text.rfind("\n", reach, at) + 1
    end = here
    while end > reach and text[end - 1].isspace():
        end -= 1
    before = text.rfind("\n", reach, end) + 1 if end > reach else here
    return max(here, reach), max(before, reach)


# Words that make an office of the capitals before them, and behind which a name may follow.
_OFFICES = frozenset(
    "minister secretary president leader chief director commissioner spokesman spokeswoman spokesperson ambassador governor senator "
    "mayor chairman chairwoman chancellor speaker editor analyst coach prosecutor premier".split()
)
_MAX_PRONOUN_CHARS = 1500
_MAX_NAME_WORDS = 4


def _begins_sentence(text: str, at: int, floor: int) -> bool:
    """Return whether the name at `at` begins a sentence, behind no more than a title."""
    before = text[max(at - 40, floor) : at].rstrip()
    return at >= 0 and (
        not before or before[-1] in '.!?”"\n' or re.search(r"(?:^|[.!?”\"]\s)(?:The |[A-Z][a-z]+\.? )?[\w ]{0,20}$", before) is not None
    )


def _given(name: str) -> list[str]:
    """Return the given names of a full name, in lower case.

    The complete name comes first, then its parts: "jean-luc", "jean".
    """
    words = name.lower().split()
    words = words[1:] if words[0] in _names("surname_first") else words[:1]
    return [*words, *(part for word in words for part in word.split("-")[:1])]


@cache
def given_names() -> dict[str, frozenset[str]]:
    """Return the given names of women and of men."""
    data = load("given_names")
    return {gender: frozenset(map(str, data[gender])) for gender in ("female", "male")}


def _stands_as_person(text: str, at: int) -> bool:
    """Return whether the word before `text[at:]` allows a person's name.

    Counterexamples: "at the Foo Bar", "the broadcaster Foo Bar".
    """
    before = re.search(r"(?<!\w)(\w+)[^\w.!?\n]{0,3}$", text[max(at - 30, 0) : max(at, 0)])
    if at < 0 or before is None:
        return at >= 0
    low = before[1].lower()
    return low not in _NOT_BEFORE_PERSONS and low not in _names("outlet_words") | _names("organisation_words")


_NOT_BEFORE_PERSONS = frozenset("the a an in at of to from for on by with near via into about against".split())


def _is_title(low: str) -> bool:
    return low in _names("titles") or (low.endswith(".") and low in _names("titles"))


@cache
def _names(key: str) -> frozenset[str]:
    return sources()[key]


@cache
def _no_people() -> frozenset[str]:
    """Return words that are not part of a person's name."""
    return _names("organisation_words") | _names("outlet_words") | _names("places")


def pronoun(text: str) -> str:
    """Return "male", "female" or "other" for a pronoun, "" for other words."""
    low = text.lower()
    return _PRONOUNS.get(low, "other" if low in _OTHER_PRONOUNS else "")


def describe(phrase: str, names: Names) -> tuple[str, str, SpeakerKind]:
    """Return name, role and kind of the source that a noun phrase denotes.

    Pronouns are handled elsewhere. Two people are a group, whose name has both names.
    """
    pair = _pair(phrase, names)
    if pair:
        return pair, "", "group"
    head, role = _split(_AGE.sub("", phrase))
    words = _WORD.findall(head)
    lows = [word.lower() for word in words]
    bare = [_bare(word) for word in words]
    # The name consists of the capitalised words at the end of the head, after titles and
    # nationalities.
    cut = len(words)
    while cut > 0 and words[cut - 1][0].isupper() and not (_is_title(lows[cut - 1]) and cut < len(words)):
        if cut < len(words) and words[cut - 1].endswith(("'s", "’s")):
            break
        cut -= 1
    cut = _over_particles(words, cut)
    while (
        cut < len(words) - 1
        and (lows[cut].strip(".") in _names("nationalities") or bare[cut] in _TITLE_CASE)
        and " ".join(lows[cut:]) not in _names("places")  # North Korea
    ):
        cut += 1
    name_words = bare[cut:]
    titles = lows[:cut]
    inner = head
    heads = _heads(lows)
    organisation = (bool(heads) and heads[-1] in _names("organisation_words")) or any(
        _bare(word).lower() in _names("organisation_words") for word in words[cut : max(cut, len(heads))]
    )
    governed = lows[cut - 2 if lows[cut - 1] in ("the", "a", "an") else cut - 1] in _GOVERNING if 1 < cut < len(words) else False
    is_officials = len(heads) == 1 and lows[0] in _names("group_words") | _names("unnamed_words")
    if 0 < len(heads) < cut and (is_officials or words[len(heads) - 1][0].islower()) and (cut <= len(heads) + 2 or governed):
        name_words = []  # the mayor of Lisbon, a leader of the Foo Council
    elif len(words) == 1 and lows[0] in _names("group_words") | _names("unnamed_words"):
        name_words = []  # Officials
    elif cut == 1 and lows[0] == "the" and len(words) == 2 and names.resolve(bare[1]) == bare[1]:
        return bare[1], role, "publication" if is_outlet(bare[1]) else "organisation"  # the Treasury
    if len(heads) < len(lows) and heads[-1] in _names("unnamed_words") and words[len(heads) - 1][0].islower():
        return inner, role, "unnamed"  # a spokesman for Foo
    of_name = _OF_NAME.match(head)
    named = of_name is not None and len(_CAPITALS.findall(of_name[1])) > 1
    if of_name and named and not organisation and not is_outlet(of_name[1]) and lows[len(of_name[1].split()) - 1] not in _names("titles"):
        inner_name = describe(of_name[1], names)
        return inner_name[0], role or inner_name[1], "person"
    if lows and lows[-1] in _names("group_words") and cut <= len(words) - 1 and len(words) <= 3:
        return head.strip(), role, "group"
    held = names.by_title(lows)
    if held:
        return held, role, "person"
    if is_outlet(head) and (not _is_titled(titles) or titles[-1] == "state"):
        name = _outlet_name(head, names)
        if _document(lows):
            return name, role, "document"
        return name, role, "publication"
    if _document(lows):
        reporting = _REPORTS_FROM.match(head)
        whose = reporting["name"] if reporting and reporting["name"].lower() not in _names("places") else inner.strip()
        return whose, role, "document"
    if name_words and not organisation:
        name = " ".join(name_words)
        if name.lower() in _names("places") or (len(name_words) == 1 and name.isupper() and len(name) < 7):
            return names.resolve(name), role, "organisation"
        full = names.resolve(name, titles)
        title = _title(words, cut)
        return full, role or title, "person"
    if (
        len(lows) <= 3
        and words
        and words[0][0].isupper()
        and words[0] not in _TITLE_CASE
        and lows[-1].strip(".") in _names("titles")
        and len(lows) > 1
        and not organisation
    ):
        return inner, role, "person"
    if any(low in _names("unnamed_words") for low in lows[:6]):
        return inner, role, "unnamed"
    if any(low in _names("group_words") for low in lows[:6]):
        return inner, role, "group"
    if organisation or any(low.strip(".") in _names("places") for low in lows):
        return _without_article(inner), role, "organisation"
    if any(low in _names("titles") for low in lows):
        return inner, role, "person"
    if words and words[-1][0].isupper():
        return _without_article(inner), role, "organisation"
    return (
        inner,
        role,
        "unnamed" if lows and lows[0] in ("a", "an", "one", "another") else "group" if lows and lows[-1].endswith("s") else "",
    )


def _pair(phrase: str, names: Names) -> str:
    """Return the names of two people, or of two places, that speak together.

    For example "Putin and Kim"; "" for anything else.
    """
    match = _TWO.fullmatch(phrase) if " and " in phrase else None
    if match is None:
        return ""
    found = [describe(match[side], names) for side in ("one", "other")]
    if any(kind != found[0][2] or not name[:1].isupper() or " and " in name for name, _, kind in found):
        return ""
    if found[0][2] == "person" or all(name.lower() in _names("places") for name, _, _ in found):
        return f"{found[0][0]} and {found[1][0]}"
    return ""


# Reports from Foo Watch
_REPORTS_FROM = re.compile(
    r"(?:[Tt]he |[Rr]ecent |[Nn]ew )?[Rr]eports? (?:from|by) (?P<name>[A-Z][\w’'.-]{0,60}(?: [A-Z][\w’'.-]{0,60}){0,4})$"
)
_TWO = re.compile(r"(?P<one>[^,\n]{2,60}) and (?P<other>[^,\n]{2,60})")


def _over_particles(words: list[str], cut: int) -> int:
    """Return the start of a name whose last part begins at `cut`.

    That of "Leila de Vries" begins with Leila, and that of "de Vries" with de.
    """
    while cut and words[cut - 1].lower().strip(".") in _PARTICLES:
        first = cut - 1
        while first and words[first - 1].lower() in _PARTICLES:
            first -= 1
        while first and words[first - 1][0].isupper() and not _is_title(words[first - 1].lower()):
            first -= 1
        if first == cut:
            break
        cut = first
    return cut


def _heads(lows: list[str]) -> list[str]:
    """Return the words of a phrase up to its first preposition."""
    for index, low in enumerate(lows):
        if index and low in ("of", "for", "in", "at", "from", "with", "on", "to", "by"):
            return lows[:index]
    return lows


def _document(lows: list[str]) -> bool:
    heads = _heads(lows)
    return (
        (bool(heads) and heads[-1] in _names("document_words"))
        or (len(heads) > 1 and heads[-1] in ("released", "posted", "published") and heads[-2] in _names("document_words"))
        or (bool(heads) and heads[0] in _names("document_words") and heads[0] != "records")
    )


def _is_titled(titles: list[str]) -> bool:
    return bool(titles) and (titles[-1] in _names("titles") or titles[-1] in _names("unnamed_words"))


def _title(words: list[str], cut: int) -> str:
    title = " ".join(words[:cut]).strip()
    if title.endswith(("'s", "’s")):
        return ""  # North Korea’s Jane Doe
    return re.sub(r"^(?:the|a|an|mr\.|mrs\.|ms\.|that|but|and)(?: |$)", "", title, flags=re.I).strip()


def _without_article(phrase: str) -> str:
    return re.sub(r"^(?:the|a|an) ", "", phrase, flags=re.I).strip()


def _outlet_name(head: str, names: Names) -> str:
    inside = re.search(r"\(([A-Z][A-Za-z]{1,6})\)", head)
    if inside and inside[1] in names.acronyms:
        return names.acronyms[inside[1]]
    if inside:
        head = head.replace(inside.group(), "").strip()
    words = head.split()
    start = -1
    for index, word in enumerate(words):
        low = _bare(word).lower()
        if word[0].isupper() and word not in _TITLE_CASE and low not in _BEFORE_OUTLET and not word.endswith(("'s", "’s")):
            start = index
            break
    if start < 0:
        return _without_article(head)
    if start and words[start] in ("TV", "Radio", "Television") and words[start - 1] in ("state", "local", "public", "national"):
        return " ".join(words[start - 1 : start + 1])
    end = start
    while end < len(words) and (words[end][0].isupper() or words[end] in ("of", "de", "della", "and")):
        end += 1
    if not is_outlet(" ".join(words[start:end])):
        # Foo state television
        while end < len(words) and (words[end] in ("state", "public") or words[end] in _names("outlet_words")):
            end += 1
    name = " ".join(words[start:end])
    return names.acronyms.get(name, name)


# Words that denote an office and not a person: "the owner of the Foo", "Foo’s chief negotiator".
_ROLE = re.compile(
    r"(?:[Tt]he|[Aa]n?|[Ii]ts|[Hh]is|[Hh]er|[Tt]heir|[A-Z]\w+[’']s?)"
    r"(?: [a-z][\w-]*)+(?: (?:of|for|at|in|from|with|on)\b.*)?$"
)


def _split(phrase: str) -> tuple[str, str]:
    """Split a phrase into head and apposition: "Jane Doe", "a professor at X"."""
    head, comma, rest = phrase.partition(",")
    rest = rest.strip().strip(",").strip()
    first = rest.split(" ", 1)[0].lower().rstrip(",") if rest else ""
    if not comma:
        relative = re.search(r" (?:who|which|of|from|with) ", phrase)
        return (phrase, "") if not relative or relative.group().strip() != "who" else (phrase[: relative.start()], "")
    if first.isdigit():
        rest = rest.partition(",")[2].strip()
        first = rest.split(" ", 1)[0].lower() if rest else ""
    if first in ("who", "which", "whose", "of", "from", "jr.", "jr", "sr."):
        return head, ""
    office = first and _heads(head.lower().split())[-1:]
    named = re.match(r"(?:(?:Dr|Mr|Mrs|Ms|Prof|Sir|Dame)\.? )?([A-Z][\w.’'-]+(?: (?:de |van |von |al )?[A-Z][\w.’'-]+){1,3})(?=,|$)", rest)
    if named and (_ROLE.match(head) or (office and office[0] in _names("titles"))):
        # the owner of the Foo, Jane Doe
        return named[1], re.sub(r"^(?:the|a|an|its|his|her|their) ", "", head.strip(), flags=re.I)
    if not re.search(r"[A-Z]", head) and re.match(r"[A-Z]", rest):
        # the group's founder, Jane Doe
        return rest, re.sub(r"^(?:the|a|an) ", "", head.strip(), flags=re.I)
    rest = re.split(r",? who\b|,? which\b", rest)[0].strip()
    return head, re.sub(r"^the ", "", rest) if rest.lower().startswith("the ") else rest
