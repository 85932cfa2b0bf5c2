"""`beagle routes list`: every route, and every folder that could not be read."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from bot.app import catalog
from bot.cli import __main__ as command_line
from bot.cli.routes.list import as_dict, as_text
from router.config import Settings

OWN_ROUTE = """---
name: parking
description: Answer about parking.
utterances: [where can I park]
---
Say where.
"""


@pytest.fixture
def settings(tmp_path):
    """An installation with a route of its own and a folder that is broken."""
    for name, text in (("parking", OWN_ROUTE), ("broken", "no front matter")):
        folder = tmp_path / "routes" / name
        folder.mkdir(parents=True)
        (folder / "route.md").write_text(text, "utf-8")

    return Settings(_env_file=None, data=tmp_path / "data", routes=tmp_path / "routes")


def test_each_route_has_a_line_with_its_kind_and_its_description(settings):
    lines = as_text(catalog(settings)).splitlines()

    assert "parking      prompt  Answer about parking." in lines
    names = [line.split()[0] for line in lines if not line.startswith("left out: ")]
    assert {"parking", "triage", "handbook", "leave"} <= set(names)
    assert names == sorted(names)


def test_a_folder_that_cannot_be_read_is_left_out_and_named(settings):
    (left_out,) = [
        line for line in as_text(catalog(settings)).splitlines() if line.startswith("left out: ")
    ]

    assert "broken" in left_out


def test_the_keys_for_machines_are_those_of_the_release(settings):
    found = as_dict(catalog(settings))

    assert set(found) == {"routes", "problems"}
    assert all(set(route) == {"name", "kind", "description"} for route in found["routes"])
    (problem,) = found["problems"]
    assert "broken" in problem


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_the_command_prints_them(settings, monkeypatch, arguments):
    monkeypatch.setattr("bot.cli.routes.list.load_settings", lambda: settings)

    result = CliRunner().invoke(command_line.app, ["routes", "list", *arguments])

    assert result.exit_code == 0
    wanted = as_dict(catalog(settings)) if arguments else as_text(catalog(settings))
    printed = json.loads(result.stdout) if arguments else result.stdout.rstrip("\n")
    assert printed == wanted
