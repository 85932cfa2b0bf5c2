"""What the demo says to do with the digest is what the digest's card says."""

from __future__ import annotations

import pytest

from bot.demo.demo import FIRST_DIGEST, UNTUNED, digest_step
from bot.ui.texts.weekly import STATES, advice
from router.candidate_evidence import CandidateEvidence
from router.types import Candidate


def candidate(state, **over):
    evidence = CandidateEvidence(**{"route": UNTUNED, "recommendation": "keep the prompt"} | over)
    return Candidate("c1", "T1", "outage record", "", state, evidence=evidence)


def test_before_the_first_digest_the_card_is_described():
    assert digest_step([]) == digest_step([candidate("digested", route="leave")]) == FIRST_DIGEST


def test_what_the_digest_advises_is_said_in_its_own_words():
    waiting = candidate("digested")
    assert f"“outage record”: {advice(waiting.evidence)}." in digest_step([waiting])


@pytest.mark.parametrize("state", ["snoozed", "canary", "live"])
def test_what_was_decided_is_not_advised_again(state):
    said = digest_step([candidate(state)])
    assert STATES[state].label in said
    assert "Approve" not in said
