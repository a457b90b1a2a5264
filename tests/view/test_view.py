"""`newsbeam view`: what the index answers, what the server refuses, and what a browser shows."""

from __future__ import annotations

import csv
import http.client
import io
import json
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from ran import Ran

import newsbeam
from newsbeam.view.compare import compare
from newsbeam.view.index import Index
from newsbeam.view.server import CSV_COLUMNS, Server, harmless

ADDED = "2026-01-01T00:00:00Z"
EVIL = "</script><img src=x onerror=\"document.title='owned'\"><b>bold</b>"
PIER = '"The pier is ready," Commissioner Han Min-jae told Coastal Wire on Monday. It had been closed for a year.'
HARBOUR = "港口将于周一重新开放。市长李明说：“我们已经准备好了。”这座城市的居民对此表示欢迎，他们等待了很久。"
PAGES: list[dict[str, str]] = [
    {"title": "Ferry to sail", "url": "https://www.quay.example/1", "date": "2025-03-05", "text": PIER},
    {"title": "港口重新开放", "url": "https://port.example/2", "text": HARBOUR},
    {
        "title": EVIL,
        "url": "https://quay.example/3",
        "text": f'{EVIL} 🚢 The mayor said the harbour is safe. "=1+1 is two," said Jane Doe, a teacher.',
    },
    {"text": ""},
    {"title": "No text here"},
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("view")
    (top / "pages.jsonl").write_bytes(b"".join(orjson.dumps(page) + b"\n" for page in PAGES))
    newsbeam.run(top / "pages.jsonl", top / "out", added=ADDED, workers=1)
    return top / "out"


@pytest.fixture
def index(folder: Path, tmp_path: Path) -> Iterator[Index]:
    made = Index(tmp_path / "index.sqlite")
    made.load([str(folder)])
    assert made.status() == {"loaded": 3, "finished": True, "error": ""}
    yield made
    made.release()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", [1, 2, 3]),
        ("pier", [1]),
        ("PIE", [1]),  # the beginning of a word, in any case
        ("pier harbour", []),
        ('"pier is ready"', [1]),
        ('"ready pier"', []),
        ("重新开放", [2]),
        ("新重", []),
        ("Han", [1]),
        ('" OR 1=1 --', []),  # words, not a query
        ("* ( ) : ^", [1, 2, 3]),
        ("zzz", []),
    ],
)
def test_words_are_found(index: Index, words: str, found: list[int]) -> None:
    rows = index.search(words, {})
    assert sorted(row["n"] for row in rows["rows"]) == found
    assert rows["total"] == len(found)


def test_filters_and_names(index: Index) -> None:
    assert [row["n"] for row in index.search("", {"language": "zh"})["rows"]] == [2]
    assert [row["n"] for row in index.search("", {"host": "quay.example"})["rows"]] == [1, 3]
    assert [row["n"] for row in index.search("", {"month": "2025-03"})["rows"]] == [1]
    assert [row["n"] for row in index.search("", {}, name="Han Min-jae")["rows"]] == [1]
    assert [row["n"] for row in index.search("", {}, name="Coastal Wire")["rows"]] == [1]
    with pytest.raises(ValueError, match="no filter"):
        index.search("", {"n": "1"})


def test_statements_chains_and_counts(index: Index, folder: Path) -> None:
    rows = index.statements(speaker="han")["rows"]
    assert [(row["speaker"], row["via"], row["site"], row["document"]) for row in rows] == [("Han Min-jae", "Coastal Wire", "", 1)]
    assert index.chains() == [{"teller": "Coastal Wire", "source": "Han Min-jae", "statements": 1, "documents": 1}]
    corpus = index.corpus()
    assert {row["value"]: row["documents"] for row in corpus["columns"]["language"]} == {"en": 2, "zh": 1}
    assert [(row["value"], row["documents"]) for row in corpus["dropped"]] == [("decode: empty", 1)]
    assert [row["value"] for row in corpus["failed"]] == ["decode: DecodeError"]
    assert index.record(2) == list(newsbeam.read(folder))[1]
    assert index.record(99) is None


def test_a_sample_is_the_same_for_the_same_seed(index: Index) -> None:
    assert index.sample(2, 7, {}) == index.sample(2, 7, {})
    assert index.sample(20, 1, {}) == [1, 2, 3]


