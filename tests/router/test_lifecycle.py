"""Lifecycle of a candidate: allowed transitions only, and a person for all after the digest."""

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.candidate_evidence import CandidateEvidence
from router.errors import IllegalTransitionError, StaleError
from router.lifecycle import (
    BEFORE_APPROVAL,
    REQUIRES_LIVE_VERSION,
    STATES,
    SYSTEM,
    TRANSITIONS,
    check_transition,
    next_states,
)
from router.lifecycle_evidence import EVIDENCE_BY_STATE, ApprovalEvidence, DigestedEvidence
from router.types import Candidate

ACTORS = st.sampled_from([SYSTEM, "U1", "U2", ""])
STEPS = st.lists(st.tuples(st.sampled_from(STATES), ACTORS), max_size=40)


def make_candidate(key="c1", **over):
    return Candidate(
        **(
            {"id": key, "team": "T1", "label": "leave", "definition": "d", "state": "detected"}
            | over
        )
    )


@given(STEPS)
def test_whatever_is_tried_only_legal_transitions_happen_and_they_have_an_approver(steps):
    state, approver, lived = "detected", None, False
    for to, actor in steps:
        try:
            check_transition(state, to, actor, approver, was_live=lived)
        except IllegalTransitionError:
            legal = (
                (state, to) in TRANSITIONS
                and actor
                and (TRANSITIONS[state, to] == "anyone" or actor != SYSTEM)
            )
            assert not legal or not approver or ((state, to) in REQUIRES_LIVE_VERSION and not lived)
            continue

        assert (state, to) in TRANSITIONS
        state, lived = to, lived or to == "live"

        if to == "approved":
            approver = actor
        elif to in BEFORE_APPROVAL:
            approver = None

        assert state in BEFORE_APPROVAL or approver not in (None, "", SYSTEM)


@pytest.mark.parametrize("state", STATES)
def test_every_state_can_be_reached_and_left_again(state):
    seen, todo = set(), ["detected"]
    while todo:
        now = todo.pop()
        if now not in seen:
            seen.add(now)
            todo += next_states(now)

    assert state in seen
    assert next_states(state)


@pytest.mark.parametrize("state", sorted(set(STATES) - BEFORE_APPROVAL))
def test_every_approved_state_leads_back_to_the_digest(state):
    seen, todo = set(), [state]
    while todo:
        now = todo.pop()
        if now not in seen:
            seen.add(now)
            todo += next_states(now)

    assert "digested" in seen


@pytest.mark.parametrize(
    "edge",
    [
        ("digested", "approved"),
        ("kept_prompt", "shadow"),
        ("rag", "shadow"),
        ("dataset", "reviewed"),
        ("shadow", "canary"),
    ],
)
def test_beagle_alone_cannot_approve_review_or_let_a_version_answer(edge):
    with pytest.raises(IllegalTransitionError, match="only a person"):
        check_transition(*edge, SYSTEM, "U1")


@hypothesis.settings(deadline=None)  # a disk that others use too is slow now and then
@given(STEPS)
def test_the_store_walks_as_the_machine_says(random_walk_store, steps):
    store, number = random_walk_store
    key = f"c{next(number)}"
    now = store.candidates.upsert(make_candidate(key), 1.0)
    taken = 0

    for to, actor in steps:
        if to == "detected":
            continue  # nothing leads back there

        try:
            now = store.candidates.advance(
                key,
                EVIDENCE_BY_STATE[to](reason=str(taken)),
                actor=actor,
                at=2.0,
                version=now.version,
            )
            taken += 1
        except IllegalTransitionError:
            assert store.candidates.get(key) == now

    edges = store.candidates.history(key)
    assert [edge.before for edge in edges] + [now.state] == ["detected"] + [
        edge.after for edge in edges
    ]
    assert len(edges) == taken
    assert now.state in BEFORE_APPROVAL or now.approver


