"""Selects which train rows a prompt shows: the first, the nearest, diverse or random ones.

Dev rows decide.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from router.catalog.route_file import ExampleRow
from router.catalog.version import PromptStep, Shot, Version
from workers.context import Context
from workers.evaluation.accuracy import mean_accuracy
from workers.llm.metered import BudgetExhaustedError

SIZES = (4, 8)
DRAWS = 3
"""Random sets for each size."""
FIRST_ROWS = 6
"""Dev rows that every set is tried on first."""


@dataclass(frozen=True, slots=True)
class ShotSelection:
    """The accuracy (0-1) of each set that was tried on every dev row; the others were eliminated.

    `versions` has every set as a version, by its name.
    """

    tried: Mapping[str, float]
    versions: Mapping[str, Version]
    eliminated: int
    budget_exhausted: bool = False


def select_shots(
    context: Context,
    base: Version,
    train: Sequence[ExampleRow],
    dev: Sequence[ExampleRow],
    seed: int,
) -> ShotSelection:
    """Returns the best sets of examples on top of `base`, by successive halving on the dev rows.

    The better half of the sets goes on to twice as many rows, until all rows were used. When the
    budget ends, only sets that had seen every dev row by then count.
    """
    versions = dict(shot_sets(context, base, train, seed))
    tried: dict[str, float] = {}
    names = list(versions)
    row_count = FIRST_ROWS

    try:
        while names:
            rows = dev[:row_count]
            accuracies = {name: mean_accuracy(context, versions[name], rows) for name in names}

            if len(rows) == len(dev):
                tried = accuracies
                break

            # The sort is stable: of equal sets the one with fewer examples comes first, because it
            # costs less in each request.
            names = sorted(names, key=lambda name: -accuracies[name])[: (len(names) + 1) // 2]
            row_count *= 2
    except BudgetExhaustedError:
        return ShotSelection(tried, versions, len(versions) - len(tried), budget_exhausted=True)

    return ShotSelection(tried, versions, len(versions) - len(tried))


def shot_sets(
    context: Context, base: Version, train: Sequence[ExampleRow], seed: int
) -> Iterator[tuple[str, Version]]:
    """Yields each set of examples as a version, by a name that says how it was chosen.

    There is none where the version has no prompt that could show examples.
    """
    last = base.steps[-1]
    if not base.traits.is_plain_prompt or not isinstance(last, PromptStep):
        return

    shots = []
    for row in train:
        shot = Shot(text=row.text, answer=row.answer, thread=row.thread, reasoning=row.reasoning)
        shots.append(shot)

    diverse = _farthest_first(context, train)
    rng = random.Random(seed)  # noqa: S311  # draws examples; nothing secret hangs on it

    for count in SIZES:
        if count > len(shots):
            continue

        yield f"the first {count}", _with_shots(base, shots[:count], count, "fixed")
        if diverse:
            picked = [shots[index] for index in diverse[:count]]
            yield f"{count} unlike ones", _with_shots(base, picked, count, "fixed")

        for draw in range(1, DRAWS + 1):
            picked = rng.sample(shots, count)
            yield f"{count} by chance, draw {draw}", _with_shots(base, picked, count, "fixed")

        # The nearest are chosen per message. That needs an encoder, and more shots than are shown.
        if diverse and count < len(shots):
            yield f"the {count} nearest", _with_shots(base, shots, count, "nearest")


def _with_shots(base: Version, shots: Sequence[Shot], count: int, pick: str) -> Version:
    *earlier, last = base.steps
    assert isinstance(last, PromptStep)
    steps = [step.model_dump() for step in earlier]
    steps.append(last.model_dump() | {"shots": count, "pick": pick})

    return base.with_changes(steps=steps, shots=[shot.model_dump() for shot in shots])


def _farthest_first(context: Context, rows: Sequence[ExampleRow]) -> list[int]:
    """Returns indices of diverse rows, by farthest-first traversal from the most typical row.

    Each row is the farthest from all before it (Gonzalez, "Clustering to minimize the maximum
    intercluster distance", 1985). Empty without an encoder.
    """
    if not context.encoder.is_configured or not rows:
        return []

    vectors = np.asarray(context.encoder.encode([row.text for row in rows]), dtype=np.float32)
    # Vectors have unit length, so products are cosines. The most typical row is nearest the mean.
    order = [int(np.argmax(vectors @ vectors.mean(axis=0)))]
    nearest_chosen = vectors @ vectors[order[0]]

    while len(order) < min(len(rows), max(SIZES)):
        is_chosen = np.isin(np.arange(len(rows)), order)
        farthest = int(np.argmin(np.where(is_chosen, np.inf, nearest_chosen)))
        order.append(farthest)
        nearest_chosen = np.maximum(nearest_chosen, vectors @ vectors[farthest])

    return order
