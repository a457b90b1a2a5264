"""Parse author names from metadata and from bylines.

The words ("by", names that nobody has, roles) are in metadata.yaml.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from newsbeam.transforms.dates import is_month, written_dates
from newsbeam.transforms.package_data import load_yaml
from newsbeam.transforms.text import resolved

# C1 controls do not occur in text, but in UTF-8 that was decoded as Latin-1.
_MISREAD = re.compile("[\x80-\x9f]")


def clean(text: str) -> str:
    """Resolve entities, normalise spaces, repair UTF-8 decoded as Latin-1."""
    text = " ".join((resolved(text) if "&" in text else text).split())
    if not text.isascii() and _MISREAD.search(text):
        try:
            return text.encode("latin-1").decode("utf-8")
        except UnicodeError:
            return text
    return text


_NO_LETTERS = re.compile(r"[\W_]+")


def letters(text: str) -> str:
    """Return only the letters and digits, in lower case."""
    return _NO_LETTERS.sub("", text.casefold())


# A single word that may be a name; other single words are accounts: "jdoe", "jane.doe", "Jane87".
PLAIN_WORD = re.compile(r"[^\W\d_a-z][^\d_.@]*")


def turned(name: str) -> str:
    """Change "Doe, Jane" to "Jane Doe"."""
    last, comma, first = name.partition(", ")
    return f"{first} {last}" if comma and "," not in first and " " not in last else name


def is_site(name: str, sites: set[str]) -> bool:
    """Return whether a name is that of the site or of its newsroom.

    `sites` are the names of the site, letters only.
    """
    own = letters(name)
    return any(
        own == site
        or (len(site) > 5 and own.startswith(site))
        or (len(site) > 5 and own.endswith(site))
        or (len(own) > 5 and site.startswith(own))
        for site in sites
    )


@dataclass(frozen=True)
class _AuthorWords:
    by: re.Pattern[str]
    inside: re.Pattern[str]
    after: re.Pattern[str]
    nobody: frozenset[str]
    particles: frozenset[str]
    not_name: frozenset[str]
    roles: frozenset[str]
    before: frozenset[str]


@cache
def _author_words() -> _AuthorWords:
    data = load_yaml("newsbeam.transforms", "metadata.yaml")
    words = sorted({word for words in data["by"].values() for word in words}, key=lambda word: (-len(word), word))
    by = "|".join(map(re.escape, words))
    glued = "|".join(map(re.escape, data["glued_by"]))
    dated = [word for name in ("published", "updated", "dated") for word in data[name]]
    return _AuthorWords(
        # "By Jane", "By: Jane", and "ByJane" from two adjacent elements
        re.compile(rf"(?:(?:{by})(?:\s*[:：]\s*|\s+)|(?:{glued})(?=(?-i:[^\W\d_a-z])))", re.I),
        re.compile(rf"(?:^|[\s·|•,])(?:{glued}):?\s+(?=\w)", re.I),
        re.compile(rf"(?:(?<!\s)\s+)?(?:{'|'.join(map(re.escape, data['after_name']))})$"),
        # "Last updated", "Stand: 5. März" are not names
        frozenset([*data["nobody"], *dated, *data["weekdays"], *data["sections"]]),
        frozenset(data["particles"]),
        frozenset(data["not_name"]),
        frozenset(data["roles"]),
        frozenset(word for phrase in [*dated, *data["before_by"]] for word in phrase.split()),
    )


def says_by(label: str) -> bool:
    """Return whether a label ("Written by") announces an author's name."""
    return bool(label) and _author_words().by.match(label + " ") is not None


_ADDRESS = re.compile(r"https?:|www\.|\{\{|\}\}|^\W*$|^\d+$|^\w+(?:\.\w+){2,}$|^\S[^\s@]*@\S+\.\w+$")


def declared_name(text: str) -> str:
    """Clean a name that the page declares as the author's.

    Returns "" for addresses and placeholders.
    """
    words = _author_words()
    name = clean(text)
    if match := words.by.match(name):
        name = name[match.end() :]
    name = words.after.sub("", name).partition(" - ")[0].strip(" ,;:|·•-–—\"'*")
    if not name or len(name) > 200 or _ADDRESS.search(name) or name.casefold() in words.nobody:
        return ""
    return name


_BETWEEN = re.compile(r"(?<!\s)\s*;\s*|(?<!\s)\s+(?:and|und|et|y|e|og|och|и|&)\s+")


