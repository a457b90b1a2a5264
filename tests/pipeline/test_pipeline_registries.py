"""Adding a runner, an output format or an input format is one module and one line in a registry."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsbeam import errors
from newsbeam.cli.main import main
from newsbeam.runners import registry

RECIPE = "processors: []\n"


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose modules can be imported, with a recipe and an input."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    (tmp_path / "in.jsonl").write_text('{"text": "One."}\n{"text": "Two."}\n')
    return tmp_path


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The help text of a command, on one line."""
    with pytest.raises(SystemExit):
        main([*words, "--help"])
    return " ".join(capsys.readouterr().out.split())


# --- runners --------------------------------------------------------------------------------------------------------

TOY_RUNNER = """
from pathlib import Path
from newsbeam.runners.base import RunnerDefinition

def preset(options):
    Path("preset.txt").write_text(str(sorted(options)))
    return {"job_name": "toy"}

RUNNER = RunnerDefinition("toy", beam_name="FnApiRunner", preset=preset, local=True)
"""


@pytest.fixture
def toy_runner(modules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (modules / "toy_runner.py").write_text(TOY_RUNNER)
    monkeypatch.setitem(registry.RUNNERS, "toy", "toy_runner:RUNNER")


@pytest.mark.usefixtures("toy_runner")
def test_a_new_runner(modules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "direct, prism, flink, spark, dataflow, toy" in shown(capsys, "run")
    words = ["run", "in.jsonl", "-o", "out", "-r", "recipe.yaml", "--runner", "toy", "--max_num_workers", "2"]
    assert main(words) == 0, capsys.readouterr().err
    assert capsys.readouterr().out.endswith("read 2 = written 2 + dropped 0 + failed 0\n")
    assert (modules / "preset.txt").read_text() == "['max_num_workers']"


@pytest.mark.usefixtures("toy_runner")
def test_what_a_new_runner_does_not_define_it_cannot_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--source", "kafka://h:1/t", "-o", "out", "--runner", "toy"]) == 2
    assert "Beam's toy runner cannot read Kafka; use --runner prism or flink or dataflow" in capsys.readouterr().err
    assert main(["run", "in.jsonl", "-o", "out", "--runner", "toy", "--dry_run=True"]) == 2
    assert "--dry_run requires --runner dataflow (got toy)" in capsys.readouterr().err
    assert main(["run", "in.jsonl", "-o", "out", "--runner", "toi"]) == 2
    assert "did you mean 'toy'?" in capsys.readouterr().err


def test_every_entry_of_the_registry_of_runners() -> None:
    assert [one.name for one in registry.all_definitions()] == list(registry.RUNNERS)
    assert len({one.beam_name for one in registry.all_definitions()}) == len(registry.RUNNERS)


def test_a_runner_by_the_name_of_beam_keeps_what_its_jobs_need() -> None:
    flink = registry.find_definition("FlinkRunner")
    ours = registry.find_definition("flink")
    assert (flink.kafka, flink.cluster) == (ours.kafka, ours.cluster)
    assert flink.preset is not ours.preset
    assert not flink.retryable
    with pytest.raises(errors.RunnerUnavailable, match="unknown runner"):
        registry.find_definition("nothing")
