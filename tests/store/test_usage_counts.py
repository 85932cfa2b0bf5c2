"""Counters show what the requests themselves show, whatever happened in whatever order."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from sqlalchemy import delete, select

from router.store.base.tables import request as request_table
from router.store.usage import stats
from router.store.usage.usage_tables import usage_event, usage_slot
from router.types import Feedback, Outcome, Tokens
from workers.privacy.workspace_purge import purge_workspace

TEAMS, USERS, ROUTES = ("T1", "T2"), ("U1", "U2"), ("rewrite", "triage", "handbook")
HOUR, DAY = 3_600.0, 86_400.0
SUMS = (
    "requests",
    "answered",
    "asked",
    "asked_answered",
    "out_of_scope",
    "other",
    "failed",
    "corrected",
    "not_found",
)
MOMENTS = (0.0, 0.5 * HOUR, 5 * HOUR, 26 * HOUR, 4 * DAY)
"""How long before now the periods begin."""


class Workspace:
    """Draws what people and workers do, on one store."""

    def __init__(self, store, clock, make_request, make_decision, seed: int) -> None:
        self.store, self.clock = store, clock
        self.make_request, self.make_decision = make_request, make_decision
        self.rng = random.Random(seed)
        self.asked = 0
        self.open: list = []
        self.ended: list = []

    def step(self) -> None:
        actions = (self.ask, self.serve, self.serve, self.correct, self.withdraw, self.forward)
        self.rng.choice(actions)()

    def forward(self) -> None:
        self.clock.forward(self.rng.choice((20.0, 0.7 * HOUR, 9 * HOUR)))

    def ask(self) -> None:
        new = self.make_request(team=self.rng.choice(TEAMS), user=self.rng.choice(USERS))
        self.store.requests.insert(new, self.clock())
        verb = self.rng.choice(("route", "route", "ask", "out_of_scope"))
        route = self.rng.choice(ROUTES) if verb == "route" else None
        decision = self.make_decision(route, verb=verb, seconds=0.02)
        self.store.decisions.insert_first(new.id, decision, self.clock())
        self.open.append(new)
        self.asked += 1

    def serve(self) -> None:
        if not self.open:
            return

        new = self.open.pop(self.rng.randrange(len(self.open)))
        decision = self.store.decisions.newest(new.id)
        lease = self.store.requests.acquire(new.id, "w", self.clock(), 60)
        if lease is None or decision is None:
            return

        failed = self.rng.random() < 0.2
        outcome = Outcome(
            "an answer",
            {"answered": self.rng.random() < 0.7},
            tokens=Tokens(query=3, output=4),
            usd=self.rng.choice((0.0, 0.25)),
            seconds=1.5,
            model="m",
            route=decision.route or "",
            kind="rag" if decision.route else None,
            error="model" if failed else None,
        )
        self.store.decisions.insert_outcome(new.id, decision.revision, outcome, self.clock())
        self.clock.forward(self.rng.expovariate(0.5))
        self.store.requests.complete(lease, "dead" if failed else "answered", self.clock())
        self.ended.append(new)

    def correct(self) -> None:
        if not self.ended:
            return

        old = self.rng.choice(self.ended)
        seen = self.store.decisions.newest(old.id)
        if seen is None:
            return

        route = self.rng.choice(ROUTES)
        self.store.feedback.record(Feedback(old.id, old.user, "route", route, self.clock()))
        revised = replace(seen, verb="route", route=route, reason={"chosen": "by a person"})
        if self.store.decisions.revise(old.id, revised, seen.revision, self.clock(), asked_by="U1"):
            self.open.append(old)

    def withdraw(self) -> None:
        if self.ended and self.rng.random() < 0.3:
            old = self.ended.pop()
            self.store.withdrawals.begin(old.team, old.channel, old.ts, self.clock())


@pytest.fixture
def workspace(every_store, clock, make_request, make_decision):
    return Workspace(every_store, clock, make_request, make_decision, seed=5)


def assert_same(store, monkeypatch, team: str, start: float) -> None:
    """Compares the counters with the requests themselves."""
    exact = store.stats.since(team, start)
    monkeypatch.setattr(stats, "MAX_EXACT", -1)
    counted = store.stats.since(team, start)
    monkeypatch.undo()

    for name in SUMS:
        assert getattr(counted, name) == getattr(exact, name), name

    assert list(counted.days) == list(exact.days)
    assert counted.usd == pytest.approx(exact.usd)
    assert counted.tokens == exact.tokens
    assert counted.p50_seconds == pytest.approx(exact.p50_seconds, rel=0.03, abs=0.002)
    assert counted.p95_seconds == pytest.approx(exact.p95_seconds, rel=0.03, abs=0.002)
    assert [(r.route, r.kinds, r.requests, r.share, r.corrected) for r in counted.routes] == [
        (r.route, r.kinds, r.requests, r.share, r.corrected) for r in exact.routes
    ]


def test_counters_agree_with_the_requests_at_every_moment(workspace, monkeypatch) -> None:
    store = workspace.store
    for number in range(240):
        workspace.step()
        if number % 7 == 0:
            store.usage_counts.count_events()
        if number % 11 == 0:
            age = workspace.rng.choice(MOMENTS)
            team = workspace.rng.choice(TEAMS)
            assert_same(store, monkeypatch, team, workspace.clock() - age)

    for age in MOMENTS:
        assert_same(store, monkeypatch, "T1", workspace.clock() - age)


def test_totals_are_the_same_before_and_after_counting(workspace) -> None:
    for _ in range(80):
        workspace.step()

    before = workspace.store.stats.totals()
    assert workspace.store.usage_counts.count_events() > 50

    after = workspace.store.stats.totals()
    assert after == before
    # An answer that was corrected is given again, so a request may end more than once.
    assert after.requests["received"] == workspace.asked > 0
    assert after.requests["answered"] > 0
    assert after.seconds["whole"].count == after.requests["answered"] + after.requests["dead"]


def test_totals_never_fall_when_requests_are_deleted(workspace) -> None:
    store = workspace.store
    for _ in range(80):
        workspace.step()

    before = store.stats.totals()
    with store.begin() as connection:
        connection.execute(delete(request_table))

    store.usage_counts.count_events()

    assert store.stats.totals() == before
    assert store.stats.since("T1", 0.0).requests == 0


def test_figures_that_were_damaged_are_counted_again(workspace, monkeypatch) -> None:
    store = workspace.store
    for _ in range(60):
        workspace.step()

    store.usage_counts.count_events()
    with store.begin() as connection:
        connection.execute(usage_slot.update().values(requests=99))

    assert store.usage_counts.recount() > 0

    assert_same(store, monkeypatch, "T1", workspace.clock() - 4 * DAY)


def test_a_workspace_that_leaves_takes_its_figures_along(workspace) -> None:
    store = workspace.store
    for _ in range(60):
        workspace.step()

    purge_workspace(store, "T1")

    with store.begin() as connection:
        for table in (usage_event, usage_slot):
            teams = set(connection.execute(select(table.c.team)).scalars())
            assert "T1" not in teams

    assert store.stats.since("T1", 0.0).requests == 0
    assert store.stats.since("T2", 0.0).requests > 0
