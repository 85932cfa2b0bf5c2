"""The weekly loop: once a week, the same candidates under the same ids, shown in a channel, decided once by admins."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from bot import digest_blocks, fortnight, texts
from bot.admins import Admins
from bot.review import Review, rendered
from bot.sandbox.block_kit import check_message
from bot.weekly import Weekly
from router.config import Settings
from router.store.channel_rules import ChannelRule
from router.store.overheard import Remark
from workers import digest
from workers.context import Context
from workers.memory import MemoryQueue, MemoryReplies
from workers.mining.gate import load_gate
from workers.week import due_week

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


class Slack:
    """Takes what is posted, as Slack would: blocks that its checker refuses are refused."""

    def __init__(self) -> None:
        self.posts, self.updates, self.views = [], [], []

    def chat_postMessage(self, **said):  # noqa: N802  # Slack's name
        self.posts.append(said)
        return {"ts": f"{len(self.posts)}.0"}

    def chat_update(self, **said):
        self.updates.append(said)

    def views_open(self, **said):
        self.views.append(said["view"])


@pytest.fixture
def settings():
    return Settings(_env_file=None, admins=(ADMIN,), admin_channel="C0ADMIN", digest_zone="Europe/Berlin")


@pytest.fixture
def words(encode):
    return Words(encode)


@pytest.fixture
def queue():
    return MemoryQueue({"digest": "compute", "advance": "compute"})


@pytest.fixture
def context(store, clock, settings, words, queue):
    return Context(
        settings=settings,
        store=store,
        queue=queue,
        model=None,
        replies=MemoryReplies(),
        leases=None,
        now=clock,
        random=lambda: 0.5,
        encoder=lambda: words,
    )


@pytest.fixture
def week(context, clock):
    fortnight.fill(context.store, TEAM, "C1", fortnight.happenings(clock(), incidents=60))
    name, _ = due_week(context.settings, clock())
    digest.run(context, digest.key_of(TEAM, name))
    return name


@pytest.fixture
def slack():
    return Slack()


@pytest.fixture
def review(store, queue, settings, clock):
    return Review(store, queue, Admins(settings, store.audit, clock))


def candidate(store, label="incident"):
    return next(one for one in store.candidates.of(TEAM) if one.label == label)


def click(one, user=ADMIN, team=TEAM):
    action = {"value": f'{{"candidate":"{one.id}","version":{one.version}}}'}
    return {"action": action, "body": {"user": {"id": user}, "team": {"id": team}, "trigger_id": "t"}}


def press(act, one, slack, user=ADMIN, team=TEAM, told=None):
    act(
        ack=lambda: None,
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
    assert triage.evidence["recommendation"] == "keep the prompt"
    assert incident.evidence["recommendation"] == "improve the prompt"
    assert incident.evidence["structure"]["one_form"] == 1.0
    assert incident.route == incident.evidence["route"] == "incident"
    assert store.requests.get(incident.evidence["requests"][0]).team == TEAM


def test_the_same_week_is_made_once_and_never_embedded_again(context, store, week, words, clock):
    before, embedded = store.digests.get(TEAM, week), words.texts
    digest.run(context, digest.key_of(TEAM, week))
    assert store.digests.get(TEAM, week) == before
    assert words.texts == embedded
    clock.forward(3 * 86_400.0)
    digest.run(context, digest.key_of(TEAM, "2099-W01"))
    assert words.texts == embedded


def test_a_candidate_keeps_its_id_from_week_to_week(context, store, week, clock):
    before = {one.id for one in store.candidates.of(TEAM)}
    clock.forward(3 * 86_400.0)
    digest.run(context, digest.key_of(TEAM, "2099-W01"))
    assert {one.id for one in store.candidates.of(TEAM)} == before


def test_the_digest_fits_into_a_message(store, week):
    shown = rendered(store, store.digests.get(TEAM, week))
    while shown is not None:
        assert not check_message(shown.blocks).details
        shown = shown.plainer


def test_a_week_without_requests_says_so_in_one_line(context, store, clock):
    digest.run(context, digest.key_of(TEAM, "2027-W02"))
    shown = rendered(store, store.digests.get(TEAM, "2027-W02"))
    assert shown.text == texts.DIGEST_EMPTY.format(week="2027-W02")
    assert len(shown.blocks) == 1


def test_who_opted_out_is_not_mined(context, store, clock):
    fortnight.fill(store, TEAM, "C1", fortnight.happenings(clock(), incidents=60))
    store.opt_outs.leave(TEAM, "U1PERSON00", clock())
    asked = store.minable.asked(TEAM, 0.0, clock())
    assert "U1PERSON00" not in {one.user for one in asked}


def test_the_scheduler_asks_for_a_week_once_and_posts_it_once(context, store, settings, slack, queue, clock):
    fortnight.fill(store, TEAM, "C1", fortnight.happenings(clock(), incidents=30))
    both = [Weekly(settings, store, queue, lambda _: slack, clock) for _ in range(2)]
    both[0].tick()
    both[0].tick()
    name, _ = due_week(settings, clock())
    assert queue.jobs.popleft() == ("digest", digest.key_of(TEAM, name))
    digest.run(context, digest.key_of(TEAM, name))
    for weekly in both:
        weekly.tick()
    assert len(slack.posts) == 1
    assert slack.posts[0]["channel"] == "C0ADMIN"
    assert store.digests.get(TEAM, name).ts == "1.0"


def test_a_digest_whose_poster_died_is_posted_by_another(store, week, settings, slack, queue, clock):
    store.digests.claim(TEAM, week, "C0ADMIN")
    weekly = Weekly(settings, store, queue, lambda _: slack, clock)
    weekly.tick()
    assert slack.posts == []
    clock.forward(3600.0)
    weekly.tick()
    weekly.tick()
    assert len(slack.posts) == 1


def test_without_an_admin_channel_nothing_is_made(store, queue, slack, clock):
    Weekly(Settings(_env_file=None), store, queue, lambda _: slack, clock).tick()
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


def test_one_click_approves_and_wakes_the_next_step(store, week, review, slack, queue):
    one = candidate(store)
    press(review.approve, one, slack)
    now = store.candidates.get(one.id)
    assert (now.state, now.approver) == ("approved", ADMIN)
    assert queue.jobs.popleft() == ("advance", one.id)
    assert [said.value for said in store.digests.verdicts(TEAM)] == ["approve"]
    assert store.audit.of(TEAM, one.id)[-1].outcome == "applied"


def test_ten_clicks_at_once_count_once(store, week, review, slack, queue):
    one = candidate(store)
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda _: press(review.approve, one, slack), range(10)))
    edges = [edge for edge in store.candidates.history(one.id) if edge.after == "approved"]
    assert len(edges) == 1
    assert len(store.digests.verdicts(TEAM)) == 1
    assert sum(act.outcome == "applied" for act in store.audit.of(TEAM, one.id)) == 1
    assert sum(act.outcome == "late" for act in store.audit.of(TEAM, one.id)) == 9


def test_who_is_no_admin_changes_nothing_and_it_is_noted(store, week, review, slack):
    one, told = candidate(store), []
    press(review.approve, one, slack, user="U1PERSON01", told=told)
    assert store.candidates.get(one.id) == one
    assert told == [texts.ADMINS_ONLY]
    assert store.audit.of(TEAM, one.id)[-1].outcome == "refused"


def test_another_workspace_cannot_reach_a_candidate(store, week, review, slack):
    one = candidate(store)
    press(review.approve, one, slack, team="T2")
    assert store.candidates.get(one.id) == one


def test_a_button_under_old_evidence_is_refused(store, week, review, slack):
    one, told = candidate(store), []
    press(review.approve, replace(one, version=one.version - 1), slack, told=told)
    assert store.candidates.get(one.id).state == "digested"
    assert told == [texts.CANDIDATE_CHANGED]


def test_rejecting_asks_for_a_reason_and_keeps_it(store, week, review, slack):
    one = candidate(store)
    press(review.ask_why, one, slack)
    view = slack.views[0] | {"state": {"values": {"why": {"why": {"value": "too rare"}}}}}
    review.reject(ack=lambda: None, body=click(one)["body"], view=view, client=slack)
    assert store.candidates.get(one.id).state == "rejected"
    assert store.digests.verdicts(TEAM)[0].reason == "too rare"
    assert store.candidates.history(one.id)[-1].evidence["reason"] == "too rare"


def snooze(review, one, slack, choice):
    action = {"selected_option": {"value": f"{choice} {one.version} {one.id}"}}
    review.snooze(ack=lambda: None, action=action, body=click(one)["body"], respond=lambda **_: None, client=slack)


def test_a_snoozed_candidate_comes_back_when_its_time_is_over(context, store, week, review, slack, clock):
    one = candidate(store)
    snooze(review, one, slack, "1w")
    clock.forward(2 * 86_400.0)
    digest.run(context, digest.key_of(TEAM, "2099-W01"))
    assert store.candidates.get(one.id).state == "snoozed"
    clock.forward(WEEK)
    digest.run(context, digest.key_of(TEAM, "2099-W02"))
    assert store.candidates.get(one.id).state == "digested"


def test_one_that_waits_to_double_comes_back_when_it_has(context, store, week, review, slack, clock):
    one = candidate(store, "triage")
    snooze(review, one, slack, "x2")
    told = store.candidates.history(one.id)[-1].evidence
    assert told["until_count"] == 2 * one.evidence["count"]
    assert "until" not in told


def test_not_the_same_thing_teaches_the_gate(store, week, review, slack):
    one = candidate(store)
    measured = dict.fromkeys(load_gate().features, 0.5)
    store.candidates.put(replace(one, evidence={**one.evidence, "measured": measured}), 0.0)
    one = store.candidates.get(one.id)
    before = digest.refitted(store, TEAM, {one.id: one}).score([measured])[0]
    press(review.ask_what, one, slack)
    view = slack.views[0] | {"state": {"values": {"what": {"what": {"selected_option": {"value": "several"}}}}}}
    review.split(ack=lambda: None, body=click(one)["body"], view=view, client=slack)
    assert store.digests.verdicts(TEAM)[0].value == "split"
    assert digest.refitted(store, TEAM, {one.id: one}).score([measured])[0] < before


def test_the_message_is_rendered_anew_from_the_store(store, week, review, slack):
    store.digests.claim(TEAM, week, "C0ADMIN")
    store.digests.posted(TEAM, week, "1.0")
    press(review.approve, candidate(store), slack)
    said = str(slack.updates[-1]["blocks"])
    assert texts.CANDIDATE_STATES["approved"] in said
    assert ADMIN in said


def test_examples_are_masked_and_show_every_gate(store, week, review, slack):
    press(review.examples, candidate(store), slack)
    said = str(slack.views[0]["blocks"])
    assert all(name in said for name in ("privacy", "prompt first", "retrieval", "cheap head first", "roi"))
    assert not check_message(slack.views[0]["blocks"]).details


def test_a_finding_that_may_not_be_shown_has_no_card(store, week, clock):
    hidden = [one for one in store.candidates.of(TEAM) if one.evidence["hidden"]]
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

    said = str(digest_blocks.card(Candidate("c", "T1", "vpn", "", "digested", evidence=record)))
    assert "40 requests by 8 people" in said
    assert "Write a prompt first" in said
    assert np.all([name in said for name in ("candidate_approve", "candidate_snooze")])


def overhear(store, clock, rows, kind="public", channel="C7"):
    store.rules.put(ChannelRule(TEAM, channel))
    store.overheard.start(TEAM, channel, ADMIN, clock() - WEEK)
    for number, row in enumerate(rows):
        at = clock() - (number % 4) * WEEK - number - 1.0
        store.overheard.keep(Remark(TEAM, channel, f"{at:.6f}", row.user, row.text, kind, at))


def test_a_channel_that_was_opted_in_is_mined_with_the_requests_and_the_digest_says_so(context, store, clock, asked):
    fortnight.fill(store, TEAM, "C1", fortnight.happenings(clock(), incidents=60))
    overhear(store, clock, asked("vpn"))
    digest.run(context, digest.key_of(TEAM, "2027-W02"))
    found = next(one for one in store.candidates.of(TEAM) if "vpn" in one.label)
    assert found.evidence["overheard"] == 40
    assert len(found.evidence["requests"]) == found.evidence["count"] - 40
    assert found.evidence["examples"]
    said = str(rendered(store, store.digests.get(TEAM, "2027-W02")).blocks)
    assert texts.OVERHEARD.format(count=40) in said
    assert "{'type': 'channel', 'channel_id': 'C7'}" in said
    assert f"{{'type': 'user', 'user_id': '{ADMIN}'}}" in said
    assert "since 8 January 2027" in said


def test_what_was_overheard_in_private_counts_and_is_never_quoted(context, store, clock, asked):
    overhear(store, clock, asked("vpn"), kind="private")
    digest.run(context, digest.key_of(TEAM, "2027-W02"))
    (found,) = store.candidates.of(TEAM)
    assert found.evidence["count"] == 40
    assert found.evidence["examples"] == []
    assert "vpn" not in str(rendered(store, store.digests.get(TEAM, "2027-W02")))


def test_a_week_with_nothing_but_chatter_of_a_mined_channel_is_one_line(context, store, clock, chatter):
    overhear(store, clock, chatter(20))
    assert TEAM in store.minable.teams(0.0)
    digest.run(context, digest.key_of(TEAM, "2027-W02"))
    shown = rendered(store, store.digests.get(TEAM, "2027-W02"))
    assert len(shown.blocks) == 1
    assert shown.text == texts.DIGEST_EMPTY_MINED.format(week="2027-W02", mined=20)
