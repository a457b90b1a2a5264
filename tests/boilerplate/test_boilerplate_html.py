"""Main text, metadata and blocks of web pages, with both front ends."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.boilerplate import Boilerplate, blocks
from transforms.boilerplate.blocks import lexbor_events, read_events, read_page, soup_events
from transforms.boilerplate.metadata import iso_date
from transforms.document import Document

CASES = yaml.safe_load((Path(__file__).parent / "pages.yaml").read_text("utf-8"))
IDS = [case["label"] for case in CASES]


def clean(html: str, **fields: str) -> Document:
    return Boilerplate()(Document(text=html, markup=True, **fields))


def long(html: str) -> str:
    return html.replace(
        "LONG", "The old bridge over the river was closed on Monday after the storm, the county said, and will stay closed for weeks."
    )


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_page(case):
    document = clean(long(case["html"]))
    assert not document.markup
    if "text" in case:
        assert document.text == long(case["text"]).strip("\n")
    for kind, text in case.get("removed", []):
        assert (kind, text) in [(removal.kind, removal.text) for removal in document.removed]
    assert all(removal.line == -1 for removal in document.removed)
    for field, value in case.get("fields", {}).items():
        assert getattr(document, field) == value, field


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_both_front_ends_give_the_same_blocks(case):
    html = long(case["html"])
    found = [
        [
            (block.text, block.tag, block.link, block.seen, block.element.words, block.element.depth)
            for block in read_events(events(html)).blocks
        ]
        for events in (lexbor_events, soup_events)
    ]
    strip = case.get("fragment", False)  # lexbor adds html and body around a fragment, html.parser does not
    if strip:
        found = [[row[:4] for row in rows] for rows in found]
    assert found[0] == found[1]


def test_beautifulsoup_takes_over(monkeypatch):
    monkeypatch.setattr(blocks, "LexborHTMLParser", None)
    for case in CASES:
        if "text" in case:
            assert clean(long(case["html"])).text == long(case["text"]).strip("\n")


def test_fields_from_the_archive_win():
    html = long(
        '<html lang=de><title>T</title><meta property=og:url content="https://a.example/x"><body><article><h1>H</h1><p>LONG</p></article>'
    )
    document = clean(html, title="Given", url="https://b.example/", declared_language="en", author="A", site="S", created="2020-01-01")
    assert (document.title, document.url, document.declared_language, document.author, document.site, document.created) == (
        "Given", "https://b.example/", "en", "A", "S", "2020-01-01",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expect"),
    [
        ("2024-03-05", "2024-03-05"),
        ("2024-03-05T10:00:00+0900", "2024-03-05T10:00:00+09:00"),
        ("2024-03-05 10:00", "2024-03-05T10:00:00"),
        ("2024-03-05T10:00:00.123Z", "2024-03-05T10:00:00Z"),
        ("20240305", "2024-03-05"),
        ("2024-02-31", ""),
        ("2999-01-01", ""),
        ("yesterday", ""),
        ("", ""),
    ],
)
def test_iso_date(text, expect):
    assert iso_date(text, "") == expect


def test_no_date_later_than_the_record():
    assert iso_date("2030-01-01", "2026-01-01T00:00:00Z") == ""
    assert iso_date("2025-12-31", "2026-01-01T00:00:00Z") == "2025-12-31"


SNIPPETS = """
<p> </p> <div_class=share> </div> <table><tr><td> </td></tr> <li> <br> <br><br> <pre> </pre> <a_href=x> </a> <nav> </nav> <h1>
<script> </script> <script_type='application/ld+json'> {"@type":"Article","author":[null,{"name":3}],"datePublished":[]}
<!-- --> <noscript> \0 <title> <svg> <template> <time_datetime=2024>
""".split()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([snippet.replace("_", " ") for snippet in SNIPPETS]) | st.text(max_size=20), max_size=25).map("".join))
def test_never_raises_and_accounts_for_every_block(html):
    document = clean(html)
    page = read_page(html)
    out = "".join("".join(document.text.split()) + "".join("".join(removal.text.split()) for removal in document.removed))
    for block in page.blocks:
        if block.seen:
            for word in block.text.split():
                assert word in out


DEEP = [("div", 100_000), *((tag, 20_000) for tag in ("b", "p", "table", "tr", "li", "font size=1", "unknown-tag"))]


@pytest.mark.parametrize(("tag", "times"), DEEP)
def test_deep_nesting_ends(tag, times):
    document = clean(f"<{tag}>x" * times)
    assert document.text.count("x") + sum(removal.text.count("x") for removal in document.removed) == times


def test_large_page_ends():
    paragraph = long("<p class=text>LONG <a href=x>link</a></p>")
    document = clean("<html><body><article>" + paragraph * (2_000_000 // len(paragraph)) + "</article>")
    assert len(document.text) > 1_000_000


def test_one_long_line():
    assert len(clean("<html><body><p>" + "word " * 1_000_000 + "</body>").text) > 4_000_000
