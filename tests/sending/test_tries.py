"""Tries of one sending: what is not known is looked for until it is, and nothing runs twice."""

from __future__ import annotations

import contextlib

import pytest

from bot.replies.sending import SlackSender
from bot.sandbox.faults.faults import CALL_KINDS
from bot.ui.texts import sending as texts
from router.errors import StoreAwayError
from router.store.requests.sendings import Sendings
from tests.sending.conftest import GRACE
from tests.sending.test_send_answer import random_of
from workers.jobs import send_answer
from workers.runtime.reaper import MAX_QUEUE_DEPTH, reap_sendings

HANGING = ("timeout_before", "timeout_after")


def run_tries(desk, times: int = 8) -> None:
    """Runs the job, then again whenever it is due, as the reaper does."""
    desk.work()
    for _ in range(times):
        desk.clock.forward(4000)
        for key in desk.store.sendings.overdue(desk.clock()):
            send_answer.run(desk.context, key)


@pytest.mark.parametrize("kind", [kind for kind in CALL_KINDS if kind not in HANGING])
def test_a_post_that_fails_in_any_way_is_there_once(desk, kind) -> None:
    desk.sandbox.inject_fault(kind, on="chat.postMessage", times=1)
    desk.submit(desk.pick("A channel"), channel=random_of(desk))
    run_tries(desk)

    assert len(desk.passed_on("random")) == 1
    assert desk.told()[-1].startswith("Sent: it is posted in <#")


@pytest.mark.parametrize(
    ("kind", "method", "fault"),
    [
        ("channel", "conversations.history", {"kind": "refused", "error": "ratelimited"}),
        ("channel", "conversations.history", {"kind": "refused", "error": "internal_error"}),
        ("person", "conversations.open", {"kind": "refused", "error": "ratelimited"}),
        ("person", "conversations.history", {"kind": "refused", "error": "missing_scope"}),
    ],
    ids=str,
)
def test_a_search_that_breaks_off_is_done_again(desk, kind, method, fault) -> None:
    place, answers = {
        "channel": (("random", "ada"), {"channel": random_of(desk)}),
        "person": (("dm", "grace"), {"person": {"selected_user": GRACE}}),
    }[kind]
    desk.submit(desk.pick(texts.KINDS[kind]), **answers)
    desk.sandbox.inject_fault("reset_after", on="chat.postMessage", times=1)
    desk.work()
    assert len(desk.passed_on(*place)) == 1

    desk.sandbox.inject_fault(fault.pop("kind"), on=method, times=1, **fault)
    run_tries(desk)
    assert len(desk.passed_on(*place)) == 1


def test_calls_that_wait_in_the_queue_twice_use_up_no_tries(desk, receiver) -> None:
    receiver.statuses = [503]
    desk.submit(desk.pick("Desk"))
    for _ in range(len(send_answer.RETRY_SECONDS) + 1):
        desk.context.queue.enqueue(*desk.context.queue.jobs[0])
    desk.work()
    assert receiver.got == []

    run_tries(desk, times=1)
    assert len(receiver.got) == 1


def test_two_workers_tell_the_person_once(desk, monkeypatch) -> None:
    tell = SlackSender.tell

    def tell_slowly(sender, request, ended) -> bool:
        monkeypatch.setattr(SlackSender, "tell", tell)
        send_answer.run(desk.context, ended.key)
        return tell(sender, request, ended)

    monkeypatch.setattr(SlackSender, "tell", tell_slowly)
    desk.submit(desk.pick("A channel"), channel=random_of(desk))
    before = len(desk.told())
    desk.work()
    assert len(desk.told()) == before + 1


def test_a_worker_that_slept_through_a_second_press_sends_nothing(desk, receiver) -> None:
    receiver.statuses = [404]
    desk.submit(desk.pick("Desk"))
    _, key = desk.context.queue.jobs[0]
    asleep = desk.store.sendings.claim(key, desk.clock(), desk.clock())
    desk.clock.forward(1)
    desk.work()
    assert desk.store.sendings.get(key).state == "failed"

    desk.submit(desk.pick("Desk"))
    awake = desk.store.sendings.claim(key, desk.clock(), desk.clock() + 60)
    assert awake.attempts == asleep.attempts
    assert desk.store.sendings.is_current(awake)
    assert not desk.store.sendings.is_current(asleep)
    assert not desk.store.sendings.complete(asleep, "sent", "sent", desk.clock())


def test_a_database_that_is_away_for_a_moment_is_no_failure(desk, monkeypatch) -> None:
    desk.submit(desk.pick("A channel"), channel=random_of(desk))
    get = Sendings.get

    def away_before_the_post(store, key):
        sending = get(store, key)
        if sending.attempts == 1 and reads:
            monkeypatch.undo()
            raise StoreAwayError("asking the store: it does not answer")

        reads.append(key)
        return sending

    reads: list[str] = []
    monkeypatch.setattr(Sendings, "get", away_before_the_post)
    with contextlib.suppress(StoreAwayError):
        desk.work()
    run_tries(desk)

    assert len(desk.passed_on("random")) == 1
    assert desk.told()[-1].startswith("Sent: it is posted in <#")


def test_without_a_worker_the_queue_does_not_grow_for_ever(desk) -> None:
    desk.submit(desk.pick("Desk"))
    for _ in range(MAX_QUEUE_DEPTH + 10):
        desk.clock.forward(10)
        reap_sendings(desk.store.sendings, desk.context.queue, desk.clock())

    assert len(desk.context.queue.jobs) == MAX_QUEUE_DEPTH
