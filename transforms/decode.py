"""Decode bytes into documents: kind of content, charset, and fields.

The content decides the kind; the file's suffix only breaks ties. The charset is taken from the
byte-order mark, else from the declaration of the headers or the page, else it is detected. Labels
have the meaning of the WHATWG Encoding Standard (`iso-8859-1` is windows-1252, `euc-kr` is its
superset cp949).
"""

from __future__ import annotations

import codecs
import json
import re
from hashlib import sha256
from itertools import islice
from typing import Any, Literal

import charset_normalizer
import orjson
import webencodings
from bs4.dammit import EncodingDetector
from webencodings.labels import LABELS

from newsbeam.transforms.document import COMMENT, Document, Dropped, Metadata, Raw
from newsbeam.transforms.fields import NOTHING_SAID, USUAL_NAMES, NoText, Row, RowOptions, has_text, iso_date_of, read_row
from newsbeam.transforms.records import NotARecord, from_record, is_record
from newsbeam.transforms.structure import is_json, structure
from newsbeam.transforms.text import scrub

TextContainer = Literal["jsonl", "json", "csv", "mail", "mbox", "feed", "xml", ""]
"""The kinds of text files with items inside; "" for others."""

HEAD_BYTES = 1 << 16
"""Bytes at the beginning of an input that are enough to recognise its kind."""


class DecodeError(ValueError):
    """The input is not a document.

    It is binary, or JSON without the fields that newsbeam reads. The message says what to do.
    """


_NOTHING = object()
_LOOK_BYTES = 8 << 10

# Signatures of files that often have a wrong suffix; the name is used in dead letters. `filetype`
# and `puremagic` know more formats, but return suffixes and media types, for which a table of names
# would be needed, and they recognise neither WARC nor CDX nor lists of paths.
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "a PDF"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"PK\x03\x04", "a zip archive or an office document"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"\xd0\xcf\x11\xe0", "an old office document"),
    (b"ID3\x02", "a sound file"),
    (b"ID3\x03", "a sound file"),
    (b"ID3\x04", "a sound file"),
    (b"OggS", "a sound file"),
    (b"wOFF", "a font"),
    (b"wOF2", "a font"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a rar archive"),
    (b"\xfd7zXZ", "an xz file"),
    (b"{\\rtf", "an RTF document"),
    (b"SQLite format 3", "an SQLite database"),
    (b"%!PS", "a PostScript file"),
    (b"II*\0", "a TIFF image"),
    (b"MM\0*", "a TIFF image"),
    (b"\0\0\1\0", "an icon"),
    (b"8BPS\0", "an image"),
    (b"fLaC", "a sound file"),
    (b"\xff\xfb", "a sound file"),
    (b"\x1aE\xdf\xa3", "a film"),
    (b"FLV\1", "a film"),
    (b"\0asm", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"\x00\x01\x00\x00\x00", "a font"),
    (b"OTTO\0", "a font"),
    (b"\x89HDF\r\n", "an HDF5 file"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"ARROW1\0", "an Arrow file"),
    (b"Obj\x01", "an Avro file"),
    (b"ORC\x0a", "an ORC file"),
    (b"ITSF\x03", "a compiled help file"),
    (b"AT&TFORM", "a DjVu document"),
    (b"BEGIN:VCALENDAR", "a calendar"),
    (b"BEGIN:VCARD", "an address card"),
)
# Advice by words in the kind; the first match applies.
_CURES = (
    ("PDF", "convert it with pdftotext"),
    ("PostScript", "convert it with ps2ascii"),
    ("DjVu", "convert it with djvutxt"),
    ("zip archive", "unpack it, or convert it with pandoc -t html"),
    ("old office", "convert it with LibreOffice (soffice --convert-to html)"),
    ("RTF", "convert it with pandoc -t html"),
    ("SQLite", "export its rows as JSON (sqlite3 FILE '.mode json' 'SELECT …')"),
    ("archive", "unpack it first"),
    ("xz file", "unpack it first"),
    ("image", "extract its text by OCR first"),
    ("sound", "transcribe it first"),
    ("film", "transcribe it first"),
    ("Arrow", "convert it to parquet with pyarrow"),
    ("Avro", "convert it to parquet"),
    ("ORC", "convert it to parquet with pyarrow"),
)


