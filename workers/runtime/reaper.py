"""The reaper: enqueues rows that should have moved, because the queue may lose entries.

A row is overdue when its worker died, its queue entry was lost, or its retry is due.
"""

from __future__ import annotations

from router.store import Store
from router.store.requests.proposals import Proposals
from router.store.requests.reminders import Reminders
from router.store.requests.requests import Requests
from router.store.requests.sendings import Sendings
from workers.ports import Queue

PROPOSAL_SECONDS = 5.0
"""A click enqueues its proposal itself; only one that waits longer than this is enqueued again."""
MAX_QUEUE_DEPTH = 500
"""With a longer queue nothing is enqueued again: the rows are in it, only waiting."""


def reap_requests(requests: Requests, queue: Queue, now: float, again_seconds: float) -> int:
    """Enqueues overdue decided requests and returns how many; each is due again later.

    Enqueueing a request twice does no harm, because only one worker gets its lease.
    """
    room = _room(queue)
    if not room:
        return 0

    keys = requests.claim_overdue("decided", now, now + again_seconds, limit=room)
    for key in keys:
        queue.enqueue("answer", key)

    return len(keys)


def reap_withdrawals(requests: Requests, queue: Queue, now: float, again_seconds: float) -> int:
    """Enqueues overdue withdrawn requests and returns how many."""
    if not _room(queue):
        return 0

    keys = requests.claim_overdue("withdrawn", now, now + again_seconds)
    for key in keys:
        queue.enqueue("withdraw", key)

    return len(keys)


def reap_proposals(proposals: Proposals, queue: Queue, now: float) -> int:
    """Enqueues overdue confirmed proposals and returns how many."""
    if not _room(queue):
        return 0

    keys = proposals.overdue(now - PROPOSAL_SECONDS)
    for key in keys:
        queue.enqueue("execute_proposal", key)

    return len(keys)


def reap_sendings(sendings: Sendings, queue: Queue, now: float) -> int:
    """Enqueues overdue sendings, and those of whose end a person was not told; returns how many."""
    if not _room(queue):
        return 0

    keys = sendings.overdue(now - PROPOSAL_SECONDS)
    for key in keys:
        queue.enqueue("send_answer", key)

    return len(keys)


def reap_reminders(reminders: Reminders, queue: Queue, now: float) -> int:
    """Enqueues the reminders that are to be cancelled and returns how many."""
    if not _room(queue):
        return 0

    keys = reminders.overdue(now)
    for key in keys:
        queue.enqueue("cancel_reminder", key)

    return len(keys)


def _room(queue: Queue) -> int:
    """Returns how many wake-up calls fit.

    Without a worker, or with a long backlog, each round would enqueue the same rows once more.
    """
    return max(0, MAX_QUEUE_DEPTH - sum(queue.depth().values()))


def reap(store: Store, queue: Queue, now: float, again_seconds: float) -> None:
    """Enqueues whatever a worker that died, or a wake-up call that was lost, left undone."""
    reap_requests(store.requests, queue, now, again_seconds)
    reap_proposals(store.proposals, queue, now)
    reap_sendings(store.sendings, queue, now)
    reap_reminders(store.reminders, queue, now)
    reap_withdrawals(store.requests, queue, now, again_seconds)
