"""A web page as a list of blocks: two parsers give the same events, one reader turns them into blocks.

An event is `(kind, name, attributes)`: entering an element, a text, leaving an element. lexbor (through selectolax) is the
parser; BeautifulSoup takes over where selectolax is not installed, where it fails, and for pages on which every parser that
follows the HTML standard needs quadratic time (very deep nesting, hundreds of unclosed formatting tags).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PreformattedString, Tag

LexborHTMLParser: Any
try:
    from selectolax.lexbor import LexborHTMLParser
except ImportError:  # BeautifulSoup is slower, and does
    LexborHTMLParser = None

ENTER, TEXT, EXIT = 0, 1, 2
# lexbor gives None for an attribute without a value
Attributes = Mapping[str, Any]
Event = tuple[int, str, Attributes]
_NO_ATTRIBUTES: Attributes = {}


# Elements of which nothing is ever looked at.
_NOTHING_INSIDE = frozenset("style svg canvas math select datalist".split())


def lexbor_events(html: str) -> Iterator[Event]:
    """The events of a page as lexbor reads it. Raises what selectolax raises."""
    parser = LexborHTMLParser(html)  # the nodes live only as long as their parser
    root = parser.root
    if root is None:
        return
    names, levels = [root.tag], [root.iter(include_text=True)]
    yield ENTER, root.tag, root.attributes
    while levels:
        for node in levels[-1]:
            tag = node.tag
            if tag == "-text":
                yield TEXT, node.text_content or "", _NO_ATTRIBUTES
            elif tag[0] not in "-!" and tag not in _NOTHING_INSIDE:  # not a comment, a doctype or the document
                yield ENTER, tag, node.attributes
                names.append(tag)
                levels.append(node.iter(include_text=True))
                break
        else:
            levels.pop()
            yield EXIT, names.pop(), _NO_ATTRIBUTES


def soup_events(html: str) -> Iterator[Event]:
    """The events of a page as BeautifulSoup reads it with the standard library's html.parser."""
    soup = BeautifulSoup(html, "html.parser", multi_valued_attributes=None)
    names, levels = [""], [iter(soup.contents)]
    while levels:
        for node in levels[-1]:
            if isinstance(node, Tag):
                if node.name in _NOTHING_INSIDE:
                    continue
                yield ENTER, node.name, node.attrs
                names.append(node.name)
                levels.append(iter(node.contents))
                break
            if isinstance(node, NavigableString) and not isinstance(node, PreformattedString):  # no comment, no doctype
                yield TEXT, str(node), _NO_ATTRIBUTES
        else:
            levels.pop()
            name = names.pop()
            if name:
                yield EXIT, name, _NO_ATTRIBUTES


# A standard parser walks the open elements at every block tag, and opens unclosed formatting tags again in every block.
_TAG = re.compile(
    r"<(/?)(?:(b|i|a|u|s|em|tt|big|code|font|nobr|small|strike|strong)"
    r"|address|article|aside|blockquote|center|details|dialog|div|dl|fieldset|figure|footer|header|main|menu|nav|ol|section|ul)[\s/>]"
)
_MANY_TAGS, _DEEP, _UNCLOSED = 3000, 8000, 1500


def _takes_quadratic_time(html: str) -> bool:
    if html.count("<") < _MANY_TAGS:
        return False
    depth = formatting = 0
    for closing, name in _TAG.findall(html):
        step = -1 if closing else 1
        if name:
            formatting += step
        else:
            depth += step
        if depth > _DEEP or formatting > _UNCLOSED:
            return True
    return False


# Elements whose text nobody sees; the text of some of them is looked at in its own way.
_UNSEEN = frozenset(
    "script style template svg canvas object embed applet iframe frameset audio video select datalist textarea map head rp math".split()
)
_BLOCK = frozenset(
    "address article aside blockquote body button caption center dd details dialog dir div dl dt fieldset figcaption figure footer form "
    "h1 h2 h3 h4 h5 h6 header hgroup hr html label legend li main menu nav noscript ol optgroup p pre search section summary table tbody "
    "td tfoot th thead tr ul".split()
)
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
# Never have content, so html.parser's habit of leaving them open must not matter.
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())


class Element:
    """One element of the page: its tag, what its class, id and role say (lower case), and the elements around it."""

    __slots__ = ("depth", "index", "itemprop", "link", "parent", "tag", "unseen", "words")

    def __init__(self, tag: str, words: str, itemprop: str, parent: Element | None, index: int, unseen: bool) -> None:
        self.tag = tag
        self.words = words
        self.itemprop = itemprop
        self.parent = parent
        self.index = index
        self.depth: int = parent.depth + 1 if parent else 0
        self.unseen = unseen


