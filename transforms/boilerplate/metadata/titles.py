"""Compare and clean titles."""

from __future__ import annotations

import re

from newsbeam.transforms.authors import clean, letters
from newsbeam.transforms.text import fold

LONG_TITLE = 1000  # characters; longer titles are truncated

TELLING_TITLE = 10

_SEPARATOR = re.compile(r"(?<!\s)\s+[|·•*»«:–—›‹~@/\\-]+\s+|(?:(?<!\s)\s+)?[|｜]\s*|(?<!\s)\s+::\s+")


def main_heading(text: str) -> str:
    """Return a heading without the symbol that links to it."""
    return clean(text).removesuffix("¶").removesuffix(" #").strip()


def agrees(heading: str, cores: list[str], declared: list[str]) -> bool:
    """Return whether a heading agrees with the titles.

    The wording may differ. A heading that does not agree is part of the page's furniture.
    """
    said = fold(heading)
    if any(fold(text).startswith(said) for text in declared) or said in map(fold, cores):
        return True
    words = set(_WORDS.findall(said))
    return any(5 * len(words & other) > len(words | other) for other in (set(_WORDS.findall(fold(core))) for core in cores))


_WORDS = re.compile(r"\w+")


def title_core(title: str, names: set[str]) -> str:
    """Return a title without the site's name, which follows a bar or dash."""
    cuts = list(_SEPARATOR.finditer(title))
    parts = []
    start = 0
    for cut in cuts:
        parts.append(title[start : cut.start()].strip())
        start = cut.end()
    parts.append(title[start:].strip())
    parts = [part for part in parts if part]
    while len(parts) > 1 and letters(parts[0]) in names:
        parts = parts[1:]
    if not parts:
        return title
    # "The Courier: Harbour plan passes"
    before, colon, after = parts[0].partition(": ")
    return after.strip() if colon and after.strip() and letters(before) in names else parts[0]
