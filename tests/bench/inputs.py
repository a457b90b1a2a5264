"""Makes a folder of inputs of every kind that people have, runs newsbeam over it, and prints what became of each.

    python tests/bench/inputs.py [--folder DIR] [--keep]

The inputs are made up, in several languages. `INPUTS` says of each how many documents, dropped rows and dead letters it gives, and what
of the text, the fields or the message has to be there; the program ends with 1 where one is otherwise. The tests use the same list.
"""

from __future__ import annotations

import argparse
import base64
import bz2
import codecs
import gzip
import io
import json
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EN = "The ferry did not sail on Monday, the harbour board said. Passengers waited on the pier for hours, and nobody told them why."
DE = "Die Fähre ist am Montag ausgefallen, teilte der Hafenrat mit. Die Fahrgäste warteten stundenlang, und niemand sagte ihnen, warum."
FR = "Le bac n’est pas parti lundi, a annoncé le conseil du port. Les passagers ont attendu des heures sans savoir pourquoi."
RU = "Паром в понедельник не вышел в море, сообщил совет порта. Пассажиры ждали на пристани несколько часов."
KO = "페리가 월요일에 출항하지 않았다고 항만 위원회가 밝혔다. 승객들은 몇 시간 동안 부두에서 기다렸다."
JA = "渡し船は月曜日に出航しなかったと港湾委員会が発表した。乗客は桟橋で何時間も待った。"
ZH = "港务委员会表示，渡轮星期一没有开航。乘客在码头等了好几个小时，没有人告诉他们原因。"
ES = "El ferry no zarpó el lunes, dijo la junta del puerto. Los pasajeros esperaron durante horas en el muelle."


@dataclass(frozen=True)
class Input:
    """One file, and what becomes of it: how many rows of each kind, words that its texts or messages hold, fields of its first record."""

    name: str
    payload: bytes
    written: int = 0
    dropped: int = 0
    failed: int = 0
    says: tuple[str, ...] = ()
    record: tuple[tuple[str, str], ...] = ()


def _json(value: Any, indent: int | None = None) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=indent).encode()


def _page(text: str, title: str = "Ferry stays in port", charset: str = "utf-8") -> str:
    paragraphs = "".join(f"<p>{text}</p>" for _ in range(3))
    head = f'<meta charset="{charset}"><title>{title}</title>'
    return f"<!doctype html><html><head>{head}</head><body><article><h1>{title}</h1>{paragraphs}</article></body></html>"


def _mail(*headers: str, body: str = EN, kind: str = "text/plain; charset=utf-8") -> bytes:
    about = (*headers, "MIME-Version: 1.0", f"Content-Type: {kind}", "Content-Transfer-Encoding: 8bit")
    return ("\r\n".join(about) + "\r\n\r\n" + body + "\r\n").encode()


def _mhtml(page: str, url: str) -> bytes:
    quoted = codecs.encode(page.encode(), "quopri").decode("ascii").replace("=0A", "\n")
    return (
        f"From: <Saved by Blink>\r\nSnapshot-Content-Location: {url}\r\nSubject: =?utf-8?Q?F=C3=A4hre?=\r\n"
        "Date: Tue, 5 Mar 2024 10:00:00 +0100\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/related;\r\n\ttype="text/html";\r\n\tboundary="----cut"\r\n\r\n'
        "------cut\r\nContent-Type: text/html\r\nContent-ID: <a>\r\nContent-Transfer-Encoding: quoted-printable\r\n"
        f"Content-Location: {url}\r\n\r\n"
        f"{quoted}\r\n------cut\r\nContent-Type: text/css\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Location: cid:b\r\n\r\n"
        "p {{ color: black }}\r\n------cut--\r\n"
    ).encode()


def _rss(*items: str, head: str = "") -> bytes:
    spaces = 'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    channel = f"<title>Courier</title><link>https://c.example/</link><language>en-GB</language>{head}{''.join(items)}"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" {spaces}><channel>{channel}</channel></rss>\n'.encode()


