"""Pages with more names, results, references, code or numbers than prose: what holds no language does not vote on it."""

import base64
import random
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbeam.transforms.attribution import Attribute
from newsbeam.transforms.attribution.guess import guess
from newsbeam.transforms.boilerplate import Boilerplate
from newsbeam.transforms.document import ALL_SIGNS, Document, broken_spans
from newsbeam.transforms.language import Language
from newsbeam.transforms.language.prose import is_prose, prose_parts

DATA = yaml.safe_load((Path(__file__).parent / "names.yaml").read_text("utf-8"))


def results(rows: int, pool: str, between: str = " | ") -> str:
    dice = random.Random(rows)
    return "\n".join(
        between.join(
            (str(row), dice.choice(DATA["names"][pool]), dice.choice(DATA["teams"]), f"{dice.randint(10, 59)}:{dice.randint(10, 59)}")
        )
        for row in range(1, rows + 1)
    )


def names(count: int, pool: str) -> str:
    dice = random.Random(count)
    return "\n".join(f"• {dice.choice(DATA['names'][pool])}" for _ in range(count))


def references(count: int) -> str:
    dice = random.Random(count)
    return "\n".join(
        f"{number}. {dice.choice(DATA['names']['of many countries']).split()[-1]} {dice.choice('ABCDEF')}, Roe R. "
        f"{dice.choice(DATA['titles'])}. "
        f"{dice.choice(DATA['journals'])}. {dice.randint(1970, 2020)};{number}:{number * 7}–{number * 7 + 9}."
        for number in range(1, count + 1)
    )


def hex_dump(rows: int) -> str:
    dice = random.Random(rows)
    return "\n".join(f"{row * 16:08x}  " + " ".join(f"{dice.randint(0, 255):02x}" for _ in range(16)) for row in range(rows))


NOISE = {
    "results, English names": results(40, "English"),
    "results, many countries": results(120, "of many countries"),
    "results, tabs": results(60, "of many countries", "\t"),
    "results, a cell a line": results(80, "of many countries", "\n"),
    "a list of names": names(80, "of many countries"),
    "names in one line": ", ".join(names(90, "of many countries").replace("• ", "").split("\n")),
    "references": references(60),
    "code": DATA["code"] * 6,
    "a hex dump": hex_dump(60),
    "base64": "\n".join(base64.b64encode(random.Random(row).randbytes(57)).decode() for row in range(40)),
    "numbers": "\n".join(" | ".join(f"{random.Random(row * 5 + cell).uniform(0, 9999):.2f}" for cell in range(5)) for row in range(80)),
}


@pytest.mark.parametrize("noise", NOISE)
@pytest.mark.parametrize("language", DATA["prose"])
def test_prose_decides(language, noise):
    first, *others = DATA["prose"][language]
    for text in (
        "\n\n".join([first, *others, NOISE[noise]]),
        "\n\n".join([NOISE[noise], first, *others]),
        "\n".join([first, NOISE[noise], *others]),
    ):
        document = Language()(Document(text=text))
        assert document.language == language
        assert document.language_score >= 0.9
        assert not broken_spans(document)


@pytest.mark.parametrize("noise", [noise for noise in NOISE if noise != "references"])
def test_what_is_no_language_alone_does_not_become_clear(noise):
    assert prose_parts(NOISE[noise]) is None


@pytest.mark.parametrize("noise", ["results, English names", "results, many countries", "a list of names", "base64", "numbers"])
def test_alone_it_is_und(noise):
    assert Language()(Document(text=NOISE[noise])).language == "und"


def test_a_page_of_results_keeps_its_word_lists_and_attributions():
    rows = "".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in row.split(" | ")) + "</tr>" for row in results(80, "of many countries").split("\n")
    )
    said = "„Wir haben das nicht gewusst“, sagte Bürgermeisterin Anke Vogt am Dienstag."
    paragraphs = "".join(f"<p>{paragraph}</p>" for paragraph in [*DATA["prose"]["de"], said])
    page = f"<html lang=de><body><article><h1>Der alte Pier wird geschlossen</h1>{paragraphs}<table>{rows}</table></article></body></html>"
    document = Attribute()(Language()(Boilerplate()(Document(text=page, markup=True))))
    assert document.language == "de"
    assert document.metadata.boilerplate == ALL_SIGNS
    assert document.metadata.attribution == ""
    assert [item.speaker.name for item in document.attributions] == ["Anke Vogt"]


def test_two_languages_beside_names_are_two_runs_that_leave_the_names_out_at_the_ends():
    german, english = "\n".join(DATA["prose"]["de"]), "\n".join(DATA["prose"]["en"][:2])
    text = "\n".join((results(60, "of many countries"), german, results(20, "English"), english, results(40, "English")))
    document = Language()(Document(text=text))
    assert document.language == "de"
    assert [run.language for run in document.languages] == ["de", "en"]
    assert document.text[document.languages[0].start :].startswith(german[:40])
    assert document.text[: document.languages[1].end].endswith(english[-40:])


def test_a_long_clear_run_decides_where_the_rest_is_in_no_language_that_is_known():
    unknown = "\n".join(DATA["unknown"] * 6)
    assert Language()(Document(text=unknown)).language == "und"
    document = Language()(Document(text=unknown + "\n" + "\n".join(DATA["prose"]["en"] * 3)))
    assert document.language == "en"
    assert 0.5 <= document.language_score < 0.9
    assert Language()(Document(text=unknown + "\n" + DATA["prose"]["en"][0])).language == "und"


@pytest.mark.parametrize("language", ["ko", "ja", "ru", "ar"])
def test_attribution_alone_is_not_misled_by_names_either(language):
    assert guess("\n".join([*DATA["prose"][language], results(120, "of many countries")])) == language


@pytest.mark.parametrize("language", DATA["prose"])
def test_paragraphs_are_prose(language):
    assert [is_prose(paragraph) for paragraph in DATA["prose"][language]] == [True] * 3


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([*DATA["prose"]["en"], *DATA["prose"]["ja"], *NOISE.values(), "", " ", "Rovers 3:1"]), max_size=12))
def test_the_parts_are_the_whole_text_in_order(lines):
    text = "\n".join(lines)
    parts = prose_parts(text) or []
    assert not parts or (parts[0].start, parts[-1].end) == (0, len(text))
    assert all(one.end == two.start for one, two in pairwise(parts))
    assert all(part.start < part.end for part in parts)
