"""What was said while no event could arrive is taken in afterwards: all of it, and once."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest

from bot.intake import catch_up
from bot.intake.catch_up import CatchUp
from bot.sandbox.clock import ManualClock
from bot.sandbox.companies import Company
from bot.sandbox.server import Sandbox
from router.store.workspace.channel_rules import ChannelRule
from tests.fixtures.slack import slack_config
from tests.fixtures.slack_app import TEAM, InlineExecutor, deliver, make_slack_app, slack_app

__all__ = ["deliver", "slack_app"]  # fixtures

START = 1_800_000_000.0


@pytest.fixture
def sandbox():
    """A Slack whose events nobody receives, and whose messages stay."""
    with Sandbox(slack_config(clock=ManualClock(START), retries=())) as slack:
        yield slack


@dataclass
class Line:
    """Whether events can arrive, and how much time passes for everybody."""

    sandbox: Sandbox
    clock: object
    works: bool = True

    def forward(self, seconds):
        self.sandbox.call(lambda: self.sandbox.context.clock.advance(seconds))
        self.clock.forward(seconds)


@pytest.fixture
def line(sandbox, clock):
    return Line(sandbox, clock)


@pytest.fixture
def catching_up(slack_app, store, line, clock):
    def make(max_age=3_600.0, deliver=slack_app._take_in, monotonic=time.monotonic):
        return CatchUp(
            store,
            slack_app._client,
            slack_app._teams,
            lambda _team: line.sandbox.workspace.bot["id"],
            lambda: line.works,
            deliver,
            clock,
            max_age,
            monotonic,
        )

    return make


@pytest.fixture
def arrives(line, deliver):
    """Brings a person's message to the app as Slack does."""

    def bring(actor, channel, ts, kind="channel"):
        posted = line.sandbox.call(lambda: dict(line.sandbox.workspace.messages[channel][ts]))
        event = {**posted, "channel": channel, "channel_type": kind, "event_ts": ts}
        assert deliver(event) == 200

    return bring


@pytest.fixture
def used(line, arrives):
    """Ada has asked in a channel and in a direct message; returns the channel's thread."""
    ada = line.sandbox.actor("ada")
    thread = ada.say("general", "@beagle before the gap")
    arrives(ada, ada.channel("general"), thread)
    line.forward(1)
    arrives(ada, ada.channel(), ada.dm("also before"), "im")

    return thread


def asked(store):
    """What the store has as requests, in Slack's order."""
    with store.engine.connect() as connection:
        return list(connection.exec_driver_sql("SELECT text FROM request ORDER BY ts").scalars())


def reads(line):
    return line.sandbox.context.call_counts["conversations.history"]


def test_what_was_said_in_a_gap_is_taken_in_once(line, used, arrives, catching_up, store):
    ada, linus = line.sandbox.actor("ada"), line.sandbox.actor("linus")
    reader = catching_up()
    reader.tick()
    line.works = False
    line.forward(300)
    ts = ada.say("general", "@beagle in a channel")
    linus.say("general", "nobody asked Beagle this")
    ada.say("general", "@beagle in its thread", thread_ts=used)
    ada.dm("in a direct message")
    new = linus.say("general", "where do I park?")
    linus.say("general", "@beagle in a new thread", thread_ts=new)
    line.forward(300)
    reader.tick()
    assert len(asked(store)) == 2

    line.works = True
    # Slack's own repetition of one of them comes too.
    arrives(ada, ada.channel("general"), ts)
    reader.tick()
    line.forward(30)
    reader.tick()

    assert asked(store) == [
        "before the gap",
        "also before",
        "in a channel",
        "in its thread",
        "in a direct message",
        "in a new thread",
    ]


def test_a_message_of_a_shared_channel_says_so_as_its_event_does(line, used, catching_up, store):
    partner = Company("T0OTHER0001", "Partner")
    line.sandbox.add_company(partner)
    line.sandbox.add_person("nils", partner)
    ada, nils = line.sandbox.actor("ada"), line.sandbox.actor("nils")
    ada.share_channel("support", partner.team)
    ada.invite("support", "nils")
    bodies = []
    reader = catching_up(deliver=bodies.append)
    reader.tick()
    line.forward(300)
    nils.say("support", "@beagle from a partner")
    ada.say("general", "@beagle at home")
    reader.tick()

    # Whoever Slack says nothing of is a stranger there, and a colleague elsewhere.
    shared = {body["event"]["channel"]: body["is_ext_shared_channel"] for body in bodies}
    assert shared == {
        ada.channel("support"): True,
        ada.channel("general"): False,
        ada.channel(): False,
    }


