"""newsbeam in somebody's own program: one page, many pages, the records of a run."""

from __future__ import annotations

import subprocess
import sys
import typing
from collections.abc import Iterator
from dataclasses import dataclass, is_dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, get_type_hints

import bs4
import orjson
import pytest

import newsbeam
from newsbeam.library.pages import Content
from newsbeam.transforms import document, record_types

ADDED = "2026-01-01T00:00:00Z"
SENTENCE = "The council said on Monday that it will meet again in May."
HTML = f"<html><head><title>Talks - The Quay</title></head><body><nav>Home</nav><h1>Talks</h1><p>{SENTENCE}</p></body></html>"
SEEDS = Path(__file__).parents[2] / "seeds"

CONTENTS: dict[str, Content] = {
    "HTML": HTML,
    "bytes": HTML.encode(),
    "bytes in UTF-16": HTML.encode("utf-16"),
    "BeautifulSoup": bs4.BeautifulSoup(HTML, "html.parser"),
    "an element": bs4.BeautifulSoup(HTML, "html.parser").body or "",
    "a fragment": f"<div><p>{SENTENCE}</p></div>",
    "text": SENTENCE,
    "a row": {"html": HTML, "published": "2026-03-04"},
    "a row of text": {"body": SENTENCE},
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_one_page(content: Content) -> None:
    record = newsbeam.process(content, url="https://quay.example/talks")
    assert record["text"] == SENTENCE
    assert record["url"] == "https://quay.example/talks"
    assert [one["speaker"]["text"] for one in record["attributions"]] == ["The council"]


def test_a_str_is_read_as_it_is_whatever_charset_the_page_declares() -> None:
    page = f'<html><head><meta charset="euc-kr"></head><body><p>시장은 “예산을 늘리겠다”고 말했다.</p><p>{SENTENCE}</p></body></html>'
    assert "시장은 “예산을 늘리겠다”고 말했다." in newsbeam.process(page)["text"]
    assert "시장은 “예산을 늘리겠다”고 말했다." in newsbeam.process(page.encode("euc-kr"))["text"]


def test_the_content_type_names_the_charset_of_bytes() -> None:
    page = "<html><body><p>Das Gerät läuft früher, sagte der Müller am Montag.</p></body></html>"
    record = newsbeam.process(page.encode("utf-16-le"), content_type="text/html; charset=utf-16le")
    assert record["text"] == "Das Gerät läuft früher, sagte der Müller am Montag."


def test_a_file_gives_the_record_that_a_run_writes(tmp_path: Path) -> None:
    path = SEEDS / "shipyard-talks-from-korean.txt"
    newsbeam.run(path, tmp_path / "out", added=ADDED)
    (wanted,) = newsbeam.read(tmp_path / "out")
    assert newsbeam.process(path, added=ADDED) == {**wanted, "source": "seeds"}


@pytest.mark.parametrize("name", ["two.jsonl", "folder", "missing.html"])
def test_a_file_without_exactly_one_document_is_an_error_that_names_it(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "two.jsonl").write_text(f'{{"text": "{SENTENCE}"}}\n' * 2)
    with pytest.raises(newsbeam.NewsbeamError, match=name):
        newsbeam.process(tmp_path / name)


def test_a_path_as_str_is_an_error_that_says_what_to_write(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(HTML)
    with pytest.raises(newsbeam.NewsbeamError, match=r"pathlib\.Path"):
        newsbeam.process(str(path))
    assert newsbeam.process(path)["text"] == SENTENCE


def test_dropped_and_failed_are_errors_with_their_stage() -> None:
    with pytest.raises(newsbeam.Dropped, match="empty") as dropped:
        newsbeam.process("")
    assert (dropped.value.stage, dropped.value.reason) == ("decode", "empty")
    with pytest.raises(newsbeam.Failed, match="its keys: headline") as failed:
        newsbeam.process({"headline": "Talks"})
    assert (failed.value.stage, failed.value.error) == ("decode", "DecodeError")


@pytest.mark.parametrize("content", [7, None, ["a"], {"text": object()}], ids=["number", "nothing", "list", "no JSON"])
def test_another_type_is_a_type_error(content: Any) -> None:
    with pytest.raises(TypeError):
        newsbeam.process(content)


def test_a_record_holds_plain_json() -> None:
    record = newsbeam.process(SEEDS / "shipyard-talks-from-korean.txt")
    assert orjson.loads(orjson.dumps(record)) == record
    assert set(_types(record)) <= {dict, list, str, int, float}


def _types(value: Any) -> Iterator[type]:
    yield type(value)
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _types(inner)


@pytest.mark.parametrize("name", [name for name, of in vars(record_types).items() if typing.is_typeddict(of) and name != "Record"])
def test_the_types_of_a_record_are_those_of_a_document(name: str) -> None:
    assert _described(get_type_hints(getattr(record_types, name))) == _described(get_type_hints(getattr(document, name)))


def test_a_record_has_the_types_of_a_document() -> None:
    hints = get_type_hints(document.Document)
    assert _described(get_type_hints(record_types.Record)) == _described({key: hints[key] for key in document.RECORD_KEYS})


def _described(hints: dict[str, Any]) -> dict[str, Any]:
    return {key: _name(hint) for key, hint in hints.items()}


def _name(hint: Any) -> Any:
    if typing.get_origin(hint) in (list, tuple):
        return [_name(typing.get_args(hint)[0])]
    if typing.get_origin(hint) is typing.Literal:
        return "str"
    return hint.__name__ if is_dataclass(hint) or typing.is_typeddict(hint) or hint in (str, int, float) else hint


# --- many pages -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Louder:
    """A processor of somebody's own module."""

    name: ClassVar[str] = "louder"
    effect: ClassVar[document.Any] = "edits"
    mark: str = "!"

    def __call__(self, page: document.Document) -> document.Document:
        if "boom" in page.text:
            raise RuntimeError("boom")
        return replace(page, text=page.text.upper() + self.mark)


PAGES: list[Content | newsbeam.Page] = [
    "One page.",
    "",
    newsbeam.Page("Three pages.", url="https://quay.example/3"),
    b"four boom",
    {"text": "Five."},
]


@pytest.mark.parametrize("workers", [None, 1, 2])
def test_pages_come_back_in_order_with_their_errors(workers: int | None) -> None:
    pipeline = newsbeam.Pipeline([Louder(mark="?")] if workers is None else ["length"], added=ADDED)
    results = list(pipeline.map(PAGES, workers=workers, on_error="return"))
    texts = [one.text if isinstance(one, newsbeam.Document) else type(one).__name__ for one in results]
    wanted = ["ONE PAGE.?", "Dropped", "THREE PAGES.?", "Failed", "FIVE.?"] if workers is None else None
    assert texts == (wanted or ["One page.", "Dropped", "Three pages.", "four boom", "Five."])
    assert isinstance(results[2], newsbeam.Document)
    assert results[2].url == "https://quay.example/3"


def test_processes_and_this_process_give_the_same() -> None:
    paths = sorted(SEEDS.glob("*.txt"))[:12]
    pipeline = newsbeam.Pipeline(added=ADDED)
    here = [one.record() for one in pipeline.map(paths) if isinstance(one, newsbeam.Document)]
    there = [one.record() for one in pipeline.map(paths, workers=2) if isinstance(one, newsbeam.Document)]
    assert here == there
    assert len(here) == len(paths)


def test_an_error_is_raised_by_default() -> None:
    pages = newsbeam.Pipeline(["length"]).map(["One.", "", "Three."])
    next(pages)
    with pytest.raises(newsbeam.Dropped):
        next(pages)


def test_pages_are_read_as_they_are_needed() -> None:
    seen: list[int] = []

    def pages() -> Iterator[str]:
        for number in range(10_000):
            seen.append(number)
            yield f"Page {number}."

    results = newsbeam.Pipeline(["length"], added=ADDED).map(pages(), workers=1)
    assert [next(results).text for _ in range(3)] == ["Page 0.", "Page 1.", "Page 2."]  # type: ignore[union-attr]
    results.close()  # type: ignore[attr-defined]
    assert len(seen) < 200


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        (["boilerplte"], "did you mean 'boilerplate'"),
        ({"processors": [{"length": {"min_char": 3}}]}, "min_char"),
        ({"processors": ["boilerplate"], "site_template": True}, "newsbeam.run"),
        ("no-such-recipe.yaml", "no-such-recipe.yaml"),
        ([{"length": {"min_chars": object()}}], "strings, numbers"),
    ],
    ids=["name", "option", "two passes", "file", "value"],
)
def test_a_wrong_recipe_is_an_error(recipe: Any, message: str) -> None:
    with pytest.raises(newsbeam.NewsbeamError, match=message):
        newsbeam.Pipeline(recipe)