@dataclass(slots=True)
class Block:
    """A stretch of text with nothing but inline tags in it.

    `tag` is what it is shown as (`p`, `h2`, `li`, `tr`, `pre`, `blockquote`, …), `link` the number of its characters that
    are links, `seen` false where the page hides it (`hidden`, `aria-hidden`, `display: none`) or keeps it in `<noscript>`.
    """

    text: str
    tag: str
    element: Element
    link: int = 0
    seen: bool = True


@dataclass(slots=True)
class Page:
    """What one traverse finds: blocks, the elements around them in document order, and the pieces metadata are read from."""

    blocks: list[Block] = field(default_factory=list)
    elements: list[Element] = field(default_factory=list)
    language: str = ""
    title: str = ""
    metas: list[tuple[str, str]] = field(default_factory=list)
    canonical: str = ""
    json_ld: list[str] = field(default_factory=list)
    times: list[tuple[str, Element]] = field(default_factory=list)
    marked: list[tuple[str, str, Element]] = field(default_factory=list)


def read_page(html: str) -> Page:
    """The page's blocks, with whichever parser can. Linear in the length of `html`; never raises."""
    html = html.replace("\0", "")
    if LexborHTMLParser is None or _takes_quadratic_time(html):
        return read_events(soup_events(html))
    try:
        return read_events(lexbor_events(html))
    except Exception:  # noqa: BLE001 - selectolax documents no exception of its own
        return read_events(soup_events(html))


_BR = "\0"  # a line break inside a block, while the block is being read
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_MARKS = ("headline", "author", "name", "datepublished", "articlebody")


def _hidden(attributes: Attributes) -> bool:
    if "style" not in attributes and "hidden" not in attributes and "aria-hidden" not in attributes:
        return False
    if "hidden" in attributes and attributes["hidden"] != "until-found":
        return True
    if attributes.get("aria-hidden") == "true":
        return True
    style = attributes.get("style")
    return bool(style) and bool(_HIDDEN_STYLE.search(style or ""))


def read_events(events: Iterator[Event]) -> Page:
    """The page that the events describe."""
    page = Page()
    reader = _Reader(page)
    text, enter, leave = reader.text, reader.enter, reader.exit
    for kind, name, attributes in events:
        if kind == TEXT:
            text(name)
        elif kind == ENTER:
            enter(name, attributes)
        else:
            leave(name)
    reader.flush()
    return page


# What becomes of a tag, so that one look-up tells; no entry: an inline element without anything to it.
_VOIDS, _UNSEENS, _BREAKS, _BODIES, _BLOCKS, _COUNTED = range(1, 7)
_ROLES = (
    dict.fromkeys(("html", "noscript", "time", "a"), _COUNTED)
    | dict.fromkeys(_BLOCK, _BLOCKS)
    | dict.fromkeys(_UNSEEN, _UNSEENS)
    | dict.fromkeys(_VOID, _VOIDS)
    | {"br": _BREAKS, "tbody": _BODIES}
)


