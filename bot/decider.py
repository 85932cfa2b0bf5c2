"""Decides requests and learns from corrections, with the router that is newest."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.blocks import Offer
from router.catalog import Catalog
from router.decide import Router, Signals
from router.embed import Encoder
from router.errors import QueueError
from router.learn import learn
from router.log import get_log
from router.store import Store
from router.types import Decision, Request, Score
from workers.ports import Queue

OFFERS = 12


class Decider:
    """Holds the router. Deciding is safe from many threads; a better router replaces the old one at once."""

    def __init__(
        self, catalog: Catalog, encoder: Encoder, router: Router, store: Store, queue: Queue, now: Callable[[], float]
    ) -> None:
        self.catalog, self.encoder, self.router = catalog, encoder, router
        self._store, self._queue, self._now = store, queue, now
        self._learning = threading.Lock()
        self._log = get_log(part="decide")

    def decide(self, request: Request) -> Decision:
        """The request is decided and a worker is woken; deciding twice changes nothing."""
        store = self._store
        signals = Signals(
            thread_route=store.decisions.thread_route(request.team, request.channel, request.thread, request.ts),
            previous_turns=tuple(earlier.text for earlier in store.requests.thread(request, limit=3)),
        )
        decision, vector = self.router.decide(request.text, signals)
        decision = replace(decision, version=self._live(decision.route))
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
        if old is None or route not in self.catalog.routes:
            return None
        chosen = Decision(
            verb="route",
            route=route,
            confidence=1.0,
            margin=1.0,
            in_scope=1.0,
            scores=(Score(route, 1.0),),
            router_version=old.router_version,
            version=self._live(route),
            reason={"chosen": "by a person"},
        )
        revised = self._store.decisions.revise(request.id, chosen, seen, self._now())
        if revised is not None:
            self.wake(request.id)
        return revised

    def wake(self, key: str) -> None:
        """A worker is told; when the queue is away, the reaper tells one later."""
        try:
            self._queue.wake("answer", key)
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
        """The router knows every correction so far, unless the gate found that it would become worse."""
        with self._learning:
            better = learn(self.router, self.catalog.examples(), self._store.feedback.examples(), self.encoder)
            if better is not None:
                self._log.info("learned", router=better.version, before=self.router.version)
                self.router = better

    def use(self, catalog: Catalog, router: Router) -> None:
        """These routes are decided between from now on."""
        with self._learning:
            self.catalog, self.router = catalog, router

    def offers(self) -> Sequence[Offer]:
        """What people are told that Beagle can do."""
        return offers(self.catalog)

    def _live(self, route: str | None) -> str | None:
        if route is None:
            return None
        live = self._store.versions.live(route)
        return live.id if live else None


def offers(catalog: Catalog) -> list[Offer]:
    """The routes as people are told of them, in name order, each with an example."""
    shown = [catalog.routes[name] for name in sorted(catalog.routes)][:OFFERS]
    return [Offer(route.name, route.description, route.utterances[0] if route.utterances else "") for route in shown]
