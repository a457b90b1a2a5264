"""Whatever text a page shows arrives in its blocks: the letters of lexbor's tree against those of the blocks, for both front ends.

Over the pages of both benchmarks (beside the checkout; skipped where absent), comments and all. Every 30th is taken, all with
NEWSBEAM_ALL_PAGES=1; the few that differ stand in visible.yaml with the reason.
"""

from __future__ import annotations

import gzip
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from newsbeam.transforms.boilerplate.pages import blocks as module
from newsbeam.transforms.boilerplate.pages.blocks import Canonical, lexbor_canonical, prepared, read_canonical, soup_canonical

lexbor = pytest.importorskip("selectolax.lexbor")

BENCH = Path(__file__).parents[3] / "shared" / "bench"
KNOWN = yaml.safe_load(Path(__file__).with_name("visible.yaml").read_text("utf-8"))
NOT_SHOWN = {*module._DROPPED, "title"}
_EVERY = 1 if os.environ.get("NEWSBEAM_ALL_PAGES") == "1" else 30


def pages() -> list[Path]:
    found = [path for name in ("extract", "news") for path in sorted((BENCH / name / "dev" / "html").glob("*.html.gz"))]
    return found[::_EVERY]


def shown(html: str) -> str:
    """The text of the tree, in its order, but for elements that are dropped."""
    parser = lexbor.LexborHTMLParser(html)
    node: Any = parser.root
    texts = []
    while node is not None:
        if node.tag == "-text":
            texts.append(node.text_content or "")
        following = node.child if node.tag and not node.tag.startswith(("-", "_")) and node.tag not in NOT_SHOWN else None
        while following is None and node is not None:
            following = node.next
            if following is None:
                node = node.parent
                if node is not None and node.tag == "html":
                    node = None
        node = following
    return "".join(texts)


def letters(text: str) -> str:
    return "".join(char for char in text if char.isalnum())


def read(source: Canonical) -> tuple[str, bool]:
    """The letters of the blocks, and whether all are in order: text hidden inside a block stands before it."""
    blocks = read_canonical(source).blocks
    return letters("".join("".join((*block.unseen, block.text)) for block in blocks)), not any(block.unseen for block in blocks)


@pytest.mark.parametrize("front", [lexbor_canonical, soup_canonical])
def test_what_a_page_shows_arrives(front: Any) -> None:
    paths = pages()
    if not paths:
        pytest.skip("the benchmarks' pages are not beside the checkout")
    differ = {}
    for path in paths:
        html = prepared(gzip.decompress(path.read_bytes()).decode("utf-8", "replace"))
        there, (read_there, in_order) = letters(shown(html)), read(front(html))
        assert len(there) > 0 or not read_there
        # Where a page has to be put in order, BeautifulSoup may do it in another; nothing is lost for that.
        if there != read_there and ((in_order and front is lexbor_canonical) or Counter(there) != Counter(read_there)):
            differ[path.name.removesuffix(".html.gz")] = (len(there), len(read_there))
    known = KNOWN[front.__name__.removesuffix("_canonical")]
    assert {name: sizes for name, sizes in differ.items() if name not in known} == {}
    if _EVERY == 1:
        assert set(known) == set(differ), "a page that is listed no longer differs: take it off the list"


@pytest.mark.parametrize("html", ["<p>one <b>two</b><!-- three -->four<svg>five</svg><table>six<tr><td>seven</table><noscript>eight"])
def test_what_is_compared(html: str) -> None:
    assert shown(html).split() == "one twofoursixseveneight".split()
    assert read(lexbor_canonical(html)) == read(soup_canonical(html)) == ("onetwofoursixseveneight", True)
