"""Plain newspaper sentences made at random: who speaks, two people kept apart, chains, labels."""

from __future__ import annotations

import importlib.util
import sys
from itertools import islice, pairwise
from pathlib import Path
from types import ModuleType

import pytest

from newsbeam.transforms.attribution.train.plain import Part, examples, kinds

COUNT = 150
# How many of the examples have to be right in every detail, with names, endings, verbs and orders that the tagger was not trained on.
LEAST = {"said": 0.94, "pair": 0.97, "again": 0.97, "chain": 0.92, "label": 0.98, "bare": 0.95, "none": 0.98}


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("attribution_plain", Path(__file__).parents[1] / "bench" / "attribution_plain.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["attribution_plain"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("kind", kinds())
def test_plain_sentences(bench: ModuleType, kind: str) -> None:
    right, total, faults = bench.measure("held", COUNT, 11, "model", (kind,))[kind]
    assert total == COUNT
    assert right >= LEAST[kind] * total, faults


@pytest.mark.parametrize("part", ["train", "held"])
def test_gold_is_sound(part: Part) -> None:
    """Spans lie in the text, hold no blanks at their ends, and share nothing within a statement."""
    for example in islice(examples(part), 500):
        for said in example.said:
            spans = sorted([*said.content, *said.cue, *said.source, *said.via])
            assert all(example.text[start:end].strip() == example.text[start:end] != "" for start, end in spans), example
            if not set(said.source) & set(said.via):
                assert all(a[1] <= b[0] for a, b in pairwise(spans)), example


def test_examples_repeat() -> None:
    assert list(islice(examples("train", 3), 50)) == list(islice(examples("train", 3), 50))
