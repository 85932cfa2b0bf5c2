"""Runs the version in shadow on an answered request, and stores how far the two answers agree."""

from __future__ import annotations

from router.canary import bucket
from router.catalog.version import Version
from router.classifier.second_request import first_request
from router.errors import BudgetError, ModelError, PathError, QueueError
from router.log import get_log
from router.store.versions.shadow_runs import ShadowRun
from router.types import DRAFTED, Decision, Outcome, Request
from workers.context import Context, Work
from workers.evaluation.agreement import agreement
from workers.paths import get_path

QUEUE = "answer"
BACKGROUND = True
"""Nobody waits for it, so requests that people wait for come first."""


def run(context: Context, key: str) -> None:
    """Answers request `key` with the route's version in shadow; nobody sees that answer.

    For a share of the requests the live version answers a second time as well: its agreement with
    itself is the most that any other version can reach. Running it twice changes nothing.
    """
    store = context.store
    request = store.requests.get(key)
    decision = store.decisions.newest(key)
    if request is None or decision is None:
        return
    if request.files:
        # Its answer rests on files, which nobody but the person's own answer is fetched for.
        return

    route = shadow_route(decision)
    if route is None:
        return

    # As the visible answer, it is to the first of two requests alone.
    request = first_request(request, decision.reason)
    answer = store.decisions.outcome(key, decision.revision)
    shadow = store.versions.shadow_version(request.team, route)
    if answer is None or answer.error or shadow is None or shadow.id == answer.version:
        return

    shadow_version = Version.model_validate(dict(shadow.body))
    _run_version(context, Work(request, decision, shadow_version, in_background=True), answer)

    live = store.versions.live(request.team, route)
    if live is None or live.id != answer.version:
        return

    # By a hash of the request, so that a repeated job chooses the same requests.
    if bucket("again", key) < context.settings.shadow_self_check_share:
        live_version = Version.model_validate(dict(live.body))
        _run_version(context, Work(request, decision, live_version, in_background=True), answer)


def _run_version(context: Context, work: Work, answer: Outcome) -> None:
    """Runs the version of `work` and stores how far it agrees with the visible answer."""
    version = work.version
    start = context.now()

    outcome = None
    try:
        outcome = get_path(version.kind).run(context, work)
    except (BudgetError, ModelError, PathError) as error:
        get_log(job="shadow", request=work.request.id).info(
            "shadow_failed", version=version.id, error=str(error)
        )
        if error.retry:
            return  # a model that is away or overloaded says nothing about the version

    agreed, usd = 0.0, 0.0
    if outcome is not None:
        agreed = agreement(version.output, answer, outcome)
        usd = outcome.usd

    now = context.now()
    context.store.shadow_runs.insert(
        ShadowRun(
            work.request.id,
            version.id,
            version.route,
            agreed,
            outcome is not None,
            usd,
            now - start,
            now,
        )
    )


def shadow_route(decision: Decision) -> str | None:
    """Returns the route whose version in shadow answers the request unseen.

    That is the request's own, or where none served it one that was drafted for such requests.
    """
    return decision.route or decision.reason.get(DRAFTED)


def enqueue_shadow(context: Context, request: Request, route: str | None) -> None:
    """Enqueues this job when the workspace has a version of the route in shadow.

    Without a queue it is skipped.
    """
    if route is None or context.store.versions.shadow_version(request.team, route) is None:
        return

    try:
        context.queue.enqueue("shadow", request.id)
    except QueueError as error:
        get_log(job="shadow", request=request.id).info("job_enqueue_failed", error=str(error))
