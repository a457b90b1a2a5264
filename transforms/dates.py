"""Parse dates in machine-readable formats and in text.

Formats are ISO 8601, RFC 5322 and 20240305; written dates are read in the languages of
metadata.yaml. There is no clock: a processor is a pure function of the document. Relative dates
("yesterday") are therefore not resolved, and a date is in the future if it is later than the day on
which the record was added.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from functools import cache, lru_cache

from newsbeam.transforms.package_data import load_yaml

_ISO = re.compile(
    r"\s*((?:19|20)\d\d)([-/.]?)(1[0-2]|0?[1-9])\2(3[01]|[12]\d|0?[1-9])(?!\d)(?:(?:T|\s+)(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,:]\d+)?)?\s*(Z|UTC|GMT|[+-]\d\d:?\d\d)?)?",
    re.I,
)
_LONGEST = 400  # characters of a text to search for a written date


def iso_date(text: str, latest: str = "") -> str:
    """Normalise `text` to ISO 8601, else "".

    Returns "2024-03-05" or "2024-03-05T10:00:00+09:00". Rejects impossible dates and dates after
    `latest`.
    """
    match = _ISO.match(text)
    if match is None:
        return ""
    year, _, month, day, hour, minute, second, zone = match.groups()
    try:
        moment = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=timezone.utc)
    except ValueError:
        return ""
    if moment > _limit(latest):
        return ""
    found = f"{year}-{int(month):02}-{int(day):02}"
    if hour is None:
        return found
    offset = "" if zone is None else "Z" if zone.upper() in ("Z", "UTC", "GMT") else zone if ":" in zone else f"{zone[:3]}:{zone[3:]}"
    return f"{found}T{int(hour):02}:{minute}:{second or '00'}{offset}"


def machine_date(text: str, language: str = "", latest: str = "") -> str:
    """Parse the date in a meta tag or an attribute.

    It is ISO 8601 on most pages, and in any format on the others.
    """
    text = text[:100].replace("\\u002b", "+").replace("\\u002B", "+")
    return iso_date(text, latest) or next((found for found, _, _ in written_dates(text, language, latest)), "")


# If the day on which the record was added is unknown, any plausible year is accepted.
_FAR = datetime(2100, 1, 1, tzinfo=timezone.utc)


@lru_cache(maxsize=256)
def _limit(latest: str) -> datetime:
    match = _ISO.match(latest)
    if match is None:
        return _FAR
    try:
        # It may already be the next day in the time zone of the page.
        return datetime(int(match[1]), int(match[3]), int(match[4]), tzinfo=timezone.utc) + timedelta(days=2)
    except ValueError:
        return _FAR


@cache
def _months() -> tuple[dict[str, int], dict[str, dict[str, int]]]:
    """Return month names with their numbers.

    Those that mean the same month in all languages, and those of each language.
    """
    every: dict[str, set[int]] = {}
    each: dict[str, dict[str, int]] = {}
    for language, names in load_yaml("newsbeam.transforms", "metadata.yaml")["months"].items():
        own: dict[str, int] = {}
        for number, forms in enumerate(names, 1):
            for form in forms.split():
                own[_fold(form)] = number
                every.setdefault(_fold(form), set()).add(number)
        each[language] = own
    return {form: numbers.pop() for form, numbers in every.items() if len(numbers) == 1}, each


@cache
def _orders() -> tuple[frozenset[str], frozenset[str]]:
    data = load_yaml("newsbeam.transforms", "metadata.yaml")
    return frozenset(data["month_first"]), frozenset(data["day_first"])


def _month(word: str, language: str) -> int:
    word = word.rstrip(".'’")
    same, each = _months()
    own = each.get(language.partition("-")[0], {})
    return own.get(word) or same.get(word) or 0


def is_month(word: str) -> bool:
    """Return whether a word names a month in one of the languages.

    It must mean the same month in all languages that have it.
    """
    return _fold(word).rstrip(".,") in _months()[0]


# Keeps the length, except for İ, whose lower-case form has two characters until its dot is removed.
_MARKS = str.maketrans(
    {"’": "'", "‘": "'", "ς": "σ", "\u0307": None, "\u200f": " ", "\u200e": " ", "\u00a0": " ", "\u202f": " "}
    | {chr(zero + digit): str(digit) for zero in (0x660, 0x6F0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xE50, 0xFF10) for digit in range(10)}
)


def _fold(text: str) -> str:
    return text.lower() if text.isascii() else text.lower().translate(_MARKS)


# Every date format begins with a number, or a word before a number; digits of any script.
_WORD = r"[^\W\d_][^\s\d,;:()|/·•–—]{1,24}"
_WRITTEN = re.compile(
    # 2024년 3월 5일, 2024年3月5日
    r"(?P<cjk>(?P<cy>\d{4})\s?[年년]\s?(?P<cm>\d{1,2})\s?[月월]\s?(?P<cd>\d{1,2})(?=\s?[日일]))"
    # 2024-03-05, 2024. 3. 5., 2024/3/5
    r"|(?<!\d)(?P<ymd>(?P<yy>(?:19|20)\d\d)(?P<ys>[-/.])\s?(?P<ym>\d{1,2})(?P=ys)\s?(?P<yd>\d{1,2})(?!\d))"
    # 5/3/2024, 05.03.2024, 5-3-24
    r"|(?<![\d.,/-])(?P<dmy>(?P<d1>\d{1,2})\s?(?P<ds>[-/.])\s?(?P<d2>\d{1,2})(?P=ds)\s?(?P<dy>(?:19|20|25)\d\d|(?<=\d\d[-/.]\d\d[-/.])\d\d(?![\d.,%/-]))(?!\d))"
    # 5 March 2024, 5th of March, 2024, 5. März 2024, 1er mars 2024, 5 de marzo de 2024, 05-Mar-2024
    rf"|(?<!\d)(?P<dm>(?P<ad>\d{{1,2}})(?:\.\s?-?|st\b|nd\b|rd\b|th\b|er\b|º|ª|-)?\s?(?:of |de |d'|ngày )?"
    rf"(?P<am>{_WORD}?)[-.]?,?\s?(?:de |del |of )?(?:'?(?P<ay>(?:19|20|25)\d\d))(?!\d))"
    # 2024 March 5, 2024. március 5., 2024 m. kovo 5 d., 2024. gada 5. marts
    rf"|(?<!\d)(?P<ly>(?P<by>(?:19|20)\d\d)\.?,?\s(?:m\. |(?:gada (?P<gd>\d{{1,2}})\. ))?(?P<bm>{_WORD})"
    rf"(?:\s(?P<bd>\d{{1,2}}))?(?![\d:]|(?:st|nd|rd|th)?,?\s(?:19|20)\d\d))"
    # March 5, 2024; Mar. 5th 2024; 5 tháng 3, 2024 (Vietnamese months are numbers)
    rf"|(?P<md>(?P<em>{_WORD})\s(?P<ed>\d{{1,2}})(?:st\b|nd\b|rd\b|th\b)?\.?,?\s?"
    rf"(?:de )?(?:at \d{{1,2}}:\d\d(?: ?[ap]m)?,? )?(?P<ey>(?:19|20)\d\d)(?!\d))"
    # Tue Mar 5 10:00:00 2024
    rf"|(?P<unix>(?P<um>{_WORD})\s{{1,2}}(?P<ud>\d{{1,2}})\s\d\d:\d\d:\d\d\s(?:[a-z]{{3,4}}\s)?(?P<uy>(?:19|20)\d\d)(?!\d))"
    r"|(?<!\d)(?P<vi>(?P<vd>\d{1,2})\stháng\s(?P<vm>\d{1,2}),?\s(?:năm\s)?(?P<vy>(?:19|20)\d\d)(?!\d))"
)


def written_dates(text: str, language: str = "", latest: str = "") -> Iterator[tuple[str, int, int]]:
    """Yield written dates in order: (ISO date, start, end).

    `language` ("en-GB") decides what 3/5/2024 means, and what a month name means if languages
    disagree. Only the beginning of the text is read. Relative dates are ignored.
    """
    language = language.lower()
    folded = _fold(text[:_LONGEST])
    at = 0
    while match := _WRITTEN.search(folded, at):
        if found := _read(match, language, latest):
            yield found, match.start(), match.end()
            at = match.end()
        else:
            at = match.start() + 1 if match.lastgroup in ("dmy", "ymd", "cjk") else _next_start(folded, match.start())


def _next_start(text: str, start: int) -> int:
    """Return the start of the next token after `start`.

    So "5. März 2024" in "bis 5. März 2024" is read after "bis 5" was rejected.
    """
    end = start
    while end < len(text) and text[end].isalnum():
        end += 1
    return max(end, start + 1)


def _read(match: re.Match[str], language: str, latest: str) -> str:
    said = match.groupdict()
    if said["cjk"]:
        return _iso(int(said["cy"]), int(said["cm"]), int(said["cd"]), latest)
    if said["ymd"]:
        return _iso(int(said["yy"]), int(said["ym"]), int(said["yd"]), latest)
    if said["vi"]:
        return _iso(int(said["vy"]), int(said["vm"]), int(said["vd"]), latest)
    if said["dmy"]:
        year = int(said["dy"])
        if year < 100:
            year += 2000
        first, second = int(said["d1"]), int(said["d2"])
        month_first, day_first = _orders()
        # Numbers with full stops are in European order; 3/5/2024 is American unless the language
        # says otherwise.
        american = said["ds"] != "." and language not in day_first and (language in month_first or language.partition("-")[0] in ("", "en"))
        if american and first <= 12:
            return _iso(year, first, second, latest)
        return _iso(year, second, first, latest) or _iso(year, first, second, latest)
    if said["dm"]:
        return _named(said["ay"], said["am"], said["ad"], language, latest)
    if said["ly"]:
        day = said["gd"] or said["bd"]
        return _named(said["by"], said["bm"], day, language, latest) if day else ""
    if said["unix"]:
        return _named(said["uy"], said["um"], said["ud"], language, latest)
    return _named(said["ey"], said["em"], said["ed"], language, latest)


def _named(year: str, name: str, day: str, language: str, latest: str) -> str:
    month = _month(name, language)
    return _iso(int(year), month, int(day), latest) if month else ""


def _iso(year: int, month: int, day: int, latest: str) -> str:
    if 2400 <= year <= 2600:  # the Buddhist era
        year -= 543
    try:
        found = date(year, month, day)
    except ValueError:
        return ""
    if year < 1990 or datetime(year, month, day, tzinfo=timezone.utc) > _limit(latest):
        return ""
    return found.isoformat()


_IN_URL = re.compile(
    r"/((?:19|20)\d\d)[/-](0?[1-9]|1[0-2])[/-](0?[1-9]|[12]\d|3[01])(?=[/.-]|$)|[/-]((?:19|20)\d\d)-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])(?=[/._-]|$)"
)


def url_date(url: str, latest: str = "") -> str:
    """Return the date in the path of an address, or "".

    Formats: /2024/03/05/, /2024-03-05-name, /20240305.html.
    """
    for match in _IN_URL.finditer(url[:500]):
        year, month, day = match.groups()[:3] if match[1] else match.groups()[3:]
        if found := _iso(int(year), int(month), int(day), latest):
            return found
    return ""
