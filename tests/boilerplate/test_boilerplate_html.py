"""Main text and metadata of web pages, through the whole processor. Both front ends: test_boilerplate_front_ends.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbeam.transforms.boilerplate import Boilerplate
from newsbeam.transforms.boilerplate.pages import blocks
from newsbeam.transforms.boilerplate.pages.blocks import read_page
from newsbeam.transforms.document import Document

CASES = yaml.safe_load((Path(__file__).parent / "pages.yaml").read_text("utf-8"))
IDS = [case["label"] for case in CASES]


def clean(html: str, **fields: Any) -> Document:
    return Boilerplate()(Document(text=html, markup=True, **fields))


def long(html: str) -> str:
    return html.replace(
        "LONG", "The old bridge over the river was closed on Monday after the storm, the county said, and will stay closed for weeks."
    )


def without_headline(text: str, title: str) -> str:
    """Whether the headline stands in the text too is the classifier's choice; it is in `title` in any case."""
    return text.removeprefix(f"{title}\n\n") if title else text


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_page(case, request):
    if "known_failure" in case:
        request.applymarker(pytest.mark.xfail(strict=True, reason=case["known_failure"]))
    document = clean(long(case["html"]))
    assert not document.markup
    if "text" in case:
        assert without_headline(document.text, document.title) == without_headline(long(case["text"]).strip("\n"), document.title)
    for kind, text in case.get("removed", []):
        assert (kind, text) in [(removal.kind, removal.text) for removal in document.removed]
    assert all(removal.line == -1 for removal in document.removed)
    for field, value in case.get("fields", {}).items():
        assert getattr(document, field) == value, field


def test_beautifulsoup_takes_over(monkeypatch):
    expected = [clean(long(case["html"])) for case in CASES]
    monkeypatch.setattr(blocks, "LexborHTMLParser", None)
    for case, document in zip(CASES, expected, strict=True):
        if not case.get("fragment"):  # lexbor adds html and body around a fragment, html.parser does not
            assert clean(long(case["html"])) == document


def test_fields_from_the_archive_win():
    html = long(
        '<html lang=de><title>T</title><meta property=og:url content="https://a.example/x"><body><article><h1>H</h1><p>LONG</p></article>'
    )
    document = clean(html, title="Given", url="https://b.example/", declared_language="en", author="A", site="S", created="2020-01-01")
    assert (document.title, document.url, document.declared_language, document.author, document.site, document.created) == (
        "Given", "https://b.example/", "en", "A", "S", "2020-01-01",
    )  # fmt: skip


SNIPPETS = """
<p> </p> <div_class=share> </div> <table><tr><td> </td></tr> <li> <br> <br><br> <pre> </pre> <a_href=x> </a> <nav> </nav> <h1>
<script> </script> <script_type='application/ld+json'> {"@type":"Article","author":[null,{"name":3}],"datePublished":[]}
<!-- --> <noscript> \0 <title> <svg> <template> <time_datetime=2024>
""".split()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([snippet.replace("_", " ") for snippet in SNIPPETS]) | st.text(max_size=20), max_size=25).map("".join))
def test_never_raises_and_accounts_for_every_block(html):
    document = clean(html)
    found = read_page(html)
    out = "".join("".join(document.text.split()) + "".join("".join(removal.text.split()) for removal in document.removed))
    for block in found.blocks:
        if block.seen:
            for word in block.text.split():
                assert word in out


DEEP = [("div", 100_000), *((tag, 20_000) for tag in ("b", "p", "table", "tr", "li", "font size=1", "unknown-tag"))]


@pytest.mark.parametrize(("tag", "times"), DEEP)
def test_deep_nesting_ends(tag, times):
    document = clean("<html><body>" + f"<{tag}>x" * times)
    assert document.text.count("x") + sum(removal.text.count("x") for removal in document.removed) == times


def test_large_page_ends():
    paragraphs = "".join(long(f"<p class=text>{number}. LONG <a href=x>link</a></p>") for number in range(13_000))
    document = clean(f"<html><body><article>{paragraphs}</article>")
    assert len(document.text) > 1_000_000


def test_one_long_line():
    assert len(clean("<html><body><p>" + "word " * 1_000_000 + "</body>").text) > 4_000_000
