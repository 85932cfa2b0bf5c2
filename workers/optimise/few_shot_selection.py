"""Chooses which train rows a prompt shows: the first, the nearest, unlike ones, or drawn by chance; dev rows decide."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from router.catalog.route_file import Row
from router.catalog.version import PromptStep, Shot, Version
from workers.context import Context
from workers.evaluation.accuracy import accuracy
from workers.llm.metered import SpentError

SIZES = (4, 8)
DRAWS = 3
"""Sets drawn by chance for each size."""
FIRST_ROWS = 6
"""Dev rows that every set is tried on; the better half goes on to twice as many, until all rows
were seen."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Sets of examples that were tried on every dev row with their accuracy, and how many were given up before."""

    tried: Mapping[str, float]
    versions: Mapping[str, Version]
    given_up: int
    spent: bool = False


def choose(
    context: Context, base: Version, train: Sequence[Row], dev: Sequence[Row], seed: int
) -> Chosen:
    """The sets that were best, on top of `base`. When the budget ends, those that had seen every dev row by then."""
    ways = dict(candidates(context, base, train, seed))
    finished: dict[str, float] = {}
    left, rows = list(ways), FIRST_ROWS

    try:
        while left:
            seen = dev[:rows]
            found = {name: accuracy(context, ways[name], seen) for name in left}

            if len(seen) == len(dev):
                finished = found
                break

            # Equal ones in the order they came: fewer examples first, they cost less for each
            # request.
            left = sorted(left, key=lambda name: -found[name])[: (len(left) + 1) // 2]
            rows *= 2
    except SpentError:
        return Chosen(finished, ways, len(ways) - len(finished), spent=True)

    return Chosen(finished, ways, len(ways) - len(finished))


def candidates(
    context: Context, base: Version, train: Sequence[Row], seed: int
) -> Iterator[tuple[str, Version]]:
    """Each set of examples as a version, by a name that says how it was chosen; none where there is nothing to show."""
    last = base.steps[-1]
    if base.kind != "prompt" or not isinstance(last, PromptStep):
        return

    shots = [
        Shot(text=row.text, answer=row.answer, thread=row.thread, reasoning=row.reasoning)
        for row in train
    ]
    order = _unlike(context, train)
    chance = random.Random(seed)  # noqa: S311  # draws examples; nothing secret hangs on it

    for count in SIZES:
        if count > len(shots):
            continue

        picked = {f"the first {count}": shots[:count]}
        if order:
            picked[f"{count} unlike ones"] = [shots[place] for place in order[:count]]

        for draw in range(1, DRAWS + 1):
            picked[f"{count} by chance, draw {draw}"] = chance.sample(shots, count)

        for name, some in picked.items():
            yield name, _showing(base, some, count, "fixed")

        if order and count < len(shots):
            yield f"the {count} nearest", _showing(base, shots, count, "nearest")


def _showing(base: Version, shots: Sequence[Shot], count: int, pick: str) -> Version:
    *earlier, last = base.steps
    assert isinstance(last, PromptStep)
    steps = [step.model_dump() for step in earlier] + [
        last.model_dump() | {"shots": count, "pick": pick}
    ]

    return base.changed(steps=steps, shots=[shot.model_dump() for shot in shots])


def _unlike(context: Context, train: Sequence[Row]) -> list[int]:
    """Places of rows, each the one farthest from all before it, the most typical one first; empty without an encoder.

    Farthest-first traversal: Gonzalez, "Clustering to minimize the maximum intercluster distance",
    1985.
    """
    if context.encoder is None or not train:
        return []

    vectors = np.asarray(context.encoder().encode([row.text for row in train]), dtype=np.float32)
    order = [int(np.argmax(vectors @ vectors.mean(axis=0)))]
    near = vectors @ vectors[order[0]]

    while len(order) < min(len(train), max(SIZES)):
        following = int(np.argmin(np.where(np.isin(np.arange(len(train)), order), np.inf, near)))
        order.append(following)
        near = np.maximum(near, vectors @ vectors[following])

    return order
