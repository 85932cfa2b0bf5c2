"""Buttons of release 0.1 still work: their action ids are listened to beside the new ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.weekly import candidate_actions, drift_actions, rollout_actions
from bot.weekly.action_ids import OLD_ACTION_IDS, OLD_CALLBACK_IDS

WEEKLY = Path(candidate_actions.__file__).parent


class App:
    """Takes listeners as Bolt's app does."""

    def __init__(self) -> None:
        self.actions, self.views = {}, {}

    def action(self, name):
        return lambda listener: self.actions.setdefault(name, listener)

    def view(self, name):
        return lambda listener: self.views.setdefault(name, listener)


@pytest.fixture
def app():
    app = App()
    candidate_actions.CandidateActions(None, None, None, None).listen(app)
    rollout_actions.RolloutActions(None, None, None, None).listen(app)
    drift_actions.DriftActions(None, None, None, None).listen(app)

    return app


@pytest.mark.parametrize("old", sorted(OLD_ACTION_IDS))
def test_an_old_button_is_answered_like_the_new_one(app, old):
    assert app.actions[old] == app.actions[OLD_ACTION_IDS[old]]


@pytest.mark.parametrize("old", sorted(OLD_CALLBACK_IDS))
def test_an_old_dialog_is_answered_like_the_new_one(app, old):
    assert app.views[old] == app.views[OLD_CALLBACK_IDS[old]]


def test_no_new_message_carries_an_old_id():
    old = "|".join([*OLD_ACTION_IDS, *OLD_CALLBACK_IDS])
    names = re.compile(rf'"(?:{old})"')
    files = [path for path in WEEKLY.glob("*.py") if path.name != "action_ids.py"]

    assert not [path.name for path in files if names.search(path.read_text("utf-8"))]
