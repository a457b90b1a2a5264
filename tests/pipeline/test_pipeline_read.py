"""From files to raw items: every kind in every compression alike, numbers that hold, cuts that cost one error and no more."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from hashlib import sha256
from pathlib import Path
from threading import Timer

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsbeam.inputs import work_units
from newsbeam.inputs.discovery import discover
from newsbeam.inputs.formats import jsonl
from newsbeam.inputs.reader import Reader, parse_origin
from newsbeam.inputs.splitting import split
from newsbeam.inputs.work_units import PartSummary, Source, WorkUnit, plan_work_units
from newsbeam.transforms.document import Raw

PACK: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".zst": lambda payload: zstandard.ZstdCompressor().compress(payload),
}

ROWS = [{"text": f"Story {number} of the day.", "id": f"a-{number}", "n": number} for number in range(1, 6)]
JSONL = b"".join(orjson.dumps(row) + b"\n" for row in ROWS)


def response(number: int, body: bytes, headers: bytes = b"Content-Type: text/html; charset=utf-8", status: bytes = b"200 OK") -> bytes:
    """One `response` record of a WARC."""
    http = b"HTTP/1.1 " + status + b"\r\n" + headers + b"\r\n\r\n" + body
    return record(b"response", http, number, b"application/http; msgtype=response")


def record(kind: bytes, content: bytes, number: int, media_type: bytes) -> bytes:
    """One record of a WARC."""
    head = [
        b"WARC/1.0",
        b"WARC-Type: " + kind,
        b"WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-%012d>" % number,
        b"WARC-Target-URI: http://example.org/%d" % number,
        b"WARC-Date: 2026-01-%02dT00:00:00Z" % number,
        b"Content-Type: " + media_type,
        b"Content-Length: %d" % len(content),
    ]
    return b"\r\n".join(head) + b"\r\n\r\n" + content + b"\r\n\r\n"


def chunked(body: bytes, size: int = 7) -> bytes:
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


PAGE = "<html><body><p>A page of its own: größer.</p></body></html>".encode()
INFO = record(b"warcinfo", b"software: by hand\r\n", 1, b"application/warc-fields")
WARC = INFO + b"".join(
    [
        response(2, PAGE),
        record(b"request", b"GET / HTTP/1.1\r\n\r\n", 3, b"application/http; msgtype=request"),
        response(4, gzip.compress(PAGE, mtime=0), b"Content-Type: text/html\r\nContent-Encoding: gzip\r\nContent-Language: de"),
        response(5, chunked(PAGE), b"Content-Type: text/html\r\nTransfer-Encoding: chunked"),
        response(
            6, chunked(gzip.compress(PAGE, mtime=0)), b"Content-Type: text/html\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked"
        ),
        response(7, b"\x89PNG", b"Content-Type: image/png"),
    ]
)
WET = INFO + b"".join(record(b"conversion", f"Prose of page {number}, größer.\n".encode(), number, b"text/plain") for number in (2, 3))


def parquet(rows: list[dict[str, object]] | None = None) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ROWS if rows is None else rows), sink)
    return sink.getvalue()


@dataclass
class Got:
    """What was read: the items, by part in the order of the parts' ends, and the ends."""

    raws: list[Raw] = field(default_factory=list)
    parts: dict[str, list[Raw]] = field(default_factory=dict)
    ends: dict[str, PartSummary] = field(default_factory=dict)

    @property
    def good(self) -> list[Raw]:
        return [raw for raw in self.raws if not raw.error]

    @property
    def errors(self) -> list[str]:
        return [raw.error for raw in self.raws if raw.error]

    @property
    def inputs(self) -> list[tuple[str, int, str]]:
        return [entry for end in self.ends.values() for entry in end.inputs]


def read_all(
    *given: Path | str, max_bytes: int = 32 << 20, done: frozenset[str] = frozenset(), only: dict[str, set[int]] | None = None
) -> Got:
    """Everything in these inputs, as the graph would see it."""
    got = Got()
    reader = Reader(max_bytes, done)
    shares = plan_work_units(discover([str(path) for path in given]).sources)
    if only is not None:
        shares = [work_units.select_records(share, tuple((path, frozenset(numbers)) for path, numbers in only.items())) for share in shares]
    for share in shares:
        for piece in split(share):
            for bundle in reader.read(piece):
                got.raws += bundle.raws
                got.parts.setdefault(bundle.part, []).extend(bundle.raws)
                if bundle.end is not None:
                    assert bundle.part not in got.ends, "a part ends once"
                    got.ends[bundle.part] = bundle.end
    assert list(got.parts) == sorted(got.parts), "parts sort in the order of the input"
    assert {part: len(raws) for part, raws in got.parts.items()} == {part: end.read for part, end in got.ends.items()}
    return got