def cure(what: str) -> str:
    """Return advice for a kind of binary, as named by `binary`."""
    return next((help_ for words, help_ in _CURES if words in what), "convert it to HTML or text first")


_BOMS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CONTROL = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1b")) + b"\x7f"
# What may precede the first tag of a page: comments and declarations, as the HTML standard ends
# them.
_BEFORE_HTML = re.compile(rf"[\s\ufeff]+|{COMMENT}|<\?[^>]*(?:>|\Z)|<!(?!doctype\b)[^>]*(?:>|\Z)", re.I | re.S)
_HTML_START = re.compile(r"<(?:!doctype|html|head|body)\b", re.I)
_HTML_TAG = re.compile(
    r"</?(?:p|div|br|a|span|ul|li|h[1-6]|table|td|meta|title|article|section|script|link|img|body|main)(?:\s[^<>]*)?/?>", re.I
)
# With fewer tags than this, a text file is about tags, or has a stray <b>.
_TAGS_IN_TEXT = 8


def text_container(head: bytes, name: str = "") -> TextContainer:
    """Return the kind of a text file with items inside, by its first bytes.

    `HEAD_BYTES` bytes are sufficient. The name decides if they are ambiguous. "" means a single
    document (HTML, text, or something unreadable).
    """
    suffix, cut = _suffix(name), len(head) >= HEAD_BYTES
    if head.startswith(_BOMS[1:]):
        text = head.decode("utf-16", "replace").lstrip("\ufeff \t\r\n")
    else:
        stripped = head.lstrip(b"\xef\xbb\xbf \t\r\n")
        # Most files are pages and prose, recognisable by their first lines; few need to be read
        # further.
        looked = suffix in ("jsonl", "ndjson") or structure(stripped[:_LOOK_BYTES].decode("utf-8", "replace"), suffix, cut=True)
        long = stripped.startswith((b"{", b"[", b"<?", b"<!")) and not _HTML_START.match(stripped[:99].decode("latin-1"))
        if not looked and not long:
            return ""
        text = stripped.decode("utf-8", "replace")
    if binary(head):
        return ""
    first, rest = _first_value(text)
    if suffix in ("jsonl", "ndjson"):
        if text[:1] in ("{", "[") and (is_list_of_rows(first) if first is not _NOTHING else rest and is_json(text, "json", cut)):
            return "json"
        # A JSON lines file with an invalid first line has a bad line, unless it is something else
        # altogether.
        return "jsonl" if text and (text[:1] == "{" or not is_markup(text, name)) else ""
    return "jsonl" if has_text(first) else structure(text, suffix, cut)


def binary(head: bytes) -> str:
    """Return the kind of binary ("a PDF"), or "" for text in any charset."""
    for magic, what in _SIGNATURES:
        if head.startswith(magic):
            return what
    if head.startswith(b"RIFF") and head[8:12] in (b"WAVE", b"WEBP", b"AVI "):
        return "an image, sound or film"
    if head[4:8] == b"ftyp":
        return "a film"
    if head[257:262] == b"ustar":
        return "a tar archive"
    if head.startswith(_BOMS) or _utf16_without_bom(head):
        return ""
    sample = head[:HEAD_BYTES]
    controls = len(sample) - len(sample.translate(None, _CONTROL))
    # Text has a stray control character at most; in compressed or compiled data, one byte in ten is
    # one.
    return "binary data" if controls > 8 and controls * 50 > len(sample) else ""


def is_markup(text: str, name: str = "") -> bool:
    """Return whether `text` is HTML rather than prose.

    The beginning is sufficient. `name` is the file's name.
    """
    if "<" not in text:
        return False
    at = 0
    while before := _BEFORE_HTML.match(text, at):
        at = before.end()
    if _HTML_START.match(text, at):
        return True
    enough = 1 if _suffix(name) in ("html", "htm", "xhtml") else _TAGS_IN_TEXT
    return any(count >= enough for count, _ in enumerate(_HTML_TAG.finditer(text[:HEAD_BYTES]), 1))


_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")

