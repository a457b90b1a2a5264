"""A Pub/Sub of our own (Google's fake behind its real protocol), built from its Go module, and what a test does with it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import parts

SOURCE = Path(__file__).parent / "pubsub"


def binary() -> Path:
    """The emulator, built where it is not there yet. Raises parts.Missing."""
    folder = parts.cache() / "pubsub-emulator"
    made = folder / "emulator"
    newest = max(path.stat().st_mtime for path in SOURCE.iterdir())
    if not made.exists() or made.stat().st_mtime < newest:
        folder.mkdir(exist_ok=True)
        go = parts.tool("go", "/usr/local/go/bin/go")
        parts.build([go, "build", "-C", str(SOURCE), "-o", str(made), "."])
    return made


class PubSub:
    """The emulator as a process, with a client of its own."""

    def __init__(self) -> None:
        self._process = subprocess.Popen([binary()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.address = self._process.stdout.readline().strip()
        os.environ.update(PUBSUB_EMULATOR_HOST=self.address, NO_GCE_CHECK="true")
        from google.cloud import pubsub  # type: ignore[attr-defined]

        self._publisher, self._subscriber = pubsub.PublisherClient(), pubsub.SubscriberClient()

    def subscription(self) -> tuple[str, str]:
        """A new topic and a subscription to it."""
        name = uuid4().hex
        topic, subscription = f"projects/news-project/topics/t{name}", f"projects/news-project/subscriptions/s{name}"
        self._publisher.create_topic(name=topic)
        self._subscriber.create_subscription(name=subscription, topic=topic, ack_deadline_seconds=10)
        return topic, subscription

    def publish(self, topic: str, *contents: bytes, **attributes: str) -> list[str]:
        """Publish; the messages' ids."""
        futures = [self._publisher.publish(topic, content, **attributes) for content in contents]
        return [str(future.result(30)) for future in futures]

    def deliver_again(self, subscription: str, ids: Sequence[str]) -> None:
        """Take messages' leases away, as if their time were up: they are delivered again. (The fake's ack ids are the messages' own.)"""
        self._subscriber.modify_ack_deadline(subscription=subscription, ack_ids=ids, ack_deadline_seconds=0)

    def left(self, subscription: str) -> list[Any]:
        """Messages that nobody acknowledged, and nobody leases."""
        return list(self._subscriber.pull(subscription=subscription, max_messages=1000, timeout=10, retry=None).received_messages)

    def stop(self) -> None:
        """End the emulator."""
        self._publisher.transport.close()
        self._subscriber.close()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._process.kill()
        self._process.wait()
