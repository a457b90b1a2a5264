"""Map the keys of rows to fields: text, address, title, date and others.

The usual names are in `fields.yaml`, most reliable first, and are found automatically, also inside
objects (`article.body`). `RowOptions` has other names. The mapping depends only on the row, so that
it is the same wherever the row is read.
"""

from __future__ import annotations

import ast
import difflib
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from functools import cache, lru_cache
from html import unescape
from typing import Any, NamedTuple

import orjson

from newsbeam.transforms.package_data import load_yaml
from newsbeam.transforms.text import scrub

FIELDS = ("text", "html", "url", "title", "date", "author", "language", "id")
"""The fields of a document that a row can have."""

KEEP_ALL = "all"

_MAX_KEYS_SHOWN = 12
_MAX_NAME_CHARS = 64
_MAX_DEPTH = 3


class FieldError(ValueError):
    """An unknown field or key; the message suggests an alternative."""


class NoText(ValueError):
    """A row has no text; the message names its keys."""


@dataclass(frozen=True)
class RowOptions:
    """The user's options for rows.

    `paths` are (field, path) pairs that replace the usual names; `keep` are other keys to keep
    ("all": every one).
    """

    paths: tuple[tuple[str, str], ...] = ()
    keep: tuple[str, ...] = ()


USUAL_NAMES = RowOptions()
"""Fields are found by their usual names, and nothing else is kept."""


@dataclass(frozen=True)
class Row:
    """The fields of a row.

    `taken` are (field, key) pairs, `absent` the pairs set by the user that the row lacks, `kept`
    the other fields as a JSON string.
    """

    text: str
    markup: bool
    url: str = ""
    title: str = ""
    date: str = ""
    author: str = ""
    language: str = ""
    id: str = ""
    taken: tuple[tuple[str, str], ...] = ()
    absent: tuple[tuple[str, str], ...] = ()
    kept: str = ""


NOTHING_SAID = Row("", markup=False)


