"""A request whose message was deleted: its words go at once, its place when nothing is shown."""

from __future__ import annotations

import pytest

from router.errors import StoppedError
from router.types import Outcome

OUTCOME = Outcome(text="Twenty-five days.", route="rewrite", kind="prompt", model="m")


@pytest.fixture
def answered(every_store, clock, make_request, make_decision):
    """A request with a decision, an outcome and a reply."""
    request = make_request("how long is the leave")
    every_store.requests.insert(request, clock())
    every_store.decisions.insert_first(request.id, make_decision(), clock())
    every_store.decisions.insert_outcome(request.id, 0, OUTCOME, clock())
    every_store.replies.begin_post(request.id, request.channel)
    every_store.replies.complete_post(request.id, "9.000001")
    return request


def withdraw(store, request, now):
    return store.withdrawals.begin(request.team, request.channel, request.ts, now)


def test_the_words_go_and_the_place_stays(every_store, clock, answered):
    assert withdraw(every_store, answered, clock()) == [answered.id]

    kept = every_store.requests.get(answered.id)
    assert (kept.state, kept.text) == ("withdrawn", "")
    assert every_store.decisions.newest(answered.id) is None
    assert every_store.decisions.outcome(answered.id, 0) is None
    assert every_store.replies.get(answered.id).ts == "9.000001"
    assert every_store.withdrawals.withdrawn_at(answered.id) == clock()


def test_a_message_that_made_no_request_withdraws_nothing(every_store, clock, answered):
    assert every_store.withdrawals.begin("T2", answered.channel, answered.ts, clock()) == []
    assert every_store.requests.get(answered.id).text == answered.text


def test_nothing_is_posted_or_written_afterwards(every_store, clock, answered):
    withdraw(every_store, answered, clock())

    with pytest.raises(StoppedError):
        every_store.replies.begin_post(answered.id, answered.channel)
    every_store.requests.update_text(answered.id, "an edit that comes late")
    assert every_store.requests.get(answered.id).text == ""
    assert not every_store.requests.reopen(answered.id, clock())


def test_the_reaper_finds_it_until_it_is_finished(every_store, clock, answered):
    withdraw(every_store, answered, clock())

    assert every_store.requests.claim_overdue("withdrawn", clock(), clock() + 5) == [answered.id]
    every_store.withdrawals.finish(answered.id)
    assert every_store.requests.get(answered.id) is None
    assert every_store.replies.get(answered.id) is None
    assert every_store.replies.complete_post(answered.id, "9.000002") is None


def test_only_a_withdrawn_request_is_finished(every_store, answered):
    every_store.withdrawals.finish(answered.id)
    assert every_store.requests.get(answered.id) is not None
