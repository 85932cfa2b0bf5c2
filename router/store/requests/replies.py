"""The outbox: where each request's one visible answer is posted, recorded before and after."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, Select, delete, select, update

from router.errors import StoppedError
from router.store.base.engine import insert_for, one_statement, writing
from router.store.base.rows import literals
from router.store.base.tables import reply, request


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """Where an answer is posted: `ts` once it is known, `revision` is the one that it shows.

    `posting` says that a post was begun and may have reached Slack without being recorded.
    """

    channel: str
    ts: str | None
    posting: bool
    revision: int | None


class ReplyOutbox:
    """The reply table."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def get(self, key: str) -> OutboxEntry | None:
        """Returns where the answer of a request is posted, None if nothing was tried yet."""
        with one_statement(self._engine) as connection:
            row = connection.execute(_select_entry(key)).mappings().one_or_none()

        return OutboxEntry(**row) if row else None

    def begin_post(self, key: str, channel: str) -> OutboxEntry | None:
        """Records that a post is about to be made.

        Returns the entry before, None the first time. Raises StoppedError when the question was
        deleted meanwhile: then nothing may be posted.
        """
        # Locked until the entry is written: a deletion that comes later finds it.
        asked = select(request.c.state).where(request.c.id == key).with_for_update(read=True)
        values = {"request": key, "channel": channel, "posting": True}
        stays = (
            select(*literals(reply, values))
            .select_from(request)
            .where(request.c.id == key, request.c.state != "withdrawn")
            .with_for_update(read=True)
        )
        entry = self._insert(reply).from_select(list(values), stays).on_conflict_do_nothing()

        with one_statement(self._engine) as connection:
            # Recorded before Slack is called: after a crash the next worker looks there first.
            if connection.execute(entry).rowcount:
                return None

        # An entry exists, or the message was deleted.
        with writing(self._engine) as connection:
            state = connection.execute(asked).scalar()
            if state in (None, "withdrawn"):
                raise StoppedError(f"posting the answer to {key!r}: its message was deleted")

            row = connection.execute(_select_entry(key)).mappings().one_or_none()
            unposted = update(reply).where(reply.c.request == key, reply.c.ts.is_(None))
            connection.execute(unposted.values(posting=True))

        # Whoever had begun it has given it up meanwhile: it is ours to begin.
        return self.begin_post(key, channel) if row is None else OutboxEntry(**row)

    def abandon_post(self, key: str) -> None:
        """Removes the entry of a post that Slack refused, as if it had not been tried."""
        with one_statement(self._engine) as connection:
            connection.execute(delete(reply).where(reply.c.request == key, reply.c.ts.is_(None)))

    def complete_post(self, key: str, ts: str) -> str | None:
        """Records the post's ts.

        Returns the ts that counts, which is another if one was recorded first; None when the
        question was deleted meanwhile and nothing of it is left to record.
        """
        # Two workers may both have posted; the ts that was recorded first counts.
        unposted = update(reply).where(reply.c.request == key, reply.c.ts.is_(None))
        with one_statement(self._engine) as connection:
            if connection.execute(unposted.values(ts=ts, posting=False)).rowcount:
                return ts

        query = select(reply.c.ts).where(reply.c.request == key)
        with one_statement(self._engine) as connection:
            first: str | None = connection.execute(query).scalar()

        return first

    def mark_shown(self, key: str, revision: int) -> None:
        """Records that the post shows the answer of that revision."""
        with one_statement(self._engine) as connection:
            connection.execute(
                update(reply).where(reply.c.request == key).values(revision=revision)
            )

    def request_at(self, team: str, channel: str, ts: str) -> str | None:
        """Returns the id of the workspace's request whose answer is posted at `ts`."""
        query = (
            select(reply.c.request)
            .join(request, request.c.id == reply.c.request)
            .where(reply.c.channel == channel, reply.c.ts == ts, request.c.team == team)
        )
        with one_statement(self._engine) as connection:
            key: str | None = connection.execute(query).scalar()

        return key


def _select_entry(key: str) -> Select[tuple[str, str | None, bool, int | None]]:
    columns = (reply.c.channel, reply.c.ts, reply.c.posting, reply.c.revision)
    return select(*columns).where(reply.c.request == key)
