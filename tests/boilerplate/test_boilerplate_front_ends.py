"""Two parsers, one model of a page: both front ends give the same blocks, and the second takes over where the first does not do.

Over the benchmark's pages (beside the checkout; skipped where absent) every 15th is taken, all with NEWSBEAM_ALL_PAGES=1. Pages that
a browser and BeautifulSoup's html.parser put in order differently give different blocks; `test_kinds_of_difference` has one small
page for each kind that was found, so that what differs, and that nothing else does, is written down.
"""

from __future__ import annotations

import gzip
import os
from collections import Counter
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbeam.transforms.boilerplate.main_text import main_text
from newsbeam.transforms.boilerplate.pages import blocks as module
from newsbeam.transforms.boilerplate.pages.blocks import canonical, lexbor_canonical, prepared, read_canonical, read_page, soup_canonical
from newsbeam.transforms.document import characters

HERE = Path(__file__).parent
BENCH = HERE.parents[2] / "shared" / "bench" / "extract" / "dev"
CASES = yaml.safe_load((HERE / "front_ends.yaml").read_text("utf-8"))
SAMPLE = (HERE / "pages" / "article-en.html").read_text("utf-8")


def texts(source):
    return [block.text for block in read_canonical(source).blocks]


def both(html: str) -> tuple[list[str], list[str]]:
    html = prepared(html)
    return texts(lexbor_canonical(html)), texts(soup_canonical(html))


def test_same_blocks_on_the_benchmark():
    if not BENCH.is_dir():
        pytest.skip("the benchmark's pages are not beside the checkout")
    pages = sorted((BENCH / "html").glob("*.html.gz"))
    pages = pages if os.environ.get("NEWSBEAM_ALL_PAGES") == "1" else pages[::15]
    same = shared = total = 0
    unlike = []
    for path in pages:
        lexbor, soup = both(gzip.decompress(path.read_bytes()).decode("utf-8", "replace").replace("\0", ""))
        common = sum((Counter(lexbor) & Counter(soup)).values())
        shared, total = shared + 2 * common, total + len(lexbor) + len(soup)
        same += lexbor == soup
        if lexbor != soup:
            unlike.append(path.name[:4])
    print(f"{same} of {len(pages)} pages with the same blocks; {shared / total:.4f} of all blocks shared; not the same: {' '.join(unlike)}")
    assert same / len(pages) >= CASES["floors"]["pages"]
    assert shared / total >= CASES["floors"]["blocks"]


@pytest.mark.parametrize("case", CASES["same"], ids=[case["label"] for case in CASES["same"]])
def test_same_blocks(case, request):
    if "known_failure" in case:
        request.applymarker(pytest.mark.xfail(strict=True, reason=case["known_failure"]))
    lexbor, soup = both(case["html"])
    assert lexbor == soup == case["blocks"]


@pytest.mark.parametrize("case", CASES["different"], ids=[case["label"] for case in CASES["different"]])
def test_kinds_of_difference(case):
    lexbor, soup = both(case["html"])
    assert lexbor == case["lexbor"]
    if "soup" in case:
        assert soup == case["soup"]
        assert lexbor != soup


@pytest.mark.parametrize("path", sorted((HERE / "pages").glob("*.html")), ids=lambda path: path.stem)
def test_same_blocks_on_our_pages(path):
    lexbor, soup = both(path.read_text("utf-8"))
    assert lexbor == soup


def _raises(_html: str):
    raise RuntimeError("the parser gave up")


@pytest.mark.parametrize("parser", [None, _raises], ids=["missing", "raising"])
def test_beautifulsoup_takes_over(monkeypatch, parser):
    expected, text = texts(lexbor_canonical(SAMPLE)), main_text(SAMPLE).text
    assert text
    monkeypatch.setattr(module, "LexborHTMLParser", parser)
    assert [block.text for block in read_page(SAMPLE).blocks] == expected
    assert main_text(SAMPLE).text == text


DEEP = [("div", 30_000), ("b", 20_000), ("blockquote", 10_000), ("ul><li", 10_000), ("font size=1", 20_000), ("x-y", 30_000)]


@pytest.mark.parametrize(("tag", "times"), DEEP, ids=[tag for tag, _ in DEEP])
def test_beautifulsoup_takes_very_deep_pages(monkeypatch, tag, times):
    taken = []
    soup = module.soup_canonical
    monkeypatch.setattr(module, "soup_canonical", lambda html: taken.append(1) or soup(html))
    blocks = read_page("<html><body>" + f"<{tag}>x " * times).blocks
    assert sum(block.text.count("x") for block in blocks) == times
    if tag != "x-y":  # a parser puts these in order without looking at those around
        assert taken


