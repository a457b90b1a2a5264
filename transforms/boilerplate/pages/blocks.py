"""Parse a web page into blocks.

Either of two parsers writes canonical HTML, which one reader turns into blocks. In canonical HTML,
every element is closed where it ends, every attribute is in double quotes, and scripts and drawings
are removed. The parser is lexbor (through selectolax). BeautifulSoup replaces it if selectolax is
not installed, if it fails, and for pages on which every parser that follows the HTML standard takes
quadratic time (very deep nesting, hundreds of unclosed formatting tags). Reading the output of a
parser takes a fifth of the time of walking its tree.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from itertools import chain
from typing import Any

import numpy as np
from bs4 import BeautifulSoup
from bs4.builder._htmlparser import BeautifulSoupHTMLParser
from numpy.typing import NDArray

from newsbeam.transforms.document import COMMENT, characters
from newsbeam.transforms.text import HUGE_REFERENCE, resolved, scrub

LexborHTMLParser: Any
try:
    from selectolax.lexbor import LexborHTMLParser
except ImportError:  # BeautifulSoup is slower, but sufficient
    LexborHTMLParser = None

# Elements whose text is never visible, or never part of a page's prose. `template` contains text
# that scripts copy, `rt` the reading of a word beside the word.
_DROPPED = tuple(
    "script style template svg canvas math select datalist textarea object embed applet iframe noembed noframes frameset audio video "
    "rp rt rtc map".split()
)
# Parsers return the text in these elements verbatim, with its tags.
_RAW = ("<xmp", "<plaintext")
_COMMENT_IN_SOURCE = re.compile(COMMENT, re.S)
# A declarative shadow root is displayed in place of its host.
_SHADOW = re.compile(r"<template(?=\s[^<>]*\bshadowroot)", re.I)
_INVISIBLE = "\u00ad\u2060\ufeff"


@dataclass(frozen=True, slots=True)
class Canonical:
    """A page in canonical HTML.

    With its JSON-LD scripts, and its number of visible characters other than white space.
    """

    html: str
    json_ld: tuple[str, ...] = ()
    visible: int = 0


def lexbor_canonical(html: str) -> Canonical:
    """Parse a page with lexbor; raises the exceptions of selectolax."""
    parser = LexborHTMLParser(html)  # the nodes live only as long as their parser
    json_ld = tuple(node.text() for node in parser.css('script[type*="ld+json" i]'))
    parser.strip_tags(list(_DROPPED))
    body = parser.body
    # Counted in the tree, not in the blocks below, so that text lost there counts as visible.
    return Canonical(parser.html or "", json_ld, characters(body.text()) if body is not None else 0)


class _SoupParser(BeautifulSoupHTMLParser):
    """BeautifulSoup's parser, which writes canonical HTML instead of a tree.

    As in BeautifulSoup, an end tag closes the nearest element of its name, with all elements open
    in it. Building the tree would take quadratic time for deep nesting. Comments, declarations and
    the end of the page are read by the HTML standard: the page is complete, so what is not closed
    at its end never will be.
    """

    CDATA_CONTENT_ELEMENTS = ("script", "style", "textarea", "title")  # type: ignore[misc]

    def __init__(self) -> None:
        super().__init__(BeautifulSoup("", "html.parser"), convert_charrefs=True)
        self.out: list[str] = []
        self.shown: list[str] = []
        self.json_ld: list[str] = []
        self._stack: list[str] = []
        self._open: Counter[str] = Counter()
        self._dropped = -1  # number of elements open around the outermost dropped one
        self._script: list[str] | None = None  # text of the open JSON-LD script

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]], handle_empty_element: bool = True) -> None:
        if self._dropped < 0:
            if tag in _DROPPED:
                self._dropped = len(self._stack)
                if tag == "script" and any(name == "type" and "ld+json" in (value or "").lower() for name, value in attrs):
                    self._script = []
            else:
                said = "".join([f' {name}="{escape(value or "")}"' for name, value in dict(attrs).items()])
                self.out.append(f"<{tag}{said}>")
        if tag not in _VOID:
            self._stack.append(tag)
            self._open[tag] += 1
        elif self._dropped == len(self._stack):
            self._dropped = -1

    def handle_endtag(self, tag: str, check_already_closed: bool = True) -> None:
        if self._open[tag]:
            closed = ""
            while closed != tag:
                closed = self._stack.pop()
                self._open[closed] -= 1
                if self._dropped < 0:
                    self.out.append(f"</{closed}>")
                elif self._dropped == len(self._stack):
                    self._dropped = -1
                    if self._script is not None:
                        self.json_ld.append("".join(self._script))
                        self._script = None

    def handle_data(self, data: str) -> None:
        if self._dropped < 0:
            if self._stack and self._stack[-1] == "title":
                data = resolved(data)
            else:
                self.shown.append(data)
            self.out.append(escape(data, quote=False).replace("\u00a0", "&nbsp;"))
        elif self._script is not None:
            self._script.append(data)

    def close(self) -> None:
        super().close()
        for tag in reversed(self._stack[: self._dropped] if self._dropped >= 0 else self._stack):
            self.out.append(f"</{tag}>")

    def parse_comment(self, i: int, report: bool = True) -> int:
        comment = _COMMENT_IN_SOURCE.match(self.rawdata, i)
        return comment.end() if comment else len(self.rawdata)

    def parse_pi(self, i: int) -> int:
        return self.rawdata.find(">", i) + 1 or len(self.rawdata)

    def parse_html_declaration(self, i: int) -> int:
        return self.parse_pi(i)

    def parse_bogus_comment(self, i: int, report: int = 1) -> int:
        return self.parse_pi(i)

    def parse_starttag(self, i: int) -> int:
        end: int = super().parse_starttag(i)
        return len(self.rawdata) if end < 0 else end

    def parse_endtag(self, i: int) -> int:
        end: int = super().parse_endtag(i)
        return len(self.rawdata) if end < 0 else end


def soup_canonical(html: str) -> Canonical:
    """Parse a page with BeautifulSoup and html.parser; never raises.

    The time is linear in the length of `html`.
    """
    parser = _SoupParser()
    # html.parser raises for numbers with thousands of digits
    parser.feed(HUGE_REFERENCE.sub("\ufffd", scrub(html)))
    parser.close()
    written = "".join(parser.out)
    visible = characters("".join(parser.shown))
    whole = written.lstrip().startswith("<html")
    return Canonical(written if whole else f"<html><body>{written}</body></html>", tuple(parser.json_ld), visible)


# A standard parser walks the open elements at every block tag, and reopens unclosed formatting tags
# in every block.
_TAG = re.compile(
    r"<(/?)(?:(b|i|a|u|s|em|tt|big|code|font|nobr|small|strike|strong)"
    r"|address|article|aside|blockquote|center|details|dialog|div|dl|fieldset|figure|footer|header|main|menu|nav|ol|section|ul)[\s/>]"
)
_DEEP, _UNCLOSED = 8000, 1500


def _takes_quadratic_time(html: str) -> bool:
    tags, closing_tags = html.count("<"), html.count("</")
    # few tags, and hardly more opened than closed
    if tags < 2 * _DEEP and tags - 2 * closing_tags < _UNCLOSED:
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


# lexbor compares each attribute with all others of its element, searches all options of a list for
# each of them, and adds attributes of later html and body tags to the first.
_MANY_ATTRIBUTES, _MANY_OPTIONS, _MANY_ROOTS = 2_000, 2_000, 200
_TAG_NAME = re.compile(r"<[a-zA-Z][^\s/>]*")
_ATTRIBUTE = re.compile(r"""[\s/]*[^\s/>][^\s/>=]*(?:\s*=\s*(?:"[^"]*(?:"|\Z)|'[^']*(?:'|\Z)|[^\s>"'][^\s>]*)?)?""")
_ROOT = re.compile(r"(<(?:html|body)\s[^<>]*>)", re.I)
_OPTION = re.compile(r"</?opt(?:ion|group)\b[^<>]*>", re.I)


def _may_have_many_attributes(data: bytes, begins: NDArray[np.int64], ends_in_values: int) -> bool:
    """Return whether a tag may have thousands of attributes.

    The tag is long and in many pieces, or many characters end inside a value (`a=">"`).
    """
    for at in np.flatnonzero(np.diff(begins, append=len(data)) > 2 * _MANY_ATTRIBUTES).tolist():
        inside = data[begins[at] + 1 : begins[at + 1] if at + 1 < len(begins) else len(data)].partition(b">")[0]
        if inside[:1].isalpha() and inside.count(b"=") + inside.count(b" ") + inside.count(b"\n") > _MANY_ATTRIBUTES:
            return True
    return ends_in_values > _MANY_ATTRIBUTES


def _with_fewer_attributes(html: str) -> str:
    """Remove all but the first attributes of elements with thousands of them."""
    out: list[str] = []
    done = at = 0
    while tag := _TAG_NAME.search(html, at):
        at = tag.end()
        many = kept = 0
        while attribute := _ATTRIBUTE.match(html, at):
            at = attribute.end()
            many += 1
            if many == _MANY_ATTRIBUTES:
                kept = at
        if many > _MANY_ATTRIBUTES:
            out.append(html[done:kept])
            done = at
    return "".join([*out, html[done:]])


# Invisible to scripts: a browser that runs them skips this frame, while one that does not would
# take the rest of the page for its content.
_FRAME_LEFT_OPEN = re.compile(r"(<noscript\b[^<>]*>\s*<iframe\b[^<>]*)/>", re.I)

# A button or label inside a sentence is a term with an explanation, or the number of a note. Text
# stands directly before and after it, or in an inline element there.
_INLINE_TAGS = "a|abbr|b|cite|code|em|i|mark|q|span|strong|sub|sup|u"
_TERM = re.compile(
    rf"<(?P<tag>button|label)(?:\s[^<>]*)?>(?P<term>(?:[^<>]|</?(?:{_INLINE_TAGS})(?:\s[^<>]*)?>){{1,200}})</(?P=tag)>"
    rf"(?=\s?[^<>\s]|\s?</?(?:{_INLINE_TAGS})(?:\s[^<>]*)?>\s?[^<>\s])"
)
_TEXT_BEFORE = re.compile(rf"[^<>\s](?:</(?:{_INLINE_TAGS})>)?\s?$")


def _without_control(control: re.Match[str]) -> str:
    before = control.string[max(control.start() - 16, 0) : control.start()]
    return f"<span>{control['term']}</span>" if _TEXT_BEFORE.search(before) else control[0]


def prepared(html: str) -> str:
    """Remove parts that parsers read differently from browsers with scripts.

    Also parts that would take more than linear time.
    """
    data = html.encode("utf-8", "replace") + b"   "
    signs = np.frombuffer(data, np.uint8)
    begins, ends = np.flatnonzero(signs[:-3] == ord("<")), np.flatnonzero(signs[:-3] == ord(">"))
    # The first two letters of each tag, in one pass instead of several searches.
    letters = (signs[begins + 1] | 32).astype(np.int64) << 8 | (signs[begins + 2] | 32)
    tags = dict(zip(*(found.tolist() for found in np.unique(letters, return_counts=True)), strict=True))

    def count(tag: bytes) -> int:
        return int(tags.get(int.from_bytes(tag[:2], "big"), 0))

    if b"\0" in data:
        html = html.replace("\0", "")
    if _may_have_many_attributes(data, begins, int(np.isin(signs[ends + 1], (ord('"'), ord("'"))).sum())):
        html = _with_fewer_attributes(html)
    if count(b"html") + count(b"body") > _MANY_ROOTS:
        first, *others = _ROOT.split(html, maxsplit=2)
        html = "".join([first, *others[:-1], _ROOT.sub(" ", others[-1])]) if others else html
    if count(b"option") > _MANY_OPTIONS:
        html = _OPTION.sub(" ", html)
    if count(b"template") and _SHADOW.search(html):
        html = _SHADOW.sub("<div", html)
    if count(b"button") or count(b"label"):
        html = _TERM.sub(_without_control, html)
    if count(b"noscript"):
        html = _FRAME_LEFT_OPEN.sub(r"\1></iframe>", html)
    return html


# By the HTML standard, only their own end tag closes these. If it is missing, the rest of the page is
# their content, which is dropped. In BeautifulSoup, the end of an element around them closes them.
_SWALLOWING = ("select", "object", "template", "applet", "SELECT", "OBJECT", "APPLET")
_MORE_VISIBLE = 1.2


def _may_be_swallowed(html: str) -> bool:
    """Return whether an unclosed element may hold the rest of the page.

    It is opened more often than closed.
    """
    return any(html.count(f"<{name}") > html.count(f"</{name}") for name in _SWALLOWING)


def canonical(html: str) -> Canonical:
    """Parse a page with lexbor, or else with BeautifulSoup; never raises.

    BeautifulSoup gives a second opinion on pages that may be swallowed by an unclosed element. It
    counts if it shows clearly more text. The time is linear in the length of `html`.
    """
    html = prepared(html)
    if LexborHTMLParser is None or _takes_quadratic_time(html):
        return soup_canonical(html)
    try:
        read = lexbor_canonical(html)
    except Exception:  # noqa: BLE001 - selectolax documents no exception of its own
        return soup_canonical(html)
    if any(tag in read.html for tag in _RAW):
        return soup_canonical(html)
    if _may_be_swallowed(html):
        second = soup_canonical(html)
        if second.visible > _MORE_VISIBLE * read.visible:
            return second
    return read


HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_BLOCK = frozenset(
    "address article aside blockquote body button caption center dd details dialog dir div dl dt fieldset figcaption figure footer form "
    "h1 h2 h3 h4 h5 h6 header hgroup hr html label legend li main menu nav noscript ol optgroup p pre search section summary table tbody "
    "td tfoot th thead tr ul".split()
)
_VOID = frozenset("area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr".split())

# Actions of the reader at a tag.
_PLAIN, _INLINE, _OPEN, _CLOSE, _INLINE_CLOSE, _BREAK, _RULE, _IMAGE, _CONTROL, _META, _TITLE, _NOTHING = range(12)
_ROLES = (
    dict.fromkeys(_VOID, _NOTHING)
    | dict.fromkeys(_BLOCK, _OPEN)
    | {"br": _BREAK, "hr": _RULE, "img": _IMAGE, "input": _CONTROL, "meta": _META, "title": _TITLE, "tbody": _OPEN}
)
# Block elements that need more than the end of a block.
_SPECIAL = frozenset(("pre", "li", "tr", "td", "th", "html", "noscript"))

# The attributes to read. Most attributes are addresses, sizes and data for scripts, and all
# different. In canonical HTML, none of these names can occur inside a value.
_ALWAYS = (("class", ' class="'), ("id", ' id="'), ("role", ' role="'), ("itemprop", ' itemprop="'), ("rel", ' rel="'))
_SOME = {
    "html": (("lang", ' lang="'), ("xml:lang", ' xml:lang="')),
    "meta": (("property", ' property="'), ("name", ' name="'), ("http-equiv", ' http-equiv="'), ("content", ' content="')),
    "time": (("datetime", ' datetime="'), ("content", ' content="')),
}
_HIDING = (("hidden", ' hidden="'), ("aria-hidden", ' aria-hidden="'), ("style", ' style="'))
_CONTENT = (("content", ' content="'),)
_TYPE = (("itemtype", ' itemtype="'),)
# Without the other attributes, many tags are equal and can be cached.
_NOISE = re.compile(
    r" (?:href|src|srcset|sizes|alt|title|width|height|target|loading|decoding|value|type"
    r'|style(?=="(?![^"]*(?:none|hidden|collapse|(?:opacity|font-size)\s*:\s*0|clip|[:(]\s*-\d)))'
    r'|data-[^ ="]*|aria-(?!h)[^ ="]*|on[a-z]+)="[^"]*"'
)
_CANONICAL = re.compile(r'<link (?=[^<>]*\brel="[^"<>]*\bcanonical\b)[^<>]*?\bhref="([^"<>]*)"', re.I)
# Markup other than tags and text. Neither text nor values contain a bare `<` or `>`, but names may:
# "<div<p>". Unterminated markup extends to the end of the page, so that it is read once, and is
# left as it is.
_ASIDE_OR_ODD = re.compile(r"<(?:\?[^>]*|!--.*?(?:--(?=>)|\Z)|![^>]*|(?P<name>[^<>]*<[^>]*))(?P<end>>|\Z)", re.S)
_DIGITS = re.compile(r"\d+")
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)


# Elements that no reader sees: moved out of the screen, shrunk to nothing, transparent.
_CONCEALING_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)"
    r"|(?:opacity|font-size)\s*:\s*0(?:\.0{1,4})?(?:px|em|rem|pt|%)?\s*(?:[;!]|$)"
    r"|clip\s*:\s*rect\(\s*[01](?:px)?\b|clip-path\s*:\s*inset\(\s*(?:50|99|100)"
    r"|(?:left|right|top|text-indent|margin-left)\s*:\s*-(?:[1-9]\d{3}|999|\d{3}(?:em|rem|vw))"
    r"|translate(?:[XY]|3d)?\(\s*-(?:[1-9]\d{3}|999)",
    re.I,
)
_NO_HEIGHT = re.compile(r"(?<![-\w])(?:max-)?height\s*:\s*[01](?:px)?\s*(?:[;!]|$)", re.I)
# Classes for screen readers and for print, also as parts of generated names ("styles_srOnly__x1").
_CONCEALING_CLASS = re.compile(
    r"(?<![a-z])(?:sr-?only|visually-?hidden|screen-?readers?-?(?:text|only)|for-?screen-?readers?|a11y-?(?:hidden|text|only)"
    r"|element-?invisible|assistive-?text|accessib(?:ly|le)-?hid(?:den|e)|show-?for-?(?:sr|print)|off-?screen(?:-?text)?"
    r"|print-?only|only-?print|visible-?print)(?![a-z])"
)
_CONCEALING_WORDS = frozenset(
    "hidden hide is-hidden u-hidden js-hidden d-none display-none displaynone u-display-none invisible is-invisible dn screenreader "
    "screen-reader".split()
)
# "hidden md:block" is hidden on small screens only.
_REVEALED = re.compile(r"(?<!\S)(?:(?!print)[a-z]{2,5}:(?:block|flex|inline|grid|table|visible|contents)|d-(?:sm|md|lg|xl|xxl)-(?!none))")


