"""Access rights of documents: rules by example, then generated histories with canary facts."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from router.index import WORKSPACE_ACL, Chunk, Document
from router.store import open_store

USERS = ("U1", "U2", "U3")
CHANNELS = ("C1", "C2", "C3")
VECTOR = ("same", np.ones(4, dtype=np.float32) / 2)


@pytest.fixture
def readers(store):
    made = store.access
    for user in ("U1", "U2", "U9"):
        made.set_user("T1", user, guest=False)

    for place in ("C1", "C2"):
        made.set_channel("T1", place)

    return made


def test_in_a_channel_only_that_channel_and_the_workspace_count(readers):
    readers.set_channel("T1", "C1", public=False)
    readers.add_member("T1", "C1", "U1")
    readers.add_member("T1", "C2", "U1")
    assert readers.viewer("T1", "U1", "C2", "private", since=0.0).channels == {"C2", WORKSPACE_ACL}


def test_alone_a_person_sees_their_own_channels(readers):
    readers.add_member("T1", "C1", "U1")
    readers.add_member("T1", "C2", "U2")
    assert readers.viewer("T1", "U1", "D1", "dm", since=0.0).channels == {"C1", WORKSPACE_ACL}


def test_public_channels_are_for_every_member(readers):
    readers.set_channel("T1", "C1", public=True)
    assert "C1" in readers.viewer("T1", "U9", "D1", "dm", since=0.0).channels
    readers.set_channel("T1", "C1", public=False)
    assert "C1" not in readers.viewer("T1", "U9", "D1", "dm", since=0.0).channels


def test_who_left_a_channel_no_longer_sees_it(readers):
    readers.add_member("T1", "C1", "U1")
    readers.remove_member("T1", "C1", "U1")
    assert "C1" not in readers.viewer("T1", "U1", "D1", "dm", since=0.0).channels


def test_a_guest_sees_only_the_channels_they_are_in(readers):
    readers.set_channel("T1", "C5", public=True)
    readers.set_user("T1", "U1", guest=True)
    readers.add_member("T1", "C1", "U1")
    assert readers.viewer("T1", "U1", "D1", "dm", since=0.0).channels == {"C1"}


def test_where_a_guest_listens_nothing_of_the_workspace_is_said(readers):
    readers.add_member("T1", "C1", "U1")
    readers.add_member("T1", "C1", "U2")
    readers.set_user("T1", "U2", guest=True)
    assert readers.viewer("T1", "U1", "C1", "private", since=0.0).channels == {"C1"}


def test_in_a_shared_channel_nothing_of_the_workspace_is_said(readers):
    readers.set_channel("T1", "C1", public=True, shared=True)
    assert readers.viewer("T1", "U1", "C1", "public", since=0.0).channels == {"C1"}


def test_a_deleted_channel_is_nobody_s(readers):
    readers.set_channel("T1", "C1", public=True)
    readers.add_member("T1", "C1", "U1")
    readers.delete_channel("T1", "C1")
    assert readers.viewer("T1", "U1", "D1", "dm", since=0.0).channels == {WORKSPACE_ACL}


def test_a_channel_of_the_same_name_in_another_workspace_is_another(readers):
    readers.add_member("T2", "C1", "U1")
    assert readers.viewer("T1", "U1", "D1", "dm", since=0.0).channels == {WORKSPACE_ACL}


def test_who_is_unknown_counts_as_a_guest(readers):
    readers.add_member("T1", "C1", "U1")
    readers.add_member("T1", "C1", "U7")
    assert readers.viewer("T1", "U1", "C1", "private", since=0.0).channels == {"C1"}
    assert readers.viewer("T1", "U7", "D1", "dm", since=0.0).channels == {"C1"}
    readers.set_user("T1", "U7", guest=False)
    assert readers.viewer("T1", "U1", "C1", "private", since=0.0).channels == {"C1", WORKSPACE_ACL}


def test_a_channel_that_is_unknown_counts_as_shared(readers):
    assert readers.viewer("T1", "U1", "C8", "private", since=0.0).channels == {"C8"}


def test_history_is_read_only_where_it_was_allowed(readers):
    readers.set_channel("T1", "C1", public=True)
    assert not readers.may_read_history("T1", "C1")
    readers.set_channel("T1", "C1", read=True)
    assert readers.may_read_history("T1", "C1")
    readers.stop_reading("T1", "C1")
    assert not readers.may_read_history("T1", "C1")


class Histories(RuleBasedStateMachine):
    """Two workspaces in which people come and go. A search must match a reference model."""

    store = None
    numbers = itertools.count()
    searches = 0

    def __init__(self) -> None:
        super().__init__()
        number = next(self.numbers)
        self.teams = (f"TA{number}", f"TB{number}")
        self.index, self.readers = self.store.documents, self.store.access
        self.facts: dict[tuple[str, str], str] = {}
        self.members: set[tuple[str, str, str]] = set()
        self.public: set[tuple[str, str]] = set()
        self.shared: set[tuple[str, str]] = set()
        self.full: set[tuple[str, str]] = set()
        self.known: set[tuple[str, str]] = set()

    team = st.sampled_from((0, 1))
    user = st.sampled_from(USERS)
    place = st.sampled_from(CHANNELS)
    acl = st.sampled_from((WORKSPACE_ACL, *CHANNELS))
    number = st.integers(0, 3)

    @rule(team=team, acl=acl, number=number)
    def write(self, team, acl, number):
        key = f"doc{number}"
        fact = f"canary{next(self.numbers)}"
        piece = Chunk("Canary facts", "", f"The canary is called {fact}")
        made = Document(self.teams[team], key, "s", "Canary facts", "", acl, 0.0, fact, [piece])
        self.index.upsert(made)
        pending = self.index.chunks_without_vector("same", 50)
        self.index.store_vectors(
            "same", [one.chunk for one in pending], np.tile(VECTOR[1], (len(pending), 1))
        )
        self.facts[self.teams[team], key] = (acl, fact)

    @rule(team=team, number=number)
    def remove(self, team, number):
        self.index.delete(self.teams[team], [f"doc{number}"])
        self.facts.pop((self.teams[team], f"doc{number}"), None)

    @rule(team=team, place=place)
    def close(self, team, place):
        self.index.set_acl(self.teams[team], "s", place)
        self.facts = {
            k: (place, f) if k[0] == self.teams[team] else (a, f)
            for k, (a, f) in self.facts.items()
        }

    @rule(team=team, place=place, user=user)
    def join(self, team, place, user):
        self.readers.add_member(self.teams[team], place, user)
        self.members.add((self.teams[team], place, user))

    @rule(team=team, place=place, user=user)
    def leave(self, team, place, user):
        self.readers.remove_member(self.teams[team], place, user)
        self.members.discard((self.teams[team], place, user))

    @rule(team=team, place=place, public=st.booleans(), shared=st.booleans())
    def change_channel(self, team, place, public, shared):
        self.readers.set_channel(self.teams[team], place, public=public, shared=shared)
        for kept, is_so in ((self.public, public), (self.shared, shared)):
            (kept.add if is_so else kept.discard)((self.teams[team], place))

        self.known.add((self.teams[team], place))

    @rule(team=team, place=place)
    def delete_channel(self, team, place):
        self.readers.delete_channel(self.teams[team], place)
        self.members = {one for one in self.members if one[:2] != (self.teams[team], place)}
        self.public.discard((self.teams[team], place))
        self.known.discard((self.teams[team], place))

    @rule(team=team, user=user, guest=st.booleans())
    def change_person(self, team, user, guest):
        self.readers.set_user(self.teams[team], user, guest)
        (self.full.discard if guest else self.full.add)((self.teams[team], user))

    def allowed(self, team: str, user: str, place: str, alone: bool) -> set[str]:
        """The reference model of the access rules, written independently."""
        listeners = {user} | (
            set() if alone else {u for t, c, u in self.members if (t, c) == (team, place)}
        )
        outside = not alone and ((team, place) in self.shared or (team, place) not in self.known)
        narrow = outside or any((team, one) not in self.full for one in listeners)
        own = {c for t, c, u in self.members if (t, u) == (team, user)} if alone else {place}

        return own if narrow else own | {WORKSPACE_ACL} | {c for t, c in self.public if t == team}

    def search(self, team, user, place, alone, query, vector):
        name = self.teams[team]
        viewer = self.readers.viewer(
            name, user, "D1" if alone else place, "dm" if alone else "private", since=0.0
        )
        allowed = self.allowed(name, user, place, alone)
        expected = {
            fact for (t, _), (acl, fact) in self.facts.items() if t == name and acl in allowed
        }
        hits = self.index.search(query, vector, viewer, 50)
        assert {hit.body.rsplit(" ", 1)[1] for hit in hits} == expected
        type(self).searches += 1

    @rule(team=team, user=user, place=place, alone=st.booleans())
    def search_by_words(self, team, user, place, alone):
        self.search(team, user, place, alone, "what is the canary called", None)

    @rule(team=team, user=user, place=place, alone=st.booleans())
    def search_by_meaning(self, team, user, place, alone):
        self.search(team, user, place, alone, "", VECTOR)

    @rule(team=team, user=user, place=place, alone=st.booleans())
    def search_by_both(self, team, user, place, alone):
        self.search(team, user, place, alone, "what is the canary called", VECTOR)


def generate(tmp_path, examples: int, steps: int) -> int:
    Histories.store = open_store(f"sqlite:///{tmp_path / 'rights.db'}")
    Histories.searches = 0
    quiet = list(HealthCheck)

    try:
        run_state_machine_as_test(
            Histories,
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                derandomize=True,
                suppress_health_check=quiet,
                database=None,
            ),
        )
    finally:
        Histories.store.close()

    return Histories.searches


def test_generated_histories_leak_nothing(tmp_path):
    assert generate(tmp_path, 24, 40) >= 50


@pytest.mark.nightly
def test_ten_thousand_generated_cases_leak_nothing(tmp_path):
    assert generate(tmp_path, 420, 100) >= 10_000
