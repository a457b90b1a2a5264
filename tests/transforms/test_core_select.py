"""`select`: each condition keeps and drops what it says, with a reason of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from newsbeam.transforms.document import Document, Metadata, Translation
from newsbeam.transforms.language import Language
from newsbeam.transforms.processor import Chain, ChainError, Reject
from newsbeam.transforms.select import Select
from newsbeam.transforms.translation import Translate

CASES = yaml.safe_load(Path(__file__).with_name("select_cases.yaml").read_text(encoding="utf-8"))


def document(about: dict[str, Any]) -> Document:
    about = dict(about)
    verdict = Translation(score=about.pop("score", 0.0), verdict=about.pop("verdict", "unknown"))
    metadata = Metadata(http_status=about.pop("http_status", -1))
    return Document(**{"text": "A text.", **about}, translation=verdict, metadata=metadata)


def options(case: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in case["options"].items()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["options"]))
def test_documents_stay_or_go_with_the_reason(case: dict[str, Any]) -> None:
    select = Select(**options(case))
    for about in case["keep"]:
        assert select(document(about)) == document(about)
    for about, reason in case["drop"]:
        assert select(document(about)) == Reject(reason)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"languages": ("English",)}, "ISO 639"),
        ({"hosts": ("https://example.org",)}, "not a host"),
        ({"since": "5 March 2024"}, "2024-03-05"),
        ({"min_chars": -1}, "0 or more"),
        ({"min_language_score": 50}, "between 0 and 1"),
    ],
)
def test_a_wrong_option_is_an_error(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Select(**wrong)


def test_what_it_selects_by_has_to_come_first() -> None:
    by_language, by_translation = Select(languages=("en",)), Select(translated="drop")
    Chain((Language(), by_language, Translate(), by_translation))
    Chain((Select(min_chars=3), Language()))
    with pytest.raises(ChainError, match="put 'language' before it"):
        Chain((by_language, Language()))
    with pytest.raises(ChainError, match="put 'translation' before it"):
        Chain((Language(), by_translation))