def _conceals(tag: str, attributes: dict[str, str]) -> int:
    """Return how an element is concealed from readers, 0 if it is not."""
    if "hidden" in attributes and attributes["hidden"] != "until-found":
        return CONCEALED
    style = attributes.get("style", "")
    if style and (_CONCEALING_STYLE.search(style) or ("hidden" in style and _NO_HEIGHT.search(style))):
        return CONCEALED
    words = attributes.get("class", "").lower()[:500]
    if words and (_CONCEALING_CLASS.search(words.replace("_", "-"))):
        return AUXILIARY
    if words and not _CONCEALING_WORDS.isdisjoint(words.split()) and not _REVEALED.search(words):
        return CONCEALED
    # Displayed formulas are not read aloud; their MathML is.
    if attributes.get("aria-hidden") == "true" and not (tag == "nobr" or tag.startswith("mjx") or "math" in words or "katex" in words):
        return UNREAD
    return 0


CONCEALED, UNREAD, AUXILIARY = 1, 2, 3
"""Not displayed, displayed but not read by screen readers, and only for screen readers or print."""


class Head:
    """An opening tag, shared by all equal tags.

    It has the tag, the words of class, id and role, and whether the element is hidden by its own
    attributes, or concealed in any way (CONCEALED, UNREAD, AUXILIARY). `key` is equal for elements with the
    same tag and class (except digits).
    """

    __slots__ = ("attributes", "concealed", "hidden", "itemprop", "itemtype", "key", "role", "tag", "words")

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        closing = tag.startswith("/")
        tag = tag.strip("/").lower()
        self.tag = tag
        # A custom element is transparent: only its content matters.
        role = _ROLES.get(tag, _INLINE if "-" in tag else _PLAIN)
        if closing:
            role = {_PLAIN: _INLINE_CLOSE, _INLINE: _INLINE_CLOSE, _OPEN: _CLOSE}.get(role, _NOTHING)
        self.role = role
        self.attributes: dict[str, str] = {}
        self.words = self.itemprop = self.itemtype = ""
        self.hidden = tag == "noscript"
        self.concealed = 0
        if attributes:
            found = {name: resolved(value) if "&" in value else value for name, value in attributes.items()}
            if "class" in found or "id" in found or "role" in found:
                self.words = " ".join(value for name in ("class", "id", "role") if (value := found.get(name)))[:1000]
            if "itemprop" in found:
                self.itemprop = found["itemprop"].lower()
            self.itemtype = found.get("itemtype", "")
            self.hidden = self.hidden or _hidden(found)
            self.concealed = _conceals(tag, found)
            self.attributes = found
            if role == _PLAIN and (self.words or self.itemprop or self.hidden or self.concealed or "rel" in found or "datetime" in found):
                self.role = _INLINE
        self.key = f"{tag} {_DIGITS.sub('', self.attributes.get('class', ''))}" if attributes else tag


