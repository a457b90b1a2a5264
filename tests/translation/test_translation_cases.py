import re
from pathlib import Path

import pytest
import yaml

from newsbeam.transforms.document import Artifact, Document, Removal, Translation, broken_spans
from newsbeam.transforms.language import Language
from newsbeam.transforms.translation import Translate, describe
from newsbeam.transforms.translation.detectors import find_all
from newsbeam.transforms.translation.evidence_rules import scale, target

CASES = yaml.safe_load((Path(__file__).parent / "cases.yaml").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["label"])
def test_case(case):
    removed = tuple(Removal("navigation", 1, text) for text in case.get("removed", ()))
    document = Translate()(Document(text=case["text"], language=case.get("language", "en"), removed=removed))
    found = document.translation
    kinds = {artifact.kind for artifact in found.artifacts}
    assert set(case.get("kinds", ())) <= kinds
    assert not set(case.get("not", ())) & kinds
    if "verdict" in case:
        assert found.verdict == case["verdict"]
    if "source" in case:
        assert found.source_language == case["source"]
    assert not broken_spans(document)
    assert all(artifact.why.strip() and artifact.text.strip() for artifact in found.artifacts)
    assert list(found.artifacts) == sorted(found.artifacts, key=lambda artifact: artifact.start)


KINDS = yaml.safe_load((Path(__file__).parent / "kinds.yaml").read_text("utf-8"))
# Found in ordinary text too: these count only beside others, or when there are many.
COMMON = {"deixis", "formula", "punctuation"}
BY_KIND = [
    pytest.param(kind, wanted == "found", text if isinstance(text, dict) else {"text": text}, id=f"{kind}, {wanted} {number}")
    for kind, cases in KINDS.items()
    for wanted, texts in cases.items()
    for number, text in enumerate(texts, 1)
]


@pytest.mark.parametrize(("kind", "wanted", "case"), BY_KIND)
def test_kind(kind, wanted, case):
    text, language = case["text"], case.get("language", "en")
    finds = [find for find in find_all(text, language, target(language)) if find.rule.kind == kind]
    if not wanted:
        assert not [find for find in finds if find.rule.strong or kind not in COMMON]
        return
    assert finds
    assert all(text[find.start : find.end] == find.text for find in finds)
    if "source" in case:
        assert case["source"] in {max(sorted(find.sources), key=lambda code: find.sources[code]) for find in finds if find.sources}


def test_every_kind_has_cases_of_its_own():
    english = target("en")
    assert english is not None
    kinds = {rule.kind for rule in (*english.rules, *scale().kinds.values())}
    assert kinds <= set(KINDS)
    assert all(len(cases["found"]) >= 6 <= len(cases["not"]) for cases in KINDS.values())


def test_what_stands_in_removed_text_has_no_place():
    document = Document(text="The bridge was finished.", language="en", removed=(Removal("navigation", 3, "기사 본문"),))
    (artifact,) = Translate()(document).translation.artifacts
    assert (artifact.start, artifact.end, artifact.text) == (-1, -1, "기사 본문")


def test_markup_is_not_read():
    page = '<p title="on the 7th, 예산안">The bridge was finished.</p><!-- on the 8th, --><script>x("on the 9th,")</script>'
    assert Translate()(Document(text=page, markup=True, language="en")).translation.artifacts == ()


REAL = {
    "000": ("translated", {"calendar", "title", "deixis"}),
    "001": ("original", set()),
    "003": ("translated", {"residue", "calendar", "title", "deixis"}),
    "004": ("original", set()),
}


@pytest.mark.parametrize("number", REAL)
@pytest.mark.parametrize("identify", [True, False])
def test_the_real_documents(number, identify):
    folder = Path(__file__).parents[2].parent / "shared" / "seeds"
    if not folder.is_dir():
        pytest.skip("the real documents are not beside this checkout")
    (path,) = folder.glob(f"{number}_*.txt")
    document = Document(text=path.read_text("utf-8"))
    found = Translate()(Language()(document) if identify else document).translation
    verdict, kinds = REAL[number]
    assert found.verdict == verdict
    assert found.source_language == ("ko" if verdict == "translated" else "")
    artifacts = {artifact.kind for artifact in found.artifacts}
    assert kinds <= artifacts if kinds else not artifacts


