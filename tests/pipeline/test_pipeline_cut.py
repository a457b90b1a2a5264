"""Large files cut into stretches: read so or in one go, whole or damaged, they give the same items, numbers, errors and hashes."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsbeam.inputs import splitting, work_units
from newsbeam.inputs.contents import split_points
from newsbeam.inputs.discovery import discover
from newsbeam.inputs.formats import jsonl, warc
from newsbeam.inputs.formats.base import Irregular
from newsbeam.inputs.reader import Reader
from newsbeam.inputs.splitting import split
from newsbeam.inputs.work_units import PartSummary, Source, WorkUnit, plan_work_units
from newsbeam.transforms.document import Raw

PAGE = b"<html><body><p>A page of its own.</p></body></html>"
HTML = b"Content-Type: text/html"


def record(
    content: bytes, kind: bytes = b"response", length: int | None = None, name: bytes = b"Content-Length", end: bytes = b"\r\n"
) -> bytes:
    """One record of a WARC."""
    head = [
        b"WARC/1.0",
        b"WARC-Type: " + kind,
        b"WARC-Target-URI: http://example.org/%d" % zlib.crc32(content),
        name + b": %d" % (len(content) if length is None else length),
    ]
    return end.join(head) + end * 2 + content + end * 2


def response(body: bytes, *headers: bytes) -> bytes:
    return record(b"\r\n".join([b"HTTP/1.1 200 OK", *headers, b"", body]))


REGULAR = [
    *(response(PAGE * size + b"%d" % size, HTML) for size in (1, 2, 5)),
    response(gzip.compress(PAGE, mtime=0), HTML, b"Content-Encoding: gzip"),
    response(b"", HTML),
    record(b"Prose of a page.\n", b"conversion"),
    record(b"GET / HTTP/1.1\r\n\r\n", b"request"),
    record(b"a: b\r\n", b"metadata"),
]
NOT_QUITE = [
    response(b"\x1f\x8b\x08 this is no gzip", HTML, b"Content-Encoding: gzip"),  # this one costs itself alone
    record(b"\xff\0\xfe no HTTP"),
    response(PAGE * 40, HTML),  # larger than it may be
]
IRREGULAR = [
    record(PAGE, length=3),
    record(PAGE, length=500),
    record(PAGE, name=b"content-length"),
    record(PAGE, name=b"X-Length"),
    record(PAGE, b"Response"),
    record(PAGE, end=b"\n"),
    record(PAGE).replace(b"WARC/1.0", b"WARC/2.0"),
    record(PAGE).replace(b"WARC/1.0", b"WARC/0.18"),
    record(PAGE).replace(b"WARC-Target", b"Content-Length: 7\r\nWARC-Target"),
    record(PAGE).replace(b"WARC-Target", b" continued\r\nWARC-Target"),
    record(PAGE).replace(b"WARC-Target", b"no colon\r\nWARC-Target"),
    record(PAGE).replace(b"example", b"\xff\xfe"),
    b"rubbish\r\n",
    b"\r\n\r\n",
    b"\0" * 9,
    b"",
]


def _zstd(payload: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(payload)


PACK: dict[str, Callable[[bytes], bytes]] = {"": bytes, ".gz": lambda payload: gzip.compress(payload, mtime=0), ".zst": _zstd}


def pack(records: list[bytes], suffix: str, together: int) -> bytes:
    """A WARC with so many records in each member or frame (0: all of them in one)."""
    together = together or len(records)
    return b"".join(PACK[suffix](b"".join(records[at : at + together])) for at in range(0, len(records), together))


class Got:
    """What was read: items in their order, parts with their ends, and the stretches that were made."""

    def __init__(self, path: Path | str, max_bytes: int = 1500) -> None:
        self.items: list[Raw] = []
        self.inputs: list[tuple[str, int, str]] = []
        self.parts: list[str] = []
        self.stretches: list[WorkUnit] = []
        reader = Reader(max_bytes)
        for share in plan_work_units(discover([str(path)]).sources):
            for stretch in split(share):
                self.stretches.append(stretch)
                for bundle in reader.read(stretch):
                    self.items += bundle.raws
                    if bundle.end is not None:
                        self.parts.append(bundle.part)
                        self.inputs += bundle.end.inputs
        assert self.parts == sorted(set(self.parts)), "parts sort in the order of the input"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], tuple[Got, Got]]:
    """Reads a file in one go, and in stretches of some hundred bytes."""

    def both(path: Path, size: int = 300) -> tuple[Got, Got]:
        whole = Got(path)
        assert len(whole.stretches) == 1
        with monkeypatch.context() as patch:
            patch.setattr(work_units, "SPLIT_BYTES", size)
            patch.setattr(jsonl, "_BLOCK_BYTES", 100)
            pieces = Got(path)
        same(whole, pieces)
        return whole, pieces

    return both


def same(whole: Got, pieces: Got) -> None:
    assert pieces.items == whole.items
    assert pieces.inputs == whole.inputs


def put(path: Path, payload: bytes) -> Path:
    path.write_bytes(payload)
    return path


# --- whole files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", PACK)
def test_a_warc_is_cut(tmp_path: Path, small: Callable[[Path], tuple[Got, Got]], suffix: str) -> None:
    payload = pack(REGULAR * 8, suffix, 1)
    path = put(tmp_path / f"a.warc{suffix}", payload)
    whole, pieces = small(path)
    assert len(pieces.stretches) > 10
    assert [raw.origin for raw in pieces.items] == [f"{path}#{number}" for number in range(1, 49)]
    assert pieces.inputs == [(str(path), len(payload), sha256(payload).hexdigest())]
    assert [(one.start, one.end) for one in pieces.stretches[1:]] == [
        (before.end, one.end) for before, one in zip(pieces.stretches, pieces.stretches[1:], strict=False)
    ]
    assert not [raw for raw in whole.items if raw.error]


def test_records_that_share_a_member_stay_together(tmp_path: Path, small: Callable[..., tuple[Got, Got]]) -> None:
    _, pieces = small(put(tmp_path / "a.warc.gz", pack(REGULAR * 24, ".gz", 3)), 700)
    assert len(pieces.stretches) > 3
    # A record that begins in one member and goes on in the next.
    text = b"".join(REGULAR * 8)
    _, pieces = small(put(tmp_path / "b.warc.gz", b"".join(gzip.compress(text[at : at + 700], mtime=0) for at in range(0, len(text), 700))))
    assert len(pieces.stretches) == 1


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_one_member_is_not_cut_and_not_unpacked_to_find_out(
    tmp_path: Path, small: Callable[[Path], tuple[Got, Got]], suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [response(sha256(b"%d" % number).hexdigest().encode() * 8, HTML) for number in range(4000)]
    path = put(tmp_path / f"a.warc{suffix}", pack(rows, suffix, 0))
    seen: list[int] = []
    records = warc._records

    def counting(stream: io.BufferedReader) -> Iterator[tuple[int, int]]:
        for one in records(stream):
            seen.append(one[1])
            yield one

    _, pieces = small(path)
    assert len(pieces.stretches) == 1
    monkeypatch.setattr(warc, "_records", counting)
    with pytest.raises(Irregular), open(path, "rb", buffering=0) as raw:
        list(split_points(str(path), raw, 300, []))
    assert 0 < len(seen) < 2000


def test_what_is_not_cut_is_one_stretch(tmp_path: Path, small: Callable[[Path], tuple[Got, Got]]) -> None:
    lines = b'{"text":"a"}\n' * 300
    for name, payload in {
        "a.jsonl.gz": gzip.compress(lines[:2000]) + gzip.compress(lines[2000:]),
        "a.txt": b"Some words. " * 100,
        "a.warc.gz.gz": gzip.compress(pack(REGULAR * 20, ".gz", 1), 0),
    }.items():
        _, pieces = small(put(tmp_path / name, payload))
        assert len(pieces.stretches) == 1, name


@pytest.mark.parametrize("suffix", PACK)
def test_stretches_without_documents(tmp_path: Path, small: Callable[[Path], tuple[Got, Got]], suffix: str) -> None:
    requests = [record(b"GET /%d HTTP/1.1\r\n\r\n" % number, b"request") for number in range(40)]
    for rows in (requests, [*requests, REGULAR[0], *requests], [REGULAR[0], *requests], [*requests, REGULAR[0]]):
        payload = pack(rows, suffix, 1)
        path = put(tmp_path / f"a.warc{suffix}", payload)
        _, pieces = small(path)
        assert len(pieces.stretches) > 3
        assert len(pieces.items) == 1
        assert pieces.items[0].drop == ("no documents in it" if rows is requests else "")
        assert pieces.inputs == [(str(path), len(payload), sha256(payload).hexdigest())]


def test_blank_lines_to_the_end(tmp_path: Path, small: Callable[[Path], tuple[Got, Got]]) -> None:
    for payload in (b'{"text":"a"}\n' + b"\n" * 2000, b"\n" * 2000 + b'{"text":"a"}\n'):
        path = put(tmp_path / "a.jsonl", payload)
        _, pieces = small(path)
        assert len(pieces.stretches) > 1
        assert pieces.inputs == [(str(path), len(payload), sha256(payload).hexdigest())]


def rows(count: int) -> pa.Table:
    return pa.table({"text": [f"Story {number} of the day." for number in range(count)], "id": list(range(count)), "n": [1.5] * count})


def test_parquet_is_cut_at_its_row_groups(tmp_path: Path, small: Callable[[Path], tuple[Got, Got]]) -> None:
    pq.write_table(rows(700), tmp_path / "a.parquet", row_group_size=70)
    whole, pieces = small(tmp_path / "a.parquet")
    assert len(pieces.stretches) == 10
    assert [orjson.loads(raw.payload)["id"] for raw in pieces.items] == list(range(700))
    assert whole.inputs[0][2] == sha256((tmp_path / "a.parquet").read_bytes()).hexdigest()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(at=st.floats(0, 1), byte=st.integers(1, 255))
def test_damaged_parquet(tmp_path: Path, small: Callable[[Path], tuple[Got, Got]], at: float, byte: int) -> None:
    sink = io.BytesIO()
    pq.write_table(rows(300), sink, row_group_size=30, use_dictionary=False, compression="zstd")
    payload = bytearray(sink.getvalue())
    payload[int(at * (len(payload) - 1))] ^= byte
    small(put(tmp_path / "a.parquet", bytes(payload)))


def test_parquet_with_rows_that_cannot_be_read(tmp_path: Path, small: Callable[[Path], tuple[Got, Got]]) -> None:
    """Text that is not UTF-8 costs its row, and a date of which Python knows nothing only itself."""
    texts = [b"Story %d." % number for number in range(300)]
    texts[200] = b"\xff\xfe no UTF-8"
    broken = pa.StringArray.from_buffers(300, *pa.array(texts, pa.binary()).buffers()[1:])
    days = pa.array([2**40 if number == 200 else number for number in range(300)], pa.timestamp("s"))
    for name, table in {"a": pa.table({"text": broken}), "b": pa.table({"text": [str(one) for one in texts], "date": days})}.items():
        pq.write_table(table, tmp_path / f"{name}.parquet", row_group_size=30)
        _, pieces = small(tmp_path / f"{name}.parquet")
        assert len(pieces.stretches) > 3
        bad = [f"{tmp_path}/a.parquet#201"] if name == "a" else []
        assert [raw.origin for raw in pieces.items if raw.error] == bad
        assert len(pieces.items) == 300


# --- damage ---------------------------------------------------------------------------------------------------------


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=250, deadline=None)
@given(data=st.data())
def test_damaged_warcs(tmp_path: Path, small: Callable[..., tuple[Got, Got]], data: Any) -> None:
    usual = st.one_of(st.sampled_from(REGULAR), st.sampled_from(REGULAR), st.sampled_from(NOT_QUITE))
    records = [REGULAR[0], *data.draw(st.lists(usual, min_size=5, max_size=25))]
    for _ in range(data.draw(st.integers(0, 2))):
        records.insert(data.draw(st.integers(1, len(records))), data.draw(st.sampled_from(IRREGULAR)))
    suffix = data.draw(st.sampled_from(list(PACK)))
    payload = bytearray(pack(records, suffix, data.draw(st.sampled_from([1, 1, 1, 3, 0]))))
    damage = data.draw(st.sampled_from(["none", "cut", "flip", "insert", "append"]))
    at = data.draw(st.integers(20, len(payload) - 1))
    if damage == "cut":
        del payload[at:]
    elif damage == "flip":
        payload[at] ^= data.draw(st.integers(1, 255))
    elif damage == "insert":
        payload[at:at] = data.draw(st.sampled_from([b"\0\0", b"garbage", b"\r\n", b"\x1f\x8b"]))
    elif damage == "append":
        payload += data.draw(st.sampled_from([b"\0" * 40, b"garbage", b"\r\n", b"\x1f", b"\x1f\x8b", b"WARC/1.0", b"\x28\xb5\x2f\xfd"]))
    small(put(tmp_path / f"a.warc{suffix}", bytes(payload)), data.draw(st.sampled_from([60, 300, 1000])))


@pytest.mark.parametrize("suffix", PACK)
def test_a_warc_that_is_cut_short_has_stretches_up_to_there(tmp_path: Path, small: Callable[[Path], tuple[Got, Got]], suffix: str) -> None:
    payload = pack(REGULAR * 8, suffix, 1)
    _, pieces = small(put(tmp_path / f"a.warc{suffix}", payload[: len(payload) * 3 // 4 - 9]))
    assert len(pieces.stretches) > 5
    assert [bool(raw.error) for raw in pieces.items] == [False] * (len(pieces.items) - 1) + [True]
    assert pieces.inputs[0][2] == ""


@pytest.mark.parametrize("name", ["a.jsonl", "a.warc", "a.warc.gz", "a.parquet"])
def test_a_file_that_is_gone_is_an_error_for_each_stretch(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which say from which record on something is missing; nothing else is known of it by then."""
    monkeypatch.setattr(work_units, "SPLIT_BYTES", 300)
    monkeypatch.setattr(jsonl, "_BLOCK_BYTES", 100)
    path = make(tmp_path, name)
    (share,) = plan_work_units(discover([str(path)]).sources)
    stretches = list(split(share))
    assert len(stretches) > 3
    path.unlink()
    assert [one.sources for one in split(share)] == [share.sources], "and before it is cut"
    raws = [raw for stretch in stretches for bundle in Reader(1500).read(stretch) for raw in bundle.raws]
    assert [raw.error for raw in raws] == [f"FileNotFoundError: {path} was deleted after the run started"] * len(stretches)
    assert [raw.origin for raw in raws] == [str(path), *(f"{path}#{stretch.first}" for stretch in stretches[1:])]


