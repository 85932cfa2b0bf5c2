"""Leases as rows: takes a request for one worker, and writes only while it is still held."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Update, and_, case, update

from router.store.base.tables import request
from router.store.requests.conditions import is_free, waits_for_thread
from router.types import Request, RequestState

FIELDS = tuple(request.c[name] for name in Request.__slots__)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a request until `until` (unix seconds).

    `fence` is the fencing token: only the holder of the newest may write. `tries` counts the
    attempts, this one included. `served_for` is whose turn it takes, as `SlackPerson.key_in_team`:
    the asker's, or of whoever asked to run it again. `at_limit` says that this person has as many
    requests in work as one may have: when this one ends, a slot must be woken for the next one.
    """

    request: Request
    fence: int
    tries: int
    until: float
    served_for: str = ""
    at_limit: bool = False


def lease_request(
    connection: Connection, key: str, owner: str, now: float, seconds: float
) -> Lease | None:
    """Leases the request to `owner` for `seconds`; None if it may not be served now."""
    # One statement checks and takes the row, so two workers cannot both get it.
    statement = (
        update(request)
        .where(
            request.c.id == key,
            request.c.state == "decided",
            is_free(now),
            ~waits_for_thread(),
        )
        .values(
            # The token grows with every lease and never shrinks.
            fence=request.c.fence + 1,
            tries=request.c.tries + 1,
            owner=owner,
            lease_until=now + seconds,
            wake_at=now + seconds,
        )
        .returning(request.c.fence, request.c.tries, request.c.served_for, *FIELDS)
    )
    # No row: the conditions above did not hold, or there is no such request.
    row = connection.execute(statement).mappings().one_or_none()
    if row is None:
        return None

    values = dict(row)
    fence, tries = values.pop("fence"), values.pop("tries")
    served_for = values.pop("served_for")
    return Lease(Request(**values), fence, tries, now + seconds, served_for)


def update_held(lease: Lease) -> Update:
    """Returns an update of the request that changes nothing once the lease has been lost."""
    return update(request).where(request.c.id == lease.request.id, request.c.fence == lease.fence)


def closing_values(
    lease: Lease, state: RequestState, now: float, error: str | None
) -> dict[str, object]:
    """Returns what frees the request and closes it; one that was asked for again stays open."""
    again = _is_asked_again(lease)
    return {
        "state": case((again, request.c.state), else_=state),
        "done_at": case((again, request.c.done_at), else_=now),
        "error": case((again, request.c.error), else_=error),
        "owner": None,
        "lease_until": None,
    }


def retry_values(lease: Lease, wake_at: float, error: str, *, free: bool) -> dict[str, object]:
    """Returns what frees the request until `wake_at`, or at once if it was asked for again."""
    again = _is_asked_again(lease)
    values: dict[str, object] = {
        "owner": None,
        # A lease that nobody holds keeps every worker off until then.
        "lease_until": case((again, None), else_=wake_at),
        "wake_at": case((again, request.c.wake_at), else_=wake_at),
        "error": case((again, request.c.error), else_=error),
    }
    if free:
        values["tries"] = case((again, 0), else_=request.c.tries - 1)

    return values


def _is_asked_again(lease: Lease) -> ColumnElement[bool]:
    """Returns whether somebody asked for the request again while it was held.

    With a click on an answer that is shown but not closed yet: that begins the tries anew.
    """
    return request.c.tries != lease.tries


def bring_back(connection: Connection, key: str, now: float) -> None:
    """Ends the wait of a request that was set aside for the one before it in its thread."""
    is_aside = and_(
        request.c.id == key,
        request.c.owner.is_(None),
        request.c.tries == 0,
        # Not one that was stopped or opened again meanwhile: it is free already.
        request.c.lease_until.is_not(None),
    )
    values = {"lease_until": None, "wake_at": now}
    connection.execute(update(request).where(is_aside).values(values))
