"""Slack repeats, delays and shuffles its events: an old one never undoes what a newer one said."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from bot.intake.access_events import AccessEvents
from router.store.base.knowledge_tables import channel, member, person
from router.store.workspace.channel_rules import ChannelRule
from tests.fixtures.stores import open_sqlite
from workers.fakes import MemoryQueue
from workers.knowledge.channel_history import ChannelHistory
from workers.ports import ChannelInfo

TEAM, ME = "T1", "UBEAGLE"
CHANNELS = ("C1", "C2", "C3")
USERS = ("U1", "U2", "U3")
START = 1_700_000_000.0
BETWEEN_SECONDS = 10.0
"""More than our clock and Slack's may differ."""


@dataclass
class Truth:
    """Replays facts in the order in which they happened, whatever the order of their arrival.

    A fact is a time, an aspect and a value; the aspect's first item is its channel, or "" for a
    person's.
    """

    facts: list[tuple[float, tuple[str, ...], Any]] = field(default_factory=list)

    def state(self) -> dict[tuple[str, ...], Any]:
        state: dict[tuple[str, ...], Any] = {}
        for _, aspect, value in sorted(self.facts, key=lambda fact: fact[0]):
            if aspect[1] != "closed":
                state[aspect] = value
                continue

            for known in list(state):
                if known[0] == aspect[0]:
                    del state[known]

        return state


def draw_event(rng: random.Random, place: str) -> tuple[dict[str, Any], tuple[str, ...], Any]:
    """Returns an event as Slack sends it, and what it says."""
    yes, user = rng.random() < 0.5, rng.choice(USERS)
    kind = rng.choice(("name", "public", "shared", "member", "guest", "closed", "opened"))
    if kind == "name":
        name = f"name-{rng.randrange(9)}"
        renamed = rng.choice(("channel_rename", "group_rename"))
        return {"type": renamed, "channel": {"id": place, "name": name}}, (place, kind), name
    if kind == "public":
        subtype = f"channel_convert_to_{'public' if yes else 'private'}"
        return {"type": "message", "channel": place, "subtype": subtype}, (place, kind), yes
    if kind == "shared":
        shared = "channel_shared" if yes else "channel_unshared"
        return {"type": shared, "channel": place}, (place, kind), yes
    if kind == "member":
        moved = "member_joined_channel" if yes else "member_left_channel"
        return {"type": moved, "channel": place, "user": user}, (place, kind, user), yes
    if kind == "guest":
        profile = {"id": user, "team_id": TEAM, "is_restricted": yes}
        changed = rng.choice(("user_change", "team_join"))
        return {"type": changed, "user": profile}, ("", kind, user), yes
    if kind == "opened":
        joined = {"type": "member_joined_channel", "channel": place, "user": ME}
        return joined, (place, "member", ME), True

    left = {"type": "member_left_channel", "channel": place, "user": ME}
    gone = [{"type": name, "channel": place} for name in ("channel_left", "group_deleted")]
    return rng.choice([left, *gone]), (place, "closed"), True


