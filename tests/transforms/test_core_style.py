"""The English of docstrings, comments and messages: a word list that holds the glossary of CONTRIBUTING."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORDS: dict[str, Any] = yaml.safe_load((ROOT / "tests/transforms/style_words.yaml").read_text("utf-8"))
PATTERNS = [(re.compile(row["pattern"], re.IGNORECASE), row) for row in WORDS["patterns"]]


def docstrings(tree: ast.AST) -> Iterator[ast.Constant]:
    """Docstrings, and the strings below constants and fields that describe them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value


def prose(source: str) -> Iterator[tuple[int, str, bool]]:
    """(line, text, whether it is a docstring) for docstrings, comments, and strings of at least three words.

    Word lists ("…".split()) and regular expressions are not prose.
    """
    tree = ast.parse(source)
    known = set(docstrings(tree))
    listed = {node.value for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "split"}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or node in listed or "(?:" in node.value:
            continue
        if node in known or len(re.findall(r"[A-Za-z]{2,}", node.value)) >= 3:
            yield node.lineno, node.value.strip(), node in known
    comments: list[tuple[int, int, str]] = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        text = token.string.lstrip("# ")
        if comments and comments[-1][:2] == (token.start[0] - 1, token.start[1]):
            text = f"{comments.pop()[2]} {text}"
        comments.append((*token.start, text))
    for line, _, text in comments:
        yield line, text, False


def faults(source: str) -> Iterator[str]:
    """What the prose of a module says that it must not, a line for each place."""
    for line, text, is_docstring in prose(source):
        if text in WORDS["allowed"]:
            continue
        plain = re.sub(r"\s+", " ", text)
        for pattern, row in PATTERNS:
            if row.get("only") == "summary" and not is_docstring:
                continue
            if match := pattern.search(plain):
                yield f"{line}: {plain[max(0, match.start() - 30) : match.end() + 30]!r}; instead: {row['instead']}"


def held() -> list[str]:
    """The files that are held to the patterns."""
    paths = [path for name in WORDS["held"] for path in ([ROOT / name] if name.endswith(".py") else sorted((ROOT / name).rglob("*.py")))]
    return sorted({str(path.relative_to(ROOT)) for path in paths if path.name != "__init__.py" or path.read_text("utf-8").strip()})


@pytest.mark.parametrize("name", held())
def test_prose_is_plain(name: str) -> None:
    found = list(faults((ROOT / name).read_text("utf-8")))
    assert not found, f"\n{name}:" + f"\n{name}:".join(found)


def long_summaries(source: str) -> list[str]:
    """The first lines of docstrings that have more than 79 columns."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    texts = (ast.get_docstring(node) or "" for node in ast.walk(ast.parse(source)) if isinstance(node, documented))
    return [first for first in (text.partition("\n")[0] for text in texts) if len(first) > 79]


@pytest.mark.parametrize("folder", ["pipeline", "transforms"])
def test_the_first_line_of_a_docstring_is_short(folder: str) -> None:
    # `pipeline/transforms` is a link, which `rglob` does not follow. The rules of attribution are being rebuilt.
    paths = [path for path in sorted((ROOT / folder).rglob("*.py")) if "attribution" not in path.parts]
    found = {str(path): long for path in paths if (long := long_summaries(path.read_text("utf-8")))}
    assert not found
    assert long_summaries(f'"""{"a" * 80}\n\nb\n"""') == ["a" * 80]


@pytest.mark.parametrize("row", WORDS["patterns"], ids=lambda row: row["example"])
def test_a_pattern_matches_its_example(row: dict[str, str]) -> None:
    kinds = [f'"""{row["example"]}"""'] if row.get("only") else [f'x = "Say {row["example"]} and more"', f"# Say {row['example']}"]
    assert all(list(faults(kind)) for kind in kinds)


def test_every_held_name_exists() -> None:
    assert [name for name in WORDS["held"] if not (ROOT / name).exists()] == []


def test_every_allowed_text_occurs() -> None:
    texts = {text for name in held() for _, text, _ in prose((ROOT / name).read_text("utf-8"))}
    assert set(WORDS["allowed"]) - texts == set()
