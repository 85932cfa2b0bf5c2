"""docs/slack-emulator.md lists what the emulator does, and what stands behind each assumption."""

from __future__ import annotations

import ast
import importlib.util
import json

import pytest

from bot.sandbox import actions
from bot.sandbox.behaviours import BEHAVIOURS
from bot.sandbox.block_kit.rules import BLOCK_KINDS, LIMITS


@pytest.fixture(scope="module")
def generator(root):
    spec = importlib.util.spec_from_file_location("emulator_page", root / "deploy/emulator_page.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tables_are_those_of_the_emulator(root, generator):
    text = (root / "docs/slack-emulator.md").read_text("utf-8")
    assert text == generator.page(text), "run `make docs`"


def documented_verbs(root) -> dict[str, dict[str, object]]:
    """Returns the example body of each verb in the page's table."""
    text = (root / "docs/slack-emulator.md").read_text("utf-8")
    table = text.split("| verb |", 1)[1].split("\n\n", 1)[0]
    found = {}
    for line in table.splitlines()[2:]:
        verb, _, body = (cell.strip().strip("`") for cell in line.strip("|").split("|"))
        assert verb not in found
        found[verb] = json.loads(body)

    return found


def test_the_page_lists_exactly_the_verbs_that_exist(root):
    assert set(documented_verbs(root)) == set(actions.VERBS)


def test_each_verb_takes_the_body_of_its_example(root):
    for verb, body in documented_verbs(root).items():
        assert body.pop("user") == "ada"
        actions._check_arguments(verb, actions.VERBS[verb], body)


def test_each_block_and_limit_is_in_the_tables(generator):
    tables = generator.tables()
    missing = [name for name in (*BLOCK_KINDS, *LIMITS) if f"`{name}`" not in tables]
    assert not missing


def test_an_assumption_names_the_test_of_its_fallback(root):
    for row in BEHAVIOURS:
        if row.evidence == "assumed":
            assert row.fallback, row.text
        else:
            assert row.source, row.text


def test_each_named_test_exists(root):
    for row in BEHAVIOURS:
        if not row.fallback:
            continue

        file, _, name = row.fallback.partition("::")
        tree = ast.parse((root / file).read_text("utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_what_is_not_assumed_has_a_source():
    for name, limit in LIMITS.items():
        if limit.evidence in ("measured", "captured"):
            assert limit.source, name
