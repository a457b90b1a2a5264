"""The forms of scraped text: which one it is, what its units are, and what is left of pages in each."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbeam.transforms.authors import letters
from newsbeam.transforms.boilerplate import Boilerplate
from newsbeam.transforms.boilerplate.forms.read import FORMS, read_form
from newsbeam.transforms.boilerplate.lines.strip import strip_lines
from newsbeam.transforms.document import Document

HERE = Path(__file__).parent
UNITS = yaml.safe_load((HERE / "forms.yaml").read_text("utf-8"))
CLEAN = yaml.safe_load((HERE / "clean.yaml").read_text("utf-8"))
SEVERAL = yaml.safe_load((HERE / "several.yaml").read_text("utf-8"))
MADE = yaml.safe_load((HERE / "scraped.yaml").read_text("utf-8"))
# Least shares of what stays, of what goes and of right titles, by form. All texts are our own, in 24 languages.
FLOORS = yaml.safe_load((HERE / "scraped_floors.yaml").read_text("utf-8"))


@pytest.mark.parametrize("case", UNITS, ids=[case["label"] for case in UNITS])
def test_units(case: dict[str, Any]) -> None:
    read = read_form(case["text"])
    assert read.form == case["form"]
    if "units" in case:
        assert [unit.text for unit in read.units] == case["units"]
    if "marks" in case:
        assert [unit.mark for unit in read.units] == case["marks"]


@pytest.mark.parametrize("case", CLEAN, ids=[case["label"] for case in CLEAN])
def test_a_clean_document_loses_nothing(case: dict[str, Any]) -> None:
    stripped = strip_lines(case["text"])
    assert [removal.text for removal in stripped.removed if letters(removal.text)] == []
    if case.get("unwrapped"):
        assert letters(stripped.text) == letters("".join(unit.text for unit in read_form(case["text"]).units))
    else:
        assert stripped.text == case["text"].strip("\n")


@pytest.mark.parametrize("case", SEVERAL, ids=[case["label"] for case in SEVERAL])
def test_several_articles_stay_whole(case: dict[str, Any]) -> None:
    document = Boilerplate()(Document(text=case["text"]))
    left = letters(document.text)
    assert [text for text in case["keep"] if letters(text) not in left] == []
    assert [text for text in case.get("gone", ()) if letters(text) in left] == []
    assert document.title == case["title"]


@pytest.mark.parametrize("form", sorted(FLOORS))
def test_pages_in_a_form(form: str) -> None:
    count: Counter[str] = Counter()
    for case in MADE:
        if case["form"] != form:
            continue
        stripped = strip_lines(case["text"])
        left = letters(stripped.text)
        count["keep"] += len(case["keep"])
        count["kept"] += sum(letters(text) in left for text in case["keep"])
        count["go"] += len(case["gone"])
        count["gone"] += sum(letters(text) not in left for text in case["gone"])
        count["texts"] += 1
        count["titles"] += letters(stripped.headline) == letters(case["title"])
        count["forms"] += stripped.form.removeprefix("wrapped ") == form
    floor = FLOORS[form]
    shares = (("kept", "kept", "keep"), ("gone", "gone", "go"), ("title", "titles", "texts"), ("form", "forms", "texts"))
    found = {key: count[part] / count[whole] for key, part, whole in shares}
    assert all(found[key] >= floor[key] for key in floor), found


LINES = st.sampled_from(
    [
        "Home",
        "News Sport Weather",
        "The council voted on Tuesday to keep the old bridge open until the spring, the mayor said.",
        *("which", ", he said", "- a list item", "  indented line of a list", "# A heading", "[a link](https://foo.example/a)"),
        *("![](x.png)", "| a | b |", "```", "橋は閉鎖された。", "「はい」と述べた。", "x" * 90, "word " * 30, "hyphen-", "ated", "", " "),
        *("12 comments", "0:00 / 2:31"),
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(LINES, max_size=40).map("\n".join))
def test_every_letter_is_kept_or_listed_as_removed(text: str) -> None:
    stripped = strip_lines(text)
    assert stripped.form in FORMS
    given_lines = text.split("\n")
    for removal in stripped.removed:
        assert letters(removal.text) in letters(given_lines[removal.line - 1])
    if "markdown" not in stripped.form:  # where addresses of links go with the markup
        kept = Counter(letters(stripped.text)) + Counter(letters(" ".join(removal.text for removal in stripped.removed)))
        assert kept == Counter(letters(text))


@settings(max_examples=100, deadline=None)
@given(st.lists(LINES, max_size=40).map("\n".join))
def test_each_line_is_in_one_unit(text: str) -> None:
    read = read_form(text)
    lines = [line for unit in read.units for line, _ in unit.pieces]
    assert lines == sorted(lines)
    filled = [number for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    assert sorted(set(lines)) == filled


def test_markdown_stays_if_asked() -> None:
    text = next(case["text"] for case in CLEAN if case["label"] == "en-readme")
    assert "](" not in Boilerplate()(Document(text=text)).text
    assert "](" in Boilerplate(markdown=True)(Document(text=text)).text


def test_the_header_of_a_reader_fills_the_fields() -> None:
    text = (
        "Title: Old bridge closed\n\nURL Source: https://foo.example/bridge\n\nPublished Time: 2030-03-04\n\nMarkdown Content:\n"
        "The council of Neustadt has closed the old bridge, which divers had found to be cracked.\n"
    )
    document = Boilerplate()(Document(text=text))
    assert (document.title, document.url, document.created) == ("Old bridge closed", "https://foo.example/bridge", "2030-03-04")
    assert document.text == "The council of Neustadt has closed the old bridge, which divers had found to be cracked."
    assert [removal.line for removal in document.removed] == [1, 3, 5, 7]
    assert Boilerplate()(Document(text="Title: a word with a colon\nand a line of a poem")).title != "a word with a colon"


def test_the_record_names_the_form() -> None:
    assert Boilerplate()(Document(text="One line.\n\nAnother.")).metadata.form == "blocks"
    assert Boilerplate()(Document(text="<p>One.</p>", markup=True)).metadata.form == ""
