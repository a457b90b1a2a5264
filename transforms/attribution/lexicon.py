"""Word lists from `cues/`: cue verbs, word classes and kinds of sources."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from newsbeam.transforms.attribution.outlets import phrase_mentions
from newsbeam.transforms.package_data import data_names, load_yaml

LANGUAGES = ("en", "ko", "ja", "zh", "de", "es", "fr", "ru", "ar")
# Languages with rules: verb next to its subject (WESTERN), verb after the content (EASTERN).
WESTERN = ("de", "es", "fr", "ru", "ar", "it", "pt", "nl", "pl", "uk")
EASTERN = ("ko", "ja", "zh")
# The lists of a file of cues that give the kind of a source.
SOURCE_LISTS = ("persons", "publications", "documents", "groups", "organisations")
_LONGEST_CODE = 3  # letters of the code of a language

# Word classes as bits, so that one lookup returns all classes of a word.
DET, PREP, SUB, CONJ, PRON, AUX, BE, NEG, ADV, REL, VERB, TIME, VENUE, START, NOUN = (1 << n for n in range(15))
SAY, TELL, THINK, CALL = (1 << n for n in range(15, 19))
ING, PAST, PLAIN = (1 << n for n in range(19, 22))  # form of the cue: -ing; past; base or -s
CUE = SAY | TELL | THINK | CALL
# Set by the tokeniser, not by the word list.
CAP, ED, QUOTE, STOP, COMMA, DIGIT, LOWER = (1 << n for n in range(22, 29))

_CLASSES = (
    ("determiners", DET),
    ("prepositions", PREP),
    ("subordinators", SUB),
    ("conjunctions", CONJ),
    ("pronouns", PRON),
    ("auxiliaries", AUX),
    ("be", BE),
    ("negations", NEG),
    ("adverbs", ADV),
    ("relatives", REL),
    ("verbs", VERB),
    ("times", TIME),
    ("venues", VENUE),
    ("subordinate_start", START),
    ("nouns", NOUN),
)


@cache
def load(name: str) -> dict[str, Any]:
    """Load `cues/<name>.yaml`."""
    data: dict[str, Any] = load_yaml("newsbeam.transforms.attribution", f"cues/{name}.yaml")
    return data


@cache
def classed() -> frozenset[str]:
    """Return the languages that are read by word classes.

    They are those of the other files of cues; a file that is named by no code of a language is of none.
    """
    names = data_names("newsbeam.transforms.attribution", "cues", ".yaml")
    return frozenset(name for name in names if len(name) <= _LONGEST_CODE) - {"en", "th", *WESTERN, *EASTERN}


def forms(base: str, irregular: dict[str, list[str]]) -> list[tuple[str, int]]:
    """Return the forms of an English verb with ING, PAST or PLAIN bits."""
    if base in irregular:
        return [(base, PLAIN)] + [(form, _form_bit(base, form)) for form in irregular[base]]
    if base.endswith("e"):
        return [(base, PLAIN), (base + "s", PLAIN), (base + "d", PAST), (base[:-1] + "ing", ING)]
    if base.endswith("y") and base[-2] not in "aeiou":
        return [(base, PLAIN), (base[:-1] + "ies", PLAIN), (base[:-1] + "ied", PAST), (base + "ing", ING)]
    s = base + ("es" if base.endswith(("s", "sh", "ch", "x")) else "s")
    return [(base, PLAIN), (s, PLAIN), (base + "ed", PAST), (base + "ing", ING)]


def _form_bit(base: str, form: str) -> int:
    if form.endswith("ing"):
        return ING
    return PLAIN if form in (base + "s", base + "es") else PAST


@cache
def english() -> tuple[dict[str, int], dict[str, tuple[tuple[tuple[str, ...], int], ...]]]:
    """Return English words with class bits, and phrasal cues.

    The cues map a form of the verb to (particles, bits).
    """
    data = load("en")
    words: dict[str, int] = {}
    phrasal: dict[str, list[tuple[tuple[str, ...], int]]] = {}
    for key, bit in _CLASSES:
        for word in data[key]:
            words[word] = words.get(word, 0) | bit
            words[word.replace("'", "’")] = words[word]
    for word in data["not_adverbs"]:
        words.setdefault(word, 0)
    for key, bit in (("say", SAY), ("manner", SAY), ("tell", TELL), ("think", THINK), ("call", CALL)):
        for verb in data[key]:
            base, *particles = verb.split()
            for form, form_bit in forms(base, data["irregular"]):
                if particles:
                    phrasal.setdefault(form, []).append((tuple(particles), bit | form_bit))
                else:
                    words[form] = words.get(form, 0) | bit | form_bit
    return words, {form: tuple(sorted(ways, key=lambda way: -len(way[0]))) for form, ways in phrasal.items()}


@cache
def sources() -> dict[str, frozenset[str]]:
    """Return the word lists of `cues/sources.yaml`, in lower case."""
    return {key: frozenset(str(word).lower() for word in words) for key, words in load("sources").items()}


def is_outlet(name: str) -> bool:
    """Return whether a phrase names a news agency, newspaper or broadcaster."""
    return bool(phrase_mentions(name)) or any(
        word.lower() in sources()["outlet_words"] and word not in ("news", "reporters", "journalists", "daily")
        for word in _WORD.findall(name)
    )


_WORD = re.compile(r"\w+")


@cache
def evidence_verbs() -> frozenset[str]:
    """Return verb forms that can have an inanimate subject."""
    return frozenset(load("en")["evidence"])


@cache
def manner_verbs() -> frozenset[str]:
    """Return verb forms of tone and gesture.

    They report only a quotation beside them.
    """
    data = load("en")
    others = {form for verb in data["say"] for form, _ in forms(verb, data["irregular"])}
    return frozenset(form for verb in data["manner"] for form, _ in forms(verb, data["irregular"])) - others


@cache
def naming_verbs() -> frozenset[str]:
    """Return the forms of verbs that name or judge."""
    data = load("en")
    return frozenset(form for verb in data["naming"] for form, _ in forms(verb.split()[0], data["irregular"]))


@cache
def no_speakers() -> frozenset[str]:
    """Return words before a colon that are not speakers."""
    return frozenset(load("en")["no_speakers"])


@cache
def turns() -> tuple[tuple[str, str], ...]:
    """Return the labels of a question and its answer, in lower case."""
    return tuple((question, answer) for question, _, answer in (pair.lower().partition("/") for pair in load("sources")["turns"]))


@cache
def interviewed() -> re.Pattern[str]:
    """Return the pattern of the name (group `name`) of who is interviewed.

    For example: an interview with the founder Jane Doe.
    """
    words = "|".join(map(re.escape, load("sources")["interviews"]))
    name = r"[^\W\d_a-z][\w’'.-]{1,30}"
    return re.compile(rf"\b(?:{words})\s(?:[\w-]{{1,30}}\s){{0,5}}?(?P<name>{name}(?:\s(?:{name}|de|van|von|del|bin|al)){{1,3}})(?!\w)")


@cache
def according_phrases() -> tuple[dict[str, list[tuple[str, ...]]], frozenset[str]]:
    """Return phrases like “according to”, and those that mark a link.

    The phrases are grouped by first word, longest first. The second value has those that pass on
    the words of another.
    """
    data = load("en")["according"]
    phrases: dict[str, list[tuple[str, ...]]] = {}
    for phrase in sorted({*data["who"], *data["via"]}, key=lambda words: (-len(words.split()), words)):
        words = tuple(phrase.split())
        phrases.setdefault(words[0], []).append(words)
    return phrases, frozenset(data["via"])


@cache
def reporting_words() -> frozenset[str]:
    """Return the lower-case words of which every reported statement has one.

    Only a quotation can be a statement without them.
    """
    words, phrasal = english()
    return frozenset(word for word, bits in words.items() if bits & CUE) | frozenset(phrasal) | frozenset(according_phrases()[0])


@cache
def framing_verbs() -> frozenset[str]:
    """Return verb forms that report speech only right before a quotation."""
    return frozenset(load("en")["framing"])
