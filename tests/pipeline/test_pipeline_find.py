"""From inputs on the command line to files: each once, in order, nothing that is none of our business."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from newsbeam.errors import InputError
from newsbeam.inputs.discovery import Discovery, discover


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the working directory, with a few documents in it."""
    for name in ("news/b.txt", "news/a.html", "news/deep/c.md", "news/deep/er/d.jsonl.gz", "other/e.warc"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("words")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def paths(found: Discovery) -> list[str]:
    return [source.path for source in found.sources]


def test_a_folder_is_walked_sorted_files_before_folders(here: Path) -> None:
    found = discover(["news"])
    assert paths(found) == ["news/a.html", "news/b.txt", "news/deep/c.md", "news/deep/er/d.jsonl.gz"]
    assert {source.source for source in found.sources} == {"news"}
    assert {source.size for source in found.sources} == {5}
    assert found.notes == ()


@pytest.mark.parametrize("given", ["news/", "./news", "news/../news"])
def test_a_folder_under_another_name_has_the_same_collection(here: Path, given: str) -> None:
    assert {source.source for source in discover([given]).sources} == {"news"}
    assert len(discover([given]).sources) == 4


def test_the_working_directory_and_absolute_paths(here: Path) -> None:
    assert paths(discover(["."])) == ["news/a.html", "news/b.txt", "news/deep/c.md", "news/deep/er/d.jsonl.gz", "other/e.warc"]
    assert {source.source for source in discover(["."]).sources} == {here.name}
    assert paths(discover([str(here / "news" / "b.txt")])) == [str(here / "news" / "b.txt")]


def test_inputs_keep_their_order_and_each_file_is_named_once(here: Path) -> None:
    assert paths(discover(["other", "news/b.txt", "news", "news/b.txt", "news/*.txt"])) == [
        "other/e.warc",
        "news/b.txt",
        "news/a.html",
        "news/deep/c.md",
        "news/deep/er/d.jsonl.gz",
    ]


@pytest.mark.parametrize("again", ["./news/b.txt", "news/../news/b.txt", "{here}/news/b.txt"])
def test_a_file_spelled_in_two_ways_is_named_once(here: Path, again: str) -> None:
    assert len(discover(["news", again.format(here=here)]).sources) == 4


@pytest.mark.parametrize(
    ("pattern", "expect"),
    [
        ("news/*.txt", ["news/b.txt"]),
        ("news/[ab].*", ["news/a.html", "news/b.txt"]),
        ("news/?.html", ["news/a.html"]),
        ("*/deep/*.md", ["news/deep/c.md"]),
        ("news/**", ["news/a.html", "news/b.txt", "news/deep/c.md", "news/deep/er/d.jsonl.gz"]),
        ("news/**/*.gz", ["news/deep/er/d.jsonl.gz"]),
        ("news/*", ["news/a.html", "news/b.txt", "news/deep/c.md", "news/deep/er/d.jsonl.gz"]),
        ("*/b.txt", ["news/b.txt"]),
    ],
)
def test_globs(here: Path, pattern: str, expect: list[str]) -> None:
    assert sorted(paths(discover([pattern]))) == sorted(expect)


def test_a_name_with_the_signs_of_a_glob_in_it_is_a_file(here: Path) -> None:
    (here / "what[1].txt").write_text("words")
    assert paths(discover(["what[1].txt"])) == ["what[1].txt"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("nws", "no such file or folder: nws; did you mean news?"),
        ("news/a.htm", "no such file or folder: news/a.htm; did you mean news/a.html?"),
        ("nothing/like/it", "no such file or folder: nothing/like/it"),
        ("news/*.pdf", r"nothing matches news/*.pdf (quote the pattern"),
        ("", "no such file or folder: "),
        ("ftp://example.org/x", "ftp://example.org/x: newsbeam does not download from the web; download it first"),
    ],
)
def test_an_input_that_names_nothing_says_so(here: Path, given: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        discover([given])
    assert str(caught.value).startswith(message)


def test_an_empty_folder_is_noted(here: Path) -> None:
    (here / "empty").mkdir()
    found = discover(["empty", "news"])
    assert len(found.sources) == 4
    assert found.notes == ("empty: no documents in this folder",)


def test_what_is_no_document_by_its_name_is_left_alone_and_noted(here: Path) -> None:
    for name in ("style.css", "photo.JPG", "more.css", "LICENSE", "page.2024-05-01", "story.v2 final", "UPPER.HTML"):
        (here / "news" / name).write_text("x")
    found = discover(["news"])
    assert set(paths(found)) - {"news/a.html", "news/b.txt", "news/deep/c.md", "news/deep/er/d.jsonl.gz"} == {
        "news/LICENSE",
        "news/page.2024-05-01",
        "news/story.v2 final",
        "news/UPPER.HTML",
    }
    assert found.notes == ("skipped 2 .css, 1 .jpg (unknown extension; name a file explicitly to read it)",)


def test_a_file_named_outright_is_taken_whatever_its_name(here: Path) -> None:
    (here / "style.css").write_text("x")
    assert paths(discover(["style.css"])) == ["style.css"]


def test_hidden_files_and_folders_are_left_alone_unless_named(here: Path) -> None:
    (here / "news" / ".draft.txt").write_text("x")
    (here / "news" / ".git").mkdir()
    (here / "news" / ".git" / "x.txt").write_text("x")
    assert len(discover(["news"]).sources) == 4
    assert paths(discover(["news/.draft.txt"])) == ["news/.draft.txt"]
    assert paths(discover(["news/.git"])) == ["news/.git/x.txt"]


def test_a_symlink_loop_ends(here: Path) -> None:
    (here / "news" / "deep" / "up").symlink_to(here / "news")
    (here / "news" / "self").symlink_to(here / "news" / "self")
    found = paths(discover(["news"]))
    assert [path for path in found if "self" not in path] == ["news/a.html", "news/b.txt", "news/deep/c.md", "news/deep/er/d.jsonl.gz"]


def test_links_to_files_and_folders_are_followed(here: Path) -> None:
    (here / "news" / "z.txt").symlink_to(here / "other" / "e.warc")
    (here / "news" / "zz").symlink_to(here / "other")
    assert paths(discover(["news"]))[2:] == ["news/z.txt", "news/deep/c.md", "news/deep/er/d.jsonl.gz", "news/zz/e.warc"]


def test_a_dangling_link_is_an_input_that_will_fail(here: Path) -> None:
    (here / "news" / "gone.txt").symlink_to(here / "nowhere.txt")
    sources = {source.path: source.size for source in discover(["news"]).sources}
    assert sources["news/gone.txt"] == 0
    assert paths(discover(["news/gone.txt"])) == ["news/gone.txt"]


def test_a_fifo_in_a_folder_is_not_read(here: Path) -> None:
    os.mkfifo(here / "news" / "pipe.txt")
    found = discover(["news"])
    assert len(found.sources) == 4
    assert found.notes == ("skipped news/pipe.txt: not a regular file",)


def test_a_fifo_that_a_glob_matches_is_not_read(here: Path) -> None:
    os.mkfifo(here / "news" / "pipe.txt")
    assert paths(discover(["news/*.txt"])) == ["news/b.txt"]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable for root")
def test_a_folder_that_cannot_be_listed_is_an_input_that_will_fail(here: Path) -> None:
    (here / "news" / "deep").chmod(0)
    try:
        assert "news/deep" in paths(discover(["news"]))
    finally:
        (here / "news" / "deep").chmod(0o700)


@pytest.mark.parametrize("given", [["news"], ["."], ["news/**"], ["news/*"], ["news/deep/*", "news"], ["*"]])
@pytest.mark.parametrize("out", ["news/out", "./news/out/", "{here}/news/out", "news/deep/../out"])
def test_what_lies_in_the_output_folder_is_never_read(here: Path, given: list[str], out: str) -> None:
    (here / "news" / "out" / "parts").mkdir(parents=True)
    for name in ("documents-00000-of-00001.jsonl", "README.md", "parts/x.txt"):
        (here / "news" / "out" / name).write_text("x")
    found = discover(given, out.format(here=here))
    assert len(found.sources) >= 4
    assert not [path for path in paths(found) if "out/" in path]


def test_the_output_folder_itself_as_input(here: Path) -> None:
    with pytest.raises(InputError, match="news is the output folder; choose another --output"):
        discover(["news"], "./news/")


def test_an_output_folder_with_a_like_name_beside_is_no_output_folder(here: Path) -> None:
    (here / "news-2").mkdir()
    (here / "news-2" / "x.txt").write_text("x")
    assert paths(discover(["news-2", "news-2/*"], "news")) == ["news-2/x.txt"]


def test_names_that_are_no_utf8(here: Path) -> None:
    name = os.fsdecode(b"caf\xe9.txt")
    try:
        (here / "news" / name).write_text("x")
    except OSError:
        pytest.skip("this filesystem takes UTF-8 names only")
    assert f"news/{name}" in paths(discover(["news"]))


# --- what newsbeam wrote is not read by accident --------------------------------------------------------------------

OURS = {"account": "read 1 = written 1 + dropped 0 + failed 0", "versions": {"newsbeam": "0.1.0"}}

SIGNS = {
    "a manifest": ("manifest.json", json.dumps(OURS)),
    "a run cut short": (".newsbeam/plan.json", "{}"),
    "a watch": (".newsbeam-watch/ledger.sqlite", ""),
    "a stream": (".newsbeam-stream/run-1.json", "{}"),
    "a stream without its state": ("manifest-20261122T093000-run1-late2.json", json.dumps(OURS)),
}


def put(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


@pytest.mark.parametrize("sign", SIGNS)
def test_earlier_output_in_a_folder_is_passed_over_and_named(here: Path, sign: str) -> None:
    name, content = SIGNS[sign]
    put(here / "news" / "out" / name, content)
    for file in ("documents-00000-of-00001.jsonl", "README.md", "deep/page.html"):
        put(here / "news" / "out" / file, "words")
    found = discover(["news"])
    assert "news/out" not in " ".join(paths(found))
    assert "skipped news/out: it is an output folder of newsbeam (name it explicitly to read it)" in found.notes
    assert len(found.sources) == 4
    assert paths(discover(["news/out"])) == ["news/out/documents-00000-of-00001.jsonl"]
    assert [paths(discover([word])) for word in ("news/out/*.jsonl", "news/out/README.md")] == [
        ["news/out/documents-00000-of-00001.jsonl"],
        ["news/out/README.md"],
    ]


@pytest.mark.parametrize("pattern", ["news/*", "news/**", "news/**/*.jsonl", "news/o*/*", "n*/out/*.jsonl", "**/*.jsonl"])
def test_a_pattern_that_happens_to_match_earlier_output(here: Path, pattern: str) -> None:
    put(here / "news" / "out" / "manifest.json", json.dumps(OURS))
    put(here / "news" / "out" / "deep" / "documents-00000-of-00001.jsonl", "words")
    put(here / "news" / "out" / "documents-00000-of-00001.jsonl", "words")
    put(here / "news" / "own.jsonl", "words")
    found = discover([pattern])
    assert not [path for path in paths(found) if path.startswith("news/out/")]
    assert [note for note in found.notes if note.startswith("skipped news/out: it is an output folder of newsbeam")]


@pytest.mark.parametrize(
    "content",
    ['{"name": "an extension", "manifest_version": 3, "version": "1"}', "[]", "no json", '{"account": 1, "versions": {"newsbeam": "0"}}'],
)
def test_a_manifest_of_somebody_else_hides_nothing(here: Path, content: str) -> None:
    put(here / "news" / "deep" / "manifest.json", content)
    assert len(paths(discover(["news"]))) == 5  # the manifest is one of them
