"""What people have, end to end: every kind of input through the command, and newsbeam's own records through it again.

The inputs are those of `tests/bench/inputs.py`, which prints the table.
"""

from __future__ import annotations

import io
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from loading import load

from newsbeam.inputs.contents import contents
from newsbeam.inputs.format_entries import recognise
from newsbeam.inputs.formats import find_format
from newsbeam.inputs.formats.base import ReadContext
from newsbeam.inputs.formats.json_values import JsonValues
from newsbeam.transforms.decode import decode
from newsbeam.transforms.document import Document, Raw
from newsbeam.transforms.fields import parse_options

ROOT = Path(__file__).parents[2]
ADDED = "2026-11-29T00:00:00Z"
Newsbeam = Callable[..., Any]


BENCH = load(ROOT / "tests" / "bench" / "inputs.py")


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("inputs")
    (folder / "in").mkdir()
    account = BENCH.run(BENCH.write(folder / "in"), folder / "out")
    yield account, BENCH.outcomes(folder / "out")
    shutil.rmtree(folder)


@pytest.mark.parametrize("name", [one.name for one in BENCH.INPUTS])
def test_every_kind_of_input(ran: tuple[str, dict[str, Any]], name: str) -> None:
    one = next(one for one in BENCH.INPUTS if one.name == name)
    assert BENCH.wrong(one, ran[1].get(name, {})) == []


def test_the_account_of_them_all(ran: tuple[str, dict[str, Any]]) -> None:
    written, dropped, failed = (sum(getattr(one, kind) for one in BENCH.INPUTS) for kind in ("written", "dropped", "failed"))
    assert ran[0] == f"read {written + dropped + failed} = written {written} + dropped {dropped} + failed {failed}"


# --- the readers by themselves --------------------------------------------------------------------------------------


def read(payload: bytes, name: str, max_bytes: int = 1 << 20, **rows: Any) -> list[Raw]:
    form = find_format(recognise(payload[: 1 << 16], name))
    assert form is not None
    context = ReadContext(name, "in", max_bytes, rows=parse_options(rows.get("fields", []), []), open_member=contents)
    return list(form.read(context, io.BufferedReader(io.BytesIO(payload))))  # type: ignore[arg-type]


def texts(raws: list[Raw]) -> list[str]:
    found = []
    for raw in raws:
        document = decode(raw) if not raw.error else raw.error
        found.append(document.text if isinstance(document, Document) else str(document))
    return found


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("wrap", ["{}", '{{"total": 3, "meta": {{"a": [1, "]}}"]}}, "data": {{"articles": {}}}, "end": 1}}'])
def test_a_list_larger_than_a_document_may_be_is_read_in_pieces(wrap: str, indent: int | None) -> None:
    rows = [{"text": f"{number} " + 'words \\" ] } é ' * 50, "n": number} for number in range(3000)]
    payload = wrap.format(json.dumps(rows, indent=indent)).encode()
    assert len(payload) > 40 * 40_000
    raws = read(payload, "a.json", max_bytes=40_000)
    assert [decode(raw).text for raw in raws] == [row["text"] for row in rows]  # type: ignore[union-attr]
    assert [raw.origin for raw in raws[:2]] == ["a.json#1", "a.json#2"]


def test_an_item_larger_than_a_document_may_be_costs_itself() -> None:
    for long in ({"text": "x" * 100_000}, {"text": "a", "more": [["]", '"'] * 20_000]}, {"text": "\\" * 3_000_000}):
        payload = json.dumps([{"text": "one"}, long, {"text": "two"}]).encode()
        raws = read(payload, "a.json", max_bytes=20_000)
        assert [bool(raw.error) for raw in raws] == [False, True, False]
        assert "--max-document-mb" in raws[1].error


def test_a_large_object_without_texts_says_so() -> None:
    payload = json.dumps({"a": [{"n": number} for number in range(10_000)], "b": "x"}).encode()
    (raw,) = read(payload, "a.json", max_bytes=20_000)
    assert "without a list of rows that have a text" in raw.error