def _hidden(attributes: dict[str, str]) -> bool:
    if "hidden" in attributes and attributes["hidden"] != "until-found":
        return True
    if attributes.get("aria-hidden") == "true":
        return True
    style = attributes.get("style")
    return bool(style) and _HIDDEN_STYLE.search(style or "") is not None


# Equal tags occur again and again, on a page and over a site. The cache is bounded, and cleared
# when it is full.
_heads: dict[str, Head] = {}
_MANY_HEADS, _LONG_HEAD = 20_000, 300


def _head(inside: str) -> Head:
    inside = _NOISE.sub("", inside)
    if known := _heads.get(inside):
        return known
    tag, _, rest = inside.partition(" ")
    found: dict[str, str] = {}
    if rest:
        wanted = _ALWAYS + _SOME.get(tag, ())
        if "hidden" in inside or ' style="' in inside:
            wanted += _HIDING
        if "itemprop" in inside and tag not in _SOME:
            wanted += _CONTENT
        if "itemtype" in inside:
            wanted += _TYPE
        for name, mark in wanted:
            at = inside.find(mark)
            if at >= 0:
                at += len(mark)
                found[name] = inside[at : inside.find('"', at)]
    head = Head(tag, found)
    if len(inside) <= _LONG_HEAD:
        if len(_heads) >= _MANY_HEADS:
            _heads.clear()
        _heads[inside] = head
    return head


