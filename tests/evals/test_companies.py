"""The companies' questions can be judged: what answers them stands on one of the pages."""

from __future__ import annotations

import numpy as np
import pytest
import typer

from evals.retrieval.answer_figures import read_gold_questions
from evals.retrieval.companies import FOLDER, PARTS, companies, judge_company
from evals.retrieval.fit_confidence import Guesses, fit
from evals.retrieval.rag_data import read_corpus
from evals.stand_ins import HashingEncoder
from workers.knowledge.relevance.confidence import FEATURES

FOLDERS = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())


@pytest.mark.parametrize("name", FOLDERS)
def test_every_answer_stands_on_a_page_as_it_is_read(name):
    documents, _ = read_corpus(FOLDER / name)
    bodies = [chunk.body for document in documents for chunk in document.chunks]
    text = " ".join(" ".join(bodies).casefold().split())

    missing = []
    for question in read_gold_questions(FOLDER / f"{name}.jsonl"):
        for answer in question.answers:
            if " ".join(answer.casefold().split()) not in text:
                missing.append(answer)

    assert missing == []


def test_every_company_has_its_pages_and_questions_and_is_in_one_part():
    assert sorted(name for part in PARTS for name in companies(part)) == FOLDERS
    for name in FOLDERS:
        assert len(list((FOLDER / name).glob("*.md"))) == 12
        assert len(read_gold_questions(FOLDER / f"{name}.jsonl")) >= 150


def test_each_question_of_a_company_is_judged_once():
    judged = judge_company("museum", HashingEncoder())

    questions = read_gold_questions(FOLDER / "museum.jsonl")
    assert [one.question for one in judged] == [question.text for question in questions]


def test_an_unknown_company_or_part_is_told():
    with pytest.raises(typer.BadParameter, match="nowhere"):
        judge_company("nowhere", HashingEncoder())
    with pytest.raises(typer.BadParameter, match="half"):
        companies("half")


def test_the_confidence_is_fitted_on_what_is_quoted():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(200, len(FEATURES)))
    right = rows[:, 0] + rng.normal(size=200) > 0
    rows[:20, 1] = np.nan

    model = fit(Guesses(rows, right, np.ones(200, bool), np.ones(200, bool)))

    assert int(np.argmax(np.abs(model.weights))) == 0
    scores = model.scores(rows)
    assert scores[right].mean() > scores[~right].mean()
