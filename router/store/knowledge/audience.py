"""Who reads an answer, and what each of them may read: the queries behind `AccessControl.viewer`.

In each of them, `since` is the time (unix seconds) after which Slack must have said it. What Slack
has not said since counts as the most restricted case.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, or_, select, union

from router.store.base.knowledge_tables import channel, member, person
from router.store.base.loose_scan import distinct_by_team
from router.store.base.mining_tables import overheard
from router.store.base.tables import request


def channels_of(connection: Connection, team: str, user: str, since: float) -> set[str]:
    """Returns the channels that the user is in."""
    query = select(member.c.channel).where(
        member.c.team == team, member.c.user == user, member.c.asked_at >= since
    )
    return set(connection.execute(query).scalars())


def public_channels(connection: Connection, team: str, since: float) -> set[str]:
    """Returns the public channels, which every full member may read."""
    query = select(channel.c.id).where(
        channel.c.team == team, channel.c.public.is_(True), channel.c.described_at >= since
    )
    return set(connection.execute(query).scalars())


def is_full_member(connection: Connection, team: str, user: str, since: float) -> bool:
    """Returns whether Slack has said that the user is no guest."""
    found = _full_members(team, since).where(person.c.user == user)
    return connection.execute(found).first() is not None


def has_outsider(
    connection: Connection, team: str, user: str, channel_id: str, since: float
) -> bool:
    """Returns whether a reader in the channel may be a guest or of another workspace.

    Security: anything unknown counts as an outsider: the asker, the channel itself, and any member.
    """
    if not is_full_member(connection, team, user, since):
        return True

    # A channel shared with another company has readers whom this workspace does not know.
    own_channel = exists().where(
        channel.c.team == team,
        channel.c.id == channel_id,
        channel.c.shared.is_(False),
        _is_current(since),
    )
    outsider = exists().where(
        member.c.team == team,
        member.c.channel == channel_id,
        member.c.user.not_in(_full_members(team, since)),
    )

    return bool(connection.execute(select(~own_channel | outsider)).scalar())


def stale_public_channels(since: float, tried: float, limit: int) -> Select[tuple[str, str]]:
    """Returns the query behind `AccessControl.stale_public_channels`."""
    asked = distinct_by_team(request.c.channel, request.c.channel_kind == "public")
    mined = distinct_by_team(overheard.c.channel, overheard.c.channel_kind == "public")
    said = union(
        select(asked.c.team, asked.c.channel),
        select(mined.c.team, mined.c.channel),
        # Also those that only an event has named: until then they count as private.
        select(channel.c.team, channel.c.id).where(
            or_(channel.c.public.is_(True), channel.c.described_at == 0.0)
        ),
    ).subquery()
    same = and_(channel.c.team == said.c.team, channel.c.id == said.c.channel)
    described = func.coalesce(channel.c.described_at, 0.0)
    return (
        select(said.c.team, said.c.channel)
        .outerjoin(channel, same)
        .where(described < since, func.coalesce(channel.c.tried_at, 0.0) < tried)
        .order_by(described, said.c.team, said.c.channel)
        .limit(limit)
    )


def _full_members(team: str, since: float) -> Select[tuple[str]]:
    return select(person.c.user).where(
        person.c.team == team, person.c.guest.is_(False), person.c.asked_at >= since
    )


def _is_current(since: float) -> ColumnElement[bool]:
    return and_(channel.c.described_at >= since, channel.c.asked_at >= since)
