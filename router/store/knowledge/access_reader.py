"""What is stored of channels, members and people, and what follows from it for an answer."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Engine, and_, or_, select

from router.index import WORKSPACE_ACL
from router.store.base.engine import one_statement, reading
from router.store.base.knowledge_tables import channel, member, person
from router.store.base.rows import batches
from router.store.knowledge import audience
from router.types import ChannelKind, Viewer


class AccessReader:
    """Reads the channel, member and person tables."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def viewer(
        self, team: str, user: str, channel_id: str, kind: ChannelKind, *, since: float
    ) -> Viewer:
        """Returns what an answer to `user` in that channel may draw on.

        Only what Slack said after `since` (unix seconds) gives a right; 0 takes everything that
        Slack ever said. Unknown users count as guests.
        """
        with reading(self._engine) as connection:
            if kind == "dm":
                channels = audience.channels_of(connection, team, user, since)
                restricted = not audience.is_full_member(connection, team, user, since)
            else:
                # Everybody in the channel reads the answer, so only its own documents are certain.
                channels = {channel_id}
                restricted = audience.has_outsider(connection, team, user, channel_id, since)

            # Full members can join any public channel, so they may read what is in it.
            if not restricted:
                channels |= {WORKSPACE_ACL} | audience.public_channels(connection, team, since)

        return Viewer(team, user, frozenset(channels))

    def public_channels(self, team: str, *, since: float) -> frozenset[str]:
        """Returns the channels of which Slack said after `since` that they are public."""
        with reading(self._engine) as connection:
            return frozenset(audience.public_channels(connection, team, since))

    def is_known_user(self, team: str, user: str, *, since: float = 0.0) -> bool:
        """Returns whether Slack has described the user since then."""
        query = select(person.c.guest).where(
            person.c.team == team, person.c.user == user, person.c.asked_at >= since
        )
        with one_statement(self._engine) as connection:
            return connection.execute(query).first() is not None

    def listed_teams(self, team: str, user: str) -> frozenset[str]:
        """Returns the workspaces and the organisation that Slack listed for a colleague."""
        query = select(person.c.teams).where(person.c.team == team, person.c.user == user)
        with reading(self._engine) as connection:
            return frozenset(str(connection.execute(query).scalar() or "").split())

    def unknown_users(
        self, team: str, users: Iterable[str], *, since: float, tried: float
    ) -> list[str]:
        """Returns those of the users whom Slack has not described since then.

        Without those whom it was asked about in vain after `tried`.
        """
        wanted = sorted(set(users))
        known: set[str] = set()
        with reading(self._engine) as connection:
            for batch in batches(wanted):
                query = select(person.c.user).where(
                    person.c.team == team,
                    person.c.user.in_(batch),
                    or_(person.c.asked_at >= since, person.c.tried_at >= tried),
                )
                known |= set(connection.execute(query).scalars())

        return [user for user in wanted if user not in known]

    def members(self, team: str, channel_id: str) -> list[str]:
        """Returns everybody who may be in the channel."""
        query = select(member.c.user).where(member.c.team == team, member.c.channel == channel_id)
        with one_statement(self._engine) as connection:
            return sorted(connection.execute(query).scalars())

    def channels_to_ask(
        self, team: str, channels: Iterable[str], *, tried: float, since: float | None = None
    ) -> list[str]:
        """Returns those of the channels that Slack was not asked about in vain after `tried`.

        With `since`, without those that it has described since then.
        """
        wanted = sorted(set(channels))
        skipped: ColumnElement[bool] = channel.c.tried_at >= tried
        if since is not None:
            skipped = or_(skipped, channel.c.described_at >= since)

        known: set[str] = set()
        with reading(self._engine) as connection:
            for batch in batches(wanted):
                query = select(channel.c.id).where(
                    channel.c.team == team, channel.c.id.in_(batch), skipped
                )
                known |= set(connection.execute(query).scalars())

        return [name for name in wanted if name not in known]

    def stale_public_channels(
        self, *, since: float, tried: float, limit: int
    ) -> list[tuple[str, str]]:
        """Returns workspace and id of channels whose words count as public, on Slack's old word.

        Those of which Slack has not said since then what they are, without those that it was asked
        about in vain after `tried`; the longest ago first.
        """
        query = audience.stale_public_channels(since, tried, limit)
        with one_statement(self._engine) as connection:
            return [(row.team, row.channel) for row in connection.execute(query)]

    def is_current_channel(self, team: str, channel_id: str, *, since: float) -> bool:
        """Returns whether Slack has said since then what the channel is, and who is in it."""
        query = select(channel.c.id).where(
            is_channel(team, channel_id),
            channel.c.described_at >= since,
            channel.c.asked_at >= since,
        )
        with one_statement(self._engine) as connection:
            return connection.execute(query).first() is not None

    def is_shared(self, team: str, channel_id: str) -> bool:
        """Returns whether another workspace is in the channel; so it is where that is unknown."""
        query = select(channel.c.shared).where(is_channel(team, channel_id))
        with one_statement(self._engine) as connection:
            return connection.execute(query).scalar() is not False

    def channel_kind(self, team: str, channel_id: str, *, since: float) -> ChannelKind | None:
        """Returns whether the channel is public or private, as Slack said after `since`.

        None where Slack has not said it.
        """
        query = select(channel.c.public).where(
            is_channel(team, channel_id), channel.c.described_at >= since
        )
        with one_statement(self._engine) as connection:
            public: bool | None = connection.execute(query).scalar()

        if public is None:
            return None

        return "public" if public else "private"

    def is_known_private(self, team: str, channel_id: str) -> bool:
        """Returns whether the channel is stored, and not as a public one, however old that is."""
        query = select(channel.c.public).where(is_channel(team, channel_id))
        with one_statement(self._engine) as connection:
            return connection.execute(query).scalar() is False

    def channel_names(self, team: str) -> dict[str, str]:
        """Returns the names of all known channels, by id."""
        query = select(channel.c.id, channel.c.name).where(channel.c.team == team)
        with one_statement(self._engine) as connection:
            return {row.id: row.name for row in connection.execute(query)}

    def readable_channels(self, team: str) -> dict[str, str]:
        """Returns the names of the channels whose history an admin let Beagle read, by id."""
        query = select(channel.c.id, channel.c.name).where(
            channel.c.team == team, channel.c.read.is_(True)
        )
        with one_statement(self._engine) as connection:
            return {row.id: row.name for row in connection.execute(query)}

    def may_read_history(self, team: str, channel_id: str) -> bool:
        """Returns whether an admin let Beagle read the channel's history."""
        query = select(channel.c.read).where(is_channel(team, channel_id))
        with one_statement(self._engine) as connection:
            return bool(connection.execute(query).scalar())

    def channel_name(self, team: str, channel_id: str) -> str:
        """Returns the channel's name, empty if it is unknown."""
        query = select(channel.c.name).where(is_channel(team, channel_id))
        with one_statement(self._engine) as connection:
            return str(connection.execute(query).scalar() or "")


def is_channel(team: str, channel_id: str) -> ColumnElement[bool]:
    """Returns the condition for the row of a channel."""
    return and_(channel.c.team == team, channel.c.id == channel_id)
