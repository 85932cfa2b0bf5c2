"""Clicks and inputs reach the bot's listeners, and the bot's answer reaches the screen."""

from __future__ import annotations

from queue import Queue
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from slack_bolt import Ack, App
from slack_sdk import WebClient

from bot.sandbox.server import Sandbox
from tests.browser.block_samples import ALL_INPUTS, OPTIONS, button, field, form, mrkdwn, plain
from tests.browser.screens import channel, message

pytestmark = pytest.mark.browser

Json = dict[str, Any]
SECONDS = 60


def listen(bolt: App, action: str) -> Queue[Json]:
    """Collects the payloads of one action id."""
    heard: Queue[Json] = Queue()

    @bolt.action(action)
    def take(ack: Ack, body: Json) -> None:
        ack()
        heard.put(body)

    return heard


def post_elements(slack: WebClient, sandbox: Sandbox, *elements: Json) -> None:
    slack.chat_postMessage(
        channel=channel(sandbox),
        text="press",
        blocks=[{"type": "actions", "elements": list(elements)}],
    )


def test_a_pressed_button_reaches_its_listener(
    page: Page, sandbox: Sandbox, slack: WebClient, bolt: App
) -> None:
    heard = listen(bolt, "go")
    post_elements(slack, sandbox, button("Go", "go", value="7"))
    page.get_by_role("button", name="Go").click()
    body = heard.get(timeout=SECONDS)
    assert (body["type"], body["actions"][0]["value"], body["user"]["username"]) == (
        "block_actions",
        "7",
        "ada",
    )


def test_a_dangerous_button_asks_first(
    page: Page, sandbox: Sandbox, slack: WebClient, bolt: App
) -> None:
    heard = listen(bolt, "drop")
    confirm = {
        "title": plain("Sure?"),
        "text": plain("Gone is gone."),
        "confirm": plain("Drop"),
        "deny": plain("Keep"),
    }

    post_elements(slack, sandbox, button("Drop it", "drop", value="first", confirm=confirm))
    page.get_by_role("button", name="Drop it").click()
    expect(page.get_by_test_id("confirm")).to_contain_text("Gone is gone.")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("confirm")).to_have_count(0)
    page.get_by_role("button", name="Drop it").click()
    page.get_by_test_id("confirm-yes").click()
    assert heard.get(timeout=SECONDS)["actions"][0]["value"] == "first"
    assert heard.empty()


def test_menus_and_thumbs_send_what_was_chosen(
    page: Page, sandbox: Sandbox, slack: WebClient, bolt: App
) -> None:
    heard = listen(bolt, "chosen")
    select = {
        "type": "static_select",
        "action_id": "chosen",
        "placeholder": plain("Pick"),
        "options": OPTIONS,
    }

    post_elements(slack, sandbox, select)
    page.get_by_test_id("block-select").select_option(label="Two")
    assert heard.get(timeout=SECONDS)["actions"][0]["selected_option"]["value"] == "2"
    thumbs = {
        "type": "feedback_buttons",
        "action_id": "chosen",
        "positive_button": {"text": plain("Good"), "value": "up"},
        "negative_button": {"text": plain("Bad"), "value": "down"},
    }

    slack.chat_postMessage(
        channel=channel(sandbox),
        text="thumbs",
        blocks=[{"type": "context_actions", "elements": [thumbs]}],
    )

    page.get_by_test_id("feedback-negative").click()
    assert heard.get(timeout=SECONDS)["actions"][0]["value"] == "down"


def test_a_modal_shows_errors_at_its_fields_until_it_is_right(
    page: Page, sandbox: Sandbox, slack: WebClient, bolt: App
) -> None:
    done: Queue[Json] = Queue()
    view = form(
        field(
            "why",
            {"type": "plain_text_input", "action_id": "v"},
            "Why?",
            hint=plain("One sentence."),
        ),
        field(
            "boxes",
            {"type": "checkboxes", "action_id": "v", "options": OPTIONS},
            "Which?",
            optional=True,
        ),
    )

    @bolt.action("ask")
    def ask(ack: Ack, body: Json) -> None:
        ack()
        slack.views_open(trigger_id=body["trigger_id"], view=view)

    @bolt.view("form")
    def take(ack: Ack, view: Json) -> None:
        values = view["state"]["values"]
        if len(values["why"]["v"]["value"]) < 5:
            ack(response_action="errors", errors={"why": "Say a little more."})
            return

        ack()
        done.put(values)

    post_elements(slack, sandbox, button("Ask", "ask"))
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_label("Why?")).to_be_focused()
    page.get_by_test_id("modal-submit").click()
    expect(page.get_by_test_id("field-error")).to_contain_text("required")
    page.get_by_label("Why?").fill("no")
    page.get_by_label("Two").check()
    page.get_by_test_id("modal-submit").click()
    expect(page.get_by_test_id("field-error")).to_have_text("Say a little more.")
    expect(page.get_by_label("Why?")).to_have_value("no")
    page.get_by_label("Why?").fill("because")
    page.get_by_test_id("modal-submit").click()
    expect(page.get_by_test_id("modal")).to_have_count(0)
    values = done.get(timeout=SECONDS)
    assert values["why"]["v"]["value"] == "because"
    assert [option["value"] for option in values["boxes"]["v"]["selected_options"]] == ["2"]


