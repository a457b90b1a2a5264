import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from newsbeam.transforms.language.model import model
from newsbeam.transforms.language.ngrams import BLANK, COLUMNS, ORDERS, grams

WORDS = st.lists(st.text("abcdeßñжд", min_size=1, max_size=9), min_size=1, max_size=8)


def codes(words):
    return np.frombuffer((" " + " ".join(words) + " ").encode("utf-16-le"), np.uint16)


@given(WORDS)
def test_a_gram_has_one_key_wherever_it_stands(words):
    text = " " + " ".join(words) + " "
    keys = grams(codes(words))
    assert keys.shape == (len(text), COLUMNS)
    met: dict[str, int] = {}
    for end, row in enumerate(keys.tolist()):
        for column, key in enumerate(row):
            begin = end - column if column < ORDERS else text.rfind(" ", 0, end)
            gram = text[max(begin, 0) : end + 1]
            inner = gram[1:-1] if len(gram) > 1 else ""
            there = begin >= 0 and " " not in inner and gram.strip() != ""
            if column == ORDERS:
                there = there and text[end] == " " and len(gram) >= ORDERS + 1
            assert (key != 0) == there
            if there:
                assert met.setdefault(gram, key) == key
    assert len(set(met.values())) == len(met)


def test_words_of_the_same_text_say_the_same_one_by_one():
    known = model()
    latin = known.scripts[known.number["Latn"]]
    words = "der hafen blieb am dienstag wegen des sturms geschlossen".split()
    whole = known.sums(latin, codes(words), np.array([1]))
    bounds = np.cumsum([1] + [len(word) + 1 for word in words])[:-1]
    parts = known.sums(latin, codes(words), bounds)
    assert parts.shape == (len(words), len(latin.languages))
    assert (parts.sum(axis=0) == whole[0]).all()
    each = [known.sums(latin, codes([word]), np.array([1]))[0] for word in words]
    assert (np.array(each) == parts).all()


def test_every_sign_has_a_kind_and_folds_to_one_that_stays():
    known = model()
    letters = np.flatnonzero(known.kind >= 3)
    assert (known.fold[known.kind < 3] == BLANK).all()
    again = known.fold[known.fold[letters]]
    assert (again == known.fold[letters]).mean() > 0.999
    assert known.fold[ord("Ä")] == ord("ä")
    assert known.fold[0x2019] == ord("'")
