"""The command line is the only place that knows argparse; below it there are typed settings."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from newsbeam.cli.main import main
from newsbeam.config import settings
from newsbeam.errors import CommandLineError
from newsbeam.transforms.fields import USUAL_NAMES

BODY = Path(__file__).parents[2] / "pipeline"
BELOW_CLI = sorted(path for path in BODY.rglob("*.py") if not {"cli", "transforms"} & set(path.relative_to(BODY).parts))


def names(tree: ast.AST) -> set[str]:
    """Every module and name that a file imports or mentions."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.update([node.module or "", *(alias.name for alias in node.names)])
        elif isinstance(node, ast.Name):
            found.add(node.id)
    return found


@pytest.mark.parametrize("bad", ["import argparse", "from argparse import Namespace", "def f():\n    import argparse as a"])
def test_the_scan_has_teeth(bad: str) -> None:
    assert {"argparse", "Namespace"} & names(ast.parse(bad))


def test_there_is_something_to_scan() -> None:
    assert {"batch/run.py", "streaming/run.py", "watching/run.py", "tools/explain.py"} <= {
        str(path.relative_to(BODY)) for path in BELOW_CLI
    }


@pytest.mark.parametrize("path", BELOW_CLI, ids=lambda path: str(path.relative_to(BODY)))
def test_nothing_below_the_command_line_knows_argparse(path: Path) -> None:
    assert not {"argparse", "Namespace"} & names(ast.parse(path.read_text(encoding="utf-8")))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The settings of the commands; nothing runs."""
    seen: list[Any] = []
    for command in ("batch.run.run", "batch.replay.replay", "streaming.run.consume", "watching.run.watch"):
        result = None if command == "batch.run.run" else 0
        monkeypatch.setattr(f"newsbeam.{command}", lambda given, result=result: seen.append(given) or result)
    return seen


def test_the_defaults_of_a_run(asked: list[Any]) -> None:
    assert main(["run", "a", "b", "--output", "file:///out"]) == 0
    assert asked == [
        settings.RunSettings(
            inputs=("a", "b"),
            output=settings.OutputSettings("/out", "jsonl", "none"),
            documents=settings.DocumentSettings(None, "", None, 10.0, 32 << 20, USUAL_NAMES, ((200, 299),), None),
            runner=settings.RunnerSettings("direct", {}),
            max_failed=(100.0, True),
            overwrite=False,
            resume=False,
        )
    ]


def test_a_replay_leaves_its_output_open(asked: list[Any]) -> None:
    assert main(["replay", "out", "--resume"]) == 0
    (replay,) = asked
    assert isinstance(replay, settings.ReplaySettings)
    assert (replay.folder, replay.run.inputs, replay.run.output.folder, replay.run.resume) == ("out", (), "", True)


def test_a_stream(asked: list[Any]) -> None:
    words = ["--source", "kafka://h:1/t", "-o", "out", "--runner", "flink", "--parallelism", "3", "--compress", "zstd", "--window", "5"]
    assert main(["run", *words]) == 0
    (stream,) = asked
    assert isinstance(stream, settings.StreamSettings)
    assert (stream.source, stream.window, stream.remember) == ("kafka://h:1/t", 5, 86_400)
    assert stream.runner == settings.RunnerSettings("flink", {"parallelism": 3})
    assert stream.output == settings.OutputSettings("out", "jsonl", "zstd")


def test_a_watch(asked: list[Any]) -> None:
    words = ["--settle", "2", "--rotate-mb", "1", "--metrics-port", "0", "--progress", "json", "--max-document-mb", "2", "-j", "3"]
    words += ["--template", "file:///counted"]
    assert main(["watch", "file:///in", "-o", "out", *words]) == 0
    (watch,) = asked
    assert isinstance(watch, settings.WatchSettings)
    assert (watch.inputs, watch.settle_seconds, watch.rotate_seconds, watch.rotate_bytes) == (("/in",), 2.0, 0.5, 1 << 20)
    assert (watch.progress, watch.metrics_port) == ("json", 0)
    assert (watch.documents.max_bytes, watch.documents.workers, watch.documents.template) == (2 << 20, 3, "/counted")


def test_settings_cannot_change(asked: list[Any]) -> None:
    assert main(["run", "a", "-o", "out"]) == 0
    with pytest.raises(AttributeError):
        asked[0].resume = True
    with pytest.raises((AttributeError, TypeError)):
        asked[0].reusme = True


def test_a_format_that_takes_no_compression() -> None:
    from newsbeam.cli.options import output_settings

    with pytest.raises(CommandLineError, match="--compress zstd does not apply to --format parquet"):
        output_settings("out", "parquet", "zstd")