def _item(number: int, body: str) -> str:
    return (
        f"<item><title>Ferry {number} &amp; more</title><link>https://c.example/{number}?a=1&amp;b=2</link><guid>g{number}</guid>"
        f"<pubDate>Tue, 05 Mar 2024 10:0{number}:00 GMT</pubDate><dc:creator>Mara Vesely</dc:creator>{body}</item>"
    )


def _atom(*entries: str) -> bytes:
    return (
        '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de"><title>Kurier</title>'
        f'<link href="https://k.example/"/>{"".join(entries)}</feed>'
    ).encode()


def _parquet(columns: dict[str, list[Any]]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream)
    return stream.getvalue()


def _zstd(payload: bytes) -> bytes:
    import zstandard

    return zstandard.ZstdCompressor().compress(payload)


def _record(text: str) -> bytes:
    """One of newsbeam's own records, as a run writes it."""
    return (
        _json(
            {
                "id": "sha256:" + "7" * 64,
                "text": text,
                "source": "courier",
                "added": "2024-04-01T00:00:00.000Z",
                "created": "2024-03-05",
                "url": "https://c.example/1",
                "site": "Courier",
                "title": "Ferry",
                "author": "Mara Vesely",
                "language": "en",
                "language_score": 1.0,
                "languages": [],
                "translation": {"score": 0.0, "verdict": "unknown", "source_language": "", "source_language_score": 0.0, "artifacts": []},
                "attributions": [],
                "credits": [{"kind": "image", "name": "Port Radio", "text": "Photo: Port Radio"}],
                "removed": [{"kind": "share", "line": 2, "text": "Share this"}],
                "metadata": {
                    "origin": "in/a.html",
                    "input_id": "",
                    "media_type": "text/html",
                    "encoding": "utf-8",
                    "bytes": 9,
                    "sha256": "00",
                    "processed_by": "newsbeam v0.2.0 boilerplate length language translation attribution",
                    "boilerplate": "all signs",
                },
            }
        )
        + b"\n"
    )


_CESU = b"The ferry is late " + b"\xed\xa0\xbd\xed\xb8\x80" + f". {EN}".encode()
_ROW = {"content": EN, "link": "https://c.example/1", "headline": "Ferry", "published_at": 1709600000, "authors": [{"name": "Mara Vesely"}]}
_SAID = (("url", "https://c.example/1"), ("title", "Ferry"), ("created", "2024-03-05T00:53:20Z"), ("author", "Mara Vesely"))
_CSV = (
    f'id,url,title,body,date\n1,https://c.example/1,"Ferry, late","{EN}",2024-03-05\n2,https://c.example/2,Pier,"{DE}\n\n{FR}",yesterday\n'
)

