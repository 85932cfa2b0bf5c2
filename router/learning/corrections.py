"""Turns people's corrections into a better router, or says why not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from router.classifier.logistic import LinearClassifier, fit_multinomial
from router.classifier.training_data import training_examples
from router.classifier.training_set import build_training_set
from router.decide import Router
from router.encoder.protocol import Encoder
from router.text.normalise import normalise
from router.types import COUNTEREXAMPLE, NO_ROUTE, Decision, Example

MAX_PER_PERSON = 100
"""Corrections of one person that count, the oldest first; more wait for a review."""
PLAUSIBLE_RANK = 5
"""A correction is plausible when its route is among this many that the text itself suggests."""
MIN_TO_JUDGE_PERSON = 4
"""Corrections from which a person is judged as a whole: when at least half of them are plausible,
the surprising ones count too, else none."""
MAX_LOSS = 0.005
"""Share of its held-out messages that a route may lose, and all routes together. One message lost
proves nothing."""
MAX_ROUNDS = 5
HOLDOUT_EVERY = 5
"""Every so many examples of a route, one is held out."""
SURE_MARGIN = 0.8
"""Probability by which the best route must lead for the router to be sure: 0.9 against 0.1."""


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A correction that does not count for now, and the reason.

    A reviewer who agrees with it makes it count: its source is then `reviewed`.
    """

    example: Example
    reason: str


@dataclass(frozen=True, slots=True)
class CorrectionResult:
    """What corrections led to.

    `router` is the better router, or None. `used` is what it learned from besides its own examples.
    `losses` is the share of its held-out messages that each route loses by `used`; it is empty
    unless the new router was refused for that.
    """

    router: Router | None
    used: list[Example] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    losses: dict[str, float] = field(default_factory=dict)


def apply_corrections(
    router: Router,
    own: Sequence[Example],
    corrections: Sequence[Example],
    encoder: Encoder,
    holdout: Sequence[Example] = (),
    folder: Path | None = None,
) -> CorrectionResult:
    """Trains a router for the same routes on `own` examples and on the `corrections` that hold up.

    `corrections` come oldest first. The new router must not lose messages of `holdout`; without
    any, a fifth of `own` is held out for the comparison and trained on afterwards. Corrections that
    make a route lose are quarantined, up to MAX_ROUNDS times; after that the router is refused.
    With a `folder` the new router is saved there.
    """
    used, quarantined = deduplicate(corrections, router.routes)

    training = list(own)
    if not holdout:
        training, holdout = split_holdout(own)

    before = fit_probe(training, router.config.routes, encoder)
    if before is None:
        return CorrectionResult(None, [], quarantined)

    used, implausible = filter_implausible(before, used, encoder)
    used, harmful, losses = _filter_harmful(before, training, used, holdout, router, encoder)
    quarantined = quarantined + implausible + harmful
    if losses:
        return CorrectionResult(None, used, quarantined, losses)

    config = router.config
    trained = Router.train(
        [*own, *used],
        encoder,
        config.routes,
        seed=config.seed,
        false_reject=config.false_reject,
        folder=folder,
    )
    if trained.version == router.version:
        return CorrectionResult(None, used, quarantined)

    return CorrectionResult(trained, used, quarantined)


def _filter_harmful(
    before: ProbeModel,
    training: Sequence[Example],
    used: list[Example],
    holdout: Sequence[Example],
    router: Router,
    encoder: Encoder,
) -> tuple[list[Example], list[Quarantined], dict[str, float]]:
    """Removes corrections by which a route loses messages, and tries again without them.

    Returns the corrections that are left, those in quarantine, and the losses that remain: none,
    unless MAX_ROUNDS were not enough or no correction is to blame.
    """
    quarantined: list[Quarantined] = []
    losses: dict[str, float] = {}

    for _ in range(MAX_ROUNDS):
        # A probe instead of a whole router: nothing is calibrated just to compare the best routes.
        after = fit_probe([*training, *used], router.config.routes, encoder, before)
        assert after is not None

        losses, culprits = find_regressions(before, after, used, holdout, encoder)
        if not losses or not culprits:
            break

        for culprit in culprits:
            quarantined.append(Quarantined(culprit, "another route lost messages by it"))
        culprit_ids = {culprit.id for culprit in culprits}
        used = [example for example in used if example.id not in culprit_ids]

    return used, quarantined, losses


