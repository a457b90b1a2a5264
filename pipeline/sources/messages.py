"""From messages to raw items.

A message never ends a run. A faulty message becomes a `Raw` with its `error` set, and then a dead
letter that holds the payload, since that may be the only copy. One message is one document or, with
`payload=object`, names objects, which are read like the files of a bounded run.
"""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import orjson
import zstandard

from newsbeam.errors import MissingExtra
from newsbeam.inputs.compression import decompress
from newsbeam.inputs.format_entries import recognise
from newsbeam.inputs.reader import Reader
from newsbeam.inputs.work_units import Source
from newsbeam.sources.message import Message
from newsbeam.sources.notifications import NoObject, named_objects
from newsbeam.sources.uri import Payload
from newsbeam.storage.filesystem import is_remote, printable
from newsbeam.transforms.decode import HEAD_BYTES
from newsbeam.transforms.document import Raw
from newsbeam.transforms.fields import USUAL_NAMES, RowOptions

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class MessageReader:
    """A reader of the raw items in messages.

    Args:
        max_bytes: the largest document.
        collection: the collection of the records.
        objects: the reader of objects that messages name, if they do.
    """

    payload: Payload
    max_bytes: int
    collection: str
    rows: RowOptions = USUAL_NAMES
    objects: Reader | None = None

    def read(self, message: Message) -> Iterator[Raw]:
        """Yield one raw item, or all items in the named objects. Never raises."""
        if self.payload == "document":
            yield self._document(message)
            return
        try:
            named = named_objects(message)
        except NoObject as error:
            yield self._bad(message, "PayloadError", f"{message.origin}: {error}")
            return
        if not named:
            yield Raw(message.origin, message.payload, source=self.collection, inline=True, drop="no object was made")
        for path in named:
            yield from self._object(path)

    def _document(self, message: Message) -> Raw:
        try:
            payload = self._unpacked(message.payload)
        except _TooLarge:
            megabytes = f"{self.max_bytes / (1 << 20):.0f} MB"
            return self._bad(
                message, "ReadError", f"{message.origin} has more than {megabytes}; raise --max-document-mb or send smaller messages"
            )
        except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
            return self._bad(message, "ReadError", f"{message.origin} is truncated or damaged compressed data: {error}; send it again")
        if not payload:
            return self._bad(message, "PayloadError", f"{message.origin} is empty; send HTML, text, or JSON with `text` or `html`")
        kind = recognise(payload[:HEAD_BYTES])
        if kind not in ("", "jsonl", "json"):
            cure = "write it to a file and send its path, with ?payload=object"
            return self._bad(message, "PayloadError", f"{message.origin} contains {kind}, not a single document; {cure}")
        about = {key.lower().replace("_", "-"): printable(value) for key, value in message.attributes}
        return Raw(
            message.origin,
            payload,
            # A payload that begins like JSON is meant as JSON; if it is invalid, it is not text.
            form="json" if _is_json(payload) else "file",
            content_type=about.get("content-type", ""),
            content_language=about.get("content-language", ""),
            url=about.get("url", ""),
            date=about.get("date", ""),
            source=self.collection,
            inline=True,
        )

    def _unpacked(self, payload: bytes) -> bytes:
        """Decompress a payload. Raises _TooLarge and the errors of decompressors."""
        for _ in range(3):
            kind = recognise(payload[:HEAD_BYTES])
            if kind not in ("gzip", "zstd", "bzip2"):
                break
            with decompress(io.BufferedReader(io.BytesIO(payload)), kind) as stream:
                payload = stream.read(self.max_bytes + 1)
        if len(payload) > self.max_bytes:
            raise _TooLarge
        return payload

    def _object(self, path: str) -> Iterator[Raw]:
        try:
            if not is_remote(path) and os.path.exists(path) and not os.path.isfile(path):
                raise OSError(f"{path} is not a file")  # reading a pipe would block
            for raw in (self.objects or Reader(self.max_bytes, rows=self.rows)).records(Source(path, 0, self.collection), []):
                if raw.error.startswith("FileNotFoundError"):
                    raw = replace(raw, error=f"FileNotFoundError: {raw.origin} does not exist, or was deleted")  # noqa: PLW2901
                yield raw
        except (MissingExtra, ValueError, OSError) as error:
            yield Raw(printable(path), b"", source=self.collection, error=f"{type(error).__name__}: {printable(str(error))}")
        except Exception as error:  # noqa: BLE001 - a filesystem's client raises what it likes; a message must not come back for ever
            yield Raw(printable(path), b"", source=self.collection, error=f"{type(error).__name__}: {path}: {printable(str(error))}")

    def _bad(self, message: Message, error: str, why: str) -> Raw:
        return Raw(message.origin, message.payload, source=self.collection, inline=True, error=f"{error}: {why}")


class _TooLarge(Exception):
    """The payload is larger than a document may be."""


def _is_json(payload: bytes) -> bool:
    head = payload[:HEAD_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:1] == b"{":
        return True
    if head[:1] != b"[" or not payload.rstrip().endswith(b"]"):
        return False
    try:
        orjson.loads(payload)
    except orjson.JSONDecodeError:
        return False  # text may begin with a bracket
    return True
