"""While nothing can be stored, Slack gets no acknowledgement and the author is told, once."""

import pytest
from slack_bolt import BoltContext

from bot.intake.outage_notice import OutageNotice
from bot.intake.requests import Intake
from router.errors import StoreAwayError
from router.store import Store, open_store
from router.store.base.engine import open_engine
from workers.runtime.person_limit import PersonLimit
from workers.runtime.processes import wait_until


class Client:
    """Records what is posted for one person alone."""

    def __init__(self):
        self.posts = []

    def chat_postEphemeral(self, **values):  # noqa: N802  # the name of Slack's client
        self.posts.append(values)


@pytest.fixture
def away(tmp_path):
    """A store that takes no writes."""
    file = tmp_path / "beagle.db"
    open_store(f"sqlite:///{file}").close()
    store = Store(open_engine(f"sqlite:///file:{file}?mode=ro&uri=true"))
    yield store
    store.close()


def deliver(away, clock, client, **over):
    notice = OutageNotice(lambda team: client)
    limit = PersonLimit(0, clock)
    intake = Intake(away, "UBOT", clock, lambda: "r1", limit, notice)
    event = {
        "type": "app_mention",
        "user": "U1",
        "channel": "C1",
        "ts": "1.0",
        "text": "<@UBOT> hi",
    }

    for number in range(3):
        body = {"type": "event_callback", "team_id": "T1", "event_id": f"E{number}"}
        with pytest.raises(StoreAwayError):
            intake(body | {"event": event | over}, BoltContext(), lambda: None)

        assert wait_until(lambda: notice.is_idle, 60.0)


@pytest.mark.parametrize(
    "over", [{}, {"type": "message", "channel_type": "im", "channel": "D1", "text": "hi"}]
)
def test_the_author_is_told_once_however_often_slack_repeats_it(away, clock, over):
    client = Client()

    deliver(away, clock, client, **over)

    [post] = client.posts
    assert (post["channel"], post["user"]) == (over.get("channel", "C1"), "U1")
    assert "again within five minutes" in post["text"]