def test_a_bot_that_was_down_reads_what_it_missed(line, used, catching_up, store):
    catching_up().tick()
    line.forward(900)
    line.sandbox.actor("ada").say("general", "@beagle while it was down")
    line.forward(900)

    catching_up().tick()

    assert asked(store)[2:] == ["while it was down"]


def test_a_first_start_and_a_short_gap_read_nothing(line, used, catching_up):
    reader = catching_up()
    reader.tick()
    line.forward(catch_up.GAP_SECONDS)
    reader.tick()

    assert reads(line) == 0


def test_what_turns_to_nobody_is_taken_in_only_where_beagle_may_hear_it(
    line, used, catching_up, store
):
    catching_up().tick()
    store.channel_rules.upsert(
        ChannelRule(TEAM, line.sandbox.actor("ada").channel("support"), hears="all")
    )
    line.sandbox.actor("ada").invite_bot("support")
    line.forward(600)
    for channel in ("general", "support"):
        line.sandbox.actor("grace").say(channel, f"a question in {channel}")

    line.forward(60)
    catching_up().tick()

    assert asked(store)[2:] == ["a question in support"]


def test_a_gap_right_after_the_first_start_counts_too(line, catching_up, store):
    """Nobody has asked anything yet, and the first connection was not there."""
    reader = catching_up()
    line.works = False
    reader.tick()
    line.forward(600)
    line.sandbox.actor("ada").say("general", "@beagle is anybody there?")
    line.forward(60)

    line.works = True
    reader.tick()

    assert asked(store) == ["is anybody there?"]


def test_what_is_too_old_is_left(line, used, catching_up, store):
    catching_up().tick()
    line.forward(100)
    line.sandbox.actor("ada").say("general", "@beagle long ago")
    line.forward(700)
    line.sandbox.actor("ada").say("general", "@beagle just now")
    line.forward(100)

    catching_up(max_age=600.0).tick()

    assert asked(store)[2:] == ["just now"]


def test_it_can_be_switched_off(line, used, catching_up):
    catching_up(max_age=0.0).tick()
    line.forward(900)
    catching_up(max_age=0.0).tick()

    assert reads(line) == 0


@pytest.mark.parametrize(("minutes", "count"), [(60, 2), (5, 1), (0, 1)])
def test_the_setting_says_how_old_a_message_may_be(tmp_path, store, line, clock, minutes, count):
    app = make_slack_app(
        tmp_path, store, line.sandbox, clock, slack_mode="http", catch_up_minutes=minutes
    )
    app.bolt.listener_runner.listener_executor = InlineExecutor()
    app.health.start()
    ada = line.sandbox.actor("ada")
    app._take_in(
        {
            "type": "event_callback",
            "team_id": TEAM,
            "authorizations": [{"team_id": TEAM, "user_id": line.sandbox.workspace.bot["id"]}],
            "event": {
                "type": "app_mention",
                "channel": ada.channel("general"),
                "user": ada.id,
                "text": "before the gap",
                "ts": ada.say("general", "@beagle before the gap"),
            },
        }
    )
    app.catch_up.tick()
    line.forward(600)
    ada.say("general", "@beagle in the gap")
    line.forward(600)

    app.catch_up.tick()

    assert len(asked(store)) == count
    app.stop()


def test_what_slack_breaks_off_begins_anew(line, used, catching_up, store):
    reader = catching_up()
    reader.tick()
    line.forward(600)
    line.sandbox.actor("ada").say("general", "@beagle in the gap")
    line.forward(60)
    line.sandbox.inject_fault("malformed", on="conversations.history")
    reader.tick()
    assert len(asked(store)) == 2

    line.sandbox.clear_faults()
    reader.tick()

    assert asked(store)[2:] == ["in the gap"]


def test_a_place_that_slack_refuses_does_not_hold_up_the_others(line, used, catching_up, store):
    catching_up().tick()
    line.forward(600)
    # Ada's direct message was used last, so it is read first.
    line.sandbox.actor("ada").say("general", "@beagle in the gap")
    line.sandbox.inject_fault("refused", on="conversations.history", times=1)
    line.forward(60)

    catching_up().tick()

    assert asked(store)[2:] == ["in the gap"]


