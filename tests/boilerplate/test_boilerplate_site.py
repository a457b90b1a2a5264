"""What recurs over the pages of a site: which site, what counts as the same text, and what of it is template."""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from loading import load

from newsbeam.transforms.boilerplate import Boilerplate
from newsbeam.transforms.boilerplate.site_template import COUNTS_VERSION, SiteTemplate, fingerprints, page_keys, site_of
from newsbeam.transforms.document import Document, Metadata

CASES: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "site_cases.yaml").read_text(encoding="utf-8"))


class Exact(Counter[int]):
    """Counts without error."""

    def at_least(self, key: int) -> int:
        return self[key]

    at_most = at_least


def counted(pages: Sequence[Sequence[str]], site: str = "news.example") -> Exact:
    counts = Exact()
    for page in pages:
        counts.update(page_keys(site, page))
    return counts


@pytest.mark.parametrize("case", CASES["sites"], ids=lambda case: case["label"])
def test_the_site_of_a_document(case: dict[str, Any]) -> None:
    text = case.get("html") or case.get("text") or "x"
    document = Document(text=text, markup="html" in case, url=case.get("url", ""), metadata=Metadata(origin=case.get("origin", "")))
    assert site_of(document) == case["expect"]


@pytest.mark.parametrize("pair", CASES["same"])
def test_the_same_text(pair: list[str]) -> None:
    first, second = fingerprints(pair)
    assert first == second != 0


@pytest.mark.parametrize("pair", CASES["different"])
def test_different_texts(pair: list[str]) -> None:
    first, second = fingerprints(pair)
    assert first != second
    assert first
    assert second


@pytest.mark.parametrize("text", CASES["nothing"])
def test_texts_that_tell_nothing(text: str) -> None:
    assert fingerprints([text]) == [0]


def test_a_fingerprint_is_the_same_on_every_machine() -> None:
    """What is counted on one worker is looked up on another: never from Python's own hash."""
    assert fingerprints(["Follow us", "Already 812 readers sit at the table", "潮汐新闻"]) == [
        7456720778976477211,
        3209135172938814864,
        5666624166046932886,
    ]
    assert page_keys("news.example", ["Follow us", "follow  us", "12"]) == [
        1958206903965671394,
        -4657938098951159403,
        -3570434490045213796,
    ]


@given(st.lists(st.text(max_size=30), max_size=8))
def test_keys_of_any_page(texts: list[str]) -> None:
    keys = page_keys("a.example", texts)
    assert len(keys) == len(set(keys)) <= len(texts) + 2
    assert all(-(1 << 63) <= key < 1 << 63 for key in keys)
    assert keys == page_keys("a.example", texts[::-1])
    assert keys == page_keys("a.example", [f" {text}  " for text in texts])
    assert not set(keys) & set(page_keys("b.example", texts))


@given(st.text(st.characters(exclude_categories=[]), max_size=50), st.text(max_size=20), st.text(max_size=20))
def test_any_document_has_a_site(text: str, url: str, origin: str) -> None:
    for markup in (False, True):
        assert isinstance(site_of(Document(text=text, markup=markup, url=url, metadata=Metadata(origin=origin))), str)
    assert len(fingerprints([text])) == 1


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case["label"], marks=[pytest.mark.xfail(strict=True, reason=case["fails"])] if "fails" in case else [])
        for case in CASES["pages"]
    ],
)
def test_what_is_template(case: dict[str, Any]) -> None:
    others = [[*texts, f"Story of boat {'abcdefghijk'[number] * 3} and its long way home"] for number, texts in enumerate(case["others"])]
    template = SiteTemplate(counted([case["page"], *others]))
    found = template.recurring("news.example", case["page"])
    assert [text for text, gone in zip(case["page"], found, strict=True) if gone] == case["expect"]
    assert pickle.loads(pickle.dumps(template)).recurring("news.example", case["page"]) == found
    assert not any(template.recurring("other.example", case["page"]))


PITCH, STORY = "Every reader gets a wooden spoon and a song", "The mayor opened the bridge on Monday in {} rain and went home"


def test_the_share_is_of_the_other_pages() -> None:
    pages = [[STORY.format(word), *([PITCH] if number < 4 else [])] for number, word in enumerate("light warm cold long late".split())]
    assert SiteTemplate(counted(pages)).shares("news.example", pages[0]) == [0.0, 0.75]


def test_copies_of_a_page_are_no_other_pages() -> None:
    """The same article six times over is no template; five others beside it show what is."""
    page = [STORY.format("light"), PITCH]
    assert SiteTemplate(counted([page] * 6)).shares("news.example", page) == [0.0, 0.0]
    others = [[STORY.format(word), PITCH] for word in "warm cold long late soft".split()]
    assert SiteTemplate(counted([page] * 6 + others)).shares("news.example", page) == [0.0, 1.0]


def test_a_page_that_was_not_counted_is_not_subtracted() -> None:
    pages = [[STORY.format(word), PITCH] for word in "light warm cold long".split()]
    later = SiteTemplate(counted(pages), counted=False)
    assert later.shares("news.example", [STORY.format("late"), PITCH]) == [0.0, 1.0]
    # With one copy of it subtracted, three pages would be left, and it would be 3 of 3.
    half = SiteTemplate(counted([*pages[:2], *([STORY.format(word)] for word in ("soft", "loud"))]), counted=False)
    assert half.shares("news.example", [STORY.format("late"), PITCH]) == [0.0, 0.5]
    assert SiteTemplate(half.counts).shares("news.example", [STORY.format("late"), PITCH]) == [0.0, 0.0]


