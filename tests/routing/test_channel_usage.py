"""A channel's most used routes are counted from answered requests and shift decisions a little."""

from __future__ import annotations

import pytest

from bot.admins import Admins
from bot.routing.channel_usage import CACHE_SECONDS, MAX_CHANNELS, ChannelUsage
from bot.routing.service import RoutingService
from router.catalog.catalog import load_routes
from router.config import Settings
from router.learning.learner import Learner
from router.store.usage.stats import DAY
from router.types import Outcome
from tests.fixtures.help_desk import CountingQueue, write_routes
from tests.fixtures.router import TrigramEncoder

CLOSE = "my parcel password"
CLEAR = "please refund my order, I want my money back"


@pytest.fixture
def answered(every_store, clock, make_request, make_decision):
    """Stores a request that a route answered."""

    def answered(route, *, error=None, revisions=1, **over):
        request = make_request(**over)
        every_store.requests.insert(request, clock())
        every_store.decisions.insert_first(request.id, make_decision("triage"), clock())
        for revision in range(revisions):
            if revision:
                every_store.decisions.revise(
                    request.id, make_decision(route), revision - 1, clock(), asked_by="U1"
                )

            is_last = revision == revisions - 1
            outcome = Outcome("text", route=route if is_last else "triage", error=error)
            lease = every_store.requests.acquire(request.id, "w", clock(), 20.0)
            every_store.decisions.insert_outcome(request.id, revision, outcome, clock())
            every_store.requests.complete(lease, "answered", clock())

        return request

    return answered


def test_answered_requests_of_the_channel_count_by_the_route_that_answered_last(
    every_store, clock, answered, make_request
):
    start = clock()
    answered("delivery")
    answered("delivery")
    answered("refund", revisions=2)
    answered("delivery", error="model")
    answered("delivery", channel="C2")
    answered("delivery", team="T2")
    answered("delivery", received_at=start - 1)
    every_store.requests.insert(make_request(), clock())

    counts = every_store.stats.route_counts("T1", "C1", start)

    assert counts == {"delivery": 2, "refund": 1}


class CountingStats:
    """Counts its calls and keeps the start of the period of each."""

    def __init__(self):
        self.starts = []

    def route_counts(self, team, channel, start):
        self.starts.append(start)
        return {"delivery": len(self.starts)}


def test_counts_are_cached_for_a_while_and_reach_back_as_far_as_texts_are_kept(clock):
    stats = CountingStats()
    usage = ChannelUsage(stats, clock, 30)

    assert usage.route_counts("T1", "C1") == {"delivery": 1}
    clock.forward(CACHE_SECONDS - 1)
    assert usage.route_counts("T1", "C1") == {"delivery": 1}
    clock.forward(1)
    assert usage.route_counts("T1", "C1") == {"delivery": 2}
    assert stats.starts[-1] == clock() - 30 * DAY


def test_with_unlimited_retention_every_request_counts(clock):
    stats = CountingStats()

    ChannelUsage(stats, clock, 0).route_counts("T1", "C1")

    assert stats.starts == [0.0]


def test_the_cache_has_a_bound(clock):
    usage = ChannelUsage(CountingStats(), clock, 30)

    for number in range(MAX_CHANNELS + 1):
        usage.route_counts("T1", f"C{number}")

    assert len(usage._cache) == MAX_CHANNELS
    assert ("T1", "C0") not in usage._cache


@pytest.fixture
def routing(tmp_path, store, clock):
    write_routes(tmp_path / "routes")
    catalog = load_routes(tmp_path / "routes")
    admins = Admins(Settings(_env_file=None), store.audit, clock)
    return RoutingService(
        catalog, Learner(TrigramEncoder(), tmp_path / "router"), store, CountingQueue(), admins
    )


@pytest.fixture
def decide(store, routing, make_request, clock):
    def decide(text, channel):
        request = make_request(text, channel=channel)
        store.requests.insert(request, clock())
        return routing.decide(request)

    return decide


def fill(store, make_request, make_decision, clock, route):
    """Thirty requests of C1 that the route answered."""
    for _ in range(30):
        request = make_request()
        store.requests.insert(request, clock())
        store.decisions.insert_first(request.id, make_decision(route), clock())
        lease = store.requests.acquire(request.id, "w", clock(), 20.0)
        store.decisions.insert_outcome(request.id, 0, Outcome("text", route=route), clock())
        store.requests.complete(lease, "answered", clock())


@pytest.mark.parametrize("route", ["delivery", "password"])
def test_a_close_decision_goes_the_way_of_the_channel(
    store, decide, make_request, make_decision, clock, route
):
    fill(store, make_request, make_decision, clock, route)

    assert decide(CLOSE, "C1").scores[0].route == route


@pytest.mark.parametrize("route", ["delivery", "password", "refund"])
def test_a_clear_decision_stays_as_it_is(store, decide, make_request, make_decision, clock, route):
    elsewhere = decide(CLEAR, "C2")
    fill(store, make_request, make_decision, clock, route)

    here = decide(CLEAR, "C1")

    assert elsewhere.confidence > 0.8
    assert (here.verb, here.route) == (elsewhere.verb, elsewhere.route) == ("route", "refund")
    assert "moved" not in here.reason