INPUTS: tuple[Input, ...] = (
    # text and pages
    Input("text.txt", EN.encode(), 1),
    Input("text-1251.txt", RU.encode("cp1251"), 1, says=(RU[:20],)),
    Input("text-utf16le.txt", RU.encode("utf-16-le"), 1, says=(RU[:20],)),
    Input("text-utf16be.txt", ZH.encode("utf-16-be"), 1, says=(ZH[:20],)),
    Input("text-utf16be-ko.txt", KO.encode("utf-16-be"), 1, says=(KO[:20],)),
    Input("text-cesu8.txt", _CESU, 1, says=("late 😀.",)),
    Input("page.html", _page(EN).encode(), 1),
    Input("page-says-gbk.html", _page(ZH, charset="gbk").encode(), 1, says=(ZH[:20],)),
    Input("page-sjis.html", _page(JA, charset="shift_jis").encode("cp932"), 1, says=(JA[:10],)),
    Input("page.xhtml", f'<?xml version="1.0"?>{_page(EN)}'.encode(), 1),
    Input("notes.md", f"# Ferry\n\n{EN}\n".encode(), 1),
    Input("from-our-correspondent.txt", f"From: our correspondent\nDate: Monday\n\n{EN}".encode(), 1, says=("From: our",)),
    Input("bracket.txt", f"[{EN}]\n\n{EN}".encode(), 1, says=("[The ferry",)),
    Input("commas.txt", b"Once, long ago, a ferry sailed\nAcross the bay, in wind, at night\nThe captain, old, alone, prevailed\n", 1),
    Input("quotes-json.txt", f'The server said:\n{{"error": 7}}\n{EN}'.encode(), 1),
    Input("empty.txt", b"", dropped=1),
    # JSON
    Input("rows.jsonl", _json({"text": EN, "url": "u"}) + b"\n" + _json({"html": _page(DE)}) + b"\n", 2),
    Input("rows-names.jsonl", _json(_ROW) + b"\n" + _json({"body": DE, "published": "yesterday"}) + b"\n", 2, record=_SAID),
    Input(
        "rows-nested.jsonl",
        _json({"article": {"body": KO, "headline": "페리"}, "meta": {"link": "https://c.example/k"}}),
        1,
        record=(("url", "https://c.example/k"), ("title", "페리")),
    ),
    Input("rows-tabs.jsonl", b'{"text": "' + EN.encode() + b'\tAgain."}\n', 1),
    Input("rows-bad.jsonl", _json({"text": EN}) + b"\n{broken\n" + _json({"score": 1}) + b"\n", 1, failed=2, says=("its keys: score",)),
    Input("rows.json", _json({"content": EN}) + b"\n" + _json({"content": FR}) + b"\n", 2),
    Input("array.json", _json([_ROW, {"text": DE}]), 2, record=_SAID),
    Input("array-pretty.json", _json([_ROW, {"text": DE}, {"n": 1}], 2), 2, failed=1, says=("its keys: n",), record=_SAID),
    Input("array-as-text.txt", _json([{"text": EN}]), 1),
    Input("array.jsonl", _json([{"text": EN}, {"text": DE}], 1), 2),
    Input("object.json", _json(_ROW, 2), 1, record=_SAID),
    Input("objects.json", _json({"text": EN}, 2) + b"\n" + _json({"text": DE}, 2), 2),
    Input(
        "wrapper.json",
        _json({"status": "ok", "total": 2, "articles": [_ROW, {"content": RU}], "sources": [{"name": "x"}]}),
        2,
        record=_SAID,
    ),
    Input("search.json", _json({"hits": {"total": 1, "hits": [{"_id": "7", "_source": _ROW}]}}, 1), 1, record=_SAID),
    Input(
        "wordpress.json",
        _json(
            [
                {
                    "id": 9,
                    "title": {"rendered": "Ferry"},
                    "content": {"rendered": f"<p>{EN}</p>\n<p>{EN}</p>\n"},
                    "link": "https://c.example/9",
                    "date_gmt": "2024-03-05T10:00:00",
                }
            ]
        ),
        1,
        record=(("url", "https://c.example/9"), ("title", "Ferry")),
    ),
    Input(
        "news-article.json",
        _json({"@type": "NewsArticle", "headline": "Ferry", "articleBody": EN, "author": {"name": "Mara Vesely"}}),
        1,
        record=(("title", "Ferry"), ("author", "Mara Vesely")),
    ),
    Input(
        "feed.json",
        _json(
            {
                "version": "https://jsonfeed.org/version/1.1",
                "title": "Courier",
                "items": [
                    {
                        "id": "1",
                        "url": "https://c.example/1",
                        "title": "Ferry",
                        "content_html": f"<p>{EN}</p>",
                        "date_published": "2024-03-05T10:00:00+01:00",
                        "authors": [{"name": "Mara Vesely"}],
                    },
                    {"id": "2", "url": "https://c.example/2", "summary": DE},
                ],
            }
        ),
        2,
        record=(("url", "https://c.example/1"), ("created", "2024-03-05T10:00:00+01:00"), ("author", "Mara Vesely")),
    ),
    Input(
        "map.geojson",
        _json({"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"name": "Pier"}}]}),
        failed=1,
        says=("its keys: type, features",),
    ),
    Input(
        "package.json",
        _json({"name": "ferry", "version": "1.0.0", "description": "A ferry."}, 2),
        failed=1,
        says=("its keys: name, version",),
    ),
    Input("numbers.json", b"[1, 2, 3]", failed=1, says=("3 values that are not objects",)),
    Input("strings.json", _json([EN, DE]), failed=1, says=("2 values that are not objects",)),
    Input("broken.json", _json([{"text": EN}])[:-1] + b', {"text": ', 1, failed=1, says=("invalid JSON", "not read")),
    Input("none.json", b"[]", dropped=1),
    # tables
    Input("table.csv", _CSV.encode(), 2, record=(("url", "https://c.example/1"), ("title", "Ferry, late"), ("created", "2024-03-05"))),
    Input("table-semicolon.csv", f"titel;text\r\nFähre;{DE}\r\n".encode("cp1252"), 1, says=("Die Fähre ist",)),
    Input("table-excel.csv", b"\xff\xfe" + f"sep=;\r\ntitle;text\r\nFähre;{DE}\r\n".encode("utf-16-le"), 1, record=(("title", "Fähre"),)),
    Input(
        "table.tsv",
        f'id\turl\ttext\n1\thttps://c.example/1\t"Late", they said. {EN}\n'.encode(),
        1,
        record=(("url", "https://c.example/1"),),
    ),
    Input("table-pipes.csv", f"id|content\n1|{RU}\n".encode(), 1),
    Input("table-in-text.txt", f'id,title,text\n1,Ferry,"{EN}"\n2,Pier,"{EN} Again."\n'.encode(), 2, record=(("title", "Ferry"),)),
    Input(
        "table-bad-rows.csv",
        f'id,text\n1,"{EN}"\n2,a,b,c\n3,"never closed {DE}\n4,"{FR}"\n'.encode(),
        2,
        failed=2,
        says=("broken row", "it has 4 cells where the first row has 2"),
    ),
    Input("table-one-column.csv", f'text\n"{EN}"\n"{DE}"\n'.encode(), 2),
    Input("table-no-text.csv", b"sku,price\n1,2.5\n2,3.5\n", failed=1, says=("its columns: sku, price", "--field text=COLUMN")),
    Input("table.csv.gz", gzip.compress(_CSV.encode(), mtime=0), 2),
    # mails and saved pages
    Input(
        "saved.mhtml", _mhtml(_page(DE, "Fähre"), "https://c.example/mh"), 1, record=(("url", "https://c.example/mh"), ("title", "Fähre"))
    ),
    Input(
        "letter.eml",
        _mail(
            "From: =?utf-8?B?" + base64.b64encode("Mára Veselý".encode()).decode() + "?= <mara@c.example>",
            "To: b@c.example",
            "Subject: =?utf-8?Q?F=C3=A4hre?=",
            "Date: Tue, 5 Mar 2024 10:00:00 +0100",
            "Message-ID: <1@c.example>",
            body=DE,
        ),
        1,
        record=(("title", "Fähre"), ("author", "Mára Veselý"), ("created", "2024-03-05T10:00:00+01:00")),
    ),
    Input(
        "page.eml",
        _mail("From: a@c.example", "Subject: Ferry", "Date: Tue, 5 Mar 2024 10:00:00 +0100", body=_page(FR), kind="text/html"),
        1,
    ),
    Input("picture.eml", _mail("From: a@c.example", "Subject: x", body="AAAA", kind="image/png"), dropped=1),
    Input(
        "list.mbox",
        b"".join(
            b"From a@c.example Tue Mar  5 10:00:00 2024\n"
            + _mail(f"From: {name} <a@c.example>", f"Subject: {name}", body=f"{text}\n\n>From here on nothing is known.").replace(
                b"\r\n", b"\n"
            )
            + b"\n"
            for name, text in (("Mara Vesely", EN), ("Tomas Kral", RU))
        ),
        2,
        says=("\nFrom here on",),
        record=(("author", "Mara Vesely"),),
    ),
    # feeds and XML
    Input(
        "feed.rss",
        _rss(
            _item(1, f"<description>Short.</description><content:encoded><![CDATA[<p>{EN}</p><p>{EN}</p>]]></content:encoded>"),
            _item(2, f"<description>{FR}</description>"),
            _item(3, ""),
        ),
        2,
        1,
        record=(
            ("url", "https://c.example/1?a=1&b=2"),
            ("title", "Ferry 1 & more"),
            ("author", "Mara Vesely"),
            ("created", "2024-03-05T10:01:00Z"),
        ),
    ),
    Input("feed-entities.xml", _rss(_item(1, f"<description>{EN}&nbsp;AT&T &mdash; R&D</description>")), 1, says=("AT&T — R&D",)),
    Input(
        "feed.atom",
        _atom(
            f'<entry><title type="html">F&amp;auml;hre</title><link href="/1"/><id>urn:1</id><published>2024-03-05T10:00:00Z'
            f'</published><author><name>Mara Vesely</name></author><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>{DE}</p></div>'
            "</content></entry>"
        ),
        1,
        record=(("url", "https://k.example/1"), ("title", "Fähre"), ("author", "Mara Vesely")),
    ),
    Input(
        "feed-1.0.xml",
        (
            '<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
            f"<channel><title>x</title></channel><item><title>Bac</title><link>https://c.example/f</link><description>{FR}</description></item></rdf:RDF>"
        ).encode(),
        1,
        record=(("url", "https://c.example/f"),),
    ),
    Input(
        "feed-cut.rss",
        _rss(_item(1, f"<description>{EN}</description>"), _item(2, f"<description>{EN}</description>"))[:-120],
        1,
        failed=1,
        says=("invalid XML after entry 1",),
    ),
    Input("feed-titles.rss", _rss(_item(1, ""), _item(2, "")), dropped=2),
    Input(
        "sitemap.xml",
        b'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>https://c.example/</loc></url></urlset>',
        failed=1,
        says=("is a sitemap",),
    ),
    Input(
        "wiki.xml",
        b'<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.10/"><page><title>A</title></page></mediawiki>',
        failed=1,
        says=("wiki dump", "wikiextractor"),
    ),
    Input("other.xml", f'<?xml version="1.0"?><report><body>{EN}</body></report>'.encode(), failed=1, says=("XML with the root <report>",)),
    Input(
        "bomb.rss",
        b'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><rss version="2.0"><channel/></rss>',
        failed=1,
        says=("entity definitions",),
    ),
    # parquet, archives, and newsbeam's own
    Input(
        "rows.parquet",
        _parquet({"content": [EN, DE], "link": ["https://c.example/1", ""], "x": [1, 2]}),
        2,
        record=(("url", "https://c.example/1"),),
    ),
    Input("rows-no-text.parquet", _parquet({"price": [1.5]}), failed=1, says=("its columns: price",)),
    Input("rows.jsonl.zst", _zstd(_json({"text": EN}) + b"\n"), 1),
    Input("text.txt.bz2", bz2.compress(JA.encode()), 1),
    Input(
        "own.jsonl",
        _record(f"{EN}\n\nShare this"),
        1,
        says=("Share this",),
        record=(("id", "sha256:" + "7" * 64), ("source", "courier"), ("title", "Ferry"), ("created", "2024-03-05")),
    ),
    # what is no text
    Input("paper.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", failed=1, says=("is a PDF", "pdftotext")),
    Input("pier.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", failed=1, says=("PNG image",)),
    Input("pier.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF", failed=1, says=("JPEG image",)),
    Input("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(64), failed=1, says=("old office document", "soffice")),
    Input("letter.rtf", b"{\\rtf1\\ansi Ferry}", failed=1, says=("RTF", "pandoc")),
    Input("news.sqlite", b"SQLite format 3\0" + bytes(84), failed=1, says=("SQLite", "sqlite3")),
    Input("talk.mp3", b"ID3\x03\0\0\0\0\0\0", failed=1, says=("sound file",)),
    Input("font.woff2", b"wOF2\0\1\0\0", failed=1, says=("a font",)),
    Input("film.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0", failed=1, says=("a film",)),
    Input("calendar.ics", b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n", failed=1, says=("a calendar",)),
    Input("noise.bin", bytes(range(256)) * 4, failed=1, says=("binary data",)),
)


def write(folder: Path) -> list[Path]:
    """Write every input into a folder; their paths."""
    paths = []
    for one in INPUTS:
        path = folder / one.name
        path.write_bytes(one.payload)
        paths.append(path)
    return paths


def run(paths: list[Path], output: Path) -> str:
    """Run newsbeam over files; the last line of what it prints, the account."""
    command = [
        sys.executable,
        "-m",
        "newsbeam.cli",
        "run",
        *map(str, paths),
        "--output",
        str(output),
        "-j",
        "1",
        "--added",
        "2026-11-29T00:00:00Z",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not done.stdout.strip():
        raise RuntimeError(done.stderr[-2000:])
    return done.stdout.strip().splitlines()[-1]


def outcomes(output: Path) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """The rows of an output folder, by the name of the file that they are of and by kind."""
    rows: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for kind in ("documents", "dropped", "dead-letters"):
        for path in sorted(output.rglob(f"{kind}-*.jsonl")):
            for line in path.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                origin = row["metadata"]["origin"] if "metadata" in row else row["origin"]
                name = re.sub(r"#\d+$", "", origin).rpartition("/")[2]
                rows.setdefault("own.jsonl" if origin == "in/a.html" else name, {}).setdefault(kind, []).append(row)
    return rows


def wrong(one: Input, rows: dict[str, list[dict[str, Any]]]) -> list[str]:
    """In what an input has become something else than it should."""
    problems = []
    for kind, wanted in (("documents", one.written), ("dropped", one.dropped), ("dead-letters", one.failed)):
        if len(rows.get(kind, ())) != wanted:
            problems.append(f"{len(rows.get(kind, ()))} {kind}, not {wanted}")
    said = "\n".join([row["text"] for row in rows.get("documents", ())] + [row["message"] for row in rows.get("dead-letters", ())])
    problems += [f"nothing says {words!r}" for words in one.says if words not in said]
    for key, value in one.record if rows.get("documents") else ():
        if rows["documents"][0][key] != value:
            problems.append(f"{key} is {rows['documents'][0][key]!r}, not {value!r}")
    return problems


def _cell(text: str, width: int) -> str:
    text = " ".join(text.split()).replace("|", "\\|")
    return text if len(text) <= width else text[: width - 1] + "…"


def main() -> int:
    """Print the table; 1 where an input has become something else than it should."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--folder", type=Path, help="where the inputs are written (default: a temporary folder)")
    known = parser.parse_args()
    bad = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = known.folder or Path(temporary) / "in"
        folder.mkdir(parents=True, exist_ok=True)
        output = Path(temporary) / "out"
        account = run(write(folder), output)
        rows = outcomes(output)
    print("| input | written | dropped | failed | title, url and text, or why not |\n| --- | ---: | ---: | ---: | --- |")
    for one in INPUTS:
        of = rows.get(one.name, {})
        shown = [" · ".join(filter(None, (row["title"], row["url"], row["text"][:40]))) for row in of.get("documents", ())]
        shown += [row["reason"] for row in of.get("dropped", ())]
        shown += [row["message"].replace(str(folder) + "/", "") for row in of.get("dead-letters", ())]
        counts = " | ".join(str(len(of.get(kind, ()))) for kind in ("documents", "dropped", "dead-letters"))
        print(f"| {one.name} | {counts} | {_cell('; '.join(shown[:1] + shown[-1:] if len(shown) > 1 else shown), 150)} |")
        for problem in wrong(one, of):
            bad += 1
            print(f"{one.name}: {problem}", file=sys.stderr)
    print(f"\n{len(INPUTS)} inputs: {account}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
