"""The word lists of all languages together: lines of each language, what may not collide, and the file they are read from."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from newsbeam.transforms.boilerplate.lines.rules import classify_line, occurring
from newsbeam.transforms.boilerplate.word_lists import compile, load
from newsbeam.transforms.boilerplate.word_lists.load import languages
from newsbeam.transforms.package_data import parse_yaml
from newsbeam.transforms.text import bare, fold, plain

HERE = Path(__file__).parent
LANGUAGES = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in sorted((HERE / "languages").glob("*.yaml"))}
CASES = [(code, case) for code, cases in LANGUAGES.items() for case in cases]
SOURCES = compile.sources()


@pytest.mark.parametrize("case", [case for _, case in CASES], ids=[f"{code} {case['text'][:40]}" for code, case in CASES])
def test_line(case, request):
    if case.get("known_failure"):
        request.applymarker(pytest.mark.xfail(strict=True, reason="known failure"))
    kind, rest, tails = classify_line(case["text"], occurring([case["text"]]))
    if "cut" in case:
        assert (kind, rest, [tail_kind for tail_kind, _ in tails]) == ("", case["cut"], [case["kind"]])
    else:
        assert (kind, rest, tails) == (case["kind"], case["text"], ())


def test_every_language_has_lines_to_strip_and_lines_to_keep():
    elsewhere = {case["label"].split()[0] for case in yaml.safe_load((HERE / "lines.yaml").read_text("utf-8"))}
    assert {*LANGUAGES, *elsewhere} >= set(SOURCES)
    for code, cases in LANGUAGES.items():
        if code not in elsewhere:
            assert sum(bool(case["kind"]) for case in cases) >= 25, code
            assert sum(not case["kind"] for case in cases) >= 8, code


@pytest.mark.parametrize("part", ["whole", "starts", "holds", "tails", "ends", "over", "lists", "count", "frames"])
def test_no_phrase_has_two_kinds_unless_english_decides(part):
    found = defaultdict(lambda: defaultdict(list))
    for code, text in SOURCES.items():
        for kind, phrases in (parse_yaml(text).get(part) or {}).items():
            for phrase in phrases:
                key = fold(phrase)
                found[key if part in ("starts", "holds", "tails", "frames") else bare(key)][kind].append(code)
    two = {phrase: dict(kinds) for phrase, kinds in found.items() if len(kinds) > 1}
    assert {phrase: kinds for phrase, kinds in two.items() if sum("en" in codes for codes in kinds.values()) != 1} == {}


def test_the_file_of_all_lists_is_up_to_date():
    ready = Path(load.__file__).with_name("words.json")
    hint = "run python -m newsbeam.transforms.boilerplate.train words"
    assert ready.is_file(), hint
    assert json.loads(ready.read_text("utf-8")) == compile.merge(SOURCES), hint


def test_without_that_file_the_same_comes_out(tmp_path, monkeypatch):
    usual = load.words()
    load._merged.cache_clear()
    load.words.cache_clear()
    monkeypatch.setattr(compile, "digest", lambda texts: "other")
    try:
        assert load.words() == usual
        assert list(load.words().starts) == list(usual.starts)
    finally:
        monkeypatch.undo()
        load._merged.cache_clear()
        load.words.cache_clear()


def test_languages_with_rules():
    assert languages() >= {*SOURCES, "no", "nn", "bs"}
    assert len(languages()) >= 30
    assert all(2 <= len(code) <= 3 and code.islower() for code in languages())


TRUTH = HERE.parents[2] / "shared" / "bench" / "extract" / "dev" / "truth.jsonl"
# Lines of pages that are not in English, or that name languages. Whatever else is the text of a page is no button anywhere.
ALLOWED = {"cookies", "max", "por", "labels", "illustration", "feedback"}


@pytest.mark.skipif(not TRUTH.is_file(), reason="the pages with known texts are not beside this checkout")
def test_what_is_a_button_elsewhere_is_no_line_of_an_english_text():
    english, together = compile.merge({"en": SOURCES["en"]}), load.words()
    lost = set()
    for page in TRUTH.read_text("utf-8").rstrip("\n").split("\n"):
        for line in (json.loads(page).get("main_content") or "").split("\n"):
            core = bare(fold(line)) if len(line) <= 60 and line.isascii() else ""
            if core and core in together.whole and core not in english["whole"]:
                lost.add(core)
    assert lost <= ALLOWED


@given(st.text())
def test_folding(text):
    assert len(plain(text)) == len(text)
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("İLGİLİ HABERLER", "ilgili haberler"),
        ("SIRADAKİ", "sıradaki"),
        ("ΔΙΑΒΑΣΤΕ ΕΠΙΣΗΣ", "διαβάστε επίσης"),
        ("Citeşte şi", "Citește și"),
        ("Example’s  NEWS：", "example's news:"),
    ],
)
def test_the_same_in_other_forms(one, other):
    assert fold(one) == fold(other)
