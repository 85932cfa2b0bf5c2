"""A follow-up at the top level of a direct message goes on with what was said a moment before."""

from __future__ import annotations

import pytest

from bot.routing.conversation import conversation_of
from workers.jobs.answer import thread_history
from workers.knowledge.earlier_turns import FOLLOW_UP_SECONDS


@pytest.fixture
def ask(store, clock, make_request, make_decision):
    """Stores a direct message that a route served."""

    def store_it(text, ts, route="handbook", **over):
        values = {"channel": "D1", "channel_kind": "dm", "received_at": clock(), **over}
        request = make_request(text=text, ts=ts, **values)
        store.requests.insert(request, clock())
        if route:
            store.decisions.insert_first(request.id, make_decision(route), clock())

        return request

    return store_it


def test_and_sick_days_belongs_to_the_question_before_it(store, ask):
    ask("how many days of parental leave do we get?", "1.0")
    later = ask("and sick days?", "2.0", route="")

    route, turns = conversation_of(store, later)

    assert route == "handbook"
    assert turns == ("how many days of parental leave do we get?",)
    assert [turn["content"] for turn in thread_history(store, later)] == list(turns)


@pytest.mark.parametrize(
    ("text", "over", "seconds"),
    [
        ("the vpn is down", {}, 5.0),
        ("and sick days?", {}, FOLLOW_UP_SECONDS + 1),
        ("and sick days?", {"user": "U2"}, 5.0),
        ("and sick days?", {"channel": "C1", "channel_kind": "public"}, 5.0),
    ],
    ids=["another topic", "much later", "another person", "a channel"],
)
def test_other_messages_begin_a_conversation(store, clock, ask, text, over, seconds):
    ask("how many days of parental leave do we get?", "1.0")
    clock.forward(seconds)
    later = ask(text, "2.0", route="", received_at=clock(), **over)

    assert conversation_of(store, later) == (None, ())
    assert thread_history(store, later) == ()
