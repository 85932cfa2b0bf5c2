"""A route that was drafted in a workspace is its alone, and forgets with its people."""

from __future__ import annotations

import pytest

from router.catalog.version import Version
from router.lifecycle_evidence import CanaryEvidence, ShadowEvidence
from router.store.privacy.sentences import Sentences
from router.store.versions import transitions
from router.store.versions.drafted_routes import DraftedRoute, DraftText
from router.store.versions.versions import StoredVersion

ROOMS = Version(route="rooms", kind="prompt", prompt="Say which room.")
SOMEBODYS = DraftText("book a room for monday", "U1", "C1")
OTHERS = DraftText("reserve a room please", "U2", "C2")


def drafted(**over) -> DraftedRoute:
    parts = {
        "candidate": "T1:c1",
        "version": ROOMS.id,
        "description": "Book a room.",
        "utterances": (SOMEBODYS, OTHERS, DraftText("a meeting room")),
        "rows": (DraftText("a room", "U1", "C1", "test", {"day": "monday"}),),
        "negatives": (DraftText("the room is cold", "U3"),),
    }
    return DraftedRoute("T1", "rooms", **parts | over)


@pytest.fixture
def saved(every_store):
    """The store with the draft of T1 and its version, which nobody has started."""
    every_store.drafted_routes.save("T1", drafted())
    body = ROOMS.model_dump(mode="json")
    every_store.versions.insert(
        StoredVersion("T1", "rooms", ROOMS.id, "prompt", "shadow", body, 1.0)
    )
    return every_store


def test_a_draft_is_read_as_it_was_saved(saved):
    stored = saved.drafted_routes.get("T1", "rooms")

    assert stored == drafted(revision=1)
    assert saved.drafted_routes.for_candidate("T1", "T1:c1") == stored
    assert saved.drafted_routes.names("T1") == ["rooms"]


def test_a_draft_is_invisible_in_another_workspace(saved):
    drafts = saved.drafted_routes

    assert drafts.get("T2", "rooms") is None
    assert drafts.for_candidate("T2", "T1:c1") is None
    assert drafts.names("T2") == []
    drafts.remove("T2", "rooms")
    assert drafts.names("T1") == ["rooms"]


def test_a_draft_routes_nothing_before_its_shadow_test(saved):
    assert saved.drafted_routes.active("T1") == {}
    assert saved.drafted_routes.fingerprints() == {}

    saved.versions.start_shadow("T1", "rooms", ROOMS.id)

    route = saved.drafted_routes.active("T1")["rooms"]
    assert route.version == ROOMS
    assert [example.route for example in route.examples] == ["rooms", "out_of_scope"]
    assert set(saved.drafted_routes.fingerprints()) == {"T1"}


def test_a_changed_draft_has_another_fingerprint(saved):
    saved.versions.start_shadow("T1", "rooms", ROOMS.id)
    before = saved.drafted_routes.fingerprints()
    saved.drafted_routes.save("T1", drafted(utterances=(OTHERS,)))

    assert saved.drafted_routes.fingerprints() != before
    assert saved.drafted_routes.get("T1", "rooms").revision == 2


def test_nothing_is_taught_by_somebody_who_opted_out(saved):
    saved.versions.start_shadow("T1", "rooms", ROOMS.id)
    before = saved.drafted_routes.fingerprints()
    saved.opt_outs.add("T1", "U1", 2.0)

    route = saved.drafted_routes.active("T1")["rooms"]
    assert SOMEBODYS.text not in route.utterances
    assert route.rows == ()
    assert saved.drafted_routes.fingerprints() != before


def test_forget_me_removes_what_came_from_a_person(saved):
    result = saved.personal_data.erase_user("T1", "U1", Sentences(b"key"), ())

    stored = saved.drafted_routes.get("T1", "rooms")
    assert result.rows["drafted_route"] == 1
    assert [part.user for part in stored.utterances] == ["U2", ""]
    assert stored.rows == ()


def test_what_was_said_in_a_channel_leaves_when_it_becomes_private(saved):
    saved.access.set_channel("T1", "C2", name="rooms", public=True, at=1.0)
    saved.access.set_channel("T1", "C2", name="rooms", public=False, at=2.0)

    stored = saved.drafted_routes.get("T1", "rooms")
    assert [part.user for part in stored.utterances] == ["U1", ""]


def test_a_live_route_of_the_workspace_alone_can_be_taken_back(saved):
    saved.versions.go_live("T1", "rooms", ROOMS.id, "rollout")
    assert saved.versions.roll_back("T1", "rooms", ROOMS.id) is None

    assert saved.versions.live("T1", "rooms") is None
    assert saved.drafted_routes.active("T1") == {}


def test_a_canary_serves_its_share_of_the_people_only(saved):
    with saved.begin(("route", "T1", "rooms")) as connection:
        for step in (ShadowEvidence(version=ROOMS.id), CanaryEvidence(version=ROOMS.id, share=0.5)):
            transitions.apply(connection, "T1", "rooms", step)

    served = [saved.versions.version_for_user("T1", "rooms", f"U{n}") for n in range(40)]
    assert 5 < sum(version is not None for version in served) < 35


def test_a_workspace_that_leaves_takes_its_routes_along(saved):
    saved.personal_data.delete_team("T1")

    assert saved.drafted_routes.names("T1") == []
