"""The rendered weekly digest against golden files. `GOLDEN_FILES=write` updates them."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from bot.plainer.blocks import plainer_blocks
from bot.plainer.kinds import NEWER
from bot.sandbox.block_kit import check_message
from bot.ui.blocks import Rendered
from bot.ui.texts import weekly as texts
from bot.weekly import candidate_view, digest_view
from router.candidate_evidence import CandidateEvidence
from router.evidence_codec import decode
from router.lifecycle_evidence import SnoozeEvidence
from router.store.weekly.digests import Digest
from router.types import Candidate

GOLDEN = Path(__file__).parent / "golden"
GATES = [
    {
        "name": "privacy",
        "passed": True,
        "figure": "8 people, the busiest asked 21%",
        "limit": "5 people, 50%",
    },
    {
        "name": "prompt first",
        "passed": None,
        "figure": "no optimised prompt was tried",
        "limit": "95% right",
    },
    {
        "name": "data",
        "passed": False,
        "figure": "120 reviewed examples",
        "limit": "at least 500, comfortable from 2000",
    },
    {"name": "roi", "passed": None, "figure": "not measured", "limit": "12 months"},
]
RECORD = {
    "count": 1_240,
    "people": 8,
    "weekly": [210, 260, 330, 440],
    "change": 0.65,
    "overheard": 300,
    "money": {"monthly_usd": {"low": -3.2, "high": 41.0}},
    "gates": GATES,
    "recommendation": "improve the prompt",
    "reasons": ["improve the prompt: no optimised prompt was tried"],
    "structure": {"answers": 900},
    "examples": ["please reset the vpn token for […]", "<!channel> *reset* my token & go"],
}
VPN = Candidate(
    "T1:c1",
    "T1",
    "reset <!here> *VPN*",
    "People want a new token.",
    "digested",
    3,
    evidence=decode(CandidateEvidence, RECORD),
)
ROOM = Candidate(
    "T1:c2",
    "T1",
    "book a meeting room",
    "",
    "approved",
    evidence=decode(
        CandidateEvidence,
        RECORD | {"money": None, "recommendation": "not yet", "examples": [], "reasons": []},
    ),
)
BODY = {
    "week": "2027-W02",
    "since": 1_799_712_000.0,
    "until": 1_800_316_800.0,
    "numbers": {
        "requests": 1_300,
        "answered": 1_241,
        "asked": 30,
        "asked_answered": 9,
        "out_of_scope": 20,
        "other": 16,
        "corrected": 13,
        "failed": 2,
        "usd": 1.25,
        "p50_seconds": 0.84,
    },
    "routes": [["triage", 800], ["handbook", 500]],
    "mined": 1_180,
    "withheld": 2,
    "candidates": [VPN.id, ROOM.id],
    "advice": {
        "repeated": 14,
        "no_training": 11,
        "head": 1,
        "tune": 1,
        "undecided": 1,
        "monthly_usd": 310.2,
        "from_week": 6,
    },
    "gaps": [
        {"asked": 7, "people": 4, "example": "who pays for parking"},
        {"asked": 9, "people": 1, "example": "asked by one person alone, so never shown"},
    ],
    "cap_usd": 20.0,
    "included_model": True,
    "overheard": [
        {"channel": "C0HELPDESK", "by": "U1ADMIN", "since": 1_800_000_000.0, "count": 410}
    ],
    "decided": [{"label": "incident", "state": "kept_prompt", "by": "U1ADMIN", "at": 0.0}],
}
QUIET = BODY | {
    "routes": [],
    "gaps": [],
    "overheard": [],
    "decided": [],
    "cap_usd": 0.0,
    "candidates": [],
}


def week(body, candidates=(), verdicts=None, failures=()):
    digest = Digest("T1", body["week"], body, "C0ADMIN", "1.0", 0.0)
    return digest_view.render(digest, candidates, verdicts or {}, failures)


def plainer(shown):
    return Rendered(shown.text, plainer_blocks(shown.blocks, NEWER, "message"))


CASES = {
    "full": lambda: week(BODY, [VPN, ROOM], {ROOM.id: "U1ADMIN"}),
    "full_plainer": lambda: plainer(week(BODY, [VPN, ROOM], {ROOM.id: "U1ADMIN"})),
    "no_candidates": lambda: week(QUIET),
    "no_requests": lambda: week(QUIET | {"numbers": dict.fromkeys(BODY["numbers"], 0)}),
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_digest_looks_as_it_was_reviewed(name):
    shown = CASES[name]()
    compare(f"digest_{name}", {"text": shown.text, "blocks": shown.blocks})


@pytest.mark.parametrize(
    ("name", "one"), [("waiting", VPN), ("bare", replace(ROOM, state="digested"))]
)
def test_the_examples_look_as_they_were_reviewed(name, one):
    compare(f"digest_examples_{name}", candidate_view.examples(one))


@pytest.mark.parametrize("name", sorted(CASES))
def test_slack_takes_every_form_of_it(name):
    assert not check_message(CASES[name]().blocks).details


def test_a_name_calls_nobody():
    shown = CASES["full"]()
    assert "<!here>" not in shown.text

    for refused in (NEWER, {"rich_text", *NEWER}):
        blocks = plainer_blocks(shown.blocks, refused, "message")
        sections = [block.get("text", {}) for block in blocks if block["type"] == "section"]
        marked = [text["text"] for text in sections if text.get("type") == "mrkdwn"]
        assert "<!here>" not in "".join(marked)


def test_what_one_person_asked_alone_is_no_gap():
    assert "one person alone" not in json.dumps(CASES["full"]().blocks)


def compare(name, value):
    said = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    path = GOLDEN / f"{name}.json"
    if os.environ.get("GOLDEN_FILES") == "write":  # noqa: TID251  # a switch of this test alone
        path.write_text(said, "utf-8")

    assert path.read_text("utf-8") == said


@pytest.mark.parametrize(
    ("advice", "line"),
    [
        (
            {"no_training": 12, "head": 1, "tune": 1, "monthly_usd": 310.0, "from_week": 6},
            "*Of 14 repeated requests, 12 need no training; 1 deserves a simple classifier; "
            "1 is worth tuning: saves $310 a month from week 6.*",
        ),
        (
            {"tune": 2, "undecided": 3},
            "*Of 5 repeated requests, 2 are worth tuning; 3 are not ready.*",
        ),
        (
            {"no_training": 1, "prompt": 2},
            "*Of 3 repeated requests, 1 needs no training; 2 need a better prompt first.*",
        ),
        ({"no_training": 1}, "*One request repeats: 1 needs no training.*"),
    ],
)
def test_the_digest_opens_with_what_to_do(advice, line):
    counts = {"no_training": 0, "prompt": 0, "head": 0, "tune": 0, "undecided": 0} | advice
    repeated = sum(counts[name] for name in ("no_training", "prompt", "head", "tune", "undecided"))
    figures = {"monthly_usd": 0.0, "from_week": None, "repeated": repeated}

    assert texts.bottom_line(figures | counts) == line


@pytest.mark.parametrize("name", sorted(texts.GATES))
def test_a_check_does_not_repeat_its_name(name):
    gate = texts.GATES[name]
    for sentence in (gate.passed, gate.failed, gate.unknown):
        assert gate.title.lower() not in sentence.lower().split("{")[0]


def test_nothing_is_said_of_groups_that_were_left_out_where_there_are_none():
    assert "not shown" in str(week(BODY))
    assert "not shown" not in str(week(BODY | {"withheld": 0}))


@pytest.mark.parametrize(
    ("evidence", "until"),
    [
        (SnoozeEvidence(until=1_800_604_800.0), "Snoozed until 22 January 2027 by "),
        (SnoozeEvidence(until_count=2_480), "Snoozed until it counts 2,480 requests by "),
    ],
)
def test_a_snoozed_card_says_until_when_and_how_to_see_it_again(evidence, until):
    snoozed = replace(VPN, state="snoozed")
    digest = Digest("T1", BODY["week"], BODY, "C0ADMIN", "1.0", 0.0)
    shown = digest_view.render(digest, [snoozed], {VPN.id: "U1ADMIN"}, (), {VPN.id: evidence})

    assert until in str(shown.blocks)
    assert texts.SNOOZED_HOW in str(shown.blocks)
    assert candidate_view.texts.BRING_BACK in str(shown.blocks)


def test_a_second_digest_of_a_week_says_when_it_was_made():
    shown = week(BODY | {"week": "2027-W02+1800316740"})

    title = shown.blocks[0]["text"]["text"]
    assert title.startswith("Weekly digest, 2027-W02, made again on 18 January 2027 at 23:59 UTC: ")
    assert "+1800316740" not in str(shown)
