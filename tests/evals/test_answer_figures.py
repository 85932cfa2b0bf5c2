"""The figures of quoted answers count what a person would."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evals.retrieval.answer_figures import (
    judge,
    read_gold_questions,
    separation,
    shares,
    write_misses,
)
from evals.retrieval.fit_relevance import fit_listwise
from router.index import Hit
from workers.knowledge.quotes.by_words import Quote


@pytest.fixture
def quote():
    def make(text):
        return Quote(Hit(1, "d", "Page", "", text, 0.0, 1.0), text, 1.0, 1.0)

    return make


def holds_five(quote):
    return "five" in quote.text


def test_each_answer_has_the_verdict_that_a_person_would_give(quote):
    right, wrong = quote("It takes five days."), quote("It takes a while.")
    verdicts = [
        judge("q", "five", [right, wrong], holds_five).verdict,
        judge("q", "five", [wrong, right], holds_five).verdict,
        judge("q", "five", [wrong], holds_five).verdict,
        judge("q", "five", [], holds_five).verdict,
        judge("q", "not found", [], None).verdict,
        judge("q", "not found", [right], None).verdict,
    ]

    expected = ["answers", "contains", "misleads", "false_not_found", "honest", "made_up"]
    assert verdicts == expected


def test_shares_are_of_the_questions_that_could_have_the_verdict(quote):
    judgements = [
        judge("a", "five", [quote("five")], holds_five),
        judge("b", "five", [], holds_five),
        judge("c", "not found", [], None),
    ]

    figures = shares(judgements)
    assert (figures["answers"], figures["false_not_found"], figures["honest"]) == (0.5, 0.5, 1.0)
    assert (figures["answerable"], figures["unanswerable"]) == (2, 1)


def test_the_page_of_misses_shows_what_was_quoted_instead(quote, tmp_path):
    good = judge("good?", "five", [quote("five")], holds_five)
    bad = judge("bad?", "five", [quote("It takes a while.")], holds_five)
    page = tmp_path / "misses.md"
    write_misses(page, [good, bad])

    text = page.read_text("utf-8")
    assert "## bad?" in text
    assert "It takes a while." in text
    assert "## good?" not in text


def test_what_is_shown_in_doubt_is_counted_beside_not_found(quote):
    shown = replace(judge("a", "five", [], holds_five), is_right_in_doubt=True)
    wrong = replace(judge("b", "not found", [], None), is_right_in_doubt=False)

    figures = shares([shown, wrong, judge("c", "not found", [], None)])

    assert (figures["false_not_found"], figures["right_in_doubt"]) == (1.0, 1.0)
    assert (figures["honest"], figures["in_doubt_unanswerable"]) == (1.0, 0.5)


def test_questions_of_another_part_are_left_out(tmp_path):
    file = tmp_path / "questions.jsonl"
    rows = ('{"question": "a", "answers": [], "part": "dev"}', '{"question": "b", "answers": []}')
    file.write_text("\n".join(rows))

    assert [question.text for question in read_gold_questions(file, "test")] == ["b"]
    assert len(read_gold_questions(file, "dev")) == len(read_gold_questions(file)) == 2


def test_the_support_of_answered_questions_is_told_apart_from_the_others(quote):
    answered = replace(judge("a", "five", [quote("five")], holds_five), support=0.8)
    unanswered = replace(judge("b", "not found", [], None), support=0.3)

    assert separation([answered, unanswered]) == 1.0
    assert separation([answered]) is None


def test_questions_without_answers_are_read(tmp_path):
    file = tmp_path / "questions.jsonl"
    file.write_text(
        '{"question": "a?", "answers": ["five"]}\n{"question": "b?", "answers": []}\n', "utf-8"
    )

    assert [list(question.answers) for question in read_gold_questions(file)] == [["five"], []]


def test_a_fit_puts_the_right_passages_first():
    rng = np.random.default_rng(0)
    features, right = [], []
    for _ in range(40):
        rows = rng.normal(size=(6, 3)).astype(np.float32)
        features.append(rows)
        right.append(rows[:, 1] == rows[:, 1].max())

    model = fit_listwise(features, right)
    first = [bool(is_right[np.argmax(model.scores(rows))]) for rows, is_right in
             zip(features, right, strict=True)]  # fmt: skip

    assert np.mean(first) > 0.9