def make(folder: Path, name: str) -> Path:
    path = folder / name
    if name == "a.parquet":
        pq.write_table(rows(300), path, row_group_size=30)
    else:
        path.write_bytes(
            b'{"text":"a"}\n' * 200 if name == "a.jsonl" else pack(REGULAR * 8, path.suffix if path.suffix != ".warc" else "", 1)
        )
    return path


@pytest.mark.parametrize("name", ["a.jsonl", "a.warc", "a.warc.gz", "a.parquet"])
def test_a_file_that_goes_while_it_is_cut(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was cut off is read, and the rest is in one stretch that says what is wrong: nothing is read twice."""
    monkeypatch.setattr(work_units, "SPLIT_BYTES", 300)
    monkeypatch.setattr(jsonl, "_BLOCK_BYTES", 100)
    path = make(tmp_path, name)
    whole = Got(path)
    before = splitting._find_split_points

    def failing(*given: Any) -> Iterator[Any]:
        for number, one in enumerate(before(*given)):
            if number > 18 or (name == "a.parquet" and number > 3):
                raise OSError(5, "Input/output error")
            yield one

    monkeypatch.setattr(splitting, "_find_split_points", failing)
    pieces = Got(path)
    assert 2 < len(pieces.stretches) < len(whole.stretches)
    same(whole, pieces)


def test_a_file_that_is_another_by_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_units, "SPLIT_BYTES", 300)
    path = make(tmp_path, "a.warc")
    (share,) = plan_work_units(discover([str(path)]).sources)
    *_, last = split(share)
    path.write_bytes(b"Now it is prose. " * 1000)
    (end,) = [bundle for bundle in Reader(1500).read(last) if bundle.end]
    assert [raw.error for raw in end.raws] == [f"ReadError: {path} changed while it was read; run again"]
    assert end.end == PartSummary(1, ((str(path), last.sources[0].size, ""),))


def test_cuts_depend_on_the_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_units, "SPLIT_BYTES", 300)
    for name in ("a.jsonl", "a.warc", "a.warc.gz", "a.parquet"):
        source = Source(str(make(tmp_path, name)), (tmp_path / name).stat().st_size, "x")
        assert list(split(WorkUnit(3, (source,)))) == list(split(WorkUnit(3, (source,))))
