"""What corrections gain, and what a flood of random labels from one person costs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from bot.cli.terminal import Json
from evals.figures import print_figures
from evals.routing.router_data import OOS, CachedEncoder, Row, Trial, draw_trial, read_rows
from evals.routing.router_options import DEFAULT_CACHE, EncoderCache, EncoderName
from evals.routing.router_scores import mean_figures
from router.decide import Router
from router.encoder.factory import open_encoder
from router.learning.corrections import apply_corrections
from router.log import set_up_logs
from router.types import Example

PEOPLE = 30


def main(
    data: Annotated[Path, typer.Option(help="CSV: split,text,label.")],
    shots: Annotated[int, typer.Option(min=1, help="Examples of each route to start from.")] = 10,
    reports: Annotated[int, typer.Option(help="Misroutes that people report.")] = 150,
    junk: Annotated[int, typer.Option(help="Labels drawn at random that one person gives.")] = 1000,
    seeds: Annotated[int, typer.Option(min=1, help="Draws to average over.")] = 3,
    encoder: EncoderName = "fast",
    cache: EncoderCache = DEFAULT_CACHE,
    as_json: Json = False,
) -> None:
    """Start from a few examples, learn from reported misroutes, and compare with junk labels."""
    set_up_logs("auto", "error")
    rows, cached_encoder = read_rows(data), CachedEncoder(open_encoder(encoder, cache))
    figures = mean_figures(
        [run_trial(rows, shots, reports, junk, seed, cached_encoder) for seed in range(seeds)]
    )
    print_figures(figures, as_json=as_json, number_format=".4f")


def run_trial(
    rows: Sequence[Row], shots: int, reports: int, junk: int, seed: int, encoder: CachedEncoder
) -> dict[str, Any]:
    """Returns the figures for one draw."""
    start = draw_trial(rows, shots, seed)
    routes = dict.fromkeys(start.routes, "")
    router = Router.train(start.train, encoder, routes, seed=seed)
    known_texts = {example.text for example in start.train}
    rng = np.random.default_rng(seed)
    others = [
        row
        for row in rows
        if row.split == "train" and row.label != OOS and row.text not in known_texts
    ]
    traffic = [others[i] for i in rng.permutation(len(others))]

    corrections: list[Example] = []
    for row, got in zip(traffic, _routes(router, traffic), strict=True):
        if row.label != got and len(corrections) < reports:
            user = f"U{len(corrections) % PEOPLE}"
            corrections.append(Example(row.text, row.label, source="feedback", user=user))

    # The flood comes from one person, with labels that have nothing to do with the texts.
    flood = []
    for row in traffic[-junk:]:
        label = start.routes[int(rng.integers(len(start.routes)))]
        flood.append(Example(row.text, label, source="feedback", user="U-junk"))

    learned = apply_corrections(router, start.train, corrections, encoder)
    flooded = apply_corrections(router, start.train, flood, encoder)
    before = _accuracy(router, start)
    after = _accuracy(learned.router or router, start)

    return {
        "accuracy_before": before,
        "accuracy_after": after,
        "gain": after - before,
        "reported": float(len(corrections)),
        "used": float(len(learned.used)),
        "junk_loss": before - _accuracy(flooded.router or router, start),
        "junk_used": float(len(flooded.used)),
    }


def _routes(router: Router, rows: Sequence[Row]) -> list[str]:
    """Returns the likeliest route of each row, read as the product reads it."""
    probabilities = router.predict([row.text for row in rows]).probabilities
    return [router.classes[i] for i in probabilities.argmax(axis=1)]


def _accuracy(router: Router, trial: Trial) -> float:
    tested = [row for row in trial.test if row.label != OOS]
    pairs = zip(tested, _routes(router, tested), strict=True)
    return float(np.mean([row.label == got for row, got in pairs]))
