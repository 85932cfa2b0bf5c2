"""The evidence of every transition is read back unchanged, from older releases too."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.candidate_evidence import CandidateEvidence, GateOutcome
from router.evidence_codec import decode, encode
from router.lifecycle import SYSTEM, TRANSITIONS
from router.lifecycle_evidence import (
    EVIDENCE_BY_STATE,
    ApprovalEvidence,
    CanaryEvidence,
    DatasetEvidence,
    DriftEvidence,
    KeptPromptEvidence,
    OptimisedEvidence,
    TunedEvidence,
    decode_transition,
)
from router.types import Candidate

WORDS = st.text(max_size=20)
FIGURES = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.none() | st.integers(-(2**53), 2**53) | FIGURES | WORDS
BILLS = st.dictionaries(WORDS, VALUES, max_size=3)
BY_TYPE = {
    "str": WORDS,
    "str | None": st.none() | WORDS,
    "float": FIGURES,
    "float | None": st.none() | FIGURES,
    "int": st.integers(0, 2**53),
    "int | None": st.none() | st.integers(0, 2**53),
    "bool": st.booleans(),
    "bool | None": st.none() | st.booleans(),
    "tuple[str, ...]": st.lists(WORDS, max_size=3).map(tuple),
    "tuple[int, ...]": st.lists(st.integers(0, 2**53), max_size=4).map(tuple),
    "tuple[float, ...]": st.lists(FIGURES, max_size=2).map(tuple),
    "Mapping[str, str]": st.dictionaries(WORDS, WORDS, max_size=3),
    "Mapping[str, float]": st.dictionaries(WORDS, FIGURES, max_size=3),
    "Mapping[str, Any]": BILLS,
    "Mapping[str, Any] | None": st.none() | BILLS,
    "tuple[GateOutcome, ...]": st.lists(
        st.builds(
            GateOutcome, name=WORDS, passed=st.none() | st.booleans(), figure=WORDS, limit=WORDS
        ),
        max_size=3,
    ).map(tuple),
}


def evidence_of(kind):
    """Generates evidence of that kind; a field of a new type needs a line in the table above."""
    return st.builds(kind, **{part.name: BY_TYPE[part.type] for part in fields(kind)})


def test_there_is_evidence_for_every_state_that_a_step_leads_to():
    assert set(EVIDENCE_BY_STATE) == {to for _, to in TRANSITIONS}


@given(st.sampled_from(list(EVIDENCE_BY_STATE.values())).flatmap(evidence_of))
def test_the_evidence_of_every_step_survives_the_way_through_json(evidence):
    body = json.loads(json.dumps(encode(evidence)))
    assert decode_transition(evidence.state, body) == evidence


@given(evidence_of(CandidateEvidence))
def test_what_mining_knows_survives_the_way_through_json(evidence):
    assert decode(CandidateEvidence, json.loads(json.dumps(encode(evidence)))) == evidence


@pytest.mark.parametrize(
    ("state", "body", "evidence"),
    [
        (
            "approved",
            {"verdict": "approve", "budget_usd": 3, "base": "local", "consent": True, "reason": ""},
            ApprovalEvidence(verdict="approve", budget_usd=3.0, base="local", consent=True),
        ),
        (
            "optimised",
            {
                "route": "boxes",
                "tried": {"live": 0.5},
                "said": "60 rows",
                "best": 0.5,
                "measured": "12 dev rows",
                "spent": {"calls": 9, "usd": 0.1, "resumed": 0},
            },
            OptimisedEvidence(
                route="boxes",
                dev_accuracy={"live": 0.5},
                notes="60 rows",
                best_accuracy=0.5,
                measured_on="12 dev rows",
                spend={"calls": 9, "usd": 0.1, "resumed": 0},
            ),
        ),
        (
            "kept_prompt",
            {"documents": "no gain", "gain": 0.0, "ci95": [-0.1, 0.1], "a_later_key": [1]},
            KeptPromptEvidence(
                retrieval_summary="no gain", retrieval_gain=0.0, retrieval_gain_interval=(-0.1, 0.1)
            ),
        ),
        (
            "dataset",
            {"dataset": "d1", "rows": 64, "people": 9, "drifts": "v1", "prompted": "p1"},
            DatasetEvidence(
                dataset="d1", rows=64, people=9, retraining_of="v1", prompted_version="p1"
            ),
        ),
        (
            "tuned",
            {"versions": {"tuned": "t1"}, "bill": {"steps": 3}, "dataset": "d1", "prompted": None},
            TunedEvidence(versions={"tuned": "t1"}, bill={"steps": 3}, dataset="d1"),
        ),
        (
            "canary",
            {"version": "v2", "share": 0.05, "before": "v1", "live_agreed_with_itself": None},
            CanaryEvidence(version="v2", share=0.05, previous_version="v1"),
        ),
        (
            "drifting",
            {"version": "v2", "before": "v1", "why": "x", "drift": "k", "reasons": ["x"]},
            DriftEvidence(
                version="v2",
                previous_version="v1",
                explanation="x",
                drift_check="k",
                reasons=("x",),
            ),
        ),
    ],
)
def test_a_row_of_an_older_release_is_read(state, body, evidence):
    assert decode_transition(state, body) == evidence


def test_a_candidate_of_an_older_release_is_read():
    body = {
        "count": 40,
        "most_share": 0.2,
        "measured": {"share": 0.5},
        "gates": [{"name": "roi", "passed": None, "figure": "not measured", "limit": "12 months"}],
        "money": {"monthly_usd": {"low": -3.2, "likely": 4.0, "high": 41.0}, "pays": False},
        "structure": {"answers": 900, "volatility": None},
        "overheard": 3,
        "named": None,
    }
    evidence = decode(CandidateEvidence, body)

    assert (evidence.largest_share, evidence.features) == (0.2, {"share": 0.5})
    assert evidence.gates[0].passed is None
    assert evidence.monthly_savings_usd == (-3.2, 4.0, 41.0)
    assert not evidence.tuning_pays
    assert (evidence.answers, evidence.volatility, evidence.channel_messages) == (900, None, 3)
    assert evidence.naming is None


def test_the_store_gives_back_the_evidence_of_a_step(store):
    store.candidates.upsert(Candidate("c1", "T1", "leave", "d", "digested"), 1.0)
    approval = ApprovalEvidence(verdict="approve", budget_usd=2.5, consent=True, route="leave")
    approved = store.candidates.advance("c1", approval, actor="U1", at=2.0, version=0)
    search = OptimisedEvidence(dev_accuracy={"live": 0.5}, spend={"usd": 1.0})
    store.candidates.advance("c1", search, actor=SYSTEM, at=3.0, version=approved.version)

    assert approved.route == "leave"
    assert [edge.evidence for edge in store.candidates.history("c1")] == [approval, search]
