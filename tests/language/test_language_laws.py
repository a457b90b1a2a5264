import os
import pickle
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbeam.transforms.document import Document, broken_spans
from newsbeam.transforms.language import Language

WORDS = [
    "the harbour",
    "der Hafen",
    "порт",
    "항구",
    "港",
    "みなと",
    "ميناء",
    "1,5",
    "https://x.org/a",
    ".",
    "\n",
    " ",
    "\ud800",
    "İSTANBUL",
    "🚢",
]


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=300), st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join)), st.booleans())
def test_any_text_gets_a_language_and_spans_that_hold(text, markup):
    document = Language()(Document(text=text, markup=markup))
    assert document.text == text
    assert not broken_spans(document)
    assert 0 <= document.language_score <= 1
    assert document.language_score == round(document.language_score, 4)
    assert (document.language == "und") == (document.language_score == 0)
    assert len({run.language for run in document.languages}) != 1
    ends = [place for run in document.languages for place in (run.start, run.end)]
    assert ends == sorted(ends)


MIXED = "The harbour was closed because of the storm. 항구가 폐쇄됐다. Der Hafen blieb am Dienstag geschlossen.\n" * 3


def test_the_same_in_every_process():
    program = (
        "from newsbeam.transforms.document import Document; from newsbeam.transforms.language import Language; import sys;"
        "d = Language()(Document(text=sys.stdin.buffer.read().decode('utf-8'))); print(d.language, d.language_score, d.languages)"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", program],
            input=MIXED.encode(),
            capture_output=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(answers) == 1


def test_it_pickles():
    assert pickle.loads(pickle.dumps(Language(min_score=0.3))) == Language(min_score=0.3)


@pytest.mark.parametrize("unit", ["a", ".", "\n", " ", "@", "a@", "www.", 'x. "', ". ", "a.b/", "항", "항\na. ", "<", "é ", "\u0301"])
def test_a_megabyte_of_anything_takes_no_time(unit, within_processor_time):
    document = Document(text=unit * (1_000_000 // len(unit)), markup=True)
    with within_processor_time(60):
        after = Language()(document)
    assert after.text == document.text
    assert not broken_spans(after)
