"""Boilerplate in scraped text: single lines in every language with a list, whole documents, laws."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbeam.transforms import boilerplate
from newsbeam.transforms.boilerplate import Boilerplate
from newsbeam.transforms.boilerplate.forms.unit import Unit
from newsbeam.transforms.boilerplate.lines import line as lines_line
from newsbeam.transforms.boilerplate.lines import strip
from newsbeam.transforms.boilerplate.word_lists.load import load, words
from newsbeam.transforms.document import Document

HERE = Path(__file__).parent
CASES = yaml.safe_load((HERE / "lines.yaml").read_text("utf-8"))
BEFORE = (
    "The bridge over the river was built in the spring of 1987 by the county, and since then, officials say, it has carried "
    "more than four thousand cars a day."
)
AFTER = (
    "Nobody knows yet when it will be opened again, but the county has promised to name a date, and a price, before the end of the year."
)


def clean(text: str, **fields: Any) -> Document:
    return Boilerplate()(Document(text=text, **fields))


@pytest.mark.parametrize("case", CASES, ids=[case["label"] for case in CASES])
def test_line(case, request):
    if case.get("known_failure"):
        request.applymarker(pytest.mark.xfail(strict=True, reason="known failure"))
    document = clean(f"{BEFORE}\n{case['text']}\n{AFTER}")
    kept = document.text.split("\n")
    if case["expect"] == "keep":
        assert kept == [BEFORE, case["text"], AFTER]
        assert document.removed == ()
        return
    assert [removal.kind for removal in document.removed] == [case["expect"]]
    assert document.removed[0].line == 2
    assert kept == ([BEFORE, case["cut"], AFTER] if "cut" in case else [BEFORE, AFTER])


def test_every_language_has_cases():
    folder = Path(boilerplate.__file__).parent / "word_lists" / "words"
    languages = {path.stem for path in folder.glob("*.yaml")}
    assert languages >= {"en", "ko", "ja", "zh", "de", "es", "fr", "ru", "ar"}
    elsewhere = {path.stem for path in (HERE / "languages").glob("*.yaml")}  # see test_boilerplate_word_lists.py
    assert {case["label"].split()[0] for case in CASES} | elsewhere >= languages


def test_word_lists_are_strings_and_say_where_they_come_from():
    folder = Path(boilerplate.__file__).parent / "word_lists" / "words"
    kinds = set("navigation share cookie copyright caption credit byline related advert subscribe id template toc comment other".split())
    for path in folder.glob("*.yaml"):
        assert "# source:" in path.read_text("utf-8")
        data = load(f"word_lists/words/{path.name}")
        assert data["language"] == path.stem
        for part in ("whole", "starts", "holds", "tails", "ends", "over", "lists", "count"):
            assert set(data.get(part, {})) <= kinds, (path.name, part)
            assert all(isinstance(phrase, str) and phrase for phrases in data.get(part, {}).values() for phrase in phrases)
    assert "" not in words().whole


def test_headline_is_kept_and_becomes_the_title():
    document = clean(f"Skip to content\n\nOld Bridge Closed After Storm\n\n\n{BEFORE}\n{AFTER}\n\nTop")
    assert document.title == "Old Bridge Closed After Storm"
    assert document.text == f"Old Bridge Closed After Storm\n\n{BEFORE}\n{AFTER}"
    assert [(removal.kind, removal.line) for removal in document.removed] == [("navigation", 1), ("navigation", 9)]


def test_no_title_where_the_text_begins_with_a_paragraph():
    assert clean(f"{BEFORE}\nA subheading here\n{AFTER}").title == ""


def test_a_title_that_is_known_stays():
    assert clean(f"Old Bridge Closed After Storm\n{BEFORE}", title="Bridge closed").title == "Bridge closed"


def test_caption_that_repeats_the_headline():
    headline = "Old Bridge Closed After Storm"
    caption = f"{headline} Workers put up a fence on Monday."
    document = clean(f"{headline}\n{BEFORE}\n{caption}\n[Image source=County]\n{AFTER}\n{caption} [Image source=County]\n{AFTER}")
    assert document.text == f"{headline}\n{BEFORE}\n{AFTER}\n{AFTER}"
    assert sorted(removal.kind for removal in document.removed) == ["caption", "caption", "credit", "credit"]


THIRD = (
    "The county has asked for help twice, and twice the answer was that there are older bridges, and that they, too, must wait their turn."
)
DOCUMENTS = yaml.safe_load((HERE / "documents.yaml").read_text("utf-8"))


@pytest.mark.parametrize("case", DOCUMENTS, ids=[case["label"] for case in DOCUMENTS])
def test_document(case):
    text = case["text"]
    for name, paragraph in (("BEFORE", BEFORE), ("AFTER", AFTER), ("THIRD", THIRD)):
        text = text.replace(name, paragraph)
    document = clean(text, title=case.get("given", ""))
    assert sorted((removal.line, removal.kind) for removal in document.removed) == [(line, kind) for kind, line in case["gone"]]
    assert document.title == case.get("given", case.get("title", ""))
    again = clean(document.text, title=document.title)
    assert (again.text, again.removed) == (document.text, ())


def test_no_clean_text_is_touched_by_what_was_read_before():
    texts = [case["text"] for case in CASES]
    alone = [clean(f"{BEFORE}\n{line}\n{AFTER}").removed for line in texts]
    assert [clean(f"{BEFORE}\n{line}\n{AFTER}").removed for line in reversed(texts)] == alone[::-1]


def test_what_follows_the_article():
    document = clean(f"{BEFORE}\n{AFTER}\nRelated articles\nTen bridges to repair\n- Storm moves north\nLeave a comment\nJane\n")
    assert document.text == f"{BEFORE}\n{AFTER}"


def test_list_under_a_heading_in_the_middle():
    document = clean(f"{BEFORE}\nRelated articles\n- Ten bridges to repair\n- Storm moves north\n{AFTER}")
    assert document.text == f"{BEFORE}\n{AFTER}"
    assert [removal.kind for removal in document.removed] == ["related"] * 3


def test_a_poem_a_recipe_and_code_are_kept():
    poem = "The river took the bridge away\nand left the road behind\n\nand we who came at break of day\nhad nothing left to find"
    recipe = "Bridge bread\n\nIngredients\n- 200 g flour\n- 1 tsp salt\n\nMethod\n1. Mix.\n2. Bake for 20 minutes."
    code = "def bridge(count):\n    bridge_count = count\n    return bridge_count"
    for text in (poem, recipe, code):
        assert clean(text).text == text


def test_line_ends_blank_lines_and_trailing_space():
    document = clean(f"\r\n\r{BEFORE}  \r\n\r\n\r\n\t{AFTER}\t\rTop\r")
    assert document.text == f"{BEFORE}\n\n\t{AFTER}"
    assert [(removal.kind, removal.line) for removal in document.removed] == [("navigation", 7)]


SEEDS = Path(__file__).parents[3] / "shared" / "seeds"


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the real documents are not beside this checkout")
def test_real_documents():
    found = {}
    for path in sorted(SEEDS.glob("*.txt")):
        text = path.read_bytes().decode()
        document = clean(text)
        found[path.name[:3]] = [(removal.line, removal.kind) for removal in document.removed]
        gone = {removal.line for removal in document.removed}
        given = text.split("\n")
        assert [line.rstrip() for number, line in enumerate(given, 1) if line.strip() and number not in gone] == [
            line for line in document.text.split("\n") if line
        ]
        assert bool(document.title) == (path.name[:3] in ("002", "003", "004"))
        assert document.title == next((line for line in document.text.split("\n") if document.title), "")
    assert found["000"] == found["001"] == []
    assert found["002"] == [(3, "other"), (4, "other")]  # the labels "Synopsis" and "Key Takeaways"
    navigation, template, caption, credit = "navigation", "template", "caption", "credit"
    assert sorted(found["003"]) == [
        (1, navigation), (2, template), (4, navigation), (6, navigation), (20, caption), (21, credit), (29, caption), (30, credit),
        (38, caption), (38, credit), (49, "copyright"), (52, "share"), (54, navigation),
    ]  # fmt: skip
    assert found["004"] == [(31, "id"), (45, navigation), (47, "byline"), (49, navigation)]


PIECES = st.sampled_from(
    [case["text"] for case in CASES]
    + [
        BEFORE,
        AFTER,
        "",
        "Old Bridge Closed After Storm",
        "Related articles",
        "3 comments",
        "By Jane Doe",
        "March 3, 2024",
        "x",
        "- a",
        "Comments",
        "{",
        "a_b",
    ]
)
TEXTS = st.lists(PIECES | st.text(max_size=60), max_size=14).map("\n".join) | st.text(max_size=300)


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_what_rules_leave_they_leave_alone(text):
    given = [_line(number, line.rstrip()) for number, line in enumerate(text.splitlines()) if line.strip()]
    if not given:
        return
    once = strip._by_rules(given, 0, "")
    if not once.kept:
        return
    twice = strip._by_rules([_line(line.number, line.text, line.gap) for line in once.kept], 0, "")
    assert twice.removed == []
    assert twice.title == once.title


def _line(number, text, gap=False):
    return lines_line.Line(number, text, gap, Unit(text, ((number, text),), gap))


# The classifier looks at what stands around a line, and after a cleaning that is something else. So the whole is not exactly
# idempotent; how much a second cleaning takes is measured in test_boilerplate_classifier.py.
@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_cleaning_again_only_takes(text):
    once = clean(text).text.split("\n")
    again = iter(once)
    assert all(any(line == other for other in again) for line in clean("\n".join(once)).text.split("\n") if line)


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_every_line_is_kept_or_recorded(text):
    document = clean(text)
    if document.metadata.form != "blocks":  # in other forms, lines are joined or lose their markup; see test_boilerplate_forms.py
        return
    given = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    gone: dict[int, list[str]] = {}
    for removal in document.removed:
        gone.setdefault(removal.line, []).append(removal.text)
    kept = iter([line for line in document.text.split("\n") if line.strip()])
    for number, line in enumerate(given, 1):
        if not line.strip():
            assert number not in gone
            continue
        parts = "".join("".join(gone.get(number, [])).split())
        whole = "".join(line.split())
        if sorted(parts) != sorted(whole):
            rest = next(kept)
            assert line.startswith(rest)
            assert sorted(parts + "".join(rest.split())) == sorted(whole)
    assert next(kept, None) is None


LONG_LINES = ["a" * 1_000_000, "word " * 1_000_000, *(sign * 300_000 for sign in ("© ", "[", "{{", "> ", "a_", "가"))]
MANY_LINES = ["Top\n" * 30_000, "x\n" * 30_000, "- a\n" * 30_000, "1 comment\nx\n" * 10_000, ". Read more: " * 30_000]


@pytest.mark.parametrize("text", LONG_LINES + MANY_LINES, ids=lambda text: text[:12])
def test_worst_cases_end_soon(text, within_processor_time):
    with within_processor_time(120):
        document = clean(text)
    assert len(document.text) <= len(text)
    assert all(line in text for line in document.text.split("\n"))
