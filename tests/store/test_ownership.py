"""Only the store constructs its parts and writes SQL."""

from __future__ import annotations

import ast
import functools
import importlib
from dataclasses import dataclass, field
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


@dataclass
class FileFacts:
    """What the tests ask of a source file.

    Attributes:
        imports: Every `from module import name`, and `import module` with an empty name.
        called: The plain names that are called.
        engine_lines: Where an attribute `engine` is used.
    """

    imports: list[tuple[str, str]] = field(default_factory=list)
    called: set[str] = field(default_factory=set)
    engine_lines: list[int] = field(default_factory=list)


@functools.cache
def facts(file: Path) -> FileFacts:
    found = FileFacts()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            found.imports += [(node.module or "", alias.name) for alias in node.names]
        elif isinstance(node, ast.Import):
            found.imports += [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found.called.add(node.func.id)
        elif isinstance(node, ast.Attribute) and node.attr == "engine":
            found.engine_lines.append(node.lineno)

    return found


def at(file: Path) -> str:
    return str(file.relative_to(ROOT))


def test_nobody_takes_the_engine() -> None:
    taken = [f"{at(file)}:{line}" for file in FILES for line in facts(file).engine_lines]

    assert taken == []


def test_nobody_makes_a_part_of_the_store(store) -> None:
    parts = {
        type(part).__name__
        for part in vars(store).values()
        if type(part).__module__.startswith("router.store.")
    }
    assert {"Requests", "DocumentIndex", "SpendLedger"} <= parts

    made = {at(file): facts(file).called & parts for file in FILES}

    assert {name: classes for name, classes in made.items() if classes} == {}


def test_nobody_imports_a_table() -> None:
    tables = [
        f"{at(file)}: {module}.{name}"
        for file in FILES
        for module, name in facts(file).imports
        if module.startswith("router.store") and is_table(module, name)
    ]

    assert tables == []


def test_nobody_writes_sql() -> None:
    used = [
        f"{at(file)}: {module}.{name}"
        for file in FILES
        for module, name in facts(file).imports
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
