"""`beagle bench people` finds no words of other companies, and would find them."""

from __future__ import annotations

import pytest

from bot.intake.people import PeopleOfPayloads
from evals.bench.people.generated_workspace import GeneratedWorkspace
from workers.affiliation import Affiliation
from workers.knowledge.sources import slack_message

PEOPLE = 60


def test_no_words_of_another_company_are_kept_and_no_colleague_is_a_guest(store) -> None:
    workspace = GeneratedWorkspace(store, seed=3)

    wrong = workspace.run(PEOPLE)

    assert {name: count for name, count in wrong.items() if count} == {}
    assert {person.is_outsider for person, _ in workspace.requests} == {True, False}


def test_an_intake_that_takes_slack_s_fields_as_they_are_is_found(
    store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pass_on(_self, _body, next):  # noqa: A002
        return next()

    monkeypatch.setattr(PeopleOfPayloads, "__call__", pass_on)
    wrong = GeneratedWorkspace(store, seed=3).run(PEOPLE)

    assert wrong["request_of_the_wrong_company"] > 0
    assert wrong["click_of_the_wrong_company"] > 0
    assert wrong["admin_check"] > 0


def test_words_that_are_kept_are_found(store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slack_message, "affiliation", lambda _said, _team, **_: Affiliation())
    wrong = GeneratedWorkspace(store, seed=3).run(PEOPLE)

    assert wrong["outsiders_kept"] > 0
    assert wrong["outsiders_mined"] > 0
    assert wrong["outsiders_read"] > 0
