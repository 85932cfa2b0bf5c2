"""Quotes are found by their lines, read with the question, and shown by what that says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.encoder.onnx import RECIPE
from router.index import Hit
from workers.knowledge.quotes.by_meaning import MAX_SCORED, find_quotes, rank_by_meaning
from workers.knowledge.quotes.extractive_answer import read_passages
from workers.knowledge.relevance.confidence import (
    FEATURES,
    SCORED_FEATURES,
    confidence_model,
    with_scores,
)

QUESTION = "when is lunch?"


class LetterEncoder:
    """Counts letters: texts with the same letters are near each other."""

    model_id = RECIPE
    dim = 26

    def encode(self, texts):
        """Returns unit vectors `(n, 26)`."""
        rows = np.ones((len(texts), 26), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for letter in text.lower():
                if "a" <= letter <= "z":
                    row[ord(letter) - 97] += 1

        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def views(self, texts):
        return self.encode(texts)


class WordScorer:
    """Finds that only quotes with `word` answer, and remembers what it was given."""

    def __init__(self, word: str) -> None:
        self.word = word
        self.given: list[tuple[str, list[str]]] = []

    def scores(self, question, quotes):
        self.given.append((question, list(quotes)))
        return np.array([20.0 if self.word in quote else -20.0 for quote in quotes])


class NoScorer:
    """A scorer whose model could not be opened."""

    def scores(self, question, quotes):
        return None


def hit(number: int, body: str, title: str = "Site > Rules") -> Hit:
    return Hit(number, f"page-{number}", title, "", body, 0.0, 1.0)


@pytest.fixture
def hits():
    return [
        hit(1, "Lunch when, lunch when is lunch."),
        hit(2, "Soup is served at noon.", "Food > Meals"),
        hit(3, "The gate is red."),
    ]


def test_what_the_scorer_finds_right_is_quoted_although_another_line_is_nearer(hits):
    by_lines = rank_by_meaning(QUESTION, hits, LetterEncoder())
    read = rank_by_meaning(QUESTION, hits, LetterEncoder(), WordScorer("noon"))

    assert by_lines.quotes[0].hit == hits[0]
    assert [quote.hit for quote in read.quotes] == [hits[1]]
    assert (by_lines.is_scored, read.is_scored) == (False, True)


def test_a_scorer_reads_what_asks_and_each_quote_below_its_heading(hits):
    scorer = WordScorer("noon")
    rank_by_meaning(f"Hello there, I am new. {QUESTION}", hits, LetterEncoder(), scorer)

    (question, quotes), *others = scorer.given
    assert others == []
    assert question == QUESTION
    assert "Meals. Soup is served at noon." in quotes


def test_without_scores_the_lines_decide(hits):
    alone = rank_by_meaning(QUESTION, hits, LetterEncoder())
    broken = rank_by_meaning(QUESTION, hits, LetterEncoder(), NoScorer())

    assert broken.quotes == alone.quotes
    assert not broken.is_scored
    assert np.array_equal(broken.features, alone.features, equal_nan=True)


def test_what_the_scorer_finds_wrong_is_not_shown(hits):
    reading = read_passages(QUESTION, hits, LetterEncoder(), WordScorer("regatta"))

    assert list(reading.quotes) == []
    assert reading.chance < reading.needed == confidence_model(is_scored=True).min_answer


@pytest.mark.parametrize(
    ("asked", "is_quoted"),
    [("where do I lock my bike?", True), ("when do zzzzzzzzzzzzzzzz buzz?", False)],
)
def test_who_asks_what_a_colleague_answered_gets_that_answer(hits, asked, is_quoted):
    title = "my bike: where do I lock it? > answered by Grace on 2027-01-03"
    saved = Hit(4, "answer:C1:1.2", title, "", "In the yard.", 0.0, 1.0)

    reading = read_passages(asked, [*hits, saved], LetterEncoder(), WordScorer("regatta"))

    texts = [quote.text for quote in reading.quotes]
    assert texts == (["In the yard."] if is_quoted else [])


def test_nothing_to_quote_is_not_read():
    scorer = WordScorer("noon")
    ranked = rank_by_meaning(QUESTION, [hit(1, "When is lunch?")], LetterEncoder(), scorer)

    assert (list(ranked.quotes), ranked.features, scorer.given) == ([], None, [])


@given(
    st.lists(
        st.text("abc lunch.\n", max_size=900).map(lambda body: f"{body} end."),
        min_size=1,
        max_size=30,
    )
)
def test_quotes_are_few_verbatim_and_of_different_lines(bodies):
    hits = [hit(number, body) for number, body in enumerate(bodies)]
    found = find_quotes(QUESTION, hits, LetterEncoder())

    assert len(found) <= MAX_SCORED
    assert all(one.text in one.candidate.hit.body for one in found)
    places = [(one.line.passage, one.line.place) for one in found]
    assert len(set(places)) == len(places)


def test_the_model_for_scored_quotes_has_the_features_that_the_code_has():
    model = confidence_model(is_scored=True)

    assert 0 < model.min_doubtful < model.min_answer < 1
    assert len(model.model.weights) == len(SCORED_FEATURES)


@given(st.lists(st.floats(-20, 20), min_size=1, max_size=12), st.data())
def test_a_better_reading_is_surer(scores, data):
    scores = np.sort(np.array(scores))[::-1]
    passages = data.draw(st.lists(st.integers(0, 3), min_size=len(scores), max_size=len(scores)))
    row = with_scores(np.zeros(len(FEATURES)), scores, passages)
    named = dict(zip(SCORED_FEATURES, row.tolist(), strict=True))

    assert named["read"] == scores[0]
    assert 0 < named["read_share"] <= 1
    better = scores.copy()
    better[0] += 1
    surer = dict(zip(SCORED_FEATURES, with_scores(np.zeros(len(FEATURES)), better, passages),
                     strict=True))  # fmt: skip
    assert surer["read_share"] >= named["read_share"]
    assert surer["read_margin"] >= named["read_margin"]
