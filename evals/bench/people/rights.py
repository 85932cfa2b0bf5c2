"""Saved answers in generated workspaces: what a search shows against Slack's own rule.

The rule is written here a second time, over sets, so that it shares nothing with the queries.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field

from router.store import Store
from router.store.knowledge.captured_answers import CapturedAnswer
from router.types import ChannelKind
from workers.knowledge.people_answers import answer_document

TEAM, NOW = "T1", 1_800_000_000.0
CHANNELS, PEOPLE = 8, 10
CHANGES = 20
"""Changes of rights in one workspace; as many cases are looked at after each."""
DM = "dm"


@dataclass
class RightsWorld:
    """Channels, people and one saved answer in each channel, at random."""

    rng: random.Random
    public: set[str] = field(default_factory=set)
    shared: set[str] = field(default_factory=set)
    members: dict[str, set[str]] = field(default_factory=dict)
    guests: set[str] = field(default_factory=set)
    answers: dict[str, str] = field(default_factory=dict)

    def may_read(self, user: str, channel: str) -> bool:
        """Returns whether Slack shows the channel to the person."""
        if user in self.members[channel]:
            return True

        return channel in self.public and user not in self.guests

    def allowed(self, user: str, place: str) -> set[str]:
        """Returns the answers that everybody who reads a reply to the person may read.

        `place` is a channel, or `DM`.
        """
        if place in self.shared:
            channels = {place}
        else:
            readers = {user} if place == DM else self.members[place] | {user}
            channels = {
                channel
                for channel in self.members
                if channel == place or all(self.may_read(reader, channel) for reader in readers)
            }

        return {self.answers[channel] for channel in channels if channel in self.answers}


@dataclass
class RightsCounts:
    """Cases checked, those that showed too much or too little, and how long saving took.

    `seconds` has, for each saved answer, the time until a search has found it.
    """

    cases: int = 0
    leaks: int = 0
    missing: int = 0
    seconds: list[float] = field(default_factory=list)


def run_workspace(store: Store, seed: int, cases: int) -> RightsCounts:
    """Makes a workspace in an empty store, and looks at so many cases while it changes."""
    counts = RightsCounts()
    world = build_world(store, random.Random(seed), counts)  # noqa: S311  # no secret
    batch = max(1, cases // CHANGES)
    for number in range(batch * CHANGES):
        check_search(store, world, counts)
        if number % batch == 0:
            change(store, world)

    return counts


def build_world(store: Store, rng: random.Random, counts: RightsCounts) -> RightsWorld:
    """Makes the workspace and saves an answer in each channel."""
    world = RightsWorld(rng)
    people = [f"U{number}" for number in range(PEOPLE)]
    world.guests = {user for user in people if rng.random() < 0.2}
    store.access.set_users(TEAM, {user: user in world.guests for user in people}, at=NOW)

    for number in range(CHANNELS):
        channel = f"C{number}"
        if rng.random() < 0.5:
            world.public.add(channel)
        if rng.random() < 0.2:
            world.shared.add(channel)

        world.members[channel] = set(rng.sample(people, rng.randint(1, PEOPLE)))
        is_public, is_shared = channel in world.public, channel in world.shared
        store.access.set_channel(
            TEAM, channel, at=NOW, name=channel, public=is_public, shared=is_shared
        )
        store.access.set_members(TEAM, channel, world.members[channel], NOW)
        world.answers[channel] = _save(store, channel, number, counts)

    return world


def change(store: Store, world: RightsWorld) -> None:
    """Somebody leaves, a channel turns private, or an answer is taken back."""
    channel = world.rng.choice(sorted(world.members))
    act = world.rng.randrange(3)
    if act == 0 and world.members[channel]:
        world.members[channel].discard(world.rng.choice(sorted(world.members[channel])))
        store.access.set_members(TEAM, channel, world.members[channel], NOW)
    elif act == 1:
        world.public.discard(channel)
        store.access.set_channel(TEAM, channel, at=NOW, public=False)
    else:
        world.answers.pop(channel, None)
        store.captured_answers.remove_for_channel(TEAM, channel)


def check_search(store: Store, world: RightsWorld, counts: RightsCounts) -> None:
    """Lets somebody ask somewhere, and compares what is found with what may be shown."""
    place = world.rng.choice([DM, *sorted(world.members)])
    user = f"U{world.rng.randrange(PEOPLE)}"
    kind: ChannelKind = "dm"
    if place != DM:
        # Only who is in a channel asks there.
        if not world.members[place]:
            return

        user = world.rng.choice(sorted(world.members[place]))
        kind = "public" if place in world.public else "private"

    viewer = store.access.viewer(TEAM, user, place, kind, since=NOW - 1)
    hits = store.documents.search("zanzibar key", None, viewer, 2 * CHANNELS)
    found, allowed = {hit.body for hit in hits}, world.allowed(user, place)

    counts.cases += 1
    counts.leaks += bool(found - allowed)
    # A channel hides more than it has to: the public ones that a guest there may not join.
    counts.missing += place == DM and bool(allowed - found)


def _save(store: Store, channel: str, number: int, counts: RightsCounts) -> str:
    """Saves an answer and returns its words; notes how long it took until it was found."""
    start = time.perf_counter()
    ts = f"{NOW - 1_000_000 + number:.6f}"
    answer = CapturedAnswer(
        TEAM, channel, ts, ts, "", "U0", "U1", "U0", "U0", "", "", NOW, NOW + 86_400.0
    )
    words = (f"Where is the zanzibar key number {number}?", f"The zanzibar key: drawer{number}")
    store.captured_answers.save(answer, answer_document(answer, words, "Grace", ""))

    member = store.access.members(TEAM, channel)[0]
    viewer = store.access.viewer(TEAM, member, channel, "private", since=NOW - 1)
    hits = store.documents.search(f"zanzibar drawer{number}", None, viewer, 2 * CHANNELS)
    assert any(hit.body == words[1] for hit in hits)
    counts.seconds.append(time.perf_counter() - start)
    return words[1]
