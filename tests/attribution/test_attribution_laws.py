"""What holds for every text: spans, no exception, the same answer twice, time in proportion to length."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbeam.transforms.attribution import Attribute
from newsbeam.transforms.document import Document, Removal, broken_spans

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

# What stands around one such word, or row of words, is read as if it were not there; time in proportion to its length.
ROWS = [
    ("en", "aB3_-", 80_000),
    ("en", "A", 80_000),
    ("en", "A&", 80_000),
    ("en", "A.", 80_000),
    ("en", "Aa of the ", 80_000),
    *((language, "A’", 80_000) for language in ("de", "es", "fr", "ru", "it", "pt", "nl", "pl", "uk")),
    *((language, "Яя’", 80_000) for language in ("ru", "uk")),
    *((language, "A-", 80_000) for language in ("de", "fr")),
    ("ko", "가", 80_000),
    ("ja", "あ", 80_000),
    ("zh", "一", 80_000),
    ("zh", " ", 80_000),
    ("ar", "ا", 80_000),
]
SAID = {
    "de": "„Es ist spät“, sagte Jane Doe.",
    "es": "«Es tarde», dijo Jane Doe.",
    "fr": "« Il est tard », a déclaré Jane Doe.",
    "ru": "«Уже поздно», — сказал Иван Петров.",
    "it": "«È tardi», ha detto Jane Doe.",
    "pt": "«É tarde», disse Jane Doe.",
    "nl": "“Het is laat”, zei Jane Doe.",
    "pl": "„Jest późno” – powiedziała Jane Doe.",
    "uk": "«Вже пізно», — сказав Іван Петренко.",
    "ko": "김민수는 “시간이 늦었다”라고 말했다.",
    "ja": "山田太郎氏は「もう遅い」と述べた。",
    "zh": "王小明说：“时间已经很晚了。”",
    "ar": "قال أحمد حسن: «الوقت متأخر جدا».",
}


def timed(attribute: Attribute, document: Document) -> tuple[Document, float]:
    """The document with its attributions, and the processor time that they took."""
    began = time.process_time()
    return attribute(document), time.process_time() - began


@pytest.mark.parametrize(("language", "piece", "size"), ROWS, ids=[f"{language}-{piece.strip() or 'blank'}" for language, piece, _ in ROWS])
def test_a_row_of_letters_costs_itself_only(language: str, piece: str, size: int) -> None:
    said = SAID.get(language, "“It is late,” said Jane Doe, the mayor.")
    attribute = Attribute()
    alone = attribute(Document(text=said, language=language)).attributions
    assert alone
    seconds = []
    for length in (size // 2, size):
        after, took = timed(attribute, Document(text=f"{said}\n\n{(piece * length)[:length]}\n\n{said}", language=language))
        seconds.append(took)
        assert not broken_spans(after)
        first = after.attributions[0]
        assert (first.content, first.cue, first.speaker) == (alone[0].content, alone[0].cue, alone[0].speaker)
        assert after.attributions[-1].content[-1].text == alone[-1].content[-1].text
    assert seconds[1] < 4 * seconds[0] + 0.2


@pytest.mark.parametrize("form", ["“It is late,” said {}.", "“It is late,” {} said.", "{} of the council said that it was late."])
@pytest.mark.parametrize("name", ["A" * 1_900, "A " * 60, "A’" * 900, "Aa " * 80, "AB" * 80], ids=str.__len__)
def test_a_speaker_of_many_capitals(form: str, name: str, within_processor_time: Callable[[float], AbstractContextManager[None]]) -> None:
    """Read in time, whoever is said to speak: with what was there it took hours."""
    text = "\n\n".join(form.format(name.strip()) for _ in range(20))
    with within_processor_time(30):
        assert not broken_spans(Attribute()(Document(text=text, language="en")))


def test_of_a_vast_text_nothing_said_is_lost() -> None:
    """Paragraphs without a word or a mark of speech are passed over in a text of more than a million characters."""
    said = "“It is late,” said Jane Doe, the mayor.\n\nThe council voted.\n\nDoe told reporters that the pier would stay shut.\n\n"
    few, many = (Attribute()(Document(text=said + "The ferry ran.\n\n" * number, language="en")) for number in (100, 70_000))
    assert len(many.text) > 1_000_000
    assert few.attributions
    # How sure the model is depends on what stands around.
    assert [replace(one, score=0) for one in many.attributions] == [replace(one, score=0) for one in few.attributions]


# Of English, the tagger's batches weigh 30 MB, whatever the length.
@pytest.mark.parametrize(("piece", "language", "most"), [("a\n\n", "de", 100), ("가\n", "ko", 100), ("He ran.\n\n", "en", 1_000)])
def test_small_paragraphs_take_little_memory(piece: str, language: str, most: int) -> None:
    said = SAID.get(language, "“It is late,” said Jane Doe.")
    text = said + "\n\n" + piece * (60_000 // len(piece))
    attribute = Attribute()
    attribute(Document(text=said, language=language))  # so that the weights and word lists are loaded
    tracemalloc.start()
    try:
        after = attribute(Document(text=text, language=language))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert after.attributions
    assert peak < most * len(text)


@pytest.mark.parametrize(("piece", "size"), DEGENERATE, ids=[piece.strip() for piece, _ in DEGENERATE])
def test_time_is_linear(piece: str, size: int) -> None:
    """Twice the text takes about twice the time; the slack is for a busy machine."""
    attribute = Attribute()
    attribute(Document(text="Warm up, she said."))
    whole = (piece * (size // len(piece) + 1))[:size]
    for _ in range(5):  # neighbours take caches and half of a core away, and processor time grows: once is enough to tell
        done = [timed(attribute, Document(text=text)) for text in (whole[: size // 2], whole)]
        assert not any(broken_spans(document) for document, _ in done)
        seconds = [took for _, took in done]
        if linear := seconds[1] < 4 * seconds[0] + 0.2:
            break
    assert linear


def test_a_comma_that_stands_alone_before_a_cue_is_no_word() -> None:
    text = "Der Hafen , , bleibt zu, Anna Weber , sagte Jonas Vogt. Die Fähre , der Kran, sagte Anna Weber."
    document = Attribute()(Document(text=text, language="de"))
    assert all(text[span.start : span.end] == span.text for item in document.attributions for span in item.content)
