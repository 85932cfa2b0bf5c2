"""Who reads what: turns a place and a person into the Viewer that a search needs.

In a channel everybody there reads the answer, so only what each of them may read counts: nothing of
the workspace where a guest or another company listens. Alone with Beagle a person sees what they
see in Slack. A person or a channel that Slack has not been asked about yet counts as the narrowest:
`workers.roster` asks before every search.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Engine, and_, delete, exists, insert, select, update

from router.index import WORKSPACE
from router.store.base.engine import insert_for, reading, writing
from router.store.base.knowledge_tables import channel, member, person
from router.types import ChannelKind, Viewer


class Readers:
    """The channel, member and person tables, kept as Slack's events tell it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def viewer(self, team: str, user: str, place: str, kind: ChannelKind) -> Viewer:
        """What an answer to `user` in `place` may draw on. Whoever is unknown is taken for a guest."""
        with reading(self._engine) as connection:
            alone = kind == "dm"
            channels = self._of(connection, team, user) if alone else {place}
            if not self._outsider(connection, team, user, None if alone else place):
                channels |= {WORKSPACE} | self._public(connection, team)

        return Viewer(team, user, frozenset(channels))

    def joined(self, team: str, place: str, *users: str) -> None:
        """The users are members of the channel."""
        rows = [{"team": team, "channel": place, "user": user} for user in users]
        if rows:
            with writing(self._engine) as connection:
                connection.execute(self._insert(member).values(rows).on_conflict_do_nothing())

    def left(self, team: str, place: str, user: str) -> None:
        """The user is no member of the channel any more."""
        with writing(self._engine) as connection:
            mine = (member.c.team == team, member.c.channel == place, member.c.user == user)
            connection.execute(delete(member).where(*mine))

    def set_channel(self, team: str, place: str, **values: Any) -> None:
        """The channel is as given (`name`, `public`, `shared`, `read`); anything else stays, or is the narrowest."""
        row = {
            "team": team,
            "id": place,
            "name": "",
            "public": False,
            "shared": False,
            "read": False,
        } | values

        statement = self._insert(channel).values(row)
        if values:
            statement = statement.on_conflict_do_update(index_elements=["team", "id"], set_=values)
        else:
            statement = statement.on_conflict_do_nothing()

        with writing(self._engine) as connection:
            connection.execute(statement)

    def forget_channel(self, team: str, place: str) -> None:
        """The channel and its members are gone."""
        with writing(self._engine) as connection:
            connection.execute(
                delete(member).where(member.c.team == team, member.c.channel == place)
            )
            connection.execute(delete(channel).where(channel.c.team == team, channel.c.id == place))

    def set_person(self, team: str, user: str, guest: bool) -> None:
        """The person is a guest, or is not."""
        statement = self._insert(person).values(team=team, user=user, guest=guest)
        statement = statement.on_conflict_do_update(
            index_elements=["team", "user"], set_={"guest": guest}
        )

        with writing(self._engine) as connection:
            connection.execute(statement)

    def known(self, team: str, user: str) -> bool:
        """Whether Slack was asked about the person; before, `viewer` takes them for a guest."""
        query = select(person.c.guest).where(person.c.team == team, person.c.user == user)
        with reading(self._engine) as connection:
            return connection.execute(query).first() is not None

    def strangers(self, team: str, place: str) -> list[str]:
        """The members of the channel about whom Slack has not been asked."""
        known = select(person.c.user).where(person.c.team == team)
        query = select(member.c.user).where(
            member.c.team == team, member.c.channel == place, member.c.user.not_in(known)
        )

        with reading(self._engine) as connection:
            return sorted(connection.execute(query).scalars())

    def stale(self, team: str, user: str, before: float) -> list[str]:
        """The channels of the person whose members Slack was last asked for earlier than that."""
        query = (
            select(channel.c.id)
            .join(member, and_(member.c.team == channel.c.team, member.c.channel == channel.c.id))
            .where(channel.c.team == team, member.c.user == user, channel.c.asked_at < before)
        )
        with reading(self._engine) as connection:
            return sorted(connection.execute(query).scalars())

    def asked_at(self, team: str, place: str) -> float:
        """When Slack was last asked who is in the channel, 0 for never."""
        query = select(channel.c.asked_at).where(channel.c.team == team, channel.c.id == place)
        with reading(self._engine) as connection:
            return float(connection.execute(query).scalar() or 0.0)

    def set_members(self, team: str, place: str, users: Iterable[str], at: float) -> None:
        """Exactly these users are members, as Slack said at that time."""
        rows = [{"team": team, "channel": place, "user": user} for user in sorted(set(users))]
        mine = (member.c.team == team, member.c.channel == place)

        with writing(self._engine) as connection:
            connection.execute(delete(member).where(*mine))
            if rows:
                connection.execute(insert(member), rows)

            connection.execute(
                update(channel)
                .where(channel.c.team == team, channel.c.id == place)
                .values(asked_at=at)
            )

    def names(self, team: str) -> dict[str, str]:
        """The names of the channels that Slack told of, by id."""
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(channel.c.id, channel.c.name).where(channel.c.team == team)
            )
            return {row.id: row.name for row in rows}

    def read(self, team: str) -> dict[str, str]:
        """The names of the channels in which an admin let Beagle read, by id."""
        query = select(channel.c.id, channel.c.name).where(
            channel.c.team == team, channel.c.read.is_(True)
        )
        with reading(self._engine) as connection:
            return {row.id: row.name for row in connection.execute(query)}

    def may_read_history(self, team: str, place: str) -> bool:
        """Whether an admin let Beagle read what is said in the channel."""
        query = select(channel.c.read).where(channel.c.team == team, channel.c.id == place)
        with reading(self._engine) as connection:
            return bool(connection.execute(query).scalar())

    def name(self, team: str, place: str) -> str:
        """The channel's name as last heard, empty when unknown."""
        query = select(channel.c.name).where(channel.c.team == team, channel.c.id == place)
        with reading(self._engine) as connection:
            return str(connection.execute(query).scalar() or "")

    def stop_reading(self, team: str, place: str) -> None:
        """Nothing more is read in the channel."""
        with writing(self._engine) as connection:
            mine = (channel.c.team == team, channel.c.id == place)
            connection.execute(update(channel).where(*mine).values(read=False))

    def _of(self, connection: Connection, team: str, user: str) -> set[str]:
        query = select(member.c.channel).where(member.c.team == team, member.c.user == user)
        return set(connection.execute(query).scalars())

    def _public(self, connection: Connection, team: str) -> set[str]:
        query = select(channel.c.id).where(channel.c.team == team, channel.c.public.is_(True))
        return set(connection.execute(query).scalars())

    def _outsider(self, connection: Connection, team: str, user: str, place: str | None) -> bool:
        """Whether somebody who reads the answer may be a guest or of another workspace."""
        full = select(person.c.user).where(person.c.team == team, person.c.guest.is_(False))
        if not connection.execute(select(exists(full.where(person.c.user == user)))).scalar():
            return True
        if place is None:
            return False

        there = select(member.c.user).where(member.c.team == team, member.c.channel == place)
        own = select(channel.c.id).where(
            channel.c.team == team, channel.c.id == place, channel.c.shared.is_(False)
        )
        either = ~exists(own) | exists(there.where(member.c.user.not_in(full)))

        return bool(connection.execute(select(either)).scalar())
