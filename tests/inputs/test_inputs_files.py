"""Files as people have them, read by the Reader: archives of recorders, compressions, zip and tar, bombs and what ends a library."""

from __future__ import annotations

import gzip
import io
import lzma
import os
import signal
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from loading import load

from newsbeam.errors import InputError
from newsbeam.inputs import process
from newsbeam.inputs.discovery import discover
from newsbeam.inputs.formats import parquet
from newsbeam.inputs.reader import Reader
from newsbeam.inputs.work_units import plan_work_units, select_records
from newsbeam.transforms.document import Raw

PAGE = b"<!doctype html><html><body><p>The ferry was late again on Monday.</p></body></html>"
LINES = b"".join(b'{"text":"Story %d."}\n' % number for number in range(40))


def record(body: bytes, kind: bytes = b"response", media: bytes = b"application/http; msgtype=response", **more: bytes) -> bytes:
    eol, version = more.get("eol", b"\r\n"), more.get("version", b"WARC/1.0")
    length, uri = more.get("length", b"Content-Length"), more.get("uri", b"http://example.org/a")
    head = [version, b"WARC-Type: " + kind, b"WARC-Target-URI: " + uri, b"WARC-Date: 2026-01-02T03:04:05Z"]
    head += [b"Content-Type: " + media] * bool(media)
    return eol.join([*head, length + b": %d" % len(body), b"", b""]) + body + eol * 2


def http(body: bytes = PAGE, status: bytes = b"200 OK", eol: bytes = b"\r\n", media: bytes = b"text/html") -> bytes:
    return eol.join([b"HTTP/1.1 " + status, b"Content-Type: " + media, b"", b""]) + body


def read(path: Path, payload: bytes, max_bytes: int = 1 << 20, **more: Any) -> list[Raw]:
    path.write_bytes(payload)
    return items(path, max_bytes, **more)


def items(path: Path, max_bytes: int = 1 << 20, only: tuple[tuple[str, frozenset[int]], ...] = (), **more: Any) -> list[Raw]:
    shares = plan_work_units(discover([str(path)]).sources)
    reader = Reader(max_bytes, **more)
    return [raw for share in shares for bundle in reader.read(select_records(share, only)) for raw in bundle.raws]


def told(raws: list[Raw]) -> list[str]:
    return [raw.error or raw.drop or raw.payload.decode() for raw in raws]


