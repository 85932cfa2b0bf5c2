"""The security page promises only what a test checks."""

from __future__ import annotations

import ast
import re

import pytest

from bot.transport.scopes import BOT_SCOPES

PAGE = "docs/security.md"
TEST_ID = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


@pytest.fixture(scope="module")
def sections(root):
    text = (root / PAGE).read_text("utf-8")
    return dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))


def rows(section):
    """The cells of each row of the section's table, without its head."""
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_each_promise_names_tests_that_exist(root, sections):
    promises = rows(sections["Threats and promises"])
    assert len(promises) > 20

    for threat, _, tests in promises:
        named = TEST_ID.findall(tests)
        assert named, threat
        for path, name in named:
            tree = ast.parse((root / path).read_text("utf-8"))
            functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
            assert name in functions, f"{threat}: {path}::{name}"


def test_each_suite_of_hostile_input_stands_behind_a_promise(root, sections):
    named = {path for path, _ in TEST_ID.findall(sections["Threats and promises"])}
    suites = ("tests/privacy/test_copies.py", "tests/text/test_*.py", "tests/install/test_[rt]*.py")
    for pattern in suites:
        paths = {str(path.relative_to(root)) for path in root.glob(pattern)}
        assert paths & named, pattern


def test_each_scope_is_there_with_the_reason_that_the_code_gives(sections):
    scopes = {scope.strip("`"): why for scope, why in rows(sections["What Slack is asked for"])}

    assert scopes == BOT_SCOPES


def test_the_ten_lines_of_owasp_are_all_there(sections):
    lines = rows(sections["OWASP Top 10 for LLM applications (2025)"])
    assert [line[0].split()[0] for line in lines] == [f"LLM{number:02}" for number in range(1, 11)]


def test_settings_that_an_operator_is_told_about_exist(root, sections):
    from router.config import environment_names

    named = set(re.findall(r"`(BEAGLE_[A-Z_]+)`", (root / PAGE).read_text("utf-8")))
    assert named <= set(environment_names())
