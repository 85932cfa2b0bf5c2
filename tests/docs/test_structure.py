"""Structure and names: small folders, standard terms, each class name once."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGES = ("bot", "workers", "router")
MAX_FILES = 20
"""Python files of one folder beside its `__init__.py`; more is two concepts in one place."""
# fmt: off
RETIRED = frozenset({
    "anew", "asked", "belonging", "by_hand", "doors", "ears", "everybody", "found",
    "gather", "given", "growing", "heat", "instead", "kept", "known", "lessons", "lived",
    "living", "look", "made", "one", "overhear", "road", "said", "shown", "sight",
    "standing", "taught", "told", "torn", "weigh",
})
# fmt: on
"""Names that once stood for standard terms: metaphors, and participles used as nouns."""


@pytest.fixture(scope="module")
def trees(root: Path) -> dict[Path, ast.Module]:
    """Every source file of the product with its syntax tree."""
    paths = [path for package in PACKAGES for path in sorted((root / package).rglob("*.py"))]
    return {
        path.relative_to(root): ast.parse(path.read_text("utf-8"))
        for path in paths
        if "migrations" not in path.parts
    }


def definitions(trees: dict[Path, ast.Module]) -> Iterator[tuple[Path, ast.AST, str]]:
    """Each function and class, with the file it is in and its name."""
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield path, node, node.name


def test_no_folder_holds_more_than_a_reader_can_take_in(trees):
    sizes: dict[Path, int] = defaultdict(int)
    for path in trees:
        if path.name != "__init__.py":
            sizes[path.parent] += 1

    too_many = {str(folder): size for folder, size in sizes.items() if size > MAX_FILES}

    assert too_many == {}, "split by concept"


def test_no_module_has_a_retired_name(trees):
    assert [str(path) for path in trees if path.stem in RETIRED] == []


def test_no_function_or_class_has_a_retired_name(trees):
    retired = [
        f"{path}:{node.lineno} {name}"
        for path, node, name in definitions(trees)
        if name.strip("_").lower() in RETIRED
    ]

    assert retired == []


def test_no_method_is_called_of(trees):
    """`store.candidates.of(team)` does not say what it returns."""
    assert [str(path) for path, _, name in definitions(trees) if name == "of"] == []


def test_a_public_class_name_means_one_thing(trees):
    places: dict[str, list[str]] = defaultdict(list)
    for path, node, name in definitions(trees):
        if isinstance(node, ast.ClassDef) and not name.startswith("_"):
            places[name].append(str(path))

    assert {name: paths for name, paths in places.items() if len(paths) > 1} == {}


def test_every_module_says_in_its_first_line_what_it_is_for(trees):
    assert [str(path) for path, tree in trees.items() if not ast.get_docstring(tree)] == []
