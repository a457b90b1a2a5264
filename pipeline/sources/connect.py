"""Reading messages in a Beam pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from newsbeam.sources import kafka
from newsbeam.sources.message import Message
from newsbeam.sources.uri import Kafka, PubSub

if TYPE_CHECKING:
    from apache_beam.io.gcp.pubsub import PubsubMessage


def read(pipeline: Any, source: Kafka | PubSub, service: kafka.Service | None = None) -> Any:
    """Read a source with Beam's connector: a PCollection of timed Messages.

    Args:
        pipeline: the pipeline.
        source: the topic or subscription.
        service: for Kafka, the expansion service of `newsbeam.sources.kafka.connector`.
    """
    import apache_beam as beam

    if isinstance(source, PubSub):
        from apache_beam.io.gcp.pubsub import ReadFromPubSub

        where = {"topic": source.path} if "/topics/" in source.path else {"subscription": source.path}
        return pipeline | "read" >> ReadFromPubSub(with_attributes=True, **where) | "messages" >> beam.Map(_from_pubsub, source.path)
    assert service is not None
    config = {
        "bootstrap.servers": source.servers,
        # Offsets are never committed. A committed offset would mark a message as done while its
        # window is still in the runner's memory, and a run that resumed there would lose it. Each
        # run starts at the beginning of the topic and skips what has been written.
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