MARKED = yaml.safe_load((Path(__file__).parent / "marked.yaml").read_text("utf-8"))


def test_what_a_reader_marks_in_the_real_documents():
    folder = Path(__file__).parents[2].parent / "shared" / "seeds"
    if not folder.is_dir():
        pytest.skip("the real documents are not beside this checkout")
    marks, missed = 0, []
    for number, signs in MARKED.items():
        (path,) = folder.glob(f"{number}_*.txt")
        text = path.read_text("utf-8")
        artifacts = [item for item in Translate()(Document(text=text, language="en")).translation.artifacts if item.kind != "style"]
        assert signs or not artifacts
        for kind, words, *every in signs:
            places = [match.span() for match in re.finditer(re.escape(words), text)]
            assert places, words
            for start, end in places if every else places[:1]:
                marks += 1
                if not any(item.start < end and start < item.end for item in artifacts):
                    missed.append((number, kind, words))
    assert len(missed) <= 0.1 * marks, missed


def judged(name):
    texts = yaml.safe_load((Path(__file__).parent / name).read_text("utf-8"))
    return [Translate()(Document(text=text, language="en")).translation for text in texts]


def test_plain_english_by_language_models_is_not_translated():
    found = judged("plain_english.yaml")
    assert len(found) == 60
    assert not [item for item in found if item.verdict == "translated" or item.artifacts]


def test_english_in_the_manner_of_korean_newspapers_is_translated():
    found = judged("korean_manner.yaml")
    assert len(found) == 50
    assert sum(item.verdict == "translated" for item in found) >= 45
    assert sum(item.source_language == "ko" for item in found) >= 38


TARGET_CASES = yaml.safe_load((Path(__file__).parent / "targets.yaml").read_text("utf-8"))


@pytest.mark.parametrize("language", TARGET_CASES)
def test_other_languages_from_english(language):
    cases = TARGET_CASES[language]
    assert min(len(cases["found"]), len(cases["not"])) >= 8
    # Among originals, as a few words of English in a short text make it bilingual.
    among = "\n".join(["", *cases["not"][:-1] * 9])
    missed = [
        text
        for text in cases["found"]
        if not any(find.sources.get("en") and find.start < len(text) for find in find_all(text + among, language, target(language)))
    ]
    wrong = [(text, find.text) for text in cases["not"] for find in find_all(text, language, target(language)) if not find.rule.support]
    assert (missed, wrong) == ([], [])


SOURCE_CASES = yaml.safe_load((Path(__file__).parent / "sources.yaml").read_text("utf-8"))


@pytest.mark.parametrize("source", SOURCE_CASES)
def test_english_from_other_languages(source):
    cases, english = SOURCE_CASES[source], target("en")
    assert min(len(cases["found"]), len(cases["not"])) >= 8
    points = {text: [find.sources.get(source, 0) for find in find_all(text, "en", english)] for text in cases["found"]}
    wrong = [
        (text, find.text)
        for text in cases["not"]
        for find in find_all(text, "en", english)
        if not (find.rule.support or find.rule.frequent)
    ]
    assert ([text for text, weights in points.items() if max(weights, default=0) <= 0], wrong) == ([], [])


DATE, STYLE = Artifact("calendar", 0, 2, "on", "why"), Artifact("style", 0, 2, "on", "why")


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Translation(0.9, "translated", "ko", 0.9, (DATE, STYLE)), "A translation from Korean: 1 piece of evidence"),
        (Translation(0.9, "translated", "", 0.0, (DATE, DATE)), "not known: 2 pieces of evidence can be checked"),
        (Translation(0.9, "translated", "ru", 0.9, (STYLE,)), "only its style says so"),
        (Translation(0.9, "unknown", "ru", 0.9, ()), "reads like a translation, with 0 pieces"),
        (Translation(0.2, "unknown", "", 0.0, (DATE,)), "too little evidence (1 piece of evidence)"),
        (Translation(0.01, "original"), "does not prove"),
    ],
)
def test_the_verdict_in_words(found, words):
    assert words in describe(found)
    assert found.by_style_alone == ("only its style" in words)
