"""Who has asked in a thread, and whom an open question of it holds up."""

from __future__ import annotations

import pytest

from router.store import Store
from router.types import SlackPerson

SECONDS = 20.0


@pytest.fixture
def ask(store: Store, make_request, make_decision, clock):
    """Stores a decided request of a person, a second after the one before."""

    def ask(user, **over):
        clock.forward(1)
        request = make_request(user=user, **over)
        store.requests.insert(request, clock())
        store.decisions.insert_first(request.id, make_decision(), clock())

        return request

    return ask


def test_a_question_that_waits_for_an_earlier_one_of_its_thread_holds_nobody_else_up(
    store, ask, clock
):
    first = ask("U3")
    assert store.requests.claim("w1", clock(), SECONDS).request.id == first.id
    ask("U1", thread_ts=first.thread)
    other = ask("U2")

    assert store.requests.claim("w2", clock(), SECONDS).request.id == other.id
    assert store.requests.claim("w3", clock(), SECONDS) is None


def test_who_asked_in_one_thread_has_not_asked_in_another(store, ask):
    request = ask("U1")
    person = SlackPerson("T1", "U1")

    def has_asked(person=person, channel=request.channel, thread=request.thread):
        return store.requests.has_asked_in_thread(person, channel, thread)

    assert has_asked()
    assert not has_asked(thread="1.000001")
    assert not has_asked(channel="C9")
    assert not has_asked(SlackPerson("T1", "U2"))
    assert not has_asked(SlackPerson("T2", "U1"))