def test_a_page_that_was_counted_is_subtracted_in_a_later_run_too() -> None:
    pages = [[STORY.format(word), PITCH] for word in "light warm cold long late".split()]
    for some in (pages, pages[:4], [*pages, *[pages[0]] * 3]):
        first, later = SiteTemplate(counted(some)), SiteTemplate(counted(some), counted=False)
        assert later.shares("news.example", some[0]) == first.shares("news.example", some[0])


def test_a_change_of_what_is_counted_is_a_new_version() -> None:
    """Counts of an earlier newsbeam fit as long as these keys are the same. If they change, raise COUNTS_VERSION."""
    clean = Boilerplate()
    text = Document(text="Ferry sails again\n\nThe mayor opened the bridge on Monday\nin heavy rain.\n\nMore from us | 12 comments\n")
    page = Document(text="<title>Ferry</title><h1>Ferry sails</h1><p>The mayor <b>opened</b> it.<ul><li>Home<li>Sea</ul>", markup=True)
    keys = [page_keys("a.example", clean.site_texts(one)) for one in (text, page)]
    assert (COUNTS_VERSION, [hash_of(one) for one in keys]) == (1, VERSION_1)


VERSION_1 = ["5023a0cf83dea339", "c89fbf8b33867baa"]


def hash_of(keys: Sequence[int]) -> str:
    return sha256(str(keys).encode()).hexdigest()[:16]


def test_what_stays_by_other_signs_decides_whether_enough_is_left() -> None:
    page = [
        f"{STORY.format('light')} and {STORY.format('heavy')}",
        PITCH,
        f"{PITCH} and a boat",
        f"{PITCH} and a lamp",
        f"{PITCH} and a bell",
    ]
    others = [[*page[1:], STORY.format(word)] for word in "warm cold long late".split()]
    template = SiteTemplate(counted([page, *others]))
    assert not any(template.recurring("news.example", page))
    assert template.recurring("news.example", page, [True, True, False, False, False]) == [False, True, True, True, True]


# --- the processor --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bench() -> Any:
    return load(Path(__file__).parents[1] / "bench" / "site_template.py")


@pytest.mark.parametrize("kind", ["html", "text"])
@pytest.mark.parametrize(("count", "floor"), [(60, 0.97), (5, 0.9)])
def test_the_gain_on_a_site_of_our_own(bench: Any, kind: str, count: int, floor: float) -> None:
    pages = bench.own_site(count)
    documents = [Document(text=getattr(page, kind), markup=kind == "html", url=f"https://brackling.example/{page.name}") for page in pages]
    done = list(bench.both_ways(documents))
    if kind == "html":  # the headline of a page is in its title
        done = [tuple(replace(one, text=f"{one.title}\n\n{one.text}".removeprefix("\n\n")) for one in both) for both in done]
    without = bench.strip_figures((page, plain) for page, (plain, _) in zip(pages, done, strict=True))
    figures = bench.strip_figures((page, knowing) for page, (_, knowing) in zip(pages, done, strict=True))
    assert figures["f1"] >= max(floor, without["f1"])
    assert figures["own lines lost"] <= 0.002
    for page, (_, knowing) in zip(pages, done, strict=True):
        title = next(line for line, keep in page.lines if keep)
        assert knowing.title == title
        assert knowing.text.startswith(title)
        lines = page.text.split("\n")
        for removal in knowing.removed:
            assert removal.line == -1 if kind == "html" else lines[removal.line - 1].strip() == removal.text


def test_without_enough_pages_nothing_changes(bench: Any) -> None:
    documents = [Document(text=page.text, metadata=Metadata(origin=f"in/{page.name}")) for page in bench.own_site(4)]
    assert all(plain == knowing for plain, knowing in bench.both_ways(documents))


def test_what_is_known_by_its_words_keeps_its_kind() -> None:
    texts = [
        f"{STORY.format(word)} {STORY.format(word)}.\n\n{PITCH}.\n© 2024 The Brackling. All rights reserved.\n"
        for word in "light warm cold long late".split()
    ]
    documents = [Document(text=text, url="https://brackling.example/") for text in texts]
    clean = Boilerplate()
    counts = Exact()
    for document in documents:
        counts.update(page_keys(site_of(document), clean.site_texts(document)))
    knowing = replace(clean, template=SiteTemplate(counts))
    removed = {removal.line: removal.kind for removal in knowing(documents[0]).removed}
    assert removed == {3: "template", 4: "copyright"}


@pytest.mark.parametrize("char", ["a", " ", "7", "<", "한", "a ", "7 a", "\n", "a\n", "<link "])
def test_a_megabyte_of_anything_takes_no_time(char: str, within_processor_time: Any) -> None:
    text = char * (1_000_000 // len(char))
    texts = text.split("\n")
    with within_processor_time(60):
        site_of(Document(text=text, markup=True))
        keys = page_keys("a.example", texts)
        SiteTemplate(Exact(dict.fromkeys(keys, 10))).recurring("a.example", texts)
