from pathlib import Path

import pytest
import yaml

from newsbeam.transforms.document import Document, broken_spans
from newsbeam.transforms.language import Language

CASES = yaml.safe_load((Path(__file__).parent / "cases.yaml").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["label"])
def test_case(case, request):
    if "known_failure" in case:
        request.applymarker(pytest.mark.xfail(reason=case["known_failure"], strict=True))
    page = Document(
        text=case["text"], markup=case.get("markup", False), declared_language=case.get("declared", ""), url=case.get("url", "")
    )
    document = Language()(page)
    if case["language"] != "any":
        assert document.language == case["language"]
        assert (document.language_score > 0) == (case["language"] != "und")
    if "script" in case:
        assert document.metadata.script == case["script"]
    if "hint" in case:
        assert document.metadata.language_hint.startswith(case["hint"])
        assert case["hint"] or not document.metadata.language_hint
    assert not broken_spans(document)
    if "runs" in case:
        assert [run.language for run in document.languages] == [language for language, _ in case["runs"]]
        for run, (_, words) in zip(document.languages, case["runs"], strict=True):
            assert document.text[run.start :].startswith(words)
            assert document.text[run.start : run.end] == document.text[run.start : run.end].strip()


@pytest.mark.parametrize("score", [-0.1, 1.1, float("nan")])
def test_a_score_outside_0_to_1_is_refused(score):
    with pytest.raises(ValueError, match="min_score"):
        Language(min_score=score)


def test_under_the_least_score_it_is_und():
    text = "marcados netos"
    known, unknown = Language(min_score=0.0)(Document(text=text)), Language(min_score=1.0)(Document(text=text))
    assert known.language != "und"
    assert 0 < known.language_score < 1
    assert (unknown.language, unknown.language_score, unknown.languages) == ("und", 0.0, ())


def test_the_real_documents():
    folder = Path(__file__).parents[2].parent / "shared" / "seeds"
    if not folder.is_dir():
        pytest.skip("the real documents are not beside this checkout")
    for path in sorted(folder.glob("*.txt")):
        document = Language()(Document(text=path.read_text("utf-8")))
        assert document.language == "en", path.name
        assert document.language_score >= 0.99
