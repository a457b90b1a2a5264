"""`--source` URIs."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal
from urllib.parse import parse_qsl, urlsplit

from newsbeam.errors import SourceError
from newsbeam.suggestions import did_you_mean

Payload = Literal["document", "object"]

EXAMPLES = "kafka://HOST:9092/TOPIC, pubsub://projects/P/subscriptions/S or pubsub://projects/P/topics/T"


@dataclass(frozen=True)
class Kafka:
    """A Kafka topic.

    Args:
        servers: host:port, or several of them with commas.
        topic: the topic.
        group: the consumer group.
        payload: the content of messages: documents, or names of objects.
    """

    kind: ClassVar[str] = "kafka"
    label: ClassVar[str] = "Kafka"

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
    """A Pub/Sub subscription, or a topic, to which the runner subscribes.

    `path` is the name as Google Cloud writes it.
    """

    kind: ClassVar[str] = "pubsub"
    label: ClassVar[str] = "Pub/Sub"

    path: str
    payload: Payload = "document"

    @property
    def name(self) -> str:
        """The collection's name."""
        return self.path.rpartition("/")[2]


def parse(uri: str) -> Kafka | PubSub:
    """Parse a `--source` URI. Raises SourceError."""
    scheme, mark, _ = uri.partition("://")
    if not mark:
        raise SourceError(f"--source {uri!r} is not a URI; write {EXAMPLES}")
    if scheme not in ("kafka", "pubsub"):
        near = difflib.get_close_matches(scheme.lower(), ["kafka", "pubsub"], 1)
        hint = f"did you mean {near[0]}://?" if near else f"use {EXAMPLES}; to follow a folder, use `newsbeam watch`"
        raise SourceError(f"--source {uri!r}: {scheme}:// is not supported; {hint}")
    parts = urlsplit(uri)
    known = ["group", "payload"] if scheme == "kafka" else ["payload"]
    options: dict[str, str] = {}
    for key, value in parse_qsl(parts.query, keep_blank_values=True):
        if key not in known:
            hint = did_you_mean(key, known, f"the options are {', '.join(known)}")
            raise SourceError(f"--source {uri!r}: unknown option {key!r}; {hint}")
        if not value or key in options:
            raise SourceError(f"--source {uri!r}: {key} has {'two values' if key in options else 'no value'}")
        options[key] = value
    if parts.fragment:
        raise SourceError(f"--source {uri!r}: #{parts.fragment} is not supported; remove it")
    payload: Payload = "object" if options.get("payload") == "object" else "document"
    if options.get("payload", payload) != payload:
        hint = did_you_mean(options["payload"], ["document", "object"], "use document or object")
        raise SourceError(f"--source {uri!r}: payload={options['payload']}: {hint}")
    return _kafka(uri, parts.netloc, parts.path, options, payload) if scheme == "kafka" else _pubsub(uri, payload)


def _kafka(uri: str, servers: str, path: str, options: Mapping[str, str], payload: Payload) -> Kafka:
    topic = path.strip("/")
    if not servers or not topic:
        missing = "the broker" if not servers else "the topic"
        raise SourceError(f"--source {uri!r}: {missing} is missing; write kafka://HOST:9092/TOPIC")
    for server in servers.split(","):
        host, _, port = server.rpartition(":")
        if not host or not port.isdigit() or not 0 < int(port) < 65536:
            raise SourceError(f"--source {uri!r}: {server!r} needs a port, like {server.partition(':')[0] or 'HOST'}:9092")
    if not re.fullmatch(r"[\w.-]{1,249}", topic, re.ASCII):
        raise SourceError(f"--source {uri!r}: {topic!r} is not a topic name (one topic, with letters, digits and . _ - only)")
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
    raise SourceError(f"--source {uri!r}: write pubsub://projects/P/subscriptions/S or pubsub://projects/P/topics/T")
