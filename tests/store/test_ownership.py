"""Only the store constructs its parts and writes SQL."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Table

ROOT = Path(__file__).parents[2]
STORE = ROOT / "router" / "store"
FILES = sorted(
    file
    for package in ("bot", "workers", "router")
    for file in (ROOT / package).rglob("*.py")
    if STORE not in file.parents
)
ALLOWED_SQLALCHEMY = {"sqlalchemy.exc", "sqlalchemy.engine.make_url"}
"""Errors that a process survives, and reading a URL."""


def nodes(file: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(file.read_text("utf-8")))


def imports(file: Path) -> Iterator[tuple[str, str]]:
    """Every `from module import name`, and `import module` with an empty name."""
    for node in nodes(file):
        if isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)


def called_names(file: Path) -> set[str]:
    calls = (node.func for node in nodes(file) if isinstance(node, ast.Call))
    return {func.id for func in calls if isinstance(func, ast.Name)}


def at(file: Path) -> str:
    return str(file.relative_to(ROOT))


def test_nobody_takes_the_engine() -> None:
    taken = [
        f"{at(file)}:{node.lineno}"
        for file in FILES
        for node in nodes(file)
        if isinstance(node, ast.Attribute) and node.attr == "engine"
    ]

    assert taken == []


def test_nobody_makes_a_part_of_the_store(store) -> None:
    parts = {
        type(part).__name__
        for part in vars(store).values()
        if type(part).__module__.startswith("router.store.")
    }
    assert {"Requests", "DocumentIndex", "SpendLedger"} <= parts

    made = {at(file): called_names(file) & parts for file in FILES}

    assert {name: classes for name, classes in made.items() if classes} == {}


def test_nobody_imports_a_table() -> None:
    tables = [
        f"{at(file)}: {module}.{name}"
        for file in FILES
        for module, name in imports(file)
        if module.startswith("router.store") and is_table(module, name)
    ]

    assert tables == []


def test_nobody_writes_sql() -> None:
    used = [
        f"{at(file)}: {module}.{name}"
        for file in FILES
        for module, name in imports(file)
        if module.split(".")[0] == "sqlalchemy"
        and not {module, f"{module}.{name}"} & ALLOWED_SQLALCHEMY
    ]

    assert used == []


def is_table(module: str, name: str) -> bool:
    if module.startswith("router.store.base"):
        return True

    found = importlib.import_module(module)
    return isinstance(getattr(found, name, None), Table)


@pytest.mark.parametrize(
    ("module", "name"),
    [("router.store.usage.spend", "spend"), ("router.store.base.tables", "request")],
)
def test_a_table_is_known_by_its_import(module: str, name: str) -> None:
    assert is_table(module, name)
