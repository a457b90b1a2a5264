"""langdetect's profiles: what newsbeam relies on in the package, and what the profiles say."""

from __future__ import annotations

import importlib
import inspect
import re
from importlib.resources import files
from pathlib import Path

import numpy as np
import orjson
import pytest
from langdetect.detector import Detector
from langdetect.utils.ngram import NGram

import newsbeam.transforms
from newsbeam.transforms.language.identify import identify
from newsbeam.transforms.language.langdetect_profiles import profiles, shortfall
from newsbeam.transforms.language.model import model
from newsbeam.transforms.language.score import read
from newsbeam.transforms.package_data import load_yaml


def test_langdetect_has_what_newsbeam_uses_of_its_internals():
    changed = []
    folder = files("langdetect") / "profiles"
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    if len(names) != 55:
        changed.append(f"langdetect/profiles has {len(names)} files")
    for name in names:
        profile = orjson.loads((folder / name).read_bytes())
        if set(profile) != {"freq", "n_words", "name"} or profile["name"] != name or len(profile["n_words"]) != 3:
            changed.append(f"langdetect/profiles/{name} has another form")
    if (Detector.ALPHA_DEFAULT, Detector.BASE_FREQ) != (0.5, 10_000):
        changed.append("Detector.ALPHA_DEFAULT or BASE_FREQ, the smoothing")
    if "weight = alpha / self.BASE_FREQ" not in inspect.getsource(Detector):
        changed.append("Detector._update_lang_prob, the smoothing")
    if [NGram.normalize(sign) for sign in "aÄ1한ي"] != ["a", "Ä", " ", "가", "ي"]:
        changed.append("NGram.normalize")
    if NGram.N_GRAM != 3 or len(NGram.CJK_MAP) < 1000:
        changed.append("NGram.N_GRAM or CJK_MAP")
    assert changed == [], "a new langdetect: adapt transforms/language/langdetect_profiles.py"


def test_no_other_module_uses_it():
    package = Path(newsbeam.transforms.__file__).parent
    users = [path.name for path in package.rglob("*.py") if re.search(r"^\s*(?:from|import) langdetect\b", path.read_text("utf-8"), re.M)]
    assert users == ["langdetect_profiles.py"]


ENGLISH = "The harbour was closed on Tuesday because of the storm, and the ferry stayed on the island until the wind had dropped again."


def codes_of(text):
    (codes,) = read(model(), text).codes.values()
    return codes


def test_prose_is_as_probable_as_expected_in_its_own_language_only():
    codes = codes_of(ENGLISH)
    missing, trigrams = shortfall(codes, "en")
    assert trigrams == len(codes) - 2
    assert abs(missing) < 250 * trigrams
    for language in ("de", "fr", "sw", "tl", "vi"):
        missing, trigrams = shortfall(codes, language)
        assert missing > 350 * trigrams, language


@pytest.mark.parametrize("language", ["zh", "el", "und", ""])
def test_without_an_expectation_a_profile_says_nothing(language):
    assert shortfall(codes_of(ENGLISH), language) == (0, 0)


def test_nothing_is_expected_of_fewer_than_three_signs():
    assert shortfall(np.zeros(2, np.uint16), "en") == (0, 0)


def test_every_expectation_is_of_a_profile():
    assert set(load_yaml("newsbeam.transforms.language", "expected.yaml")["expected"]) <= profiles().known


def test_the_profiles_are_not_asked_if_the_model_is_certain(monkeypatch):
    def never(*_args):
        raise AssertionError("asked")

    module = importlib.import_module("newsbeam.transforms.language.identify")  # the package has a function of that name
    monkeypatch.setattr(module, "shortfall", never)
    assert identify("Přístav zůstal v úterý kvůli bouři celý den zavřený a loď čekala u mola.").language == "cs"
