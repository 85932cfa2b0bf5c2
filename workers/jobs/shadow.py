"""Runs the version in shadow on a request that the live one has answered, and keeps how far the two agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from router.catalog.version import Version
from router.errors import ModelError, PathError, QueueError
from router.log import get_log
from router.rollout import place
from router.store.versions.trials import Trial
from router.types import Outcome
from workers.context import Context, Work
from workers.evaluation.metrics import field_scores, rule_of, word_f1
from workers.paths import get_path

QUEUE = "answer"


def run(context: Context, key: str) -> None:
    """The version that is tried beside the route's live one has answered request `key` too; nobody sees that answer.

    Running it twice changes nothing.
    """
    store = context.store
    request, decision = store.requests.get(key), store.decisions.newest(key)
    if request is None or decision is None or decision.route is None:
        return

    answer, tried = (
        store.decisions.outcome(key, decision.revision),
        store.versions.tried(decision.route),
    )

    if answer is None or answer.error or tried is None or tried.id == answer.version:
        return

    _try(context, Work(request, decision, Version.model_validate(dict(tried.body))), answer)

    live = store.versions.live(decision.route)
    if (
        live is not None
        and live.id == answer.version
        and place("again", key) < context.settings.shadow_twice
    ):
        # What the live version says to the same message again is what no other version can be held
        # to more than.
        _try(context, Work(request, decision, Version.model_validate(dict(live.body))), answer)


def _try(context: Context, work: Work, answer: Outcome) -> None:
    """It is kept how far the version of `work` agrees with the answer that stands."""
    version, start = work.version, context.now()
    try:
        found = get_path(version.kind).run(context, work)
    except (ModelError, PathError) as error:
        get_log(step="shadow", request=work.request.id).info(
            "shadow_failed", version=version.id, error=str(error)
        )
        if error.retry:
            return  # a model that is away or overloaded says nothing of the version

        found = None

    now, usd = context.now(), found.usd if found else 0.0
    agreed = agreement(version.output, answer, found) if found else 0.0
    kept = Trial(
        work.request.id, version.id, version.route, agreed, found is not None, usd, now - start, now
    )
    context.store.trials.keep(kept)


def wake(context: Context, request: str, route: str | None) -> None:
    """A worker is told when a version is tried on this route; nothing is lost when the queue is away."""
    if route is None or context.store.versions.tried(route) is None:
        return

    try:
        context.queue.wake("shadow", request)
    except QueueError as error:
        get_log(step="shadow", request=request).info("not_woken", error=str(error))


def agreement(output: Mapping[str, Any] | None, one: Outcome, other: Outcome) -> float:
    """How much of one answer the other gives, 0-1: the mean over the fields, or shared words of free text."""
    if output is None or not isinstance(one.data, Mapping):
        return word_f1(other.text, one.text)

    scores = field_scores(rule_of(output, ()), other.data, one.data)
    return sum(scores.values()) / len(scores) if scores else 1.0