@dataclass(slots=True)
class Block:
    """A range of text that contains only inline tags.

    * `tag` is how it is displayed (`p`, `h2`, `li`, `tr`, `pre`, `blockquote`, `div`, …).
    * `element` is the index of its element, `inner` of the innermost element in which its text
      begins.
    * `link` is the number of its characters in links, `links` the number of these links.
    * `images` and `controls` are numbers of such elements since the previous block.
    * `seen` is false if it is hidden (`hidden`, `aria-hidden`, `display: none`) or in `<noscript>`.
    * `concealed` is true if no reader sees it, for any of the reasons in `Head.concealed`.
    * `unseen` has the texts in concealed inline elements, which are not part of `text`.
    * `parts` has the element and the text of each piece between two tags, if there are several
      and the block is short.
    """

    text: str
    tag: str
    element: int
    inner: int
    link: int = 0
    links: int = 0
    images: int = 0
    controls: int = 0
    seen: bool = True
    concealed: bool = False
    unseen: tuple[str, ...] = ()
    parts: tuple[tuple[int, str], ...] = ()


@dataclass(slots=True)
class Page:
    """A parsed page: blocks, elements, and sources of metadata.

    Elements are numbered in document order, except plain inline elements (without class, id, role,
    itemprop or rel). Parallel lists: `heads` are their tags, `parents` the parent elements (-1 for
    the first), `hidden` whether they or an ancestor is hidden, `concealed` the outermost concealed
    element around them (-1 for none), `first` and `last` the range of blocks in them.
    """

    blocks: list[Block] = field(default_factory=list)
    heads: list[Head] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    hidden: list[bool] = field(default_factory=list)
    concealed: list[int] = field(default_factory=list)
    first: list[int] = field(default_factory=list)
    last: list[int] = field(default_factory=list)
    language: str = ""
    title: str = ""
    metas: list[tuple[str, str]] = field(default_factory=list)
    canonical: str = ""
    json_ld: list[str] = field(default_factory=list)
    times: list[tuple[str, int]] = field(default_factory=list)
    marked: list[tuple[str, str, int]] = field(default_factory=list)
    visible: int = 0
    rough: bool = False

    def ancestors(self, element: int) -> Iterator[int]:
        """Yield the element and its ancestors up to the root."""
        while element >= 0:
            yield element
            element = self.parents[element]