def test_beautifulsoup_takes_very_deep_pages_whose_tags_are_closed(monkeypatch):
    taken = []
    soup = module.soup_canonical
    monkeypatch.setattr(module, "soup_canonical", lambda html: taken.append(1) or soup(html))
    blocks = read_page("<html><body>" + "<div>x " * 20_000 + "</div>" * 20_000).blocks
    assert sum(block.text.count("x") for block in blocks) == 20_000
    assert taken


def test_a_page_of_usual_depth_is_not_taken_from_lexbor(monkeypatch):
    monkeypatch.setattr(module, "soup_canonical", _raises)
    assert len(read_page("<html><body>" + "<div><b>" * 300 + "Deep, yet a page.").blocks) == 1
    assert len(read_page(SAMPLE).blocks) > 20


TEXTS = ["word", "two words ", " a &amp; b", "<br>", "<br><br>", "<img src=x>", "<hr>", "é 日本", "&lt;p&gt;", "\n"]
ATTRIBUTES = ["", "", "", " hidden", ' class="a b"', ' style="display:none"', ' aria-hidden="true"']


PIECES = [
    "<", ">", "</", "<!", "<!--", "-->", "<?", "&#", "&#x", "&amp", "&", '"', "'", "=", "<p", "<p a", '<p a="', "<p a='1'>", "</p>",
    "<br/>", "<b>", "</b>", "<script>", "</script>", "<title>", "</title>", "<textarea>", "<svg><p>", "</svg>", "<html>",
    "<![CDATA[", "]]>", "x", " ", "\ud83d", "é", "<a/", "</ ", "<xmp>",
]  # fmt: skip


@st.composite
def ordered_pages(draw):
    """Pages on which nothing has to be mended: both parsers must agree."""

    def element(level: int) -> str:
        if level > 4 or draw(st.integers(0, 2)) == 0:
            return draw(st.sampled_from(TEXTS))
        tag = draw(st.sampled_from(["div", "ul", "section", "blockquote", "article", "nav"] if level < 2 else ["div", "span", "b", "em"]))
        hide = draw(st.sampled_from(ATTRIBUTES))
        inside = "".join(element(level + 1) for _ in range(draw(st.integers(0, 3))))
        return f"<{tag}{hide}>{inside}</{tag}>"

    return f"<!DOCTYPE html><html><head><title>t</title></head><body>{''.join(element(0) for _ in range(4))}</body></html>"


@settings(max_examples=60, deadline=None)
@given(ordered_pages())
def test_same_blocks_where_nothing_is_to_mend(html):
    lexbor, soup = both(html)
    assert lexbor == soup
    shown = [
        [(block.tag, block.link, block.links, block.seen) for block in read_canonical(front(html)).blocks]
        for front in (lexbor_canonical, soup_canonical)
    ]
    assert shown[0] == shown[1]


def test_neither_parser_is_given_what_takes_it_quadratic_time():
    attributes = " ".join(f"a{number}=1" for number in range(50_000))
    hidden = " ".join(f'a{number}="<b>"' for number in range(50_000))
    options = "<select>" + "<option>one" * 50_000 + "</select>"
    roots = "".join(f"<body a{number}=1>" for number in range(20_000))
    for html, most in ((f"<p {attributes}>", 40_000), (f"<p {hidden}>", 60_000), (options, 250_000), (roots, 100_000)):
        after = prepared(f"<html lang=en><body class=x>{html}</p>One")
        assert len(after) < most
        assert after.startswith("<html lang=en><body class=x>")
        assert after.endswith("One")
        assert [block.text for block in read_page(f"<html lang=en><body class=x>{html}</p>One").blocks] == ["One"]


@pytest.mark.parametrize("depth", [1_000, 9_000])
def test_deep_pages_full_of_text_stay_linear(depth):
    # bs4's tree looks up through all open elements at each text: 300 million steps here
    page = soup_canonical("<div>" * depth + "x</b>" * 30_000)
    assert page.html.count("x") == 30_000


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=30))
def test_soup_never_raises_and_loses_no_text(pieces):
    page = soup_canonical("".join(pieces))
    assert characters("".join(texts(page))) == page.visible


def test_canonical_keeps_json_ld():
    html = '<script type="application/ld+json">{"a": "<b>"}</script><body><p>x</p><SCRIPT TYPE="Application/LD+JSON">{}</SCRIPT>'
    assert lexbor_canonical(html).json_ld == soup_canonical(html).json_ld == canonical(html).json_ld == ('{"a": "<b>"}', "{}")