def parse_options(fields: Sequence[str], keep: Sequence[str]) -> RowOptions:
    """Parse options from the command line; raises FieldError.

    `fields` are words such as `text=article.body`; `keep` are `tags,meta.section` or `all`.
    """
    paths: dict[str, str] = {}
    for word in fields:
        name, mark, path = word.partition("=")
        name, path = name.strip(), path.strip()
        if name not in FIELDS:
            near = difflib.get_close_matches(name, FIELDS, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"the fields are {', '.join(FIELDS)}"
            raise FieldError(f"no field {name!r}; {hint}")
        if not mark or not path:
            raise FieldError(f"{word!r} does not name a key; write it as {name}=KEY, or {name}=KEY.KEY for a nested one")
        if paths.setdefault(name, path) != path:
            raise FieldError(f"{name} is given twice: {paths[name]!r} and {path!r}")
    kept = tuple(dict.fromkeys(name.strip() for word in keep for name in word.split(",") if name.strip()))
    if KEEP_ALL in kept and len(kept) > 1:
        raise FieldError(f"{KEEP_ALL!r} keeps every field; name it alone")
    return RowOptions(tuple(paths.items()), kept)


def is_field_name(key: str) -> bool:
    """Return whether a key is one of the usual names."""
    return _normal(key) in _names().fields


def columns_to_read(names: Sequence[str], objects: Sequence[str], options: RowOptions) -> list[str]:
    """Return the columns of a table that may have fields, in order.

    `objects` are the columns with objects. Returns all columns if every field is kept, and for
    newsbeam's own records.
    """
    if options.keep == (KEEP_ALL,) or {"id", "text", "added", "removed", "metadata"} <= set(names):
        return list(names)
    table = _names()
    wanted = {part for _, path in options.paths for part in _prefixes(path)} | {part for path in options.keep for part in _prefixes(path)}
    return [
        name for name in names if name in wanted or _normal(name) in table.fields or (name in objects and _normal(name) in table.containers)
    ]


def may_hold_text(names: Iterable[str], objects: Sequence[str], options: RowOptions) -> bool:
    """Return whether rows with these keys may have a text.

    `objects` are the keys with objects.
    """
    keys = set(names)
    if named := [path for field, path in options.paths if field in ("text", "html")]:
        return any(part in keys for path in named for part in _prefixes(path))
    table = _names()
    own = (table.fields.get(_normal(name)) for name in keys)
    return any(name is not None and name.field in ("text", "html") for name in own) or any(
        name in objects and _normal(name) in table.containers for name in keys
    )


# --- names ----------------------------------------------------------------------------------------------------------


class _Name(NamedTuple):
    field: str
    rank: int
    spelling: str


class _Names(NamedTuple):
    fields: dict[str, _Name]
    containers: dict[str, int]
    texts: tuple[str, ...]
    values: tuple[str, ...]
    person: tuple[str, ...]
    name_parts: tuple[tuple[str, ...], ...]
    languages: dict[str, str]


@cache
def _names() -> _Names:
    data = load_yaml("newsbeam.transforms", "fields.yaml")
    fields: dict[str, _Name] = {}
    for field, names in data["fields"].items():
        for rank, name in enumerate(names):
            fields.setdefault(_normal(name), _Name(field, rank, name))
    return _Names(
        fields,
        {_normal(name): rank for rank, name in enumerate(data["containers"])},
        tuple(data["texts"]),
        tuple(data["values"]),
        tuple(data["person"]),
        tuple(tuple(pair) for pair in data["names"]),
        data["languages"],
    )


_SEPARATORS = re.compile(r"[-_ .:/]+")


@lru_cache(maxsize=4096)  # the rows of a file have the same keys
def _normal(name: str) -> str:
    return _SEPARATORS.sub("", name[:_MAX_NAME_CHARS]).casefold() or name


@lru_cache(maxsize=4096)
def _label(key: str, spelling: str) -> str:
    """Return the label of a key in reports.

    Labels are counted, so their number is limited: each name has only the usual spellings.
    """
    words = [word for word in spelling.split("_") if word]
    camel = "".join(word.capitalize() for word in words)
    ways = {mark.join(words) for mark in ("_", "-", "", ".", ":", " ")}
    ways |= {way.upper() for way in ways} | {way.capitalize() for way in ways} | {camel, camel[:1].lower() + camel[1:]}
    return key if key in ways else spelling


class _Scope(NamedTuple):
    """An object that may have fields, its path, and its values by field.

    The most reliable value is first.
    """

    path: str
    found: dict[str, list[tuple[int, str, Any]]]


def _scopes(row: dict[str, Any]) -> list[_Scope]:
    """Return the row and the objects inside it that may have fields.

    Nearest and most reliable first.
    """
    table = _names()
    scopes: list[_Scope] = []
    level: list[tuple[str, dict[str, Any]]] = [("", row)]
    for _ in range(_MAX_DEPTH):
        below: list[tuple[int, str, dict[str, Any]]] = []
        for path, objects in level:
            found: dict[str, list[tuple[int, str, Any]]] = {}
            for key, value in objects.items():
                normal = _normal(key)
                if (name := table.fields.get(normal)) is not None and value is not None:
                    exact = 0 if key == name.spelling else 1
                    found.setdefault(name.field, []).append((2 * name.rank + exact, path + _label(key, name.spelling), value))
                if isinstance(value, dict) and (rank := table.containers.get(normal)) is not None:
                    below.append((rank, f"{path}{_label(key, normal)}.", value))
            for candidates in found.values():
                # stable: keys that differ only in spelling stay in the order of the row
                candidates.sort(key=lambda one: one[0])
            scopes.append(_Scope(path, found))
        below.sort(key=lambda one: one[0])
        level = [(path, objects) for _, path, objects in below]
        if not level:
            break
    return scopes


def _prefixes(path: str) -> Iterator[str]:
    """Yield the keys that a path may begin with: for a.b.c, a, a.b and a.b.c."""
    parts = path.split(".")
    return (".".join(parts[:count]) for count in range(1, len(parts) + 1))


_ABSENT: Any = object()


def look_up(row: Any, path: str) -> Any:
    """Return the value at a path, or None.

    Paths are `meta.link` or `authors.0.name`; a key may contain a dot.
    """
    value = _look_up(row, path.split("."))
    return None if value is _ABSENT else value


def _look_up(row: Any, parts: Sequence[str]) -> Any:
    if not parts:
        return row
    if isinstance(row, list):
        at = int(parts[0]) if parts[0].isdecimal() and len(parts[0]) < 8 else len(row)
        return _look_up(row[at], parts[1:]) if at < len(row) else _ABSENT
    if not isinstance(row, dict):
        return _ABSENT
    for count in range(len(parts), 0, -1):  # a literal key with dots first
        key = ".".join(parts[:count])
        if key in row and (value := _look_up(row[key], parts[count:])) is not _ABSENT:
            return value
    return _ABSENT


# --- a row ----------------------------------------------------------------------------------------------------------


def read_row(row: dict[str, Any], options: RowOptions = USUAL_NAMES, latest: str = "") -> Row | None:
    """Read the fields of a row; None if its text is blank.

    Dates after `latest` are rejected. Raises NoText if there is no text, with the names of the
    keys.
    """
    named = dict(options.paths)
    scopes = _scopes(row)
    taken: list[tuple[str, str]] = []
    absent: list[tuple[str, str]] = []
    body = _named_body(row, named, absent) if "text" in named or "html" in named else _body(scopes)
    if body is None:
        if any(look_up(row, named[field]) is not None for field in ("text", "html") if field in named) or (
            not named.keys() & {"text", "html"} and _has_blank(scopes)
        ):
            return None
        raise NoText(_no_text(row, named))
    field, label, text, markup, home = body
    taken.append((field, label))
    # Values next to the text describe it; then come the row's own fields, then those of other
    # objects.
    order = [*(scope for scope in scopes if scope.path == home), *(scope for scope in scopes if scope.path != home)]
    said: dict[str, str] = {}
    for field in ("url", "title", "language", "date", "author", "id"):
        if field in named:
            value = look_up(row, named[field])
            if value is None:
                absent.append((field, named[field]))
                continue
            candidates = [(named[field], value)]
        else:
            candidates = [(label, value) for scope in order for _, label, value in scope.found.get(field, ())]
        for label, value in candidates:
            if read := _READ[field](value, said.get("language", ""), latest, field in named or label == field):
                said[field] = scrub(read)
                taken.append((field, label))
                break
    kept = _kept(row, options.keep, taken) if options.keep else ""
    unusual = tuple(pair for pair in taken if pair[0] != pair[1])
    return Row(scrub(text), markup, **said, taken=unusual, absent=tuple(absent), kept=kept)


def has_text(row: object, options: RowOptions = USUAL_NAMES) -> bool:
    """Return whether a value is a row with a text that is not blank."""
    if not isinstance(row, dict):
        return False
    named = dict(options.paths)
    if "text" in named or "html" in named:
        return _named_body(row, named, []) is not None
    return _body(_scopes(row)) is not None


_Body = tuple[str, str, str, bool, str]
"""The field, its key, the text, whether it is HTML, and the path of the object that it is in."""


def _body(scopes: Sequence[_Scope]) -> _Body | None:
    # Text is preferred to HTML: data with both have the text extracted from the page.
    for field in ("text", "html"):
        for scope in scopes:
            for _, label, value in scope.found.get(field, ()):
                for suffix, text in _texts(value):
                    home = label + "." if suffix else scope.path
                    return field, label + suffix, text, field == "html" or is_fragment(text), home
    return None


def _named_body(row: dict[str, Any], named: dict[str, str], absent: list[tuple[str, str]]) -> _Body | None:
    for field in ("text", "html"):
        if field not in named:
            continue
        value = look_up(row, named[field])
        if value is None:
            absent.append((field, named[field]))
        for _, text in _texts(value):
            home = named[field].rpartition(".")[0]
            return field, named[field], text, field == "html" or is_fragment(text), home + "." if home else ""
    return None


def _texts(value: Any) -> Iterator[tuple[str, str]]:
    """Return the text in a value, and the path to it.

    A value is a string, a list of paragraphs, or an object with either.
    """
    if isinstance(value, dict):
        for key in _names().texts:
            inner = value.get(key)
            if isinstance(inner, (str, list)) and (text := _joined(inner)).strip():
                yield f".{key}", text
                return
    elif isinstance(value, (str, list)) and (text := _joined(value)).strip():
        yield "", text


def _joined(value: str | list[Any]) -> str:
    if isinstance(value, str):
        return value
    paragraphs = []
    for item in value:
        if isinstance(item, dict):
            item = next((item[key] for key in _names().texts if isinstance(item.get(key), str)), "")  # noqa: PLW2901
        if not isinstance(item, str):
            return ""  # a list of numbers, or of lists, is not a text
        if item.strip():
            paragraphs.append(item.strip("\r\n"))
    return "\n\n".join(paragraphs)


def _has_blank(scopes: Sequence[_Scope]) -> bool:
    return any(isinstance(value, str) for field in ("text", "html") for scope in scopes for _, _, value in scope.found.get(field, ()))


def _no_text(row: dict[str, Any], named: dict[str, str]) -> str:
    keys: list[str] = []
    for key, value in list(row.items())[:_MAX_KEYS_SHOWN]:
        keys += [f"{key}.{inner}" for inner in list(value)[:4]] if isinstance(value, dict) and value else [key]
    more = ", …" if len(keys) > _MAX_KEYS_SHOWN or len(row) > _MAX_KEYS_SHOWN else ""
    shown = ", ".join(key[:_MAX_NAME_CHARS] for key in keys[:_MAX_KEYS_SHOWN]) + more or "none"
    if wanted := [f"`{named[field]}`" for field in ("text", "html") if field in named]:
        return f"has no string at {' or '.join(wanted)}; its keys: {shown}; name another with --field text=KEY"
    return f"has neither a `text` nor an `html` string; its keys: {shown}; if one of them is the text, name it with --field text=KEY"


_FRAGMENT = re.compile(
    r"\s*<(?:!doctype\s|!--|(?:html|head|body|main|p|div|section|article|header|h[1-6]|ul|ol|table|blockquote|figure|figcaption|img|span|br)"
    r"(?:\s[^<>]*)?/?>)",
    re.I,
)


def is_fragment(text: str) -> bool:
    """Return whether a complete string is HTML.

    It begins with a tag that contains text, and ends with a tag.
    """
    return _FRAGMENT.match(text) is not None and text.rstrip().endswith(">")


def _string(value: Any) -> str:
    """Return the string in a value.

    The value itself, a string in an object, or the first in a list.
    """
    for _ in range(3):
        if isinstance(value, list):
            value = value[0] if value else None
        elif isinstance(value, dict):
            value = next((value[key] for key in _names().values if value.get(key) is not None), None)
        else:
            break
    if value is None or isinstance(value, (bool, dict, list)):
        return ""
    return str(value).strip()


def _url(value: Any, _language: str, _latest: str, trusted: bool) -> str:
    url = _string(value)
    return url if trusted or (not re.search(r"\s", url) and re.match(r"[a-z][a-z0-9+.-]*:|/|[\w-]+\.[\w.-]+", url, re.I)) else ""


def _title(value: Any, *_: object) -> str:
    if isinstance(value, dict) and isinstance(value.get("rendered"), str):  # WordPress returns HTML
        return " ".join(unescape(re.sub(r"<[^<>]*>", "", value["rendered"])).split())
    return _string(value)


def _language(value: Any, *_: object) -> str:
    language = _string(value)
    if re.fullmatch(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*(?:\.[\w-]+)?", language):
        return language.partition(".")[0].replace("_", "-")
    return _names().languages.get(language.casefold(), "")


def _author(value: Any, *_: object) -> str:
    return ", ".join(dict.fromkeys(_people(value, 0)))


_ADDRESSED = re.compile(
    r"<?[^\s@<>]+@[^\s@<>]+>?\s{0,9}\((?P<after>[^()]+)\)"
    r"|(?:\"\s{0,9})?(?P<before>[^\s<>\"@](?:[^<>\"@]*[^\s<>\"@])?)?\s{0,9}\"?\s{0,9}<[^\s<>@]+@[^\s<>]+>"
)


def _people(value: Any, depth: int) -> Iterator[str]:
    from newsbeam.transforms.authors import declared_name  # that package imports this one

    if isinstance(value, str):
        if value.startswith("[") and value.endswith("]") and len(value) < 2000 and not depth:
            try:
                listed = ast.literal_eval(value)  # lists in tables: ['Jane Doe', 'John Roe']
            except (ValueError, SyntaxError, MemoryError, RecursionError):
                listed = None
            if isinstance(listed, list):
                yield from _people(listed, 1)
                return
        addressed = _ADDRESSED.fullmatch(value.strip()) if len(value) < 400 else None
        if name := declared_name((addressed["after"] or addressed["before"] or "") if addressed else value):
            yield name
    elif isinstance(value, list) and depth < _MAX_DEPTH:
        for one in value[:100]:
            yield from _people(one, depth + 1)
    elif isinstance(value, dict) and depth < _MAX_DEPTH:
        table = _names()
        inner = next((value[key] for key in table.person if isinstance(value.get(key), (str, list)) and value[key]), None)
        if inner is None:
            parts = next((pair for pair in table.name_parts if any(isinstance(value.get(part), str) for part in pair)), None)
            spelled = {_normal(key): one for key, one in value.items() if isinstance(one, str)}
            if parts is None:
                parts = next((pair for pair in table.name_parts if any(_normal(part) in spelled for part in pair)), ())
            inner = " ".join(spelled[_normal(part)].strip() for part in parts if spelled.get(_normal(part), "").strip())
        yield from _people(inner, depth + 1)


def author_of(value: Any) -> str:
    """Return the authors in a string, a list or an object, joined by ", ".

    "" if they are addresses or placeholders.
    """
    return _author(value)


def _id(value: Any, *_: object) -> str:
    return _string(value)


def _date(value: Any, language: str, latest: str, _trusted: bool) -> str:
    return iso_date_of(value, language, latest)


_READ: dict[str, Callable[[Any, str, str, bool], str]] = {
    "url": _url,
    "title": _title,
    "language": _language,
    "date": _date,
    "author": _author,
    "id": _id,
}


# --- dates ----------------------------------------------------------------------------------------------------------

# Smaller numbers are not epochs, or unset ones: 0 is 1970 in every unit.
_FIRST_EPOCH_SECONDS = 315_532_800  # 1980-01-01
_LAST_EPOCH_SECONDS = 4_102_444_800  # 2100-01-01
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T?(\d\d)(\d\d)(\d\d)?(?:\.\d+)?\s*(Z|[+-]\d\d:?\d\d)?)?")
# Placeholders of databases and spreadsheets for an unknown date.
_PLAIN_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?")
_NO_DAYS = ("1970-01-01", "1969-12-31", "1900-01-01", "1900-01-00", "1901-12-13")
_MAIL_DATE = re.compile(r"(?:[A-Za-z]{3,9},?\s+)?\d{1,2}[ -][A-Za-z]{3}[a-z]*\.?[ -]\d{2,4},?\s+\d{1,2}:\d\d")
_CLOCK_12 = re.compile(r"\d\s*[ap]\.?m\b", re.I)


def iso_date_of(value: Any, language: str = "", latest: str = "") -> str:
    """Convert a date in any format to ISO 8601, else return "".

    Formats: seconds, milliseconds, microseconds or nanoseconds since 1970, variants of ISO 8601,
    RFC 2822, `/Date(…)/`, "March 5, 2024". Rejects dates after `latest`, placeholders for unknown
    dates, and relative dates such as "yesterday".
    """
    from newsbeam.transforms.dates import iso_date, machine_date  # that package imports this one

    if isinstance(value, float) and math.isfinite(value) and abs(value) < 1e20:
        found = _from_number(str(int(value)), float(value))
    else:
        text = _string(value)[:200]
        if _PLAIN_ISO.fullmatch(text) and not text.startswith(_NO_DAYS):
            return iso_date(text, latest)
        if wrapped := re.fullmatch(r"\\?/Date\((-?\d+)(?:[+-]\d{4})?\)\\?/", text):
            text = wrapped[1]
        text = text.replace("\u2212", "-")
        number = re.fullmatch(r"(\d{1,20})(?:\.\d*)?", text)
        if number:
            found = _from_number(number[1], float(text))
        elif compact := _COMPACT.fullmatch(text):
            found = _compact(compact)
        elif _MAIL_DATE.match(text):
            found = _from_mail(text) or machine_date(text, language)
        else:
            # Other parsers do not accept "+09" as a zone.
            found = machine_date(re.sub(r"(:\d\d(?:[.,]\d+)?\s*[+-]\d\d)$", r"\1:00", text), language)
            if "T" in found and _CLOCK_12.search(text):
                found = found[:10]  # the hour differs from the one in the text
    if not found or found.startswith(_NO_DAYS):
        return ""
    return iso_date(found, latest)


def _from_number(digits: str, number: float) -> str:
    if len(digits) in (8, 12, 14) and (compact := _COMPACT.fullmatch(digits)) and (found := _compact(compact)):
        return found
    for unit in (1, 1e3, 1e6, 1e9):
        if _FIRST_EPOCH_SECONDS <= number / unit < _LAST_EPOCH_SECONDS:
            return datetime.fromtimestamp(int(number / unit), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return ""


def _compact(match: re.Match[str]) -> str:
    year, month, day, hour, minute, second, zone = match.groups()
    try:
        moment = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))
    except ValueError:
        return ""
    if not 1900 <= moment.year < 2100:
        return ""
    if hour is None:
        return moment.strftime("%Y-%m-%d")
    offset = zone if zone is None or zone == "Z" or ":" in zone else f"{zone[:3]}:{zone[3:]}"
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + (offset or "")