def read_page(html: str) -> Page:
    """Parse a page into blocks; never raises.

    The time is linear in the length of `html`.
    """
    return read_canonical(canonical(html))


def _plain(html: str) -> str:
    """Reduce canonical HTML to tags and text, with `<` only before tags."""
    if html.startswith("<!DOCTYPE"):
        html = html[html.find(">") + 1 :]
    comments = list(_comments(html))
    # A comment that seems to begin in a tag is the end of its name: "<div<!-- one -->".
    if "<?" in html or any(html.rfind("<", 0, at) > html.rfind(">", 0, at) for at, _ in comments if at):
        return _ASIDE_OR_ODD.sub(_mended, html)
    if comments:
        ends = [0, *(end for _, end in comments)]
        begins = [*(begin for begin, _ in comments), len(html)]
        html = "".join([html[end:begin] for end, begin in zip(ends, begins, strict=True)])
    return html if html.count("<") == html.count(">") and not html.startswith("<!") else _ASIDE_OR_ODD.sub(_mended, html)


def _comments(html: str) -> Iterator[tuple[int, int]]:
    begin = html.find("<!--")
    while begin >= 0 and (end := html.find("-->", begin + 4)) >= 0:
        yield begin, end + 3
        begin = html.find("<!--", end + 3)


def _mended(found: re.Match[str]) -> str:
    if not found["end"]:
        return found[0]
    return f"<{found['name'].replace('<', '_')}>" if found["name"] else ""


