"""A worker may die at every step: what is sent arrives once, or the person is told."""

from __future__ import annotations

import contextlib
import itertools

import pytest

from bot.replies import sending
from bot.replies.sending import SlackSender
from bot.ui.texts import sending as texts
from tests.sending.conftest import GRACE
from tests.sending.test_send_answer import random_of
from workers.jobs import send_answer
from workers.sending import webhook

POINTS = ("before", "after")
KINDS = ("channel", "person", "reminder")


class Killed(BaseException):
    """The process is gone: nothing after it runs."""


def killing(function, point):
    """Dies before or after the call, the first time."""
    left = [point]

    def call(*arguments, **named):
        die = left.pop() if left else None
        if die == "before":
            raise Killed
        result = function(*arguments, **named)
        if die == "after":
            raise Killed
        return result

    return call


def run_with_kills(desk, times: int = 6) -> None:
    """Runs the job until nothing is left, as the reaper does after a death."""
    for _ in range(times):
        keys = [key for _, key in desk.context.queue.jobs] or desk.store.sendings.overdue(
            desk.clock()
        )
        desk.context.queue.jobs.clear()
        for key in keys:
            with contextlib.suppress(Killed):
                send_answer.run(desk.context, key)

        desk.clock.forward(send_answer.CLAIM_SECONDS + 1)


def scheduled(desk) -> dict[str, int]:
    """Returns when each message that waits in the channel will be posted, by its id."""
    page = desk.client.chat_scheduledMessages_list(channel=desk.request.channel)
    return {m["id"]: m["post_at"] for m in page["scheduled_messages"]}


@pytest.mark.parametrize(
    ("kind", "point", "part"),
    list(itertools.product(KINDS, POINTS, ("send", "complete", "tell"))),
)
def test_slack_sees_it_once(desk, monkeypatch, kind, point, part) -> None:
    answers = {
        "channel": {"channel": random_of(desk)},
        "person": {"person": {"selected_user": GRACE}},
        "reminder": {"when": {"selected_option": {"value": "In three hours"}}},
    }
    due = int(desk.clock()) + 3 * 3600
    before = scheduled(desk)  # The tests of a file share one Slack, and a second may be the same.
    view = desk.pick(texts.KINDS[kind])
    desk.submit(view, **answers[kind])

    owner = desk.store.sendings if part == "complete" else desk.context.sender
    kill = killing(getattr(owner, part), point)
    monkeypatch.setattr(type(owner), part, lambda _, *arguments: kill(*arguments))
    run_with_kills(desk)

    if kind == "reminder":
        new = [at for key, at in scheduled(desk).items() if key not in before]
        assert new == [due]
    else:
        place = ("random", "ada") if kind == "channel" else ("dm", "grace")
        assert len(desk.passed_on(*place)) == 1
    assert desk.store.sendings.overdue(desk.clock()) == []


@pytest.mark.parametrize("kind", ["channel", "person"])
def test_what_was_posted_is_found_behind_many_messages(desk, monkeypatch, kind) -> None:
    place, answers = {
        "channel": (("random", "ada"), {"channel": random_of(desk)}),
        "person": (("dm", "grace"), {"person": {"selected_user": GRACE}}),
    }[kind]
    desk.submit(desk.pick(texts.KINDS[kind]), **answers)
    kill = killing(desk.context.sender.send, "after")
    monkeypatch.setattr(SlackSender, "send", lambda _, *arguments: kill(*arguments))
    run_with_kills(desk, times=1)

    monkeypatch.setattr(sending, "PAGE_SIZE", 2)
    for number in range(5):
        desk.sandbox.actor(place[1]).say(place[0], f"and number {number}")
    run_with_kills(desk)
    assert len(desk.passed_on(*place)) == 1


@pytest.mark.parametrize("point", POINTS)
def test_a_webhook_is_never_sent_twice_by_itself(desk, receiver, monkeypatch, point) -> None:
    desk.submit(desk.pick("Desk"))
    monkeypatch.setattr(send_answer, "send_webhook", killing(webhook.send_webhook, point))
    run_with_kills(desk)

    assert len(receiver.got) == (point == "after")
    assert texts.REASONS["unknown"] in desk.told()[-1]


@pytest.mark.parametrize("point", POINTS)
def test_a_receiver_that_knows_the_key_gets_it_again(desk, receiver, monkeypatch, point) -> None:
    desk.submit(desk.pick("Flow"))
    monkeypatch.setattr(send_answer, "send_webhook", killing(webhook.send_webhook, point))
    run_with_kills(desk)

    assert len({headers["Idempotency-Key"] for headers, _ in receiver.got}) == 1
    assert desk.told()[-1] == "Sent: Flow has taken it."
