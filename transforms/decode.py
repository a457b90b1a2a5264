"""From bytes to a document: what kind of content it is, in which charset, and the fields its container knows.

The kind is decided by what is inside; the file's suffix only breaks ties. The charset is the byte-order mark's, else
what the page or its headers declare, else detected; labels mean what the WHATWG Encoding Standard says they mean
(`iso-8859-1` is windows-1252, `euc-kr` is its superset cp949).
"""

from __future__ import annotations

import codecs
import json
import re
from hashlib import sha256
from typing import Any, Literal

import charset_normalizer
import orjson
from bs4.dammit import EncodingDetector

from transforms.document import Document, Dropped, Metadata, Raw

Container = Literal["jsonl", "warc", "parquet", "gzip", "zstd", "bzip2", ""]

HEAD_BYTES = 1 << 16
"""How much of an input's beginning is enough to tell its kind."""


class DecodeError(ValueError):
    """The input is no document: binary, or JSON without the fields that newsbeam reads. The message says the cure."""


_CONTAINERS: tuple[tuple[re.Pattern[bytes], Container], ...] = (
    (re.compile(rb"\x1f\x8b"), "gzip"),
    (re.compile(rb"\x28\xb5\x2f\xfd"), "zstd"),
    (re.compile(rb"BZh[1-9](?:1AY|\x17\x72\x45)"), "bzip2"),
    (re.compile(rb"PAR1"), "parquet"),
    (re.compile(rb"WARC/\d\.\d\r?\n"), "warc"),
)
# Signatures of what people meet under a wrong suffix; the name goes into the dead letter.
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
)
_BOMS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CONTROL = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1b")) + b"\x7f"
_HTML_START = re.compile(r"\s*(?:<\?xml[^>]*>\s*|<!--(?:[^-]|-(?!->))*-->\s*){0,9}<(?:!doctype\s+html|html|head|body)\b", re.I)
_HTML_TAG = re.compile(
    r"</?(?:p|div|br|a|span|ul|li|h[1-6]|table|td|meta|title|article|section|script|link|img|body|main)(?:\s[^<>]*)?/?>", re.I
)
# Fewer tags than this in a file that is called text are text that talks about tags, or a stray <b>.
_TAGS_IN_TEXT = 8


def container(head: bytes, name: str = "") -> Container:
    """What kind of container an input is, from its first bytes (`HEAD_BYTES` are plenty) and, where they leave it open, its
    name; "" where it is a document by itself (HTML, text, or nothing that can be read).
    """
    for magic, kind in _CONTAINERS:
        if magic.match(head):
            return kind
    stripped = head.lstrip(b"\xef\xbb\xbf \t\r\n") if head[:1] in b"{\xef \t\r\n" else head
    if stripped.startswith(b"{"):
        return "jsonl" if _looks_like_jsonl(stripped, name) else ""
    # A file called JSON lines whose first line is none has a bad line, unless it is something else altogether.
    called = _suffix(name) in ("jsonl", "ndjson") and bool(stripped)
    return "jsonl" if called and not binary(head) and not is_markup(head.decode("latin-1"), name) else ""


def binary(head: bytes) -> str:
    """What kind of binary this is ("a PDF"), or "" where it is text in some charset."""
    for magic, what in _SIGNATURES:
        if head.startswith(magic):
            return what
    if head.startswith(b"RIFF") and head[8:12] in (b"WAVE", b"WEBP", b"AVI "):
        return "an image, sound or film"
    if head.startswith(_BOMS) or _utf16_without_bom(head):
        return ""
    sample = head[:HEAD_BYTES]
    controls = len(sample) - len(sample.translate(None, _CONTROL))
    # Text has a stray control character at most; compressed or compiled data has one in ten.
    return "binary data" if controls > 8 and controls * 50 > len(sample) else ""


def is_markup(text: str, name: str = "") -> bool:
    """Whether `text` (its beginning is enough) is HTML rather than prose; `name` is the file's name."""
    if "<" not in text:
        return False
    if _HTML_START.match(text[:HEAD_BYTES]):
        return True
    enough = 1 if _suffix(name) in ("html", "htm", "xhtml") else _TAGS_IN_TEXT
    return any(count >= enough for count, _ in enumerate(_HTML_TAG.finditer(text[:HEAD_BYTES]), 1))


