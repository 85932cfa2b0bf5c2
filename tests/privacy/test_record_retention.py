"""Records without words are deleted after their time, and nothing else is."""

from __future__ import annotations

import pytest
from sqlalchemy import func, insert, select

from router.config import Settings
from router.store.base.tables import metadata
from router.store.usage.old_records import BATCH
from router.store.usage.spend import DAY_SECONDS, Cap
from router.store.workspace.audit import AuditEntry
from workers.privacy.record_retention import RecordRetention


@pytest.fixture
def store(every_store):
    return every_store


@pytest.fixture
def retention(store, clock):
    def make(**days):
        return RecordRetention(store, Settings(_env_file=None, **days), clock)

    return make


def count(store, name):
    with store.begin() as connection:
        table = metadata.tables[name]
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_an_audit_row_is_deleted_after_its_time(store, clock, retention):
    store.audit.record(AuditEntry("T1", "U1", "channel", "C1", "applied", clock()))
    clock.forward(10 * DAY_SECONDS)
    store.audit.record(AuditEntry("T1", "U2", "channel", "C1", "refused", clock()))

    clock.forward(89 * DAY_SECONDS)
    retention(audit_retention_days=100).run_once()
    assert count(store, "audit") == 2

    clock.forward(2 * DAY_SECONDS)
    retention(audit_retention_days=100).run_once()
    assert [row.user for row in store.audit.for_subject("T1", "C1")] == ["U2"]


def test_spending_of_old_days_is_deleted_and_that_of_today_counts(store, clock, retention):
    cap = Cap(("team", "T1"), requests=100)
    today = int(clock() // DAY_SECONDS)
    for day in (today - 50, today):
        store.spend.reserve([cap], day, 3, 0.5)

    retention(record_retention_days=0.5).run_once()

    assert count(store, "spend") == 1
    assert store.spend.usage(("team", "T1"), today).requests == 3


def test_a_request_goes_with_its_decision_once_it_ended_and_its_text_is_gone(
    store, clock, retention, make_request, make_decision
):
    for request_id, text in (("ended", ""), ("open", ""), ("worded", "please do it")):
        request = make_request(text, id=request_id)
        store.requests.insert(request, clock())
        store.decisions.insert_first(request_id, make_decision(), clock())
        if request_id != "open":
            end(store, request_id)
    clock.forward(400 * DAY_SECONDS)
    store.requests.insert(make_request("", id="young"), clock())
    end(store, "young")

    retention(record_retention_days=399).run_once()

    assert store.requests.get("ended") is None
    assert store.decisions.newest("ended") is None
    for request_id in ("open", "worded", "young"):
        assert store.requests.get(request_id) is not None
    assert store.decisions.newest("worded") is not None


def test_0_days_keep_everything(store, clock, retention, make_request):
    store.requests.insert(make_request("", id="old"), clock())
    end(store, "old")
    store.audit.record(AuditEntry("T1", "U1", "channel", "C1", "applied", clock()))
    store.spend.reserve([Cap(("team", "T1"))], int(clock() // DAY_SECONDS), 1, 0.1)
    clock.forward(10_000 * DAY_SECONDS)

    retention(record_retention_days=0, audit_retention_days=0).run_once()

    assert (count(store, "request"), count(store, "audit"), count(store, "spend")) == (1, 1, 1)


def test_expired_oauth_states_are_deleted(store, clock, retention):
    store.installations.use_state("old", clock() + 10, clock())
    store.installations.use_state("new", clock() + 1_000, clock())
    clock.forward(10)

    retention().run_once()

    assert not store.installations.is_state_used("old")
    assert store.installations.is_state_used("new")


def test_when_a_message_was_deleted_is_known_for_a_week_and_who_left_for_good(
    store, clock, retention
):
    times, at = store.access.event_times, clock()
    times.delete_message("T1", "C1", "1.000001", at)
    times.edit_message("T1", "C1", "1.000002", at)
    store.access.remove_member("T1", "C1", "U1", said_at=at)
    assert not times.edit_message("T1", "C1", "1.000001", at - 1)

    clock.forward(6 * DAY_SECONDS)
    retention().run_once()
    assert count(store, "event_time") == 3

    clock.forward(2 * DAY_SECONDS)
    retention().run_once()
    assert count(store, "event_time") == 1
    assert not times.is_deleted("T1", "C1", "1.000001")


def test_a_run_holds_the_write_lock_for_a_bounded_number_of_rows(store, clock, retention):
    row = {"team": "T1", "user": "U1", "action": "a", "subject": "s", "outcome": "refused"}
    rows = [row | {"at": clock() + number} for number in range(BATCH + 5)]
    with store.begin() as connection:
        connection.execute(insert(metadata.tables["audit"]), rows)
    clock.forward(1_000 * DAY_SECONDS)

    retention().run_once()
    assert count(store, "audit") == 5

    retention().run_once()
    assert count(store, "audit") == 0


def end(store, request_id):
    """Ends a request as one that nobody answers."""
    with store.begin() as connection:
        table = metadata.tables["request"]
        connection.execute(table.update().where(table.c.id == request_id).values(state="ignored"))
