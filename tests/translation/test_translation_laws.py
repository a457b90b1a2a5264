import os
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbeam.transforms.document import Document, Removal, broken_spans
from newsbeam.transforms.translation import Translate
from newsbeam.transforms.translation.evidence_rules import TARGETS, notes, rules_for, scale, target
from newsbeam.transforms.translation.style import MIN_CHARS

TEXTS = [case["text"] for case in yaml.safe_load((Path(__file__).parent / "cases.yaml").read_text("utf-8"))]
PIECES = [*TEXTS, "\n", " ", "«", "'", '"', "(", "\ud800", "İ", "번역", "on the 7th,", "{{", "â€™", "Our government", "President Kim"]
LANGUAGES = ["", "en", "ko", "ja", "zh", "ru", "de", "und", "xx"]


@settings(max_examples=120, deadline=None)
@given(
    st.one_of(st.text(max_size=300), st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join)),
    st.sampled_from(LANGUAGES),
    st.lists(st.sampled_from(PIECES), max_size=3),
    st.booleans(),
)
def test_any_text_is_judged_and_spans_hold(text, language, removed, markup):
    document = Document(text=text, markup=markup, language=language, removed=tuple(Removal("other", -1, line) for line in removed))
    after = Translate()(document)
    found = after.translation
    assert not broken_spans(after)
    assert 0 <= found.score <= 1
    assert 0 <= found.source_language_score <= 1
    assert found.score == round(found.score, 4)
    assert bool(found.source_language) == bool(found.source_language_score)
    assert found.verdict != "original" or len(text) >= min(scale().enough, *MIN_CHARS.values())
    assert found.verdict != "translated" or found.artifacts
    assert after == Translate()(document)


PLAIN = "The bridge reopened after repairs, and drivers were glad to see it. "


@pytest.mark.parametrize(
    "evidence", ["They met on the 7th, as planned. ", "Experts analyze that it will last. ", "[AI translation] ", "The 예산안 passed. "]
)
def test_more_evidence_never_lowers_the_score(evidence):
    scores = [Translate()(Document(text=PLAIN * 6 + evidence * count + PLAIN * 6, language="en")).translation.score for count in range(4)]
    assert scores == sorted(scores)
    assert scores[0] < scores[1]


def test_the_same_in_every_process():
    program = (
        "from newsbeam.transforms.document import Document; from newsbeam.transforms.translation import Translate; import sys;"
        "print(Translate()(Document(text=sys.stdin.buffer.read().decode('utf-8'))).translation)"
    )
    text = "\n".join(TEXTS).encode("utf-8")
    answers = {
        subprocess.run(
            [sys.executable, "-c", program], input=text, capture_output=True, check=True, env={**os.environ, "PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(answers) == 1


UNITS = [
    "a",
    "A",
    "1",
    ".",
    "\n",
    " ",
    '"',
    "'",
    "‘",
    "«",
    "(",
    "<",
    "é",
    "한",
    "漢 ",
    "a_",
    "a.b.",
    "{{",
    "Our ",
    "President Aa ",
    "on the 7th, ",
    "Kim Ab ",
]
UNITS += [
    "Translated by ",
    "번역: ",
    "\nTranslation: A",
    "'a ",
    "1,1",
    "1.111.",
    "A. ",
    "A (B)-1 ",
    "Aa... A",
    "it was noted that ",
    'a" ',
    '" a',
    "(translated by ",
    "I ",
    "According to him, ",
    "at the same time ",
    '" A',
    '"a. A',
    '. "A b',
    "und der ",
    "2 meters ",
    "of the A ",
    "\xec\x84",
    "{{a}} ",
    "1 2 ",
    "(A=A ",
    "he\n",
]


@pytest.mark.parametrize("unit", UNITS)
def test_half_a_megabyte_of_anything_takes_no_time(unit, within_processor_time):
    document = Document(text=unit * (500_000 // len(unit)), language="en", markup=True)
    with within_processor_time(60):
        after = Translate()(document)
    assert after.text == document.text
    assert 0 <= after.translation.score <= 1


def test_many_names_take_no_time(within_processor_time):
    names = [f"{first}{second}{third}" for first in "ABCDEFGHIJ" for second in "abcdefghijklmnopqrst" for third in "abcdefghijklmnopqrst"]
    document = Document(text=" ".join(f"President {name} said so." for name in names * 4), language="en")
    with within_processor_time(60):
        after = Translate()(document)
    assert after.text == document.text


def test_the_data_is_whole():
    table, _ = notes()
    for note in table:
        for phrase in note.opens + note.says:
            words = re.findall(r"[^\W_]+", phrase)
            begun = any(word.startswith(stem) for word in words for stem in note.stems)
            inside = any(stem in phrase for stem in note.stems if stem > "\u0590")
            assert begun or inside, f"{note.language}: {phrase} has none of the stems"
    assert len(table) >= 30
    english = target("en")
    assert english is not None
    for language in sorted(TARGETS):
        rules = rules_for(language)
        assert rules is not None
        for rule in rules.rules:
            assert rule.pattern or rule.phrase, rule.name
            assert rule.anchors, rule.name
            assert all(anchor == anchor.lower() for anchor in rule.anchors if anchor.isalnum() and len(anchor) > 1), rule.name
            assert rule.phrase == rule.phrase.lower(), rule.name
            assert len(rule.why) > 20, rule.name
            assert all(-300 <= value * 100 <= 300 for value in rule.sources.values()), rule.name
        assert len({rule.name for rule in rules.rules}) == len(rules.rules)
    assert target("xx") is None
    assert rules_for("xx") is None


def test_what_was_learned_is_of_signs_that_there_are():
    learned = yaml.safe_load((files("newsbeam.transforms.translation") / "learned.yaml").read_bytes())
    names = {rule.name: rule for rule in target("en").rules}
    assert set(learned) <= set(names)
    assert all(names[name].points == entry["points"] for name, entry in learned.items())
