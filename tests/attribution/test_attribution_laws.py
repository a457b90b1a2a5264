"""What holds for every text: spans, no exception, the same answer twice, time in proportion to length."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.attribution import Attribute
from transforms.document import Document, Removal, broken_spans

WORDS = (
    "\" ' “ ” ‘ ’ „ « » 「 」 '' ( ) , . : ， 说： he that said told Reuters adding and Jane Doe mayor citing 라고 말했다 위원장은 "
    "と述べた 首相は sagte laut dijo © Photo: [Image ] AP <p> </p> قال сказал selon"
)
EDGES = (" ", " ", "\n", "\n\n", "\u00a0", "according to ", " said ", "[Image source=", "Seoul, Sep 4 (AP) ", "a professor at X")
PIECES = st.sampled_from([*WORDS.split(), *EDGES])
LANGUAGES = st.sampled_from(["", "en", "ko", "ja", "zh", "de", "es", "fr", "ru", "ar", "fi", "und"])
TEXTS = st.one_of(st.text(), st.lists(PIECES, max_size=40).map("".join))


@settings(max_examples=300, deadline=None)
@given(text=TEXTS, language=LANGUAGES, markup=st.booleans())
def test_spans_hold_and_nothing_raises(text: str, language: str, markup: bool) -> None:
    document = Document(text=text, language=language, markup=markup, removed=(Removal("caption", 1, text),), author=text[:40])
    after = Attribute()(document)
    assert broken_spans(after) == []
    assert after == Attribute()(document)
    assert after.text == text
    for item in after.attributions:
        assert item.content
        assert item.form in ("direct", "indirect", "mixed")
        assert 0 <= item.score <= 1
        assert item.score == round(item.score, 4)
    assert len({(credit.kind, credit.name) for credit in after.credits}) == len(after.credits)


DEGENERATE = [
    *((mark, 100_000) for mark in "\"'“”"),
    *((letter, 1_000_000) for letter in "aA"),
    ('"a" said ', 1_000_000),
    ("he said that ", 1_000_000),
    ("Doe, said ", 1_000_000),
    *((piece, 200_000) for piece in ("が", "'a ", "© ", "By Jane ", "Photo: a ", "X, a Y, ", "According to ", "Kim ")),
]


@pytest.mark.parametrize(("piece", "size"), DEGENERATE, ids=[piece.strip() for piece, _ in DEGENERATE])
def test_time_is_linear(piece: str, size: int) -> None:
    """Twice the text takes about twice the time; the slack is for a busy machine."""
    attribute = Attribute()
    attribute(Document(text="Warm up, she said."))
    whole = (piece * (size // len(piece) + 1))[:size]
    for _ in range(5):  # neighbours take caches and half of a core away, and processor time grows: once is enough to tell
        seconds = []
        for text in (whole[: size // 2], whole):
            began = time.process_time()
            assert not broken_spans(attribute(Document(text=text)))
            seconds.append(time.process_time() - began)
        if linear := seconds[1] < 4 * seconds[0] + 0.2:
            break
    assert linear
