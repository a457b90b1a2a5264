import pytest

from newsbeam.console.explanation import describe_changes
from newsbeam.transforms.document import Document, Metadata
from newsbeam.transforms.language import Language, name_of
from newsbeam.transforms.language.model import model


@pytest.mark.parametrize(
    ("language", "score", "words"),
    [
        ("de", 0.99, "language: German (de), certain, score 0.99"),
        ("gl", 0.7, "language: Galician (gl), probably, score 0.70"),
        ("ms", 0.4, "language: Malay (ms), uncertain: short, mixed or close to another language, score 0.40"),
        ("und", 0.0, "language: none that newsbeam knows (und): too few sentences, or another language"),
    ],
)
def test_the_language_is_explained_in_words(language, score, words):
    before = Document(text="Der Hafen blieb geschlossen.", language="en", language_score=1.0)
    after = Document(text=before.text, language=language, language_score=score)
    assert [line.plain for line in describe_changes(before, after)] == [words]


def test_what_decided_is_named():
    before = Document(text="…")
    after = Document(text="…", language="id", language_score=0.8, metadata=Metadata(language_hint="url .id decided between id and ms"))
    assert next(iter(describe_changes(before, after))).plain.endswith("score 0.80; url .id decided between id and ms")


def test_every_language_has_a_name():
    assert [code for code in model().languages if code and name_of(code) == code] == []
    assert name_of(Language()(Document(text="The harbour was closed on Tuesday because of the storm.")).language) == "English"
