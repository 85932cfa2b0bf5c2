"""Knowledge gaps in the weekly digest, without private text."""

from __future__ import annotations

import numpy as np
import pytest

from router.types import Citation, Outcome
from workers.knowledge.gaps import summarise_questions


@pytest.fixture
def add_request(store, make_request, make_decision, clock):
    def ask(text: str, answered: bool, quote: str = "", vector=(1.0, 0.0), **over: object) -> None:
        request = make_request(text, **over)
        store.requests.insert(request, clock())
        row = np.array(vector, dtype=np.float32)
        store.decisions.insert_first(
            request.id, make_decision("handbook"), clock(), ("e", row.tobytes())
        )
        citations = (Citation(1, "t", "https://x.example/a", quote),) if quote else ()
        got = Outcome(text="x", data={"answered": answered}, citations=citations, kind="rag")
        store.decisions.insert_outcome(request.id, 0, got, clock())

    return ask


def signals(store, clock):
    return summarise_questions(store, "T1", clock() - 10, clock() + 10)


def test_questions_without_an_answer_are_counted_together(store, add_request, clock):
    add_request("how do I rent a boat?", False)
    add_request("renting a boat, how?", False, user="U2", vector=(0.99, 0.14))
    add_request("who feeds the cat?", False, vector=(0.0, 1.0))
    gaps = signals(store, clock).gaps
    assert [(gap.example, gap.asked, gap.people) for gap in gaps] == [
        ("how do I rent a boat?", 2, 2),
        ("who feeds the cat?", 1, 1),
    ]


def test_the_same_words_in_another_order_are_one_question(store, add_request, clock):
    add_request("what is the wifi password for guests?", False)
    add_request("which wifi password do guests use?", False, user="U2", vector=(0.0, 1.0))
    add_request("is there a room for 4?", False, vector=(-1.0, 0.0))
    add_request("is there a room for 6?", False, vector=(0.0, -1.0))
    gaps = signals(store, clock).gaps
    assert [(gap.example, gap.asked) for gap in gaps] == [
        ("what is the wifi password for guests?", 2),
        ("is there a room for 4?", 1),
        ("is there a room for 6?", 1),
    ]


@pytest.mark.parametrize("kind", ["dm", "private"])
def test_what_was_asked_in_private_is_counted_and_not_shown(store, add_request, clock, kind):
    add_request("am I getting fired?", False, channel_kind=kind)
    assert [(gap.example, gap.asked) for gap in signals(store, clock).gaps] == [("", 1)]


def test_an_answer_that_changed_is_volatile(store, add_request, clock):
    add_request("when is lunch?", True, "Lunch is at noon.")
    add_request("when is lunch?", True, "Lunch is at one.", user="U2")
    add_request("who feeds the cat?", True, "Ada does.", vector=(0.0, 1.0))
    add_request("who feeds the cat?", True, "Ada  does.", vector=(0.0, 1.0), user="U2")
    assert [(one.example, one.answers) for one in signals(store, clock).volatile] == [
        ("when is lunch?", 2)
    ]


def test_passages_are_counted_by_the_answers_they_serve(store, add_request, clock):
    add_request("when is lunch?", True, "Lunch is at noon.")
    add_request("when is lunch?", True, "Lunch is at noon.", user="U2")
    found = signals(store, clock)
    assert found.served == [("https://x.example/a", 2)]
    assert (found.answered, found.not_found) == (2, 0)


def test_another_workspace_and_another_week_do_not_count(store, add_request, clock):
    add_request("how do I rent a boat?", False, team="T2")
    clock.forward(100)
    add_request("how do I rent a boat?", False)
    assert signals(store, clock).not_found == 1
