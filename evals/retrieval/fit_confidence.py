"""Fits how probable it is that the best quote answers, on the companies' questions."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from evals.retrieval.answer_figures import GoldQuestion, contains_answer, holds_answer
from evals.retrieval.companies import companies, ranked_for
from router.config import read_settings
from router.encoder.factory import open_encoder
from router.encoder.protocol import Encoder
from router.index import Hit
from router.log import set_up_logs
from router.text.printable import print_line
from workers.knowledge.quotes.by_meaning import rank_by_meaning
from workers.knowledge.quotes.extractive_answer import ANSWER_PASSAGES
from workers.knowledge.relevance import confidence
from workers.knowledge.relevance.confidence import FEATURES
from workers.knowledge.relevance.ranking import LinearModel
from workers.ports import QuoteScores

C = 0.02
"""The strength of the prior on the weights: 30 features, some 4,000 rows."""
FEW = (1, 2, 3)
"""Passages of a small collection. Each question is asked of one, too: the first collection is
small, and what is fitted on full ones alone does not quote the only sentence there is."""
WITH_RIGHT = 0.7
"""How often a small collection has a passage that answers, if any does."""
HONEST, DOUBTFUL_HONEST = 0.8, 0.6
"""How many of the questions that no page answers get no quote, and no doubtful one either."""


@dataclass(frozen=True, slots=True)
class Guesses:
    """The best quote of each question: its features, and whether it is right or any could be.

    `whole` says whether it was asked of all pages, and not of a few passages.
    """

    features: NDArray[np.float64]
    right: NDArray[np.bool_]
    answerable: NDArray[np.bool_]
    whole: NDArray[np.bool_]


def main(
    out: Annotated[Path, typer.Option(help="The file to write.")] = confidence.FILE,
    seed: Annotated[int, typer.Option(help="Of the small collections.")] = 0,
) -> None:
    """Fit when a quote is shown as an answer; the companies of the test part are never read."""
    set_up_logs("auto", "warning")
    encoder = open_encoder("fast", read_settings().encoder_cache)
    rng = random.Random(seed)  # noqa: S311  # a reproducible sample
    guesses = [guesses_of(name, encoder, rng) for name in companies("dev")]
    print_line(json.dumps(write_confidence(out, FEATURES, guesses)))


def write_confidence(
    path: Path, features: Sequence[str], guesses: Sequence[Guesses]
) -> dict[str, dict[str, float | int]]:
    """Fits on the guesses of several companies and writes the model.

    Returns what each company's guesses are worth by a model of the others.
    """
    chances = np.concatenate([_held_out(guesses, number) for number in range(len(guesses))])
    every = _joined(guesses)
    min_answer, min_doubtful = thresholds(chances, every)
    fields = {
        "features": list(features),
        "model": fit(every).fields(),
        "min_answer": min_answer,
        "min_doubtful": min_doubtful,
    }
    path.write_text(json.dumps(fields, indent=1) + "\n", "utf-8")
    return {
        "all_pages": _figures(chances, every, every.whole, min_answer),
        "few_passages": _figures(chances, every, ~every.whole, min_answer),
    }


def thresholds(chances: NDArray[np.float64], guesses: Guesses) -> tuple[float, float]:
    """Returns from which chance a quote is shown as an answer, and from which in doubt."""
    absent = chances[~guesses.answerable & guesses.whole]
    answer, doubtful = np.quantile(absent, (HONEST, DOUBTFUL_HONEST))
    return round(float(answer), 4), round(float(doubtful), 4)


def guesses_of(
    name: str, encoder: Encoder, rng: random.Random, scorer: QuoteScores | None = None
) -> Guesses:
    """Returns the best quote for each question of a company's people, of all pages and of a few."""
    return guesses_from(ranked_for(name, encoder), encoder, rng, scorer)


def guesses_from(
    asked: Sequence[tuple[GoldQuestion, Sequence[Hit]]],
    encoder: Encoder,
    rng: random.Random,
    scorer: QuoteScores | None = None,
) -> Guesses:
    """Returns the best quote for each question from its passages, and from a few of them."""
    rows, right, answerable, whole = [], [], [], []
    for question, hits in asked:
        few = _few(question, hits, rng)
        is_held = any(holds_answer(hit.body, question.answers) for hit in few)
        for found, is_answerable, is_whole in (
            (hits[:ANSWER_PASSAGES], bool(question.answers), True),
            (few, is_held, False),
        ):
            ranked = rank_by_meaning(question.text, found, encoder, scorer)
            if ranked.features is None:
                continue

            rows.append(ranked.features)
            right.append(contains_answer(ranked.quotes[0], question.answers))
            answerable.append(is_answerable)
            whole.append(is_whole)

    return Guesses(np.stack(rows), np.array(right), np.array(answerable), np.array(whole))


def _few(question: GoldQuestion, hits: Sequence[Hit], rng: random.Random) -> list[Hit]:
    """Returns a small collection of the passages, in their order."""
    right = [hit for hit in hits if holds_answer(hit.body, question.answers)]
    kept = rng.sample(right, 1) if right and rng.random() < WITH_RIGHT else []
    others = [hit for hit in hits if hit not in right]
    kept += rng.sample(others, min(len(others), rng.choice(FEW) - len(kept)))
    return [hit for hit in hits if hit in kept]


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
    return fit(_joined(others)).chances(guesses[number].features)


def _joined(guesses: Sequence[Guesses]) -> Guesses:
    return Guesses(
        np.concatenate([one.features for one in guesses]),
        np.concatenate([one.right for one in guesses]),
        np.concatenate([one.answerable for one in guesses]),
        np.concatenate([one.whole for one in guesses]),
    )


def _figures(
    chances: NDArray[np.float64], guesses: Guesses, rows: NDArray[np.bool_], min_answer: float
) -> dict[str, float | int]:
    from sklearn.metrics import roc_auc_score

    chances, right, answerable = chances[rows], guesses.right[rows], guesses.answerable[rows]
    shown = chances >= min_answer
    return {
        "questions": len(chances),
        "auroc_right": round(float(roc_auc_score(right, chances)), 4),
        "auroc_answerable": round(float(roc_auc_score(answerable, chances)), 4),
        "right": round(float((shown & right)[answerable].mean()), 4),
        "misleads": round(float((shown & ~right)[answerable].mean()), 4),
        "honest": round(float((~shown)[~answerable].mean()), 4),
        "calibration_error": round(_calibration_error(chances, right), 4),
    }


def _calibration_error(chances: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Returns the expected calibration error over ten bins of equal count."""
    order = np.argsort(chances)
    gaps = [abs(chances[part].mean() - right[part].mean()) for part in np.array_split(order, 10)]
    return float(np.mean(gaps))
