"""The App Home of a member and of an admin."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.listeners import home_view
from bot.sandbox.block_kit import check_view
from bot.ui.texts import home as texts
from router.candidate_evidence import CandidateEvidence
from router.evidence_codec import decode
from router.types import Candidate
from tests.fixtures.stats import make_period


def member_home(**over):
    values = {
        "month": make_period(1),
        "recent": (),
        "offers": (),
        "is_opted_out": False,
        "at": 1_800_000_000.0,
    }
    return home_view.MemberHome(**(values | over))


def admin_home(candidates=()):
    return home_view.AdminHome(
        make_period(),
        1.0,
        20.0,
        [home_view.RouteState("triage", "prompt", is_live=True)],
        candidates,
        2,
        3.0,
        1,
    )


RECORD = {
    "count": 41,
    "people": 7,
    "weekly": [5, 9, 12, 15],
    "change": 0.73,
    "money": None,
    "gates": [{"name": "privacy", "passed": False, "figure": "f" * 400, "limit": "5"}],
    "recommendation": "improve the prompt",
    "structure": {"answers": 3},
    "examples": [],
}


CANDIDATE = Candidate(
    "c1",
    "T1",
    "reset *passwords* <!here>",
    "d" * 500,
    "digested",
    evidence=decode(CandidateEvidence, RECORD),
)


@pytest.mark.parametrize("of", [None, admin_home(), admin_home([CANDIDATE] * 12)])
def test_a_home_fits_into_slacks_limits(of, make_request):
    recent = [home_view.RecentRequest(make_request("x" * 3000), "triage")]
    assert check_view(home_view.render_home(member_home(admin=of, recent=recent)), "home") == []


def test_only_admins_read_that_the_included_model_answers_and_what_to_set():
    included = replace(admin_home(), included_model=True)

    assert "BEAGLE_MODEL" in repr(home_view.render_home(member_home(admin=included)))
    for home in (member_home(), member_home(admin=admin_home())):
        assert "BEAGLE_MODEL" not in repr(home_view.render_home(home))


def test_members_see_nothing_of_the_workspace_and_admins_do():
    assert texts.HOME_SPEND not in repr(home_view.render_home(member_home()))
    assert texts.HOME_SPEND in repr(home_view.render_home(member_home(admin=admin_home())))


def test_a_home_that_says_the_same_is_not_new_because_time_went_by():
    assert home_view.fingerprint(home_view.render_home(member_home())) == home_view.fingerprint(
        home_view.render_home(member_home(at=1_800_099_000.0))
    )
