"""What a person types to what was handed over to them comes back like the button's answer."""

from __future__ import annotations

import json

import pytest
from slack_bolt import BoltResponse

from bot.listeners.people_answers.thread import AnswerThreads
from bot.listeners.sending.replies import reply_key
from bot.listeners.sending.typed import TypedReplies
from bot.sandbox import seed_data
from bot.ui.texts import sending as texts
from router.types import SlackPerson
from tests.sending.conftest import ADA, GRACE, MAE
from workers.jobs import send_answer
from workers.knowledge.membership import ReadingRights

WORDS = "Switch it off &amp; on, see <https://help.example|the page>."
READ = "Switch it off & on, see the page."


@pytest.fixture
def typed(desk):
    admins = desk.actions._admins
    return TypedReplies(
        desk.store, desk.context.queue, admins, seed_data.BOT_USER_ID, lambda _: desk.client
    )


def hand_over(desk, person: str = GRACE) -> dict[str, object]:
    """Hands the answer over; returns the message that the person got."""
    desk.submit(desk.pick("A person"), person={"selected_user": person})
    desk.work()
    return desk.passed_on("dm", "grace" if person == GRACE else "mae")[-1]


def type_it(desk, taken, text: str = WORDS, *, thread=None, user: str = GRACE, **extra) -> bool:
    """Sends the event of a direct message; returns whether it went on to intake."""
    dm = desk.sandbox.actor("grace").channel("dm")
    event = {
        "type": "message",
        "channel_type": "im",
        "channel": dm,
        "user": user,
        "text": text,
        "ts": f"{desk.clock():.6f}",
        **({"thread_ts": thread} if thread else {}),
        **extra,
    }
    body = {"type": "event_callback", "team_id": desk.request.team, "event": event}
    went_on = []
    taken(body, lambda: went_on.append(1) or BoltResponse(status=200))
    desk.work()
    return bool(went_on)


def replies(desk) -> list[dict[str, object]]:
    thread = desk.sandbox.actor("ada").thread("general", desk.request.ts)
    return [message for message in thread if f"<@{GRACE}> answers" in message["text"]]


def audited(desk) -> list[str]:
    handed = desk.store.sendings.handed_over_to(SlackPerson(desk.request.team, GRACE))
    rows = desk.store.audit.for_subject(desk.request.team, reply_key(handed[0]))
    return [row.outcome for row in rows if row.action == "send_reply"]


def messages(desk) -> list[dict[str, object]]:
    """Returns what stands in Grace's direct messages."""
    dm = desk.sandbox.actor("grace").channel("dm")
    return desk.sandbox.call(lambda: list(desk.sandbox.workspace.messages[dm].values()))


def test_it_comes_back_once_as_the_persons_answer(desk, typed) -> None:
    message = hand_over(desk)
    desk.clock.forward(60)

    assert not type_it(desk, typed, thread=message["ts"])
    # Slack sends the event again.
    assert not type_it(desk, typed, thread=message["ts"])

    (reply,) = replies(desk)
    assert READ in json.dumps(reply["blocks"])
    assert messages(desk)[-1]["text"] == texts.SENT["reply"]
    assert audited(desk) == ["applied"]

    rights = ReadingRights(desk.store.access, desk.actions._directory, desk.clock, 3600.0)
    threads = AnswerThreads(desk.store, rights, lambda _: seed_data.BOT_USER_ID)
    request = desk.request
    found = threads.find(desk.client, request.team, request.channel, reply["ts"])
    assert found.message["user"] == GRACE


def test_what_follows_the_answer_is_a_request_again(desk, typed) -> None:
    message = hand_over(desk)
    desk.clock.forward(60)
    type_it(desk, typed, thread=message["ts"])
    desk.clock.forward(60)

    assert type_it(desk, typed, "and what is for lunch?", thread=message["ts"])
    assert len(replies(desk)) == 1


def test_a_message_beside_the_thread_is_never_posted_to_others(desk, typed) -> None:
    hand_over(desk)
    desk.clock.forward(60)

    assert type_it(desk, typed, "I feel ill, I stay at home today")
    assert replies(desk) == []


def test_in_the_thread_it_counts_at_any_time(desk, typed) -> None:
    message = hand_over(desk)
    desk.clock.forward(5 * 86_400)

    assert not type_it(desk, typed, thread=message["ts"])


@pytest.mark.parametrize(
    "other",
    [
        {"user": MAE},
        {"channel_type": "channel"},
        {"subtype": "message_changed"},
        {"files": [{"id": "F01234567"}]},
    ],
    ids=str,
)
def test_other_messages_stay_what_they_are(desk, typed, other) -> None:
    message = hand_over(desk)
    desk.clock.forward(60)

    assert type_it(desk, typed, **({"text": WORDS, "thread": message["ts"]} | other))
    assert replies(desk) == []


def test_the_answer_says_where_it_was_sent(desk, typed) -> None:
    view = desk.pick("A person")
    desk.submit(view, person={"selected_user": GRACE})
    _, key = desk.context.queue.jobs.popleft()
    send_answer.run(desk.context, key)
    assert list(desk.context.queue.jobs) == [("show_again", desk.request.id)]

    sent = desk.store.sendings.passed_on(desk.request.id, 0)
    assert [(one.kind, one.target, one.user) for one in sent] == [("person", GRACE, ADA)]
    assert desk.store.sendings.passed_on(desk.request.id, 1) == []
