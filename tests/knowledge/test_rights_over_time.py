"""Nothing is shown to whoever lost the right to it longer ago than rights may be old.

Generated lives of two workspaces: channels are converted and shared, people come, go and become
guests, events about it arrive at once, late, twice, in any order or never, Slack is down at times.
"""

from __future__ import annotations

import itertools
from collections import deque

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from router.index import WORKSPACE_ACL, Chunk, Document
from router.store import open_store
from router.types import Request, SlackPerson
from tests.fixtures.lossy_slack import LossySlack, may_be_shown
from workers.knowledge.channel_history import ChannelHistory
from workers.knowledge.membership import RETRY_SECONDS, ReadingRights

USERS = ("U1", "U2")
CHANNELS = ("C1", "C2")
MAX_AGE = 3600.0
NEIGHBOURS = 10
"""So many earlier lives stay searchable beside the one that runs: each search reads through all."""
QUERY = "what is the canary called"


class Lives(RuleBasedStateMachine):
    """Every search is compared with what the truth of the last hour allows."""

    store = None
    numbers = itertools.count()
    searches = 0
    shown = 0

    def __init__(self, past: deque[tuple[str, str]]) -> None:
        super().__init__()
        self.past = past
        number = next(self.numbers)
        self.teams = (f"TA{number}", f"TB{number}")
        self.slack = LossySlack(self.teams, CHANNELS, USERS)
        self.rights = ReadingRights(self.store.access, self.slack, self.slack.now, MAX_AGE)
        self.history = ChannelHistory(self.store.documents, self.store.access, lambda _: "")
        for team in self.teams:
            for acl in (WORKSPACE_ACL, *CHANNELS):
                chunk = Chunk("Canary facts", "", f"The canary is called {team}-{acl}")
                self.store.documents.upsert(
                    Document(team, acl, "s", "Canary facts", "", acl, 0.0, acl, [chunk])
                )

    def teardown(self) -> None:
        self.past.append(self.teams)
        if len(self.past) > NEIGHBOURS:
            for team in self.past.popleft():
                self.store.documents.delete(team, (WORKSPACE_ACL, *CHANNELS))

    team = st.sampled_from((0, 0, 0, 1))
    user = st.sampled_from(USERS)
    place = st.sampled_from(CHANNELS)
    change = st.sampled_from(("convert", "share", "move", "demote"))
    fate = st.sampled_from(("heard", "late", "late", "twice", "lost", "lost"))

    def send(self, team: str, fate: str, **event: object) -> None:
        if fate in ("heard", "twice"):
            self.history.apply(team, event)
        if fate in ("late", "twice"):
            self.slack.pending.append((team, event))

    def convert(self, name, place, user, public, fate):
        others = self.slack.truth(name).public - {place}
        self.slack.change(name, public=others | {place} if public else others)
        subtype = f"channel_convert_to_{'public' if public else 'private'}"
        self.send(name, fate, type="message", channel=place, subtype=subtype)

    def share(self, name, place, user, shared, fate):
        others = self.slack.truth(name).shared - {place}
        self.slack.change(name, shared=others | {place} if shared else others)
        kind = "channel_shared" if shared else "channel_unshared"
        self.send(name, fate, type=kind, channel=place)

    def move(self, name, place, user, joins, fate):
        others = self.slack.truth(name).members - {(place, user)}
        self.slack.change(name, members=others | {(place, user)} if joins else others)
        kind = "member_joined_channel" if joins else "member_left_channel"
        self.send(name, fate, type=kind, channel=place, user=user)

    def demote(self, name, place, user, guest, fate):
        others = self.slack.truth(name).guests - {user}
        self.slack.change(name, guests=others | {user} if guest else others)
        profile = {"id": user, "team_id": name, "is_restricted": guest}
        self.send(name, fate, type="user_change", user=profile)

    @rule(team=team, place=place, user=user, change=change, yes=st.booleans(), fate=fate)
    def change_something(self, team, place, user, change, yes, fate):
        getattr(self, change)(self.teams[team], place, user, yes, fate)

    @rule(team=team, place=place, user=user, change=change, yes=st.booleans())
    def change_and_change_back(self, team, place, user, change, yes):
        """The first event is on its way when it holds no longer, and the second one is lost."""
        getattr(self, change)(self.teams[team], place, user, yes, "late")
        getattr(self, change)(self.teams[team], place, user, not yes, "lost")

    @rule(data=st.data())
    def hear_late(self, data):
        if self.slack.pending:
            number = data.draw(st.integers(0, len(self.slack.pending) - 1))
            team, event = self.slack.pending.pop(number)
            self.history.apply(team, event)

    @rule(data=st.data(), user=user, is_alone=st.booleans())
    def hear_an_old_event_when_all_is_known(self, data, user, is_alone):
        """The hardest case: Slack has just been asked, and an event says what held long ago."""
        if not self.slack.pending:
            return

        self.slack.is_down = False
        self.slack.time += MAX_AGE + RETRY_SECONDS
        number = data.draw(st.integers(0, len(self.slack.pending) - 1))
        team, event = self.slack.pending.pop(number)
        place = str(event.get("channel", CHANNELS[0]))

        for alone in (True, False):
            self.check(team, user, place, alone)

        self.slack.time += 1.0
        self.history.apply(team, event)
        self.check(team, user, place, is_alone)

    @rule(seconds=st.sampled_from((1.0, 61.0, 1800.0, 3601.0, 90 * 86_400.0)))
    def wait(self, seconds):
        self.slack.time += seconds

    @rule(is_down=st.booleans())
    def break_slack(self, is_down):
        self.slack.is_down = is_down

    def search(self, team: str, user: str, place: str, is_alone: bool) -> set[str]:
        channel, kind = ("D1", "dm") if is_alone else (place, "private")
        request = Request("r", team, channel, user, "1.0", "e", QUERY, 0.0, channel_kind=kind)
        hits = self.rights.search(
            request, lambda viewer: self.store.documents.search(QUERY, None, viewer, 50)
        )
        type(self).searches += 1
        type(self).shown += len(hits)
        assert all(hit.body.split()[-1] == f"{team}-{hit.acl}" for hit in hits)
        return {hit.acl for hit in hits}

    @rule(team=team, user=user, place=place, is_alone=st.booleans())
    def ask(self, team, user, place, is_alone):
        self.check(self.teams[team], user, place, is_alone)

    def check(self, name: str, user: str, place: str, is_alone: bool) -> None:
        shown = self.search(name, user, place, is_alone)
        allowed = may_be_shown(self.slack, name, user, place, is_alone=is_alone, seconds=MAX_AGE)
        assert shown <= allowed

    @rule(team=team, user=user, place=place)
    def share_or_list(self, team, user, place):
        name = self.teams[team]
        acls = {WORKSPACE_ACL, *CHANNELS}
        allowed = may_be_shown(self.slack, name, user, place, is_alone=True, seconds=MAX_AGE)
        assert self.rights.readable(SlackPerson(name, user), acls) <= allowed

        recent = self.slack.truths_within(name, MAX_AGE)
        was_public = {channel for truth in recent for channel in truth.public}
        assert self.rights.public_channels(name, CHANNELS) <= was_public

    @rule(team=team, user=user, place=place, is_alone=st.booleans())
    def ask_when_all_is_quiet(self, team, user, place, is_alone):
        """Rights are not lost either: once Slack was asked about all, its word of now counts."""
        name = self.teams[team]
        self.slack.is_down = False
        self.slack.time += MAX_AGE + RETRY_SECONDS
        self.rights.readable(SlackPerson(name, user), {WORKSPACE_ACL, *CHANNELS})
        now = may_be_shown(self.slack, name, user, place, is_alone=is_alone, seconds=0.0)
        assert self.search(name, user, place, is_alone) == now


def generate(tmp_path, examples: int, steps: int) -> tuple[int, int]:
    Lives.store = open_store(f"sqlite:///{tmp_path / 'rights.db'}")
    Lives.searches = Lives.shown = 0
    past: deque[tuple[str, str]] = deque()
    try:
        run_state_machine_as_test(
            lambda: Lives(past),
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                derandomize=True,
                suppress_health_check=list(HealthCheck),
                database=None,
                # A failing life is printed as it was found: to shorten it takes minutes.
                phases=(Phase.generate,),
            ),
        )
    finally:
        Lives.store.close()

    return Lives.searches, Lives.shown


def test_generated_lives_leak_nothing_after_an_hour(tmp_path):
    searches, shown = generate(tmp_path, 30, 50)
    assert searches >= 50
    assert shown >= 50, "where nothing is shown, nothing could leak"


@pytest.mark.nightly
def test_ten_thousand_generated_searches_leak_nothing_after_an_hour(tmp_path):
    searches, _ = generate(tmp_path, 700, 80)
    assert searches >= 10_000
