"""Takes back a reminder that Slack has not posted yet, because its words were deleted."""

from __future__ import annotations

from router.errors import NoTokenError, SendError
from router.log import get_log
from router.store.workspace.audit import ActionOutcome, AuditEntry
from workers.context import Context

QUEUE = "answer"
FIRST = True
"""Slack cancels nothing in the last minute before it is posted."""

ACTION, ACTOR = "cancel_reminder", "beagle"
CLAIM_SECONDS = 60.0
"""How long a worker has before another one tries; Slack that was away is asked again then."""
SEARCH_SECONDS = 600.0
"""For so long a reminder that Slack may have taken is looked for; by then it lists it, or has it
not."""


def run(context: Context, key: str) -> None:
    """Cancels reminder `key` in Slack, once, and leaves an audit row that says how it ended."""
    now = context.now()
    if context.sender is None:
        return

    found = context.store.reminders.claim(key, now, now + CLAIM_SECONDS)
    if found is None:
        return

    log = get_log(job="cancel_reminder", request=found.request)
    outcome: ActionOutcome | None
    try:
        outcome = context.sender.cancel(found)
    except (SendError, NoTokenError) as error:
        log.warning("reminder_not_cancelled", error=str(error))
        if error.retry and now < found.post_at:
            return

        outcome = "late" if now >= found.post_at else "refused"

    if outcome is None and now < found.at + SEARCH_SECONDS:
        return

    if outcome is not None:
        entry = AuditEntry(found.team, ACTOR, ACTION, key, outcome, now)
        context.store.audit.record(entry)
        log.info("reminder_cancelled", outcome=outcome)

    context.store.reminders.remove(key)
