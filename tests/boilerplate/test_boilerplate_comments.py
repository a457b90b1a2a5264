"""Comments are read as the HTML standard reads them: whatever form they have and wherever they stand, a page keeps its words.

The pages are made of comments.yaml: each form in each place, in languages and under doctypes that take turns.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
import yaml

from newsbeam.transforms.boilerplate import Boilerplate
from newsbeam.transforms.boilerplate.pages.blocks import lexbor_canonical, read_canonical, soup_canonical
from newsbeam.transforms.decode import is_markup
from newsbeam.transforms.document import Document, Raw
from newsbeam.transforms.processor import Chain

DATA = yaml.safe_load(Path(__file__).with_name("comments.yaml").read_text("utf-8"))
PAGES = [
    pytest.param(form, place, language, doctype, id=f"{form_name} {place_name}, {language}")
    for number, ((form_name, form), (place_name, place)) in enumerate(product(DATA["forms"].items(), DATA["places"].items()))
    for language in [list(DATA["texts"])[number % 5]]
    for doctype in [DATA["doctypes"][number // 5 % 5]]
]
# What these hold is shown in a title, or ends what they stand in, by the same standard.
SHOWN_IN_TITLE = DATA["places"]["in the title"]


def page_of(form: str, place: str, language: str, doctype: str) -> tuple[str, list[str], str]:
    text = DATA["texts"][language]
    paragraphs = text["text"].replace("^", form).split("|")
    html = place.replace("{}", form).replace("{doctype}", doctype).replace("{lang}", language).replace("{title}", text["title"])
    html = html.replace("{text}", "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs))
    return html, text["text"].replace("^", "").split("|"), text["title"]


def squeezed(text: str) -> str:
    return "".join(char for char in text if char.isalnum())


@pytest.mark.parametrize(("form", "place", "language", "doctype"), PAGES)
def test_a_page_keeps_its_words(form: str, place: str, language: str, doctype: str) -> None:
    html, paragraphs, title = page_of(form, place, language, doctype)
    for front in (lexbor_canonical, soup_canonical):
        page = read_canonical(front(html))
        texts = [squeezed(block.text) for block in page.blocks]
        for paragraph in paragraphs:
            assert any(squeezed(paragraph) == text.replace(squeezed("]]>"), "") for text in texts), (front.__name__, texts)
        assert not any("notshown" in text for text in texts)
        assert page.title.startswith(title)
        assert page.language == language
    assert is_markup(html)
    result = Chain((Boilerplate(),)).run(Raw("page", html.encode(), name="page")).result
    assert isinstance(result, Document)
    assert all(squeezed(paragraph) in squeezed(result.text) for paragraph in paragraphs)
    assert result.declared_language == language


@pytest.mark.parametrize("form", DATA["forms"].values(), ids=DATA["forms"])
def test_a_comment_is_none_of_the_prose_either(form: str) -> None:
    html = f'<p title="1 > 0 {form.replace(chr(34), "")}">The pier</p>{form}<b>is shut.</b><p class="a"">All of it.</p>'
    prose = Document(text=html, markup=True).prose
    assert len(prose) == len(html)
    assert prose.split() == "The pier is shut. All of it.".split()


@pytest.mark.parametrize(
    ("html", "blocks"),
    [
        ("<p>One<!-- two", ["One"]),
        ("<p>One<!-- two --", ["One"]),
        ("<p>One<!", ["One"]),
        ("<p>One<? two", ["One"]),
        ("<p>One<p class='two", ["One"]),
        ("<p>One</p", ["One"]),
        ("<p>One &#; two &# three &#x; four</p>", ["One &#; two &# three &#x; four"]),
        ("<p>One &#x41; &#66; &#xD83D; &#" + "1" * 5000 + ";</p>", ["One A B \ufffd \ufffd"]),
        ("<div<p>One</div<p><p>Two", ["One", "Two"]),
        ('<p class="a"">One</p><p a"b>Two</p>', ["One", "Two"]),
        ('<p title="1 > 0">One</p><p title="<!--">Two</p><p title="<b">Three</p>', ["One", "Two", "Three"]),
        ("<p>1 < 2 and 3 > 2, a<2, <3", ["1 < 2 and 3 > 2, a<2, <3"]),
    ],
)
def test_what_is_left_open_or_odd(html: str, blocks: list[str]) -> None:
    for front in (lexbor_canonical, soup_canonical):
        assert [block.text for block in read_canonical(front(html)).blocks] == blocks, front.__name__


def test_a_link_in_a_comment_is_not_the_address_of_the_page() -> None:
    html = '<!-- <link rel="canonical" href="https://one.example/"> --><link rel="canonical" href="https://two.example/"><p>x'
    for front in (lexbor_canonical, soup_canonical):
        assert read_canonical(front(html)).canonical == "https://two.example/"
