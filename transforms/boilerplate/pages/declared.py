"""Declarations of a page: its kind, the text of its article, its summary.

From Open Graph, JSON-LD and microdata. Read with patterns, as broken JSON-LD says as much.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from newsbeam.transforms.boilerplate.pages.blocks import Page
from newsbeam.transforms.text import resolved, scrub

_TYPE = re.compile(r'"@type"\s{0,20}:\s{0,20}(?:\[\s{0,20})?"([^"]{1,80})"')
_BODY = re.compile(r'"articleBody"\s{0,20}:\s{0,20}"([^"\\]*(?:\\.[^"\\]*)*)"', re.S)
_TAGS = re.compile(r"<[^<>]*>")
_OTHER = re.compile(r"[\W_]+")
_LARGEST = 2_000_000  # characters of JSON-LD to read

# Ends of the types of schema.org, and of og:type, by kind of page.
_ENDS = {
    "article": ("article", "blogposting", "report", "liveblogposting", "review", "recipe"),
    "forum": ("discussionforumposting", "qapage", "question", "socialmediaposting"),
    "product": ("product", "offer", "productgroup", "itempage", "product.item"),
    "listing": ("collectionpage", "itemlist", "searchresultspage", "offercatalog", "blog"),
    "documentation": ("techarticle", "apireference", "howto"),
    "front page": ("website",),
}
_THREADS = ("discussionforumposting", "qapage")  # a question alone is of a list of questions and answers
_ORDER = ("forum", "documentation", "article", "product", "listing")
_DATED = ("article:published_time", "article:section", "article:author", "article:modified_time")
_PRICED = ("product:price:amount", "og:price:amount", "product:price", "product:availability", "og:availability")
_SUMMARIES = ("og:description", "description", "twitter:description", "dc.description")
_SUMMARY, _MOST_SUMMARY = 24, 60  # characters of a summary: at least, and those that are compared


@dataclass(frozen=True, slots=True)
class Declared:
    """The declarations of a page.

    * `kind` is article, forum, product, listing, documentation, or "".
    * `marks` are counts and flags for the classifier.
    * `body` is the text of its article, `summaries` the beginnings of its descriptions, as
      `squeezed` returns them.
    """

    kind: str
    marks: dict[str, int]
    body: str
    summaries: tuple[str, ...]


def declarations(page: Page) -> Declared:
    """Return the declarations of a page."""
    scripts = [script for script in page.json_ld if len(script) <= _LARGEST]
    types = [kind.rpartition("/")[2].lower() for script in scripts for kind in _TYPE.findall(script)]
    types += [head.itemtype.rpartition("/")[2].lower() for head in page.heads if head.itemtype]
    metas = dict(reversed(page.metas))
    og = metas.get("og:type", "").lower()
    counts = {kind: sum(found.endswith(ends) for found in types) for kind, ends in _ENDS.items()}
    dated, priced = any(name in metas for name in _DATED), any(name in metas for name in _PRICED)
    marks = {f"{kind} types": min(count, 20) for kind, count in counts.items()}
    marks |= {f"og {kind}": og.endswith(ends) for kind, ends in _ENDS.items() if kind in ("article", "product", "front page")}
    marks |= {"dated": dated, "priced": priced}
    kind = next((kind for kind in _ORDER if counts[kind] and (kind != "forum" or any(found.endswith(_THREADS) for found in types))), "")
    if og.endswith("article") and kind in ("", "product"):
        kind = "article"
    elif not kind and (priced or og.endswith(_ENDS["product"])):
        kind = "product"
    bodies = [text for script in scripts if "articleBody" in script for text in _BODY.findall(script)]
    summaries = {squeezed(resolved(metas.get(name, "")))[:_MOST_SUMMARY] for name in _SUMMARIES}
    return Declared(
        kind, marks, squeezed(" ".join(_plain(body) for body in bodies)), tuple(sorted(one for one in summaries if len(one) >= _SUMMARY))
    )


def _plain(escaped: str) -> str:
    try:
        text: str = json.loads(f'"{escaped}"', strict=False)
    except ValueError:
        text = escaped
    return _TAGS.sub(" ", resolved(scrub(text)))


def squeezed(text: str) -> str:
    """Return the letters and digits of a text, in lower case."""
    return _OTHER.sub("", text.lower())


_PIECE, _LARGEST_BODY = 12, 200_000


def pieces_of(body: str) -> frozenset[str]:
    """Return all pieces of a squeezed text, for `share_within`."""
    return frozenset([body[at : at + _PIECE] for at in range(min(len(body), _LARGEST_BODY) - _PIECE + 1)])


def share_within(text: str, pieces: frozenset[str]) -> float:
    """Return how much of a squeezed text is in the text of the pieces.

    By its beginning and its end; if it is long, also by its middle.
    """
    size = len(text)
    if size < _PIECE:
        return 0.0
    if size <= 4 * _PIECE:
        return float(text[:_PIECE] in pieces and text[-_PIECE:] in pieces)
    middle = size // 2 - _PIECE
    return (
        sum(text[at : at + _PIECE] in pieces and text[at + _PIECE : at + 2 * _PIECE] in pieces for at in (0, middle, size - 2 * _PIECE)) / 3
    )
