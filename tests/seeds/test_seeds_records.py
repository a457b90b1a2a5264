"""The default recipe makes of every sample input what expected.yaml says; one test a document, one line a fault.

`known_faults.yaml` lists what is known to go wrong. A fault that is not listed fails the test, and so does a listed one
that no longer occurs: take it off the list. `python tests/seeds/test_seeds_records.py` prints the list as it would be now.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from newsbeam.config import recipe, recipe_parser
from newsbeam.inputs.discovery import discover
from newsbeam.inputs.reader import Reader
from newsbeam.inputs.work_units import plan_work_units
from newsbeam.transforms.document import Document, Raw, broken_spans

HERE = Path(__file__).resolve().parent
SEEDS = HERE.parent.parent / "seeds"
EXPECTED: dict[str, dict[str, Any]] = yaml.safe_load((HERE / "expected.yaml").read_text(encoding="utf-8"))
KNOWN: dict[str, list[str]] = yaml.safe_load((HERE / "known_faults.yaml").read_text(encoding="utf-8")) or {}
# What may be wrong for a while. A paragraph lost, a span that does not hold or a clean text touched never is.
MAY_BE_KNOWN = ("gone", "title", "translated", "source", "credit", "speaker")
RECIPES = sorted(path.name for path in (SEEDS / "recipes").glob("*.yaml"))


@cache
def inputs() -> dict[str, Raw]:
    """What the reader finds in seeds/, by the name that expected.yaml uses."""
    shares = plan_work_units(discover([str(SEEDS)]).sources)
    raws = [raw for share in shares for bundle in Reader(max_bytes=1 << 24).read(share) for raw in bundle.raws]
    return {raw.origin.removeprefix(f"{SEEDS}{os.sep}").replace(os.sep, "/"): raw for raw in raws}


@cache
def record(name: str) -> Document:
    """The document that the default recipe makes of a seed."""
    outcome = recipe_parser.parse(recipe.DEFAULT).chain().run(inputs()[name])
    assert isinstance(outcome.result, Document), f"{name} did not come through: {outcome.result}"
    return outcome.result


def fold(text: str) -> str:
    return " ".join(text.split())


def faults(name: str) -> dict[str, str]:
    """What is wrong with a seed's record: each fault's name ("speaker Lankov") and what there is instead."""
    wanted, document = EXPECTED[name], record(name)
    text = fold(document.text)
    wrong = {f"gone {gone}": "still in the text" for gone in wanted["gone"] if gone in text}
    wrong |= {f"kept {kept}": "not in the text" for kept in wanted["kept"] if kept not in text}
    if wanted["clean"]:
        wrong |= {f"clean {removal.text}": f"removed as {removal.kind}" for removal in document.removed}
    if document.language != wanted["language"]:
        wrong["language"] = f"{document.language!r}, not {wanted['language']!r}"
    if fold(document.title) != fold(wanted["title"]):
        wrong["title"] = f"{document.title!r}, not {wanted['title']!r}"
    if document.metadata.input_id != wanted.get("input_id", ""):
        wrong["input_id"] = repr(document.metadata.input_id)
    translation = document.translation
    if wanted["translated"] is not None and (translation.verdict == "translated") != wanted["translated"]:
        kinds = ", ".join(artifact.kind for artifact in translation.artifacts) or "none"
        wrong["translated"] = f"{translation.verdict} ({translation.score}; evidence: {kinds}), but it is {wanted['translated']}"
    if wanted["translated"] and translation.source_language != wanted["source"]:
        wrong["source"] = f"{translation.source_language!r}, not {wanted['source']!r}"
    for credit in wanted.get("credits", []):
        if not any(found.kind == credit["kind"] and credit["name"] in found.name for found in document.credits):
            wrong[f"credit {credit['kind']} {credit['name']}"] = f"not among {[(found.kind, found.name) for found in document.credits]}"
    said = sorted({f"{one.speaker.name or one.speaker.text} ({one.speaker.text})" for one in document.attributions})
    for speaker in wanted.get("speakers", []):
        if not any(speaker in one for one in said):
            wrong[f"speaker {speaker}"] = f"not among {said}"
    return wrong | {f"span {number}": sentence for number, sentence in enumerate(broken_spans(document))}


def test_a_walk_through_the_folder_finds_every_seed_and_nothing_else() -> None:
    assert inputs().keys() == EXPECTED.keys()


def test_known_faults_are_of_the_kinds_that_may_be_known() -> None:
    assert KNOWN.keys() <= EXPECTED.keys()
    assert [fault for listed in KNOWN.values() for fault in listed if not fault.startswith(MAY_BE_KNOWN)] == []


@pytest.mark.parametrize("name", EXPECTED)
def test_record(name: str) -> None:
    known, wrong = KNOWN.get(name, []), faults(name)
    lines = [f"{fault}: {what}" for fault, what in wrong.items() if fault not in known]
    lines += [f"{fault}: right now; take it off known_faults.yaml" for fault in known if fault not in wrong]
    assert not lines, f"{name}: {len(lines)} differences\n" + "\n".join(lines)


@pytest.mark.parametrize("name", RECIPES)
def test_example_recipe(name: str) -> None:
    parsed = recipe_parser.parse((SEEDS / "recipes" / name).read_text(encoding="utf-8"), name)
    outcome = parsed.chain().run(inputs()["envoy-wire-chain.txt"])
    assert isinstance(outcome.result, Document), outcome.result


if __name__ == "__main__":
    listed = {name: [fault for fault in faults(name) if fault.startswith(MAY_BE_KNOWN)] for name in EXPECTED}
    listed = {name: found for name, found in listed.items() if found}
    print("# Faults of the default recipe on seeds/ that are known; see test_seeds_records.py.")
    print(yaml.safe_dump(listed, allow_unicode=True, width=10**6, sort_keys=False), end="")