def decode(raw: Raw, added: str = "", processed_by: str = "") -> Document | Dropped:
    """The document in an input; Dropped where it is empty or of a media type that is not read.

    `added` is when the run is, `processed_by` what the record will name as its maker.
    Raises DecodeError where the input is no document.
    """
    if raw.form == "json":
        return _from_json(raw, added, processed_by)
    media_type, _, parameters = raw.content_type.partition(";")
    media_type = media_type.strip().lower()
    if raw.form == "http" and media_type and not re.fullmatch(r"text/(?:html|plain)|application/xhtml\+xml", media_type):
        return Dropped("decode", f"media type {media_type}")
    if not raw.payload.strip(b"\0\xff\xfe\xef\xbb\xbf \t\r\n"):  # byte-order marks and blanks, also in UTF-16
        return Dropped("decode", "empty")
    if what := binary(raw.payload[:HEAD_BYTES]):
        raise DecodeError(f"{raw.origin} is {what}, not text; convert it to HTML or text first, or leave it out")
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


def _document(
    raw: Raw,
    text: str,
    markup: bool,
    encoding: str,
    added: str,
    processed_by: str,
    *,
    url: str,
    title: str = "",
    created: str = "",
    input_id: str = "",
) -> Document:
    return Document(
        text=text,
        markup=markup,
        id="sha256:" + sha256(text.encode() + b"\n" + url.encode()).hexdigest(),
        source=raw.source,
        added=added,
        url=url,
        title=title,
        created=created,
        declared_language=raw.content_language,
        metadata=Metadata(
            origin=raw.origin,
            input_id=input_id,
            media_type="text/html" if markup else "text/plain",
            encoding=encoding,
            bytes=len(raw.payload),
            sha256=raw.sha256 or sha256(raw.payload).hexdigest(),
            processed_by=processed_by,
        ),
    )


def _from_json(raw: Raw, added: str, processed_by: str) -> Document | Dropped:
    try:
        row = orjson.loads(raw.payload)
        if isinstance(row, dict) and isinstance(row.get("id"), float):
            row["id"] = _lenient(raw, orjson.JSONDecodeError("", "", 0))["id"]  # an integer beyond 64 bits, digits and all
    except orjson.JSONDecodeError as error:
        row = _lenient(raw, error)
    if not isinstance(row, dict):
        raise DecodeError(f"{raw.origin} is a JSON {type(row).__name__}, not an object with `text` or `html`")
    text, html = row.get("text"), row.get("html")
    is_html = not isinstance(text, str) or (not text.strip() and isinstance(html, str))
    content = html if is_html else text
    if not isinstance(content, str):
        keys = ", ".join(map(str, list(row)[:8])) or "none"
        raise DecodeError(f"{raw.origin} has neither a `text` nor an `html` string; its keys: {keys}")
    if not content.strip():
        return Dropped("decode", "empty")
    return _document(
        raw,
        _scrub(content),
        is_html or is_markup(content),
        "utf-8",
        added,
        processed_by,
        url=_field(row, "url"),
        title=_field(row, "title"),
        created=_field(row, "date"),
        input_id=_field(row, "id"),
    )


def _lenient(raw: Raw, error: orjson.JSONDecodeError) -> Any:
    # Python's own parser takes what orjson refuses and real files hold: NaN, lone surrogates, a byte-order mark.
    try:
        return json.loads(raw.payload.decode("utf-8-sig"))
    except UnicodeDecodeError as bad:
        raise DecodeError(f"{raw.origin} is not UTF-8 at byte {bad.start}; JSON lines must be UTF-8: convert the file with iconv") from bad
    except (ValueError, RecursionError):
        raise DecodeError(f"{raw.origin} is no JSON: {error}; each line must be one object") from error


def _field(row: dict[str, Any], key: str) -> str:
    value = row.get(key)
    return "" if value is None or isinstance(value, (dict, list)) else _scrub(str(value)).strip()


def _scrub(text: str) -> str:
    """`text` without lone surrogates, which no encoder writes."""
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


# --- charsets -------------------------------------------------------------------------------------------------------

