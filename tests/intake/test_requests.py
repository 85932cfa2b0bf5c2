"""Intake: requests are stored before they are acknowledged, other messages are not stored."""

from __future__ import annotations

import itertools

import pytest

from bot.intake.requests import REQUEST, Intake
from workers.runtime.person_limit import PersonLimit

ME = "U0BOT"


@pytest.fixture
def intake(store, clock):
    ids = itertools.count(1)
    return Intake(store, ME, clock, lambda: f"id{next(ids)}", PersonLimit(0, clock))


def event(**over):
    inner = {
        "type": "app_mention",
        "user": "U1",
        "channel": "C1",
        "ts": "1.000001",
        "text": f"<@{ME}> hello",
    }

    return {
        "type": "event_callback",
        "event_id": over.pop("event_id", "Ev1"),
        "team_id": "T0",
        "authorizations": [{"team_id": "T1"}],
        "event": inner | over,
    }


def arrive(intake, body):
    """Returns the context that the listeners get, or None where the message was dropped."""
    context = {}
    reached = []
    response = intake(body=body, context=context, next=lambda: reached.append(1))
    assert reached or response.status == 200

    return context.get(REQUEST) if reached else None


def test_a_mention_is_stored_before_any_listener_runs(intake, store):
    request = arrive(intake, event())
    assert store.requests.get(request.id) == request
    assert (request.text, request.team, request.source) == ("hello", "T1", "mention")


def test_the_message_event_of_the_same_mention_is_no_second_request(intake):
    assert arrive(intake, event()) is not None
    assert arrive(intake, event(type="message", channel_type="channel", event_id="Ev2")) is None


def test_files_that_only_the_second_event_names_are_the_request_s(intake, store):
    request = arrive(intake, event())
    files = [{"id": "F0123ABCD"}]
    later = {"type": "message", "channel_type": "channel", "subtype": "file_share"}
    assert arrive(intake, event(**later, files=files, event_id="Ev2")) is None
    assert store.requests.get(request.id).files == "F0123ABCD"

    # Others do not replace them.
    arrive(intake, event(**later, files=[{"id": "F0123ABCX"}], event_id="Ev3"))
    assert store.requests.get(request.id).files == "F0123ABCD"


def test_a_retry_of_slack_is_no_second_request(intake):
    assert arrive(intake, event()) is not None
    assert arrive(intake, event()) is None


def test_chatter_that_is_not_for_beagle_is_not_stored(intake, store):
    assert arrive(intake, event(type="message", channel_type="channel", text="lunch?")) is None
    assert store.requests.find("T1", "C1", "1.000001") is None


def test_a_direct_message_needs_no_mention(intake):
    assert (
        arrive(intake, event(type="message", channel_type="im", channel="D1", text="hello")).source
        == "dm"
    )


def test_a_follow_up_of_the_same_person_needs_no_mention(intake):
    arrive(intake, event())
    follow = event(
        type="message",
        ts="2.0",
        thread_ts="1.000001",
        text="and then?",
        event_id="Ev2",
        channel_type="channel",
    )

    assert arrive(intake, follow).source == "thread"


@pytest.mark.parametrize("over", [{"user": "U2"}, {"text": "<@U2> what do you think?"}])
def test_a_thread_is_left_alone_when_people_talk_to_each_other(intake, over):
    arrive(intake, event())
    aside = {
        "type": "message",
        "ts": "2.0",
        "thread_ts": "1.000001",
        "text": "ok",
        "event_id": "Ev2",
        "channel_type": "channel",
    }

    assert arrive(intake, event(**(aside | over))) is None


@pytest.mark.parametrize(
    "over",
    [
        {"bot_id": "B1"},
        {"subtype": "bot_message"},
        {"subtype": "message_changed"},
        {"user": ME},
        {"user": None},
        {"user": "USLACKBOT"},
    ],
)
def test_bots_edits_and_beagle_itself_are_not_answered(intake, over):
    assert arrive(intake, event(type="message", channel_type="im", **over)) is None


def test_a_deleted_message_is_not_answered_any_more(intake, store):
    request = arrive(intake, event())
    deleted = {
        "type": "event_callback",
        "team_id": "T1",
        "event": {"type": "message", "subtype": "message_deleted", "channel": "C1"},
    }
    deleted["event"]["deleted_ts"] = request.ts
    arrive(intake, deleted)
    stored = store.requests.get(request.id)
    assert (stored.state, stored.text) == ("withdrawn", "")