def deduplicate(
    corrections: Sequence[Example], routes: Iterable[str]
) -> tuple[list[Example], list[Quarantined]]:
    """Returns the corrections that count, oldest first, and those in quarantine.

    One message counts once. Where people disagree about it the majority counts, and nobody where
    there is none. A person's first MAX_PER_PERSON corrections count. What a reviewer confirmed
    always counts. Mere repetitions are in neither list.
    """
    known_routes = {*routes, NO_ROUTE}
    votes_by_text = _votes_by_text(corrections)

    used: list[Example] = []
    quarantined: list[Quarantined] = []
    counted_texts: set[str] = set()
    per_person: Counter[str | None] = Counter()

    # Sorting is stable: the reviewed ones come first, otherwise the order stays oldest first.
    for example in sorted(corrections, key=lambda example: example.source != "reviewed"):
        text = text_key(example)

        if example.route not in known_routes:
            quarantined.append(Quarantined(example, "no such route"))
        elif text in counted_texts:
            continue
        elif example.source == "reviewed":
            counted_texts.add(text)
            used.append(example)
        elif _majority_route(votes_by_text[text]) != example.route:
            routes_named = ", ".join(sorted(votes_by_text[text]))
            quarantined.append(Quarantined(example, f"people disagree: {routes_named}"))
        elif example.user is not None and per_person[example.user] >= MAX_PER_PERSON:
            reason = f"more than {MAX_PER_PERSON} corrections by one person"
            quarantined.append(Quarantined(example, reason))
        else:
            counted_texts.add(text)
            per_person[example.user] += 1
            used.append(example)

    # Equal corrections share an id; the first of them is the one that counted.
    position: dict[str, int] = {}
    for number, example in enumerate(corrections):
        position.setdefault(example.id, number)

    used.sort(key=lambda example: position[example.id])
    return used, quarantined


def text_key(example: Example) -> str:
    """Returns what is equal for examples whose messages count once."""
    return normalise(example.text).casefold()


def _votes_by_text(corrections: Iterable[Example]) -> dict[str, dict[str, set[str | None]]]:
    """Returns who named which route for each text: text, then route, then people."""
    votes: dict[str, dict[str, set[str | None]]] = defaultdict(lambda: defaultdict(set))
    for example in corrections:
        votes[text_key(example)][example.route].add(example.user)

    return votes


def _majority_route(votes: Mapping[str, set[str | None]]) -> str | None:
    """Returns the route that most people named; None for a tie."""
    ranked = sorted(votes, key=lambda route: -len(votes[route]))
    if len(ranked) > 1 and len(votes[ranked[0]]) == len(votes[ranked[1]]):
        return None

    return ranked[0]


@dataclass(frozen=True, slots=True)
class ProbeModel:
    """A router's linear classifier alone: quick to train, and enough to compare training sets.

    `routes` are its classes in order; the last is COUNTEREXAMPLE where routes have such messages.
    """

    routes: tuple[str, ...]
    linear: LinearClassifier

    def ranked(self, texts: Sequence[str], encoder: Encoder) -> list[list[str]]:
        """Returns the routes for each text, likeliest first."""
        logits = self.linear.logits(encoder.views([normalise(text) for text in texts]))
        order = np.argsort(-logits, axis=1, kind="stable")
        return [[self.routes[label] for label in row] for row in order]

    def best(self, texts: Sequence[str], encoder: Encoder) -> list[str]:
        """Returns the likeliest route for each text."""
        return [routes[0] for routes in self.ranked(texts, encoder)]


def fit_probe(
    examples: Sequence[Example],
    routes: Mapping[str, str],
    encoder: Encoder,
    start: ProbeModel | None = None,
) -> ProbeModel | None:
    """Returns the probe trained on these examples, or None when there is nothing to learn from.

    It is trained faster from a `start` for the same routes.
    """
    training_set = build_training_set(training_examples(examples, routes), encoder)
    if training_set is None:
        return None

    arrays, names = training_set.arrays, training_set.routes
    if arrays.has_near_misses:
        names = (*names, COUNTEREXAMPLE)

    warm_start = None
    if start is not None and start.routes == names:
        warm_start = start.linear

    linear = fit_multinomial(arrays.rows, arrays.labels, arrays.class_count, warm_start)
    return ProbeModel(names, linear)


