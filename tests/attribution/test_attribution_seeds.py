"""The five real documents, where they are at hand: credits and a few facts that every version must keep."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import pytest

from newsbeam.transforms.attribution import Attribute
from newsbeam.transforms.document import Document, Removal

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


def overlap(one: list[list[int]], other: list[list[int]]) -> float:
    """Dice's coefficient of two lists of ranges, in characters."""
    mine = {k for start, end in one for k in range(start, end)}
    theirs = {k for start, end in other for k in range(start, end)}
    return 2 * len(mine & theirs) / max(1, len(mine) + len(theirs))


def test_goals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Statements, names, roles and chains, against what was marked by hand (`tests/bench/attribution_seeds.py`)."""
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[1] / "bench"))
    import attribution_seeds

    misses: list[str] = []
    count = attribution_seeds.total(misses)
    assert {
        kind: attribution_seeds.f1(count, kind)
        for kind, goal in attribution_seeds.GOALS.items()
        if attribution_seeds.f1(count, kind) < goal
    } == {}, misses


@pytest.mark.parametrize("engine", ["model", "rules"])
def test_who_said_what(engine: Literal["model", "rules"]) -> None:
    """Of what was marked by hand before any of this ran (offsets in seeds.json), how much is found; and how much else.

    What is marked `optional` (wishes, evidence, praise without words) may be found or not.
    """
    golds = found = right = 0
    for number, marked in json.loads((Path(__file__).parent / "seeds.json").read_text("utf-8")).items():
        items = [
            (
                [[item.speaker.start, item.speaker.end]] if item.speaker.start >= 0 else [],
                [[piece.start, piece.end] for piece in item.content],
            )
            for item in Attribute(engine=engine)(seed(number)).attributions
        ]
        wanted = [gold for gold in marked if not gold.get("optional")]
        golds += len(wanted)
        right += sum(
            any(
                overlap(content, gold["content"]) >= 0.5 and (overlap(source, gold["source"]) >= 0.5 or source == gold["source"])
                for source, content in items
            )
            for gold in wanted
        )
        found += sum(
            any(overlap(content, gold["content"]) > 0 for gold in wanted)
            or not any(overlap(content, gold["content"]) > 0 for gold in marked)
            for _, content in items
        )
    assert right / golds >= 0.85
    assert right / found >= 0.8
