"""The gate for quality on web pages: fourteen pages of our own, two of each type, in nine languages and four styles of markup.

`pages/truth.yaml` says of each page with what the blocks of its main text begin (`keep`, in their order, all of them), which blocks
count neither way (`either`: the headline, which goes into `title`; prices and opinions in a shop; names in a forum), and what must not
be in the text (`not`). Word F1 is that of the benchmark (bench/extract/score.py), in characters for Japanese, which has no spaces.
What goes wrong is written down (`lost`, `left`), and a test fails as soon as it is no longer true. The pages were written
first and not changed afterwards.
"""

from __future__ import annotations

import re
import statistics
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
import yaml

from newsbeam.transforms.boilerplate.main_text import main_text
from newsbeam.transforms.boilerplate.pages.blocks import read_page

FOLDER = Path(__file__).parent / "pages"
TRUTH = yaml.safe_load((FOLDER / "truth.yaml").read_text("utf-8"))
PAGES = TRUTH["pages"]
# A text of a script without spaces is compared by characters.
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+")


def words(text: str) -> Counter[str]:
    return Counter(WORD.findall(text.lower()))


@cache
def read(name: str) -> tuple[str, tuple[str, ...]]:
    """A page's main text and the texts of all its blocks."""
    html = (FOLDER / f"{name}.html").read_text("utf-8")
    return main_text(html).text, tuple(block.text for block in read_page(html).blocks)


def in_order(beginnings: list[str], blocks: tuple[str, ...]) -> list[str]:
    """The blocks that begin so, each after the one before. A beginning that fits no block is an error of the truth."""
    found, at = [], 0
    for beginning in beginnings:
        at = next(number for number in range(at, len(blocks)) if blocks[number].startswith(beginning)) + 1
        found.append(blocks[at - 1])
    return found


def word_f1(page: dict, text: str, blocks: tuple[str, ...]) -> float:
    wanted = words("\n".join(in_order(page["keep"], blocks)))
    either = words("\n".join(block for block in blocks if block.startswith(tuple(page["either"]))))
    found = words(text)
    found -= (found - wanted) & either
    common = (found & wanted).total()
    return 2 * common / max(1, found.total() + wanted.total())


@pytest.mark.parametrize("page", PAGES, ids=[page["page"] for page in PAGES])
def test_word_f1(page):
    text, blocks = read(page["page"])
    assert word_f1(page, text, blocks) >= page["floor"]


def test_mean_word_f1():
    assert statistics.mean(word_f1(page, *read(page["page"])) for page in PAGES) >= TRUTH["mean_floor"]


@pytest.mark.parametrize("page", PAGES, ids=[page["page"] for page in PAGES])
def test_what_must_be_there_and_what_must_not(page):
    text, blocks = read(page["page"])
    kept = text.split("\n\n")
    lost, at = [], 0
    for beginning, block in zip(page["keep"], in_order(page["keep"], blocks), strict=True):
        # A tail may be cut off a block, and code has empty lines in it.
        if not any(paragraph.startswith(block.split("\n\n")[0][:60]) for paragraph in kept[at:]):
            lost.append(beginning)
    left = [snippet for snippet in page["not"] if snippet in text]
    for snippet in page["not"]:
        assert any(snippet in block for block in blocks), f"the page has no {snippet!r}"
    assert {"lost": lost, "left": left} == {"lost": page.get("lost", []), "left": page.get("left", [])}


def test_pages_are_of_all_types_and_of_many_languages():
    assert Counter(page["type"] for page in PAGES) == dict.fromkeys(
        "article forum product listing collection documentation service".split(), 2
    )
    assert len({page["language"] for page in PAGES}) >= 4
    assert {page["page"] for page in PAGES} == {path.stem for path in FOLDER.glob("*.html")}