_COUNTED = frozenset(
    """
    text/html text/plain text/css text/csv text/xml text/javascript text/markdown text/calendar text/vcard
    application/xhtml+xml application/xml application/rss+xml application/atom+xml application/json application/ld+json
    application/javascript application/x-javascript application/pdf application/zip application/gzip application/octet-stream
    application/msword application/rtf application/epub+zip application/vnd.ms-excel application/vnd.ms-powerpoint
    application/vnd.openxmlformats-officedocument.wordprocessingml.document application/warc application/wasm
    application/x-shockwave-flash application/font-woff application/manifest+json application/dns
    image/jpeg image/png image/gif image/webp image/svg+xml image/avif image/x-icon image/vnd.microsoft.icon
    audio/mpeg audio/ogg video/mp4 video/webm font/woff font/woff2 multipart/form-data message/rfc822
    """.split()
)
_TOP_LEVEL = frozenset("application audio font image message model multipart text video".split())


def media_type_to_count(media_type: str) -> str:
    """Return the label of a media type for statistics.

    Frequent types have their own name, others the top-level type, so that the number of labels is
    limited.
    """
    if media_type in _COUNTED or not media_type:
        return media_type
    top = media_type.partition("/")[0]
    return f"{top}/…" if top in _TOP_LEVEL else "other"


def decode(raw: Raw, added: str = "", processed_by: str = "", rows: RowOptions = USUAL_NAMES) -> Document | Dropped:
    """Decode an input into a document.

    Returns Dropped if it is empty or of an unsupported media type. `added` is the time of the run,
    `processed_by` the value for the record, `rows` how rows are read. Raises DecodeError if the
    input is not a document.
    """
    if raw.form == "json":
        return _from_json(raw, added, processed_by, rows)
    if raw.form == "item":
        return _from_item(raw, added, processed_by)
    media_type, _, parameters = raw.content_type.partition(";")
    media_type = media_type.strip().lower()
    if raw.form == "http" and media_type and not re.fullmatch(r"text/(?:html|plain)|application/xhtml\+xml", media_type):
        return Dropped("decode", f"media type {media_type}" if _MEDIA_TYPE.fullmatch(media_type) else "not a media type")
    # byte-order marks and blanks, also in UTF-16
    if not raw.payload.strip(b"\0\xff\xfe\xef\xbb\xbf \t\r\n"):
        return Dropped("decode", "empty")
    if what := binary(raw.payload[:HEAD_BYTES]):
        raise DecodeError(f"{raw.origin} is {what}, not text; {cure(what)}, or leave it out")
    if raw.form == "http" and (what := _no_page(raw.payload)):
        return Dropped("decode", f"{what}, not a page")
    header = re.search(r"charset\s*=\s*[\"']?([\w:.-]+)", parameters, re.I)
    text, encoding = ("", "utf-8")
    if raw.form == "text":
        text = raw.payload.decode("utf-8", "replace")
    else:
        text, encoding = decode_bytes(raw.payload, header.group(1) if header else "")
    if not text.strip():
        return Dropped("decode", "empty")
    markup = raw.form != "text" and is_markup(text, "x.html" if media_type.endswith(("html", "xhtml+xml")) else raw.name)
    return _document(raw, text, markup, encoding, added, processed_by, url=raw.url)


