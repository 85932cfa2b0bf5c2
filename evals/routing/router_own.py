"""Measures how well your own routes can be told apart, and advises what to change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
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
        lines = [
            f"{n:20} {v:.4f}" if isinstance(v, float) else f"{n:20} {v}"
            for n, v in self.figures.items()
        ]
        lines += [
            f"  {r['route']:24} {r['messages']:4} messages, recall {r['recall']:.2f}"
            for r in self.routes
        ]

        for pair in self.confusions:
            lines.append(f"  {pair['wanted']} taken for {pair['got']}: {pair['count']}")
            lines += [f"      {text[:110]}" for text in pair["texts"]]

        return "\n".join(
            [*lines, *(f"* {sentence}" for sentence in self.advice or ["nothing to do"])]
        )


def measure_own_routes(encoder: str, cache: Path, false_reject: float) -> OwnRoutes:
    """Cross-validates over the routes of this installation, with at most five folds."""
    from router.catalog.catalog import builtin_routes_folder, load_routes

    settings = read_settings()
    folders = [builtin_routes_folder(), *([settings.routes] if settings.routes else [])]
    catalog = load_routes(*folders)

    examples = catalog.training_examples()
    if len({example.route for example in examples}) < 2:
        raise InputError(
            "measuring your own routes needs two routes with examples; "
            "add a folder or give --data FILE"
        )

    cached_encoder = CachedEncoder(open_encoder(encoder, cache))
    routes = {name: route.description for name, route in catalog.routes.items()}
    answers = _cross_validate(examples, routes, cached_encoder, false_reject)
    figures = {
        name: value
        for name, value in scores(answers).items()
        if value is not None and name != "coverage"
    }

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
    fold = np.empty(len(examples), np.int64)

    for name in routes:
        own_rows = [i for i in order if examples[i].route == name]
        fold[own_rows] = np.arange(len(own_rows)) % FOLDS

    names = tuple(sorted(routes))
    labels, texts, blocks, in_scope = [], [], [], []

    for part in range(FOLDS):
        router = Router.train(
            [e for e, f in zip(examples, fold, strict=True) if f != part],
            encoder,
            routes,
            false_reject=false_reject,
        )

        held_out = [e for e, f in zip(examples, fold, strict=True) if f == part]
        if router.model is None or not held_out:
            continue

        prediction = router.model.predict(
            encoder.views([normalise(example.text) for example in held_out])
        )
        probabilities = np.zeros((len(held_out), len(names)))
        probabilities[:, [names.index(route) for route in router.classes]] = (
            prediction.probabilities
        )
        blocks.append(probabilities)
        in_scope.append(prediction.in_scope - router.model.threshold)
        labels += [example.route for example in held_out]
        texts += [example.text for example in held_out]

    return RouterAnswers(
        names, tuple(labels), tuple(texts), np.concatenate(blocks), np.concatenate(in_scope), 0.0
    )


def _small_route_advice(examples: Sequence[Example], routes: dict[str, str]) -> list[str]:
    counts = {name: sum(example.route == name for example in examples) for name in routes}
    return [
        f"{name} has {count} examples; with {MIN_EXAMPLES} or more, "
        "worded differently, it is recognised far more reliably"
        for name, count in sorted(counts.items())
        if count < MIN_EXAMPLES
    ]


def _similarity_advice(examples: Sequence[Example], encoder: CachedEncoder) -> list[str]:
    names = sorted({example.route for example in examples})
    centroids = []

    for name in names:
        centroid = encoder.encode([normalise(e.text) for e in examples if e.route == name]).mean(
            axis=0
        )
        centroids.append(centroid / max(float(np.linalg.norm(centroid)), 1e-9))

    similar = np.array(centroids) @ np.array(centroids).T
    return [
        f"{names[i]} and {names[j]} sound alike (cosine {similar[i, j]:.2f}); "
        "give each examples that fit it alone"
        for i in range(len(names))
        for j in range(i + 1, len(names))
        if similar[i, j] >= SIMILAR_COSINE
    ]


def _merge_advice(answers: RouterAnswers) -> list[str]:
    counts = {route: answers.labels.count(route) for route in answers.routes}
    lost = {
        (pair["wanted"], pair["got"]): pair["count"] / counts[pair["wanted"]]
        for pair in confusions(answers, limit=1000)
    }

    return [
        f"{wanted} loses {share:.0%} of its messages to {got}, "
        f"and {got} {lost[got, wanted]:.0%} to {wanted}: "
        "consider making them one route"
        for (wanted, got), share in sorted(lost.items())
        if wanted < got and min(share, lost.get((got, wanted), 0.0)) >= MERGE_SHARE
    ]
