"""Access control: which channels exist, who is in them, and what the readers of an answer may see.

Everybody in a channel reads the answer there, so it may draw only on what each of them may read:
nothing of the workspace where a guest or another company is present. In a direct message with
Beagle a person sees what they see in Slack. Users and channels that Slack has not been asked about
yet count as the most restricted ones: `workers.knowledge.membership` asks before every search.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict, Unpack

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    and_,
    delete,
    exists,
    insert,
    select,
    update,
)

from router.index import WORKSPACE_ACL
from router.store.base.engine import insert_for, reading, writing
from router.store.base.knowledge_tables import channel, member, person
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
    """The channel, member and person tables, kept up to date by Slack's events."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def viewer(self, team: str, user: str, channel_id: str, kind: ChannelKind) -> Viewer:
        """Returns what an answer to `user` in that channel may draw on.

        Unknown users count as guests.
        """
        with reading(self._engine) as connection:
            if kind == "dm":
                channels = _channels_of(connection, team, user)
                restricted = not _is_full_member(connection, team, user)
            else:
                # Everybody in the channel reads the answer, so only its own documents are certain.
                channels = {channel_id}
                restricted = _has_outsider(connection, team, user, channel_id)

            # Full members can join any public channel, so they may read what is in it.
            if not restricted:
                channels |= {WORKSPACE_ACL} | _public_channels(connection, team)

        return Viewer(team, user, frozenset(channels))

    def add_members(self, team: str, channel_id: str, *users: str) -> None:
        """Adds the users to the channel's members."""
        rows = [{"team": team, "channel": channel_id, "user": user} for user in users]
        if not rows:
            return

        statement = self._insert(member).values(rows).on_conflict_do_nothing()
        with writing(self._engine) as connection:
            connection.execute(statement)

    def remove_member(self, team: str, channel_id: str, user: str) -> None:
        """Removes the user from the channel's members."""
        statement = delete(member).where(
            member.c.team == team, member.c.channel == channel_id, member.c.user == user
        )
        with writing(self._engine) as connection:
            connection.execute(statement)

    def set_channel(self, team: str, channel_id: str, **fields: Unpack[ChannelFields]) -> None:
        """Stores these fields of the channel.

        The others keep their value, at first the most restricted.
        """
        # A channel that Slack has not described yet is treated as private.
        defaults = {"name": "", "public": False, "shared": False, "read": False}
        row = {"team": team, "id": channel_id} | defaults | dict(fields)

        statement = self._insert(channel).values(row)
        if fields:
            statement = statement.on_conflict_do_update(
                index_elements=["team", "id"], set_=dict(fields)
            )
        else:
            statement = statement.on_conflict_do_nothing()

        with writing(self._engine) as connection:
            connection.execute(statement)

    def delete_channel(self, team: str, channel_id: str) -> None:
        """Deletes the channel and its members."""
        with writing(self._engine) as connection:
            connection.execute(
                delete(member).where(member.c.team == team, member.c.channel == channel_id)
            )
            connection.execute(delete(channel).where(_is_channel(team, channel_id)))

    def set_user(self, team: str, user: str, guest: bool) -> None:
        """Stores whether the user is a guest."""
        statement = self._insert(person).values(team=team, user=user, guest=guest)
        statement = statement.on_conflict_do_update(
            index_elements=["team", "user"], set_={"guest": guest}
        )

        with writing(self._engine) as connection:
            connection.execute(statement)

    def is_known_user(self, team: str, user: str) -> bool:
        """Returns whether Slack has been asked about the user."""
        query = select(person.c.guest).where(person.c.team == team, person.c.user == user)
        with reading(self._engine) as connection:
            return connection.execute(query).first() is not None

    def unknown_members(self, team: str, channel_id: str) -> list[str]:
        """Returns the members of the channel about whom Slack has not been asked."""
        known = select(person.c.user).where(person.c.team == team)
        query = select(member.c.user).where(
            member.c.team == team, member.c.channel == channel_id, member.c.user.not_in(known)
        )

        with reading(self._engine) as connection:
            return sorted(connection.execute(query).scalars())

    def stale_channels(self, team: str, user: str, before: float) -> list[str]:
        """Returns the user's channels whose members were last fetched before that time."""
        query = (
            select(channel.c.id)
            .join(member, and_(member.c.team == channel.c.team, member.c.channel == channel.c.id))
            .where(channel.c.team == team, member.c.user == user, channel.c.asked_at < before)
        )
        with reading(self._engine) as connection:
            return sorted(connection.execute(query).scalars())

    def members_fetched_at(self, team: str, channel_id: str) -> float:
        """Returns when the channel's members were last fetched from Slack, 0 for never."""
        query = select(channel.c.asked_at).where(_is_channel(team, channel_id))
        with reading(self._engine) as connection:
            return float(connection.execute(query).scalar() or 0.0)

    def set_members(self, team: str, channel_id: str, users: Iterable[str], at: float) -> None:
        """Replaces the channel's members by these, as fetched from Slack at that time."""
        # The list replaces all members, so whoever left unnoticed is gone too.
        rows = [{"team": team, "channel": channel_id, "user": user} for user in sorted(set(users))]

        with writing(self._engine) as connection:
            connection.execute(
                delete(member).where(member.c.team == team, member.c.channel == channel_id)
            )
            if rows:
                connection.execute(insert(member), rows)

            fetched = update(channel).where(_is_channel(team, channel_id))
            connection.execute(fetched.values(asked_at=at))

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


def _channels_of(connection: Connection, team: str, user: str) -> set[str]:
    query = select(member.c.channel).where(member.c.team == team, member.c.user == user)
    return set(connection.execute(query).scalars())


def _public_channels(connection: Connection, team: str) -> set[str]:
    query = select(channel.c.id).where(channel.c.team == team, channel.c.public.is_(True))
    return set(connection.execute(query).scalars())


def _is_full_member(connection: Connection, team: str, user: str) -> bool:
    """Returns whether Slack has said that the user is no guest."""
    found = exists().where(person.c.team == team, person.c.user == user, person.c.guest.is_(False))
    return bool(connection.execute(select(found)).scalar())


def _has_outsider(connection: Connection, team: str, user: str, channel_id: str) -> bool:
    """Returns whether a reader in the channel may be a guest or of another workspace.

    Security: anything unknown counts as an outsider: the asker, the channel itself, and any member.
    """
    if not _is_full_member(connection, team, user):
        return True

    # A channel shared with another company has readers whom this workspace does not know.
    own_channel = exists().where(_is_channel(team, channel_id), channel.c.shared.is_(False))
    full_members = select(person.c.user).where(person.c.team == team, person.c.guest.is_(False))
    outsider = exists().where(
        member.c.team == team,
        member.c.channel == channel_id,
        member.c.user.not_in(full_members),
    )

    return bool(connection.execute(select(~own_channel | outsider)).scalar())
