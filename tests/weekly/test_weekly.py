"""The weekly loop: once a week the same candidates, shown in a channel, decided by admins."""

from __future__ import annotations

import itertools
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import select

from bot.admins import Admins
from bot.demo import sample_data
from bot.sandbox.block_kit import check_message, check_view
from bot.ui.texts import common
from bot.ui.texts import weekly as texts
from bot.weekly import candidate_view as candidate_cards
from bot.weekly.candidate_actions import CandidateActions
from bot.weekly.candidate_click import CandidateClicks
from bot.weekly.digest import render_digest
from bot.weekly.scheduler import WeeklyScheduler
from router.candidate_evidence import CandidateEvidence
from router.config import Settings
from router.encoder.lazy import LazyEncoder
from router.evidence_codec import decode
from router.lifecycle_evidence import DigestedEvidence
from router.store import open_store
from router.store.base.mining_tables import mined_vector
from router.store.mining.channel_messages import ChannelMessage
from router.store.workspace.channel_rules import ChannelRule
from tests.conftest import Clock
from tests.fixtures.slack_client import FakeSlackClient
from workers.context import Context
from workers.fakes import MemoryQueue, MemoryReplies
from workers.jobs import digest
from workers.mining.gate_feedback import refit_gate
from workers.mining.request_gate import load_gate
from workers.privacy.erasure import erase_person
from workers.rollout.approval import Approval, approval_of
from workers.runtime.job_key import job_key
from workers.runtime.weekly_schedule import due_week

TEAM, ADMIN = "T1", "U1ADMIN"
WEEK = 7 * 86_400.0


class Words:
    """The word encoder of these tests in the shape of an encoder; it counts what it was asked."""

    model_id, dim = "words", 256

    def __init__(self, encode) -> None:
        self._encode, self.texts = encode, 0

    def encode(self, texts):
        self.texts += len(texts)
        return self._encode(texts)


@pytest.fixture(scope="session")
def mined_week(tmp_path_factory, encode):
    """A database file with a week that was mined, and the week: mined once, copied by each test."""
    file = tmp_path_factory.mktemp("week") / "beagle.db"
    opened = open_store(f"sqlite:///{file}")
    clock = Clock()
    context = context_of(opened, clock, weekly_settings(), Words(encode), job_queue())
    sample_data.load_into(opened, TEAM, "C1", sample_data.sample_requests(clock(), incidents=60))
    week, _ = due_week(context.settings, clock())

    digest.run(context, job_key(TEAM, week))

    # Closing it writes all pages to this one file.
    opened.close()
    return file, week


@pytest.fixture
def store(request, tmp_path):
    """A new store, or the one of the mined week for a test that asks for `week`."""
    file = tmp_path / "beagle.db"
    if "week" in request.fixturenames:
        mined_file, _ = request.getfixturevalue("mined_week")
        shutil.copyfile(mined_file, file)

    opened = open_store(f"sqlite:///{file}")
    yield opened
    opened.close()


@pytest.fixture
def week(mined_week):
    return mined_week[1]


def weekly_settings():
    return Settings(
        _env_file=None, admins=(ADMIN,), admin_channel="C0ADMIN", digest_timezone="Europe/Berlin"
    )


def job_queue():
    return MemoryQueue({"digest": "compute", "advance": "compute"})


def context_of(store, clock, settings, words, queue):
    return Context(
        settings=settings,
        store=store,
        queue=queue,
        model=None,
        replies=MemoryReplies(),
        leases=None,
        now=clock,
        random=lambda: 0.5,
        encoder=LazyEncoder(lambda: words),
    )


@pytest.fixture
def settings():
    return weekly_settings()


@pytest.fixture
def words(encode):
    return Words(encode)


@pytest.fixture
def queue():
    return job_queue()


@pytest.fixture
def context(store, clock, settings, words, queue):
    return context_of(store, clock, settings, words, queue)


@pytest.fixture
def slack():
    return FakeSlackClient()


@pytest.fixture
def review(store, queue, settings, clock):
    clicks = CandidateClicks(store, queue, Admins(settings, store.audit, clock), clock)
    return CandidateActions(settings, store, clicks, clock)


