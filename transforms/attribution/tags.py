"""Word classes by form or ending, from the tables in `weights/tags/`.

Classes are letters: n noun, p proper noun, v finite verb, i other forms of verbs, j adjective, r adverb, m numeral, x auxiliary,
d determiner, o pronoun, a adposition, s subordinator, c coordinator, t particle, z anything else. The tables are counted by
`train/tags.py`; about nine words in ten are classed rightly, which is enough to see where a noun phrase ends.
"""

from __future__ import annotations

from functools import cache

from newsbeam.transforms.package_data import load_json

CLOSED = frozenset("xdoasct")


class Tags:
    """Tables of a language: `words` by lower-case form, `endings` by letters."""

    def __init__(self, words: dict[str, str], endings: dict[str, str]) -> None:
        self.words, self.endings = words, endings

    def of(self, form: str) -> str:
        """The class of a word as it is printed; n where nothing is known."""
        low = form.lower()
        code = self.words.get(low)
        if code is not None and not (form[0].isupper() and code not in CLOSED):
            return code
        mark = "^" if form[0].isupper() else ""
        for size in range(min(4, len(low)), -1, -1):
            found = self.endings.get(mark + (low[-size:] if size else ""))
            if found is not None:
                return found
        return code or "n"

    def shorter(self, ending: str) -> str | None:
        """The class that a shorter ending gives."""
        mark, letters = ("^", ending[1:]) if ending.startswith("^") else ("", ending)
        for size in range(len(letters) - 1, -1, -1):
            found = self.endings.get(mark + (letters[-size:] if size else ""))
            if found is not None:
                return found
        return None


@cache
def tags(language: str) -> Tags:
    """The tables of `language`; empty ones where there are none."""
    try:
        data = load_json("newsbeam.transforms.attribution", f"weights/tags/{language}.json")
    except FileNotFoundError:
        return Tags({}, {})
    return Tags(data["words"], data["endings"])
