"""The columns of a route version hold what one coded column held before.

The installation's versions move by those rules; a workspace's move beside them, for itself alone.
"""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.lifecycle_evidence import (
    CanaryEvidence,
    LiveEvidence,
    RetirementEvidence,
    RollbackEvidence,
    ShadowEvidence,
)
from router.store import open_store
from router.store.versions import transitions
from router.store.versions.versions import StoredVersion
from router.types import INSTALLATION

VERSIONS = ("a", "b", "c")
SHARES = (0.0, 0.05, 0.25, 1.0)
USERS = [f"U{number}" for number in range(9)]
BEFORE = -1.0
"""The former code of the version to roll back to."""

versions = st.sampled_from(VERSIONS)
shares = st.sampled_from(SHARES)
evidence = st.one_of(
    st.builds(ShadowEvidence, version=versions),
    st.builds(CanaryEvidence, version=versions, share=shares),
    st.builds(LiveEvidence, version=versions),
    st.builds(RollbackEvidence, version=versions),
    st.builds(RetirementEvidence, version=versions),
    st.builds(RetirementEvidence, version=versions, replacement=versions),
)
steps = st.one_of(
    st.tuples(st.just("insert"), versions),
    st.tuples(st.just("go_live"), versions, st.sampled_from(("file", "rollout"))),
    st.tuples(st.just("start_shadow"), versions),
    st.tuples(st.just("start_canary"), versions, shares),
    st.tuples(st.just("roll_back"), versions),
    st.tuples(st.just("apply"), evidence),
)


class FormerRules:
    """The rules of the releases before the columns, on rows of `[state, share]` by version."""

    def __init__(self):
        self.rows = {}

    def insert(self, version):
        self.rows.setdefault(version, ["shadow", 0.0])

    def go_live(self, version, origin):
        self._go_live(version, 1.0 if origin == "rollout" else 0.0)

    def start_shadow(self, version):
        self._place(version, "shadow", 1.0)

    def start_canary(self, version, share):
        self._place(version, "canary", share)

    def roll_back(self, version):
        if self.rows.get(version, [""])[0] == "live":
            back = next((key for key, row in self.rows.items() if row[1] == BEFORE), None)
            if back is None:
                return
            self._set(back, "live", 0.0)
        self._set(version, "retired", 0.0)

    def apply(self, evidence):
        version, state = evidence.version, evidence.state
        if version not in self.rows:
            return
        now, share = self.rows[version]

        if state == "shadow" and (now, share) != ("shadow", 1.0):
            self._place(version, "shadow", 1.0)
        elif state == "canary" and (now, share) != ("canary", evidence.share):
            self._place(version, "canary", evidence.share)
        elif state == "live" and now == "canary":
            self._go_live(version, 1.0)
        elif state == "retired" and evidence.replacement:
            self._retire(version, evidence.replacement)
        elif state in ("rolled_back", "retired") and now in ("canary", "live", "shadow"):
            self.roll_back(version)

    def _set(self, version, state, share):
        if version in self.rows:
            self.rows[version] = [state, share]

    def _place(self, version, state, share):
        for other, row in self.rows.items():
            if other != version and row[0] in ("canary", "shadow") and row[1] > 0:
                self._set(other, "retired", 0.0)
        self._set(version, state, share)

    def _go_live(self, version, share):
        live = [key for key, row in self.rows.items() if row[0] == "live" and key != version]
        if live:
            for row in self.rows.values():
                row[1] = 0.0 if row[1] == BEFORE else row[1]
            self._set(live[0], "retired", BEFORE)
        self._set(version, "live", share)

    def _retire(self, version, replacement):
        if self.rows[version][0] == "live":
            if replacement not in self.rows:
                return
            self._set(replacement, "live", 1.0)
        self._set(version, "retired", 0.0)


def former_share(version):
    """What the one column held for a version, in its state's code."""
    if version.state == "shadow":
        return 1.0 if version.shadowing else 0.0
    if version.state == "canary":
        return version.rollout_share
    if version.state == "live":
        return 1.0 if version.origin == "rollout" else 0.0

    return BEFORE if version.previous_live else 0.0


def take(store, route, step, *values, team=INSTALLATION):
    if step == "insert":
        store.versions.insert(StoredVersion(team, route, *values, "prompt", "shadow", {}, 1.0))
    elif step == "apply":
        with store.begin() as connection:
            transitions.apply(connection, team, route, *values)
    else:
        getattr(store.versions, step)(team, route, *values)


