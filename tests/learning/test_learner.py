"""Learned corrections survive a restart."""

import pytest

from router.learning.learner import REFUSED, Learner
from router.types import Example


def correction(text, route, user="U1", source="feedback"):
    return Example(text, route, source=source, user=user)


@pytest.fixture
def learner(trigrams, tmp_path):
    return Learner(trigrams, tmp_path)


COATS = [
    correction("the coat I bought fell apart", "refund"),
    correction("my coat fell apart in a week", "refund", "U2"),
]
ODD = [correction("I forgot my password again", "opening_hours", f"U{n}") for n in range(9)]


def test_corrections_teach_and_a_restart_knows_them(learner, examples, routes, trigrams, tmp_path):
    first = learner.train(examples, routes, COATS)

    again = Learner(trigrams, tmp_path).train(examples, routes, COATS)

    assert again.router.version == first.router.version
    assert list(again.used) == COATS
    assert first.router.decide("the coat fell apart")[0].scores[0].route == "refund"


def test_what_the_gate_set_aside_stays_aside_after_a_restart(
    learner, examples, routes, trigrams, tmp_path
):
    doubtful = correction("my coat fell apart today", "gone")
    first = learner.train(examples, routes, [*COATS, doubtful])

    again = Learner(trigrams, tmp_path).train(examples, routes, [*COATS, doubtful])

    assert [entry.example for entry in first.quarantined] == [doubtful]
    assert [(e.example, e.reason) for e in again.quarantined] == [(doubtful, "no such route")]


def test_a_correction_that_was_taken_back_is_unlearned(learner, examples, routes):
    before = learner.train(examples, routes)
    learner.train(examples, routes, COATS)

    after = learner.train(examples, routes, [])

    assert after.router.version == before.router.version


def test_nobody_s_words_are_in_a_file(learner, examples, routes, tmp_path):
    learner.train(examples, routes, COATS)

    left = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"coat" not in left


def test_without_a_folder_nothing_is_kept(trigrams, examples, routes):
    assert list(Learner(trigrams).train(examples, routes, COATS).used) == COATS


def test_corrections_that_cost_a_route_its_messages_wait(learner, examples, routes):
    trained = learner.train(examples, routes, [*COATS, *ODD])

    waiting = [entry.example for entry in trained.quarantined]
    right = [
        trained.router.decide(e.text)[0].scores[0].route == e.route
        for e in examples
        if e.route == "password"
    ]

    all_ids = {example.id for example in [*COATS, *ODD]}
    assert {example.id for example in [*waiting, *trained.used]} <= all_ids
    assert sum(right) >= len(right) - 1
    assert all(entry.reason for entry in trained.quarantined)
    assert REFUSED
