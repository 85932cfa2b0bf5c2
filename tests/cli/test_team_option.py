"""A command about one workspace's data says which one it means, or is told to."""

from __future__ import annotations

import pytest

from bot.cli.report import render_report
from bot.cli.team_option import choose_team
from router.config import Settings
from router.errors import InputError, RouteError
from router.store.weekly.datasets import Report
from tests.fixtures.stores import open_sqlite

BODY = {"passed": True}


@pytest.fixture
def settings(tmp_path):
    return Settings(_env_file=None, data=tmp_path)


@pytest.fixture
def store(tmp_path):
    opened = open_sqlite(tmp_path / "beagle.db")
    yield opened
    opened.close()


@pytest.fixture
def ask(store, make_request, clock):
    """Lets somebody of a workspace ask something: then Beagle knows it."""

    def ask(team):
        store.requests.insert(make_request(team=team), clock())

    return ask


def add_report(store, team):
    store.datasets.insert_report(Report(team, "r1", "boxes", f"v{team}", "v0", BODY, 1.0))


def test_the_only_workspace_need_not_be_named(store, ask):
    assert choose_team(store, None) == ""
    ask("T1")
    assert choose_team(store, None) == "T1"
    assert choose_team(store, "T1") == "T1"


def test_of_several_one_has_to_be_named(store, ask):
    for team in ("T1", "T2"):
        ask(team)

    with pytest.raises(InputError, match=r"2 are known; say which one with --team: T1, T2"):
        choose_team(store, None)

    assert choose_team(store, "T2") == "T2"
    assert choose_team(store, "") == ""


def test_an_unknown_workspace_is_refused_with_those_that_are_known(store, ask):
    ask("T1")
    with pytest.raises(InputError, match=r"found --team 'T9'; known: T1"):
        choose_team(store, "T9")


def test_a_report_is_printed_for_its_own_workspace(store, settings, ask):
    for team in ("T1", "T2"):
        ask(team)

    add_report(store, "T1")
    assert '"version": "vT1"' in render_report(settings, "boxes", "", "T1", as_json=True)
    with pytest.raises(RouteError, match="there is no such route"):
        render_report(settings, "boxes", "", "T2", as_json=True)