@pytest.mark.parametrize("arguments", [{"workers": 0}, {"on_error": "ignore"}], ids=str)
def test_a_wrong_argument_is_an_error_before_the_first_page(arguments: Any) -> None:
    with pytest.raises(ValueError, match=next(iter(arguments))):
        newsbeam.Pipeline(["length"]).map([], **arguments)


def test_rows_with_unusual_keys() -> None:
    pipeline = newsbeam.Pipeline(["length"], fields={"text": "a.b"}, keep_fields=["tag"])
    document = pipeline({"a": {"b": "One."}, "tag": 7})
    assert (document.text, document.metadata.input) == ("One.", '{"tag":7}')


# --- what it costs --------------------------------------------------------------------------------------------------


def test_nothing_is_loaded_before_it_is_used() -> None:
    program = (
        "import sys, newsbeam\n"
        "assert not {'numpy', 'yaml', 'apache_beam', 'bs4'} & set(sys.modules), 'import'\n"
        "assert newsbeam.process('One page. It is short.')['text']\n"
        "assert not {'apache_beam', 'pyarrow', 'rich'} & set(sys.modules), 'process'\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def test_every_public_name_exists_and_nothing_else_is_offered() -> None:
    assert all(getattr(newsbeam, name) is not None for name in newsbeam.__all__)
    assert set(newsbeam.__all__) <= set(dir(newsbeam))
    with pytest.raises(AttributeError, match="no attribute 'proces'"):
        newsbeam.proces  # type: ignore[attr-defined]  # noqa: B018


# --- in a notebook --------------------------------------------------------------------------------------------------


def test_a_document_shows_itself_and_nothing_of_it_is_markup() -> None:
    bad = '<script>alert("x")</script>'
    shown = newsbeam.Pipeline()({"text": f"{bad} {SENTENCE}", "title": bad})._repr_html_()
    page = bs4.BeautifulSoup(shown, "html.parser")
    assert not page.find("script")
    text = page.select_one(".nb-text")
    assert text is not None
    assert text.get_text() == f"{bad} {SENTENCE}"
    assert [mark.get_text() for mark in page.select(".nb-text .speaker")] == ["The council"]


def test_ranges_that_overlap_keep_the_text() -> None:
    said = newsbeam.process(SEEDS / "shipyard-talks-from-korean.txt")
    from newsbeam.transforms.record_html import highlighted

    assert bs4.BeautifulSoup(f"<pre>{highlighted(said)}</pre>", "html.parser").get_text() == said["text"]
