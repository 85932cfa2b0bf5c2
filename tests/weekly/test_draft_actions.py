"""An admin takes a drafted route from the digest to its shadow test by clicks; nobody else can."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.ui.texts import common
from bot.ui.texts import drafts as texts
from bot.ui.texts import rollout as rollout_texts
from bot.weekly.drafts import dialogs
from bot.weekly.rollout_card import render
from bot.weekly.rollout_state import load_state
from router.lifecycle import SYSTEM
from router.lifecycle_evidence import DraftedEvidence, ShadowEvidence
from router.store.versions.drafted_routes import DraftText
from router.store.weekly.datasets import Report
from tests.fixtures.draft_clicks import ADMIN, KEY, TEAM, Presses, chosen, typed
from tests.fixtures.drafts import DRAFTED, DRAFTED_EVIDENCE, DRAFTED_VERSION


def test_one_click_has_a_route_drafted(presses, found):
    presses.press(presses.drafts.start)

    assert presses.candidate.state == "approved"
    assert presses.candidate.approver == ADMIN
    assert presses.told == [texts.DRAFTING_STARTED]
    assert ("advance", KEY) in presses.queue.jobs


def test_a_member_can_have_nothing_drafted(store, settings, queue, clock, found):
    presses = Presses(store, settings, queue, clock, user="UMEMBER")
    presses.press(presses.drafts.start)

    assert presses.candidate.state == "digested"
    assert presses.told == [common.ADMINS_ONLY]


def test_a_draft_that_passed_is_started(presses, drafted):
    presses.press(presses.rollout.start_shadow)

    assert presses.candidate.state == "shadow"
    assert presses.told == [texts.SHADOW_STARTED]
    assert set(presses.store.drafted_routes.active(TEAM)) == {DRAFTED.name}


@pytest.mark.parametrize("evidence", [{"evaluated": False, "passed": None}, {"passed": False}])
def test_a_draft_that_did_not_pass_cannot_be_started(presses, drafted, clock, evidence):
    bad = replace(DRAFTED_EVIDENCE, **evidence)
    presses.store.candidates.advance(KEY, bad, actor=SYSTEM, at=clock(), version=2)
    presses.press(presses.rollout.start_shadow)

    assert presses.candidate.state == "drafted"
    assert "cannot be started yet" in presses.told[0]


@pytest.mark.parametrize(
    ("evidence", "following"),
    [
        ({}, "If that is right, start the shadow test"),
        ({"evaluated": False, "passed": None}, rollout_texts.NEXT_TRYING_DRAFT),
        ({"passed": False}, rollout_texts.NEXT_EDIT_DRAFT),
    ],
)
def test_the_card_names_only_a_step_that_can_be_taken(
    presses, drafted, clock, settings, evidence, following
):
    now = replace(DRAFTED_EVIDENCE, **evidence)
    presses.store.candidates.advance(KEY, now, actor=SYSTEM, at=clock(), version=2)

    card = str(render(load_state(presses.store, settings, presses.candidate)).blocks)

    assert following in card
    assert (texts.START in card) == (not evidence)


def test_an_edit_makes_another_version_that_is_tried_again(presses, drafted):
    presses.press(presses.drafts.open_edit)
    shown = [part.text for part in DRAFTED.utterances]
    presses.submit(
        presses.drafts.save_edit,
        dialogs.EDIT_VIEW,
        description=typed("Books a room."),
        prompt=typed("Say which room, day and time."),
        utterances=typed("\n".join([*shown[:2], "any room free"])),
        visibility=chosen("admins"),
    )

    stored = presses.store.drafted_routes.get(TEAM, DRAFTED.name)
    evidence = presses.store.candidates.history(KEY)[-1].evidence
    assert presses.views[0]["callback_id"] == dialogs.EDIT_VIEW
    assert stored.description == "Books a room."
    assert stored.version != DRAFTED_VERSION.id
    assert [part.user for part in stored.utterances] == ["U1", "U2", ADMIN]
    assert stored.visibility == "admins"
    assert isinstance(evidence, DraftedEvidence)
    assert not evidence.evaluated


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("description", " "),
        ("prompt", "{{ secret }}"),
        ("utterances", "one line"),
    ],
)
def test_a_wrong_edit_is_shown_at_its_field(presses, drafted, field, value):
    answers = {
        "description": typed("Books a room."),
        "prompt": typed("Say which room."),
        "utterances": typed("a\nb\nc"),
        "visibility": chosen("everyone"),
    }
    presses.submit(presses.drafts.save_edit, dialogs.EDIT_VIEW, **answers | {field: typed(value)})

    assert set(presses.acks[-1]["errors"]) == {field}
    assert presses.store.drafted_routes.get(TEAM, DRAFTED.name).revision == 1


def test_a_rejected_draft_is_gone_and_teaches_the_gate(presses, drafted):
    presses.submit(
        presses.drafts.reject, dialogs.REJECT_VIEW, kind=chosen("chatter"), why=typed("just talk")
    )

    assert presses.candidate.state == "rejected"
    assert presses.store.drafted_routes.names(TEAM) == []
    verdict = presses.store.digests.verdicts(TEAM)[-1]
    assert (verdict.value, verdict.reason) == ("chatter", "just talk")


def test_a_draft_can_be_written_in_another_way(presses, drafted):
    presses.press(presses.drafts.open_rejection)
    presses.submit(
        presses.drafts.reject, dialogs.REJECT_VIEW, kind=chosen("draft_prompt"), why=typed("")
    )

    evidence = presses.store.candidates.history(KEY)[-1].evidence
    assert presses.candidate.state == "approved"
    assert set(evidence.avoid) == {"rag", "structured"}


def test_a_canary_starts_with_the_first_step_that_has_somebody_in_it(presses, drafted, clock):
    presses.store.candidates.advance(
        KEY, ShadowEvidence(version=DRAFTED_VERSION.id), actor=ADMIN, at=clock(), version=2
    )
    body = {"rows": 1000, "figures": {}, "passed": True}
    report = Report(TEAM, "r1", DRAFTED.name, DRAFTED_VERSION.id, "", body, clock())
    presses.store.datasets.insert_report(report)
    presses.press(presses.rollout.start_canary)

    evidence = presses.store.candidates.history(KEY)[-1].evidence
    served = [
        user
        for user in DRAFTED.askers
        if presses.store.versions.version_for_user(TEAM, DRAFTED.name, user)
    ]
    assert presses.candidate.state == "canary"
    assert evidence.previous_version == ""
    assert served


def test_a_wish_becomes_an_approved_candidate(presses):
    presses.submit(
        presses.wishes.save,
        dialogs.WISH_VIEW,
        name=typed("Travel booking"),
        task=typed("Ask for the dates."),
        first=typed("book a flight"),
        second=typed("I need a train"),
    )

    (candidate,) = presses.store.candidates.for_team(TEAM)
    assert candidate.state == "approved"
    assert candidate.evidence.examples == ("book a flight", "I need a train")
    assert "travel booking" in presses.posted[0]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": "triage"}, "name"),
        ({"name": "12"}, "name"),
        ({"second": "Book a flight"}, "second"),
    ],
)
def test_a_wrong_wish_is_shown_at_its_question(presses, changed, field):
    answers = {"name": "travel", "task": "t", "first": "book a flight", "second": "a train"}
    filled = {name: typed(text) for name, text in (answers | changed).items()}
    presses.submit(presses.wishes.save, dialogs.WISH_VIEW, **filled)

    assert set(presses.acks[-1]["errors"]) == {field}
    assert presses.store.candidates.for_team(TEAM) == []


def test_a_member_can_wish_for_nothing(store, settings, queue, clock):
    presses = Presses(store, settings, queue, clock, user="UMEMBER")
    presses.submit(
        presses.wishes.save,
        dialogs.WISH_VIEW,
        name=typed("travel"),
        task=typed("t"),
        first=typed("a"),
        second=typed("b"),
    )

    assert presses.acks[-1]["errors"] == {"name": common.ADMINS_ONLY}
    assert store.candidates.for_team(TEAM) == []


@pytest.mark.parametrize("failures", [("no_answer",), ("format",), ("routing",), ()])
def test_the_advice_fits_what_a_draft_did_not_pass(presses, drafted, clock, settings, failures):
    evidence = replace(
        DRAFTED_EVIDENCE, passed=False, failures=failures, routing={"passed": bool(failures)}
    )
    presses.store.candidates.advance(KEY, evidence, actor=SYSTEM, at=clock(), version=2)

    card = str(render(load_state(presses.store, settings, presses.candidate)).blocks)

    shown = [kind for kind, advice in texts.ADVICE.items() if advice in card]
    assert shown == list(failures or ("routing",))


def test_the_card_names_the_route_that_takes_such_requests_today(presses, drafted, clock, settings):
    routing = {
        "passed": True,
        "asked": 10,
        "claimed": {"triage": 7, "leave": 0},
        "own_count": 4,
        "kept": {"triage": 2},
    }
    evidence = replace(DRAFTED_EVIDENCE, routing=routing)
    presses.store.candidates.advance(KEY, evidence, actor=SYSTEM, at=clock(), version=2)

    card = str(render(load_state(presses.store, settings, presses.candidate)).blocks)

    assert texts.CLAIMED.format(route="triage", count=7, asked=10) in card
    assert texts.KEPT.format(route="triage", count=2, asked=4) in card
    assert texts.CLAIMED_CHOICE.format(route="triage") in card
    assert "“leave”" not in card


def test_the_card_shows_no_request_twice_and_says_which_beagle_worded(presses, drafted, settings):
    known = DRAFTED.utterances
    presses.store.drafted_routes.save(TEAM, replace(DRAFTED, utterances=(*known, known[0])))

    card = str(render(load_state(presses.store, settings, presses.candidate)).blocks)

    assert texts.LEARNS_WORDED.format(count=3, worded=1) in card
    assert card.count("book a meeting room on Monday at 9:00") == 1


def test_the_card_says_what_speaks_against_an_answer_below_it(presses, drafted, settings):
    asked = DraftText("a room on Friday", "U1", "C1", answer="Monday", doubts="declines to answer")
    presses.store.drafted_routes.save(TEAM, replace(DRAFTED, previews=(asked,)))

    card = str(render(load_state(presses.store, settings, presses.candidate)).blocks)

    assert "Doubtful: declines to answer." in card
