"""Requests: stored before their event is acknowledged, and leased to one worker at a time.

The lease decides, the queue only wakes workers up. Each lease raises the row's fencing token, so a
worker that was paused past its lease learns that the request is no longer its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import Engine, and_, exists, func, select, tuple_, update

from router.store.base.compact import unpack_vector
from router.store.base.engine import insert_for, one_statement, writing
from router.store.base.rows import as_row
from router.store.base.tables import request
from router.store.requests.conditions import OPEN
from router.store.requests.dead_letters import DeadLetter, read_dead_letters
from router.store.requests.leasing import (
    FIELDS,
    Lease,
    bring_back,
    closing_values,
    lease_request,
    retry_values,
    update_held,
)
from router.store.requests.turns import lock_next, people_in_turn, record_turn, request_of
from router.types import GONE, WITHOUT_FILES, ChannelKind, Request, RequestState, SlackPerson

UNINSTALLED = "uninstalled"
"""The `error` of an open request whose answer waits until the workspace has a token again."""


class Requests:
    """The request table."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    @property
    def has_one_writer(self) -> bool:
        """Whether writers take turns, as on SQLite."""
        return self._engine.dialect.name == "sqlite"

    def insert(self, new: Request, wake_at: float) -> bool:
        """Inserts the request, durably; returns False if it is stored already.

        Slack sends a mention as two events with one ts, and a retry with the same event id, so both
        keys are unique.
        """
        row = new_row(new, wake_at)
        statement = self._insert(request).values(row).on_conflict_do_nothing()

        with one_statement(self._engine) as connection:
            return connection.execute(statement).rowcount == 1

    def add_files(self, team: str, channel: str, ts: str, files: str) -> None:
        """Stores the ids of a request's files, unless it has some.

        Slack sends a mention as two events, and not each of them names the files.
        """
        is_bare = (
            request.c.team == team,
            request.c.channel == channel,
            request.c.ts == ts,
            request.c.files == "",
        )
        with one_statement(self._engine) as connection:
            connection.execute(update(request).where(*is_bare).values(files=files))

    def leave_files(self, key: str) -> None:
        """Marks that the request is to be answered without its files, or those of its thread."""
        is_new = request.c.files.not_like(f"{WITHOUT_FILES}%")
        marked = WITHOUT_FILES + " " + request.c.files
        with one_statement(self._engine) as connection:
            connection.execute(
                update(request).where(request.c.id == key, is_new).values(files=marked)
            )

    def get(self, key: str) -> Request | None:
        """Returns the request of that id."""
        query = select(*FIELDS).where(request.c.id == key)
        with one_statement(self._engine) as connection:
            row = connection.execute(query).mappings().one_or_none()

        return Request(**row) if row else None

    def find(self, team: str, channel: str, ts: str) -> Request | None:
        """Returns the request that the message at `ts` made in the workspace.

        Two workspaces may share a channel and its messages, and each has a request of its own.
        """
        query = select(*FIELDS).where(
            request.c.team == team, request.c.channel == channel, request.c.ts == ts
        )
        with one_statement(self._engine) as connection:
            row = connection.execute(query).mappings().one_or_none()

        return Request(**row) if row else None

    def has_asked_in_thread(self, person: SlackPerson, channel: str, thread: str) -> bool:
        """Returns whether this person has asked Beagle something in the thread already."""
        asked = exists().where(
            request.c.team == person.team,
            request.c.channel == channel,
            request.c.thread == thread,
            request.c.user == person.user,
            request.c.user_team == person.home,
            request.c.state.not_in(GONE),
        )
        with one_statement(self._engine) as connection:
            return bool(connection.execute(select(asked)).scalar())

    def earlier_in_thread(self, later: Request, limit: int = 8) -> list[Request]:
        """Returns the last `limit` requests before `later` in its thread, oldest first."""
        query = (
            select(*FIELDS)
            .where(
                request.c.team == later.team,
                request.c.channel == later.channel,
                request.c.thread == later.thread,
                request.c.ts < later.ts,
                request.c.state.not_in(GONE),
            )
            .order_by(request.c.ts.desc())
            .limit(limit)
        )
        with one_statement(self._engine) as connection:
            rows = connection.execute(query).mappings().all()

        return [Request(**row) for row in reversed(rows)]

    def acquire(self, key: str, owner: str, now: float, seconds: float) -> Lease | None:
        """Leases the request to `owner` for `seconds`.

        Returns None if it needs no work, if somebody holds it, or while an earlier message of its
        thread is open.
        """
        with one_statement(self._engine) as connection:
            return lease_request(connection, key, owner, now, seconds)

    def claim(
        self, owner: str, now: float, seconds: float, max_busy: int | None = None
    ) -> Lease | None:
        """Leases the request whose turn it is to `owner` for `seconds`; None if none may be served.

        Turns go round between workspaces, and between the people of each. A person for whom
        `max_busy` requests are being served has to wait for one of them to end.
        """
        people = people_in_turn(self._engine, now, max_busy)
        while people:
            with writing(self._engine) as connection:
                person = lock_next(connection, people)
                people.remove(person)
                chosen = request_of(connection, person, now, now + seconds, max_busy)
                if chosen is None:
                    continue

                key, busy = chosen
                lease = lease_request(connection, key, owner, now, seconds)
                if lease is None:
                    continue

                record_turn(connection, self._insert, person)

            return replace(lease, at_limit=max_busy is not None and busy + 1 >= max_busy)

        return None

    def renew(self, leases: Iterable[Lease], now: float, seconds: float) -> list[Lease]:
        """Extends the leases to `seconds` from now; returns those that are still held."""
        values = {"lease_until": now + seconds, "wake_at": now + seconds}
        by_token = {(lease.request.id, lease.fence): lease for lease in leases}
        held = tuple_(request.c.id, request.c.fence)
        statement = update(request).where(held.in_(list(by_token))).values(values)

        with one_statement(self._engine) as connection:
            rows = connection.execute(statement.returning(request.c.id, request.c.fence)).all()

        return [replace(by_token[row.id, row.fence], until=now + seconds) for row in rows]

    def is_current(self, lease: Lease) -> bool:
        """Returns whether nobody has leased or stopped the request since."""
        query = select(request.c.fence).where(request.c.id == lease.request.id)
        with one_statement(self._engine) as connection:
            # A row that was deleted meanwhile has no token, so its lease is not current either.
            return connection.execute(query).scalar() == lease.fence

    def complete(
        self, lease: Lease, state: RequestState, now: float, error: str | None = None
    ) -> str | None:
        """Sets the request's final state and frees it; returns the next open request of its thread.

        That is the request itself, still open, where somebody asked for it again meanwhile. Does
        nothing, and returns None, if the lease has been lost.
        """
        completed = lease.request
        # Whoever waits behind this request in its thread may be answered now.
        following = (
            select(request.c.id)
            .where(
                request.c.team == completed.team,
                request.c.channel == completed.channel,
                request.c.thread == completed.thread,
                request.c.ts > completed.ts,
                request.c.state == "decided",
            )
            .order_by(request.c.ts)
            .limit(1)
        )

        # Not one transaction, which costs more round trips: whoever sets the next request aside has
        # locked this one before. After a crash in between it waits for the end of that time.
        values = closing_values(lease, state, now, error)
        closed = update_held(lease).values(values).returning(request.c.state)
        with one_statement(self._engine) as connection:
            final_state = connection.execute(closed).scalar()
            if final_state is None:
                return None
            if final_state == "decided":
                return completed.id

        with one_statement(self._engine) as connection:
            key: str | None = connection.execute(following).scalar()

        if key is not None:
            with one_statement(self._engine) as connection:
                bring_back(connection, key, now)

        return key

    def retry(self, lease: Lease, wake_at: float, error: str, *, free: bool = False) -> None:
        """Frees the request until it is tried again at `wake_at`.

        With `free` this attempt does not count.
        """
        values = retry_values(lease, wake_at, error, free=free)
        with one_statement(self._engine) as connection:
            connection.execute(update_held(lease).values(values))

    def claim_overdue(
        self, state: RequestState, now: float, again: float, limit: int = 500
    ) -> list[str]:
        """Returns requests in `state` that should have moved by now, oldest first.

        None of them is returned again before `again`.
        """
        overdue = and_(request.c.state == state, request.c.wake_at <= now)
        query = select(request.c.id).where(overdue).order_by(request.c.received_at).limit(limit)

        with one_statement(self._engine) as connection:
            keys: list[str] = list(connection.execute(query).scalars())

        # Nearly always there are none, and then nobody waits for the write lock.
        if not keys:
            return []

        claimed = update(request).where(request.c.id.in_(keys), overdue).values(wake_at=again)
        with one_statement(self._engine) as connection:
            ours: set[str] = set(connection.execute(claimed.returning(request.c.id)).scalars())

        # What another process has claimed meanwhile is its own.
        return [key for key in keys if key in ours]

    def reopen(self, key: str, now: float) -> bool:
        """Opens an answered or dead request again, with all its attempts.

        Its newest decision counts.
        """
        statement = (
            update(request)
            .where(request.c.id == key, request.c.state.in_(("answered", "dead")))
            .values(
                state="decided",
                tries=0,
                lease_until=None,
                wake_at=now,
                done_at=None,
                error=None,
            )
        )
        with one_statement(self._engine) as connection:
            return connection.execute(statement).rowcount == 1

    def wake_token_waiters(self, now: float, team: str | None = None) -> int:
        """Makes the answers due that wait for a token of the workspace, or of any.

        Returns how many.
        """
        waiting = and_(request.c.state == "decided", request.c.error == UNINSTALLED)
        if team is not None:
            waiting = and_(waiting, request.c.team == team)

        values = {"tries": 0, "lease_until": None, "wake_at": now, "error": None}
        with one_statement(self._engine) as connection:
            return connection.execute(update(request).where(waiting).values(values)).rowcount

    def update_text(self, key: str, text: str) -> None:
        """Stores the text of an edited message; the request is not answered again for it."""
        # The vector belongs to the text before.
        values = {"text": text, "vector": None, "encoder": None}
        with one_statement(self._engine) as connection:
            kept = (request.c.id == key, request.c.state.not_in(GONE))
            connection.execute(update(request).where(*kept).values(values))

    def set_channel_kind(self, key: str, kind: ChannelKind) -> None:
        """Stores what kind of channel the request is from, once that is known."""
        with writing(self._engine) as connection:
            connection.execute(update(request).where(request.c.id == key).values(channel_kind=kind))

    def ignore(self, key: str) -> None:
        """Drops an unanswered request that nobody addressed to Beagle.

        A worker on it loses its lease.
        """
        # A raised token takes the request from whoever is at work on it.
        values = {"state": "ignored", "fence": request.c.fence + 1}
        statement = update(request).where(request.c.id == key, request.c.state.in_(OPEN))

        with one_statement(self._engine) as connection:
            connection.execute(statement.values(values))

    def dead_letters(self, limit: int = 100, team: str | None = None) -> list[DeadLetter]:
        """Returns the requests that were given up, newest first.

        Of one workspace if it is named.
        """
        with one_statement(self._engine) as connection:
            return read_dead_letters(connection, limit, team)

    def open_count(self, now: float, team: str | None = None) -> tuple[int, float]:
        """Returns how many requests are open and the age of the oldest in seconds.

        Of one workspace if named.
        """
        query = select(func.count(), func.min(request.c.received_at)).where(
            request.c.state.in_(OPEN)
        )
        if team is not None:
            query = query.where(request.c.team == team)

        with one_statement(self._engine) as connection:
            row = connection.execute(query).one()

        count: int = row[0]
        oldest: float | None = row[1]
        return count, max(0.0, now - oldest) if oldest is not None else 0.0

    def has_owner(self, key: str) -> bool:
        """Returns whether a worker is at it, or was when it died."""
        query = select(request.c.owner).where(request.c.id == key)
        with one_statement(self._engine) as connection:
            return connection.execute(query).scalar() is not None

    def answer_seconds(self, key: str) -> float | None:
        """Returns the seconds from arrival to the finished answer, None while there is none."""
        query = select(request.c.done_at - request.c.received_at).where(request.c.id == key)
        with one_statement(self._engine) as connection:
            seconds: float | None = connection.execute(query).scalar()

        return seconds

    def vector(self, key: str) -> tuple[str, bytes] | None:
        """Returns the encoder's id and the float32 bytes of the vector that deciding stored."""
        query = select(request.c.encoder, request.c.vector).where(
            request.c.id == key, request.c.vector.is_not(None)
        )
        with one_statement(self._engine) as connection:
            row = connection.execute(query).one_or_none()

        return (row.encoder, unpack_vector(row.vector)) if row else None


def new_row(new: Request, wake_at: float) -> dict[str, object]:
    """Returns the request table's row of a request that nobody has decided yet."""
    row = as_row(new)
    row |= {"thread": new.thread, "wake_at": wake_at, "fence": 0, "tries": 0}
    row["served_for"] = new.asker.key_in_team
    return row
