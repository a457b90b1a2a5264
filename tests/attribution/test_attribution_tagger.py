"""The English tagger: what it reads, that its sums are exact, and what it finds, by cases that are data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbeam.transforms.attribution import Attribute
from newsbeam.transforms.attribution.english import network, tagger
from newsbeam.transforms.attribution.english.encoding import BREAK, CLOSING, OPENING, PARAGRAPH, Reading, read
from newsbeam.transforms.document import Document, broken_spans
from newsbeam.transforms.package_data import load_arrays

HERE = Path(__file__).parent
STORY = (
    "Jane Doe opened the mill on Monday. “We waited nine years,” she said. “Nobody believed us.”\n\n"
    "The council said that 40 bridges needed repair and added that money was short, according to the Foo Daily.\n\n"
    "Analysts say the firm wants to sell. John Roe, a nurse at Elm Hospital, told Reuters: 'It is too late.'"
)


def reading(text: str) -> Reading:
    return read(text, [match.span() for match in PARAGRAPH.finditer(text)])


@pytest.mark.parametrize("marks", ["“”", '""', "''", "‘’", "«»", "„“", "「」"])
def test_every_style_of_quotation_marks_reads_alike(marks: str) -> None:
    words = reading(f"He said: {marks[0]}We are not here.{marks[1]} Then he left.").words
    assert words == [BREAK, "he", "said", ":", OPENING, "we", "are", "not", "here", ".", CLOSING, "then", "he", "left", "."]


def test_a_long_quotation_is_read_by_its_ends() -> None:
    inner = " ".join(f"word{number}" for number in range(200))
    words = reading(f"“{inner},” he said.").words
    assert words.index(CLOSING) - words.index(OPENING) == 23
    assert words[-4:] == [CLOSING, "he", "said", "."]


def test_numbers_abbreviations_and_clitics() -> None:
    assert reading("Mr. Doe's bill didn't pass 1,250 votes in the U.S. on Monday").words == (
        f"{BREAK} mr . doe 's bill did n't pass 0,000 votes in the u.s. on monday".split()
    )


def test_sentences_are_counted() -> None:
    found = reading("Mr. Doe left. “We won. Really,” he said. Then he went.\nNext")
    assert found.sentences[found.words.index("left")] == found.sentences[1] == 1
    assert found.sentences[found.words.index("he")] == 2
    assert found.sentences[found.words.index("then")] == 3
    assert found.paragraphs[-1] == 2


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab A.“”\"'‘’\n,:-—0é말n't"), max_size=120))
def test_tokens_stand_in_the_text_in_order(text: str) -> None:
    found = reading(text)
    assert all(0 <= start <= end <= len(text) for start, end in zip(found.start, found.end, strict=True))
    assert all(end <= start for end, start in zip(found.end, found.start[1:], strict=False))
    assert len({len(column) for column in (found.start, found.end, found.words, found.signs, found.sentences, found.paragraphs)}) == 1


def test_no_sum_can_leave_the_exact_range() -> None:
    """Float32 holds whole numbers up to 2**24: with inputs as great as they get, no sum of absolute values passes that."""
    arrays = load_arrays("newsbeam.transforms.attribution", "english.npz")
    inputs = {"first": np.concatenate([np.abs(arrays[key]).astype(np.int64).max(0) for key in ("vectors", "endings")])}
    inputs["first"] = np.concatenate([inputs["first"], np.ones(len(arrays["first.weight"]) - len(inputs["first"]), np.int64)])
    for name in [key[: -len(".weight")] for key in arrays if key.endswith(".weight")]:
        weight = np.abs(arrays[f"{name}.weight"].astype(np.int64))
        most = inputs.get(name, np.full(len(weight), 255)) @ weight + np.abs(arrays[f"{name}.bias"].astype(np.int64))
        shift, dilation = arrays[f"{name}.form"]
        most = most + 2 ** (int(shift) - 1) + (255 << int(shift) if dilation else 0)  # rounding, and what comes in
        if name == "token":
            most = most + 255 * np.abs(arrays["head"].astype(np.int64)).sum(0)
            most = most + sum(np.abs(arrays[key].astype(np.int64)).reshape(-1, len(most)).max(0) for key in ("places", "where", "marked"))
        assert most.max() < 2**24, name


def test_the_same_in_any_order_of_summation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Doubles add up otherwise than floats do; whole numbers come out the same."""
    learned = tagger.model()
    doubled = replace(learned, network=network.build_network(load_arrays("newsbeam.transforms.attribution", "english.npz")))

    def widen(layer: network.Layer) -> network.Layer:
        return replace(layer, weight=layer.weight.astype(np.float64), bias=layer.bias.astype(np.float64))  # type: ignore[arg-type]

    inner = doubled.network
    inner = replace(
        inner,
        first=widen(inner.first),
        early=tuple(map(widen, inner.early)),
        cue=widen(inner.cue),
        token=widen(inner.token),
        late=tuple(map(widen, inner.late)),
        role=widen(inner.role),
    )
    ranges = [match.span() for match in PARAGRAPH.finditer(STORY)]
    expected = tagger.tag(STORY, ranges)
    assert expected
    assert tagger.tag(STORY, ranges, replace(doubled, network=inner)) == expected
    monkeypatch.setattr(network, "_BATCH_TOKENS", 7)
    monkeypatch.setattr(network, "_BATCH_CUES", 1)
    assert tagger.tag(STORY, ranges) == expected


def test_the_rules_need_no_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(package: str, name: str) -> dict[str, Any]:
        raise FileNotFoundError(name)

    tagger.model.cache_clear()
    monkeypatch.setattr(tagger, "load_arrays", missing)
    assert Attribute(engine="rules")(Document(text=STORY, language="en")).attributions
    with pytest.raises(FileNotFoundError):
        Attribute()(Document(text=STORY, language="en"))
    tagger.model.cache_clear()


def cases() -> list[Any]:
    rows = yaml.safe_load((HERE / "english.yaml").read_text(encoding="utf-8"))
    return [
        pytest.param(
            row, id=row["label"], marks=pytest.mark.xfail(strict=True, reason=row["known_failure"]) if "known_failure" in row else ()
        )
        for row in rows
    ]


@pytest.mark.parametrize("case", cases())
def test_case(case: dict[str, Any]) -> None:
    """Each expected statement is found, and nothing else that `not` names."""
    document = Attribute()(Document(text=case["text"], language="en"))
    assert not broken_spans(document)
    found = [
        {
            "form": item.form,
            "type": item.type,
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
    if not case.get("more"):
        assert len(found) == len(case["expect"]), found
    for expected in case["expect"]:
        assert any({key: item[key] for key in expected} == expected for item in found), found
