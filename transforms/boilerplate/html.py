"""The main text of a web page, and what was left out of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from transforms.boilerplate.blocks import HEADINGS, Block, Element, Page, read_page
from transforms.boilerplate.judge import is_prose, judge_lines, occurring
from transforms.boilerplate.lines import around
from transforms.boilerplate.metadata import PageMetadata, page_metadata
from transforms.boilerplate.words import load
from transforms.document import Removal


@cache
def _signs() -> tuple[dict[str, str], list[tuple[str, str]], dict[str, str], dict[str, str], re.Pattern[str]]:
    """Word, run of letters, role and tag to kind; and what names the elements with the main text."""
    data = load("signs.yaml")
    flat = [{word: kind for kind, words in data[table].items() for word in words} for table in ("kinds", "joined", "roles", "tags")]
    content = re.compile(r"(?:^|[\s_-])(?:" + "|".join(map(re.escape, data["content"])) + r")(?=$|[\s_-])")
    return flat[0], list(flat[1].items()), flat[2], flat[3], content


_WORD = re.compile(r"[a-z]+|[A-Z]+(?![a-z])|[A-Z][a-z]+")


@lru_cache(maxsize=20_000)
def _sign(words: str) -> str:
    """The kind of boilerplate that class, id and role speak of, or ""."""
    kinds, joined, roles, _, _ = _signs()
    for word in words.split():
        if word in roles:
            return roles[word]
        if ":" in word or "[" in word:  # a utility class says how something looks
            continue
        for part in _WORD.findall(word):
            if kind := kinds.get(part.lower()):
                return kind
        low = word.lower()
        for run, kind in joined:
            if run in low:
                return kind
    return ""


@lru_cache(maxsize=20_000)
def _names_content(words: str) -> bool:
    return bool(_signs()[4].search(words.lower()))


_NEVER = frozenset(("html", "body", "main", "article"))


@dataclass(frozen=True)
class Main:
    """A page's main text, its blocks separated by one blank line, what is no part of it, and what the page says of itself."""

    text: str
    removed: tuple[Removal, ...]
    metadata: PageMetadata


def main_text(html: str, latest: str = "") -> Main:
    """The main text of a page. `latest` is an ISO time: no later date is believed. Linear in the length of `html`; never raises."""
    page = read_page(html)
    kinds = choose(page)
    bylines = [block.text for block, kind in zip(page.blocks, kinds, strict=True) if kind == "byline" and len(block.text) <= 80]
    metadata = page_metadata(page, _heading(page, kinds), bylines, latest)
    texts = [block.text if block.seen and block.tag != "pre" and "\n" not in block.text else "" for block in page.blocks]
    lists = occurring(texts)
    judged = judge_lines(texts, lists)
    # What a block itself says (a copyright line in a footer, a credit in a caption) goes before where it stands.
    kinds = [
        line_kind if not kind or (line_kind in _TELLING and kind != "caption") else kind
        for kind, (line_kind, _, _) in zip(kinds, judged, strict=True)
    ]
    around(texts, kinds, lists, [is_prose(text) for text in texts], [block.tag in HEADINGS for block in page.blocks])
    kept: list[str] = []
    removed: list[Removal] = []
    for block, kind, (_, rest, tails) in zip(page.blocks, kinds, judged, strict=True):
        if not block.seen:
            continue
        if kind:
            removed.append(Removal(kind, -1, block.text))
            continue
        removed += [Removal(tail_kind, -1, tail) for tail_kind, tail in tails]
        kept.append(rest or block.text)
    text = "\n\n".join(kept)
    if not text and metadata.body:
        text = metadata.body
    return Main(text, tuple(removed), metadata)


_TELLING = frozenset(("copyright", "credit", "byline", "share", "cookie", "comment", "subscribe"))


def _heading(page: Page, kinds: list[str]) -> str:
    """The page's main heading: the first h1 of the main text, else the first h1."""
    first = ""
    for block, kind in zip(page.blocks, kinds, strict=True):
        if block.tag == "h1" and block.seen:
            if not kind:
                return block.text
            if kind != "navigation":
                first = first or block.text
    return " ".join(first.split())


def choose(page: Page) -> list[str]:
    """For each block the kind of boilerplate that it is, "" for main text."""
    elements, blocks = page.elements, page.blocks
    if not blocks:
        return []
    goodness = [_goodness(block) for block in blocks]
    _uncover(blocks, goodness)
    weights = [(block.element.index, weight) for block, weight in zip(blocks, goodness, strict=True) if block.seen and weight]
    flags = _flags(elements, weights)
    good = _sums(elements, [(at, weight) for at, weight in weights if not flags[at]])
    root = _root(elements, flags, good)
    inside = [False] * len(elements)
    for element in elements:
        inside[element.index] = element is root or bool(element.parent and inside[element.parent.index])
    kinds = []
    linked = plain = 0
    for block in blocks:
        kind = flags[block.element.index]
        if not kind and not (inside[block.element.index] and block.seen):
            kind = "other"
        if not kind:
            kind = _block_kind(block)
            if kind == "related":
                linked += len(block.text)
            else:
                plain += len(block.text)
        kinds.append(kind)
    _keep_headline(blocks, kinds, flags)
    if linked > 3 * plain:  # a page of links: they are what it has to say
        kinds = [flags[block.element.index] or ("" if inside[block.element.index] and block.seen else "other") for block in blocks]
    return kinds


