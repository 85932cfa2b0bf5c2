"""Lessons in, the rows that a model learns from out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from router.classifier.model import Lessons
from router.classifier.training_data import ABOUT, FEW, NO_ROUTE, Lesson
from router.encoder.factory import Encoder

FAMILIAR = 0.6
"""Small talk this near to an example is what some route is for, and teaches nothing about
strangers."""

TOLD = 5
"""How many sentences of small talk a message counts for that people said belongs nowhere."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """The lessons that teach, their routes in the order of the model's classes, and their rows."""

    kept: list[Lesson]
    taught: tuple[str, ...]
    rows: Lessons


def gather(lessons: Sequence[Lesson], encoder: Encoder) -> Gathered | None:
    """What these lessons teach; None when none of them belongs to a route."""
    inside = [lesson for lesson in lessons if lesson.route != NO_ROUTE]
    outside = [lesson for lesson in lessons if lesson.route == NO_ROUTE]
    if not inside:
        return None

    taught = tuple(sorted({lesson.route for lesson in inside}))
    place = {route: i for i, route in enumerate(taught)}
    rows = encoder.views([lesson.text for lesson in inside])
    labels = np.array([place[lesson.route] for lesson in inside], np.int64)
    about = np.array([lesson.source in ABOUT for lesson in inside])
    used = np.flatnonzero(fitting(rows[:, : encoder.dim], labels, about))

    strangers = encoder.views([lesson.text for lesson in outside])
    if len(strangers):
        likeness = (strangers[:, : encoder.dim] @ rows[:, : encoder.dim].T).max(axis=1)
        small_talk = np.array([lesson.source == "chatter" for lesson in outside])
        strangers = np.concatenate(
            [
                strangers[small_talk & (likeness < FAMILIAR)],
                np.repeat(strangers[~small_talk], TOLD, axis=0),
            ]
        )

    learned = Lessons(rows[used], labels[used], len(taught), encoder.dim, ~about[used], strangers)
    return Gathered([inside[int(i)] for i in used], taught, learned)


def fitting(
    rows: NDArray[np.float32], labels: NDArray[np.int64], about: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which rows should teach: every example, and the names and descriptions that lie near their own route's examples.

    A name that says something else than the examples ("misc") would mislead: hardly any rival may
    be nearer to it. A route with too few examples to judge by keeps its name.
    """
    classes = int(labels.max(initial=-1)) + 1
    counts = np.bincount(labels[~about], minlength=classes)
    middles = np.zeros((classes, rows.shape[1]), np.float32)
    np.add.at(middles, labels[~about], rows[~about])
    middles /= np.maximum(np.linalg.norm(middles, axis=1, keepdims=True), 1e-9)
    likeness = rows[about] @ middles.T
    own = likeness[np.arange(len(likeness)), labels[about]]
    rank = (likeness > own[:, None]).sum(axis=1)
    keep = np.ones(len(rows), bool)
    keep[about] = (rank < max(1.0, classes / 20)) | (counts[labels[about]] < FEW)

    return keep