def _no_page(payload: bytes) -> str:
    """Return the kind of content sent instead of a page.

    "" if it is a page or text, as its media type says.
    """
    start = payload[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start not in (b"{", b"[", b"<"):
        return ""
    kind = structure(payload[:HEAD_BYTES].decode("utf-8", "replace"), "", len(payload) > HEAD_BYTES)
    return {"json": "JSON", "feed": "a feed", "xml": "XML"}.get(kind, "")


def _document(
    raw: Raw,
    text: str,
    markup: bool,
    encoding: str,
    added: str,
    processed_by: str,
    *,
    url: str,
    said: Row = NOTHING_SAID,
) -> Document:
    return Document(
        text=text,
        markup=markup,
        id="sha256:" + sha256(text.encode() + b"\n" + url.encode()).hexdigest(),
        source=raw.source,
        added=added,
        url=url,
        title=said.title,
        author=said.author,
        created=said.date,
        declared_language=said.language or raw.content_language,
        fields_taken=said.taken,
        fields_absent=said.absent,
        metadata=Metadata(
            origin=raw.origin,
            input_id=said.id,
            input=said.kept,
            media_type="text/html" if markup else "text/plain",
            encoding=encoding,
            bytes=len(raw.payload),
            sha256=raw.sha256 or sha256(raw.payload).hexdigest(),
            processed_by=processed_by,
            http_status=raw.http_status,
        ),
    )


def _from_json(raw: Raw, added: str, processed_by: str, options: RowOptions) -> Document | Dropped:
    row = _object(raw)
    if is_record(row):
        try:
            record = from_record(row, added, processed_by)
        except NotARecord as error:
            raise DecodeError(f"{raw.origin} {error}; recreate it from its input") from error
        return record if record.text.strip() else Dropped("decode", "empty")
    try:
        said = read_row(row, options, added)
    except NoText as error:
        raise DecodeError(f"{raw.origin} {error}") from error
    except RecursionError as error:
        raise DecodeError(f"{raw.origin} is nested too deeply to be kept; remove that field from --keep-fields") from error
    if said is None:
        return Dropped("decode", "empty")
    markup = said.markup or is_markup(said.text)
    return _document(raw, said.text, markup, "utf-8", added, processed_by, url=said.url or raw.url, said=said)


def _from_item(raw: Raw, added: str, processed_by: str) -> Document | Dropped:
    """Build the document from an item made by a reader.

    An item has only strings, with the names of fields as keys.
    """
    item: dict[str, str] = orjson.loads(raw.payload)
    text, html = item.get("text", ""), item.get("html", "")
    content = html if html.strip() else text
    if not content.strip():
        return Dropped("decode", "empty")
    language = item.get("language", "")
    date = iso_date_of(item.get("date", ""), language, added)
    markup = bool(html.strip()) or is_markup(text)
    said = Row(
        scrub(content), markup, item.get("url", ""), item.get("title", ""), date, item.get("author", ""), language, item.get("id", "")
    )
    return _document(raw, said.text, markup, "utf-8", added, processed_by, url=said.url, said=said)


_INTEGERS = 1 << 63


def _object(raw: Raw) -> dict[str, Any]:
    try:
        row = orjson.loads(raw.payload)
        if isinstance(row, dict) and any(type(value) is float and abs(value) >= _INTEGERS for value in row.values()):
            # an integer beyond 64 bits, with all digits
            row = _lenient(raw, orjson.JSONDecodeError("", "", 0))
    except orjson.JSONDecodeError as error:
        row = _lenient(raw, error)
    if not isinstance(row, dict):
        raise DecodeError(f"{raw.origin} is a JSON {type(row).__name__}, not an object with `text` or `html`")
    return row


def _lenient(raw: Raw, error: orjson.JSONDecodeError) -> Any:
    # Python's own parser accepts what real files contain and orjson rejects: NaN, unpaired
    # surrogates, a byte-order mark, tabs in strings.
    try:
        return json.loads(raw.payload.decode("utf-8-sig"), strict=False)
    except UnicodeDecodeError as bad:
        raise DecodeError(f"{raw.origin} is not UTF-8 at byte {bad.start}; JSON lines must be UTF-8: convert the file with iconv") from bad
    except (ValueError, RecursionError):
        raise DecodeError(f"{raw.origin} is not valid JSON: {error}; each line must be one object") from error


# --- charsets -------------------------------------------------------------------------------------------------------

# Labels of the WHATWG Encoding Standard, chapter 4.2, with the name for the record and Python's codec.
# Pages that say ASCII or GBK are read as their supersets, and logical Hebrew as Hebrew.
_SUPERSETS = {"gbk": ("gb18030", "gb18030"), "iso-8859-8-i": ("iso-8859-8", "iso8859-8")}
_NO_TEXT = ("replacement", "x-user-defined")
_LABELS = {
    label: _SUPERSETS.get(name) or (name, webencodings.lookup(label).codec_info.name)
    for label, name in LABELS.items()
    if name not in _NO_TEXT
}
# Labels that real pages have and the standard does not.
_LABELS |= dict.fromkeys(("ascii", "us-ascii", "utf-8-sig"), _LABELS["utf-8"])
_LABELS |= dict.fromkeys(("latin9", "latin-9"), _LABELS["iso-8859-15"])
_LABELS |= dict.fromkeys(("uhc", "ms949", "ks_c_5601"), _LABELS["euc-kr"])
_LABELS |= {
    "big5-hkscs": _LABELS["big5"],
    "dos-866": _LABELS["ibm866"],
    "ms936": _LABELS["gb18030"],
    "shiftjis": _LABELS["shift_jis"],
}
# The names in Python and in the detector, mapped to the same.
_CODECS = {codecs.lookup(codec).name: (name, codec) for name, codec in _LABELS.values()} | {
    "iso8859-1": _LABELS["iso-8859-1"],
    "iso8859-9": _LABELS["iso-8859-9"],
    "iso8859-11": _LABELS["iso-8859-11"],
    "tis-620": _LABELS["tis-620"],
    "ascii": _LABELS["ascii"],
    "utf-16": _LABELS["utf-16"],
    **dict.fromkeys(("euc_kr", "johab", "ks_c_5601-1987"), _LABELS["euc-kr"]),
    **dict.fromkeys(("shift_jis", "shift_jis_2004", "shift_jisx0213"), _LABELS["shift_jis"]),
    **dict.fromkeys(("euc_jis_2004", "euc_jisx0213"), _LABELS["euc-jp"]),
    **dict.fromkeys(("gb2312", "gbk", "hz"), _LABELS["gb18030"]),
    **dict.fromkeys(("big5", "cp950"), _LABELS["big5"]),
}
_MULTIBYTE = {"euc-kr", "shift_jis", "euc-jp", "gb18030", "big5", "utf-16le", "utf-16be", "iso-2022-jp"}
# Candidates if no charset is declared: those that occur in real pages and files without a label.
_GUESSES = [
    *("cp949", "cp932", "euc_jp", "gb18030", "big5", "cp1252", "cp1250", "cp1251", "koi8_r", "koi8_u", "cp1253", "cp1254", "cp1255"),
    *("cp1256", "cp1257", "cp1258", "cp874", "iso8859_2", "cp866"),
]
_WIDE_GUESSES = ["utf_16_le", "utf_16_be"]
_HIGH = bytes(range(128, 256))
# Candidates for the same alphabet as windows-1252, which is by far the most frequent. A few letters
# are not enough to decide between them.
_LIKE_WESTERN = {"windows-1250", "windows-1254", "windows-1257", "windows-1258", "iso-8859-2"}
_FEW_LETTERS = 8


def python_codec(name: str) -> str:
    """Return Python's codec for a charset named by `decode_bytes`."""
    return _LABELS[name][1]


def decode_bytes(payload: bytes, header_charset: str = "") -> tuple[str, str]:
    """Decode a page or file; return the text and the charset. Never raises.

    `header_charset` is the charset declared by the transport (HTTP `Content-Type`). Invalid bytes
    become U+FFFD.
    """
    data, bom = EncodingDetector.strip_byte_order_mark(payload)
    if bom:
        name, codec = _resolve(bom) or ("utf-8", "utf-8")
        return data.decode(codec, "replace"), name
    if order := _utf16_without_bom(payload):
        return payload.decode(f"utf-16-{order}", "replace"), f"utf-16{order}"
    payload = _without_surrogates(payload)
    utf8 = _strict(payload, "utf-8")
    if utf8 is not None and payload.isascii() and b"\x1b$" not in payload:
        return utf8, "utf-8"
    declared = _resolve(header_charset)
    if declared is None:
        declared = _resolve(EncodingDetector.find_declared_encoding(payload[:HEAD_BYTES], is_html=True) or "")
        if declared and declared[0].startswith("utf-16"):
            # A page that declares UTF-16 in ASCII is not UTF-16: the standard decodes it as UTF-8.
            declared = ("utf-8", "utf-8")
    if utf8 is not None and not (declared and declared[0] in _MULTIBYTE):
        # Well-formed multi-byte UTF-8 is not a coincidence, whatever single-byte charset a page
        # declares.
        return utf8, "utf-8"
    if utf8 is not None and declared and not payload.isascii():
        # Bytes that are valid in both. A few may be anything, but many well-formed sequences are
        # UTF-8, and so are bytes that are invalid in the declared charset.
        if _is_no_accident(utf8) or (text := _strict(payload, declared[1])) is None:
            return utf8, "utf-8"
        return text, declared[0]
    if declared and (text := _nearly(payload, declared[1])) is not None:
        return text, declared[0]
    if utf8 is not None:
        return utf8, "utf-8"
    text = _HALVES.sub("\ufffd".encode(), payload).decode("utf-8", "replace")
    bad = text.count("\ufffd")
    # Two well-formed sequences per invalid byte: no other charset looks like that, so this is
    # damaged UTF-8.
    if len(text) - bad - len(text.encode("ascii", "ignore")) >= 2 * bad:
        return text, "utf-8"
    detected = _detect(payload)
    if detected and (text := _nearly(payload, detected[1])) is not None:
        return text, detected[0]
    return payload.decode("cp1252", "replace"), "windows-1252"


def _is_no_accident(text: str) -> bool:
    """Return whether valid UTF-8 is certain to be UTF-8.

    The alternative is a charset with two bytes per character: one in four of its characters looks
    like a two-byte sequence, but almost none like a three-byte sequence. Letters of Latin alphabets
    and adjacent punctuation are such sequences as well.
    """
    if not _NOT_WESTERN.search(text):
        return True
    long = sum(1 for _ in islice(_THREE_BYTES.finditer(text), 2))
    short = sum(1 for _ in islice(_TWO_BYTES.finditer(text), 5))
    return 5 * long + 2 * short >= 10


_NOT_WESTERN = re.compile("[^\0-\x7f\u00a0-\u017f\u2010-\u2026\u20ac\u2122]")
_TWO_BYTES, _THREE_BYTES = re.compile("[\u0080-\u07ff]"), re.compile("[\u0800-\U0010ffff]")
_PAIRS = re.compile(rb"\xed([\xa0-\xaf])([\x80-\xbf])\xed([\xb0-\xbf])([\x80-\xbf])")
_HALVES = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")


def _without_surrogates(payload: bytes) -> bytes:
    """Convert CESU-8 to UTF-8, if the result is valid.

    CESU-8 has three bytes for each surrogate of a pair (Java, MySQL).
    """
    if b"\xed" not in payload or not _PAIRS.search(payload):
        return payload
    whole = _PAIRS.sub(_pair, payload)
    # In another charset, the same bytes are letters: the surrounding bytes must be UTF-8, except
    # for a few.
    text = _HALVES.sub(b"?", whole).decode("utf-8", "replace")
    bad = text.count("\ufffd")
    return whole if len(text) - bad - len(text.encode("ascii", "ignore")) >= 2 * bad else payload


def _pair(match: re.Match[bytes]) -> bytes:
    high, high_low, low, low_low = (one[0] & 63 for one in match.groups())
    return chr(0x10000 + (((high & 15) << 6 | high_low) << 10) + ((low & 15) << 6 | low_low)).encode()


def _detect(payload: bytes) -> tuple[str, str] | None:
    # The detector that bs4's UnicodeDammit uses if no other is installed. UnicodeDammit prefers
    # cchardet or chardet if a machine has them, and records must not depend on that.
    sample = _around_first_high_byte(payload)
    # Latin letters of one byte each would be Chinese if read in pairs.
    wide = len(sample.translate(None, _HIGH)) < 0.75 * len(sample)
    best = charset_normalizer.from_bytes(sample, cp_isolation=[*_GUESSES, *_WIDE_GUESSES] if wide else _GUESSES).best()
    guess = _resolve(best.encoding) if best is not None else None
    if guess and guess[0] in _LIKE_WESTERN and len(sample) - len(sample.translate(None, _HIGH)) < _FEW_LETTERS:
        return _LABELS["windows-1252"]
    return guess


def _around_first_high_byte(payload: bytes) -> bytes:
    # A page may begin with 100 kB of ASCII script: start the sample shortly before the first
    # informative byte.
    first = re.search(rb"[\x80-\xff]", payload)
    start = max(0, first.start() - 512) if first else 0
    sample = payload[start : start + HEAD_BYTES]
    cut = max(sample.rfind(b"\n"), sample.rfind(b">"), sample.rfind(b" "))
    return sample[:cut] if cut > len(sample) // 2 else sample


def _strict(payload: bytes, codec: str) -> str | None:
    try:
        return payload.decode(codec)
    except UnicodeError:
        return None


def _nearly(payload: bytes, codec: str) -> str | None:
    """Return the text if nearly all bytes outside ASCII fit the charset.

    Real pages contain a bad byte now and then.
    """
    text = _strict(payload, codec)
    if text is not None:
        return text
    text = payload.decode(codec, "replace")
    high = len(payload) - len(payload.translate(None, _HIGH))
    return text if text.count("\ufffd") * 50 <= high + 50 else None


def _resolve(label: str) -> tuple[str, str] | None:
    """Return (name for the record, Python codec) of a charset label.

    None if there is no such charset for text.
    """
    label = label.strip().lower()
    if label in _LABELS:
        return _LABELS[label]
    try:
        return _CODECS.get(codecs.lookup(label).name)
    except (LookupError, ValueError):  # ValueError: a label with a NUL in it
        return None


# Characters of text in scripts that need one unit of UTF-16.
_WRITTEN = re.compile(
    "[\t\n\r -~\u00a0-\u017f\u0370-\u052f\u0531-\u058f\u05b0-\u05f4\u0600-\u06ff\u0900-\u0d7f\u0e01-\u0e5b\u10a0-\u10ff\u1e00-\u1eff"
    "\u200b-\u2069\u20a0-\u20bf\u2116\u2122\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3\ufeff\uff01-\uff65]"
)
# Characters that every such text contains, and that other bytes rarely produce: blanks, digits,
# full stops, kana.
_ANCHORS = re.compile("[\t\n\r -~\u3001-\u301f\u3041-\u30fe\uff01-\uff60]")
_ALPHABETS = re.compile("[\u0370-\u03ff\u0400-\u045f\u05d0-\u05ea\u0620-\u06d3\u0900-\u097f\u0e01-\u0e5b\u10d0-\u10ff]")
_HAN, _HANGUL = re.compile("[\u4e00-\u9fff]"), re.compile("[\uac00-\ud7a3]")
_SAMPLE_BYTES = 2048
_LEAST_SAMPLE_BYTES = 16


def _utf16_without_bom(head: bytes) -> Literal["le", "be", ""]:
    """Return the byte order of UTF-16 without byte-order mark, else ""."""
    sample = head[:512]
    if len(sample) < 8:
        return ""
    even, odd = sample[::2].count(0) * 2 / len(sample), sample[1::2].count(0) * 2 / len(sample)
    if even > 0.7 and odd < 0.1:
        return "be"
    if odd > 0.7 and even < 0.1:
        return "le"
    # Neither Latin text nor, by a sample, anything else: UTF-8 has no such control characters.
    if not len(sample.translate(None, _CONTROL)) < len(sample) and _begins_as_utf8(sample):
        return ""
    if len(head) < _LEAST_SAMPLE_BYTES:
        return ""
    sample = head[: min(_SAMPLE_BYTES, len(head)) & ~1]
    best: tuple[int, Literal["le", "be", ""]] = (0, "")
    orders: tuple[Literal["le", "be"], ...] = ("le", "be")
    for order in orders:
        text = sample.decode(f"utf-16-{order}", "replace")
        written, anchors, letters = (len(pattern.findall(text)) for pattern in (_WRITTEN, _ANCHORS, _ALPHABETS))
        # No text has as many Chinese characters as Korean syllables; other bytes, if read as
        # UTF-16, yield both.
        mixed = min(len(_HAN.findall(text)), len(_HANGUL.findall(text))) > 0.1 * len(text)
        if (
            not mixed
            and written >= 0.97 * len(text)
            and (anchors >= 0.04 * len(text) or letters >= 0.9 * len(text))
            and anchors + letters > best[0]
        ):
            best = (anchors + letters, order)
    return best[1]


def _begins_as_utf8(sample: bytes) -> bool:
    """Return whether bytes are UTF-8, except for a truncated last character."""
    try:
        codecs.utf_8_decode(sample, "strict", False)
    except UnicodeDecodeError:
        return False
    return True


def _suffix(name: str) -> str:
    return name.rpartition(".")[2].lower()


def _first_value(text: str) -> tuple[object, bool]:
    """Return the JSON value on the first line, else _NOTHING.

    Also returns whether other lines follow.
    """
    if text[:1] not in ("{", "["):
        return _NOTHING, False
    line, _, rest = text.partition("\n")
    try:
        return json.loads(line, strict=False), bool(rest.strip())
    except (ValueError, RecursionError):
        return _NOTHING, bool(rest.strip())


def is_list_of_rows(value: object) -> bool:
    """Return whether a JSON value is a list that begins with an object."""
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)
