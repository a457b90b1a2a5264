"""The wall between the halves: `transforms` is pure and imports nothing else of newsbeam; Beam is loaded late."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for path in (ROOT / "transforms").rglob("*.py") if "train" not in path.parts)
NAMES = [str(path.relative_to(ROOT)) for path in SOURCES]

# The world: other processes, the network, files, clocks, chance.
FORBIDDEN = frozenset(
    """
    apache_beam
    socket ssl http urllib.request ftplib smtplib imaplib poplib xmlrpc asyncio requests httpx aiohttp
    subprocess multiprocessing threading concurrent signal
    os pathlib shutil tempfile glob fileinput io sqlite3 mmap zipfile tarfile
    random secrets uuid time logging
    """.split()
)
# What a clock may be read for: how long a stage took. What is no file although it looks like one: bytes in memory.
ALLOWED_FROM = {("time", "perf_counter_ns"), ("io", "BytesIO")}
FILE_METHODS = frozenset(["write_text", "write_bytes", "unlink", "mkdir", "rename", "touch"])
READ_METHODS = frozenset(["read_text", "read_bytes"])


def imported(tree: ast.AST) -> Iterator[str]:
    """Each module that is imported anywhere in a file, dotted."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            module = node.module or ""
            names = [alias.name for alias in node.names]
            if not all((module, name) in ALLOWED_FROM for name in names):
                yield module
                yield from (f"{module}.{name}" for name in names)


def banned(module: str) -> bool:
    parts = module.split(".")
    if parts[0] == "newsbeam":
        return parts[1:2] != ["transforms"]
    return any(".".join(parts[:count]) in FORBIDDEN for count in range(1, len(parts) + 1))


def test_the_rule_has_teeth() -> None:
    """The scan finds what it is meant to find."""
    bad = "import os.path\nfrom urllib import request\nfrom time import time\nfrom newsbeam.inputs.reader import Reader\n"
    assert [module for module in imported(ast.parse(bad)) if banned(module)] == [
        "os.path",
        "urllib.request",
        "time",
        "time.time",
        "newsbeam.inputs.reader",
        "newsbeam.inputs.reader.Reader",
    ]
    good = "from urllib.parse import urljoin\nfrom time import perf_counter_ns\nimport httpx_like\nfrom importlib.resources import files\n"
    assert not any(banned(module) for module in imported(ast.parse(good)))


def test_there_is_something_to_look_at() -> None:
    assert {"transforms/document.py", "transforms/processor.py", "transforms/decode.py", "transforms/length.py"} <= set(NAMES)


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_transforms_imports_nothing_of_the_world(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert [module for module in imported(tree) if banned(module)] == []


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_transforms_reads_package_data_only(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    names = [call.id for call in calls if isinstance(call, ast.Name)]
    methods = [call.attr for call in calls if isinstance(call, ast.Attribute)]
    assert not {"open", "eval", "exec", "input", "print", "__import__"} & set(names)
    assert not FILE_METHODS & set(methods)
    if READ_METHODS & set(methods) or "open" in methods:
        assert "importlib.resources" in set(imported(tree)), "a file is read otherwise than through importlib.resources"


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_no_bare_except(path: Path) -> None:
    handlers = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.ExceptHandler)]
    assert all(handler.type is not None for handler in handlers)


def _fresh(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _which(*packages: str) -> str:
    """Code that prints which modules of these packages are loaded, but for `newsbeam` itself."""
    return f"print(sorted(name for name in sys.modules if (name + '.').startswith({tuple(package + '.' for package in packages)!r})))"


def test_importing_every_transform_loads_neither_beam_nor_pipeline() -> None:
    modules = ["newsbeam." + name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in NAMES]
    code = f"import sys, importlib\nfor name in {modules!r}: importlib.import_module(name)\n"
    loaded = _fresh(code + _which("apache_beam", "newsbeam", "requests", "pyarrow")).strip()
    assert [name for name in ast.literal_eval(loaded) if not name.startswith("newsbeam.transforms")] == ["newsbeam"]


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["run", "--help"], ["replay", "--help"], ["explain", "--help"], ["list", "--help"], ["--version"], ["check", "--help"]],
    ids=" ".join,
)
def test_help_loads_neither_beam_nor_processors(arguments: list[str]) -> None:
    code = f"""
import sys
from newsbeam.cli.main import main
try:
    code = main({arguments!r})
except SystemExit as end:
    code = end.code
assert not code, code
print()
"""
    shown = _fresh(code + _which("apache_beam", "newsbeam.transforms", "rich", "yaml", "numpy", "pyarrow", "warcio"))
    assert shown.splitlines()[-1] == "[]"


def test_a_worker_process_does_without_beam() -> None:
    assert _fresh("import sys, newsbeam.workers.process\n" + _which("apache_beam", "pyarrow", "rich", "warcio")).strip() == "[]"


def test_checking_listing_and_finding_do_without_beam() -> None:
    code = """
import sys
from newsbeam.config import recipe_parser
from newsbeam.inputs import discovery, reader
from newsbeam.tools import processors
recipe_parser.load(None)
processors.list_processors()
"""
    assert _fresh(code + _which("apache_beam", "pyarrow")).splitlines()[-1] == "[]"


def test_the_package_itself_imports_nothing() -> None:
    assert _fresh("import sys, newsbeam\n" + _which("newsbeam", "importlib.metadata", "numpy", "re")).strip() == "['newsbeam']"
    assert _fresh("from newsbeam import *\nprint(__version__[0].isdigit())").strip() == "True"
