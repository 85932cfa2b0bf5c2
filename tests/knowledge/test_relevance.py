"""The shipped ranking: words of like meaning count, and absent words do not decide alone."""

from __future__ import annotations

import random

import numpy as np
import pytest

from router.index import Hit
from workers.knowledge.quotes.extractive_answer import read_passages, select_quotes
from workers.knowledge.relevance.features import (
    LINE_FEATURES,
    PASSAGE_FEATURES,
    match_passages,
)
from workers.knowledge.relevance.ranking import SUPPORT_FEATURES, rank_passages, shipped_model

PASSAGES = (
    ("Holidays > How many days", "Everybody has 27 days of paid holiday a year."),
    ("Travel > Hotels", "A hotel may cost up to 140 euros a night.\n\nMeals are paid."),
    ("Offices > Dogs", "Dogs are welcome on Tuesdays and Fridays in Lisbon."),
    ("Pay > Pay day", "Salaries are paid on the 25th of each month."),
)


@pytest.fixture
def hits():
    made = []
    for number, (title, body) in enumerate(PASSAGES, 1):
        made.append(Hit(number, f"page-{number}", title, "", body, 0.0, 1.0))

    return made


def test_the_files_fit_the_code():
    model = shipped_model()

    assert len(model.passages.weights) == len(PASSAGE_FEATURES)
    assert len(model.support.weights) == len(SUPPORT_FEATURES)
    assert 0 < model.min_support < 1


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("what may accommodation cost?", "Travel > Hotels"),
        ("are pets welcome?", "Offices > Dogs"),
    ],
)
def test_a_passage_in_other_words_comes_first(hits, question, title):
    assert rank_passages(question, hits)[0].title == title


def test_the_order_of_the_index_changes_no_score(hits):
    question = "how many days of holiday?"
    scores = {hit.chunk: hit.score for hit in rank_passages(question, hits)}
    shuffled = random.Random(1).sample(hits, len(hits))  # any other order

    assert {hit.chunk: hit.score for hit in rank_passages(question, shuffled)} == pytest.approx(
        scores
    )


def test_what_is_matched_is_a_share(hits):
    vectors = shipped_model().vectors
    for question in ("holiday", "when?", "", "Ωmega 42 年假", "a" * 5000):
        for match in match_passages(question, hits, vectors):
            assert match.lines.shape == (len(match.units), len(LINE_FEATURES))
            assert np.all((match.lines >= 0) & (match.lines <= 1.0001))
            shares = match.features[2:-1]
            assert np.all((shares >= 0) & (shares <= 1.0001))


def test_a_question_about_something_else_is_supported_less(hits):
    answered = read_passages("how many days of holiday does everybody have?", hits)
    foreign = read_passages("which printer toner does the warehouse order?", hits)

    assert foreign.chance < answered.needed <= answered.chance
    assert select_quotes("which printer toner does the warehouse order?", hits) == []


def test_nothing_supports_an_answer_without_passages():
    assert read_passages("how many days?", []).chance == 0.0
    assert rank_passages("how many days?", []) == []


def test_a_name_is_matched_by_itself_alone(hits):
    vectors = shipped_model().vectors
    lisbon = match_passages("Which dogs are welcome in Lisbon?", hits, vectors)[2]
    berlin = match_passages("Which dogs are welcome in Berlin?", hits, vectors)[2]
    like = vectors.vectors(["lisbon", "berlin"])

    assert like[0] @ like[1] > 0.3
    soft = PASSAGE_FEATURES.index("soft_body_or_path")
    assert berlin.features[soft] < lisbon.features[soft] - 0.2


def test_a_time_is_an_answer_in_another_unit_than_the_one_that_was_asked_for():
    hit = Hit(1, "leave", "Parental leave > How long", "", PARENTAL_LEAVE, 0.0, 1.0)

    quotes = select_quotes("How many days of parental leave do we get?", [hit])

    assert quotes[0].text == "Every new parent has 20 weeks of parental leave."


PARENTAL_LEAVE = (
    "Every new parent has 20 weeks of parental leave.\n\nTen days a year are for a sick child."
)