def test_every_kind_of_field_is_sent_as_it_was_filled_in(
    page: Page, sandbox: Sandbox, slack: WebClient, bolt: App
) -> None:
    done: Queue[Json] = Queue()

    @bolt.action("ask")
    def ask(ack: Ack, body: Json) -> None:
        ack()
        slack.views_open(trigger_id=body["trigger_id"], view=ALL_INPUTS)

    @bolt.view("form")
    def take(ack: Ack, view: Json) -> None:
        ack()
        done.put({block: state["v"] for block, state in view["state"]["values"].items()})

    post_elements(slack, sandbox, button("Ask", "ask"))
    page.get_by_role("button", name="Ask").click()
    modal = page.get_by_test_id("modal")
    typed = {
        "text": "words",
        "email": "a@b.org",
        "url": "https://b.org",
        "number": "1.5",
        "rich": "rich",
    }

    picked = {"date": "2026-11-20", "time": "09:30"}
    for block, value in {**typed, **picked, "moment": "2026-11-20T09:30"}.items():
        modal.locator(f'[data-block-id="{block}"] [data-action]').fill(value)

    modal.locator('[data-block-id="select"] select').select_option(label="One")
    modal.locator('[data-block-id="several"] summary').click()
    modal.locator('[data-block-id="several"]').get_by_label("Two").check()
    modal.locator('[data-block-id="radios"]').get_by_label("Two").check()
    modal.get_by_test_id("modal-submit").click()
    values = done.get(timeout=SECONDS)
    assert [values[name].get("value") for name in ("text", "email", "url", "number")] == list(
        typed.values()
    )[:4]
    assert values["rich"]["rich_text_value"]["elements"][0]["elements"][0]["text"] == "rich"
    assert (values["date"]["selected_date"], values["time"]["selected_time"]) == tuple(
        picked.values()
    )
    assert isinstance(values["moment"]["selected_date_time"], int)
    assert (
        values["select"]["selected_option"]["value"]
        == values["radios"]["selected_option"]["value"][:0] + "1"
    )
    assert (
        values["several"]["selected_options"][0]["value"]
        == values["radios"]["selected_option"]["value"]
        == "2"
    )


def test_views_stack_update_and_go_back_with_escape(
    page: Page, sandbox: Sandbox, slack: WebClient, bolt: App
) -> None:
    @bolt.action("ask")
    def ask(ack: Ack, body: Json) -> None:
        ack()
        more = {
            "type": "actions",
            "elements": [button("Deeper", "deeper"), button("Rename", "rename")],
        }
        slack.views_open(trigger_id=body["trigger_id"], view=form(more, title="First"))

    @bolt.action("deeper")
    def deeper(ack: Ack, body: Json) -> None:
        ack()
        slack.views_push(trigger_id=body["trigger_id"], view=form(title="Second"))

    @bolt.action("rename")
    def rename(ack: Ack, body: Json) -> None:
        ack()
        slack.views_update(view_id=body["view"]["id"], view=form(title="Renamed"))

    post_elements(slack, sandbox, button("Ask", "ask"))
    page.get_by_role("button", name="Ask").click()
    page.get_by_role("button", name="Deeper").click()
    title = page.get_by_test_id("modal").get_by_role("heading")
    expect(title).to_have_text("Second")
    page.keyboard.press("Escape")
    expect(title).to_have_text("First")
    page.get_by_role("button", name="Rename").click()
    expect(title).to_have_text("Renamed")
    page.get_by_test_id("modal-close").click()
    expect(page.get_by_test_id("modal")).to_have_count(0)


def test_the_home_tab_shows_the_published_view_and_its_buttons_work(
    page: Page, sandbox: Sandbox, slack: WebClient, bolt: App
) -> None:
    heard = listen(bolt, "refresh")

    @bolt.event("app_home_opened")
    def show(event: Json) -> None:
        if event["tab"] == "home":
            section = {
                "type": "section",
                "text": mrkdwn("*42* requests"),
                "accessory": button("Refresh", "refresh"),
            }

            slack.views_publish(user_id=event["user"], view={"type": "home", "blocks": [section]})

    page.locator('[data-testid="channel"][data-name="Beagle"]').click()
    page.get_by_test_id("tab-home").click()
    expect(page.get_by_test_id("app-home")).to_contain_text("42 requests")
    page.get_by_role("button", name="Refresh").click()
    assert heard.get(timeout=SECONDS)["view"]["type"] == "home"


def test_suggested_prompts_are_said_with_one_press(
    page: Page, sandbox: Sandbox, slack: WebClient
) -> None:
    offer = [{"title": "How much leave?", "message": "How many days of leave do I have?"}]
    place = channel(sandbox, "dm")
    slack.api_call(
        "assistant.threads.setSuggestedPrompts", json={"channel_id": place, "prompts": offer}
    )
    page.locator('[data-testid="channel"][data-name="Beagle"]').click()
    page.get_by_test_id("prompt").click()
    expect(message(page, "How many days of leave do I have?")).to_be_visible()


def test_a_message_shortcut_reaches_its_listener(page: Page, sandbox: Sandbox, bolt: App) -> None:
    heard: Queue[Json] = Queue()

    @bolt.shortcut("wrong_route")
    def take(ack: Ack, body: Json) -> None:
        ack()
        heard.put(body)

    sandbox.actor("grace").say("general", "routed wrongly")
    message(page, "routed wrongly").hover()
    page.get_by_test_id("more-actions").click()
    page.get_by_test_id("message-shortcut").filter(has_text="Wrong route?").click()
    assert heard.get(timeout=SECONDS)["message"]["text"] == "routed wrongly"
