"""Authors and dates of pages: what states them, and what only seems to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from newsbeam.transforms.boilerplate.main_text import main_text
from newsbeam.transforms.boilerplate.metadata.extract import PageMetadata

DATA = yaml.safe_load((Path(__file__).parent / "bylines.yaml").read_text("utf-8"))
SCRIPT = '{"@type": "NewsArticle", "headline": "The pier", "author": {"name": "Mara Vesely"}, "datePublished": "2024-03-05"}'
PROSE = "The harbour board voted on Tuesday evening to close the old grain pier for eighteen months, after divers had seen cracks in it."


def said(below: str = "", script: str = "", after: str = "") -> PageMetadata:
    linked = f'<script type="application/ld+json">{script}</script>' if script else ""
    return main_text(f"""<html><head><title>Pier closes for eighteen months | Courier</title>{linked}</head><body><main><article>
    <h1>Pier closes for eighteen months</h1>{below}<p>{PROSE}</p>
    <p>{PROSE} Work begins in spring.</p>{after}</article></main></body></html>""").metadata


@pytest.mark.parametrize("below", [*(f"<p>{line}</p>" for line in DATA["lines_without_author"]), *DATA["elements_without_author"]])
def test_no_author(below: str) -> None:
    assert said(below).author == ""
    assert said(f"<p class=byline>By Jane Holt</p>{below}").author == "Jane Holt"


@pytest.mark.parametrize(("below", "expect"), DATA["authors"])
def test_author(below: str, expect: str) -> None:
    assert said(below).author == expect


@pytest.mark.parametrize(("author", "expect"), DATA["json_ld_authors"])
def test_author_in_json_ld(author: str, expect: str) -> None:
    assert said(script=f'{{"@type": "NewsArticle", "author": {author}}}').author == expect


@pytest.mark.parametrize("slip", DATA["slips"], ids=str)
def test_json_ld_with_a_slip(slip: dict[str, Any]) -> None:
    old, new = slip.get("inside", ("", ""))
    metadata = said(script=slip.get("before", "") + (SCRIPT.replace(old, new) if old else SCRIPT) + slip.get("after", ""))
    assert (metadata.author, metadata.created) == ("Mara Vesely", "2024-03-05")


@pytest.mark.parametrize("below", [*(f"<p>{line}</p>" for line in DATA["lines_without_date"]), *DATA["elements_without_date"]])
def test_no_date(below: str) -> None:
    assert said(below).created == ""
    assert said(after=below).created == ""
    assert said(f"<p>5 March 2024</p>{below}").created == "2024-03-05"


@pytest.mark.parametrize(("below", "expect"), DATA["dates"])
def test_date(below: str, expect: str) -> None:
    assert said(below).created == expect


def test_live_blog_that_only_json_ld_has() -> None:
    updates = f'[{{"headline": "First", "articleBody": "{PROSE}"}}, {{"articleBody": "<p>{PROSE} Again.</p>"}}]'
    script = f'{{"@type": "LiveBlogPosting", "headline": "The pier", "liveBlogUpdate": {updates}}}'
    text = main_text(f'<script type="application/ld+json">{script}</script><p>Loading</p>').text
    assert text == f"First\n\n{PROSE}\n\n{PROSE} Again."
