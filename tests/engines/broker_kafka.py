"""A Kafka broker of one node, its jars from Maven, and what a test does with it: fill a topic, kill it, start it again."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from uuid import uuid4

import clusters
import parts
from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic

MAIN = "kafka.Kafka"


class Kafka:
    """A broker on free ports of this machine, which it keeps: what was written is there when it is started again."""

    def __init__(self, folder: Path) -> None:
        self._java = [parts.java(), "-Xmx256m", "-XX:+UseSerialGC", "-cp", f"{parts.kafka_broker()}/*"]
        self._processes = clusters.Processes(folder)
        self._folder = folder
        port, controller = clusters.free_port(), clusters.free_port()
        self._port = port
        self.address = f"127.0.0.1:{port}"
        folder.mkdir(parents=True, exist_ok=True)
        settings = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            "listeners": f"PLAINTEXT://{self.address},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"PLAINTEXT://{self.address}",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            "log.dirs": str(folder / "data"),
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "1",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "auto.create.topics.enable": "false",
        }
        (folder / "broker.properties").write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
        parts.build([*self._java, "kafka.tools.StorageTool", "format", "-t", "bmV3c2JlYW0tdGVzdHMtMQ", "-c", self._settings])
        self.start()
        try:
            self._producer = Producer({"bootstrap.servers": self.address, "message.timeout.ms": 240_000, "log_level": 0})
        except BaseException:
            self.stop()
            raise

    @property
    def _settings(self) -> str:
        return str(self._folder / "broker.properties")

    def start(self) -> None:
        """Start it, for the first time or again."""
        self._processes.start("broker", [*self._java, MAIN, self._settings])
        try:
            clusters.eventually("the broker does not answer", lambda: self._processes.alive("broker") and self._ready())
        except BaseException:
            self.stop()
            raise

    def _ready(self) -> bool:
        if not clusters.listening(self._port):
            return False
        try:
            AdminClient({"bootstrap.servers": self.address, "log_level": 0}).list_topics(timeout=5)
        except KafkaException:
            return False
        return True

    def kill(self) -> None:
        """`kill -9`."""
        self._processes.kill("broker")

    def stop(self) -> None:
        """End it."""
        self._processes.stop()

    def topic(self, partitions: int = 3) -> str:
        """A new topic."""
        name = f"news-{uuid4().hex}"
        admin = AdminClient({"bootstrap.servers": self.address})  # it gives up what it has begun when it is let go
        admin.create_topics([NewTopic(name, partitions, 1)])[name].result(60)
        return name

    def send(self, topic: str, messages: Iterable[tuple[str, bytes]], pause: float = 0.0) -> None:
        """Send (key, value) messages, `pause` seconds after each, and wait until the broker has them all."""
        for key, value in messages:
            self._producer.produce(topic, key=key.encode(), value=value)
            self._producer.poll(0)
            if pause:
                time.sleep(pause)
        left = self._producer.flush(240)
        assert left == 0, f"{left} messages did not reach the broker"
