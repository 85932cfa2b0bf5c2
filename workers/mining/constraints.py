"""What people said of earlier groups holds for later ones: two requests in one are divided, one in two is joined.

Nothing is remembered but centres: a correction is two directions, so that it holds for rows that
nobody had seen then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from workers.mining.clustering import Group
from workers.mining.geometry_features import unit
from workers.mining.linkage import Ints
from workers.mining.neighbours import Rows
from workers.mining.trend import SAME, keep_ids

Vector = NDArray[np.float32]
FEWEST = 3
"""Rows on each side without which a group does not hold two requests."""
ROUNDS = 20


@dataclass(frozen=True, slots=True)
class Split:
    """Rows near `one` and rows near `other` are two requests, however near each other they lie."""

    one: Vector
    other: Vector


@dataclass(frozen=True, slots=True)
class Merge:
    """What is near `centre`, or was the candidate `source`, is the candidate `into`."""

    centre: Vector
    source: str
    into: str


Correction = Split | Merge


@dataclass(frozen=True, slots=True)
class Typed:
    """A group on its way to a finding: the places of its rows, the route that serves all of it, the id it has to have.

    `part` is whether it is a piece of what was found as one: then the route's name is not its name.
    """

    group: Group
    rows: Ints
    route: str | None = None
    id: str = ""
    part: bool = False


def amend(
    found: Sequence[Typed],
    vectors: Rows,
    corrections: Sequence[Correction],
    before: Mapping[str, Vector],
    least: int,
) -> list[Typed]:
    """The groups after all corrections, each with an id: an earlier candidate's (`before`, id to centre) or a new one.

    Parts of fewer than `least` rows are no groups any more. The order of corrections of one sort
    changes nothing.
    """
    splits = [one for one in corrections if isinstance(one, Split)]
    divided = [part for each in found for part in _divide(each, vectors, splits, least)]
    return _join(
        _identify(divided, vectors, before),
        vectors,
        [one for one in corrections if isinstance(one, Merge)],
    )


def halves(vectors: Rows) -> tuple[Vector, Vector] | None:
    """The centres of the two requests that rows would be if they were two; None where one of them would be too few.

    The two are found along the direction in which the rows differ most, and moved until each row is
    with its nearest.
    """
    if len(vectors) < 2 * FEWEST:
        return None

    spread = np.linalg.svd(vectors - vectors.mean(0), full_matrices=False)[2][0]
    along = (vectors - vectors.mean(0)) @ spread
    side = along > np.median(along)

    for _ in range(ROUNDS):
        if min(side.sum(), (~side).sum()) < FEWEST:
            return None

        one, other = _centre(vectors[side]), _centre(vectors[~side])
        moved = vectors @ one > vectors @ other
        if (moved == side).all():
            break

        side = moved

    return (one, other) if min(side.sum(), (~side).sum()) >= FEWEST else None


def _divide(each: Typed, vectors: Rows, splits: Sequence[Split], least: int) -> list[Typed]:
    """The group, or its two parts where it holds both requests of a split; parts are looked at again."""
    for number, split in enumerate(splits):
        own = vectors[each.rows]
        side = own @ split.one > own @ split.other
        if min(side.sum(), (~side).sum()) < FEWEST:
            continue
        if _centre(own[side]) @ split.one < SAME or _centre(own[~side]) @ split.other < SAME:
            continue

        rest = splits[number + 1 :]
        parts = [
            replace(
                each,
                rows=each.rows[kept],
                group=Group(each.rows[kept], each.group.s1, {}),
                id=_name(anchor),
                part=True,
            )
            for kept, anchor in ((side, split.one), (~side, split.other))
            if kept.sum() >= least
        ]

        return [part for one in parts for part in _divide(one, vectors, rest, least)]

    return [_anchored(each, vectors, splits)]


def _anchored(each: Typed, vectors: Rows, splits: Sequence[Split]) -> Typed:
    """A group that by now is found as one of the two alone is that one: it keeps the part's id."""
    if each.id or each.route is not None:
        return each

    centre = _centre(vectors[each.rows])
    anchors = [
        anchor for split in splits for anchor in (split.one, split.other) if centre @ anchor >= SAME
    ]

    return (
        replace(each, id=_name(max(anchors, key=lambda anchor: float(centre @ anchor))))
        if anchors
        else each
    )


def _identify(found: Sequence[Typed], vectors: Rows, before: Mapping[str, Vector]) -> list[Typed]:
    """Each with an id of its own; of several that would have the same the largest keeps it."""
    taken: set[str] = set()
    named: dict[int, str] = {}

    for place, each in sorted(enumerate(found), key=lambda one: -len(one[1].rows)):
        own = each.id or ("" if each.route is None else id_of_route(each.route))
        if own and own not in taken:
            taken.add(own)
            named[place] = own

    free = [place for place in range(len(found)) if place not in named]
    centres = [_centre(vectors[found[place].rows]) for place in free]
    left = {name: centre for name, centre in before.items() if name not in taken}
    named |= dict(zip(free, keep_ids(centres, left), strict=True))

    return [replace(each, id=named[place]) for place, each in enumerate(found)]


def _join(found: Sequence[Typed], vectors: Rows, merges: Sequence[Merge]) -> list[Typed]:
    """Groups that are one candidate by a person's word are one group; the rest are as they were."""
    joined: dict[str, Typed] = {}
    for each in found:
        name = _target(each, vectors, merges)
        known = joined.get(name)
        joined[name] = replace(each, id=name) if known is None else _together(known, each)

    return list(joined.values())


def _target(each: Typed, vectors: Rows, merges: Sequence[Merge]) -> str:
    name, centre = each.id, _centre(vectors[each.rows])
    near = [one for one in merges if centre @ one.centre >= SAME and one.into != name]
    if near and each.route is None:
        name = max(near, key=lambda one: (float(centre @ one.centre), one.into)).into

    into = {one.source: one.into for one in merges}
    for _ in merges:  # what was joined into one that was joined itself goes there, too
        name = into.get(name, name)

    return name


def _together(one: Typed, other: Typed) -> Typed:
    rows = np.union1d(one.rows, other.rows)
    return replace(
        one,
        rows=rows,
        group=Group(rows, max(one.group.s1, other.group.s1), {}),
        route=one.route or other.route,
        part=one.part and other.part,
    )


def id_of_route(route: str) -> str:
    """The id of the candidate that all requests of a route are."""
    return hashlib.sha256(f"route {route}".encode()).hexdigest()[:12]


def _name(anchor: Vector) -> str:
    return hashlib.sha256(b"part" + np.round(anchor, 3).astype("<f4").tobytes()).hexdigest()[:12]


def _centre(vectors: Rows) -> Vector:
    centre: Vector = unit(vectors.mean(0, keepdims=True))[0]
    return centre
