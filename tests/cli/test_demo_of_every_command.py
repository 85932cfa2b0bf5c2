"""Every command that is about what is stored means the demo where nothing else is there."""

from __future__ import annotations

import ast
import importlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import __main__ as command_line
from bot.cli.folder import commands_of
from bot.demo.demo_settings import ADMIN, DEMO_THRESHOLDS

ABOUT_NO_DATA = {
    "serve": "the bot process of the installation",
    "worker": "a worker process of the installation",
    "doctor": "checks the installation, and says where a demo runs instead",
    "mine": "reads a file that is named",
    "roi": "reckons with prices",
    "routes list": "reads the route files",
    "routes lint": "reads the route files",
    "db move": "its target becomes the installation's database, where a demo has no place",
    "db restore": "fills the installation's database",
}
"""The commands that read no stored data of an installation, or write what it begins with."""


def modules(*packages: str) -> Iterator[tuple[str, str]]:
    """Yields the words and the module of each command, those of groups as well."""
    for name, command in sorted(commands_of(*packages).items()):
        group = getattr(importlib.import_module(command.module), "GROUP", None)
        if group is None:
            yield name, command.module
        else:
            yield from ((f"{name} {word}", module) for word, module in modules(*group))


def names_in(module: str) -> set[str]:
    spec = importlib.util.find_spec(module)
    tree = ast.parse(Path(spec.origin).read_text("utf-8"))
    nodes = list(ast.walk(tree))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    return names | {node.attr for node in nodes if isinstance(node, ast.Attribute)}


def test_each_command_takes_the_settings_of_stored_data_or_has_a_reason_not_to():
    own = {words: module for words, module in modules("bot.cli") if module.startswith("bot.")}
    loading = {words for words, module in own.items() if "load_settings" in names_in(module)}

    assert len(own) > 25
    assert sorted(loading) == sorted(ABOUT_NO_DATA)


def test_an_evaluation_that_reads_the_store_of_an_installation_means_the_demo_too():
    for words, module in modules("bot.cli"):
        if module.startswith("evals.") and "store_url" in (names := names_in(module)):
            assert "load_data_settings" in names or "read_settings" not in names, words


@pytest.mark.parametrize(
    "line",
    [
        "routes draft T1:none",
        "routes export nosuch",
        "report nosuch",
        "tail r-none",
        "replay all",
        "optimise nosuch",
        "drift",
        "db size",
        "db recount",
        "dataset rows none rows.jsonl",
        "models",
    ],
)
def test_a_command_about_stored_data_says_that_it_means_the_demo(demo, line):
    result = CliRunner().invoke(command_line.app, line.split())

    assert f"this is about the demo in {demo}" in result.output, result.exception


def test_the_demos_own_settings_hold_for_commands_beside_it(demo):
    from bot.cli.terminal import load_data_settings

    settings = load_data_settings()

    assert settings.admins == (ADMIN,)
    expected = float(DEMO_THRESHOLDS["BEAGLE_LOCAL_USD_PER_CPU_SECOND"])
    assert settings.local_usd_per_cpu_second == pytest.approx(expected)


def test_the_models_of_the_demo_cost_what_its_answers_show(demo):
    result = CliRunner().invoke(command_line.app, ["models"])

    assert "local: $2e-05" not in result.output
    assert "local: $0.00002 for a second of the local model" in result.output
    assert "BEAGLE_LOCAL_USD_PER_CPU_SECOND" in result.output
