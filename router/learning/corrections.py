"""Corrections in, a better router out, or none and the reason why."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from router.classifier.features import gather
from router.classifier.linear import Linear, fit_linear
from router.classifier.training_data import NO_ROUTE, lessons
from router.decide import Router
from router.encoder.factory import Encoder
from router.text.normalise import normalise
from router.types import Decision, Example

MOST_EACH = 100
"""Corrections of one person that count; the oldest do. More wait for a review."""
PLAUSIBLE = 5
"""A correction is plausible when its route is among the first so many that the words themselves
suggest."""
TRUSTED = 4
"""Corrections to judge a person by: when at least half are plausible the surprising ones count
too, else none."""
LOSS = 0.005
"""Share of its frozen messages that a route may lose, and all routes together. One message lost
is no proof."""
ROUNDS = 5


@dataclass(frozen=True, slots=True)
class SetAside:
    """A correction that does not count for now, and why; a reviewer who agrees makes it count (source `reviewed`)."""

    example: Example
    why: str


@dataclass(frozen=True, slots=True)
class Learned:
    """What came of it: the better router or None, what it learned from, what was set aside, and each route's loss."""

    router: Router | None
    used: list[Example] = field(default_factory=list)
    aside: list[SetAside] = field(default_factory=list)
    lost: dict[str, float] = field(default_factory=dict)


def learn(
    router: Router, own: Sequence[Example], corrections: Sequence[Example], encoder: Encoder
) -> Router | None:
    """The router that knows the corrections too; None when it would be no other or a worse one."""
    return study(router, own, corrections, encoder).router


def study(
    router: Router,
    own: Sequence[Example],
    corrections: Sequence[Example],
    encoder: Encoder,
    frozen: Sequence[Example] = (),
    folder: Path | None = None,
) -> Learned:
    """A router for the old router's routes, taught by `own` and by those `corrections` (oldest first) that hold up.

    It must not lose on `frozen` messages; without any, a fifth of `own` is put aside for the
    comparison and taught afterwards. Corrections that make a route lose are set aside, up to five
    times; then it is refused. With a `folder` the router is kept there.
    """
    used, aside = sift(corrections, router.routes)
    kept, tested = (list(own), list(frozen)) if frozen else split(own)

    before = sketch(kept, router.plan.routes, encoder)
    if before is None:
        return Learned(None, [], aside)

    used, doubtful = plausible(before, used, encoder)
    aside += doubtful
    lost: dict[str, float] = {}

    for _ in range(ROUNDS):
        after = sketch([*kept, *used], router.plan.routes, encoder, before)
        assert after is not None

        lost, culprits = compare(before, after, used, tested, encoder)
        if not lost or not culprits:
            break

        aside += [SetAside(example, "another route lost messages by it") for example in culprits]
        used = [example for example in used if not any(example is culprit for culprit in culprits)]

    if lost:
        return Learned(None, used, aside, lost)

    plan = router.plan
    again = Router.train(
        [*own, *used],
        encoder,
        plan.routes,
        seed=plan.seed,
        false_reject=plan.false_reject,
        folder=folder,
    )

    return Learned(None if again.version == router.version else again, used, aside)


def sift(
    corrections: Sequence[Example], routes: Iterable[str]
) -> tuple[list[Example], list[SetAside]]:
    """The corrections that count, oldest first, and the others.

    One message counts once; where people disagree about it the majority counts, and nobody where
    there is none. A person counts with the first hundred. What a reviewer confirmed counts always.
    """
    known = {*routes, NO_ROUTE}
    said: dict[str, dict[str, set[str | None]]] = defaultdict(lambda: defaultdict(set))

    for example in corrections:
        said[normalise(example.text).casefold()][example.route].add(example.user)

    used: list[Example] = []
    aside: list[SetAside] = []
    seen: set[str] = set()
    each: Counter[str | None] = Counter()

    for example in sorted(corrections, key=lambda one: one.source != "reviewed"):
        text = normalise(example.text).casefold()
        votes = said[text]
        most = max(len(people) for people in votes.values())

        if example.route not in known:
            aside.append(SetAside(example, "no such route"))
        elif text in seen:
            continue
        elif example.source == "reviewed":
            seen.add(text)
            used.append(example)
        elif (
            len(votes[example.route]) < most
            or sum(len(people) == most for people in votes.values()) > 1
        ):
            aside.append(SetAside(example, f"people disagree: {', '.join(sorted(votes))}"))
        elif example.user is not None and each[example.user] >= MOST_EACH:
            aside.append(SetAside(example, f"more than {MOST_EACH} corrections by one person"))
        else:
            seen.add(text)
            each[example.user] += 1
            used.append(example)

    order = {id(example): i for i, example in enumerate(corrections)}
    return sorted(used, key=lambda example: order[id(example)]), aside


