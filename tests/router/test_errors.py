"""Tests of the error tree and of how the command line shows an error."""

from __future__ import annotations

import inspect
import re

import pytest

from bot.cli import __main__ as cli
from router import errors
from router.errors import BudgetError, InputError, ModelError, SettingsError


def drawn_tree():
    """Each error with its parent, as the docstring draws them: four columns for each level."""
    parents, path = {}, []
    for line in errors.__doc__.splitlines():
        match = re.fullmatch(r"    (?P<lead>[│├└─ ]*)(?P<name>\w+Error)(?: .*)?", line)
        if match is None:
            continue

        level = len(match["lead"]) // 4
        path[level:] = [match["name"]]
        parents[match["name"]] = path[level - 1] if level else "Exception"

    return parents


def test_the_drawn_tree_is_the_real_one():
    real = {
        name: member.__base__.__name__
        for name, member in inspect.getmembers(errors, inspect.isclass)
        if issubclass(member, Exception)
    }

    assert drawn_tree() == real


def test_a_cap_is_no_failure_of_a_model():
    assert not issubclass(BudgetError, ModelError)


@pytest.mark.parametrize("kind", [SettingsError, InputError])
def test_the_command_line_shows_wrong_settings_and_wrong_input_alike(kind, monkeypatch, capsys):
    def refuse(**_):
        raise kind("reading 'x': it is not there")

    monkeypatch.setattr(cli, "app", refuse)

    with pytest.raises(SystemExit) as exit_status:
        cli.main()

    assert exit_status.value.code == 2
    assert capsys.readouterr().err == "beagle: reading 'x': it is not there\n"