def test_two_runs_are_compared(index: Index, folder: Path, tmp_path: Path) -> None:
    rows = [dict(record) for record in newsbeam.read(folder)][:2]
    rows[0]["attributions"] = []
    (tmp_path / "second.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    second = Index(tmp_path / "second.sqlite")
    second.load([str(tmp_path / "second.jsonl")])
    found = compare(index, second)
    second.release()
    assert (found["both"], found["only_first"], found["only_second"]) == (2, 1, 0)
    assert (found["differs"], found["gone"]) == ({"statements": 1}, {"statements": 1})
    assert [(one["n"], one["aspects"]) for one in found["changed"]] == [(1, {"statements": 1})]


# --- the server -----------------------------------------------------------------------------------------------------


@pytest.fixture
def server(index: Index, tmp_path: Path) -> Iterator[Server]:
    with Server(index, 0, tmp_path / "labels.jsonl", None, "newsbeam: out") as made:
        thread = threading.Thread(target=made.serve_forever, daemon=True)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def ask(server: Server, path: str, method: str = "GET", body: bytes = b"", **headers: str) -> tuple[int, bytes, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=30)
    connection.request(method, path, body or None, {key.replace("_", "-"): value for key, value in headers.items()})
    answer = connection.getresponse()
    got = answer.status, answer.read(), dict(answer.getheaders())
    connection.close()
    return got


def test_another_host_is_refused(server: Server) -> None:
    """A name that somebody points at this machine must not read the page."""
    assert ask(server, "/")[0] == 200
    assert ask(server, "/", Host="evil.example")[0] == 403
    assert ask(server, "/api/record?n=1", Host="evil.example:80")[0] == 403


def test_the_policy_allows_the_page_s_own_script_only(server: Server) -> None:
    _, body, headers = ask(server, "/")
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert len(re.findall(rb"<script(?! type=.application/json)", body)) == 1


def test_labels_need_the_page_s_secret(server: Server, tmp_path: Path) -> None:
    label = orjson.dumps({"id": "sha256:1", "label": "y", "note": ""})
    assert ask(server, "/api/label", "POST", label)[0] == 403
    assert ask(server, "/api/label", "POST", label, X_Token="guess")[0] == 403
    assert ask(server, "/api/label", "POST", b"[]", X_Token=server.token)[0] == 400
    assert ask(server, "/api/label", "POST", label, X_Token=server.token)[0] == 200
    assert (tmp_path / "labels.jsonl").read_bytes() == label + b"\n"


@pytest.mark.parametrize("path", ["/api/record?n=x", "/api/search?offset=x", "/api/sample?seed=x", "/api/record", "/api/compare"])
def test_a_wrong_question_is_an_error_and_not_a_crash(server: Server, path: str) -> None:
    assert ask(server, path)[0] == 400
    assert ask(server, "/api/status")[0] == 200


def test_statements_as_csv_hold_no_formula(server: Server) -> None:
    _, body, _ = ask(server, "/statements.csv")
    rows = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))
    assert tuple(rows[0]) == CSV_COLUMNS
    assert {row["speaker"] for row in rows} >= {"Han Min-jae", "Jane Doe"}
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]
    assert harmless("=1+1") == "'=1+1"


# --- the command, and a browser -------------------------------------------------------------------------------------


def test_a_saved_page_is_one_file(folder: Path, tmp_path: Path, newsbeam_process: Callable[..., Ran]) -> None:
    ran = newsbeam_process("view", folder, "--save", tmp_path / "page.html")
    assert ran.status == 0, ran.err
    assert "3 records" in ran.out
    text = (tmp_path / "page.html").read_text("utf-8")
    assert not re.search(r'(?:src|href)="?http', text)
    saved = re.search(r'<script type="application/json" id="saved">(.*?)</script>', text, re.S)
    assert saved
    assert [one["id"] for one in json.loads(saved[1])["records"]] == [record["id"] for record in newsbeam.read(folder)]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere"], "nowhere does not exist"),
        (["."], "has no documents"),
        ([".", "--save", "x.html", "--compare", "."], "leave out --save"),
    ],
)
def test_a_wrong_command_says_what_to_do(words: list[str], message: str, tmp_path: Path, newsbeam_process: Callable[..., Ran]) -> None:
    ran = newsbeam_process("view", *words, cwd=tmp_path)
    assert ran.status == 2
    assert message in ran.err


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
@pytest.mark.parametrize("saved", [False, True])
def test_a_browser_shows_it_and_runs_nothing_of_a_document(saved: bool, server: Server, folder: Path, tmp_path: Path) -> None:
    from newsbeam.view.run import save

    address = server.url
    if saved:
        save([str(folder)], str(tmp_path / "page.html"))
        address = f"file://{tmp_path / 'page.html'}"
    page = dom(f"{address}#n=3", tmp_path)
    assert re.findall(r"<title>(.*?)</title>", page) == ["newsbeam: out"]
    assert "&lt;b&gt;bold&lt;/b&gt;" in page
    assert re.search(r'class="speaker[^>]*>Jane Doe, a teacher<', page)  # behind a sign of two UTF-16 units
    for tab, words in (("statements", "Han Min-jae"), ("chains", "Coastal Wire 1"), ("corpus", "decode: empty"), ("audit", "1 of 3")):
        assert words in dom(f"{address}#tab={tab}", tmp_path), tab


def dom(address: str, tmp_path: Path) -> str:
    """What a browser makes of a page, when its scripts have run."""
    command: list[Any] = [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    done = subprocess.run(
        [*command, "--virtual-time-budget=8000", "--dump-dom", address], capture_output=True, text=True, timeout=300, check=False
    )
    return re.sub(r'<script type="application/json".*?</script>', "", done.stdout, flags=re.S)
