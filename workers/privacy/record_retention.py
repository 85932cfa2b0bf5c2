"""Periodic deletion of records that outlive their words: audit rows, spending, ended requests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from router.config import Settings
from router.log import get_log
from router.store import Store
from router.store.usage.spend import DAY_SECONDS

INTERVAL_SECONDS = 600.0
"""Between two runs. Each deletes a few thousand rows of a table at most."""

MESSAGE_EVENT_SECONDS = 7 * DAY_SECONDS
"""For so long it is known that a message was edited or deleted. Slack repeats an event for a day at
most, so nothing that it says of that message comes later."""


@dataclass(frozen=True, slots=True)
class RecordRetention:
    """Deletes audit rows after `audit_retention_days`, and figures after `record_retention_days`.

    One process calls `run_once` every `INTERVAL_SECONDS`. 0 days keeps them for good.
    """

    store: Store
    settings: Settings
    now: Callable[[], float]

    def run_once(self) -> None:
        """Deletes what is too old."""
        now, records = self.now(), self.store.old_records
        deleted = {"install_state": records.delete_expired_states(now)}
        deleted["event_time"] = records.delete_message_events(now - MESSAGE_EVENT_SECONDS)
        deleted["reminder"] = self.store.reminders.delete_past(now - DAY_SECONDS)

        audit_days = self.settings.audit_retention_days
        if audit_days:
            deleted["audit"] = records.delete_audit(now - audit_days * DAY_SECONDS)

        record_days = self.settings.record_retention_days
        if record_days:
            deleted |= records.delete_usage(now - record_days * DAY_SECONDS)
            before = now - record_days * DAY_SECONDS
            deleted["failure_group"] = self.store.failure_groups.delete_old(before)

        if any(deleted.values()):
            get_log(part="housekeeping").info("records_deleted", **deleted)
