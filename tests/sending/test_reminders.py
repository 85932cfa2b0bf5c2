"""A reminder whose words were deleted is taken back before Slack posts it, and that is audited."""

from __future__ import annotations

import pytest

from bot.intake.requests import Intake
from bot.sandbox.seed_data import BOT_USER_ID, TEAM_ID
from router.types import SlackPerson
from tests.fixtures.knowledge import index
from tests.sending.conftest import ADA, OMAR
from workers.jobs import cancel_reminder
from workers.privacy.erasure import erase_person
from workers.privacy.text_retention import expire_texts
from workers.runtime.person_limit import PersonLimit
from workers.runtime.reaper import reap_reminders

__all__ = ["index"]  # a fixture

SOON = {"selected_option": {"value": "In 20 minutes"}}
POSTED = "9000000001.000000"
"""Where the answer is posted."""


@pytest.fixture(autouse=True)
def nothing_scheduled(desk):
    """Slack is that of the whole module, and each test has a store that knows its own alone."""
    desk.sandbox.call(desk.sandbox.context.scheduled_messages.clear)


def remind(desk, user=ADA):
    desk.submit(desk.pick("Remind me here", user), user, when=SOON)
    desk.work()


def scheduled(desk):
    """What Slack is to post of this test's answer."""
    listed = desk.client.chat_scheduledMessages_list(channel=desk.request.channel, limit=1000)
    return [m for m in listed["scheduled_messages"] if desk.request.ts in m["text"]]


def cancel(desk):
    """Cancels what is to be cancelled, as the reaper has it done."""
    reap_reminders(desk.store.reminders, desk.context.queue, desk.clock())
    while desk.context.queue.jobs:
        job, key = desk.context.queue.jobs.popleft()
        if job == "cancel_reminder":
            cancel_reminder.run(desk.context, key)


def audited(desk):
    """How each cancellation ended, by the audit log."""
    with desk.store.begin() as connection:
        rows = connection.exec_driver_sql(
            "SELECT team, \"user\", outcome FROM audit WHERE action = 'cancel_reminder'"
        )
        return [tuple(row) for row in rows]


def question_deleted(desk, index):
    place = (desk.request.team, desk.request.channel, desk.request.ts)
    desk.store.withdrawals.begin(*place, desk.clock())


def answer_deleted(desk, index):
    desk.store.replies.begin_post(desk.request.id, desk.request.channel)
    desk.store.replies.complete_post(desk.request.id, POSTED)
    intake = Intake(desk.store, BOT_USER_ID, desk.clock, lambda: "n", PersonLimit(0, desk.clock))
    event = {
        "type": "message",
        "subtype": "message_deleted",
        "channel": desk.request.channel,
        "deleted_ts": POSTED,
    }
    body = {"type": "event_callback", "team_id": TEAM_ID, "event": event}
    intake(body=body, context={}, next=lambda: None)


def asker_forgotten(desk, index):
    erase_person(desk.store, index, TEAM_ID, ADA, desk.clock())


def texts_expired(desk, index):
    expire_texts(desk.store, desk.clock() + 86_400, 0.5)


DELETIONS = [question_deleted, answer_deleted, asker_forgotten, texts_expired]


@pytest.mark.parametrize("deletion", DELETIONS)
def test_it_is_taken_back_and_audited_once(desk, index, deletion):
    remind(desk)
    assert len(scheduled(desk)) == 1

    deletion(desk, index)
    cancel(desk)
    cancel(desk)

    assert scheduled(desk) == []
    assert audited(desk) == [(TEAM_ID, "beagle", "applied")]
    assert desk.store.reminders.overdue(float("inf")) == []


def test_one_that_somebody_asked_for_goes_with_them(desk, index):
    remind(desk, OMAR)

    erase_person(desk.store, index, TEAM_ID, OMAR, desk.clock())
    cancel(desk)

    assert scheduled(desk) == []
    assert desk.store.requests.get(desk.request.id).asker == SlackPerson(TEAM_ID, ADA)


def test_one_that_is_wanted_stays(desk):
    remind(desk)

    cancel(desk)

    assert len(scheduled(desk)) == 1
    assert audited(desk) == []


def test_one_that_slack_posts_within_a_minute_is_audited_as_too_late(desk, index):
    remind(desk)
    (message,) = scheduled(desk)

    def soon():
        kept = desk.sandbox.context.scheduled_messages[message["id"]]
        kept["post_at"] = int(desk.sandbox.context.clock.now()) + 30

    desk.sandbox.call(soon)
    question_deleted(desk, index)
    cancel(desk)

    assert len(scheduled(desk)) == 1
    assert audited(desk) == [(TEAM_ID, "beagle", "late")]


@pytest.mark.parametrize("fault", ["refused", "malformed"])
def test_while_slack_is_away_it_is_tried_again(desk, index, fault):
    remind(desk)
    question_deleted(desk, index)
    for _ in range(2):
        desk.sandbox.inject_fault(fault, on="chat.deleteScheduledMessage", times=8)
        cancel(desk)
        desk.sandbox.clear_faults()
        desk.clock.forward(cancel_reminder.CLAIM_SECONDS)

    cancel(desk)

    assert scheduled(desk) == []
    assert len(audited(desk)) == 1


def test_one_that_no_worker_lived_to_record_is_found_in_slack(desk, index):
    view = desk.pick("Remind me here")
    desk.sandbox.inject_fault("reset_after", on="chat.scheduleMessage", times=1)
    desk.submit(view, when=SOON)
    desk.work()
    assert len(scheduled(desk)) == 1

    question_deleted(desk, index)
    cancel(desk)

    assert scheduled(desk) == []
    assert audited(desk) == [(TEAM_ID, "beagle", "applied")]


def test_one_that_slack_never_got_is_looked_for_and_then_forgotten(desk, index):
    view = desk.pick("Remind me here")
    desk.sandbox.inject_fault("reset_before", on="chat.scheduleMessage", times=1)
    desk.submit(view, when=SOON)
    desk.work()
    question_deleted(desk, index)

    cancel(desk)
    assert desk.store.reminders.overdue(float("inf")) != []

    desk.clock.forward(cancel_reminder.SEARCH_SECONDS + 200)
    cancel(desk)
    assert desk.store.reminders.overdue(float("inf")) == []
    assert audited(desk) == []


def test_of_a_deleted_question_no_reminder_is_handed_to_slack(desk, index):
    desk.submit(desk.pick("Remind me here"), when=SOON)
    question_deleted(desk, index)

    desk.work()

    assert scheduled(desk) == []


def test_rows_of_reminders_that_were_posted_go(desk):
    remind(desk)

    assert desk.store.reminders.delete_past(desk.clock()) == 0
    assert desk.store.reminders.delete_past(desk.clock() + 86_400) == 1
