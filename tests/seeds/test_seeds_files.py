"""The sample inputs are what expected.yaml says they are. Nothing of the pipeline is asked here."""

from __future__ import annotations

import gzip
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from loading import load

HERE = Path(__file__).resolve().parent
SEEDS = HERE.parent.parent / "seeds"
EXPECTED = yaml.safe_load((HERE / "expected.yaml").read_text(encoding="utf-8"))
FILES = sorted(path for path in SEEDS.rglob("*") if path.is_file() and path.suffix != ".yaml")
KEYS = {"shows", "language", "title", "translated", "source", "clean", "credits", "speakers", "input_id", "gone", "kept"}
CREDIT_KINDS = {"image", "agency", "dateline", "copyright", "byline", "outlet"}
INLINE = frozenset(
    [
        "a",
        "abbr",
        "b",
        "bdi",
        "bdo",
        "cite",
        "code",
        "em",
        "font",
        "i",
        "kbd",
        "mark",
        "q",
        "s",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "time",
        "u",
    ]
)


class Stripper(HTMLParser):
    """The words of a page: tags of blocks become a blank, scripts and styles go, entities are resolved."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden += tag in ("script", "style")
        if tag not in INLINE:
            self.words.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in ("script", "style")
        if tag not in INLINE:
            self.words.append(" ")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.words.append(data)


def fold(text: str) -> str:
    return " ".join(text.split())


def words_of(text: str) -> str:
    """What a reader sees of `text`, blanks folded; markup is stripped where it is markup."""
    if not re.match(r"\s*<(!doctype|html)\b", text, re.I):
        return fold(text)
    stripper = Stripper()
    stripper.feed(text)
    stripper.close()
    return fold("".join(stripper.words))


def page(payload: bytes, header: str = "") -> str:
    """The text of `payload`, strictly in the charset that its header or its <meta> declares, UTF-8 where none does."""
    declared = re.search(rb"charset\s*=\s*[\"']?([\w-]+)", header.encode() or payload[:2048], re.I) or re.search(
        rb"charset\s*=\s*[\"']?([\w-]+)", payload[:2048], re.I
    )
    return payload.decode(declared.group(1).decode() if declared else "utf-8")


def archived(data: bytes) -> list[str]:
    """The pages in a .warc.gz, taken apart by the lengths that its headers state."""
    rest, found = gzip.decompress(data), []
    while rest:
        head, _, rest = rest.partition(b"\r\n\r\n")
        length = int(re.findall(rb"\r\nContent-Length: (\d+)", head)[0])
        http, rest = rest[:length], rest[length:].removeprefix(b"\r\n\r\n")
        headers, _, body = http.partition(b"\r\n\r\n")
        assert int(re.findall(rb"\r\nContent-Length: (\d+)", headers)[0]) == len(body)
        found.append(page(body, re.findall(rb"Content-Type: ([^\r]*)", headers)[0].decode()))
    return found


def contents() -> dict[str, str]:
    """Each document's name (as in expected.yaml) and its text, decoded and otherwise as it is."""
    found: dict[str, str] = {}
    for path in FILES:
        name, data = path.relative_to(SEEDS).as_posix(), path.read_bytes()
        if path.name.endswith(".warc.gz"):
            found |= {f"{name}#{number}": text for number, text in enumerate(archived(data), 1)}
        elif path.suffix == ".jsonl":
            rows = [json.loads(line) for line in data.decode().splitlines()]
            assert all({"id", "url", "title", "date"} <= row.keys() for row in rows)
            found |= {f"{name}#{number}": row.get("text") or row["html"] for number, row in enumerate(rows, 1)}
        else:
            found[name] = page(data) if path.suffix == ".html" else data.decode()
    return found


CONTENTS = contents()


def test_every_document_is_expected_and_every_expected_document_is_there() -> None:
    assert CONTENTS.keys() == EXPECTED.keys()


def test_there_are_enough_of_them() -> None:
    assert len(FILES) >= 28
    kinds = [path.suffix for path in FILES]
    assert {".txt", ".html", ".jsonl", ".gz", ".md"} == set(kinds)
    assert min(kinds.count(".txt"), kinds.count(".html")) >= 12


def test_all_languages_are_there() -> None:
    languages = [wanted["language"] for wanted in EXPECTED.values()]
    for language, least in {"en": 10, "ko": 2, "ja": 2, "de": 2, "es": 2, "fr": 2, "zh": 2, "ru": 2, "ar": 2, "pt": 1, "uk": 1}.items():
        assert languages.count(language) >= least, language
    sources = {wanted["source"] for wanted in EXPECTED.values() if wanted["translated"]}
    assert {"ko", "ja", "zh", "de", "ru"} <= sources
    assert sum(wanted["clean"] for wanted in EXPECTED.values()) >= 2


@pytest.mark.parametrize("name", EXPECTED)
def test_expectations_are_well_formed(name: str) -> None:
    wanted = EXPECTED[name]
    assert wanted.keys() <= KEYS
    assert wanted["shows"]
    assert wanted["language"]
    assert wanted["kept"]
    assert bool(wanted["source"]) == (wanted["translated"] is True)
    assert {credit["kind"] for credit in wanted.get("credits", [])} <= CREDIT_KINDS
    assert wanted["clean"] == (not wanted["gone"])


@pytest.mark.parametrize("name", EXPECTED)
def test_expected_words_stand_in_the_document(name: str) -> None:
    wanted, words = EXPECTED[name], words_of(CONTENTS[name])
    assert [text for text in wanted["gone"] + wanted["kept"] if text not in words] == []
    names = [*wanted.get("speakers", []), *(credit["name"] for credit in wanted.get("credits", []))]
    assert [text for text in names if text not in words] == []
    # What must go must not be part of what must stay, or no processor could do right.
    assert [(gone, kept) for gone in wanted["gone"] for kept in wanted["kept"] if gone in kept] == []


@pytest.mark.parametrize("name", EXPECTED)
def test_a_document_is_about_as_long_as_news(name: str) -> None:
    words = words_of(CONTENTS[name])
    without_blanks = EXPECTED[name]["language"] in ("ja", "zh")
    assert 500 <= len(words) <= 2000 if without_blanks else 170 <= len(words.split()) <= 900


def test_the_binary_seeds_are_what_their_script_writes() -> None:
    written = script().seeds()
    assert written
    assert {name: (SEEDS / name).read_bytes() for name in written} == written


def test_the_legacy_pages_are_not_utf8() -> None:
    for name in script().PAGES:
        with pytest.raises(UnicodeDecodeError):
            (SEEDS / name).read_bytes().decode("utf-8")


def script() -> ModuleType:
    return load(HERE / "make_binary_seeds.py")
