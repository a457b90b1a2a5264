"""Extract the main text and the metadata of a web page.

The page model selects the blocks of the main text (pages/model.py). Rules then decide where the
model has no information: blocks that state what they are (a credit, a copyright line, a share row,
in any language of the word lists), text glued to the end of a block, repeated paragraphs, and texts
that repeat over the pages of the site.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from newsbeam.transforms.boilerplate.elements import Elements
from newsbeam.transforms.boilerplate.forest import SCALE
from newsbeam.transforms.boilerplate.lines.bylines import mark_bylines
from newsbeam.transforms.boilerplate.lines.line import Explained
from newsbeam.transforms.boilerplate.lines.prefilter import prefilter
from newsbeam.transforms.boilerplate.lines.rules import LineVerdict, classify_line, is_prose
from newsbeam.transforms.boilerplate.metadata.extract import PageMetadata, page_metadata
from newsbeam.transforms.boilerplate.pages.blocks import HEADINGS, Page, read_page
from newsbeam.transforms.boilerplate.pages.features import PARTS, Ints, Layout
from newsbeam.transforms.boilerplate.pages.model import Judged, page_model, signs
from newsbeam.transforms.boilerplate.pages.parts import article_parts
from newsbeam.transforms.boilerplate.scan import scan
from newsbeam.transforms.boilerplate.site_template import Recurring
from newsbeam.transforms.boilerplate.word_lists.load import Words, load
from newsbeam.transforms.document import NOWHERE, LineKind, Removal, RemovalKind, removal_kind


@dataclass(frozen=True)
class MainText:
    """A page's main text, its removed parts and its metadata.

    Blocks of `text` are separated by one blank line. `visible` is the number of visible characters
    other than white space.
    """

    text: str
    removed: tuple[Removal, ...]
    metadata: PageMetadata
    visible: int


def main_text(html: str, latest: str = "", recurring: Recurring | None = None) -> MainText:
    """Extract the main text of a page; never raises.

    `latest` is an ISO time after which dates are not accepted. The time is linear in the length of
    `html`.
    """
    page = read_page(html)
    if not page.blocks:
        metadata = page_metadata(page, "", [], latest)
        return MainText(metadata.body, (), metadata, page.visible)
    chosen = _decide_blocks(page, recurring)
    metadata = page_metadata(page, _heading(page, chosen), _bylines(page, chosen), latest)
    kept: list[str] = []
    removed: list[Removal] = []
    for block, kind, (rest, tails) in zip(page.blocks, chosen.kinds, chosen.cut, strict=True):
        if kind:
            removed.append(Removal(kind, NOWHERE, block.text))
            removed += [Removal("other", NOWHERE, text) for text in block.unseen]
        else:
            kept.append(rest)
            removed += [Removal("other", NOWHERE, text) for text in block.unseen]
            removed += [Removal(tail_kind, NOWHERE, tail) for tail_kind, tail in tails]
    text = "\n\n".join(kept)
    if len(metadata.body) > _BODY_COUNTS * len(text):
        # The page shows almost nothing without its scripts, which contain the article.
        removed = [*removed, *(Removal("other", NOWHERE, block) for block in kept)]
        text = metadata.body
    return MainText(text, tuple(removed), metadata, page.visible)


_BODY_COUNTS = 5


def explain_page(html: str, recurring: Recurring | None = None) -> list[Explained]:
    """Return each block of a page in order, with the reasons for its decision.

    `score` is the log odds that it is removed. Slow.
    """
    page = read_page(html)
    if not page.blocks:
        return []
    chosen = _decide_blocks(page, recurring)
    why, scores = signs(chosen.judged), chosen.judged.scores.tolist()
    taken = f"page taken for: {chosen.judged.kind}"
    return [
        Explained(NOWHERE, block.text, not kind, kind, -round(score / SCALE, 4), (*((ruled,) if ruled else ()), *learned, taken))
        for block, kind, score, learned, ruled in zip(page.blocks, chosen.kinds, scores, why, chosen.ruled, strict=True)
    ]


@dataclass(frozen=True, eq=False)
class _BlockDecisions:
    """Decisions on the blocks of a page.

    For each block: its kind ("" if it is kept), its remaining text and the tails that were removed
    from it, and the rule that decided, if any.
    """

    kinds: list[LineKind]
    cut: list[tuple[str, tuple[tuple[RemovalKind, str], ...]]]
    ruled: list[str]
    judged: Judged


def _decide_blocks(page: Page, recurring: Recurring | None) -> _BlockDecisions:
    model, layout = page_model(), Layout(page)
    judgement = model.judge(layout)
    scores = judgement.scores
    keep = model.choose(layout, scores)
    texts = [block.text for block in page.blocks]
    ruled = [""] * len(texts)
    _fill_gaps(page, keep, scores, ruled)
    if not page.rough:  # rough blocks consist of short ones, so equal text does not mean a copy
        _drop_copies(texts, keep, layout, ruled)
    judged, may_be_byline, lists = _judged(page, texts)
    near: dict[int, LineKind] = {}
    kinds: list[LineKind] = []
    cut: list[tuple[str, tuple[tuple[RemovalKind, str], ...]]] = []
    for number, (block, kept) in enumerate(zip(page.blocks, keep.tolist(), strict=True)):
        said, rest, tails = judged.get(number, _NOTHING)
        kind: LineKind = ""
        if not kept:
            # What a block states (a copyright line in a footer, a credit in a caption) takes
            # precedence over its position.
            kind = said if said in _TELLING else _kind(page, block.element, near) or said or "other"
        elif said and (block.tag not in HEADINGS or scores[number] < _SURE):
            kind, ruled[number] = said, f"rule: {said}"
        elif scores[number] < 0 and (kind := _kind(page, block.element, near)):
            ruled[number] = f"uncertain, and inside an element named for {kind}"
        kinds.append(kind)
        cut.append((rest or block.text, () if kind else tails))
    if may_be_byline:
        before = kinds.copy()
        lines = [text if number in may_be_byline else "" for number, text in enumerate(texts)]
        mark_bylines(lines, kinds, lists, [is_prose(text) for text in texts], [block.tag in HEADINGS for block in page.blocks])
        for number, (kind, other) in enumerate(zip(kinds, before, strict=True)):
            if kind != other:
                ruled[number] = "rule: byline or date next to the article"
    if not page.rough:
        stated = {number: verdict[0] for number, verdict in judged.items() if verdict[0]} | _buttons_in_a_row(page, lists)
        for number, kind, reason in Elements(page, kinds, stated, layout.counted.words.tolist(), _sign).removals():
            if kinds[number] in ("", "other"):
                kinds[number], ruled[number] = kind, f"rule: {reason}"
                cut[number] = (cut[number][0], ())
    if judgement.kind == "article":
        for number, part, reason in article_parts(page, kinds, layout.counted.words.tolist(), lambda element: _own_kind(page, element)):
            kinds[number], ruled[number] = part, f"rule: {reason}"
            cut[number] = (cut[number][0], ())
    if recurring is not None:
        title = page.title.casefold()
        for number, found in enumerate(recurring(texts, [not kind for kind in kinds])):
            if found and not kinds[number] and not (page.blocks[number].tag == "h1" and texts[number].casefold() in title):
                kinds[number], ruled[number] = "template", "repeated on other pages of the site"
    return _BlockDecisions(kinds, cut, ruled, judgement)


def _buttons_in_a_row(page: Page, lists: Words) -> dict[int, LineKind]:
    """Return blocks of several links, one of which accepts cookies."""
    found: dict[int, LineKind] = {}
    for number, block in enumerate(page.blocks):
        is_row = block.links > 1 and len(block.text) <= _ROW and 10 * block.link > 8 * len(block.text)
        if is_row and any(classify_line(text, lists)[0] == "cookie" for _, text in block.parts):
            found[number] = "cookie"
    return found


_ROW = 120  # characters
_NOTHING: LineVerdict = ("", "", ())


def _judged(page: Page, texts: list[str]) -> tuple[dict[int, LineVerdict], set[int], Words]:
    """Apply the rules to the blocks that may match one.

    Returns the verdicts, the blocks that may be bylines or dates, and the word lists.
    """
    numbers = [number for number, block in enumerate(page.blocks) if block.tag != "pre" and "\n" not in block.text]
    prefiltered = prefilter(scan([texts[number] for number in numbers] or ["-"]))
    if not numbers:
        return {}, set(), prefiltered.lists
    judged = {numbers[at]: classify_line(texts[numbers[at]], prefiltered.lists) for at in np.flatnonzero(prefiltered.may_match).tolist()}
    return judged, {numbers[at] for at in np.flatnonzero(prefiltered.may_be_byline).tolist()}, prefiltered.lists


_TELLING = frozenset[LineKind](("copyright", "credit", "share", "cookie", "subscribe", "byline", "comment", "template", "id"))
_SURE = 3 * SCALE  # a heading with a higher score stays, whatever it says
_LONG_WORDS = 8  # a block with this many words is not repeated by chance


_WHOLE = frozenset(("tr", "pre", "blockquote"))
_DOUBTFUL, _REACH = -SCALE, 3


def _fill_gaps(page: Page, keep: NDArray[np.bool_], scores: Ints, ruled: list[str]) -> None:
    """Keep uncertain rows, code and quotations between kept blocks.

    Half a table is worse than one row too many.
    """
    kept = np.flatnonzero(keep)
    for number in np.flatnonzero(~keep & (scores > _DOUBTFUL)).tolist():
        if page.blocks[number].tag in _WHOLE:
            at = int(np.searchsorted(kept, number))
            if 0 < at < len(kept) and number - kept[at - 1] <= _REACH and kept[at] - number <= _REACH:
                keep[number] = True
                ruled[number] = "between kept blocks"


def _drop_copies(texts: list[str], keep: NDArray[np.bool_], layout: Layout, ruled: list[str]) -> None:
    """Keep the first of several copies of a paragraph.

    A question that is repeated between other texts is put to several people. Short texts are copies
    among several others.
    """
    seen: set[str] = set()
    words = layout.counted.words
    # runs of repeated texts between others, as in a gallery that the page contains twice
    runs: list[list[int]] = [[]]
    for number in np.flatnonzero(keep).tolist():
        if texts[number] in seen:
            runs[-1].append(number)
        else:
            seen.add(texts[number])
            runs.append([])
    for run in runs:
        if len(run) == 1 and texts[run[0]].endswith(("?", "？", "؟")):
            continue
        gallery = len(run) >= _GALLERY and any(words[number] >= _LONG_WORDS for number in run)
        for number in run:
            if words[number] >= _LONG_WORDS or (gallery and layout.page.blocks[number].tag != "tr"):
                keep[number] = False
                ruled[number] = "copy of an earlier block"


_GALLERY = 3  # texts


# --- kinds

_Kinds = dict[str, RemovalKind]


@cache
def _signs() -> tuple[_Kinds, list[tuple[str, RemovalKind]], _Kinds, _Kinds]:
    """Load kinds by word, by part of a word, by role and by tag."""
    data = load("signs.yaml")
    flat: list[_Kinds] = [
        {word: removal_kind(kind, f"signs.yaml, {table}") for kind, words in data[table].items() for word in words}
        for table in ("kinds", "joined", "roles", "tags")
    ]
    return flat[0], list(flat[1].items()), flat[2], flat[3]


@lru_cache(maxsize=20_000)
def _sign(words: str) -> LineKind:
    """Return the kind of boilerplate that class, id and role suggest, or ""."""
    kinds, joined, roles, _ = _signs()
    for word in words.split():
        if word in roles:
            return roles[word]
        if ":" in word or "[" in word:  # a utility class describes appearance
            continue
        for part in PARTS.findall(word):
            if kind := kinds.get(part.lower()):
                return kind
        low = word.lower()
        for run, kind in joined:
            if run in low:
                return kind
    return ""


_NEVER = frozenset(("html", "body", "main", "article"))


def _kind(page: Page, element: int, known: dict[int, LineKind]) -> LineKind:
    """Return the kind suggested by the nearest element around a block.

    By its class, id or role, else by its tag; "" for none. `known` caches the kinds of elements.
    """
    passed: list[int] = []
    kind: LineKind = ""
    for at in page.ancestors(element):
        if at in known:
            kind = known[at]
            break
        passed.append(at)
        if kind := _own_kind(page, at):
            break
    known.update(dict.fromkeys(passed, kind))
    return kind


def _own_kind(page: Page, element: int) -> LineKind:
    """Return the kind that an element's class, id, role or tag suggests, "" for none."""
    head = page.heads[element]
    if head.tag in _NEVER:
        return ""
    return (_sign(head.words) if head.words else "") or _signs()[3].get(head.tag, "")


# --- what metadata want to know


def _heading(page: Page, chosen: _BlockDecisions) -> str:
    """Return the page's main heading.

    The first h1 of the main text, else the first visible h1 outside navigation.
    """
    first = ""
    for block, kind in zip(page.blocks, chosen.kinds, strict=True):
        if block.tag == "h1" and block.seen:
            if not kind:
                return block.text
            if kind != "navigation":
                first = first or block.text
    return first


def _bylines(page: Page, chosen: _BlockDecisions) -> list[str]:
    return [block.text for block, kind in zip(page.blocks, chosen.kinds, strict=True) if kind == "byline" and len(block.text) <= 80]
