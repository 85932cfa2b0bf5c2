"""Sums are worked out by the calculator and not by a model."""

from __future__ import annotations

import pytest

from workers.paths._sums import sum_of, with_right_results


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("what is 19 percent VAT on 240 euros", "19% of 240 = 45.6; with it 285.6"),
        ("15% of 80", "15% of 80 = 12"),
        ("what's 20% off 50 euros?", "20% of 50 = 10; less that 40"),
        ("split 120 euros by 5", "120 / 5 = 24"),
        ("how much is 3 times 80 euros?", "3 * 80 = 240"),
        ("12.5 plus 2.65 = ?", "12.5 + 2.65 = 15.15"),
        ("(1200 * 1.19) / 3", "(1200 * 1.19) / 3 = 476"),
        ("1,250 * 2", "1,250 * 2 = 2500"),
    ],
)
def test_a_request_that_is_a_sum_is_worked_out(text, answer):
    assert sum_of(text) == answer


@pytest.mark.parametrize(
    "text",
    [
        "what is the per diem for 3 days in berlin",
        "call me at 555-1234",
        "2026-11-30",
        "10 / 0",
        "how many sick days do we get",
        "19% of what?",
        "9" * 300,
    ],
)
def test_other_requests_are_not(text):
    assert sum_of(text) is None


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("It is 240 * 1.19 = 244.19 euros.", "It is 240 * 1.19 = 285.6 euros."),
        ("12 x 3 = 36 and 36 + 4 = 41", "12 x 3 = 36 and 36 + 4 = 40"),
        ("10 / 3 = 3.33", "10 / 3 = 3.33"),
        ("a = 5", "a = 5"),
    ],
)
def test_a_wrong_result_in_an_answer_is_put_right(text, right):
    assert with_right_results(text) == right
