"""A third party's processor, in a package of its own: installed as a user would, listed, run by name and by class."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from newsbeam import __version__

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@dataclass(frozen=True)
class Plugin:
    """Where the package is installed, and the command with it in reach."""

    folder: Path
    newsbeam: Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Plugin:
    if find_spec("pip") is None or find_spec("hatchling") is None:
        pytest.skip("pip and hatchling build the package; install the extra `dev`")
    source, target = tmp_path_factory.mktemp("source") / "newsbeam-shout", tmp_path_factory.mktemp("installed")
    shutil.copytree(HERE / "newsbeam-shout", source)
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation", "--no-index", "--target", str(target)]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", *options, str(source)], capture_output=True, text=True, timeout=6000, check=False
    )
    assert done.returncode == 0, done.stderr
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / ".src"), str(target)]), "COLUMNS": "100"}

    def newsbeam(*words: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "newsbeam.cli", *map(str, words)]
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=6000, check=False)

    return Plugin(target, newsbeam)


def run(plugin: Plugin, folder: Path, recipe: str) -> tuple[str, list[Any], list[Any]]:
    """(account, records, what was dropped) of three documents under a recipe."""
    for name, text in (("a", "The ferry is late."), ("b", "ALL IN CAPITALS"), ("c", "So is the bus.\n")):
        (folder / f"{name}.txt").write_text(text)
    (folder / "mine.yaml").write_text(recipe)
    texts = [folder / f"{name}.txt" for name in "abc"]
    done = plugin.newsbeam("run", *texts, "--output", folder / "out", "--recipe", folder / "mine.yaml", "--workers", "2")
    assert done.returncode == 0, done.stderr
    documents, dropped = (
        [json.loads(line) for line in (folder / "out" / f"{stem}-00000-of-00001.jsonl").read_bytes().splitlines()]
        for stem in ("documents", "dropped")
    )
    return done.stdout.splitlines()[-1], documents, dropped


def test_it_is_listed_with_where_it_comes_from(plugin: Plugin) -> None:
    done = plugin.newsbeam("list")
    assert done.returncode == 0, done.stderr
    assert (
        "shout  newsbeam-shout 1.2.0, newsbeam_shout:Shout\n  edits; options: mark='!', case='upper'\n  Put the text in capitals"
        in done.stdout
    )
    assert "\nlength  newsbeam " in done.stdout


def test_an_entry_point_that_does_not_load_is_listed_as_broken(plugin: Plugin) -> None:
    assert (
        "broken  newsbeam-shout 1.2.0, newsbeam_shout:NotThere\n  broken: processor 'broken' cannot be loaded: "
        in plugin.newsbeam("list").stdout
    )


def test_it_runs_by_the_name_of_its_entry_point(plugin: Plugin, tmp_path: Path) -> None:
    account, documents, dropped = run(plugin, tmp_path, "processors:\n  - shout: {mark: '?!'}\n  - language\n")
    assert account == "read 3 = written 2 + dropped 1 + failed 0"
    assert [record["text"] for record in documents] == ["THE FERRY IS LATE.?!", "SO IS THE BUS.?!"]
    assert {record["metadata"]["processed_by"] for record in documents} == {f"newsbeam v{__version__} shout language"}
    assert [(row["stage"], row["reason"]) for row in dropped] == [("shout", "shouts already")]
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_bytes())
    assert {"name": "shout", "mark": "?!", "case": "upper"}.items() <= manifest["recipe"]["processors"][0].items()


def test_it_runs_by_module_and_class(plugin: Plugin, tmp_path: Path) -> None:
    recipe = "processors:\n  - newsbeam_shout:Shout: {case: title}\n  - newsbeam_shout:Murmur\n"
    _, documents, _ = run(plugin, tmp_path, recipe)
    assert [(record["text"], record["author"]) for record in documents] == [
        ("The Ferry Is Late.!", "murmured"),
        ("So Is The Bus.!", "murmured"),
    ]


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        ("processors: [shuot]", "1: no processor 'shuot' is installed; there are: .*shout.*; did you mean 'shout'?"),
        ("processors: [shout: {marks: x}]", "1: shout has no option 'marks'; did you mean 'mark'?"),
        ("processors: [shout: {case: lower}]", "1: shout.case is 'upper' or 'title', not 'lower'"),
        ("processors: [language, shout]", "1: shout: 'shout' edits the text after 'language' has annotated it"),
        ("processors: [broken]", "1: processor 'broken' cannot be loaded"),
    ],
)
def test_check_knows_its_options(plugin: Plugin, tmp_path: Path, recipe: str, said: str) -> None:
    import re

    (tmp_path / "mine.yaml").write_text(recipe)
    done = plugin.newsbeam("check", tmp_path / "mine.yaml")
    assert done.returncode == 2
    assert re.search(said.replace("?", r"\?"), done.stderr), done.stderr


def test_without_it_newsbeam_knows_nothing_of_it() -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT / ".src")}
    done = subprocess.run([sys.executable, "-m", "newsbeam.cli", "list"], env=env, capture_output=True, text=True, timeout=600, check=False)
    assert "shout" not in done.stdout