def candidate(store, label="incident"):
    return next(one for one in store.candidates.for_team(TEAM) if one.label == label)


def click(one, user=ADMIN, team=TEAM):
    action = {"value": f'{{"candidate":"{one.id}","version":{one.version}}}'}
    return {
        "action": action,
        "body": {"user": {"id": user}, "team": {"id": team}, "trigger_id": "t"},
    }


def press(act, one, slack, user=ADMIN, team=TEAM, told=None):
    act(
        ack=lambda **_: None,
        respond=lambda **said: (told if told is not None else []).append(said["text"]),
        client=slack,
        **click(one, user, team),
    )


def test_a_fortnight_of_traffic_becomes_a_digest_with_candidates(store, week):
    made = store.digests.get(TEAM, week)
    shown = [store.candidates.get(key) for key in made.body["candidates"]]
    assert {"incident", "triage"} <= {one.label for one in shown}
    assert all(one.state == "digested" for one in shown)
    assert made.body["numbers"]["requests"] > 50


def test_each_gets_the_advice_that_its_record_deserves(store, week):
    incident, triage = candidate(store), candidate(store, "triage")
    assert triage.evidence.recommendation == "keep the prompt"
    assert incident.evidence.recommendation == "improve the prompt"
    assert incident.evidence.structure["one_form"] == 1.0
    assert incident.route == incident.evidence.route == "incident"
    assert store.requests.get(incident.evidence.requests[0]).team == TEAM


def test_the_same_week_is_made_once_and_never_embedded_again(context, store, week, words, clock):
    before, embedded = store.digests.get(TEAM, week), words.texts
    digest.run(context, job_key(TEAM, week))
    assert store.digests.get(TEAM, week) == before
    assert words.texts == embedded
    clock.forward(3 * 86_400.0)
    digest.run(context, job_key(TEAM, "2099-W01"))
    assert words.texts == embedded


def test_a_candidate_keeps_its_id_from_week_to_week(context, store, week, clock):
    before = {one.id for one in store.candidates.for_team(TEAM)}
    clock.forward(3 * 86_400.0)
    digest.run(context, job_key(TEAM, "2099-W01"))
    assert {one.id for one in store.candidates.for_team(TEAM)} == before


def test_the_digest_fits_into_a_message(store, week):
    shown = render_digest(store, store.digests.get(TEAM, week))
    while shown is not None:
        assert not check_message(shown.blocks).details
        shown = shown.fallback


def test_a_week_without_requests_says_so_in_one_line(context, store, clock):
    digest.run(context, job_key(TEAM, "2027-W02"))
    shown = render_digest(store, store.digests.get(TEAM, "2027-W02"))
    assert shown.text == texts.DIGEST_EMPTY.format(week="2027-W02")
    assert len(shown.blocks) == 1


def test_who_opted_out_is_not_mined(context, store, clock):
    sample_data.load_into(store, TEAM, "C1", sample_data.sample_requests(clock(), incidents=60))
    store.opt_outs.add(TEAM, "U1PERSON00", clock())
    repeated_requests = store.mining.requests(TEAM, 0.0, clock())
    assert "U1PERSON00" not in {one.user for one in repeated_requests}


def test_the_scheduler_asks_for_a_week_once_and_posts_it_once(
    context, store, settings, slack, queue, clock
):
    sample_data.load_into(store, TEAM, "C1", sample_data.sample_requests(clock(), incidents=30))
    both = [WeeklyScheduler(settings, store, queue, lambda _: slack, clock) for _ in range(2)]
    both[0].tick()
    both[0].tick()
    name, _ = due_week(settings, clock())
    assert queue.jobs.popleft() == ("digest", job_key(TEAM, name))
    digest.run(context, job_key(TEAM, name))

    for weekly in both:
        weekly.tick()

    assert len(slack.posts) == 1
    assert slack.posts[0]["channel"] == "C0ADMIN"
    assert store.digests.get(TEAM, name).ts == "1.0"


