"""What people asked in, the requests that repeat out."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from router.text.redact import words
from workers.mining.clustering import Group, find_groups
from workers.mining.constraints import Correction, Typed, amend
from workers.mining.geometry_features import unit
from workers.mining.known_routes import Known, assign
from workers.mining.linkage import Ints
from workers.mining.naming import HIDDEN, name_group
from workers.mining.neighbours import Rows
from workers.mining.privacy import Protection, protect, usual_words
from workers.mining.request_gate import Gate, load_gate
from workers.mining.rows import Row, mask, prepare
from workers.mining.trend import Trend, trend

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a candidate must show. `group_rows` is the least number of rows that is looked at as a group at all."""

    group_rows: int = 12
    people: int = 5
    rows: int = 30
    most_share: float = 0.5
    weeks_seen: int = 2
    threshold: float | None = None


TASKS = ("prompt", "tools")
"""Kinds of routes of which each is one task; its requests are one candidate, with answers to
judge by."""
DONE = ("head", "tuned")

OPEN = Limits(people=1, rows=12, most_share=1.0, weeks_seen=1)
"""Without the privacy gate: for evaluation on public data only."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A request type that repeats. `rows` are positions in what was mined; `s1` is the gate's probability, 0-1.

    `protection` says whether it may be shown: where it may not, `label`, `definition` and
    `examples` are empty. `route` is the one that serves all of it already, None where mining found
    it.
    """

    id: str
    rows: tuple[int, ...]
    s1: float
    label: str
    definition: str
    examples: tuple[str, ...]
    people: int
    protection: Protection
    trend: Trend
    centroid: NDArray[np.float32] = field(repr=False, compare=False)
    measured: Mapping[str, float] = field(repr=False, compare=False, default_factory=dict)
    route: str | None = None

    @property
    def shown(self) -> bool:
        """Whether other people may see it."""
        return self.protection.passed


@dataclass(frozen=True, slots=True)
class Mined:
    """A run's result. `known` counts rows by route, `considered` are the groups before the gate, as (rows, s1)."""

    findings: tuple[Finding, ...]
    known: Mapping[str, int]
    considered: tuple[tuple[tuple[int, ...], float], ...]
    rows: int
    mined: int
    vectors: Rows = field(repr=False, compare=False)
    places: tuple[int, ...] = field(repr=False, compare=False, default=())

    @property
    def shown(self) -> tuple[Finding, ...]:
        """The candidates that may be seen, largest first."""
        return tuple(each for each in self.findings if each.shown)


