"""People in the sandbox talk, click and see as in Slack."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient

from bot.sandbox.actor import Actor
from bot.sandbox.clock import ManualClock
from bot.sandbox.delivery.interactions import create_response_url
from bot.sandbox.element_values import ActionError, build_action
from bot.sandbox.mrkdwn_encoding import encode_mrkdwn
from bot.sandbox.server import Sandbox
from bot.sandbox.workspace import Workspace

Json = dict[str, Any]
PLAIN = {"type": "plain_text", "text": "x"}
OPTIONS = [{"text": PLAIN, "value": "a"}, {"text": PLAIN, "value": "b"}]


@pytest.mark.parametrize(
    ("typed", "stands"),
    [
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("@beagle hi", "<@U0BEAGLE001> hi"),
        ("ask @ada, please", "ask <@U0ADA000000>, please"),
        ("@Grace!", "<@U0GRACE0000>!"),
        ("@nobody and me@example.com", "@nobody and me@example.com"),
        ("see #support and #nowhere", "see <#C0SUPPORT00|support> and #nowhere"),
        ("@here look", "<!here> look"),
        ("https://example.com/a?b=1&c=2.", "<https://example.com/a?b=1&amp;c=2>."),
        ("(http://example.com)", "(<http://example.com>)"),
        ("<@U0ADA000000> stays", "<@U0ADA000000> stays"),
        ("<script>", "&lt;script&gt;"),
        ("", ""),
    ],
)
def test_what_is_typed_is_kept_as_slack_keeps_it(typed: str, stands: str) -> None:
    assert encode_mrkdwn(Workspace(ManualClock().now), typed) == stands


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda ada: ada.say("general", "  "), "no_text"),
        (lambda ada: ada.say("nowhere", "x"), "channel_not_found"),
        (lambda ada: ada.say("general", "x" * 40_001), "msg_too_long"),
        (lambda ada: ada.say("general", "x", thread_ts="1.000001"), "thread_not_found"),
        (lambda ada: ada.say("general", "x", files=["F0"]), "file_not_found"),
        (lambda ada: ada.delete("general", "1.000001"), "message_not_found"),
        (lambda ada: ada.submit_view("V0", {}), "view_not_found"),
        (lambda ada: ada.shortcut("nothing"), "no_such_element"),
        (lambda ada: ada.open_home("files"), "invalid_arguments"),
        (lambda ada: ada.join("leads"), "channel_not_found"),
    ],
)
def test_what_a_person_cannot_do_is_refused(
    ada: Actor, act: Callable[[Actor], Any], code: str
) -> None:
    with pytest.raises(ActionError) as caught:
        act(ada)

    assert caught.value.code == code


def test_nobody_changes_another_persons_message(
    sandbox: Sandbox, ada: Actor, post: Callable[..., str]
) -> None:
    with pytest.raises(ActionError, match="not grace's own"):
        sandbox.actor("grace").edit("general", ada.say("general", "mine"), "yours")


def test_a_private_channel_is_not_there_for_others(sandbox: Sandbox, ada: Actor) -> None:
    ada.say("leads", "secret")
    with pytest.raises(ActionError, match="no such channel"):
        sandbox.actor("linus").say("leads", "hello?")


def test_a_mention_where_the_bot_is_not_makes_slackbot_offer_an_invitation(ada: Actor) -> None:
    ada.say("random", "@beagle are you here?")
    assert [m["username"] for m in ada.ephemerals("random")] == ["Slackbot"]


def test_the_bot_hears_who_invited_it(ada: Actor, line: Callable[[], Any]) -> None:
    connection = line()
    ada.invite_bot("random")
    event = connection.next()["payload"]["event"]
    assert (event["type"], event["user"], event["inviter"]) == (
        "member_joined_channel",
        "U0BEAGLE001",
        ada.id,
    )


def test_a_reply_to_a_reply_is_in_the_same_thread(ada: Actor) -> None:
    root = ada.say("general", "root")
    reply = ada.say("general", "one", thread_ts=root)
    ada.say("general", "two", thread_ts=reply)
    assert [m["text"] for m in ada.thread("general", root)] == ["root", "one", "two"]
    assert ada.thread("general", root)[0]["reply_count"] == 2
    assert ada.thread("general", root)[2]["parent_user_id"] == ada.id


def test_timestamps_are_unique_while_the_clock_is_fixed(ada: Actor) -> None:
    said = [ada.say("general", "x") for _ in range(20)]
    assert sorted(set(said)) == said


def test_an_upload_is_a_message_with_a_file(ada: Actor, line: Callable[[], Any]) -> None:
    connection = line()
    file = ada.upload("general", "notes.txt", "hello", comment="look, @beagle")
    events = [connection.next()["payload"]["event"] for _ in range(2)]
    assert {e["type"] for e in events} == {"app_mention", "message"}
    assert events[0]["files"][0]["id"] == file["id"]


def test_opening_the_home_and_the_messages_tab_sends_events(
    ada: Actor, line: Callable[[], Any]
) -> None:
    connection = line()
    ada.open_home()
    ada.open_home("messages")
    events = [connection.next()["payload"]["event"] for _ in range(2)]
    assert [(e["type"], e["tab"], e["channel"]) for e in events] == [
        ("app_home_opened", "home", ada.channel("dm")),
        ("app_home_opened", "messages", ada.channel("dm")),
    ]


def test_a_reaction_sends_one_event(
    ada: Actor, line: Callable[[], Any], post: Callable[..., str]
) -> None:
    ts = post()
    connection = line()
    ada.react("general", ts, ":eyes:")
    ada.react("general", ts, "eyes")
    ada.dm("end")
    first, second = (connection.next()["payload"]["event"] for _ in range(2))
    assert (first["type"], first["reaction"], first["item_user"]) == (
        "reaction_added",
        "eyes",
        "U0BEAGLE001",
    )

    assert second["type"] == "message"


def test_a_message_shortcut_carries_the_message(
    sandbox: Sandbox, ada: Actor, line: Callable[[], Any]
) -> None:
    connection, ts = line(), ada.say("general", "please answer")
    connection.acknowledge(connection.next())
    done: list[bool] = []
    thread = threading.Thread(target=lambda: done.append(ada.shortcut("ask_beagle", "general", ts)))
    thread.start()
    envelope = connection.next()
    connection.acknowledge(envelope)
    thread.join(60)
    assert (envelope["payload"]["type"], envelope["payload"]["message"]["text"]) == (
        "message_action",
        "please answer",
    )
    assert done == [True]


def test_a_command_nobody_hears_is_complained_about(ada: Actor) -> None:
    assert ada.slash("general", "/beagle", "stats") is False
    assert ada.slash("general", "/cat") is False
    texts = [m["text"] for m in ada.ephemerals("general")]
    assert texts[0] == '/beagle failed with the error "dispatch_failed"'
    assert texts[1].startswith("/cat is not a valid command")


@pytest.mark.parametrize(
    ("element", "value", "carries"),
    [
        ({"type": "button", "text": PLAIN, "value": "1"}, None, {"value": "1"}),
        ({"type": "static_select", "options": OPTIONS}, "b", {"selected_option": OPTIONS[1]}),
        ({"type": "overflow", "options": OPTIONS}, "a", {"selected_option": OPTIONS[0]}),
        (
            {"type": "multi_static_select", "options": OPTIONS},
            ["a", "b"],
            {"selected_options": OPTIONS},
        ),
        ({"type": "checkboxes", "options": OPTIONS}, [], {"selected_options": []}),
        ({"type": "users_select"}, "U1", {"selected_user": "U1"}),
        ({"type": "multi_channels_select"}, ["C1"], {"selected_channels": ["C1"]}),
        ({"type": "datepicker"}, "2026-11-23", {"selected_date": "2026-11-23"}),
        ({"type": "number_input"}, "7", {"value": "7"}),
        (
            {"type": "feedback_buttons", "positive_button": {"text": PLAIN, "value": "up"},
             "negative_button": {"text": {**PLAIN, "text": "y"}, "value": "down"}},
            "down",
            {"value": "down", "text": {**PLAIN, "text": "y"}},
        ),
    ],
)  # fmt: skip
def test_a_press_is_sent_in_slacks_shape(element: Json, value: Any, carries: Json) -> None:
    made = build_action({"block_id": "b"}, {**element, "action_id": "a"}, value, "1.0")
    assert made == {**made, **carries, "action_id": "a", "block_id": "b", "type": element["type"]}


def test_a_choice_that_is_not_offered_is_refused() -> None:
    with pytest.raises(ActionError, match="there are"):
        build_action(
            {"block_id": "b"},
            {"type": "overflow", "options": OPTIONS, "action_id": "a"},
            "z",
            "1.0",
        )


@pytest.fixture
def respond(sandbox: Sandbox, ada: Actor, client: WebClient) -> Callable[..., tuple[int, str]]:
    """Answers by the response URL of a click on an ephemeral message of ada's."""
    client.chat_postEphemeral(channel=ada.channel("general"), user=ada.id, text="first")
    message = ada.wait_for_ephemeral("general", "first")
    url = sandbox.call(
        lambda: create_response_url(sandbox.context, message["user"], message["channel"], message)
    )

    def send(**said: Any) -> tuple[int, str]:
        answer = WebhookClient(url).send_dict(said)
        return answer.status_code, answer.body

    return send


def test_a_response_url_replaces_adds_and_deletes(
    respond: Callable[..., tuple[int, str]], ada: Actor
) -> None:
    assert respond(text="second", replace_original=True) == (200, "ok")
    respond(text="third")
    assert [m["text"] for m in ada.ephemerals("general")] == ["second", "third"]
    respond(delete_original=True)
    assert [m["text"] for m in ada.ephemerals("general")] == ["third"]


def test_a_response_url_can_speak_to_the_channel_and_wears_out(
    respond: Callable[..., tuple[int, str]], client: WebClient, ada: Actor
) -> None:
    assert [respond(text=f"{n}", response_type="in_channel")[0] for n in range(6)] == [200] * 5 + [
        404
    ]
    assert len(client.conversations_history(channel=ada.channel("general"))["messages"]) == 5


def test_a_response_url_refuses_what_slack_refuses(respond: Callable[..., tuple[int, str]]) -> None:
    assert respond(text="") == (400, "no_text")
    assert respond(text="x", blocks=[{"type": "secton"}]) == (400, "invalid_blocks")