# --- WARC -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "payload",
    [
        record(http(eol=b"\n")),
        record(http(), eol=b"\n"),
        record(http(), length=b"content-length"),
        record(http(), version=b"WARC/0.17"),
        record(http(), version=b"WARC/0.18"),
        record(http(), version=b"WARC/1.1"),
        record(b"HTTP/1.1 200 OK\n\n" + PAGE),
        record(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\n\n" + PAGE),
        record(PAGE, media=b"text/html"),
        record(PAGE, b"resource", b"text/html"),
        record(PAGE, b"Resource", b"text/html"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_records_as_recorders_write_them(tmp_path: Path, payload: bytes, packed: bool) -> None:
    raws = read(tmp_path / ("a.warc.gz" if packed else "a.warc"), b"".join(map(gzip.compress if packed else bytes, [payload, payload])))
    assert told(raws) == [PAGE.decode()] * 2
    assert {raw.url for raw in raws} == {"http://example.org/a"}
    assert {raw.date for raw in raws} == {"2026-01-02T03:04:05Z"}


def test_arc_is_read(tmp_path: Path) -> None:
    head = b"1 0 Old\nURL IP-address Archive-date Content-type Archive-length\n"
    block = http()
    payload = b"filedesc://a.arc 0.0.0.0 20080101000000 text/plain %d\n" % len(head) + head + b"\n"
    payload += b"http://example.org/a 1.2.3.4 20080102030405 text/html %d\n" % len(block) + block + b"\n"
    (raw,) = read(tmp_path / "a.arc.gz", gzip.compress(payload))
    assert (raw.payload, raw.url, raw.date) == (PAGE, "http://example.org/a", "2008-01-02T03:04:05Z")


def test_kinds_of_records_and_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.warc"
    raws = read(
        path,
        record(b"software: x", b"warcinfo", b"application/warc-fields")
        + record(b"GET / HTTP/1.1\r\n\r\n", b"request")
        + record(http())
        + record(http(b""), b"revisit")
        + record(b"a: b", b"metadata", b"application/warc-fields")
        + record(b"The words of a page.", b"resource", b"text/plain", uri=b"urn:text:https://example.org/t")
        + record(b"\x89PNG", b"resource", b"image/png")
        + record(b"20260101\n", media=b"text/dns", uri=b"dns:example.org")
        + record(b"Prose.", b"conversion", b"text/plain"),
    )
    assert [(raw.origin.rpartition("#")[2], raw.form, raw.content_type, raw.http_status) for raw in raws] == [
        ("1", "http", "text/html", 200),
        ("2", "http", "text/plain", -1),
        ("3", "http", "image/png", -1),
        ("4", "http", "text/dns", -1),
        ("5", "text", "text/plain", -1),
    ]
    assert raws[1].url == "https://example.org/t"


def test_statuses_of_responses(tmp_path: Path) -> None:
    payload = b"".join(record(http(status=status)) for status in (b"200 OK", b"404 Not Found", b"301 Moved", b"203 Fine", b"500"))
    raws = read(tmp_path / "a.warc", payload)
    assert [raw.drop for raw in raws] == ["", "HTTP status 404", "HTTP status 301", "", "HTTP status 500"]
    assert [raw.http_status for raw in raws] == [200, 404, 301, 203, 500]
    assert [raw.drop for raw in items(tmp_path / "a.warc", statuses=((404, 404),))].count("") == 1


def test_what_is_left_out_for_its_media_type_may_be_large(tmp_path: Path) -> None:
    raws = read(tmp_path / "a.warc", record(http(b"\0" * 300_000, media=b"video/mp4")) + record(http(b"a" * 300_000)), max_bytes=100_000)
    assert [(raw.content_type, raw.error != "") for raw in raws] == [("video/mp4", False), ("text/html", True)]


@pytest.mark.parametrize(
    ("name", "payload", "message"),
    [
        ("a.warc.wat.gz", record(b'{"Envelope":{}}', b"metadata", b"application/json"), "use the .warc.gz or .warc.wet.gz"),
        ("warc.paths.gz", b"crawl-data/CC-NEWS/2026/01/CC-NEWS-20260101-00001.warc.gz\n" * 4, "download the files that it lists"),
        ("wet.paths.gz", b"crawl-data/CC-MAIN-2026-10/segments/1/wet/a.warc.wet.gz\n", "download the files that it lists"),
        ("a.cdxj.gz", b'org,example)/ 20260101000000 {"url": "http://example.org/"}\n', "an index of archives"),
        ("a.warc.gz", record(http(), version=b"WARC/2.0"), "invalid WARC data, the rest is not read"),
    ],
)
def test_what_comes_with_archives_is_refused_with_the_cure(tmp_path: Path, name: str, payload: bytes, message: str) -> None:
    (raw,) = read(tmp_path / name, gzip.compress(payload))
    assert message in raw.error
    assert name in raw.error


def test_common_crawl_as_it_is(tmp_path: Path) -> None:
    info = record(b"isPartOf: CC-MAIN-2026-10\r\npublisher: Common Crawl\r\n", b"warcinfo", b"application/warc-fields")
    warc = [
        info,
        record(b"GET / HTTP/1.1\r\n\r\n", b"request"),
        record(http()),
        record(b"fetchTimeMs: 3", b"metadata", b"application/warc-fields"),
    ]
    (raw,) = read(tmp_path / "CC-NEWS-20260101000000-00001.warc.gz", b"".join(map(gzip.compress, warc)))
    assert (raw.payload, raw.http_status, raw.date) == (PAGE, 200, "2026-01-02T03:04:05Z")
    wet = [info, record("Größe und Stil.".encode(), b"conversion", b"text/plain")]
    (raw,) = read(tmp_path / "a.warc.wet.gz", b"".join(map(gzip.compress, wet)))
    assert (raw.payload.decode(), raw.form) == ("Größe und Stil.", "text")


# --- compressions ---------------------------------------------------------------------------------------------------


def zstd_long(window: int) -> bytes:
    parameters = zstandard.ZstdCompressionParameters.from_level(3, window_log=window)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    return packer.compress(LINES) + packer.flush()


SKIPPED = b"\x50\x2a\x4d\x18\x05\0\0\0words"


@pytest.mark.parametrize(
    ("name", "packed", "times"),
    [
        ("a.jsonl.xz", lzma.compress(LINES), 1),
        ("a.jsonl.zst", SKIPPED + zstandard.compress(LINES) + SKIPPED + zstandard.compress(LINES), 2),
        ("a.jsonl.zst", zstd_long(30), 1),
        ("a.jsonl.zst", zstd_long(31), 1),
        ("a.jsonl.gz", gzip.compress(LINES) * 3, 3),
        ("a.jsonl.gz", b"\x1f\x8b\x08\x1c" + b"\0" * 6 + b"\x03\0xyz" + b"a name\0a comment\0" + gzip.compress(LINES)[10:], 1),
    ],
)
def test_compressions(tmp_path: Path, name: str, packed: bytes, times: int) -> None:
    assert told(read(tmp_path / name, packed)) == LINES.decode().splitlines() * times


def test_lz4(tmp_path: Path) -> None:
    lz4 = pytest.importorskip("lz4.frame", reason="an extra")
    assert told(read(tmp_path / "a.jsonl.lz4", lz4.compress(LINES))) == LINES.decode().splitlines()
    raws = read(tmp_path / "b.jsonl.lz4", lz4.compress(os.urandom(90_000).hex().encode() + b"\n" + LINES)[:-30])
    assert "is truncated or damaged" in raws[-1].error


@pytest.mark.parametrize("packed", [False, True])
def test_a_dictionary_in_front_of_a_warc(tmp_path: Path, packed: bool) -> None:
    dictionary = zstandard.train_dictionary(2000, [record(http(b"Page %d of many." % number)) for number in range(2000)])
    stored = zstandard.compress(dictionary.as_bytes()) if packed else dictionary.as_bytes()
    pack = zstandard.ZstdCompressor(dict_data=dictionary).compress
    payload = b"\x5d\x2a\x4d\x18" + len(stored).to_bytes(4, "little") + stored + pack(record(http())) + pack(record(http()))
    assert told(read(tmp_path / "a.warc.zst", payload)) == [PAGE.decode()] * 2
    (raw,) = read(tmp_path / "b.warc.zst", pack(record(http())))
    assert "zstd -d -D" in raw.error


def test_a_wrong_checksum_costs_nothing_that_came_before(tmp_path: Path) -> None:
    raws = read(tmp_path / "a.jsonl.gz", gzip.compress(LINES)[:-8] + b"\1" * 8)
    assert told(raws)[:-1] == LINES.decode().splitlines()
    assert "the checksum of a gzip member is wrong" in raws[-1].error


# --- zip and tar ----------------------------------------------------------------------------------------------------


MEMBERS = {
    "x.html": PAGE,
    "sub/y.jsonl": LINES[:40],
    "w.warc.gz": gzip.compress(record(http())),
    "picture.png": b"\x89PNG",
    ".hidden.html": PAGE,
    "__MACOSX/x.html": PAGE,
    "../../up.txt": b"Words from elsewhere.",
}
ORIGINS = ["x.html#1", "sub/y.jsonl#1", "sub/y.jsonl#2", "w.warc.gz#1"]


def zipped(members: dict[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, payload in members.items():
            archive.writestr(name, payload)
    return sink.getvalue()


def tarred(mode: Literal["w", "w:gz", "w:bz2", "w:xz"]) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode=mode) as archive:
        for name, payload in MEMBERS.items():
            member = tarfile.TarInfo(name)
            member.size = len(payload)
            archive.addfile(member, io.BytesIO(payload))
        link = tarfile.TarInfo("link.html")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("a.zip", lambda: zipped(MEMBERS)),
        ("a.tar", lambda: tarred("w")),
        ("a.tar.gz", lambda: tarred("w:gz")),
        ("a.tgz", lambda: tarred("w:gz")),
        ("a.tar.xz", lambda: tarred("w:xz")),
        ("a.zip.gz", lambda: gzip.compress(zipped(MEMBERS))),
    ],
)
def test_archives_are_read_as_folders(tmp_path: Path, name: str, make: Callable[[], bytes]) -> None:
    path = tmp_path / name
    raws = read(path, make())
    # A name that leads upwards is a hidden one to a walk through a folder.
    assert [raw.origin for raw in raws] == [f"{path}!/{origin}" for origin in ORIGINS]
    assert [raw.payload for raw in raws] == [PAGE, *LINES.splitlines()[:2], PAGE]
    assert sorted(os.listdir(tmp_path)) == [name]
    again = items(path, only=((f"{path}!/sub/y.jsonl", frozenset([2])), (f"{path}!/w.warc.gz", frozenset([-1]))))
    assert [raw.origin for raw in again] == [f"{path}!/sub/y.jsonl#2", f"{path}!/w.warc.gz#1"]


def test_one_bad_member_costs_itself(tmp_path: Path) -> None:
    payload = bytearray(zipped({"a.html": PAGE * 9, "b.html": PAGE, "c.html": PAGE}))
    payload[60] ^= 0xFF
    at = payload.index(b"PK\x01\x02", payload.index(b"PK\x01\x02") + 4)
    payload[payload.index(b"PK\x03\x04", 10) + 6] |= 1
    payload[at + 8] |= 1
    raws = read(tmp_path / "a.zip", bytes(payload))
    assert [bool(raw.error) for raw in raws] == [True, True, False]
    assert "is encrypted; decrypt it first" in raws[1].error


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"[Content_Types].xml": b"", "word/document.xml": b""}, "a Word document (docx)"),
        ({"[Content_Types].xml": b"", "xl/workbook.xml": b""}, "an Excel workbook (xlsx)"),
        ({"mimetype": b"", "META-INF/manifest.xml": b""}, "an OpenDocument file"),
        ({"mimetype": b"", "META-INF/container.xml": b"", "a.xhtml": PAGE}, "an e-book (epub)"),
    ],
)
def test_office_documents_are_not_folders(tmp_path: Path, members: dict[str, bytes], message: str) -> None:
    (raw,) = read(tmp_path / "a.zip", zipped(members))
    assert message in raw.error
    assert "save it as HTML or text first" in raw.error


