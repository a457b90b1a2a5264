"""Detect tables, mails, feeds and JSON by the beginning of a file.

Prose must never be mistaken for one of these, nor the reverse. Each kind therefore requires
features that similar text does not have: valid JSON syntax, two unmistakable header lines of a
mail, or a row of names followed by rows with the same number of cells.
"""

from __future__ import annotations

import csv
import re
from typing import Literal

from newsbeam.transforms.fields import USUAL_NAMES, is_field_name, may_hold_text

Structure = Literal["json", "csv", "mail", "mbox", "feed", "xml", ""]

JSON_SUFFIXES = frozenset("json geojson topojson jsonld ipynb har".split())
TABLE_SUFFIXES = frozenset("csv tsv tab psv".split())
MAIL_SUFFIXES = frozenset("eml mht mhtml".split())
XML_SUFFIXES = frozenset("xml rss atom rdf xsl xslt svg kml gpx opml".split())

_HEAD_CHARS = 1 << 16


def structure(text: str, suffix: str, cut: bool) -> Structure:
    """Return the structure of a file by its beginning.

    "" for prose or a page. `text` is the beginning, decoded well enough to recognise ASCII.
    `suffix` is the lower-case suffix of the file's name. `cut` says that the file continues.
    """
    text = text[:_HEAD_CHARS].lstrip("\ufeff")
    start = text.lstrip()[:1]
    if start in ("{", "[") and is_json(text, suffix, cut):
        return "json"
    if suffix in JSON_SUFFIXES and start in ("{", "["):
        return "json"  # broken; the reader will report it
    if start == "<":
        return _markup(text, suffix)
    if is_mailbox(text):
        return "mbox"
    if is_mail(text, suffix):
        return "mail"
    return "csv" if delimiter_of(text, suffix, cut) else ""


# --- JSON -----------------------------------------------------------------------------------------------------------

_TOKEN = re.compile(r'\s*(?:("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|NaN|-?Infinity)|([\[\]{},:]))', re.S)
_CUT_TOKEN = re.compile(r'\s*(?:"(?:[^"\\]|\\.)*\\?|[\w.+-]*)\Z', re.S)


def is_json(text: str, suffix: str = "json", cut: bool = False) -> bool:
    """Return whether a text is JSON objects or lists of them.

    Or the beginning of such, rather than words in brackets.
    """
    stack: list[str] = []
    position, members, objects = 0, 0, 0
    wants = "value"
    while match := _TOKEN.match(text, position):
        string, scalar, mark = match.groups()
        if not stack and wants == "value" and (mark is None or mark not in "{["):
            return False  # one value is followed by something else
        if mark in ("{", "[") and wants in ("value", "value or end"):
            objects += mark == "{"
            stack.append(mark)
            wants = "key or end" if mark == "{" else "value or end"
        elif mark in ("}", "]"):
            if not stack or stack.pop() != {"}": "{", "]": "["}[mark] or wants not in ("comma or end", "key or end", "value or end"):
                return False
            wants = "comma or end" if stack else "value"
        elif mark == "," and wants == "comma or end":
            members += 1
            wants = "key" if stack[-1] == "{" else "value"
        elif mark == ":" and wants == "colon":
            wants = "value"
        elif string is not None and wants in ("key", "key or end"):
            wants = "colon"
        elif (string is not None or scalar is not None) and wants in ("value", "value or end"):
            wants = "comma or end"
        else:
            return False
        position = match.end()
    whole = not stack and not text[position:].strip()
    if not whole and not (_CUT_TOKEN.match(text, position) and stack):
        return False
    # A text may contain "[1]" or "{sic}". In a file with another suffix, JSON must have an object
    # with more than the beginning of its first member.
    return suffix in JSON_SUFFIXES or (objects > 0 and (whole or members > 0 or (cut and wants != "key or end")))


# --- XML ------------------------------------------------------------------------------------------------------------

_PROLOG = re.compile(r"\s*(?:<\?.*?\?>|<!--.*?-->|<!DOCTYPE(?P<doctype>[^\[>]*)(?:\[.*?\]\s*)?>)", re.S | re.I)
_ROOT = re.compile(r"\s*<([A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)(?=[\s/>])([^>]*)")
_PAGE_ROOTS = frozenset("html head body div p span main section table ul ol h1 h2 h3 script style title meta link".split())
_XML_ROOTS = frozenset("urlset sitemapindex mediawiki svg opml kml gpx nitf newsml newsitem newsmessage tei plist".split())


def xml_root(text: str) -> tuple[str, str, bool]:
    """Parse the root element of an XML file.

    Returns its name in lower case without prefix, its attributes, and whether there is an XML
    declaration.
    """
    declared = re.match(r"\s*<\?xml\b", text) is not None
    position = 0
    while match := _PROLOG.match(text, position):
        if re.match(r"\s*html\b", match["doctype"] or "", re.I):
            return "html", "", declared
        position = match.end()
    root = _ROOT.match(text, position)
    return (root[2].lower(), root[3], declared) if root else ("", "", declared)


def _markup(text: str, suffix: str) -> Structure:
    name, attributes, declared = xml_root(text)
    if not name or name in _PAGE_ROOTS:
        return ""
    if (name == "rss" and (declared or re.search(r"<channel[\s>]", text[:4096]))) or (
        name == "feed" and ("Atom" in attributes or "atom" in attributes or declared)
    ):
        return "feed"
    if name == "rdf" and "purl.org/rss" in text[:4096]:
        return "feed"
    return "xml" if declared or suffix in XML_SUFFIXES or name in _XML_ROOTS or name == "rdf" else ""


# --- mail -----------------------------------------------------------------------------------------------------------