def write(path: Path, payload: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(payload)
    return path


# --- every kind, every compression ----------------------------------------------------------------------------------

KINDS = {"a.html": PAGE, "a.txt": b"Some words.\n", "a.jsonl": JSONL, "a.parquet": parquet(), "a.warc": WARC, "a.wet": WET}


@pytest.mark.parametrize("name", KINDS)
def test_every_compression_gives_the_same_items(name: str, tmp_path: Path) -> None:
    payload = KINDS[name]
    seen = []
    for suffix, pack in PACK.items():
        path = write(tmp_path / f"{name}{suffix}", pack(payload))
        got = read_all(path)
        assert got.errors == []
        assert got.inputs == [(str(path), path.stat().st_size, sha256(path.read_bytes()).hexdigest())]
        seen.append([(raw.origin.replace(str(path), "…"), raw.payload, raw.form, raw.content_type, raw.url, raw.date) for raw in got.raws])
        assert {raw.source for raw in got.raws} == {tmp_path.name}
        if name in ("a.html", "a.txt"):
            assert [raw.name for raw in got.raws] == [str(tmp_path / name)]
    assert all(one == seen[0] for one in seen)


@pytest.mark.parametrize("name", KINDS)
def test_the_kind_is_decided_by_what_is_inside(name: str, tmp_path: Path) -> None:
    right = read_all(write(tmp_path / "right" / name, KINDS[name]))
    wrong = read_all(write(tmp_path / "wrong" / "anything.txt", gzip.compress(KINDS[name])))
    assert [raw.payload for raw in wrong.raws] == [raw.payload for raw in right.raws]
    assert [raw.form for raw in wrong.raws] == [raw.form for raw in right.raws]


def test_members_and_frames_one_after_another(tmp_path: Path) -> None:
    halves = JSONL[:40], JSONL[40:]
    for suffix, pack in PACK.items():
        got = read_all(write(tmp_path / f"a.jsonl{suffix}", pack(halves[0]) + pack(halves[1])))
        assert [raw.payload for raw in got.raws] == JSONL.splitlines()


def test_compressed_twice(tmp_path: Path) -> None:
    assert read_all(write(tmp_path / "a.txt.gz.zst", PACK[".zst"](gzip.compress(b"words")))).raws[0].payload == b"words"
    payload = b"words"
    for _ in range(4):
        payload = gzip.compress(payload)
    assert "compressed more than three times" in read_all(write(tmp_path / "b.txt.gz", payload)).errors[0]


# --- JSON lines -----------------------------------------------------------------------------------------------------


def test_record_numbers_count_records_and_not_blank_lines(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", b'\n\n{"text":"a"}\r\n\r\n   \n{"text":"b"}\n\t\n  {"text":"c"}  \n\x0c\n{"text":"d"}')
    got = read_all(path)
    assert [raw.origin for raw in got.raws] == [f"{path}#{number}" for number in (1, 2, 3, 4)]
    assert [raw.payload for raw in got.raws] == [b'{"text":"%s"}' % letter for letter in (b"a", b"b", b"c", b"d")]


def test_bad_lines_are_items_like_any_other(tmp_path: Path) -> None:
    got = read_all(write(tmp_path / "a.jsonl", b'{"text":"a"}\nno json\n[]\n\xff\xfe\n{"text":"b"}\n'))
    assert [raw.payload for raw in got.raws] == [b'{"text":"a"}', b"no json", b"[]", b"\xff\xfe", b'{"text":"b"}']


def test_a_bad_first_line_is_one_item_too(tmp_path: Path) -> None:
    assert len(read_all(write(tmp_path / "a.jsonl", b"no json\n" + JSONL)).raws) == 6


def test_a_line_that_is_too_long_is_one_error_and_the_next_is_read(tmp_path: Path) -> None:
    long = b'{"text":"' + b"x" * 3000 + b'"}'
    path = write(tmp_path / "a.jsonl", b'{"text":"a"}\n' + long + b'\n{"text":"b"}\n' + long)
    got = read_all(path, max_bytes=1000)
    assert [raw.payload for raw in got.good] == [b'{"text":"a"}', b'{"text":"b"}']
    assert [raw.origin for raw in got.raws] == [f"{path}#{number}" for number in (1, 2, 3, 4)]
    assert [error.partition(":")[0] for error in got.errors] == ["ReadError", "ReadError"]
    assert "--max-document-mb" in got.errors[0]


def test_a_line_of_just_the_limit_is_read(tmp_path: Path) -> None:
    line = b'{"text":"' + b"x" * 89 + b'"}'
    assert len(line) == 100
    assert read_all(write(tmp_path / "a.jsonl", line + b"\n" + line), max_bytes=100).errors == []


def test_empty_containers_are_dropped_and_counted(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", parquet([{"text": "x"}]))
    pq.write_table(pa.table({"text": pa.array([], pa.string())}), tmp_path / "a.parquet")
    write(tmp_path / "b.warc", INFO)
    got = read_all(tmp_path)
    assert [(raw.origin, raw.drop) for raw in got.raws] == [
        (str(tmp_path / name), "no documents in it") for name in ("a.parquet", "b.warc")
    ]


# --- splitting ------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_units, "SPLIT_BYTES", 64)
    monkeypatch.setattr(jsonl, "_BLOCK_BYTES", 20)


LINES = st.lists(
    st.sampled_from([b'{"text":"a"}', b'{"text":"' + b"b" * 70 + b'"}', b"", b" ", b"\t\r", b"no json"]), min_size=1, max_size=40
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(lines=LINES, ended=st.booleans())
def test_a_split_file_gives_what_an_unsplit_one_does(
    lines: list[bytes], ended: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.jsonl", b"\n".join([b'{"text":"first"}', *lines]) + b"\n" * ended)
    whole = read_all(path)
    with monkeypatch.context() as patch:
        patch.setattr(work_units, "SPLIT_BYTES", 64)
        # Whole lines stay below SPLIT_BYTES here: what longer ones do is a test of its own.
        patch.setattr(jsonl, "_BLOCK_BYTES", 120)
        pieces = read_all(path)
    assert [(raw.origin, raw.payload) for raw in pieces.raws] == [(raw.origin, raw.payload) for raw in whole.raws]


def test_a_large_file_is_split_and_hashed_once(tmp_path: Path, small_stretches: None) -> None:
    payload = JSONL * 3 + b'{"text":"the last, and no line end"}'
    path = write(tmp_path / "a.jsonl", payload)
    got = read_all(path)
    assert len(got.parts) > 3
    assert [raw.origin for raw in got.raws] == [f"{path}#{number}" for number in range(1, 17)]
    assert got.inputs == [(str(path), len(payload), sha256(payload).hexdigest())]


def test_a_file_that_ends_where_a_stretch_ends_is_in_the_manifest(tmp_path: Path, small_stretches: None) -> None:
    payload = b'{"text":"%048d"}\n' * 4 % (1, 2, 3, 4)
    assert len(payload) == 4 * 60
    path = write(tmp_path / "a.jsonl", payload)
    got = read_all(path)
    assert len(got.raws) == 4
    assert got.inputs == [(str(path), len(payload), sha256(payload).hexdigest())]


def test_numbers_after_an_endless_line(tmp_path: Path, small_stretches: None) -> None:
    path = write(tmp_path / "a.jsonl", b'{"text":"a"}\n{"text":"' + b"x" * 300 + b'"}\n' + b'{"text":"b"}\n' * 12)
    got = read_all(path)
    assert [raw.origin for raw in got.raws] == [f"{path}#{number}" for number in range(1, 15)]


def test_numbers_after_a_line_with_a_form_feed(tmp_path: Path, small_stretches: None) -> None:
    path = write(tmp_path / "a.jsonl", b'{"text":"a"}\n\x0c\n' + b'{"text":"b"}\n' * 30)
    assert [raw.origin for raw in read_all(path).raws] == [f"{path}#{number}" for number in range(1, 32)]


def test_finished_parts_are_passed_over(tmp_path: Path, small_stretches: None) -> None:
    path = write(tmp_path / "a.jsonl", JSONL * 4)
    whole = read_all(path)
    parts = list(whole.parts)
    done = frozenset([parts[0], parts[2], parts[-1]])
    rest = read_all(path, done=done)
    assert list(rest.parts) == [part for part in parts if part not in done]
    assert rest.raws == [raw for part in rest.parts for raw in whole.parts[part]]
    assert read_all(path, done=frozenset(parts)).raws == []


def test_what_one_compressed_file_holds_is_closed_in_parts(tmp_path: Path, small_stretches: None) -> None:
    path = write(tmp_path / "a.jsonl.gz", gzip.compress(JSONL * 4))
    whole = read_all(path)
    assert len(whole.parts) > 3
    assert [raw.origin for raw in whole.raws] == [f"{path}#{number}" for number in range(1, 21)]
    assert whole.inputs == [(str(path), path.stat().st_size, sha256(path.read_bytes()).hexdigest())]
    parts = list(whole.parts)
    rest = read_all(path, done=frozenset(parts[:2]))
    assert rest.raws == [raw for part in parts[2:] for raw in whole.parts[part]]


def test_small_files_make_one_part_and_are_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_units, "UNIT_FILES", 3)
    for number in range(7):
        write(tmp_path / f"{number}.txt", b"Story %d." % number)
    got = read_all(tmp_path)
    assert [len(raws) for raws in got.parts.values()] == [3, 3, 1]
    assert [name for name, _, _ in got.inputs] == [str(tmp_path / f"{number}.txt") for number in range(7)]
    (tmp_path / "0.txt").write_bytes(b"changed")
    first, *_ = got.parts
    assert len(read_all(tmp_path, done=frozenset([first])).raws) == 4


def test_shares_hold_so_many_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_units, "UNIT_BYTES", 100)
    sources = [Source(str(number), size, "x") for number, size in enumerate([60, 30, 20, 500, 10, 10])]
    shares = plan_work_units(sources)
    assert [[source.size for source in share.sources] for share in shares] == [[60, 30], [20], [500], [10, 10]]
    assert [share.number for share in shares] == [0, 1, 2, 3]
    assert [source for share in shares for source in share.sources] == sources
    assert plan_work_units([]) == []


# --- parquet --------------------------------------------------------------------------------------------------------


def test_parquet_gives_its_columns(tmp_path: Path) -> None:
    when = datetime(2026, 1, 2, 3, 4, tzinfo=timezone.utc)
    rows: list[dict[str, object]] = [{"text": "a", "id": 7, "date": when, "n": 1}, {"text": None, "id": None, "date": None, "n": None}]
    path = write(tmp_path / "a.parquet", parquet(rows))
    got = read_all(path)
    assert [raw.origin for raw in got.raws] == [f"{path}#1", f"{path}#2"]
    assert [orjson.loads(raw.payload) for raw in got.raws] == [
        {"text": "a", "id": 7, "date": "2026-01-02T03:04:00+00:00"},
        {"text": None, "id": None, "date": None},
    ]
    assert {raw.form for raw in got.raws} == {"json"}


def test_parquet_of_many_row_groups(tmp_path: Path) -> None:
    table = pa.table({"html": [f"<p>{number}</p>" for number in range(300)]})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=70)
    got = read_all(tmp_path)
    assert [orjson.loads(raw.payload)["html"] for raw in got.raws] == [f"<p>{number}</p>" for number in range(300)]


def test_parquet_with_bytes(tmp_path: Path) -> None:
    pq.write_table(pa.table({"html": ["<p>größer</p>".encode()]}), tmp_path / "a.parquet")
    assert orjson.loads(read_all(tmp_path).raws[0].payload)["html"] == "<p>größer</p>"


def test_parquet_without_our_columns_says_which_it_has(tmp_path: Path) -> None:
    got = read_all(write(tmp_path / "a.parquet", parquet([{"blob": "x", "n": 1}])))
    assert got.good == []
    assert "neither a `text` nor an `html` column; its columns: blob, n" in got.errors[0]


@pytest.mark.parametrize("cut", [4, 60, -1])
def test_parquet_cut_short(tmp_path: Path, cut: int) -> None:
    got = read_all(write(tmp_path / "a.parquet", parquet()[:cut]))
    assert got.good == []
    assert len(got.errors) == 1
    assert "not a complete parquet file" in got.errors[0]


# --- WARC -----------------------------------------------------------------------------------------------------------


def test_warc_gives_bodies_unpacked_with_url_and_date(tmp_path: Path) -> None:
    path = write(tmp_path / "a.warc", WARC)
    got = read_all(path)
    assert got.errors == []
    assert [raw.origin for raw in got.raws] == [f"{path}#{number}" for number in range(1, 6)]
    assert [raw.payload for raw in got.raws] == [PAGE] * 4 + [b"\x89PNG"]
    assert [raw.url for raw in got.raws] == [f"http://example.org/{number}" for number in (2, 4, 5, 6, 7)]
    assert got.raws[0].date == "2026-01-02T00:00:00Z"
    assert got.raws[0].content_type == "text/html; charset=utf-8"
    assert got.raws[1].content_language == "de"
    assert {raw.form for raw in got.raws} == {"http"}


def test_wet_gives_prose(tmp_path: Path) -> None:
    got = read_all(write(tmp_path / "a.warc.wet", WET))
    assert [raw.payload.decode() for raw in got.raws] == ["Prose of page 2, größer.\n", "Prose of page 3, größer.\n"]
    assert {raw.form for raw in got.raws} == {"text"}


def test_warc_compressed_record_by_record(tmp_path: Path) -> None:
    records = [INFO, *(response(number, PAGE) for number in range(2, 30))]
    got = read_all(write(tmp_path / "a.warc.gz", b"".join(map(gzip.compress, records))))
    assert len(got.good) == 28
    assert got.errors == []


def test_warc_with_a_broken_body_costs_that_record_alone(tmp_path: Path) -> None:
    bad = response(3, b"\x1f\x8b\x08 this is no gzip", b"Content-Type: text/html\r\nContent-Encoding: gzip")
    got = read_all(write(tmp_path / "a.warc", INFO + response(2, PAGE) + bad + response(4, PAGE)))
    assert [raw.payload for raw in got.raws if not raw.error and raw.payload == PAGE] == [PAGE, PAGE]
    assert len(got.raws) == 3


def test_warc_with_a_body_larger_than_it_may_be(tmp_path: Path) -> None:
    bomb = response(3, gzip.compress(b"x" * 200_000), b"Content-Type: text/html\r\nContent-Encoding: gzip")
    large = response(4, b"x" * 90_000)
    path = write(tmp_path / "a.warc", INFO + response(2, PAGE) + bomb + large + response(5, PAGE))
    got = read_all(path, max_bytes=50_000)
    assert [raw.origin for raw in got.good] == [f"{path}#1", f"{path}#4"]
    assert [raw.origin for raw in got.raws if raw.error] == [f"{path}#2", f"{path}#3"]
    assert all("--max-document-mb" in error or "decompresses to more than" in error for error in got.errors)


# --- cut and damaged ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".zst"])
def test_a_cut_file_keeps_what_came_before_and_adds_one_error(tmp_path: Path, suffix: str) -> None:
    lines = [orjson.dumps({"text": sha256(b"%d" % number).hexdigest() * 20}) for number in range(3000)]
    # Several blocks, or bzip2 has nothing to show before its end.
    packed = b"".join(PACK[suffix](b"".join(line + b"\n" for line in lines[at : at + 500])) for at in range(0, 3000, 500))
    path = write(tmp_path / f"a.jsonl{suffix}", packed[: len(packed) * 2 // 3])
    got = read_all(path)
    assert 1500 <= len(got.good) < 3000
    assert [raw.payload for raw in got.good] == lines[: len(got.good)]
    assert len(got.errors) == 1
    assert got.raws[-1].origin == f"{path}#{len(got.good) + 1}"
    assert f"is truncated or damaged after record {len(got.good)}" in got.errors[0]
    assert got.inputs == [(str(path), path.stat().st_size, "")]


@pytest.mark.parametrize("kind", ["a.warc", "a.wet"])
def test_a_warc_cut_in_a_body_keeps_what_came_before(tmp_path: Path, kind: str) -> None:
    whole = [raw.payload for raw in read_all(write(tmp_path / "whole" / kind, KINDS[kind])).raws]
    for less in (5, 6, 7):  # the record's own end is four bytes long
        got = read_all(write(tmp_path / "cut" / kind, KINDS[kind][:-less]))
        assert [raw.payload for raw in got.good] == whole[:-1], less
        assert len(got.errors) == 1, less
        assert "truncated WARC" in got.errors[0], less


@pytest.mark.parametrize("kind", ["a.warc", "a.wet"])
def test_a_warc_cut_anywhere_keeps_what_came_before(tmp_path: Path, kind: str) -> None:
    whole = [raw.payload for raw in read_all(write(tmp_path / "whole" / kind, KINDS[kind])).raws]
    payload = KINDS[kind]
    for length in range(len(INFO) + 40, len(payload) - 4, 61):
        path = write(tmp_path / "cut" / kind, payload[:length])
        got = read_all(path)
        assert [raw.payload for raw in got.good] == whole[: len(got.good)], length
        assert len(got.errors) <= 1, length
        complete = payload[:length].endswith(b"\r\n\r\n")
        assert got.errors or complete, f"cut at {length} went unnoticed"
        assert all("truncated WARC" in error or "invalid WARC" in error for error in got.errors), got.errors


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".zst"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.99])
def test_a_document_that_is_cut_is_one_error(tmp_path: Path, suffix: str, share: float) -> None:
    packed = PACK[suffix](os.urandom(100_000).hex().encode())
    got = read_all(write(tmp_path / f"a.txt{suffix}", packed[: int(len(packed) * share)]))
    assert got.good == []
    assert len(got.errors) == 1
    assert "download the file again" in got.errors[0]


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".zst"])
def test_damage_in_the_middle_is_one_error(tmp_path: Path, suffix: str) -> None:
    # A zstd frame without a checksum need not notice.
    pack = zstandard.ZstdCompressor(write_checksum=True).compress if suffix == ".zst" else PACK[suffix]
    packed = bytearray(pack(os.urandom(50_000).hex().encode()))
    packed[len(packed) // 2] ^= 0xFF
    packed[len(packed) // 2 + 1] ^= 0xFF
    got = read_all(write(tmp_path / f"a.txt{suffix}", bytes(packed)))
    assert (len(got.good), len(got.errors)) == (0, 1)
    assert got.errors[0].partition(":")[0] in ("error", "BadGzipFile", "OSError", "ZstdError", "EOFError")


def test_what_follows_a_whole_gzip_member_and_is_none(tmp_path: Path) -> None:
    got = read_all(write(tmp_path / "a.jsonl.gz", gzip.compress(JSONL) + b"garbage"))
    assert [raw.payload for raw in got.good] == JSONL.splitlines()
    assert len(got.errors) == 1


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".zst"])
def test_a_bomb_is_one_error_and_never_unpacked(tmp_path: Path, suffix: str) -> None:
    zeros = b"0" * (1 << 20)
    if suffix == ".gz":
        packer = zlib.compressobj(wbits=31)
        packed = b"".join(packer.compress(zeros) for _ in range(256)) + packer.flush()
    elif suffix == ".bz2":
        squeezer = bz2.BZ2Compressor()
        packed = b"".join(squeezer.compress(zeros) for _ in range(64)) + squeezer.flush()
    else:
        packed = zstandard.ZstdCompressor().compress(zeros * 256)
    path = write(tmp_path / f"a.txt{suffix}", packed)
    import tracemalloc

    tracemalloc.start()
    got = read_all(path, max_bytes=2 << 20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert got.good == []
    assert "has more than 2 MB in one document; raise --max-document-mb or split the file" in got.errors[0]
    assert peak < 80 << 20


def test_an_endless_line_of_json_in_a_bomb_is_streamed(tmp_path: Path) -> None:
    packer = zlib.compressobj(wbits=31)
    packed = packer.compress(b'{"text":"') + b"".join(packer.compress(b"0" * (1 << 20)) for _ in range(40))
    packed += packer.compress(b'"}\n{"text":"after"}\n') + packer.flush()
    got = read_all(write(tmp_path / "a.jsonl.gz", packed), max_bytes=1 << 20)
    assert [raw.payload for raw in got.good] == [b'{"text":"after"}']
    assert len(got.errors) == 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.symlink_to("nowhere"), "a.txt was deleted after the run started"),
        (lambda path: path.symlink_to("a.txt"), "Too many levels of symbolic links"),
    ],
    ids=["dangling", "loop"],
)
def test_what_cannot_be_opened_is_one_error(tmp_path: Path, make: Callable[[Path], None], message: str) -> None:
    make(tmp_path / "a.txt")
    write(tmp_path / "b.txt", b"Some words.")
    got = read_all(tmp_path)
    assert message in got.errors[0]
    assert [raw.payload for raw in got.good] == [b"Some words."]
    assert [raw.origin for raw in got.raws] == [str(tmp_path / "a.txt"), str(tmp_path / "b.txt")]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable for root")
