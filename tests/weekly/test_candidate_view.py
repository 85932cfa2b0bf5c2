"""The card of a candidate."""

from __future__ import annotations

import numpy as np

from bot.weekly import candidate_view
from router.candidate_evidence import CandidateEvidence
from router.evidence_codec import decode


def test_a_card_says_counts_advice_and_money():
    record = {
        "count": 40,
        "people": 8,
        "weekly": [1, 2, 3, 4],
        "money": None,
        "gates": [{"name": "privacy", "passed": True, "figure": "8 people", "limit": "5"}],
        "recommendation": "improve the prompt",
        "reasons": ["improve the prompt: waits"],
        "structure": {"answers": 0},
        "examples": [],
    }

    from router.types import Candidate

    said = str(
        candidate_view.candidate_card(
            Candidate("c", "T1", "vpn", "", "digested", evidence=decode(CandidateEvidence, record))
        )
    )
    assert "40 requests by 8 people" in said
    assert "Write a prompt first" in said
    assert np.all([name in said for name in ("candidate_draft", "candidate_snooze")])