_HEADER = re.compile(r"([!-9;-~]+):(?:[ \t]|$)")
_DAYS, _MONTHS = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)", "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
# Header lines of a mail that do not occur in other text.
_SURE_HEADERS: dict[str, re.Pattern[str]] = {
    "message-id": re.compile(r"<[^<>\s]+>"),
    "received": re.compile(r"(?:from|by|\()", re.I),
    "return-path": re.compile(r"<[^<>\s]*>"),
    "mime-version": re.compile(r"\d\.\d"),
    "content-type": re.compile(r"(?:text|multipart|message)/[\w.+-]+", re.I),
    "content-transfer-encoding": re.compile(r"(?:7bit|8bit|quoted-printable|base64|binary)", re.I),
    "date": re.compile(rf"(?:{_DAYS}, *)?\d{{1,2}} {_MONTHS} \d{{2,4}} \d\d:\d\d(?::\d\d)? *(?:[+-]\d{{4}}|[A-Z]{{2,4}})"),
    "from": re.compile(r"\A.*[^\s@<>]@[^\s@<>]"),
    "to": re.compile(r"\A.*[^\s@<>]@[^\s@<>]"),
    "snapshot-content-location": re.compile(r"\A\S+:"),
    "dkim-signature": re.compile(r"\w=\w"),
}
_FROM_LINE = re.compile(rf"From \S+ +{_DAYS} {_MONTHS} +\d{{1,2}} \d\d:\d\d(?::\d\d)?(?: [A-Z+\-0-9]{{1,6}})? \d{{4}}(?: [+-]\d{{4}})?\s*$")
_MAX_HEADER_LINES = 400


def is_mail(text: str, suffix: str = "") -> bool:
    """Return whether a text is a mail, or a page saved as one (MHTML).

    It begins with a block of header lines, two of which are unmistakable.
    """
    sure: set[str] = set()
    lines = 0
    for line in text.split("\n", _MAX_HEADER_LINES)[:_MAX_HEADER_LINES]:
        line = line.rstrip("\r")  # noqa: PLW2901
        if not line.strip():
            break
        if line[0] in " \t" and lines:
            continue
        header = _HEADER.match(line)
        if header is None:
            return False
        lines += 1
        name = header[1].lower()
        pattern = _SURE_HEADERS.get(name)
        if pattern is not None and pattern.match(line[header.end() :].strip()):
            sure.add(name)
    return len(sure) >= (1 if suffix in MAIL_SUFFIXES else 2)


def is_from_line(line: str) -> bool:
    """Return whether a line separates the mails of an mbox file."""
    return _FROM_LINE.match(line) is not None


def is_mailbox(text: str) -> bool:
    """Return whether a text is an mbox file."""
    first, _, rest = text.partition("\n")
    return text.startswith("From ") and is_from_line(first.rstrip("\r")) and is_mail(rest, "eml")


# --- tables ---------------------------------------------------------------------------------------------------------

_MAX_ROWS_LOOKED_AT = 51
_MAX_HEADER_CELL = 60
_HEADER_CELL = re.compile(r"[\w@$#][\w .:/()@$#%-]*")


def delimiter_of(text: str, suffix: str = "csv", cut: bool = False) -> str:
    """Return the delimiter of a table, or "" if the text is not a table.

    A table begins with a row of names and has rows with the same number of cells. A file with a
    table's suffix needs no more than that; in other files, two of the names must be known field
    names, and all rows must have the same length.
    """
    text = text.lstrip("\ufeff")
    if (said := re.match(r"sep=(.)\r?\n", text)) is not None:
        return said[1]
    if "\n" not in text and "\r" in text:
        text = text.replace("\r", "\n")
    first = text.partition("\n")[0]
    called = suffix in TABLE_SUFFIXES
    for delimiter in sorted("\t,;|", key=first.count, reverse=True):
        if delimiter not in first:
            break
        header = next(iter(_rows(text, delimiter, cut, 1)), [])
        if not header or not _is_header(header, called):
            continue
        wide = len(header)
        known = sum(is_field_name(cell.strip()) for cell in header)
        if not called and known < min(2, wide):
            continue
        rows = _rows(text, delimiter, cut)
        fitting = sum(len(row) == wide for row in rows[1:])
        if called and (len(rows) == 1 or fitting or known):
            return delimiter
        if not called and wide > 1 and fitting >= 1 and fitting == len(rows) - 1:
            return delimiter
    # A table with one column has no visible delimiter.
    single = first.strip().strip('"')
    return "," if called and len(single) <= _MAX_HEADER_CELL and may_hold_text([single], (), USUAL_NAMES) else ""


def _rows(text: str, delimiter: str, cut: bool, most: int = _MAX_ROWS_LOOKED_AT) -> list[list[str]]:
    rows: list[list[str]] = []
    lines = text.replace("\0", "").split("\n", 20 * most)[: 20 * most]
    try:
        for row in csv.reader([line + "\n" for line in lines], delimiter=delimiter):
            if row:
                rows.append(row)
            if len(rows) >= most:
                break
        else:
            if cut and len(rows) > 1:
                rows.pop()  # it may be incomplete
    except csv.Error:
        pass
    return rows


def _is_header(cells: list[str], called: bool) -> bool:
    names = [cell.strip() for cell in cells]
    filled = [name for name in names if name]
    if len(set(filled)) < len(filled) or len(filled) < 2 or any(len(name) > _MAX_HEADER_CELL for name in filled):
        return False
    plain = sum(_HEADER_CELL.fullmatch(name) is not None for name in filled)
    return plain >= 0.8 * len(names) if called else plain == len(names)