class World:
    """A workspace in which things happen, and a Beagle that hears of them in any order."""

    def __init__(self, file, seed: int) -> None:
        self.file, self.rng = file, random.Random(seed)
        self.now = START
        self.pending: list[tuple[dict[str, Any], tuple[float, tuple[str, ...], Any]]] = []
        self.truth = Truth()
        self.opened_at = dict.fromkeys(CHANNELS, 0.0)
        self.delivered = 0
        self.open()

    def open(self) -> None:
        self.store = open_sqlite(self.file)
        client = SimpleNamespace(auth_test=lambda: {"url": "https://acme.example/"})
        queue = MemoryQueue({"ingest_shared_file": "compute"})
        self.events = AccessEvents(self.store, queue, lambda _: ME, lambda _: client)

    def restart(self) -> None:
        self.store.close()
        self.open()

    def happen(self) -> None:
        """Something happens; its event is on its way, once or several times."""
        self.now += BETWEEN_SECONDS
        event, aspect, value = draw_event(self.rng, self.rng.choice(CHANNELS))
        fact = (self.now, aspect, value)
        # Some events carry their time in the envelope only.
        has_own_time = self.rng.random() < 0.8
        body = {
            "type": "event_callback",
            "authorizations": [{"team_id": TEAM}],
            "event_time": int(self.now),
            "event": event | ({"event_ts": f"{self.now:.6f}"} if has_own_time else {}),
        }
        self.pending += [(body, fact)] * self.rng.choice((1, 1, 2, 4))

    def deliver(self) -> None:
        """One of the events arrives, not always the oldest."""
        if not self.pending:
            return

        last = len(self.pending) - 1
        number = last if self.rng.random() < 0.5 else self.rng.randint(0, last)
        body, (at, aspect, value) = self.pending.pop(number)
        self.events(body, lambda: None)
        self.delivered += 1

        place = aspect[0]
        if aspect == (place, "member", ME):
            self.opened_at[place] = max(self.opened_at[place], at)
        # A departure before Beagle's return, or before an admin's click there, says nothing.
        if aspect[1] != "closed" or at >= self.opened_at[place]:
            self.truth.facts.append((at, aspect, value))

    def permit(self) -> None:
        """An admin lets Beagle read and mine a channel; Slack is asked what it is at that time."""
        self.now += BETWEEN_SECONDS
        place = self.rng.choice(CHANNELS)
        public, shared = self.rng.random() < 0.5, self.rng.random() < 0.5
        history = ChannelHistory(self.store.documents, self.store.access, lambda _: "")
        history.allow(TEAM, ChannelInfo(place, "asked", public, shared), USERS, self.now)
        rule = self.store.channel_rules.for_channel(TEAM, place)
        self.store.channel_rules.upsert(ChannelRule(TEAM, place, version=rule.version))
        self.store.channel_messages.start_mining(TEAM, place, "U1", self.now)

        self.opened_at[place] = max(self.opened_at[place], self.now)
        for name, value in (("name", "asked"), ("public", public), ("shared", shared)):
            self.truth.facts.append((self.now, (place, name), value))
        for user in (*USERS, ME):
            self.truth.facts.append((self.now, (place, "member", user), user != ME))
        for name in ("read", "mined"):
            self.truth.facts.append((self.now, (place, name), True))

    def check(self) -> None:
        state = self.truth.state()
        with self.store.begin() as connection:
            rows = {row.id: row for row in connection.execute(select(channel))}
            members = {(row.channel, row.user) for row in connection.execute(select(member))}
            guests = {row.user: row.guest for row in connection.execute(select(person))}

        for place in CHANNELS:
            for name, unknown in (("name", ""), ("public", False), ("shared", False)):
                stored = getattr(rows.get(place), name, unknown)
                assert stored == state.get((place, name), unknown), (place, name)
            assert getattr(rows.get(place), "read", False) == state.get((place, "read"), False)
            rule = self.store.channel_rules.for_channel(TEAM, place)
            assert rule.mined == state.get((place, "mined"), False), place
            for user in (*USERS, ME):
                is_member = (place, user) in members
                assert is_member == state.get((place, "member", user), False), (place, user)

        for user in USERS:
            assert guests.get(user) == state.get(("", "guest", user)), user


def live(file, seed: int, events: int, every: int) -> int:
    """Delivers so many events in any order, and checks the state after every few of them."""
    world = World(file, seed)
    while world.delivered < events:
        world.happen()
        for _ in range(world.rng.choice((0, 1, 2, 3))):
            world.deliver()
            if world.delivered % every == 0:
                world.check()
        if world.rng.random() < 0.05:
            world.permit()
        if world.rng.random() < 0.01:
            world.restart()

    while world.pending:
        world.deliver()

    world.check()
    world.store.close()
    return world.delivered


def test_no_old_event_undoes_what_a_newer_one_said(tmp_path):
    assert live(tmp_path / "order.db", seed=1, events=300, every=1) >= 300


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(2, 12))
def test_ten_thousand_shuffled_repeated_and_delayed_events_leave_the_truth(tmp_path, seed):
    assert live(tmp_path / "order.db", seed, events=1_000, every=3) >= 1_000