def filter_implausible(
    probe: ProbeModel, corrections: Sequence[Example], encoder: Encoder
) -> tuple[list[Example], list[Quarantined]]:
    """Returns the corrections to believe, by a probe that has not learned them, and the others.

    Reviewed ones are always believed. A person whose corrections are mostly plausible is believed
    when one is surprising: a router learns most from those. A person whose corrections mostly are
    not is not believed at all, which keeps a flood of junk out. Of people with few corrections the
    plausible ones count.
    """
    used: list[Example] = []
    quarantined: list[Quarantined] = []
    if not corrections:
        return used, quarantined

    ranked = probe.ranked([example.text for example in corrections], encoder)
    total: Counter[str | None] = Counter()
    plausible: Counter[str | None] = Counter()
    is_plausible: list[bool] = []

    for example, routes in zip(corrections, ranked, strict=True):
        # A route without examples cannot be ranked, so any message may be its first.
        is_new_route = example.route not in probe.routes
        is_likely = example.route in routes[:PLAUSIBLE_RANK]
        is_plausible.append(example.source == "reviewed" or is_new_route or is_likely)

        total[example.user] += 1
        plausible[example.user] += is_plausible[-1]

    # The person is judged as a whole, so nothing is decided before all have been counted.
    for example, fits in zip(corrections, is_plausible, strict=True):
        user = example.user
        is_believed = fits
        if user is not None and total[user] >= MIN_TO_JUDGE_PERSON:
            is_believed = 2 * plausible[user] >= total[user]

        if is_believed or example.source == "reviewed":
            used.append(example)
        else:
            reason = "the words point elsewhere; a review can confirm it"
            quarantined.append(Quarantined(example, reason))

    return used, quarantined


def split_holdout(own: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    """Returns the examples to train on and every fifth of each route, in the order of their texts.

    A route with fewer than five examples keeps them all, and so do counterexamples, which no route
    is right for.
    """
    training: list[Example] = []
    holdout: list[Example] = []
    count: Counter[str] = Counter()

    for example in sorted(own, key=lambda example: (example.route, example.text)):
        count[example.route] += example.route != NO_ROUTE
        if count[example.route] and count[example.route] % HOLDOUT_EVERY == 0:
            holdout.append(example)
        else:
            training.append(example)

    return training, holdout


def find_regressions(
    before: ProbeModel,
    after: ProbeModel,
    used: Sequence[Example],
    holdout: Sequence[Example],
    encoder: Encoder,
) -> tuple[dict[str, float], list[Example]]:
    """Compares two probes on held-out messages.

    Returns the share (0-1) of its messages that each losing route loses, and the corrections among
    `used` to blame for it.
    """
    if not holdout:
        return {}, []

    # The caching encoder has these texts already, from the round before.
    texts = [example.text for example in holdout]
    old_routes = before.best(texts, encoder)
    new_routes = after.best(texts, encoder)
    outcomes = list(zip(holdout, old_routes, new_routes, strict=True))

    total: Counter[str] = Counter()
    net_loss: Counter[str] = Counter()
    for example, old, new in outcomes:
        total[example.route] += 1
        net_loss[example.route] += (old == example.route) - (new == example.route)

    # Net: a message that moves to its right route makes up for one that leaves it.
    all_lose = net_loss.total() > max(1, MAX_LOSS * len(holdout))
    losses: dict[str, float] = {}
    for route, count in net_loss.items():
        if count > max(1, MAX_LOSS * total[route]) or (all_lose and count > 0):
            losses[route] = count / total[route]

    # By id, so that a correction which took several messages is listed once.
    culprits: dict[str, Example] = {}
    for example, old, new in outcomes:
        is_lost = old == example.route != new
        if not is_lost or example.route not in losses:
            continue

        # The nearest correction to the route that took the message is the likeliest cause.
        suspects = [correction for correction in used if correction.route == new]
        if suspects:
            culprit = _most_similar(example, suspects, encoder)
            culprits[culprit.id] = culprit

    return losses, list(culprits.values())


def _most_similar(example: Example, others: Sequence[Example], encoder: Encoder) -> Example:
    """Returns the example whose text has the highest cosine to the text of `example`."""
    vector = encoder.encode([normalise(example.text)])[0]
    rows = encoder.encode([normalise(other.text) for other in others])
    return others[int((rows @ vector).argmax())]


def select_to_label(decisions: Mapping[str, Decision], limit: int = 20) -> list[str]:
    """Returns the ids of the requests whose labels would help most, at most `limit`.

    Uncertainty sampling: those with the smallest margin between the two best routes come first. The
    margin is that of the router's own scores; one that another rule decided has none of its own.
    What the router is sure of is left out: a label would teach it nothing.
    """
    margins: dict[str, float] = {}
    for request, decision in decisions.items():
        is_decided = decision.verb in ("route", "ask") and len(decision.scores) > 1
        if not is_decided:
            continue

        first, second = (score.confidence for score in decision.scores[:2])
        if first - second < SURE_MARGIN:
            margins[request] = first - second

    return sorted(margins, key=lambda request: (margins[request], request))[:limit]
