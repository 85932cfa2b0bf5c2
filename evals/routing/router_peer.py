"""Runs another router package on the same vectors, where it is installed."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evals.routing.router_data import CachedEncoder, Trial
from evals.routing.router_scores import RouterAnswers
from router.classifier.calibration import threshold_at
from router.errors import InputError
from router.text.normalise import normalise
from router.types import Example

PEERS: Mapping[str, str] = {"semantic-router": "semantic_router"}
HELD_OUT = 5
"""Every fifth example calibrates the peer and sets its threshold; all of them are its utterances
afterwards."""


def peer_answers(
    peer: str, trial: Trial, encoder: CachedEncoder, seed: int, false_reject: float
) -> RouterAnswers:
    """Returns the package's answers on the test rows, with its defaults and own calibration.

    Raises InputError if it is not installed.
    """
    if peer not in PEERS:
        raise InputError(f"reading --peer: {peer!r}; known: {', '.join(PEERS)}")

    if importlib.util.find_spec(PEERS[peer]) is None:
        raise InputError(
            f"comparing with {peer!r}: it is not installed here; "
            f"run `pip install {peer}` and try again"
        )

    order = np.random.default_rng(seed).permutation(len(trial.train))
    calibration = [trial.train[i] for i in order[::HELD_OUT]]
    remaining = [trial.train[i] for j, i in enumerate(order) if j % HELD_OUT]
    held_out_texts = [example.text for example in calibration]
    calibrated = _build_peer(encoder, remaining)

    try:
        calibrated.fit(held_out_texts, [example.route for example in calibration])
    except ValueError:
        # It cannot calibrate where every held-out message is right; its raw scores are used.
        calibrated.calibrator = None

    # The final router learns from all examples; only its threshold needs held-out ones.
    whole = _build_peer(encoder, trial.train, calibrated.calibrator)
    confidences = _confidences(calibrated, held_out_texts, trial.routes).max(axis=1)
    texts = tuple(row.text for row in trial.test)
    probabilities = _confidences(whole, texts, trial.routes)
    labels = tuple(row.label for row in trial.test)

    return RouterAnswers(
        trial.routes,
        labels,
        texts,
        probabilities,
        probabilities.max(axis=1),
        threshold_at(confidences, false_reject),
    )


def _build_peer(encoder: CachedEncoder, examples: Sequence[Example], calibrator: Any = None) -> Any:
    encoders = importlib.import_module("semantic_router.encoders")
    route = importlib.import_module("semantic_router").Route
    routers = importlib.import_module("semantic_router.routers")

    def encode(_: Any, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = encoder.encode([normalise(text) for text in texts]).tolist()
        return vectors

    # The package is imported at run time, so its base class is not known to the type checker.
    same = type(
        "SameVectors", (encoders.DenseEncoder,), {"__call__": encode, "__module__": __name__}
    )
    by_route: dict[str, list[str]] = {}
    for example in examples:
        by_route.setdefault(example.route, []).append(example.text)

    routes = [route(name=name, utterances=by_route[name]) for name in sorted(by_route)]

    return routers.IndexedRouter(
        encoder=same(name="same-vectors"), routes=routes, calibrator=calibrator
    )


def _confidences(router: Any, texts: Sequence[str], routes: Sequence[str]) -> Any:
    """Returns its confidence in each route that it scored, 0 for the others."""
    confidences = np.zeros((len(texts), len(routes)))
    for i, text in enumerate(texts):
        for choice in router(text, limit=None):
            confidences[i, routes.index(choice.name)] = choice.confidence

    return confidences
