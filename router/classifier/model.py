"""What the router has learned, as arrays: views of a message in, probabilities and fit out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from router.classifier.calibration import Floats, Ints, threshold_at
from router.classifier.linear import Linear, Mix, Span, fit_mix
from router.classifier.local_density import ASPECTS
from router.classifier.neighbours import Known, Near, Rows
from router.classifier.scope_gate import OF_ALL, Gate, by_likeness, fit_gate, signals

FOLDS = 10
"""A model without a tenth of the examples still scores much like the final one; without a fifth, thresholds came out
too low where examples are few."""
LARGE = 3000
"""Above so many examples three of the folds, and half of the groups, tell as much and cost less."""
GROUPS = 8
FLOOR = 0.5
"""The gate's threshold where there is nothing to measure it on."""
NEVER = -1
"""The fold of rows that teach but are no messages: names and descriptions of routes."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the model says of each row: calibrated probabilities, the gate's score, and the nearest examples."""

    chances: Floats
    in_scope: Floats
    near: Near


@dataclass(frozen=True, slots=True)
class Model:
    """A trained router without names and texts. `threshold` is the gate's score that a stated share falls under."""

    linear: Linear
    mix: Mix
    gate: Gate
    known: Known
    threshold: float

    def judge(self, rows: Rows) -> Judged:
        """Each row of views by itself: nothing depends on the other rows."""
        logits, near = look(rows, self.linear, self.known)
        votes = self.known.votes(near, logits.shape[1])
        seen = signals(rows, logits / self.mix.heat, self.known, near)

        return Judged(self.mix.probabilities(logits, votes), self.gate.in_scope(seen), near)


@dataclass(frozen=True)
class Lessons:
    """What a model learns from: views, classes, the width of the first view, and which rows are real messages.

    `strangers` are views of messages that no route fits.
    """

    rows: Rows
    labels: Ints
    classes: int
    dim: int
    real: NDArray[np.bool_]
    strangers: Rows

    @cached_property
    def span(self) -> Span:
        """The rows as heads are fitted to them."""
        return Span.of(self.rows)

    def part(self, kept: Ints) -> tuple[Linear, Known, Ints]:
        """A linear model and what it knows from these rows alone, and the classes that they hold, in order."""
        names = np.unique(self.labels[kept])
        again = np.searchsorted(names, self.labels[kept])
        linear = self.span.fit(kept, again, len(names))

        return linear, Known.of(self.rows[kept], again, len(names), self.dim), names


def look(rows: Rows, linear: Linear, known: Known) -> tuple[Floats, Near]:
    """Logits, and the examples near each row."""
    return linear.logits(rows), known.near(rows)


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What models said of messages that they had not seen, with what each of them knew."""

    asked: Ints
    logits: Floats
    votes: Floats
    looks: list[tuple[Rows, Floats, Known, Near]]

    def signals(self, heat: float) -> Floats:
        """The gate's view of these messages."""
        return np.concatenate(
            [signals(rows, logits / heat, known, near) for rows, logits, known, near in self.looks]
        )


def fit_model(lessons: Lessons, seed: int, false_reject: float) -> Model:
    """The model for these lessons; the same input gives the same bits on the same machine."""
    linear, known, _ = lessons.part(np.arange(len(lessons.labels)))
    held = hold_out(lessons, seed)
    if held is None:
        return Model(linear, Mix(1.0, 0.0, 1.0), by_likeness(count_signals(lessons)), known, FLOOR)

    mix = fit_mix(held.logits, held.votes, lessons.labels[held.asked])
    gate = leave_routes_out(lessons, seed, mix.heat)
    threshold = threshold_at(gate.in_scope(held.signals(mix.heat)), false_reject)

    return Model(linear, mix, gate, known, threshold)


def hold_out(lessons: Lessons, seed: int) -> HeldOut | None:
    """Each message whose route has another one, judged by a model without its fold; None where there is none."""
    fold = folds(lessons, seed, FOLDS)
    asked, logits, votes, looks = [], [], [], []

    for part in range(FOLDS if len(lessons.labels) <= LARGE else 3):
        out, kept = np.flatnonzero(fold == part), np.flatnonzero(fold != part)
        linear, known, names = lessons.part(kept)

        out = out[np.isin(lessons.labels[out], names)]
        if not len(out) or len(names) < lessons.classes:
            continue

        said, near = look(lessons.rows[out], linear, known)
        asked.append(out)
        logits.append(said)
        votes.append(known.votes(near, lessons.classes))
        looks.append((lessons.rows[out], said, known, near))

    if not asked:
        return None

    return HeldOut(np.concatenate(asked), np.concatenate(logits), np.concatenate(votes), looks)


def leave_routes_out(lessons: Lessons, seed: int, heat: float) -> Gate:
    """The gate that tells held-out messages of known routes from messages whose route was hidden.

    With fewer than three routes nothing can be hidden; then only likeness to the examples counts.
    """
    groups = min(GROUPS if len(lessons.labels) <= LARGE else GROUPS // 2, lessons.classes)
    if lessons.classes < 3:
        return by_likeness(count_signals(lessons))

    group = np.random.default_rng(seed).permutation(lessons.classes) % groups
    fold = folds(lessons, seed + 1, max(groups, GROUPS))
    seen, fits = [], []

    for hidden in range(groups):
        lost = np.flatnonzero((group[lessons.labels] == hidden) & lessons.real)
        held = np.flatnonzero((group[lessons.labels] != hidden) & (fold == hidden))
        linear, known, names = lessons.part(
            np.flatnonzero((group[lessons.labels] != hidden) & (fold != hidden))
        )

        held = held[np.isin(lessons.labels[held], names)]
        if len(held) and len(lost):
            rows = np.concatenate([lessons.rows[held], lessons.rows[lost], lessons.strangers])
            logits, near = look(rows, linear, known)
            seen.append(signals(rows, logits / heat, known, near))
            fits.append((np.arange(len(rows)) < len(held)).astype(float))

    return (
        fit_gate(np.concatenate(seen), np.concatenate(fits))
        if seen
        else by_likeness(count_signals(lessons))
    )


def count_signals(lessons: Lessons) -> int:
    """The number of signals for the views of these lessons."""
    return len(OF_ALL) + len(ASPECTS) * (int(lessons.rows.shape[1]) // lessons.dim)


def folds(lessons: Lessons, seed: int, parts: int) -> Ints:
    """A fold for each message, each class dealt out evenly in an order that the seed decides; NEVER for other rows."""
    rng = np.random.default_rng(seed)
    fold = np.full(len(lessons.labels), NEVER)
    start = 0

    for one in range(lessons.classes):
        rows = rng.permutation(np.flatnonzero((lessons.labels == one) & lessons.real))
        fold[rows] = (np.arange(len(rows)) + start) % parts
        start += len(rows)

    return fold