def test_archives_in_archives_have_an_end(tmp_path: Path) -> None:
    payload = zipped({"a.html": PAGE})
    for depth in range(5):
        raws = read(tmp_path / f"{depth}.zip", payload)
        assert len(raws) == 1
        assert ("unpack the outer ones first" in raws[0].error) == (depth > 2)
        payload = zipped({"in.zip": payload})


def test_archives_without_documents(tmp_path: Path) -> None:
    for members in ({}, {"a.png": b"\x89PNG"}):
        assert told(read(tmp_path / "a.zip", zipped(members))) == ["no documents in it"]


# --- the wall -------------------------------------------------------------------------------------------------------


def gzipped(block: bytes, times: int) -> bytes:
    sink = io.BytesIO()
    with gzip.GzipFile(fileobj=sink, mode="wb") as packer:
        for _ in range(times):
            packer.write(block)
    return sink.getvalue()


MEGABYTE = b"\n" * (1 << 20)
FIRST = b'{"text":"First."}\n'
squeezed = zstandard.compress  # at a gigabyte a second
BOMBS = {
    "blank.jsonl.zst": lambda: squeezed(FIRST) + squeezed(MEGABYTE * 300),
    "twice.jsonl.gz": lambda: gzip.compress(gzip.compress(FIRST) + gzipped(MEGABYTE, 300)),
    "passed-over.warc.zst": lambda: squeezed(record(http(b"First."))) + squeezed(record(MEGABYTE * 300, b"metadata", b"a/b")),
    "member.zip": lambda: zipped({"a.jsonl": FIRST, "b.jsonl.zst": squeezed(FIRST + MEGABYTE * 300)}),
    "disk.parquet.zst": lambda: squeezed(b"PAR1") + squeezed(MEGABYTE * 300),
    "rows.jsonl.zst": lambda: squeezed(FIRST) + squeezed((b'{"text":"' + b"x" * 900_000 + b'"}\n') * 350),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_one_error_each_and_what_came_before_is_kept(tmp_path: Path, name: str) -> None:
    raws = read(tmp_path / name, BOMBS[name]())
    assert "decompresses to" in raws[-1].error
    assert [raw.error for raw in raws[:-1]] == [""] * (len(raws) - 1)
    if not name.startswith("disk"):
        assert b"First." in raws[0].payload
    # The process is still there, and good for the next file.
    assert told(read(tmp_path / "next.jsonl.gz", gzip.compress(LINES))) == LINES.decode().splitlines()


def test_large_files_that_pack_well_are_no_bombs(tmp_path: Path) -> None:
    line = b'{"text":"' + b"The ferry was late. " * 500 + b'"}\n'
    assert len(read(tmp_path / "a.jsonl.gz", gzipped(line, 3000))) == 3000


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGABRT, signal.SIGXCPU])
def test_what_ends_the_process_is_one_error(tmp_path: Path, sent: signal.Signals, monkeypatch: pytest.MonkeyPatch) -> None:
    """A format whose reading ends its process at the 50th line, as a library in C would."""
    monkeypatch.setattr(process, "_START", _DEADLY.format(int(sent)))
    process.close()
    path = tmp_path / "a.jsonl.gz"
    lines = b'{"text":"x"}\n' * 50 + b'{"text":"deadly"}\n' + b'{"text":"after"}\n'
    raws = read(path, gzip.compress(lines))
    assert [raw.error for raw in raws[:-1]] == [""] * 50
    assert raws[-1].origin == f"{path}#51"
    assert raws[-1].error.startswith("ReadTimeout: " if sent == signal.SIGXCPU else "ReadCrash: ")
    assert str(path) in raws[-1].error
    assert "after record 50" in raws[-1].error
    process.close()
    monkeypatch.undo()
    assert len(items(path)) == 52


