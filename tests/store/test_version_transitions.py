"""The columns of a route version hold what one coded column held before."""

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

VERSIONS = ("a", "b", "c")
SHARES = (0.0, 0.05, 0.25, 1.0)
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


def take(store, route, step, *values):
    if step == "insert":
        store.versions.insert(StoredVersion(route, *values, "prompt", "shadow", {}, 1.0))
    elif step == "apply":
        with store.begin() as connection:
            transitions.apply(connection, route, *values)
    else:
        getattr(store.versions, step)(route, *values)


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

        stored = shared_store.versions.for_route(route)
        assert {row.id: [row.state, former_share(row)] for row in stored} == former.rows


@settings(max_examples=50, deadline=None)
@given(st.lists(steps, max_size=14))
def test_each_column_belongs_to_one_state(shared_store, route_names, taken):
    route = next(route_names)
    for step, *values in [("insert", "a"), ("insert", "b"), *taken]:
        take(shared_store, route, step, *values)

    for row in shared_store.versions.for_route(route):
        assert row.rollout_share == 0.0 or row.state == "canary"
        assert not row.shadowing or row.state == "shadow"
        assert row.origin == "file" or row.state == "live"
        assert not row.previous_live or row.state == "retired"
