"""Every transition has an actor, a time, a hash of its evidence, and a way back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.candidate_evidence import CandidateEvidence
from router.errors import IllegalTransitionError, StaleError
from router.evidence_codec import encode
from router.lifecycle import (
    BEFORE_APPROVAL,
    REQUIRES_LIVE_VERSION,
    STATES,
    SYSTEM,
    TRANSITIONS,
    check_transition,
    next_states,
)
from router.lifecycle_evidence import EVIDENCE_BY_STATE
from router.store.weekly.evidence_hash import evidence_hash
from router.types import Candidate

BY_PERSONS = [edge for edge, who in TRANSITIONS.items() if who == "person"]
ALL = sorted((state, to) for state in STATES for to in STATES)
STEPS = st.lists(
    st.tuples(st.sampled_from(STATES), st.sampled_from([SYSTEM, "U1", "U2"])), max_size=60
)


def each_edge(edges):
    return pytest.mark.parametrize("edge", edges, ids=" to ".join)


def make_candidate(key="c1", **over):
    return Candidate(
        **(
            {"id": key, "team": "T1", "label": "leave", "definition": "d", "state": "detected"}
            | over
        )
    )


def ways_from(state):
    seen, todo = set(), [state]
    while todo:
        for to in next_states(todo.pop()):
            if to not in seen:
                seen.add(to)
                todo.append(to)

    return seen


@each_edge([edge for edge in TRANSITIONS if edge[0] != "detected"])
def test_from_every_step_there_is_a_way_back(edge):
    """Only `detected` has no way back."""
    state, to = edge
    assert state in ways_from(to)


def test_a_step_that_is_not_drawn_is_refused_whoever_takes_it():
    refused = 0
    for edge in ALL:
        for actor in (SYSTEM, "U1") if edge not in TRANSITIONS else ():
            with pytest.raises(IllegalTransitionError, match="there is no such step"):
                check_transition(*edge, actor, "U1", was_live=True)

            refused += 1

    assert refused == 2 * (len(STATES) ** 2 - len(TRANSITIONS))


@each_edge(TRANSITIONS)
def test_nobody_takes_no_step(edge):
    with pytest.raises(IllegalTransitionError, match="nobody is named"):
        check_transition(*edge, "", "U1", was_live=True)


@each_edge(BY_PERSONS)
def test_what_a_person_has_to_do_beagle_never_does(edge):
    check_transition(*edge, "U1", "U1", was_live=True)
    with pytest.raises(IllegalTransitionError, match="only a person"):
        check_transition(*edge, SYSTEM, "U1", was_live=True)


@each_edge([edge for edge in TRANSITIONS if edge[1] not in (*BEFORE_APPROVAL, "approved")])
def test_past_the_digest_nothing_goes_without_an_approver(edge):
    with pytest.raises(IllegalTransitionError, match="nobody has approved"):
        check_transition(*edge, "U1", None, was_live=True)


@each_edge(sorted(REQUIRES_LIVE_VERSION))
def test_what_was_never_live_cannot_drift_and_so_not_slip_past_the_canary(edge):
    with pytest.raises(IllegalTransitionError, match="ever live"):
        check_transition(*edge, "U1", "U1")

    check_transition(*edge, "U1", "U1", was_live=True)


def test_every_way_to_live_leads_past_a_person_who_let_it_in():
    """Without the transition from shadow to canary no path leads to live."""
    seen, todo = set(), ["detected"]
    while todo:
        state = todo.pop()
        seen.add(state)
        steps = (
            to
            for to in next_states(state)
            if (state, to) not in {("shadow", "canary"), *REQUIRES_LIVE_VERSION}
        )
        todo += [to for to in steps if to not in seen]

    assert not seen & {"canary", "live", "drifting"}
    assert TRANSITIONS["shadow", "canary"] == "person"


@settings(deadline=None)  # a database on a busy machine
@given(STEPS)
def test_whatever_is_walked_leaves_who_when_and_a_hash_that_can_be_worked_out_again(
    random_walk_store, steps
):
    store, number = random_walk_store
    key, known = f"m{next(number)}", CandidateEvidence(count=40)
    now = store.candidates.upsert(make_candidate(key, evidence=known), 1.0)
    taken = []

    for place, (to, actor) in enumerate(steps):
        if to == "detected":
            continue  # nothing leads back there

        told = EVIDENCE_BY_STATE[to](reason=str(place), explanation="ä")
        try:
            now = store.candidates.advance(
                key, told, actor=actor, at=10.0 + place, version=now.version
            )
            taken.append((to, actor, 10.0 + place, told))
        except IllegalTransitionError:
            continue

    edges = store.candidates.history(key)
    assert [(edge.after, edge.actor, edge.at, edge.evidence) for edge in edges] == taken

    for edge in edges:
        assert edge.evidence_hash == evidence_hash(encode(known), encode(edge.evidence))
        assert edge.actor != SYSTEM or TRANSITIONS[edge.before, edge.after] == "anyone"


def test_of_many_who_take_the_same_step_one_does(store):
    store.candidates.upsert(make_candidate(state="digested"), 1.0)

    def take(number):
        to = "approved" if number % 2 else "rejected"
        try:
            evidence = EVIDENCE_BY_STATE[to]()
            store.candidates.advance("c1", evidence, actor=f"U{number}", at=2.0, version=0)
        except (StaleError, IllegalTransitionError):
            return False

        return True

    with ThreadPoolExecutor(8) as pool:
        took = list(pool.map(take, range(8)))

    (edge,) = store.candidates.history("c1")
    assert took.count(True) == 1
    assert edge.actor == f"U{took.index(True)}"


def test_who_approves_again_is_the_approver_from_then_on(store):
    one = store.candidates.upsert(make_candidate(state="digested"), 1.0)
    for to, actor in (
        ("approved", "U1"),
        ("optimised", SYSTEM),
        ("kept_prompt", SYSTEM),
        ("approved", "U2"),
    ):
        one = store.candidates.advance(
            "c1", EVIDENCE_BY_STATE[to](), actor=actor, at=2.0, version=one.version
        )

    assert one.approver == "U2"
