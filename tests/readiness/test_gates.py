"""The readiness gates: the first failure decides, and each shows its figure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from workers.llm.pricing import Price
from workers.mining.privacy import Protection
from workers.mining.rows import Row
from workers.readiness.gate_text import figure_text, limit_text, reasons
from workers.readiness.gates import assess_readiness
from workers.readiness.prompt_stats import checkable_parts
from workers.readiness.readiness_input import (
    Attempt,
    ReadinessInput,
    Thresholds,
    TuningEstimate,
)
from workers.readiness.roi import CostModel, Interval, TuningCosts, estimate_roi
from workers.readiness.structure import Structure, measure_structure

WEEK = 7 * 86_400.0
FINE = Structure(
    answers=900,
    one_form=0.99,
    form="{label: text}",
    label_bits=2.0,
    length_spread=0.1,
    volatility=0.02,
    pairs=40,
    correction_rate=0.03,
    slots=1.0,
)


def roi(volume, prompted=2.5e-6):
    one, other = (
        CostModel("gpt", Price(prompted, prompted, 4 * prompted), 2_500, 25),
        CostModel("ft", Price(3e-7, 2e-7, 1e-6), 260, 25),
    )
    return estimate_roi([one], other, Interval.around(volume), TuningCosts())


RIPE = ReadinessInput(
    protection=Protection(40, 900, 0.1, ()),
    monthly_requests=900,
    structure=FINE,
    prompt=Attempt(0.7, 200, 0.9),
    rules=5,
    prompt_words=300,
    stable_weeks=4,
    reviewed=800,
    head=Attempt(0.75, 200, 0.9),
    tuned=TuningEstimate(0.92, 0.95, 0.97),
    roi=roi(200_000),
)


def stopped(evidence):
    found = assess_readiness(evidence, 0.9)
    return found.stopped_at.name, found.recommendation


def test_a_ripe_task_waits_for_a_person_only():
    assert stopped(RIPE) == ("a person", "tune")
    assert assess_readiness(replace(RIPE, approved_by="U1"), 0.9).stopped_at is None


@pytest.mark.parametrize(
    ("change", "gate", "advice"),
    [
        (
            {"protection": Protection(4, 900, 0.1, ("4 people asked, at least 5 must have",))},
            "privacy",
            "not yet",
        ),
        ({"monthly_requests": 29}, "volume", "not yet"),
        ({"prompt": None}, "prompt first", "improve the prompt"),
        ({"prompt": Attempt(0.99, 20, 0.9)}, "prompt first", "improve the prompt"),
        ({"prompt": Attempt(0.92, 200, 0.9)}, "prompt first", "keep the prompt"),
        ({"prompt": Attempt(0.7, 200, 0.9, optimised=False)}, "prompt first", "improve the prompt"),
        ({"prompt": Attempt(0.92, 200, 0.9, optimised=False)}, "prompt first", "keep the prompt"),
        ({"structure": replace(FINE, volatility=0.4)}, "retrieval", "add retrieval"),
        ({"retrieval_gain": 0.2}, "retrieval", "add retrieval"),
        ({"structure": replace(FINE, one_form=0.6)}, "narrow", "keep the prompt"),
        ({"rules": 25}, "narrow", "keep the prompt"),
        ({"prompt_words": 1_500}, "narrow", "keep the prompt"),
        ({"structure": replace(FINE, label_bits=6.0)}, "narrow", "keep the prompt"),
        ({"structure": replace(FINE, correction_rate=0.3)}, "stable", "not yet"),
        ({"stable_weeks": 1}, "stable", "not yet"),
        ({"reviewed": 100}, "data", "not yet"),
        ({"head": None}, "cheap head first", "not yet"),
        ({"head": Attempt(0.88, 60, 0.9, high=0.94)}, "cheap head first", "not yet"),
        ({"prompt": Attempt(0.85, 60, 0.9, high=0.92)}, "prompt first", "improve the prompt"),
        (
            {"prompt": Attempt(0.95, 200, 0.9, change="a better prompt")},
            "prompt first",
            "improve the prompt",
        ),
        ({"retrieval_gain": 0.2, "retrieval_low": -0.01}, "retrieval", "not yet"),
        ({"tuned": None}, "tuning gain", "not yet"),
        ({"tuned": TuningEstimate(0.8, 0.85, 0.9)}, "tuning gain", "not yet"),
        ({"tuned": TuningEstimate(0.65, 0.91, 0.99)}, "tuning gain", "not yet"),
        (
            {"head": Attempt(0.93, 500, 0.9)},
            "cheap head first",
            "train a head",
        ),
        ({"roi": None}, "roi", "not yet"),
        ({"roi": roi(200_000, prompted=1e-8)}, "roi", "keep the prompt"),
    ],
)
def test_each_gate_stops_with_its_own_advice(change, gate, advice):
    assert stopped(replace(RIPE, **change)) == (gate, advice)


def test_an_earlier_gate_decides_before_a_later_one():
    names = [gate.name for gate in assess_readiness(RIPE, 0.9).gates]
    assert names == [
        "privacy",
        "volume",
        "prompt first",
        "retrieval",
        "narrow",
        "stable",
        "cheap head first",
        "data",
        "tuning gain",
        "roi",
        "checkable reward",
        "a person",
    ]

    assert stopped(replace(RIPE, retrieval_gain=0.5, reviewed=0, roi=None)) == (
        "retrieval",
        "add retrieval",
    )


def test_every_gate_says_its_figure_and_its_limit():
    for gate in assess_readiness(RIPE, 0.9).gates:
        assert figure_text(gate, RIPE)
        assert limit_text(gate, RIPE)

    without_prompt = replace(RIPE, prompt=None)
    assert "prompt first" in next(reasons(assess_readiness(without_prompt, 0.9), without_prompt))


@pytest.mark.parametrize(
    ("gain", "gate"), [(0.0499, "a person"), (0.05, "retrieval"), (0.0501, "retrieval")]
)
def test_documents_that_add_as_much_as_the_limit_come_first(gain, gate):
    at_limit = Thresholds(max_retrieval_gain=0.05)
    readiness = assess_readiness(replace(RIPE, retrieval_gain=gain), 0.9, at_limit)
    assert readiness.stopped_at.name == gate


@pytest.mark.parametrize(("examples", "passed"), [(49, None), (50, True)])
def test_a_prompt_tried_on_exactly_the_examples_that_are_asked_for_counts(examples, passed):
    evidence = replace(RIPE, prompt=Attempt(0.7, examples, 0.9))
    gates = assess_readiness(evidence, 0.9, Thresholds(min_prompt_examples=50)).gates
    assert next(gate for gate in gates if gate.name == "prompt first").passed is passed


@pytest.mark.parametrize(
    ("saved", "reasons_beside_money", "passed"),
    [
        (1e-6, ("faster",), True),
        (0.0, ("faster",), False),
        (-1e-6, ("faster",), False),
        (1e-6, (), False),
    ],
)
def test_speed_or_privacy_justify_tuning_only_where_a_call_gets_cheaper(
    saved, reasons_beside_money, passed
):
    money = replace(
        roi(200_000), pays=False, saved_per_call_usd=saved, other_reasons=reasons_beside_money
    )
    gates = assess_readiness(replace(RIPE, roi=money), 0.9).gates
    assert next(gate for gate in gates if gate.name == "roi").passed is passed


@pytest.mark.parametrize(
    ("accuracy", "passed"), [(0.90, True), (0.921, False), (0.95, False), (0.97, False)]
)
def test_a_head_that_stays_behind_by_less_than_its_tolerance_is_enough(accuracy, passed):
    evidence = replace(RIPE, head=Attempt(accuracy, 500, 0.95))
    gates = assess_readiness(evidence, 0.9, Thresholds(head_tolerance=0.03)).gates
    assert next(gate for gate in gates if gate.name == "cheap head first").passed is passed


def test_a_good_prompt_that_costs_too_much_leaves_the_decision_to_what_tuning_saves():
    expensive = replace(RIPE, prompt=Attempt(0.95, 200, 0.9), monthly_usd=301.0)
    assert stopped(expensive) == ("a person", "tune")
    assert stopped(replace(expensive, monthly_usd=299.0)) == ("prompt first", "keep the prompt")
    assert stopped(replace(expensive, roi=roi(10))) == ("roi", "keep the prompt")


def gate_of(evidence, name, **thresholds):
    gates = assess_readiness(evidence, 0.9, Thresholds(**thresholds)).gates
    return next(gate for gate in gates if gate.name == name)


@pytest.mark.parametrize(("rules", "passed"), [(19, True), (20, False), (None, True)])
def test_as_many_rules_as_the_limit_are_too_many_for_one_narrow_task(rules, passed):
    gate = gate_of(replace(RIPE, rules=rules), "narrow", max_rules=20)

    assert gate.passed is passed


@pytest.mark.parametrize(("words", "passed"), [(799, True), (800, False), (None, True)])
def test_as_many_words_as_the_limit_are_too_many_for_one_narrow_task(words, passed):
    gate = gate_of(replace(RIPE, prompt_words=words), "narrow", max_prompt_words=800)

    assert gate.passed is passed


@pytest.mark.parametrize(
    ("prompt", "passed"),
    [(Attempt(0.95, 200, 0.9), True), (Attempt(0.7, 200, 0.9), None), (None, None)],
)
def test_who_answers_well_from_memory_needs_no_documents(prompt, passed):
    unmeasured = replace(FINE, volatility=None)
    evidence = replace(RIPE, structure=unmeasured, prompt=prompt, retrieval_gain=None)

    assert gate_of(replace(evidence, no_documents=False), "retrieval").passed is passed
    assert gate_of(replace(evidence, no_documents=True), "retrieval").passed is True


def test_the_gate_for_money_shows_what_it_would_save_and_when_it_is_paid_back():
    money = roi(200_000)

    figures = gate_of(replace(RIPE, roi=money), "roi").figures

    assert figures["pays"] is True
    assert figures["saved_per_call_usd"] == money.saved_per_call_usd
    assert figures["monthly_usd"] == money.monthly_usd.likely
    assert figures["break_even_months"] == money.break_even_months.likely
    assert figures["against"] == "gpt"


def test_corrected_answers_lower_the_rank_and_so_does_what_changes():
    def rank(**change):
        return assess_readiness(replace(RIPE, structure=replace(FINE, **change)), 0.9).score

    assert rank(correction_rate=0.0) > rank(correction_rate=0.5) > rank(correction_rate=1.0)
    assert rank(correction_rate=1.0) == rank(correction_rate=None)
    assert rank(volatility=0.0) > rank(volatility=0.5) > rank(volatility=1.0)
    assert rank(volatility=1.0) == rank(volatility=None)
    assert 0.0 <= rank(correction_rate=1.0, volatility=1.0) <= rank(correction_rate=0.0) <= 1.0


def test_a_threshold_is_a_setting():
    fewer = Thresholds(min_reviewed=50)
    readiness = assess_readiness(replace(RIPE, reviewed=100), 0.9, fewer)
    assert readiness.stopped_at.name == "a person"


def answered(data, at=0.0, corrected=False, **more):
    return Row("sort this", "u1", at, record={"data": data, "corrected": corrected, **more})


def test_answers_with_one_schema_have_one_form_and_few_labels():
    rows = [answered({"label": "it" if i % 2 else "hr", "urgent": bool(i % 3)}) for i in range(40)]
    found = measure_structure(rows, np.eye(40, dtype=np.float32))
    assert found.one_form == 1.0
    assert found.form == "{label: text, urgent: boolean}"
    assert found.label_bits == pytest.approx(1.0)
    assert found.correction_rate == 0.0


def test_a_tool_with_one_shape_of_arguments_is_a_form_too():
    rows = [
        answered(None, tool={"name": "book", "arguments": {"room": f"r{i}", "seats": i}})
        for i in range(20)
    ]
    found = measure_structure(rows, np.eye(20, dtype=np.float32))
    assert (found.one_form, found.form) == (1.0, "book({room: text, seats: number})")


def test_prose_has_no_form():
    rows = [Row("why", "u1", 0.0, record={"text": f"because {i}"}) for i in range(20)]
    assert measure_structure(rows, np.eye(20, dtype=np.float32)).one_form == 0.0


def test_the_same_question_with_another_answer_a_week_later_is_volatile():
    same = np.tile(np.eye(1, 4, dtype=np.float32), (5, 1))
    rows = [answered({"days": n}, at=n * 2 * WEEK) for n in range(5)]
    found = measure_structure(rows, same)
    assert (found.volatility, found.pairs) == (1.0, 10)
    steady = [answered({"days": 5}, at=n * 2 * WEEK) for n in range(5)]
    assert measure_structure(steady, same).volatility == 0.0


def test_what_is_filled_in_differently_may_be_answered_differently():
    same = np.tile(np.eye(1, 4, dtype=np.float32), (5, 1))
    rows = [
        Row(f"the {name} is down", "u1", n * 2 * WEEK, record={"data": {"what": name}})
        for n, name in enumerate("abcde")
    ]
    found = measure_structure(rows, same)
    assert (found.volatility, found.pairs, found.label_bits) == (None, 0, None)


def test_a_few_pairs_tell_nothing():
    same = np.tile(np.eye(1, 4, dtype=np.float32), (3, 1))
    rows = [answered({"days": n}, at=n * 2 * WEEK) for n in range(3)]
    assert measure_structure(rows, same).volatility is None


def test_answers_a_day_apart_tell_nothing_about_change():
    same = np.tile(np.eye(1, 4, dtype=np.float32), (2, 1))
    assert (
        measure_structure(
            [answered({"days": 1}), answered({"days": 2}, at=86_400.0)], same
        ).volatility
        is None
    )


def test_without_answers_nothing_is_claimed():
    found = measure_structure([Row("hello there", "u1", 0.0)], np.eye(1, dtype=np.float32))
    assert (found.one_form, found.volatility, found.correction_rate, found.label_bits) == (
        None,
        None,
        None,
        None,
    )


def test_no_head_is_waited_for_where_answers_are_not_chosen_from_a_small_set():
    rows = [answered({"what": f"thing {i}"}) for i in range(60)]
    found = measure_structure(rows, np.eye(60, dtype=np.float32))
    assert found.closed is False
    open_ended = replace(RIPE, head=None, structure=replace(FINE, closed=found.closed))
    assert stopped(open_ended) == ("a person", "tune")


def test_a_field_that_may_be_missing_or_null_belongs_to_the_schema():
    rows = [
        answered({"service": "mail", **({"ended": "noon" if i % 4 else None} if i % 2 else {})})
        for i in range(40)
    ]
    found = measure_structure(rows, np.eye(40, dtype=np.float32))
    assert (found.one_form, found.form) == (1.0, "{ended?: text, service: text}")


def test_answers_with_no_common_key_or_of_other_kinds_have_no_one_form():
    apart = [answered({f"k{i}": "x"}) for i in range(40)]
    assert measure_structure(apart, np.eye(40, dtype=np.float32)).one_form == 0.0
    mixed = [answered({"n": i if i % 2 else str(i)}) for i in range(40)]
    assert measure_structure(mixed, np.eye(40, dtype=np.float32)).one_form == 0.5


def test_saying_the_message_in_another_style_is_a_form_and_answering_it_is_not():
    said = "send me the signed contract before friday noon or the customer leaves"
    polite = (
        "Could you send the signed contract before Friday noon, please? "
        "The customer leaves otherwise."
    )
    rows = [Row(said, "u1", 0.0, record={"text": polite}) for _ in range(20)]
    found = measure_structure(rows, np.eye(20, dtype=np.float32))
    assert (found.one_form, found.form) == (1.0, "an edit of the message")
    answer = (
        "Contracts are signed in the vendor portal; "
        "ask finance when a customer is waiting for theirs."
    )
    rows = [Row(said, "u1", 0.0, record={"text": answer}) for _ in range(20)]
    assert measure_structure(rows, np.eye(20, dtype=np.float32)).one_form == 0.0


@pytest.mark.parametrize(
    ("change", "passed"),
    [
        ({"checkable": ("queue", "urgency")}, True),
        ({"checkable": ()}, False),
        ({"checkable": None, "structure": replace(FINE, closed=True)}, True),
        ({"checkable": None, "structure": replace(FINE, closed=None)}, None),
    ],
)
def test_a_reward_that_nothing_checks_stops_no_training(change, passed):
    found = assess_readiness(replace(RIPE, **change), 0.9)
    gate = next(gate for gate in found.gates if gate.name == "checkable reward")
    assert gate.passed is passed
    assert (found.stopped_at.name, found.recommendation) == ("a person", "tune")


def test_what_a_program_can_check_is_read_from_the_live_version():
    closed = {"type": "object", "properties": {"queue": {"enum": ["a"]}, "note": {}}}
    assert checkable_parts({"output": closed}) == ("queue",)
    quotes = [{"check": "quotes", "fields": ["note"]}]
    assert checkable_parts({"output": closed, "reward": quotes}) == ("note",)
    assert checkable_parts({"output": closed, "reward": [{"check": "schema"}]}) == ()
    assert checkable_parts({"output": closed, "reward": [{"check": "unheard of"}]}) == ()
    assert checkable_parts({"output": None}) == ()