class _Reader:
    """Turns events into blocks: a block ends wherever a block element begins or ends, and at two line breaks."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.elements = page.elements
        self.stack: list[Element] = []
        self.skipping = 0  # depth inside an element whose text nobody sees
        self.collect: Callable[[str], None] | None = None  # what wants the text of such an element
        self.pieces: list[str] = []
        self.link = 0
        self.anchors = 0
        self.pre = 0
        self.item: list[bool] = []  # for each open list item: whether its "- " is still to come
        self.rows: list[tuple[int, list[int]]] = []  # for each open row: its first block, and the first block of each cell

    def enter(self, tag: str, attributes: Attributes) -> None:
        if self.skipping:
            if tag not in _VOID:
                self.skipping += 1
            if tag == "title":
                self.collect = self._title
            elif tag in ("meta", "link", "script"):
                self._head(tag, attributes)
            return
        role = _ROLES.get(tag, 0)
        if role:
            if role == _BLOCKS:
                if self.pieces:
                    self.flush()
            elif role == _BREAKS:
                self._break()
                return
            elif role == _BODIES:  # a standard parser puts it into every table
                self.flush()
                return
            elif role == _VOIDS:
                if tag in ("meta", "link"):
                    self._head(tag, attributes)
                elif tag == "hr":
                    self.flush()
                return
            elif role == _UNSEENS:
                self.skipping = 1
                if tag == "script":
                    self._head(tag, attributes)
                return
        parent = self.stack[-1] if self.stack else None
        unseen = parent is not None and parent.unseen
        words = itemprop = ""
        if attributes:
            words = attributes.get("class") or ""
            if "id" in attributes:
                words = f"{words} {attributes['id']}"
            if "role" in attributes:
                words = f"{words} {attributes['role']}"
            if "itemprop" in attributes:
                itemprop = (attributes["itemprop"] or "").lower()
            unseen = unseen or _hidden(attributes)
        elements = self.elements
        element = Element(tag, words, itemprop, parent, len(elements), unseen)
        elements.append(element)
        self.stack.append(element)
        if role:
            self._count(tag, attributes, element)
        if itemprop and attributes.get("content"):
            self.page.marked.append((itemprop, attributes["content"] or "", element))

    def _count(self, tag: str, attributes: Attributes, element: Element) -> None:
        """Note that an element is open whose kind matters to the text in it."""
        if tag == "a":
            self.anchors += 1
        elif tag == "pre":
            self.pre += 1
        elif tag == "li":
            self.item.append(True)
        elif tag == "tr":
            self.rows.append((len(self.page.blocks), []))
        elif tag in ("td", "th") and self.rows:
            self.rows[-1][1].append(len(self.page.blocks))
        elif tag == "time" and attributes.get("datetime"):
            self.page.times.append((attributes["datetime"] or "", element))
        elif tag == "html":
            self.page.language = attributes.get("lang") or attributes.get("xml:lang") or ""
        elif tag == "noscript":
            element.unseen = True

    def exit(self, tag: str) -> None:
        if self.skipping:
            if tag not in _VOID:
                self.skipping -= 1
                self.collect = None
            return
        role = _ROLES.get(tag, 0)
        if role in (_VOIDS, _BREAKS):
            return
        if role == _BODIES:
            self.flush()
            return
        if self.pieces and (role == _BLOCKS or len(self.stack) == 1):
            self.flush()
        if role:
            if tag == "a":
                self.anchors -= 1
            elif tag == "pre":
                self.pre -= 1
            elif tag == "li":
                self.item.pop()
            elif tag == "tr":
                self._row()
        self.stack.pop()

    def text(self, text: str) -> None:
        if self.skipping:
            if self.collect:
                self.collect(text)
            return
        if text.isspace():
            if self.pieces or self.pre:  # space at a block's beginning is none of its text
                self.pieces.append(text)
            return
        self.pieces.append(text)
        if self.anchors:
            self.link += len(text)

    def flush(self) -> None:
        """End the block that is being read, if there is any text in it."""
        pieces, self.pieces = self.pieces, []
        link, self.link = self.link, 0
        if not pieces or not self.stack:
            return
        raw = "".join(pieces)
        if self.pre:
            lines = [line.rstrip() for line in raw.replace(_BR, "\n").replace("\r\n", "\n").replace("\r", "\n").split("\n")]
            text = "\n".join(lines).strip("\n")
        elif _BR in raw:
            text = "\n".join(line for part in raw.split(_BR) if (line := " ".join(part.split())))
        else:
            text = " ".join(raw.split())
        if not text or text.isspace():
            return
        element = self.stack[-1]
        tag = self._shown_as(element)
        if self.item and self.item[-1] and tag not in HEADINGS and tag != "pre":
            self.item[-1] = False
            text = "- " + text
        self.page.blocks.append(Block(text, tag, element, min(link, len(text)), not element.unseen))

    def _shown_as(self, element: Element) -> str:
        at: Element | None = element
        for _ in range(4):  # inline tags stand between a text and its block; a few levels tell
            if at is None:
                break
            if at.tag in _BLOCK and at.tag != "div":
                return at.tag
            at = at.parent
        return "pre" if self.pre else "div"

    def _break(self) -> None:
        # Two breaks with nothing between are a paragraph's end.
        for piece in reversed(self.pieces):
            if piece == _BR and not self.pre:
                self.flush()
                return
            if not piece.isspace():
                break
        self.pieces.append(_BR)

    def _row(self) -> None:
        """Make one block of the row's cells, unless the table is only there to lay out the page."""
        if not self.rows:
            return
        first, cells = self.rows.pop()
        blocks = self.page.blocks
        if not 2 <= len(blocks) - first <= len(cells):
            return
        row = blocks[first:]
        if any(len(block.text) > 500 or block.tag == "pre" for block in row):
            return
        ends = [*cells[1:], len(blocks)]
        if any(end - start > 1 for start, end in zip(cells, ends, strict=True)):
            return
        joined = " | ".join(block.text for block in row)
        del blocks[first:]
        blocks.append(Block(joined, "tr", self.stack[-1], min(sum(block.link for block in row), len(joined)), row[0].seen))

    def _title(self, text: str) -> None:
        self.page.title = self.page.title or " ".join(text.split())

    def _head(self, tag: str, attributes: Attributes) -> None:
        if tag == "meta":
            name = attributes.get("property") or attributes.get("name") or attributes.get("itemprop") or attributes.get("http-equiv")
            content = attributes.get("content")
            if name and content:
                self.page.metas.append((name.lower().strip(), content.strip()))
        elif tag == "link":
            if "canonical" in (attributes.get("rel") or "").lower().split() and not self.page.canonical:
                self.page.canonical = (attributes.get("href") or "").strip()
        elif "ld+json" in (attributes.get("type") or "").lower():
            self.collect = self.page.json_ld.append
