"""Mail, saved pages (MHTML) and mbox files: one document per message."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32

import orjson

from newsbeam.inputs.formats.base import InputFormat, ReadContext, Unreadable, megabytes
from newsbeam.transforms.decode import binary, decode_bytes
from newsbeam.transforms.document import Raw
from newsbeam.transforms.fields import author_of, iso_date_of
from newsbeam.transforms.structure import is_from_line
from newsbeam.transforms.text import scrub

_MAX_PARTS = 1000
_FROM = b"From "
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.M)


class Mail(InputFormat):
    """A mail (.eml), or a page that a browser saved as one file (.mhtml)."""

    def read(self, context: ReadContext, stream: io.BufferedReader) -> Iterator[Raw]:
        payload = stream.read(context.max_bytes + 1)
        if len(payload) > context.max_bytes:
            raise Unreadable(f"{context.path} is a mail of more than {megabytes(context.max_bytes)}; raise --max-document-mb")
        yield _message(Raw(context.path, payload, source=context.collection))


class Mailbox(InputFormat):
    """A Unix mailbox: each mail follows a line that begins with "From "."""

    def read(self, context: ReadContext, stream: io.BufferedReader) -> Iterator[Raw]:
        number, size = 0, 0
        lines: list[bytes] = []
        blank = True
        while line := stream.readline(context.max_bytes):
            if blank and line.startswith(_FROM) and is_from_line(line.decode("latin-1").rstrip("\r\n")):
                if number:
                    yield self._mail(context, number, lines, size)
                number, size, lines = number + 1, 0, []
                continue
            blank = not line.strip()
            size += len(line)
            if size <= context.max_bytes:
                lines.append(line)
        if number:
            yield self._mail(context, number, lines, size)

    def _mail(self, context: ReadContext, number: int, lines: list[bytes], size: int) -> Raw:
        if size > context.max_bytes:
            return context.raw(number, b"", form="item", error=context.too_large(f"{context.path}#{number} is a mail of more than"))
        return _message(context.raw(number, _QUOTED_FROM.sub(rb"\1", b"".join(lines))))


def _message(raw: Raw) -> Raw:
    """Extract the document of a message, with the fields in its headers."""
    try:
        message = BytesParser(policy=compat32).parsebytes(raw.payload)
        part = _main_part(message)
        if part is None:
            return replace(raw, payload=b"", form="item", drop="mail without text")
        content = part.get_payload(decode=True)
        if not isinstance(content, bytes):
            content = b""
        text, _ = decode_bytes(content, part.get_content_charset() or "")
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:  # the parser of the standard library has bugs
        return replace(raw, payload=b"", form="item", error=f"ReadError: {raw.origin} is an invalid mail: {error}")
    is_page = part.get_content_type() != "text/plain"
    saved = message.get("Snapshot-Content-Location") is not None or message.get_content_type() == "multipart/related"
    date = iso_date_of(_header(message, "Date"))
    item = {
        "html" if is_page else "text": text,
        "url": _url(message, part),
        # A saved page has its own title. The time of saving is not the time of publication, but
        # better than none.
        "title": "" if saved and re.search(r"<title\b", text, re.I) else _header(message, "Subject"),
        "date": "" if saved else date,
        "author": "" if saved else author_of(_header(message, "From")),
        "language": _header(part, "Content-Language") or _header(message, "Content-Language"),
        "id": "" if saved else _header(message, "Message-ID").strip("<> "),
    }
    return replace(raw, payload=orjson.dumps({key: value for key, value in item.items() if value}), form="item", date=date if saved else "")


def _main_part(message: Message) -> Message | None:
    """Return the part to read: the root of a multipart, HTML before plain text."""
    start = str(message.get_param("start") or "")
    pages: list[Message] = []
    texts: list[Message] = []
    for count, part in enumerate(message.walk()):
        if count > _MAX_PARTS:
            break
        if part.is_multipart() or part.get_content_disposition() == "attachment":
            continue
        kind = part.get_content_type()
        if kind in ("text/html", "application/xhtml+xml"):
            if start and part.get("Content-ID") == start:
                return part
            pages.append(part)
        elif kind == "text/plain":
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes) and payload.strip() and not binary(payload):
                texts.append(part)
    return next(iter(pages or texts), None)


def _url(message: Message, part: Message) -> str:
    names = ((message, "Snapshot-Content-Location"), (part, "Content-Location"), (message, "Content-Base"), (message, "Archived-At"))
    for holder, name in names:
        url = _header(holder, name).strip("<> ")
        if re.match(r"https?://", url):
            return url
    return ""


def _header(message: Message, name: str) -> str:
    """Return a header, decoded, or ""."""
    raw = next((str(value) for key, value in message.raw_items() if key.lower() == name.lower()), "")
    if not raw.isascii():
        raw = decode_bytes(raw.encode("utf-8", "surrogateescape"))[0]  # bytes that the parser could not decode
    try:
        text = str(make_header(decode_header(raw)))
    except (LookupError, ValueError, HeaderParseError):
        text = raw
    return scrub(" ".join(text.split()))
