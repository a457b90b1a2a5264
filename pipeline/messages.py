"""Messages of a broker: where they are read, and the raw items in them.

A message never ends a run: what is wrong with it becomes a `Raw` with its `error` set, and so a dead letter that holds the
payload, since it may be found nowhere else. One message is one document, or (`payload=object`) the names of objects, each
read as a file of a bounded run is.
"""

from __future__ import annotations

import difflib
import io
import os
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qsl, unquote_plus, urlsplit

import orjson
import zstandard

from pipeline import kafka
from pipeline.files import MissingExtra, remote, shown
from pipeline.find import Source
from pipeline.read import Reader
from pipeline.streams import decompress
from transforms.decode import HEAD_BYTES, container
from transforms.document import Raw
from transforms.fields import USUAL_NAMES, RowOptions

if TYPE_CHECKING:
    from apache_beam.io.gcp.pubsub import PubsubMessage

Payload = Literal["document", "object"]

OLDEST = 30 * 86_400
"""Seconds. A message that claims to be older is given the time at which it came: no broker is asked to keep one for longer."""

EXAMPLES = "kafka://HOST:9092/TOPIC, pubsub://projects/P/subscriptions/S or pubsub://projects/P/topics/T"


class SourceError(ValueError):
    """A `--source` is wrong; the message says what was probably meant."""


@dataclass(frozen=True)
class Kafka:
    """A topic. `servers` is host:port, several with commas; `group` is what the broker knows the reader as."""

    servers: str
    topic: str
    group: str = ""
    payload: Payload = "document"

    @property
    def name(self) -> str:
        """The collection's name."""
        return self.topic