def test_a_digest_whose_poster_died_is_posted_by_another(
    store, week, settings, slack, queue, clock
):
    store.digests.claim(TEAM, week, "C0ADMIN")
    weekly = WeeklyScheduler(settings, store, queue, lambda _: slack, clock)
    weekly.tick()
    assert slack.posts == []
    clock.forward(3600.0)
    weekly.tick()
    weekly.tick()
    assert len(slack.posts) == 1


def test_without_an_admin_channel_nothing_is_made(store, queue, slack, clock):
    WeeklyScheduler(Settings(_env_file=None), store, queue, lambda _: slack, clock).tick()
    assert not queue.jobs


@pytest.mark.parametrize(
    ("at", "week"),
    [
        (1_774_162_799.0, "2026-W12"),  # Sunday 22 March, 7:59 in Berlin
        (1_774_249_199.0, "2026-W12"),  # Monday 23 March, 7:59: not yet nine
        (1_774_252_800.0, "2026-W13"),  # Monday, 9:00
        (1_774_850_400.0, "2026-W13"),  # Monday 30 March, 8:00 summer time: the hour is a local one
        (1_774_854_000.0, "2026-W14"),  # Monday 30 March, 9:00 summer time
    ],
)
def test_a_week_is_due_at_its_hour_in_its_time_zone(settings, at, week):
    assert due_week(settings, at)[0] == week


def submit(act, view, slack, user=ADMIN, **answers):
    """Submits a dialog and returns the last acknowledgement; answers are texts or lists of them."""
    values = {}
    for block in view["blocks"]:
        if block["type"] == "input":
            name, element = block["block_id"], block["element"]
            given = answers.get(
                name,
                element.get("initial_value", element.get("initial_option", {}).get("value", "")),
            )
            state = {"value": given}

            if element["type"] == "checkboxes":
                state = {"selected_options": [{"value": one} for one in answers.get(name, ())]}
            elif "options" in element:
                state = {"selected_option": {"value": given} if given else None}

            values[name] = {name: state}

    acks = []
    body = {"user": {"id": user}, "team": {"id": TEAM}}
    act(
        ack=lambda **how: acks.append(how),
        body=body,
        view=view | {"state": {"values": values}},
        client=slack,
    )

    return acks[-1]


def approve(review, one, slack, user=ADMIN, **answers):
    press(review.open_approval, one, slack, user=user)
    return submit(review.approve, slack.views[-1], slack, user, **({"consent": ["yes"]} | answers))


@pytest.mark.parametrize(
    "zone", ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu"]
)
@pytest.mark.parametrize(("day", "hour"), [("monday", 9), ("sunday", 2), ("sunday", 0)])
def test_each_week_is_due_once_whatever_clocks_are_put_forward_or_back(zone, day, hour):
    settings = Settings(_env_file=None, digest_timezone=zone, digest_day=day, digest_hour=hour)
    seen = {}

    for at in range(
        1_767_225_600, 1_767_225_600 + 400 * 86_400, 1_800
    ):  # 2026 and a month more, every half hour
        week, since = due_week(settings, float(at))
        assert since <= at
        seen.setdefault(week, since)
        assert seen[week] == since

    assert list(seen.values()) == sorted(seen.values())
    assert len(seen) in (58, 59)
    gaps = {round((b - a) / 3600) for a, b in itertools.pairwise(seen.values())}
    assert gaps <= {167, 168, 169}


def test_bots_in_other_time_zones_and_processes_post_one_digest(
    context, store, week, settings, slack, queue, clock
):
    bots = [WeeklyScheduler(settings, store, queue, lambda _: slack, clock) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda bot: bot.tick(), bots * 3))

    assert len(slack.posts) == 1
    assert not queue.jobs


def test_an_approval_is_kept_with_what_was_allowed_and_wakes_the_next_step(
    store, week, review, slack, queue, clock
):
    one = candidate(store)
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
    one = candidate(store)
    answered = approve(review, one, slack, **answers)
    assert answered["response_action"] == "errors"
    assert list(answered["errors"]) == [place]
    assert store.candidates.get(one.id) == one


def test_who_approves_against_the_advice_says_why(store, week, review, slack):
    one = candidate(store, "triage")
    assert one.evidence.recommendation == "keep the prompt"
    assert list(approve(review, one, slack)["errors"]) == ["reason"]
    assert slack.views[-1]["blocks"][0]["level"] == "warning"
    assert approve(review, one, slack, reason="it is slow") == {}


