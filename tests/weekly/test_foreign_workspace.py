"""An admin of one workspace decides about nothing of another, whatever a click names.

The buttons and dialogs are those that the weekly loop registers with Bolt, so that a new one is
tried by itself.
"""

from __future__ import annotations

import inspect
import json
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from bot.admins import MAX_REFUSALS, Admins
from bot.commands import load
from bot.ui.texts import report as report_texts
from bot.weekly.action_ids import OLD_ACTION_IDS
from bot.weekly.candidate_actions import CandidateActions
from bot.weekly.candidate_click import CandidateClicks
from bot.weekly.drift_actions import DriftActions
from bot.weekly.rollout_actions import RolloutActions
from router.store.base.tables import metadata
from tests.fixtures.command_context import make_command
from tests.fixtures.rollout import KEY
from tests.fixtures.slack_client import FakeSlackClient

OWN_ADMIN, FOREIGN_ADMIN = "UADA", "UEVE"
USERS = [f"U{number}" for number in range(400)]


class Registry:
    """Stands in for Bolt's app: keeps what is registered."""

    def __init__(self):
        self.listeners = {}

    def action(self, action_id):
        return lambda listener: self.listeners.setdefault(f"action {action_id}", listener)

    def view(self, callback_id):
        return lambda listener: self.listeners.setdefault(f"view {callback_id}", listener)


class Attacker:
    """An admin of T2 who presses every button with the ids of T1's candidate."""

    def __init__(self, rollout):
        self.rollout, self.store = rollout, rollout.store
        self.team, self.user = "T2", FOREIGN_ADMIN
        self.told = []
        settings = rollout.context.settings
        self.settings = settings.model_copy(
            update={"admins": (f"T1:{OWN_ADMIN}", f"T2:{FOREIGN_ADMIN}")}
        )
        self.admins = Admins(self.settings, self.store.audit, rollout.clock)
        clicks = CandidateClicks(self.store, rollout.context.queue, self.admins, rollout.clock)
        self.registry = Registry()
        parts = (
            CandidateActions(self.settings, self.store, clicks, rollout.clock),
            RolloutActions(self.settings, self.store, clicks, rollout.clock),
            DriftActions(self.settings, self.store, clicks, rollout.clock),
        )
        for part in parts:
            part.listen(self.registry)

    @property
    def value(self):
        """What a button of T1 carries."""
        candidate = self.store.candidates.get(KEY)
        stored = self.store.datasets.newest_for_candidate("T1", KEY)
        return {
            "candidate": KEY,
            "version": candidate.version,
            "dataset": stored.id if stored else "d1",
            "places": [0],
        }

    def press(self, name):
        listener = self.registry.listeners[name]
        value = self.value
        snooze = f"1w {value['version']} {KEY}"
        answers = {
            "budget": {"answer": {"value": "5"}},
            "base": {"answer": {"selected_option": {"value": "none"}}},
            "consent": {"answer": {"selected_options": [{"value": "yes"}]}},
            "verdict0": {"answer": {"selected_option": {"value": "dropped"}}},
            "what": {"answer": {"selected_option": {"value": "several"}}},
            "when": {"answer": {"selected_option": {"value": "1w"}}},
            "kind": {"answer": {"selected_option": {"value": "reject"}}},
        }
        view = {"private_metadata": json.dumps(value), "state": {"values": answers}}
        arguments = {
            "ack": lambda **answer: self.told.extend((answer.get("errors") or {}).values()),
            "action": {
                "value": json.dumps(value),
                "selected_option": {"value": snooze},
            },
            "body": {
                "team": {"id": self.team},
                "user": {"id": self.user, "team_id": self.team},
                "trigger_id": "t",
                "view": {},
            },
            "respond": lambda **message: self.told.append(message["text"]),
            "client": FakeSlackClient(),
            "view": view,
        }
        wanted = inspect.signature(listener).parameters
        listener(**{name: arguments[name] for name in wanted})

    def stored(self):
        """Everything in the database but the audit log."""
        rows = {}
        with self.store.begin() as connection:
            for table in metadata.sorted_tables:
                if table.name != "audit":
                    rows[table.name] = sorted(map(repr, connection.execute(select(table))))

        return rows


