"""Messages not addressed to the bot are stored only in channels that an admin opted in."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from slack_sdk.errors import SlackApiError
from sqlalchemy import event as sql

from bot.admins import Admins
from bot.intake.access_events import AccessEvents
from bot.intake.requests import Intake
from bot.listeners import channel_settings
from bot.listeners.channel_settings import ChannelSettings, settings_dialog
from bot.sandbox.block_kit import check_view
from bot.ui.texts import channel_settings as texts
from router.config import Settings
from router.store.workspace.channel_rules import ChannelRule
from workers.fakes import MemoryQueue
from workers.privacy.erasure import (
    erase_person,
    find_remaining,
    overwrite_deleted,
)
from workers.privacy.text_retention import expire_texts
from workers.privacy.workspace_purge import purge_workspace
from workers.runtime.person_limit import PersonLimit

ME, ADMIN = "U0BOT", "U1ADMIN"
CANARY = "zanzibarcanary wants a parking permit"
DAY = 86_400.0


@pytest.fixture
def intake(store, clock):
    ids = itertools.count(1)
    return Intake(store, ME, clock, lambda: f"id{next(ids)}", PersonLimit(0, clock))


@pytest.fixture
def mined(store, clock):
    store.channel_rules.upsert(ChannelRule("T1", "C1"))
    store.channel_messages.start_mining("T1", "C1", ADMIN, clock())


@pytest.fixture
def files_with_canary(tmp_path, store):
    """The files that still contain the canary after the database was closed."""

    def search():
        store.close()
        return find_remaining([tmp_path], [CANARY])

    return search


def event(ts="1.000001", **over):
    inner = {
        "type": "message",
        "channel_type": "channel",
        "user": "U1",
        "channel": "C1",
        "ts": ts,
        "text": CANARY,
    }

    return {
        "type": "event_callback",
        "event_id": f"Ev{ts}",
        "authorizations": [{"team_id": "T1"}],
        "event": inner | over,
    }


def receive(intake, *bodies):
    for body in bodies:
        reached = []
        response = intake(body=body, context={}, next=lambda: reached.append(1))  # noqa: B023
        assert reached or response.status == 200


def stored_texts(store, clock):
    return [one.text for one in store.channel_messages.between("T1", 0.0, clock() + 1)]


def test_a_channel_without_the_opt_in_leaves_no_byte_of_what_was_said(intake, files_with_canary):
    changed = {
        "subtype": "message_changed",
        "message": {"ts": "1.000001", "text": CANARY, "edited": {}},
    }
    deleted = {
        "subtype": "message_deleted",
        "deleted_ts": "1.000001",
        "previous_message": {"text": CANARY},
    }

    receive(intake, event(), event("2.0", thread_ts="1.000001"), event(**changed), event(**deleted))
    assert files_with_canary() == []


def test_where_an_admin_opted_in_the_bytes_are_there(intake, mined, files_with_canary):
    receive(intake, event())
    assert files_with_canary() != []


def test_a_message_where_nothing_is_mined_costs_two_reads_and_no_write_whatever_else_is_mined(
    intake, store, clock
):
    for number in range(50):
        store.channel_rules.upsert(ChannelRule("T1", f"C9{number}"))
        store.channel_messages.start_mining("T1", f"C9{number}", ADMIN, clock())

    statements = []
    sql.listen(store.engine, "before_cursor_execute", lambda *said: statements.append(said[2]))
    receive(intake, event())
    assert len([one for one in statements if one.startswith("SELECT")]) <= 2
    assert not [
        one
        for one in statements
        if one.startswith(("INSERT", "UPDATE", "DELETE", "BEGIN IMMEDIATE"))
    ]


def test_what_is_kept_is_masked(intake, mined, store, clock):
    receive(
        intake,
        event(
            text="<@U2> mail jane.doe@example.com the key sk-proj-abcdefghijklmnop1234, "
            "call +49 170 1234567"
        ),
    )

    (text,) = stored_texts(store, clock)
    assert not any(
        part in text for part in ("U2", "jane", "example.com", "abcdefghijklmnop", "1234567")
    )


def test_a_message_to_beagle_is_a_request_and_nothing_else(intake, mined, store, clock):
    receive(
        intake,
        event(text=f"<@{ME}> {CANARY}"),
        event("2.0", type="app_mention", text=f"<@{ME}> {CANARY}"),
    )

    assert stored_texts(store, clock) == []
    assert store.requests.find("T1", "C1", "1.000001") is not None


def test_the_same_message_delivered_twice_is_kept_once_and_nobody_answers_it(
    intake, mined, store, clock
):
    receive(intake, event(), event())
    assert stored_texts(store, clock) == [CANARY]
    assert store.requests.open_count(clock()) == (0, 0.0)


@pytest.mark.parametrize(
    "over",
    [
        {"bot_id": "B1"},
        {"user": ME},
        {"user": None},
        {"subtype": "channel_join"},
        {"subtype": "bot_message"},
        {"text": ""},
        {"user_team": "T9"},
        {"channel": "C2"},
    ],
    ids=[
        "a bot",
        "Beagle",
        "nobody",
        "a join",
        "a bot's",
        "no words",
        "another workspace",
        "another channel",
    ],
)
def test_nothing_is_kept_of(over, intake, mined, store, clock):
    receive(intake, event(**over))
    assert stored_texts(store, clock) == []


def test_who_opted_out_is_not_kept_and_opting_out_later_takes_back_what_was(
    intake, mined, store, clock
):
    receive(intake, event(), event("2.0", user="U2", text="somebody else's"))
    store.opt_outs.add("T1", "U1", clock())
    assert stored_texts(store, clock) == ["somebody else's"]
    receive(intake, event("3.0"))
    assert stored_texts(store, clock) == ["somebody else's"]


def test_an_edit_and_a_deletion_follow(intake, mined, store, clock, files_with_canary):
    receive(intake, event(), event("2.0"))
    edited = {"ts": "1.000001", "text": "other words", "user": "U1", "edited": {"ts": "3"}}
    receive(intake, event(subtype="message_changed", message=edited, user=None, text=None))
    receive(intake, event(subtype="message_deleted", deleted_ts="2.0", user=None, text=None))
    assert stored_texts(store, clock) == ["other words"]
    overwrite_deleted(store)
    assert files_with_canary() == []


def test_an_edit_of_what_was_said_before_the_opt_in_is_not_kept(intake, mined, store, clock):
    edited = {"ts": "1.000001", "text": CANARY, "user": "U1", "edited": {"ts": "3"}}
    receive(intake, event(subtype="message_changed", message=edited))
    assert stored_texts(store, clock) == []


def test_a_person_who_wants_to_be_forgotten_is_gone_from_it_with_proof(
    intake, mined, store, clock, files_with_canary
):
    receive(intake, event(), event("2.0", user="U2", text="what somebody else said here"))
    gone = erase_person(store, store.documents, "T1", "U1", clock())
    assert gone.rows["overheard"] == 1
    assert gone.terms == (CANARY,)
    assert stored_texts(store, clock) == ["what somebody else said here"]
    assert files_with_canary() == []


def test_it_is_kept_no_longer_than_other_texts(intake, mined, store, clock, files_with_canary):
    receive(intake, event())
    clock.forward(29 * DAY)
    assert expire_texts(store, clock(), 30.0) == 0
    clock.forward(2 * DAY)
    assert expire_texts(store, clock(), 30.0) == 1
    overwrite_deleted(store)
    assert files_with_canary() == []


def test_a_workspace_that_removes_beagle_leaves_nothing_of_it(
    intake, mined, store, files_with_canary
):
    receive(intake, event())
    assert purge_workspace(store, "T1")["overheard"] == 1
    assert files_with_canary() == []


def test_a_channel_that_beagle_leaves_is_mined_no_more_and_what_was_kept_is_gone(
    intake, mined, store, clock
):
    receive(intake, event())
    gone = {"type": "member_left_channel", "user": ME, "channel": "C1"}
    AccessEvents(store, MemoryQueue({}), lambda _: ME, lambda _: None)(
        event() | {"event": gone}, next=lambda: None
    )
    assert stored_texts(store, clock) == []
    assert not store.channel_rules.for_channel("T1", "C1").mined


def test_a_channel_that_becomes_private_is_quoted_no_more(intake, mined, store, clock):
    receive(intake, event())
    turned = {
        "type": "message",
        "subtype": "channel_convert_to_private",
        "channel": "C1",
        "ts": "5.0",
    }

    AccessEvents(store, MemoryQueue({}), lambda _: ME, lambda _: None)(
        event() | {"event": turned}, next=lambda: None
    )
    assert [one.channel_kind for one in store.channel_messages.between("T1", 0.0, clock() + 1)] == [
        "private"
    ]


class Slack:
    """Accepts posts, except in the channels in `closed`."""

    def __init__(self, *closed):
        self.said, self._closed = [], closed

    def chat_postMessage(self, channel, text, **_):  # noqa: N802  # Slack's name
        if channel in self._closed:
            raise SlackApiError("no", {"error": "not_in_channel", "ok": False})

        self.said.append((channel, text))


@pytest.fixture
def panel(store, clock):
    settings = Settings(_env_file=None, admins=(ADMIN,))
    return ChannelSettings(store, Admins(settings, store.audit, clock), lambda _: ["triage"])


def save(panel, store, slack, user=ADMIN, **over):
    rule = store.channel_rules.for_channel("T1", "C1")
    picked = {"hears": {"selected_option": {"value": "mentions"}}, "usd": {"value": "0"}} | over
    state = {name: {name: value} for name, value in picked.items()}
    acks = []
    panel.save(
        ack=lambda **how: acks.append(how),
        body={"team": {"id": "T1"}, "user": {"id": user}},
        view=settings_dialog(rule, ["triage"]) | {"state": {"values": state}},
        client=slack,
    )

    return acks[0]


ON, OFF = {"selected_options": [{"value": "yes"}]}, {"selected_options": []}


def test_the_channel_gets_a_notice_before_anything_is_stored_and_the_choice_is_audited(
    panel, store, clock, intake
):
    slack = Slack()
    assert save(panel, store, slack, mines=ON) == {}
    assert slack.said == [("C1", texts.MINED.format(user=ADMIN, days="for at most 30 days"))]
    rule = store.channel_rules.for_channel("T1", "C1")
    assert (rule.mined_by, rule.mined_since) == (ADMIN, clock())
    assert store.audit.for_subject("T1", "C1")[-1].action == "mine_channel"
    receive(intake, event())
    assert stored_texts(store, clock) == [CANARY]


def test_a_channel_that_refuses_the_notice_is_not_mined_and_the_admin_sees_why(panel, store):
    slack = Slack("C1")
    save(panel, store, slack, mines=ON)
    assert not store.channel_rules.for_channel("T1", "C1").mined
    assert slack.said == [(ADMIN, texts.MINED_NOT.format(channel="C1"))]


def test_switching_it_off_erases_what_was_kept_and_tells_the_channel(
    panel, store, clock, intake, files_with_canary
):
    slack = Slack()
    save(panel, store, slack, mines=ON)
    receive(intake, event())
    save(panel, store, slack, mines=OFF)
    assert slack.said[-1] == ("C1", texts.UNMINED.format(user=ADMIN, count=1))
    assert not store.channel_rules.for_channel("T1", "C1").mined
    assert files_with_canary() == []


def test_the_channel_is_told_before_the_bytes_are_overwritten(panel, store, monkeypatch):
    """On a server that may take minutes, in which the process may end."""
    slack = Slack()
    save(panel, store, slack, mines=ON)
    told = []

    def audited():
        return "stop_mining" in [entry.action for entry in store.audit.for_subject("T1", "C1")]

    monkeypatch.setattr(
        channel_settings,
        "overwrite_deleted",
        lambda _: told.append((slack.said[-1][1], audited())),
    )

    save(panel, store, slack, mines=OFF)

    assert told == [(texts.UNMINED.format(user=ADMIN, count=0), True)]


def test_saving_other_settings_keeps_the_opt_in_and_tells_nobody_again(panel, store, clock):
    slack = Slack()
    save(panel, store, slack, mines=ON)
    clock.forward(DAY)
    save(panel, store, slack, mines=ON, usd={"value": "3"})
    assert len(slack.said) == 1
    assert store.channel_rules.for_channel("T1", "C1").mined_since == clock() - DAY


def test_nobody_but_an_admin_opts_a_channel_in(panel, store):
    assert save(panel, store, Slack(), user="UEVE", mines=ON)["response_action"] == "errors"
    assert not store.channel_rules.for_channel("T1", "C1").mined


def test_the_dialog_shows_what_is_set(store):
    on = settings_dialog(replace(ChannelRule("T1", "C1"), mined_by=ADMIN), ["triage"])
    off = settings_dialog(ChannelRule("T1", "C1"), ["triage"])
    assert "initial_options" in str(on)
    assert "initial_options" not in str(off)
    assert check_view(on, "modal") == check_view(off, "modal") == []
