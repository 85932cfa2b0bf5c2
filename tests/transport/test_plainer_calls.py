"""What a workspace's Slack refuses is sent in plainer blocks, and remembered for a day."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from slack_bolt import BoltRequest
from slack_bolt.context.respond import Respond
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookResponse

from bot.plainer.blocks import plainer_blocks
from bot.plainer.bodies import shorter, text_only
from bot.plainer.controls import restore_clicks
from bot.plainer.fallback import Fallback
from bot.plainer.memory import MAX_PLACES, RETRY_SECONDS, RefusedKinds
from bot.plainer.refusals import read_refusal
from bot.sandbox import seed_data
from bot.sandbox.block_kit import check_message
from bot.sandbox.clock import ManualClock
from bot.sandbox.delivery.interactions import create_response_url
from bot.sandbox.server import Sandbox, SandboxConfig
from bot.transport.clients import Clients
from bot.transport.plainer_calls import PlainerRespond
from tests.fixtures.slack_app import slack_app

__all__ = ["slack_app"]
CHART = {
    "type": "data_visualization",
    "title": "Requests",
    "chart": {"type": "pie", "segments": [{"label": "docs", "value": 3}]},
}
ADA = seed_data.user_id("ada")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxConfig(clock=ManualClock(), limits=False)) as running:
        yield running


@pytest.fixture(autouse=True)
def _accepting(sandbox: Sandbox) -> Iterator[None]:
    yield
    refusals = sandbox.context.refusals
    refusals.kinds, refusals.named, refusals.response_status = frozenset(), True, 400


@pytest.fixture
def time() -> ManualClock:
    return ManualClock()


@pytest.fixture
def clients(sandbox: Sandbox, time: ManualClock) -> Clients:
    found = Clients.single(sandbox.bot_token, sandbox.api_url)
    found.fallback = Fallback(RefusedKinds(time.now))
    return found


def calls(sandbox: Sandbox, method: str = "chat.postMessage") -> int:
    return sandbox.call(lambda: sandbox.context.call_counts[method])


def post(clients: Clients, team: str = "T1", **over: Any) -> dict[str, Any]:
    client = clients.for_team(team).retrying
    sent = client.chat_postMessage(**{"channel": "#general", "text": "3", "blocks": [CHART]} | over)
    return dict(sent["message"])


def test_what_is_refused_once_is_plain_at_once_and_tried_again_after_a_day(sandbox, clients, time):
    sandbox.context.refusals.kinds = frozenset({"data_visualization"})
    before = calls(sandbox)

    assert post(clients)["blocks"][0]["type"] == "rich_text"
    assert calls(sandbox) == before + 2
    assert post(clients)["blocks"][0]["type"] == "rich_text"
    assert calls(sandbox) == before + 3, "the second one went plain at once"

    sandbox.context.refusals.kinds = frozenset()
    time.advance(RETRY_SECONDS + 1)
    assert post(clients)["blocks"][0]["type"] == "data_visualization"


def test_another_workspace_and_another_surface_are_not_concerned(sandbox, clients):
    sandbox.context.refusals.kinds = frozenset({"data_visualization"})
    sandbox.context.refusals.surfaces = frozenset({"message"})
    post(clients)
    before = calls(sandbox, "chat.postEphemeral")
    client = clients.for_team("T1").retrying
    client.chat_postEphemeral(channel="#general", user=ADA, text="3", blocks=[CHART])
    assert calls(sandbox, "chat.postEphemeral") == before + 1

    sandbox.context.refusals.kinds = frozenset()
    sandbox.context.refusals.surfaces = frozenset()
    assert post(clients, team="T2")["blocks"][0]["type"] == "data_visualization"


def test_an_old_block_that_was_refused_for_its_words_is_not_remembered(sandbox, clients):
    long = {"type": "section", "text": {"type": "plain_text", "text": "word " * 700}}
    assert len(post(clients, blocks=[long])["blocks"]) > 1, "it is shown in several blocks"

    before = calls(sandbox)
    short = {"type": "section", "text": {"type": "plain_text", "text": "word"}}
    assert post(clients, blocks=[short])["blocks"][0]["type"] == "section"
    assert calls(sandbox) == before + 1


@pytest.mark.parametrize("length", range(2990, 3010))
def test_long_words_are_cut_to_what_a_section_holds_and_none_is_lost(length):
    words = "x" * length
    for text in (words, f"{words}\n{words}", f"a {words} b\n\n" * 3):
        element = {"type": "text", "text": text}
        rich = {
            "type": "rich_text",
            "elements": [{"type": "rich_text_section", "elements": [element]}],
        }
        shown = plainer_blocks([rich], {"rich_text"}, "message")
        parts = [str(block["text"]["text"]) for block in shown]
        assert max(map(len, parts)) <= 3000
        assert "".join("".join(parts).split()) == "".join(text.split())


def test_what_no_other_block_mends_is_an_error_after_one_call(sandbox, clients):
    before = calls(sandbox)
    with pytest.raises(SlackApiError, match="channel_not_found"):
        post(clients, channel="C0NOWHERE")
    assert calls(sandbox) == before + 1

    client = clients.for_team("T1").retrying
    before = calls(sandbox, "views.publish")
    view = {"type": "home", "blocks": [CHART], "colour": "red"}
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        client.views_publish(user_id=ADA, view=view | {"blocks": []})
    assert calls(sandbox, "views.publish") == before + 1


def test_the_memory_holds_so_many_workspaces_and_forgets_the_oldest():
    memory = RefusedKinds(lambda: 0.0)
    for number in range(MAX_PLACES + 10):
        memory.add(f"T{number}", "home", {"table"})

    assert memory.get("T0", "home") == frozenset()
    assert memory.get(f"T{MAX_PLACES + 9}", "home") == {"table"}


@pytest.mark.parametrize("status", [200, 400, 404, 500])
def test_a_refused_response_is_posted_again(sandbox, clients, status):
    sandbox.context.refusals.kinds = frozenset({"data_visualization"})
    sandbox.context.refusals.named = False
    sandbox.context.refusals.response_status = status
    channel = next(iter(sandbox.workspace.channels))
    url = sandbox.call(lambda: create_response_url(sandbox.context, ADA, channel))

    respond = PlainerRespond(Respond(response_url=url), "T1", clients.fallback)
    answer = respond(text="3", blocks=[CHART], response_type="ephemeral")

    assert (answer.status_code, answer.body) == (200, "ok")
    shown = list(sandbox.call(lambda: dict(sandbox.workspace.ephemerals)).values())[-1]
    assert "docs: 3" in json.dumps(shown["blocks"])


@pytest.mark.parametrize(
    ("status", "body", "posts"),
    [
        (500, "server_error", 1),
        (503, "<html>", 1),
        (500, "invalid_blocks", 5),
        (400, "no_service", 5),
        (200, '{"ok": false, "error": "ratelimited"}', 1),
        (200, '{"ok": true}', 1),
        (200, "{", 1),
    ],
)
def test_only_what_slack_has_refused_for_sure_is_posted_again(clients, status, body, posts):
    forms = []

    def respond(**form: Any) -> WebhookResponse:
        forms.append(form)
        return WebhookResponse(url="", status_code=status, body=body, headers={})

    blocks = [CHART, *({"type": kind} for kind in ("divider", "actions"))]
    PlainerRespond(respond, "T1", clients.fallback)(text="3", blocks=blocks)
    assert len(forms) <= posts
    assert (len(forms) > 1) is (posts > 1)


def test_a_response_url_that_is_used_up_is_not_tried_again(sandbox, clients):
    channel = next(iter(sandbox.workspace.channels))
    url = sandbox.call(lambda: create_response_url(sandbox.context, ADA, channel))
    respond = PlainerRespond(Respond(response_url=url), "T1", clients.fallback)
    answers = [respond(text="3", blocks=[CHART]).body for _ in range(6)]
    assert answers == ["ok"] * 5 + ["used_url"]


@pytest.mark.parametrize("named", [True, False])
def test_where_a_refused_dialog_spends_its_trigger_the_next_click_opens_it(sandbox, clients, named):
    refusals = sandbox.context.refusals
    refusals.kinds, refusals.named, refusals.spends_trigger = frozenset({"alert"}), named, True
    alert = {"type": "alert", "text": {"type": "plain_text", "text": "It costs money."}}
    view = {"type": "modal", "title": {"type": "plain_text", "text": "x"}, "blocks": [alert]}
    client = clients.for_team("T1").retrying

    def click() -> Any:
        tokens = sandbox.context.short_lived_tokens
        trigger = sandbox.call(lambda: tokens.issue("trigger", user=ADA))
        return client.views_open(trigger_id=trigger, view=view)

    try:
        with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
            click()
        assert click()["view"]["blocks"][0]["type"] == "section"
    finally:
        refusals.spends_trigger = False


def stream(clients: Clients, root: str) -> dict[str, Any]:
    return dict(
        clients.for_team("T1")
        .best_effort.chat_startStream(
            channel="#general",
            thread_ts=root,
            recipient_team_id=seed_data.TEAM_ID,
            recipient_user_id=ADA,
            chunks=[{"type": "task_update", "id": "1", "title": "Chose *docs* <!here>"}],
        )
        .data
    )


def test_a_stream_without_tasks_shows_them_as_text(sandbox, clients):
    root = post(clients, text="root")["ts"]
    sandbox.context.refusals.kinds = frozenset({"task_update"})
    ts = stream(clients, root)["ts"]

    channel = next(key for key in sandbox.workspace.messages if sandbox.workspace.message(key, ts))
    message = sandbox.call(lambda: sandbox.workspace.message(channel, ts))
    assert message["text"].strip() == "Chose \\*docs\\* &lt;\\!here&gt;"
    chunk = {"type": "markdown_text", "text": "hello"}
    assert clients.for_team("T1").best_effort.chat_appendStream(
        channel=channel, ts=ts, chunks=[chunk]
    )["ok"]


def test_where_no_part_of_a_stream_is_accepted_none_is_opened_again(sandbox, clients):
    root = post(clients, text="root")["ts"]
    sandbox.context.refusals.kinds = frozenset({"task_update", "markdown_text"})
    before = calls(sandbox, "chat.startStream")
    for _ in range(2):
        with pytest.raises(SlackApiError, match="invalid_chunks"):
            stream(clients, root)

    assert calls(sandbox, "chat.startStream") == before + 2


def test_a_text_that_is_too_long_is_cut(clients):
    ts = post(clients)["ts"]
    client = clients.for_team("T1").retrying
    updated = client.chat_update(channel="#general", ts=ts, text="x" * 5000)
    assert len(updated["text"]) == 3900


def test_blocks_that_are_too_long_together_are_cut_and_keep_their_buttons():
    text = {"type": "text", "text": "word " * 2400}
    section = {"type": "rich_text_section", "elements": [text]}
    button = {"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "Go"}}
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "Answer"}},
        {"type": "rich_text", "elements": [section]},
        {"type": "divider"},
        {"type": "actions", "elements": [button]},
        {"type": "section", "text": {"type": "plain_text", "text": "more"}},
    ]
    shown = shorter({"text": "x", "blocks": blocks})["blocks"]

    assert check_message(shown).details == []
    assert shown[0] == blocks[0]
    assert shown[-2:] == blocks[2:4], "what comes after the cut is left out, but no button"
    words = "".join(block["text"]["text"] for block in shown[1:-2])
    assert 8_900 < len(words) < 9_000


def test_the_text_alone_is_escaped_where_it_comes_from_blocks():
    rich = {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_section", "elements": [{"type": "text", "text": "<!channel> & co"}]}
        ],
    }
    assert text_only({"blocks": [rich]}, "message")["text"] == "&lt;!channel&gt; &amp; co"


@pytest.mark.parametrize(
    ("answer", "kinds", "unknown"),
    [
        ({"error": "invalid_blocks"}, set(), set()),
        (
            {
                "error": "invalid_blocks",
                "errors": ["unsupported type: card [json-pointer:/blocks/0/type]"],
            },
            {"card"},
            {"card"},
        ),
        (
            {
                "error": "invalid_blocks",
                "response_metadata": {
                    "messages": [
                        "[ERROR] must be less than 76 characters "
                        "[json-pointer:/blocks/0/actions/0/text/text]"
                    ]
                },
            },
            {"button"},
            set(),
        ),
    ],
)
def test_slack_says_in_two_ways_what_it_refuses(answer, kinds, unknown):
    label = {"type": "plain_text", "text": "x" * 80}
    body = {"blocks": [{"type": "card", "actions": [{"type": "button", "text": label}]}]}
    refusal = read_refusal(answer, body)
    assert (refusal.kinds, refusal.unknown) == (kinds, unknown)


@pytest.mark.parametrize(
    "answer",
    [
        {"error": "ratelimited"},
        {"error": "invalid_arguments"},
        {
            "error": "invalid_arguments",
            "response_metadata": {"messages": ["too long [json-pointer:/view/title]"]},
        },
    ],
)
def test_what_is_not_about_blocks_is_no_refusal_of_them(answer):
    assert read_refusal(answer, {"view": {"type": "modal", "blocks": []}}) is None


def test_a_menu_of_a_hundred_options_becomes_rows_of_buttons():
    options = [
        {"text": {"type": "plain_text", "text": f"n{number}"}, "value": str(number)}
        for number in range(100)
    ]
    menu = {"type": "static_select", "action_id": "pick", "options": options}
    shown = plainer_blocks([{"type": "actions", "elements": [menu]}], {"static_select"}, "message")

    assert check_message(shown).details == []
    buttons = [element for row in shown for element in row["elements"]]
    assert [button["value"] for button in buttons] == [str(number) for number in range(100)]


def test_where_an_answer_is_typed_the_hint_says_what_may_be_typed():
    element = {
        "type": "radio_buttons",
        "action_id": "q",
        "options": [{"text": {"type": "plain_text", "text": "Small talk"}, "value": "chatter"}],
    }
    question = {
        "type": "input",
        "block_id": "q",
        "label": {"type": "plain_text", "text": "What is it?"},
        "hint": {"type": "plain_text", "text": "It helps mining."},
        "element": element,
    }
    (shown,) = plainer_blocks([question], {"radio_buttons", "static_select"}, "modal")
    assert shown["element"] == {"type": "plain_text_input", "action_id": "q"}
    assert shown["hint"]["text"] == "It helps mining. chatter (Small talk)"


def test_junk_in_a_click_is_passed_on():
    for actions in (None, [], [None], [{}], [{"action_id": "plainer:option"}], ["x"]):
        assert restore_clicks({"actions": actions}, lambda: "passed") == "passed"


def test_a_click_on_a_plainer_button_reaches_the_listener_of_the_first_one(slack_app):
    seen = []
    slack_app.bolt.action("probe_menu")(lambda ack, action: (seen.append(action), ack()))
    body = {
        "type": "block_actions",
        "team": {"id": seed_data.TEAM_ID},
        "user": {"id": ADA, "team_id": seed_data.TEAM_ID},
        "actions": [
            {
                "type": "button",
                "action_id": "plainer:option:1:probe_menu",
                "block_id": "b",
                "value": "1w 0 T1:c9",
            }
        ],
    }
    request = BoltRequest(
        body=f"payload={json.dumps(body)}",
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert slack_app.bolt.dispatch(request).status == 200
    assert seen[0]["action_id"] == "probe_menu"
    assert seen[0]["selected_option"]["value"] == "1w 0 T1:c9"


def test_a_listeners_own_client_falls_back_as_well(slack_app, sandbox):
    sandbox.context.refusals.kinds = frozenset({"data_visualization"})
    shown = []

    def listener(ack, client, respond):
        shown.append(client.chat_postMessage(channel="#general", text="3", blocks=[CHART]))
        shown.append(respond)
        ack()

    slack_app.bolt.action("probe_chart")(listener)
    body = {
        "type": "block_actions",
        "team": {"id": seed_data.TEAM_ID},
        "user": {"id": ADA, "team_id": seed_data.TEAM_ID},
        "response_url": "http://127.0.0.1:9/nowhere",
        "actions": [{"type": "button", "action_id": "probe_chart", "block_id": "b"}],
    }
    request = BoltRequest(
        body=f"payload={json.dumps(body)}",
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    slack_app.bolt.dispatch(request)
    assert shown[0]["message"]["blocks"][0]["type"] == "rich_text"
    assert isinstance(shown[1], PlainerRespond)
