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

SHIPPED = "request_gate.json"
PRIOR = 30.0
"""How many verdicts it takes until admins' judgement weighs about as much as what was shipped."""
EACH = 0.15
"""By how much of its log-odds any group can move for each verdict, whatever the verdicts say."""
MOST = 3.0
"""By how much it can move at all."""
ENOUGH = 6
"""From so many verdicts on a re-fit has to foretell each of them from the others better than
what was shipped."""

LITTLE, MUCH = 0.06, 0.35
"""Shares of rows in likely groups between which a stream goes from hardly any requests to mostly
requests."""

Figures = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Twig:
    """A small decision tree in arrays.

    At node i go to `below[i][0]` where feature `feature[i]` <= `limit[i]`, else to `below[i][1]`. A
    leaf has feature -1 and adds `value[i]`.
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
    """Log-odds from small boosted trees; `made` says what they were fitted on. What verdicts teach is linear on top.

    A group passes from `threshold` on where little repeats, from `lenient` on where much does: see
    `limit`.
    """

    features: tuple[str, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    bias: float
    twigs: tuple[Twig, ...]
    threshold: float = 0.5
    lenient: float = 0.5
    made: Mapping[str, Any] = field(default_factory=dict)
    step: tuple[float, ...] = ()
    """What verdicts have added for each standardised feature and, last, to the bias."""
    furthest: float = 0.0
    """The most that `step` may move a group's log-odds, either way."""

    def score(self, measured: Sequence[Mapping[str, float]]) -> Figures:
        """A probability in 0-1 for each group that was measured."""
        if not measured:
            return np.zeros(0)

        rows = self.table(measured)
        odds = self._odds(rows)

        if self.step:
            moved = self._with_one(rows) @ np.array(self.step)
            odds = odds + np.clip(moved, -self.furthest, self.furthest)

        return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30, 30))))

    def limit(self, share: float) -> float:
        """The probability that a group needs where that share of all rows lies in groups above `threshold`.

        Among thousands of rows of chat some hundred groups are judged and a few look right by
        chance; where half of the rows are requests there are not many groups to be wrong about, and
        what looks likely mostly is.
        """
        return float(np.interp(share, (LITTLE, MUCH), (self.threshold, self.lenient)))

    def table(self, measured: Sequence[Mapping[str, float]]) -> Figures:
        """The features in the gate's order, one row for each group."""
        return np.array(
            [[each[name] for name in self.features] for each in measured], dtype=np.float64
        )

    def _standard(self, rows: Figures) -> Figures:
        standard: Figures = np.clip((rows - np.array(self.mean)) / np.array(self.scale), -4, 4)
        return standard

    def refit(self, measured: Sequence[Mapping[str, float]], approved: Sequence[bool]) -> Gate:
        """The gate after admins have judged groups; without verdicts, or where they do not help, it is unchanged.

        What was shipped stays the starting point. Three things hold it, so that a few clicks cannot
        turn the gate: a ridge of PRIOR verdicts' strength; no group's log-odds move by more than
        EACH for every verdict, or MOST; and from ENOUGH verdicts on the re-fit must foretell each
        verdict from the others better than the shipped gate does.
        """
        if len(measured) != len(approved):
            raise SettingsError(
                f"re-fitting the gate: {len(measured)} groups but {len(approved)} verdicts; give one for each"
            )

        if not measured:
            return self

        table = self.table(measured)
        rows, odds, wanted = (
            self._with_one(table),
            self._odds(table),
            np.asarray(approved, dtype=np.float64),
        )

        furthest = min(EACH * len(wanted), MOST)
        if len(wanted) >= ENOUGH and not _foretells(rows, wanted, odds, furthest):
            return self

        return replace(self, step=tuple(_ridge(rows, wanted, odds).tolist()), furthest=furthest)

    def _odds(self, rows: Figures) -> Figures:
        """The log-odds of what was shipped."""
        odds: Figures = self.bias + sum(
            (twig.add(rows) for twig in self.twigs), np.zeros(len(rows))
        )
        return odds

    def _with_one(self, rows: Figures) -> Figures:
        """The standardised rows with a column of ones for the bias."""
        return np.hstack([self._standard(rows), np.ones((len(rows), 1))])


def _foretells(rows: Figures, wanted: Figures, odds: Figures, furthest: float) -> bool:
    """Whether each verdict is likelier after a re-fit on all the others than before."""
    everyone = np.arange(len(wanted))
    moved = np.zeros(len(wanted))

    for one in everyone:
        others = everyone != one
        moved[one] = rows[one] @ _ridge(rows[others], wanted[others], odds[others])

    sign = np.where(wanted > 0, 1.0, -1.0)
    after, before = odds + np.clip(moved, -furthest, furthest), odds
    return bool(np.logaddexp(0, -sign * after).sum() < np.logaddexp(0, -sign * before).sum())


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
            Twig(
                tuple(t["feature"]),
                tuple(t["limit"]),
                tuple((a, b) for a, b in t["below"]),
                tuple(t["value"]),
            )
            for t in body.pop("twigs")
        )

        features, mean, scale = (tuple(body.pop(name)) for name in ("features", "mean", "scale"))
        return Gate(features, mean, scale, twigs=twigs, **body)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(
            f"reading the gate {str(place)!r}: {error}; expected what `beagle eval fit_gate` writes; fit it again"
        ) from error


def save_gate(gate: Gate, path: Path) -> None:
    """The file holds the gate; `load_gate` gives it back."""
    body = {
        "made": dict(gate.made),
        "threshold": gate.threshold,
        "lenient": gate.lenient,
        "features": gate.features,
        "mean": gate.mean,
        "scale": gate.scale,
        "bias": gate.bias,
        "twigs": [
            {"feature": t.feature, "limit": t.limit, "below": t.below, "value": t.value}
            for t in gate.twigs
        ],
    }

    lines = ",\n".join(f" {json.dumps(name)}: {_lines(value)}" for name, value in body.items())
    path.write_text("{\n" + lines + "\n}\n", "utf-8")


def _lines(value: Any) -> str:
    if isinstance(value, list):
        return "[\n" + ",\n".join("  " + json.dumps(each) for each in value) + "\n ]"
    return json.dumps(value)
