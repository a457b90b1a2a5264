"""RSS and Atom feeds: one document per entry. Other XML is refused with advice."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from html.entities import name2codepoint
from typing import Any
from urllib.parse import urljoin
from xml.etree.ElementTree import Element, ParseError, XMLPullParser, tostring

import orjson

from newsbeam.inputs.formats.base import InputFormat, ReadContext, Unreadable, megabytes
from newsbeam.transforms.decode import HEAD_BYTES, decode_bytes
from newsbeam.transforms.document import Raw
from newsbeam.transforms.fields import author_of
from newsbeam.transforms.structure import xml_root
from newsbeam.transforms.text import scrub

_BLOCK_CHARS = 1 << 16
_ENTRIES = frozenset(("item", "entry"))
# The elements with the text of an entry, most complete first.
_TEXTS = ("encoded", "content", "body", "fulltext", "description", "summary", "subtitle")
_DATES = ("pubDate", "published", "date", "issued", "created", "updated", "modified")

_KINDS = {
    "urlset": "a sitemap: a list of addresses without documents; download the pages and read those",
    "sitemapindex": "an index of sitemaps, without documents",
    "mediawiki": "a wiki dump; convert it to JSON lines with wikiextractor or mwxml first",
    "svg": "an SVG image, not text; exclude it",
    "opml": "a list of feeds, without documents; download the feeds",
    "kml": "a map, not text; exclude it",
    "gpx": "a track, not text; exclude it",
    "plist": "a property list, not text; exclude it",
}
_OTHER = "XML with the root <{}>, which is not supported; convert it to HTML (xsltproc), or to JSON lines with `text`, `url` and `date`"


class Xml(InputFormat):
    """XML that is neither a page nor a feed; it is refused."""

    def read(self, context: ReadContext, stream: io.BufferedReader) -> Iterator[Raw]:
        name = xml_root(decode_bytes(stream.peek(HEAD_BYTES)[:HEAD_BYTES])[0])[0]
        raise Unreadable(f"{context.path} is {_KINDS.get(name) or _OTHER.format(name)}")


class Feed(InputFormat):
    """Feeds: RSS of all versions, and Atom."""

    def read(self, context: ReadContext, stream: io.BufferedReader) -> Iterator[Raw]:
        payload = stream.read(context.max_bytes + 1)
        if len(payload) > context.max_bytes:
            raise Unreadable(f"{context.path} is a feed of more than {megabytes(context.max_bytes)}; raise --max-document-mb or split it")
        text = _repair(decode_bytes(payload)[0])
        if "<!ENTITY" in text[:_BLOCK_CHARS]:
            raise Unreadable(f"{context.path} is a feed with entity definitions, which are not resolved; run xmllint --noent first")
        number = 0
        about: dict[str, str] = {}
        try:
            for entry in _entries(text, about):
                number += 1
                yield context.raw(number, orjson.dumps(_item(entry, about)), form="item")
        except ParseError as error:
            raise Unreadable(f"{context.path} is invalid XML after entry {number}: {error}; the rest is not read") from error


_DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")
_NOT_XML = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_SECTION = re.compile(r"<!\[CDATA\[.*?(?:\]\]>|\Z)", re.S)
_AMPERSAND = re.compile(r"&(?:(#\d{1,7};|#[xX][0-9a-fA-F]{1,6};|(?:amp|lt|gt|quot|apos);)|(\w+);)?")


def _repair(text: str) -> str:
    """Repair a feed for the XML parser: declaration, HTML entities, unescaped &."""
    text = _NOT_XML.sub("", text[match.end() :] if (match := _DECLARATION.match(text)) else text.lstrip("\ufeff"))
    pieces = []
    position = 0
    for section in _SECTION.finditer(text):
        pieces += [_AMPERSAND.sub(_reference, text[position : section.start()]), section.group()]
        position = section.end()
    return "".join((*pieces, _AMPERSAND.sub(_reference, text[position:])))


def _reference(match: re.Match[str]) -> str:
    known, name = match.groups()
    if known:
        return match.group()
    if name in name2codepoint:
        return f"&#{name2codepoint[name]};"
    return "&amp;" + match.group()[1:]


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _entries(text: str, about: dict[str, str]) -> Iterator[Element]:
    """Yield the entries of a feed, and collect the feed's own fields in `about`.

    Raises ParseError.
    """
    parser: XMLPullParser[Any] = XMLPullParser(("start", "end"))
    path: list[Element] = []
    for at in range(0, len(text), _BLOCK_CHARS):
        parser.feed(text[at : at + _BLOCK_CHARS])
        yield from _seen(parser, path, about)
    parser.close()
    yield from _seen(parser, path, about)


def _seen(parser: XMLPullParser[Any], path: list[Element], about: dict[str, str]) -> Iterator[Element]:
    events: Any = parser.read_events()  # typed as every kind of event
    for event, element in events:
        if event == "start":
            path.append(element)
            for name, value in element.attrib.items():
                if name.endswith("}lang") and len(path) < 3:
                    about.setdefault("language", value)
                elif name.endswith("}base") and len(path) < 3:
                    about.setdefault("base", value)
            continue
        path.pop()
        name = _local(element)
        inside = any(_local(outer) in _ENTRIES for outer in path)
        if name in _ENTRIES and not inside:
            yield element
            element.clear()
        elif not inside and name == "language" and element.text:
            about["language"] = element.text.strip()
        elif not inside and name == "link" and len(path) <= 2:
            about.setdefault("base", element.get("href") or (element.text or "").strip())


def _item(entry: Element, about: dict[str, str]) -> dict[str, str]:
    from newsbeam.transforms.authors import clean  # importing it takes half a second, and few inputs are feeds

    children: dict[str, list[Element]] = {}
    for child in entry:
        # Elements without a namespace, or in the feed's own, take precedence: media:title names a
        # picture.
        if "search.yahoo.com/mrss" not in str(child.tag):
            children.setdefault(_local(child), []).append(child)
    field, content = "", ""
    for name in _TEXTS:
        for element in children.get(name, ()):
            found = _content(element)
            if found[1].strip() and not content:
                field, content = found
    authors = [_words(one) for name in ("creator", "author") for one in children.get(name, ())]
    language = next((value for name, value in entry.attrib.items() if name.endswith("}lang")), about.get("language", ""))
    item = {
        field: content,
        "url": _link(children, about.get("base", "")),
        "title": clean(re.sub(r"</?\w[^<>]*>", "", _words(children["title"][0]))) if "title" in children else "",
        "date": next((words for name in _DATES for one in children.get(name, ()) if (words := _words(one))), ""),
        "author": author_of([one for one in authors if one]),
        "language": language,
        "id": next((_words(one) for name in ("guid", "id") for one in children.get(name, ())), ""),
    }
    return {key: scrub(value) for key, value in item.items() if key and value}


def _content(element: Element) -> tuple[str, str]:
    """Return the content of an element as ("html" or "text", content)."""
    kind = element.get("type", "")
    if kind == "xhtml" or len(element):
        for inner in element.iter():
            inner.tag = _local(inner)
        return "html", "".join(tostring(child, "unicode", method="html") for child in element)
    text = element.text or ""
    return ("html" if kind == "html" or re.search(r"</?[a-zA-Z][^<>]*>|&(?:#\d+|\w+);", text) else "text"), text


def _words(element: Element) -> str:
    name = next((child for child in element if _local(child) == "name"), None)
    return " ".join("".join((element if name is None else name).itertext()).split())


def _link(children: dict[str, list[Element]], base: str) -> str:
    for element in children.get("origLink", ()):
        return _words(element)
    for element in children.get("link", ()):
        href = element.get("href")
        if href and element.get("rel", "alternate") == "alternate":
            return urljoin(base, href)
        if not href and (words := _words(element)):
            return urljoin(base, words)
    for element in children.get("guid", ()):
        if element.get("isPermaLink", "true") != "false" and re.match(r"https?://", words := _words(element)):
            return words
    return ""