_DEADLY = """
import os, sys; del sys.path[0]
from newsbeam.inputs import reader_program
from newsbeam.inputs.formats.jsonl import JsonLines
read = JsonLines.read
def deadly(self, context, stream):
    for raw in read(self, context, stream):
        if b"deadly" in raw.payload:
            os.kill(os.getpid(), {0})
        yield raw
JsonLines.read = deadly
reader_program.main()
"""


def test_no_time_is_a_timeout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_START", _DEADLY.replace("os.kill(os.getpid(), {0})", "exec('while True: pass')"))
    process.close()
    raws = read(tmp_path / "a.jsonl.gz", gzip.compress(b'{"text":"x"}\n{"text":"deadly"}\n'), seconds=1)
    process.close()
    assert told(raws)[0] == '{"text":"x"}'
    assert raws[1].error.startswith("ReadTimeout: ")
    assert "--time-limit" in raws[1].error


def test_a_reader_that_is_given_up_leaves_no_process(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(LINES * 500))
    (share,) = plan_work_units(discover([str(path)]).sources)
    bundles = Reader(1 << 20).read(share)
    next(bundles)
    bundles.close()  # type: ignore[attr-defined]
    assert len(items(path)) == 20_000


def test_the_current_directory_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process.close()
    (tmp_path / "orjson.py").write_text("raise SystemExit('run')")
    monkeypatch.chdir(tmp_path)
    assert len(read(tmp_path / "a.jsonl.gz", gzip.compress(LINES))) == 40


