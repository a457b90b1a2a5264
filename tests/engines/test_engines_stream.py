"""The graph without an end on Prism, which is true streaming on one machine: the same as on Beam's own engine for tests."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.test_pipeline import TestPipeline as CheckedPipeline
from apache_beam.testing.test_stream import TestStream as Messages
from apache_beam.transforms.window import TimestampedValue

from newsbeam.config.job import Job, WorkerConfig
from newsbeam.config.recipe_parser import parse
from newsbeam.sources.message import Message
from newsbeam.sources.messages import MessageReader
from newsbeam.streaming.elements import Stream
from newsbeam.streaming.graph import Process

pytestmark = pytest.mark.engines
BASE = int(time.time()) // 60 * 60 - 600


def at(seconds: float, number: int, text: str) -> TimestampedValue:
    return TimestampedValue(Message(f"kafka://news/0@{number}", text.encode(), time=int((BASE + seconds) * 1000)), BASE + seconds)


def files(engine: str, folder: Path, **options: Any) -> dict[str, bytes]:
    """What one engine makes of messages in time, late, twice, broken, and of times that cannot be."""
    messages = (
        Messages()
        .advance_watermark_to(BASE)
        .add_elements([at(number, number, f"Story {number % 12}.") for number in range(20)])
        .add_elements([at(30, 20, '{"text": "cut'), at(31, 21, ""), at(90, 22, "Another window.")])
        .advance_watermark_to(BASE + 65)
        .add_elements([at(40, 23, "Late."), at(41, 24, "Story 3.")])
        .add_elements([at(42, 25, "Later.")])
        .advance_watermark_to_infinity()
    )
    folder.mkdir()
    job = Job(WorkerConfig(parse("processors: [boilerplate, length, language]"), "2026-01-01T00:00:00Z", 5.0, "0"), str(folder), workers=2)
    with CheckedPipeline(runner=engine, options=PipelineOptions([], streaming=True, **options)) as pipeline:
        _ = (
            pipeline
            | messages
            | Process(job, Stream(done=(("kafka://news/0", ([5, 6, 0, 1 << 60],)),)), MessageReader("document", 1 << 20, "news"))
        )
    return {path.name: path.read_bytes() for path in sorted(folder.glob("d*"))}


def test_prism_writes_the_same_files(tmp_path: Path, prism: Path) -> None:
    ours = files("PrismRunner", tmp_path / "prism", prism_location=str(prism))
    assert ours == files("BundleBasedDirectRunner", tmp_path / "direct")
    accounts = sorted(json.loads(path.read_bytes())["account"] for path in (tmp_path / "prism").glob("manifest-*"))
    assert accounts == [
        "read 1 = written 1 + dropped 0 + failed 0",
        "read 20 = written 12 + dropped 6 + failed 2",
        "read 3 = written 2 + dropped 1 + failed 0",
    ]
