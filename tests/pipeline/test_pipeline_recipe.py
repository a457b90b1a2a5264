"""Recipes: YAML in, a checked recipe out, or a message with the line and what was meant. The cases are in `recipe_cases.yaml`."""

from __future__ import annotations

import pickle
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from newsbeam.config.recipe import DEFAULT, Recipe
from newsbeam.config.recipe_parser import load, parse
from newsbeam.errors import RecipeError
from newsbeam.transforms.document import Document
from newsbeam.transforms.processor import Effect, ProcessorNotFound

CASES: dict[str, list[dict[str, Any]]] = yaml.safe_load((Path(__file__).parent / "recipe_cases.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES["good"], ids=lambda case: case["label"])
def test_good(case: dict[str, Any]) -> None:
    recipe = parse(case["recipe"])
    assert [[name, dict(options)] for name, options in recipe.steps] == case["expect"]
    assert recipe.source == case.get("source", "")
    assert recipe.text == case["recipe"]
    chain = recipe.chain("1")
    assert len(chain.processors) == len(case["expect"])
    assert chain.processed_by == " ".join(["newsbeam v1", *(name for name, _ in case["expect"])])
    again = pickle.loads(pickle.dumps(recipe))
    assert again == recipe
    assert again.chain("1") == chain


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case["label"], marks=[pytest.mark.xfail(strict=True, reason=case["fails"])] if "fails" in case else [])
        for case in CASES["bad"]
    ],
)
def test_bad(case: dict[str, Any]) -> None:
    with pytest.raises(RecipeError, match=rf"(?s)\Amine\.yaml:\s?{case['error']}"):
        parse(case["recipe"], "mine.yaml")


def test_the_default_recipe() -> None:
    recipe = load(None)
    assert [name for name, _ in recipe.steps] == ["boilerplate", "length", "language", "translation", "attribution"]
    assert recipe == parse(DEFAULT)


def test_a_recipe_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("processors: [length]\n", encoding="utf-8")
    assert load(str(path)).steps == (("length", ()),)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "No such file"),
        (lambda path: path.mkdir(), "Is a directory"),
        (lambda path: path.write_bytes(b"processors: [caf\xe9]"), "not UTF-8; a recipe is YAML in UTF-8"),
        (lambda path: path.write_bytes(b"processors: [lenght]"), "did you mean 'length'"),
    ],
)
def test_a_file_that_is_no_recipe(make: Any, message: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    make(path)
    with pytest.raises(RecipeError, match=message) as caught:
        load(str(path))
    assert str(caught.value).startswith(str(path))


@given(st.text(alphabet="processors: []{}-,\n'\"&*!|>#?source\0é", max_size=40))
def test_any_text_is_a_recipe_or_a_recipe_error(text: str) -> None:
    try:
        parse(text)
    except RecipeError as error:
        assert str(error).startswith("recipe")


# --- options of every kind that a processor may declare -------------------------------------------------------------


@dataclass(frozen=True)
class Picky:
    name: ClassVar[str] = "picky"
    effect: ClassVar[Effect] = "selects"
    share: float = 0.5
    mode: Literal["loose", "strict"] = "loose"
    words: tuple[str, ...] = ()
    title: str | None = None
    exact: bool = False

    def __call__(self, document: Document) -> Document:
        return document


@pytest.fixture
def picky(monkeypatch: pytest.MonkeyPatch) -> str:
    """A recipe's name for the processor above, which a child process could not import: fine, nothing is run here."""
    monkeypatch.setitem(sys.modules, "picky_module", sys.modules[__name__])
    return "picky_module:Picky"


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("share: 1", 1.0),
        ("share: 0.25", 0.25),
        ("mode: strict", "strict"),
        ("words: [a, b]", ("a", "b")),
        ("words: []", ()),
        ("title: null", None),
        ("title: a", "a"),
        ("exact: true", True),
    ],
)
def test_options_of_every_kind(picky: str, option: str, value: object) -> None:
    recipe = parse(f"processors: [{{'{picky}': {{{option}}}}}]")
    (processor,) = recipe.chain().processors
    found = getattr(processor, option.partition(":")[0])
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("share: half", "share is float, not 'half'"),
        ("share: yes", "share is float, not True"),
        ("mode: lose", "mode is 'loose' or 'strict', not 'lose'"),
        ("words: a", "words is .*, not 'a'"),
        ("title: 5", "title is .*str.*, not 5"),
        ("exact: 1", "exact is bool, not 1"),
        ("share: null", "share is float, not None"),
    ],
)
def test_wrong_options_of_every_kind(picky: str, option: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        parse(f"processors: [{{'{picky}': {{{option}}}}}]")


def test_wrong_words_in_a_list(picky: str) -> None:
    with pytest.raises(RecipeError, match="words"):
        parse(f"processors: [{{'{picky}': {{words: [1, 2]}}}}]")


def test_a_worker_without_the_processor_says_so() -> None:
    with pytest.raises(ProcessorNotFound, match="no_such_module"):
        Recipe(steps=(("no_such_module:X", ()),)).chain()


def test_a_processor_that_cannot_be_made_for_any_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parent)
    with pytest.raises(RecipeError, match=r"1: nasty_processors:NoLicence: .*no licence"):
        parse("processors: ['nasty_processors:NoLicence']")
