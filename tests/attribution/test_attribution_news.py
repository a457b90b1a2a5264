"""Statements, chains and credits of news texts that were made and marked by hand: no language falls below its floor."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

HERE = Path(__file__).resolve().parent
SCORER = HERE.parents[2] / "shared/bench/attribution/score.py"
TEXTS = sorted((HERE / "news").glob("*.yaml"))
FLOORS: dict[str, dict[str, float]] = yaml.safe_load((HERE / "news_floors.yaml").read_text("utf-8"))


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The scorer of made news texts, which needs the scorer of the shared bench."""
    if not SCORER.exists():
        pytest.skip(f"{SCORER} is not there")
    monkeypatch.syspath_prepend(str(HERE.parent / "bench"))
    sys.modules.pop("attribution_news", None)
    import attribution_news

    return attribution_news


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_no_language_falls_below_its_floor(bench: Any, path: Path) -> None:
    count: Counter[str] = Counter()
    for row in yaml.safe_load(path.read_text("utf-8")):
        assert row["language"] == path.stem
        count.update(bench.counted(row))
    floor = {**FLOORS[""], **FLOORS.get(path.stem, {})}
    reached = {kind: bench.f1(count, kind) for kind in bench.KINDS if count[f"{kind} gold"]}
    assert not {kind: figure for kind, figure in reached.items() if figure < floor[kind]}, reached


def test_the_floors_are_those_of_languages_with_texts() -> None:
    assert set(FLOORS) - {""} <= {path.stem for path in TEXTS}


def test_a_link_that_is_missing_and_a_wrong_speaker_cost(bench: Any) -> None:
    text = "„Die Brücke bleibt zu“, sagte Max Muster dem NDR. „Wir warten“, sagte Eva Beispiel."
    right = {"who": "Max Muster", "what": ["Die Brücke bleibt zu"], "via": ["NDR"]}
    wrong = {"who": "Max Muster", "what": ["Wir warten"], "via": ["NDR"]}
    count = bench.counted({"language": "de", "text": text, "statements": [right, wrong], "credits": [["agency", "dpa"]]})
    assert [bench.f1(count, kind) for kind in bench.KINDS] == [0.5, pytest.approx(2 / 3), 0.0]