@dataclass(frozen=True, slots=True)
class Sketch:
    """A router's head alone: quick to train, and enough to compare."""

    taught: tuple[str, ...]
    linear: Linear

    def ranked(self, texts: Sequence[str], encoder: Encoder) -> list[list[str]]:
        """The routes for each text, likeliest first."""
        logits = self.linear.logits(encoder.views([normalise(text) for text in texts]))
        return [[self.taught[i] for i in row] for row in np.argsort(-logits, axis=1, kind="stable")]


def sketch(
    examples: Sequence[Example],
    routes: Mapping[str, str],
    encoder: Encoder,
    start: Sketch | None = None,
) -> Sketch | None:
    """The head that these examples teach, sooner with a `start`; None when they teach nothing."""
    gathered = gather(lessons(examples, routes), encoder)
    if gathered is None:
        return None

    warm = start.linear if start is not None and start.taught == gathered.taught else None
    rows = gathered.rows
    return Sketch(gathered.taught, fit_linear(rows.rows, rows.labels, rows.classes, warm))


def plausible(
    head: Sketch, corrections: Sequence[Example], encoder: Encoder
) -> tuple[list[Example], list[SetAside]]:
    """The corrections to believe, by a head that has not learned them; reviewed ones always.

    Somebody whose corrections mostly make sense is believed when one is surprising: those teach
    most. Somebody whose corrections mostly make none is not believed at all, which keeps a flood of
    junk out. Of others the plausible count.
    """
    used: list[Example] = []
    aside: list[SetAside] = []
    if not corrections:
        return used, aside

    ranked = head.ranked([example.text for example in corrections], encoder)
    likely = [
        example.source == "reviewed"
        or example.route not in head.taught
        or example.route in first[:PLAUSIBLE]
        for example, first in zip(corrections, ranked, strict=True)
    ]

    said = Counter(example.user for example in corrections)
    sense = Counter(example.user for example, fits in zip(corrections, likely, strict=True) if fits)

    for example, fits in zip(corrections, likely, strict=True):
        known = example.user is not None and said[example.user] >= TRUSTED
        if example.source == "reviewed" or (
            2 * sense[example.user] >= said[example.user] if known else fits
        ):
            used.append(example)
        else:
            aside.append(SetAside(example, "the words point elsewhere; a review can confirm it"))

    return used, aside


def split(own: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    """Every fifth example of each route, in the order of their texts, is put aside; a route with fewer keeps all."""
    kept: list[Example] = []
    tested: list[Example] = []
    count: Counter[str] = Counter()

    for example in sorted(own, key=lambda one: (one.route, one.text)):
        count[example.route] += 1
        (tested if count[example.route] % 5 == 0 else kept).append(example)

    return kept, tested


def compare(
    before: Sketch,
    after: Sketch,
    used: Sequence[Example],
    tested: Sequence[Example],
    encoder: Encoder,
) -> tuple[dict[str, float], list[Example]]:
    """The share of its tested messages that each losing route loses, and the corrections to blame for it."""
    if not tested:
        return {}, []

    texts = [example.text for example in tested]
    old = [first[0] for first in before.ranked(texts, encoder)]
    new = [first[0] for first in after.ranked(texts, encoder)]
    total, net = Counter(example.route for example in tested), Counter[str]()

    for example, was, now in zip(tested, old, new, strict=True):
        net[example.route] += (was == example.route) - (now == example.route)

    all_lose = net.total() > max(1, LOSS * len(tested))
    lost = {
        route: count / total[route]
        for route, count in net.items()
        if count > max(1, LOSS * total[route]) or (all_lose and count > 0)
    }

    blamed: list[Example] = []
    for example, was, now in zip(tested, old, new, strict=True):
        takers = [one for one in used if one.route == now]
        if example.route in lost and was == example.route != now and takers:
            near = (
                encoder.encode([normalise(one.text) for one in takers])
                @ encoder.encode([normalise(example.text)])[0]
            )
            blamed.append(takers[int(near.argmax())])

    return lost, blamed


def to_label(decisions: Mapping[str, Decision], most: int = 20) -> list[str]:
    """The requests, by id, whose labels would teach most: those decided by the narrowest margin first."""
    unsure = {
        key: made
        for key, made in decisions.items()
        if made.verb in ("route", "ask") and len(made.scores) > 1
    }
    return sorted(unsure, key=lambda key: (unsure[key].margin, key))[:most]
