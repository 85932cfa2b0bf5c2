"""Modals open, stack, change and close as in Slack; the home is one view per person."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from websocket import WebSocketException

from bot.sandbox.actor import Actor
from bot.sandbox.server import Sandbox

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def ask(element: Json, **more: Any) -> Json:
    return {
        "type": "input",
        "block_id": "b",
        "label": plain("Why?"),
        "element": {**element, "action_id": "why"},
        **more,
    }


def modal(*blocks: Json, **more: Any) -> Json:
    shown = list(blocks) or [ask({"type": "plain_text_input"})]
    return {
        "type": "modal",
        "callback_id": "v",
        "title": plain("Why?"),
        "submit": plain("Send"),
        "blocks": shown,
        **more,
    }


HOME = {"type": "home", "blocks": [{"type": "divider"}]}
CHOICES = {
    "type": "static_select",
    "options": [
        {"text": plain("Docs"), "value": "docs"},
        {"text": plain("Triage"), "value": "triage"},
    ],
    "initial_option": {"text": plain("Docs"), "value": "docs"},
}


@pytest.fixture
def trigger(sandbox: Sandbox, ada: Actor) -> Callable[[], str]:
    """A fresh trigger id, as a click of ada's would give."""
    return lambda: sandbox.call(
        lambda: sandbox.context.short_lived_tokens.issue("trigger", user="U0ADA000000")
    )


