"""Decides requests and learns from corrections, with the router that is newest."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.routing.background_training import Learning
from bot.ui.blocks import ON_TRIAL, REROUTED, Offer
from bot.ui.texts import common as texts
from router.catalog.catalog import Catalog
from router.decide import Router, Signals
from router.errors import QueueError
from router.learning.learner import Learner, Taught
from router.log import get_log
from router.store import Store
from router.store.requests.labels import Label, Labels
from router.store.workspace.channel_rules import ChannelRule
from router.types import Decision, Request, Score
from workers.ports import Queue

OFFERS = 12


class Decider:
    """Holds the router. Deciding is safe from many threads; a better router replaces the old one at once."""

    def __init__(
        self,
        catalog: Catalog,
        learner: Learner,
        store: Store,
        queue: Queue,
        now: Callable[[], float],
    ) -> None:
        self.catalog, self.encoder = catalog, learner.encoder
        self._learner, self._store, self._queue, self._now = learner, store, queue, now
        self._labels = Labels(store.engine)
        self._teaching = threading.Lock()
        self._log = get_log(part="decide")
        self.taught, self.labels = self._teach()
        self.learning = Learning(self.learn, self._labels.state)

    @property
    def router(self) -> Router:
        """The router that decides now."""
        return self.taught.router

    def decide(self, request: Request) -> Decision:
        """The request is decided and a worker is woken; deciding twice changes nothing."""
        store = self._store
        rule = store.rules.of(request.team, request.channel)
        signals = Signals(
            thread_route=store.decisions.thread_route(
                request.team, request.channel, request.thread, request.ts
            ),
            previous_turns=tuple(
                earlier.text for earlier in store.requests.thread(request, limit=3)
            ),
            allowed=rule.routes or None,
        )

        decision, vector = self.router.decide(request.text, signals)
        if request.source == "channel" and decision.verb != "route":
            # Nobody asked: where no route fits, Beagle holds its tongue.
            store.requests.ignore(request.id)
            return decision

        if decision.verb == "route" and signals.thread_route not in (None, decision.route):
            decision = replace(decision, reason={**decision.reason, REROUTED: signals.thread_route})

        decision = by_default(decision, rule)
        decision = self._versioned(decision, request.user)

        stored = None if vector is None else (self.encoder.model_id, vector.tobytes())
        if store.decisions.decide(request.id, decision, self._now(), stored):
            self._log.info(
                "decided",
                request=request.id,
                verb=decision.verb,
                route=decision.route,
                confidence=round(decision.confidence, 3),
                milliseconds=round(decision.seconds * 1000, 2),
                router=decision.router_version,
            )

        self.wake(request.id)
        return decision

    def overrule(self, request: Request, seen: int, route: str) -> Decision | None:
        """A person chose the route: a new revision is open; None when the button was older than the newest one."""
        old = self._store.decisions.newest(request.id)
        allowed = self._store.rules.of(request.team, request.channel).routes or self.catalog.routes
        if old is None or route not in self.catalog.routes or route not in allowed:
            return None

        chosen = Decision(
            verb="route",
            route=route,
            confidence=1.0,
            margin=1.0,
            in_scope=1.0,
            scores=(Score(route, 1.0),),
            router_version=old.router_version,
            reason={"chosen": "by a person"},
        )

        chosen = self._versioned(chosen, request.user)
        revised = self._store.decisions.revise(request.id, chosen, seen, self._now())
        if revised is not None:
            self.wake(request.id)

        return revised

    def again(self, request: Request, seen: int) -> Decision | None:
        """The request's words as they are now are decided anew; None when the button was older than the newest one."""
        allowed = self._store.rules.of(request.team, request.channel).routes or None
        made, _ = self.router.decide(request.text, Signals(allowed=allowed))
        made = self._versioned(made, request.user)

        revised = self._store.decisions.revise(request.id, made, seen, self._now())
        if revised is not None:
            self.wake(request.id)

        return revised

    def wake(self, key: str, step: str = "answer") -> None:
        """A worker is told; when the queue is away, the reaper tells one later."""
        try:
            self._queue.wake(step, key)
        except QueueError as error:
            self._log.warning("not_woken", request=key, error=str(error))

    def overdue(self, again_seconds: float) -> int:
        """Requests that were stored but not decided, because this process ended in between, are decided now."""
        now = self._now()

        keys = self._store.requests.due("received", now, now + again_seconds)
        for key in keys:
            request = self._store.requests.get(key)
            if request is not None:
                self.decide(request)

        return len(keys)

    def learn(self) -> None:
        """The router knows every label so far, except those that the gate set aside."""
        with self._teaching:
            before = self.router.version
            self.taught, self.labels = self._teach()

        if self.router.version != before:
            self._log.info(
                "learned", router=self.router.version, before=before, aside=len(self.taught.aside)
            )

    def use(self, catalog: Catalog) -> None:
        """These routes are decided between from now on."""
        with self._teaching:
            self.catalog = catalog
            self.taught, self.labels = self._teach()

    def _teach(self) -> tuple[Taught, list[Label]]:
        labels = self._labels.all()
        routes = {name: route.description for name, route in self.catalog.routes.items()}
        return self._learner.teach(
            self.catalog.examples(), routes, [label.example for label in labels]
        ), labels

    def offers(self) -> Sequence[Offer]:
        """What people are told that Beagle can do."""
        return offers(self.catalog)

    def _versioned(self, made: Decision, person: str) -> Decision:
        """The decision with the version that answers this person, and a word where that one is still being let in."""
        found = (
            self._store.versions.answering(made.route, person) if made.route is not None else None
        )
        if found is None:
            return made

        reason = dict(made.reason)
        if found.state == "canary":
            reason[ON_TRIAL] = texts.ON_TRIAL.format(version=found.id[:8], share=found.share)

        return replace(made, version=found.id, reason=reason)


def by_default(decision: Decision, rule: ChannelRule) -> Decision:
    """The decision, or the channel's default route where it would be to ask or to leave it."""
    if decision.verb not in ("ask", "out_of_scope") or not rule.default_route:
        return decision

    reason = {
        **decision.reason,
        "channel": f"an admin set {rule.default_route} for what fits no route here",
    }
    sure = next(
        (score.confidence for score in decision.scores if score.route == rule.default_route), 0.0
    )

    return replace(
        decision, verb="route", route=rule.default_route, confidence=sure, margin=0.0, reason=reason
    )


def offers(catalog: Catalog) -> list[Offer]:
    """The routes as people are told of them, in name order, each with an example."""
    shown = [catalog.routes[name] for name in sorted(catalog.routes)][:OFFERS]
    return [
        Offer(route.name, route.description, route.utterances[0] if route.utterances else "")
        for route in shown
    ]
