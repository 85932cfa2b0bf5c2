"""Tests of the table of kinds: it is complete, and no other code asks for a kind by its name."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest

from router.errors import PathError
from router.kinds import KINDS, Kind
from workers.paths import get_path

ROOT = Path(__file__).parents[2]
FOLDERS = ("bot", "workers", "router", "evals")


def test_every_kind_has_traits():
    assert set(get_args(Kind)) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_path_of_its_own(kind):
    assert get_path(kind) is import_module(f"workers.paths.{kind}")


def test_a_kind_without_a_path_is_refused():
    with pytest.raises(PathError, match="unknown kind '_linear_head_model'"):
        get_path("_linear_head_model")


def compared_names(comparison):
    """The text constants of a comparison in which something called `kind` takes part."""
    sides = [comparison.left, *comparison.comparators]
    if not any(getattr(side, "attr", getattr(side, "id", "")) == "kind" for side in sides):
        return set()

    parts = [part for side in sides for part in (side, *getattr(side, "elts", ()))]
    return {part.value for part in parts if isinstance(part, ast.Constant)}


def test_no_code_asks_for_a_kind_by_its_name():
    found = []
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Compare) and compared_names(node) & set(KINDS):
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno}")

    assert found == [], "ask for a trait, see router/kinds.py"
