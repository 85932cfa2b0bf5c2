"""The digest on the page of the sandbox: an admin reads it, decides with a click, and the message shows what holds."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from slack_bolt import App
from slack_sdk import WebClient

from bot import fortnight
from bot.admins import Admins
from bot.review import Review
from bot.sandbox import people
from bot.sandbox.server import Sandbox
from bot.weekly import Weekly
from router.config import Settings
from router.store import Store
from tests.browser.screens import channel, said
from tests.mining.conftest import WordEncoder
from workers import digest
from workers.context import Context
from workers.memory import MemoryQueue, MemoryReplies

pytestmark = pytest.mark.browser


class Words:
    model_id, dim = "words", 256

    def __init__(self) -> None:
        self.encode = WordEncoder()


@pytest.fixture
def posted(sandbox: Sandbox, bolt: App, slack: WebClient, store: Store, clock: Callable[[], float]) -> Store:
    """A digest of a simulated fortnight stands in #general; ada may decide."""
    admins = (people.user_id("ada"),)
    settings = Settings(_env_file=None, admins=admins, admin_channel=channel(sandbox))
    queue = MemoryQueue({"digest": "compute", "advance": "compute"})
    context = Context(settings, store, queue, None, MemoryReplies(), None, clock, lambda: 0.5, encoder=Words)
    fortnight.fill(store, people.TEAM_ID, "C1", fortnight.happenings(clock(), incidents=60))
    digest.run(context, digest.key_of(people.TEAM_ID, "2027-W02"))
    Review(store, queue, Admins(settings, store.audit, clock)).listen(bolt)
    Weekly(settings, store, queue, lambda _: slack, clock).tick()
    return store


def test_an_admin_reads_the_digest_and_decides(page: Page, posted: Store) -> None:
    message = page.get_by_test_id("message").filter(has_text="What was asked, week 2027-W02")
    expect(message).to_contain_text("Improve the prompt")
    expect(message).to_contain_text("Keep the prompt")

    message.get_by_role("button", name="Approve").first.click()
    modal = page.get_by_test_id("modal")
    expect(modal).to_contain_text("the gates advise")
    modal.get_by_role("spinbutton").fill("-5")
    modal.get_by_role("checkbox").check()
    modal.get_by_role("textbox").last.fill("asked every day")
    page.get_by_test_id("modal-submit").click()
    expect(modal).to_contain_text("A number from 0")
    modal.get_by_role("spinbutton").fill("5")
    page.get_by_test_id("modal-submit").click()
    expect(message).to_contain_text("Approved by")

    message.get_by_role("button", name="Reject").first.click()
    page.get_by_test_id("modal").get_by_role("textbox").fill("we have a tool for that")
    page.get_by_test_id("modal-submit").click()
    expect(message).to_contain_text("Rejected by")
    assert {word.value for word in posted.digests.verdicts(people.TEAM_ID)} == {"approve", "reject"}


def test_examples_open_beside_with_every_gate(page: Page, posted: Store) -> None:
    message = page.get_by_test_id("message").filter(has_text="What was asked")
    message.get_by_role("button", name="See examples").first.click()
    expect(page.get_by_test_id("modal")).to_contain_text("cheap head first")


def test_somebody_who_is_no_admin_changes_nothing(page: Page, sandbox: Sandbox, posted: Store) -> None:
    message = said(sandbox)
    sandbox.actor("grace").click("general", str(message["ts"]), "candidate_approve")
    expect(page.get_by_test_id("message").filter(has_text="What was asked")).not_to_contain_text("Approved by")
    assert not posted.digests.verdicts(people.TEAM_ID)