def _keep_headline(blocks: list[Block], kinds: list[str], flags: list[str]) -> None:
    """Keep the h1 above the main text where both stand in one article (or in `main`)."""
    start = next((at for at, kind in enumerate(kinds) if not kind), -1)
    if start <= 0 or blocks[start].tag == "h1":
        return
    around: set[int] = set()
    at = blocks[start].element.parent
    while at is not None:
        if at.tag in ("article", "main"):
            around.add(at.index)
        at = at.parent
    for place in range(start - 1, max(-1, start - 40), -1):
        block = blocks[place]
        if block.tag == "h1" and block.seen and not flags[block.element.index]:
            at = block.element
            while at is not None and at.index not in around:
                at = at.parent
            if at is not None:
                kinds[place] = ""
            return


def _uncover(blocks: list[Block], goodness: list[float]) -> None:
    """Take what is hidden for seen where nearly all text is: such a page shows itself by script."""
    seen = sum(weight for block, weight in zip(blocks, goodness, strict=True) if block.seen)
    if sum(goodness) > 4 * seen:
        for block in blocks:
            block.seen = True


def _sums(elements: list[Element], weights: list[tuple[int, float]]) -> list[float]:
    """For each element the sum of the weights of the blocks in it; a weight comes with the place of its element."""
    sums = [0.0] * len(elements)
    for at, weight in weights:
        sums[at] += weight
    for element in reversed(elements):
        if element.parent:
            sums[element.parent.index] += sums[element.index]
    return sums


def _flags(elements: list[Element], weights: list[tuple[int, float]]) -> list[str]:
    """For each element the kind of boilerplate that its tag, role or class says it is, or that an element around it is."""
    good = _sums(elements, weights)
    flags = _flagged(elements, good, frozenset())
    by_kind: dict[str, float] = {}
    for at, weight in weights:
        kind = flags[at]
        by_kind[kind] = by_kind.get(kind, 0.0) + weight
    # In a forum the comments are the main text, on a shop's front page the banners.
    told = frozenset(kind for kind, weight in by_kind.items() if kind in _RELATIVE and weight > 0.6 * good[0])
    return _flagged(elements, good, told) if told else flags


_RELATIVE = frozenset(("comment", "advert", "other", "related", "byline"))


def _flagged(elements: list[Element], good: list[float], told: frozenset[str]) -> list[str]:
    tags = _signs()[3]
    most, nearly_all = 0.35 * good[0], 0.9 * good[0]
    flags: list[str] = []
    for element in elements:
        flag = flags[element.parent.index] if element.parent else ""
        if not flag and element.tag not in _NEVER:
            tag = element.tag
            weight = good[element.index]
            if weight <= most or tag in ("nav", "footer"):
                flag = tags.get(tag, "")
                if not flag and tag == "header" and not _within(element, ("article", "main")):
                    flag = "navigation"
            if (
                not flag
                and element.words
                and (flag := _sign(element.words))
                and (flag in told or weight > (nearly_all if flag == "cookie" else most))
            ):
                flag = ""
        flags.append(flag)
    return flags


def _within(element: Element, tags: tuple[str, ...]) -> bool:
    at = element.parent
    for _ in range(30):
        if at is None:
            return False
        if at.tag in tags:
            return True
        at = at.parent
    return False


def _goodness(block: Block) -> float:
    length = len(block.text)
    if block.link > 0.5 * length:
        return 0.0
    return length - block.link if length > 60 else 0.3 * (length - block.link)


def _root(elements: list[Element], flags: list[str], good: list[float]) -> Element | None:
    best, most = None, 0.0
    candidates = []
    for element in elements:
        if flags[element.index]:
            continue
        if (
            element.tag in ("article", "main")
            or "articlebody" in element.itemprop
            or (element.words and (_names_content(element.words) or "main" in element.words.split()))
        ):
            candidates.append(element)
            if good[element.index] > most:
                best, most = element, good[element.index]
    total = good[0] if good else 0.0
    if best is None or most < 0.4 * total:
        return elements[0] if elements else None
    deepest = best
    for element in candidates:
        if good[element.index] >= 0.75 * most and element.depth > deepest.depth:
            deepest = element
    return deepest


def _block_kind(block: Block) -> str:
    length = len(block.text)
    if block.link > 0.6 * length and block.tag not in HEADINGS and length < 200:
        return "related"
    return ""