def test_a_named_field_is_found_in_a_list() -> None:
    raws = read(b'{"rows": [{"blob": "one"}, {"blob": "two"}]}', "a.json", fields=["text=blob"])
    assert [json.loads(raw.payload)["blob"] for raw in raws] == ["one", "two"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_json_in_other_encodings(encoding: str) -> None:
    payload = json.dumps([{"text": "Fähre, 페리"}], ensure_ascii=False).encode(encoding)
    context = ReadContext("a.json", "in", 1 << 20, open_member=contents)
    raws = list(JsonValues().read(context, io.BufferedReader(io.BytesIO(payload))))  # type: ignore[arg-type]
    assert texts(raws) == ["Fähre, 페리"]


TABLES: list[tuple[str, bytes, list[str]]] = [
    ("quotes within", b'id,text\n1,"He said ""no"""\n', ['He said "no"']),
    ("quotes after a backslash", b"id,text\n" + b'1,"He said \\"no\\" twice, \\"no\\""\n' * 2, ['He said "no" twice, "no"'] * 2),
    ("a quotation mark that means itself", b'id,text\n1,"No" he said\n2,"b"\n', ['"No" he said', "b"]),
    ("a quotation mark that is never closed", b'id,text\n1,a\n2,"b\n3,c\n', ["a", '"b', "c"]),
    ("lines within", b'id,text\r\n1,"one\r\n\r\ntwo"\r\n2,b\r\n', ["one\r\n\r\ntwo", "b"]),
    ("old line ends", b"id,text\r1,a\r2,b\r", ["a", "b"]),
    ("blank lines", b"\nid,text\n\n1,a\n\n\n2,b\n", ["a", "b"]),
    ("a byte-order mark", b"\xef\xbb\xbftext,id\na,1\n", ["a"]),
    (
        "bytes of two charsets",
        "id,text\n1,Fähre für Gäste über größere Flüsse\n".encode() + "2,größer\n".encode("cp1252"),
        ["Fähre für Gäste über größere Flüsse", "größer"],
    ),
    ("a NUL", b"id,text\n1,a\0b\n2,c\n", ["ab", "c"]),
    ("semicolons, and commas in numbers", b"id;text;n\n1;a, b;1,5\n", ["a, b"]),
    ("other names", "번호,본문,content\n1,x,페리\n".encode(), ["페리"]),
]


@pytest.mark.parametrize(("payload", "expect"), [(table[1], table[2]) for table in TABLES], ids=[table[0] for table in TABLES])
def test_tables(payload: bytes, expect: list[str]) -> None:
    assert texts(read(payload, "a.csv")) == expect


def test_a_row_that_is_too_long_costs_itself() -> None:
    raws = read(b"id,text\n1,a\n2," + b"x" * 300_000 + b"\n3,b\n", "a.csv", max_bytes=100_000)
    assert [bool(raw.error) for raw in raws] == [False, True, False]
    assert "--max-document-mb" in raws[1].error


PLAIN = "Content-Type: text/plain\n\n"
MIXED = "Content-Type: multipart/mixed; boundary=x\n\n--x\n"
MAILS: list[tuple[str, str, dict[str, str]]] = [
    ("a page before plain text", MIXED + PLAIN + "plain\n--x\nContent-Type: text/html\n\n<p>page</p>\n--x--\n", {"html": "<p>page</p>"}),
    (
        "not an attachment",
        f"{MIXED}Content-Type: text/html\nContent-Disposition: attachment\n\n<p>no</p>\n--x\n{PLAIN}yes\n--x--\n",
        {"text": "yes"},
    ),
    (
        "base64 in windows-1251",
        "Content-Type: text/plain; charset=windows-1251\nContent-Transfer-Encoding: base64\n\nz+Dw7uw=\n",
        {"text": "Паром"},
    ),
    ("a charset that there is not", "Content-Type: text/plain; charset=x-none\n\ncafé\n", {"text": "café"}),
    ("headers that are not ASCII", f"Subject: Fähre\n{PLAIN}a\n", {"title": "Fähre"}),
    ("an encoded header that is broken", f"Subject: =?utf-8?B?!!!?= =?nope?Q?a?=\n{PLAIN}a\n", {"text": "a"}),
    ("an author with an address", f'From: "Mara Vesely" <m@c.example>\n{PLAIN}a\n', {"author": "Mara Vesely"}),
    ("an address alone is no author", f"From: m@c.example\n{PLAIN}a\n", {"author": ""}),
    ("where it is archived", f"Archived-At: <https://l.example/1>\n{PLAIN}a\n", {"url": "https://l.example/1"}),
    ("a boundary that never ends", f"{MIXED}{PLAIN}yes", {"text": "yes"}),
]


@pytest.mark.parametrize(("payload", "expect"), [(mail[1], mail[2]) for mail in MAILS], ids=[mail[0] for mail in MAILS])
def test_mails(payload: str, expect: dict[str, str]) -> None:
    head = "" if payload.startswith("From") else "From: a@b.example\n"
    (raw,) = read(f"{head}Date: Tue, 5 Mar 2024 10:00:00 +0100\nMIME-Version: 1.0\n{payload}".encode(), "a.eml")
    assert raw.error == ""
    item = json.loads(raw.payload)
    assert {key: item.get(key, "").strip() for key in expect} == {key: value.strip() for key, value in expect.items()}


# --- newsbeam's own records -----------------------------------------------------------------------------------------


def records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for path in sorted(folder.rglob("documents-*.jsonl")) for line in path.read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory, newsbeam_process: Newsbeam) -> Path:
    out = tmp_path_factory.mktemp("own") / "one"
    done = newsbeam_process("run", "seeds", "--output", str(out), "--added", ADDED)
    assert done.status == 0, done.err
    return out


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_records_come_through_again_as_they_are(newsbeam: Newsbeam, seeds: Path, tmp_path: Path, form: str) -> None:
    source = seeds
    if form == "parquet":
        source = tmp_path / "parquet"
        assert newsbeam("run", "seeds", "--output", str(source), "--added", ADDED, "--format", "parquet").status == 0
    done = newsbeam("run", str(source), "--output", str(tmp_path / "two"), "--added", "2027-01-01T00:00:00Z")
    assert done.status == 0, done.err
    before, after = records(seeds), records(tmp_path / "two")
    assert len(before) == len(after) > 30
    for one, other in zip(before, after, strict=True):
        assert {key for key in one if one[key] != other[key]} == {"added"}, one["metadata"]["origin"]


