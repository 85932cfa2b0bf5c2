"""Hostile text stays text: no markup, script, link or mention comes of it."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from slack_sdk import WebClient

from bot.sandbox.server import Sandbox
from tests.browser.block_samples import mrkdwn, plain, raw, rich, rich_section, text_element
from tests.browser.screens import channel, message, send

pytestmark = pytest.mark.browser

MARKUP = "<img src=x onerror='window.pwned=1'><script>window.pwned=1</script>"
ADDRESSES = (
    "javascript:window.pwned=1",
    "data:text/html,<script>1</script>",
    "vbscript:x",
    " java\tscript:window.pwned=1",
)


def test_markup_in_any_text_is_shown_as_it_is_written(
    page: Page, sandbox: Sandbox, slack: WebClient
) -> None:
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": plain(MARKUP)},
        {"type": "section", "text": mrkdwn(f"`{MARKUP}` *{MARKUP}*"), "fields": [plain(MARKUP)]},
        {
            "type": "markdown",
            "text": f"**{MARKUP}**\n\n```html\n{MARKUP}\n```\n\n| {MARKUP} |\n|---|\n| x |",
        },
        rich(rich_section(text_element(MARKUP), text_element(MARKUP, code=True))),
        {"type": "table", "rows": [[raw(MARKUP)], [raw(MARKUP)]]},
    ]

    slack.chat_postMessage(channel=channel(sandbox), text=MARKUP, blocks=blocks)
    send(page, MARKUP)
    expect(message(page, MARKUP)).to_have_count(2)
    expect(
        page.get_by_test_id("message").locator("script, img:not(.avatar), iframe, object")
    ).to_have_count(0)
    assert page.evaluate("window.pwned === undefined")


def test_addresses_that_run_code_never_become_links(
    page: Page, sandbox: Sandbox, slack: WebClient
) -> None:
    place = channel(sandbox)
    for address in ADDRESSES:
        link = {"type": "link", "url": address, "text": "press me"}
        text = f"<{address}|press me> [press me]({address}) ![press me]({address})"
        blocks = [
            rich(rich_section(link)),
            {"type": "section", "text": mrkdwn(text)},
            {"type": "markdown", "text": text},
        ]

        # Straight into the workspace: Slack, and the sandbox, would refuse some of them.
        said = {"user": "U0GRACE0000", "blocks": blocks}
        sandbox.call(partial(sandbox.workspace.post, place, said))

    expect(page.get_by_test_id("message")).to_have_count(len(ADDRESSES))
    links = page.get_by_test_id("message").locator("a")
    assert [
        href
        for href in links.evaluate_all("all => all.map(a => a.protocol)")
        if href not in ("http:", "https:")
    ] == []


def test_links_open_beside_and_cannot_reach_back(
    page: Page, sandbox: Sandbox, slack: WebClient
) -> None:
    slack.chat_postMessage(
        channel=channel(sandbox), text="see <https://example.com/a?b=1&amp;c=2|the page>"
    )
    link = page.get_by_role("link", name="the page")
    expect(link).to_have_attribute("target", "_blank")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(link).to_have_attribute("href", "https://example.com/a?b=1&c=2")


def test_escaped_markdown_shows_exactly_its_signs(
    page: Page, sandbox: Sandbox, slack: WebClient
) -> None:
    signs = (
        "\\*not bold\\* \\[not\\](https\\://a\\.example) &lt;@U0GRACE0000&gt; \\:eyes\\: \\`x\\`"
    )
    slack.chat_postMessage(
        channel=channel(sandbox), text="x", blocks=[{"type": "markdown", "text": signs}]
    )
    expect(page.locator('[data-block="markdown"]')).to_have_text(
        "*not bold* [not](https://a.example) <@U0GRACE0000> :eyes: `x`"
    )
    expect(
        page.locator('[data-block="markdown"] :is(a, strong, em, code, .mention, .emoji)')
    ).to_have_count(0)


def test_somebody_without_the_token_of_the_run_sees_how_to_get_it(browser, sandbox):
    context = browser.new_context()
    page = context.new_page()
    page.goto(sandbox.url)

    expect(page.get_by_role("alert")).to_contain_text("open the address that the demo printed")
    assert page.get_by_test_id("message").count() == 0
    context.close()


def test_the_token_leaves_the_address_and_survives_a_reload(browser, sandbox):
    context = browser.new_context()
    page = context.new_page()
    for address in (sandbox.page_url, sandbox.url):
        page.goto(address)
        expect(page.locator("#app")).to_have_attribute("aria-busy", "false")
        assert sandbox.context.page_token not in page.url

    context.close()
