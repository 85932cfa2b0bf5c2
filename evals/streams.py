"""Streams of requests with known types: reading them, and saying how much of the types a set of groups recovers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from router.errors import SettingsError
from workers.mining.rows import Row

PURE = 0.8
WHOLE = 0.6


@dataclass(frozen=True, slots=True)
class Stream:
    """Rows and the number of each one's type, -1 for noise."""

    rows: list[Row]
    types: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Recovered:
    """How well shown groups match the types; shares in 0-1, the others are counts."""

    precision: float
    recall: float
    f1: float
    false_candidates: int
    duplicates: int
    shown: int


def read_stream(path: Path) -> Stream:
    """A file of `{"text", "user", "at", "type"}` lines. Raises SettingsError naming the line that cannot be used."""
    rows, names = [], []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.strip():
            continue

        try:
            said = json.loads(line)
            at = (
                datetime.fromisoformat(said["at"]).timestamp()
                if isinstance(said.get("at"), str)
                else float(said["at"])
            )

            rows.append(Row(text=str(said["text"]), user=str(said["user"]), at=at))
            names.append(said["type"])
        except (ValueError, KeyError, TypeError) as error:
            raise SettingsError(
                f"reading {str(path)!r}, line {number}: {error!r}; expected an object with text, user, at, type"
            ) from error

    known = {name: i for i, name in enumerate(sorted({name for name in names if name is not None}))}
    return Stream(
        rows, np.array([known[name] if name is not None else -1 for name in names], dtype=np.intp)
    )


def recovered(groups: Sequence[NDArray[np.integer]], types: NDArray[np.intp]) -> Recovered:
    """Precision, recall, F1: a right group is at least 80 % one type; it finds the type if it holds 60 % of it too."""
    sizes = np.bincount(types[types >= 0]) if (types >= 0).any() else np.zeros(0, np.intp)
    right: list[int] = []
    found: set[int] = set()

    for rows in groups:
        kind, count = main_type(rows, types)
        if kind < 0 or count < PURE * len(rows):
            continue

        right.append(kind)
        if count >= WHOLE * sizes[kind]:
            found.add(kind)

    precision = len(right) / len(groups) if groups else 0.0
    recall = len(found) / len(sizes) if len(sizes) else 0.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0

    return Recovered(
        precision, recall, f1, len(groups) - len(right), len(right) - len(set(right)), len(groups)
    )


def main_type(rows: NDArray[np.integer], types: NDArray[np.intp]) -> tuple[int, int]:
    """The most frequent type of the rows and how many have it; -1 and 0 for noise alone."""
    known = types[rows][types[rows] >= 0]
    if not len(known):
        return -1, 0

    counts = np.bincount(known)
    return int(counts.argmax()), int(counts.max())


def auroc_of(
    groups: Sequence[tuple[NDArray[np.integer], float]], types: NDArray[np.intp]
) -> float | None:
    """How well the gate's probability tells groups that are one type, and most of it, from groups that are none.

    Part of a type is neither chat nor the type, and is left out; a group of several types is wrong.
    None where there is only one kind.
    """
    from sklearn.metrics import roc_auc_score

    sizes = np.bincount(types[types >= 0]) if (types >= 0).any() else np.zeros(0, np.intp)
    good, scores = [], []

    for rows, score in groups:
        kind, count = main_type(rows, types)

        pure = kind >= 0 and count >= PURE * len(rows)
        if not pure or count >= WHOLE * sizes[kind]:
            good.append(pure)
            scores.append(score)

    return round(float(roc_auc_score(good, scores)), 4) if len(set(good)) == 2 else None
