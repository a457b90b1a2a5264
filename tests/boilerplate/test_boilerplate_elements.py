"""Elements that are no part of an article: hidden text, consent dialogs, comments, related stories."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
import yaml

from newsbeam.transforms.boilerplate.main_text import MainText, main_text
from newsbeam.transforms.boilerplate.pages.blocks import read_page

DATA = yaml.safe_load((Path(__file__).parent / "elements.yaml").read_text("utf-8"))
LANGUAGES = sorted(DATA["articles"])


def written(language: str, sentences: list[str], before: str = "", inside: str = "", after: str = "", in_main: str = "") -> str:
    title = DATA["articles"][language]["title"]
    paragraphs = [f"<p>{sentence}</p>" for sentence in sentences]
    paragraphs.insert(2, inside)
    return f"""<!DOCTYPE html><html lang="{language}"><head><title>{title} | Courier</title></head><body>{before}
    <header><a href="/">Courier</a><nav><ul><li><a href="/news">News</a></li><li><a href="/sport">Sport</a></li></ul></nav></header>
    <main><article><h1>{title}</h1>{"".join(paragraphs)}</article>{in_main}</main>{after}
    <footer><p>© 2024 Courier. All rights reserved.</p></footer></body></html>"""


def assert_only(read: MainText, kept: list[str], removed: list[str], kind: str) -> None:
    assert [sentence for sentence in kept if sentence not in read.text] == []
    assert [text for text in removed if text in read.text] == []
    assert [text for text in removed if not any(text in one.text for one in read.removed)] == []
    assert any(one.kind == kind for one in read.removed)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("how", DATA["hidden"])
def test_hidden_text(how: str, language: str) -> None:
    sentences = DATA["articles"][language]["text"]
    for tag in ("p", "div"):
        hidden = "This sentence is for scrapers only and nobody who reads this page ever sees it."
        assert_only(main_text(written(language, sentences, inside=f"<{tag} {how}>{hidden}</{tag}>")), sentences, [hidden], "other")
    first, _, rest = sentences[1].partition(" ")
    page = written(language, [sentences[0], f"{first}<span {how}>ERROR 7 of usage</span> {rest}", *sentences[2:]])
    assert_only(main_text(page), sentences, ["ERROR 7 of usage"], "other")


@pytest.mark.parametrize("how", DATA["not_hidden"])
def test_text_that_is_not_hidden(how: str) -> None:
    blocks = read_page(f"<p>The pier <span {how}>of the harbour</span> closes.</p>").blocks
    assert [(block.text, block.concealed) for block in blocks] == [("The pier of the harbour closes.", False)]


@pytest.mark.parametrize("how", ['style="display:none"', 'class="paywall" hidden', 'aria-hidden="true"'])
def test_remainder_behind_a_paywall(how: str) -> None:
    first, *rest = DATA["articles"]["en"]["text"]
    text = main_text(
        written("en", [first], after="").replace("</article>", f"<div {how}>{''.join(f'<p>{one}</p>' for one in rest)}</div></article>")
    ).text
    assert all(sentence in text for sentence in rest)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("named", DATA["dialogs"])
def test_consent_dialog(named: str, language: str) -> None:
    article = DATA["articles"][language]
    texts, buttons = article["consent"]["text"], article["consent"]["buttons"]
    plain = f"<h2>{texts[0]}</h2>{''.join(f'<p>{text}</p>' for text in texts[1:])}{''.join(f'<button>{one}</button>' for one in buttons)}"
    links = " ".join(f"<a>{one}</a>" for one in buttons)
    nested = f"<div><div>{texts[0]}</div>{''.join(f'<div>{text}</div>' for text in texts[1:])}</div><div>{links}</div>"
    for inside, where, count in product((plain, nested), ("before", "after"), (5, 2)):
        page = written(language, article["text"][:count], **{where: f"<div {named}>{inside}</div>"})
        assert_only(main_text(page), article["text"][:count], texts, "cookie")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("outer", "inner"), DATA["comments"])
def test_comments(outer: str, inner: str, language: str) -> None:
    article = DATA["articles"][language]
    heading, reply, text = (article["comments"][key] for key in ("heading", "reply", "text"))
    for count, length, where in product((1, 3, 8), (120, 60), ("after", "in_main")):
        comments = [
            f"<div {inner}><b>user{number}</b> <time>March {number + 2}, 2024 at 10:15</time>"
            f"<p>{text[:length]} {number}.</p><a>{reply}</a></div>"
            for number in range(count)
        ]
        page = written(language, article["text"], **{where: f"<section {outer}><h3>{heading}</h3>{''.join(comments)}</section>"})
        assert_only(main_text(page), article["text"], [text[:60]], "comment")


def test_comments_of_a_discussion_stay() -> None:
    posts = [f"<div class='comment'><p>{text}</p></div>" for text in DATA["articles"]["en"]["text"] * 2]
    page = f"<html lang=en><title>The pier</title><h1>The pier</h1>{''.join(posts)}</html>"
    assert DATA["articles"]["en"]["text"][1] in main_text(page).text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("named", DATA["lists"])
def test_related_stories(named: str, language: str) -> None:
    article = DATA["articles"][language]
    for heading, tag, counted in product(article["related"]["headings"], ("h2", "p", "strong"), (False, True)):
        items = [
            f"<li>{f'<span class=screen-reader-text>list {number} of 3</span>' * counted}<a href='/{number}'>{item}</a></li>"
            for number, item in enumerate(article["related"]["items"], 1)
        ]
        page = written(language, article["text"], inside=f"<section {named}><{tag}>{heading}</{tag}><ul>{''.join(items)}</ul></section>")
        read = main_text(page)
        assert_only(read, article["text"], article["related"]["items"], "related")
        assert "list 1 of 3" not in read.text


def test_question_that_is_put_twice_stays() -> None:
    question = "What would you have done differently if you had known about the cracks in the supports earlier?"
    answers = DATA["articles"]["en"]["text"][:2]
    inside = "".join(f"<p>{question}</p><p>{answer[::1]} I would do it again.</p>" for answer in answers)
    assert main_text(written("en", DATA["articles"]["en"]["text"][2:], inside=inside)).text.count(question) == 2


def test_gallery_that_is_there_three_times() -> None:
    captions = [
        "The old pier in March",
        "Divers below the quay on Tuesday",
        "The crane that nobody uses, seen from the northern end of the quay",
    ]
    inside = "".join(f"<p>{caption}</p>" for caption in captions * 3)
    text = main_text(written("en", DATA["articles"]["en"]["text"], inside=inside)).text
    assert [text.count(caption) for caption in captions] == [1, 1, 1]


@pytest.mark.parametrize(
    ("html", "expect"),
    [
        ("<p>They call it <button class=t>demurrage</button> and pay.</p>", ["They call it demurrage and pay."]),
        ("<p>The <label for=a>Sjonaberg</label>, a bank, pays.</p>", ["The Sjonaberg, a bank, pays."]),
        ("<p>The <b>old</b> <button><i>pier</i></button> <b>closes</b> today.</p>", ["The old pier closes today."]),
        ("<p>The <x-term>pier</x-term> closes.</p>", ["The pier closes."]),
        ("<p>The pier closes.<button>Share</button></p>", ["The pier closes.", "Share"]),
        ("<div><button>Share</button><button>Save</button></div>", ["Share", "Save"]),
        ("<x-paragraph>The pier closes.</x-paragraph><x-paragraph>Work begins.</x-paragraph>", ["The pier closes.", "Work begins."]),
        ("<p><ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp>字<rt>じ</rt></ruby>です</p>", ["漢字です"]),
        ("<p><span aria-hidden=true>5 €</span><span class=sr-only>five euros</span></p>", ["5 €"]),
        ("<p><span aria-hidden=true>T</span>he pier closes.</p>", ["The pier closes."]),
        ("<p><span class=katex aria-hidden=true>a=b</span> holds.</p>", ["a=b holds."]),
    ],
)  # fmt: skip
def test_elements_inside_sentences(html: str, expect: list[str]) -> None:
    assert [block.text for block in read_page(html).blocks] == expect
