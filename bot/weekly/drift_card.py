"""The message of a drift check, rendered from the store each time it is shown."""

from __future__ import annotations

from slack_sdk import WebClient

from bot.ui.blocks import Rendered
from bot.weekly import drift_view
from bot.weekly.posting import update_message
from router.store import Store
from router.store.weekly.candidates import CandidateTransition
from router.store.weekly.drift_checks import DriftCheck
from workers.drift.live_version import live_version
from workers.drift.replacement import best_prompted


def render_drift_check(store: Store, check: DriftCheck) -> Rendered | None:
    """Returns the message; None when the candidate of the check is gone."""
    if check.candidate is None:
        return drift_view.sunset_warning(check.body)

    candidate = store.candidates.get(check.candidate)
    if candidate is None:
        return None

    if not check.body["alarms"]:
        return drift_view.recovered_note(check, candidate)

    live = live_version(store, candidate)
    replacement = None if live is None else best_prompted(store, live)

    # Only the newest check has buttons; the older ones show what was decided since.
    newest = store.drift_checks.newest(candidate.id)
    is_newest = newest is not None and newest.id == check.id
    decision = None
    if candidate.state != "drifting" or not is_newest:
        decision = _decision(store, check)

    return drift_view.drift_card(
        check, candidate, decision, None if replacement is None else replacement.id
    )


def update_drift_cards(store: Store, client: WebClient, candidate: str) -> None:
    """Updates every posted card of the candidate. Best effort: the store is what counts."""
    for check in store.drift_checks.for_candidate(candidate):
        if not check.telling or check.ts is None or check.channel is None:
            continue

        # A note that an alarm is over never changes.
        message = render_drift_check(store, check) if check.body["alarms"] else None
        if message is not None:
            update_message(lambda: client, check.channel, check.ts, message)


def _decision(store: Store, check: DriftCheck) -> CandidateTransition | None:
    """Returns the step that ended the drift which the check found; None if there is none."""
    for edge in store.candidates.history(str(check.candidate)):
        if edge.before == "drifting" and edge.at >= check.at:
            return edge

    return None
