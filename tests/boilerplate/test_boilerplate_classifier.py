"""The learned part of cleaning scraped text: whole texts that stay, what it takes, why, and how well it does on a benchmark."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import yaml
from loading import load

from newsbeam.transforms.boilerplate.forms.unit import Unit
from newsbeam.transforms.boilerplate.lines.features import NAMES, columns, tokens
from newsbeam.transforms.boilerplate.lines.model import line_model
from newsbeam.transforms.boilerplate.lines.prefilter import prefilter
from newsbeam.transforms.boilerplate.lines.strip import explain_lines, layout_of, strip_lines
from newsbeam.transforms.boilerplate.scan import hash_word, scan

HERE = Path(__file__).parent
TEXTS = yaml.safe_load((HERE / "texts.yaml").read_text("utf-8"))
KINDS = frozenset("navigation share cookie copyright caption credit byline related advert subscribe id template toc comment other".split())


def plain_layout(count):
    """The layout of a text with nothing but lines."""
    return layout_of([Unit("", ((number, ""),), gap=False) for number in range(count)], 0)


@pytest.mark.parametrize("case", TEXTS, ids=[case["label"] for case in TEXTS])
def test_text(case):
    stripped = strip_lines(case["text"])
    text, removed = stripped.text, stripped.removed
    assert [(removal.line, removal.text) for removal in removed if removal.line not in case.get("gone", [])] == []
    assert {removal.line for removal in removed} == set(case.get("gone", []))
    assert {removal.kind for removal in removed} <= KINDS
    assert strip_lines(text).text == text


@pytest.mark.parametrize("case", TEXTS, ids=[case["label"] for case in TEXTS])
def test_an_explanation_says_what_stripping_does(case):
    stripped = strip_lines(case["text"])
    text, removed, title = stripped.text, stripped.removed, stripped.headline
    explained = explain_lines(case["text"])
    assert [one.text for one in explained if one.kept] == [line.strip() for line in text.split("\n") if line.strip()]
    assert {one.line: one.kind for one in explained if not one.kept} == {removal.line: removal.kind for removal in removed}
    assert all(one.signs for one in explained if not one.kept)
    assert [one.text for one in explained if "the headline" in one.signs] == ([title] if title else [])
    assert all(isinstance(sign, str) and sign for one in explained for sign in one.signs)


def test_what_recurs_on_a_site_goes_though_nothing_else_tells():
    slogan = "The light at the end of the quay"
    article = next(case["text"] for case in TEXTS if case["label"] == "list in an article").rstrip().split("\n")
    text = "\n".join([*article, slogan])
    assert slogan in strip_lines(text).text
    stripped = strip_lines(text, "", lambda texts, _: [line == slogan for line in texts])
    assert slogan not in stripped.text
    assert [(removal.kind, removal.text) for removal in stripped.removed] == [("template", slogan)]


def test_features_are_whole_numbers_and_named():
    page = scan(["Old Bridge Closed", "- Read more: 12 comments", "橋は閉鎖された。", "x" * 5000, "…", "\U0001f4f7 Photo"])
    rows = columns(page, *np.zeros((3, 6), np.int64), plain_layout(6))
    assert rows.shape == (6, len(NAMES))
    assert len(set(NAMES)) == len(NAMES)
    assert (rows == np.rint(rows)).all()


def test_words_are_found_by_their_hash_wherever_they_stand():
    page = scan(["Some words stand here", "HERE some stand"])
    assert {hash_word(word) for word in ("some", "words", "stand", "here")} == set(page.hashes.tolist())
    hashes, lines = tokens(page)
    assert len(hashes) == len(lines)
    assert set(lines.tolist()) == {0, 1}


def test_the_sieve_lets_every_line_through_that_a_list_knows():
    from newsbeam.transforms.boilerplate.word_lists.load import words

    whole = [phrase for phrase in words().whole if phrase and phrase == phrase.strip()]
    may_match = prefilter(scan(whole)).may_match
    assert [phrase for phrase, yes in zip(whole, may_match.tolist(), strict=True) if not yes] == []


def test_scores_are_the_same_whatever_was_read_before():
    case = TEXTS[-1]["text"].rstrip().split("\n")
    page = scan(case)
    groups = np.zeros(len(case), np.int64)
    first = line_model().scores(page, groups, plain_layout(len(case))).tolist()
    for other in TEXTS:
        strip_lines(other["text"])
    assert line_model().scores(scan(case), groups, plain_layout(len(case))).tolist() == first


@pytest.mark.parametrize(
    "text", ["word " * 1_000_000, "x\n" * 500_000, "A line of words, %d.\n" * 200_000, "- a b c d\n" * 200_000], ids=lambda text: text[:8]
)
def test_long_texts_end_soon(text, within_processor_time):
    with within_processor_time(120):  # a few seconds where nothing else runs
        strip_lines(text)


BENCH = HERE.parents[2] / "shared" / "bench"
WORD = re.compile(r"\w+")


def _words(text):
    return Counter(WORD.findall(text.lower()))


def _benchmark(name, step):
    path = BENCH / "lines" / f"dev.{name}.jsonl"
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for number, line in enumerate(lines) if number % step == 0]


needs_bench = pytest.mark.skipif(not (BENCH / "lines").is_dir(), reason="the benchmark is not beside this checkout")


@needs_bench
def test_cleaning_again_takes_next_to_nothing():
    before = lost = 0
    for document in _benchmark("residual", 12):
        once = strip_lines(document["text"]).text
        before += _words(once).total()
        lost += _words(once).total() - _words(strip_lines(once).text).total()
    assert lost <= 0.001 * before


@needs_bench
@pytest.mark.parametrize(("name", "floor"), [("residual", 0.72), ("full", 0.93)])
def test_quality_does_not_fall(name, floor):
    # Trained on these documents too: a floor for the code, not a figure. The figures are in weights/lines.md.
    score = load(BENCH / "lines" / "score.py")
    documents = _benchmark(name, 12)
    found = score.summary([score.score_doc(document, strip_lines(document["text"]).text) for document in documents])
    assert found["strip_f1"] >= floor, found
