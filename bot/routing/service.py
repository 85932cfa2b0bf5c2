"""Decides requests with their workspace's router, and retrains it from corrections there."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from bot.admins import Admins
from bot.routing.background_training import BackgroundTrainer
from bot.routing.channel_usage import ChannelUsage
from bot.routing.checked_examples import CheckedExamples
from bot.routing.chosen_route import chosen_route
from bot.routing.conversation import conversation_of
from bot.routing.default_route import apply_default_route
from bot.routing.document_question import DocumentLookup
from bot.routing.drafted import with_drafted, without_unserved
from bot.routing.explain import explain
from bot.routing.notes_question import apply_notes_question
from bot.routing.route_access import route_offers, route_signals, usable_routes
from bot.routing.version_choice import VersionChoice
from bot.routing.workspace_routers import WorkspaceRouters
from bot.ui.explanation import Explanation
from bot.ui.short_lines import within_reach
from router.catalog.catalog import Catalog, Route
from router.decide import Router, Signals
from router.errors import QueueError
from router.learning.learner import Learner, TrainingResult
from router.log import get_log
from router.store import Store
from router.store.usage.stats import Period
from router.store.workspace.channel_rules import ChannelRule
from router.types import (
    REROUTED,
    TIERS,
    UNDECIDED,
    Decision,
    Request,
    RouteOffer,
    SlackPerson,
)
from workers.knowledge.membership import ReadingRights
from workers.llm.budget import Budget
from workers.ports import Directory, Payer, Queue
from workers.runtime.person_limit import PersonLimit
from workers.runtime.tracing import traced

MAX_DECISION_TRIES = 2
"""Attempts after the first one, which follows the acknowledgement."""
CAUTIOUS_CHARACTERS = 500
"""Characters that these attempts read: too few to hold a process, whatever they are."""


class RoutingService:
    """Decides with the routers in memory. Safe for many threads.

    A retrained router replaces the old one at once.
    """

    def __init__(
        self,
        catalog: Catalog,
        learner: Learner,
        store: Store,
        queue: Queue,
        admins: Admins,
        directory: Directory | None = None,
    ) -> None:
        # Of this process alone; the composition root sets one that all processes share.
        self.limit = PersonLimit(admins.settings.requests_per_minute, admins.now)
        self.encoder = learner.encoder
        self.admins = admins
        age = admins.settings.rights_max_age_seconds
        self.rights = ReadingRights(store.access, directory, admins.now, age)
        self._store = store
        self._queue = queue
        self._now = admins.now
        cap_of = store.channel_rules.daily_cap_usd
        self._budget = Budget(admins.settings, store.spend, admins.now, cap_of)
        self._log = get_log(part="decide")
        self._usage = ChannelUsage(store.stats, admins.now, admins.settings.retention_days)
        self._routers = WorkspaceRouters(
            learner, store, catalog, self.rights, self._request_training
        )
        self._versions = VersionChoice(store, self.encoder, catalog, admins.now)
        self._documents = DocumentLookup(store, self.rights, self.encoder)
        trained = self._routers.train_first()
        self._examples = CheckedExamples()
        self._examples.unsure(self._routers.base, route_offers(catalog.routes))
        self.trainer = BackgroundTrainer(self.retrain, self._routers.states, trained)

    @property
    def catalog(self) -> Catalog:
        """The routes of the installation as they are now."""
        return self._routers.catalog

    def catalog_of(self, team: str) -> Catalog:
        """Returns the routes of a workspace: the installation's, and those drafted there."""
        return self._routers.catalog_of(team)

    def router(self, team: str) -> Router:
        """Returns the router that decides in the workspace now."""
        return self.training_result(team).router

    def training_result(self, team: str) -> TrainingResult:
        """Returns what the workspace's router learned from its people, and what waits."""
        return self._routers.for_team(team)

    def usable_routes(self, person: SlackPerson, channel: str) -> dict[str, Route]:
        """Returns the routes that may serve a person in a channel, in name order.

        `channel` is empty where there is none (the App Home); no route that is limited to channels
        counts there.
        """
        return self._usable(self._store.channel_rules.for_channel(person.team, channel), person)

    def hidden_routes(self, person: SlackPerson, channel: str) -> Collection[str]:
        """Returns the routes that a person must not see or use in a channel."""
        routes = self.catalog_of(person.team).routes
        return routes.keys() - self.usable_routes(person, channel).keys()

    def offers(self, person: SlackPerson, channel: str) -> list[RouteOffer]:
        """Returns what a person is told that Beagle can do in a channel."""
        offers = within_reach(route_offers(self.usable_routes(person, channel)))
        return self._examples.checked(self.router(person.team), offers)

    def explanation(self, request: Request, decision: Decision, person: SlackPerson) -> Explanation:
        """Returns why the request went to its route, for one person of its channel alone."""
        # The reasons name similar routes; those that the person may not use stay unnamed.
        hidden = self.hidden_routes(person, request.channel)
        quote = self._routers.quotes.for_reader(person)
        changed_words: Sequence[tuple[str, str]] = ()
        # Only the classifier reads words; a route that is called by its name needs none.
        if "nearest" in decision.reason:
            # A decision keeps no words, so the message is read again.
            changed_words = self.router(request.team).changed_words(request.text)

        outcome = None
        if TIERS in decision.reason:
            outcome = self._store.decisions.outcome(request.id, decision.revision)

        explanation = explain(decision, hidden, quote, changed_words, outcome)
        is_admin = self.admins.includes(person)
        return explanation if is_admin else explanation.without_technical()

    def visible_stats(self, period: Period, person: SlackPerson, channel: str) -> Period:
        """Returns the period without the routes that the person may not use in the channel.

        Admins see every route, also those that are no longer in the catalogue. The totals stay.
        """
        if self.admins.includes(person):
            return period

        usable = self.usable_routes(person, channel)
        routes = [route for route in period.routes if route.route in usable]
        return replace(period, routes=routes)

    @traced("decide")
    def decide(self, request: Request, *, cautiously: bool = False) -> Decision:
        """Stores a decision for the request and wakes a worker. A second call changes nothing.

        With `cautiously` only the start of the text counts, and not the thread's texts before it:
        an earlier attempt ended the process, or failed.
        """
        # One read of the rule: the allowed routes and the default route must belong together.
        rule = self._store.channel_rules.for_channel(request.team, request.channel)
        usable = self._usable(rule, request.asker)
        signals = self._thread_signals(request, usable)

        text = request.text
        if cautiously:
            text = text[:CAUTIOUS_CHARACTERS]
            signals = replace(signals, previous_turns=())

        router = self.router(request.team)
        if request.file_ids and not text:
            # Without a word there is nothing to decide by: the person is asked what to do with it.
            decision, vector = router.decide_wordless(), None
        else:
            decision, vector = router.decide(text, signals)

        decision = self._documents.apply(decision, request, vector, signals)
        if request.source == "channel" and decision.verb != "route":
            # The message was not addressed to Beagle, so without a matching route it stays silent.
            self._store.requests.ignore(request.id)
            return decision

        if decision.verb == "route" and signals.thread_route not in (None, decision.route):
            decision = replace(decision, reason={**decision.reason, REROUTED: signals.thread_route})

        decision = apply_default_route(decision, rule, usable)
        decision = apply_notes_question(decision, text, usable)
        decision = self._examples.with_unsure(decision, router, route_offers(usable))
        decision = self._versions.with_version(decision, request, vector)
        known, installed = self.catalog_of(request.team), self.catalog
        decision = with_drafted(decision, router, text, signals, known, installed)

        # Retrieval and mining use the vector again, so that no message is encoded twice.
        stored = (
            None
            if vector is None or text != request.text
            else (self.encoder.model_id, vector.tobytes())
        )
        if self._store.decisions.insert_first(request.id, decision, self._now(), stored):
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

    def override(
        self, request: Request, seen: int, route: str, person: SlackPerson
    ) -> Decision | None:
        """Stores the person's choice of a route as a new revision, and wakes a worker.

        Returns None, and changes nothing, where the button is older than the newest revision
        (`seen` is the revision that it showed). The same holds for a route that the person who
        clicked or the one who asked may not use there: a click can be forged, and the answer would
        go to both.
        """
        newest = self._store.decisions.newest(request.id)
        if newest is None or not self.may_serve(route, request, person):
            return None

        usable = self.usable_routes(request.asker, request.channel)
        signals = self._channel_signals(request, usable)
        chosen = chosen_route(route, request.text, newest, self.router(request.team), signals)
        failed = self._versions.judge_answer(request, "correction", 0.0)
        return self._revise(request, chosen, seen, person, failed)

    def note_thumb(self, request: Request, *, is_good: bool) -> None:
        """Lets a thumb count for or against the tier that answered."""
        self._versions.judge_answer(request, "thumb", float(is_good))

    def retry(self, request: Request, seen: int, person: SlackPerson) -> Decision | None:
        """Runs a failed request again, with its newest decision, and wakes a worker.

        Returns None, and changes nothing, unless the newest attempt failed and its route is one
        that the asker and the person may both use; or where the button is older than `seen`.
        """
        newest = self._store.decisions.newest(request.id)
        if newest is None:
            return None
        if newest.route is not None and not self.may_serve(newest.route, request, person):
            return None

        outcome = self._store.decisions.outcome(request.id, newest.revision)
        has_failed = outcome is not None and outcome.error is not None
        if request.state != "dead" and not has_failed:
            return None

        if UNDECIDED in newest.reason:
            start = replace(request, text=request.text[:CAUTIOUS_CHARACTERS])
            return self.redecide(start, seen, person)

        return self._revise(request, newest, seen, person)

    def may_serve(self, route: str, request: Request, person: SlackPerson) -> bool:
        """Returns whether asker and person may both use the route in the request's channel."""
        rule = self._store.channel_rules.for_channel(request.team, request.channel)
        asker_may = route in self._usable(rule, request.asker)
        return asker_may and route in self._usable(rule, person)

    def redecide(self, request: Request, seen: int, person: SlackPerson) -> Decision | None:
        """Decides the request's present text as a new revision for a person; wakes a worker.

        Returns None, and changes nothing, where the button is older than the newest revision.
        """
        usable = self.usable_routes(request.asker, request.channel)
        signals = self._channel_signals(request, usable)
        decision, vector = self.router(request.team).decide(request.text, signals)
        decision = self._documents.apply(decision, request, vector, signals)
        return self._revise(request, decision, seen, person)

    def wake(self, key: str, job: str = "answer") -> None:
        """Enqueues a job. While the queue is down, the reaper does it later."""
        try:
            self._queue.enqueue(job, key)
        except QueueError as error:
            self._log.warning("job_enqueue_failed", request=key, error=str(error))

    def decide_pending(self, again_seconds: float) -> int:
        """Decides requests that were stored by a process that ended before it decided them.

        Returns how many there were. One that fails is tried again after `again_seconds`, and given
        up after `MAX_DECISION_TRIES`: its person is told, and an admin can replay it.
        """
        count = 0
        for key in self._store.undecided.overdue(self._now()):
            # Each is counted right before it is decided: one that ends the process must not use
            # up the attempts of those behind it.
            now = self._now()
            tries = self._store.undecided.begin(key, now, now + again_seconds)
            request = self._store.requests.get(key)
            if tries is None or request is None:
                continue

            count += 1
            if tries > MAX_DECISION_TRIES:
                self._give_up(request)
                continue

            try:
                self.decide(request, cautiously=True)
            except Exception:  # noqa: BLE001  # one message must not keep the others from an answer
                self._log.exception("decision_failed", request=key, tries=tries)

        return count

    def _give_up(self, request: Request) -> None:
        """Stores that no decision could be made; a worker tells the person."""
        if request.source == "channel":
            # Not addressed to Beagle, so nobody waits for an answer.
            self._store.requests.ignore(request.id)
            return

        undecided = Decision("out_of_scope", None, 0, 0, 0, (), "", reason={UNDECIDED: True})
        self._store.decisions.insert_first(request.id, undecided, self._now())
        self._log.warning("decision_given_up", request=request.id)
        self.wake(request.id)

    def retrain(self, team: str) -> None:
        """Trains the workspace's router with its labels, except those that are quarantined."""
        self._routers.train(team)

    def reload(self, catalog: Catalog) -> None:
        """Replaces the routes; every workspace's router is trained for them."""
        self._routers.reload(catalog)
        self._versions.use(catalog)

    def forget(self, team: str) -> None:
        """Removes everything that this process holds of a workspace that left."""
        self._routers.forget(team)
        self._usage.forget(team)
        self._versions.forget(team)

    def _request_training(self, team: str) -> None:
        self.trainer.request(team)

    def _usable(self, rule: ChannelRule, person: SlackPerson) -> dict[str, Route]:
        is_admin = self.admins.includes(person)
        usable = usable_routes(self.catalog_of(person.team), rule, is_admin=is_admin)
        return without_unserved(usable, self.catalog, self._store, person)

    def _channel_signals(self, request: Request, usable: Mapping[str, Route]) -> Signals:
        counts = self._usage.route_counts(request.team, request.channel)
        # A route that this person may not use must not take its share of the prior either.
        usable_counts = {route: count for route, count in counts.items() if route in usable}
        return replace(route_signals(usable), channel_routes=usable_counts)

    def _thread_signals(self, request: Request, usable: Mapping[str, Route]) -> Signals:
        route, turns = conversation_of(self._store, request)
        # Somebody else's route may neither serve this person nor be named to them.
        route = route if route in usable else None
        signals = self._channel_signals(request, usable)
        return replace(signals, thread_route=route, previous_turns=turns)

    def _revise(
        self,
        request: Request,
        decision: Decision,
        seen: int,
        person: SlackPerson,
        failed: str | None = None,
    ) -> Decision | None:
        """Stores what a person asked for by a click; every such click goes through here.

        `failed` is the version whose answer they did not want.

        Raises BudgetError, and changes nothing, where that person asks too often, or their cap is
        used up and an answer, or somebody else's question, would be lost to the refusal.
        """
        self.limit.check(person)
        if person != request.asker or self._store.decisions.is_answered(request.id):
            self._budget.check(Payer(request.team, request.channel, person.user, home=person.home))

        decision = self._versions.with_version(decision, request, failed=failed)
        revised = self._store.decisions.revise(
            request.id,
            decision,
            seen,
            self._now(),
            asked_by=person.user,
            asked_by_team=person.home,
        )
        if revised is not None:
            self.wake(request.id)

        return revised
