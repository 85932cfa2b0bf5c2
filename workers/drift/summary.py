"""The drift watch in single lines: for the weekly digest, the home of an admin and the terminal."""

from __future__ import annotations

from router.lifecycle import State
from router.store import Store
from router.types import Candidate

DRIFTING: tuple[State, ...] = ("drifting",)


def drifting(store: Store, team: str) -> list[Candidate]:
    """A team's candidates whose live version drifts."""
    return store.candidates.of(team, DRIFTING)


def reasons(store: Store, one: Candidate) -> list[str]:
    """The alarms of a version that drifts, each as its figure; none where it does not."""
    seen = store.drifts.newest(one.id) if one.state == "drifting" else None
    return [] if seen is None else [alarm["figure"] for alarm in seen.body["alarms"]]


def lines(store: Store, team: str, week: str) -> list[str]:
    """A line for each alarm that rings now, and for each model whose end was first told of in that week."""
    found = [
        f"{one.label}: {figure}" for one in drifting(store, team) for figure in reasons(store, one)
    ]
    told = (seen.body for seen in store.drifts.of_week(team, week) if seen.candidate is None)
    return found + [
        f"{body['model']} ends on {body['date']} ({body['days']} days); it answers for {', '.join(body['routes'])}"
        for body in told
        if "model" in body
    ]
