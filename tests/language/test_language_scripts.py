"""Ideographs that one country writes, letters that imitate bold and italics, and languages in letters that are not theirs."""

from pathlib import Path

import pytest
import yaml

from newsbeam.transforms.document import Document
from newsbeam.transforms.language import Language

DATA = yaml.safe_load((Path(__file__).parent / "scripts.yaml").read_text("utf-8"))


@pytest.mark.parametrize("text", DATA["kanji"])
def test_japanese_in_kanji_alone(text):
    document = Language()(Document(text=text))
    assert (document.language, document.metadata.script) == ("ja", "Jpan")
    assert document.language_score > 0.5


@pytest.mark.parametrize("text", DATA["chinese"])
def test_chinese(text):
    document = Language()(Document(text=text))
    assert document.language == "zh"
    assert document.metadata.script in ("Hans", "Hant", "Hani")


def test_a_japanese_name_in_a_chinese_article_changes_nothing():
    text = "央行宣布降息，市场反应平静。来自东京的畑山先生说，这将影响两国之间的贸易，但是港口的工人们并不担心。"
    document = Language()(Document(text=text))
    assert document.language == "zh"
    assert document.languages == ()


@pytest.mark.parametrize("alphabet", DATA["alphabets"])
@pytest.mark.parametrize("language", DATA["styled"])
def test_styled_letters_are_letters(language, alphabet):
    capital, small = map(ord, DATA["alphabets"][alphabet])
    text = DATA["styled"][language]
    styled = "".join(
        chr(capital + ord(sign) - ord("A")) if "A" <= sign <= "Z" else chr(small + ord(sign) - ord("a")) if "a" <= sign <= "z" else sign
        for sign in text
    )
    plain, other = Language()(Document(text=text)), Language()(Document(text=styled))
    assert (other.language, other.language_score) == (language, plain.language_score)


@pytest.mark.parametrize("language", DATA["romanised"])
def test_romanised_text_is_in_no_language_for_certain(language):
    texts = [Language()(Document(text=text)) for text in DATA["romanised"][language]]
    assert [(found.text, found.language) for found in texts if found.language_score >= 0.5] == []
    assert sum(found.language == "und" for found in texts) > len(texts) / 2
