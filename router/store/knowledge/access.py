"""Access control: which channels exist, who is in them, and what the readers of an answer may see.

Everybody in a channel reads the answer there, so it may draw only on what each of them may read:
nothing of the workspace where a guest or another company is present. In a direct message with
Beagle a person sees what they see in Slack.

Only what Slack itself said, and not too long ago, gives a right. An event can be lost, late or out
of order, so an event only takes rights away; where it would give one, what is stored is in doubt
until Slack has been asked again (`workers.knowledge.membership` asks before every search).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypedDict, Unpack

from sqlalchemy import (
    Engine,
    Insert,
    and_,
    delete,
    insert,
    select,
    update,
)

from router.store.base.engine import insert_for, one_statement, writing
from router.store.base.knowledge_tables import channel, member, person
from router.store.base.rows import batches
from router.store.knowledge import event_times
from router.store.knowledge.access_reader import AccessReader, is_channel
from router.store.knowledge.event_times import (
    Aspect,
    EventTimes,
    advance,
    newest_fields,
    note_answer,
    said_since,
)
from router.store.knowledge.foreign_homes import ForeignHomes
from router.store.privacy.channel_privacy import mark_private

UNKNOWN: Mapping[str, object] = {"name": "", "public": False, "shared": False, "read": False}
"""A channel that Slack has not described yet: it is treated as private."""


class ChannelFields(TypedDict, total=False):
    """What is stored of a channel.

    `shared` is whether another workspace is in it, `read` whether an admin let Beagle read its
    history.
    """

    name: str
    public: bool
    shared: bool
    read: bool


class AccessControl(AccessReader):
    """The channel, member and person tables: what Slack said, when, and what follows from it."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._insert = insert_for(engine)
        self.event_times = EventTimes(engine)
        self.foreign_homes = ForeignHomes(engine)

    def add_member(
        self, team: str, channel_id: str, user: str, *, said_at: float | None = None
    ) -> None:
        """Adds a user of whom an event said that they joined.

        They count as a reader of the channel at once, and get a right only from Slack's own list
        (`set_members`).
        """
        row = {"team": team, "channel": channel_id, "user": user}
        aspect = Aspect(team, channel_id, user, event_times.MEMBER)
        with writing(self._engine, ("channel", team, channel_id)) as connection:
            if advance(connection, aspect, said_at, narrows=False):
                connection.execute(self._insert(member).values(row).on_conflict_do_nothing())

    def remove_member(
        self, team: str, channel_id: str, user: str, *, said_at: float | None = None
    ) -> None:
        """Removes the user from the channel's members, and has its list fetched again.

        Events may be lost: a guest who is back already must not be overlooked.
        """
        aspect = Aspect(team, channel_id, user, event_times.MEMBER)
        statement = delete(member).where(
            member.c.team == team, member.c.channel == channel_id, member.c.user == user
        )
        in_doubt = update(channel).where(is_channel(team, channel_id)).values(asked_at=0.0)
        with writing(self._engine, ("channel", team, channel_id)) as connection:
            if advance(connection, aspect, said_at):
                connection.execute(statement)
                connection.execute(in_doubt)

    def set_channel(
        self,
        team: str,
        channel_id: str,
        *,
        at: float | None = None,
        said_at: float | None = None,
        **fields: Unpack[ChannelFields],
    ) -> None:
        """Stores these fields of the channel.

        `at` is when Slack was asked; without it an event said so, at `said_at`: of its fields those
        count of which no newer event spoke. The other fields keep their value, at first the most
        restricted. What was said in a channel that is not public is private from then on, in every
        table.
        """
        with writing(self._engine, ("channel", team, channel_id)) as connection:
            changes = newest_fields(connection, team, channel_id, fields, said_at)
            if said_at is not None and not changes:
                return

            if at is not None:
                note_answer(connection, team, channel_id, fields, at)
                changes |= {"described_at": at, "tried_at": 0.0}
            elif changes.get("public") or changes.get("shared") is False:
                changes["described_at"] = 0.0

            before = select(channel.c.public).where(is_channel(team, channel_id))
            was_public = bool(connection.execute(before).scalar())
            connection.execute(self._upsert_channel(team, channel_id, changes))
            if changes.get("public") is False:
                mark_private(connection, team, channel_id, was_public=was_public)

    def _upsert_channel(self, team: str, channel_id: str, changes: Mapping[str, object]) -> Insert:
        row = {"team": team, "id": channel_id, **UNKNOWN} | dict(changes)
        statement = self._insert(channel).values(row)
        if not changes:
            return statement.on_conflict_do_nothing()  # type: ignore[no-any-return]

        return statement.on_conflict_do_update(  # type: ignore[no-any-return]
            index_elements=["team", "id"], set_=dict(changes)
        )

    def delete_channel(self, team: str, channel_id: str, *, said_at: float | None = None) -> None:
        """Deletes the channel and its members, but for what events said of it after `said_at`."""
        same = is_channel(team, channel_id)
        with writing(self._engine, ("channel", team, channel_id)) as connection:
            at = float("inf") if said_at is None else said_at
            fields, members = said_since(connection, team, channel_id, at)
            of_channel = and_(member.c.team == team, member.c.channel == channel_id)
            connection.execute(delete(member).where(of_channel, member.c.user.not_in(members)))

            reset = {name: value for name, value in UNKNOWN.items() if name not in fields}
            if fields & UNKNOWN.keys():
                in_doubt = {"asked_at": 0.0, "described_at": 0.0}
                connection.execute(update(channel).where(same).values(reset | in_doubt))
            else:
                connection.execute(delete(channel).where(same))

    def set_user(
        self,
        team: str,
        user: str,
        guest: bool,
        *,
        said_at: float | None = None,
        teams: Collection[str] = (),
    ) -> None:
        """Stores that an event said, at `said_at`, whether the user is a guest.

        `teams` are the workspaces of this organisation that it listed for them.
        """
        changes: dict[str, object] = {"guest": guest, "teams": _joined(teams)}
        if not guest:
            changes["asked_at"] = 0.0

        statement = self._insert(person).values({"team": team, "user": user} | changes)
        statement = statement.on_conflict_do_update(index_elements=["team", "user"], set_=changes)
        aspect = Aspect(team, "", user, event_times.PERSON)
        with writing(self._engine, ("user", team, user)) as connection:
            known = select(person.c.asked_at).where(person.c.team == team, person.c.user == user)
            asked_at = float(connection.execute(known).scalar() or 0.0)
            if advance(connection, aspect, said_at, narrows=guest, answered_at=asked_at):
                connection.execute(statement)

    def set_users(
        self,
        team: str,
        guests: Mapping[str, bool],
        *,
        at: float,
        teams: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        """Stores for each user whether they are a guest, as Slack said at that time.

        `teams` are the workspaces of this organisation that it listed for them.
        """
        listed = teams or {}
        values = {"team": team, "asked_at": at, "tried_at": 0.0}
        rows = [
            {**values, "user": user, "guest": guests[user], "teams": _joined(listed.get(user, ()))}
            for user in sorted(guests)
        ]

        with writing(self._engine) as connection:
            for batch in batches(rows):
                statement = self._insert(person).values(list(batch))
                new = statement.excluded
                connection.execute(
                    statement.on_conflict_do_update(
                        index_elements=["team", "user"],
                        set_={
                            "guest": new.guest,
                            "asked_at": new.asked_at,
                            "tried_at": 0.0,
                            "teams": new.teams,
                        },
                    )
                )

    def set_members(self, team: str, channel_id: str, users: Iterable[str], at: float) -> None:
        """Replaces the channel's members by these, as fetched from Slack at that time."""
        # The list replaces all members, so whoever left unnoticed is gone too.
        rows = [
            {"team": team, "channel": channel_id, "user": user, "asked_at": at}
            for user in sorted(set(users))
        ]

        with writing(self._engine, ("channel", team, channel_id)) as connection:
            connection.execute(
                delete(member).where(member.c.team == team, member.c.channel == channel_id)
            )
            if rows:
                connection.execute(insert(member), rows)

            note_answer(connection, team, channel_id, [event_times.MEMBERS], at)
            fetched = update(channel).where(is_channel(team, channel_id))
            connection.execute(fetched.values(asked_at=at))

    def note_silence(
        self, team: str, at: float, *, channels: Sequence[str] = (), users: Sequence[str] = ()
    ) -> None:
        """Stores that Slack was asked about these at that time and did not answer."""
        tried = {"tried_at": at}
        with writing(self._engine) as connection:
            # Sorted: two processes that wait for each other's rows would wait for ever.
            for name in sorted(channels):
                row = {"team": team, "id": name, "name": "", "public": False} | tried
                statement = self._insert(channel).values(row)
                connection.execute(
                    statement.on_conflict_do_update(index_elements=["team", "id"], set_=tried)
                )

            for user in sorted(users):
                statement = self._insert(person).values(team=team, user=user, guest=True, **tried)
                connection.execute(
                    statement.on_conflict_do_update(index_elements=["team", "user"], set_=tried)
                )

    def stop_reading(self, team: str, channel_id: str) -> None:
        """Withdraws the permission to read the channel's history."""
        statement = update(channel).where(is_channel(team, channel_id))
        with one_statement(self._engine) as connection:
            connection.execute(statement.values(read=False))


def _joined(teams: Collection[str]) -> str:
    return " ".join(sorted(teams))