def test_a_recipe_annotates_records_and_edits_only_when_told(newsbeam: Newsbeam, seeds: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("processors: [boilerplate, language]\n")
    again = tmp_path / "again.yaml"
    again.write_text("edit_again: true\nprocessors: [boilerplate, language]\n")
    for path, name in ((recipe, "kept"), (again, "edited")):
        assert newsbeam("run", str(seeds), "--output", str(tmp_path / name), "--recipe", str(path)).status == 0
    before, kept, edited = records(seeds), records(tmp_path / "kept"), records(tmp_path / "edited")
    assert [row["id"] for row in kept] == [row["id"] for row in before] == [row["id"] for row in edited]
    assert all(row["text"] == was["text"] and row["attributions"] == was["attributions"] for row, was in zip(kept, before, strict=True))
    assert all(
        re.fullmatch(r"newsbeam v\S+ boilerplate language after length translation attribution", row["metadata"]["processed_by"])
        for row in kept
    )
    # What was pointed to in a text that is edited is gone, but for what the recipe finds again.
    assert all(
        row["attributions"] == [] and row["language"] == was["language"]
        for row, was in zip(edited, before, strict=True)
        if row["text"] == was["text"]
    )


def test_explain_shows_a_record(newsbeam: Newsbeam, seeds: Path) -> None:
    record = next(row for row in records(seeds) if row["attributions"] and row["url"] and row["removed"])
    for which in (["--id", record["id"]], ["--id", record["id"][:20]], ["--url", record["url"]]):
        done = newsbeam("explain", str(seeds), *which)
        assert done.status == 0, done.err
        assert "a record written by newsbeam v" in done.out
        assert f"{len(record['attributions'])} attributions" in done.out
        assert record["removed"][0]["kind"] in done.out
    done = newsbeam("explain", str(seeds), "--id", "sha256:0000")
    assert done.status == 2
    assert "has no record with the id sha256:0000" in done.err


@pytest.mark.parametrize(
    "name", ["array.json", "table.csv", "saved.mhtml", "letter.eml", "list.mbox", "feed.rss", "feed.atom", "rows-names.jsonl"]
)
def test_explain_takes_every_container(newsbeam: Newsbeam, tmp_path: Path, name: str) -> None:
    one = next(one for one in BENCH.INPUTS if one.name == name)
    (tmp_path / name).write_bytes(one.payload)
    (tmp_path / "recipe.yaml").write_text("processors: []")
    done = newsbeam("explain", name, "-n", str(max(one.written, 1)), "--recipe", "recipe.yaml", cwd=tmp_path)
    assert done.status == 0, done.err
    assert f"{name}#{one.written}" in done.out or one.written == 1
    assert "text/" in done.out


# --- options --------------------------------------------------------------------------------------------------------


def test_fields_are_named_kept_and_told(newsbeam: Newsbeam, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"blob": "The ferry is late.", "link": "https://c.example/1", "n": {"x": 1}}\n{"content": "no"}\n')
    words = ["--field", "text=blob", "--field", "author=by.line", "--keep-fields", "n,none"]
    done = newsbeam("run", "a.jsonl", "--output", "out", *words, cwd=tmp_path)
    assert done.status == 0, done.err
    assert "text from `blob` 1" in done.out
    assert "url from `link` 1" in done.out
    assert "--field author=by.line: none of the 1 rows has it" in done.err
    (record,) = records(tmp_path / "out")
    assert (record["text"], record["url"]) == ("The ferry is late.", "https://c.example/1")
    assert json.loads(record["metadata"]["input"]) == {"n": {"x": 1}}
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert manifest["options"]["fields"] == {"text": "blob", "author": "by.line"}
    assert manifest["details"]["field/url from `link`"] == 1
    (letter,) = [json.loads(line) for path in (tmp_path / "out").rglob("dead-letters-*") for line in path.read_text().splitlines()]
    assert "has no string at `blob`; its keys: content; name another with --field text=KEY" in letter["message"]


@pytest.mark.parametrize("words", [["--field", "txt=a"], ["--field", "text"], ["--keep-fields", "all,a"]])
def test_wrong_fields_are_a_wrong_command_line(newsbeam: Newsbeam, tmp_path: Path, words: list[str]) -> None:
    for command in (["run", "seeds", "--output", str(tmp_path / "out")], ["explain", "seeds/dispatches.jsonl"]):
        done = newsbeam(*command, *words)
        assert done.status == 2
        assert "--field or --keep-fields" in done.err
