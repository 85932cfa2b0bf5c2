"""The Web API refuses what Slack refuses, in Slack's words."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.sandbox.actor import Actor
from bot.sandbox.clock import ManualClock
from bot.sandbox.limits.token_scopes import BOT_SCOPES
from bot.sandbox.server import Sandbox, SandboxConfig

TEXT = {"type": "plain_text", "text": "hello"}
SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "*hello*"}}


def refused(call: Callable[..., Any], **arguments: Any) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as caught:
        call(**arguments)

    return dict(caught.value.response.data)


def word(call: Callable[..., Any], **arguments: Any) -> str:
    return str(refused(call, **arguments)["error"])


def test_a_token_says_whom_it_speaks_for_and_what_it_may(client: WebClient) -> None:
    answer = client.auth_test()
    assert (answer["team_id"], answer["user"]) == ("T0SANDBOX01", "beagle")
    granted = {*BOT_SCOPES, "channels:join", "reactions:write", "users:read.email"}
    assert answer.headers["x-oauth-scopes"] == ",".join(sorted(granted))


def test_an_unknown_method_is_refused(client: WebClient) -> None:
    assert word(client.api_call, api_method="chat.shout") == "unknown_method"


@pytest.mark.parametrize(("token", "error"), [("xoxb-wrong", "invalid_auth"), (None, "not_authed")])
def test_a_wrong_or_missing_token_is_refused(
    sandbox: Sandbox, token: str | None, error: str
) -> None:
    assert word(WebClient(token=token, base_url=sandbox.api_url).auth_test) == error


def test_an_app_token_cannot_post_and_a_bot_token_cannot_connect(
    sandbox: Sandbox, client: WebClient
) -> None:
    app = WebClient(token=sandbox.app_token, base_url=sandbox.api_url)
    assert word(app.chat_postMessage, channel="#general", text="hi") == "not_allowed_token_type"
    assert (
        word(client.apps_connections_open, app_token=sandbox.bot_token) == "not_allowed_token_type"
    )


def test_a_missing_scope_is_named(time: ManualClock) -> None:
    with Sandbox(SandboxConfig(clock=time, scopes=("channels:read",))) as sandbox:
        answer = refused(
            WebClient(token=sandbox.bot_token, base_url=sandbox.api_url).chat_postMessage,
            channel="#general",
            text="x",
        )

    assert (answer["error"], answer["needed"], answer["provided"]) == (
        "missing_scope",
        "chat:write",
        "channels:read",
    )


def test_reading_a_private_channel_needs_its_own_scope(time: ManualClock) -> None:
    with Sandbox(SandboxConfig(clock=time, scopes=("channels:history",))) as sandbox:
        client = WebClient(token=sandbox.bot_token, base_url=sandbox.api_url)
        leads = sandbox.actor("ada").channel("leads")
        assert client.conversations_history(channel=sandbox.actor("ada").channel("general"))["ok"]
        assert refused(client.conversations_history, channel=leads)["needed"] == "groups:history"


def test_a_revoked_token_is_of_no_use(sandbox: Sandbox, client: WebClient) -> None:
    sandbox.inject_fault("revoke")
    assert word(client.auth_test) == "token_revoked"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": "#general", "text": " "}, "no_text"),
        ({"channel": "#nowhere", "text": "x"}, "channel_not_found"),
        ({"channel": "#random", "text": "x"}, "not_in_channel"),
        ({"channel": "#general", "text": "x", "thread_ts": "1.000001"}, "thread_not_found"),
        ({"channel": "#general", "text": "x", "blocks": [{"type": "secton"}]}, "invalid_blocks"),
        ({"channel": "#general", "text": "x", "blocks": "[{"}, "invalid_blocks_format"),
        (
            {"channel": "#general", "text": "x", "blocks": [{"type": "divider"}] * 51},
            "invalid_blocks",
        ),
        (
            {"channel": "#general", "text": "x", "metadata": {"event_type": 1}},
            "invalid_metadata_format",
        ),
        ({"channel": "#general", "text": "x", "markdown_text": "y"}, "markdown_text_conflict"),
        ({"channel": "#general", "markdown_text": "y" * 12_001}, "msg_too_long"),
        (
            {
                "channel": "#general",
                "text": "x",
                "blocks": [{"type": "markdown", "text": "y" * 6_001}] * 2,
            },
            "msg_blocks_too_long",
        ),
    ],
)
def test_a_post_that_slack_refuses_is_refused(
    client: WebClient, arguments: dict[str, Any], error: str
) -> None:
    assert word(client.api_call, api_method="chat.postMessage", json=arguments) == error


def test_a_refused_block_is_pointed_at(client: WebClient) -> None:
    answer = refused(
        client.chat_postMessage, channel="#general", text="x", blocks=[SECTION, {"type": "secton"}]
    )
    assert answer["response_metadata"]["messages"] == [
        "[ERROR] unsupported block type: 'secton' [json-pointer:/blocks/1]"
    ]


def test_a_text_over_40000_characters_is_cut_with_a_warning(client: WebClient) -> None:
    answer = client.chat_postMessage(channel="#general", text="x" * 40_001)
    assert (len(answer["message"]["text"]), answer["warning"]) == (40_000, "message_truncated")


def test_an_update_takes_less_text_than_a_post(
    client: WebClient, post: Callable[..., str], ada: Actor
) -> None:
    ts, general = post(), ada.channel("general")
    assert client.chat_update(channel=general, ts=ts, text="y" * 4_000)["ok"]
    assert word(client.chat_update, channel=general, ts=ts, text="y" * 4_001) == "msg_too_long"


def test_only_the_bots_own_messages_can_be_changed(client: WebClient, ada: Actor) -> None:
    general, ts = ada.channel("general"), ada.say("general", "mine")
    assert word(client.chat_update, channel=general, ts=ts, text="x") == "cant_update_message"
    assert word(client.chat_delete, channel=general, ts=ts) == "cant_delete_message"
    assert word(client.chat_update, channel=general, ts="1.000001", text="x") == "message_not_found"


def test_an_update_keeps_what_it_does_not_name(
    client: WebClient, post: Callable[..., str], ada: Actor
) -> None:
    metadata = {"event_type": "beagle", "event_payload": {"request": "r1"}}
    ts = post("first", blocks=[SECTION], metadata=metadata)
    client.chat_update(channel=ada.channel("general"), ts=ts, text="second")
    (message,) = ada.thread("general", ts)
    assert (message["text"], message["blocks"][0]["type"], message["metadata"]) == (
        "second",
        "section",
        metadata,
    )


def test_a_deleted_message_is_gone_and_one_with_replies_leaves_a_tombstone(
    client: WebClient, post: Callable[..., str], ada: Actor
) -> None:
    general, alone, answered = ada.channel("general"), post(), post()
    ada.say("general", "a reply", thread_ts=answered)

    for ts in (alone, answered):
        client.chat_delete(channel=general, ts=ts)

    assert ada.thread("general", alone) == []
    assert [m.get("subtype") for m in ada.thread("general", answered)] == ["tombstone", None]


def test_metadata_comes_back_on_request_only(
    client: WebClient, post: Callable[..., str], ada: Actor
) -> None:
    metadata = {"event_type": "beagle", "event_payload": {"request": "r1"}}
    general, ts = ada.channel("general"), post(metadata=metadata)
    with_it = client.conversations_replies(channel=general, ts=ts, include_all_metadata=True)[
        "messages"
    ]
    without = client.conversations_replies(channel=general, ts=ts)["messages"]
    assert (with_it[0]["metadata"], without[0].get("metadata")) == (metadata, None)


def test_replies_come_oldest_first_page_by_page(client: WebClient, ada: Actor) -> None:
    general, root = ada.channel("general"), ada.say("general", "root")
    said = [ada.say("general", f"{n}", thread_ts=root) for n in range(3)]
    first = client.conversations_replies(channel=general, ts=root, limit=2)
    rest = client.conversations_replies(
        channel=general, ts=root, cursor=first["response_metadata"]["next_cursor"]
    )
    assert [m["ts"] for m in first["messages"] + rest["messages"]] == [root, *said]
    assert (first["has_more"], rest["has_more"], first["messages"][0]["reply_count"]) == (
        True,
        False,
        3,
    )


def test_history_is_newest_first_without_replies_and_within_bounds(
    client: WebClient, ada: Actor
) -> None:
    general = ada.channel("general")
    first, second, third = (ada.say("general", name) for name in ("one", "two", "three"))
    ada.say("general", "reply", thread_ts=second)
    assert [m["ts"] for m in client.conversations_history(channel=general)["messages"]] == [
        third,
        second,
        first,
    ]

    assert [
        m["ts"]
        for m in client.conversations_history(channel=general, oldest=first, limit=1)["messages"]
    ] == [third]
    between = client.conversations_history(
        channel=general, oldest=first, latest=second, inclusive=True
    )["messages"]
    assert [m["ts"] for m in between] == [second, first]


def test_replies_of_no_message_are_refused(client: WebClient, ada: Actor) -> None:
    assert (
        word(client.conversations_replies, channel=ada.channel("general"), ts="1.000001")
        == "thread_not_found"
    )


def test_an_ephemeral_message_is_seen_by_one_person(
    sandbox: Sandbox, client: WebClient, ada: Actor
) -> None:
    general = ada.channel("general")
    client.chat_postEphemeral(channel=general, user=ada.id, text="psst")
    assert [m["text"] for m in ada.ephemerals("general")] == ["psst"]
    assert sandbox.actor("grace").ephemerals("general") == []
    assert word(
        client.chat_postEphemeral,
        channel=ada.channel("leads"),
        user=sandbox.actor("linus").id,
        text="x",
    ) == ("user_not_in_channel")


def test_a_reaction_is_added_once(client: WebClient, ada: Actor) -> None:
    general, ts = ada.channel("general"), ada.say("general", "hi")
    client.reactions_add(channel=general, timestamp=ts, name="eyes")
    assert (
        word(client.reactions_add, channel=general, timestamp=ts, name="eyes") == "already_reacted"
    )
    client.reactions_remove(channel=general, timestamp=ts, name="eyes")
    assert (
        word(client.reactions_remove, channel=general, timestamp=ts, name="eyes") == "no_reaction"
    )
    assert (
        word(client.reactions_add, channel=general, timestamp="1.000001", name="eyes")
        == "message_not_found"
    )


def test_a_person_can_be_written_to_by_their_id(client: WebClient, ada: Actor) -> None:
    assert client.chat_postMessage(channel=ada.id, text="hi")["channel"] == ada.channel("dm")


def test_people_and_channels_can_be_looked_up(client: WebClient, ada: Actor) -> None:
    assert client.users_lookupByEmail(email="ada@example.com")["user"]["id"] == ada.id
    assert client.users_info(user=ada.id)["user"]["is_admin"] is True
    assert word(client.users_info, user="U0NOBODY") == "user_not_found"
    names = [
        c["name"]
        for c in client.conversations_list(types="public_channel,private_channel")["channels"]
    ]
    assert names == ["general", "support", "random", "leads"]
    assert ada.id in client.conversations_members(channel=ada.channel("general"))["members"]


def test_the_bot_can_join_a_public_channel_and_then_post(client: WebClient, ada: Actor) -> None:
    client.conversations_join(channel=ada.channel("random"))
    assert client.chat_postMessage(channel="#random", text="hi")["ok"]


def test_a_permalink_leads_back_to_the_message(
    client: WebClient, post: Callable[..., str], ada: Actor
) -> None:
    ts = post()
    link = client.chat_getPermalink(channel=ada.channel("general"), message_ts=ts)["permalink"]
    assert link.endswith(f"/archives/{ada.channel('general')}/p{ts.replace('.', '')}")


def test_a_scheduled_message_comes_at_its_time(
    client: WebClient,
    ada: Actor,
    time: ManualClock,
    forward: Callable[[float], None],
    sandbox: Sandbox,
) -> None:
    general, at = ada.channel("general"), int(time.now()) + 120
    client.chat_scheduleMessage(channel=general, text="later", post_at=at)
    dropped = client.chat_scheduleMessage(channel=general, text="never", post_at=at)[
        "scheduled_message_id"
    ]
    client.chat_deleteScheduledMessage(channel=general, scheduled_message_id=dropped)
    assert client.conversations_history(channel=general)["messages"] == []
    forward(61)
    (last,) = client.chat_scheduledMessages_list(channel=general)["scheduled_messages"]
    late = {"channel": general, "scheduled_message_id": last["id"]}
    assert word(client.chat_deleteScheduledMessage, **late) == "invalid_scheduled_message_id"
    forward(60)
    assert word(client.chat_deleteScheduledMessage, **late) == "invalid_scheduled_message_id"
    assert [m["text"] for m in client.conversations_history(channel=general)["messages"]] == [
        "later"
    ]
    assert (
        word(client.chat_scheduleMessage, channel=general, text="x", post_at=at) == "time_in_past"
    )


def test_a_file_goes_up_in_three_steps_and_comes_down_with_the_token(
    client: WebClient, ada: Actor
) -> None:
    general = ada.channel("general")
    file = client.files_upload_v2(
        channel=general, filename="x.csv", content="a,b", initial_comment="here"
    )["file"]
    message = client.conversations_history(channel=general)["messages"][0]
    assert (message["files"][0]["id"], message["text"]) == (file["id"], "here")
    assert client.files_info(file=file["id"])["file"]["size"] == 3


def test_a_status_is_shown_until_the_answer_comes(
    sandbox: Sandbox, client: WebClient, ada: Actor
) -> None:
    general, ts = ada.channel("general"), ada.say("general", "hi")
    client.assistant_threads_setStatus(channel_id=general, thread_ts=ts, status="is thinking")
    assert sandbox.call(lambda: [s["status"] for s in sandbox.workspace.statuses.values()]) == [
        "is thinking"
    ]
    client.chat_postMessage(channel=general, thread_ts=ts, text="done")
    assert sandbox.call(lambda: dict(sandbox.workspace.statuses)) == {}


def test_a_status_is_cleared_after_two_minutes(
    sandbox: Sandbox, client: WebClient, ada: Actor, forward: Callable[[float], None]
) -> None:
    general, ts = ada.channel("general"), ada.say("general", "hi")
    client.assistant_threads_setStatus(channel_id=general, thread_ts=ts, status="is thinking")
    forward(60)
    client.assistant_threads_setStatus(channel_id=general, thread_ts=ts, status="is still thinking")
    forward(61)
    assert sandbox.call(lambda: len(sandbox.workspace.statuses)) == 1
    forward(60)
    assert sandbox.call(lambda: len(sandbox.workspace.statuses)) == 0


def test_an_agent_session_has_a_state_and_a_title(
    sandbox: Sandbox, client: WebClient, ada: Actor
) -> None:
    dm, ts = ada.channel("dm"), ada.dm("hi")
    assert (
        word(client.agents_sessions_rename, channel_id=dm, thread_ts=ts, title="x")
        == "session_not_found"
    )
    client.agents_sessions_setStatus(channel_id=dm, thread_ts=ts, status="processing")
    client.agents_sessions_rename(channel_id=dm, thread_ts=ts, title="Leave")
    session = sandbox.call(lambda: dict(sandbox.workspace.sessions[dm, ts]))
    assert (session["status"], session["title"]) == ("processing", "Leave")
    assert (
        word(client.agents_sessions_setStatus, channel_id=dm, thread_ts=ts, status="busy")
        == "invalid_arguments"
    )


def test_suggested_prompts_can_be_taken(client: WebClient, ada: Actor, sandbox: Sandbox) -> None:
    dm = ada.channel("dm")
    client.assistant_threads_setSuggestedPrompts(
        channel_id=dm, prompts=[{"title": "Leave", "message": "How much leave?"}]
    )
    assert sandbox.call(lambda: sandbox.workspace.prompts[dm, ""]["prompts"][0]["title"]) == "Leave"
    assert (
        word(client.assistant_threads_setSuggestedPrompts, channel_id=dm, prompts=[])
        == "invalid_arguments"
    )


def test_a_missing_argument_is_named(client: WebClient) -> None:
    answer = refused(client.api_call, api_method="chat.update", json={"channel": "#general"})
    assert (answer["error"], answer["response_metadata"]["messages"]) == (
        "invalid_arguments",
        ["[ERROR] missing required field: ts"],
    )


@pytest.mark.parametrize(("body", "error"), [("{", "invalid_json"), ("[]", "json_not_object")])
def test_a_body_that_is_no_json_object_is_refused(sandbox: Sandbox, body: str, error: str) -> None:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {sandbox.bot_token}"}

    request = urllib.request.Request(f"{sandbox.api_url}chat.postMessage", body.encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert f'"{error}"' in answer.read().decode()


def test_blocks_can_be_validated_without_posting(client: WebClient) -> None:
    assert client.blocks_validate(blocks=[SECTION])["ok"]
    assert (
        word(
            client.blocks_validate, blocks=[{"type": "header", "text": {**TEXT, "text": "x" * 151}}]
        )
        == "invalid_blocks"
    )


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("conversations.info", {"channel": "#general"}),
        ("files.getUploadURLExternal", {"filename": "a.txt", "length": 3}),
    ],
)
def test_a_method_that_reads_looks_at_no_json_body(
    client: WebClient, method: str, arguments: dict[str, Any]
) -> None:
    assert word(client.api_call, api_method=method, json=arguments) == "invalid_arguments"
    assert client.api_call(method, params=arguments)["ok"]


def test_a_token_in_the_address_opens_nothing(sandbox: Sandbox) -> None:
    nobody = WebClient(base_url=sandbox.api_url)

    assert (
        word(nobody.api_call, api_method=f"auth.test?token={sandbox.bot_token}") == "invalid_auth"
    )


def test_a_token_in_a_json_body_is_not_looked_for(sandbox: Sandbox) -> None:
    body = {"token": sandbox.bot_token, "channel": "#general", "text": "hi"}

    assert post_json(sandbox, body) == {"ok": False, "error": "not_authed"}


def test_a_json_body_without_its_charset_is_read_with_a_warning(sandbox: Sandbox) -> None:
    body = {"channel": "#general", "text": "hi"}

    answer = post_json(sandbox, body, Authorization=f"Bearer {sandbox.bot_token}")

    assert (answer["ok"], answer["warning"]) == (True, "missing_charset")


def post_json(sandbox: Sandbox, body: dict[str, str], **headers: str) -> dict[str, Any]:
    """Posts a message as no SDK would; returns the answer."""
    headers["Content-Type"] = "application/json"
    url = f"{sandbox.api_url}chat.postMessage"
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as response:
        answer: dict[str, Any] = json.load(response)

    return answer


def test_a_page_may_hold_fewer_than_were_asked_for_and_a_cursor_is_opaque(
    client: WebClient,
) -> None:
    first = client.users_list(limit=3)
    cursor = first["response_metadata"]["next_cursor"]

    assert len(first["members"]) == 2
    assert not cursor.isdigit()
    assert client.users_list(limit=1, cursor=cursor)["members"][0] not in first["members"]
    for wrong in ("2", "bmV4dF90czp4", "öö"):
        assert word(client.users_list, cursor=wrong) == "invalid_cursor"
