"""Asks Slack who may read what, before anything is shown: rights with an age.

What Slack said counts for `max_age` seconds. Then it is asked again, about no more channels at once
than `MAX_CHANNELS`; what it does not answer counts as the most restricted case, and is not asked
again for `RETRY_SECONDS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from router.errors import PathError
from router.index import WORKSPACE_ACL, Hit
from router.log import get_log
from router.store.knowledge.access import AccessControl
from router.types import ChannelKind, Request, SlackPerson, Viewer
from workers.ports import ChannelInfo, Directory

MAX_CHANNELS = 10
"""Channels that one answer, list or click asks Slack about; two calls each."""
MAX_REFRESHED = 20
"""Channels that one round of `refresh_public_channels` asks about, one call each."""
REFRESH_SECONDS = 300.0
"""How often the bot has such a round."""
RETRY_SECONDS = 60.0
"""For so long Slack is not asked again what it did not answer."""


@dataclass(frozen=True, slots=True)
class ReadingRights:
    """Who may read what, as Slack said at most `max_age` seconds ago.

    `now` is in unix seconds. Without a `directory` nothing is asked, and what is stored ages.
    """

    access: AccessControl
    directory: Directory | None
    now: Callable[[], float]
    max_age: float

    @property
    def since(self) -> float:
        """What Slack said before this time does not count any more."""
        return self.now() - self.max_age

    def viewer(self, request: Request) -> Viewer:
        """Returns who will see the answer: all members of a channel, or one person in a DM."""
        if not request.user_team:
            self._refresh_users(request.team, [request.user])
        if request.channel_kind != "dm":
            self._refresh_readers(request)

        return self._stored_viewer(request, self.since)

    def search(self, request: Request, find: Callable[[Viewer], list[Hit]]) -> list[Hit]:
        """Returns the passages that `find` gives for whoever will see the answer.

        Where a channel's age is all that speaks against one of its passages, Slack is asked about
        the channel first.
        """
        viewer = self.viewer(request)
        once = self._stored_viewer(request, 0.0)
        if once.channels <= viewer.channels:
            return find(viewer)

        # The wider search says which channels matter. A passage that only age speaks for is never
        # returned: what is found there counts only where no such passage is among it.
        hits = find(once)
        aged = {hit.acl for hit in hits} - viewer.channels
        if not aged:
            return hits

        self._refresh_channels(viewer, aged)
        return find(self._stored_viewer(request, self.since))

    def readable(self, person: SlackPerson, acls: Iterable[str]) -> frozenset[str]:
        """Returns those of the acls that the person may read, alone; nobody from outside any."""
        if person.home:
            return frozenset()

        team, user = person.team, person.user
        wanted = frozenset(acls)
        self._refresh_users(team, [user])
        viewer = self.access.viewer(team, user, "", "dm", since=self.since)

        self._refresh_channels(viewer, wanted - viewer.channels)
        viewer = self.access.viewer(team, user, "", "dm", since=self.since)
        return wanted & viewer.channels

    def public_channels(
        self, team: str, channels: Iterable[str], limit: int = MAX_CHANNELS
    ) -> frozenset[str]:
        """Returns those of the channels that every full member of the workspace may read.

        Slack is asked about `limit` of them at most.
        """
        wanted = frozenset(channels)
        tried = self.now() - RETRY_SECONDS
        stale = self.access.channels_to_ask(team, wanted, since=self.since, tried=tried)
        for channel in stale[:limit]:
            self._describe(team, channel)

        return wanted & self.access.public_channels(team, since=self.since)

    def refresh_public_channels(self) -> int:
        """Asks again about channels whose words are shown as public; returns how many.

        At most `MAX_REFRESHED`, those that were asked about the longest ago. What was said in one
        that is private by now is hidden in every table (`AccessControl.set_channel`).
        """
        stale = self.access.stale_public_channels(
            since=self.since, tried=self.since, limit=MAX_REFRESHED
        )
        for team, channel in stale:
            self._describe(team, channel)

        return len(stale)

    def stored_channel_kind(self, team: str, channel: str) -> ChannelKind | None:
        """Returns what kind of channel it is; None where Slack would have to be asked."""
        return self.access.channel_kind(team, channel, since=self.since)

    def channel_kind(self, team: str, channel: str) -> ChannelKind:
        """Returns what kind of channel it is; private where Slack does not say it."""
        stored = self.stored_channel_kind(team, channel)
        if stored is not None:
            return stored

        info = self._describe(team, channel)
        if info is None:
            return "private"

        return info.kind

    def _stored_viewer(self, request: Request, since: float) -> Viewer:
        if request.user_team:
            # What is stored under this user id is another person's: here it says nothing.
            own = {request.channel} if request.channel_kind != "dm" else set()
            return Viewer(request.team, request.user, frozenset(own))

        return self.access.viewer(
            request.team, request.user, request.channel, request.channel_kind, since=since
        )

    def _refresh_readers(self, request: Request) -> None:
        """Asks about everybody in the channel, as far as it can change what the answer may use."""
        team, channel = request.team, request.channel
        if not self.access.is_current_channel(team, channel, since=self.since):
            tried = self.now() - RETRY_SECONDS
            if self.access.channels_to_ask(team, [channel], tried=tried):
                self._fetch_channel(team, channel)

        # One guest narrows the answer: with another company in the channel, nobody else matters.
        if not self.access.is_shared(team, channel):
            self._refresh_users(team, self.access.members(team, channel))

    def _refresh_channels(self, viewer: Viewer, channels: Iterable[str]) -> None:
        """Asks about channels, so far as nothing but age keeps the person from reading them."""
        wanted = set(channels) - {WORKSPACE_ACL}
        tried = self.now() - RETRY_SECONDS
        to_ask = self.access.channels_to_ask(viewer.team, wanted, tried=tried)
        # A full member may read all public channels, whoever is in them.
        is_full_member = WORKSPACE_ACL in viewer.channels

        for channel in to_ask[:MAX_CHANNELS]:
            info = self._describe(viewer.team, channel)
            if info is not None and info.kind != "dm" and not (info.public and is_full_member):
                self._fetch_members(viewer.team, channel)

    def _fetch_channel(self, team: str, channel: str) -> None:
        if self._describe(team, channel) is not None:
            self._fetch_members(team, channel)

    def _describe(self, team: str, channel: str) -> ChannelInfo | None:
        """Stores the channel as Slack describes it now; None where it does not."""
        if self.directory is None:
            return None

        # The time before the call: what changes while Slack answers must not count as known.
        at = self.now()
        try:
            info = self.directory.channel_info(team, channel)
        except PathError as error:
            get_log(part="membership").warning("channel_unknown", channel=channel, error=str(error))
            self.access.note_silence(team, at, channels=[channel])
            return None

        if info.kind != "dm":
            self.access.set_channel(
                team, channel, at=at, name=info.name, public=info.public, shared=info.shared
            )

        return info

    def _fetch_members(self, team: str, channel: str) -> None:
        if self.directory is None:
            return

        at = self.now()
        try:
            members = self.directory.members(team, channel)
        except PathError as error:
            get_log(part="membership").warning("channel_unknown", channel=channel, error=str(error))
            self.access.note_silence(team, at, channels=[channel])
            return

        self.access.set_members(team, channel, members, at)

    def _refresh_users(self, team: str, users: Sequence[str]) -> None:
        """Stores which of the users are guests; those whom Slack does not know count as guests."""
        if self.directory is None:
            return

        at = self.now()
        tried = at - RETRY_SECONDS
        stale = self.access.unknown_users(team, users, since=self.since, tried=tried)
        if not stale:
            return

        try:
            people = self.directory.people(team, stale)
        except PathError as error:
            get_log(part="membership").warning(
                "people_unknown", people=len(stale), error=str(error)
            )
            self.access.note_silence(team, at, users=stale)
            return

        # The answer may describe more people than were asked about.
        guests = {user: person.guest for user, person in people.items()}
        teams = {user: person.teams for user, person in people.items()}
        self.access.set_users(team, dict.fromkeys(stale, True) | guests, at=at, teams=teams)