# name for the record, Python codec, further labels: the encodings of the WHATWG Encoding Standard, chapter 4.2. Pages with a
# label of the right side are written in the superset on the left. No page is in any other charset.
_CHARSETS = (
    ("utf-8", "utf-8", "utf8 ascii us-ascii utf-8-sig unicode-1-1-utf-8 x-unicode20utf8"),
    ("utf-16le", "utf-16-le", "utf-16 utf16 unicode ucs-2 iso-10646-ucs-2 csunicode unicodefeff"),
    ("utf-16be", "utf-16-be", "unicodefffe"),
    ("windows-1252", "cp1252", "iso-8859-1 latin1 latin-1 iso8859-1 iso88591 l1 x-cp1252 iso_8859-1"),
    ("windows-1250", "cp1250", "x-cp1250"),
    ("windows-1251", "cp1251", "x-cp1251"),
    ("windows-1253", "cp1253", "x-cp1253"),
    ("windows-1254", "cp1254", "iso-8859-9 latin5 l5 iso8859-9 iso88599 x-cp1254"),
    ("windows-1255", "cp1255", "x-cp1255"),
    ("windows-1256", "cp1256", "x-cp1256"),
    ("windows-1257", "cp1257", "x-cp1257"),
    ("windows-1258", "cp1258", "x-cp1258"),
    ("windows-874", "cp874", "tis-620 iso-8859-11 iso8859-11 dos-874"),
    ("iso-8859-2", "iso8859-2", "latin2 l2 iso88592 csisolatin2"),
    ("iso-8859-3", "iso8859-3", "latin3 l3 iso88593"),
    ("iso-8859-4", "iso8859-4", "latin4 l4 iso88594"),
    ("iso-8859-5", "iso8859-5", "cyrillic iso88595"),
    ("iso-8859-6", "iso8859-6", "arabic iso88596 asmo-708"),
    ("iso-8859-7", "iso8859-7", "greek greek8 iso88597"),
    ("iso-8859-8", "iso8859-8", "hebrew iso88598 iso-8859-8-i logical visual"),
    ("iso-8859-10", "iso8859-10", "latin6 l6"),
    ("iso-8859-13", "iso8859-13", ""),
    ("iso-8859-14", "iso8859-14", ""),
    ("iso-8859-15", "iso8859-15", "latin9 latin-9 l9"),
    ("iso-8859-16", "iso8859-16", ""),
    ("koi8-r", "koi8-r", "koi koi8 koi8_r"),
    ("koi8-u", "koi8-u", "koi8-ru"),
    ("ibm866", "cp866", "866 dos-866"),
    ("macintosh", "mac-roman", "mac x-mac-roman"),
    ("x-mac-cyrillic", "mac-cyrillic", "x-mac-ukrainian"),
    ("euc-kr", "cp949", "euckr ks_c_5601-1987 ks_c_5601 ksc5601 ksc_5601 ks_c_5601-1989 korean windows-949 uhc ms949"),
    ("shift_jis", "cp932", "shift-jis sjis x-sjis ms_kanji windows-31j ms932 shiftjis"),
    ("euc-jp", "euc_jp", "eucjp x-euc-jp"),
    ("iso-2022-jp", "iso2022_jp", "csiso2022jp"),
    ("gb18030", "gb18030", "gb2312 gbk x-gbk gb_2312-80 chinese csgb2312 ms936 gb_2312"),
    ("big5", "big5hkscs", "big5-hkscs cn-big5 x-x-big5 big5"),
)
_LABELS = {label: (name, codec) for name, codec, labels in _CHARSETS for label in [name, codec, *labels.split()]}
# What Python and the detector call them -> the same.
_CODECS = {codecs.lookup(codec).name: (name, codec) for name, codec, _ in _CHARSETS} | {
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
# What is guessed at when nothing is declared: the charsets that pages and files without a label are really in.
_GUESSES = [
    *("cp949", "cp932", "euc_jp", "gb18030", "big5", "cp1252", "cp1250", "cp1251", "koi8_r", "koi8_u", "cp1253", "cp1254", "cp1255"),
    *("cp1256", "cp1257", "cp1258", "cp874", "iso8859_2", "cp866", "utf_16_le", "utf_16_be"),
]
# Guesses of the same alphabet as windows-1252, between which a few letters do not decide; it is by far the most frequent.
_LIKE_WESTERN = {"windows-1250", "windows-1254", "windows-1257", "windows-1258", "iso-8859-2"}
_FEW_LETTERS = 8


def decode_bytes(payload: bytes, header_charset: str = "") -> tuple[str, str]:
    """The text of a page or file, to the character, and the name of its charset. Never raises.

    `header_charset` is what the transport declared (HTTP `Content-Type`). Bytes that the charset does not know become U+FFFD.
    """
    data, bom = EncodingDetector.strip_byte_order_mark(payload)
    if bom:
        name, codec = _resolve(bom) or ("utf-8", "utf-8")
        return data.decode(codec, "replace"), name
    if _utf16_without_bom(payload):
        little = payload[1:2] == b"\0"
        return payload.decode("utf-16-le" if little else "utf-16-be", "replace"), "utf-16le" if little else "utf-16be"
    utf8 = _strict(payload, "utf-8")
    if utf8 is not None and payload.isascii() and b"\x1b$" not in payload:
        return utf8, "utf-8"
    declared = _resolve(header_charset)
    if declared is None:
        declared = _resolve(EncodingDetector.find_declared_encoding(payload[:HEAD_BYTES], is_html=True) or "")
        if declared and declared[0].startswith("utf-16"):
            # A page that can tell us so in ASCII is not UTF-16: the standard reads it as UTF-8.
            declared = ("utf-8", "utf-8")
    if utf8 is not None and not (declared and declared[0] in _MULTIBYTE):
        # Well-formed multi-byte UTF-8 does not come about by chance, whatever a page says of single bytes.
        return utf8, "utf-8"
    if declared and (text := _nearly(payload, declared[1])) is not None:
        return text, declared[0]
    if utf8 is not None:
        return utf8, "utf-8"
    text = payload.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    # Two well-formed sequences for each bad byte: no other charset looks like that, so this is UTF-8 that was damaged.
    if len(text) - bad - len(text.encode("ascii", "ignore")) >= 2 * bad:
        return text, "utf-8"
    detected = _detect(payload)
    if detected and (text := _nearly(payload, detected[1])) is not None:
        return text, detected[0]
    return payload.decode("cp1252", "replace"), "windows-1252"


def _detect(payload: bytes) -> tuple[str, str] | None:
    # The detector that bs4's UnicodeDammit asks where it is the only one installed; asked directly, since UnicodeDammit
    # prefers cchardet or chardet where a machine has them, and records must not depend on that.
    sample = _around_first_high_byte(payload)
    best = charset_normalizer.from_bytes(sample, cp_isolation=_GUESSES).best()
    guess = _resolve(best.encoding) if best is not None else None
    if guess and guess[0] in _LIKE_WESTERN and len(sample) - len(sample.translate(None, bytes(range(128, 256)))) < _FEW_LETTERS:
        return _LABELS["windows-1252"]
    return guess


def _around_first_high_byte(payload: bytes) -> bytes:
    # A page may open with 100 kB of ASCII script: start the sample a little before the first byte that tells anything.
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
    """The text, if all but a few bytes in a thousand of those outside ASCII fit the charset (real pages have a bad byte)."""
    text = _strict(payload, codec)
    if text is not None:
        return text
    text = payload.decode(codec, "replace")
    high = len(payload) - len(payload.translate(None, bytes(range(128, 256))))
    return text if text.count("\ufffd") * 50 <= high + 50 else None


def _resolve(label: str) -> tuple[str, str] | None:
    """(name for the record, Python codec) of a charset label, or None where there is no such charset for text."""
    label = label.strip().lower()
    if label in _LABELS:
        return _LABELS[label]
    try:
        return _CODECS.get(codecs.lookup(label).name)
    except (LookupError, ValueError):  # ValueError: a label with a NUL in it
        return None


def _utf16_without_bom(head: bytes) -> bool:
    sample = head[:512]
    if len(sample) < 8:
        return False
    even, odd = sample[::2].count(0) * 2 / len(sample), sample[1::2].count(0) * 2 / len(sample)
    return (even > 0.7 and odd < 0.1) or (odd > 0.7 and even < 0.1)


def _suffix(name: str) -> str:
    return name.rpartition(".")[2].lower()


def _looks_like_jsonl(stripped: bytes, name: str) -> bool:
    line = stripped.partition(b"\n")[0]
    if _suffix(name) in ("jsonl", "ndjson"):
        return True
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        # The first line may be longer than what we were shown; then the suffix has to say it.
        return False
    return isinstance(row, dict) and ("text" in row or "html" in row)
