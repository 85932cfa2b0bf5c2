"""Every constant and function of the product is named a second time, where it is used."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

PACKAGES = ("bot", "workers", "router", "evals")
READ = frozenset({".py", ".md", ".json", ".yaml", ".toml", ".html", ".js", ".mako", ".sh", ".txt"})
"""Endings of the files in which a name may be used; `.git` and data are left out."""
MAX_BYTES = 400_000
"""A longer file is data."""
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# fmt: off
CALLED_BY_LIBRARIES = frozenset({
    # slack_bolt and slack_sdk
    "build_install_page_html", "enqueue_message", "prepare_for_next_attempt", "store_installation",
    # rq
    "failure_callback", "stopped_callback", "success_callback",
    # opentelemetry
    "generate_span_id", "generate_trace_id", "is_trace_id_random",
    # gepa
    "make_reflective_dataset", "on_valset_evaluated", "propose_new_texts",
    # pydantic_settings
    "get_field_value", "settings_customise_sources",
    "ignore_aliases",  # PyYAML
    "list_commands",  # click
    "redirect_request",  # urllib
})
# fmt: on
"""Methods that override a library's own. Only the library calls them."""


def _files(root: Path) -> Iterator[Path]:
    for folder in (*PACKAGES, "tests", "docs", "deploy", ".ci"):
        for path in (root / folder).rglob("*"):
            is_read = path.suffix in READ and path.name != Path(__file__).name
            if is_read and path.is_file() and path.stat().st_size <= MAX_BYTES:
                yield path

    yield root / "pyproject.toml"
    yield root / "Makefile"


def _defined_names(tree: ast.Module) -> Iterator[str]:
    """Yields the constants of a module, and its functions and methods.

    A decorator with arguments hands its function to somebody, as pydantic's validators do.
    """
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]

        for target in targets:
            if isinstance(target, ast.Name):
                yield target.id

    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if not any(isinstance(decorator, ast.Call) for decorator in node.decorator_list):
            yield node.name


def test_no_constant_and_no_function_is_named_only_where_it_is_defined(root: Path) -> None:
    counts: Counter[str] = Counter()
    defined: dict[str, Path] = {}
    for path in _files(root):
        text = path.read_text("utf-8", errors="replace")
        counts.update(NAME.findall(text))
        is_product = path.suffix == ".py" and path.relative_to(root).parts[0] in PACKAGES
        if is_product and "migrations" not in path.parts:
            defined |= dict.fromkeys(_defined_names(ast.parse(text)), path.relative_to(root))

    once = {name for name in defined if counts[name] == 1 and not name.startswith("__")}
    dead = {name: str(defined[name]) for name in once - CALLED_BY_LIBRARIES}

    assert dead == {}, "delete it, or name it in CALLED_BY_LIBRARIES with who calls it"
    assert CALLED_BY_LIBRARIES - once == set(), "the list is longer than it has to be"