def test_a_place_that_slack_fails_to_show_is_read_a_little_later(line, used, catching_up, store):
    reader = catching_up()
    reader.tick()
    line.forward(600)
    line.sandbox.actor("ada").dm("in the direct message")
    line.sandbox.inject_fault("refused", on="conversations.history", times=1)
    line.forward(60)
    reader.tick()
    assert len(asked(store)) == 2
    assert store.contact.last() < line.clock()

    reader.tick()

    assert asked(store)[2:] == ["in the direct message"]
    assert store.contact.last() == line.clock()


def test_a_reading_that_takes_long_is_no_new_gap(line, used, catching_up, slack_app, store):
    ada = line.sandbox.actor("ada")

    def take_slowly(body):
        line.forward(2 * catch_up.GAP_SECONDS)
        slack_app._take_in(body)

    reader = catching_up(deliver=take_slowly)
    reader.tick()
    line.forward(600)
    ada.say("general", "@beagle in the gap")
    line.forward(60)

    reader.tick()
    after_one = reads(line)
    reader.tick()

    assert asked(store)[2:] == ["in the gap"]
    assert reads(line) == after_one


def test_what_another_process_has_read_meanwhile_is_not_read_on(
    line, used, catching_up, store, monkeypatch
):
    """This one led, lost that in the middle of a gap's reading, and leads again hours later."""
    monkeypatch.setattr(catch_up, "TICK_SECONDS", 0.0)
    times = [0.0]
    reader = catching_up(monotonic=lambda: times[0])
    reader.tick()
    line.forward(600)
    reader.tick()
    store.contact.mark(line.clock())

    times[0] += 7_200.0
    line.forward(7_200)
    line.sandbox.actor("ada").say("general", "@beagle in the second gap")
    line.forward(60)
    for _ in range(20):
        reader.tick()

    assert asked(store)[2:] == ["in the second gap"]


def test_a_catch_up_that_lasts_too_long_is_given_up(line, used, catching_up, store, monkeypatch):
    reader = catching_up()
    reader.tick()
    line.forward(600)
    line.sandbox.actor("ada").say("general", "@beagle in the gap")
    line.forward(60)
    monkeypatch.setattr(catch_up, "MAX_SECONDS", -1.0)

    reader.tick()

    assert len(asked(store)) == 2
    assert store.contact.last() == line.clock()


def test_one_tick_reads_for_a_while_and_the_next_goes_on(
    line, used, catching_up, store, monkeypatch
):
    monkeypatch.setattr(catch_up, "TICK_SECONDS", 0.0)
    reader = catching_up()
    reader.tick()
    line.forward(600)
    line.sandbox.actor("ada").say("general", "@beagle in the gap")
    line.forward(60)

    reader.tick()
    after_one = reads(line)
    while store.contact.last() < line.clock():
        reader.tick()

    assert after_one == 1
    assert reads(line) > 1
    assert asked(store)[2:] == ["in the gap"]


@pytest.fixture
def drops(line, deliver):
    """Slack drops events of the present minute, and says so."""

    def drop():
        minute = int(line.clock()) // 60 * 60
        notice = {"type": "app_rate_limited", "minute_rate_limited": minute, "event": None}
        assert deliver({}, **notice) == 200

    return drop


def pass_minutes(line, reader, minutes=2.0):
    """Lets time pass with a tick every few seconds, as there is while events can arrive."""
    for _ in range(int(minutes * 60 / catch_up.EVERY_SECONDS)):
        line.forward(catch_up.EVERY_SECONDS)
        reader.tick()


def test_what_was_said_beyond_slack_s_limit_on_events_is_taken_in_once(
    line, used, drops, catching_up, store
):
    reader = catching_up()
    reader.tick()
    drops()
    line.sandbox.actor("ada").say("general", "@beagle beyond the limit")
    reader.tick()
    assert reads(line) == 0

    pass_minutes(line, reader)
    after_two_minutes = reads(line)
    pass_minutes(line, reader)

    assert asked(store)[2:] == ["beyond the limit"]
    assert reads(line) == after_two_minutes


def test_each_minute_of_dropped_events_is_read(line, used, drops, catching_up, store):
    reader = catching_up()
    reader.tick()
    expected = []
    for number in range(6):
        drops()
        expected.append(f"in minute {number}")
        line.sandbox.actor("ada").say("general", f"@beagle in minute {number}")
        pass_minutes(line, reader, 1)

    pass_minutes(line, reader)

    assert asked(store)[2:] == expected