def test_every_step_leaves_who_when_and_a_hash_of_the_evidence(store):
    first = store.candidates.upsert(make_candidate(evidence=CandidateEvidence(count=40)), 1.0)
    store.candidates.advance(
        "c1", DigestedEvidence(explanation="w"), actor=SYSTEM, at=2.0, version=first.version
    )
    approved = store.candidates.advance("c1", ApprovalEvidence(), actor="UADA", at=3.0, version=1)
    assert approved.approver == "UADA"
    edges = store.candidates.history("c1")
    assert [(edge.after, edge.actor, edge.at) for edge in edges] == [
        ("digested", SYSTEM, 2.0),
        ("approved", "UADA", 3.0),
    ]
    assert edges[0].evidence_hash != edges[1].evidence_hash


def test_a_button_under_old_evidence_is_refused(store):
    old = store.candidates.upsert(make_candidate(state="digested"), 1.0)
    new = store.candidates.upsert(make_candidate(evidence=CandidateEvidence(count=50)), 2.0)
    assert (new.state, new.version) == ("digested", 1)

    with pytest.raises(StaleError, match="look at it again"):
        store.candidates.advance("c1", ApprovalEvidence(), actor="U1", at=3.0, version=old.version)

    assert store.candidates.get("c1") == new


def test_finding_the_same_again_changes_no_version(store):
    store.candidates.upsert(make_candidate(evidence=CandidateEvidence(count=40)), 1.0)
    assert (
        store.candidates.upsert(make_candidate(evidence=CandidateEvidence(count=40)), 2.0).version
        == 0
    )
    assert store.candidates.get("c1").created_at == 1.0


def test_new_evidence_leaves_an_approved_candidate_where_it_is(store):
    store.candidates.upsert(make_candidate(state="digested"), 1.0)
    approved = store.candidates.advance(
        "c1", ApprovalEvidence(route="leave"), actor="U1", at=2.0, version=0
    )
    again = store.candidates.upsert(make_candidate(evidence=CandidateEvidence(count=99)), 3.0)
    assert (again.state, again.route, again.approver) == ("approved", "leave", "U1")
    assert again.version == approved.version


def test_a_candidate_cannot_be_stored_as_approved(store):
    with pytest.raises(ValueError, match="cannot be 'approved'"):
        store.candidates.upsert(make_candidate(state="approved"), 1.0)


def test_taking_a_verdict_back_takes_the_approver_away(store):
    store.candidates.upsert(make_candidate(state="digested"), 1.0)
    store.candidates.advance("c1", ApprovalEvidence(), actor="U1", at=2.0, version=0)
    assert (
        store.candidates.advance("c1", DigestedEvidence(), actor="U2", at=3.0, version=1).approver
        is None
    )


def test_candidates_of_a_team_can_be_asked_for_by_state(store):
    store.candidates.upsert(make_candidate("c1"), 1.0)
    store.candidates.upsert(make_candidate("c2", state="digested"), 2.0)
    store.candidates.upsert(make_candidate("c3", team="T2"), 3.0)
    assert [one.id for one in store.candidates.for_team("T1")] == ["c1", "c2"]
    assert [one.id for one in store.candidates.for_team("T1", ["digested"])] == ["c2"]
    assert [one.id for one in store.candidates.in_states(["detected"])] == ["c1", "c3"]


def test_a_step_that_does_not_exist_is_refused_with_the_steps_that_do():
    with pytest.raises(IllegalTransitionError) as caught:
        check_transition("shadow", "live", "U1", "U1")

    text = str(caught.value)
    assert "from 'shadow' to 'live'" in text
    assert text.endswith(f"from here: {', '.join(next_states('shadow'))}")


def test_a_step_without_a_person_is_refused_with_its_name():
    for actor in ("", SYSTEM):
        with pytest.raises(IllegalTransitionError, match="from 'shadow' to 'canary'"):
            check_transition("shadow", "canary", actor, "U1")