@dataclass(frozen=True, slots=True)
class Past:
    """What earlier weeks left: existing routes, earlier candidates' centres by id, the gate, corrections."""

    known: Sequence[Known] = ()
    candidates: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    gate: Gate | None = None
    corrections: Sequence[Correction] = ()


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Nothing looks for reference cycles: that took an eighth of the time, among millions of objects without one."""
    running = gc.isenabled()
    gc.disable()

    try:
        yield
    finally:
        if running:
            gc.enable()


@_collector_paused()
def mine(
    rows: Sequence[Row],
    encode: Encode,
    limits: Limits | None = None,
    past: Past | None = None,
    names: Iterable[str] = (),
    progress: Progress | None = None,
) -> Mined:
    """The candidates of these rows, whatever order they come in; nothing is stored and nothing leaves the process.

    `encode` gives rows of length 1 and is asked once, for masked texts without repeats. `names` are
    people's names, masked too. `progress` hears of each step and the share that is done.
    """
    limits, past, tell = limits or Limits(), past or Past(), progress or _silent
    tell("masking", 0.0)
    masked = mask(rows, names)
    places, said = prepare(masked)
    asked = [masked[place] for place in places]
    tell("embedding", 0.1)
    vectors = np.ascontiguousarray(encode(said), dtype=np.float32)
    served, rest = _served(asked)
    known, residue = assign(_part(vectors, rest), past.known)
    residue = rest[residue]
    tell("grouping", 0.8)
    gate = past.gate or load_gate()

    # Its products are small: a second thread spends most of its time waiting, and that is counted
    # and paid.
    with threadpool_limits(1, "blas"):
        found = find_groups(
            [asked[i].text for i in residue],
            _part(vectors, residue),
            gate,
            limits.group_rows,
            limits.threshold,
        )

    tell("naming", 0.95)
    own = [(name, rows) for name, rows in served.items() if name and len(rows) >= limits.group_rows]
    groups = [Typed(group, residue[group.rows]) for group in found.passed]
    groups += [Typed(Group(rows, 1.0, {}), rows, name) for name, rows in own]
    groups = amend(groups, vectors, past.corrections, past.candidates, limits.group_rows)
    described = _describe(groups, asked, vectors, limits)
    back = np.array(places, np.intp)
    tell("done", 1.0)

    return Mined(
        findings=tuple(
            replace(each, rows=tuple(back[list(each.rows)].tolist())) for each in described
        ),
        known={**known, **{name: len(rows) for name, rows in served.items() if name}},
        considered=tuple(
            (tuple(back[residue[group.rows]].tolist()), group.s1) for group in found.considered
        ),
        rows=len(rows),
        mined=len(asked),
        vectors=vectors,
        places=tuple(places),
    )


def _part(vectors: Rows, places: Ints) -> Rows:
    """Those rows; all of them are not copied, because they are what takes the memory."""
    return vectors if len(places) == len(vectors) else vectors[places]


def _served(asked: Sequence[Row]) -> tuple[dict[str, Ints], Ints]:
    """The places of rows by the route that serves them as one task, and of those that mining has to look at.

    What is looked up in documents is many questions behind one route; what was tuned already counts
    under no name.
    """
    places: dict[str, list[int]] = {}
    rest = []

    for place, row in enumerate(asked):
        kind = row.record.get("kind")
        if kind in TASKS:
            places.setdefault(str(row.record["route"]), []).append(place)
        elif kind in DONE:
            places.setdefault("", []).append(place)
        else:
            rest.append(place)

    return {name: np.array(own, np.intp) for name, own in sorted(places.items())}, np.array(
        rest, np.intp
    )


def _describe(
    groups: Sequence[Typed], asked: Sequence[Row], vectors: Rows, limits: Limits
) -> list[Finding]:
    """Each group as a candidate, largest first; what may not be shown keeps its counts and loses its words."""
    now = max((row.at for row in asked), default=0.0)
    covered = min(limits.weeks_seen, trend([row.at for row in asked], now).seen)
    all_words = Counter(word for row in asked for word in set(words(row.text)))
    usual = usual_words(asked, limits.people, all_words)
    out = []

    for each in groups:
        members = [asked[i] for i in each.rows]
        centre = unit(vectors[each.rows].mean(0, keepdims=True))[0]
        over_time = trend([row.at for row in members], now)
        protection = protect(members, limits.people, limits.rows, limits.most_share)

        if over_time.seen < covered:
            protection = protection.also(
                f"asked in {over_time.seen} of the last four weeks, at least {covered} are needed"
            )

        named = (
            name_group(members, vectors[each.rows] @ centre, all_words, usual)
            if protection.passed
            else HIDDEN
        )
        if each.route is not None and protection.passed and not each.part:
            named = replace(
                named, label=each.route, definition=f"What people ask the route “{each.route}” for."
            )

        out.append(
            Finding(
                id=each.id,
                rows=tuple(each.rows.tolist()),
                s1=each.group.s1,
                label=named.label,
                definition=named.definition,
                examples=named.examples,
                people=protection.people,
                protection=protection,
                trend=over_time,
                centroid=centre,
                measured=each.group.measured,
                route=each.route,
            )
        )

    return sorted(out, key=lambda one: (-len(one.rows), one.id))


def _silent(step: str, share: float) -> None:
    """Nobody listens."""
