"""The private names of Beam that newsbeam uses exist, and are used in one module only."""

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path

import newsbeam.beam_compat

# module, name, and the words of its source that `beam_compat` relies on
RELIED_ON = [
    ("apache_beam.options.pipeline_options", "_BeamArgumentParser", "(argparse.ArgumentParser)"),
    ("apache_beam.options.pipeline_options", "PipelineOptions", "def _add_argparse_args(cls, parser"),
    ("apache_beam.options.pipeline_options", "PipelineOptions", "PipelineOptions.__subclasses__()"),
    ("apache_beam.runners.portability.portable_runner", "PipelineResult", "self._job_id = "),
    ("apache_beam.runners.portability.portable_runner", "PipelineResult", f"name='{newsbeam.beam_compat.READER_THREAD}'"),
    ("apache_beam.io.gcp.pubsub", "PubsubMessage", "def _from_message(msg"),
    ("apache_beam.runners.direct.direct_runner", "_DirectReadFromPubSub", "(PTransform)"),
    (
        "apache_beam.runners.direct.transform_evaluator",
        "TransformEvaluatorRegistry",
        "self._evaluators.update(self._test_evaluators_overrides)",
    ),
    ("apache_beam.runners.direct.transform_evaluator", "TransformResult", "self.keyed_watermark_holds = "),
    ("apache_beam.runners.direct.transform_evaluator", "_TransformEvaluator", "self._applied_ptransform = "),
    ("apache_beam.runners.direct.transform_evaluator", "_PubSubReadEvaluator", "self._sub_name"),
    ("apache_beam.runners.direct.transform_evaluator", "_PubSubReadEvaluator", "def _get_subscriber_client(cls, transform)"),
    ("apache_beam.runners.direct.transform_evaluator", "_PubSubReadEvaluator", "def _read_from_pubsub(\n      self, timestamp_attribute"),
    ("apache_beam.runners.direct.transform_evaluator", "_PubSubReadEvaluator", "self._read_from_pubsub(self.source.timestamp_attribute)"),
    ("apache_beam.runners.direct.transform_evaluator", "_PubSubReadEvaluator", "def finish_bundle(self)"),
]


def test_beam_has_what_newsbeam_uses_of_its_private_api():
    changed = []
    for module, name, words in RELIED_ON:
        found = getattr(importlib.import_module(module), name, None)
        if found is None:
            changed.append(f"{module}.{name} is gone")
        elif words not in inspect.getsource(found):
            changed.append(f"{module}.{name} has no {words!r}")
    assert changed == [], "a new Beam: adapt pipeline/beam_compat.py"


PIPELINE = Path(newsbeam.beam_compat.__file__).parent
ELSEWHERE = [
    path for path in PIPELINE.rglob("*.py") if "transforms" not in path.relative_to(PIPELINE).parts and path.name != "beam_compat.py"
]


def test_no_other_module_uses_it():
    names = {word for _, name, words in RELIED_ON for word in (name, *words.replace("(", " ").replace(".", " ").split()) if word[:1] == "_"}
    assert {"_job_id", "_from_message", "_BeamArgumentParser", "_PubSubReadEvaluator"} <= names
    assert len(ELSEWHERE) > 80
    used = {
        f"{path.relative_to(PIPELINE)}:{node.lineno} {node.attr}"
        for path in ELSEWHERE
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in names
    }
    assert used == set()
