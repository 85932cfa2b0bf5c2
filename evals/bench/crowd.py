"""A stage for measurements: many messages, a model that takes a known time, and a count of what came back."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet

from bot.demo.stack import Cast, Stage
from bot.sandbox.oauth_browser import install
from workers.llm.fake_server import model_server
from workers.runtime.processes import wait_until

CHANNEL = "general"
OAUTH = {"SLACK_BOT_TOKEN": "", "SLACK_CLIENT_ID": "1.2", "SLACK_CLIENT_SECRET": "loopback"}
TEXT = "!rewrite please make this sentence number {n} a little clearer"
"""The prefix chooses the route, so that the figures do not depend on the router's confidence."""


@dataclass(frozen=True, slots=True)
class Told:
    """What people can see: how many messages got an answer, and how many got more than one."""

    answered: int
    duplicates: int


@contextmanager
def crowd(
    model_seconds: float,
    workers: int,
    *,
    persist: bool = True,
    by_oauth: bool = False,
    **extra: str,
) -> Iterator[Stage]:
    """Everything runs, with `workers` processes on the answer queue and the model stand-in on loopback.

    With `by_oauth` the workspace has installed the bot instead of lending it a token.
    """
    with (
        model_server(text="A clearer sentence.", seconds=model_seconds) as model,
        tempfile.TemporaryDirectory(prefix="bg") as folder,
    ):
        settings: Mapping[str, str] = {
            "BEAGLE_MODEL": "openai/stand-in",
            "BEAGLE_MODEL_URL": model.url,
            "BEAGLE_MODEL_KEY": "none",
            "BEAGLE_CAP_TEAM_USD": "0",
            **{f"BEAGLE_{name.upper()}": value for name, value in extra.items()},
            **(OAUTH | {"BEAGLE_TOKEN_KEY": Fernet.generate_key().decode()} if by_oauth else {}),
        }

        cast = Cast(
            workers={f"worker-{n}": "answer" for n in range(workers)},
            extra=settings,
            local_model=False,
            persist=persist,
            limits=False,
        )
        with Stage(Path(folder), cast) as stage:
            if by_oauth:
                install(f"http://127.0.0.1:{stage.port}")

            yield stage


def say(stage: Stage, first: int, count: int, seconds: float, text: str = TEXT) -> list[str]:
    """The ts of `count` messages, said evenly over `seconds`."""
    ada = stage.sandbox.actor("ada")
    start, said = time.monotonic(), []

    for n in range(count):
        ahead = start + n * seconds / count - time.monotonic()
        if ahead > 0:
            wait_until(lambda: False, ahead)

        said.append(str(ada.say(CHANNEL, f"@beagle {text.format(n=first + n)}")))

    return said


def wait_for_all(stage: Stage, seconds: float) -> None:
    """No request is open any more, or the time is over."""
    wait_until(lambda: stage.store.requests.waiting(0.0)[0] == 0, seconds)


def told(stage: Stage, said: list[str]) -> Told:
    """What stands in the channel under the messages `said`."""
    counts: Counter[str] = Counter()

    channel = stage.sandbox.actor("ada").channel(CHANNEL)
    for message in stage.sandbox.call(
        lambda: list(stage.sandbox.workspace.messages[channel].values())
    ):
        if message.get("bot_id") and message.get("subtype") != "tombstone":
            counts[str(message.get("thread_ts"))] += 1

    return Told(sum(counts[ts] > 0 for ts in said), sum(max(0, counts[ts] - 1) for ts in said))