@pytest.fixture
def attacker(rollout):
    return Attacker(rollout)


def take_to(rollout, state):
    """Takes the candidate of T1 to that state, as people and workers do."""
    rollout.run_until_waiting()
    if state == "dataset":
        return

    rollout.accept_dataset()
    rollout.run_until_waiting()
    if state in ("canary", "live"):
        rollout.start_canary()
    if state == "live":
        version = rollout.trained_version()
        rollout.set_state("live", version=version, previous_version=rollout.live.id)


@pytest.mark.parametrize("state", ["approved", "dataset", "shadow", "live"])
def test_no_click_of_another_workspaces_admin_has_an_effect(rollout, attacker, state):
    if state != "approved":
        take_to(rollout, state)

    assert rollout.state == state
    names = sorted(attacker.registry.listeners)
    assert len(names) > 20

    for name in names:
        before = attacker.stored()
        attacker.told.clear()
        attacker.press(name)

        assert attacker.stored() == before, name
        # In words, and the same ones as for a candidate that does not exist.
        assert len(attacker.told) == 1, name
        assert KEY not in attacker.told[0]

    refused = attacker.store.audit.for_subject("T2", KEY)
    # One person's further refusals of an hour are not recorded, so that nobody fills the audit log.
    assert len(refused) == min(len(names), MAX_REFUSALS)
    assert {row.outcome for row in refused} == {"refused"}


def test_the_same_clicks_of_its_own_admin_have_effects(rollout, attacker):
    take_to(rollout, "live")
    attacker.team, attacker.user = "T1", OWN_ADMIN

    attacker.press("action rollout_rollback")

    assert rollout.state == "rolled_back"
    assert rollout.serving_versions() == {rollout.live.id}


def test_old_buttons_are_tried_too(attacker):
    assert {f"action {old}" for old in OLD_ACTION_IDS} <= set(attacker.registry.listeners)


@pytest.mark.parametrize("state", ["shadow", "canary", "live"])
def test_what_one_workspace_tries_or_promotes_answers_nobody_elsewhere(rollout, state):
    take_to(rollout, state)
    versions, trained = rollout.store.versions, rollout.trained_version()

    for team in ("T2", "T9"):
        answering = {versions.version_for_user(team, "boxes", user).id for user in USERS}
        assert answering == {rollout.live.id}
        assert versions.shadow_version(team, "boxes") is None
        assert versions.get(team, "boxes", trained) is None
        assert rollout.store.datasets.newest_report(team, "boxes") is None
        assert rollout.context.serving_version(team, "boxes", trained).id == rollout.live.id

    own = {versions.version_for_user("T1", "boxes", user).id for user in USERS}
    assert (
        own
        == {
            "shadow": {rollout.live.id},
            "canary": {rollout.live.id, trained},
            "live": {trained},
        }[state]
    )


def test_a_report_is_shown_in_its_own_workspace_only(rollout, attacker):
    take_to(rollout, "shadow")

    routing = SimpleNamespace(catalog_of=lambda _: SimpleNamespace(routes=("boxes",)))

    def asked(team, user, *words):
        command = make_command(
            rollout.store,
            attacker.settings,
            rollout.clock,
            user=user,
            team=team,
            words=words,
            routing=routing,
        )
        return load("report").run(command).text

    for words in (("boxes",), ("boxes", rollout.trained_version())):
        assert asked("T1", OWN_ADMIN, *words) != report_texts.NONE
        assert asked("T2", FOREIGN_ADMIN, *words) == report_texts.NONE


def test_each_call_of_a_rollout_is_made_for_its_workspace(rollout):
    take_to(rollout, "shadow")
    assert rollout.context.model.payers == {"T1"}
