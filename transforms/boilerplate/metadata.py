"""What a page says about itself: title, author, site, date, address, language.

Read from meta tags (Open Graph, article:*, Dublin Core, Parsely), JSON-LD, `<time>`, microdata and `<title>`. Nothing here is
fetched or resolved, and nothing raises: what cannot be read is "".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from html import unescape
from typing import Any

from transforms.boilerplate.blocks import Page
from transforms.boilerplate.words import fold


@dataclass(frozen=True)
class PageMetadata:
    """The page's own account of itself; `created` is ISO 8601; `body` is JSON-LD's text of the article."""

    title: str = ""
    author: str = ""
    site: str = ""
    created: str = ""
    url: str = ""
    language: str = ""
    body: str = ""


_ARTICLE = ("article", "posting", "report", "review", "recipe", "podcastepisode", "videoobject")
_LARGEST = 2_000_000  # code points of JSON-LD that are parsed


def page_metadata(page: Page, headline: str, bylines: list[str], latest: str) -> PageMetadata:
    """What the page says.

    `headline` is its main heading, `bylines` what stands where authors are named,
    `latest` the ISO time that no date may be far behind ("" for any).
    """
    metas: dict[str, str] = {}
    for name, content in page.metas:
        metas.setdefault(name, content)
    things = list(_things(page.json_ld))
    articles = [thing for thing in things if any(word in kind for kind in _types(thing) for word in _ARTICLE)]
    site = _first(metas, "og:site_name", "application-name") or next(
        (name for thing in articles if (name := _name(thing.get("publisher")))), ""
    )
    if not site:
        site = next((name for thing in things if "website" in _types(thing) and (name := _name(thing))), "")
    title = (
        headline
        or _first(metas, "og:title", "parsely-title", "dc.title", "dcterms.title")
        or next((text for thing in articles if (text := _text(thing.get("headline")))), "")
        or _first(metas, "twitter:title", "sailthru.title")
        or page.title
    )
    return PageMetadata(
        title=_without_site(clean(title), clean(site), headline),
        author=_author(metas, articles, page, bylines),
        site=clean(site),
        created=_created(metas, articles, page, latest),
        url=_url(page.canonical) or _url(_first(metas, "og:url")),
        language=(page.language or _first(metas, "content-language", "og:locale", "language")).strip().replace("_", "-")[:35],
        body=next((text for thing in articles if (text := _body(thing.get("articleBody")))), ""),
    )


def clean(text: str) -> str:
    """Entities resolved, single spaces."""
    return " ".join(unescape(text).split())


def _first(metas: dict[str, str], *names: str) -> str:
    return next((value for name in names if (value := metas.get(name, "").strip())), "")


# --- JSON-LD


def _things(scripts: list[str]) -> Iterator[dict[str, Any]]:
    """Every object in the scripts, whatever lists and graphs it stands in, in order; broken scripts give none."""
    for script in scripts:
        if len(script) > _LARGEST:
            continue
        text = script.strip().removeprefix("<!--").removesuffix("-->").strip().rstrip(";")
        try:
            data = json.loads(text, strict=False)
        except (ValueError, RecursionError):
            continue
        waiting: list[Any] = [data]
        seen = 0
        while waiting and seen < 10_000:
            at = waiting.pop(0) if len(waiting) < 64 else waiting.pop()
            seen += 1
            if isinstance(at, list):
                waiting = at + waiting
            elif isinstance(at, dict):
                yield at
                waiting += [
                    at[key]
                    for key in ("@graph", "mainEntity", "mainEntityOfPage", "itemListElement")
                    if isinstance(at.get(key), dict | list)
                ]


def _types(thing: dict[str, Any]) -> list[str]:
    kind = thing.get("@type")
    kinds = kind if isinstance(kind, list) else [kind]
    return [one.rsplit("/", 1)[-1].lower() for one in kinds if isinstance(one, str)]


def _text(value: Any) -> str:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list) and value:
        return _text(value[0])
    if isinstance(value, dict):
        return _text(value.get("@value"))
    return ""


def _name(value: Any) -> str:
    """The name of a person or organisation, or of several, joined by ", "."""
    if isinstance(value, list):
        return ", ".join(dict.fromkeys(name for one in value[:20] if (name := _name(one))))
    if isinstance(value, dict):
        return _text(value.get("name"))
    return clean(value) if isinstance(value, str) else ""


_TAGS = re.compile(r"<[^<>]*>")
_PARAGRAPHS = re.compile(r"</?(?:p|div|br|h[1-6]|li)\b[^<>]*>|[\r\n]+", re.I)


def _body(value: Any) -> str:
    """An articleBody as paragraphs; some pages put markup in it."""
    if not isinstance(value, str):
        return ""
    parts = (clean(_TAGS.sub(" ", part)) for part in _PARAGRAPHS.split(unescape(value)))
    return "\n\n".join(part for part in parts if part)


# --- title


_SEPARATOR = re.compile(r"\s+[|·•»«:–—-]+\s+|\s*[|｜–—_]\s*(?=\S)")


def _without_site(title: str, site: str, headline: str) -> str:
    """The title without the name of the site behind or before it."""
    if headline and fold(title).startswith(fold(headline)) and len(headline) >= 8:
        return headline
    cuts = list(_SEPARATOR.finditer(title))
    if not cuts:
        return title
    last, first = cuts[-1], cuts[0]
    names = {_letters(site)} - {""}
    for cut in cuts:
        if names and _letters(title[cut.end() :]) in names:
            return title[: cut.start()].strip()
    if names and _letters(title[: first.start()]) in names:
        return title[first.end() :].strip()
    # An unnamed site: a short ending behind a bar or a dash that stands alone, when what is before it is a whole headline.
    ending = title[last.end() :]
    if not site and headline and _letters(title[: last.start()]) == _letters(headline):
        return title[: last.start()].strip()
    if not site and "|" in last.group() and len(ending) < 0.5 * last.start() and last.start() >= 15:
        return title[: last.start()].strip()
    return title


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum()).removesuffix("com")


# --- author


_NO_NAME = re.compile(r"https?://|www\.|@|^\W*$")
_BY = re.compile(r"^(?:by|von|por|par|di|door|автор|written by)\s*:?\s+", re.I)


def _author(metas: dict[str, str], articles: list[dict[str, Any]], page: Page, bylines: list[str]) -> str:
    names = [_name(thing.get("author")) for thing in articles]
    names += [
        metas.get(name, "")
        for name in (
            "author",
            "article:author_name",
            "parsely-author",
            "sailthru.author",
            "dc.creator",
            "dcterms.creator",
            "byl",
            "article:author",
            "twitter:data1",
        )
    ]
    names += [content for mark, content, _ in page.marked if mark == "author"]
    for block in page.blocks:
        element = block.element
        if "author" in element.itemprop or (element.parent is not None and "author" in element.parent.itemprop):
            names.append(block.text)
            break
    names += [text for text in map(clean, bylines) if _is_name(_BY.sub("", text))]
    for given in names:
        name = _BY.sub("", clean(given))
        if name and len(name) <= 120 and not _NO_NAME.search(name) and any(char.isalpha() for char in name) and "min" not in name.split():
            return name
    return ""


def _is_name(text: str) -> bool:
    """Whether a text that stands where authors are named is a name: two to five words with capitals, and no more."""
    words = text.split()
    return (
        2 <= len(words) <= 5
        and len(text) <= 50
        and all(word[0].isupper() and word.rstrip(".,").replace("-", "").replace("'", "").isalpha() for word in words)
    )


# --- date


_DATE_METAS = (
    *("article:published_time", "article:published", "og:published_time", "datepublished", "parsely-pub-date", "sailthru.date"),
    *("dc.date.issued", "dcterms.created", "dc.date", "dcterms.date", "pubdate", "publishdate", "publish-date", "publish_date", "date"),
    *("article.published", "article:published_date", "og:article:published_time"),
)
_ISO = re.compile(
    r"^\s*((?:19|20)\d\d)[-/.]?(1[0-2]|0?[1-9])[-/.]?(3[01]|[12]\d|0?[1-9])(?!\d)(?:[T\s]+(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?\s*(Z|UTC|GMT|[+-]\d\d:?\d\d)?)?",
    re.I,
)


def _created(metas: dict[str, str], articles: list[dict[str, Any]], page: Page, latest: str) -> str:
    """The published date as the page gives it; a date in the future is none."""
    candidates = [metas.get("article:published_time", "")]
    candidates += [_text(thing.get("datePublished")) for thing in articles]
    candidates += [metas.get(name, "") for name in _DATE_METAS]
    candidates += [content for mark, content, _ in page.marked if mark == "datepublished"]
    candidates += [value for value, _ in page.times]
    candidates += [_text(thing.get("dateCreated")) for thing in articles]
    for candidate in candidates:
        if found := iso_date(candidate, latest):
            return found
    return ""


def iso_date(text: str, latest: str) -> str:
    """`text` as ISO 8601 ("2024-03-05", "2024-03-05T10:00:00+09:00"); "" for no date, an impossible one, or one in the future."""
    match = _ISO.match(text)
    if match is None:
        return ""
    year, month, day, hour, minute, second, zone = match.groups()
    try:
        moment = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=timezone.utc)
    except ValueError:
        return ""
    if moment > _limit(latest):
        return ""
    date = f"{year}-{int(month):02}-{int(day):02}"
    if hour is None:
        return date
    offset = "" if zone is None else "Z" if zone.upper() in ("Z", "UTC", "GMT") else zone if ":" in zone else f"{zone[:3]}:{zone[3:]}"
    return f"{date}T{int(hour):02}:{minute}:{second or '00'}{offset}"


# No clock here: a processor is a pure function of the document. Where the record was added on no known day, this year is the end.
_FAR = datetime(2100, 1, 1, tzinfo=timezone.utc)


def _limit(latest: str) -> datetime:
    match = _ISO.match(latest)
    if match is None:
        return _FAR
    try:
        return datetime(int(match[1]), int(match[2]), int(match[3]), tzinfo=timezone.utc) + timedelta(days=2)
    except ValueError:
        return _FAR


def _url(text: str) -> str:
    text = unescape(text).strip()
    return text if re.match(r"https?://[^\s/]+", text, re.I) and not re.search(r"\s", text) else ""
