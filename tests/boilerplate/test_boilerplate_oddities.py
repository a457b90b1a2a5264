"""What becomes of pages that are odd: hidden parts, frames, JSON-LD, broken markup. Cases in oddities.yaml."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from newsbeam.transforms.boilerplate.main_text import explain_page, main_text
from newsbeam.transforms.boilerplate.pages.blocks import read_page

CASES = yaml.safe_load((Path(__file__).parent / "oddities.yaml").read_text("utf-8"))
IDS = [case["label"] for case in CASES]
LONG = {
    "A": "The ferry between the town and the outer islands will sail three times a day until March, the harbour board decided on Monday.",
    "B": "Its members voted by seven to two to pay for a second crew, and put off the work in the channel, which will wait for a year.",
    "C": "From April on the board hopes to lease a smaller boat with a crew of two, it said, and has asked three yards for their prices.",
}


def long(text: str) -> str:
    return re.sub(r"\b[ABC]\b(?![.=])", lambda found: LONG[found[0]], text)


def fulfilled(case: dict) -> list[str]:
    """What is not as it should be."""
    html = long(case["html"])
    main = main_text(html)
    wrong = [f"no {snippet!r}" for snippet in case.get("has", []) if long(snippet) not in main.text]
    wrong += [f"still {snippet!r}" for snippet in case.get("hasnt", []) if long(snippet) in main.text]
    if "text" in case:
        text = main.text
        if case.get("headline_may_stand"):
            text = text.removeprefix("Ferry\n\n")
        if text != long(case["text"]):
            wrong.append(f"text {main.text!r}")
    if "blocks" in case:
        blocks = [block.text for block in read_page(html).blocks]
        if blocks != [long(text) for text in case["blocks"]]:
            wrong.append(f"blocks {blocks}")
    found = [(removal.kind, removal.text) for removal in main.removed]
    wrong += [f"not removed: {kind} {text!r}" for kind, text in case.get("removed", []) if (kind, text) not in found]
    return wrong


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_oddity(case, request):
    if "known_failure" in case:
        request.applymarker(pytest.mark.xfail(strict=True, reason=case["known_failure"]))
    assert fulfilled(case) == []


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_every_block_is_either_kept_or_removed(case):
    html = long(case["html"])
    main = main_text(html)
    may_be_byline = main.text + "\n" + "\n".join(removal.text for removal in main.removed)
    for block in read_page(html).blocks:
        assert all(word in may_be_byline for word in block.text.split())


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_an_explanation_tells_of_every_block(case):
    html = long(case["html"])
    explained = explain_page(html)
    assert [one.text for one in explained] == [block.text for block in read_page(html).blocks]
    assert all(one.kept == (not one.kind) for one in explained)
