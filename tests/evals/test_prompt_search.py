"""The prompt search on the task of `rft`: with and without a model that learns from examples."""

from __future__ import annotations

import json

import pytest

from evals.tuning import prompt_search, rft
from router.config import Settings
from router.types import Tokens
from workers.ports import ModelReply

pytestmark = pytest.mark.model

SIZES = rft.RftSizes(supervised=24, dev=12, tested=24)
ALWAYS = '{"queue":"billing","urgency":"low"}'


class Sorter:
    """Sorts messages rightly once it is shown examples, if it `learns`; else says the same."""

    def __init__(self, learns: bool) -> None:
        self.learns = learns
        rows = [row for part in rft.task_rows(SIZES, 0) for row in part]
        self.answers = {row["text"]: json.dumps(rft.answer_of(row)) for row in rows}

    def complete(self, call, on_text=None):
        is_shown = any(turn["role"] == "assistant" for turn in call.messages)
        text = ALWAYS
        if self.learns and is_shown:
            text = self.answers[call.messages[-1]["content"]]

        return ModelReply(text, "sorter", Tokens(query=9, output=3), 0.0, 0.01)


@pytest.fixture
def measured(tmp_path):
    """Measures the task with a model that learns from examples, or with one that does not."""

    def measure(learns):
        cache = Settings(_env_file=None).encoder_cache
        settings = Settings(_env_file=None, data=tmp_path / "data", encoder_folder=cache)
        return prompt_search.measure(settings, SIZES, calls=400, model=Sorter(learns))

    return measure


def share_answered(row_answer):
    """Returns which share of the test rows has that answer."""
    test = rft.task_rows(SIZES, 0)[2]
    return sum(rft.answer_of(row) == row_answer for row in test) / len(test)


def test_examples_that_help_are_found_within_the_budget_and_measured_on_unseen_rows(measured):
    report = measured(learns=True)

    assert report["before"] == share_answered({"queue": "billing", "urgency": "low"})
    assert report["after"] == 1.0
    assert report["gain"] == pytest.approx(1 - report["before"])
    assert report["gain_ci95"][0] <= report["gain"] <= report["gain_ci95"][1]
    assert max(report["tried"].values()) > report["tried"]["live"]
    assert report["calls"] <= 400

    page = prompt_search.section(report)
    assert f"{report['rows']['shown']} labelled rows" in page
    assert f"| {report['after']:.1%} |" in page


def test_where_no_example_helps_the_prompt_that_there_was_is_measured(measured):
    report = measured(learns=False)

    assert report["before"] == report["after"]
    assert report["before"] == share_answered({"queue": "billing", "urgency": "low"})
    assert "| best of" in prompt_search.section(report)


def test_the_rows_that_are_shown_choose_and_test_are_different_ones():
    shown, choose, test = ({row["text"] for row in rows} for rows in rft.task_rows(SIZES, 0))
    assert not shown & choose | shown & test | choose & test
    assert (len(choose), len(test)) == (12, 24)
