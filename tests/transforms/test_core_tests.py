"""The tests themselves: each can fail, other than by an exception that nobody thought of."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parents[1]


def functions(tree: ast.Module) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def checks(node: ast.AST, helpers: dict[str, ast.FunctionDef], seen: frozenset[str] = frozenset()) -> bool:
    """Whether a function asserts something, itself or through a helper of its module (or a method of a class in it)."""
    for inner in ast.walk(node):
        if isinstance(inner, (ast.Assert, ast.Raise)):
            return True
        if isinstance(inner, ast.Call):
            name = inner.func.attr if isinstance(inner.func, ast.Attribute) else inner.func.id if isinstance(inner.func, ast.Name) else ""
            if name in ("raises", "warns", "fail", "check_call", "within_processor_time") or name.startswith("assert_"):
                return True
            if name in helpers and name not in seen and checks(helpers[name], helpers, seen | {name}):
                return True
    return False


def without_a_check() -> Iterator[str]:
    for path in sorted(TESTS.rglob("test_*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        helpers = functions(tree)
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                helpers.update({inner.name: inner for inner in node.body if isinstance(inner, ast.FunctionDef)})
        for name, node in helpers.items():
            if name.startswith("test_") and not checks(node, helpers):
                yield f"{path.relative_to(TESTS)}::{name}"


def test_every_test_can_fail() -> None:
    assert list(without_a_check()) == []
