"""Every setting is documented with its actual default."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from router.config import Settings, environment_names

DECLARED = "router/config.py"
"""Here, a setting is read by a property of the settings themselves."""


@pytest.fixture(scope="module")
def pages(root):
    spec = importlib.util.spec_from_file_location(
        "settings_pages", root / "deploy/settings_pages.py"
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)

    return module


def test_every_setting_is_explained_in_one_sentence(pages):
    unexplained = [
        setting.name
        for setting in pages.settings()
        if not re.fullmatch(r"[^\n]{8,150}\.", setting.description)
    ]

    assert not unexplained
    assert {setting.name for setting in pages.settings()} == set(environment_names())


def test_the_example_file_is_up_to_date(root, pages):
    assert (root / ".env.example").read_text("utf-8") == pages.example(pages.settings()), (
        "run `make docs`"
    )


def test_the_table_in_the_docs_is_up_to_date(root, pages):
    text = (root / "docs/operate.md").read_text("utf-8")

    assert text == pages.page(text, pages.settings()), "run `make docs`"


def test_the_example_file_with_every_line_switched_on_changes_nothing(root, tmp_path, monkeypatch):
    for name in environment_names():
        monkeypatch.delenv(name, raising=False)

    switched_on = re.sub(
        r"^#(\w+=)", r"\1", (root / ".env.example").read_text("utf-8"), flags=re.MULTILINE
    )
    (tmp_path / "all.env").write_text(switched_on, "utf-8")

    assert Settings(_env_file=tmp_path / "all.env") == Settings(_env_file=None)


def test_every_setting_is_read_by_the_code(root):
    read = set()
    for package in ("bot", "workers", "router"):
        for file in (root / package).rglob("*.py"):
            read.update(settings_read(file, root))

    unread = [name for name, field in environment_names().items() if field not in read]
    assert not unread, "a setting that nothing reads: remove it"


def settings_read(file: Path, root: Path) -> Iterator[str]:
    """The names of attributes that are read from something called settings."""
    at_home = file == root / DECLARED
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Load):
            continue

        owner = node.value
        name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
        if name.endswith("settings") or (at_home and name == "self"):
            yield node.attr
