"""Access control: which channels exist, who is in them, and what the readers of an answer may see.

Everybody in a channel reads the answer there, so it may draw only on what each of them may read:
nothing of the workspace where a guest or another company is present. In a direct message with
Beagle a person sees what they see in Slack.

Only what Slack itself said, and not too long ago, gives a right. An event can be lost, late or out
of order, so an event only takes rights away; where it would give one, what is stored is in doubt
until Slack has been asked again (`workers.knowledge.membership` asks before every search).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypedDict, Unpack

from sqlalchemy import (
    ColumnElement,
    Engine,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    union,
    update,
)

from router.index import WORKSPACE_ACL
from router.store.base.engine import insert_for, reading, writing
from router.store.base.knowledge_tables import channel, member, person
from router.store.base.mining_tables import overheard
from router.store.base.rows import batches
from router.store.base.tables import request
from router.store.knowledge import audience
from router.store.privacy.channel_privacy import mark_private
from router.types import ChannelKind, Viewer


class ChannelFields(TypedDict, total=False):
    """What is stored of a channel.

    `shared` is whether another workspace is in it, `read` whether an admin let Beagle read its
    history.
    """

    name: str
    public: bool
    shared: bool
    read: bool


class AccessControl:
    """The channel, member and person tables: what Slack said, when, and what follows from it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

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

    def add_members(self, team: str, channel_id: str, *users: str) -> None:
        """Adds users of whom an event said that they joined.

        They count as readers of the channel at once, and get a right only from Slack's own list
        (`set_members`).
        """
        rows = [{"team": team, "channel": channel_id, "user": user} for user in users]
        if not rows:
            return

        statement = self._insert(member).values(rows).on_conflict_do_nothing()
        with writing(self._engine) as connection:
            connection.execute(statement)

    def remove_member(self, team: str, channel_id: str, user: str) -> None:
        """Removes the user from the channel's members, and has its list fetched again.

        The event may be late: a guest who is back already must not be overlooked.
        """
        statement = delete(member).where(
            member.c.team == team, member.c.channel == channel_id, member.c.user == user
        )
        in_doubt = update(channel).where(_is_channel(team, channel_id)).values(asked_at=0.0)
        with writing(self._engine) as connection:
            connection.execute(statement)
            connection.execute(in_doubt)

    def set_channel(
        self,
        team: str,
        channel_id: str,
        *,
        at: float | None = None,
        **fields: Unpack[ChannelFields],
    ) -> None:
        """Stores these fields of the channel.

        `at` is when Slack was asked; without it an event said so. The other fields keep their
        value, at first the most restricted. What was said in a channel that is not public is
        private from then on, in every table.
        """
        # A channel that Slack has not described yet is treated as private.
        defaults = {"name": "", "public": False, "shared": False, "read": False}
        changes: dict[str, object] = dict(fields)
        if at is not None:
            changes |= {"described_at": at, "tried_at": 0.0}
        elif fields.get("public") or fields.get("shared") is False:
            changes["described_at"] = 0.0

        row = {"team": team, "id": channel_id} | defaults | changes
        statement = self._insert(channel).values(row)
        if changes:
            statement = statement.on_conflict_do_update(index_elements=["team", "id"], set_=changes)
        else:
            statement = statement.on_conflict_do_nothing()

        before = select(channel.c.public).where(_is_channel(team, channel_id))
        with writing(self._engine) as connection:
            was_public = bool(connection.execute(before).scalar())
            connection.execute(statement)
            if fields.get("public") is False:
                mark_private(connection, team, channel_id, was_public=was_public)

    def delete_channel(self, team: str, channel_id: str) -> None:
        """Deletes the channel and its members."""
        with writing(self._engine) as connection:
            connection.execute(
                delete(member).where(member.c.team == team, member.c.channel == channel_id)
            )
            connection.execute(delete(channel).where(_is_channel(team, channel_id)))

    def set_user(self, team: str, user: str, guest: bool, *, at: float | None = None) -> None:
        """Stores whether the user is a guest.

        `at` is when Slack was asked; without it an event said so.
        """
        changes: dict[str, object] = {"guest": guest}
        if at is not None:
            changes |= {"asked_at": at, "tried_at": 0.0}
        elif not guest:
            changes["asked_at"] = 0.0

        statement = self._insert(person).values({"team": team, "user": user} | changes)
        statement = statement.on_conflict_do_update(index_elements=["team", "user"], set_=changes)
        with writing(self._engine) as connection:
            connection.execute(statement)

    def set_users(self, team: str, guests: Mapping[str, bool], *, at: float) -> None:
        """Stores for each user whether they are a guest, as Slack said at that time."""
        values = {"team": team, "asked_at": at, "tried_at": 0.0}
        rows = [values | {"user": user, "guest": guests[user]} for user in sorted(guests)]

        with writing(self._engine) as connection:
            for batch in batches(rows):
                statement = self._insert(person).values(list(batch))
                new = statement.excluded
                connection.execute(
                    statement.on_conflict_do_update(
                        index_elements=["team", "user"],
                        set_={"guest": new.guest, "asked_at": new.asked_at, "tried_at": 0.0},
                    )
                )

    def is_known_user(self, team: str, user: str, *, since: float = 0.0) -> bool:
        """Returns whether Slack has described the user since then."""
        query = select(person.c.guest).where(
            person.c.team == team, person.c.user == user, person.c.asked_at >= since
        )
        with reading(self._engine) as connection:
            return connection.execute(query).first() is not None

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
        with reading(self._engine) as connection:
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
        said = union(
            select(request.c.team, request.c.channel).where(request.c.channel_kind == "public"),
            select(overheard.c.team, overheard.c.channel).where(
                overheard.c.channel_kind == "public"
            ),
            # Also those that only an event has named: until then they count as private.
            select(channel.c.team, channel.c.id).where(
                or_(channel.c.public.is_(True), channel.c.described_at == 0.0)
            ),
        ).subquery()
        same = and_(channel.c.team == said.c.team, channel.c.id == said.c.channel)
        described = func.coalesce(channel.c.described_at, 0.0)
        query = (
            select(said.c.team, said.c.channel)
            .outerjoin(channel, same)
            .where(described < since, func.coalesce(channel.c.tried_at, 0.0) < tried)
            .order_by(described, said.c.team, said.c.channel)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            return [(row.team, row.channel) for row in connection.execute(query)]

    def is_current_channel(self, team: str, channel_id: str, *, since: float) -> bool:
        """Returns whether Slack has said since then what the channel is, and who is in it."""
        query = select(channel.c.id).where(
            _is_channel(team, channel_id),
            channel.c.described_at >= since,
            channel.c.asked_at >= since,
        )
        with reading(self._engine) as connection:
            return connection.execute(query).first() is not None

    def is_shared(self, team: str, channel_id: str) -> bool:
        """Returns whether another workspace is in the channel; so it is where that is unknown."""
        query = select(channel.c.shared).where(_is_channel(team, channel_id))
        with reading(self._engine) as connection:
            return connection.execute(query).scalar() is not False

    def set_members(self, team: str, channel_id: str, users: Iterable[str], at: float) -> None:
        """Replaces the channel's members by these, as fetched from Slack at that time."""
        # The list replaces all members, so whoever left unnoticed is gone too.
        rows = [
            {"team": team, "channel": channel_id, "user": user, "asked_at": at}
            for user in sorted(set(users))
        ]

        with writing(self._engine) as connection:
            connection.execute(
                delete(member).where(member.c.team == team, member.c.channel == channel_id)
            )
            if rows:
                connection.execute(insert(member), rows)

            fetched = update(channel).where(_is_channel(team, channel_id))
            connection.execute(fetched.values(asked_at=at))

    def note_silence(
        self, team: str, at: float, *, channels: Sequence[str] = (), users: Sequence[str] = ()
    ) -> None:
        """Stores that Slack was asked about these at that time and did not answer."""
        tried = {"tried_at": at}
        with writing(self._engine) as connection:
            for name in channels:
                row = {"team": team, "id": name, "name": "", "public": False} | tried
                statement = self._insert(channel).values(row)
                connection.execute(
                    statement.on_conflict_do_update(index_elements=["team", "id"], set_=tried)
                )

            for user in users:
                statement = self._insert(person).values(team=team, user=user, guest=True, **tried)
                connection.execute(
                    statement.on_conflict_do_update(index_elements=["team", "user"], set_=tried)
                )

    def channel_kind(self, team: str, channel_id: str, *, since: float) -> ChannelKind | None:
        """Returns whether the channel is public or private, as Slack said after `since`.

        None where Slack has not said it.
        """
        query = select(channel.c.public).where(
            _is_channel(team, channel_id), channel.c.described_at >= since
        )
        with reading(self._engine) as connection:
            public: bool | None = connection.execute(query).scalar()

        if public is None:
            return None

        return "public" if public else "private"

    def is_known_private(self, team: str, channel_id: str) -> bool:
        """Returns whether the channel is stored, and not as a public one, however old that is."""
        query = select(channel.c.public).where(_is_channel(team, channel_id))
        with reading(self._engine) as connection:
            return connection.execute(query).scalar() is False

    def channel_names(self, team: str) -> dict[str, str]:
        """Returns the names of all known channels, by id."""
        query = select(channel.c.id, channel.c.name).where(channel.c.team == team)
        with reading(self._engine) as connection:
            return {row.id: row.name for row in connection.execute(query)}

    def readable_channels(self, team: str) -> dict[str, str]:
        """Returns the names of the channels whose history an admin let Beagle read, by id."""
        query = select(channel.c.id, channel.c.name).where(
            channel.c.team == team, channel.c.read.is_(True)
        )
        with reading(self._engine) as connection:
            return {row.id: row.name for row in connection.execute(query)}

    def may_read_history(self, team: str, channel_id: str) -> bool:
        """Returns whether an admin let Beagle read the channel's history."""
        query = select(channel.c.read).where(_is_channel(team, channel_id))
        with reading(self._engine) as connection:
            return bool(connection.execute(query).scalar())

    def channel_name(self, team: str, channel_id: str) -> str:
        """Returns the channel's name, empty if it is unknown."""
        query = select(channel.c.name).where(_is_channel(team, channel_id))
        with reading(self._engine) as connection:
            return str(connection.execute(query).scalar() or "")

    def stop_reading(self, team: str, channel_id: str) -> None:
        """Withdraws the permission to read the channel's history."""
        statement = update(channel).where(_is_channel(team, channel_id))
        with writing(self._engine) as connection:
            connection.execute(statement.values(read=False))


def _is_channel(team: str, channel_id: str) -> ColumnElement[bool]:
    return and_(channel.c.team == team, channel.c.id == channel_id)
