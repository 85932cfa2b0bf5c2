"""In a busy channel Beagle posts as often as Slack allows: people wait, and Slack never refuses."""

from __future__ import annotations

from collections import Counter

import pytest
from cryptography.fernet import Fernet
from slack_sdk.errors import SlackApiError
from slack_sdk.oauth.installation_store import Installation

from bot.sandbox.clock import ManualClock
from bot.sandbox.server import Sandbox, SandboxConfig
from bot.transport import clients
from bot.transport.clients import POST_BURST, Clients, error_code
from bot.transport.workspaces import open_workspaces
from router.config import Settings

THREADS = 20
LONG_RUN_SECONDS = 60.0


class WaitingBuckets:
    """Token buckets on the loopback Slack's clock, which moves on instead of anybody waiting."""

    def __init__(self, sandbox: Sandbox, time: ManualClock) -> None:
        self.sandbox, self.time = sandbox, time
        self.full_at: Counter[str] = Counter()
        self.closed_for: dict[str, float] = {}

    def acquire(self, name: str, per_minute: float, burst: int = 1) -> float:
        interval, now = 60.0 / per_minute, self.time.now()
        full = max(now, self.full_at[name])
        wait = full - interval * (burst - 1) - now
        if wait > 0:
            self.sandbox.call(lambda: self.time.advance(wait))

        self.full_at[name] = full + interval
        return 0.0

    def close_for(self, name: str, seconds: float) -> None:
        self.closed_for[name] = seconds


@pytest.fixture
def time():
    return ManualClock(1_700_000_000.0)


@pytest.fixture
def slack(time):
    with Sandbox(SandboxConfig(clock=time, unlisted=True)) as running:
        yield running


def busiest(stamps, seconds):
    """Returns the most messages within so many seconds."""
    return max(sum(start <= other < start + seconds for other in stamps) for start in stamps)


def test_twenty_busy_threads_stay_under_one_post_a_second_with_short_bursts(slack, time):
    buckets = WaitingBuckets(slack, time)
    team = Clients.single(slack.bot_token, slack.api_url, buckets).for_team("T1")
    channel, user = slack.actor("ada").channel("general"), slack.actor("ada").id
    roots = [slack.actor("ada").say("general", f"question {n}") for n in range(THREADS)]

    stamps = []
    for turn in range(6):
        for root in roots:
            place = {"channel": channel, "thread_ts": root}
            if turn % 2:
                answer = team.posting.chat_startStream(
                    **place, recipient_user_id=user, recipient_team_id="T0SANDBOX01"
                )
            else:
                answer = team.posting.chat_postMessage(**place, text="an answer")
            stamps.append(float(answer["ts"]))

    assert len(set(stamps)) == 6 * THREADS, "each is one message"
    assert busiest(stamps, 0.9) <= POST_BURST
    assert busiest(stamps, LONG_RUN_SECONDS) <= LONG_RUN_SECONDS + POST_BURST
    assert slack.call(lambda: slack.context.error_counts["ratelimited"]) == 0
    assert not buckets.closed_for


@pytest.mark.parametrize("method", sorted(clients.HISTORY_METHODS))
def test_an_app_outside_the_marketplace_reads_as_slowly_as_slack_lets_it(slack, time, method):
    buckets = WaitingBuckets(slack, time)
    team = Clients(lambda _: slack.bot_token, slack.api_url, buckets, unlisted=True).for_team("T1")
    channel, root = slack.actor("ada").channel("general"), slack.actor("ada").say("general", "hi")
    read = {
        "conversations.history": lambda: team.retrying.conversations_history(channel=channel),
        "conversations.replies": lambda: team.retrying.conversations_replies(
            channel=channel, ts=root, limit=200
        ),
    }[method]

    start = time.now()
    for _ in range(3):
        assert read()["ok"]

    assert time.now() - start >= 2 * 60
    assert slack.call(lambda: slack.context.error_counts["ratelimited"]) == 0


def test_without_the_setting_slack_refuses_the_second_reading(slack, time):
    buckets = WaitingBuckets(slack, time)
    team = Clients.single(slack.bot_token, slack.api_url, buckets).for_team("T1")
    channel = slack.actor("ada").channel("general")
    assert team.best_effort.conversations_history(channel=channel)["ok"]

    with pytest.raises(SlackApiError) as caught:
        team.best_effort.conversations_history(channel=channel)

    assert error_code(caught.value) == "ratelimited"
    assert buckets.closed_for == {"T1:conversations.history": 60.0}


@pytest.mark.parametrize("is_unlisted", [True, False])
def test_the_setting_says_that_the_app_is_outside_the_marketplace(store, clock, slack, is_unlisted):
    settings = Settings(
        _env_file=None,
        SLACK_API_URL=slack.api_url,
        SLACK_CLIENT_ID="1.2",
        SLACK_CLIENT_SECRET="hush",  # nobody's
        token_key=Fernet.generate_key().decode(),
        slack_unlisted=is_unlisted,
    )
    workspaces = open_workspaces(settings, store, None, clock)
    workspaces.installations.save(
        Installation(team_id="T1", user_id="U1", bot_token=slack.bot_token, bot_id="B1")
    )

    assert workspaces.clients.for_team("T1").retrying.unlisted == is_unlisted
