"""Labelled streams of requests: reads them, and scores how much of the types clusters recover."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from router.errors import InputError
from workers.mining.rows import Row

MIN_PURITY = 0.8
"""A correct cluster has at least this share of one type."""
MIN_COVERAGE = 0.6
"""A cluster finds a type if it holds at least this share of it."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Rows, and the number of each one's type, -1 for noise."""

    rows: list[Row]
    types: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class RecoveryScore:
    """How well clusters match the types.

    Attributes:
        precision, recall, f1: In 0-1.
        false_candidates: Clusters that are no type.
        duplicates: Correct clusters of a type that another one is of.
        shown: All clusters.
    """

    precision: float
    recall: float
    f1: float
    false_candidates: int
    duplicates: int
    shown: int


def read_stream(path: Path) -> Stream:
    """Reads lines of `{"text", "user", "at", "type"}`; `at` is in unix seconds or an ISO date.

    Raises InputError naming the line that cannot be used.
    """
    rows = []
    names = []

    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.strip():
            continue

        try:
            record = json.loads(line)
            at = _timestamp(record["at"])
            rows.append(Row(text=str(record["text"]), user=str(record["user"]), at=at))
            names.append(record["type"])
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"reading {str(path)!r}, line {number}: {error!r}; expected an object with text, "
                "user, at, type"
            ) from error

    number_of = {name: i for i, name in enumerate(sorted({n for n in names if n is not None}))}
    types = [-1 if name is None else number_of[name] for name in names]
    return Stream(rows, np.array(types, dtype=np.intp))


def _timestamp(value: object) -> float:
    if isinstance(value, str):
        return datetime.fromisoformat(value).timestamp()

    return float(value)  # type: ignore[arg-type]  # whatever it cannot take is a TypeError


def score_recovery(
    clusters: Sequence[NDArray[np.integer]], types: NDArray[np.intp]
) -> RecoveryScore:
    """Scores clusters, given as rows, against the true types.

    Precision counts clusters that are at least 80 % one type, recall the types of which a correct
    cluster holds at least 60 %.
    """
    sizes = _type_sizes(types)
    correct: list[int] = []
    found: set[int] = set()

    for rows in clusters:
        majority, count = majority_type(rows, types)
        if majority < 0 or count < MIN_PURITY * len(rows):
            continue

        correct.append(majority)
        if count >= MIN_COVERAGE * sizes[majority]:
            found.add(majority)

    precision = len(correct) / len(clusters) if clusters else 0.0
    recall = len(found) / len(sizes) if len(sizes) else 0.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0

    return RecoveryScore(
        precision=precision,
        recall=recall,
        f1=f1,
        false_candidates=len(clusters) - len(correct),
        duplicates=len(correct) - len(set(correct)),
        shown=len(clusters),
    )


def majority_type(rows: NDArray[np.integer], types: NDArray[np.intp]) -> tuple[int, int]:
    """Returns the most frequent type of the rows and its count; -1 and 0 for noise alone."""
    typed = types[rows][types[rows] >= 0]
    if not len(typed):
        return -1, 0

    counts = np.bincount(typed)
    return int(counts.argmax()), int(counts.max())


def gate_auroc(
    clusters: Sequence[tuple[NDArray[np.integer], float]], types: NDArray[np.intp]
) -> float | None:
    """Returns how well the gate's probability separates whole types from what is no type, 0-1.

    `clusters` are (rows, probability). A part of a type is neither and is left out; a mixture of
    types is wrong. None where there is only one class.
    """
    from sklearn.metrics import roc_auc_score

    sizes = _type_sizes(types)
    labels = []
    scores = []

    for rows, score in clusters:
        majority, count = majority_type(rows, types)
        is_pure = majority >= 0 and count >= MIN_PURITY * len(rows)
        if not is_pure or count >= MIN_COVERAGE * sizes[majority]:
            labels.append(is_pure)
            scores.append(score)

    if len(set(labels)) < 2:
        return None

    return round(float(roc_auc_score(labels, scores)), 4)


def _type_sizes(types: NDArray[np.intp]) -> NDArray[np.intp]:
    """Returns how many rows each type has."""
    typed = types[types >= 0]
    return np.bincount(typed) if len(typed) else np.zeros(0, np.intp)
