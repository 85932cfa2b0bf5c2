"""The request gate: the probability that a cluster is one repeated request, and all of it.

Gradient-boosted trees give the log-odds. What admins decide adds a linear correction to them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.errors import InputError
from workers.mining.offset_regression import beats_offset, fit_offset_regression

SHIPPED = "request_gate.json"

MAX_SHIFT_PER_VERDICT = 0.15
"""How far each verdict lets the log-odds of any cluster move, whatever the verdicts are."""
MAX_SHIFT = 3.0
"""How far they can move at all, in log-odds."""
MIN_VERDICTS_TO_VALIDATE = 6
"""From this many verdicts on, a re-fit must beat the shipped gate in leave-one-out validation."""

LOW_SHARE = 0.06
HIGH_SHARE = 0.35
"""Shares of rows in likely clusters: hardly any requests, and mostly requests."""

ASKING_MIDDLE = 0.53
ASKING_WIDTH = 0.02
"""Below this mean probability of asking a cluster is no request, however alike its rows are.

Chosen on the requests and habits of companies and types that the moods were fitted on: all of them
lie above .55, all habits but one below .45.
"""
MIXED_RISE = 0.09
MIXED_TELLING = 0.2
"""By how much that limit rises where at least this share of the rows tells something.

Reports of what is broken all lie a little above it; a mean in between may also be that of requests
and notices in one cluster. Chosen on streams of companies that the moods were not fitted on and of
labelled types: it took out 17 of 66 false clusters, and 2 of 258 correct ones.
"""

THING_CORE = 0.9
THING_OWN_WORDS = 0.6
THING_OTHER_WORDS = 0.55
THING_TELLING = 0.15
THING_PENALTY = 6.0
"""Log-odds that a cluster about one thing loses: an exhibition that is lent, photographed, visited
and praised is no request.

In such a cluster nearly each row has the thing's words, which hardly any other row has; few other
words are the cluster's own; and some rows ask while others tell. Chosen on the same streams: beside
the limit above it takes out 16 more false clusters, and no correct one.
"""

MAX_Z_SCORE = 4
MAX_LOG_ODDS = 30

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DecisionTree:
    """A small regression tree in arrays.

    Node `i` sends a row to `children[i][0]` if feature `feature[i]` is at most `threshold[i]`, else
    to `children[i][1]`. A leaf has feature -1 and adds `value[i]` to the log-odds.
    """

    feature: tuple[int, ...]
    threshold: tuple[float, ...]
    children: tuple[tuple[int, int], ...]
    value: tuple[float, ...]

    def predict(self, rows: Matrix) -> Matrix:
        """Returns what the tree adds to the log-odds of each row, `(n,)`."""
        node = np.zeros(len(rows), np.intp)
        feature = np.array(self.feature)
        threshold = np.array(self.threshold)
        children = np.array(self.children)

        # All rows go down one level in each step, until each is at a leaf.
        while (inner := feature[node] >= 0).any():
            parent = node[inner]
            goes_right = rows[inner, feature[parent]] > threshold[parent]
            node[inner] = children[parent, goes_right.astype(np.intp)]

        return np.array(self.value)[node]


@dataclass(frozen=True, slots=True)
class RequestGate:
    """A classifier over the features of clusters.

    A cluster passes from `threshold` on where little of the input repeats, and from
    `lenient_threshold` on where much does; `threshold_at` interpolates.

    Attributes:
        features: The names of the features, in the order of the trees' columns.
        mean, scale: Standardise the features for the linear correction.
        bias: The log-odds that the trees add to.
        fitted_on: What the trees were fitted on, for the record.
        adjustment: Weights that verdicts gave each standardised feature and, last, the bias.
        max_shift: How far `adjustment` may move the log-odds of a cluster, either way.
    """

    features: tuple[str, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    bias: float
    trees: tuple[DecisionTree, ...]
    threshold: float = 0.5
    lenient_threshold: float = 0.5
    fitted_on: Mapping[str, Any] = field(default_factory=dict)
    adjustment: tuple[float, ...] = ()
    max_shift: float = 0.0

    def score(self, measured: Sequence[Mapping[str, float]]) -> Matrix:
        """Returns the probability, 0-1, of each cluster with these features."""
        if not measured:
            return np.zeros(0)

        rows = self.table(measured)
        log_odds = self._tree_log_odds(rows)

        if self.adjustment:
            shift = self._design_matrix(rows) @ np.array(self.adjustment)
            log_odds = log_odds + np.clip(shift, -self.max_shift, self.max_shift)

        log_odds = log_odds + _mood_penalty(measured) + _thing_penalty(measured)
        return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -MAX_LOG_ODDS, MAX_LOG_ODDS))))

    def threshold_at(self, share: float) -> float:
        """Returns the probability a cluster needs when `share` of all rows is in likely clusters.

        Among thousands of rows of chat, some hundred clusters are scored and a few look right by
        chance. Where half of the rows are requests there are few clusters to be wrong about, and
        what looks likely mostly is one.
        """
        thresholds = (self.threshold, self.lenient_threshold)
        return float(np.interp(share, (LOW_SHARE, HIGH_SHARE), thresholds))

    def table(self, measured: Sequence[Mapping[str, float]]) -> Matrix:
        """Returns the features in the gate's order, one row for each cluster."""
        rows = [[features[name] for name in self.features] for features in measured]
        return np.array(rows, dtype=np.float64)

    def refit(
        self, measured: Sequence[Mapping[str, float]], approved: Sequence[bool]
    ) -> RequestGate:
        """Returns the gate adjusted to admins' verdicts on clusters with these features.

        The adjustment is an L2-regularised logistic regression with the shipped log-odds as offset.
        Three limits keep a few clicks from turning the gate: the L2 penalty; the cap of
        MAX_SHIFT_PER_VERDICT for each verdict, at most MAX_SHIFT; and, from
        MIN_VERDICTS_TO_VALIDATE verdicts on, leave-one-out validation. Where that fails, and
        without verdicts, the gate is returned unchanged. Raises InputError when the lengths differ.
        """
        if len(measured) != len(approved):
            raise InputError(
                f"re-fitting the gate: {len(measured)} clusters but {len(approved)} verdicts; "
                "give one for each"
            )

        if not measured:
            return self

        table = self.table(measured)
        rows = self._design_matrix(table)
        offset = self._tree_log_odds(table)
        targets = np.asarray(approved, dtype=np.float64)
        max_shift = min(MAX_SHIFT_PER_VERDICT * len(targets), MAX_SHIFT)

        must_validate = len(targets) >= MIN_VERDICTS_TO_VALIDATE
        if must_validate and not beats_offset(rows, targets, offset, max_shift):
            return self

        weights = fit_offset_regression(rows, targets, offset)
        return replace(self, adjustment=tuple(weights.tolist()), max_shift=max_shift)

    def _tree_log_odds(self, rows: Matrix) -> Matrix:
        """Returns the log-odds of the shipped trees, `(n,)`."""
        contributions = (tree.predict(rows) for tree in self.trees)
        log_odds: Matrix = self.bias + sum(contributions, np.zeros(len(rows)))
        return log_odds

    def _design_matrix(self, rows: Matrix) -> Matrix:
        """Returns the standardised rows with a column of ones for the bias."""
        z_scores = (rows - np.array(self.mean)) / np.array(self.scale)
        # An outlier must not decide alone where the linear correction goes.
        clipped = np.clip(z_scores, -MAX_Z_SCORE, MAX_Z_SCORE)
        return np.hstack([clipped, np.ones((len(rows), 1))])