def test_the_approval_dialog_warns_of_money_and_fits(store, week, review, slack):
    press(review.open_approval, candidate(store), slack)
    view = slack.views[0]
    assert check_view(view, "modal") == []
    assert [block["type"] for block in view["blocks"]] == ["alert", *["input"] * 4]
    assert texts.APPROVE_NEXT in view["blocks"][0]["text"]["text"]


def test_a_dialog_that_was_open_while_somebody_else_decided_is_refused(store, week, review, slack):
    one = candidate(store)
    press(review.open_approval, one, slack)
    approve(review, one, slack)
    late = submit(review.approve, slack.views[0], slack, consent=["yes"])
    assert late["errors"] == {"budget": texts.CANDIDATE_CHANGED}
    assert store.audit.for_subject(TEAM, one.id)[-1].outcome == "late"


def test_rights_are_asked_again_when_a_dialog_is_sent(store, week, review, slack):
    one = candidate(store)
    press(review.open_approval, one, slack)
    refused = submit(review.approve, slack.views[0], slack, user="U1PERSON01", consent=["yes"])
    assert refused["errors"] == {"budget": common.ADMINS_ONLY}
    assert store.candidates.get(one.id) == one


def test_a_click_in_the_home_is_refused_in_a_dialog_because_there_is_no_message_to_whisper_under(
    store, week, review, slack
):
    one = candidate(store)
    how = click(one, "U1PERSON01")
    how["body"]["view"] = {"type": "home"}
    review.open_approval(ack=lambda: None, respond=None, client=slack, **how)
    assert common.ADMINS_ONLY in str(slack.views[-1])


def test_ten_clicks_at_once_count_once(store, week, review, slack, queue):
    one = candidate(store)
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
    one, told = candidate(store), []
    press(review.open_approval, one, slack, user="U1PERSON01", told=told)
    assert store.candidates.get(one.id) == one
    assert told == [common.ADMINS_ONLY]
    assert store.audit.for_subject(TEAM, one.id)[-1].outcome == "refused"


def test_another_workspace_cannot_reach_a_candidate(store, week, review, slack):
    one = candidate(store)
    press(review.open_approval, one, slack, team="T2")
    assert slack.views == []
    assert store.candidates.get(one.id) == one


def test_a_button_under_old_evidence_is_refused(store, week, review, slack):
    one, told = candidate(store), []
    press(review.open_approval, replace(one, version=one.version - 1), slack, told=told)
    assert store.candidates.get(one.id).state == "digested"
    assert told == [texts.CANDIDATE_CHANGED]


def test_rejecting_asks_for_a_reason_and_keeps_it(store, week, review, slack):
    one = candidate(store)
    press(review.open_rejection, one, slack)
    assert submit(review.reject, slack.views[0], slack, why="too rare") == {}
    assert store.candidates.get(one.id).state == "rejected"
    (said,) = store.digests.verdicts(TEAM)
    assert (said.value, said.reason) == ("reject", "too rare")
    assert store.candidates.history(one.id)[-1].evidence.reason == "too rare"


def snooze(review, one, slack, choice):
    action = {"selected_option": {"value": f"{choice} {one.version} {one.id}"}}
    review.snooze(
        ack=lambda: None,
        action=action,
        body=click(one)["body"],
        respond=lambda **_: None,
        client=slack,
    )


