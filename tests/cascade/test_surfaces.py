"""Which tier answered, why, and what it saved: in the answer, in "Why?", in statistics."""

from __future__ import annotations

import random

from bot.routing.explain import explain
from bot.routing.tier_report import report_lines, tier_report
from bot.ui.blocks import closing_line
from evals.tiers.cascade_world.tasks import ROUTE, draw_task
from router.types import TIERS, Decision, EarlierAttempt, Outcome, Score
from tests.cascade.test_cascade import ask, make_world, model

__all__ = ["make_world"]

LADDER = [
    {"name": "small", "version": "v1", "usd": 0.0001, "quality": 0.93, "bound": 0.9, "answers": 41},
    {"name": "large", "version": "v2", "usd": None, "quality": 0.0, "bound": 0.0, "answers": 0},
]


def decision(**changes) -> Decision:
    choice = {
        "chosen": 0,
        "why": "target",
        "region": "r.0",
        "quality": 0.93,
        "bound": 0.9,
        "target": 0.88,
        "ladder": LADDER,
    }
    reason = {TIERS: choice | changes}
    return Decision("route", ROUTE, 0.9, 0.5, 0.9, (Score(ROUTE, 0.9),), "r1", "v1", reason)


def outcome(tier: str = "small", *attempts: EarlierAttempt) -> Outcome:
    return Outcome(
        "ok", usd=0.0021, seconds=1.0, route=ROUTE, kind="prompt", tier=tier, attempts=attempts
    )


def test_an_answer_says_which_tier_gave_it():
    assert "small tier · " in closing_line(decision(), outcome())


def test_an_escalated_answer_says_what_was_tried_and_what_it_cost():
    attempt = EarlierAttempt("small", "v1", "m", 0.0001, ("tokens",))
    line = closing_line(decision(), outcome("large", attempt))

    assert "tried small, checked, answered by large" in line
    assert "$0.0021" in line


def test_an_answer_after_a_model_that_was_away_says_so():
    attempt = EarlierAttempt("small", "v1", "", 0.0, ("no answer",))

    assert "small gave no answer, answered by large" in closing_line(
        decision(), outcome("large", attempt)
    )


def test_an_answer_to_the_same_question_says_that_a_higher_tier_gave_it():
    line = closing_line(decision(chosen=1, why="asked_again"), outcome("large"))

    assert "asked again, answered by large" in line


def test_why_tells_the_record_the_bound_and_the_checks():
    attempt = EarlierAttempt("small", "v1", "m", 0.0001, ("tokens", "votes"))
    lines = "\n".join(explain(decision(), outcome=outcome("large", attempt)).lines)

    assert "at least 90% right, 88% are needed" in lines
    assert "small 93% right (at least 90%; weight of evidence 41; $0.00010 each)" in lines
    assert "large not measured yet" in lines
    assert (
        "The small tier answered first, but the model was unsure of its words and its samples "
        "disagreed; so the large tier answered." in lines
    )


def test_only_admins_read_what_is_known_of_the_tiers():
    attempt = EarlierAttempt("small", "v1", "m", 0.0001, ("tokens",))

    escalated = explain(decision(), outcome=outcome("large", attempt)).plain
    asked_again = explain(decision(why="asked_again"), outcome=outcome()).plain
    assert [line for line in escalated if "tier" in line] == [
        "The small tier answered first, but the model was unsure of its words; so the large tier "
        "answered."
    ]
    assert "asked for this once more" in asked_again[-1]
    assert not [line for line in explain(decision(), outcome=outcome()).plain if "tier" in line]


def test_why_says_that_an_answer_passed_its_checks():
    lines = explain(decision(), outcome=outcome()).technical

    assert "The small tier's answer stood: it passed the checks." in lines


def test_why_of_a_route_without_tiers_says_nothing_about_them():
    plain = Decision("route", ROUTE, 0.9, 0.5, 0.9, (Score(ROUTE, 0.9),), "r1", "v1")

    assert not [line for line in explain(plain).lines if "tier" in line]


def test_statistics_tell_what_each_tier_cost_and_what_it_saved(make_world):
    world = make_world(model(1.0), model(1.0), explore_share=0)
    ask(world, 9)
    first, _, _ = world.ask(draw_task(random.Random(3)))
    world.ask_again(first, draw_task(random.Random(3)))

    report = tier_report(world.store, world.routing.catalog, "T1", 0.0, [ROUTE])
    assert [(usage.tier, usage.answers, usage.escalated) for usage in report[0].tiers] == [
        ("small", 10, 0),
        ("large", 1, 0),
    ]
    assert report_lines(report) == [
        "desk: small 10 answers, $0.00048; large 1 answer, $0.00096; saved $0.00912 (86%) against "
        "always asking large"
    ]
    assert tier_report(world.store, world.routing.catalog, "T2", 0.0, [ROUTE]) == []
    assert tier_report(world.store, world.routing.catalog, "T1", 0.0, []) == []


def test_tiers_are_counted_for_monitoring(make_world):
    world = make_world(model(1.0), model(1.0), explore_share=0)
    ask(world, 3)

    totals = world.store.stats.totals()
    assert totals.tier_answers == {(ROUTE, "small", "stood"): 3}
    assert totals.tier_usd[ROUTE, "small"] > 0

    world.store.usage_counts.count_events()
    assert world.store.stats.totals().tier_answers == totals.tier_answers
