"""Checks that the version which answers is the one that the audit trail names.

A thread polls the store during a run; afterwards every answer is checked against the audit.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from itertools import pairwise

from sqlalchemy import Connection, select

from router.canary import in_rollout
from router.lifecycle_evidence import CanaryEvidence, LiveEvidence, decode_transition
from router.store import Store
from router.store.base.engine import reading
from router.store.base.tables import candidate as candidates
from router.store.base.tables import decision, outcome, request, route_version
from router.store.weekly.candidate_tables import candidate_edge
from router.store.weekly.candidates import CandidateTransition
from router.types import INSTALLATION

POLL_SECONDS = 0.01
SLACK_SECONDS = 2.0
"""Tolerance: a step is dated before it is written, a decision after it is made. On a busy machine
these are seconds apart."""


class AuditMonitor(threading.Thread):
    """A thread that polls every route for states that must never occur.

    Attributes:
        polls: How often a route was checked.
        wrong: One sentence for each inconsistency.


    Polling more often than every POLL_SECONDS would take processor time from the processes that
    are measured. `routes` maps each route to the id of its candidate.
    """

    def __init__(self, store: Store, routes: Mapping[str, str]) -> None:
        super().__init__(name="audit-monitor", daemon=True)
        self._store, self._routes = store, dict(routes)
        self.polls, self.wrong = 0, list[str]()
        self._over = threading.Event()

    def run(self) -> None:
        """Polls until `stop` is called."""
        while not self._over.is_set():
            self.check_routes()
            self._over.wait(POLL_SECONDS)

    def watch(self, name: str, key: str) -> None:
        """Adds a route and its candidate to those that are checked."""
        self._routes[name] = key

    def check_routes(self) -> None:
        """Checks every route once."""
        for name, key in list(self._routes.items()):
            with reading(self._store.engine) as connection:
                problem = _inconsistency(connection, name, key)

            self.polls += 1
            if problem:
                self.wrong.append(problem)

    def stop(self) -> None:
        """Ends the thread and waits for it."""
        self._over.set()
        self.join()


def _inconsistency(connection: Connection, name: str, key: str) -> str:
    """Returns what is wrong in one consistent read of a route; empty if nothing is."""
    query = select(candidates.c.state, candidates.c.team).where(candidates.c.id == key)
    current, team = connection.execute(query).one_or_none() or ("", "")
    edges = select(candidate_edge.c.after, candidate_edge.c.evidence).where(
        candidate_edge.c.candidate == key
    )
    newest = connection.execute(
        edges.order_by(candidate_edge.c.version.desc()).limit(1)
    ).one_or_none()
    rows = connection.execute(
        select(route_version).where(
            route_version.c.team.in_((team, INSTALLATION)),
            route_version.c.route == name,
            route_version.c.state.in_(("live", "canary")),
        )
    ).all()

    # The workspace's own live version answers there, else that of the route's file.
    own = [row.id for row in rows if row.state == "live" and row.team == team]
    live = own or [row.id for row in rows if row.state == "live"]
    canary = [(row.id, row.rollout_share) for row in rows if row.state == "canary"]
    evidence = decode_transition(newest.after, newest.evidence) if newest is not None else None

    if len(live) != 1:
        return f"{name} {current}: {len(live)} live versions"

    wanted: list[tuple[str, float]] = []
    if isinstance(evidence, CanaryEvidence):
        wanted = [(str(evidence.version), evidence.share)]
        if live[0] != evidence.previous_version:
            return f"{name} canary: {live[0]} is live, {evidence.previous_version} was"
    elif isinstance(evidence, LiveEvidence) and live[0] != evidence.version:
        return f"{name} live: {live[0]} answers, {evidence.version} should"

    return "" if canary == wanted else f"{name} {current}: in canary {canary}, should be {wanted}"


def wrong_answers(
    store: Store, name: str, history: Sequence[CandidateTransition]
) -> tuple[int, int]:
    """Returns how many answers a route gave, and how many came from a wrong version.

    A version is wrong if it could not answer that person at that time by the audit trail.
    """
    query = (
        select(
            request.c.user,
            outcome.c.version,
            decision.c.at.label("decided_at"),
            outcome.c.at.label("answered_at"),
        )
        .join(decision, decision.c.request == request.c.id)
        .join(
            outcome,
            (outcome.c.request == request.c.id) & (outcome.c.revision == decision.c.revision),
        )
        .where(outcome.c.route == name, request.c.id.not_like("fortnight%"))
    )
    with reading(store.engine) as connection:
        rows = connection.execute(query).all()

    previous = next(
        (edge.evidence.previous_version for edge in history if edge.after == "canary"), ""
    )
    count = 0

    for row in rows:
        edges = [edge for edge in history if edge.at <= row.answered_at + SLACK_SECONDS]
        start = max(
            (n for n, edge in enumerate(edges) if edge.at <= row.decided_at - SLACK_SECONDS),
            default=0,
        )
        allowed = {
            version
            for edge in edges[start:]
            for version in _allowed(name, row.user, edge, previous)
        }
        count += bool(previous) and row.version not in allowed

    return len(rows), count


def _allowed(name: str, user: str, edge: CandidateTransition, previous: str) -> set[str]:
    """Returns the versions that may answer a person from that step on."""
    version = str(edge.evidence.version)
    if isinstance(edge.evidence, CanaryEvidence):
        return {version} if in_rollout(name, user, edge.evidence.share) else {previous}

    return {version} if edge.after == "live" else {previous}


def _share(edge: CandidateTransition) -> float | None:
    """Returns the share of people in a canary; None for any other step."""
    return edge.evidence.share if isinstance(edge.evidence, CanaryEvidence) else None


def broken_audit(history: Sequence[CandidateTransition]) -> list[str]:
    """Returns what is wrong with an audit: steps that do not join, and repeated steps."""
    wrong = [
        f"{edge.after} then {following.before}"
        for edge, following in pairwise(history)
        if edge.after != following.before
    ]

    taken = [(edge.before, edge.after, _share(edge)) for edge in history]
    return wrong + [
        f"twice: {step}" for step in sorted(set(taken), key=str) if taken.count(step) > 1
    ]


def state_path(history: Sequence[CandidateTransition]) -> list[str]:
    """Returns the states in order, with the share of people for a canary."""
    return [
        f"{edge.after} {_share(edge)}" if edge.after == "canary" else edge.after for edge in history
    ]
