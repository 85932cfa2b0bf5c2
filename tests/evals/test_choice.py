"""Replaying recorded answers under the rule that decides about requests."""

from __future__ import annotations

import numpy as np

from evals.tiers.choice import RecordedAnswers, replay


def test_the_strong_model_is_asked_where_the_weak_one_fails_and_nowhere_else():
    groups = np.array(["easy"] * 100 + ["hard"] * 100)
    weak = np.array([1.0] * 100 + [0.0] * 100)
    figures = replay(RecordedAnswers(groups, weak, np.ones(200)), 0.05, 20.0, 0)

    assert figures["strong_share"] == 0.5
    assert figures["accuracy"] == 1.0
    assert figures["strong_share_at_95"] <= 0.5


def test_two_models_that_are_equal_cost_no_strong_call():
    right = np.tile([1.0, 1.0, 1.0, 0.0], 200)
    figures = replay(RecordedAnswers(np.array(["all"] * 800), right, right), 0.06, 20.0, 0)

    assert figures["strong_share"] == 0.0
