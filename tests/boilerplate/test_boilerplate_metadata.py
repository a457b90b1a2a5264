"""What pages say about themselves: cases, and the laws that hold for any page."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbeam.transforms.authors import byline_names
from newsbeam.transforms.boilerplate.metadata.extract import page_metadata
from newsbeam.transforms.boilerplate.pages.blocks import lexbor_canonical, read_canonical, read_page, soup_canonical
from newsbeam.transforms.dates import iso_date, machine_date, url_date, written_dates
from newsbeam.transforms.package_data import load_yaml

CASES = yaml.safe_load((Path(__file__).parent / "metadata.yaml").read_text("utf-8"))


def said(html: str, headline: str = "", latest: str = ""):
    page = read_page(html)
    return page_metadata(page, headline or next((block.text for block in page.blocks if block.tag == "h1"), ""), [], latest)


@pytest.mark.parametrize("case", CASES["pages"], ids=[case["label"] for case in CASES["pages"]])
def test_page(case):
    found = asdict(said(case["html"], case.get("headline", ""), case.get("latest", "")))
    assert {name: found[name] for name in case["expect"]} == case["expect"]


@pytest.mark.parametrize("case", CASES["dates"], ids=[f"{case['language']} {case['text']}" for case in CASES["dates"]])
def test_written_date(case, request):
    if case.get("known_failure"):
        request.applymarker(pytest.mark.xfail(strict=True, reason="known failure"))
    assert next((found for found, _, _ in written_dates(case["text"], case["language"])), "") == case["expect"]


@pytest.mark.parametrize(("url", "expect"), CASES["addresses"])
def test_url_date(url, expect):
    assert url_date(url) == expect


def test_dates_for_machines():
    assert iso_date("2024-03-05T10:00:00+0900") == "2024-03-05T10:00:00+09:00"
    assert iso_date("20240305") == "2024-03-05"
    assert iso_date("2024-13-05") == iso_date("2024-02-30") == iso_date("about 2024-03-05") == ""
    assert machine_date("Thu, 09/25/2025 - 11:38") == "2025-09-25"
    assert iso_date("2024-03-05", "2024-03-04") == "2024-03-05"  # it may be tomorrow already elsewhere
    assert iso_date("2024-03-09", "2024-03-04") == ""


def test_every_language_has_twelve_months():
    for language, months in load_yaml("newsbeam.transforms", "metadata.yaml")["months"].items():
        assert len(months) == 12, language
        assert all(months), language
        assert next((found for found, _, _ in written_dates(f"5 {months[4].split()[0]} 2024", language)), "") == "2024-05-05", language


def test_byline_needs_a_word_where_one_must_say_it():
    assert byline_names("Jane Holt", said=True) == []
    assert byline_names("Jane Holt", said=False) == ["Jane Holt"]
    assert byline_names("Written by Jane van der Holt, Senior Editor", said=True) == ["Jane van der Holt"]


KEYS = st.sampled_from(
    "@type @id @graph @value name author headline datePublished dateModified image caption creditText publisher articleBody articleSection "
    "mainEntity mainEntityOfPage itemListElement item description text creator".split()
)
TEXTS = st.one_of(
    st.sampled_from(["Article", "NewsArticle", "Product", "BreadcrumbList", "ImageObject", "2024-03-05", "#a", "Jane Holt", ""]),
    st.text(max_size=20),
)
JSON = st.recursive(
    st.one_of(TEXTS, st.none(), st.booleans(), st.floats(allow_nan=True), st.integers()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=6)),
    max_leaves=25,
)


@settings(max_examples=150, deadline=None)
@given(JSON, st.text(max_size=60))
def test_any_json_ld_gives_texts(data, text):
    script = f'<script type="application/ld+json">{json.dumps(data)}</script>'
    found = asdict(said(f'{script}<meta name="author" content="{text}"><h1>{text}</h1><p class="author date">{text}</p>', text, text))
    assert all(isinstance(value, str) for value in found.values())


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="0123456789/-. ,:Marchде年月日5thof", max_size=60), st.sampled_from(["", "en", "de", "ko", "pl"]))
def test_dates_lie_where_they_say(text, language):
    end = 0
    for found, start, stop in written_dates(text, language):
        assert iso_date(found) == found
        assert end <= start < stop
        end = stop


@pytest.mark.parametrize(
    "html",
    [
        '<script type="application/ld+json">' + "[" * 100_000 + "</script>",
        '<script type="application/ld+json">' + '{"@graph":' * 50_000 + "1" + "}" * 50_000 + "</script>",
        '<script type="application/ld+json">' + json.dumps([{"@type": "Article", "author": {"name": "A B"}}] * 50_000) + "</script>",
        '<meta name="author" content="' + "By " * 300_000 + '">',
        "<title>" + " | " * 300_000 + "</title>",
        "<h1>A</h1>" + '<p class="author date">5 March </p>' * 30_000,
        '<div class="comments">' * 3_000 + '<p class="date">5 March 2024</p>' * 3_000,
        "<h1>A</h1><p>" + "5 " * 300_000 + "</p>",
    ],
    ids=["brackets", "nested graphs", "many articles", "long author", "long title", "many bylines", "deep", "digits"],
)
def test_linear_time(html, within_processor_time):
    page = read_page(html)
    with within_processor_time(20):  # a second where nothing else runs
        page_metadata(page, "A", ["By " * 1000], "")


HALVES = ["A \\ud83d", "\\uDE00 A", "A \\ud83d\\ud83d\\ude00", "\\\\ud83d A \\ud83d"]
OF_AN_ARTICLE = [
    '"author": "{}"',
    '"author": {{"@type": "Person", "name": "{}"}}',
    '"author": [{{"name": "{}"}}, "{}"]',
    '"publisher": {{"name": "{}"}}',
    '"headline": "{}"',
    '"articleSection": "{}"',
    '"articleBody": "{} The pier was shut on Tuesday by the board of the harbour."',
    '"image": {{"url": "x", "caption": "{}", "creditText": "Photo: {}", "author": "{}"}}',
    '"description": "{}"',
    '"datePublished": "{}"',
    '"mainEntityOfPage": {{"@id": "https://one.example/{}"}}',
    '"{}": 1',
]


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("said_so", OF_AN_ARTICLE)
def test_half_a_character_in_json_ld_costs_nothing(said_so: str, half: str) -> None:
    html = f"""<html><head><title>T</title><script type="application/ld+json">
    {{"@context": "https://schema.org", "@type": "NewsArticle", {said_so.format(*[half] * 3)}, "inLanguage": "en", "keywords": "pier"}}
    </script></head><body></body></html>"""
    about = asdict(said(html))
    assert json.dumps(about, ensure_ascii=False).encode()
    assert not said_so.startswith('"author"') or "A" in about["author"]


ELSEWHERE = [
    "<title>A {}</title>",
    '<meta property="og:title" content="A {}">',
    '<meta name="author" content="A {}">',
    '<meta property="og:site_name" content="A {}">',
    '<meta property="article:section" content="A {}">',
    '<link rel="canonical" href="https://one.example/{}">',
    '<html lang="en{}">',
    "<body><h1>A {}</h1><p class=author>By Jane {}</p><p>The pier was shut on Tuesday.</p>",
    '<body><p itemprop="author">A {}</p><time datetime="{}">x</time>',
    '<body><figure><img src=x alt="{}"><figcaption>A {} Photo: {}</figcaption></figure>',
    '<script type="application/ld+json">{{"@type": "NewsArticle", "author": "A {}", "headline": "{}", "articleBody": "{}"}}</script>',
]


@pytest.mark.parametrize("half", ["&#xD83D;", "&#55357;", "&amp;#xD83D;", "&#" + "9" * 5000 + ";", "&amp;#" + "9" * 5000 + ";", "\ud83d"])
@pytest.mark.parametrize("html", ELSEWHERE)
def test_nor_does_it_anywhere_else(html: str, half: str) -> None:
    for front in (lexbor_canonical, soup_canonical):
        page = read_canonical(front(html.format(*[half] * 3)))
        about = page_metadata(page, "", [block.text for block in page.blocks], "")
        assert json.dumps([asdict(about), [block.text for block in page.blocks]], ensure_ascii=False).encode()
