"""Admins decide about candidates: approve, reject, snooze, split, merge, examples."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from bot.sandbox.block_kit import check_message, check_view
from bot.ui.texts import common
from bot.ui.texts import weekly as texts
from bot.weekly import candidate_view
from tests.fixtures.weekly import (
    ADMIN,
    TEAM,
    WEEK,
    approve,
    click,
    find_candidate,
    press,
    run_digest,
    submit,
)
from workers.mining.gate_feedback import refit_gate
from workers.mining.request_gate import load_gate
from workers.rollout.approval import Approval, approval_of


def test_an_approval_is_kept_with_what_was_allowed_and_wakes_the_next_step(
    store, week, review, slack, queue, clock
):
    one = find_candidate(store)
    assert approve(review, one, slack, budget="12.5", reason="we do this every day") == {}
    now = store.candidates.get(one.id)
    assert (now.state, now.approver) == ("approved", ADMIN)
    assert queue.jobs.popleft() == ("advance", one.id)
    assert [said.value for said in store.digests.verdicts(TEAM)] == ["approve"]
    assert store.audit.for_subject(TEAM, one.id)[-1].outcome == "applied"
    assert approval_of(store, one.id) == Approval(
        ADMIN, clock(), 12.5, "local", "we do this every day"
    )


@pytest.mark.parametrize(
    ("answers", "place"),
    [
        ({"budget": "-1"}, "budget"),
        ({"budget": "nan"}, "budget"),
        ({"budget": "1e99"}, "budget"),
        ({"budget": ""}, "budget"),
        ({"base": "gpt-9"}, "base"),
        ({"consent": []}, "consent"),
    ],
)
def test_what_cannot_be_is_said_at_its_question_and_nothing_is_approved(
    answers, place, store, week, review, slack
):
    one = find_candidate(store)
    answered = approve(review, one, slack, **answers)
    assert answered["response_action"] == "errors"
    assert list(answered["errors"]) == [place]
    assert store.candidates.get(one.id) == one


def test_who_approves_against_the_advice_says_why(store, week, review, slack):
    one = find_candidate(store, "triage")
    assert one.evidence.recommendation == "keep the prompt"
    assert list(approve(review, one, slack)["errors"]) == ["reason"]
    assert slack.views[-1]["blocks"][0]["level"] == "warning"
    assert approve(review, one, slack, reason="it is slow") == {}


def test_the_approval_dialog_warns_of_money_and_fits(store, week, review, slack):
    press(review.open_approval, find_candidate(store), slack)
    view = slack.views[0]
    assert check_view(view, "modal") == []
    assert [block["type"] for block in view["blocks"]] == ["alert", "section", *["input"] * 4]
    assert texts.APPROVE_NEXT in view["blocks"][1]["text"]["text"]


def test_a_dialog_that_was_open_while_somebody_else_decided_is_refused(store, week, review, slack):
    one = find_candidate(store)
    press(review.open_approval, one, slack)
    approve(review, one, slack)
    late = submit(review.approve, slack.views[0], slack, consent=["yes"])
    assert late["errors"] == {"budget": texts.CANDIDATE_CHANGED}
    assert store.audit.for_subject(TEAM, one.id)[-1].outcome == "late"


def test_rights_are_asked_again_when_a_dialog_is_sent(store, week, review, slack):
    one = find_candidate(store)
    press(review.open_approval, one, slack)
    refused = submit(review.approve, slack.views[0], slack, user="U1PERSON01", consent=["yes"])
    assert refused["errors"] == {"budget": common.ADMINS_ONLY}
    assert store.candidates.get(one.id) == one


def test_a_click_in_the_home_is_refused_in_a_dialog_because_there_is_no_message_to_whisper_under(
    store, week, review, slack
):
    one = find_candidate(store)
    how = click(one, "U1PERSON01")
    how["body"]["view"] = {"type": "home"}
    review.open_approval(ack=lambda: None, respond=None, client=slack, **how)
    assert common.ADMINS_ONLY in str(slack.views[-1])


def test_ten_clicks_at_once_count_once(store, week, review, slack, queue):
    one = find_candidate(store)
    with ThreadPoolExecutor(10) as pool:
        press(review.open_approval, one, slack)
        answers = list(
            pool.map(
                lambda _: submit(review.approve, slack.views[0], slack, consent=["yes"]), range(10)
            )
        )

    assert sum(answer == {} for answer in answers) == 1
    edges = [edge for edge in store.candidates.history(one.id) if edge.after == "approved"]
    assert len(edges) == 1
    assert len(store.digests.verdicts(TEAM)) == 1
    assert sum(act.outcome == "applied" for act in store.audit.for_subject(TEAM, one.id)) == 1
    assert sum(act.outcome == "late" for act in store.audit.for_subject(TEAM, one.id)) == 9


def test_who_is_no_admin_changes_nothing_and_it_is_noted(store, week, review, slack):
    one, told = find_candidate(store), []
    press(review.open_approval, one, slack, user="U1PERSON01", notices=told)
    assert store.candidates.get(one.id) == one
    assert told == [common.ADMINS_ONLY]
    assert store.audit.for_subject(TEAM, one.id)[-1].outcome == "refused"


def test_another_workspace_cannot_reach_a_candidate(store, week, review, slack):
    one = find_candidate(store)
    press(review.open_approval, one, slack, team="T2")
    assert slack.views == []
    assert store.candidates.get(one.id) == one


def test_a_button_under_old_evidence_is_refused(store, week, review, slack):
    one, told = find_candidate(store), []
    press(review.open_approval, replace(one, version=one.version - 1), slack, notices=told)
    assert store.candidates.get(one.id).state == "digested"
    assert told == [texts.CANDIDATE_CHANGED]


def test_rejecting_asks_for_a_reason_and_keeps_it(store, week, review, slack):
    one = find_candidate(store)
    press(review.open_rejection, one, slack)
    assert submit(review.reject, slack.views[0], slack, why="too rare") == {}
    assert store.candidates.get(one.id).state == "rejected"
    (said,) = store.digests.verdicts(TEAM)
    assert (said.value, said.reason) == ("reject", "too rare")
    assert store.candidates.history(one.id)[-1].evidence.reason == "too rare"


def measured_as(store, one, value=0.5):
    """The candidate with figures that the gate read."""
    measured = dict.fromkeys(load_gate().features, value)
    store.candidates.upsert(replace(one, evidence=replace(one.evidence, features=measured)), 0.0)
    return store.candidates.get(one.id), measured


def scored(store, one, measured):
    return refit_gate(store, TEAM, {one.id: one}).score([measured])[0]


def test_what_was_called_chatter_teaches_the_gate_and_what_is_not_wanted_does_not(
    store, week, review, slack
):
    one, measured = measured_as(store, find_candidate(store))
    before = scored(store, one, measured)
    press(review.open_rejection, one, slack)
    assert submit(review.reject, slack.views[0], slack, kind="chatter") == {}
    assert scored(store, one, measured) < before
    other, measured = measured_as(store, find_candidate(store, "triage"))
    press(review.open_rejection, other, slack)
    assert submit(review.reject, slack.views[1], slack) == {}
    assert scored(store, other, measured) == before


def test_put_aside_in_the_home_is_one_dialog(store, week, review, slack, clock):
    one = find_candidate(store)
    press(review.open_snooze, one, slack)
    assert submit(review.submit_snooze, slack.views[0], slack, when="4w") == {}
    assert store.candidates.get(one.id).state == "snoozed"
    assert store.candidates.history(one.id)[-1].evidence.until == clock() + 4 * WEEK


def test_what_was_snoozed_or_rejected_can_be_brought_back(store, week, review, slack):
    one = find_candidate(store)
    press(review.open_snooze, one, slack)
    submit(review.submit_snooze, slack.views[-1], slack, when="4w")
    snoozed = store.candidates.get(one.id)
    assert "candidate_return" in str(candidate_view.candidate_card(snoozed))

    press(review.bring_back, snoozed, slack)

    again = store.candidates.get(one.id)
    assert again.state == "digested"
    press(review.bring_back, again, slack)
    assert store.candidates.get(one.id).version == again.version


def test_the_message_is_rendered_again_from_the_store(store, week, review, slack):
    store.digests.claim(TEAM, week, "C0ADMIN")
    store.digests.mark_posted(TEAM, week, "1.0")
    approve(review, find_candidate(store), slack)
    said = str(slack.updates[-1]["blocks"])
    assert texts.STATES["approved"].label in said
    assert ADMIN in said


def test_examples_are_masked_and_show_every_gate(context, store, week, review, slack):
    for key in find_candidate(store).evidence.requests:
        text = store.requests.get(key).text
        store.requests.update_text(key, f"{text} Mail ada@example.com about it.")
    run_digest(context, "2099-W01")

    press(review.show_examples, find_candidate(store), slack)
    said = str(slack.views[0]["blocks"])
    assert "ada@example.com" not in said
    assert "Mail [email] about it." in said
    assert all(
        name in said
        for name in ("Privacy", "Prompt", "Retrieval", "Simple classifier", "Cost", "Approval")
    )
    assert not check_message(slack.views[0]["blocks"]).details


def test_a_candidate_cannot_be_merged_into_one_that_is_gone_meanwhile(store, week, review, slack):
    incident, triage = find_candidate(store), find_candidate(store, "triage")
    press(review.open_split, incident, slack)
    press(review.open_rejection, triage, slack)
    submit(review.reject, slack.views[1], slack)
    answered = submit(review.split_or_merge, slack.views[0], slack, what=triage.id)
    assert answered["errors"] == {"what": texts.CANDIDATE_CHANGED}
    assert store.candidates.get(incident.id) == incident