# --- parquet --------------------------------------------------------------------------------------------------------


def test_parquet_rows_cost_themselves(tmp_path: Path) -> None:
    bad = pa.StringArray.from_buffers(4, *pa.array([b"Good.", b"caf\xe9", b"x" * 2000, b"Last."], pa.binary()).buffers()[1:])
    days = pa.array([0, 2**45, 1, 2], pa.timestamp("s", tz="Mars/Base"))
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": bad, "date": days}), path)
    raws = items(path, max_bytes=1000)
    assert [bool(raw.error) for raw in raws] == [False, True, True, False]
    assert "not UTF-8 at byte 3" in raws[1].error
    assert "raise --max-document-mb" in raws[2].error
    assert b"1970-01-01T00:00:02" in raws[3].payload


def test_parquet_of_one_large_value_many_times(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    large = pa.DictionaryArray.from_arrays(pa.array([0] * 3000), pa.array(["x" * 4_000_000]))
    pq.write_table(pa.table({"text": large}), path)
    raws = items(path, max_bytes=8 << 20)
    assert "decompresses to more than 1,000 times its size" in raws[-1].error
    assert len(raws) < 200


def test_batches_are_small_where_a_dictionary_has_large_values(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    for size, rows in ((10, 64), (64 << 20, 2)):
        pq.write_table(pa.table({"text": pa.DictionaryArray.from_arrays(pa.array([0] * 100), pa.array(["x" * size]))}), path)
        with open(path, "rb") as stream:
            assert parquet._batch_rows("", pq.ParquetFile(stream), 0, ["text"], stream) in (rows, rows - 1)


@pytest.mark.parametrize("names", [("secret", "text"), ("text", "secret")])
def test_an_encrypted_column_that_is_not_read_costs_nothing(tmp_path: Path, names: tuple[str, str]) -> None:
    archives = load(Path(__file__).parents[1] / "bench" / "archives.py")
    path = tmp_path / "a.parquet"
    table = pa.table({name: [f"The {name} of row {row}." for row in range(3)] for name in names})
    pq.write_table(table, path, row_group_size=1, encryption_properties=archives._encryption("secret"))
    raws = items(path)
    assert [(raw.error, "row" in raw.payload.decode(), "secret" in raw.payload.decode()) for raw in raws] == [("", True, False)] * 3
    with open(path, "rb") as stream:
        assert [number for _, number in parquet.Parquet().split_points(stream, "", 1)] == [2, 3]


@pytest.mark.parametrize("name", ["encrypted-plain-footer", "pf-crash-1", "pf-crash-2", "tz", "badutf8", "row100m"])
def test_parquet_that_aborted_the_run(name: str) -> None:
    path = Path(__file__).parents[2].parent / "shared" / "cases" / "faults" / f"{name}.parquet"
    if not path.exists():
        pytest.skip("the files that broke earlier versions are not part of the project")
    raws = items(path, max_bytes=32 << 20)
    errors = [raw.error for raw in raws if raw.error]
    assert len(errors) == (name != "tz")
    assert "encrypted" not in name or "is encrypted" in errors[0]


# --- what is not read -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("https://example.org/a.warc.gz", "download it first"),
        ("http://example.org/", "download it first"),
        ("abfss://container@account/a", "write abfs://"),
    ],
)
def test_schemes_that_are_refused(uri: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        discover([uri])
