"""The five real documents, where they are at hand: credits and a few facts that every version must keep."""

from __future__ import annotations

from pathlib import Path

import pytest

from transforms.attribution import Attribute
from transforms.document import Document, Removal

SEEDS = Path(__file__).parents[3] / "shared" / "seeds"
pytestmark = pytest.mark.skipif(not SEEDS.is_dir(), reason="the five real documents do not lie beside this checkout")


def seed(number: str) -> Document:
    return Document(text=next(SEEDS.glob(f"{number}_*")).read_text(encoding="utf-8"))


def credits_of(document: Document) -> set[tuple[str, str]]:
    return {(credit.kind, credit.name) for credit in Attribute()(document).credits}


RIGHTS_OF_003 = {("copyright", "The Asia Business Daily"), ("image", "Russian Kremlin"), ("image", "Russian Kremlin Palace")}


def test_credits_stand_in_text_or_in_removed_lines() -> None:
    document = seed("003")
    assert credits_of(document) == RIGHTS_OF_003
    lines = tuple(Removal("copyright", number, line) for number, line in enumerate(document.text.split("\n"), 1))
    assert credits_of(Document(text="", removed=lines)) == RIGHTS_OF_003


def test_dateline() -> None:
    assert credits_of(seed("002")) == {("dateline", "Seoul"), ("agency", "NationPress")}


def test_chains() -> None:
    links = {
        (item.speaker.name, link.name)
        for number in ("000", "001", "002")
        for item in Attribute()(seed(number)).attributions
        for link in item.via
    }
    assert {
        ("Andrei Lankov", "Financial Times"),
        ("Vladimir Putin", "Reuters"),
        ("Park Won-gon", "Reuters"),
        ("Korean Central News Agency", "Yonhap"),
    } <= links


def test_names_are_resolved() -> None:
    names = {item.speaker.text: item.speaker.name for item in Attribute()(seed("000")).attributions}
    assert names["Commissioner Kim"] == "Kim Jong Un"
    assert names["Professor Lankov"] == "Andrei Lankov"
    assert names["Putin"] == "Vladimir Putin"
