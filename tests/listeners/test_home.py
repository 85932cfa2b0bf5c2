"""An open App Home shows the current state, in blocks that Slack accepts."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from bot.admins import Admins
from bot.listeners.home import HomePublisher
from bot.sandbox.block_kit import check_view
from router.candidate_evidence import CandidateEvidence
from router.config import Settings
from router.evidence_codec import decode
from router.lifecycle_evidence import RejectionEvidence, SnoozeEvidence
from router.types import Candidate, RouteOffer

ADMIN = "U1ADMIN"
RECORD = {
    "count": 41,
    "people": 7,
    "weekly": [5, 9, 12, 15],
    "change": 0.73,
    "money": None,
    "gates": [{"name": "privacy", "passed": True, "figure": "7 people", "limit": "5"}],
    "recommendation": "improve the prompt",
    "reasons": [],
    "structure": {"answers": 3},
    "examples": ["please reset my token"],
    "score": 0.4,
    "hidden": [],
}


class Slack:
    """Accepts published homes."""

    def __init__(self) -> None:
        self.homes = []

    def views_publish(self, user_id, view):
        assert check_view(view, "home") == []
        self.homes.append(view)


@pytest.fixture
def keeper_of(store, clock):
    decider = SimpleNamespace(
        catalog_of=lambda _: SimpleNamespace(routes={}),
        offers=lambda *_: [RouteOffer("triage", "Sorts.")],
        usable_routes=lambda *_: {},
        catalog=SimpleNamespace(routes={}),
    )

    def make(slack):
        settings = Settings(_env_file=None, admins=(ADMIN,))
        return HomePublisher(
            settings, store, decider, Admins(settings, store.audit, clock), lambda _: slack
        )

    return make


def opened(keeper, slack, user=ADMIN):
    keeper.opened({"tab": "home", "user": user}, "T1", slack)
    return str(slack.homes[-1]["blocks"])


def candidate(store, key, label, **over):
    found = Candidate(
        key,
        "T1",
        label,
        "",
        "digested",
        evidence=decode(CandidateEvidence, RECORD | over.pop("evidence", {})),
        **over,
    )
    store.candidates.upsert(found, 1.0)
    return found


def test_an_admin_can_decide_in_the_home(store, keeper_of):
    candidate(store, "T1:a", "reset a token")
    slack = Slack()
    said = opened(keeper_of(slack), slack)
    assert "carousel" in said
    assert all(
        name in said for name in ("candidate_draft", "candidate_reject", "candidate_snooze_dialog")
    )


def test_what_may_not_be_shown_is_no_card_and_what_waits_comes_first(store, keeper_of):
    candidate(store, "T1:hidden", "", evidence={"hidden": ["3 people asked"]})
    one = candidate(store, "T1:a", "decided already", evidence={"score": 0.9})
    store.candidates.advance(one.id, RejectionEvidence(), actor=ADMIN, at=2.0, version=0)
    candidate(store, "T1:b", "still waits")
    slack = Slack()
    said = opened(keeper_of(slack), slack)
    assert said.index("still waits") < said.index("decided already")
    (carousel,) = [block for block in slack.homes[-1]["blocks"] if block["type"] == "carousel"]
    assert len(carousel["elements"]) == 2


def test_members_get_no_candidates(store, keeper_of):
    candidate(store, "T1:a", "reset a token")
    slack = Slack()
    assert "reset a token" not in opened(keeper_of(slack), slack, user="U1GRACE")


def test_an_open_home_follows_a_verdict_and_is_not_published_for_nothing(store, keeper_of):
    one = candidate(store, "T1:a", "reset a token")
    slack = Slack()
    keeper = keeper_of(slack)
    opened(keeper, slack)
    keeper.refresh()
    assert len(slack.homes) == 1
    store.candidates.advance(one.id, SnoozeEvidence(), actor=ADMIN, at=2.0, version=0)
    keeper.refresh()
    assert "candidate_approve" not in str(slack.homes[-1]["blocks"])
