"""The digest job: a week of requests becomes candidates, and corrections shape the next week."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from bot.demo import sample_data
from bot.sandbox.block_kit import check_message
from bot.ui.texts import weekly as texts
from bot.weekly.digest import render_digest
from router.lifecycle_evidence import DigestedEvidence
from router.store.base.mining_tables import mined_vector
from router.store.mining.channel_messages import ChannelMessage
from router.store.workspace.channel_rules import ChannelRule
from tests.fixtures.weekly import (
    ADMIN,
    TEAM,
    WEEK,
    find_candidate,
    press,
    run_digest,
    snooze,
    submit,
)
from workers.privacy.erasure import erase_person


def test_a_fortnight_of_traffic_becomes_a_digest_with_candidates(store, week):
    made = store.digests.get(TEAM, week)
    shown = [store.candidates.get(key) for key in made.body["candidates"]]
    assert {"incident", "triage"} <= {one.label for one in shown}
    assert all(one.state == "digested" for one in shown)
    assert made.body["numbers"]["requests"] > 50


def test_each_gets_the_advice_that_its_record_deserves(store, week):
    incident, triage = find_candidate(store), find_candidate(store, "triage")
    assert triage.evidence.recommendation == "keep the prompt"
    assert incident.evidence.recommendation == "improve the prompt"
    assert incident.evidence.structure["one_form"] == 1.0
    assert incident.route == incident.evidence.route == "incident"
    assert store.requests.get(incident.evidence.requests[0]).team == TEAM


def test_the_same_week_is_made_once_and_never_embedded_again(context, store, week, words, clock):
    before, embedded = store.digests.get(TEAM, week), words.texts
    run_digest(context, week)
    assert store.digests.get(TEAM, week) == before
    assert words.texts == embedded
    clock.forward(3 * 86_400.0)
    run_digest(context, "2099-W01")
    assert words.texts == embedded


def test_a_candidate_keeps_its_id_from_week_to_week(context, store, week, clock):
    before = {one.id for one in store.candidates.for_team(TEAM)}
    clock.forward(3 * 86_400.0)
    run_digest(context, "2099-W01")
    assert {one.id for one in store.candidates.for_team(TEAM)} == before


def test_the_digest_fits_into_a_message(store, week):
    shown = render_digest(store, store.digests.get(TEAM, week))
    assert not check_message(shown.blocks).details


def test_a_week_without_requests_says_so_in_one_line(context, store, clock):
    run_digest(context, "2027-W02")
    shown = render_digest(store, store.digests.get(TEAM, "2027-W02"))
    assert shown.text == texts.DIGEST_EMPTY.format(week="2027-W02")
    assert len(shown.blocks) == 1


def test_who_opted_out_is_not_mined(context, store, clock):
    sample_data.load_into(store, TEAM, "C1", sample_data.sample_requests(clock(), incidents=60))
    store.opt_outs.add(TEAM, "U1PERSON00", clock())
    repeated_requests = store.mining.requests(TEAM, 0.0, clock())
    assert "U1PERSON00" not in {one.user for one in repeated_requests}


def test_a_snoozed_candidate_comes_back_when_its_time_is_over(
    context, store, week, review, slack, clock
):
    one = find_candidate(store)
    snooze(review, one, slack, "1w")
    clock.forward(2 * 86_400.0)
    run_digest(context, "2099-W01")
    assert store.candidates.get(one.id).state == "snoozed"
    clock.forward(WEEK)
    run_digest(context, "2099-W02")
    assert store.candidates.get(one.id).state == "digested"


def ask_again(store, one, number, at):
    """One more request of a route's candidate, answered as those before."""
    text = f"please look at ticket {number} of the printer in room {number}"
    said = sample_data.SampleRequest(
        text, f"U1PERSON{number % 12:02}", at, one.route, "prompt", {"queue": "it"}
    )
    key = f"again{number:04}"
    request = sample_data._request(key, TEAM, "C1", said)
    # All are asked at once; a message's time stamp is unique in its channel.
    request = replace(request, ts=f"{at + number / 1_000:.6f}")
    store.request_history.insert([sample_data._served(request, said, None)])


def test_one_that_waits_to_double_comes_back_when_it_has(
    context, store, week, review, slack, clock
):
    one = find_candidate(store, "triage")
    snooze(review, one, slack, "x2")
    told = store.candidates.history(one.id)[-1].evidence
    assert told.until_count == 2 * one.evidence.count
    assert told.until is None
    run_digest(context)
    assert store.candidates.get(one.id).state == "snoozed"

    for number in range(one.evidence.count):
        ask_again(store, one, number, clock() - 60.0)

    run_digest(context, "2099-W02")
    back = store.candidates.get(one.id)
    assert (back.state, back.evidence.count) == ("digested", 2 * one.evidence.count)
    assert store.candidates.history(one.id)[-1].evidence.explanation == "asked twice as often"


def test_a_finding_that_may_not_be_shown_has_no_card(store, week, clock):
    hidden = [one for one in store.candidates.for_team(TEAM) if one.evidence.hidden]
    assert hidden
    shown = store.digests.get(TEAM, week).body["candidates"]
    assert not {one.id for one in hidden} & set(shown)