def test_of_a_deleted_message_in_a_shared_channel_each_workspace_forgets_its_own_request(
    intake, store
):
    here = arrive(intake, event())
    there = arrive(intake, event(event_id="Ev2") | {"authorizations": [{"team_id": "T2"}]})
    gone = {"type": "message", "subtype": "message_deleted", "channel": "C1", "deleted_ts": here.ts}

    arrive(intake, {"type": "event_callback", "team_id": "T2", "event": gone})

    assert store.requests.get(here.id).state == "received"
    assert store.requests.get(there.id).state == "withdrawn"


def test_a_very_long_message_is_kept_to_slacks_own_limit(intake):
    assert len(arrive(intake, event(text="x" * 90_000)).text) == 40_000


def test_slacks_escapes_are_undone(intake):
    assert arrive(intake, event(text=f"<@{ME}> a &lt; b &amp;&amp; c")).text == "a < b && c"


def test_when_the_store_is_away_nothing_is_acknowledged(intake, store):
    with store.begin() as connection:
        connection.exec_driver_sql("DROP TABLE request")

    with pytest.raises(Exception, match="no such table"):
        arrive(intake, event())


def test_an_address_is_read_as_it_was_typed(intake):
    text = f"<@{ME}> see <https://a.example/x|a.example/x> and <https://b.example>"
    assert arrive(intake, event(text=text)).text == "see a.example/x and https://b.example"


def test_a_text_that_no_database_takes_is_stored_without_what_it_refuses(intake, store):
    request = arrive(intake, event(text=f"<@{ME}> reset\x00 my \ud83d password"))

    assert store.requests.get(request.id).text == "reset my ? password"


def test_a_text_is_cut_before_and_after_it_is_read(intake):
    request = arrive(intake, event(text=f"<@{ME}> " + "&amp;" * 50_000))

    assert set(request.text) == {"&"}
    assert len(request.text) < 40_000


FORWARDED = {
    "is_share": True,
    "author_id": "U9",
    "team_id": "T1",
    "text": "the printer is broken &amp; smokes",
    "fallback": "[today] Cy: the printer is broken",
}
LINK = {"title": "A page", "title_link": "https://example.com", "text": "what the page is about"}


def in_dm(**over):
    return event(type="message", channel_type="im", text="", event_id="Ev7", **over)


def test_a_forwarded_message_asks_with_its_words_which_stay_their_authors(intake):
    request = arrive(intake, in_dm(attachments=[FORWARDED]))

    assert (request.text, request.user) == ("the printer is broken & smokes", "U1")
    assert (request.author, request.author_team) == ("U9", "")


def test_a_forwarded_message_of_another_company_belongs_to_its_author_there(intake):
    request = arrive(intake, in_dm(attachments=[FORWARDED | {"team_id": "T9"}]))
    assert (request.author, request.author_team) == ("U9", "T9")


def test_ones_own_forwarded_message_is_ones_own(intake):
    request = arrive(intake, in_dm(attachments=[FORWARDED | {"author_id": "U1"}]))
    assert (request.text[:11], request.author) == ("the printer", "")


@pytest.mark.parametrize(
    "attachments", [None, [], [LINK], ["x"], [FORWARDED | {"text": "", "fallback": " "}]]
)
def test_what_is_no_forwarded_message_adds_no_words(intake, attachments):
    assert arrive(intake, in_dm(attachments=attachments)).text == ""


def test_words_that_were_typed_go_before_forwarded_ones(intake):
    request = arrive(intake, event(text=f"<@{ME}> summarise this", attachments=[FORWARDED]))
    assert (request.text, request.author) == ("summarise this", "")


def test_forwarded_words_of_somebody_who_opted_out_are_not_read(intake, store):
    store.opt_outs.add("T1", "U9", 1.0)
    assert arrive(intake, in_dm(attachments=[FORWARDED])).text == ""


def test_between_people_an_askers_answer_to_somebody_else_is_left_alone(intake):
    said = {"type": "message", "channel_type": "channel", "thread_ts": "1.000001"}
    arrive(intake, event())
    assert arrive(intake, event(**said, ts="2.0", event_id="Ev2", text="and mine?")) is not None

    assert (
        arrive(intake, event(**said, ts="3.0", event_id="Ev3", user="U2", text="wear it")) is None
    )
    assert arrive(intake, event(**said, ts="4.0", event_id="Ev4", text="linus pls no")) is None

    # With a mention they turn to Beagle again.
    again = event(thread_ts="1.000001", ts="5.0", event_id="Ev5", text=f"<@{ME}> and trousers?")
    assert arrive(intake, again).source == "mention"
    assert arrive(intake, event(**said, ts="6.0", event_id="Ev6", text="and hats?")) is not None