@dataclass(frozen=True)
class PubSub:
    """A subscription, or a topic (for which the engine makes a subscription of its own); `path` as Google Cloud writes it."""

    path: str
    payload: Payload = "document"

    @property
    def name(self) -> str:
        """The collection's name."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True)
class Message:
    """One message: where it came from (`kafka://topic/partition@offset`), what it holds, its headers or attributes.

    `time`, in milliseconds since 1970, is its broker's.
    """

    origin: str
    payload: bytes
    attributes: tuple[tuple[str, str], ...] = ()
    time: int = 0


# --- where ----------------------------------------------------------------------------------------------------------


def parse(uri: str) -> Kafka | PubSub:
    """The source that a `--source` names. Raises SourceError."""
    scheme, mark, _ = uri.partition("://")
    if not mark:
        raise SourceError(f"--source {uri!r} is no URI; it looks like {EXAMPLES}")
    if scheme not in ("kafka", "pubsub"):
        near = difflib.get_close_matches(scheme.lower(), ["kafka", "pubsub"], 1)
        hint = f"did you mean {near[0]}://?" if near else f"there are {EXAMPLES}; a folder that is followed is `newsbeam watch`"
        raise SourceError(f"--source {uri!r}: nothing reads {scheme}://; {hint}")
    parts = urlsplit(uri)
    known = ["group", "payload"] if scheme == "kafka" else ["payload"]
    options: dict[str, str] = {}
    for key, value in parse_qsl(parts.query, keep_blank_values=True):
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}"
            raise SourceError(f"--source {uri!r}: no option {key!r}; {hint}")
        if not value or key in options:
            raise SourceError(f"--source {uri!r}: {key} is given {'twice' if key in options else 'no value'}")
        options[key] = value
    if parts.fragment:
        raise SourceError(f"--source {uri!r}: what does #{parts.fragment} mean?")
    payload: Payload = "object" if options.get("payload") == "object" else "document"
    if options.get("payload", payload) != payload:
        near = difflib.get_close_matches(options["payload"], ["document", "object"], 1)
        hint = f"did you mean {near[0]!r}?" if near else "it is document or object"
        raise SourceError(f"--source {uri!r}: payload={options['payload']}: {hint}")
    return _kafka(uri, parts.netloc, parts.path, options, payload) if scheme == "kafka" else _pubsub(uri, payload)


def _kafka(uri: str, servers: str, path: str, options: Mapping[str, str], payload: Payload) -> Kafka:
    topic = path.strip("/")
    if not servers or not topic:
        missing = "the broker" if not servers else "the topic"
        raise SourceError(f"--source {uri!r}: {missing} is missing; it looks like kafka://HOST:9092/TOPIC")
    for server in servers.split(","):
        host, _, port = server.rpartition(":")
        if not host or not port.isdigit() or not 0 < int(port) < 65536:
            raise SourceError(f"--source {uri!r}: {server!r} needs a port, like {server.partition(':')[0] or 'HOST'}:9092")
    if not re.fullmatch(r"[\w.-]{1,249}", topic, re.ASCII):
        raise SourceError(f"--source {uri!r}: {topic!r} is no topic's name (letters, digits and . _ - only, one topic)")
    return Kafka(servers, topic, options.get("group", ""), payload)


def _pubsub(uri: str, payload: Payload) -> PubSub:
    path = uri.partition("://")[2].partition("?")[0].strip("/")
    words = path.split("/")
    if len(words) == 4 and all(words):
        near = difflib.get_close_matches(words[2], ["subscriptions", "topics"], 1, 0.5)
        if words[0] == "projects" and near and near[0] == words[2]:
            return PubSub(path, payload)
        if near:
            raise SourceError(f"--source {uri!r}: did you mean pubsub://projects/{words[1]}/{near[0]}/{words[3]}?")
    raise SourceError(f"--source {uri!r}: it looks like pubsub://projects/P/subscriptions/S or pubsub://projects/P/topics/T")


def read(pipeline: Any, source: Kafka | PubSub, service: kafka.Service | None = None) -> Any:
    """What is read from a source through Beam's own connector: a PCollection of Messages, with their own times.

    `service`: for Kafka, the one of `pipeline.kafka.connector`.
    """
    import apache_beam as beam

    if isinstance(source, PubSub):
        from apache_beam.io.gcp.pubsub import ReadFromPubSub

        where = {"topic": source.path} if "/topics/" in source.path else {"subscription": source.path}
        return pipeline | "read" >> ReadFromPubSub(with_attributes=True, **where) | "messages" >> beam.Map(_from_pubsub, source.path)
    assert service is not None
    config = {
        "bootstrap.servers": source.servers,
        # Offsets are never committed: they would say that a message is done while its window is held in the engine's memory, and a
        # run that began there would lose it. A run begins with all that the topic holds, and passes over what is written.
        "enable.auto.commit": "false",
        "auto.offset.reset": "earliest",
    }
    if source.group:
        config["group.id"] = source.group
    return kafka.rows(pipeline, config, source.topic, service) | "messages" >> beam.Map(_from_kafka)


def _from_pubsub(message: PubsubMessage, path: str) -> Message:
    attributes = tuple(sorted((str(key), str(value)) for key, value in (message.attributes or {}).items()))
    published = round(message.publish_time.timestamp() * 1000) if message.publish_time else 0
    return Message(f"pubsub://{path}@{message.message_id or ''}", message.data or b"", attributes, published)


def _from_kafka(row: Any) -> Message:
    headers = tuple((str(one.key), (one.value or b"").decode("utf-8", "replace")) for one in row.headers or ())
    return Message(f"kafka://{row.topic}/{row.partition}@{row.offset}", row.value or b"", headers, int(row.timestamp or 0))


# --- what -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MessageReader:
    """The raw items in messages; `max_bytes` is the most that one document may have, `collection` what records say they are of.

    `objects` reads the objects that messages name.
    """

    payload: Payload
    max_bytes: int
    collection: str
    rows: RowOptions = USUAL_NAMES
    objects: Reader | None = None

    def read(self, message: Message) -> Iterator[Raw]:
        """One raw item, or all that the named objects hold. Never raises."""
        if self.payload == "document":
            yield self._document(message)
            return
        try:
            named = _objects(message)
        except _NoObject as error:
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
            return self._bad(message, "ReadError", f"{message.origin} has more than {megabytes}; raise --max-document-mb or send less")
        except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
            return self._bad(message, "ReadError", f"{message.origin} is compressed, and cut short or damaged: {error}")
        if not payload:
            return self._bad(message, "PayloadError", f"{message.origin} is empty; send HTML, text, or JSON with `text` or `html`")
        kind = container(payload[:HEAD_BYTES])
        if kind not in ("", "jsonl", "json"):
            cure = "put it into a file and send its name, with ?payload=object"
            return self._bad(message, "PayloadError", f"{message.origin} is {kind} inside, not one document; {cure}")
        about = {key.lower().replace("_", "-"): shown(value) for key, value in message.attributes}
        return Raw(
            message.origin,
            payload,
            # What begins like JSON is meant to be some: broken, it is no text to be cleaned.
            form="json" if _is_json(payload) else "file",
            content_type=about.get("content-type", ""),
            content_language=about.get("content-language", ""),
            url=about.get("url", ""),
            date=about.get("date", ""),
            source=self.collection,
            inline=True,
        )

    def _unpacked(self, payload: bytes) -> bytes:
        """A payload without its compression. Raises _TooLarge, and what decompressors raise."""
        for _ in range(3):
            kind = container(payload[:HEAD_BYTES])
            if kind not in ("gzip", "zstd", "bzip2"):
                break
            with decompress(io.BufferedReader(io.BytesIO(payload)), kind) as stream:
                payload = stream.read(self.max_bytes + 1)
        if len(payload) > self.max_bytes:
            raise _TooLarge
        return payload

    def _object(self, path: str) -> Iterator[Raw]:
        try:
            if not remote(path) and os.path.exists(path) and not os.path.isfile(path):
                raise OSError(f"{path} is no file")  # a pipe would be waited for
            for raw in (self.objects or Reader(self.max_bytes, rows=self.rows)).records(Source(path, 0, self.collection), []):
                if raw.error.startswith("FileNotFoundError"):
                    raw = replace(raw, error=f"FileNotFoundError: {raw.origin} is not there, or not any more")  # noqa: PLW2901
                yield raw
        except (MissingExtra, ValueError, OSError) as error:
            yield Raw(shown(path), b"", source=self.collection, error=f"{type(error).__name__}: {shown(str(error))}")
        except Exception as error:  # noqa: BLE001 - a filesystem's client raises what it likes; a message must not come back for ever
            yield Raw(shown(path), b"", source=self.collection, error=f"{type(error).__name__}: {path}: {shown(str(error))}")

    def _bad(self, message: Message, error: str, why: str) -> Raw:
        return Raw(message.origin, message.payload, source=self.collection, inline=True, error=f"{error}: {why}")


class _TooLarge(Exception):
    """More than a document may have."""


class _NoObject(Exception):
    """A message that names no object; the message says why."""


def _is_json(payload: bytes) -> bool:
    head = payload[:HEAD_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:1] == b"{":
        return True
    if head[:1] != b"[" or not payload.rstrip().endswith(b"]"):
        return False
    try:
        orjson.loads(payload)
    except orjson.JSONDecodeError:
        return False  # a text may begin with a bracket
    return True


def _objects(message: Message) -> list[str]:
    """The paths and URIs that a notification names; none where it tells of something else than a new object. Raises _NoObject."""
    about = dict(message.attributes)
    if "bucketId" in about and "objectId" in about:
        made = about.get("eventType", "OBJECT_FINALIZE") == "OBJECT_FINALIZE"
        return [f"gs://{about['bucketId']}/{about['objectId']}"] if made else []
    try:
        text = message.payload.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise _NoObject(f"not UTF-8 at byte {error.start}; it has to be a notification or a path") from error
    if not text:
        raise _NoObject("empty; it has to be a notification or a path")
    if not text.startswith("{"):
        if "\0" in text:
            raise _NoObject("no path has a NUL in it")
        return [line.strip().removeprefix("file://") for line in text.splitlines() if line.strip()]
    try:
        row = orjson.loads(text)
        if isinstance(row.get("Message"), str):  # S3 by way of SNS
            row = orjson.loads(row["Message"])
        return _from_notification(row)
    except orjson.JSONDecodeError as error:
        raise _NoObject(f"broken JSON: {error}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise _NoObject("JSON that is no notification of Cloud Storage or S3") from error


def _from_notification(row: Any) -> list[str]:
    """The objects of a notification's JSON. Raises KeyError, TypeError or AttributeError where it is none."""
    if row.get("Event") == "s3:TestEvent":
        return []
    if "Records" in row:
        made = [one for one in row["Records"] if one["eventName"].startswith(("ObjectCreated:", "s3:ObjectCreated:"))]
        # S3 writes keys as in a form: a blank is a plus.
        return [f"s3://{one['s3']['bucket']['name']}/{unquote_plus(one['s3']['object']['key'])}" for one in made]
    if "detail-type" in row:  # S3 by way of EventBridge, which writes keys as they are
        detail = row["detail"]
        return [f"s3://{detail['bucket']['name']}/{detail['object']['key']}"] if row["detail-type"] == "Object Created" else []
    return [f"gs://{row['bucket'] + ''}/{row['name'] + ''}"]
