"""The card of a candidate."""

from __future__ import annotations

import numpy as np

from bot.ui.texts import drafts
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


def test_home_says_of_a_route_that_an_admin_described_what_it_is_for_and_no_figures():
    from router.types import Candidate

    wish = Candidate("c", "T1", "visitor notice", "Write a notice for reception.", "drafted")
    (card,) = candidate_view.home_cards([wish], {})[0]["elements"]

    assert card["body"]["text"] == "Write a notice for reception."
    assert "0 requests" not in str(card)
    assert drafts.OWN_ROUTE in card["subtitle"]["text"]
