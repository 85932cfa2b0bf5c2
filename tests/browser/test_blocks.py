"""Every block and element that a bot may send is drawn; an unknown one is reported."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from slack_sdk import WebClient

from bot.sandbox.server import Sandbox
from tests.browser.block_samples import FAMILIES
from tests.browser.screens import channel, message

pytestmark = pytest.mark.browser


def kinds(blocks: list[dict[str, object]]) -> list[str]:
    return [str(block["type"]) for block in blocks]


def test_every_family_of_blocks_is_drawn_block_by_block(
    page: Page, sandbox: Sandbox, slack: WebClient
) -> None:
    for family, blocks in FAMILIES.items():
        ts = slack.chat_postMessage(channel=channel(sandbox), text=family, blocks=blocks)["ts"]
        node = page.locator(f'[data-ts="{ts}"] .content > .blocks')
        expect(node.locator("> *")).to_have_count(len(blocks))
        assert node.evaluate("node => [...node.children].map(c => c.dataset.block)") == kinds(
            blocks
        ), family

    expect(page.get_by_test_id("render-error")).to_have_count(0)


def test_blocks_are_drawn_on_a_narrow_dark_screen_without_sideways_scrolling(
    open_page: Callable[..., Page], sandbox: Sandbox, slack: WebClient
) -> None:
    for family, blocks in FAMILIES.items():
        slack.chat_postMessage(channel=channel(sandbox), text=family, blocks=blocks)

    page = open_page(width=390, height=844, dark=True)
    expect(page.get_by_test_id("message")).to_have_count(len(FAMILIES))
    assert (
        page.locator(".conversation .scroller").evaluate(
            "node => node.scrollWidth - node.clientWidth"
        )
        == 0
    )

    wide = page.evaluate(
        "() => [...document.querySelectorAll('[data-block]')]"
        "  .filter(block => block.offsetWidth > 390).length"
    )
    assert wide == 0


def test_an_unknown_block_is_a_red_box_and_counts_as_a_fault(page: Page, sandbox: Sandbox) -> None:
    place = channel(sandbox)
    blocks = [{"type": "hologram", "block_id": "b", "depth": 3}]
    sandbox.call(
        lambda: sandbox.workspace.post(
            place, {"user": "U0GRACE0000", "text": "see", "blocks": blocks}
        )
    )

    expect(page.get_by_test_id("render-error")).to_contain_text('Unknown block "hologram"')
    assert page.evaluate("window.sandboxErrors.length") == 1
    page.evaluate("window.sandboxErrors.length = 0")


def test_a_chart_says_in_words_what_it_shows(
    page: Page, sandbox: Sandbox, slack: WebClient
) -> None:
    slack.chat_postMessage(channel=channel(sandbox), text="charts", blocks=FAMILIES["charts"][:1])
    expect(
        page.get_by_role("img", name="Bar chart. A bar chart. a: Mon 2, Tue 5.5; b: Mon 2, Tue 5.5")
    ).to_be_visible()
    page.get_by_text("Figures").click()
    expect(page.get_by_role("rowheader", name="Tue")).to_be_visible()


def test_a_data_table_turns_its_pages_and_sorts_numbers_as_numbers(
    page: Page, sandbox: Sandbox, slack: WebClient
) -> None:
    slack.chat_postMessage(channel=channel(sandbox), text="table", blocks=FAMILIES["data_tables"])
    rows = page.locator(".data-table tbody tr")
    expect(rows).to_have_text(["b2"])
    page.get_by_role("button", name="Next page").click()
    expect(rows).to_have_text(["a10"])
    page.get_by_role("button", name="Requests").click()
    expect(rows).to_have_text(["b2"])
    page.get_by_role("button", name="Requests").click()
    expect(rows).to_have_text(["a10"])


def test_what_a_reader_set_stays_when_another_block_of_the_message_changes(
    page: Page, sandbox: Sandbox, slack: WebClient
) -> None:
    place, feedback = channel(sandbox), FAMILIES["actions"][1]
    head = {"type": "section", "block_id": "h", "text": {"type": "mrkdwn", "text": "before"}}
    feedback = {**feedback, "block_id": "f"}
    ts = str(slack.chat_postMessage(channel=place, text="answer", blocks=[head, feedback])["ts"])
    page.get_by_test_id("feedback-positive").click()
    slack.chat_update(
        channel=place,
        ts=ts,
        text="new",
        blocks=[{**head, "text": {"type": "mrkdwn", "text": "after"}}, feedback],
    )

    expect(message(page, "after")).to_be_visible()
    expect(page.get_by_test_id("feedback-positive")).to_have_attribute("aria-pressed", "true")


def test_the_inspector_shows_the_json_of_a_message(page: Page, sandbox: Sandbox) -> None:
    sandbox.actor("grace").say("general", "look inside")
    page.get_by_test_id("inspector").click()
    expect(page.get_by_test_id("raw-json")).to_contain_text('"text": "look inside"')
