"""Asking again is feedback: it counts against the tier that answered, and a higher one answers."""

from __future__ import annotations

import random

import pytest

from evals.tiers.cascade_world.tasks import ROUTE, Task, draw_task
from router.types import TIERS, SlackPerson
from tests.cascade.test_cascade import make_world, model

__all__ = ["make_world"]


@pytest.fixture
def world(make_world):
    return make_world(model(1.0), model(1.0), explore_share=0)


@pytest.fixture
def task():
    return draw_task(random.Random(3))


def judged(world, request):
    rows = world.store.quality.recent("T1", ROUTE, 0.0, 100)
    return [(row.tier, row.source, row.value) for row in rows if row.request == request.id]


def test_who_asks_the_same_once_more_is_answered_by_a_higher_tier(world, task):
    first, _, small = world.ask(task)
    _, decision, large = world.ask_again(first, task)

    assert (small.tier, large.tier) == ("small", "large")
    assert decision.reason[TIERS]["why"] == "asked_again"
    assert judged(world, first) == [("small", "asked_again", 0.0)]


def test_asking_again_and_again_stays_with_the_last_tier(world, task):
    first, _, _ = world.ask(task)
    for _ in range(3):
        first, _, outcome = world.ask_again(first, task)

        assert (outcome.tier, outcome.error) == ("large", None)


def test_somebody_else_with_the_same_question_is_not_asking_again(world, task):
    world.ask(task, "U1")
    _, _, outcome = world.ask(Task(task.text, task.label, task.difficulty), "U2")

    assert outcome.tier == "small"


def test_another_question_of_the_same_person_is_not_asking_again(world):
    world.ask(draw_task(random.Random(1), "network"), "U1")
    _, _, outcome = world.ask(draw_task(random.Random(2), "payroll"), "U1")

    assert outcome.tier == "small"


def test_the_same_question_after_ten_minutes_is_a_new_one(world, task):
    first, _, _ = world.ask(task)
    world.now += 600
    _, _, outcome = world.ask_again(first, task)

    assert outcome.tier == "small"


@pytest.mark.parametrize(("direction", "value"), [("up", 1.0), ("down", 0.0)])
def test_a_thumb_counts_for_or_against_the_tier(world, task, direction, value):
    request, _, _ = world.ask(task)
    world.press(request, direction)

    assert judged(world, request) == [("small", "thumb", value)]


def test_a_changed_thumb_counts_as_it_is_now(world, task):
    request, _, _ = world.ask(task)
    world.press(request, "down")
    world.press(request, "up")

    assert judged(world, request) == [("small", "thumb", 1.0)]


def test_a_correction_counts_against_the_tier_and_a_higher_one_answers(world, task):
    request, _, _ = world.ask(task)
    person = SlackPerson("T1", request.user)
    revised = world.routing.override(request, 0, ROUTE, person)
    world.work()

    assert revised is not None
    assert judged(world, request)[-1] == ("small", "correction", 0.0)
    assert world.answer_to(request)[1].tier == "large"
