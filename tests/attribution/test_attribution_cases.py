"""Attributions and credits by cases that are data, and the marks of quotation by themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from newsbeam.transforms.attribution import Attribute
from newsbeam.transforms.attribution.quotations import quotations
from newsbeam.transforms.document import Document, Removal, broken_spans

HERE = Path(__file__).parent


def cases(name: str) -> list[Any]:
    rows = yaml.safe_load((HERE / name).read_text(encoding="utf-8"))
    return [
        pytest.param(
            row,
            id=str(row.get("label", row["text"])),
            marks=pytest.mark.xfail(strict=True, reason=row["known_failure"]) if "known_failure" in row else (),
        )
        for row in rows
    ]


@pytest.mark.parametrize("case", cases("statements.yaml"))
def test_statement(case: dict[str, Any]) -> None:
    """By rule, in every language; what the English model finds is in english.yaml."""
    document = Attribute(engine="rules")(Document(text=case["text"], language=case["language"]))
    assert not broken_spans(document)
    found = [
        {
            "form": item.form,
            "speaker": item.speaker.text,
            "name": item.speaker.name,
            "role": item.speaker.role,
            "kind": item.speaker.kind,
            "cue": item.cue.text,
            "via": [link.text for link in item.via],
            "content": [piece.text for piece in item.content],
        }
        for item in document.attributions
    ]
    assert len(found) == len(case["expect"]), found
    for item, expected in zip(found, case["expect"], strict=True):
        assert {key: item[key] for key in expected} == expected


@pytest.mark.parametrize(
    "case", [pytest.param(row, id=row["text"]) for row in yaml.safe_load((HERE / "names.yaml").read_text(encoding="utf-8"))]
)
def test_name(case: dict[str, Any]) -> None:
    """Names without titles, and the roles beside them, in scripts without capitals too."""
    document = Attribute()(Document(text=case["text"], language=case["language"]))
    [item] = document.attributions
    if case["name"]:
        assert (item.speaker.name, item.speaker.role, item.speaker.kind) == (case["name"], case["role"], "person")
    else:
        assert item.speaker.name == item.speaker.text


@pytest.mark.parametrize("case", cases("labels.yaml"))
def test_label(case: dict[str, Any]) -> None:
    document = Attribute()(Document(text=case["text"], language=case["language"]))
    assert not broken_spans(document)
    found = [[item.speaker.text, " ".join(piece.text for piece in item.content)] for item in document.attributions]
    assert found == case["expect"]


@pytest.mark.parametrize("case", cases("credits.yaml"))
def test_credit(case: dict[str, Any]) -> None:
    """The same from the text and from a removed line."""
    expected = [tuple(pair) for pair in case["expect"]]
    standing = Attribute()(Document(text=case["text"], language="en")).credits
    removed = Attribute()(Document(text="", language="en", removed=(Removal("credit", 3, case["text"]),))).credits
    assert [(credit.kind, credit.name) for credit in standing] == expected
    assert removed == standing
    assert all(credit.text in case["text"] for credit in standing)


def test_a_credit_is_named_once() -> None:
    line = "[Image source=Foo Ministry]"
    document = Document(text=f"{line}\nText.\n{line}", removed=(Removal("credit", 9, line), Removal("copyright", 10, "© Foo Daily")))
    assert [(credit.kind, credit.name) for credit in Attribute()(document).credits] == [
        ("image", "Foo Ministry"),
        ("copyright", "Foo Daily"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'If a 'sacred duty' calls, we go.' So", ["'If a 'sacred duty' calls, we go.'"]),
        ("the '90s and talkin' 'bout the leaders' talks", []),
        ("'We met the leaders' team,' he said", ["'We met the leaders' team,'"]),
        ("''We are here,'' he said", ["''We are here,''"]),
        ("„Hallo“, sagte er. »Ja«, so", ["„Hallo“", "»Ja«"]),
        ("« Oui », a dit", ["« Oui »"]),
        ("「あ『い』う」と", ["「あ『い』う」"]),
        ('그는 "안녕"이라고', ['"안녕"']),
        ('a 5" pipe and a 6\'2" man', []),
        ("“one “two", ["“two"]),
    ],
)
def test_quotation_marks(text: str, expected: list[str]) -> None:
    assert [text[item.start : item.end] for item in quotations(text, 0, len(text))] == expected


def test_a_copyright_mark_in_a_caption_credits_the_picture() -> None:
    caption = Removal("caption", -1, "Jeanne Exemple, samedi soir. © Max Muster")
    assert [(credit.kind, credit.name) for credit in Attribute()(Document(text="", removed=(caption,))).credits] == [
        ("image", "Max Muster")
    ]
    page = "<p>Text.</p><figure><img><figcaption>The old mill. © Max Muster</figcaption></figure><p>© 2030 Foo Daily</p>"
    assert [(credit.kind, credit.name) for credit in Attribute()(Document(text=page, markup=True)).credits] == [
        ("image", "Max Muster"),
        ("copyright", "Foo Daily"),
    ]


@pytest.mark.parametrize(
    ("text", "author", "expected"),
    [
        ("Text.", "Jane Doe", [("Jane Doe", "Jane Doe")]),
        ("Text.", "By Jane Doe and John Roe", [("Jane Doe", "By Jane Doe and John Roe"), ("John Roe", "By Jane Doe and John Roe")]),
        ("Text.", "山田 太郎", [("山田 太郎", "山田 太郎")]),
        ("By Jane Doe\n\nText.", "Newsroom", [("Jane Doe", "By Jane Doe")]),
        ("Text.", "https://foo.example/authors/jane", []),
    ],
)
def test_the_metadata_name_the_author_where_the_text_does_not(text: str, author: str, expected: list[tuple[str, str]]) -> None:
    assert [(credit.name, credit.text) for credit in Attribute()(Document(text=text, author=author)).credits] == expected
