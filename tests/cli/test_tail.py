"""`beagle tail` shows what happened to one request, and nobody's words."""

from __future__ import annotations

import json

import pytest

from bot.cli.tail import as_text
from router.types import Feedback, Outcome
from tests.fixtures.every_row import ODD_TEXT


@pytest.fixture
def served(store, clock, make_request, make_decision):
    """A request that was served, corrected and served again."""
    new = make_request("my secret words")
    store.requests.insert(new, clock())
    clock.forward(1)
    store.decisions.insert_first(new.id, make_decision("triage"), clock())
    lease = store.requests.acquire(new.id, "worker", clock(), 60)
    clock.forward(2)
    answer = Outcome(f"secret {ODD_TEXT}", route="triage", model="m", seconds=1.5)
    store.decisions.insert_outcome(new.id, 0, answer, clock())
    store.replies.begin_post(new.id, "C1")
    store.replies.complete_post(new.id, "5.0")
    store.requests.complete(lease, "answered", clock())
    clock.forward(3)
    store.feedback.record(Feedback(new.id, "U1", "note", "secret note", clock()))
    store.decisions.revise(new.id, make_decision("rewrite"), 0, clock(), asked_by="U1")
    return new.id


def test_the_steps_come_in_their_order(store, served) -> None:
    steps = store.timelines.for_request(served)

    assert [step.event for step in steps] == [
        "received", "decided", "served", "decided", "feedback", "reply", "now",
    ]  # fmt: skip
    assert "+3.00 s" in as_text(steps)
    assert "route=rewrite" in as_text(steps)


def test_nobody_s_words_are_shown(store, served) -> None:
    steps = store.timelines.for_request(served)

    assert "secret" not in as_text(steps)
    assert "secret" not in json.dumps([dict(step.facts) for step in steps])


def test_a_request_that_is_not_stored_has_no_steps(store) -> None:
    assert store.timelines.for_request("nothing") == []
