"""`newsbeam plan`: from what one core does to what many documents take."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from newsbeam.config.recipe_parser import parse
from newsbeam.tools import sizing as module
from newsbeam.tools.sizing import RUNNER_PROCESS_MB, Plan, parse_count, plan

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("wanted", "made"),
    [
        ({"documents": 3600, "rate": 1.0}, Plan(3600, 1, 1.0, 1.0, (300 + RUNNER_PROCESS_MB) / 1024)),
        ({"documents": 3_600_000, "rate": 10.0, "hours": 10.0}, Plan(3_600_000, 10, 10.0, 100.0, 10 * (300 + RUNNER_PROCESS_MB) / 1024)),
        ({"documents": 3_600_001, "rate": 10.0, "hours": 10.0}, {"cores": 11}),
        ({"documents": 3_600_000, "rate": 10.0, "cores": 4, "worker_mb": 774}, {"cores": 4, "hours": 25.0, "memory_gb": 4.0}),
        ({"documents": 0, "rate": 1.0}, {"cores": 1, "hours": 0.0}),
    ],
)
def test_sizes(wanted: dict[str, Any], made: Plan | dict[str, Any]) -> None:
    got = plan(**wanted)
    if isinstance(made, Plan):
        assert got == made
    else:
        assert {name: getattr(got, name) for name in made} == made


@pytest.mark.parametrize(
    "wrong", [{"documents": -1, "rate": 1.0}, {"documents": 1, "rate": 0.0}, {"documents": 1, "rate": 1.0, "hours": 0.0}]
)
def test_nothing_to_go_by(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        plan(**wrong)


@pytest.mark.parametrize(
    ("text", "value"),
    [("1M", 10**6), ("100m", 10**8), ("3B", 3 * 10**9), ("3e9", 3 * 10**9), ("1_000,000", 10**6), ("2.5k", 2500), ("7", 7)],
)
def test_numbers(text: str, value: int) -> None:
    assert parse_count(text) == value


@pytest.mark.parametrize("text", ["", "many", "-3", "0", "nan", "1e99", "M"])
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number of documents"):
        parse_count(text)


def test_a_sample_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "Row."}\n' * 20)
    monkeypatch.setattr(module, "SAMPLE_DOCUMENTS", 12)
    sample = module.measure([str(tmp_path)], parse("processors: []"), 1 << 20)
    assert (sample.documents, sample.failed) == (12, 0)
    assert sample.rate > 0
    assert sample.worker_mb > 10


def command(*words: str) -> Any:
    env = {**os.environ, "PYTHONPATH": str(ROOT / ".src")}
    return subprocess.run(
        [sys.executable, "-m", "newsbeam.cli", "plan", *words], env=env, cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_the_command(tmp_path: Path) -> None:
    done = command("3.6M", "--rate", "10", "--hours", "10")
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["documents", "cores", "hours", "core-hours", "memory"],
        ["3,600,000", "10", "10.0", "100.0", "5.4", "GB"],
    ]
    (tmp_path / "a.txt").write_text("One document.")
    (tmp_path / "none.yaml").write_text("processors: []\n")
    done = command("--sample", str(tmp_path / "a.txt"), "--cores", "8", "--recipe", str(tmp_path / "none.yaml"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1 documents: ")
    assert [line.split()[:2] for line in done.stdout.splitlines()[2:]] == [["1,000,000", "8"], ["100,000,000", "8"], ["3,000,000,000", "8"]]


def test_what_fails_in_a_sample_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "Row."}\nno json\n{"url": "no text"}\n')
    (tmp_path / "none.yaml").write_text("processors: []\n")
    done = command("1M", "--sample", str(tmp_path / "a.jsonl"), "--recipe", str(tmp_path / "none.yaml"))
    assert done.stdout.startswith("3 documents (2 of them failed): ")


def test_a_sample_is_measured_on_one_thread(tmp_path: Path) -> None:
    """As workers run; numpy reads the variable when it is loaded, and spins on every core without it."""
    (tmp_path / "a.txt").write_text("One document.")
    (tmp_path / "late.py").write_text(
        "import os\nassert os.environ['OPENBLAS_NUM_THREADS'] == '1'\nfrom newsbeam.transforms.language import Language as Late\n"
    )
    (tmp_path / "late.yaml").write_text("processors: ['late:Late']\n")
    env = {name: value for name, value in os.environ.items() if not name.endswith("NUM_THREADS")}
    words = [sys.executable, "-m", "newsbeam.cli", "plan", "1M", "--sample", "a.txt", "--recipe", "late.yaml"]
    done = subprocess.run(words, env={**env, "PYTHONPATH": str(ROOT / ".src")}, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    early = "import sys; import newsbeam.cli.main, newsbeam.tools.sizing; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", early], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "one of the arguments --sample --rate is required"),
        (["--rate", "0"], "'0' is not a positive number"),
        (["--rate", "5", "--cores", "2", "--hours", "2"], "not allowed with argument"),
        (["some", "--rate", "5"], "'some' is not a number of documents"),
        (["--sample", "nowhere"], "no such file or folder: nowhere"),
    ],
)
def test_a_wrong_plan(words: list[str], said: str) -> None:
    done = command(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
