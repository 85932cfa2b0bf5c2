"""Which version of a route answers after each step: examples of what the properties say of all."""

from __future__ import annotations

import pytest

from router.store import Store
from router.store.versions.versions import StoredVersion


@pytest.fixture
def insert(store: Store):
    """Stores versions of a route, as they come from training."""

    def insert(team, route, *versions):
        for version in versions:
            row = StoredVersion(team, route, version, "prompt", "shadow", {}, 1.0)
            store.versions.insert(row)

    return insert


@pytest.fixture
def states(store: Store):
    """Returns each version of a workspace's route with its state."""

    def states(team, route):
        stored = store.versions.for_route(team, route)
        return {row.id: row.state for row in stored if row.team == team}

    return states


def test_a_version_that_answers_nobody_yet_waits_while_another_is_tried(store, insert, states):
    insert("T1", "boxes", "a", "b", "c")
    store.versions.start_canary("T1", "boxes", "a", 0.25)
    store.versions.start_shadow("T1", "boxes", "b")
    assert states("T1", "boxes") == {"a": "retired", "b": "shadow", "c": "shadow"}

    store.versions.start_canary("T1", "boxes", "a", 0.0)
    store.versions.start_shadow("T1", "boxes", "c")

    assert states("T1", "boxes") == {"a": "canary", "b": "retired", "c": "shadow"}


@pytest.mark.parametrize("origin", ["file", "rollout"])
def test_a_live_version_says_whether_it_came_from_a_file_or_a_rollout(store, insert, origin):
    insert("T1", "boxes", "a")

    store.versions.go_live("T1", "boxes", "a", origin)

    assert store.versions.live("T1", "boxes").origin == origin


def test_a_rollback_concerns_this_route_of_this_workspace_alone(store, insert, states):
    routes = [("T1", "boxes"), ("T1", "crates"), ("T2", "boxes")]
    for team, route in routes:
        names = [f"{team}-{route}-{number}" for number in (1, 2)]
        insert(team, route, *names)
        for name in names:
            store.versions.go_live(team, route, name, "rollout")

    store.versions.roll_back("T1", "boxes", "T1-boxes-2")

    assert states("T1", "boxes") == {"T1-boxes-1": "live", "T1-boxes-2": "retired"}
    for team, route in routes[1:]:
        first, second = f"{team}-{route}-1", f"{team}-{route}-2"
        assert states(team, route) == {first: "retired", second: "live"}
