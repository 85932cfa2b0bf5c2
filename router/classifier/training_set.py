"""Encodes training examples and selects those that the classifier learns from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from router.classifier.arrays import Bools, Ints, Rows
from router.classifier.messages import Messages
from router.classifier.training import TrainingArrays
from router.classifier.training_data import (
    METADATA_SOURCES,
    MIN_EXAMPLES,
    SMALL_TALK_SOURCE,
    TrainingExample,
)
from router.encoder.protocol import Encoder
from router.types import COUNTEREXAMPLE, NO_ROUTE

IN_DOMAIN_COSINE = 0.6
"""Small talk this similar to an example is what some route is for, so it is not out of scope."""
OOS_WEIGHT = 5
"""How many sentences of small talk a message weighs that people labelled as out of scope."""
UNLIKE_COSINE = 0.35
"""Up to here two messages have nothing in common."""
MIN_COUNTEREXAMPLES = 10
"""With fewer, nothing that they have in common can be learned."""
MAX_RIVAL_SHARE = 1 / 20
"""A description is used while fewer than this share of all routes are nearer to it than its own."""


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """The examples that are learned from, and their arrays.

    `examples` has one entry for each row of `arrays`; `routes` are the names of its classes, but
    for the last class where there are counterexamples.
    """

    examples: list[TrainingExample]
    routes: tuple[str, ...]
    arrays: TrainingArrays


def build_training_set(examples: Sequence[TrainingExample], encoder: Encoder) -> TrainingSet | None:
    """Returns the training set of these examples; None when none of them belongs to a route."""
    inside = [example for example in examples if example.route != NO_ROUTE]
    outside = [one for one in examples if one.route == NO_ROUTE and one.source != COUNTEREXAMPLE]
    if not inside:
        return None

    routes = tuple(sorted({example.route for example in inside}))
    class_of = {route: number for number, route in enumerate(routes)}
    messages = Messages.read([example.text for example in inside], encoder)
    rows = messages.rows
    labels = np.array([class_of[example.route] for example in inside], np.int64)
    is_metadata = np.array([example.source in METADATA_SOURCES for example in inside])
    used = np.flatnonzero(matching_descriptions(rows[:, : encoder.dim], labels, is_metadata))

    near_misses, near = _counterexamples(examples, inside, rows, encoder)
    arrays = TrainingArrays(
        messages.take(used).followed_by(near),
        np.concatenate([labels[used], np.full(len(near_misses), len(routes))]),
        len(routes) + bool(near_misses),
        encoder.dim,
        is_message=np.concatenate([~is_metadata[used], np.ones(len(near_misses), bool)]),
        out_of_scope=_out_of_scope(outside, rows, encoder),
        has_near_misses=bool(near_misses),
    )
    return TrainingSet([*(inside[int(number)] for number in used), *near_misses], routes, arrays)


def _counterexamples(
    examples: Sequence[TrainingExample],
    inside: Sequence[TrainingExample],
    rows: Rows,
    encoder: Encoder,
) -> tuple[list[TrainingExample], Messages]:
    """Returns the counterexamples to learn from, and how they are read.

    One that resembles a message of another route than its own, or resembles one more than any of
    its own, is what that route is for: a company that has a route for travel wants flights booked.
    """
    found = [example for example in examples if example.source == COUNTEREXAMPLE]
    messages = Messages.read([example.text for example in found], encoder)
    none = messages.take(np.zeros(0, np.int64))
    if len(found) < MIN_COUNTEREXAMPLES:
        return [], none

    cosine = messages.rows[:, : encoder.dim] @ rows[:, : encoder.dim].T
    is_message = np.array([one.source not in METADATA_SOURCES for one in inside])
    near = np.array([example.near for example in found])
    is_own = near[:, None] == np.array([one.route for one in inside])
    to_own = np.where(is_own & is_message, cosine, -1.0).max(axis=1)
    to_others = np.where(~is_own & is_message, cosine, -1.0).max(axis=1)

    is_used = (to_others < IN_DOMAIN_COSINE) & (to_others <= np.maximum(to_own, UNLIKE_COSINE))
    if is_used.sum() < MIN_COUNTEREXAMPLES:
        return [], none

    used = [example for example, is_kept in zip(found, is_used, strict=True) if is_kept]
    return used, messages.take(np.flatnonzero(is_used))


def _out_of_scope(outside: Sequence[TrainingExample], rows: Rows, encoder: Encoder) -> Messages:
    """Returns the out-of-scope messages, labelled ones `OOS_WEIGHT` times.

    `rows` are the views of all in-scope examples.
    """
    messages = Messages.read([example.text for example in outside], encoder)
    if not len(messages):
        return messages

    dim = encoder.dim
    highest_cosine = (messages.rows[:, :dim] @ rows[:, :dim].T).max(axis=1)
    is_small_talk = np.array([example.source == SMALL_TALK_SOURCE for example in outside])

    small_talk = np.flatnonzero(is_small_talk & (highest_cosine < IN_DOMAIN_COSINE))
    labelled = np.repeat(np.flatnonzero(~is_small_talk), OOS_WEIGHT)
    return messages.take(np.concatenate([small_talk, labelled]))


def matching_descriptions(rows: Rows, labels: Ints, is_metadata: Bools) -> Bools:
    """Returns which rows to learn from: every example, and the descriptions that match theirs.

    `rows` are sentence vectors at unit length. A name or description that says something other than
    the examples of its route ("misc") would mislead, so hardly any other route may be nearer to it.
    A route with fewer than MIN_EXAMPLES examples keeps its name: there is nothing to judge it by.
    """
    class_count = int(labels.max(initial=-1)) + 1
    counts = np.bincount(labels[~is_metadata], minlength=class_count)

    centroids = np.zeros((class_count, rows.shape[1]), np.float32)
    np.add.at(centroids, labels[~is_metadata], rows[~is_metadata])
    centroids /= np.maximum(np.linalg.norm(centroids, axis=1, keepdims=True), 1e-9)

    # How many routes lie nearer to each description than its own one does.
    cosine = rows[is_metadata] @ centroids.T
    own_label = labels[is_metadata]
    own_cosine = cosine[np.arange(len(cosine)), own_label]
    nearer_routes = (cosine > own_cosine[:, None]).sum(axis=1)

    is_near = nearer_routes < max(1.0, class_count * MAX_RIVAL_SHARE)
    keep = np.ones(len(rows), bool)
    keep[is_metadata] = is_near | (counts[own_label] < MIN_EXAMPLES)
    return keep
