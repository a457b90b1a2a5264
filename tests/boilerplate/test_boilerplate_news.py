"""Articles on pages full of links: what is text, what is not, and what `explain` says of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from newsbeam.transforms.boilerplate.main_text import explain_page, main_text

CASES = yaml.safe_load((Path(__file__).parent / "news.yaml").read_text("utf-8"))
LANGUAGES = [case["language"] for case in CASES]


def page_of(case: dict[str, Any]) -> str:
    links = "".join(f'<li><a href="/{number}"><span>{story}</span></a></li>' for number, story in enumerate(case["stories"] * 6))
    paragraphs = "".join(f"<p>{paragraph}</p>" for paragraph in case["paragraphs"])
    return f"""<html lang="{case["language"]}"><head><title>{case["title"]} | {case["site"]}</title>
<meta property="og:type" content="article"><meta property="og:title" content="{case["title"]}">
<meta name="description" content="{case["standfirst"]}"></head>
<body><header><a href="/">{case["site"]}</a><nav><ul>{links}</ul></nav></header>
<main><div class="story"><h1>{case["title"]}</h1><p class="deck">{case["standfirst"]}</p>
<figure><img src="a.jpg"><figcaption>{case["caption"]}</figcaption></figure>{paragraphs}</div>
<div class="box"><h2>{case["heading"]}</h2><ul>{links}</ul></div></main><footer>© {case["site"]}</footer></body></html>"""


@pytest.mark.parametrize("case", CASES, ids=LANGUAGES)
def test_standfirst_and_paragraphs_are_the_text(case):
    found = main_text(page_of(case))
    assert found.text == "\n\n".join([case["standfirst"], *case["paragraphs"]])
    assert found.metadata.title == case["title"]
    assert [removal.kind for removal in found.removed if removal.text == case["caption"]] == ["caption"]


@pytest.mark.parametrize("case", CASES, ids=LANGUAGES)
def test_the_explanation_names_the_kind_of_page(case):
    article = explain_page(page_of(case))
    assert all("page taken for: article" in block.signs for block in article)
    shop = page_of(case).replace('content="article"', 'content="product"')
    assert all("page taken for: product" in block.signs for block in explain_page(shop))
