"""`deploy/spark/submit.sh` on a real Spark, as its guide has it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import clusters
import pages
import parts
import pytest

pytestmark = pytest.mark.engines

SCRIPT = parts.ROOT / "deploy" / "spark" / "submit.sh"


@pytest.mark.engines_full
def test_the_script(spark: clusters.Spark, newsbeam: Callable[..., Any], tmp_path: Path) -> None:
    added = ["--added", "2026-01-01T00:00:00Z"]
    here = {
        "NEWSBEAM": str(Path(sys.executable).with_name("newsbeam")),
        "SPARK_JOB_SERVER": str(spark.job_server_jar),
        "SPARK_MEMORY": "512m",
    }
    command = [SCRIPT, spark.master, "seeds", "--output", tmp_path / "spark", *added]
    ran = subprocess.run(command, env={**os.environ, **here}, cwd=parts.ROOT, capture_output=True, text=True, timeout=1200, check=False)
    assert ran.returncode == 0, ran.stderr
    direct = newsbeam("run", "seeds", "--output", tmp_path / "direct", *added)
    assert ran.stdout.splitlines()[-1] == direct.account
    assert pages.records(tmp_path / "spark") == pages.records(tmp_path / "direct")


def test_without_a_master_it_says_how_it_is_used() -> None:
    ran = subprocess.run([SCRIPT, "seeds", "--output", "out"], capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "deploy/spark/submit.sh spark://HOST:7077 INPUT... --output DIR" in ran.stderr