def test_a_minute_that_ends_while_its_workspace_is_read_is_read_too(
    line, used, drops, catching_up, store, monkeypatch
):
    # One place a tick: the channel that is read first gets a message afterwards.
    monkeypatch.setattr(catch_up, "TICK_SECONDS", 0.0)
    ada, reader = line.sandbox.actor("ada"), catching_up()
    reader.tick()
    drops()
    line.forward(50)
    reader.tick()
    line.forward(50)
    reader.tick()
    assert reads(line) == 1

    drops()
    ada.say("general", "@beagle after its place was read")
    ada.dm("and here")
    line.forward(50)
    reader.tick()
    pass_minutes(line, reader, 5)

    assert sorted(asked(store)[2:]) == ["after its place was read", "and here"]


def test_dropped_events_are_read_again_where_slack_breaks_it_off(
    line, used, drops, catching_up, store
):
    reader = catching_up()
    reader.tick()
    drops()
    line.sandbox.actor("ada").say("general", "@beagle beyond the limit")
    line.sandbox.inject_fault("malformed", on="conversations.history")
    pass_minutes(line, reader)
    assert store.contact.last() == line.clock()
    assert len(asked(store)) == 2

    line.sandbox.clear_faults()
    pass_minutes(line, reader)

    assert asked(store)[2:] == ["beyond the limit"]


def test_a_minute_of_dropped_events_is_read_whatever_was_said_since(
    line, used, drops, catching_up, store, monkeypatch
):
    # Slack shows the newest messages first, and only so many of them are read.
    monkeypatch.setattr(catch_up, "PAGE_SIZE", 2)
    monkeypatch.setattr(catch_up, "MAX_PAGES", 1)
    ada, reader = line.sandbox.actor("ada"), catching_up()
    reader.tick()
    drops()
    ada.say("general", "@beagle beyond the limit")
    line.forward(90)
    for number in range(5):
        line.forward(10)
        line.sandbox.actor("linus").say("general", f"small talk {number}")

    reader.tick()
    pass_minutes(line, reader)

    assert asked(store)[2:] == ["beyond the limit"]


def test_dropped_events_are_read_although_one_message_cannot_be_taken_in(
    line, used, drops, catching_up, slack_app, store
):
    class AwayError(Exception):
        """The database is away."""

    is_away = [True]

    def take(body):
        if is_away[0]:
            raise AwayError
        slack_app._take_in(body)

    reader = catching_up(deliver=take)
    reader.tick()
    drops()
    line.sandbox.actor("ada").say("general", "@beagle beyond the limit")
    line.forward(55)
    reader.tick()
    line.forward(40)
    for _ in range(3):
        with pytest.raises(AwayError):
            reader.tick()
        # No gap is made of it, in which all the other workspaces would be read.
        assert store.contact.last() == line.clock()
        line.forward(5)

    is_away[0] = False
    reader.tick()

    assert asked(store)[2:] == ["beyond the limit"]


def test_dropped_events_of_a_workspace_that_left_are_forgotten(line, used, catching_up, store):
    store.contact.note_dropped("T0GONE00001", int(line.clock()) // 60 * 60)
    reader = catching_up()
    reader.tick()

    pass_minutes(line, reader)

    assert store.contact.dropped(line.clock()) == {}
    assert reads(line) == 0


def test_dropped_events_are_left_where_the_reading_is_switched_off(
    line, used, drops, catching_up, store
):
    reader = catching_up(max_age=0.0)
    reader.tick()
    drops()
    pass_minutes(line, reader)

    assert store.contact.dropped(line.clock()) == {}
    assert reads(line) == 0


def test_a_gap_while_dropped_events_are_read_is_read_from_its_own_beginning(
    line, used, drops, catching_up, store, monkeypatch
):
    monkeypatch.setattr(catch_up, "TICK_SECONDS", 0.0)
    ada, reader = line.sandbox.actor("ada"), catching_up()
    reader.tick()
    line.forward(30)
    ada.say("general", "@beagle before the gap was noticed")
    line.forward(70)
    drops()
    ada.say("general", "@beagle beyond the limit")
    line.forward(100)

    for _ in range(20):
        reader.tick()

    assert asked(store)[2:] == ["before the gap was noticed", "beyond the limit"]
