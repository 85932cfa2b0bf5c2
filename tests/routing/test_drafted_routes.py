"""A route that was drafted in a workspace routes there alone, and serves from its canary on."""

from __future__ import annotations

import pytest

from bot.admins import Admins
from bot.routing.service import RoutingService
from router.catalog.catalog import load_routes
from router.catalog.version import Version
from router.config import Settings
from router.encoder.cache import CachingEncoder
from router.learning.learner import Learner
from router.publish import publish_catalog
from router.store.versions.drafted_routes import DraftedRoute, DraftText
from router.store.versions.versions import StoredVersion
from router.types import DRAFTED, SlackPerson
from tests.fixtures.help_desk import CountingQueue, write_routes
from tests.fixtures.router import TrigramEncoder

ROOMS = Version(route="rooms", kind="prompt", prompt="Say which room.")
TEXT = "please book a meeting room for monday"
ASKED = (
    "book a meeting room for monday",
    "can I book a meeting room on friday",
    "a meeting room for six people please",
    "reserve the meeting room tomorrow",
    "is a meeting room free on monday",
    "we need a meeting room on tuesday",
)


@pytest.fixture
def routing(tmp_path, store, clock):
    write_routes(tmp_path / "routes")
    catalog = load_routes(tmp_path / "routes")
    publish_catalog(catalog, store, clock())
    admins = Admins(Settings(_env_file=None, admins=("UADMIN",)), store.audit, clock)
    learner = Learner(CachingEncoder(TrigramEncoder()), tmp_path / "router")
    return RoutingService(catalog, learner, store, CountingQueue(), admins)


@pytest.fixture
def drafted(store, clock):
    """Stores the draft in T1, in its shadow test."""
    body = ROOMS.model_dump(mode="json")
    store.versions.insert(StoredVersion("T1", "rooms", ROOMS.id, "prompt", "shadow", body, clock()))
    utterances = tuple(DraftText(text, f"U{place}", "C1") for place, text in enumerate(ASKED))
    store.drafted_routes.save(
        "T1", DraftedRoute("T1", "rooms", "T1:c1", ROOMS.id, "Book rooms.", utterances)
    )
    store.versions.start_shadow("T1", "rooms", ROOMS.id)


@pytest.fixture
def decide(store, routing, make_request, clock):
    def ask(text=TEXT, team="T1", user="U1"):
        request = make_request(text, team=team, user=user)
        store.requests.insert(request, clock())
        return routing.decide(request)

    return ask


def test_in_shadow_a_draft_is_noted_and_serves_nobody(routing, drafted, decide):
    routing.retrain("T1")
    decision = decide()

    assert decision.route is None
    assert decision.reason[DRAFTED] == "rooms"
    assert "rooms" not in routing.usable_routes(SlackPerson("T1", "U1"), "C1")


def test_a_live_draft_serves_its_workspace_alone(routing, drafted, store, decide):
    store.versions.go_live("T1", "rooms", ROOMS.id, "rollout")
    routing.retrain("T1")

    assert decide().route == "rooms"
    assert decide().version == ROOMS.id
    assert decide(team="T2").route is None
    assert "rooms" not in routing.catalog_of("T2").routes


def test_in_canary_a_draft_serves_the_people_in_it(routing, drafted, store):
    store.versions.start_canary("T1", "rooms", ROOMS.id, 0.5)
    routing.retrain("T1")

    people = [f"U{number}" for number in range(40)]
    served = [
        user for user in people if "rooms" in routing.usable_routes(SlackPerson("T1", user), "C1")
    ]
    assert 0 < len(served) < len(people)


def test_every_bot_notices_a_draft_that_was_started(routing, drafted, store):
    before = routing._routers.states()
    store.versions.roll_back("T1", "rooms", ROOMS.id)

    assert "T1" in before
    assert "T1" not in routing._routers.states()


def test_a_route_that_was_taken_back_takes_no_request(routing, drafted, store, decide, tmp_path):
    store.versions.go_live("T1", "rooms", ROOMS.id, "rollout")
    routing.retrain("T1")
    store.versions.roll_back("T1", "rooms", ROOMS.id)
    routing.retrain("T1")

    assert decide().route is None
    assert not (tmp_path / "router" / "T1").exists()
