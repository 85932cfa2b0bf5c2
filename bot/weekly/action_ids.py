"""Registers listeners by action id, and under the ids that messages of release 0.1 still carry."""

from __future__ import annotations

from collections.abc import Mapping

from slack_bolt import App

from bot.payloads import Listener

OLD_ACTION_IDS: Mapping[str, str] = {
    "candidate_later": "candidate_snooze_dialog",
    "road_review": "rollout_review",
    "road_accept": "rollout_accept",
    "road_try": "rollout_shadow",
    "road_canary": "rollout_canary",
    "road_back": "rollout_rollback",
    "road_report": "rollout_report",
    "drift_back": "drift_rollback",
}
"""Old action id -> new one. Buttons keep their id until their message is updated."""
OLD_CALLBACK_IDS: Mapping[str, str] = {"road_review_view": "rollout_review_view"}
"""Old callback id of a dialog -> new one: a dialog may be open while Beagle is updated."""


def listen(app: App, actions: Mapping[str, Listener], dialogs: Mapping[str, Listener]) -> None:
    """Registers each listener, and once more for each old id of its action or dialog."""
    for action_id, listener in actions.items():
        app.action(action_id)(listener)

    for callback_id, listener in dialogs.items():
        app.view(callback_id)(listener)

    # Slack shows an error to whoever presses a button that nobody listens to.
    for old, new in OLD_ACTION_IDS.items():
        if new in actions:
            app.action(old)(actions[new])

    for old, new in OLD_CALLBACK_IDS.items():
        if new in dialogs:
            app.view(old)(dialogs[new])
