"""The request-or-chat gate S1: how likely a group of rows is one repeated request, and all of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.errors import SettingsError

SHIPPED = "gate.json"
PRIOR = 30.0
"""How many verdicts it takes until admins' judgement weighs about as much as what was shipped."""

Figures = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Twig:
    """A small decision tree in arrays.

    At node i go to `below[i][0]` where feature `feature[i]` <= `limit[i]`, else to `below[i][1]`. A leaf has feature -1
    and adds `value[i]`.
    """

    feature: tuple[int, ...]
    limit: tuple[float, ...]
    below: tuple[tuple[int, int], ...]
    value: tuple[float, ...]

    def add(self, rows: Figures) -> Figures:
        """What each row gets from this tree."""
        at = np.zeros(len(rows), np.intp)
        feature, limit = np.array(self.feature), np.array(self.limit)
        below, value = np.array(self.below), np.array(self.value)
        while (going := feature[at] >= 0).any():
            here = at[going]
            right = rows[going, feature[here]] > limit[here]
            at[going] = below[here, right.astype(np.intp)]
        return value[at]


@dataclass(frozen=True, slots=True)
class Gate:
    """Log-odds from standardised features and from small trees; `made` says how. `weights` are what verdicts re-fit."""

    features: tuple[str, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float
    twigs: tuple[Twig, ...] = ()
    threshold: float = 0.3
    made: Mapping[str, Any] = field(default_factory=dict)

    def score(self, measured: Sequence[Mapping[str, float]]) -> Figures:
        """A probability in 0-1 for each group that was measured."""
        if not measured:
            return np.zeros(0)
        rows = self.table(measured)
        odds = self.bias + self._standard(rows) @ np.array(self.weights)
        for twig in self.twigs:
            odds = odds + twig.add(rows)
        return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30, 30))))

    def table(self, measured: Sequence[Mapping[str, float]]) -> Figures:
        """The features in the gate's order, one row for each group."""
        return np.array([[each[name] for name in self.features] for each in measured], dtype=np.float64)

    def _standard(self, rows: Figures) -> Figures:
        standard: Figures = np.clip((rows - np.array(self.mean)) / np.array(self.scale), -4, 4)
        return standard

    def refit(self, measured: Sequence[Mapping[str, float]], approved: Sequence[bool]) -> Gate:
        """The gate after admins have judged groups; without verdicts it is unchanged.

        What was shipped stays as the starting point, and the weights move away from it only as far as the verdicts
        carry: a ridge of PRIOR verdicts' strength holds them, so that three clicks cannot turn the gate round.
        """
        if len(measured) != len(approved):
            raise SettingsError(
                f"re-fitting the gate: {len(measured)} groups but {len(approved)} verdicts; give one for each"
            )
        if not measured:
            return self
        rows = np.hstack([self._standard(self.table(measured)), np.ones((len(measured), 1))])
        base = self.score(measured)
        odds = np.log(np.clip(base, 1e-6, 1 - 1e-6) / np.clip(1 - base, 1e-6, 1))
        step = _ridge(rows, np.asarray(approved, dtype=np.float64), odds)
        weights = tuple(float(w) for w in np.array(self.weights) + step[:-1])
        return replace(self, weights=weights, bias=float(self.bias + step[-1]))


def _ridge(rows: Figures, wanted: Figures, odds: Figures) -> Figures:
    """Newton's method for a logistic regression on top of known log-odds."""
    step = np.zeros(rows.shape[1])
    hold = PRIOR * np.eye(len(step)) / 4
    for _ in range(25):
        chance = 1 / (1 + np.exp(-np.clip(odds + rows @ step, -30, 30)))
        slope = rows.T @ (wanted - chance) - hold @ step
        curve = (rows * (chance * (1 - chance))[:, None]).T @ rows + hold
        change = np.linalg.solve(curve, slope)
        step = step + change
        if np.abs(change).max() < 1e-8:
            break
    return step


def load_gate(path: Path | None = None) -> Gate:
    """The gate in that file; without one, the gate that comes with Beagle."""
    place = path or Path(__file__).with_name(SHIPPED)
    try:
        body = json.loads(place.read_text("utf-8"))
        twigs = tuple(
            Twig(tuple(t["feature"]), tuple(t["limit"]), tuple((a, b) for a, b in t["below"]), tuple(t["value"]))
            for t in body.pop("twigs")
        )
        features, mean, scale, weights = (tuple(body.pop(name)) for name in ("features", "mean", "scale", "weights"))
        return Gate(features, mean, scale, weights, twigs=twigs, **body)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(
            f"reading the gate {str(place)!r}: {error}; expected what `beagle eval fit_gate` writes; fit it again"
        ) from error


def save_gate(gate: Gate, path: Path) -> None:
    """The file holds the gate; `load_gate` gives it back."""
    body = {
        "made": dict(gate.made),
        "threshold": gate.threshold,
        "features": gate.features,
        "mean": gate.mean,
        "scale": gate.scale,
        "weights": gate.weights,
        "bias": gate.bias,
        "twigs": [{"feature": t.feature, "limit": t.limit, "below": t.below, "value": t.value} for t in gate.twigs],
    }
    lines = ",\n".join(f" {json.dumps(name)}: {_lines(value)}" for name, value in body.items())
    path.write_text("{\n" + lines + "\n}\n", "utf-8")


def _lines(value: Any) -> str:
    if isinstance(value, list):
        return "[\n" + ",\n".join("  " + json.dumps(each) for each in value) + "\n ]"
    return json.dumps(value)