def facts(store, team, route):
    """Everything that is known of a route's versions in a workspace, and who gets which."""
    versions = store.versions
    return (
        sorted(map(repr, versions.for_route(team, route))),
        [versions.version_for_user(team, route, user) for user in USERS],
        versions.shadow_version(team, route),
    )


@pytest.fixture(scope="module")
def shared_store(tmp_path_factory):
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('versions') / 'beagle.db'}")
    yield store
    store.close()


@pytest.fixture(scope="module")
def route_names():
    return (f"route-{number}" for number in itertools.count())


@settings(max_examples=150, deadline=None)
@given(st.lists(steps, max_size=14))
def test_versions_move_by_the_former_rules(shared_store, route_names, taken):
    route, former = next(route_names), FormerRules()

    for step, *values in [("insert", "a"), ("insert", "b"), *taken]:
        take(shared_store, route, step, *values)
        getattr(former, step)(*values)

        stored = shared_store.versions.for_route(INSTALLATION, route)
        assert {row.id: [row.state, former_share(row)] for row in stored} == former.rows


@settings(max_examples=50, deadline=None)
@given(st.lists(steps, max_size=14))
def test_each_column_belongs_to_one_state(shared_store, route_names, taken):
    route = next(route_names)
    for step, *values in [("insert", "a"), ("insert", "b"), *taken]:
        take(shared_store, route, step, *values)

    for row in shared_store.versions.for_route(INSTALLATION, route):
        assert row.rollout_share == 0.0 or row.state == "canary"
        assert not row.shadowing or row.state == "shadow"
        assert row.origin == "file" or row.state == "live"
        assert not row.previous_live or row.state == "retired"


@settings(max_examples=100, deadline=None)
@given(st.lists(steps, max_size=10), st.lists(steps, max_size=4))
def test_no_step_of_a_workspace_changes_another_or_the_installation(
    shared_store, route_names, taken, of_others
):
    route = next(route_names)
    take(shared_store, route, "insert", "file")
    take(shared_store, route, "go_live", "file", "file")
    for step, *values in [("insert", "a"), ("insert", "b"), *of_others]:
        take(shared_store, route, step, *values, team="T2")

    before = [facts(shared_store, team, route) for team in ("T2", "T9", INSTALLATION)]
    for step, *values in [("insert", "a"), ("insert", "b"), *taken]:
        take(shared_store, route, step, *values, team="T1")

    assert [facts(shared_store, team, route) for team in ("T2", "T9", INSTALLATION)] == before


@settings(max_examples=100, deadline=None)
@given(st.lists(steps, max_size=10))
def test_some_version_answers_everybody_in_a_workspace_whatever_was_rolled_back(
    shared_store, route_names, taken
):
    route = next(route_names)
    take(shared_store, route, "insert", "file")
    take(shared_store, route, "go_live", "file", "file")

    for step, *values in [("insert", "a"), ("insert", "b"), *taken]:
        take(shared_store, route, step, *values, team="T1")
        assert all(shared_store.versions.version_for_user("T1", route, user) for user in USERS)

        own = [row for row in shared_store.versions.for_route("T1", route) if row.team == "T1"]
        assert [row.state for row in own].count("live") <= 1


def test_rolled_back_to_the_file_a_workspace_has_no_live_version_of_its_own(
    shared_store, route_names
):
    route, versions = next(route_names), shared_store.versions
    take(shared_store, route, "insert", "file")
    take(shared_store, route, "go_live", "file", "file")
    take(shared_store, route, "insert", "a", team="T1")
    versions.go_live("T1", route, "a", "rollout")

    assert versions.roll_back("T1", route, "a") == "file"
    take(shared_store, route, "insert", "edited")
    versions.go_live(INSTALLATION, route, "edited")
    assert versions.live("T1", route).id == "edited"


def test_an_older_version_of_the_file_may_replace_a_retired_one_in_one_workspace(
    shared_store, route_names
):
    route, versions = next(route_names), shared_store.versions
    for version in ("older", "file"):
        take(shared_store, route, "insert", version)
        take(shared_store, route, "go_live", version, "file")

    take(shared_store, route, "insert", "a", team="T1")
    versions.go_live("T1", route, "a", "rollout")
    take(
        shared_store,
        route,
        "apply",
        RetirementEvidence(version="a", replacement="older"),
        team="T1",
    )

    assert versions.live("T1", route).id == "older"
    assert versions.live("T2", route).id == "file"
