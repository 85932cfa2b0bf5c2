"""Locators of the sandbox page."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from bot.sandbox.server import Sandbox


def send(page: Page, text: str, composer: str = "composer") -> None:
    """Types into a composer and presses Enter, once nothing covers the composer."""
    expect(page.locator("#app")).to_have_attribute("aria-busy", "false")
    field = page.get_by_test_id(composer)
    field.click()
    field.fill(text)
    field.press("Enter")


def message(page: Page, text: str, where: str = "message-list") -> Locator:
    """The messages of the channel, or of the thread (`thread-list`), that contain `text`."""
    return page.get_by_test_id(where).get_by_test_id("message").filter(has_text=text)


def channel(sandbox: Sandbox, name: str = "general") -> str:
    """A channel's id; `dm` is Ada's with the bot."""
    return sandbox.actor("ada").channel(name)


def first_message(sandbox: Sandbox, name: str = "general") -> dict[str, str]:
    """The first message of a channel, as soon as there is one."""
    place = channel(sandbox, name)
    return sandbox.wait_until(lambda workspace: list(workspace.messages[place].values()))[0]
