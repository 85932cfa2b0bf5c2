"""Scores a router's answers: accuracy, calibration and out-of-scope detection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.classifier.calibration import calibration_error

Floats = NDArray[np.float64]
COVERAGES = (1.0, 0.95, 0.9, 0.8, 0.7, 0.5)
MAX_CONFUSIONS = 10


@dataclass(frozen=True, slots=True)
class RouterAnswers:
    """A router's answers on the test rows.

    Attributes:
        probabilities: `(n, routes)`.
        in_scope: `(n,)`, the score for any route to fit; below `threshold` the message is rejected.
    """

    routes: tuple[str, ...]
    labels: tuple[str, ...]
    texts: tuple[str, ...]
    probabilities: Floats
    in_scope: Floats
    threshold: float


def scores(answers: RouterAnswers) -> dict[str, Any]:
    """Returns the figures as shares in 0-1; out-of-scope ones are None without such data."""
    known = np.array([label in answers.routes for label in answers.labels])
    wanted = np.array(
        [answers.routes.index(label) if label in answers.routes else -1 for label in answers.labels]
    )
    probabilities = answers.probabilities[known]
    order = np.argsort(-probabilities, axis=1, kind="stable")
    right = order[:, 0] == wanted[known]
    confidence = probabilities.max(axis=1)
    accepted = answers.in_scope >= answers.threshold
    out_of_scope = ~known

    return {
        "accuracy": float(right.mean()),
        "top3": float((order[:, :3] == wanted[known][:, None]).any(axis=1).mean()),
        "ece": calibration_error(confidence, right),
        "oos_auroc": auroc(answers.in_scope[known], answers.in_scope[out_of_scope]),
        "oos_fpr95": _false_positive_rate(
            answers.in_scope[known], answers.in_scope[out_of_scope], 0.95
        ),
        "in_scope_at_fr": float((right & accepted[known]).mean()),
        "oos_recall_at_fr": float((~accepted[out_of_scope]).mean()) if out_of_scope.any() else None,
        "false_reject": float((~accepted[known]).mean()),
        "coverage": {
            f"{share:.2f}": _accuracy_at_coverage(confidence, right, share) for share in COVERAGES
        },
    }


def auroc(inside: Floats, outside: Floats) -> float | None:
    """Returns the probability that an in-scope message scores above an out-of-scope one.

    This is the rank-sum form of the area under the ROC curve; ties count half.
    """
    if not len(inside) or not len(outside):
        return None

    both = np.concatenate([inside, outside])
    _, positions, counts = np.unique(both, return_inverse=True, return_counts=True)
    # Tied scores share their mean rank (Mann-Whitney U).
    ends = np.cumsum(counts)
    ranks = (ends - (counts - 1) / 2)[positions]

    return float(
        (ranks[: len(inside)].sum() - len(inside) * (len(inside) + 1) / 2)
        / (len(inside) * len(outside))
    )


def _false_positive_rate(inside: Floats, outside: Floats, share: float) -> float | None:
    """Returns the out-of-scope share accepted where `share` of in-scope messages is."""
    if not len(inside) or not len(outside):
        return None
    return float((outside >= np.quantile(inside, 1 - share)).mean())


def _accuracy_at_coverage(confidence: Floats, right: NDArray[np.bool_], share: float) -> float:
    """Returns the accuracy among the most confident `share`."""
    count = max(1, round(share * len(right)))
    return float(right[np.argsort(-confidence, kind="stable")[:count]].mean())


def by_route(answers: RouterAnswers) -> list[dict[str, Any]]:
    """Returns each route's recall and precision, worst first."""
    picked = [answers.routes[i] for i in answers.probabilities.argmax(axis=1)]
    pairs = [
        (label, got)
        for label, got in zip(answers.labels, picked, strict=True)
        if label in answers.routes
    ]
    rows = []

    for route in answers.routes:
        picked_here = [got for label, got in pairs if label == route]
        labels_here = [label for label, got in pairs if got == route]

        if picked_here:
            recall = picked_here.count(route) / len(picked_here)
            precision = labels_here.count(route) / len(labels_here) if labels_here else 0.0
            rows.append(
                {
                    "route": route,
                    "recall": recall,
                    "precision": precision,
                    "messages": len(picked_here),
                }
            )

    return sorted(rows, key=lambda row: (row["recall"], row["route"]))


def confusions(answers: RouterAnswers, limit: int = MAX_CONFUSIONS) -> list[dict[str, Any]]:
    """Returns the most confused pairs of routes, each with up to three messages."""
    picked = [answers.routes[i] for i in answers.probabilities.argmax(axis=1)]
    pairs = Counter(
        (label, got)
        for label, got in zip(answers.labels, picked, strict=True)
        if label in answers.routes and label != got
    )

    most_frequent = sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))
    rows = []

    for (wanted, got), count in most_frequent[:limit]:
        texts = _texts(answers, picked, wanted, got)
        rows.append({"wanted": wanted, "got": got, "count": count, "texts": texts})

    return rows


def _texts(answers: RouterAnswers, picked: Sequence[str], wanted: str, got: str) -> list[str]:
    texts = [
        text
        for text, label, route in zip(answers.texts, answers.labels, picked, strict=True)
        if label == wanted and route == got
    ]
    return texts[:3]


def mean_figures(results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Returns the mean over seeds of every figure, nested ones too; None stays None."""
    out: dict[str, Any] = {}
    for name, first in results[0].items():
        values = [result[name] for result in results]
        if isinstance(first, dict):
            out[name] = mean_figures(values)
        else:
            present = [value for value in values if value is not None]
            out[name] = sum(present) / len(present) if present else None

    return out