def test_a_snoozed_candidate_comes_back_when_its_time_is_over(
    context, store, week, review, slack, clock
):
    one = candidate(store)
    snooze(review, one, slack, "1w")
    clock.forward(2 * 86_400.0)
    digest.run(context, job_key(TEAM, "2099-W01"))
    assert store.candidates.get(one.id).state == "snoozed"
    clock.forward(WEEK)
    digest.run(context, job_key(TEAM, "2099-W02"))
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
    one = candidate(store, "triage")
    snooze(review, one, slack, "x2")
    told = store.candidates.history(one.id)[-1].evidence
    assert told.until_count == 2 * one.evidence.count
    assert told.until is None
    next_week(context)
    assert store.candidates.get(one.id).state == "snoozed"

    for number in range(one.evidence.count):
        ask_again(store, one, number, clock() - 60.0)

    next_week(context, "2099-W02")
    back = store.candidates.get(one.id)
    assert (back.state, back.evidence.count) == ("digested", 2 * one.evidence.count)
    assert store.candidates.history(one.id)[-1].evidence.explanation == "asked twice as often"


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
    one, measured = measured_as(store, candidate(store))
    before = scored(store, one, measured)
    press(review.open_rejection, one, slack)
    assert submit(review.reject, slack.views[0], slack, kind="chatter") == {}
    assert scored(store, one, measured) < before
    other, measured = measured_as(store, candidate(store, "triage"))
    press(review.open_rejection, other, slack)
    assert submit(review.reject, slack.views[1], slack) == {}
    assert scored(store, other, measured) == before


def test_put_aside_in_the_home_is_one_dialog(store, week, review, slack, clock):
    one = candidate(store)
    press(review.open_snooze, one, slack)
    assert submit(review.submit_snooze, slack.views[0], slack, when="4w") == {}
    assert store.candidates.get(one.id).state == "snoozed"
    assert store.candidates.history(one.id)[-1].evidence.until == clock() + 4 * WEEK


def test_the_message_is_rendered_anew_from_the_store(store, week, review, slack):
    store.digests.claim(TEAM, week, "C0ADMIN")
    store.digests.mark_posted(TEAM, week, "1.0")
    approve(review, candidate(store), slack)
    said = str(slack.updates[-1]["blocks"])
    assert texts.STATES["approved"].label in said
    assert ADMIN in said


def test_examples_are_masked_and_show_every_gate(store, week, review, slack):
    press(review.show_examples, candidate(store), slack)
    said = str(slack.views[0]["blocks"])
    assert all(
        name in said
        for name in ("Privacy", "Prompt", "Retrieval", "Simple classifier", "Cost", "Approval")
    )
    assert not check_message(slack.views[0]["blocks"]).details


def test_a_finding_that_may_not_be_shown_has_no_card(store, week, clock):
    hidden = [one for one in store.candidates.for_team(TEAM) if one.evidence.hidden]
    shown = store.digests.get(TEAM, week).body["candidates"]
    assert not {one.id for one in hidden} & set(shown)


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
        candidate_cards.candidate_card(
            Candidate("c", "T1", "vpn", "", "digested", evidence=decode(CandidateEvidence, record))
        )
    )
    assert "40 requests by 8 people" in said
    assert "Write a prompt first" in said
    assert np.all([name in said for name in ("candidate_approve", "candidate_snooze")])


def overhear(store, clock, rows, kind="public", channel="C7"):
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
    overhear(store, clock, repeated_requests("vpn"))
    digest.run(context, job_key(TEAM, "2027-W02"))
    found = next(one for one in store.candidates.for_team(TEAM) if "vpn" in one.label)
    assert found.evidence.channel_messages == 40
    assert len(found.evidence.requests) == found.evidence.count - 40
    assert found.evidence.examples
    said = str(render_digest(store, store.digests.get(TEAM, "2027-W02")).blocks)
    assert texts.MINED_CHANNEL.format(count=40) in said
    assert "{'type': 'channel', 'channel_id': 'C7'}" in said
    assert f"{{'type': 'user', 'user_id': '{ADMIN}'}}" in said
    assert "since 8 January 2027" in said


def test_what_was_overheard_in_private_counts_and_is_never_quoted(
    context, store, clock, repeated_requests
):
    overhear(store, clock, repeated_requests("vpn"), kind="private")
    digest.run(context, job_key(TEAM, "2027-W02"))
    (found,) = store.candidates.for_team(TEAM)
    assert found.evidence.count == 40
    assert found.evidence.examples == ()
    assert "vpn" not in str(render_digest(store, store.digests.get(TEAM, "2027-W02")))


def test_a_week_with_nothing_but_chatter_of_a_mined_channel_is_one_line(
    context, store, clock, chatter
):
    overhear(store, clock, chatter(20))
    assert TEAM in store.mining.active_teams(0.0)
    digest.run(context, job_key(TEAM, "2027-W02"))
    shown = render_digest(store, store.digests.get(TEAM, "2027-W02"))
    assert len(shown.blocks) == 1
    assert shown.text == texts.DIGEST_EMPTY_MINED.format(week="2027-W02", mined=20)


