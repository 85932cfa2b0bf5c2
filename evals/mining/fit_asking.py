"""Fits the weights by which mining tells requests from statements, and writes their file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from evals.mining.streams.chatter import chatter
from evals.mining.streams.company_files import FITTED, read_companies
from evals.mining.streams.synthetic_streams import read_corpus
from router.text.printable import print_line
from workers.mining.mood.asking import cues

TEXTS_PER_TYPE = 12
TEXTS_PER_REQUEST = 60
HABIT_TEXTS = 700
"""Messages of each made-up company."""
CHATTER_TEXTS = 1_500
NOISE_TEXTS = 1_500


def main(
    types: Annotated[list[Path], typer.Option(help="CSV with text,label. Repeatable.")],
    noise: Annotated[
        list[Path], typer.Option(help="Streams whose untyped rows without a question are used.")
    ],
    out: Annotated[Path, typer.Option(help="Where the weights are written.")],
    seed: int = 0,
) -> None:
    """Fit the mood of messages on your labelled messages and on made-up companies' habits.

    Types of the noise streams are never fitted on, nor are the held-out companies.
    """
    corpus = read_corpus(types, noise, noise)
    random = np.random.default_rng(seed)
    asking = _asking_texts(corpus.types, random)
    telling = _telling_texts(corpus.noise, random)

    body = fit(asking, telling)
    out.write_text(json.dumps(body, indent=1) + "\n", "utf-8")
    print_line(f"{len(asking)} that ask, {len(telling)} that do not: {out}")


def fit(asking: Sequence[str], telling: Sequence[str]) -> dict[str, object]:
    """Returns the bias and the weight of each cue, by L2-regularised logistic regression."""
    from sklearn.linear_model import LogisticRegression

    found = [cues(text) for text in (*asking, *telling)]
    names = sorted(set().union(*found))
    table = np.array([[name in own for name in names] for own in found], np.float64)
    labels = np.arange(len(found)) < len(asking)
    model = LogisticRegression(class_weight="balanced", max_iter=1_000).fit(table, labels)
    weights = dict(zip(names, model.coef_[0].round(3).tolist(), strict=True))

    return {"bias": round(float(model.intercept_[0]), 3), "weights": weights}


def _asking_texts(types: Mapping[str, Sequence[str]], random: np.random.Generator) -> list[str]:
    texts: list[str] = []
    for _, own in sorted(types.items()):
        texts += [str(text) for text in random.choice(sorted(own), TEXTS_PER_TYPE)]

    for company in read_companies(FITTED):
        for name in company.requests:
            texts += company.request_texts(name, TEXTS_PER_REQUEST, random)

    return texts


def _telling_texts(noise: Mapping[str, Sequence[str]], random: np.random.Generator) -> list[str]:
    texts = [text for text in chatter(CHATTER_TEXTS, random) if "?" not in text]
    for company in read_companies(FITTED):
        texts += [text for text, _ in company.habit_texts(HABIT_TEXTS, random)]

    for _, own in sorted(noise.items()):
        statements = sorted(text for text in own if "?" not in text)
        texts += [str(text) for text in random.choice(statements, NOISE_TEXTS)]

    return texts
