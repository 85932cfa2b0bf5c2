"""People of three companies, and what Slack sends about them in every shape that was seen."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["member", "guest", "listed", "organisation", "connect", "connect_grid", "silent"]
"""`listed` and `organisation` are colleagues of another workspace of our organisation, `silent` is
of another company and Slack's payload names no workspace."""

HERE, SISTER, OURS = "T0HERE00001", "T0SISTER001", "E0OURS00001"
THERE, THERE_GRID, THEIRS = "T0THERE0001", "T0THERE0002", "E0THEIRS001"
BOT = "U0BEAGLE001"
OUTSIDERS: frozenset[Kind] = frozenset({"connect", "connect_grid", "silent"})
KINDS: tuple[Kind, ...] = (
    "member",
    "guest",
    "listed",
    "organisation",
    "connect",
    "connect_grid",
    "silent",
)
CHANNEL_TYPES = {"C0OPEN00001": "channel", "C0CLOSED001": "group", "G0GROUP0001": "mpim"}
"""Channels of this workspace; only those of the company are in them."""
SHARED_CHANNELS = {"C0SHARED001": HERE, "C0SHARED002": THERE_GRID}
"""Channels that companies share, and the workspace that each belongs to."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class GeneratedPerson:
    """Somebody in Slack. Users of two companies may have equal ids."""

    user: str
    kind: Kind

    @property
    def is_outsider(self) -> bool:
        """Whether they belong to another company."""
        return self.kind in OUTSIDERS

    @property
    def team(self) -> str:
        """Their own workspace, the first where they have several."""
        homes = {"listed": SISTER, "organisation": SISTER, "connect": THERE, "silent": THERE}
        return homes.get(self.kind, THERE_GRID if self.kind == "connect_grid" else HERE)

    @property
    def organisation(self) -> str:
        """Their organisation on Enterprise Grid; empty where it is none."""
        if self.kind == "connect_grid":
            return THEIRS

        return "" if self.is_outsider else OURS

    def user_object(self) -> Json:
        """Returns what `users.info` says of them."""
        user: Json = {"id": self.user, "team_id": self.team, "is_restricted": self.kind == "guest"}
        if self.organisation:
            teams = [self.team] if self.is_outsider else [SISTER, HERE]
            user["enterprise_user"] = {"enterprise_id": self.organisation, "teams": teams}

        return user | ({"is_stranger": True} if self.is_outsider else {})


def draw_person(rng: random.Random, ids: int) -> GeneratedPerson:
    """Returns somebody whose id is one of `ids`, so that ids of several companies are equal."""
    return GeneratedPerson(f"U0PERSON{rng.randrange(ids):05d}", rng.choice(KINDS))


def draw_message(rng: random.Random, person: GeneratedPerson, number: int, text: str) -> Json:
    """Returns a message or mention of the person as Slack sends it, in a channel they may be in."""
    is_shared = person.is_outsider or rng.random() < 0.3
    places = SHARED_CHANNELS if is_shared else CHANNEL_TYPES
    channel = rng.choice(sorted(places))
    ts = f"{1_700_000_000 + number}.000100"
    is_mention = rng.random() < 0.4

    event: Json = {"user": person.user, "channel": channel, "ts": ts, "event_ts": ts}
    if is_mention:
        event |= {"type": "app_mention", "text": f"<@{BOT}> {text}"}
        event |= _mention_fields(person, SHARED_CHANNELS.get(channel, HERE))
    else:
        kind = CHANNEL_TYPES.get(channel, "channel")
        event |= {"type": "message", "text": text, "channel_type": kind}
        event |= {} if person.kind == "silent" else {"team": person.team}

    return _envelope(person, event, channel, number)


def draw_click(person: GeneratedPerson) -> Json:
    """Returns a dialog that the person submits; another company's names theirs as its team."""
    team: Json = {"id": HERE, "enterprise_id": OURS}
    if person.is_outsider:
        team = {"id": person.team, "enterprise_id": person.organisation or None}

    home = person.organisation if person.kind == "connect_grid" else person.team
    return {
        "type": "view_submission",
        "team": team,
        "user": {"id": person.user, "team_id": home},
        "view": {"app_installed_team_id": HERE, "state": {"values": {}}},
    }


def _mention_fields(person: GeneratedPerson, owner: str) -> Json:
    """Returns where a mention says that things belong; `team` is the channel's."""
    if person.kind == "silent":
        return {}
    if owner == person.team:
        return {"team": owner}

    home = person.organisation or person.team
    return {"team": owner, "user_team": home, "source_team": home, "user_profile": {"team": home}}


def _envelope(person: GeneratedPerson, event: Json, channel: str, number: int) -> Json:
    owner = SHARED_CHANNELS.get(channel, HERE)
    sender = owner if event["type"] == "app_mention" else person.team
    enterprises = {HERE: OURS, SISTER: OURS, THERE_GRID: THEIRS}
    return {
        "type": "event_callback",
        "event_id": f"Ev{number}",
        "event_time": 1_700_000_000 + number,
        "team_id": sender,
        "enterprise_id": enterprises.get(sender),
        "context_team_id": owner,
        "is_ext_shared_channel": channel in SHARED_CHANNELS,
        "authorizations": [{"team_id": HERE, "enterprise_id": OURS, "user_id": BOT}],
        "event": event,
    }
