"""Takes the answer to a deleted question out of Slack, then deletes what is left of the request."""

from __future__ import annotations

from router.errors import PathError
from router.log import get_log
from workers.context import Context

QUEUE = "answer"
FIRST = True
"""A person has deleted their message: its answer goes before others are written."""

POST_SECONDS = 120.0
"""A post that was begun before the deletion has reached Slack by then, or never will."""
GIVE_UP_SECONDS = 86_400.0
"""How long a Slack that refuses is asked again; then only the row goes."""


def run(context: Context, key: str) -> None:
    """Withdraws request `key`; the reaper runs it again while something may be left to delete."""
    withdrawals = context.store.withdrawals
    at = withdrawals.withdrawn_at(key)
    request = context.store.requests.get(key)
    if at is None or request is None:
        return

    age = context.now() - at
    log = get_log(job="withdraw", request=key)
    try:
        is_clear = context.replies.withdraw(request)
    except PathError as error:
        if error.retry and age < GIVE_UP_SECONDS:
            log.info("answer_not_deleted", error=str(error))
            return

        log.warning("answer_left_in_slack", error=str(error))
        is_clear = True

    if is_clear or age >= POST_SECONDS:
        withdrawals.finish(key)
        log.info("deleted")
