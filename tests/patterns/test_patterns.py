"""No regular expression of the project takes more than linear time: `pumps.py` says how that is found out, in a process of its own."""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from loading import load

pytestmark = pytest.mark.slow  # as a whole: the other tests are of the program that the first ones run

HERE = Path(__file__).parent
EXCUSED = yaml.safe_load((HERE / "excused.yaml").read_text("utf-8"))
CPU_SECONDS = 1_800  # of the child; it needs a twentieth

pumps = load(HERE / "pumps.py")


@pytest.fixture(scope="module")
def report() -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, str(HERE / "pumps.py")],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS)),
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def _is(entry: dict[str, str], item: dict[str, Any]) -> bool:
    return item["site"].startswith(entry["file"] + ":") and item["line"].startswith(entry["line"])


def test_no_pattern_is_superlinear(report: list[dict[str, Any]]) -> None:
    slow = [item for item in report if "how" in item]
    assert [item for item in slow if not any(_is(entry, item) for entry in EXCUSED["slow"])] == []


def test_every_pattern_is_reached(report: list[dict[str, Any]]) -> None:
    unreached = [item for item in report if "unreached" in item]
    assert [item for item in unreached if not any(_is(entry, item) for entry in EXCUSED["unreached"])] == []
    assert report[-1]["sites"] > 300
    assert report[-1]["patterns"] > 300


def test_no_excuse_is_left_over(report: list[dict[str, Any]]) -> None:
    for key, mark in (("slow", "how"), ("unreached", "unreached")):
        items = [item for item in report if mark in item]
        assert [entry for entry in EXCUSED[key] if not any(_is(entry, item) for item in items)] == []


# Each of a kind that was in the project once, or could be.
SUPERLINEAR = [
    r"[A-Z][\w’'.-]*(?:\s[A-Z][\w’'.-]*){0,3} of\b",
    r"\s+$",
    r"\s*,",
    r"\s*=\s*[\"']?\s*x",
    r"_+\d",
    r"(?:&\w*)+;",
    r"[A-Z][\w’'-]* \(",
    r"(?:[A-Z][\w’'.-]*\s?){2,4} of\b",
    r"(?<![\w-])[A-Z][\w’'-]*[\w](?: [A-Z]\w*)+(?![\w-])",
    r"(?:\w+\s?)*:",
    r"\w+@\w+",
    r"\w\(.*\)",
    r"<!--.*?-->",
    r"“[^”]*”",
    r"[一-鿿]+说",
    r"^\W*[\w.+-]+@$",
    r"(?:a|b|ab)*c",
]
LINEAR = [
    r"(?<!\s)\s+$",
    r"\s{1,20}$",
    r"\w+",
    r"(?<!\w)\w+ \(",
    r"[A-Z][\w’'-]{0,60} \(",
    r"(?<![\w’'.-])[A-Z][\w’'.-]{0,60}(?:\s[A-Z][\w’'.-]{0,60}){0,3} of\b",
    r"(?<!\w)\w[^\W_]*_\w+[,)(]",
    r"\w\((?:[^()\n]|(?<!\w)\()*\)",
    r"“[^“”]*”",
    r"[^\n]+",
]


@pytest.mark.parametrize("pattern", SUPERLINEAR)
def test_a_bad_pattern_is_seen(pattern: str) -> None:
    assert pumps.failures(re.compile(pattern), {"search"}, most=1)


@pytest.mark.parametrize("pattern", LINEAR)
def test_a_good_pattern_passes(pattern: str) -> None:
    assert pumps.failures(re.compile(pattern), {"search"}) == []


def test_what_is_matched_at_a_place_is_tried_so() -> None:
    """`match` need not look for a place to begin, so that a run of blanks at the beginning is read once."""
    assert pumps.failures(re.compile(r"\s*,"), {"match"}) == []
    assert pumps.failures(re.compile(r"\s*\s*\s*,"), {"match"}, most=1)