_BR = "\0"  # a line break inside a block that is being read


# characters of a page to split at once: its tags take ten times the memory of their text
_PIECE = 1 << 20


def _tags(html: str) -> Iterator[list[str]]:
    """Yield each tag without its `<`, and the text after it, many at a time."""
    at = html.find("<")
    while at >= 0:
        end = html.find("<", at + _PIECE)
        yield html[at + 1 : end if end >= 0 else None].split("<")
        at = end


# A page with more blocks is read roughly. Equal elements with the same parent count as one, and the
# content of such an element becomes one block, line by line, up to a maximum length. A novel, or a
# table with tens of thousands of rows, has fewer blocks.
MANY_BLOCKS = 60_000
_ROUGH_LENGTH = 1_000


class _TooManyBlocks(Exception):
    pass


def read_canonical(source: Canonical) -> Page:
    """Read canonical HTML into a page.

    A block ends where a block element begins or ends, and at two line breaks. A page with more than
    MANY_BLOCKS blocks is read roughly, so that time and memory are bounded.
    """
    try:
        return _PageBuilder(source, rough=False).read()
    except _TooManyBlocks:
        return _PageBuilder(source, rough=True).read()


class _PageBuilder:
    """Builds a page from the tags and texts of canonical HTML, in one pass."""

    __slots__ = (
        "alike", "anchors", "begins_row", "controls", "custom", "custom_end", "html", "images", "inner", "items", "length", "lines",
        "link", "links", "owners", "page", "pieces", "pre", "rough", "rough_rows", "rows", "stack", "top", "veil", "veils",
    )  # fmt: skip

    def __init__(self, source: Canonical, *, rough: bool) -> None:
        self.html = _plain(source.html)
        self.page = Page(json_ld=list(source.json_ld), visible=source.visible, rough=rough)
        if "canonical" in self.html and (found := _CANONICAL.search(self.html)):
            self.page.canonical = resolved(found[1]).strip()
        self.rough = rough
        self.stack: list[int] = []  # the open elements
        self.top = -1  # the innermost of them
        # The block that is being read: its texts, the element in which they begin, characters in
        # links, links, images and controls.
        self.pieces: list[str] = []
        self.owners: list[int] = []  # the element of each text
        self.inner = -1
        self.link = self.links = self.images = self.controls = 0
        self.anchors = self.pre = 0  # open elements of these kinds
        # The concealed inline elements of the block: how, first and last text. `veil` is the depth of
        # the open one.
        self.veils: list[tuple[int, int, int]] = []
        self.veil = 0
        self.custom = ""  # the last custom element that was closed, and the number of texts then
        self.custom_end = 0
        self.items: list[bool] = []  # per open list item: its "- " has not been written yet
        # per open row: its element, its first block, the first block of each cell
        self.rows: list[tuple[int, int, list[int]]] = []
        # If rough: the element index for each kind, the lines of the last block and their length,
        # open rows, and whether the next text begins one.
        self.alike: dict[tuple[int, str, bool], int] = {}
        self.lines: list[str] = []
        self.length = self.rough_rows = 0
        self.begins_row = False

    def read(self) -> Page:
        """Read all tags.

        Raises _TooManyBlocks if there are too many and the page is not read roughly.
        """
        known, open_plain, add_text = _heads.get, self.stack.append, self._add_text
        for token in chain.from_iterable(_tags(self.html)):
            inside, _, text = token.partition(">")
            head = known(inside) or _head(inside)
            role = head.role
            if role == _PLAIN:
                if head.tag == "a":
                    self.anchors += 1
                    self.links += 1
                open_plain(self.top)
            elif role == _INLINE_CLOSE:
                if head.tag == "a" and self.anchors:
                    self.anchors -= 1
                elif "-" in head.tag:
                    self.custom, self.custom_end = head.tag, len(self.pieces)
                self._leave_element()
            elif role == _CLOSE:
                self._close_block(head.tag)
            elif role <= _OPEN:
                self._open_element(head)
            elif role == _BREAK:
                self._break_line()
            elif role == _IMAGE:
                self.images += 1
            elif role == _RULE:
                self._end_block()
            elif role == _CONTROL:
                self.controls += 1
            elif role == _META:
                self._read_meta(head.attributes)
            elif role == _TITLE:
                self.page.title = self.page.title or " ".join(resolved(text).split())
                continue
            if text:
                add_text(text)
        self._end_block()
        self._end_lines()
        for number in self.stack:
            if number >= 0:
                self.page.last[number] = len(self.page.blocks)
        return self.page

    # --- elements ---

    def _open_element(self, head: Head) -> None:
        if head.role == _OPEN:
            self._end_block()
        elif head.tag == "a":
            self.anchors += 1
            self.links += 1
        elif "-" in head.tag and head.tag == self.custom and self._ends_paragraph():
            self._end_block()
        page = self.page
        number = len(page.heads)
        if self.rough:
            kind = (self.top, head.key, head.hidden)
            number = self.top if number >= 2 * MANY_BLOCKS else self.alike.setdefault(kind, number)
        if number == len(page.heads):
            page.heads.append(head)
            page.parents.append(self.top)
            page.hidden.append(head.hidden or (self.top >= 0 and page.hidden[self.top]))
            around = page.concealed[self.top] if self.top >= 0 else -1
            page.concealed.append(around if around >= 0 else number if head.concealed else -1)
            page.first.append(len(page.blocks))
            page.last.append(-1)
        self.top = number
        self.stack.append(number)
        if head.concealed and not self.veil and head.role == _INLINE:
            self.veil = len(self.stack)
            self.veils.append((head.concealed, len(self.pieces), -1))
        if head.attributes or head.tag in _SPECIAL:
            self._open_special(head, number)

    def _open_special(self, head: Head, number: int) -> None:
        page, tag = self.page, head.tag
        if tag == "pre":
            self.pre += 1
        elif tag == "li":
            self.items.append(True)
        elif tag == "tr":
            if self.rough:
                self.rough_rows += 1
                self.begins_row = True
            else:
                self.rows.append((number, len(page.blocks), []))
        elif tag in ("td", "th"):
            if self.rows:
                self.rows[-1][2].append(len(page.blocks))
        elif tag == "html":
            page.language = page.language or head.attributes.get("lang") or head.attributes.get("xml:lang") or ""
        elif tag == "time" and head.attributes.get("datetime"):
            page.times.append((head.attributes["datetime"], number))
        if head.itemprop and head.attributes.get("content"):
            page.marked.append((head.itemprop, head.attributes["content"], number))

    def _close_block(self, tag: str) -> None:
        self._end_block()
        if tag in _SPECIAL:
            if tag == "pre":
                self.pre = max(self.pre - 1, 0)
            elif tag == "li":
                if self.items:
                    self.items.pop()
            elif tag == "tr":
                if self.rough_rows:
                    self.rough_rows -= 1
                elif self.rows:
                    _join_row(self.page, *self.rows.pop())
        self._leave_element()

    def _leave_element(self) -> None:
        if len(self.stack) > 1:
            if self.veil == len(self.stack):
                self._lift_veil()
            number = self.stack.pop()
            self.top = self.stack[-1]
            if number != self.top:
                self.page.last[number] = len(self.page.blocks)

    def _lift_veil(self) -> None:
        self.veil = 0
        if self.veils:
            how, start, _ = self.veils[-1]
            self.veils[-1] = (how, start, len(self.pieces))

    def _ends_paragraph(self) -> bool:
        """Return whether the custom element just closed is a paragraph."""
        if not self.pieces[: self.custom_end] or not all(text.isspace() for text in self.pieces[self.custom_end :]):
            return False
        return _PARAGRAPH_END.search(self.pieces[self.custom_end - 1][-12:]) is not None

    def _read_meta(self, attributes: dict[str, str]) -> None:
        name = attributes.get("property") or attributes.get("name") or attributes.get("itemprop") or attributes.get("http-equiv")
        if name and attributes.get("content"):
            self.page.metas.append((name.lower().strip(), attributes["content"].strip()))
            if attributes.get("itemprop") and self.top >= 0:
                self.page.marked.append((attributes["itemprop"].lower(), attributes["content"], self.top))

    # --- texts ---

    def _break_line(self) -> None:
        # Two breaks with nothing between end a paragraph.
        if self.pieces:
            if not self.pre and self.pieces[-1] == _BR:
                self._end_block()
            else:
                self.pieces.append(_BR)
                self.owners.append(self.top)

    def _add_text(self, text: str) -> None:
        pieces = self.pieces
        if text.isspace() or (text.startswith("&nbsp;") and not text.replace("&nbsp;", "").strip()):
            # space at the beginning of a block is not part of its text
            if (pieces and (self.pre or pieces[-1] != _BR)) or self.pre:
                pieces.append(text)
                self.owners.append(self.top)
        else:
            if not pieces or self.inner < 0:
                self.inner = self.top
            pieces.append(text)
            self.owners.append(self.top)
            if self.anchors:
                self.link += len(text)

    # --- blocks ---

    def _end_block(self) -> None:
        if not self.pieces:
            if self.veils:
                self._unveil()
            return
        unseen, wholly = self._unveil() if self.veils else ((), False)
        parts = _parts(self.pieces, self.owners) if 1 < len(self.pieces) <= _MANY_PARTS and not self.pre else ()
        raw = "".join(self.pieces)
        self.pieces.clear()
        self.owners.clear()
        self.custom_end = 0
        characters, self.link = self.link, 0
        count, self.links = self.links, 0
        at, self.inner = self.inner, -1
        text = _block_text(raw, self.pre > 0)
        if unseen and not text.strip():
            text, unseen, wholly = " ".join(unseen), (), True
        if not text or text.isspace() or self.top < 0:
            return
        tag = _shown_as(self.page, self.top, self.pre > 0)
        if tag in HEADINGS and text.endswith(("¶", " #")):  # a link to the heading itself
            text = text[:-1].rstrip() or text
        if self.items and self.items[-1] and tag not in HEADINGS and tag != "pre":
            self.items[-1] = False
            text = "- " + text
        seen = not self.page.hidden[self.top]
        concealed = wholly or self.page.concealed[self.top] >= 0
        block = Block(
            text, tag, self.top, at, min(characters, len(text)), count, self.images, self.controls, seen, concealed, unseen, parts
        )
        self.images = self.controls = 0
        if self.rough:
            self._add_roughly(block)
        else:
            self.page.blocks.append(block)
            if len(self.page.blocks) > MANY_BLOCKS:
                raise _TooManyBlocks

    def _unveil(self) -> tuple[tuple[str, ...], bool]:
        """Take the concealed texts out of a block that also has others.

        Returns these texts, and whether the whole block is concealed.
        """
        pieces, owners = self.pieces, self.owners
        veils = [(how, start, len(pieces) if end < 0 else end) for how, start, end in self.veils]
        self.veils = [(self.veils[-1][0], 0, -1)] if self.veil else []
        inside = [False] * len(pieces)
        for _, start, end in veils:
            inside[start:end] = [True] * (end - start)
        blank = [piece == _BR or not piece.replace("&nbsp;", "").strip() for piece in pieces]
        if all(veiled or empty for veiled, empty in zip(inside, blank, strict=True)):
            # "<span aria-hidden>seen</span><span class=sr-only>heard</span>": only one is displayed
            shown = [veil for veil in veils if veil[0] == UNREAD]
            if not shown or len(shown) == len(veils):
                return (), bool(veils)
            veils = [veil for veil in veils if veil[0] != UNREAD]
        unseen: list[str] = []
        for number in range(len(veils) - 1, -1, -1):
            how, start, end = veils[number]
            raw = "".join(pieces[start:end])
            text = _block_text(raw, pre=False)
            if how == UNREAD and (
                len(text) == 1 or (number + 1 < len(veils) and veils[number + 1][0] != UNREAD and all(blank[end : veils[number + 1][1]]))
            ):
                continue  # an ornamental initial, or the displayed form of what follows for screen readers
            # "evening to<span hidden>…</span> close": the spaces inside are not part of the sentence
            del pieces[start:end], owners[start:end], blank[start:end]
            if text:
                unseen.append(text)
        return tuple(reversed(unseen)), False

    def _add_roughly(self, block: Block) -> None:
        """Add a block, or its text to the last one.

        The latter if both are in the same element and it is not too long.
        """
        blocks, text = self.page.blocks, block.text
        last = blocks[-1] if self.lines and self.length < _ROUGH_LENGTH else None
        if last and (len(blocks) >= MANY_BLOCKS or (last.element == block.element and last.tag == block.tag)):
            self.lines.append(" | " if self.rough_rows and not self.begins_row else "\n")
            last.link += block.link
            last.links += block.links
            last.images += block.images
            last.controls += block.controls
            last.unseen += block.unseen
        else:
            self._end_lines()
            blocks.append(block)
            self.length = 0
        self.lines.append(text)
        self.length += len(text) + 1
        self.begins_row = False

    def _end_lines(self) -> None:
        if self.lines:
            self.page.blocks[-1].text = "".join(self.lines)
            self.lines.clear()


