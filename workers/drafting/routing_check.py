"""Checks what a draft does to routing before it serves anybody.

Messages of the other routes that no router has learned from are decided with the draft and without
it, by whole routers as the bot trains them; the draft's own test requests are decided with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from router.catalog.catalog import Catalog, Route
from router.decide import Router
from router.encoder.protocol import Encoder
from router.learning.corrections import MAX_LOSS, split_holdout
from router.store.versions.drafted_routes import DraftedRoute
from router.types import NO_ROUTE, Example

MAX_LOSERS = 3
FEW_UTTERANCES = 14
"""Requests that a draft learns from where more would cost other routes messages."""


@dataclass(frozen=True, slots=True)
class RoutingCheck:
    """What was decided: shares in 0-1.

    `own` of the `own_count` test requests of the draft are routed to it. `before` and `after` are
    the shares of the `others` messages of other routes that are decided right. `losers` are the
    routes with most messages that are decided right without the draft only, and how many.
    `claimed` are the routes that take most of the draft's `asked` texts while it does not exist,
    `kept` those that get held-out requests of it beside it, each with how many.
    """

    own: float
    own_count: int
    before: float
    after: float
    others: int
    losers: Sequence[tuple[str, int]] = ()
    asked: int = 0
    claimed: Sequence[tuple[str, int]] = ()
    kept: Sequence[tuple[str, int]] = ()

    @property
    def loss(self) -> float:
        """The share of the other routes' messages that the draft takes from them."""
        return max(0.0, self.before - self.after)

    @property
    def passed(self) -> bool:
        """Whether other routes lose at most half a point; one message proves nothing."""
        return self.loss * self.others <= max(1.0, MAX_LOSS * self.others)

    def record(self) -> dict[str, object]:
        """Returns the JSON-safe form."""
        return {
            "own": round(self.own, 4),
            "own_count": self.own_count,
            "before": round(self.before, 4),
            "after": round(self.after, 4),
            "others": self.others,
            "loss": round(self.loss, 4),
            "passed": self.passed,
            "asked": self.asked,
            "claimed": dict(self.claimed),
            "kept": dict(self.kept),
        }


def check_routing(
    catalog: Catalog, drafted: Route, encoder: Encoder, seed: int, false_reject: float
) -> RoutingCheck:
    """Returns what the draft does to the routes of the catalogue, which does not have it."""
    return RoutingComparison(catalog, encoder, seed, false_reject).check(drafted)


class RoutingComparison:
    """The routes of a catalogue on held-out messages, without any draft and with several.

    Both routers learn the same of the catalogue's routes, so that only the draft differs.
    """

    def __init__(self, catalog: Catalog, encoder: Encoder, seed: int, false_reject: float) -> None:
        self._encoder = encoder
        self._seed = seed
        self._false_reject = false_reject
        self._routes = catalog.descriptions()
        self._training, holdout = split_holdout(catalog.training_examples())
        # What no route serves may be what the draft is for.
        served = [example for example in holdout if example.route != NO_ROUTE]
        self._holdout = [*served, *_measuring_rows(catalog)]
        self._without = self._train(self._training, self._routes)
        self._before = _decided_right(self._without, self._holdout)

    def check(self, drafted: Route, asked: Sequence[str] = ()) -> RoutingCheck:
        """Returns what this draft does to them, and which of them take what people `asked`."""
        own = Catalog({drafted.name: drafted}).training_examples()
        routes = {**self._routes, drafted.name: drafted.description}
        router = self._train([*self._training, *own], routes)
        tests = [Example(row.text, drafted.name) for row in drafted.rows if row.split == "test"]

        after = _decided_right(router, self._holdout)
        losers: Counter[str] = Counter()
        for message, was_right, is_right in zip(self._holdout, self._before, after, strict=True):
            if was_right and not is_right:
                losers[message.route] += 1

        return RoutingCheck(
            own=_share(_decided_right(router, tests)),
            own_count=len(tests),
            before=_share(self._before),
            after=_share(after),
            others=len(self._holdout),
            losers=losers.most_common(MAX_LOSERS),
            asked=len(asked),
            claimed=_takers(self._without, asked, drafted.name),
            kept=_takers(router, [test.text for test in tests], drafted.name),
        )

    def _train(self, examples: Sequence[Example], routes: Mapping[str, str]) -> Router:
        return Router.train(
            examples, self._encoder, routes, seed=self._seed, false_reject=self._false_reject
        )


def lighter_drafts(drafted: DraftedRoute) -> list[DraftedRoute]:
    """Returns the draft, and drafts that pull less on the others' messages, in this order.

    Without the messages that are near and not for it, and with few requests to learn from.
    """
    utterances = drafted.utterances[:FEW_UTTERANCES]
    spare = FEW_UTTERANCES - len(utterances)
    rows = []
    for part in drafted.rows:
        is_taught = part.split == "train" and bool(part.user)
        spare -= is_taught
        if not is_taught or spare >= 0:
            rows.append(part)

    few = replace(drafted, utterances=utterances, rows=tuple(rows))
    return [drafted, replace(drafted, negatives=()), few, replace(few, negatives=())]


def least_harmful(
    checked: Iterable[tuple[DraftedRoute, RoutingCheck]],
) -> tuple[DraftedRoute, RoutingCheck]:
    """Returns the first draft that passes, else the one by which the others lose least.

    `checked` has one at least, the fullest first; of equal ones the fullest is returned. It is read
    only as far as needed.
    """
    tried = []
    for draft, check in checked:
        if check.passed:
            return draft, check

        tried.append((draft, check))

    return min(tried, key=lambda pair: pair[1].loss)


def _measuring_rows(catalog: Catalog) -> list[Example]:
    """Returns the dev and test rows of every route: no router learns from them."""
    rows = []
    for name in sorted(catalog.routes):
        examples = catalog.routes[name].examples
        rows += [example for example in examples if example.split != "train"]

    return rows


def _decided_right(router: Router, examples: Sequence[Example]) -> list[bool]:
    """Returns for each message whether it is routed where it belongs."""
    right = []
    for example in examples:
        decision, _ = router.decide(example.text)
        right.append(decision.verb == "route" and decision.route == example.route)

    return right


def _takers(router: Router, texts: Sequence[str], own: str) -> list[tuple[str, int]]:
    """Returns the other routes that take most of the texts, and how many each."""
    takers: Counter[str] = Counter()
    for text in texts:
        decision, _ = router.decide(text)
        if decision.verb == "route" and decision.route not in (None, own):
            takers[str(decision.route)] += 1

    return takers.most_common(MAX_LOSERS)


def _share(flags: Sequence[bool]) -> float:
    """Returns the share (0-1) that is true; 1 without any."""
    return sum(flags) / len(flags) if flags else 1.0