def next_week(context, name="2099-W01"):
    digest.run(context, job_key(TEAM, name))


def test_several_requests_in_one_are_several_candidates_in_the_next_digest(
    context, store, week, review, slack
):
    one = candidate(store)
    press(review.open_split, one, slack)
    assert submit(review.split_or_merge, slack.views[0], slack, what="several") == {}
    next_week(context)
    parts = [
        each
        for each in store.candidates.for_team(TEAM)
        if each.route == one.route and each.id != one.id
    ]
    assert len(parts) == 2
    assert sum(each.evidence.count for each in parts) <= one.evidence.count
    assert store.candidates.get(one.id).state == "rejected"
    next_week(context, "2099-W02")
    assert {each.id for each in store.candidates.for_team(TEAM) if each.route == one.route} == {
        one.id,
        *(each.id for each in parts),
    }


def test_a_part_of_another_candidate_counts_to_it_in_the_next_digest(
    context, store, week, review, slack
):
    incident, room = (
        candidate(store),
        next(one for one in store.candidates.for_team(TEAM) if not one.route),
    )
    press(review.open_split, room, slack)
    assert submit(review.split_or_merge, slack.views[0], slack, what=incident.id) == {}
    before = set(store.candidates.get(incident.id).evidence.requests)
    next_week(context)
    after = store.candidates.get(incident.id)
    assert set(after.evidence.requests) == before | set(room.evidence.requests)
    assert after.route == "incident"
    assert store.candidates.get(room.id).state == "rejected"


def test_a_correction_that_was_taken_back_does_not_hold(context, store, week, review, slack, clock):
    one = candidate(store)
    press(review.open_split, one, slack)
    submit(review.split_or_merge, slack.views[0], slack, what="several")
    rejected = store.candidates.get(one.id)
    store.candidates.advance(
        one.id, DigestedEvidence(), actor=ADMIN, at=clock(), version=rejected.version
    )
    next_week(context)
    assert [each.id for each in store.candidates.for_team(TEAM) if each.route == one.route] == [
        one.id
    ]


def test_a_candidate_cannot_be_counted_to_one_that_is_gone_meanwhile(store, week, review, slack):
    incident, triage = candidate(store), candidate(store, "triage")
    press(review.open_split, incident, slack)
    press(review.open_rejection, triage, slack)
    submit(review.reject, slack.views[1], slack)
    answered = submit(review.split_or_merge, slack.views[0], slack, what=triage.id)
    assert answered["errors"] == {"what": texts.CANDIDATE_CHANGED}
    assert store.candidates.get(incident.id) == incident


def test_what_belonged_to_a_candidate_that_was_divided_since_stands_by_itself_again(
    context, store, week, review, slack
):
    incident, room = (
        candidate(store),
        next(one for one in store.candidates.for_team(TEAM) if not one.route),
    )
    press(review.open_split, room, slack)
    submit(review.split_or_merge, slack.views[-1], slack, what=incident.id)
    press(review.open_split, incident, slack)
    submit(review.split_or_merge, slack.views[-1], slack, what="several")
    next_week(context)
    again = store.candidates.get(room.id)
    assert (again.state, again.evidence.requests) == ("digested", room.evidence.requests)


def test_a_person_who_is_forgotten_leaves_no_vector_of_their_words(
    context, store, clock, repeated_requests
):
    overhear(
        store,
        clock,
        [
            replace(row, text=f"{row.text} for number {n}")
            for n, row in enumerate(repeated_requests("vpn"))
        ],
    )

    digest.run(context, job_key(TEAM, "2027-W02"))
    with store.begin() as connection:
        before = len(connection.execute(select(mined_vector.c.hash)).all())

    gone = erase_person(store, store.documents, TEAM, "vpn0", clock())
    with store.begin() as connection:
        after = len(connection.execute(select(mined_vector.c.hash)).all())

    assert before - after == gone.rows["overheard"] > 0
