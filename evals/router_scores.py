"""How good decisions are: right, honest about doubt, and closed to strangers."""

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
    """What a router said of the test rows: a score for each route, a score for fitting at all, and its threshold."""

    routes: tuple[str, ...]
    labels: tuple[str, ...]
    texts: tuple[str, ...]
    probabilities: Floats
    in_scope: Floats
    threshold: float


def scores(said: RouterAnswers) -> dict[str, Any]:
    """The figures, shares between 0 and 1; those about strangers are None where the data has none."""
    known = np.array([label in said.routes for label in said.labels])
    wanted = np.array(
        [said.routes.index(label) if label in said.routes else -1 for label in said.labels]
    )
    chances = said.probabilities[known]
    order = np.argsort(-chances, axis=1, kind="stable")
    right = order[:, 0] == wanted[known]
    confidence = chances.max(axis=1)
    accepted = said.in_scope >= said.threshold
    strangers = ~known

    return {
        "accuracy": float(right.mean()),
        "top3": float((order[:, :3] == wanted[known][:, None]).any(axis=1).mean()),
        "ece": calibration_error(confidence, right),
        "oos_auroc": auroc(said.in_scope[known], said.in_scope[strangers]),
        "oos_fpr95": _false_positive_rate(said.in_scope[known], said.in_scope[strangers], 0.95),
        "in_scope_at_fr": float((right & accepted[known]).mean()),
        "oos_recall_at_fr": float((~accepted[strangers]).mean()) if strangers.any() else None,
        "false_reject": float((~accepted[known]).mean()),
        "coverage": {
            f"{share:.2f}": _accuracy_at_coverage(confidence, right, share) for share in COVERAGES
        },
    }


def auroc(inside: Floats, outside: Floats) -> float | None:
    """The chance that a message that fits scores above one that does not; ties count half."""
    if not len(inside) or not len(outside):
        return None

    both = np.concatenate([inside, outside])
    _, place, counts = np.unique(both, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks = (ends - (counts - 1) / 2)[place]

    return float(
        (ranks[: len(inside)].sum() - len(inside) * (len(inside) + 1) / 2)
        / (len(inside) * len(outside))
    )


def _false_positive_rate(inside: Floats, outside: Floats, share: float) -> float | None:
    """The strangers that pass at the threshold where `share` of what fits passes."""
    if not len(inside) or not len(outside):
        return None
    return float((outside >= np.quantile(inside, 1 - share)).mean())


def _accuracy_at_coverage(confidence: Floats, right: NDArray[np.bool_], share: float) -> float:
    """Accuracy among the surest `share`."""
    kept = max(1, round(share * len(right)))
    return float(right[np.argsort(-confidence, kind="stable")[:kept]].mean())


def by_route(said: RouterAnswers) -> list[dict[str, Any]]:
    """Each route's recall and precision, worst first."""
    picked = [said.routes[i] for i in said.probabilities.argmax(axis=1)]
    pairs = [
        (label, got) for label, got in zip(said.labels, picked, strict=True) if label in said.routes
    ]
    rows = []

    for route in said.routes:
        mine = [got for label, got in pairs if label == route]
        claimed = [label for label, got in pairs if got == route]

        if mine:
            recall = mine.count(route) / len(mine)
            precision = claimed.count(route) / len(claimed) if claimed else 0.0
            rows.append(
                {"route": route, "recall": recall, "precision": precision, "messages": len(mine)}
            )

    return sorted(rows, key=lambda row: (row["recall"], row["route"]))


def confusions(said: RouterAnswers, most: int = MAX_CONFUSIONS) -> list[dict[str, Any]]:
    """The pairs of routes that are mixed up most, each with up to three of the messages."""
    picked = [said.routes[i] for i in said.probabilities.argmax(axis=1)]
    pairs = Counter(
        (label, got)
        for label, got in zip(said.labels, picked, strict=True)
        if label in said.routes and label != got
    )

    return [
        {"wanted": wanted, "got": got, "count": count, "texts": _texts(said, picked, wanted, got)}
        for (wanted, got), count in sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))[
            :most
        ]
    ]


def _texts(said: RouterAnswers, picked: Sequence[str], wanted: str, got: str) -> list[str]:
    found = [
        text
        for text, label, one in zip(said.texts, said.labels, picked, strict=True)
        if label == wanted and one == got
    ]
    return found[:3]


def mean_figures(results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The mean over seeds of every figure, nested ones too; None stays None."""
    out: dict[str, Any] = {}
    for name, first in results[0].items():
        values = [one[name] for one in results]
        if isinstance(first, dict):
            out[name] = mean_figures(values)
        else:
            there = [value for value in values if value is not None]
            out[name] = sum(there) / len(there) if there else None

    return out