def _from_mail(text: str) -> str:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


# --- what else there is ---------------------------------------------------------------------------------------------


def _kept(row: dict[str, Any], keep: Sequence[str], taken: Sequence[tuple[str, str]]) -> str:
    """Return other fields as a JSON string, "" if there are none.

    The named ones, or all that the record does not contain unchanged.
    """
    if keep != (KEEP_ALL,):
        chosen = {path: value for path in keep if (value := _look_up(row, path.split("."))) is not _ABSENT}
    else:
        chosen = row
        for field, path in taken:
            if field not in ("date", "author", "language"):
                chosen = _without(chosen, path.split("."))
    if not chosen:
        return ""
    try:
        return orjson.dumps(chosen).decode()
    except TypeError:  # integers beyond 64 bits, unpaired surrogates
        return json.dumps(_finite(chosen), separators=(",", ":"))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _without(row: dict[str, Any], parts: Sequence[str]) -> dict[str, Any]:
    """Return the row without the value at a path, and without emptied objects."""
    for count in range(len(parts), 0, -1):
        wanted = ".".join(parts[:count])
        # Paths that were found automatically have names as in reports, which may be spelled
        # differently.
        key = wanted if wanted in row else next((key for key in row if _normal(key) == _normal(wanted)), None)
        if key is None:
            continue
        rest = parts[count:]
        if not rest:
            return {name: value for name, value in row.items() if name != key}
        if isinstance(row[key], dict):
            inner = _without(row[key], rest)
            return {name: inner if name == key else value for name, value in row.items() if name != key or inner}
    return row
