"""Draws what people of two workspaces do: the same users, channels and times in both."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

TEAMS = ("T1", "T2")
USERS = ("UADMIN", "U1", "U2", "U3")
"""`UADMIN` installed Beagle in each workspace; they are two people with one id."""
CHANNELS = ("C1", "C2")
CANARY = {"T1": "kestrelmoor", "T2": "otterbrook"}
"""A word in every message of a workspace that must never be met in the other."""
TOPICS = {
    "refund": ("give me my money back for {}", "refund the {} please"),
    "delivery": ("where is my parcel with the {}", "when does the {} arrive"),
    "password": ("I forgot my password for {}", "I cannot sign in to {}"),
}
OPEN_TOPICS = ("the {} is a strange thing", "what about my {} parcel password", "{} money parcel")
THINGS = ("lamp", "shoes", "crate", "oranges", "account", "book", "chair", "coat")
COMMANDS = (
    "help",
    "routes",
    "stats 7d",
    "stats 30d",
    "budget",
    "label",
    "optout",
    "optout off",
    "candidates",
    "rollout",
    "knowledge",
    "forget me",
    "report refund",
    "channel",
    "digest",
    "nonsense",
)
WEIGHTS = {
    "ask": 30,
    "why": 8,
    "correct": 10,
    "label": 8,
    "drop": 2,
    "undo": 3,
    "thumb": 4,
    "reason": 2,
    "choose": 4,
    "retry": 1,
    "command": 14,
    "explain_link": 3,
    "home": 6,
    "csv": 2,
    "default_route": 1,
    "forget_me": 1.5,
    "uninstall": 0.5,
    "expire": 0.4,
}
"""How often each action is drawn. `expire` is the installation's own: the retention of texts."""
MINUTE = 60.0
START = 1_800_000_000.0


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that somebody does at `at` (unix seconds).

    `number` is the count of the workspace's messages so far: the messages of the same number have
    the same time in both workspaces. `request` says how many messages ago the one was that the
    action is about, or whose thread a new one belongs to; with `forged` it names one of the other
    workspace instead. `text` is a message, a command or a route.
    """

    name: str
    team: str
    user: str
    channel: str
    at: float
    text: str
    number: int
    request: int
    forged: bool

    @property
    def ts(self) -> str:
        """Slack's timestamp of the newest message."""
        return message_ts(self.number)

    @property
    def request_ts(self) -> str:
        """Slack's timestamp of the message that the action is about."""
        return message_ts(self.number - self.request)


def message_ts(number: int) -> str:
    """Returns the timestamp of the workspace's message of that number."""
    return f"{START + number:.6f}"


def draw_actions(count: int, seed: int) -> Iterator[Action]:
    """Yields the actions; the same seed gives the same ones."""
    rng = random.Random(seed)  # noqa: S311  # a reproducible draw, no secret
    names, weights = list(WEIGHTS), list(WEIGHTS.values())
    at = START
    numbers = dict.fromkeys(TEAMS, 0)

    for _ in range(count):
        at += MINUTE
        (name,) = rng.choices(names, weights)
        team = rng.choice(TEAMS)
        numbers[team] += name == "ask"

        yield Action(
            name,
            team,
            rng.choice(USERS),
            rng.choice(CHANNELS),
            at,
            _text(name, team, rng),
            number=numbers[team],
            request=min(int(rng.expovariate(0.5)), 30),
            forged=rng.random() < 0.2,
        )


def _text(name: str, team: str, rng: random.Random) -> str:
    if name == "command":
        return rng.choice(COMMANDS)
    if name != "ask":
        return rng.choice([*TOPICS, "out_of_scope"])

    # Often the very words that somebody has used before, in this workspace or in the other.
    templates = [*OPEN_TOPICS, *(text for texts in TOPICS.values() for text in texts)]
    words = rng.choice(templates).format(rng.choice(THINGS))
    return words if rng.random() < 0.3 else f"{words} at {CANARY[team]}"
