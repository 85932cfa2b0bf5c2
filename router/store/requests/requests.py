"""Requests and who works on them: written before the ack, leased to one worker at a time.

The lease is the truth and the queue only a wake-up call. `fence` grows with every lease, so a
worker that was paused past its lease can tell that the row is no longer its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Engine, and_, delete, exists, func, or_, select, update

from router.store.base.engine import insert_for, reading, writing
from router.store.base.tables import request
from router.types import Request, RequestState

OPEN: tuple[RequestState, ...] = ("received", "decided")
UNINSTALLED = "uninstalled"
"""The `error` of an open row whose answer waits for the workspace to have a token again."""
FIELDS = tuple(request.c[name] for name in Request.__slots__)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a request until `until`. `tries` counts this one; only the newest `fence` may write."""

    request: Request
    fence: int
    tries: int
    until: float


@dataclass(frozen=True, slots=True)
class Letter:
    """A request that was given up: visible to `doctor`, put back by `replay`."""

    id: str
    channel: str
    tries: int
    error: str
    at: float


class Requests:
    """The request table."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def remember(self, new: Request, wake_at: float) -> bool:
        """The request is stored when this returns; False says that it was known already.

        Both keys count: Slack sends a mention as two events with one ts, and a retry with the same
        event id.
        """
        row = {name: getattr(new, name) for name in Request.__slots__}
        row |= {"thread": new.thread, "wake_at": wake_at, "fence": 0, "tries": 0}

        with writing(self._engine) as connection:
            inserted = connection.execute(
                self._insert(request).values(row).on_conflict_do_nothing()
            )
            return inserted.rowcount == 1

    def get(self, key: str) -> Request | None:
        """The request of that id."""
        with reading(self._engine) as connection:
            row = (
                connection.execute(select(*FIELDS).where(request.c.id == key))
                .mappings()
                .one_or_none()
            )

        return Request(**row) if row else None

    def find(self, channel: str, ts: str, team: str | None = None) -> Request | None:
        """The request that the message at `ts` made, in that workspace: two may share a channel and its messages."""
        query = select(*FIELDS).where(request.c.channel == channel, request.c.ts == ts)
        query = query if team is None else query.where(request.c.team == team)

        with reading(self._engine) as connection:
            row = connection.execute(query).mappings().first()

        return Request(**row) if row else None

    def takes_part(self, team: str, channel: str, thread: str, user: str) -> bool:
        """Whether this person has asked Beagle something in that thread already."""
        asked = exists().where(
            request.c.team == team,
            request.c.channel == channel,
            request.c.thread == thread,
            request.c.user == user,
            request.c.state != "ignored",
        )
        with reading(self._engine) as connection:
            return bool(connection.execute(select(asked)).scalar())

    def thread(self, of: Request, limit: int = 8) -> list[Request]:
        """What was asked earlier in the same thread, oldest first, at most the last `limit`."""
        query = (
            select(*FIELDS)
            .where(
                request.c.team == of.team,
                request.c.channel == of.channel,
                request.c.thread == of.thread,
                request.c.ts < of.ts,
                request.c.state != "ignored",
            )
            .order_by(request.c.ts.desc())
            .limit(limit)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query).mappings().all()

        return [Request(**row) for row in reversed(rows)]

    def take(self, key: str, owner: str, now: float, seconds: float) -> Lease | None:
        """A lease, or None: the row is done, somebody holds it, or an earlier message of its thread is open."""
        earlier = request.alias("earlier")
        blocked = exists().where(
            earlier.c.team == request.c.team,
            earlier.c.channel == request.c.channel,
            earlier.c.thread == request.c.thread,
            earlier.c.ts < request.c.ts,
            earlier.c.state.in_(OPEN),
        )

        free = or_(request.c.lease_until.is_(None), request.c.lease_until <= now)
        statement = (
            update(request)
            .where(request.c.id == key, request.c.state == "decided", free, ~blocked)
            .values(
                fence=request.c.fence + 1,
                tries=request.c.tries + 1,
                owner=owner,
                lease_until=now + seconds,
                wake_at=now + seconds,
            )
            .returning(request.c.fence, request.c.tries, *FIELDS)
        )

        with writing(self._engine) as connection:
            row = connection.execute(statement).mappings().one_or_none()

        if row is None:
            return None

        values = dict(row)
        fence, tries = values.pop("fence"), values.pop("tries")
        return Lease(Request(**values), fence, tries, now + seconds)

    def renew(self, leases: Iterable[Lease], now: float, seconds: float) -> list[Lease]:
        """The leases that are still ours, longer by `seconds` from now; the others have been lost."""
        kept = []
        with writing(self._engine) as connection:
            for lease in leases:
                values = {"lease_until": now + seconds, "wake_at": now + seconds}
                if connection.execute(_mine(lease).values(values)).rowcount:
                    kept.append(replace(lease, until=now + seconds))

        return kept

    def holds(self, lease: Lease) -> bool:
        """Whether nobody took the row since."""
        query = select(request.c.fence).where(request.c.id == lease.request.id)
        with reading(self._engine) as connection:
            return connection.execute(query).scalar() == lease.fence

    def finish(
        self, lease: Lease, state: RequestState, now: float, error: str | None = None
    ) -> str | None:
        """The row is `state` and free; returns the next open request of the thread, which may be taken now.

        Does nothing, and returns None, when the lease has been lost.
        """
        values: dict[str, Any] = {
            "state": state,
            "done_at": now,
            "error": error,
            "owner": None,
            "lease_until": None,
        }

        one = lease.request
        following = (
            select(request.c.id)
            .where(
                request.c.team == one.team,
                request.c.channel == one.channel,
                request.c.thread == one.thread,
                request.c.ts > one.ts,
                request.c.state == "decided",
            )
            .order_by(request.c.ts)
            .limit(1)
        )

        with writing(self._engine) as connection:
            if not connection.execute(_mine(lease).values(values)).rowcount:
                return None

            found: str | None = connection.execute(following).scalar()
            return found

    def retry(self, lease: Lease, wake_at: float, error: str, *, free: bool = False) -> None:
        """The row is free again and will be woken at `wake_at`; with `free` this try does not count."""
        values: dict[str, Any] = {
            "owner": None,
            "lease_until": wake_at,
            "wake_at": wake_at,
            "error": error,
        }

        values |= {"tries": request.c.tries - 1} if free else {}
        with writing(self._engine) as connection:
            connection.execute(_mine(lease).values(values))

    def due(self, state: RequestState, now: float, again: float, limit: int = 500) -> list[str]:
        """Open rows in `state` that should have moved by now, oldest first; each is due again only at `again`."""
        late = and_(request.c.state == state, request.c.wake_at <= now)
        query = select(request.c.id).where(late).order_by(request.c.received_at).limit(limit)

        with reading(self._engine) as connection:
            keys: list[str] = list(connection.execute(query).scalars())

        if keys:
            with writing(self._engine) as connection:
                connection.execute(
                    update(request).where(request.c.id.in_(keys), late).values(wake_at=again)
                )

        return keys

    def reopen(self, key: str, now: float) -> bool:
        """An answered or given-up request is open again, from its newest decision, with fresh tries."""
        statement = (
            update(request)
            .where(request.c.id == key, request.c.state.in_(("answered", "dead")))
            .values(
                state="decided", tries=0, lease_until=None, wake_at=now, done_at=None, error=None
            )
        )
        with writing(self._engine) as connection:
            return connection.execute(statement).rowcount == 1

    def token_back(self, now: float, team: str | None = None) -> int:
        """How many answers waited for a token of the workspace, or of any; they are due now, with fresh tries."""
        waiting = and_(request.c.state == "decided", request.c.error == UNINSTALLED)
        where = waiting if team is None else and_(waiting, request.c.team == team)
        values = {"tries": 0, "lease_until": None, "wake_at": now, "error": None}

        with writing(self._engine) as connection:
            return connection.execute(update(request).where(where).values(values)).rowcount

    def reword(self, key: str, text: str) -> None:
        """The request has other words, because its author changed the message; nothing is run again by that."""
        with writing(self._engine) as connection:
            connection.execute(
                update(request)
                .where(request.c.id == key)
                .values(text=text, vector=None, encoder=None)
            )

    def ignore(self, key: str) -> None:
        """Nothing more happens for a request that has not been answered yet (its message was deleted)."""
        gone = {"state": "ignored", "fence": request.c.fence + 1}
        statement = (
            update(request).where(request.c.id == key, request.c.state.in_(OPEN)).values(gone)
        )

        with writing(self._engine) as connection:
            connection.execute(statement)

    def dead(self, limit: int = 100, team: str | None = None) -> list[Letter]:
        """Requests that were given up, newest first; of one workspace where it is named."""
        query = (
            select(
                request.c.id, request.c.channel, request.c.tries, request.c.error, request.c.done_at
            )
            .where(request.c.state == "dead")
            .order_by(request.c.done_at.desc())
            .limit(limit)
        )

        query = query if team is None else query.where(request.c.team == team)
        with reading(self._engine) as connection:
            return [
                Letter(r.id, r.channel, r.tries, r.error or "", r.done_at)
                for r in connection.execute(query)
            ]

    def waiting(self, now: float, team: str | None = None) -> tuple[int, float]:
        """How many requests are open, and for how many seconds the oldest has been; of one workspace if named."""
        query = select(func.count(), func.min(request.c.received_at)).where(
            request.c.state.in_(OPEN)
        )
        query = query if team is None else query.where(request.c.team == team)

        with reading(self._engine) as connection:
            row = connection.execute(query).one()

        count, oldest = int(row[0]), row[1]
        return count, max(0.0, now - float(oldest)) if oldest is not None else 0.0

    def held(self, key: str) -> bool:
        """Whether a worker is at it now or was when it died."""
        query = select(request.c.owner).where(request.c.id == key)
        with reading(self._engine) as connection:
            return connection.execute(query).scalar() is not None

    def seconds(self, key: str) -> float | None:
        """From arrival to the finished answer, None while there is none."""
        query = select(request.c.done_at - request.c.received_at).where(request.c.id == key)
        with reading(self._engine) as connection:
            found: float | None = connection.execute(query).scalar()

        return found

    def vector(self, key: str) -> tuple[str, bytes] | None:
        """The encoder's id and the float32 bytes of the vector that decide stored."""
        query = select(request.c.encoder, request.c.vector).where(
            request.c.id == key, request.c.vector.is_not(None)
        )
        with reading(self._engine) as connection:
            row = connection.execute(query).one_or_none()

        return (row.encoder, row.vector) if row else None

    def forget(self, keys: Sequence[str]) -> None:
        """The rows and everything that hangs on them are gone."""
        with writing(self._engine) as connection:
            connection.execute(delete(request).where(request.c.id.in_(keys)))


def _mine(lease: Lease) -> Any:
    return update(request).where(request.c.id == lease.request.id, request.c.fence == lease.fence)