def test_a_file_that_may_not_be_read_is_one_error(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", b"Some words.").chmod(0)
    assert "is not readable by this user; change its permissions" in read_all(tmp_path).errors[0]


def test_empty_files_are_items(tmp_path: Path) -> None:
    for name in ("a.txt", "b.html", "c.jsonl", "d.warc", "e.parquet"):
        write(tmp_path / name, b"")
    got = read_all(tmp_path)
    assert [(raw.payload, raw.error) for raw in got.raws] == [(b"", "")] * 5
    assert {digest for _, _, digest in got.inputs} == {sha256(b"").hexdigest()}


@pytest.mark.parametrize(("size", "errors"), [(70_000, 0), (70_001, 1), (200_000, 1)])
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_document_may_have_so_many_bytes(tmp_path: Path, size: int, errors: int, suffix: str) -> None:
    got = read_all(write(tmp_path / f"a.txt{suffix}", PACK[suffix](b"x" * size)), max_bytes=70_000)
    assert len(got.errors) == errors
    assert [len(raw.payload) for raw in got.good] == ([] if errors else [size])


# --- replay ---------------------------------------------------------------------------------------------------------


def test_only_some_records_of_a_file(tmp_path: Path) -> None:
    path = str(write(tmp_path / "a.jsonl", JSONL))
    other = str(write(tmp_path / "b.txt", b"Some words."))
    numbers = [raw.origin for raw in read_all(tmp_path, only={path: {2, 5}}).raws]
    assert numbers == [f"{path}#2", f"{path}#5"]
    assert [raw.origin for raw in read_all(tmp_path, only={path: {-4}}).raws] == [f"{path}#4", f"{path}#5"]
    assert [raw.origin for raw in read_all(tmp_path, only={path: {0}}).raws] == [f"{path}#{number}" for number in range(1, 6)]
    assert [raw.origin for raw in read_all(tmp_path, only={other: {0}}).raws] == [other]


@pytest.mark.parametrize(
    ("origin", "expect"),
    [
        ("a.jsonl#3", ("a.jsonl", 3)),
        ("a.txt", ("a.txt", 0)),
        ("a#b/c.txt", ("a#b/c.txt", 0)),
        ("a#1.txt#12", ("a#1.txt", 12)),
        ("a#", ("a#", 0)),
    ],
)
def test_parse_origin(origin: str, expect: tuple[str, int]) -> None:
    assert parse_origin(origin) == expect


@pytest.mark.parametrize(
    ("first", "second", "count"), [(b"Some words,\n", b"and some more.\n", 1), (b'{"text":"a"}\n', b'{"text":"b"}\n', 2)]
)
def test_a_pipe_named_outright_is_read_to_its_end(tmp_path: Path, first: bytes, second: bytes, count: int) -> None:
    """As with `newsbeam run <(zcat x)`."""
    os.mkfifo(tmp_path / "pipe")
    hold = os.open(tmp_path / "pipe", os.O_RDWR)  # so that neither side ever waits for the other to open it
    os.write(hold, first)

    def go_on() -> None:
        os.write(hold, second)
        os.close(hold)

    timer = Timer(0.3, go_on)
    timer.start()
    try:
        got = read_all(tmp_path / "pipe")
    finally:
        timer.join()
    assert (len(got.good), got.errors) == (count, [])
    assert b"".join(raw.payload for raw in got.good).replace(b"}{", b"}\n{").strip() == (first + second).strip()


def test_shares_come_back_as_they_were_written(tmp_path: Path) -> None:
    sources = [Source("in/a.txt", 3, "in"), Source("in/caf\udce9 \u2028\n.txt", 0, "caf\udce9"), Source("gs://b/\U0001f600", 9, "b")]
    only = (("in/a.txt", frozenset({-3, 0, 7})),)
    shares = [WorkUnit(number, (source,), number, only=only if not number else ()) for number, source in enumerate(sources)]
    shares.append(WorkUnit(9, tuple(sources), 5, 70, 4, "warc", False, "ab" * 32))
    places = work_units.save_work_units(shares, f"{tmp_path}/shares")
    assert [work_units.load_work_unit(place, f"{tmp_path}/shares") for place in reversed(places)] == shares[::-1]