def several(text: str) -> list[str]:
    """Split a text that names several people, each with a given and a family name."""
    parts = _BETWEEN.split(text[:_LONGEST_NAMES].strip())
    return parts if len(parts) > 1 and all(" " in part.strip() for part in parts) else [text]


_LONGEST_NAMES = 1000  # characters
_NAMES_END = re.compile(
    r"[\n|·•●∙⋅/»(\[@]|\s[–—-]\s|\s{3,}|(?<=[a-z])(?=\d{1,2}[/.-]\d)|\s(?:in|on|at|for|with|from)\s"
    # "Jane DoeMarch 5", "Jane DoeUpdated"
    r"|(?<=[a-z.])(?=(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? \d)"
    r"|(?<=[a-z.\s])(?=(?:[Pp]ublished|[Uu]pdated|Last|[Pp]osted|[Rr]eviewed|[Ee]dited|Medically)\b)"
)
_AND = re.compile(r"(?:(?<!\s)\s+)?(?:,|;|&)\s*(?:and\s+)?|(?<!\s)\s+(?:and|und|et|y|e|и)\s+", re.I)


def byline_names(text: str, said: bool) -> list[str]:
    """Return the names in a byline: By Jane Doe and John Roe | March 5, 2024.

    With `said`, a word such as "by" must announce them.
    """
    known = _author_words()
    line = text[:300].strip().removeprefix("- ").removeprefix("& ")
    match = known.by.match(line)
    if match:
        line = line[match.end() :]
        if again := known.by.match(line):
            line = line[again.end() :]
    elif inside := known.inside.search(line):
        if not _may_precede(line[: inside.start()], known):
            return []  # "Photographs by", "will be passed by", "Sort by"
        line = line[inside.end() :]
    elif said or _begins_with_date_word(line, known):
        return []
    line = _NAMES_END.split(line.strip(), maxsplit=1)[0]
    for _, start, _ in written_dates(line):
        line = line[:start]
        break
    names: list[str] = []
    for piece in _AND.split(line):
        part = known.after.sub("", piece.strip(" ,;:.()[]\"'*"))
        if not part:
            continue
        words = part.split()
        while len(words) > 2 and words[-1].casefold() in known.roles:  # "Jane Doe Senior Editor"
            words.pop()
        part = " ".join(words)
        if names and any(word.casefold() in known.roles for word in words):
            break
        if len(words) > 5 or len(part) > 60 or part.casefold() in known.nobody or known.by.fullmatch(part + " "):
            break
        if any(word.casefold().strip(".,:") in known.not_name for word in words) or any(char.isdigit() for char in part):
            break
        if len(words) <= 2 and is_month(words[0]):
            break
        if not words[0][0].isalpha() or not any(word[0].isupper() or not word[0].isascii() for word in words):
            break
        if not all(word[0].isupper() or not word[0].isascii() or word.casefold() in known.particles for word in words):
            break
        names.append(part)
    return names


_BEFORE_WORDS = re.compile(r"[^\W\d_]+")


def _may_precede(text: str, known: _AuthorWords) -> bool:
    """Return whether a text before "by" is a date or says "published"."""
    if not any(char.isalpha() for char in text):
        return True
    for _, start, end in written_dates(text):
        text = text[:start] + " " * (end - start) + text[end:]
    return all(word.casefold() in known.before or is_month(word) for word in _BEFORE_WORDS.findall(text))


def _begins_with_date_word(line: str, known: _AuthorWords) -> bool:
    first = _BEFORE_WORDS.match(line)
    return first is not None and first[0].casefold() in known.nobody and " " not in first[0] and len(line) > len(first[0])


_ACCOUNT = re.compile(r"(?=\S*[^\W\d_])[\w.-]{2,30}(?=$|\s*[\n|·•»(,:]|\s\d|\s(?:on|in|at)\s)")


def account_name(text: str, said: bool = False) -> str:
    """Return the account name that a text begins with.

    It is a single word that is not continued.
    """
    known = _author_words()
    line = text[:300].strip().removeprefix("- ")
    if match := known.by.match(line) or known.inside.search(line):
        if not _may_precede(line[: match.start()], known):
            return ""
        line = line[match.end() :]
    elif said:
        return ""
    found = _ACCOUNT.match(line)
    name = found.group().rstrip(".") if found else ""
    return "" if name.casefold() in known.nobody or name.casefold() in known.not_name or is_month(name) else name
