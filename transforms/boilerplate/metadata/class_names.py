"""Hints in the class names of elements."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from newsbeam.transforms.boilerplate.pages.blocks import Head
from newsbeam.transforms.package_data import load_yaml

AUTHOR, DATE, ELSEWHERE, DECLARED_AUTHOR, ASIDE = 1, 2, 4, 8, 16

_HUMPS = re.compile(r"[a-z]+|[A-Z]+[a-z]*")

_PLAIN = str.maketrans(dict.fromkeys("-_:./0123456789", " "))


@cache
def _class_words() -> tuple[frozenset[str], frozenset[str], frozenset[str], frozenset[str]]:
    data = load_yaml("newsbeam.transforms", "metadata.yaml")
    authors, dates, elsewhere = (frozenset(data[name]) for name in ("author_classes", "date_classes", "not_here"))
    return authors, dates, elsewhere, authors | dates | elsewhere


@lru_cache(maxsize=20_000)
def _signs(tag: str, words: str, itemprop: str, rel: str) -> int:
    """Return the flags for the class, id and role of an element."""
    words = words[:300]
    # Most are in lower case; splitting those is five times as fast as splitting camelCase.
    tokens = words.translate(_PLAIN).split() if words.islower() else [token.lower() for token in _HUMPS.findall(words)]
    authors, dates, elsewhere, every = _class_words()
    found = DECLARED_AUTHOR | AUTHOR if "author" in itemprop or "author" in rel else 0
    if "date" in itemprop or tag == "time":
        found |= DATE
    if not every.isdisjoint(tokens):
        if not authors.isdisjoint(tokens):
            found |= AUTHOR
        if not dates.isdisjoint(tokens):
            found |= DATE
        if not found & AUTHOR and not elsewhere.isdisjoint(tokens) and tag not in ("body", "html"):
            found |= ELSEWHERE
    if itemprop == "comment":
        found |= ELSEWHERE
    if tag in ("footer", "aside", "nav") and not found & (AUTHOR | DATE):
        found |= ASIDE
    return found


@lru_cache(maxsize=20_000)
def class_hints(words: str) -> int:
    """Return the flags AUTHOR and DATE for the words of a class."""
    words = words.lower()
    found = AUTHOR if "author" in words or "byline" in words else 0
    return found | DATE if "date" in words or "publish" in words or "time" in words else found


def class_signs(head: Head) -> int:
    """Return the flags for tag, class, itemprop and rel of an element."""
    if head.words or head.itemprop or "rel" in head.attributes or head.tag in ("footer", "aside", "nav", "time"):
        return _signs(head.tag, head.words, head.itemprop, head.attributes.get("rel", ""))
    return 0
