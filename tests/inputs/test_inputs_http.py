"""Bodies of archived responses: what their headers say is tried, and what contradicts them is taken as it is."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brotli
import pytest
import yaml
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from newsbeam.inputs.http import BodyError, decode_body, parse_response
from newsbeam.inputs.statuses import parse_statuses

CASES = yaml.safe_load((Path(__file__).parent / "body_cases.yaml").read_text())
# Long enough for zstd to have given a block of 128 kB before its end, and of words that do not pack to nothing.
PAGE = b"<!doctype html><html><body><p>The ferry was late.</p>" + os.urandom(150_000).hex().encode() + b"</body></html>"


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


def chunks(body: bytes, extension: bytes = b"", eol: bytes = b"\r\n") -> bytes:
    size = 10_000
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x%s%s%s%s" % (len(piece), extension, eol, piece, eol) for piece in pieces) + b"0" + eol + eol


PACK: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "gzip;checksum": lambda body: gzip.compress(body)[:-8] + b"\1" * 8,
    "gzip;zeros": lambda body: gzip.compress(body) + b"\0" * 30,
    "zlib": zlib.compress,
    "raw": raw_deflate,
    "br": lambda body: brotli.compress(body, quality=2),
    "zstd": zstandard.compress,
    "chunks": chunks,
    "chunks;ext": lambda body: chunks(body, b';name="a value"'),
    "chunks;lf": lambda body: chunks(body, eol=b"\n"),
}


@pytest.mark.parametrize("eol", ["\r\n", "\n"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_body(case: dict[str, Any], eol: str) -> None:
    body = PAGE
    for step in case["body"].split():
        body = PACK[step](body)
    body = body[: len(body) - case.get("cut", 0)]
    head = eol.join(["HTTP/1.1 203 Fine", "Content-Type: text/html", *case["headers"], "", ""])
    response = parse_response(head.encode() + body)
    assert (response.status, response.headers["content-type"], response.body) == (203, "text/html", body)
    got, whole = decode_body(response, 1 << 20)
    assert whole == (not case.get("incomplete", case["gives"] != "page"))
    if case["gives"] == "page":
        assert got == PAGE
    else:
        assert len(PAGE) // 3 < len(got) < len(PAGE)
        assert PAGE.startswith(got)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_body_is_not_unpacked_beyond_its_limit(coding: str) -> None:
    pack: dict[str, Callable[[bytes], bytes]] = {
        "gzip": gzip.compress,
        "deflate": zlib.compress,
        "br": lambda body: brotli.compress(body, quality=1),
        "zstd": zstandard.compress,
    }
    packed = pack[coding](b"0" * (64 << 20))
    import tracemalloc

    tracemalloc.start()
    with pytest.raises(BodyError, match="decompresses to more than 1 MB"):
        decode_body(parse_response(b"HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\n\r\n" % coding.encode() + packed), 1 << 20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40 << 20


def test_a_body_without_a_head_is_all_body() -> None:
    response = parse_response(b"<p>Only this.</p>")
    assert (response.status, response.headers, response.body) == (-1, {}, b"<p>Only this.</p>")
    assert parse_response(b"HTTP/1.1 404\n\nGone.").status == 404


@given(body=st.binary(max_size=300), coding=st.sampled_from(["gzip", "deflate", "br", "zstd", "chunked"]), place=st.booleans())
def test_any_body_gives_something_or_a_reason(body: bytes, coding: str, place: bool) -> None:
    name = b"Content-Encoding" if place else b"Transfer-Encoding"
    response = parse_response(b"HTTP/1.1 200 OK\r\n%s: %s\r\n\r\n" % (name, coding.encode()) + body)
    try:
        assert len(decode_body(response, 1 << 16)[0]) <= 1 << 16
    except BodyError as error:
        assert "MB" in str(error) or "damaged" in str(error)


@given(
    words=st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), min_size=40, max_size=400),
    coding=st.sampled_from(["gzip", "br", "deflate"]),
)
def test_text_that_was_never_packed_stays_as_it_is(words: str, coding: str) -> None:
    response = parse_response(b"HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\n\r\n" % coding.encode() + words.encode())
    assert decode_body(response, 1 << 20) == (words.encode(), True)


@pytest.mark.parametrize(
    ("text", "expect"),
    [
        ("200", ((200, 200),)),
        ("2xx", ((200, 299),)),
        ("200,203, 404", ((200, 200), (203, 203), (404, 404))),
        ("200-299,404", ((200, 299), (404, 404))),
        ("all", ((0, 999),)),
        ("", None),
        ("20", None),
        ("ok", None),
    ],
)
def test_statuses(text: str, expect: tuple[tuple[int, int], ...] | None) -> None:
    if expect is None:
        with pytest.raises(ValueError, match="is not an HTTP status"):
            parse_statuses(text)
    else:
        assert parse_statuses(text) == expect
