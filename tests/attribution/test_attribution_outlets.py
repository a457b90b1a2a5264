"""The gazetteer: the file itself, the scan, and the ids in records."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from newsbeam.transforms.attribution import Attribute
from newsbeam.transforms.attribution.chains import link
from newsbeam.transforms.attribution.outlets import Identified, identify, is_name_of, mentions, outlets
from newsbeam.transforms.document import Document, Removal
from newsbeam.transforms.package_data import load_yaml

DATA = load_yaml("newsbeam.transforms.attribution", "outlets.yaml")
CASES = yaml.safe_load((Path(__file__).parent / "outlets.yaml").read_text(encoding="utf-8"))
ROWS = [(key, names) for kinds in DATA["outlets"].values() for rows in kinds.values() for key, names in rows.items()]


def test_the_file_is_consistent() -> None:
    """An id and a name have one outlet; ids are slugs, countries are codes, short forms have outlets."""
    assert [key for key, number in Counter(key for key, _ in ROWS).items() if number > 1] == []
    assert [name for name, number in Counter(name for _, names in ROWS for name in names).items() if number > 1] == []
    assert [key for key, names in ROWS if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", key) or not names] == []
    assert [country for country in DATA["outlets"] if not re.fullmatch(r"[A-Z]{2}", country)] == []
    assert {outlet.kind for outlet in outlets()} == {"agency", "paper", "magazine", "broadcaster", "website"}
    assert {key for keys in DATA["short"].values() for key in keys} <= {key for key, _ in ROWS}
    assert len(outlets()) > 1000


def test_every_name_is_recognised() -> None:
    wrong = []
    for key, names in ROWS:
        for name in names:
            found = mentions(name)
            if [mention.outlet and mention.outlet.id for mention in found[:1]] != [key]:
                wrong.append((key, name))
    assert wrong == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"])
def test_mentions(case: dict[str, Any]) -> None:
    assert [mention.outlet.id for mention in mentions(case["text"]) if mention.outlet] == case["ids"]


PIECES = ["、", " ", ", ", "«", "'s ", "a", "は", "는 "]


@given(st.lists(st.sampled_from([name for _, names in ROWS for name in names[:2]] + PIECES), max_size=8))
def test_mentions_are_ordered_and_apart(pieces: list[str]) -> None:
    text = "".join(pieces)
    found = mentions(text)
    assert all(0 <= one.start < one.end <= other.start for one, other in pairwise(found))
    assert all(mention.end <= len(text) for mention in found)


def test_a_short_form_needs_a_longer_form() -> None:
    assert Identified("The Post wrote.")("the Post") is None
    known = Identified("The Washington Post wrote. The Post said, unlike the New York Post.")("the Post")
    assert known is not None
    assert known.id == "washington-post"


def test_a_phrase_is_the_name_or_only_contains_it() -> None:
    reuters = identify("Reuters")
    assert reuters is not None
    assert is_name_of("the Reuters news agency", reuters)
    assert not is_name_of("Reuters photographer Jane Margaret Doe", reuters)
    assert identify("Reuters and Yonhap") is None


@pytest.mark.parametrize(
    ("language", "text", "speaker"),
    [
        ("en", "“The test was a success,” KCNA said.", "kcna"),
        ("en", "The test was a success, according to the North’s official news agency.", "kcna"),
        ("en", "“The test was a success,” Jane Doe said.", ""),
        ("ko", "조선중앙통신은 시험이 성공했다고 보도했다.", "kcna"),
        ("ru", "Испытание прошло успешно, сообщило ЦТАК.", "kcna"),
        ("de", "Der Test sei gelungen, meldete KCNA.", "kcna"),
        ("zh", "朝中社报道说，试验取得成功。", "kcna"),
    ],
)
def test_speakers_have_ids(language: str, text: str, speaker: str) -> None:
    items = Attribute()(Document(text=text, language=language)).attributions
    assert [item.speaker.id for item in items] == [speaker]
    if speaker:
        assert items[0].speaker.name == "Korean Central News Agency"
        assert items[0].speaker.kind == "publication"


def test_links_and_credits_have_ids() -> None:
    text = "“It is late,” Jane Roe told Reuters on Monday.\n"
    document = Attribute()(Document(text=text, language="en", removed=(Removal("credit", 1, "Photo: Jane Doe/AFP"),)))
    assert [(link.name, link.id) for item in document.attributions for link in item.via] == [("Reuters", "reuters")]
    assert [(credit.name, credit.id) for credit in document.credits] == [("Jane Doe/AFP", "afp")]


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("Agentur dnk", "Agentur dnk"),
        ("der Agentur dnk", "Agentur dnk"),
        ("the Lantern Press", "Lantern Press"),
        ("Odeon Press", "Odeon Press"),
        ("l’Exemple", "Exemple"),
    ],
)
def test_the_name_of_an_unknown_outlet_lacks_its_article_only(words: str, name: str) -> None:
    assert link(words, 0, len(words)).name == name