def word(call: Callable[..., Any], **arguments: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        call(**arguments)

    return str(caught.value.response["error"])


def test_a_trigger_opens_one_modal_within_three_seconds(
    client: WebClient, ada: Actor, trigger: Callable[[], str], forward: Callable[[float], None]
) -> None:
    first, late = trigger(), trigger()
    client.views_open(trigger_id=first, view=modal())
    assert [view["title"]["text"] for view in ada.views()] == ["Why?"]
    assert word(client.views_open, trigger_id=first, view=modal()) == "exchanged_trigger_id"
    forward(3.1)
    assert word(client.views_open, trigger_id=late, view=modal()) == "expired_trigger_id"
    assert word(client.views_open, trigger_id="1.2.3", view=modal()) == "invalid_trigger_id"


def test_a_refused_view_does_not_spend_the_trigger(
    client: WebClient, trigger: Callable[[], str]
) -> None:
    key = trigger()
    assert (
        word(client.views_open, trigger_id=key, view=modal({"type": "nothing"}))
        == "invalid_arguments"
    )
    assert client.views_open(trigger_id=key, view=modal())["ok"]


def test_three_modals_lie_on_each_other_and_not_four(
    client: WebClient, ada: Actor, trigger: Callable[[], str]
) -> None:
    root = client.views_open(trigger_id=trigger(), view=modal())["view"]
    second = client.views_push(trigger_id=trigger(), view=modal())["view"]
    client.views_push(trigger_id=trigger(), view=modal())
    assert word(client.views_push, trigger_id=trigger(), view=modal()) == "push_limit_reached"
    assert (second["root_view_id"], second["previous_view_id"]) == (root["id"], root["id"])
    ada.close_view(second["id"], all=True)
    assert ada.views() == []


def test_a_stale_hash_is_refused_and_what_was_typed_stays(
    client: WebClient, ada: Actor, sandbox: Sandbox, trigger: Callable[[], str]
) -> None:
    view = client.views_open(trigger_id=trigger(), view=modal(ask(CHOICES)))["view"]
    new = client.views_update(view_id=view["id"], hash=view["hash"], view=modal(ask(CHOICES)))[
        "view"
    ]
    assert (
        word(client.views_update, view_id=view["id"], hash=view["hash"], view=modal())
        == "hash_conflict"
    )
    assert new["state"]["values"]["b"]["why"]["selected_option"]["value"] == "docs"
    assert word(client.views_update, view_id="V0", view=modal()) == "not_found"


def test_a_home_is_published_for_one_person(
    client: WebClient, ada: Actor, sandbox: Sandbox
) -> None:
    view = client.views_publish(user_id=ada.id, view=HOME)["view"]
    again = client.views_publish(user_id=ada.id, view=HOME, hash=view["hash"])["view"]
    assert (again["id"], (ada.home() or {})["id"]) == (view["id"], view["id"])
    assert (
        word(client.views_publish, user_id=ada.id, view=HOME, hash=view["hash"]) == "hash_conflict"
    )
    assert sandbox.actor("grace").home() is None


Answer = Callable[[Json], Json | None]


@pytest.fixture
def form(
    line: Callable[[], Any], client: WebClient, sandbox: Sandbox, ada: Actor
) -> Callable[[Json, Answer], Json]:
    """Opens the modal at a slash command; `answer` gives the reply to each later payload."""

    def start(view: Json, answer: Answer) -> Json:
        connection = line()

        def work() -> None:
            with contextlib.suppress(OSError, WebSocketException):
                while True:
                    envelope = connection.next()
                    if envelope["type"] == "slash_commands":
                        connection.acknowledge(envelope)
                        client.views_open(trigger_id=envelope["payload"]["trigger_id"], view=view)
                    elif envelope["type"] == "interactive":
                        connection.acknowledge(envelope, answer(envelope["payload"]))

        threading.Thread(target=work, daemon=True).start()
        assert ada.slash("general", "/beagle")
        sandbox.wait_until(lambda workspace: workspace.views.get("U0ADA000000"))

        return ada.views()[0]

    return start


def test_errors_are_shown_and_a_right_answer_closes(form: Callable[..., Json], ada: Actor) -> None:
    def answer(payload: Json) -> Json | None:
        value = payload["view"]["state"]["values"]["b"]["why"]["value"]
        return (
            None
            if value == "right"
            else {"response_action": "errors", "errors": {"b": "try again"}}
        )

    view = form(modal(), answer)
    assert ada.submit_view(view["id"], {"why": ""}) == {"b": "Please complete this required field."}
    assert ada.submit_view(view["id"], {"why": "wrong"}) == {"b": "try again"}
    assert len(ada.views()) == 1
    assert ada.submit_view(view["id"], {"b": {"why": "right"}}) == {}
    assert ada.views() == []


@pytest.mark.parametrize(
    ("word", "titles"), [("update", ["Thanks"]), ("push", ["Why?", "Thanks"]), ("clear", [])]
)
def test_an_answer_decides_what_is_shown_next(
    word: str, titles: list[str], form: Callable[..., Json], ada: Actor
) -> None:
    thanks = modal({"type": "divider"}, title=plain("Thanks"))
    view = form(
        modal(), lambda _: {"response_action": word} | ({} if word == "clear" else {"view": thanks})
    )
    assert ada.submit_view(view["id"], {"why": "x"}) == {}
    assert [v["title"]["text"] for v in ada.views()] == titles


def test_a_view_that_slack_refuses_is_refused_as_an_answer_too(
    form: Callable[..., Json], ada: Actor
) -> None:
    view = form(
        modal(), lambda _: {"response_action": "update", "view": modal({"type": "nothing"})}
    )
    assert "unsupported block type" in ada.submit_view(view["id"], {"why": "x"})[""]


def test_choices_reach_the_bot_in_slacks_shapes(form: Callable[..., Json], ada: Actor) -> None:
    seen: list[Json] = []
    boxes = {"type": "checkboxes", "options": CHOICES["options"], "action_id": "more"}
    extra = {
        "type": "input",
        "block_id": "c",
        "label": plain("More"),
        "element": boxes,
        "optional": True,
    }

    view = form(
        modal(ask(CHOICES), extra), lambda payload: seen.append(payload["view"]["state"]["values"])
    )
    ada.submit_view(view["id"], {"why": "triage", "more": ["docs", "triage"]})
    assert seen[0]["b"]["why"]["selected_option"]["value"] == "triage"
    assert [one["value"] for one in seen[0]["c"]["more"]["selected_options"]] == ["docs", "triage"]


def test_closing_sends_an_event_where_the_view_asks_for_it(
    form: Callable[..., Json], ada: Actor
) -> None:
    told: list[str] = []
    view = form(modal(notify_on_close=True), lambda payload: told.append(payload["type"]))
    ada.close_view(view["id"])
    assert (told, ada.views()) == (["view_closed"], [])


def test_a_button_in_a_modal_carries_what_was_filled_in(
    form: Callable[..., Json], ada: Actor
) -> None:
    seen: list[Json] = []
    more = {"type": "button", "action_id": "more", "text": plain("More")}
    view = form(modal(ask(CHOICES), {"type": "actions", "elements": [more]}), seen.append)
    assert ada.click_view(view["id"], "more")
    assert (seen[0]["type"], seen[0]["container"]) == (
        "block_actions",
        {"type": "view", "view_id": view["id"]},
    )
    assert seen[0]["view"]["state"]["values"]["b"]["why"]["selected_option"]["value"] == "docs"