_PARAGRAPH_END = re.compile(r"[.!?…。！？][\"'”’»)\]]*\s*$")
_MANY_PARTS, _LONG_PART = 40, 200


def _parts(pieces: list[str], owners: list[int]) -> tuple[tuple[int, str], ...]:
    if sum(map(len, pieces)) > 2 * _LONG_PART:
        return ()
    texts = [(owner, _block_text(piece, pre=False)) for piece, owner in zip(pieces, owners, strict=True)]
    return tuple((owner, text) for owner, text in texts if text)


def _block_text(raw: str, pre: bool) -> str:
    """The text of a block as it is displayed; space and line ends are kept in `pre`."""
    if "&" in raw:
        raw = raw.replace("&nbsp;", " ").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")
    if not raw.isascii():
        for sign in _INVISIBLE:
            if sign in raw:
                raw = raw.replace(sign, "")
    if pre:
        lines = [line.rstrip() for line in raw.replace(_BR, "\n").replace("\r\n", "\n").replace("\r", "\n").split("\n")]
        return "\n".join(lines).strip("\n")
    if _BR in raw:
        return "\n".join(line for part in raw.split(_BR) if (line := " ".join(part.split())))
    return " ".join(raw.split())


def _shown_as(page: Page, element: int, pre: bool) -> str:
    heads, parents = page.heads, page.parents
    for _ in range(4):  # inline tags may separate a text from its block; a few levels are enough
        if element < 0:
            break
        tag = heads[element].tag
        if tag in _BLOCK and tag != "div":
            return tag
        element = parents[element]
    return "pre" if pre else "div"


def _join_row(page: Page, element: int, start: int, cells: list[int]) -> None:
    """Merge the cells of a row into one block, except in layout tables."""
    blocks = page.blocks
    if not 2 <= len(blocks) - start <= len(cells):
        return
    row = blocks[start:]
    if any(len(block.text) > 500 or block.tag == "pre" for block in row):
        return
    ends = [*cells[1:], len(blocks)]
    if any(end - begin > 1 for begin, end in zip(cells, ends, strict=True)):
        return
    text = " | ".join(block.text for block in row)
    link = min(sum(block.link for block in row), len(text))
    links, images = sum(block.links for block in row), sum(block.images for block in row)
    controls = sum(block.controls for block in row)
    concealed, unseen = all(block.concealed for block in row), tuple(text for block in row for text in block.unseen)
    blocks[start:] = [Block(text, "tr", element, row[0].inner, link, links, images, controls, row[0].seen, concealed, unseen)]
    for number in range(element + 1, len(page.heads)):
        page.first[number] = start
        page.last[number] = start + 1
