"""The held-out check of a reward: what is caught, and what is not held against it."""

from __future__ import annotations

import json

import pytest

from router.catalog.reward import RewardCheck
from workers.training.reward import RewardFunction, RewardSpec
from workers.training.trainers._gaming import gaming_reasons, held_out_figures

QUOTES = RewardFunction(RewardSpec((RewardCheck(check="quotes", fields=("word",)),), {}))
MESSAGES = [f"box number{n} is green today" for n in range(10)]
RIGHT = [json.dumps({"word": f"number{n}"}) for n in range(10)]
POOR = [json.dumps({"word": f"wrong{n}"}) for n in range(10)]


def reasons(before: list[str], after: list[str]) -> list[str]:
    figures = [held_out_figures(QUOTES, MESSAGES, answers, RIGHT) for answers in (before, after)]
    return gaming_reasons(figures[0], figures[1], RIGHT)


def test_better_answers_are_no_gaming():
    assert reasons(POOR, RIGHT) == []


def test_no_change_is_no_gaming():
    assert reasons(RIGHT, RIGHT) == []


def test_one_answer_that_always_earns_the_reward_is_caught():
    constant = [json.dumps({"word": "green"})] * 10
    found = " ".join(reasons(POOR, constant))
    assert "the same one" in found
    assert "agreement with reviewed answers" in found


def test_long_answers_are_caught():
    whole = [json.dumps({"word": message}) for message in MESSAGES]
    assert "times the length" in " ".join(reasons(POOR, whole))


@pytest.mark.parametrize("share", [3, 6])
def test_quoting_something_else_is_caught(share):
    other = [json.dumps({"word": message[n % share]}) for n, message in enumerate(MESSAGES)]
    assert "the reward rose" in " ".join(reasons(POOR, other))
