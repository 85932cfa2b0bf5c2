"""A draft that failed its shadow test is judged anew each time, and can be mended or rejected."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.ui.texts import drafts as texts
from bot.ui.texts import weekly
from bot.weekly.drafts import dialogs
from bot.weekly.rollout_card import render
from bot.weekly.rollout_state import load_state
from router.lifecycle_evidence import (
    CanaryEvidence,
    LiveEvidence,
    RollbackEvidence,
    ShadowEvidence,
)
from router.store.requests.history import SIMULATED_EVENT
from router.store.versions.shadow_runs import ShadowRun
from router.store.versions.versions import StoredVersion
from router.types import Request
from tests.fixtures.draft_clicks import KEY, TEAM, chosen, typed
from tests.fixtures.drafts import DRAFTED, DRAFTED_VERSION
from workers.jobs import advance

TRIED = 10
EDIT = {
    "description": typed("Books a room."),
    "prompt": typed("Say which room, day and time."),
    "utterances": typed("a room\nany room free\nbook a room"),
    "visibility": chosen("everyone"),
}


def card_of(presses, settings):
    return str(render(load_state(presses.store, settings, presses.candidate)).blocks)


@pytest.fixture
def tried(presses, drafted, context):
    """Runs a shadow test in which the model gives no answer to so many of ten requests."""
    settings = context.settings.model_copy(update={"shadow_min_requests": TRIED})
    work = replace(context, settings=settings, store=presses.store, queue=presses.queue)

    def run(failures, name):
        for number in range(TRIED):
            key = f"{name}{number}"
            request = Request(key, TEAM, "C1", "U1", f"{key}.0", f"E{key}", "a room", 1.0)
            presses.store.requests.insert(request, 1.0)
            presses.store.shadow_runs.insert(
                ShadowRun(
                    key,
                    DRAFTED_VERSION.id,
                    DRAFTED.name,
                    0.0,
                    number >= failures,
                    0.0,
                    1.0,
                    context.now(),
                )
            )

        advance.run(work, KEY, lambda *_: None)

    return run


def test_a_shadow_test_that_begins_again_counts_none_of_the_earlier_answers(presses, tried, clock):
    presses.press(presses.rollout.start_shadow)
    tried(5, "first")
    assert presses.candidate.state == "rolled_back"

    clock.forward(60.0)
    presses.press(presses.rollout.start_shadow)
    tried(0, "second")

    assert presses.candidate.state == "shadow"


def test_it_is_said_in_words_what_failed(presses, tried):
    presses.press(presses.rollout.start_shadow)
    tried(5, "first")

    why = presses.store.candidates.history(KEY)[-1].evidence.explanation
    assert why == (
        "in its shadow test the model gave no answer, or none in the right format, to 5 of 10 "
        "requests; at most 2% may fail"
    )


@pytest.fixture
def rolled_back(presses, tried):
    """The draft, rolled back in its shadow test."""
    presses.press(presses.rollout.start_shadow)
    tried(5, "first")


def test_its_card_says_that_nobody_was_affected_and_offers_only_what_can_be_done(
    presses, rolled_back, settings
):
    card = card_of(presses, settings)

    assert texts.UNSEEN_ROLLED_BACK in card
    assert texts.NEXT_ROLLED_BACK in card
    assert weekly.STATES["rolled_back"].explanation not in card
    assert all(action in card for action in ("draft_edit", "rollout_shadow", "draft_reject"))
    assert "rollout_report" not in card


def test_it_can_be_edited_and_is_then_tried_again_as_a_draft(presses, rolled_back):
    presses.press(presses.drafts.open_edit)
    presses.submit(presses.drafts.save_edit, dialogs.EDIT_VIEW, **EDIT)

    assert presses.views[-1]["callback_id"] == dialogs.EDIT_VIEW
    assert presses.candidate.state == "drafted"
    assert presses.store.drafted_routes.get(TEAM, DRAFTED.name).description == "Books a room."
    assert ("advance", KEY) in presses.queue.jobs


def test_once_it_is_rejected_its_name_is_free(presses, rolled_back):
    wish = {"name": "Meeting room", "task": "Book it.", "first": "a room", "second": "any room"}
    filled = {name: typed(text) for name, text in wish.items()}
    presses.submit(presses.wishes.save, dialogs.WISH_VIEW, **filled)
    assert presses.acks[-1]["errors"] == {"name": texts.WISH_NAME_TAKEN}

    presses.press(presses.drafts.open_rejection)
    presses.submit(presses.drafts.reject, dialogs.REJECT_VIEW, kind=chosen("reject"), why=typed(""))
    presses.submit(presses.wishes.save, dialogs.WISH_VIEW, **filled)

    assert presses.candidate.state == "rejected"
    assert presses.acks[-1] == {}
    assert {one.state for one in presses.store.candidates.for_team(TEAM)} == {
        "rejected",
        "approved",
    }


def test_a_route_of_which_another_version_answers_is_no_draft_any_more(
    presses, drafted, clock, settings
):
    """The first version is live; a better one is tried and taken back."""
    better = DRAFTED_VERSION.with_changes(prompt="Say which room.")
    body = better.model_dump(mode="json")
    presses.store.versions.insert(
        StoredVersion(TEAM, DRAFTED.name, better.id, "prompt", "shadow", body, clock())
    )
    presses.store.versions.go_live(TEAM, DRAFTED.name, DRAFTED_VERSION.id)
    steps = [ShadowEvidence(version=better.id), RollbackEvidence(version=better.id)]
    for evidence in steps:
        version = presses.candidate.version
        presses.store.candidates.advance(
            KEY, evidence, actor="U1ADMIN", at=clock(), version=version
        )

    card = card_of(presses, settings)
    presses.press(presses.drafts.open_edit)

    assert weekly.STATES["rolled_back"].explanation in card
    assert "draft_edit" not in card
    assert presses.told == [weekly.CANDIDATE_CHANGED]


def test_a_live_draft_says_that_nothing_answers_after_a_rollback(presses, drafted, clock, settings):
    steps = [ShadowEvidence, CanaryEvidence, LiveEvidence]
    for kind in steps:
        evidence = kind(version=DRAFTED_VERSION.id)
        version = presses.candidate.version
        presses.store.candidates.advance(
            KEY, evidence, actor="U1ADMIN", at=clock(), version=version
        )

    assert texts.ROLL_BACK_MEANS in card_of(presses, settings)
    presses.press(presses.rollout.roll_back)

    assert presses.told == [texts.ROLLED_BACK]
    assert texts.OUT_OF_SERVICE in card_of(presses, settings)
    assert texts.UNSEEN_ROLLED_BACK not in card_of(presses, settings)


def test_a_shadow_test_without_a_live_version_is_told_as_it_is(presses, drafted, settings):
    presses.press(presses.rollout.start_shadow)
    card = card_of(presses, settings)

    assert texts.IN_SHADOW in card
    assert "0 of" in card
    assert "right format" not in card
    assert weekly.STATES["shadow"].explanation not in card
    assert presses.told == [texts.SHADOW_STARTED]


def test_a_route_of_ones_own_shows_no_figures_that_were_made_up(presses, settings):
    """A wish was mined from nothing, so that nothing on its card can be made up."""
    filled = {"name": "travel", "task": "Book it.", "first": "a flight", "second": "a train"}
    presses.store.requests.insert(
        Request("s1", TEAM, "C1", "U1", "1.0", f"{SIMULATED_EVENT}1", "made up", 1.0), 1.0
    )
    presses.submit(
        presses.wishes.save,
        dialogs.WISH_VIEW,
        **{name: typed(text) for name, text in filled.items()},
    )

    (wish,) = presses.store.candidates.for_team(TEAM)
    assert presses.store.stats.simulated(TEAM) == 1
    assert load_state(presses.store, settings, wish).simulated == 0
