"""Measures how well your own routes can be told apart, and advises what to change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from evals.routing.router_data import CachedEncoder
from evals.routing.router_scores import RouterAnswers, by_route, confusions, scores
from router.config import read_settings
from router.decide import Router
from router.encoder.factory import open_encoder
from router.errors import InputError
from router.text.normalise import normalise
from router.types import Example

FOLDS = 5
MIN_EXAMPLES = 8
SIMILAR_COSINE = 0.75
"""Cosine of two centroids from which their messages count as similar."""
MERGE_SHARE = 0.15
"""Share of a route's messages lost to another from which merging is suggested."""


@dataclass(frozen=True, slots=True)
class OwnRoutes:
    """The figures. `advice` holds one sentence for each thing to do."""

    figures: dict[str, Any]
    routes: list[dict[str, Any]] = field(default_factory=list)
    confusions: list[dict[str, Any]] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Returns the result as JSON-safe values."""
        return self.figures | {
            name: value for name, value in asdict(self).items() if name != "figures"
        }

    def as_text(self) -> str:
        """Returns the result as text for a terminal."""
        lines = []
        for name, value in self.figures.items():
            number = f"{value:.4f}" if isinstance(value, float) else value
            lines.append(f"{name:20} {number}")

        for row in self.routes:
            lines.append(
                f"  {row['route']:24} {row['messages']:4} messages, recall {row['recall']:.2f}"
            )

        for pair in self.confusions:
            lines.append(f"  {pair['wanted']} taken for {pair['got']}: {pair['count']}")
            for text in pair["texts"]:
                lines.append(f"      {text[:110]}")

        for sentence in self.advice or ["nothing to do"]:
            lines.append(f"* {sentence}")

        return "\n".join(lines)


def measure_own_routes(encoder: str, cache: Path, false_reject: float) -> OwnRoutes:
    """Cross-validates over the routes of this installation, with at most five folds."""
    from router.catalog.installed import installed_routes

    settings = read_settings()
    catalog = installed_routes(settings)

    examples = catalog.training_examples()
    if len({example.route for example in examples}) < 2:
        raise InputError(
            "measuring your own routes needs two routes with examples; "
            "add a folder or give --data FILE"
        )

    cached_encoder = CachedEncoder(open_encoder(encoder, cache))
    routes = catalog.descriptions()
    answers = _cross_validate(examples, routes, cached_encoder, false_reject)
    figures = scores(answers)
    del figures["coverage"]
    figures = {name: value for name, value in figures.items() if value is not None}

    advice = [
        *catalog.problems,
        *_small_route_advice(examples, routes),
        *_similarity_advice(examples, cached_encoder),
        *_merge_advice(answers),
    ]
    return OwnRoutes(figures, by_route(answers), confusions(answers), advice)


def _cross_validate(
    examples: Sequence[Example], routes: dict[str, str], encoder: CachedEncoder, false_reject: float
) -> RouterAnswers:
    """Returns cross-validated answers: each message is answered by a router without it."""
    order = np.random.default_rng(0).permutation(len(examples))
    # Counterexamples stay in every fold's training: no route is right for them.
    fold = np.full(len(examples), -1)

    # Stratified folds: each route's examples are spread evenly.
    for name in routes:
        own_rows = [i for i in order if examples[i].route == name]
        fold[own_rows] = np.arange(len(own_rows)) % FOLDS

    names = tuple(sorted(routes))
    labels, texts, blocks, in_scope = [], [], [], []

    for part in range(FOLDS):
        training = [examples[row] for row in np.flatnonzero(fold != part).tolist()]
        held_out = [examples[row] for row in np.flatnonzero(fold == part).tolist()]
        router = Router.train(training, encoder, routes, false_reject=false_reject)
        if router.model is None or not held_out:
            continue

        prediction = router.predict([example.text for example in held_out])
        # A fold's router may lack a route; its probability stays 0.
        probabilities = np.zeros((len(held_out), len(names)))
        probabilities[:, [names.index(route) for route in router.classes]] = (
            prediction.probabilities
        )
        blocks.append(probabilities)
        # Thresholds differ between the folds, so scores are stored relative to them.
        in_scope.append(prediction.in_scope - router.model.threshold)
        labels += [example.route for example in held_out]
        texts += [example.text for example in held_out]

    return RouterAnswers(
        names, tuple(labels), tuple(texts), np.concatenate(blocks), np.concatenate(in_scope), 0.0
    )


def _small_route_advice(examples: Sequence[Example], routes: dict[str, str]) -> list[str]:
    counts = Counter(example.route for example in examples)
    advice = []

    for name in sorted(routes):
        if counts[name] < MIN_EXAMPLES:
            advice.append(
                f"{name} has {counts[name]} examples; with {MIN_EXAMPLES} or more, "
                "worded differently, it is recognised far more reliably"
            )

    return advice


def _similarity_advice(examples: Sequence[Example], encoder: CachedEncoder) -> list[str]:
    names = sorted({example.route for example in examples})
    centroids = []

    for name in names:
        texts = [normalise(example.text) for example in examples if example.route == name]
        centroid = encoder.encode(texts).mean(axis=0)
        centroids.append(centroid / max(float(np.linalg.norm(centroid)), 1e-9))

    similar = np.array(centroids) @ np.array(centroids).T
    advice = []

    for (i, first), (j, second) in combinations(enumerate(names), 2):
        if similar[i, j] >= SIMILAR_COSINE:
            advice.append(
                f"{first} and {second} sound alike (cosine {similar[i, j]:.2f}); "
                "give each examples that fit it alone"
            )

    return advice


def _merge_advice(answers: RouterAnswers) -> list[str]:
    counts = {route: answers.labels.count(route) for route in answers.routes}
    lost = {
        (pair["wanted"], pair["got"]): pair["count"] / counts[pair["wanted"]]
        for pair in confusions(answers, limit=1000)
    }

    advice = []
    for (wanted, got), share in sorted(lost.items()):
        share_back = lost.get((got, wanted), 0.0)
        # Each pair is reported once, and only where both routes lose messages to the other.
        if wanted < got and min(share, share_back) >= MERGE_SHARE:
            advice.append(
                f"{wanted} loses {share:.0%} of its messages to {got}, "
                f"and {got} {share_back:.0%} to {wanted}: "
                "consider making them one route"
            )

    return advice
