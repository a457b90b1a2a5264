"""The headline of pages whose title holds more than it, or a separator of its own."""

from __future__ import annotations

from html import escape
from itertools import product
from pathlib import Path

import pytest
import yaml

from newsbeam.transforms.boilerplate.main_text import main_text

DATA = yaml.safe_load((Path(__file__).parent / "titles.yaml").read_text("utf-8"))


def title_of(head: str, body: str = "", language: str = "en", site: str = "Courier") -> str:
    return main_text(f"""<html lang="{language}"><head>{head}</head><body><header><a href="/">{site}</a></header>{body}
    <p>The harbour board voted on Tuesday evening to close the old grain pier for eighteen months, after divers had seen cracks.</p>
    <footer>© 2024 {site}. All rights reserved.</footer></body></html>""").metadata.title


@pytest.mark.parametrize("separator", DATA["separators"])
@pytest.mark.parametrize("row", DATA["headlines"], ids=lambda row: f"{row['language']} {row['headline'][:12]}")
def test_separator_inside_a_headline(row: dict[str, str], separator: str) -> None:
    headline, site = row["headline"].format(separator), row["site"]
    quoted = escape(headline, quote=True)
    shared = f'<meta property="og:title" content="{quoted}">'
    linked = f'<script type="application/ld+json">{{"@type": "NewsArticle", "headline": "{headline}"}}</script>'
    named = f'<meta property="og:site_name" content="{site}">'
    tails = [("", f"<h2>{headline}</h2>"), (f" {separator} {site}", f"<h2>{headline}</h2>"), (" | " + site, "")]
    for (tail, body), declared in product(tails, (shared, linked, shared + linked, shared + linked + named, named)):
        assert title_of(f"<title>{quoted}{tail}</title>{declared}", body, row["language"], site) == headline, (tail, declared)


@pytest.mark.parametrize(("title", "expect"), DATA["dense"])
def test_scripts_without_spaces(title: str, expect: str) -> None:
    assert title_of(f"<title>{title}</title>", language="", site="") == expect


@pytest.mark.parametrize(("page", "expect"), DATA["pages"])
def test_more_than_the_headline(page: str, expect: str) -> None:
    assert title_of(page) == expect
