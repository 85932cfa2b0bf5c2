"""What reads the store before a message is stored tells its author of an outage as well."""

import pytest

from bot.intake.outage_notice import OutageGuard, OutageNotice
from router.errors import StoreAwayError


class Client:
    """Records what is posted for one person alone."""

    def __init__(self):
        self.posts = []

    def chat_postEphemeral(self, **values):  # noqa: N802  # the name of Slack's client
        self.posts.append(values)


class Notice(OutageNotice):
    """Waits for each notice, so that a test sees it."""

    def tell(self, team, event):
        thread = super().tell(team, event)
        if thread is not None:
            thread.join()
        return thread


def fail(_body, _next):
    raise StoreAwayError("the disk is full")


def deliver(event, inner=fail):
    client = Client()
    guard = OutageGuard(inner, Notice(lambda _: client), "UBOT")
    body = {"type": "event_callback", "team_id": "T1", "event": event}
    with pytest.raises(StoreAwayError):
        guard(body, lambda: None)

    return client.posts


MENTION = {"type": "app_mention", "user": "U1", "channel": "C1", "ts": "1.0", "text": "<@UBOT> hi"}


def test_whoever_wrote_to_beagle_is_told():
    [post] = deliver(MENTION)

    assert (post["channel"], post["user"]) == ("C1", "U1")


@pytest.mark.parametrize(
    "event",
    [
        {"type": "member_joined_channel", "user": "U1", "channel": "C1"},
        {**MENTION, "type": "message", "text": "hi all"},
        {**MENTION, "bot_id": "B1"},
        {**MENTION, "user": "UBOT"},
    ],
)
def test_nobody_is_told_of_what_they_did_not_write_to_beagle(event):
    assert deliver(event) == []


def test_what_works_goes_on():
    guard = OutageGuard(lambda _body, go_on: go_on(), Notice(lambda _: Client()), "UBOT")

    assert guard({"event": MENTION}, lambda: "next") == "next"