def store_channel_messages(store, clock, rows, kind="public", channel="C7"):
    store.channel_rules.upsert(ChannelRule(TEAM, channel))
    store.channel_messages.start_mining(TEAM, channel, ADMIN, clock() - WEEK)

    for number, row in enumerate(rows):
        at = clock() - (number % 4) * WEEK - number - 1.0
        store.channel_messages.insert(
            ChannelMessage(TEAM, channel, f"{at:.6f}", row.user, row.text, kind, at)
        )


def test_a_channel_that_was_opted_in_is_mined_with_the_requests_and_the_digest_says_so(
    context, store, clock, repeated_requests
):
    sample_data.load_into(store, TEAM, "C1", sample_data.sample_requests(clock(), incidents=60))
    store_channel_messages(store, clock, repeated_requests("vpn"))
    run_digest(context, "2027-W02")
    found = next(one for one in store.candidates.for_team(TEAM) if "vpn" in one.label)
    assert found.evidence.channel_messages == 40
    assert len(found.evidence.requests) == found.evidence.count - 40
    assert found.evidence.examples
    said = str(render_digest(store, store.digests.get(TEAM, "2027-W02")).blocks)
    assert texts.MINED_CHANNEL.format(count=40) in said
    assert "{'type': 'channel', 'channel_id': 'C7'}" in said
    assert f"{{'type': 'user', 'user_id': '{ADMIN}'}}" in said
    assert "since 8 January 2027" in said


def test_messages_of_private_channels_count_and_are_never_quoted(
    context, store, clock, repeated_requests
):
    store_channel_messages(store, clock, repeated_requests("vpn"), kind="private")
    run_digest(context, "2027-W02")
    (found,) = store.candidates.for_team(TEAM)
    assert found.evidence.count == 40
    assert found.evidence.examples == ()
    assert "vpn" not in str(render_digest(store, store.digests.get(TEAM, "2027-W02")))


def test_a_week_with_nothing_but_chatter_of_a_mined_channel_is_one_line(
    context, store, clock, chatter
):
    store_channel_messages(store, clock, chatter(20))
    assert TEAM in store.mining.active_teams(0.0)
    run_digest(context, "2027-W02")
    shown = render_digest(store, store.digests.get(TEAM, "2027-W02"))
    assert len(shown.blocks) == 1
    assert shown.text == texts.DIGEST_EMPTY_MINED.format(week="2027-W02", mined=20)


def test_several_requests_in_one_are_several_candidates_in_the_next_digest(
    context, store, week, review, slack
):
    one = find_candidate(store)
    press(review.open_split, one, slack)
    assert submit(review.split_or_merge, slack.views[0], slack, what="several") == {}
    run_digest(context)
    parts = [
        each
        for each in store.candidates.for_team(TEAM)
        if each.route == one.route and each.id != one.id
    ]
    assert len(parts) == 2
    assert sum(each.evidence.count for each in parts) <= one.evidence.count
    assert store.candidates.get(one.id).state == "rejected"
    run_digest(context, "2099-W02")
    assert {each.id for each in store.candidates.for_team(TEAM) if each.route == one.route} == {
        one.id,
        *(each.id for each in parts),
    }


def test_a_candidate_merged_into_another_counts_to_it_in_the_next_digest(
    context, store, week, review, slack
):
    incident, room = (
        find_candidate(store),
        next(one for one in store.candidates.for_team(TEAM) if not one.route),
    )
    press(review.open_split, room, slack)
    assert submit(review.split_or_merge, slack.views[0], slack, what=incident.id) == {}
    before = set(store.candidates.get(incident.id).evidence.requests)
    run_digest(context)
    after = store.candidates.get(incident.id)
    assert set(after.evidence.requests) == before | set(room.evidence.requests)
    assert after.route == "incident"
    assert store.candidates.get(room.id).state == "rejected"


def test_a_reverted_correction_does_not_hold(context, store, week, review, slack, clock):
    one = find_candidate(store)
    press(review.open_split, one, slack)
    submit(review.split_or_merge, slack.views[0], slack, what="several")
    rejected = store.candidates.get(one.id)
    store.candidates.advance(
        one.id, DigestedEvidence(), actor=ADMIN, at=clock(), version=rejected.version
    )
    run_digest(context)
    assert [each.id for each in store.candidates.for_team(TEAM) if each.route == one.route] == [
        one.id
    ]


def test_a_part_merged_into_a_candidate_that_was_split_since_is_a_candidate_again(
    context, store, week, review, slack
):
    incident, room = (
        find_candidate(store),
        next(one for one in store.candidates.for_team(TEAM) if not one.route),
    )
    press(review.open_split, room, slack)
    submit(review.split_or_merge, slack.views[-1], slack, what=incident.id)
    press(review.open_split, incident, slack)
    submit(review.split_or_merge, slack.views[-1], slack, what="several")
    run_digest(context)
    again = store.candidates.get(room.id)
    assert (again.state, again.evidence.requests) == ("digested", room.evidence.requests)


def test_an_erased_person_leaves_no_embeddings(context, store, clock, repeated_requests):
    store_channel_messages(
        store,
        clock,
        [
            replace(row, text=f"{row.text} for number {n}")
            for n, row in enumerate(repeated_requests("vpn"))
        ],
    )

    run_digest(context, "2027-W02")
    with store.begin() as connection:
        before = len(connection.execute(select(mined_vector.c.hash)).all())

    gone = erase_person(store, store.documents, TEAM, "vpn0", clock())
    with store.begin() as connection:
        after = len(connection.execute(select(mined_vector.c.hash)).all())

    assert before - after == gone.rows["overheard"] > 0
