"""The README's Python does what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import newsbeam

TOP = Path(__file__).parents[2]
BLOCKS = re.findall(r"```python\n(.*?)```", (TOP / "README.md").read_text(encoding="utf-8"), re.S)
SAID = '<html><body><p>"The pier is ready," Commissioner Han Min-jae said on Tuesday.</p></body></html>'


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "page.html").write_text(SAID)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def block(word: str) -> str:
    (only,) = [text for text in BLOCKS if word in text]
    return str(only)


def test_the_library(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pandas", reason="pip install pandas")
    names: dict[str, Any] = {"html": SAID, "pages": [SAID, "", "A short text about the pier."]}
    exec(block("newsbeam.process"), names)
    said, *results = capsys.readouterr().out.splitlines()
    assert said == 'Han Min-jae "The pier is ready,"'
    assert [result.partition(":")[0] for result in results] == [
        '"The pier is ready," Commissioner Han Min-jae said on Tuesday.',
        "page#2",
        "A short text about the pier.",
    ]
    assert [record["url"] for record in newsbeam.read(here / "out")] == [""]


def test_the_beam_pipeline(here: Path) -> None:
    exec(block("ReadDocuments"), {})
    assert [record["attributions"][0]["speaker"]["name"] for record in newsbeam.read(here / "beam-out")] == ["Han Min-jae"]
