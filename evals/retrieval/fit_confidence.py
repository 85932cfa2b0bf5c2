"""Fits how probable it is that the best quote answers, on the companies' questions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from evals.retrieval.answer_figures import contains_answer
from evals.retrieval.companies import companies, ranked_for
from router.config import read_settings
from router.encoder.factory import open_encoder
from router.encoder.protocol import Encoder
from router.log import set_up_logs
from router.text.printable import print_line
from workers.knowledge.extractive_answer import ANSWER_PASSAGES, first_guess
from workers.knowledge.relevance import confidence
from workers.knowledge.relevance.confidence import FEATURES
from workers.knowledge.relevance.ranking import LinearModel

C = 0.02
"""The strength of the prior on the weights: 34 features, some 2,000 questions."""
HONEST, DOUBTFUL_HONEST = 0.8, 0.6
"""How many of the questions that no page answers get no quote, and no doubtful one either."""


@dataclass(frozen=True, slots=True)
class Guesses:
    """The best quote of each question: its features, and whether it is right or any could be."""

    features: NDArray[np.float64]
    right: NDArray[np.bool_]
    answerable: NDArray[np.bool_]


def main(
    out: Annotated[Path, typer.Option(help="The file to write.")] = confidence.FILE,
) -> None:
    """Fit when a quote is shown as an answer; the companies of the test part are never read."""
    set_up_logs("auto", "warning")
    encoder = open_encoder("fast", read_settings().data / "encoder")
    guesses = [guesses_of(name, encoder) for name in companies("dev")]

    chances = np.concatenate([_held_out(guesses, number) for number in range(len(guesses))])
    every = _joined(guesses)
    absent = chances[~every.answerable]
    min_answer = round(float(np.quantile(absent, HONEST)), 4)
    fields = {
        "features": FEATURES,
        "model": fit(every).fields(),
        "min_answer": min_answer,
        "min_doubtful": round(float(np.quantile(absent, DOUBTFUL_HONEST)), 4),
    }
    out.write_text(json.dumps(fields, indent=1) + "\n", "utf-8")
    print_line(json.dumps(_figures(chances, every, min_answer)))


def guesses_of(name: str, encoder: Encoder) -> Guesses:
    """Returns the best quote for each question of a company's people that has any."""
    rows, right, answerable = [], [], []
    for question, hits in ranked_for(name, encoder):
        guess = first_guess(question.text, hits[:ANSWER_PASSAGES], encoder)
        if guess is not None:
            quote, features = guess
            rows.append(features)
            right.append(contains_answer(quote, question.answers))
            answerable.append(bool(question.answers))

    return Guesses(np.stack(rows), np.array(right), np.array(answerable))


def fit(guesses: Guesses) -> LinearModel:
    """Returns the logistic regression of whether a guess is right; unknown features are means."""
    from sklearn.linear_model import LogisticRegression

    mean = np.nanmean(guesses.features, 0)
    scale = np.nanstd(guesses.features, 0) + 1e-6
    scaled = np.nan_to_num((guesses.features - mean) / scale)
    found = LogisticRegression(C=C, max_iter=5000).fit(scaled, guesses.right)
    return LinearModel(mean, scale, found.coef_[0], float(found.intercept_[0]))


def _held_out(guesses: Sequence[Guesses], number: int) -> NDArray[np.float64]:
    """Returns the chances of one company's guesses by the model of all others."""
    others = [one for place, one in enumerate(guesses) if place != number]
    logits = fit(_joined(others)).scores(guesses[number].features)
    return np.asarray(1 / (1 + np.exp(-logits)), np.float64)


def _joined(guesses: Sequence[Guesses]) -> Guesses:
    return Guesses(
        np.concatenate([one.features for one in guesses]),
        np.concatenate([one.right for one in guesses]),
        np.concatenate([one.answerable for one in guesses]),
    )


def _figures(
    chances: NDArray[np.float64], guesses: Guesses, min_answer: float
) -> dict[str, float | int]:
    from sklearn.metrics import roc_auc_score

    shown = chances >= min_answer
    return {
        "questions": len(chances),
        "auroc_right": round(float(roc_auc_score(guesses.right, chances)), 4),
        "auroc_answerable": round(float(roc_auc_score(guesses.answerable, chances)), 4),
        "right": round(float((shown & guesses.right)[guesses.answerable].mean()), 4),
        "misleads": round(float((shown & ~guesses.right)[guesses.answerable].mean()), 4),
        "honest": round(float((~shown)[~guesses.answerable].mean()), 4),
        "calibration_error": round(_calibration_error(chances, guesses.right), 4),
    }


def _calibration_error(chances: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Returns the expected calibration error over ten bins of equal count."""
    order = np.argsort(chances)
    gaps = [abs(chances[part].mean() - right[part].mean()) for part in np.array_split(order, 10)]
    return float(np.mean(gaps))
