"""Whole requests through the tiers of a route: who answers, what is checked, what a person gets."""

from __future__ import annotations

import random

import pytest

from evals.tiers.cascade_world.help_desk import HelpDesk
from evals.tiers.cascade_world.models import LoopbackModel
from evals.tiers.cascade_world.tasks import LABELS, ROUTE, Task, draw_task
from router.errors import RouteError
from router.types import INSTALLATION, TIERS

SMALL, LARGE = "gpt-4.1-nano", "gpt-4.1"
TIERS_OF_FILE = f"""tiers:
  - {{name: small, models: [{SMALL}]}}
  - {{name: large, models: [{LARGE}]}}
target: 0.85
"""


ROWS_EACH = 8


def model(quality: float, **more) -> LoopbackModel:
    return LoopbackModel(dict.fromkeys(LABELS, quality), **more)


@pytest.fixture
def make_world(tmp_path):
    worlds = []

    def make(small: LoopbackModel, large: LoopbackModel, tiers: str = TIERS_OF_FILE, **settings):
        folder, models = tmp_path / str(len(worlds)), {SMALL: small, LARGE: large}
        worlds.append(HelpDesk(folder, models, tiers, rows_each=ROWS_EACH, **settings))
        return worlds[-1]

    yield make
    for world in worlds:
        world.close()


EAGER = TIERS_OF_FILE.replace("0.85", "0.4")
"""The same with a target that the small tier reaches, however its few rows were answered."""


def ask(world: HelpDesk, count: int = 15):
    rng = random.Random(7)
    # Each by somebody else, so that nobody asks again.
    return [world.ask(draw_task(rng), f"P{number}") for number in range(count)]


def tiers_of(answers) -> list[str]:
    return [outcome.tier for _, _, outcome in answers]


def test_a_small_tier_that_is_as_good_answers_from_the_first_request_on(make_world):
    world = make_world(model(1.0), model(1.0))

    answers = ask(world, 10)
    assert set(tiers_of(answers)) == {"small"}
    assert all(decision.reason[TIERS]["why"] == "target" for _, decision, _ in answers)


def test_a_small_tier_that_is_much_worse_does_not(make_world):
    # Always as sure, so no check can tell its wrong answers from its right ones.
    world = make_world(model(0.5, informed=0), model(0.97), explore_share=0)

    assert set(tiers_of(ask(world, 10))) == {"large"}


def test_a_wrong_answer_that_the_checks_find_is_answered_by_the_next_tier_once(make_world):
    world = make_world(model(0.85, informed=1.0), model(0.98), EAGER)
    answers = ask(world)

    escalated = [outcome for _, _, outcome in answers if outcome.attempts]
    assert escalated
    for outcome in escalated:
        assert (outcome.tier, [attempt.tier for attempt in outcome.attempts]) == (
            "large",
            ["small"],
        )
        assert outcome.attempts[0].checks == ("tokens",)
        # Both answers were paid for, and the first one's part is the smaller.
        assert 0 < outcome.attempts[0].usd < outcome.usd / 2


def test_nobody_sees_the_answer_that_did_not_stand(make_world):
    world = make_world(model(0.85, informed=1.0), model(0.98), EAGER)

    for request, _, outcome in ask(world):
        assert world.replies.posts[request.id] == 1
        assert world.replies.answers[request.id][1] == outcome


def test_a_small_model_that_is_away_does_not_keep_anybody_from_an_answer(make_world):
    world = make_world(model(1.0), model(1.0))
    world.client.models[SMALL].fails = True

    answers = ask(world, 5)
    assert {outcome.tier for _, _, outcome in answers} == {"large"}
    assert answers[0][2].attempts[0].checks == ("no answer",)
    assert all(outcome.error is None for _, _, outcome in answers)


def test_a_large_model_that_is_away_is_replaced_by_the_tier_below(make_world):
    world = make_world(model(0.5, informed=0), model(0.97), explore_share=0)
    world.client.models[LARGE].fails = True

    _, decision, outcome = world.ask(draw_task(random.Random(1)))
    assert decision.reason[TIERS]["chosen"] == 1
    assert (outcome.tier, outcome.error) == ("small", None)
    assert outcome.attempts[0].checks == ("no answer",)


def test_where_the_large_model_is_away_the_first_answer_is_better_than_none(make_world):
    world = make_world(model(0.85, informed=1.0), model(0.98), EAGER)
    world.client.models[LARGE].fails = True

    answers = ask(world, 20)
    assert all(outcome.error is None for _, _, outcome in answers)
    assert set(tiers_of(answers)) == {"small"}