def _mood_penalty(measured: Sequence[Mapping[str, float]]) -> Matrix:
    """Returns what each cluster loses in log-odds because its rows tell rather than ask, `(n,)`.

    Stored features of older releases do not say, and lose nothing.
    """
    asking = np.array([features.get("asking", 1.0) for features in measured])
    telling = np.array([features.get("telling", 0.0) for features in measured])
    middle = ASKING_MIDDLE + MIXED_RISE * np.minimum(telling / MIXED_TELLING, 1.0)
    return np.minimum((asking - middle) / ASKING_WIDTH, 0.0)


def _thing_penalty(measured: Sequence[Mapping[str, float]]) -> Matrix:
    """Returns what each cluster loses in log-odds because one thing is all its rows share.

    Stored features of older releases do not say, and lose nothing.
    """
    penalties = []
    for features in measured:
        is_about_thing = (
            features.get("core_twice", 0.0) >= THING_CORE
            and features.get("own_words", 0.0) >= THING_OWN_WORDS
            and features.get("other_words", 1.0) < THING_OTHER_WORDS
            and features.get("telling", 0.0) >= THING_TELLING
        )
        penalties.append(-THING_PENALTY if is_about_thing else 0.0)

    return np.array(penalties)


def load_gate(path: Path | None = None) -> RequestGate:
    """Reads the gate in that file, by default the one that comes with Beagle.

    Raises InputError for a file that `save_gate` did not write.
    """
    file = path or Path(__file__).with_name(SHIPPED)
    try:
        body = json.loads(file.read_text("utf-8"))
        trees = tuple(
            DecisionTree(
                feature=tuple(tree["feature"]),
                threshold=tuple(tree["limit"]),
                children=tuple((left, right) for left, right in tree["below"]),
                value=tuple(tree["value"]),
            )
            for tree in body["twigs"]
        )
        return RequestGate(
            features=tuple(body["features"]),
            mean=tuple(body["mean"]),
            scale=tuple(body["scale"]),
            bias=body["bias"],
            trees=trees,
            threshold=body["threshold"],
            lenient_threshold=body["lenient"],
            fitted_on=body["made"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"reading the gate {str(file)!r}: {error}; expected what `beagle eval "
            "fit_request_gate` writes; fit it again"
        ) from error


def save_gate(gate: RequestGate, path: Path) -> None:
    """Writes the gate as JSON, which `load_gate` reads; an adjustment by verdicts is left out."""
    # The keys of the file are older than the names in the code: a gate that somebody fitted must
    # stay readable.
    body = {
        "made": dict(gate.fitted_on),
        "threshold": gate.threshold,
        "lenient": gate.lenient_threshold,
        "features": gate.features,
        "mean": gate.mean,
        "scale": gate.scale,
        "bias": gate.bias,
        "twigs": [
            {
                "feature": tree.feature,
                "limit": tree.threshold,
                "below": tree.children,
                "value": tree.value,
            }
            for tree in gate.trees
        ],
    }

    lines = ",\n".join(f" {json.dumps(name)}: {_format(value)}" for name, value in body.items())
    path.write_text("{\n" + lines + "\n}\n", "utf-8")


def _format(value: object) -> str:
    """Returns the value as JSON, a list with one item a line, so that changes can be compared."""
    if not isinstance(value, list):
        return json.dumps(value)

    return "[\n" + ",\n".join("  " + json.dumps(item) for item in value) + "\n ]"
