"""A correction counts against the route that answered wrongly, and a choice is no correction."""

from __future__ import annotations

from dataclasses import replace

import pytest

from router.store import Store
from router.store.base.engine import open_engine
from router.store.base.migrate import migrate
from router.store.usage import stats
from router.types import Feedback, Outcome

CHOSEN = {"chosen": "by a person"}


class People:
    """What people ask, choose and correct, in one workspace."""

    def __init__(self, store, clock, make_request, make_decision) -> None:
        self.store, self.clock = store, clock
        self.make_request, self.make_decision = make_request, make_decision

    def ask(self, verb, route=None):
        request = self.make_request()
        self.store.requests.insert(request, self.clock())
        decision = self.make_decision(route, verb=verb)
        self.store.decisions.insert_first(request.id, decision, self.clock())
        self._answer(request.id)
        return request.id

    def say(self, key, route, *, runs_again=True) -> None:
        """Stores the route that a person named; it answers where the request runs again."""
        self.store.feedback.record(Feedback(key, "U1", "route", route, self.clock()))
        if not runs_again:
            return

        newest = self.store.decisions.newest(key)
        chosen = replace(newest, verb="route", route=route, reason=CHOSEN)
        self.store.decisions.revise(key, chosen, newest.revision, self.clock(), asked_by="U1")
        self._answer(key)

    def routes(self):
        period = self.store.stats.since("T1", self.clock() - 10)
        return {route.route: (route.requests, route.corrected) for route in period.routes}

    def corrected(self) -> int:
        return self.store.stats.since("T1", self.clock() - 10).corrected

    def _answer(self, key) -> None:
        decision = self.store.decisions.newest(key)
        lease = self.store.requests.acquire(key, "w1", self.clock(), 20.0)
        kind = "prompt" if decision.route else None
        outcome = Outcome("Yes.", route=decision.route or "", kind=kind)
        self.store.decisions.insert_outcome_held(lease, decision.revision, outcome, self.clock())
        self.store.requests.complete(lease, "answered", self.clock())


@pytest.fixture(params=("read one by one", "read from the counters"))
def people(request, monkeypatch, every_store, clock, make_request, make_decision):
    if request.param == "read from the counters":
        monkeypatch.setattr(stats, "MAX_EXACT", -1)

    return People(every_store, clock, make_request, make_decision)


def test_a_correction_counts_against_the_route_that_was_wrong(people):
    people.say(people.ask("route", "triage"), "handbook")
    people.ask("route", "triage")

    assert people.routes() == {"triage": (1, 1), "handbook": (1, 0)}
    assert people.corrected() == 1


def test_it_counts_the_same_where_the_request_does_not_run_again(people):
    people.say(people.ask("route", "triage"), "handbook", runs_again=False)

    assert people.routes() == {"triage": (1, 1)}
    assert people.corrected() == 1


def test_its_share_is_of_all_that_the_route_answered(people):
    people.say(people.ask("route", "triage"), "handbook")

    triage = people.store.stats.since("T1", people.clock() - 10).routes[-1]

    assert (triage.route, triage.requests, triage.answers, triage.kinds) == (
        "triage",
        0,
        1,
        ("prompt",),
    )


def test_a_choice_after_asking_back_is_no_correction(people):
    people.say(people.ask("ask"), "handbook")

    assert people.routes() == {"handbook": (1, 0)}
    assert people.corrected() == 0


def test_a_route_for_what_was_turned_away_corrects_no_route(people):
    people.say(people.ask("out_of_scope"), "handbook")
    people.say(people.ask("out_of_scope"), "triage", runs_again=False)

    assert people.routes() == {"handbook": (1, 0)}
    assert people.corrected() == 0


def test_who_says_in_the_end_that_the_route_was_right_corrects_nothing(people):
    key = people.ask("route", "triage")
    people.say(key, "handbook")
    people.store.stats.since("T1", 0)
    people.clock.forward(1)
    people.say(key, "triage")

    assert people.routes() == {"triage": (1, 0)}
    assert people.corrected() == 0


def test_counters_notice_a_changed_mind(people):
    key = people.ask("route", "triage")
    people.say(key, "triage", runs_again=False)
    people.store.usage_counts.count_events()
    people.clock.forward(1)

    people.say(key, "handbook", runs_again=False)

    assert people.corrected() == 1


def test_the_total_is_the_sum_of_the_routes(people):
    people.say(people.ask("route", "triage"), "handbook")
    people.say(people.ask("route", "handbook"), "rewrite", runs_again=False)
    people.say(people.ask("ask"), "rewrite")
    people.say(people.ask("out_of_scope"), "triage", runs_again=False)

    assert people.corrected() == 2 == sum(corrected for _, corrected in people.routes().values())


def test_mining_reads_a_choice_after_asking_back_as_no_correction(people):
    asked, wrong = people.ask("ask"), people.ask("route", "triage")
    people.say(asked, "handbook")
    people.say(wrong, "handbook")

    read = people.store.mining.requests("T1", 0, people.clock() + 10)

    assert {request.id: request.corrected for request in read} == {asked: False, wrong: True}


def test_what_an_older_release_counted_is_counted_again(
    tmp_path, monkeypatch, clock, make_request, make_decision
):
    engine = open_engine(f"sqlite:///{tmp_path / 'beagle.db'}")
    migrate(engine, "0047")
    people = People(Store(engine), clock, make_request, make_decision)
    people.say(people.ask("route", "triage"), "handbook")
    people.store.usage_counts.count_events()

    migrate(engine)

    assert people.store.usage_counts.count_events() == 1
    monkeypatch.setattr(stats, "MAX_EXACT", -1)
    assert people.routes() == {"triage": (0, 1), "handbook": (1, 0)}
    engine.dispose()
