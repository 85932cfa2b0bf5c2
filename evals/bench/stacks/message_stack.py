"""A local stack for load tests: posts many messages and counts their answers.

The model is a stand-in whose response time is known.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cryptography.fernet import Fernet

from bot.demo.stack import LocalStack, StackConfig
from bot.sandbox.oauth_browser import install_app
from bot.sandbox.seed_data import HUMANS
from workers.llm.fake_server import FakeServer, fake_model_server
from workers.runtime.processes import wait_until

CHANNEL = "general"
OAUTH = {"SLACK_BOT_TOKEN": "", "SLACK_CLIENT_ID": "1.2", "SLACK_CLIENT_SECRET": "loopback"}
TEXT = "!rewrite please make this sentence number {n} a little clearer"
"""The prefix chooses the route, so that the figures do not depend on the router's confidence."""


@dataclass(frozen=True, slots=True)
class AnswerCounts:
    """How many messages got an answer, and how many answers were surplus."""

    answered: int
    duplicates: int


@contextmanager
def message_stack(
    model_seconds: float,
    workers: int,
    *,
    persist: bool = True,
    by_oauth: bool = False,
    limits: bool = False,
    database: str = "",
    **extra: str,
) -> Iterator[LocalStack]:
    """Starts the whole stack with `workers` answer workers and a stand-in model on loopback.

    With `by_oauth` the workspace installs the bot instead of configuring a token; with `limits` the
    local Slack has rate limits. `database` is the URL of another database than a SQLite file.
    """
    environment = {"DATABASE_URL": database}
    for name, value in extra.items():
        environment[f"BEAGLE_{name.upper()}"] = value
    if by_oauth:
        environment |= OAUTH | {"BEAGLE_TOKEN_KEY": Fernet.generate_key().decode()}

    with (
        fake_model_server(text="A clearer sentence.", seconds=model_seconds) as model,
        tempfile.TemporaryDirectory(prefix="bg") as folder,
    ):
        config = StackConfig(
            workers={f"worker-{n}": "answer" for n in range(workers)},
            extra=model_environment(model) | environment,
            local_model=False,
            persist=persist,
            limits=limits,
        )
        with LocalStack(Path(folder), config) as stack:
            if by_oauth:
                install_app(f"http://127.0.0.1:{stack.port}")

            yield stack


def model_environment(model: FakeServer) -> dict[str, str]:
    """Returns the settings, by environment variable, with which the stand-in model answers."""
    return {
        "BEAGLE_MODEL": "openai/stand-in",
        "BEAGLE_MODEL_URL": model.url,
        "BEAGLE_MODEL_KEY": "none",
        "BEAGLE_CAP_TEAM_USD": "0",
    }


def post_messages(
    stack: LocalStack, first: int, count: int, seconds: float, text: str = TEXT
) -> list[str]:
    """Posts `count` messages of several people evenly over `seconds` and returns their ts.

    One person has only half of a worker's slots.
    """
    people = [stack.sandbox.actor(name) for name, _, _ in HUMANS]
    start, timestamps = time.monotonic(), []

    for n in range(count):
        ahead = start + n * seconds / count - time.monotonic()
        if ahead > 0:
            wait_until(lambda: False, ahead)

        person = people[n % len(people)]
        timestamps.append(str(person.say(CHANNEL, f"@beagle {text.format(n=first + n)}")))

    return timestamps


def wait_for_all(stack: LocalStack, seconds: float) -> None:
    """Waits until no request is open, for at most `seconds`."""
    wait_until(lambda: stack.store.requests.open_count(0.0)[0] == 0, seconds)


def wait_for_answers(stack: LocalStack, timestamps: list[str], stalled_seconds: float) -> None:
    """Waits until each message is answered and no request is open.

    Gives up when nothing was answered for `stalled_seconds`. Slack sends an event that was not
    acknowledged in time again after a minute, so `wait_for_all` alone may be over before a message
    has become a request.
    """
    answered = 0
    while answered < len(timestamps):
        is_more = partial(_has_more_answers, stack, timestamps, answered)
        if not wait_until(is_more, stalled_seconds):
            return

        answered = count_answers(stack, timestamps).answered

    wait_for_all(stack, stalled_seconds)


def _has_more_answers(stack: LocalStack, timestamps: list[str], before: int) -> bool:
    return count_answers(stack, timestamps).answered > before


def count_answers(stack: LocalStack, timestamps: list[str]) -> AnswerCounts:
    """Counts the answers in the threads of these messages."""
    counts: Counter[str] = Counter()

    channel = stack.sandbox.actor("ada").channel(CHANNEL)
    for message in stack.sandbox.call(
        lambda: list(stack.sandbox.workspace.messages[channel].values())
    ):
        if message.get("bot_id") and message.get("subtype") != "tombstone":
            counts[str(message.get("thread_ts"))] += 1

    return AnswerCounts(
        sum(counts[ts] > 0 for ts in timestamps), sum(max(0, counts[ts] - 1) for ts in timestamps)
    )
