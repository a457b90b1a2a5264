"""Names and roles of persons in scripts with blanks and without capitals: Arabic, Hebrew and Hindi.

A name follows a title and what belongs to it: وزير الخارجية أحمد سالم, שר האוצר משה לוי, विदेश मंत्री राजेश कुमार.
"""

from __future__ import annotations

from functools import cache

from newsbeam.transforms.attribution.lexicon import SOURCE_LISTS, load

# The article, which what belongs to a title has and the beginning of a name has not.
_ARTICLES = {"ar": "ال", "he": "ה", "hi": ""}
LANGUAGES = tuple(_ARTICLES)
_LONGEST_NAME = 3  # words
_LONGEST_SURNAME = 2  # words behind a longer description


@cache
def _words(language: str, key: str) -> frozenset[str]:
    return frozenset(word for term in load(language).get(key, ()) for word in term.split())


@cache
def _sources(language: str) -> frozenset[str]:
    return frozenset().union(*(_words(language, key) for key in SOURCE_LISTS))


def split_name(words: str, language: str) -> tuple[str, str]:
    """Split a phrase into the name of a person and the role.

    ("", "") if it does not tell them apart.
    """
    article, tokens = _ARTICLES[language], words.replace(",", " ,").replace("،", " ،").split()
    described = next((n for n, token in enumerate(tokens) if token in (",", "،")), len(tokens))
    tokens = tokens[:described]
    honorifics = _words(language, "titles")
    first = next((n for n in range(len(tokens) - 1, -1, -1) if _is_title(tokens[n], language)), -1)
    if first < 0:
        return "", ""
    at = first + 1
    definite = not article or tokens[first].startswith(article) or tokens[first] in honorifics or not tokens[first].isalpha()
    while at < len(tokens) and (tokens[at] in load(language).get("name_not", ()) or (article and tokens[at].startswith(article))):
        definite = True
        at += 1
    end = next((n for n in range(at + 1, len(tokens)) if _says_where(tokens[n], language)), len(tokens))
    if end - at > _LONGEST_NAME:
        at = end - _LONGEST_SURNAME
    name = tokens[at:end]
    if not definite or not name or any(part in _sources(language) or len(part) < 2 for part in name):
        return "", ""
    if len(name) == 1 and tokens[first] not in honorifics and not article:
        return "", ""
    role = " ".join(token for token in tokens[:at] if token.rstrip(".") not in honorifics)
    return " ".join(name), role


def _is_title(token: str, language: str) -> bool:
    return token in _words(language, "persons") or token.rstrip(".") in _words(language, "persons") or token in _words(language, "titles")


def _says_where(token: str, language: str) -> bool:
    """Return whether a word behind a name says where the person comes from: מאוניברסיטת, من, के."""
    if (
        token in load(language).get("of", ())
        or token in load(language).get("postpositions", ())
        or token in load(language).get("name_ends", ())
    ):
        return True
    return language == "he" and token[:1] in "מב" and (token[1:] in _sources(language) or f"{token[1:-1]}ה" in _sources(language))