def test_a_check_that_crashes_is_left_out(make_world, monkeypatch):
    from workers.cascade import signals

    def crash(_facts):
        raise RuntimeError("a broken check")

    world = make_world(model(1.0), model(1.0))
    monkeypatch.setattr(signals, "SIGNALS", {**signals.SIGNALS, "grounded": crash})

    assert all(outcome.error is None for _, _, outcome in ask(world, 3))


def test_a_model_that_always_says_it_is_sure_is_not_believed(make_world):
    world = make_world(model(0.8, informed=0), model(0.98))
    small = world.routing.catalog.routes[ROUTE].tiers[0].version.id

    measured = world.store.quality.measurements(INSTALLATION, ROUTE, [small])
    assert measured[small]["checks"]["least"] == {}


def test_a_tier_over_the_routes_budget_is_left_to_the_limit_of_each_call(make_world):
    dear = TIERS_OF_FILE.replace(f"models: [{SMALL}]", f"models: [{SMALL}], usd: 1.0").replace(
        f"models: [{LARGE}]", f"models: [{LARGE}], usd: 2.0"
    )
    world = make_world(model(1.0), model(1.0), dear, measure_usd=0)

    _, decision, outcome = world.ask(draw_task(random.Random(1)))
    assert outcome.error is None
    assert (
        decision.reason[TIERS]["ladder"][decision.reason[TIERS]["chosen"]]["name"] == outcome.tier
    )


def test_a_tier_that_is_gone_when_its_turn_comes_is_passed_over(make_world):
    world = make_world(model(0.85, informed=1.0), model(0.98), EAGER)
    _, decision, _ = world.ask(draw_task(random.Random(1)))
    ladder = decision.reason[TIERS]["ladder"]

    world.store.versions.declare_tiers(ROUTE, [])
    answers = ask(world, 3)
    assert ladder[0]["name"] == "small"
    assert set(tiers_of(answers)) == {"large"}


def test_exploration_stays_within_its_budget(make_world):
    world = make_world(model(0.5, informed=0), model(0.97), explore_share=0.5, explore_usd=0.0002)
    ask(world, 20)

    spent = world.store.quality.explored_usd("T1", 0.0)
    assert 0 < spent <= 0.0002


def test_no_request_is_explored_where_that_is_switched_off(make_world):
    world = make_world(model(0.5, informed=0), model(0.97), explore_share=0)
    ask(world, 20)

    assert world.store.quality.explored_usd("T1", 0.0) == 0


def test_measuring_stops_at_its_budget(make_world):
    world = make_world(model(0.9), model(0.97), measure_usd=0)
    tiers = [tier.version.id for tier in world.routing.catalog.routes[ROUTE].tiers]

    measured = world.store.quality.measurements(INSTALLATION, ROUTE, tiers)
    assert all(len(body["rows"]) <= 1 for body in measured.values())


@pytest.mark.parametrize(
    ("tiers", "problem"),
    [
        ("tiers: [{name: one}]", "name at least 2"),
        ("tiers: [{name: a, models: [x]}, {name: a, models: [y]}]", "'a' is taken"),
        ("tiers: [{name: a, models: [x]}, {name: b, models: [x]}]", "answer in the same way"),
        (
            "tiers: [{name: a, models: [x], usd: 2}, {name: b, models: [y], usd: 1}]",
            "the prices go down",
        ),
        ("tiers: [{name: a, kind: head}, {name: b, models: [y]}]", "only training makes"),
        ("tiers: [{name: a, model: x}, {name: b}]", "key 'tiers.0.model' is not known"),
        ("target: 2", "key 'target'"),
    ],
)
def test_tiers_that_are_no_ladder_are_refused(tmp_path, tiers, problem):
    from evals.tiers.cascade_world.tasks import write_route
    from router.catalog.catalog import read_route

    tasks: dict[str, Task] = {}
    write_route(tmp_path, tasks, tiers, 0, 1)
    with pytest.raises(RouteError, match=problem):
        read_route(tmp_path / ROUTE)


def test_a_tier_whose_model_is_away_stays_unmeasured_until_it_is_back(make_world):
    small = model(1.0)
    small.fails = True
    world = make_world(small, model(1.0))
    version = world.routing.catalog.routes[ROUTE].tiers[0].version.id
    assert not world.store.quality.measurements(INSTALLATION, ROUTE, [version])

    small.fails = False
    # Later than the circuit breaker's pause.
    world.now += 60
    world.queue.enqueue("measure_tier", f"{ROUTE}/{version}")
    world.work()
    measured = world.store.quality.measurements(INSTALLATION, ROUTE, [version])
    assert measured[version]["rows"]
