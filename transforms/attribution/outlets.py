"""The gazetteer of outlets.

News agencies, newspapers, broadcasters, magazines and news sites.

`outlets.yaml` has their names in many languages. `mentions` finds them in a text in one scan,
whatever the language; `identify` says which outlet a phrase names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from newsbeam.transforms.package_data import load_yaml


@dataclass(frozen=True, slots=True)
class Outlet:
    """An outlet: its id, normal name, country (ISO 3166) and kind.

    The kinds are agency, paper, magazine, broadcaster and website.
    """

    id: str
    name: str
    country: str
    kind: str


@dataclass(frozen=True, slots=True)
class Mention:
    """A place that names an outlet.

    `outlet` is None for a name that many outlets have.
    """

    start: int
    end: int
    outlet: Outlet | None


def outlets() -> tuple[Outlet, ...]:
    """Return all outlets, in the order of the file."""
    return tuple(_outlets())


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = load_yaml("newsbeam.transforms.attribution", "outlets.yaml")
    return data


@cache
def _outlets() -> dict[Outlet, tuple[str, ...]]:
    return {
        Outlet(key, names[0], country, kind): tuple(names)
        for country, kinds in _data()["outlets"].items()
        for kind, rows in kinds.items()
        for key, names in rows.items()
    }


# -- the scan ---------------------------------------------------------------------------------------------------------

_HAN, _KANA, _HANGUL = "\u3400-\u9fff\uf900-\ufaff", "\u3041-\u30ff", "\uac00-\ud7a3"
_ARABIC, _HEBREW, _THAI, _INDIC = "\u0620-\u06ff", "\u05d0-\u05ea", "\u0e00-\u0e7f", "\u0900-\u097f"
# Where a name can begin: at each character of a script without spaces, else at a word or a
# quotation mark.
_BEGINNING = re.compile(
    rf"[{_HAN}{_KANA}{_THAI}《]|[{_HANGUL}]+|[{_ARABIC}]+|[{_HEBREW}]+|[{_INDIC}]+|[«„\"״]|[^\W_{_HAN}{_KANA}{_THAI}{_HANGUL}{_ARABIC}{_HEBREW}{_INDIC}]+"
)
_PREFIXED = {"arabic": re.compile("[وفبلك]"), "hebrew": re.compile("[והבלמשכ]")}
_KEY = 3  # characters of a name by which it is looked up
_MIN_INFLECTED = 5  # letters of a Cyrillic name that takes endings
_PARTICLES = (
    "은|는|이|가|을|를|의|에|와|과|도|로|측|발|지|에서|에게|으로|라는|이라|까지|만|및|보다|처럼"
    "|통신|신문|방송|뉴스|등|기자|보도|인용|네트워크"
)
# What may follow a name, by its last letter. 报 ends the name of a paper, but 报告 is a report.
_AFTER = {
    "other": re.compile(rf"(?![^\W{_HAN}{_KANA}{_THAI}{_HANGUL}])"),
    "cyrillic": re.compile(r"(?:ами|ями|ах|ях|ам|ям|ом|ем|ов|ой|ою|ей|ею|ові|еві|ої|ій|а|у|е|и|ы|я|ю|ь|і|ї|о|й)?(?!\w)"),
    "hangul": re.compile(rf"(?![{_HANGUL}])|(?=(?:{_PARTICLES}))"),
    "han": re.compile(r"(?![告道导導警仇酬案])"),
    "kana": re.compile(r"(?![\u30a1-\u30ff])"),
    "indic": re.compile(rf"(?![\w{_INDIC}])"),
    "thai": re.compile(""),
}
_Entry = tuple[str, "re.Pattern[str]", "Outlet | None"]


@cache
def _index() -> dict[str, tuple[_Entry, ...]]:
    """Return the names by their first characters, longest first."""
    entries: dict[str, dict[str, _Entry]] = {}
    rows = [(name, outlet) for outlet, names in _outlets().items() for name in names]
    for name, outlet in [*rows, *((name, None) for name in _data()["shared"])]:
        for form in _forms(name):
            ending = _script(form[-1])
            stem = form
            if ending == "cyrillic":
                last = form.rpartition(" ")[2]
                if len(last) < _MIN_INFLECTED or last.isupper() or not last[-1].isalpha():
                    ending = "other"
                elif last[-1] in "аяеьиійыо" and " " not in form:
                    stem = form[:-1]
            entries.setdefault(form[:_KEY], {}).setdefault(stem, (stem, _AFTER[ending], outlet))
    return {key: tuple(sorted(found.values(), key=lambda entry: (-len(entry[0]), entry[0]))) for key, found in entries.items()}


def _forms(name: str) -> Iterator[str]:
    """Yield the spellings of a name.

    With both apostrophes, a capital article, the Arabic li-l-.
    """
    spellings = [name]
    if "'" in name:
        spellings.append(name.replace("'", "’"))
    for spelling in spellings:
        yield spelling
        if spelling.startswith("the "):
            yield "The " + spelling[4:]
        if spelling.startswith("ال"):
            yield "لل" + spelling[2:]


def _script(letter: str) -> str:
    if "\u0400" <= letter <= "\u04ff":
        return "cyrillic"
    if "\uac00" <= letter <= "\ud7a3":
        return "hangul"
    if "\u3041" <= letter <= "\u30ff":
        return "kana"
    if "\u3400" <= letter <= "\u9fff":
        return "han"
    if "\u0900" <= letter <= "\u097f":
        return "indic"
    return "thai" if "\u0e00" <= letter <= "\u0e7f" else "other"


def mentions(text: str) -> list[Mention]:
    """Return the outlets that `text` names, from left to right.

    The longest names win.
    """
    index = _index()
    found: list[Mention] = []
    position = 0
    for match in _BEGINNING.finditer(text):
        at = match.start()
        if at < position:
            continue
        for start in _beginnings(text, at):
            mention = _at(text, start, index)
            if mention is not None:
                found.append(mention)
                position = mention.end
                break
    return found


def _beginnings(text: str, at: int) -> Iterator[int]:
    """Yield where a name can begin in a word.

    It can begin behind Arabic or Hebrew prepositions, too.
    """
    yield at
    first = text[at]
    script = "arabic" if "\u0620" <= first <= "\u06ff" else "hebrew" if "\u05d0" <= first <= "\u05ea" else ""
    if script:
        for size in (1, 2):
            if not _PREFIXED[script].match(text, at + size - 1):
                return
            yield at + size


def _at(text: str, start: int, index: dict[str, tuple[_Entry, ...]]) -> Mention | None:
    for size in (_KEY, _KEY - 1):
        for name, after, outlet in index.get(text[start : start + size], ()):
            if text.startswith(name, start):
                ending = after.match(text, start + len(name))
                if ending is not None and not _inside_katakana(text, start):
                    return None if outlet is not None and _another(text, start, name) else Mention(start, ending.end(), outlet)
    return None


def _inside_katakana(text: str, start: int) -> bool:
    return start > 0 and "\u30a1" <= text[start] <= "\u30fa" and "\u30a1" <= text[start - 1] <= "\u30fe"


_NAME_BEFORE = re.compile(r"(?<!\w)([A-Z][\w-]{1,40}) $")


@cache
def _ordinary() -> frozenset[str]:
    return frozenset(_data()["ordinary"])


@cache
def _nationalities() -> frozenset[str]:
    data = load_yaml("newsbeam.transforms.attribution", "cues/sources.yaml")
    return frozenset(str(word).lower() for word in data["nationalities"]) | {"the", "der", "die", "le", "la", "el", "il"}


def _another(text: str, start: int, name: str) -> bool:
    """Return whether an ordinary word belongs to another name: the Port Elm Guardian."""
    if name not in _ordinary():
        return False
    before = _NAME_BEFORE.search(text, max(start - 30, 0), start)
    return before is not None and before[1].lower() not in _nationalities()


# -- phrases ----------------------------------------------------------------------------------------------------------


class Identified:
    """The outlets of one document, for short forms such as "the Post".

    A short form names the first outlet that can have it and that the document names in full.
    """

    def __init__(self, prose: str) -> None:
        """`prose` is scanned only if a short form occurs."""
        self._prose = prose
        self._named: tuple[str, ...] | None = None

    def __call__(self, phrase: str) -> Outlet | None:
        """Return the outlet that a phrase names, None if unknown or if it names several."""
        outlet = identify(phrase)
        return outlet or self._short(phrase)

    def _short(self, phrase: str) -> Outlet | None:
        wanted = _short_forms().get(phrase.strip("\"“”„«»'‘’ ")) if len(phrase) < _MAX_SHORT else None
        if wanted is None:
            return None
        if self._named is None:
            self._named = tuple(dict.fromkeys(mention.outlet.id for mention in mentions(self._prose) if mention.outlet is not None))
        return next((wanted[key] for key in self._named if key in wanted), None)


_MAX_SHORT = 30


@cache
def _short_forms() -> dict[str, dict[str, Outlet]]:
    by_id = {outlet.id: outlet for outlet in _outlets()}
    return {form: {key: by_id[key] for key in keys} for form, keys in _data()["short"].items()}


@lru_cache(maxsize=1 << 12)
def phrase_mentions(phrase: str) -> tuple[Mention, ...]:
    """Return the `mentions` of a phrase that is asked about several times."""
    return tuple(mentions(phrase))


def identify(phrase: str) -> Outlet | None:
    """Return the one outlet that a phrase names, else None."""
    named = {mention.outlet for mention in phrase_mentions(phrase)}
    return named.pop() if len(named) == 1 else None


def identify_name(phrase: str) -> Outlet | None:
    """Return the outlet if the phrase is its name and at most a description of it.

    Returns None otherwise.
    """
    outlet = identify(phrase)
    return outlet if outlet is not None and is_name_of(phrase, outlet) else None


_SMALL_WORD = re.compile(r"(?<![^\W_])[a-zà-ÿа-яёіїє][^\W_]*")


def is_name_of(phrase: str, outlet: Outlet) -> bool:
    """Return whether the phrase is the outlet's name and at most a description of it.

    The Yonhap news agency is; a Reuters photographer named Jane Doe is not.
    """
    rest = phrase
    for mention in reversed(phrase_mentions(phrase)):
        if mention.outlet is outlet:
            rest = rest[: mention.start] + rest[mention.end :]
    left = sum(map(str.isalpha, _SMALL_WORD.sub("", rest)))
    return left * 2 <= sum(map(str.isalpha, phrase)) - sum(map(str.isalpha, rest))
