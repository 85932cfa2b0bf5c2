"""A version is evaluated on unseen rows against the others and judged by rule."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from router.catalog.route_file import ExampleRow
from router.catalog.version import Version
from workers.context import Context
from workers.evaluation.compare import assess, evaluate_version
from workers.evaluation.report_markdown import bill_text, report_markdown
from workers.fakes import MemoryQueue, MemoryReplies
from workers.llm.fakes import ScriptedModel
from workers.runtime.leases import Leases

SCHEMA = {"type": "object", "properties": {"box": {"enum": ["left", "right"]}}, "required": ["box"]}
LIVE = Version(route="boxes", kind="prompt", prompt="POOR", output=SCHEMA)
GOOD = LIVE.with_changes(prompt="GOOD")
ROWS = [
    ExampleRow(text=f"row {n}", answer={"box": ["left", "right"][n % 2]}, split="test")
    for n in range(40)
]


class Reader:
    """Right where the prompt says GOOD, else always `left`; an adapter changes nothing else."""

    def complete(self, call, on_text=None):
        said = call.messages[-1]["content"]
        box = "left"
        if "GOOD" in call.messages[0]["content"] and int(said.split()[-1]) % 2:
            box = "right"

        return ScriptedModel([json.dumps({"box": box})]).complete(call, on_text)


@pytest.fixture
def context(store, settings, clock):
    return Context(
        settings=settings,
        store=store,
        queue=MemoryQueue({}),
        model=Reader(),
        replies=MemoryReplies(),
        leases=Leases(store.requests, "me", clock, 20.0),
        now=clock,
        random=lambda: 0.0,
    )


def test_a_better_version_passes_and_its_report_says_by_how_much(context):
    body = evaluate_version(context, GOOD, {"live": LIVE}, ROWS, {"steps": 3})
    assert body["passed"]
    assert (body["figures"]["new"]["accuracy"], body["figures"]["live"]["accuracy"]) == (1.0, 0.5)
    assert body["differences"]["live"]["gain"] == 0.5
    low, high = body["differences"]["live"]["ci95"]
    assert high - low == pytest.approx(2 * 1.96 * 0.5 / 40**0.5, rel=0.06)
    assert (body["differences"]["live"]["better"], body["differences"]["live"]["worse"]) == (20, 0)
    assert body["differences"]["live"]["p"] < 0.001
    assert json.loads(json.dumps(body)) == body


def test_a_worse_version_does_not_pass(context):
    body = evaluate_version(context, LIVE, {"live": GOOD}, ROWS, {})
    assert not body["passed"]
    assert any(reason.startswith("Not passed: accuracy -50.0 points") for reason in body["reasons"])


def test_it_must_hold_against_the_best_prompted_version_not_the_live_one(context):
    middling = LIVE.with_changes(prompt="also POOR")
    body = evaluate_version(context, middling, {"live": LIVE, "prompted": GOOD}, ROWS, {})
    assert (body["against"], body["passed"]) == ("prompted", False)


def test_where_every_version_was_trained_it_must_hold_against_the_live_one(context):
    tuned = GOOD.with_changes(kind="tuned", adapter="boxes-000000000000")

    body = evaluate_version(context, GOOD, {"live": tuned}, ROWS, {})

    assert body["against"] == "live"


def test_the_report_has_the_score_of_each_row(context):
    body = evaluate_version(context, LIVE, {"live": GOOD}, ROWS, {})

    assert len(body["scores"]) == len(ROWS)
    assert sum(body["scores"].values()) == len(ROWS) / 2


def test_a_price_by_token_makes_what_the_prompt_cache_saves_visible(context):
    prices = {"usd_per_million_input": 10.0, "usd_per_million_output": 40.0}
    priced = context.settings.model_copy(update=prices)

    body = evaluate_version(replace(context, settings=priced), GOOD, {"live": LIVE}, ROWS, {})
    figures = body["figures"]["new"]

    # A word is a token: one of the prompt and two of the message, and two of the answer.
    tokens_usd = (3 * 10.0 + 2 * 40.0) / 1e6
    assert figures["usd_uncached"] == pytest.approx(tokens_usd)
    assert figures["usd_cached"] == pytest.approx(tokens_usd)


def test_an_adapter_leaves_the_base_as_it_was(context):
    tuned = GOOD.with_changes(kind="tuned", adapter="boxes-000000000000")
    body = evaluate_version(context, tuned, {"live": LIVE}, ROWS, {})
    found = body["forgetting"]
    assert (found["changed"], found["probes"]["changed_off"], found["probes"]["changed_on"]) == (
        0.0,
        0,
        0,
    )


@pytest.mark.parametrize(
    ("gain", "low", "valid", "forgotten", "passed"),
    [
        (0.0, -0.02, 1.0, None, True),
        (-0.01, -0.029, 0.99, 0.02, True),
        (-0.011, -0.02, 1.0, None, False),
        (0.0, -0.03, 1.0, None, False),
        (0.1, 0.0, 0.98, None, False),
        (0.1, 0.0, 1.0, 0.03, False),
    ],
)
def test_the_rules_have_sharp_edges(gain, low, valid, forgotten, passed):
    figures = {"schema_valid": valid, "rows": 20}
    difference = {"gain": gain, "ci95": [low, 0.2]}

    assert assess(figures, difference, forgotten, min_rows=20).passed is passed


def test_better_than_something_poor_is_not_good_enough():
    difference = {"gain": 0.45, "ci95": [0.2, 0.7]}
    poor = {"schema_valid": 1.0, "rows": 40, "accuracy": 0.5}

    verdict = assess(poor, difference, None, min_rows=20, min_accuracy=0.6)
    assert not verdict.passed
    assert "Not passed: 50.0% of its answers are right (at least 60% required)" in verdict.reasons
    assert assess(poor | {"accuracy": 0.6}, difference, None, 20, 0.6).passed


def test_the_floor_under_a_version_with_a_schema_is_a_setting(context):
    settings = context.settings.model_copy(update={"evaluation_min_accuracy": 1.0})
    strict = replace(context, settings=settings)
    body = evaluate_version(strict, LIVE, {"live": LIVE}, ROWS, {})
    assert any("at least 100% required" in reason for reason in body["reasons"])
    assert not body["passed"]


def test_too_few_rows_never_pass(context):
    few = evaluate_version(context, GOOD, {"live": LIVE}, ROWS[:19], {})
    enough = evaluate_version(context, GOOD, {"live": LIVE}, ROWS[:20], {})

    assert (few["passed"], enough["passed"]) == (False, True)
    assert few["reasons"][0] == "Not passed: measured on 19 test rows (at least 20 required)"


def test_the_smallest_number_of_rows_is_a_setting(context):
    settings = context.settings.model_copy(update={"evaluation_min_rows": 41})
    context = replace(context, settings=settings)

    assert not evaluate_version(context, GOOD, {"live": LIVE}, ROWS, {})["passed"]


def test_a_few_rows_that_all_tie_do_not_show_that_a_version_keeps_up(context):
    same = GOOD.with_changes(prompt="GOOD too")
    body = evaluate_version(context, same, {"live": GOOD}, ROWS, {})

    assert (body["differences"]["live"]["gain"], body["passed"]) == (0.0, False)
    assert any("125 rows or more" in reason for reason in body["reasons"])
    assert evaluate_version(context, same, {"live": GOOD}, ROWS * 4, {})["passed"]


def test_the_report_can_be_read(context):
    body = evaluate_version(context, GOOD, {"live": LIVE}, ROWS, {"steps": 3})
    text = report_markdown("boxes", GOOD.id, body)
    assert "**Passed** on 40 test rows" in text
    assert "Against the live version: +50.0 points" in text
    assert "What it took: 3 steps" in text


@pytest.mark.parametrize(
    ("rejected", "words"),
    [(None, "25% to 50% of the held-out answers right"), ("the reward is gamed", "not used: the")],
)
def test_the_report_says_what_reinforcement_changed_or_why_it_was_not_used(rejected, words):
    figures = {
        "before": {"right": 0.25},
        "after": {"right": 0.5},
        "steps": 80,
        "cpu_seconds": 12.5,
        "kl": 0.05,
        "kl_base": 1.2,
        "rejected": rejected,
    }
    text = bill_text({"bill": {"rft": figures}})
    assert words in text
    assert "KL 0.050 nats a token" in text
    assert "1.20 from the base" in text


def test_the_report_says_why_reinforcement_was_not_possible():
    assert "not possible: no format" in bill_text({"bill": {"rft_refused": "no format"}})
