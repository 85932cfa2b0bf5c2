"""People talk to the bot in a browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from slack_bolt import Ack, App
from slack_sdk import WebClient

from bot.sandbox import seed_data
from bot.sandbox.server import Sandbox
from tests.browser.screens import channel, first_message, message, send

pytestmark = pytest.mark.browser

BOT = "U0BEAGLE001"
ADA = "U0ADA000000"


def test_a_message_appears_when_enter_is_pressed(page: Page, sandbox: Sandbox) -> None:
    send(page, "good morning")
    expect(message(page, "good morning")).to_be_visible()
    expect(page.get_by_test_id("composer")).to_have_value("")


def test_shift_and_enter_make_a_new_line(page: Page, sandbox: Sandbox) -> None:
    page.get_by_test_id("composer").fill("one")
    page.get_by_test_id("composer").press("Shift+Enter")
    page.get_by_test_id("composer").press_sequentially("two")
    page.get_by_test_id("composer").press("Enter")
    assert first_message(sandbox)["text"] == "one\ntwo"


def test_a_typed_name_becomes_a_mention(page: Page, sandbox: Sandbox) -> None:
    page.get_by_test_id("composer").press_sequentially("hi @bea")
    expect(page.get_by_test_id("suggestion")).to_contain_text("Beagle")
    page.get_by_test_id("composer").press("Enter")
    page.get_by_test_id("composer").press_sequentially("and @Grace Hopper, a < b")
    page.get_by_test_id("composer").press("Enter")
    assert first_message(sandbox)["text"] == f"hi <@{BOT}> and <@U0GRACE0000>, a &lt; b"
    expect(message(page, "hi @Beagle and @Grace Hopper, a < b")).to_be_visible()


def test_an_answer_grows_in_its_thread_while_it_is_written(
    page: Page, sandbox: Sandbox, slack: WebClient
) -> None:
    send(page, "@Beagle tell me")
    asked = first_message(sandbox)["ts"]
    stream = slack.chat_stream(
        channel=channel(sandbox),
        thread_ts=asked,
        recipient_team_id=seed_data.TEAM_ID,
        recipient_user_id=ADA,
        buffer_size=1,
    )

    stream.append(markdown_text="The **first** part")
    answer = message(page, "The first part", "thread-list")
    expect(answer).to_have_attribute("aria-busy", "true")
    # The same node grows; the page is not drawn again.
    answer.evaluate("node => { window.grown = node.querySelector('.markdown strong'); }")
    stream.append(markdown_text=" and the second")
    expect(message(page, "The first part and the second", "thread-list")).to_be_visible()
    assert answer.evaluate("node => node.querySelector('.markdown strong') === window.grown")
    stream.stop(
        blocks=[{"type": "context", "elements": [{"type": "plain_text", "text": "docs (rag)"}]}]
    )
    expect(message(page, "docs (rag)", "thread-list")).to_have_attribute("aria-busy", "false")
    expect(page.get_by_test_id("thread-bar")).to_contain_text("1 reply")


def test_the_bot_at_work_is_seen_and_can_be_stopped(
    page: Page, sandbox: Sandbox, slack: WebClient, bolt: App
) -> None:
    stopped: list[str] = []
    bolt.event("agent_session_stopped")(lambda event: stopped.append(event["thread_ts"]))
    send(page, "@Beagle something long")
    asked = first_message(sandbox)["ts"]
    slack.assistant_threads_setStatus(
        channel_id=channel(sandbox), thread_ts=asked, status="is reading the handbook…"
    )
    slack.agents_sessions_setStatus(
        channel_id=channel(sandbox), thread_ts=asked, status="processing"
    )
    line = page.get_by_test_id("message-list").get_by_test_id("status-line")
    expect(line).to_contain_text("Beagle is reading the handbook…")

    with page.expect_response("**/sandbox/act/stop"):
        line.get_by_test_id("stop").click()

    slack.agents_sessions_setStatus(channel_id=channel(sandbox), thread_ts=asked, status="active")
    slack.assistant_threads_setStatus(channel_id=channel(sandbox), thread_ts=asked, status="")
    expect(line).to_have_count(0)


def test_a_command_is_hinted_and_answered_to_one_person_only(
    open_page: Callable[..., Page], sandbox: Sandbox, bolt: App
) -> None:
    @bolt.command("/beagle")
    def answer(ack: Ack, command: dict[str, str]) -> None:
        ack(f"You asked for {command['text']}")

    page, other = open_page(), open_page()
    other.get_by_test_id("act-as").select_option(label="Grace Hopper")
    page.get_by_test_id("composer").press_sequentially("/bea")
    expect(page.get_by_test_id("suggestion")).to_contain_text("/beagle")
    page.get_by_test_id("composer").press("Tab")
    page.get_by_test_id("composer").press_sequentially("stats ")
    page.get_by_test_id("composer").press("Enter")
    expect(message(page, "You asked for stats")).to_contain_text("Only visible to you")
    sandbox.actor("grace").say("general", "meanwhile")
    expect(message(other, "meanwhile")).to_be_visible()
    expect(message(other, "You asked for stats")).to_have_count(0)


def test_a_channel_with_news_has_a_dot_until_it_is_opened(page: Page, sandbox: Sandbox) -> None:
    sandbox.actor("grace").say("support", "a customer asks")
    entry = page.locator('[data-testid="channel"][data-name="support"]')
    expect(entry.get_by_test_id("unread")).to_be_visible()
    entry.click()
    expect(message(page, "a customer asks")).to_be_visible()
    expect(entry.get_by_test_id("unread")).to_have_count(0)


def test_a_reply_is_counted_and_the_pane_closes_with_escape(page: Page, sandbox: Sandbox) -> None:
    ts = sandbox.actor("grace").say("general", "who is in?")
    message(page, "who is in?").hover()
    page.get_by_test_id("reply-in-thread").click()
    send(page, "I am", "thread-composer")
    expect(message(page, "I am", "thread-list")).to_be_visible()
    expect(page.get_by_test_id("thread-bar")).to_contain_text("1 reply")
    page.get_by_test_id("thread-composer").press("Escape")
    expect(page.get_by_test_id("thread-pane")).to_be_hidden()
    expect(page.locator(f'[data-testid="message-list"] [data-ts="{ts}"]')).to_be_focused()


def test_a_reaction_is_added_and_taken_back(page: Page, sandbox: Sandbox) -> None:
    sandbox.actor("grace").say("general", "shipped")
    message(page, "shipped").hover()
    page.get_by_test_id("add-reaction").click()
    page.get_by_test_id("react-tada").click()
    reaction = page.get_by_test_id("reactions").get_by_role("button", name="tada")
    expect(reaction).to_have_attribute("aria-pressed", "true")
    reaction.click()
    expect(page.get_by_test_id("reactions")).to_have_count(0)


def test_an_own_message_is_edited_in_place(page: Page, sandbox: Sandbox) -> None:
    send(page, "at nooon")
    message(page, "at nooon").hover()
    page.get_by_test_id("more-actions").click()
    page.get_by_test_id("edit-message").click()
    page.get_by_test_id("edit-field").fill("at noon")
    page.get_by_test_id("edit-field").press("Enter")
    expect(message(page, "at noon")).to_contain_text("(edited)")


def test_a_link_to_a_message_leads_there(
    open_page: Callable[..., Page], sandbox: Sandbox, slack: WebClient
) -> None:
    ts = sandbox.actor("grace").say("support", "the linked one")
    link = str(
        slack.chat_getPermalink(channel=channel(sandbox, "support"), message_ts=ts)["permalink"]
    )
    page = open_page("archives/" + link.split("/archives/")[1])
    expect(message(page, "the linked one")).to_be_focused()


def test_what_was_missed_while_scrolled_up_is_announced_and_nothing_jumps(
    page: Page, sandbox: Sandbox
) -> None:
    grace = sandbox.actor("grace")
    for number in range(30):
        grace.say("general", f"message {number}")

    expect(message(page, "message 29")).to_be_in_viewport()
    scroller = page.locator(".conversation .scroller")
    scroller.evaluate("node => { node.scrollTop = 0; }")
    expect(message(page, "message 0").first).to_be_in_viewport()
    grace.say("general", "a late one")
    jump = page.locator(".conversation").get_by_test_id("jump-to-end")
    expect(jump).to_be_visible()
    assert scroller.evaluate("node => node.scrollTop") == 0
    jump.click()
    expect(message(page, "a late one")).to_be_in_viewport()
