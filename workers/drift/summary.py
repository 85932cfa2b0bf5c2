"""The drift watch in single lines: for the weekly digest, an admin's App Home and the terminal."""

from __future__ import annotations

from router.lifecycle import State
from router.store import Store
from router.types import Candidate

DRIFTING: tuple[State, ...] = ("drifting",)


def drifting_candidates(store: Store, team: str) -> list[Candidate]:
    """Returns a team's candidates whose live version drifts."""
    return store.candidates.for_team(team, DRIFTING)


def alarm_figures(store: Store, candidate: Candidate) -> list[str]:
    """Returns the figure of each alarm of a drifting version; none where it does not drift."""
    if candidate.state != "drifting":
        return []

    check = store.drift_checks.newest(candidate.id)
    return [] if check is None else [alarm["figure"] for alarm in check.body["alarms"]]


def summary_lines(store: Store, team: str, week: str) -> list[str]:
    """Returns a line for each active alarm, and each model sunset announced that week."""
    lines = []
    for candidate in drifting_candidates(store, team):
        lines += [f"{candidate.label}: {figure}" for figure in alarm_figures(store, candidate)]

    for check in store.drift_checks.for_week(team, week):
        body = check.body
        # The record of the whole week, and those of sunsets, belong to no candidate.
        if check.candidate is None and "model" in body:
            lines.append(
                f"{body['model']} ends on {body['date']} ({body['days']} days); "
                f"it answers for {', '.join(body['routes'])}"
            )

    return lines
