"""Fits what reads quotes with a question, and when such a quote is shown."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from evals.retrieval.answer_figures import holds_answer, read_gold_questions
from evals.retrieval.companies import companies, ranked_for, ranked_from
from evals.retrieval.fit_confidence import (
    Guesses,
    guesses_from,
    guesses_of,
    thresholds,
    write_confidence,
)
from evals.retrieval.scorer_training import QuotesOfQuestion, train_adapters
from router.config import read_settings
from router.encoder.factory import open_encoder
from router.encoder.protocol import Encoder
from router.log import set_up_logs
from router.text.printable import print_line
from workers.knowledge.quotes.by_meaning import find_quotes
from workers.knowledge.quotes.extractive_answer import ANSWER_PASSAGES
from workers.knowledge.relevance import confidence, quote_scorer
from workers.knowledge.relevance.confidence import ConfidenceModel
from workers.knowledge.relevance.quote_scorer import QuoteScorer

FOLDS = 2
TRAINED = 12
"""Quotes of a question that are trained on, the nearest."""
HANDBOOK = Path(__file__).parents[1] / "handbook"
HANDBOOK_QUESTIONS = (("handbook_questions.jsonl", "all"), ("handbook_paraphrases.jsonl", "dev"))


def main(
    out: Annotated[Path, typer.Option(help="The file of adapters to write.")] = (
        quote_scorer.ADAPTERS
    ),
    confidence_out: Annotated[
        Path, typer.Option(help="The file that says when a quote is shown.")
    ] = confidence.SCORED_FILE,
    seed: Annotated[int, typer.Option(help="Of the small collections.")] = 0,
) -> None:
    """Fit what reads quotes; the companies of the test part are never read.

    When a quote is shown is fitted on scores of models that never saw the company.
    """
    set_up_logs("auto", "warning")
    encoder = open_encoder("fast", read_settings().encoder_cache)
    questions = {name: quotes_for(name, encoder) for name in companies("dev")}
    rng = random.Random(seed)  # noqa: S311  # a reproducible sample
    guesses: list[Guesses] = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(FOLDS):
            own = list(questions)[number::FOLDS]
            adapters = Path(folder) / f"{number}.npz"
            train_adapters(_without(questions, own), adapters)
            scorer = QuoteScorer(Path(folder), adapters)
            guesses += [guesses_of(name, encoder, rng, scorer) for name in own]

    figures = write_confidence(confidence_out, confidence.SCORED_FEATURES, guesses)
    train_adapters(_without(questions, ()), out)
    with tempfile.TemporaryDirectory() as folder:
        scorer = QuoteScorer(Path(folder), out)
        correct_thresholds(confidence_out, handbook_guesses(encoder, scorer, rng))

    print_line(json.dumps(figures))


def handbook_guesses(encoder: Encoder, scorer: QuoteScorer, rng: random.Random) -> Guesses:
    """Returns the best quotes for the questions to the demo's handbook that may choose."""
    asked = []
    for name, part in HANDBOOK_QUESTIONS:
        questions = read_gold_questions(HANDBOOK.with_name("retrieval") / name, part)
        asked += ranked_from(HANDBOOK, questions, encoder)

    return guesses_from(asked, encoder, rng, scorer)


def correct_thresholds(path: Path, guesses: Guesses) -> None:
    """Moves the thresholds of a fitted model half of the way to what these guesses ask for.

    A model that was trained on all companies is surer of itself than those of the folds, on whose
    scores the thresholds were fitted. Here it is asked of a handbook that it has not seen; those
    questions are few, so both count the same.
    """
    fields = json.loads(path.read_text("utf-8"))
    model = ConfidenceModel.load(path, confidence.SCORED_FEATURES)
    own = thresholds(model.model.chances(guesses.features), guesses)
    for name, fitted, seen in zip(
        ("min_answer", "min_doubtful"), (model.min_answer, model.min_doubtful), own, strict=True
    ):
        fields[name] = round((fitted + seen) / 2, 4)

    path.write_text(json.dumps(fields, indent=1) + "\n", "utf-8")


def quotes_for(name: str, encoder: Encoder) -> list[QuotesOfQuestion]:
    """Returns the quotes that are found for each question of a company's people."""
    lists = []
    for question, hits in ranked_for(name, encoder):
        found = find_quotes(question.text, hits[:ANSWER_PASSAGES], encoder, TRAINED)
        lists.append(
            QuotesOfQuestion(
                question.text,
                [one.reading for one in found],
                [one.line.score for one in found],
                [holds_answer(f"{one.lead} {one.text}", question.answers) for one in found],
            )
        )

    return lists


def _without(
    questions: Mapping[str, Sequence[QuotesOfQuestion]], names: Sequence[str]
) -> list[QuotesOfQuestion]:
    return [one for name, own in questions.items() if name not in names for one in own]
