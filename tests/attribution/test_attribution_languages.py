"""Statements in other languages than English, by sentences that mark what is to be found in them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbeam.transforms.attribution import Attribute
from newsbeam.transforms.attribution.chains import origin, via
from newsbeam.transforms.attribution.guess import guess
from newsbeam.transforms.attribution.outlets import identify
from newsbeam.transforms.document import Document, broken_spans

MARKED = Path(__file__).parent / "marked"
MARKS = {"{": "content", "[": "cue", "<": "speaker", "^": "via"}
ENDS = {"}": "content", "]": "cue", ">": "speaker"}


def unmarked(line: str) -> tuple[str, dict[str, list[str]]]:
    """A line's text without its marks, and what stands between them."""
    plain: list[str] = []
    found: dict[str, list[str]] = {"content": [], "cue": [], "speaker": [], "via": []}
    open_at: dict[str, int] = {}
    length = 0
    for char in line:
        kind = ENDS.get(char) or MARKS.get(char, "")
        if not kind:
            plain.append(char)
            length += 1
        elif kind in open_at:
            found[kind].append("".join(plain)[open_at.pop(kind) :])
        else:
            open_at[kind] = length
    return "".join(plain), found


def lines() -> list[Any]:
    rows = []
    for path in sorted(MARKED.glob("*.txt")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if not line or line.startswith("#"):
                continue
            reason, _, marked = line.removeprefix("! ").partition(" | ") if line.startswith("! ") else ("", "", line)
            failure = (pytest.mark.xfail(strict=True, reason=reason),) if reason else ()
            rows.append(pytest.param(path.stem, marked, id=f"{path.stem}-{number}", marks=failure))
    return rows


@pytest.mark.parametrize(("language", "marked"), lines())
def test_marked_sentence(language: str, marked: str) -> None:
    text, expected = unmarked(marked)
    document = Attribute()(Document(text=text, language=language))
    assert not broken_spans(document)
    found = [
        {
            "content": [piece.text for piece in item.content],
            "cue": [item.cue.text] if item.cue.text else [],
            "speaker": [item.speaker.text] if item.speaker.text else [],
            "via": [link.text for link in item.via],
        }
        for item in document.attributions
    ]
    assert found == ([expected] if any(expected.values()) else [])


def chains() -> list[Any]:
    rows = yaml.safe_load((Path(__file__).parent / "chains.yaml").read_text(encoding="utf-8"))
    return [pytest.param(row, id=row["text"] + row.get("speaker", "")) for row in rows]


@pytest.mark.parametrize("case", chains())
def test_chain(case: dict[str, Any]) -> None:
    """What any engine found, read for its chain."""
    text, marked = unmarked(case["text"])

    def span(words: str) -> tuple[int, int]:
        return (text.index(words), text.index(words) + len(words)) if words else (-1, -1)

    (who,) = marked["speaker"]
    speaker = span(case.get("speaker", who))
    content = [span(piece) for piece in marked["content"]]
    cue = span(marked["cue"][0])
    assert text[slice(*origin(text, content, cue, speaker))] == who
    found = via(text, content, cue, speaker)
    assert [link.text for link in found] == case.get("links", marked["via"])
    assert all(text[link.start : link.end] == link.text for link in found)
    if "names" in case:
        assert [link.name for link in found] == case["names"]


FOREIGN = yaml.safe_load((Path(__file__).parent / "chains_foreign.yaml").read_text(encoding="utf-8"))
# Each language on its own; all texts together reach .93.
MIN_CHAINS_F1 = 0.75


@pytest.mark.parametrize("language", sorted(FOREIGN))
def test_chains_in_other_languages(language: str) -> None:
    """Who said it and the links, by F1 over all texts of a language; each link once."""
    right = made = marked = 0
    for line in FOREIGN[language]:
        text, gold = unmarked(line)
        items = Attribute()(Document(text=text, language=language)).attributions
        assert all(len({(link.start, link.end) for link in item.via}) == len(item.via) for item in items)
        expected = {("speaker", _named(words)) for words in gold["speaker"]} | {("via", _named(words)) for words in gold["via"]}
        found = {("speaker", _named(item.speaker.text)) for item in items if item.speaker.text}
        found |= {("via", _named(link.text)) for item in items for link in item.via}
        right, made, marked = right + len(expected & found), made + len(found), marked + len(expected)
    assert 2 * right / (made + marked) >= MIN_CHAINS_F1


def _named(words: str) -> str:
    outlet = identify(words)
    return outlet.id if outlet else re.sub(r"^(?:der|die|das|el|la|le|il|una|una|un|une)\s(?=\S)", "", words.lower())


CORPUS = st.sampled_from(
    "„ “ « » 「 」 『 』 《 》 ” \" ' — – : , . ； ， 。 sagte laut dass wie mitteilte dijo "
    "según que a-t-il déclaré selon сказал что «Пример» "
    "قال إن بحسب "
    "고 말했다 위원장은 에 따르면 이렇게 と述べた は によると 次のように 表示 ： 据 报道 援引 "
    "citing unter Berufung auf со ссылкой на 인용해 を引用して "
    "ha detto secondo "
    "disse segundo zei volgens powiedział według сказав Muster Ana 김마루 山田氏 王小明 Иван الوزير a b".split()
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(CORPUS, st.sampled_from([" ", "", "\n", ", "])), max_size=30),
    st.sampled_from(["de", "es", "fr", "ru", "ar", "it", "pt", "nl", "pl", "uk", "ko", "ja", "zh", "fi"]),
)
def test_spans_hold_in_every_language(pieces: list[tuple[str, str]], language: str) -> None:
    document = Document(text="".join(map("".join, pieces)), language=language)
    after = Attribute()(document)
    assert broken_spans(after) == []
    assert all(item.content and (item.speaker.text or item.speaker.start == -1) for item in after.attributions)


def test_a_long_quotation_stays_whole() -> None:
    quotation = "„" + "Wir haben lange gewartet, und niemand ist gekommen; " * 60 + "das war alles.“"
    (found,) = Attribute()(Document(text=f"{quotation}, sagte Erika Muster.", language="de")).attributions
    assert [piece.text for piece in found.content] == [quotation]
    assert found.speaker.text == "Erika Muster"


def test_a_sentence_of_nothing_but_verbs_is_read_in_time() -> None:
    """What a limit on the verbs of a sentence is for: without it this takes minutes."""
    for language, verb in (("de", "sagte "), ("es", "«a», dijo "), ("ru", "— сказал "), ("ko", '"a"고 '), ("zh", "“啊”")):
        assert not broken_spans(Attribute()(Document(text=verb * 3000, language=language)))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Der Minister sagte, dass die Brücke nicht mehr hält und das Geld fehlt.", "de"),
        ("Il ministro ha detto che il ponte non è più sicuro e che la strada è chiusa.", "it"),
        ("O ministro disse que a ponte não é segura e que a estrada está fechada.", "pt"),
        ("De minister zei dat de brug niet meer veilig is en dat het geld op is.", "nl"),
        ("Minister powiedział, że most nie jest bezpieczny i że nie ma pieniędzy na remont.", "pl"),
        ("Міністр сказав, що міст більше не є безпечним.", "uk"),
        ("Министр сказал, что мост больше не безопасен.", "ru"),
        ("장관은 다리를 닫겠다고 말했다.", "ko"),
        ("首相は橋を閉めると述べた。", "ja"),
        ("总理表示，桥将关闭。", "zh"),
    ],
)
def test_language_is_guessed(text: str, language: str) -> None:
    assert guess(text) == language
